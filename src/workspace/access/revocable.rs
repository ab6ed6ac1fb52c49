//! A key whose secrets can be revoked, whatever became of its file.

use super::super::Workspace;
use super::super::error::Error;
use super::subject_place;
use crate::access::merge::{AccessOperations, heads_of};
use crate::access::{AccessSubject, Key, Secret, SubjectState};
use crate::model::{Finding, Hint, KeyName, Location, Severity};

impl Workspace {
    /// Reads a key whose secrets are to be revoked, with the problems of its file and of the history.
    ///
    /// A leak waits for no merge and no repair: where the file cannot be read, the key is as its last operations left it, with
    /// the secrets of all branches.
    ///
    /// # Errors
    ///
    /// Fails where the file cannot be read and no operation on the key is there.
    pub fn revocable_key(&self, name: &KeyName) -> Result<(Key, Vec<Finding>), Error> {
        let error = match self.key(name) {
            Ok((key, _)) => return Ok((key, Vec::new())),
            Err(error) => error,
        };
        // An operation that is damaged may be of any key.
        let (operations, damaged) = self.access_history()?;
        let operations: AccessOperations =
            operations.into_iter().map(|committed| (committed.id, committed.operation)).collect();
        let subject = AccessSubject::Key(name.clone());
        let Some(key) = joined_heads(&operations, &subject) else { return Err(error) };
        let place = subject_place(&subject);
        let mut problems = match error {
            Error::Unknown { .. } => vec![missing(&place, &subject)],
            error => error.file_findings(&place),
        };
        problems.extend(damaged);
        Ok((key, problems))
    }
}

/// Joins the keys that the last operations left, one a branch.
fn joined_heads(operations: &AccessOperations, subject: &AccessSubject) -> Option<Key> {
    let key = |state: &SubjectState| if let SubjectState::Key(key) = state { Some(key.clone()) } else { None };
    let heads = heads_of(operations, subject);
    let keys = heads.iter().filter_map(|head| key(&operations.get(head)?.after));
    keys.reduce(|mut one, other| {
        let is_new = |secret: &Secret| !one.secrets.iter().any(|known| known.id == secret.id);
        let new: Vec<Secret> = other.secrets.into_iter().filter(is_new).collect();
        one.secrets.extend(new);
        one
    })
}

fn missing(place: &str, subject: &AccessSubject) -> Finding {
    Finding {
        rule: "key-missing",
        severity: Severity::Error,
        message: format!("the file of {subject} is missing"),
        location: Location::file(place),
        hint: Hint::RewriteSubject { subject: subject.typed() },
        count: 1,
    }
}
