//! What other branches and earlier commits know of keys, and what is checked out does not.

use std::fs;
use std::process::Command;

use crate::harness::{Sandbox, isolate};
use crate::tools::has_tool;

const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";

fn git(sandbox: &Sandbox, words: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(sandbox.path());
    isolate(&mut command, sandbox.path());
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"];
    let output = command.args(identity).args(words).output().expect("git runs");
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn commit(sandbox: &Sandbox) {
    git(sandbox, &["add", "-A"]);
    git(sandbox, &["commit", "-qm", "change"]);
}

#[test]
fn a_revoked_pair_or_subject_does_not_come_back_under_another_id() {
    if !has_tool("git", "revoked values in commits") {
        return;
    }
    let (sandbox, outside) = (Sandbox::petstore(), tempfile::tempdir().expect("a folder"));
    let public = outside.path().join("pair.pub");
    fs::write(&public, PUBLIC_KEY).expect("a file");
    let create = |name: &str| format!("key create {name} --kind signature --public-key {}", public.display());
    let bind = |name: &str| format!("key create {name} --kind token --issuer https://id.example.com --subject rob");
    git(&sandbox, &["init", "-q"]);
    commit(&sandbox);
    git(&sandbox, &["checkout", "-qb", "other"]);
    sandbox.run(&create("pair-b")).expect_exit(0);
    sandbox.run(&bind("rob-b")).expect_exit(0);
    commit(&sandbox);
    git(&sandbox, &["checkout", "-q", "main"]);
    sandbox.run(&create("pair-a")).expect_exit(0);
    sandbox.run(&bind("rob-a")).expect_exit(0);
    commit(&sandbox);
    sandbox.run("key revoke pair-a -m leaked").expect_exit(0);
    sandbox.run("key revoke rob-a -m leaked").expect_exit(0);
    commit(&sandbox);
    git(&sandbox, &["revert", "--no-edit", "HEAD"]);
    git(&sandbox, &["revert", "--no-edit", "HEAD~2"]);
    let forget = || fs::remove_dir_all(sandbox.path().join(".apigw")).expect("a folder");
    forget();
    // The second time, the note of this machine tells.
    sandbox.run("key create first --kind subscription --to .apigw/first.key").expect_exit(0);
    for _ in 0..2 {
        let refused = sandbox.run(&create("again")).expect_exit(3).expect_stderr("this public key was revoked");
        refused.expect_stderr("of key pair-a");
    }
    commit(&sandbox);
    git(&sandbox, &["checkout", "-q", "other"]);
    for _ in 0..2 {
        let found = sandbox.run("check").expect_exit(3).expect_stdout("secret-reused");
        found.expect_stdout("keys/pair-b.yaml").expect_stdout("keys/rob-b.yaml");
    }
}

#[test]
fn a_removed_grant_that_a_merge_brings_back_is_named() {
    if !has_tool("git", "a removed grant in a merge") {
        return;
    }
    let sandbox = Sandbox::petstore();
    git(&sandbox, &["init", "-q"]);
    sandbox.run("group set petstore auth=subscription").expect_exit(0);
    sandbox.run("key create ci --kind subscription --to .apigw/ci.key").expect_exit(0);
    sandbox.run("access grant ci petstore --env test").expect_exit(0);
    commit(&sandbox);
    git(&sandbox, &["checkout", "-qb", "other"]);
    sandbox.run("access grant ci petstore --env test --limit 5/minute").expect_exit(0);
    commit(&sandbox);
    git(&sandbox, &["checkout", "-q", "main"]);
    sandbox.run("access revoke ci petstore --env test").expect_exit(0);
    commit(&sandbox);
    let said = |words: &str| sandbox.run(words).stdout;
    assert!(!said("check").contains("no file leads to"), "before the merge");
    git(&sandbox, &["merge", "-q", "--no-edit", "-X", "theirs", "other"]);
    sandbox
        .run("check")
        .expect_exit(3)
        .expect_stdout("no file leads to this operation")
        .expect_stdout("history/access/");
}
