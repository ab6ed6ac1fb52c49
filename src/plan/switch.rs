//! Switch: change the version and keep the backend.

use crate::model::{Author, DeploymentState, EnvironmentName, GroupName, OperationId, Release, ReleaseAction, Version};

use super::access::access_warnings;
use super::backend;
use super::error::{Error, StateError};
use super::facts::{Facts, lost_entry, readable_past, with_number};
use super::outcome::Plan;
use super::policy::{self, ReleaseDirection};
use super::publish::unknown_version;
use super::rollback::{first_open, releases_before};
use super::selection::check_current;

/// A request to switch one group to another version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchRequest {
    /// The environment.
    pub environment: EnvironmentName,
    /// The group.
    pub group: GroupName,
    /// To which version.
    pub to: SwitchTo,
    /// The operation that must be the latest of the group.
    pub if_current: Option<OperationId>,
}

/// The version to switch to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SwitchTo {
    /// This one.
    Version(Version),
    /// The other version that was live last and to which a rollback may lead: none that was taken back, or is blocked.
    Previous,
}

/// Plans a switch.
pub fn switch<E>(request: &SwitchRequest, facts: &dyn Facts<Error = E>, author: &Author) -> Result<Plan, Error<E>> {
    let SwitchRequest { environment, group, .. } = request;
    let live = facts.environment(environment).map_err(Error::Facts)?;
    let current = live.deployments.get(group);
    check_current(group, environment, current, request.if_current.as_ref())?;
    if current.is_none()
        && let Some(lost) = lost_entry(facts, environment, group).map_err(Error::Facts)?
    {
        return Err(lost.into());
    }
    let Some(current) = current.filter(|current| current.release.state == DeploymentState::Live) else {
        let past = facts.readable_past(environment, group).unwrap_or_default();
        let was_live = releases_before(&past).next().is_some();
        let (group, environment) = (group.clone(), environment.clone());
        return Err(StateError::NothingToSwitch { group, environment, was_live }.into());
    };
    let (version, digest) = match &request.to {
        SwitchTo::Version(version) => {
            let Some(candidate) = facts.frozen(group, version).map_err(Error::Facts)? else {
                let unknown = unknown_version(group, version, facts)?;
                if matches!(&unknown, Error::State(state) if matches!(**state, StateError::DeletedVersion { .. })) {
                    return Err(unknown);
                }
                let (group, version, environment) = (group.clone(), version.clone(), environment.clone());
                return Err(StateError::NoFrozenVersion { group, version, environment }.into());
            };
            (version.clone(), candidate.digest)
        }
        SwitchTo::Previous => {
            let past = readable_past(facts, environment, group)?;
            let others = releases_before(&past).filter(|release| release.digest != current.release.digest);
            let previous = first_open(others, group, facts)?;
            let Some(previous) = previous else {
                let (group, environment) = (group.clone(), environment.clone());
                return Err(StateError::NoOtherVersion { group, environment }.into());
            };
            (previous.version.clone(), previous.digest)
        }
    };
    let mut plan = Plan::over_edits(environment, facts, author)?;
    let mut after = Release { version, digest, ..current.release.clone() };
    after = with_number(facts, group, after)?;
    let next = facts.released(group, &after).map_err(Error::Facts)?;
    if let Some(next) = &next {
        after.backend = backend::rebound(&after.backend, &next.settings, facts.settings(), environment)?;
    }
    if let Some(next) = &next {
        plan.warnings.extend(access_warnings(facts, group, environment, next, &after.backend)?);
    }
    plan.change(group, ReleaseAction::Switch, Some(current), after);
    policy::apply(&mut plan, facts, author, ReleaseDirection::Forward)?;
    Ok(plan)
}
