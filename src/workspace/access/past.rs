//! The past of keys, owners and revocations, as far as a state elsewhere is compared with it.

use std::collections::BTreeSet;

use super::super::Workspace;
use super::super::error::Error;
use super::subject_file;
use crate::access::AccessSubject;
use crate::model::OperationId;

/// The operation that made the state of a subject elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::workspace) struct SubjectOperation(pub(in crate::workspace) OperationId);

impl SubjectOperation {
    /// Reads it from the text of a subject's file.
    pub(in crate::workspace) fn parse(place: &str, subject: &AccessSubject, text: &str) -> Result<Self, Error> {
        Ok(Self(subject_file::parse(place, subject, text)?.operation))
    }
}

impl Workspace {
    /// True if an operation made the present state of a subject or one before it.
    pub(in crate::workspace) fn has_built_upon(
        &self,
        subject: &AccessSubject,
        operation: &SubjectOperation,
    ) -> Result<bool, Error> {
        let mut pending: Vec<OperationId> =
            self.access_record(subject)?.map(|record| record.operation).into_iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(id) = pending.pop() {
            if id == operation.0 {
                return Ok(true);
            }
            // An operation is later than those before it.
            if id > operation.0 && seen.insert(id.clone()) {
                pending.extend(self.read_access_operation(&id)?.predecessors().cloned());
            }
        }
        Ok(false)
    }
}
