//! A gateway that serves a mock of each definition, and the packages of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use apigw::gateway::{Config, Gateway};
use apigw::model::{Backend, Deployment, DeploymentState, Digest, GroupSettings, OperationId, Release, Timestamp};
use apigw::share::model::{DefinitionModel, ModelSource, OperationModel};
use apigw::share::sdk::{SampleSource, SdkLanguage, SdkSource, generate, samples};
use apigw::snapshot::{EnvironmentSnapshot, GroupContent, GroupSnapshot, Snapshot};
use serde_json::{Value, json};

use crate::corpus::{CorpusDefinition, definitions, own_definitions};

/// A running gateway.
pub(crate) struct Served {
    pub(crate) groups: Vec<ServedDefinition>,
    pub(crate) address: String,
    _gateway: Gateway,
}

/// A group that it serves.
pub(crate) struct ServedDefinition {
    pub(crate) name: String,
    pub(crate) origin: String,
    pub(crate) model: DefinitionModel,
}

impl Served {
    /// Serves all definitions.
    pub(crate) fn start() -> Self {
        Self::of(definitions())
    }

    /// Serves the test's own definitions alone.
    pub(crate) fn of_own() -> Self {
        Self::of(own_definitions())
    }

    /// Serves some definitions.
    pub(crate) fn of(definitions: Vec<CorpusDefinition>) -> Self {
        let mut groups = Vec::new();
        let mut snapshots = Vec::new();
        for (index, found) in definitions.into_iter().enumerate() {
            let name = format!("g{index}");
            let settings = format!("schema: 1\nversion: '0.0.1'\nprefix: /{name}\n");
            let settings: GroupSettings = serde_saphyr::from_str(&settings).expect("settings");
            let source = ModelSource { definition: &found.definition, settings: &settings, environments: &[] };
            let model = DefinitionModel::build(source);
            snapshots.push(snapshot(&name, settings, found.definition));
            groups.push(ServedDefinition { name, origin: found.origin, model });
        }
        let environment = EnvironmentSnapshot::new("test".parse().expect("a name"), snapshots);
        let snapshot = Snapshot { environments: vec![Arc::new(environment)] };
        let config = Config { workers: 1, ..Config::new(([127, 0, 0, 1], 0).into()) };
        let (gateway, not_served) = Gateway::start(config, &snapshot).expect("it starts");
        groups.retain(|group| {
            !not_served.iter().any(|one| one.group.as_ref().is_some_and(|name| name.as_str() == group.name))
        });
        let address = format!("http://{}", gateway.addresses()[0]);
        Self { groups, address, _gateway: gateway }
    }

    /// Returns the calls of a group, each with the response that the model declares.
    pub(crate) fn expected(group: &ServedDefinition, language: SdkLanguage) -> Vec<Value> {
        let name = group.name.parse().expect("a name");
        let calls = samples(SampleSource { group: &name, model: &group.model, is_mock: true }, language);
        // A body that no value fits cannot be sent.
        let is_callable = |operation: &OperationModel| {
            let body = operation.body.as_ref().filter(|body| body.is_required);
            body.and_then(|body| body.content.first())
                .is_none_or(|content| content.value.is_none() || content.sample.is_some())
        };
        let callable = calls.iter().filter(|(operation, _)| is_callable(operation));
        let expected = callable.map(|(operation, sample)| {
            let mock = operation.mock.as_ref();
            json!({
                "key": operation.key,
                "method": operation.method,
                "call": sample.call,
                "imports": sample.imports,
                "status": mock.map(|mock| mock.status),
                "media_type": mock.and_then(|mock| mock.media_type.clone()),
                "body": mock.map(|mock| String::from_utf8_lossy(&mock.body).into_owned()),
            })
        });
        expected.collect()
    }
}

fn snapshot(name: &str, settings: GroupSettings, definition: apigw::definition::Definition) -> GroupSnapshot {
    let digest = Digest::of(name.as_bytes());
    let release = Release {
        state: DeploymentState::Live,
        version: "0.0.1".parse().expect("a version"),
        digest,
        backend: Backend::Mock,
    };
    let since: Timestamp = "2026-01-01T00:00:00.000Z".parse().expect("a time");
    let operation = OperationId::new(since, &digest);
    GroupSnapshot {
        name: name.parse().expect("a name"),
        deployment: Deployment { release, since, operation },
        content: Some(Arc::new(GroupContent {
            settings: Arc::new(settings),
            definition: Arc::new(definition).into(),
            tls_files: Arc::new(BTreeMap::new()),
        })),
    }
}

/// Generates the package of a group: its files by their paths, archives without those.
pub(crate) fn packages(group: &ServedDefinition, language: SdkLanguage) -> Vec<(String, String)> {
    let name = group.name.parse().expect("a name");
    let version = "0.0.1".parse().expect("a version");
    let source = SdkSource { group: &name, version: &version, digest: Digest::of(b""), model: &group.model };
    let prefix = format!("{}/", language.as_str());
    let text = |file: apigw::share::GeneratedFile| {
        let path = file.path.strip_prefix(&prefix)?.to_owned();
        Some((path, String::from_utf8(file.bytes).ok()?))
    };
    generate(source, &[language]).into_iter().filter_map(text).collect()
}

/// Writes the package of each group: modules of Python and packages of Java beside each other, TypeScript a folder a
/// group.
pub(crate) fn write_packages(served: &Served, language: SdkLanguage, folder: &Path) {
    for group in &served.groups {
        for (path, text) in packages(group, language) {
            let target = match language {
                SdkLanguage::Python | SdkLanguage::Java => folder.join(path),
                SdkLanguage::TypeScript => folder.join(&group.name).join(path),
            };
            std::fs::create_dir_all(target.parent().expect("a folder")).expect("a folder");
            std::fs::write(target, text).expect("a file");
        }
    }
}
