//! The resolution of one key, owner or revocation: the head that is kept, or the one that is dropped.

use super::merge::{AccessOperations, JoinError, JoinedHeads, drop_head, join};
use super::operation::{AccessOperation, AccessSubject, SubjectRecord, SubjectState};
use crate::model::{Author, HeadChoice, OperationId};

/// A key, an owner or a revocation as it lies there after a merge.
#[derive(Debug)]
pub struct AccessMergeState {
    /// The subject.
    pub subject: AccessSubject,
    /// The state of its file; `None` where there is none, or one in conflict.
    pub present: Option<SubjectRecord>,
    /// True if the file has conflict markers.
    pub is_conflicted: bool,
    /// The operations that nothing was built upon, the oldest first.
    pub heads: Vec<OperationId>,
    /// The head of the person's own branch, in a rebase too; `None` where nothing tells.
    pub ours: Option<OperationId>,
    /// The head of the other one.
    pub theirs: Option<OperationId>,
}

impl AccessMergeState {
    /// True if there is nothing to resolve: the one head is the state of the file.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        match (self.heads.as_slice(), &self.present) {
            ([head], Some(present)) => present.operation == *head,
            _ => false,
        }
    }

    /// Resolves the subject: its one head is restored, or all are joined. `None` where it has no head.
    ///
    /// # Errors
    ///
    /// Fails where a branch is chosen and nothing tells which head is its own, and where [`join`] does.
    pub fn resolve(
        &self,
        choice: Option<&HeadChoice>,
        operations: &AccessOperations,
        author: &Author,
    ) -> Result<Option<AccessResolution>, JoinError> {
        let Self { subject, heads, ours, theirs, .. } = self;
        if let [head] = heads.as_slice() {
            let restored =
                |operation: &AccessOperation| AccessResolution::Restored(head.clone(), operation.after.clone());
            return Ok(operations.get(head).map(restored));
        }
        let side = |head: &Option<OperationId>| {
            head.clone().map(Some).ok_or_else(|| JoinError::UnknownSide { subject: subject.clone() })
        };
        let chosen = match choice {
            None => None,
            Some(HeadChoice::Ours) => side(ours)?,
            Some(HeadChoice::Theirs) => side(theirs)?,
            Some(HeadChoice::Operations(taken)) => taken.iter().find(|id| heads.contains(id)).cloned(),
        };
        let Some(preferred) = chosen.as_ref().or(ours.as_ref()).or(heads.first()) else { return Ok(None) };
        let joined = join(subject, heads, (preferred, chosen.is_some()), operations, author)?;
        Ok(Some(AccessResolution::Joined(joined)))
    }

    /// Drops an operation of the subject: the subject stays as it is.
    ///
    /// # Errors
    ///
    /// Refuses a revocation and a subject whose file is in conflict or gone, and fails where [`drop_head`] does.
    pub fn drop_operation(
        &self,
        id: &OperationId,
        operation: &AccessOperation,
        operations: &AccessOperations,
        author: &Author,
    ) -> Result<AccessResolution, JoinError> {
        let subject = || self.subject.clone();
        if let SubjectState::Revocation(revocation) = &operation.after {
            return Err(JoinError::RevocationDropped { subject: subject(), secret: revocation.secret.clone() });
        }
        let present = self.present.as_ref().ok_or_else(|| JoinError::NotPresent { subject: subject() })?;
        let operation = drop_head(id, present, operations, author)?;
        Ok(AccessResolution::Joined(JoinedHeads { operation, withheld: Vec::new() }))
    }
}

/// The resolution of one subject, not yet committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessResolution {
    /// An operation joins several heads, or drops one.
    Joined(JoinedHeads),
    /// The file becomes that of the one head.
    Restored(OperationId, SubjectState),
}

impl AccessResolution {
    /// Returns the subject as it is afterwards.
    #[must_use]
    pub const fn state(&self) -> &SubjectState {
        match self {
            Self::Joined(joined) => &joined.operation.after,
            Self::Restored(_, state) => state,
        }
    }
}
