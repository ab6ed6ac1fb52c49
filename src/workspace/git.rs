//! Git, as far as a merge is told by it: whose branch is whose, and the bytes that each side has of a file.
//!
//! Its folder says whether a rebase is under way; all else is asked of Git itself, and simply not known where
//! there is none.

mod command;
mod commits;
mod ignored;
mod main_branch;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

pub(super) use self::ignored::IgnoredFile;
use super::error::{PathContext, PathError};
use super::folders;
use super::layout::{self, GROUPS_FOLDER, LOCAL_FOLDER, WORKSPACE_FILE};
use super::outside::{FileStamp, stamp_outside};
use crate::model::{GroupName, VERSION_FILE, Version, first_conflict};

pub(super) use commits::CommittedFile;

/// The commit that is checked out.
pub(crate) const HEAD: &str = "HEAD";

/// The files that Git has of what `git add` was told last.
pub(super) const INDEX: &str = ":0";

/// The commits that the last fetch brought, with the branches that they came from.
const FETCH_HEAD: &str = "FETCH_HEAD";

/// The Git checkout that a workspace lies in.
#[derive(Debug)]
pub(super) struct GitCheckout {
    /// The workspace's folder, to which places are relative.
    folder: PathBuf,
    /// The folder of this checkout's own files: `.git`, or the one that a linked worktree names.
    directory: PathBuf,
    /// True once Git took too long: a remote that is asked for what a partial clone lacks does not answer.
    is_stuck: AtomicBool,
}

/// The commits of the two branches of a merge.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MergeRevisions {
    /// The person's own branch, in a rebase too.
    pub(super) ours: String,
    /// The other one.
    pub(super) theirs: String,
}

/// The name of a commit: its digest in full, as Git prints it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct CommitId(String);

impl TryFrom<String> for CommitId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_digest = text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_digest { Ok(Self(text)) } else { Err("this is not the id of a commit") }
    }
}

impl From<CommitId> for String {
    fn from(id: CommitId) -> Self {
        id.0
    }
}

/// A joining of branches that Git has begun, and that somebody has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GitOperation {
    /// `git merge`.
    Merge,
    /// `git rebase`.
    Rebase,
    /// `git cherry-pick`.
    CherryPick,
    /// `git revert`: the other side is what was there before a commit.
    Revert,
}

impl GitCheckout {
    /// Finds the checkout around a folder.
    pub(super) fn find(folder: &Path) -> Option<Self> {
        let directory = folder.ancestors().find_map(directory_in)?;
        Some(Self { folder: folder.to_owned(), directory, is_stuck: AtomicBool::new(false) })
    }

    /// True during a rebase of the person's own commits: Git's "ours" is then the other branch.
    pub(super) fn is_rebasing(&self) -> bool {
        let replays = self.has("rebase-merge") || self.has("rebase-apply/rebasing");
        // Within `rebase --rebase-merges`, a merge is made anew: its first side is the person's own.
        replays && !self.has("MERGE_HEAD")
    }

    /// Returns the commits of the merge that is under way, else of the last one.
    pub(super) fn merge_revisions(&self) -> Option<MergeRevisions> {
        let revisions = |ours: &str, theirs: &str| MergeRevisions { ours: ours.to_owned(), theirs: theirs.to_owned() };
        if self.is_rebasing() {
            return Some(revisions("REBASE_HEAD", HEAD));
        }
        for other in ["MERGE_HEAD", "CHERRY_PICK_HEAD"] {
            if self.has(other) {
                return Some(revisions(HEAD, other));
            }
        }
        if self.has("REVERT_HEAD") {
            return Some(revisions(HEAD, "REVERT_HEAD^"));
        }
        let merge = self.ask(&["rev-list", "--merges", "-n", "1", HEAD])?;
        let merge = String::from_utf8(merge).ok()?;
        let merge = Some(merge.trim()).filter(|merge| !merge.is_empty())?;
        Some(revisions(&format!("{merge}^1"), &format!("{merge}^2")))
    }

