//! The routes of what is live, as a gateway reads them at its start.

use std::collections::BTreeSet;

use crate::model::{EnvironmentName, GroupName};
use crate::routes::{EnvironmentRoutes, build_environment};
use crate::snapshot::Snapshot;
use crate::workspace::{LiveReader, Workspace};

/// The live state of some environments with its routes.
pub(super) struct LiveRoutes {
    pub(super) snapshot: Snapshot,
    pub(super) environments: Vec<EnvironmentRoutes>,
}

impl LiveRoutes {
    /// Reads the live state, and builds the routes of the named groups, or of all.
    pub(super) fn read(
        workspace: &Workspace,
        environments: Vec<EnvironmentName>,
        groups: &BTreeSet<GroupName>,
    ) -> Self {
        let is_wanted = |group: &GroupName| groups.is_empty() || groups.contains(group);
        let mut reader = LiveReader::new(environments);
        let snapshot = reader.read(workspace);
        let base_domain = &workspace.settings().base_domain;
        let routes = snapshot.environments.iter().map(|environment| {
            let mut routes = build_environment(environment, base_domain, is_wanted);
            let unread = reader.not_served().filter(|entry| entry.environment == environment.name);
            routes.not_served.extend(unread.filter(|entry| entry.group.as_ref().is_none_or(is_wanted)).cloned());
            routes
        });
        let environments = routes.collect();
        Self { snapshot, environments }
    }
}
