//! Faults of release plans.

use crate::model::{EnvironmentName, GroupName, PolicyOverride};

/// Reason why a step of a release plan is not valid.
#[derive(Debug, thiserror::Error)]
pub enum StepFault {
    /// Neither the step nor the file names an environment.
    #[error("names no environment")]
    NoEnvironment,
    /// The environment is not declared.
    #[error("names the environment {:?}, which does not exist", .name.as_str())]
    UnknownEnvironment {
        /// The name.
        name: EnvironmentName,
        /// The declared environments.
        declared: Vec<EnvironmentName>,
    },
    /// The step has no groups, or has a list of them and all.
    #[error("must have either `groups` or `all`")]
    GroupsOrAll,
    /// The step may break callers, and nobody says why.
    #[error("has `allow_breaking`, but no reason")]
    NoReason,
    /// The step has two backends.
    #[error("has both `mock` and `backend`")]
    MockAndBackend,
    /// A switch is of one group.
    #[error("must name one group")]
    NotOneGroup,
    /// A switch is to a version or to the previous one.
    #[error("must have either `version` or `previous: true`")]
    VersionOrPrevious,
    /// A promotion names no source.
    #[error("has no `from`")]
    NoSource,
    /// A promotion names two releases.
    #[error("has both `version` and `at`")]
    VersionAndOperation,
    /// An earlier step changes the same group.
    #[error("has {group} in {environment}, which an earlier step has already")]
    RepeatedGroup {
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
    },
    /// The steps of an environment do not stand together.
    #[error("returns to {environment}, after a step of another environment")]
    ScatteredSteps {
        /// The environment.
        environment: EnvironmentName,
    },
}

/// Reason why a bound plan no longer holds.
#[derive(Debug, thiserror::Error)]
pub enum StaleReason {
    /// A group was changed.
    #[error("{group} in {environment} has changed since the plan was made")]
    EntryChanged {
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
    },
    /// The steps lead to another release.
    #[error("the plan would no longer do the same to {group} in {environment}")]
    OtherRelease {
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
    },
    /// The steps change one more group.
    #[error("it would now change {group} in {environment} as well")]
    OtherGroup {
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
    },
    /// Entries that the steps change were edited by hand.
    #[error("{} in {environment} {} edited by hand since the plan was made", joined(.groups), if .groups.len() == 1 { "was" } else { "were" })]
    Edited {
        /// The groups; never empty.
        groups: Vec<GroupName>,
        /// The environment.
        environment: EnvironmentName,
    },
    /// The steps override one more policy.
    #[error("it would now override the policy `{}` of {environment}", .policy.as_str())]
    OtherOverride {
        /// The policy.
        policy: PolicyOverride,
        /// The environment.
        environment: EnvironmentName,
    },
}

fn joined(groups: &[GroupName]) -> String {
    groups.iter().map(GroupName::as_str).collect::<Vec<_>>().join(", ")
}
