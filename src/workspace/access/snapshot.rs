//! Keys, owners and revocations as one command reads them, once.

use std::cell::OnceCell;

use super::super::Workspace;
use super::super::error::Error;
use super::HISTORY_FOLDER;
use super::committed_revocations::{CommittedRevocations, UnreadCommits};
use super::revocations::PastRevocations;
use crate::access::{Key, ReusedSecret, RevokedSecrets, SubjectRecord, absent_revoked, early_bindings, reused_secrets};
use crate::model::{Finding, Severity};

/// The files of callers at one moment, with all that is revoked.
#[derive(Debug)]
pub struct AccessSnapshot {
    /// Keys, owners and revocations.
    pub records: Vec<SubjectRecord>,
    /// Files that cannot be read.
    pub problems: Vec<Finding>,
    /// Secrets that were revoked: by the files, by the history, by a commit, by the memory of this machine, and those
    /// that are one of them under another id.
    pub revoked: RevokedSecrets,
    /// Secrets that were revoked by the history, by a commit or by the memory of this machine.
    pub(super) noted: RevokedSecrets,
    /// Secrets that were revoked by the history.
    pub(super) past: RevokedSecrets,
    /// Secrets that were revoked by a commit.
    pub(super) committed: CommittedRevocations,
    /// Reason why commits may have more revocations.
    unread: Option<UnreadCommits>,
    /// Secrets that stand under two ids.
    pub(super) reused: Vec<ReusedSecret>,
}

impl AccessSnapshot {
    /// Iterates over the keys.
    pub fn keys(&self) -> impl Iterator<Item = &Key> + Clone {
        self.records.iter().filter_map(|record| record.state.key())
    }

    /// Finds out whether commits may have revocations that are not known here.
    #[must_use]
    pub fn unread_commits_finding(&self) -> Option<Finding> {
        self.unread.map(UnreadCommits::finding)
    }

    /// Requires for files that others rely on that commits were read, and returns a warning of those that are not here.
    ///
    /// # Errors
    ///
    /// Fails where Git cannot be asked.
    pub fn require_read_commits(&self) -> Result<Option<Finding>, Error> {
        match self.unread_commits_finding() {
            Some(finding) if finding.severity == Severity::Error => Err(Error::Invalid(vec![finding])),
            warning => Ok(warning),
        }
    }
}

/// The snapshot of one command, which is read where somebody asks for it first. A running gateway keeps none.
#[derive(Debug, Default)]
pub struct AccessCache(OnceCell<AccessSnapshot>);

impl AccessCache {
    /// Builds the cache, with nothing in it.
    #[must_use]
    pub const fn new() -> Self {
        Self(OnceCell::new())
    }

    /// Returns the snapshot.
    pub fn get(&self, workspace: &Workspace) -> Result<&AccessSnapshot, Error> {
        if let Some(snapshot) = self.0.get() {
            return Ok(snapshot);
        }
        let snapshot = workspace.access_snapshot()?;
        Ok(self.0.get_or_init(|| snapshot))
    }
}

impl Workspace {
    /// Reads keys, owners and revocations, and finds the secrets that stand under two ids.
    pub fn access_snapshot(&self) -> Result<AccessSnapshot, Error> {
        let mut revoked: RevokedSecrets = self.recorded_revocations()?.into_iter().collect();
        let mut history = PastRevocations::default();
        let listed = history.read(self);
        let mut noted = history.revoked.clone();
        noted.extend(self.remembered_revocations()?);
        let (committed, unread) = self.committed_revocations();
        noted.extend(committed.revoked.iter().cloned());
        revoked.extend(noted.iter().cloned());
        let (records, mut problems) = self.access_records()?;
        // A leak waits for no repair: a key is revoked all the same.
        problems.extend(listed.err().into_iter().flat_map(|error| error.file_findings(HISTORY_FOLDER)));
        let mut snapshot = AccessSnapshot {
            records,
            problems,
            revoked,
            noted,
            past: history.revoked.clone(),
            committed,
            unread,
            reused: Vec::new(),
        };
        let absent = absent_revoked(snapshot.keys(), &snapshot.revoked);
        let mut past = if absent.is_empty() { Vec::new() } else { self.past_secrets(&absent) };
        past.extend(snapshot.committed.secrets.iter().map(|found| found.secret.clone()));
        let mut reused = reused_secrets(&snapshot.keys(), past.iter(), &snapshot.revoked);
        let times = history.times(snapshot.records.iter().map(|record| &record.state), &snapshot.committed);
        reused.extend(early_bindings(&snapshot.keys(), past.iter(), &snapshot.revoked, &times));
        let again = reused.iter().filter(|reused| reused.is_revoked);
        snapshot.revoked.extend(again.map(|reused| reused.secret.clone()));
        snapshot.reused = reused;
        Ok(snapshot)
    }

    /// Reads which secrets were revoked, as [`Workspace::access_snapshot`].
    pub fn revoked_secrets(&self) -> Result<RevokedSecrets, Error> {
        Ok(self.access_snapshot()?.revoked)
    }
}
