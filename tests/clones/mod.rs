//! Clones of one repository in which people run the real `apigw` and the real Git.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

#[path = "../tools/mod.rs"]
pub(crate) mod tools;

/// Numbers at random, always the same for a seed (splitmix64).
#[derive(Debug, Clone)]
pub(crate) struct SeededRandom(u64);

impl SeededRandom {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    /// Returns a number below a bound.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).expect("a small bound");
        usize::try_from(self.next() % bound).expect("a small number")
    }

    /// Returns true in so many of a hundred cases.
    pub(crate) fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    pub(crate) fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        &among[self.below(among.len())]
    }
}

/// The outcome of a command.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code().unwrap_or(-1), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A workspace in a Git checkout of its own, and the person who works there.
#[derive(Debug)]
pub(crate) struct WorkspaceClone {
    pub(crate) folder: PathBuf,
    pub(crate) actor: String,
    /// The commands that were run, for a failing test to show.
    pub(crate) script: Vec<String>,
    /// The program that is run as apigw.
    pub(crate) program: PathBuf,
    /// The words that start it; they may be none.
    pub(crate) wrapper: String,
}

impl WorkspaceClone {
    /// Makes a workspace with groups, each with one API, and commits it.
    pub(crate) fn new(folder: &Path, actor: &str, groups: &[&str]) -> Self {
        fs::create_dir_all(folder).expect("a folder");
        let mut clone = Self::at(folder, actor);
        clone.done("init");
        for group in groups {
            clone.done(&format!("group create {group}"));
            clone.done(&format!("api add {group} GET /things"));
        }
        clone.git_done("init -q");
        clone.commit("begin");
        clone
    }

    /// Somebody in a folder, with the program that was built and no words to start it.
    pub(crate) fn at(folder: &Path, actor: &str) -> Self {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_apigw"));
        let (folder, actor) = (folder.to_owned(), actor.to_owned());
        Self { folder, actor, script: Vec::new(), program, wrapper: String::new() }
    }

    /// Clones another person's workspace.
    pub(crate) fn of(origin: &Path, folder: &Path, actor: &str) -> Self {
        let parent = folder.parent().expect("a parent");
        let mut clone = Self::at(parent, actor);
        clone.git_done(&format!("clone -q {} {}", origin.display(), folder.display()));
        folder.clone_into(&mut clone.folder);
        clone
    }

    /// Runs apigw with words that have no blanks in them.
    pub(crate) fn apigw(&mut self, words: &str) -> Outcome {
        self.apigw_under("", words)
    }

    /// Runs apigw under a program that traces it or shows it another time; the words that start that may be none.
    pub(crate) fn apigw_under(&mut self, wrapper: &str, words: &str) -> Outcome {
        let blank = if wrapper.is_empty() { "" } else { " " };
        self.script.push(format!("{}: {wrapper}{blank}apigw {words}", self.actor));
        self.observe_under(wrapper, words)
    }

    /// Runs apigw for what it says alone: it is no part of the script.
    pub(crate) fn observe_under(&self, wrapper: &str, words: &str) -> Outcome {
        let wrappers = [self.wrapper.as_str(), wrapper].into_iter().flat_map(|wrapper| wrapper.split(' '));
        let program = wrappers.filter(|word| !word.is_empty()).chain(self.program.to_str());
        let mut line = program.chain(words.split(' '));
        let mut command = Command::new(line.next().expect("a program"));
        command.args(line).current_dir(&self.folder).env_clear();
        command.env("HOME", &self.folder).env("APIGW_ACTOR", &self.actor).env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        Outcome::of(&command.output().expect("apigw runs"))
    }

    /// Runs apigw, which must succeed.
    pub(crate) fn done(&mut self, words: &str) -> Outcome {
        let outcome = self.apigw(words);
        assert_eq!(outcome.code, 0, "{words}: {outcome:?}\n{}", self.shown());
        outcome
    }

    pub(crate) fn git(&mut self, words: &str) -> Outcome {
        self.script.push(format!("{}: git {words}", self.actor));
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"]);
        command.args(words.split(' ')).current_dir(&self.folder).env("HOME", &self.folder);
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_EDITOR", "true");
        Outcome::of(&command.output().expect("git runs"))
    }

    pub(crate) fn git_done(&mut self, words: &str) -> Outcome {
        let outcome = self.git(words);
        assert_eq!(outcome.code, 0, "git {words}: {outcome:?}\n{}", self.shown());
        outcome
    }

    /// Commits all that lies there; nothing where nothing has changed.
    pub(crate) fn commit(&mut self, message: &str) {
        self.git_done("add -A");
        self.git_done(&format!("commit -q --allow-empty -m {message}"));
    }

    /// Returns true while Git waits for somebody to resolve a conflict.
    pub(crate) fn is_in_conflict(&mut self) -> bool {
        !self.git_done("diff --name-only --diff-filter=U").stdout.is_empty()
    }

    /// Shows the commands that led here.
    pub(crate) fn shown(&self) -> String {
        self.script.join("\n")
    }
}

/// True if there is a Git for these people.
pub(crate) fn has_git() -> bool {
    tools::has_tool("git", "people in clones of one repository")
}
