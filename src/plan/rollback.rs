//! Rollback: restore what was live before, byte for byte.

use crate::model::{Action, EnvironmentName, GroupName, OperationId, Release, State};

use super::facts::{Facts, Past};
use super::{Author, Error, Plan, check_current, policy};

/// A request to restore an earlier release of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollbackRequest {
    /// Where.
    pub environment: EnvironmentName,
    /// Which group.
    pub group: GroupName,
    /// The operation whose outcome is restored; without one, what was live before.
    pub to: Option<OperationId>,
    /// The operation that must be the latest of the group.
    pub if_current: Option<OperationId>,
}

/// Plans a rollback.
pub fn rollback(request: &RollbackRequest, facts: &dyn Facts, author: &Author) -> Result<Plan, Error> {
    let RollbackRequest { environment, group, .. } = request;
    let live = facts.environment(environment).map_err(Error::Facts)?;
    let Some(current) = live.deployments.get(group) else {
        return Err(Error::state(
            format!("{group} was never published to {environment}"),
            ["see what is: `apigw status`".to_owned()],
        ));
    };
    check_current(group, environment, Some(current), request.if_current.as_ref())?;
    let past = facts.past(environment, group).map_err(Error::Facts)?;
    let after = match &request.to {
        Some(operation) => left_by(operation, group, environment, &past)?,
        None => live_before(&past).cloned().ok_or_else(|| {
            Error::state(
                format!("nothing else was live for {group} in {environment} before"),
                [
                    format!("see what was: `apigw history {group} --env {environment}`"),
                    format!("take back the last change: `apigw undo --env {environment}`"),
                ],
            )
        })?,
    };
    let mut plan = Plan::new(environment, author);
    plan.change(group, Action::Rollback, Some(current), after);
    policy::apply(&mut plan, facts, true)?;
    Ok(plan)
}

/// Finds what was live before the present release.
///
/// Where that one was itself restored by a rollback, the search goes on from where it was live
/// first: the second rollback in a row goes further back instead of forward to what was just left.
fn live_before(past: &[Past]) -> Option<&Release> {
    let mut index = 0;
    while past.get(index)?.action == Action::Rollback {
        let restored = &past[index].deployment.release;
        let earlier = past[index + 1..].iter().position(|past| past.deployment.release == *restored)?;
        index += 1 + earlier;
    }
    let present = &past[index].deployment.release;
    let mut before = past[index + 1..].iter().map(|past| &past.deployment.release);
    before.find(|release| release.state == State::Live && *release != present)
}

fn left_by(
    operation: &OperationId,
    group: &GroupName,
    environment: &EnvironmentName,
    past: &[Past],
) -> Result<Release, Error> {
    let found = past.iter().find(|past| past.deployment.operation == *operation);
    found.map(|past| past.deployment.release.clone()).ok_or_else(|| {
        Error::state(
            format!("operation {operation} did not change {group} in {environment}"),
            [format!("see which did: `apigw history {group} --env {environment}`")],
        )
    })
}
