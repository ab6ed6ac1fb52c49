//! Groups that both branches of a merge changed, and resolves that are refused.

use crate::model::{Deployment, EnvironmentName, GroupName, OperationId};

/// One of the two branches of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, schemars::JsonSchema, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MergeSide {
    /// The person's own branch, in a rebase too.
    Ours,
    /// The other one.
    Theirs,
}

/// A group that both branches changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupConflict {
    /// The group.
    pub group: GroupName,
    /// Its heads, the oldest first.
    pub heads: Vec<HeadEntry>,
}

/// One head of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadEntry {
    /// The side that it is on, where that can be told.
    pub side: Option<MergeSide>,
    /// The entry that it made.
    pub entry: Deployment,
    /// Its author.
    pub actor: String,
    /// Its reason.
    pub message: Option<String>,
}

/// A resolve that is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Groups have several heads, and nothing says which to keep.
    #[error("{} {} in {environment}: choose which to keep", groups_text(.conflicts), conflict_text(.conflicts))]
    NeedsChoice {
        /// The environment.
        environment: EnvironmentName,
        /// The groups.
        conflicts: Vec<GroupConflict>,
    },
    /// The side that was chosen has no head of a group, or cannot be told.
    #[error("cannot tell which operation of {} is on that side", groups_text(.conflicts))]
    UnknownSide {
        /// The environment.
        environment: EnvironmentName,
        /// The groups.
        conflicts: Vec<GroupConflict>,
    },
    /// An operation was built upon already, or it changed none of the groups.
    #[error(
        "operation {operation} is not a head of {environment}: a later operation was built upon it, or it is of another environment"
    )]
    NotHead {
        /// The environment.
        environment: EnvironmentName,
        /// The operation.
        operation: OperationId,
    },
    /// An operation that is in force cannot be dropped.
    #[error("operation {operation} is in force for {group} in {environment}")]
    InForce {
        /// The environment.
        environment: EnvironmentName,
        /// The operation.
        operation: OperationId,
        /// The group.
        group: GroupName,
    },
    /// An operation that would come in force builds upon one that has no file.
    #[error(
        "operation {operation} of {group} in {environment} builds upon operation {missing}, which has no file here"
    )]
    PredecessorMissing {
        /// The environment.
        environment: EnvironmentName,
        /// The group.
        group: GroupName,
        /// The operation.
        operation: OperationId,
        /// The operation without a file.
        missing: OperationId,
        /// True if an entry on one side of the merge names the operation.
        is_named: bool,
    },
    /// An entry names an operation that has no file.
    #[error("the file of operation {operation} of {group} in {environment} is missing")]
    OperationMissing {
        /// The environment.
        environment: EnvironmentName,
        /// The group.
        group: GroupName,
        /// The operation.
        operation: OperationId,
    },
}

fn groups_text(conflicts: &[GroupConflict]) -> String {
    conflicts.iter().map(|conflict| conflict.group.as_str()).collect::<Vec<_>>().join(", ")
}

/// Says of groups that both branches changed them, where anything tells of branches.
fn conflict_text(conflicts: &[GroupConflict]) -> &'static str {
    if conflicts.iter().flat_map(|conflict| &conflict.heads).any(|head| head.side.is_some()) {
        "changed on both branches"
    } else {
        "has more than one latest operation"
    }
}

impl GroupConflict {
    pub(super) fn has_equal_releases(&self) -> bool {
        self.heads.windows(2).all(|pair| pair[0].entry.release.serves_same(&pair[1].entry.release))
    }

    pub(super) fn head_of(&self, side: MergeSide) -> Option<&HeadEntry> {
        self.heads.iter().find(|head| head.side == Some(side))
    }
}
