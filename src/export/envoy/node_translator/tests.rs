use serde_json::Value;

use super::*;
use crate::definition;
use crate::model::{Backend, Deployment, DeploymentState, Digest, DomainName, OperationId, Release, Timestamp};
use crate::routes::build;
use crate::snapshot::{GroupContent, GroupSnapshot};

const DEFINITION: &str = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  /pets/{id}: {get: {responses: {'200': {description: d}}}}\n";

/// Makes the routes of a group, with a backend where one is named.
fn group(name: &str, backend: &str, more: &str) -> Arc<GroupRoutes> {
    let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| Arc::from(DEFINITION.as_bytes())));
    let definition = Arc::new(definition::read(name, &mut fetch).definition.expect("a definition"));
    let settings = format!("schema: 1\nversion: \"0.0.1\"\nprefix: /{name}\n{more}");
    let content = GroupContent {
        settings: Arc::new(serde_yaml::from_str(&settings).expect("settings")),
        definition: Arc::clone(&definition).into(),
        tls_files: Arc::default(),
    };
    let (digest, since) = (Digest::of(b""), Timestamp::from_milliseconds(0));
    let backend = match backend {
        "" => Backend::Mock,
        url => Backend::Http { url: url.parse().expect("an address"), variables: [].into() },
    };
    let version = "0.0.1".parse().expect("a version");
    let release = Release { state: DeploymentState::Live, version, digest, backend };
    let deployment = Deployment { release, since, operation: OperationId::new(since, &digest) };
    let group = GroupSnapshot { name: name.parse().expect("a name"), deployment, content: None };
    let environment = "online".parse().expect("a name");
    Arc::new(build(&environment, &group, &content, &definition, &DomainName::local()).expect("routes"))
}

fn translator() -> NodeTranslator {
    NodeTranslator::new("/secrets".to_owned())
}

fn text(resources: &NodeResources) -> String {
    let pieces: Vec<&[u8]> = resources.routes.iter().map(|piece| piece.bytes().as_ref()).collect();
    String::from_utf8(pieces.concat()).expect("a text")
}

#[test]
fn what_is_kept_is_what_would_be_written_anew() {
    let [a, b] = ["a", "b"].map(|name| group(name, "", ""));
    let other_b = group("b", "http://127.0.0.1:9000", "");
    let [shared_a, shared_b] = ["a", "b"].map(|name| group(name, "http://c.example", "domains: [api.example.com]\n"));
    let moved_b = group("b", "http://d.example", "domains: [api.example.com]\ncors: {allow_origins: ['*']}\n");
    let steps: &[&[&Arc<GroupRoutes>]] = &[
        &[&a, &b],
        &[&a, &other_b],
        &[&shared_a, &other_b],
        &[&shared_a, &shared_b],
        &[&shared_a, &moved_b],
        &[&shared_a],
        &[&shared_a, &shared_b],
        &[],
        &[&b],
    ];
    let mut kept = translator();
    for (step, groups) in steps.iter().enumerate() {
        let groups: Vec<Arc<GroupRoutes>> = groups.iter().map(|group| Arc::clone(group)).collect();
        let (resources, anew) = (kept.translate(&groups), translator().translate(&groups));
        assert_eq!(text(&resources), text(&anew), "step {step}");
        let clusters = |resources: &NodeResources| -> Vec<(String, Value)> {
            let clusters = resources.clusters.iter();
            clusters.map(|cluster| (cluster.name.clone(), cluster.message.clone())).collect()
        };
        assert_eq!(clusters(&resources), clusters(&anew), "step {step}");
        let message: Value = serde_json::from_str(&text(&resources)).expect("JSON");
        assert_eq!(message["virtual_hosts"][resources.routes.len() - 2]["name"], "unknown", "step {step}");
    }
}

#[test]
fn a_change_of_one_group_writes_its_own_hosts_alone() {
    let [a, b, new_b] = ["a", "b", "b"].map(|name| group(name, "", ""));
    let mut translator = translator();
    let before = translator.translate(&[Arc::clone(&a), b]);
    let after = translator.translate(&[a, new_b]);
    let is_same = |index: usize| before.routes[index].bytes().as_ptr() == after.routes[index].bytes().as_ptr();
    assert_eq!([is_same(1), is_same(2)], [true, false]);
}
