//! A choice among the heads of a history that a merge left with several.

use super::operation_id::OperationId;

/// The heads to keep where there are several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeadChoice {
    /// The head of the person's own branch.
    Ours,
    /// The head of the other one.
    Theirs,
    /// These, each where it is a head.
    Operations(Vec<OperationId>),
}
