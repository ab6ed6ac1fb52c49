//! Versions that were deleted, or lack what a release needs: each message names who did it and a way out that works.

use std::process::Command;

use crate::harness::{Outcome, Sandbox, isolate};
use crate::tools::has_tool;

fn git(sandbox: &Sandbox, words: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(sandbox.path());
    isolate(&mut command, sandbox.path());
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"];
    let output = command.args(identity).args(words).output().expect("git runs");
    assert!(output.status.success(), "{words:?}: {output:?}");
}

/// Publishes 0.0.1, 0.0.2 and 0.0.3 of the petstore to test.
fn three_versions() -> Sandbox {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    for edit in ["second", "third"] {
        sandbox.edit(edit);
        sandbox.run("publish --env test --mock --bump patch").expect_exit(0);
    }
    sandbox
}

/// Returns the commands of hints that begin with some words.
fn hinted(outcome: &Outcome, start: &str) -> Vec<String> {
    let commands = outcome.stderr.split('`').skip(1).step_by(2);
    commands.filter(|command| command.starts_with(start)).map(str::to_owned).collect()
}

fn run_hint(sandbox: &Sandbox, command: &str) -> Outcome {
    sandbox.run(command.strip_prefix("apigw ").expect("a command of apigw"))
}

#[test]
fn a_way_out_leads_to_no_release_that_was_taken_back() {
    let sandbox = three_versions();
    sandbox.run("undo --env test").expect_exit(0).expect_stdout("0.0.2 with mock");
    sandbox.run("version delete petstore 0.0.1 --force").expect_exit(0);
    let refused = sandbox.run("rollback --env test").expect_exit(3).expect_stderr("0.0.1 of petstore was deleted by");
    assert!(!refused.stderr.contains("0.0.3"), "{refused:?}");
    let commands = hinted(&refused, "apigw offline petstore --env test");
    assert_eq!(commands.len(), 1, "{refused:?}");
}

#[test]
fn a_way_back_to_a_deleted_version_names_who_deleted_it_and_a_way_out() {
    let sandbox = three_versions();
    let refused = sandbox.run("version delete petstore 0.0.2").expect_exit(4);
    let refused = refused.expect_stderr("plain `apigw rollback petstore --env test` leads to petstore 0.0.2");
    refused.expect_stderr("plain `apigw undo --env test` leads to petstore 0.0.2");
    let deleted = sandbox.run("version delete petstore 0.0.2 --force -m leaked").expect_exit(0);
    deleted.expect_stderr("plain `apigw undo --env test` leads to petstore 0.0.2, and fails from now on");
    for words in ["rollback --env test", "undo --env test", "switch --env test --previous"] {
        let refused = sandbox.run(words).expect_exit(3).expect_stderr("0.0.2 of petstore was deleted by Ada");
        let refused = refused.expect_stderr(": leaked").expect_stderr("0.0.1 with mock");
        assert!(!refused.stderr.contains("git "), "there is no checkout: {refused:?}");
        for way in ["apigw rollback petstore --env test --to ", "apigw switch petstore --env test --version 0.0.1"] {
            let commands = hinted(&refused, way);
            assert_eq!(commands.len(), 1, "{words}: {refused:?}");
            run_hint(&sandbox, &format!("{} --dry-run", commands[0])).expect_exit(0).expect_stdout("0.0.1 with mock");
        }
    }
    for words in ["publish --env test --mock --version 0.0.2", "switch --env test --version 0.0.2"] {
        sandbox.run(words).expect_exit(3).expect_stderr("was deleted by Ada").expect_stderr(": leaked");
    }
    // Nothing is left to go back to, so it is not proposed.
    sandbox.run("version delete petstore 0.0.1 --force").expect_exit(0);
    let refused = sandbox.run("rollback --env test").expect_exit(3);
    assert_eq!(hinted(&refused, "apigw rollback"), [""; 0], "{refused:?}");
    run_hint(&sandbox, &format!("{} --dry-run", hinted(&refused, "apigw offline")[0])).expect_exit(0);
    let blocked = sandbox.run("version block petstore 0.0.3 -m bad").expect_exit(0);
    assert_eq!(hinted(&blocked, "apigw rollback"), [""; 0], "{blocked:?}");
    let found = sandbox.run("verify").expect_exit(0).expect_stdout("was blocked by Ada");
    assert!(!found.stdout.contains("apigw rollback"), "{found:?}");
}

