//! Revocations beside their files: those that the history has, and those whose file is gone.
//!
//! A file that Git removed or reverted lifts no revocation: an operation on it, or a commit that had it, is proof
//! enough, for none is ever undone.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Workspace;
use super::super::error::Error;
use super::committed_revocations::CommittedRevocations;
use super::{AccessSnapshot, LARGEST_SUBJECT, operation_file, operation_place, subject_place};
use crate::access::{AccessSubject, Key, Revocation, RevokedSecrets, SecretId, SubjectState};
use crate::check::REVOCATION_MISSING;
use crate::model::{Finding, Hint, Location, OperationId, Timestamp};

/// The proof of a revocation whose file is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RevocationEvidence {
    /// An operation of the history.
    Operation,
    /// A commit of the branch that is checked out.
    Commit,
    /// The memory of this machine.
    Memory,
}

impl RevocationEvidence {
    /// Returns the message on a revocation whose file is gone.
    fn message(self, id: &SecretId) -> String {
        let why = match self {
            Self::Operation => "the history has it",
            Self::Commit => "a commit has it, and what is checked out does not",
            Self::Memory => "this machine remembers it, others may not",
        };
        format!("the revocation of secret {id} is gone; {why}")
    }

    /// Returns the way in which the file of a revocation comes back. `owner` is the key that has the secret; without
    /// one, a revocation that the history does not have is of no use here: its key is on another branch, or has another
    /// secret by now.
    fn hint(self, id: &SecretId, owner: Option<&Key>) -> Option<Hint> {
        if self == Self::Operation {
            return Some(Hint::RewriteSubject { subject: AccessSubject::Secret(id.clone()).typed() });
        }
        owner.map(|key| Hint::RevokeAgain { key: key.name.clone(), secret: id.to_string() })
    }
}

/// Revocations that the history has.
#[derive(Debug, Default)]
pub(super) struct PastRevocations {
    pub(super) revoked: RevokedSecrets,
    times: BTreeMap<SecretId, Timestamp>,
    /// Operations that were read: their bytes never change.
    known: BTreeSet<OperationId>,
}

impl PastRevocations {
    /// Reads the operations that were not read before. One that cannot be read hides no other: `verify` reports it.
    pub(super) fn read(&mut self, workspace: &Workspace) -> Result<(), Error> {
        for id in workspace.access_operation_ids()? {
            if !self.known.contains(&id)
                && let Ok(revocation) = workspace.revocation_of(&id)
            {
                if let Some(Revocation { secret, time, .. }) = revocation {
                    self.revoked.extend([secret.clone()]);
                    self.times.insert(secret, time);
                }
                self.known.insert(id);
            }
        }
        Ok(())
    }

    /// Returns the times of these revocations, of those that commits have, and of those that have a file.
    pub(super) fn times<'s>(
        &'s self,
        states: impl Iterator<Item = &'s SubjectState>,
        committed: &'s CommittedRevocations,
    ) -> BTreeMap<&'s SecretId, Timestamp> {
        let recorded = states.filter_map(|state| match state {
            SubjectState::Revocation(revocation) => Some((&revocation.secret, revocation.time)),
            SubjectState::Key(_) | SubjectState::Owner(_) => None,
        });
        let committed = committed.secrets.iter().map(|found| (&found.secret.id, found.revoked));
        committed.chain(self.times.iter().map(|(secret, time)| (secret, *time))).chain(recorded).collect()
    }
}

impl Workspace {
    /// Reads an operation, if it is a revocation.
    fn revocation_of(&self, id: &OperationId) -> Result<Option<Revocation>, Error> {
        let place = operation_place(id);
        let bytes = self.root.read(&place, LARGEST_SUBJECT)?.unwrap_or_default();
        // Most operations are on keys, with grants by the hundred. They are not looked through to their end for this,
        // which took two thirds of the time of a command where 5,000 operations have 4 KB each.
        let mut state = bytes.split(|byte| *byte == b'\n').skip_while(|line| *line != b"after:");
        if state.nth(1) != Some(b"  revocation:") {
            return Ok(None);
        }
        Ok(match operation_file::parse(&place, id, bytes)?.after {
            SubjectState::Revocation(revocation) => Some(revocation),
            SubjectState::Key(_) | SubjectState::Owner(_) => None,
        })
    }
}

impl AccessSnapshot {
    /// Finds revocations without a file, which a machine that has neither the history nor the memory of them would not
    /// keep to. A secret that no key has any more lets nobody in anywhere.
    #[must_use]
    pub fn missing_revocation_findings(&self) -> Vec<Finding> {
        let is_recorded = |id: &SecretId| {
            self.records.iter().any(|record| match &record.state {
                SubjectState::Revocation(revocation) => revocation.secret.is_same_file(id),
                SubjectState::Key(_) | SubjectState::Owner(_) => false,
            })
        };
        // A file that cannot be read is there, and has a finding of its own.
        let is_broken = |place: &str| self.problems.iter().any(|problem| &*problem.location.file == place);
        let mut findings = Vec::new();
        for id in self.noted.iter().filter(|id| !is_recorded(id)) {
            let place = subject_place(&AccessSubject::Secret(id.clone()));
            let owner = self.keys().find(|key| has_secret(key, id));
            let evidence = if self.past.contains(id) {
                RevocationEvidence::Operation
            } else if self.committed.revoked.contains(id) {
                RevocationEvidence::Commit
            } else {
                RevocationEvidence::Memory
            };
            let Some(hint) = evidence.hint(id, owner).filter(|_| !is_broken(&place)) else { continue };
            findings.push(REVOCATION_MISSING.finding(Location::file(place), evidence.message(id), hint));
        }
        findings
    }
}

fn has_secret(key: &Key, id: &SecretId) -> bool {
    key.secrets.iter().any(|secret| secret.id.is_same_file(id))
}
