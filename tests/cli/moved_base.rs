//! Commands that wait for the lock while what they planned upon moves.

use std::fs::{self, File};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use crate::harness::{Sandbox, isolate};

/// A command that waits for the lock, which the test holds.
struct Waiting {
    lock: File,
    child: Child,
}

impl Waiting {
    fn start(sandbox: &Sandbox, words: &str) -> Self {
        let lock = File::open(sandbox.path()).expect("the folder");
        lock.lock().expect("the lock");
        let mut command = Command::new(env!("CARGO_BIN_EXE_apigw"));
        command.args(["--lock-timeout", "600s"]).args(words.split(' ')).current_dir(sandbox.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        isolate(&mut command, sandbox.path());
        let child = command.spawn().expect("the command runs");
        // It waits on a thread of this name, once it has planned.
        let tasks = format!("/proc/{}/task", child.id());
        let is_waiting = || {
            let mut tasks = fs::read_dir(&tasks).into_iter().flatten().flatten();
            tasks.any(|task| fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name == "lock\n"))
        };
        while !is_waiting() {
            thread::sleep(Duration::from_millis(2));
        }
        Self { lock, child }
    }

    /// Lets the command have the lock, and returns what it came to.
    fn finish(self) -> Output {
        drop(self.lock);
        self.child.wait_with_output().expect("the command ends")
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_publish_is_planned_anew_upon_the_working_copy_as_it_is_under_the_lock() {
    let sandbox = Sandbox::petstore();
    let waiting = Waiting::start(&sandbox, "-o json publish --env test --mock");
    sandbox.edit("meanwhile");
    let output = waiting.finish();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(sandbox.read("groups/petstore/versions/0.0.1/openapi.yaml").contains("# meanwhile"));
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(shown["changes"][0]["after"]["digest"], sandbox.entry("test")["digest"]);
    sandbox.run("verify").expect_exit(0);
}

#[test]
fn a_working_copy_that_became_invalid_is_not_published() {
    let sandbox = Sandbox::petstore();
    let waiting = Waiting::start(&sandbox, "publish --env test --mock");
    sandbox.write("groups/petstore/openapi.yaml", "nothing");
    assert_eq!(waiting.finish().status.code(), Some(3));
    assert!(!sandbox.path().join("deployments/test.yaml").exists());
}

#[test]
fn what_counts_from_what_is_live_or_names_the_latest_is_stale() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.run("publish --env test --backend http://127.0.0.1:1").expect_exit(0);
    let latest = sandbox.entry("test")["operation"].as_str().expect("an operation").to_owned();
    sandbox.write("release.yaml", "schema: 1\nsteps:\n- offline: {environment: test, groups: [petstore]}\n");
    for words in [
        "rollback --env test".to_owned(),
        "undo --env test".to_owned(),
        format!("offline --env test --if-current {latest}"),
        "apply release.yaml".to_owned(),
    ] {
        let before = sandbox.entry("test");
        let waiting = Waiting::start(&sandbox, &words);
        let settings = sandbox.read("apigw.toml");
        sandbox.write("apigw.toml", &format!("{settings}# {words}\n"));
        let output = waiting.finish();
        assert_eq!(output.status.code(), Some(4), "{words}: {}", said(&output));
        assert_eq!(sandbox.entry("test"), before, "{words}");
    }
    sandbox.run("rollback --env test").expect_exit(0);
}

#[test]
fn a_deleted_group_is_not_published() {
    let sandbox = Sandbox::petstore();
    let waiting = Waiting::start(&sandbox, "publish --env test --mock");
    fs::remove_dir_all(sandbox.path().join("groups/petstore")).expect("removed");
    assert_eq!(waiting.finish().status.code(), Some(3));
    assert!(!sandbox.path().join("groups/petstore").exists());
}
