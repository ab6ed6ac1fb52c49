//! Revocations that Git's commits have.
//!
//! A revert, and a merge that takes one side whole, remove the file of a revocation together with its operation, and a
//! checkout of an older commit has neither. In a clone that is made after them, only the commits tell that a secret was
//! revoked: those of its branches, and of the main branch of each remote or of all where that is not known, wherever
//! the workspace lay in them.

use std::collections::BTreeSet;

use super::super::Workspace;
use super::super::git::{CommitId, GitCheckout};
use super::{KEYS_FOLDER, REVOKED_FOLDER, names};
use crate::access::{RevokedSecrets, SecretId};
use crate::check::{REVOCATIONS_UNREAD, SHALLOW_CLONE, SINGLE_BRANCH_CLONE};
use crate::model::{Finding, Location, SCHEMA};

/// The file of the revocations that were found in commits, so that no commit is read twice.
pub(in crate::workspace) const COMMITTED_REVOCATIONS_FILE: &str = ".apigw/committed-revocations.json";

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CommittedRevocationsFile {
    schema: u32,
    /// The newest commits that were read.
    commits: BTreeSet<CommitId>,
    revoked: BTreeSet<SecretId>,
}

/// Reason why commits may have revocations that are not known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum UnreadCommits {
    /// Git is not installed, or refuses.
    #[error(
        "Git cannot be asked for revocations that a commit has reverted: is it installed, and may it read this folder?"
    )]
    All,
    /// The clone was cut off.
    #[error(
        "this clone lacks earlier commits: a revocation that one of them has and a later one reverted is not known"
    )]
    Earlier,
    /// The main branch of the remote is not known to be here.
    #[error("the main branch of the remote may not be here: a revocation that it has, or had, is not known")]
    OtherBranches,
}

impl UnreadCommits {
    /// Returns the finding on a workspace whose commits are not all read.
    pub(super) fn finding(self) -> Finding {
        let (rule, hint) = match self {
            Self::All => {
                let hint = "install Git, or run `git log -1`: it says why it refuses, and how the folder of another user is trusted";
                (&REVOCATIONS_UNREAD, hint)
            }
            Self::Earlier => (&SHALLOW_CLONE, "`git fetch --unshallow` fetches them"),
            Self::OtherBranches => {
                let hint = "`git remote set-branches origin '*'` and `git fetch origin` fetch all branches, and `git remote \
                            set-head origin -a` notes the main one; without a remote `git fetch URL \
                            '+refs/heads/*:refs/remotes/origin/*'`";
                (&SINGLE_BRANCH_CLONE, hint)
            }
        };
        rule.finding(Location::file(KEYS_FOLDER), self.to_string(), hint)
    }
}

impl Workspace {
    /// Reads which revocations commits have, or had, as far as Git can tell, and the reason why there may be more. No
    /// commit is read where there are no keys.
    pub(super) fn committed_revocations(&self) -> (RevokedSecrets, Option<UnreadCommits>) {
        let none = RevokedSecrets::default();
        let has_no_keys = self.key_names().is_ok_and(|names| names.is_empty());
        let Some(checkout) = GitCheckout::find(self.folder()).filter(|_| !has_no_keys) else { return (none, None) };
        let Some(revoked) = self.revocations_in(&checkout) else { return (none, Some(UnreadCommits::All)) };
        let unread = if checkout.is_shallow() {
            Some(UnreadCommits::Earlier)
        } else {
            checkout.may_lack_main_branch().then_some(UnreadCommits::OtherBranches)
        };
        (revoked.into_iter().collect(), unread)
    }

    /// Finds out whether commits may have revocations that are not known here.
    #[must_use]
    pub fn unread_commits_finding(&self) -> Option<Finding> {
        self.committed_revocations().1.map(UnreadCommits::finding)
    }

    /// Returns `None` where Git cannot tell.
    fn revocations_in(&self, checkout: &GitCheckout) -> Option<BTreeSet<SecretId>> {
        let commits = checkout.own_commits()?;
        let known: Option<CommittedRevocationsFile> = self.gateway_record(COMMITTED_REVOCATIONS_FILE).ok().flatten();
        // One that Git has came with a commit, and says nothing of what this machine has read.
        let known = known.filter(|_| !checkout.is_tracked(COMMITTED_REVOCATIONS_FILE));
        let (read, mut revoked) = known.map(|known| (known.commits, known.revoked)).unwrap_or_default();
        if commits.is_subset(&read) {
            return Some(revoked);
        }
        // A commit that was read may be gone: a repository can be cloned anew beside files that stay.
        let newer = checkout.files_added(REVOKED_FOLDER, &commits, &read);
        let added = newer.or_else(|| checkout.files_added(REVOKED_FOLDER, &commits, []))?;
        revoked.extend(names::<SecretId>(&added));
        // Commits that a shallow clone lacks may come later, below those that are noted.
        if !checkout.is_shallow() {
            let file = CommittedRevocationsFile { schema: SCHEMA, commits, revoked: revoked.clone() };
            // Without the note, the commits are read again.
            let _ = self.change_gateway_record(COMMITTED_REVOCATIONS_FILE, |_| file);
        }
        Some(revoked)
    }
}
