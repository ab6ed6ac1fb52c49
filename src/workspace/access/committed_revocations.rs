//! Revocations that Git's commits have.
//!
//! A revert, and a merge that takes one side whole, remove the file of a revocation together with its operation, and a
//! checkout of an older commit has neither. In a clone that is made after them, only the commits tell that a secret was
//! revoked: those of its branches, and of the main branch of each remote or of all where that is not known, wherever
//! the workspace lay in them.

use std::collections::BTreeSet;

use super::super::Workspace;
use super::super::git::{CommitId, CommittedFile, GitCheckout};
use super::{KEYS_FOLDER, REVOKED_FOLDER, names, subject_file, subject_place};
use crate::access::{AccessSubject, Revocation, RevokedSecrets, Secret, SecretId, SubjectState};
use crate::check::{REVOCATIONS_UNREAD, SHALLOW_CLONE, SINGLE_BRANCH_CLONE};
use crate::model::{Finding, KeyName, Location, SCHEMA, Timestamp};

/// The file of the revocations that were found in commits, so that no commit is read twice.
pub(in crate::workspace) const COMMITTED_REVOCATIONS_FILE: &str = ".apigw/committed-revocations.json";

/// The most files that Git is asked for at once.
const FILES_AT_A_TIME: usize = 500;

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CommittedRevocationsFile {
    schema: u32,
    /// The newest commits that were read.
    commits: BTreeSet<CommitId>,
    revoked: BTreeSet<SecretId>,
    secrets: Vec<CommittedSecret>,
}

/// A revoked secret as the commit of its revocation has it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommittedSecret {
    /// The key that had it.
    pub(super) key: KeyName,
    /// The time of its revocation.
    pub(super) revoked: Timestamp,
    pub(super) secret: Secret,
}

/// The revocations that commits have, or had.
#[derive(Debug, Clone, Default)]
pub(super) struct CommittedRevocations {
    pub(super) revoked: RevokedSecrets,
    /// Those of the secrets that the commits have too: none comes back under another id.
    pub(super) secrets: Vec<CommittedSecret>,
}

impl CommittedRevocations {
    /// Adds others.
    pub(super) fn join(&mut self, other: Self) {
        self.revoked.extend(other.revoked.iter().cloned());
        for secret in other.secrets {
            if !self.secrets.contains(&secret) {
                self.secrets.push(secret);
            }
        }
    }
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
    pub(super) fn committed_revocations(&self) -> (CommittedRevocations, Option<UnreadCommits>) {
        let none = CommittedRevocations::default();
        let has_no_keys = self.key_names().is_ok_and(|names| names.is_empty());
        let Some(checkout) = GitCheckout::find(self.folder()).filter(|_| !has_no_keys) else { return (none, None) };
        let Some(revoked) = self.revocations_in(&checkout) else { return (none, Some(UnreadCommits::All)) };
        let unread = if checkout.is_shallow() {
            Some(UnreadCommits::Earlier)
        } else {
            checkout.may_lack_main_branch().then_some(UnreadCommits::OtherBranches)
        };
        (revoked, unread)
    }

    /// Finds out whether commits may have revocations that are not known here.
    #[must_use]
    pub fn unread_commits_finding(&self) -> Option<Finding> {
        self.committed_revocations().1.map(UnreadCommits::finding)
    }

