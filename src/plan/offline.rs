//! Offline: take groups out of an environment.

use crate::model::{Author, DeploymentState, EnvironmentName, OperationId, Release, ReleaseAction};

use super::error::Error;
use super::facts::{Facts, no_entry};
use super::outcome::Plan;
use super::policy::{self, ReleaseDirection};
use super::selection::{GroupSelection, check_current, live_groups};

/// A request to take groups offline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfflineRequest {
    /// The environment.
    pub environment: EnvironmentName,
    /// The groups.
    pub groups: GroupSelection,
    /// The operation that must be the latest of each group.
    pub if_current: Option<OperationId>,
}

/// Plans to take groups offline.
pub fn offline<E>(request: &OfflineRequest, facts: &dyn Facts<Error = E>, author: &Author) -> Result<Plan, Error<E>> {
    let mut plan = Plan::over_edits(&request.environment, facts, author)?;
    let environment = facts.environment(&request.environment).map_err(Error::Facts)?;
    for group in &request.groups.resolve(|| Ok(live_groups(&environment)))? {
        let current = environment.deployments.get(group);
        check_current(group, &request.environment, current, request.if_current.as_ref())?;
        let Some(current) = current else {
            return Err(no_entry(facts, &request.environment, group));
        };
        let after = Release { state: DeploymentState::Offline, ..current.release.clone() };
        plan.change(group, ReleaseAction::Offline, Some(current), after);
    }
    policy::apply(&mut plan, facts, author, ReleaseDirection::Forward)?;
    Ok(plan)
}
