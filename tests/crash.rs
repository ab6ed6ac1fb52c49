//! No lost or half change: a publish is killed at, and failed at, every system call that it makes on files.
//!
//! Afterwards the state is exactly the old one or the new one, `verify` finds nothing wrong, and the next
//! publish heals all and leaves nothing behind. The calls are counted with `strace` and injected by it.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so and fails")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// The calls through which files come to be what they are, and errors that each can give.
const CALLS: [(&str, &[&str]); 12] = [
    ("openat", &["EACCES", "EMFILE", "ENOSPC"]),
    ("write", &["ENOSPC", "EIO"]),
    ("fsync", &["EIO", "ENOSPC"]),
    ("rename", &["ENOSPC", "EROFS"]),
    ("renameat", &["ENOSPC"]),
    ("renameat2", &["ENOSPC"]),
    ("mkdir", &["ENOSPC", "EACCES"]),
    ("unlink", &["EACCES"]),
    ("unlinkat", &["EACCES"]),
    ("flock", &["ENOLCK"]),
    ("fchmod", &["EPERM"]),
    ("chmod", &["EPERM"]),
];

const PUBLISH: &str = "publish pets --env test --backend http://127.0.0.1:2 --bump patch";

fn is_ready() -> bool {
    if Command::new("strace").arg("--version").output().is_ok() {
        return true;
    }
    assert!(std::env::var_os("APIGW_REQUIRE_TOOLS").is_none(), "strace is missing");
    say("skipped: strace is missing");
    false
}

fn say(text: &str) {
    writeln!(std::io::stderr(), "{text}").expect("stderr");
}

fn run(folder: &Path, strace: &[&str], words: &str) -> Output {
    let binary = env!("CARGO_BIN_EXE_apigw");
    let mut command = if strace.is_empty() { Command::new(binary) } else { Command::new("strace") };
    if !strace.is_empty() {
        command.args(strace).arg(binary);
    }
    command.args(words.split(' ')).current_dir(folder).env_clear().env("HOME", folder).env("APIGW_ACTOR", "Ada");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.output().expect("the command runs")
}

fn succeed(folder: &Path, words: &str) -> Output {
    let output = run(folder, &[], words);
    assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Makes a workspace with 0.0.1 live in test and an edit that makes the next publish freeze 0.0.2.
fn workspace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    succeed(folder.path(), "init");
    succeed(folder.path(), "group create pets");
    succeed(folder.path(), "api add pets GET /pets");
    succeed(folder.path(), "publish pets --env test --mock");
    succeed(folder.path(), "api add pets GET /owners");
    folder
}

/// Counts the calls of a whole publish.
fn count() -> BTreeMap<String, usize> {
    let folder = workspace();
    let trace = folder.path().join("trace");
    let file = trace.to_str().expect("UTF-8").to_owned();
    assert!(run(folder.path(), &["-f", "-o", &file], PUBLISH).status.success());
    let mut counts = BTreeMap::new();
    for line in fs::read_to_string(&trace).expect("a trace").lines() {
        let call = line.split_whitespace().nth(1).and_then(|rest| rest.split('(').next()).unwrap_or_default();
        *counts.entry(call.to_owned()).or_insert(0) += 1;
    }
    counts
}

/// Returns the version that is live; fails where what is on disk is neither the old nor the new state.
fn live_version(folder: &Path, what: &str) -> String {
    let output = run(folder, &[], "-o json verify");
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stdout));
    let status: Value = serde_json::from_slice(&succeed(folder, "-o json status").stdout).expect("JSON");
    let entry = &status["deployments"][0];
    let state = (entry["version"].as_str().unwrap_or_default(), entry["backend"]["type"].as_str().unwrap_or_default());
    assert!([("0.0.1", "mock"), ("0.0.2", "http")].contains(&state), "{what}: {entry}");
    state.0.to_owned()
}

/// Publishes again: then the new state is there, and nothing else.
fn heal(folder: &Path, what: &str) {
    succeed(folder, PUBLISH);
    succeed(folder, "offline pets --env test");
    succeed(folder, "rollback pets --env test");
    assert_eq!(live_version(folder, what), "0.0.2", "{what}");
    let verified: Value = serde_json::from_slice(&succeed(folder, "-o json verify").stdout).expect("JSON");
    assert_eq!(verified["problems"].as_array().map(Vec::len), Some(0), "{what}: {verified}");
    assert_eq!(fs::read_dir(folder.join("history/test")).expect("the history").count(), 4, "{what}");
    assert_eq!(fs::read_dir(folder.join(".apigw/tmp/test")).expect("a folder").count(), 0, "{what}");
}

#[test]
fn killed_at_every_call_the_state_is_old_or_new() {
    if !is_ready() {
        return;
    }
    let counts = count();
    let (mut killed, mut old, mut new) = (0, 0, 0);
    for (call, _) in CALLS {
        for number in 1..=counts.get(call).copied().unwrap_or_default() {
            let folder = workspace();
            let inject = format!("inject={call}:signal=KILL:when={number}");
            let output = run(folder.path(), &["-f", "-o", "/dev/null", "-e", &inject], PUBLISH);
            let what = format!("killed at {call} {number}");
            let version = live_version(folder.path(), &what);
            let acknowledged = String::from_utf8_lossy(&output.stdout).contains("committed as operation");
            assert!(!acknowledged || version == "0.0.2", "{what}: an acknowledged change is gone");
            if version == "0.0.1" {
                old += 1;
            } else {
                new += 1;
            }
            heal(folder.path(), &what);
            killed += 1;
        }
    }
    say(&format!("killed {killed} times: {old} times the old state, {new} times the new, 0 lost"));
    assert!(old > 20 && new > 0, "the kills missed the commit");
}

#[test]
fn failed_at_every_call_the_exit_code_tells_the_state() {
    if !is_ready() {
        return;
    }
    let counts = count();
    let mut failed = 0;
    for (call, errors) in CALLS {
        for number in 1..=counts.get(call).copied().unwrap_or_default() {
            let error = errors[number % errors.len()];
            let folder = workspace();
            let inject = format!("inject={call}:error={error}:when={number}");
            let output = run(folder.path(), &["-f", "-o", "/dev/null", "-e", &inject], PUBLISH);
            let what = format!("{error} at {call} {number}: {}", String::from_utf8_lossy(&output.stderr));
            let version = live_version(folder.path(), &what);
            match output.status.code() {
                // Committed: the call did not matter, or only the durability is unknown.
                Some(0 | 7) => assert_eq!(version, "0.0.2", "{what}"),
                // Before `apigw` begins, the loader may fail with a code of its own.
                Some(1 | 3 | 127) => assert_eq!(version, "0.0.1", "{what}"),
                other => panic!("{what}: exit {other:?}"),
            }
            heal(folder.path(), &what);
            failed += 1;
        }
    }
    say(&format!("failed {failed} times, 0 lost"));
    assert!(failed > 40, "too few calls were failed");
}
