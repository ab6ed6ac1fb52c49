//! Revocations that Git's commits have.
//!
//! A revert, and a merge that takes one side whole, remove the file of a revocation together with its operation. In a
//! clone that is made after them, only the commits tell that a secret was revoked.

use std::collections::BTreeSet;

use super::super::Workspace;
use super::super::git::{CommitId, GitCheckout};
use super::super::outside::FileStamp;
use super::{REVOKED_FOLDER, names};
use crate::access::{RevokedSecrets, SecretId};
use crate::model::SCHEMA;

/// The file of the revocations that were found in commits, so that no commit is read twice.
pub(in crate::workspace) const COMMITTED_REVOCATIONS_FILE: &str = ".apigw/committed-revocations.json";

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CommittedRevocationsFile {
    schema: u32,
    /// The newest commit that was read.
    commit: CommitId,
    revoked: BTreeSet<SecretId>,
}

/// The revocations in the commits of the branch that is checked out.
#[derive(Debug, Default)]
pub(super) struct CommittedRevocations {
    pub(super) revoked: RevokedSecrets,
    /// Stamps of Git's files that tell of another commit, as they were before it was read.
    stamps: Vec<Option<FileStamp>>,
}

impl CommittedRevocations {
    /// Reads the commits that were not read before. Where Git cannot be asked, nothing is known of them.
    pub(super) fn read(&mut self, workspace: &Workspace) {
        let Some(checkout) = GitCheckout::find(workspace.folder()) else { return };
        let stamps = checkout.head_stamps();
        if self.stamps != stamps {
            self.revoked.extend(workspace.revocations_in(&checkout).unwrap_or_default());
            self.stamps = stamps;
        }
    }

    /// True if another commit may be checked out than the one that was read.
    pub(super) fn must_read(&self, workspace: &Workspace) -> bool {
        GitCheckout::find(workspace.folder()).is_some_and(|checkout| checkout.head_stamps() != self.stamps)
    }
}

impl Workspace {
    /// Reads which revocations the commits of the branch that is checked out have, or had.
    pub(in crate::workspace) fn committed_revocations(&self) -> RevokedSecrets {
        let mut committed = CommittedRevocations::default();
        committed.read(self);
        committed.revoked
    }

    /// Returns `None` where Git cannot tell.
    fn revocations_in(&self, checkout: &GitCheckout) -> Option<BTreeSet<SecretId>> {
        let commit = checkout.head()?;
        let known: Option<CommittedRevocationsFile> = self.gateway_record(COMMITTED_REVOCATIONS_FILE).ok().flatten();
        let (since, mut revoked) = match known {
            Some(known) if known.commit == commit => return Some(known.revoked),
            Some(known) => (Some(known.commit), known.revoked),
            None => (None, BTreeSet::new()),
        };
        // The commit that was read may be gone: a repository can be cloned anew beside files that stay.
        let newer = since.and_then(|since| checkout.files_added(REVOKED_FOLDER, &commit, Some(&since)));
        let added = newer.or_else(|| checkout.files_added(REVOKED_FOLDER, &commit, None))?;
        revoked.extend(names::<SecretId>(&added));
        // Commits that a shallow clone lacks may come later, below the one that is noted.
        if !checkout.is_shallow() {
            let file = CommittedRevocationsFile { schema: SCHEMA, commit, revoked: revoked.clone() };
            // Without the note, the commits are read again.
            let _ = self.change_gateway_record(COMMITTED_REVOCATIONS_FILE, |_| file);
        }
        Some(revoked)
    }
}
