//! The groups of a request, and the states in which it finds them.

use super::error::Error;
use crate::model::{Deployment, DeploymentState, Environment, EnvironmentName, GroupName, OperationId};

/// The groups of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupSelection {
    /// These.
    Groups(Vec<GroupName>),
    /// Every group to which the request can apply.
    All,
}

impl GroupSelection {
    /// Returns the groups, each once, in order; `all` says which are meant by all.
    pub(super) fn resolve<E>(
        &self,
        all: impl FnOnce() -> Result<Vec<GroupName>, Error<E>>,
    ) -> Result<Vec<GroupName>, Error<E>> {
        let mut groups = match self {
            Self::Groups(groups) => groups.clone(),
            Self::All => all()?,
        };
        groups.sort_unstable();
        groups.dedup();
        Ok(groups)
    }
}

/// Returns the groups that are live.
pub(super) fn live_groups(environment: &Environment) -> Vec<GroupName> {
    let live =
        environment.deployments.iter().filter(|(_, deployment)| deployment.release.state == DeploymentState::Live);
    live.map(|(group, _)| group.clone()).collect()
}

/// Refuses where the group was changed by another operation than the caller saw.
pub(super) fn check_current<E>(
    group: &GroupName,
    environment: &EnvironmentName,
    current: Option<&Deployment>,
    expected: Option<&OperationId>,
) -> Result<(), Error<E>> {
    match (expected, current) {
        (None, _) => Ok(()),
        (Some(expected), Some(current)) if current.operation == *expected => Ok(()),
        (Some(expected), current) => Err(Error::NotCurrent {
            group: group.clone(),
            environment: environment.clone(),
            expected: expected.clone(),
            current: current.map(|current| current.operation.clone()),
        }),
    }
}
