//! Requests that the state does not allow.

use super::step::StepFault;
use crate::model::{EnvironmentName, GroupName, HttpUrlError, OperationId, VariableError, Version, VersionRemark};

/// Reason why the state does not allow a request.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A promotion from an environment to itself.
    #[error("{environment} cannot be promoted to itself")]
    SameEnvironment {
        /// The environment.
        environment: EnvironmentName,
    },
    /// A group was never published.
    #[error("{group} was never published to {environment}")]
    NeverPublished {
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
    },
    /// A group lost its entry, most likely in a merge.
    #[error("{group} has no entry in {environment}, and operation {operation} made one: it was lost")]
    LostEntry {
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
        /// The operation that made an entry.
        operation: OperationId,
    },
    /// A group is not live, so it cannot be promoted.
    #[error("{group} is not live in {environment}")]
    NotLive {
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
    },
    /// A group was not live in the past state that the request names.
    #[error("{group} was not live in {environment} then")]
    NotLiveThen {
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
    },
    /// A version was never live.
    #[error("version {version} of {group} was never live in {environment}")]
    NeverLive {
        /// The group.
        group: GroupName,
        /// The version.
        version: Version,
        /// The environment.
        environment: EnvironmentName,
    },
    /// A group is not live, so it cannot be switched.
    #[error("{group} is not live in {environment}, so there is no version to switch")]
    NothingToSwitch {
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
        /// True if it was live before.
        was_live: bool,
    },
    /// The version to switch to is not frozen.
    #[error("{group} has no frozen version {version}")]
    NoFrozenVersion {
        /// The group.
        group: GroupName,
        /// The version.
        version: Version,
        /// The environment.
        environment: EnvironmentName,
    },
    /// No other version was live that was not taken back, so there is no previous one.
    #[error("no earlier version of {group} is left to switch to in {environment}")]
    NoOtherVersion {
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
    },
    /// The version to publish is not frozen.
    #[error("{group} has no version {version}")]
    UnknownVersion {
        /// The group.
        group: GroupName,
        /// The version.
        version: Version,
        /// The newest frozen versions, the newest first; empty if none is frozen.
        newest: Vec<Version>,
    },
    /// The version was deleted.
    #[error("version {version} of {group} was deleted {deletion}")]
    DeletedVersion {
        /// The group.
        group: GroupName,
        /// The version.
        version: Version,
        /// The deletion.
        deletion: Box<VersionRemark>,
    },
    /// The newest version cannot be read, so the part to bump cannot be advised.
    #[error("version {version} of {group} cannot be read, so changes since then are unknown")]
    UnreadableVersion {
        /// The group.
        group: GroupName,
        /// The version.
        version: Version,
    },
    /// The folder of a live version is missing.
    #[error("the folder of version {version} of {group} is missing")]
    MissingVersion {
        /// The group.
        group: GroupName,
        /// The version.
        version: Version,
    },
    /// A rollback of all groups names no state.
    #[error("all groups go back to one state, and none is named")]
    NoStateNamed {
        /// The environment.
        environment: EnvironmentName,
    },
    /// Nothing was live in the past state that a rollback of all groups names.
    #[error("nothing was live in {environment} then")]
    NothingLiveThen {
        /// The environment.
        environment: EnvironmentName,
    },
    /// A group had no entry in the past state that a rollback names.
    #[error("{group} had not been published to {environment} yet")]
    NotYetPublished {
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
    },
    /// There is no release before the present one.
    #[error("nothing else was live for {group} in {environment} before")]
    NothingBefore {
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
        /// True if the present release is live.
        is_live: bool,
        /// The undo or the rollback that took back what was live, if it is the latest operation.
        undo: Option<OperationId>,
        /// The operation that had made it live, if others were taken back with it.
        made_live: Option<OperationId>,
    },
    /// The environment has no such operation.
    #[error("{environment} has no operation {operation}")]
    UnknownOperation {
        /// The environment.
        environment: EnvironmentName,
        /// The operation.
        operation: OperationId,
    },
    /// No entry leads to the operation, so there is nothing to go back from or to.
    #[error("no entry of {environment} leads to operation {operation}: a merge or an edit by hand lost it")]
    LostOperation {
        /// The environment.
        environment: EnvironmentName,
        /// The operation.
        operation: OperationId,
    },
    /// The command of the operation was interrupted before its commit.
    #[error("operation {operation} of {environment} was never committed: its command was interrupted")]
    UncommittedOperation {
        /// The environment.
        environment: EnvironmentName,
        /// The operation.
        operation: OperationId,
    },
    /// A resolve joined more than two histories, so its undo has no one entry to put in force.
    #[error("operation {operation} joined {histories} histories of {group}: undo cannot choose among them")]
    JoinedHistories {
        /// The operation.
        operation: OperationId,
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
        /// The number of histories.
        histories: usize,
    },
    /// A group has no backend address.
    #[error("{group} has no backend address")]
    NoBackend {
        /// The group.
        group: GroupName,
    },
    /// A frozen version has no backend address.
    #[error("version {version} of {group} has no backend address")]
    VersionWithoutBackend {
        /// The group.
        group: GroupName,
        /// The version.
        version: Version,
        /// The environment that it is to come to.
        environment: EnvironmentName,
    },
    /// An address has a variable that cannot be replaced.
    #[error("{origin}: {}", variable_text(.error, .environment))]
    Variable {
        /// The place of the address.
        origin: AddressOrigin,
        /// The fault.
        error: VariableError,
        /// The environment.
        environment: EnvironmentName,
    },
    /// An address is not valid.
    #[error("{origin}: {error}")]
    Address {
        /// The place of the address.
        origin: AddressOrigin,
        /// The fault.
        error: HttpUrlError,
    },
    /// A step of a release plan is not valid.
    #[error("step {number} {fault}")]
    Step {
        /// The number of the step, from 1.
        number: usize,
        /// The fault.
        fault: StepFault,
    },
}

/// The place of a backend's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressOrigin {
    /// The request.
    Request,
    /// The settings of a group.
    Settings(GroupName),
    /// A key under `forwarding` in the settings, with its parts joined by dots.
    Forwarding(String),
}

impl std::fmt::Display for AddressOrigin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Request => formatter.write_str("the requested backend"),
            Self::Settings(group) => write!(formatter, "`backend` in the settings of {group}"),
            Self::Forwarding(key) => write!(formatter, "`forwarding.{key}` in group.yaml"),
        }
    }
}

fn variable_text(error: &VariableError, environment: &EnvironmentName) -> String {
    match error {
        VariableError::Unclosed(_) => error.to_string(),
        VariableError::Unknown(_) => format!("{error} in {environment}"),
    }
}
