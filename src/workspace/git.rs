//! Git, as far as a merge is told by it: whose branch is whose, and the bytes that each side has of a file.
//!
//! Its folder says whether a rebase is under way; all else is asked of Git itself, and simply not known where
//! there is none.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The Git checkout that a workspace lies in.
#[derive(Debug)]
pub(super) struct GitCheckout {
    /// The workspace's folder, to which places are relative.
    folder: PathBuf,
    /// The folder of this checkout's own files: `.git`, or the one that a linked worktree names.
    directory: PathBuf,
}

/// The commits of the two branches of a merge.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MergeRevisions {
    /// The person's own branch, in a rebase too.
    pub(super) ours: String,
    /// The other one.
    pub(super) theirs: String,
}

impl GitCheckout {
    /// Finds the checkout around a folder.
    pub(super) fn find(folder: &Path) -> Option<Self> {
        let directory = folder.ancestors().find_map(directory_in)?;
        Some(Self { folder: folder.to_owned(), directory })
    }

    /// Returns true while a rebase replays the person's own commits upon another branch: what Git calls "ours" is then
    /// the other branch.
    pub(super) fn is_rebasing(&self) -> bool {
        let replays = self.has("rebase-merge") || self.has("rebase-apply/rebasing");
        // Within `rebase --rebase-merges`, a merge is made anew: its first side is the person's own.
        replays && !self.has("MERGE_HEAD")
    }

    /// Returns the commits of the merge that is under way, else of the last one.
    pub(super) fn merge_revisions(&self) -> Option<MergeRevisions> {
        let revisions = |ours: &str, theirs: &str| MergeRevisions { ours: ours.to_owned(), theirs: theirs.to_owned() };
        if self.is_rebasing() {
            return Some(revisions("REBASE_HEAD", "HEAD"));
        }
        for other in ["MERGE_HEAD", "CHERRY_PICK_HEAD"] {
            if self.has(other) {
                return Some(revisions("HEAD", other));
            }
        }
        let merge = self.ask(&["rev-list", "--merges", "-n", "1", "HEAD"])?;
        let merge = String::from_utf8(merge).ok()?;
        let merge = Some(merge.trim()).filter(|merge| !merge.is_empty())?;
        Some(revisions(&format!("{merge}^1"), &format!("{merge}^2")))
    }

    /// Returns the bytes of a file in a commit, or in a stage of the index, which is named like `:2`.
    pub(super) fn read(&self, revision: &str, place: &str) -> Option<Vec<u8>> {
        self.ask(&["show", &format!("{revision}:./{place}")])
    }

    fn has(&self, name: &str) -> bool {
        self.directory.join(name).exists()
    }

    /// Asks Git; `None` where it refuses, or cannot be run.
    fn ask(&self, arguments: &[&str]) -> Option<Vec<u8>> {
        let output = Command::new("git").arg("-C").arg(&self.folder).args(arguments).output().ok()?;
        output.status.success().then_some(output.stdout)
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
