//! The shortest traces of the search, replayed with a real program and the real Git: the promise holds, and with the
//! rule broken it does not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::clones::WorkspaceClone;
use super::rules::Rule;

/// The group that is published, and another one.
const PUBLISH: &str = "publish a --env test --backend http://127.0.0.1:1";
const NEXT: &str = "publish b --env test --mock";
const FILE: &str = "deployments/test.yaml";

type Verdict = Result<(), String>;

/// Follows a trace, and says whether the promises were kept.
type Replay = fn(&mut People) -> Verdict;

/// A rule and the trace that shows the need for it.
pub(crate) const REPLAYS: &[(Rule, Replay)] = &[
    (Rule::NoLock, two_at_once),
    (Rule::LockInLocalFolder, two_at_once_and_a_clean),
    (Rule::OperationAfterRename, cut_off_after_the_commit),
    (Rule::ForgetBeforeRename, cut_off_before_the_commit),
    (Rule::NoRecovery, cut_off_before_the_commit),
    (Rule::NoTakeBack, failed),
    (Rule::CompareEntries, cut_off_and_pulled),
    (Rule::RemovePushed, cut_off_and_taken_elsewhere),
    (Rule::DeleteNeeded, deleted_live),
    (Rule::NoNote, deleted_and_frozen_again),
    (Rule::ForgetOtherSide, merged),
];

/// Ada, whose program may be broken, and Bob.
pub(crate) struct People {
    ada: WorkspaceClone,
    bob: WorkspaceClone,
    _folder: tempfile::TempDir,
}

/// A call of a command.
#[derive(Clone, Copy)]
enum Cut {
    /// At the first call after the operation was written.
    Operation,
    /// Killed at the rename that commits.
    Before,
    /// Killed at the first call after it.
    After,
    /// The rename that commits fails.
    Fail,
}

impl People {
    /// Both have two groups, of which one is published.
    pub(crate) fn new(wrapper: &str, program: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut ada = WorkspaceClone::new(&folder.path().join("Ada"), "Ada", &["a", "b"]);
        ada.done("publish a --env test --mock");
        ada.commit("published");
        let remote = folder.path().join("remote.git");
        ada.git_done(&format!("clone -q --bare . {}", remote.display()));
        ada.git_done(&format!("remote add origin {}", remote.display()));
        let bob = WorkspaceClone::of(&remote, &folder.path().join("Bob"), "Bob");
        wrapper.clone_into(&mut ada.wrapper);
        program.clone_into(&mut ada.program);
        Self { ada, bob, _folder: folder }
    }

    /// Runs a publish that is cut off, and returns its operation.
    fn cut_off(&mut self, words: &str, cut: Cut) -> Option<String> {
        let before = operations(&self.ada);
        let (call, ordinal) = find_call(&self.ada, words, cut);
        let fault = if matches!(cut, Cut::Fail) { "error=EIO" } else { "signal=KILL" };
        let strace = format!("strace -o /dev/null -e trace={call} -e inject={call}:{fault}:when={ordinal}");
        let outcome = self.ada.apigw_under(&strace, words);
        let expected = if matches!(cut, Cut::Fail) { 1 } else { -1 };
        assert_eq!(outcome.code, expected, "{words}: {outcome:?}");
        operations(&self.ada).into_keys().find(|id| !before.contains_key(id))
    }
}

/// Finds a call in a run of the command elsewhere.
fn find_call(clone: &WorkspaceClone, words: &str, cut: Cut) -> (String, usize) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = folder.path().join("log");
    let copy = folder.path().join("copy");
    let copied = std::process::Command::new("cp").arg("-a").arg(&clone.folder).arg(&copy).status();
    assert!(copied.is_ok_and(|status| status.success()), "the clone was not copied");
    let calls = "rename,renameat,renameat2,fsync,unlink,openat";
    let traced = clone.observe_under(
        &format!("strace -o {} -e trace={calls}", log.display()),
        &format!("-C {} {words}", copy.display()),
    );
    assert_eq!(traced.code, 0, "{traced:?}");
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for line in fs::read_to_string(&log).expect("the log").lines() {
        let Some((name, _)) = line.split_once('(') else { continue };
        let count = counts.entry(name.to_owned()).or_default();
        *count += 1;
        let renames = |place: &str| name.starts_with("rename") && line.contains(place);
        found.push((name.to_owned(), *count, renames(FILE), renames("/history/test/")));
    }
    let commit = found.iter().rposition(|(_, _, is_commit, _)| *is_commit).expect("a commit");
    let operation = found.iter().rposition(|(_, _, _, is_operation)| *is_operation).expect("an operation");
    let place = match cut {
        Cut::Operation => operation + 1,
        Cut::Before | Cut::Fail => commit,
        Cut::After => commit + 1,
    };
    let (name, ordinal, ..) = &found[place];
    (name.clone(), *ordinal)
}

/// Returns the files of operations in `test`, by id.
fn operations(clone: &WorkspaceClone) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = fs::read_dir(clone.folder.join("history/test")) else { return BTreeMap::new() };
    let file = |path: std::path::PathBuf| {
        let id = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        (id, fs::read(&path).expect("a file"))
    };
    entries.map(|entry| file(entry.expect("an entry").path())).collect()
}

