//! From what the workspace reads to what a gateway is handed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::gateway::{DefinitionSource, EnvironmentSnapshot, GroupContent, GroupSnapshot, Snapshot};
use crate::model::GroupName;
use crate::workspace::{LiveContent, LiveEnvironment, LiveGroup};

/// Makes the snapshots of what is live, one after another: an environment that was not read again is the very same in the
/// next, by which a gateway knows that it need not look at it.
#[derive(Default)]
pub(super) struct Snapshots {
    last: Vec<Made>,
}

/// The snapshot of an environment, and what it was made of.
struct Made {
    groups: Arc<BTreeMap<GroupName, LiveGroup>>,
    snapshot: Arc<EnvironmentSnapshot>,
}

impl Snapshots {
    /// Makes the snapshot of all that is live in some environments.
    pub(super) fn next(&mut self, live: &[LiveEnvironment]) -> Snapshot {
        self.last = live.iter().map(|live| self.environment(live)).collect();
        Snapshot { environments: self.last.iter().map(|made| Arc::clone(&made.snapshot)).collect() }
    }

    fn environment(&self, live: &LiveEnvironment) -> Made {
        let is_same = |made: &&Made| Arc::ptr_eq(&made.groups, &live.groups) && made.snapshot.name == live.name;
        let snapshot = match self.last.iter().find(is_same) {
            Some(made) => Arc::clone(&made.snapshot),
            None => Arc::new(EnvironmentSnapshot {
                name: live.name.clone(),
                groups: live.groups.iter().map(|(name, live)| group(name, live)).collect(),
            }),
        };
        Made { groups: Arc::clone(&live.groups), snapshot }
    }
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
            definition: definition(content),
            tls_files: Arc::clone(&content.secrets),
        }),
    }
}

/// Has a gateway read a definition when it needs it.
fn definition(content: &Arc<LiveContent>) -> DefinitionSource {
    let content = Arc::clone(content);
    DefinitionSource::new(move || content.definition.get().map_err(|error| error.to_string()))
}
