//! Revocations that only the commits of other branches have.

use std::process::Command;

use crate::harness::{Sandbox, isolate};
use crate::tools::has_tool;

fn git(sandbox: &Sandbox, words: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(sandbox.path());
    isolate(&mut command, sandbox.path());
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"];
    let output = command.args(identity).args(words).output().expect("git runs");
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn commit(sandbox: &Sandbox, message: &str) {
    git(sandbox, &["add", "-A"]);
    git(sandbox, &["commit", "-m", message]);
}

/// A workspace whose key `ci` was made before a commit, and a folder outside of it.
fn with_key() -> (Sandbox, tempfile::TempDir) {
    let (sandbox, outside) = (Sandbox::petstore(), tempfile::tempdir().expect("a folder"));
    sandbox.run("publish --env test --mock").expect_exit(0);
    git(&sandbox, &["init"]);
    let secret = outside.path().join("ci").display().to_string();
    sandbox.run(&format!("key create ci --kind subscription --to {secret}")).expect_exit(0);
    commit(&sandbox, "a key");
    (sandbox, outside)
}

#[test]
fn a_key_that_was_revoked_on_another_branch_alone_is_no_problem_here() {
    if !has_tool("git", "revocations in commits") {
        return;
    }
    let (sandbox, outside) = with_key();
    git(&sandbox, &["checkout", "-b", "other"]);
    let secret = outside.path().join("shop").display().to_string();
    sandbox.run(&format!("key create shop --kind subscription --to {secret}")).expect_exit(0);
    commit(&sandbox, "another key");
    sandbox.run("key revoke shop").expect_exit(0);
    commit(&sandbox, "revoked");
    git(&sandbox, &["checkout", "main"]);
    for command in ["check", "verify"] {
        let outcome = sandbox.run(command).expect_exit(0);
        assert!(!outcome.stdout.contains("revocation"), "{}", outcome.stdout);
    }
}
