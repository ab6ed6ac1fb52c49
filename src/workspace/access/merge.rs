//! Keys, owners and revocations as a merge left them, and the commit that makes them whole again.

use std::collections::BTreeSet;

use super::super::error::Error;
use super::super::git::{GitCheckout, GitOperation};
use super::super::record::conflict::split_conflict;
use super::super::{Committed, LockGuard, Workspace, layout};
use super::{LARGEST_SUBJECT, operation_place, subject_file, subject_place};
use crate::access::merge::{AccessOperations, heads_of, leads_to};
use crate::access::resolve::AccessMergeState;
use crate::access::{AccessSubject, SubjectState};
use crate::check::rules::records::{HAND_EDIT, OPERATION_MISSING};
use crate::model::{Location, OperationId};
use crate::workspace::error::{missing_hint, not_as_left, restore_hint};

impl Workspace {
    /// Reads every operation on keys and grants.
    ///
    /// # Errors
    ///
    /// Fails where one cannot be read: of what lies beyond it nothing is known.
    pub fn access_operations(&self) -> Result<AccessOperations, Error> {
        let (operations, problems) = self.access_history()?;
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        Ok(operations.into_iter().map(|committed| (committed.id, committed.operation)).collect())
    }

    /// Lists the subjects that have a file or a history.
    pub fn access_subjects(&self, operations: &AccessOperations) -> Result<BTreeSet<AccessSubject>, Error> {
        let with_file = self.subjects()?.into_iter();
        Ok(with_file.chain(operations.values().map(|operation| operation.after.subject())).collect())
    }

    /// Reads a subject as a merge left it.
    ///
    /// # Errors
    ///
    /// Fails where the file was edited by hand: an edit is never overwritten.
    pub fn access_merge_state(
        &self,
        subject: &AccessSubject,
        operations: &AccessOperations,
    ) -> Result<AccessMergeState, Error> {
        let place = subject_place(subject);
        let bytes = self.root.read(&place, LARGEST_SUBJECT)?;
        let text = bytes.map(|bytes| layout::text(&place, bytes)).transpose()?;
        let heads = heads_of(operations, subject);
        let mut state = AccessMergeState {
            subject: subject.clone(),
            present: None,
            is_conflicted: false,
            heads,
            ours: None,
            theirs: None,
        };
        let Some(text) = text else { return Ok(state) };
        if let Some(sides) = split_conflict(&text) {
            state.is_conflicted = true;
            let head_of = |text: &str| {
                let id = stated_operations(text).next_back()?;
                state.heads.iter().find(|head| leads_to(operations, head, &id)).cloned()
            };
            let (head, other) = (head_of(&sides.head), head_of(&sides.other));
            (state.ours, state.theirs) = if self.is_rebasing() { (other, head) } else { (head, other) };
            return Ok(state);
        }
        let record = subject_file::parse(&place, subject, &text)?;
        let Some(operation) = operations.get(&record.operation) else {
            let message = format!("the file of an operation on {subject} is missing or damaged");
            let place = operation_place(&record.operation);
            return Err(Error::invalid(&OPERATION_MISSING, Location::file(&place), message, missing_hint(&place)));
        };
        if operation.after != record.state {
            let message = not_as_left(subject, &record.operation);
            return Err(Error::invalid(&HAND_EDIT, Location::file(&place), message, restore_hint(&place)));
        }
        let (own, others): (Vec<_>, Vec<_>) =
            state.heads.iter().cloned().partition(|head| leads_to(operations, head, &record.operation));
        if let [own] = own.as_slice() {
            state.ours = Some(own.clone());
            state.theirs = if let [other] = others.as_slice() { Some(other.clone()) } else { None };
        }
        state.present = Some(record);
        Ok(state)
    }

    /// Returns the joining of branches that Git has begun and not ended; `None` without a checkout.
    #[must_use]
    pub fn git_operation(&self) -> Option<Option<GitOperation>> {
        GitCheckout::find(self.root.path()).map(|checkout| checkout.operation())
    }

    fn is_rebasing(&self) -> bool {
        self.git_operation().flatten() == Some(GitOperation::Rebase)
    }
}

/// Finds the operations that a file names, whatever else stands in it.
pub(super) fn stated_operations(text: &str) -> impl DoubleEndedIterator<Item = OperationId> {
    text.lines().filter_map(|line| line.strip_prefix("operation: \"")?.strip_suffix('"')?.parse().ok())
}

impl LockGuard {
    /// Gives a subject the file that its one head made.
    ///
    /// # Errors
    ///
    /// After an error nothing is changed.
    pub fn restore_subject(&self, id: &OperationId, state: &SubjectState) -> Result<Committed, Error> {
        let subject = state.subject();
        let mut stage = self.stage();
        stage.write(&subject_place(&subject), subject_file::render(state, id).as_bytes())?;
        Ok(Committed::new(id.clone(), subject.to_string(), stage.sync()))
    }
}
