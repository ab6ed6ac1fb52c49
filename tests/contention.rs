//! No lost update: many processes publish at once while others read without a lock.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so and fails")]

#[path = "tools/mod.rs"]
mod tools;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::Value;

const PROCESSES: usize = 16;
const PUBLISHES: usize = 25;

fn apigw(folder: &Path, words: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apigw"));
    command.args(words.split(' ')).current_dir(folder).env_clear().env("HOME", folder).env("APIGW_ACTOR", "Ada");
    command.output().expect("the command runs")
}

fn json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Publishes again and again, and returns the operations that were acknowledged.
fn publish(folder: &Path, worker: usize) -> Vec<String> {
    let group = if worker.is_multiple_of(2) { "shared".to_owned() } else { format!("own-{worker}") };
    let mut acknowledged = Vec::new();
    let mut tries = 0;
    while acknowledged.len() < PUBLISHES {
        tries += 1;
        assert!(tries < 100 * PUBLISHES, "worker {worker} never gets its turn");
        // Each is a real change: no two addresses are alike.
        let url = format!("http://127.0.0.1:{}/{tries}", 2000 + worker);
        let output = apigw(folder, &format!("-o json --lock-timeout 60s publish {group} --env test --backend {url}"));
        match output.status.code() {
            Some(0) => acknowledged.push(json(&output)["operation"].as_str().expect("an id").to_owned()),
            // Somebody else changed the group in between: look again, then try again.
            Some(4) => {}
            other => panic!("{other:?}: {}", String::from_utf8_lossy(&output.stderr)),
        }
    }
    acknowledged
}

#[test]
fn no_acknowledged_operation_is_lost_and_no_reader_sees_a_torn_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    assert!(apigw(folder, "init").status.success());
    let mut groups: BTreeSet<String> =
        (0..PROCESSES).skip(1).step_by(2).map(|worker| format!("own-{worker}")).collect();
    groups.insert("shared".to_owned());
    for group in &groups {
        assert!(apigw(folder, &format!("group create {group}")).status.success());
        assert!(apigw(folder, &format!("api add {group} GET /things")).status.success());
    }
    let finished = AtomicBool::new(false);
    let (acknowledged, reads) = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0_usize;
            while !finished.load(Ordering::Relaxed) {
                let output = apigw(folder, "-o json status");
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                reads += 1;
            }
            reads
        });
        let workers: Vec<_> = (0..PROCESSES).map(|worker| scope.spawn(move || publish(folder, worker))).collect();
        let acknowledged: Vec<String> =
            workers.into_iter().flat_map(|worker| worker.join().expect("a worker")).collect();
        finished.store(true, Ordering::Relaxed);
        (acknowledged, reader.join().expect("the reader"))
    });
    let history = json(&apigw(folder, "-o json history -n 100000"));
    let operations = history["operations"].as_array().expect("operations");
    let known: BTreeSet<&str> = operations.iter().filter_map(|operation| operation["operation"].as_str()).collect();
    let lost = acknowledged.iter().filter(|id| !known.contains(id.as_str())).count();
    let report = format!("{} publishes acknowledged, {lost} lost; {reads} reads, 0 torn\n", acknowledged.len());
    std::io::stderr().write_all(report.as_bytes()).expect("stderr");
    assert_eq!((acknowledged.len(), lost, known.len()), (PROCESSES * PUBLISHES, 0, PROCESSES * PUBLISHES));
    let verified = json(&apigw(folder, "-o json verify"));
    assert_eq!(verified["problems"].as_array().map(Vec::len), Some(0), "{verified}");
}

fn git(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"]);
    command.args(words).current_dir(folder).env("HOME", folder).env("GIT_CONFIG_NOSYSTEM", "1");
    command.output().expect("git runs")
}

#[test]
fn branches_that_publish_different_groups_merge() {
    if !tools::has_tool("git", "branches of several people") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let run = |words: &str| {
        let output = apigw(folder, words);
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let commit = |message: &str| {
        assert!(git(folder, &["add", "-A"]).status.success());
        assert!(git(folder, &["commit", "-qm", message]).status.success());
    };
    run("init");
    for group in ["a", "b", "c"] {
        run(&format!("group create {group}"));
        run(&format!("api add {group} GET /things"));
    }
    run("publish --all --env test --mock");
    git(folder, &["init", "-q"]);
    commit("begin");
    for group in ["a", "b", "c"] {
        git(folder, &["checkout", "-qb", group, "main"]);
        run(&format!("publish {group} --env test --backend http://127.0.0.1:1"));
        commit(group);
    }
    git(folder, &["checkout", "-q", "main"]);
    for group in ["a", "b", "c"] {
        let merged = git(folder, &["merge", "-q", "--no-edit", group]);
        assert!(merged.status.success(), "{}", String::from_utf8_lossy(&merged.stdout));
    }
    run("verify");
    // Two that publish the same group do conflict, and it is said so.
    git(folder, &["checkout", "-qb", "other", "main"]);
    run("publish b --env test --backend http://127.0.0.1:2");
    commit("two");
    git(folder, &["checkout", "-q", "main"]);
    run("publish b --env test --backend http://127.0.0.1:3");
    commit("three");
    assert!(!git(folder, &["merge", "-q", "--no-edit", "other"]).status.success());
    let output = apigw(folder, "status");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3));
    assert!(message.contains("merge conflict") && message.contains("group b"), "{message}");
}

#[test]
fn readers_never_take_a_checkout_in_progress_for_a_state() {
    if !tools::has_tool("git", "branches of several people") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let run = |words: &str| assert!(apigw(folder, words).status.success(), "{words}");
    let commit = |message: &str| {
        assert!(git(folder, &["add", "-A"]).status.success());
        assert!(git(folder, &["commit", "-qm", message]).status.success());
    };
    run("init");
    run("group create a");
    run("api add a GET /things");
    run("publish a --env test --backend http://127.0.0.1:1");
    git(folder, &["init", "-q"]);
    commit("one");
    git(folder, &["checkout", "-qb", "other"]);
    run("publish a --env test --backend http://127.0.0.1:2");
    commit("two");
    let finished = AtomicBool::new(false);
    let (right, refused) = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut right, mut refused) = (0_usize, 0_usize);
            while !finished.load(Ordering::Relaxed) {
                let output = apigw(folder, "-o json status");
                // Git replaces one file after another: for a moment a file may be gone, and that is said.
                if output.status.code() == Some(3) {
                    refused += 1;
                    continue;
                }
                let entry = &json(&output)["deployments"][0];
                let url = entry["backend"]["url"].as_str().unwrap_or("nothing");
                assert!(["http://127.0.0.1:1", "http://127.0.0.1:2"].contains(&url), "{url} is neither of the two");
                right += 1;
            }
            (right, refused)
        });
        for round in 0..150 {
            let branch = if round % 2 == 0 { "main" } else { "other" };
            assert!(git(folder, &["checkout", "-q", branch]).status.success());
        }
        finished.store(true, Ordering::Relaxed);
        reader.join().expect("the reader")
    });
    let report = format!("150 checkouts: {right} reads right, {refused} refused, 0 wrong\n");
    std::io::stderr().write_all(report.as_bytes()).expect("stderr");
    assert!(right > 20, "too few reads: {right}");
    run("verify");
}
