//! A past state of an environment, to which a rollback leads and from which a promotion takes releases.

use std::collections::BTreeMap;

use crate::model::{DeploymentState, EnvironmentName, GroupName, OperationId, Release, Timestamp};

use super::error::{Error, StateError};
use super::facts::{Facts, LooseOperation, PastEntry};

/// A moment in the history of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PastState {
    /// Right after this operation.
    After(OperationId),
    /// At this time.
    At(Timestamp),
}

/// A past state that was found in the history of its environment.
pub(super) struct FoundState<'a, E> {
    facts: &'a dyn Facts<Error = E>,
    environment: &'a EnvironmentName,
    time: Timestamp,
    /// The releases that the named operation made itself.
    made: BTreeMap<GroupName, Release>,
}

impl PastState {
    /// Finds the state in the history of an environment.
    pub(super) fn find<'a, E>(
        &self,
        environment: &'a EnvironmentName,
        facts: &'a dyn Facts<Error = E>,
    ) -> Result<FoundState<'a, E>, Error<E>> {
        let (time, made) = match self {
            Self::At(time) => (*time, BTreeMap::new()),
            Self::After(id) => {
                let operation = facts.operation(environment, id).map_err(Error::Facts)?;
                let Some(operation) = operation else { return Err(unknown_operation(environment, id, facts)) };
                let made = operation.changes.into_iter().map(|(group, change)| (group, change.after));
                (operation.time, made.collect())
            }
        };
        Ok(FoundState { facts, environment, time, made })
    }
}

impl<E> FoundState<'_, E> {
    /// Returns the release that a group had; `None` where it had not been published yet.
    pub(super) fn release(&self, group: &GroupName) -> Result<Option<Release>, Error<E>> {
        if let Some(release) = self.made.get(group) {
            return Ok(Some(release.clone()));
        }
        let past = self.facts.past(self.environment, group).map_err(Error::Facts)?;
        let then = past.into_iter().find(|PastEntry { deployment, .. }| deployment.since <= self.time);
        Ok(then.map(|past| past.deployment.release))
    }

    /// Lists those of the groups that were live.
    pub(super) fn live_groups<'g>(
        &self,
        groups: impl IntoIterator<Item = &'g GroupName>,
    ) -> Result<Vec<GroupName>, Error<E>> {
        let mut live = Vec::new();
        for group in groups {
            if self.release(group)?.is_some_and(|release| release.state == DeploymentState::Live) {
                live.push(group.clone());
            }
        }
        Ok(live)
    }
}

/// Makes the error of an operation that is no part of an environment's history.
pub(super) fn unknown_operation<E>(
    environment: &EnvironmentName,
    id: &OperationId,
    facts: &dyn Facts<Error = E>,
) -> Error<E> {
    let (environment, operation) = (environment.clone(), id.clone());
    match facts.loose_operation(&environment, id) {
        Ok(None) => StateError::UnknownOperation { environment, operation }.into(),
        Ok(Some(LooseOperation::Unexplained)) => StateError::LostOperation { environment, operation }.into(),
        Ok(Some(LooseOperation::Abandoned)) => StateError::UncommittedOperation { environment, operation }.into(),
        Err(error) => Error::Facts(error),
    }
}
