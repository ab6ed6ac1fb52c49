//! Small groups to serve.

use std::collections::BTreeMap;
use std::sync::Arc;

use apigw::gateway::{Config, Gateway};
use apigw::model::{Backend, Deployment, DeploymentState, Digest, OperationId, Release, Timestamp};
use apigw::snapshot::{EnvironmentSnapshot, GroupContent, GroupSnapshot, Snapshot};

/// The definition of a group called `pets`.
pub(crate) const PETS: &str = r#"
openapi: 3.1.0
info: {title: Pets, version: '1'}
paths:
  /pets:
    get:
      operationId: listPets
      parameters: [{name: limit, in: query, schema: {type: integer}}]
      responses:
        '200':
          description: all
          headers: {X-Total: {schema: {type: integer, example: 3}, required: true}}
          content:
            application/json:
              examples: {one: {value: [{"name": "Rex"}]}, two: {value: []}}
            text/plain: {example: Rex}
        '404':
          description: none
          content: {application/json: {example: {"error": "none"}}}
    post:
      operationId: addPet
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, required: [name], properties: {name: {type: string}}}}}
      responses: {'201': {description: added, content: {application/json: {example: {"id": 1}}}}}
  /pets/{id}:
    get:
      operationId: getPet
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: one, content: {application/json: {example: {"name": "Rex"}}}}}
    put:
      operationId: putPet
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'204': {description: put}}
  /pets/mine:
    get:
      operationId: myPet
      responses: {'200': {description: mine, content: {application/json: {example: {"name": "Mine"}}}}}
  /files:
    x-apigw-match: prefix
    get:
      operationId: files
      responses: {'200': {description: file, content: {text/plain: {example: file}}}}
    post:
      operationId: upload
      responses: {'200': {description: file, content: {text/plain: {example: file}}}}
  /uploads:
    put:
      operationId: replace
      x-apigw-unsigned-body: true
      responses: {'200': {description: file}}
  /größe/{name}:
    get:
      operationId: size
      parameters: [{name: name, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: size, content: {text/plain: {example: size}}}}
  /doors/{token}:
    get:
      operationId: door
      parameters: [{name: token, in: path, required: true, schema: {type: string, format: password}}]
      responses: {'200': {description: open, content: {text/plain: {example: open}}}}
  /live:
    get:
      operationId: live
      x-apigw-websocket: true
      responses: {'200': {description: live}}
"#;

/// Settings that every group has, with further ones behind.
pub(crate) fn settings(more: &str) -> String {
    format!("schema: 1\nversion: \"0.0.1\"\nprefix: /petstore\n{more}")
}

/// A group as it is handed to the gateway.
pub(crate) fn group(name: &str, version: &str, definition: &str, settings: &str, backend: Backend) -> GroupSnapshot {
    let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| Arc::from(definition.as_bytes())));
    let reading = apigw::definition::read(name, &mut fetch);
    assert!(reading.definition.is_some(), "{:?}", reading.findings);
    let source = format!("{name} {version} {definition} {settings}");
    let digest = Digest::of(source.as_bytes());
    let operation = format!("{source} {backend}");
    GroupSnapshot {
        name: name.parse().expect("a name"),
        deployment: Deployment {
            release: Release {
                state: DeploymentState::Live,
                version: version.parse().expect("a version"),
                digest,
                backend,
            },
            since: Timestamp::from_milliseconds(0),
            operation: OperationId::new(Timestamp::from_milliseconds(0), &Digest::of(operation.as_bytes())),
        },
        content: Some(Arc::new(GroupContent {
            settings: Arc::new(serde_yaml::from_str(settings).expect("settings")),
            definition: Arc::new(reading.definition.expect("a definition")).into(),
            tls_files: Arc::new(BTreeMap::new()),
        })),
    }
}

/// The same group, taken out.
pub(crate) fn offline(mut group: GroupSnapshot) -> GroupSnapshot {
    group.content = None;
    group.deployment.release.state = DeploymentState::Offline;
    group
}

/// The backend of an address.
pub(crate) fn http(address: std::net::SocketAddr) -> Backend {
    Backend::Http { url: format!("http://{address}").parse().expect("an address"), variables: BTreeMap::new() }
}

/// One environment with these groups.
pub(crate) fn environment(name: &str, groups: Vec<GroupSnapshot>) -> Arc<EnvironmentSnapshot> {
    Arc::new(EnvironmentSnapshot::new(name.parse().expect("a name"), groups))
}

/// One environment, `test`, with these groups.
pub(crate) fn snapshot(groups: Vec<GroupSnapshot>) -> Snapshot {
    Snapshot { environments: vec![environment("test", groups)] }
}

/// The pets, answered by a backend.
pub(crate) fn pets(backend: Backend, more: &str) -> Snapshot {
    snapshot(vec![group("pets", "0.0.1", PETS, &settings(more), backend)])
}

/// Settings of a gateway on a free port with two workers.
pub(crate) fn config() -> Config {
    let mut config = Config::new(([127, 0, 0, 1], 0).into());
    config.workers = 2;
    config
}

/// Starts a gateway, in which every group can be served.
pub(crate) fn start(config: Config, snapshot: &Snapshot) -> Gateway {
    let (gateway, not_served) = Gateway::start(config, snapshot).expect("a gateway");
    assert_eq!(not_served, []);
    gateway
}