#[test]
fn a_deleted_version_is_restored_from_git_by_the_command_that_is_named() {
    if !has_tool("git", "a deleted version is restored from Git") {
        return;
    }
    let sandbox = three_versions();
    git(&sandbox, &["init", "-q"]);
    git(&sandbox, &["add", "-A"]);
    git(&sandbox, &["commit", "-qm", "all"]);
    sandbox.run("version delete petstore 0.0.2 --force").expect_exit(0);
    let restore = "git checkout -- groups/petstore/versions/0.0.2";
    let refused = sandbox.run("rollback --env test").expect_exit(3);
    assert_eq!(hinted(&refused, "git checkout"), [restore], "{refused:?}");
    git(&sandbox, &restore.split(' ').skip(1).collect::<Vec<_>>());
    sandbox.run("rollback --env test --dry-run").expect_exit(0);
    sandbox.run("version delete petstore 0.0.2 --force").expect_exit(0);
    git(&sandbox, &["add", "-A"]);
    git(&sandbox, &["commit", "-qm", "deleted"]);
    let refused = sandbox.run("rollback --env test").expect_exit(3);
    let typed = hinted(&refused, "git checkout").pop().expect("a command").clone();
    git(&sandbox, &typed.split(' ').skip(1).collect::<Vec<_>>());
    sandbox.run("rollback --env test --dry-run").expect_exit(0);
}

#[test]
fn a_version_without_a_backend_is_promoted_once_it_has_one() {
    let sandbox = Sandbox::empty();
    sandbox.run("init").expect_exit(0);
    sandbox.run("group create a").expect_exit(0);
    sandbox.run("api add a GET /things").expect_exit(0);
    sandbox.run("publish a --env test --backend http://127.0.0.1:1").expect_exit(0);
    let refused = sandbox.run("promote a --from test --to pre-release").expect_exit(3);
    let refused = refused.expect_stderr("version 0.0.1 of a has no backend address");
    // The settings of the working copy are none of a frozen version's.
    sandbox.run("group set a backend=http://127.0.0.1:2").expect_exit(0);
    sandbox.run("promote a --from test --to pre-release").expect_exit(3);
    let command = &hinted(&refused, "apigw publish")[0];
    run_hint(&sandbox, &command.replace("URL", "http://127.0.0.1:3")).expect_exit(0).expect_stdout("pre-release");
}

#[test]
fn a_deleted_version_is_told_from_one_that_never_was() {
    let sandbox = three_versions();
    sandbox.run("switch --env test --version 0.0.2").expect_exit(0);
    sandbox.run("version delete petstore 0.0.3 --force -m old").expect_exit(0);
    for words in ["version delete 0.0.3 petstore", "version show petstore 0.0.3", "diff petstore@0.0.1 petstore@0.0.3"]
    {
        let refused = sandbox.run(words).expect_exit(3).expect_stderr("it was deleted by ");
        assert!(!refused.stderr.contains("did you mean"), "{refused:?}");
        refused.expect_stderr(": old").expect_stderr("`apigw version list petstore`");
    }
    let switch = sandbox.run("switch petstore --env test").expect_exit(64);
    switch.expect_stderr("'--previous'").expect_stderr("--version <V>");
}

/// A revert in Git, or a folder that was removed, takes the version away, and leaves an operation that names it.
#[test]
fn a_number_that_an_operation_names_comes_back_with_the_same_bytes_alone() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.edit("two");
    sandbox.run("publish --env test --mock --bump patch").expect_exit(0);
    let second = sandbox.read("groups/petstore/openapi.yaml");
    sandbox.run("rollback --env test").expect_exit(0);
    std::fs::rename(sandbox.path().join("groups/petstore/versions/0.0.2"), sandbox.path().join("aside"))
        .expect("a folder");
    sandbox.edit("three");
    let files = sandbox.files();
    for words in ["publish --env test --mock", "publish --env online --mock --yes", "version create"] {
        let refused = sandbox.run(words).expect_exit(4).expect_stderr("version 0.0.2 of petstore is taken");
        refused.expect_stderr("apigw version bump petstore patch");
    }
    assert_eq!(sandbox.files(), files);
    let settings = sandbox.read("groups/petstore/group.yaml");
    sandbox.write("groups/petstore/group.yaml", &settings.replace("0.0.2", "0.0.1"));
    sandbox.run("version bump 0.0.2").expect_exit(4);
    sandbox.run("publish --env online --mock --bump patch --dry-run").expect_exit(0).expect_stdout("0.0.3");
    sandbox.run("version bump patch").expect_exit(0).expect_stdout("0.0.3");
    sandbox.write("groups/petstore/group.yaml", &settings);
    sandbox.write("groups/petstore/openapi.yaml", &second);
    sandbox.run("publish --env test --mock").expect_exit(0).expect_stdout("0.0.2");
    sandbox.run("verify").expect_exit(0);
}
