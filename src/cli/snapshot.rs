//! From what the workspace reads to what a gateway is handed.

use std::sync::Arc;

use crate::gateway::{EnvironmentSnapshot, GroupContent, GroupSnapshot, Snapshot};
use crate::model::GroupName;
use crate::workspace::{LiveEnvironment, LiveGroup};

/// Makes the snapshot of all that is live in some environments.
pub(super) fn snapshot(live: &[LiveEnvironment]) -> Snapshot {
    let environment = |live: &LiveEnvironment| EnvironmentSnapshot {
        name: live.name.clone(),
        groups: live.groups.iter().map(|(name, live)| group(name, live)).collect(),
    };
    Snapshot { environments: live.iter().map(environment).collect() }
}

/// Makes the snapshot of one group.
fn group(name: &GroupName, live: &LiveGroup) -> GroupSnapshot {
    let release = &live.deployment.release;
    GroupSnapshot {
        name: name.clone(),
        version: release.version.clone(),
        digest: release.digest,
        operation: live.deployment.operation.clone(),
        backend: release.backend.clone(),
        content: live.content.as_ref().map(|content| GroupContent {
            settings: Arc::clone(&content.settings),
            definition: Arc::clone(&content.definition),
            tls_files: Arc::clone(&content.secrets),
        }),
    }
}
