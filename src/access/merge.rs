//! Merges of keys, grants of owners and revocations, whose histories two branches continued.
//!
//! Git adds up the files of operations, so both histories are there whatever became of the subject's file. [`heads_of`]
//! finds the operations that nothing was built upon yet; [`join`] merges what each side changed since the operation
//! that both come from. A removal wins over any other change; only a field that both sides changed needs a choice.

mod grants;
mod heads;
mod state;

use std::fmt::Write as _;

use super::SecretId;
use super::change::operation;
use super::operation::{AccessAction, AccessOperation, AccessSubject, SubjectRecord, SubjectState};
use crate::model::{Author, OperationId};

pub use heads::{AccessOperations, heads_of, leads_to};
use heads::{common_ancestor, missing_predecessor};
use state::merge_states;

/// A field that two branches changed, each to another value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContestedField {
    /// The field, like `limits`.
    pub field: String,
    /// The value of the branch that is kept unless another is chosen.
    pub one: String,
    /// The value of the other branch.
    pub other: String,
}

/// Reason why histories cannot be joined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// Both sides changed the same fields.
    #[error("{subject}: both branches changed {}", fields(.contested))]
    NeedsChoice {
        /// The key or the owner.
        subject: AccessSubject,
        /// The fields.
        contested: Vec<ContestedField>,
        /// The operations of the two values of each field.
        heads: [OperationId; 2],
    },
    /// An operation that one of the heads builds upon has no file.
    #[error("{subject}: operation {missing}, which {head} builds upon, has no file")]
    PredecessorMissing {
        /// The subject.
        subject: AccessSubject,
        /// The head.
        head: OperationId,
        /// The operation without a file.
        missing: OperationId,
    },
    /// An operation is not a head of the subject that it changed.
    #[error("{subject}: operation {id} is not a head, so there is nothing to choose or to drop")]
    NotHead {
        /// The subject.
        subject: AccessSubject,
        /// The operation.
        id: OperationId,
    },
    /// An operation to drop is the one that the file of its subject is at.
    #[error("{subject}: operation {id} is in force")]
    InForce {
        /// The subject.
        subject: AccessSubject,
        /// The operation.
        id: OperationId,
    },
    /// A branch is chosen, and nothing tells its head.
    #[error("{subject}: cannot tell which operation belongs to which branch")]
    UnknownSide {
        /// The subject.
        subject: AccessSubject,
    },
    /// An operation to drop is a revocation.
    #[error("secret {secret} stays revoked: a revocation is never dropped")]
    RevocationDropped {
        /// The subject.
        subject: AccessSubject,
        /// The secret.
        secret: SecretId,
    },
    /// The file of a subject is in conflict, or gone.
    #[error("the file of {subject} is in conflict, or gone")]
    NotPresent {
        /// The subject.
        subject: AccessSubject,
    },
}

fn fields(contested: &[ContestedField]) -> String {
    let fields: Vec<&str> = contested.iter().map(|contested| contested.field.as_str()).collect();
    fields.join(", ")
}

/// The operation that joins the heads of a subject, and all that somebody should know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinedHeads {
    /// The operation.
    pub operation: AccessOperation,
    /// Grants of one side that the other side's revocation removes, each a sentence fragment.
    pub withheld: Vec<String>,
}

/// Joins the heads of a subject as [`heads_of`] finds them, two or more. `preferred` goes first: its value of a
/// contested field is kept where `is_chosen`.
///
/// # Errors
///
/// Fails where both sides changed one field and nothing is chosen, and where an operation between them has no file.
pub fn join(
    subject: &AccessSubject,
    heads: &[OperationId],
    (preferred, is_chosen): (&OperationId, bool),
    operations: &AccessOperations,
    author: &Author,
) -> Result<JoinedHeads, JoinError> {
    for head in heads {
        if let Some(missing) = missing_predecessor(operations, head) {
            return Err(JoinError::PredecessorMissing { subject: subject.clone(), head: head.clone(), missing });
        }
    }
    let known = |id: &OperationId| operations.get(id).map(|operation| &operation.after);
    let not_head = || JoinError::NotHead { subject: subject.clone(), id: preferred.clone() };
    let first = known(preferred).filter(|_| heads.contains(preferred)).ok_or_else(not_head)?;
    let mut merged = first.clone();
    let mut joined = vec![preferred.clone()];
    let (mut contested_fields, mut withheld) = (Vec::new(), Vec::new());
    for head in heads.iter().filter(|head| *head != preferred) {
        let Some(other) = known(head) else { continue };
        let base = common_ancestor(operations, &joined, head).and_then(|id| known(&id));
        let outcome = merge_states(base, &merged, other);
        if !outcome.contested.is_empty() && !is_chosen {
            let heads = [preferred.clone(), head.clone()];
            return Err(JoinError::NeedsChoice { subject: subject.clone(), contested: outcome.contested, heads });
        }
        contested_fields.extend(outcome.contested.into_iter().map(|contested| contested.field));
        withheld.extend(outcome.withheld);
        merged = outcome.state;
        joined.push(head.clone());
    }
    let others: Vec<OperationId> = joined.split_off(1);
    let names: Vec<&str> = others.iter().map(OperationId::as_str).collect();
    let mut summary = format!("joins {}", names.join(", "));
    if !contested_fields.is_empty() {
        let _ = write!(summary, ", keeps {} of {preferred}", contested_fields.join(", "));
    }
    let mut operation = operation(AccessAction::Resolve, author, Some(preferred.clone()), summary, merged);
    operation.merged = others;
    Ok(JoinedHeads { operation, withheld })
}

/// Marks a head as one that counts for nothing: the subject stays as it is.
///
/// # Errors
///
/// Fails where the operation is no head, and where it is the one that is in force.
pub fn drop_head(
    id: &OperationId,
    present: &SubjectRecord,
    operations: &AccessOperations,
    author: &Author,
) -> Result<AccessOperation, JoinError> {
    let subject = present.state.subject();
    if leads_to(operations, &present.operation, id) {
        return Err(JoinError::InForce { subject, id: id.clone() });
    }
    if !heads_of(operations, &subject).contains(id) {
        return Err(JoinError::NotHead { subject, id: id.clone() });
    }
    let before = Some(present.operation.clone());
    let state: SubjectState = present.state.clone();
    let mut operation = operation(AccessAction::Resolve, author, before, format!("drops {id}"), state);
    operation.merged = vec![id.clone()];
    Ok(operation)
}

#[cfg(test)]
mod tests;
