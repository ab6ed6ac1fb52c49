//! Why a request has no plan.

use crate::model::{EnvironmentName, Finding, GroupName, OperationId, Version};

/// Why a request has no plan.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What is on disk could not be read.
    #[error("cannot read what the plan needs")]
    Facts(#[source] anyhow::Error),
    /// What is to be published is not valid.
    #[error("{group} cannot be published: {} found", problems(.findings))]
    Invalid {
        /// The group.
        group: GroupName,
        /// What is wrong with it.
        findings: Vec<Finding>,
    },
    /// The state does not allow the request.
    #[error("{message}")]
    State {
        /// What does not go.
        message: String,
        /// What to do instead.
        hints: Vec<String>,
    },
    /// The working copy differs from the version that it names, which is frozen.
    #[error("version {version} of {group} is frozen, and the working copy differs from it")]
    FrozenDiffers {
        /// The group.
        group: GroupName,
        /// The version.
        version: Version,
    },
    /// The group was changed by another operation than the caller saw.
    #[error("{group} in {environment} is not as operation {expected} left it: {}", now_at(.current.as_ref()))]
    NotCurrent {
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
        /// The operation that the caller saw.
        expected: OperationId,
        /// The operation that is the latest, if there is any.
        current: Option<OperationId>,
    },
    /// A bound plan no longer holds.
    #[error("the plan no longer holds: {message}")]
    Stale {
        /// What is not as it was.
        message: String,
    },
    /// A later operation changed the same group.
    #[error("{operation} cannot be undone: {group} was changed by {later} since")]
    Overtaken {
        /// The operation that should be undone.
        operation: OperationId,
        /// The group.
        group: GroupName,
        /// The later operation.
        later: OperationId,
    },
    /// A policy of the environment refuses the change.
    #[error("{environment} refuses this: {message}")]
    Refused {
        /// The environment.
        environment: EnvironmentName,
        /// What it refuses.
        message: String,
        /// What to do instead.
        hints: Vec<String>,
    },
}

impl Error {
    pub(super) fn state(message: impl Into<String>, hints: impl IntoIterator<Item = String>) -> Self {
        Self::State { message: message.into(), hints: hints.into_iter().collect() }
    }
}

/// Says how many problems there are, with those that a finding only counts.
fn problems(findings: &[Finding]) -> String {
    match findings.iter().map(|finding| finding.count).sum() {
        1 => "1 problem was".to_owned(),
        count => format!("{count} problems were"),
    }
}

fn now_at(current: Option<&OperationId>) -> String {
    current.map_or_else(|| "it was never published".to_owned(), |current| format!("the latest is {current}"))
}
