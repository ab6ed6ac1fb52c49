//! A key whose secrets can be revoked, whatever became of its file.

use std::collections::{BTreeMap, BTreeSet};

use super::super::error::Error;
use super::super::{LockGuard, Workspace};
use super::merge::stated_operations;
use super::{HISTORY_FOLDER, LARGEST_SUBJECT, operation_place, subject_place};
use crate::access::merge::{AccessOperations, heads_of, leads_to};
use crate::access::{AccessOperation, AccessSubject, Key, SecretId};
use crate::check::rules::access::KEY_MISSING;
use crate::model::{Finding, Hint, KeyName, Location, OperationId};

/// A key whose secrets are to be revoked: those of its file, and those of the last operations of all branches.
#[derive(Debug)]
pub struct RevocableKey {
    /// The key.
    pub key: Key,
    /// Problems of its file.
    pub file: Vec<Finding>,
    /// Operations that cannot be read, each of another key or before one that is known.
    pub damaged: Vec<Finding>,
    /// Operations that cannot be read, and that may have given it secrets that are not known.
    pub unread: Vec<Finding>,
}

impl Workspace {
    /// Reads a key whose secrets are to be revoked, with the problems of its file and of the history.
    ///
    /// A leak waits for no merge and no repair. A file that a merge has kept whole lacks the secrets of the other
    /// branch, which a later `resolve` lets in.
    ///
    /// # Errors
    ///
    /// Fails where the file cannot be read and no operation on the key is there.
    pub fn revocable_key(&self, name: &KeyName) -> Result<RevocableKey, Error> {
        let subject = AccessSubject::Key(name.clone());
        let place = subject_place(&subject);
        // A folder that cannot be read hides no secret of the file.
        let (ids, folder) = match self.access_operation_ids() {
            Ok(ids) => (ids, Vec::new()),
            Err(error) => (Vec::new(), error.file_findings(HISTORY_FOLDER)),
        };
        let (operations, mut unread) = self.readable_operations(ids);
        let heads = heads_of(&operations, &subject);
        let heads = heads.iter().filter_map(|head| operations.get(head)?.after.key().cloned());
        let (key, present, file) = match (self.key(name), heads.reduce(with_secrets_of)) {
            (Ok((key, operation)), joined) => {
                (joined.into_iter().fold(key, with_secrets_of), Some(operation), Vec::new())
            }
            (Err(error), None) => return Err(error),
            (Err(Error::Unknown { .. }), Some(key)) => (key, None, vec![missing(&place, &subject)]),
            (Err(error), Some(key)) => (key, None, error.file_findings(&place)),
        };
        let (own, others): (Vec<&AccessOperation>, Vec<_>) =
            operations.values().partition(|operation| operation.after.subject() == subject);
        let stated = if present.is_none() { self.stated_in(&place) } else { Vec::new() };
        for id in own.iter().flat_map(|operation| operation.predecessors()).chain(&stated) {
            if let Err(error) = self.read_access_operation(id) {
                unread.entry(id.clone()).or_insert_with(|| error.file_findings(&operation_place(id)));
            }
        }
        let records = self.access_records().map(|(records, _)| records).unwrap_or_default();
        let others: BTreeSet<&OperationId> = others
            .iter()
            .flat_map(|operation| operation.predecessors())
            .chain(records.iter().filter(|record| record.state.subject() != subject).map(|record| &record.operation))
            .collect();
        // What a readable file was built upon has no secret that the file lacks.
        let is_before = |id: &OperationId| present.as_ref().is_some_and(|present| leads_to(&operations, present, id));
        let (damaged, unread): (BTreeMap<_, _>, BTreeMap<_, _>) =
            unread.into_iter().partition(|(id, _)| others.contains(id) || is_before(id));
        let damaged = damaged.into_values().flatten().collect();
        let unread = folder.into_iter().chain(unread.into_values().flatten()).collect();
        Ok(RevocableKey { key, file, damaged, unread })
    }

    /// Reads the operations that can be read, with the problems of each other one.
    fn readable_operations(&self, ids: Vec<OperationId>) -> (AccessOperations, BTreeMap<OperationId, Vec<Finding>>) {
        let (mut operations, mut unread) = (AccessOperations::new(), BTreeMap::new());
        for id in ids {
            match self.read_access_operation(&id) {
                Ok(operation) => {
                    operations.insert(id, operation);
                }
                Err(error) => {
                    let findings = error.file_findings(&operation_place(&id));
                    unread.insert(id, findings);
                }
            }
        }
        (operations, unread)
    }

    /// Lists the operations that a file names, whatever else stands in it.
    fn stated_in(&self, place: &str) -> Vec<OperationId> {
        let bytes = self.root.read(place, LARGEST_SUBJECT).ok().flatten().unwrap_or_default();
        stated_operations(&String::from_utf8_lossy(&bytes)).collect()
    }
}

impl LockGuard {
    /// Notes a revocation in this machine's memory if the history has it; false if it has none.
    pub fn remember_committed_revocation(&self, id: &SecretId) -> Result<bool, Error> {
        let workspace = self.workspace();
        let subject = AccessSubject::Secret(id.clone());
        let is_of_secret = |operation: AccessOperation| operation.after.subject() == subject;
        let ids = workspace.access_operation_ids()?;
        if !ids.iter().any(|operation| workspace.read_access_operation(operation).is_ok_and(is_of_secret)) {
            return Ok(false);
        }
        workspace.remember_revocations(std::iter::once(id))?;
        Ok(true)
    }
}

/// Adds the secrets of another branch. One that both have retires when the last of them says.
fn with_secrets_of(mut one: Key, other: Key) -> Key {
    for secret in other.secrets {
        match one.secrets.iter_mut().find(|known| known.id == secret.id) {
            Some(known) => known.retires = known.retires.zip(secret.retires).map(|(one, other)| one.max(other)),
            None => one.secrets.push(secret),
        }
    }
    one
}

fn missing(place: &str, subject: &AccessSubject) -> Finding {
    let hint = Hint::RewriteSubject { subject: subject.typed() };
    KEY_MISSING.finding(Location::file(place), format!("the file of {subject} is missing"), hint)
}
