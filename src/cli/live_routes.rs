//! The routes of what is live, as a gateway reads them at its start.

use std::collections::BTreeSet;

use crate::model::{EnvironmentName, GroupName};
use crate::routes::{EnvironmentRoutes, build_environment};
use crate::workspace::{LiveReader, Workspace};

/// Reads the live state of some environments, and builds the routes of the named groups, or of all.
pub(super) fn live_routes(
    workspace: &Workspace,
    environments: Vec<EnvironmentName>,
    groups: &BTreeSet<GroupName>,
) -> Vec<EnvironmentRoutes> {
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
    routes.collect()
}
