//! Reasons why a request has no plan.

mod state;
mod step;

use crate::model::{EnvironmentName, Finding, GroupName, OperationId, Timestamp, Version, VersionRemark};

use super::outcome::Plan;
use super::refusal::{PolicyRefusal, mock_message};

pub use state::{AddressOrigin, StateError};
pub use step::{StaleReason, StepFault};

/// Reason why a request has no plan; `E` is the reason why facts could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error<E> {
    /// The files could not be read.
    #[error("cannot read what the plan needs")]
    Facts(#[source] E),
    /// The operation of the present entry cannot be read, so the release before it is not known.
    #[error("cannot tell what was live for {group} in {environment} before")]
    PastUnreadable {
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
        /// The reason.
        #[source]
        source: E,
    },
    /// A definition or its settings are not valid.
    #[error("{group} cannot be published: {} found", problems(.findings))]
    Invalid {
        /// The group.
        group: GroupName,
        /// The findings.
        findings: Vec<Finding>,
    },
    /// The state does not allow the request.
    #[error("{0}")]
    State(Box<StateError>),
    /// The working copy differs from the version that it names, which is frozen.
    #[error("version {version} of {group} is frozen, and the working copy differs from it")]
    FrozenDiffers {
        /// The group.
        group: GroupName,
        /// The version.
        version: Version,
        /// True if the frozen version is blocked.
        is_blocked: bool,
    },
    /// The working copy is a version to which a merge gave another number than the one that it names.
    #[error("version {version} of {group} has other bytes since a merge: the working copy is version {number}")]
    Renumbered {
        /// The group.
        group: GroupName,
        /// The version that the working copy names.
        version: Version,
        /// The number under which its bytes are frozen.
        number: Version,
        /// True if that version is blocked.
        is_blocked: bool,
    },
    /// The number that is to be frozen was deleted with other bytes.
    #[error("version {version} of {group} was deleted by {} at {}, and its number cannot be reused for other content", .deletion.by, .deletion.at)]
    DeletedDiffers {
        /// The group.
        group: GroupName,
        /// The version.
        version: Version,
        /// The deletion.
        deletion: Box<VersionRemark>,
    },
    /// The number that is to be frozen stands for other bytes in the history.
    #[error(
        "version {version} of {group} is taken: operation {operation} in {environment} published it with other content"
    )]
    NumberNamed {
        /// The group.
        group: GroupName,
        /// The version.
        version: Version,
        /// The environment.
        environment: EnvironmentName,
        /// The latest operation that names the number.
        operation: OperationId,
    },
    /// The present version, offline or not, has the number that is to be brought in, other bytes, and no files any
    /// more.
    #[error("{environment} has version {version} of {group} with other bytes, which are missing")]
    NumberShared {
        /// The group.
        group: GroupName,
        /// The version.
        version: Version,
        /// The environment.
        environment: EnvironmentName,
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
    #[error("the plan no longer holds: {0}")]
    Stale(StaleReason),
    /// Later operations changed the same groups.
    #[error("{operation} cannot be undone: {}", overtaken(.changed, *.total))]
    Overtaken {
        /// The operation that should be undone.
        operation: OperationId,
        /// Its environment.
        environment: EnvironmentName,
        /// The groups that were changed since, each with its latest operation; never empty.
        changed: Vec<(GroupName, OperationId)>,
        /// The number of groups that the operation changed.
        total: usize,
        /// The time just before the operation; `None` where it was the first of a group.
        before: Option<Timestamp>,
    },
    /// Policies of the environment refuse the change.
    #[error("{environment} refuses the change: {}", reasons(.environment, .refusals))]
    Refused {
        /// The environment.
        environment: EnvironmentName,
        /// Every reason; never empty.
        refusals: Vec<PolicyRefusal>,
        /// The plan that is refused.
        plan: Box<Plan>,
    },
    /// Several groups cannot be changed, each for a reason of its own.
    #[error("{} groups cannot be changed", .0.len())]
    Several(Vec<Self>),
    /// Several steps of a release plan are refused, each for one group or for several.
    #[error("{} steps are refused by policies", .0.len())]
    Steps(Vec<Self>),
}

impl<E> Error<E> {
    /// Fails with the errors of several groups, if there are any.
    pub(super) fn all(mut errors: Vec<Self>) -> Result<(), Self> {
        match errors.len() {
            0 => Ok(()),
            1 => Err(errors.remove(0)),
            _ => Err(Self::Several(errors)),
        }
    }
}

impl<E> From<StateError> for Error<E> {
    fn from(error: StateError) -> Self {
        Self::State(Box::new(error))
    }
}

/// Counts the problems, with those that a finding only counts.
fn problems(findings: &[Finding]) -> String {
    match findings.iter().map(|finding| finding.count).sum() {
        1 => "1 problem was".to_owned(),
        count => format!("{count} problems were"),
    }
}

fn now_at(current: Option<&OperationId>) -> String {
    current.map_or_else(|| "it was never published".to_owned(), |current| format!("the latest is {current}"))
}

/// Lists the groups that were changed since an operation.
fn overtaken(changed: &[(GroupName, OperationId)], total: usize) -> String {
    match changed {
        [(group, later)] if total == 1 => format!("{group} was changed by {later} since"),
        _ => {
            let each: Vec<String> = changed.iter().map(|(group, later)| format!("{group} by {later}")).collect();
            format!("{} of its {total} groups were changed since: {}", changed.len(), each.join(", "))
        }
    }
}

fn reasons(environment: &EnvironmentName, refusals: &[PolicyRefusal]) -> String {
    let reason = |refusal: &PolicyRefusal| match refusal {
        PolicyRefusal::Mock { groups } => mock_message(groups),
        PolicyRefusal::Breaking { changes, unknown, .. } => breaking(changes.len(), unknown.len()),
        PolicyRefusal::Blocked { releases } => match releases.as_slice() {
            [release] => release.text(),
            _ => format!("{} versions are blocked", releases.len()),
        },
        PolicyRefusal::Source { source, releases } => match releases.as_slice() {
            [release] => release.text(source, environment),
            _ => format!("{} groups must be live in {source} before they can go to {environment}", releases.len()),
        },
    };
    refusals.iter().map(reason).collect::<Vec<_>>().join("; and ")
}

/// Counts the changes that break callers, and the groups that cannot be compared.
fn breaking(breaking: usize, unknown: usize) -> String {
    let callers = match breaking {
        0 => None,
        1 => Some("callers of the live version would break (1 change)".to_owned()),
        _ => Some(format!("callers of live versions would break ({breaking} changes)")),
    };
    let untold = match unknown {
        0 => None,
        1 => Some("cannot check compatibility with the live version".to_owned()),
        _ => Some(format!("cannot check compatibility with the live versions of {unknown} groups")),
    };
    callers.into_iter().chain(untold).collect::<Vec<_>>().join("; and ")
}
