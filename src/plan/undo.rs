//! Undo: the opposite of one operation.

use crate::model::{Action, EnvironmentName, OperationId, Release, State};

use super::facts::Facts;
use super::{Author, Error, Plan, policy};

/// A request to reverse an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoRequest {
    /// Where.
    pub environment: EnvironmentName,
    /// Which operation.
    pub operation: OperationId,
}

/// Plans to reverse an operation, for all the groups that it changed.
///
/// A group that the operation published first goes offline: an entry is never removed.
pub fn undo(request: &UndoRequest, facts: &dyn Facts, author: &Author) -> Result<Plan, Error> {
    let UndoRequest { environment, operation: id } = request;
    let Some(operation) = facts.operation(environment, id).map_err(Error::Facts)? else {
        return Err(Error::state(
            format!("{environment} has no operation {id}"),
            [format!("see which there are: `apigw history --env {environment}`")],
        ));
    };
    let live = facts.environment(environment).map_err(Error::Facts)?;
    let mut plan = Plan::new(environment, author);
    for (group, change) in operation.changes {
        let current = live.deployments.get(&group);
        let Some(current) = current.filter(|current| current.operation == *id) else {
            let later = current.map_or_else(|| id.clone(), |current| current.operation.clone());
            return Err(Error::Overtaken { operation: id.clone(), group, later });
        };
        let after = change
            .before
            .map_or_else(|| Release { state: State::Offline, ..current.release.clone() }, |before| before.release);
        plan.change(&group, Action::Undo, Some(current), after);
    }
    policy::apply(&mut plan, facts, true)?;
    Ok(plan)
}
