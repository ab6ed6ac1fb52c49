//! Limits of keys and grants, compared with those of the groups that they are for.

use super::error::CommandError;
use crate::access::{Grant, change};
use crate::model::{EnvironmentName, GroupName, RateLimit, RateLimits};
use crate::workspace::{Error, Workspace};

/// Takes limits as they were typed.
pub(super) fn typed_limits(typed: &[RateLimit]) -> Result<RateLimits, CommandError> {
    RateLimits::new(typed.to_vec()).map_err(|error| CommandError::usage(error.to_string()))
}

/// Refuses limits above those of a group, in its working copy or as it is live in one of the environments.
pub(super) fn check_group_limits(
    workspace: &Workspace,
    limits: &RateLimits,
    group: &GroupName,
    environments: &[EnvironmentName],
) -> Result<(), CommandError> {
    if limits.is_empty() {
        return Ok(());
    }
    match workspace.working_copy(group, None) {
        Ok(candidate) => change::check_limits(limits, group, &candidate.settings.limits)?,
        // A working copy that cannot be read has no limits to compare with: its own commands say so.
        Err(Error::Invalid(_) | Error::Unknown { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    for environment in environments {
        let live = workspace.live_group(environment, group)?;
        if let Some(content) = live.and_then(|live| live.content) {
            change::check_limits(limits, group, &content.settings.limits)?;
        }
    }
    Ok(())
}

/// Refuses limits above those of a group that one of the grants is for.
pub(super) fn check_granted_limits(
    workspace: &Workspace,
    limits: &RateLimits,
    grants: &[Grant],
) -> Result<(), CommandError> {
    grants.iter().try_for_each(|grant| check_group_limits(workspace, limits, &grant.group, &grant.environments))
}
