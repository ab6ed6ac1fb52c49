//! Offline: take groups out of an environment.

use crate::model::{Action, Author, EnvironmentName, OperationId, Release, State};

use super::advice::Advice;
use super::facts::Facts;
use super::policy::{self, Direction};
use super::{Error, Plan, Selection, check_current, live_groups};

/// A request to take groups offline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfflineRequest {
    /// Where.
    pub environment: EnvironmentName,
    /// The groups.
    pub groups: Selection,
    /// The operation that must be the latest of each group.
    pub if_current: Option<OperationId>,
}

/// Plans to take groups offline.
pub fn offline(request: &OfflineRequest, facts: &dyn Facts, author: &Author) -> Result<Plan, Error> {
    let mut plan = Plan::new(&request.environment, author);
    let environment = facts.environment(&request.environment).map_err(Error::Facts)?;
    for group in &request.groups.resolve(|| Ok(live_groups(&environment)))? {
        let current = environment.deployments.get(group);
        check_current(group, &request.environment, current, request.if_current.as_ref())?;
        let Some(current) = current else {
            return Err(Error::state(
                format!("{group} was never published to {}", request.environment),
                [Advice::Status],
            ));
        };
        let after = Release { state: State::Offline, ..current.release.clone() };
        plan.change(group, Action::Offline, Some(current), after);
    }
    policy::apply(&mut plan, facts, author, Direction::Forward)?;
    Ok(plan)
}
