//! The newest commits of a checkout, and the evidence that the main branch is among them.
//!
//! A remote tells which branch is its main one, and `git clone` notes it as the symbolic reference `HEAD` of the
//! remote. It stays as it is when the branch is renamed there, and most pipelines fetch branches without it. Then
//! `main` and `master` are taken for main branches. Where none of them is here, it may have revocations that are not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::{CommitId, FETCH_HEAD, GitCheckout, HEAD};

/// The branches of remotes, as of the last fetch.
const REMOTES: &str = "refs/remotes/";

/// The usual names of a main branch.
const MAIN_BRANCHES: [&str; 2] = ["main", "master"];

/// A branch, local or of a remote.
struct Branch {
    commit: String,
    /// Its full name.
    name: String,
    /// The full name of the branch that it points to; empty for one of its own.
    target: String,
}

impl Branch {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ').map(str::to_owned);
        Some(Self { commit: words.next()?, name: words.next()?, target: words.next()? })
    }

    /// Returns the name of the main branch that a remote has told, with the beginning of the names of its branches.
    /// A branch that is called `HEAD` points to none.
    fn told_main(&self) -> Option<(&str, &str)> {
        let remote = self.name.strip_suffix(HEAD).filter(|name| name.starts_with(REMOTES))?;
        Some((remote, self.target.strip_prefix(remote)?))
    }

    /// True for a branch of a remote that has a usual name.
    fn is_main_of(&self, remote: &str) -> bool {
        self.name.strip_prefix(remote).is_some_and(|name| MAIN_BRANCHES.contains(&name))
    }
}

impl GitCheckout {
    /// Returns the newest commits of this checkout: the one that is checked out, those of the local branches and of the
    /// main branch of the remote, or of all branches of remotes where this clone was not told which is the main one, or
    /// may have been told of another before. `None` where Git cannot be asked.
    pub(in crate::workspace) fn own_commits(&self) -> Option<BTreeSet<CommitId>> {
        let branches = self.branches()?;
        let fetched = self.last_fetch();
        let remotes: BTreeSet<String> = branches.iter().filter_map(|branch| remote_of(&branch.name)).collect();
        let told = branches.iter().filter_map(Branch::told_main);
        // A fetch tells nothing of which remote a branch is.
        let is_believed = |main: &str| remotes.len() == 1 && fetched.confirms(main);
        let told: Vec<&str> = told.filter(|(_, main)| is_believed(main)).map(|(remote, _)| remote).collect();
        let counts = |branch: &&Branch| match told.iter().find(|remote| branch.name.starts_with(**remote)) {
            // One of a usual name may have taken the place of the one that was told.
            Some(remote) => branch.told_main().is_some() || branch.is_main_of(remote),
            None => true,
        };
        // There is none before the first commit.
        let head = self.ask(&["rev-parse", "--verify", "-q", HEAD]).unwrap_or_default();
        let head = String::from_utf8(head).ok()?;
        let own = branches.iter().filter(counts).map(|branch| &*branch.commit);
        own.chain(head.lines()).map(|commit| CommitId::try_from(commit.to_owned()).ok()).collect()
    }

    /// True unless there is evidence that the main branch of a remote is here, or that this repository is nobody's
    /// clone.
    pub(in crate::workspace) fn may_lack_main_branch(&self) -> bool {
        let branches = self.branches().unwrap_or_default();
        if branches.is_empty() {
            return self.ask(&["rev-parse", "--verify", "-q", HEAD]).is_some();
        }
        let has_main = |remote: &str| {
            let is_told = |branch: &Branch| branch.told_main().is_some_and(|(name, _)| name == remote);
            branches.iter().any(|branch| is_told(branch) || branch.is_main_of(remote))
        };
        let configured = self.configured_remotes();
        if configured.iter().any(|(remote, takes_all)| !takes_all && !has_main(remote)) {
            return true;
        }
        let with_branches: BTreeSet<String> = branches.iter().filter_map(|branch| remote_of(&branch.name)).collect();
        if !with_branches.is_empty() {
            return !with_branches.iter().all(|remote| has_main(remote));
        }
        let first_move = self.first_move();
        if first_move.starts_with("commit (initial)") {
            return false;
        }
        // The remote was removed, or had none of its branches fetched by name.
        let has_local_main = || branches.iter().any(|branch| branch.is_main_of("refs/heads/"));
        if first_move.starts_with("clone:") { !has_local_main() } else { self.last_fetch().lacks_main() }
    }

    /// Lists the branches; `None` where Git cannot be asked.
    fn branches(&self) -> Option<Vec<Branch>> {
        let format = "--format=%(objectname) %(refname) %(symref)";
        let listed = String::from_utf8(self.ask(&["for-each-ref", format, "refs/heads/", REMOTES])?).ok()?;
        Some(listed.lines().filter_map(Branch::parse).collect())
    }

    /// Lists the remotes by the beginnings of the names of their branches, each true if all of these are fetched.
    fn configured_remotes(&self) -> BTreeMap<String, bool> {
        let listed = self.ask(&["config", "-z", "--get-regexp", r"^remote\..*\.fetch$"]).unwrap_or_default();
        let listed = String::from_utf8_lossy(&listed);
        let mut takes_all: BTreeMap<String, bool> = BTreeMap::new();
        for (key, branches) in listed.split_terminator('\0').filter_map(|entry| entry.split_once('\n')) {
            let remote = key.trim_start_matches("remote.").trim_end_matches(".fetch");
            *takes_all.entry(format!("{REMOTES}{remote}/")).or_default() |=
                branches.contains("refs/heads/*:") || branches.contains("refs/*:");
        }
        takes_all
    }

    /// Returns Git's note on the first commit that was checked out here; empty where none is left.
    fn first_move(&self) -> String {
        let moves = self.ask(&["log", "-g", "--format=%gs", "main-worktree/HEAD", "--"]).unwrap_or_default();
        String::from_utf8_lossy(&moves).lines().last().unwrap_or_default().to_owned()
    }

    fn last_fetch(&self) -> LastFetch {
        let read = fs::read_to_string(self.directory.join(FETCH_HEAD));
        LastFetch(read.or_else(|_| fs::read_to_string(self.common_directory().join(FETCH_HEAD))).unwrap_or_default())
    }
}

/// Returns the beginning of the names of a remote's branches, for one of them.
fn remote_of(name: &str) -> Option<String> {
    let (remote, _) = name.strip_prefix(REMOTES)?.split_once('/')?;
    Some(format!("{REMOTES}{remote}/"))
}

/// The file of the last fetch: for each commit its id, whether `git pull` takes it, and where it came from.
struct LastFetch(String);

impl LastFetch {
    /// True if nothing was fetched since the clone was made, or a branch of this name was: the remote had it then.
    fn confirms(&self, branch: &str) -> bool {
        self.0.is_empty() || self.branches().any(|name| name == Some(branch))
    }

    /// True if something was fetched, and no main branch was among it.
    fn lacks_main(&self) -> bool {
        // Without a name, Git takes the main branch.
        let is_main = |name: Option<&str>| name.is_none_or(|name| MAIN_BRANCHES.contains(&name));
        !self.0.is_empty() && !self.branches().any(is_main)
    }

    /// Lists the names of the branches, `None` for the one that a remote gives unasked.
    fn branches(&self) -> impl Iterator<Item = Option<&str>> {
        let sources = self.0.lines().filter_map(|line| line.splitn(3, '\t').nth(2));
        sources.filter_map(|source| match source.split_once("' of ") {
            Some((named, _)) => named.strip_prefix("branch '").map(Some),
            None => Some(None),
        })
    }
}
