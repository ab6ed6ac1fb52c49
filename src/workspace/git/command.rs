//! Git's own program: run for an answer that is the same for everybody, and never for long.

use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::GitCheckout;
use crate::model::GitGap;
use crate::workspace::limited_command::{LimitedError, run_within};
use crate::workspace::secret_variables::withhold_secrets;

/// The longest that Git may take for an answer.
const LONGEST_QUESTION: Duration = Duration::from_secs(30);

/// The variables that name another repository than the one that a folder lies in, as hooks and scripts have them, and
/// those by which Git reads patterns in another way.
const FOREIGN_VARIABLES: [&str; 10] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
];

/// Settings of people by which Git would print what is read here in another form, or in another extent.
const READ_SETTINGS: [&str; 9] = [
    "color.ui=false",
    "color.grep=false",
    "grep.lineNumber=false",
    "grep.column=false",
    "grep.fullName=false",
    "grep.patternType=basic",
    "log.showSignature=false",
    "diff.relative=false",
    "submodule.recurse=false",
];

impl GitCheckout {
    pub(super) fn git(&self) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.folder);
        command.args(READ_SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        // Settings of Git name programs of their own.
        withhold_secrets(&mut command);
        for variable in FOREIGN_VARIABLES {
            command.env_remove(variable);
        }
        // Nobody answers a question for a password, and what others put in place of commits hides these.
        command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_NO_REPLACE_OBJECTS", "1");
        command
    }

    /// Runs Git and returns its output; `None` if it fails, cannot be run or takes too long.
    pub(super) fn ask(&self, arguments: &[&str]) -> Option<Vec<u8>> {
        self.ask_with_input(arguments, Vec::new())
    }

    pub(super) fn ask_with_input(&self, arguments: &[&str], input: Vec<u8>) -> Option<Vec<u8>> {
        if self.is_stuck.load(Ordering::Relaxed) {
            return None;
        }
        match run_within(self.git().args(arguments), input, LONGEST_QUESTION, u64::MAX) {
            Ok((status, output)) => status.success().then_some(output),
            Err(error) => {
                self.is_stuck.store(matches!(error, LimitedError::Slow(_)), Ordering::Relaxed);
                None
            }
        }
    }

    /// Returns the reason why Git may have bytes and does not tell; `None` where it has told all.
    pub(in crate::workspace) fn gap(&self) -> Option<GitGap> {
        if self.is_stuck.load(Ordering::Relaxed) {
            return Some(GitGap::Slow);
        }
        if self.ask(&["rev-parse", "--git-dir"]).is_none() {
            return Some(GitGap::Unasked);
        }
        let is_partial = self.ask(&["config", "--get-regexp", "^remote\\..*\\.promisor$"]).is_some();
        let is_shallow = || self.is_shallow().then_some(GitGap::Shallow);
        if is_partial { Some(GitGap::Partial) } else { is_shallow() }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::HEAD;
    use super::*;

    #[test]
    fn settings_of_people_change_no_answer() {
        let folder = tempfile::tempdir().unwrap();
        let git = |words: &str| {
            let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
            let words: Vec<&str> = words.split(' ').collect();
            let status = Command::new("git").arg("-C").arg(folder.path()).args(identity).args(words).status();
            assert!(status.unwrap().success());
        };
        let place = "shop/groups/a/versions/0.0.1/version.yaml";
        fs::create_dir_all(folder.path().join(place).parent().unwrap()).unwrap();
        fs::write(folder.path().join(place), "digest: x\n").unwrap();
        git("init -q");
        git("add -A");
        git("commit -qm x");
        let answers = || {
            let checkout = GitCheckout::find(&folder.path().join("shop")).unwrap();
            (checkout.frozen_digests(HEAD), checkout.newest_commit_with("groups/a"), checkout.is_as_committed())
        };
        let plain = answers();
        assert_eq!(plain.0, [("groups/a/versions/0.0.1/version.yaml".to_owned(), "x".to_owned())]);
        for setting in [
            "grep.lineNumber true",
            "grep.column true",
            "grep.fullName true",
            "grep.patternType fixed",
            "color.ui always",
            "color.grep always",
            "diff.relative true",
            "log.showSignature true",
        ] {
            git(&format!("config {setting}"));
            assert_eq!(answers(), plain, "{setting}");
        }
    }

    #[test]
    fn a_clone_that_lacks_files_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let gap = || GitCheckout::find(folder.path()).unwrap().gap();
        let git = |words: &[&str]| Command::new("git").arg("-C").arg(folder.path()).args(words).status().unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        assert_eq!(gap(), Some(GitGap::Unasked));
        assert!(git(&["init", "-q"]).success());
        assert_eq!(gap(), None);
        fs::write(folder.path().join(".git/shallow"), "").unwrap();
        assert_eq!(gap(), Some(GitGap::Shallow));
        assert!(git(&["config", "remote.origin.promisor", "true"]).success());
        assert_eq!(gap(), Some(GitGap::Partial));
    }
}