    /// Returns `None` where Git cannot tell.
    fn revocations_in(&self, checkout: &GitCheckout) -> Option<CommittedRevocations> {
        let commits = checkout.own_commits()?;
        let known: Option<CommittedRevocationsFile> = self.gateway_record(COMMITTED_REVOCATIONS_FILE).ok().flatten();
        // One that Git has came with a commit, and says nothing of what this machine has read.
        let known = known.filter(|_| !checkout.is_tracked(COMMITTED_REVOCATIONS_FILE));
        let (read, mut found) = known.map(CommittedRevocationsFile::into_parts).unwrap_or_default();
        if commits.is_subset(&read) {
            return Some(found);
        }
        // A commit that was read may be gone: a repository can be cloned anew beside files that stay.
        let newer = checkout.files_added(REVOKED_FOLDER, &commits, &read);
        let added = newer.or_else(|| checkout.files_added(REVOKED_FOLDER, &commits, []))?;
        let files: Vec<String> = added.iter().map(|file| file_name(file).to_owned()).collect();
        let revoked = names::<SecretId>(&files).into_iter().collect();
        found.join(CommittedRevocations { revoked, secrets: committed_secrets(checkout, &added)? });
        // Commits that a shallow clone lacks may come later, below those that are noted.
        if !checkout.is_shallow() {
            let CommittedRevocations { revoked, secrets } = found.clone();
            let revoked = revoked.iter().cloned().collect();
            let file = CommittedRevocationsFile { schema: SCHEMA, commits, revoked, secrets };
            // Without the note, the commits are read again.
            let _ = self.change_gateway_record(COMMITTED_REVOCATIONS_FILE, |_| file);
        }
        Some(found)
    }
}

impl CommittedRevocationsFile {
    fn into_parts(self) -> (BTreeSet<CommitId>, CommittedRevocations) {
        (self.commits, CommittedRevocations { revoked: self.revoked.into_iter().collect(), secrets: self.secrets })
    }
}

fn file_name(file: &CommittedFile) -> &str {
    file.path.rsplit('/').next().unwrap_or_default()
}

/// Reads the secrets that files of revocations revoke, in the files of their keys beside these; `None` where Git cannot
/// tell.
fn committed_secrets(checkout: &GitCheckout, added: &[CommittedFile]) -> Option<Vec<CommittedSecret>> {
    // A name with the end of a line is none that Git can be asked for.
    let added: Vec<CommittedFile> = added.iter().filter(|file| !file.path.contains('\n')).cloned().collect();
    let mut found: Vec<CommittedSecret> = Vec::new();
    for added in added.chunks(FILES_AT_A_TIME) {
        let mut keys = Vec::new();
        for (file, bytes) in added.iter().zip(checkout.read_files(added)?) {
            let Some(revocation) = revocation_in(file, bytes) else { continue };
            let Some((folder, _)) = file.path.rsplit_once("revoked/") else { continue };
            // A rotation in the same commit may have taken it out of the key.
            for commit in [file.commit.clone(), format!("{}^", file.commit)] {
                let path = format!("{folder}{}.yaml", revocation.key);
                keys.push((CommittedFile { commit, path }, revocation.clone()));
            }
        }
        let files: Vec<CommittedFile> = keys.iter().map(|(file, _)| file.clone()).collect();
        for ((_, revocation), bytes) in keys.iter().zip(checkout.read_files(&files)?) {
            let secret = revoked_secret(revocation, bytes);
            found.extend(secret.filter(|secret| !found.contains(secret)));
        }
    }
    Some(found)
}

fn revocation_in(file: &CommittedFile, bytes: Vec<u8>) -> Option<Revocation> {
    let id: SecretId = file_name(file).strip_suffix(".yaml")?.parse().ok()?;
    match state_of(&AccessSubject::Secret(id), bytes)? {
        SubjectState::Revocation(revocation) => Some(revocation),
        SubjectState::Key(_) | SubjectState::Owner(_) => None,
    }
}

fn revoked_secret(revocation: &Revocation, bytes: Vec<u8>) -> Option<CommittedSecret> {
    let key = state_of(&AccessSubject::Key(revocation.key.clone()), bytes)?.into_key()?;
    let secret = key.secrets.into_iter().find(|secret| secret.id.is_same_file(&revocation.secret))?;
    Some(CommittedSecret { key: key.name, revoked: revocation.time, secret })
}

fn state_of(subject: &AccessSubject, bytes: Vec<u8>) -> Option<SubjectState> {
    let text = String::from_utf8(bytes).ok()?;
    Some(subject_file::parse(&subject_place(subject), subject, &text).ok()?.state)
}