/// Says whether all is as it was committed; Bob's program, which is not broken, looks.
fn whole(clone: &WorkspaceClone) -> Verdict {
    let outcome = WorkspaceClone::at(&clone.folder, "Judge").observe_under("", "-o json verify");
    let view: Value = serde_json::from_str(&outcome.stdout).unwrap_or_default();
    let problems = view["problems"].as_array().cloned().unwrap_or_default();
    if outcome.code == 0 && problems.is_empty() {
        return Ok(());
    }
    let texts: Vec<String> = problems.iter().map(|problem| problem["finding"]["message"].to_string()).collect();
    Err(if texts.is_empty() { format!("{outcome:?}") } else { texts.join(", ") })
}

/// One publish has written its operation, and stands, while another command begins.
fn hold(people: &mut People, meanwhile: &str) -> Verdict {
    let before = operations(&people.ada).len();
    let (call, ordinal) = find_call(&people.ada, PUBLISH, Cut::Operation);
    let strace = format!("strace -o /dev/null -e trace={call} -e inject={call}:delay_enter=4000000:when={ordinal}");
    let mut second = WorkspaceClone::at(&people.ada.folder, "Second");
    second.program.clone_from(&people.ada.program);
    second.wrapper.clone_from(&people.ada.wrapper);
    let first = &people.ada;
    let codes = thread::scope(|scope| {
        let held = scope.spawn(|| first.observe_under(&strace, PUBLISH));
        while operations(first).len() == before && !held.is_finished() {
            thread::sleep(Duration::from_millis(2));
        }
        if meanwhile == "clean" {
            second.git_done("clean -fdxq .apigw");
        }
        let next = second.apigw(&format!("--lock-timeout 60s {NEXT}"));
        [held.join().expect("the first command").code, next.code]
    });
    if codes != [0, 0] {
        return Err(format!("the two commands ended with {codes:?}"));
    }
    people.ada.done("group set a description=swept");
    whole(&people.ada)
}

fn two_at_once(people: &mut People) -> Verdict {
    hold(people, "nothing")
}

fn two_at_once_and_a_clean(people: &mut People) -> Verdict {
    hold(people, "clean")
}

fn cut_off_after_the_commit(people: &mut People) -> Verdict {
    people.cut_off(PUBLISH, Cut::After);
    people.ada.apigw("group set a description=swept");
    whole(&people.ada)
}

fn cut_off_before_the_commit(people: &mut People) -> Verdict {
    people.cut_off(PUBLISH, Cut::Before);
    people.ada.apigw(NEXT);
    whole(&people.ada)
}

fn failed(people: &mut People) -> Verdict {
    people.ada.done("api add a GET /more");
    people.ada.commit("edited");
    people.cut_off(&format!("{PUBLISH} --bump patch"), Cut::Fail);
    let changed = people.ada.git_done("status --porcelain -uall").stdout;
    if changed.is_empty() { Ok(()) } else { Err(changed) }
}

fn cut_off_and_pulled(people: &mut People) -> Verdict {
    let operation = people.cut_off(PUBLISH, Cut::After).expect("an operation");
    push(&mut people.ada);
    people.bob.git_done("pull -q --ff-only origin main");
    people.bob.done("publish a --env test --backend http://127.0.0.1:2");
    push(&mut people.bob);
    people.ada.git_done("pull -q --ff-only origin main");
    people.ada.apigw(NEXT);
    kept(&people.ada, &operation).and_then(|()| whole(&people.ada))
}

fn cut_off_and_taken_elsewhere(people: &mut People) -> Verdict {
    let operation = people.cut_off(PUBLISH, Cut::Before).expect("an operation");
    push(&mut people.ada);
    people.bob.git_done("pull -q --ff-only origin main");
    people.bob.done(&format!("resolve --env test --take {operation}"));
    push(&mut people.bob);
    people.ada.apigw("publish b --env pre-release --mock");
    people.ada.commit("next");
    people.ada.git_done("pull -q --no-edit --no-rebase origin main");
    kept(&people.ada, &operation).and_then(|()| whole(&people.ada))
}

fn kept(clone: &WorkspaceClone, operation: &str) -> Verdict {
    let is_there = operations(clone).contains_key(operation);
    if is_there { Ok(()) } else { Err(format!("the file of {operation} is gone")) }
}

fn push(clone: &mut WorkspaceClone) {
    clone.commit("push");
    clone.git_done("push -q origin HEAD:main");
}

fn deleted_live(people: &mut People) -> Verdict {
    people.ada.apigw("version delete a 0.0.1");
    whole(&people.ada)
}

fn deleted_and_frozen_again(people: &mut People) -> Verdict {
    people.ada.done("version create b");
    people.ada.done("version delete b 0.0.1");
    people.ada.done("api add b GET /more");
    let again = people.ada.apigw("version create b");
    if again.code == 0 { Err("the number came back with other bytes".to_owned()) } else { Ok(()) }
}

fn merged(people: &mut People) -> Verdict {
    people.ada.done(PUBLISH);
    people.ada.commit("ours");
    people.bob.done("publish a --env test --backend http://127.0.0.1:2");
    push(&mut people.bob);
    people.ada.git("pull -q --no-edit --no-rebase origin main");
    people.ada.apigw("resolve --env test --ours");
    whole(&people.ada)
}
