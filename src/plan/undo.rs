//! Undo: the opposite of one operation.

use crate::model::{
    Author, Deployment, DeploymentState, EnvironmentName, GroupName, OperationId, Release, ReleaseAction,
};

use super::error::{Error, StateError};
use super::facts::{Facts, no_entry, with_number};
use super::outcome::Plan;
use super::past_state::unknown_operation;
use super::policy::{self, ReleaseDirection};

/// A request to reverse an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoRequest {
    /// The environment.
    pub environment: EnvironmentName,
    /// The operation.
    pub operation: OperationId,
    /// True if groups that were changed since are left as they are; else they keep the operation from being undone.
    pub skip_changed: bool,
}

/// Returns the entry that a resolve did not keep, which its undo puts in force.
fn merged_entry<'a, E>(
    id: &OperationId,
    group: &GroupName,
    environment: &EnvironmentName,
    merged: &'a [Deployment],
) -> Result<&'a Deployment, Error<E>> {
    match merged {
        [only] => Ok(only),
        several => Err(StateError::JoinedHistories {
            operation: id.clone(),
            group: group.clone(),
            environment: environment.clone(),
            histories: several.len() + 1,
        }
        .into()),
    }
}

/// Plans to reverse an operation, for all the groups that it changed.
///
/// A group that the operation published first goes offline: an entry is never removed.
pub fn undo<E>(request: &UndoRequest, facts: &dyn Facts<Error = E>, author: &Author) -> Result<Plan, Error<E>> {
    let UndoRequest { environment, operation: id, skip_changed } = request;
    let Some(operation) = facts.operation(environment, id).map_err(Error::Facts)? else {
        return Err(unknown_operation(environment, id, facts));
    };
    let live = facts.environment(environment).map_err(Error::Facts)?;
    let mut plan = Plan::over_edits(environment, facts, author)?;
    let total = operation.changes.len();
    let (mut changed, mut is_first) = (Vec::new(), false);
    for (group, change) in operation.changes {
        let current = live.deployments.get(&group);
        // An entry is never removed: the operations after this one are not seen where it was lost.
        let Some(current) = current else { return Err(no_entry(facts, environment, &group)) };
        if current.operation != *id {
            is_first |= change.before.is_none();
            changed.push((group, current.operation.clone()));
            continue;
        }
        let restored = if change.action == ReleaseAction::Resolve {
            Some(merged_entry(id, &group, environment, &change.merged)?)
        } else {
            change.before.as_ref()
        };
        let after = restored.map_or_else(
            || Release { state: DeploymentState::Offline, ..current.release.clone() },
            |entry| entry.release.clone(),
        );
        plan.change(&group, ReleaseAction::Undo, Some(current), with_number(facts, &group, after)?);
    }
    for (_, later) in &changed {
        // One without a file is of somebody whose history is not here: it may be the one that is meant.
        facts.operation(environment, later).map_err(Error::Facts)?;
    }
    if !changed.is_empty() && !skip_changed {
        let before = (!is_first).then(|| operation.time.plus_ms(-1));
        return Err(Error::Overtaken {
            operation: id.clone(),
            environment: environment.clone(),
            changed,
            total,
            before,
        });
    }
    let left_out = |(group, later)| format!("{group} is skipped: {later} changed it since");
    plan.warnings.extend(changed.into_iter().map(left_out));
    policy::apply(&mut plan, facts, author, ReleaseDirection::Back)?;
    Ok(plan)
}