    /// Returns the commit that both sides begin from where a single one is picked, replayed in a rebase, or reverted.
    pub(super) fn picked_base(&self) -> Option<&'static str> {
        match self.operation()? {
            GitOperation::Rebase => Some("REBASE_HEAD^"),
            GitOperation::CherryPick => Some("CHERRY_PICK_HEAD^"),
            GitOperation::Revert => Some("REVERT_HEAD"),
            GitOperation::Merge => None,
        }
    }

    /// Returns the bytes of a file in a commit, or in a stage of the index, which is named like `:2`.
    pub(super) fn read(&self, revision: &str, place: &str) -> Option<Vec<u8>> {
        self.ask(&["show", &format!("{revision}:./{place}")])
    }

    /// True if all that Git has lies there as in the commit that is checked out, in conflict or not.
    pub(super) fn is_as_committed(&self) -> bool {
        let names = |words: &[&str]| {
            let listed = self.ask(&[&["diff", "--name-only", "-z"][..], words, &[HEAD]].concat())?;
            Some(String::from_utf8_lossy(&listed).split_terminator('\0').map(str::to_owned).collect::<BTreeSet<_>>())
        };
        let (Some(all), Some(own)) = (names(&[]), names(&["--relative"])) else { return false };
        let is_same = |name: &String| fs::read(self.folder.join(name)).ok() == self.read(HEAD, name);
        all.len() == own.len() && own.iter().all(is_same)
    }

    /// True if Git has a file: committed, or about to be.
    pub(super) fn is_tracked(&self, place: &str) -> bool {
        self.ask(&["ls-files", "-z", "--", place]).is_some_and(|listed| !listed.is_empty())
    }

    /// Returns the files below the workspace's folder that Git has: committed, or about to be.
    pub(super) fn tracked_files(&self) -> BTreeSet<String> {
        let listed = self.ask(&["ls-files", "-z"]).unwrap_or_default();
        String::from_utf8_lossy(&listed).split_terminator('\0').map(str::to_owned).collect()
    }

    /// Lists the files of the whole repository that Git has, or would take, relative to the workspace's folder; `None`
    /// where it cannot be asked.
    pub(super) fn files(&self) -> Option<Vec<PathBuf>> {
        let listed = self.ask(&["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ":/"])?;
        let names = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        Some(names.map(|name| PathBuf::from(OsStr::from_bytes(name))).collect())
    }

    /// Returns the stamps of the files and folders that Git changes when other commits are checked out, made or
    /// fetched: one of a branch is written beside it and renamed, which shows on its folder.
    pub(super) fn commit_stamps(&self) -> Vec<Option<FileStamp>> {
        let common = self.common_directory();
        let own = [HEAD, "logs/HEAD", FETCH_HEAD].map(|name| self.directory.join(name));
        let mut paths = own.to_vec();
        paths.extend(["packed-refs", "reftable/tables.list"].map(|name| common.join(name)));
        let mut inner = ["refs/heads", "refs/remotes"].map(|name| common.join(name)).to_vec();
        while let Some(folder) = inner.pop() {
            let entries = folders::names(&folder).unwrap_or_default();
            inner.extend(entries.into_iter().map(|name| folder.join(name)).filter(|path| path.is_dir()));
            paths.push(folder);
        }
        paths.iter().map(|path| stamp_outside(path)).collect()
    }

    /// True if a commit before the present one removed a file.
    pub(super) fn has_removed(&self, place: &str) -> bool {
        let listed = self.ask(&["log", "-n", "1", "--diff-filter=D", "--format=%H", "--", place]);
        listed.is_some_and(|listed| !listed.is_empty())
    }

    /// Returns the folder that a linked worktree shares with others.
    fn common_directory(&self) -> PathBuf {
        let named = fs::read_to_string(self.directory.join("commondir"));
        named.map_or_else(|_| self.directory.clone(), |named| self.directory.join(named.trim_end()))
    }

    /// True if the history was cut off when it was cloned or fetched.
    pub(super) fn is_shallow(&self) -> bool {
        self.common_directory().join("shallow").exists()
    }

    /// Returns the versions of groups whose files are in conflict.
    pub(super) fn unmerged_versions(&self) -> BTreeSet<(GroupName, Version)> {
        let listed = self.ask(&["ls-files", "-u", "-z", "--", GROUPS_FOLDER]).unwrap_or_default();
        let version = |line: &[u8]| layout::version_in(std::str::from_utf8(line).ok()?.split_once('\t')?.1);
        listed.split(|byte| *byte == 0).filter_map(version).collect()
    }

    /// Returns the files that are in conflict, as they are called from the workspace's folder.
    pub(super) fn unmerged_files(&self) -> BTreeSet<String> {
        let listed = self.ask(&["ls-files", "-u", "-z", "--", ":/"]).unwrap_or_default();
        let listed = String::from_utf8_lossy(&listed);
        listed.split_terminator('\0').filter_map(|line| Some(line.split_once('\t')?.1.to_owned())).collect()
    }

    /// Returns the files of versions, and the notes on them, that are not as Git's index has them, or not in it at all.
    pub(super) fn unstaged_versions(&self) -> BTreeSet<String> {
        let versions = format!("{GROUPS_FOLDER}/*/versions/*");
        let words = ["ls-files", "-o", "-m", "-d", "--exclude-standard", "-z", "--", &versions];
        let listed = self.ask(&words).unwrap_or_default();
        String::from_utf8_lossy(&listed).split_terminator('\0').map(str::to_owned).collect()
    }

    /// Returns the digest of every frozen version that a commit has, each with the place of its file.
    pub(super) fn frozen_digests(&self, revision: &str) -> Vec<(String, String)> {
        let files = format!("{GROUPS_FOLDER}/*/versions/*/{VERSION_FILE}");
        let found = self.ask(&["grep", "-z", "-e", "^digest: ", revision, "--", &files]).unwrap_or_default();
        let prefix = format!("{revision}:");
        let line = |line: &str| {
            let (place, text) = line.strip_prefix(&prefix)?.split_once('\0')?;
            Some((place.to_owned(), text.strip_prefix("digest: ")?.to_owned()))
        };
        String::from_utf8_lossy(&found).lines().filter_map(line).collect()
    }

    /// Returns every known commit that changed a file, the newest first: those of before a rebase too.
    pub(super) fn commits_of(&self, place: &str) -> Vec<String> {
        let words = ["log", "--all", "--reflog", "--full-history", "--format=%H", "--", place];
        let listed = self.ask(&words).unwrap_or_default();
        String::from_utf8_lossy(&listed).lines().map(str::to_owned).collect()
    }

    /// Returns the newest commit that changed a file, or files in a folder, and has it, abbreviated.
    pub(super) fn newest_commit_with(&self, place: &str) -> Option<String> {
        let words = ["log", "--all", "-n", "1", "--full-history", "--diff-filter=ACMRT", "--format=%h", "--", place];
        let commit = String::from_utf8(self.ask(&words)?).ok()?.trim().to_owned();
        (!commit.is_empty()).then_some(commit)
    }

    /// True if a rebase committed the conflict markers of a file, so that the other branch stands first between them.
    /// `None` where they came from another clone, which alone knows.
    pub(super) fn has_rebased_conflict(&self, place: &str) -> Option<bool> {
        let listed = self.ask(&["log", "--format=%H", "-G", "^<<<<<<<", "--", place]).unwrap_or_default();
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let has_begun = |commit: &&str| {
            let before = self.read(&format!("{commit}^"), place).unwrap_or_default();
            first_conflict(&String::from_utf8_lossy(&before)).is_none()
        };
        // They are in no commit, or in that of a merge, which has no single difference.
        let Some(commit) = listed.lines().find(has_begun) else { return Some(false) };
        let moves = self.ask(&["log", "-g", "--format=%H %gs", HEAD]).unwrap_or_default();
        let moves = String::from_utf8_lossy(&moves).into_owned();
        let mut actions = moves.lines().filter_map(|line| line.strip_prefix(commit)?.trim_start().split(':').next());
        // A rebase begins and may end at commits of others.
        let is_own = |action: &&str| !action.contains("(start)") && !action.contains("(finish)");
        let makes =
            |action: &&str| ["rebase", "commit", "cherry-pick", "revert"].iter().any(|verb| action.contains(verb));
        actions.find(|action| is_own(action) && makes(action)).map(|action| action.contains("rebase"))
    }

    /// Changes a setting of this checkout.
    pub(super) fn set(&self, key: &str, value: &str) -> Result<(), PathError> {
        let output = self.git().args(["config", key, value]).output().at("run Git in", &self.folder)?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(io::Error::other(text)).at("change the Git settings of", &self.folder)
    }

    /// Returns the operation that is under way; `None` where the last one is ended.
    pub(super) fn operation(&self) -> Option<GitOperation> {
        if self.is_rebasing() {
            Some(GitOperation::Rebase)
        } else if self.has("MERGE_HEAD") {
            Some(GitOperation::Merge)
        } else if self.has("CHERRY_PICK_HEAD") {
            Some(GitOperation::CherryPick)
        } else {
            self.has("REVERT_HEAD").then_some(GitOperation::Revert)
        }
    }

    fn has(&self, name: &str) -> bool {
        self.directory.join(name).exists()
    }
}

/// True if Git does not see a file, whether or not it is there yet: it lies in no checkout, or in one that ignores
/// it. What lies in a workspace without a checkout would be seen as soon as there is one.
pub(super) fn is_hidden_from_git(path: &Path) -> bool {
    let folder = path.parent().and_then(|folder| fs::canonicalize(folder).ok());
    let (Some(folder), Some(name)) = (folder, path.file_name()) else { return false };
    match GitCheckout::find(&folder) {
        None => {
            let workspace = folder.ancestors().find(|above| above.join(WORKSPACE_FILE).is_file());
            workspace.is_none_or(|workspace| folder.starts_with(workspace.join(LOCAL_FOLDER)))
        }
        // A failure to ask is no leave to write a secret there.
        Some(checkout) => checkout.ask(&["check-ignore", "-q", "--", &name.to_string_lossy()]).is_some(),
    }
}

/// Returns the Git folder of a checkout, which a linked worktree and a submodule name in a file.
fn directory_in(folder: &Path) -> Option<PathBuf> {
    let path = folder.join(".git");
    if path.is_dir() {
        return Some(path);
    }
    let text = fs::read_to_string(&path).ok()?;
    let named = text.strip_prefix("gitdir: ")?.trim_end();
    Some(folder.join(named))
}
