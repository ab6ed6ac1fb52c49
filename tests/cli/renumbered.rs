//! A version that a merge gave another number, and a working copy that still names the old one.

use crate::conflict::{commit, git};
use crate::harness::Sandbox;

/// Makes a workspace in which a merge gave the version of the working copy of `a` the number 0.0.3; it names 0.0.2,
/// which has the bytes of the other branch.
fn renumbered() -> Sandbox {
    let sandbox = Sandbox::two_groups();
    assert!(git(&sandbox, "init -q"));
    sandbox.run("publish a --env online --mock --yes").expect_exit(0);
    commit(&sandbox);
    assert!(git(&sandbox, "branch other"));
    for (branch, path) in [("other", "/extra"), ("main", "/own")] {
        assert!(git(&sandbox, &format!("checkout -q {branch}")));
        sandbox.run(&format!("api add a GET {path}")).expect_exit(0);
        sandbox.run("publish a --env online --mock --yes --bump patch").expect_exit(0);
        commit(&sandbox);
    }
    assert!(!git(&sandbox, "merge -q other"), "a conflict");
    sandbox.run("resolve a --env online --theirs --yes").expect_exit(0);
    assert!(git(&sandbox, "checkout --ours groups/a/openapi.yaml"));
    commit(&sandbox);
    sandbox.run("version list a").expect_exit(0).expect_stdout("0.0.3 (frozen as 0.0.2)");
    sandbox
}

#[test]
fn a_renumbered_working_copy_is_frozen_once() {
    let sandbox = renumbered();
    let planned = sandbox.run("publish a --env test --mock --bump patch --dry-run").expect_exit(0);
    assert!(planned.stdout.contains("0.0.3") && !planned.stdout.contains("0.0.4"), "{planned:?}");
    sandbox.run("version create a").expect_exit(0).expect_stdout("a 0.0.3 is frozen already");
    // The number in the settings does not make another version of it.
    let settings = sandbox.read("groups/a/group.yaml");
    sandbox.write("groups/a/group.yaml", &settings.replace("0.0.2", "0.0.1"));
    sandbox.run("publish a --env test --mock --bump patch").expect_exit(0).expect_stdout("0.0.3");
    sandbox.run("publish a --env test --mock --bump patch --detailed-exitcode").expect_exit(0);
    sandbox.run("verify").expect_exit(0);
    let versions = sandbox.run("version list a").expect_exit(0);
    assert!(!versions.stdout.contains("0.0.4"), "{versions:?}");
}

#[test]
fn the_ways_out_of_a_frozen_number_can_be_typed() {
    let sandbox = renumbered();
    let refused = sandbox.run("publish a --env test --mock").expect_exit(4);
    refused.expect_stderr("--version 0.0.3").expect_stderr("`apigw version bump a patch`");
    sandbox.run("publish a --env test --mock --version 0.0.3 --dry-run").expect_exit(0);
    sandbox.run("version bump a patch").expect_exit(0).expect_stdout("0.0.2 → 0.0.4");
    sandbox.run("version create a").expect_exit(0).expect_stdout("a 0.0.4 is frozen\n");
    // An edit of an old version goes past all that are newer, and a blocked version is no way out.
    sandbox.run("version block a 0.0.4 -m bad").expect_exit(0);
    sandbox.run("api add a GET /more").expect_exit(0);
    for words in ["publish a --env test --mock", "version create a"] {
        let refused = sandbox.run(words).expect_exit(4);
        assert!(!refused.stderr.contains("--version 0.0.4"), "{refused:?}");
    }
    let settings = sandbox.read("groups/a/group.yaml");
    sandbox.write("groups/a/group.yaml", &settings.replace("0.0.4", "0.0.2"));
    sandbox.run("version bump a patch").expect_exit(0).expect_stdout("0.0.2 → 0.0.5");
    sandbox.run("version bump a 0.0.1").expect_exit(4).expect_stderr("frozen already");
}

#[test]
fn every_command_tells_the_number_that_a_renumbered_version_was_frozen_with() {
    let sandbox = renumbered();
    sandbox.run("publish a --env test --mock --version 0.0.3").expect_exit(0).expect_stdout("0.0.3 (frozen as 0.0.2)");
    sandbox.run("publish a --env test --mock --version 0.0.1").expect_exit(0).expect_stdout("0.0.3 (frozen as 0.0.2)");
    for command in ["undo", "switch a --version 0.0.1", "rollback a"] {
        sandbox.run(&format!("{command} --env test")).expect_exit(0).expect_stdout("0.0.3 (frozen as 0.0.2) with mock");
    }
    sandbox.run("status a --env test").expect_exit(0).expect_stdout("0.0.3 (frozen as 0.0.2) mock");
}

/// A merge is over that took one side of a number which both branches had frozen.
#[test]
fn a_number_with_other_content_than_the_history_has_is_renumbered_and_not_overwritten() {
    let sandbox = Sandbox::two_groups();
    assert!(git(&sandbox, "init -q"));
    commit(&sandbox);
    assert!(git(&sandbox, "checkout -qb other"));
    for words in ["api add a GET /other", "version bump a patch", "version create a"] {
        sandbox.run(words).expect_exit(0);
    }
    commit(&sandbox);
    assert!(git(&sandbox, "checkout -q main"));
    sandbox.run("api add a GET /own").expect_exit(0);
    let published = sandbox.run("-o json publish a --env test --mock --bump patch").expect_exit(0).json();
    let operation = published["operation"].as_str().expect("an operation");
    sandbox.run("rollback a --env test").expect_exit(0);
    commit(&sandbox);
    assert!(!git(&sandbox, "merge -q other"), "a conflict");
    assert!(git(&sandbox, "checkout --theirs -- groups"));
    commit(&sandbox);
    sandbox.write("note.txt", "later\n");
    commit(&sandbox);
    let back = format!("rollback a --env test --to {operation} --dry-run");
    for (words, exit) in [("verify", 3), (back.as_str(), 4)] {
        let shown = sandbox.run(words).expect_exit(exit);
        let text = shown.stdout + &shown.stderr;
        assert!(text.contains("`apigw resolve --env test` gives the version of each side"), "{words}: {text}");
        assert!(!text.contains("-- groups/a/versions/0.0.2`"), "{words}: {text}");
        assert!(!text.contains("--version 0.0.2"), "{words}: {text}");
    }
    sandbox.run("resolve --env test").expect_exit(0);
    sandbox.run("verify").expect_exit(0);
    sandbox.run(&back).expect_exit(0);
}

#[test]
fn a_dropped_operation_does_not_take_the_number_of_the_live_release() {
    // Either of the two may have the smaller digest.
    for (dropped, live) in [("/extra", "/own"), ("/own", "/extra")] {
        let sandbox = Sandbox::two_groups();
        assert!(git(&sandbox, "init -q"));
        sandbox.run("publish a --env online --mock --yes").expect_exit(0);
        commit(&sandbox);
        assert!(git(&sandbox, "branch other"));
        for (branch, path) in [("other", dropped), ("main", live)] {
            assert!(git(&sandbox, &format!("checkout -q {branch}")));
            sandbox.run(&format!("api add a GET {path}")).expect_exit(0);
            sandbox.run("publish a --env online --mock --yes --bump patch").expect_exit(0);
            commit(&sandbox);
        }
        git(&sandbox, "merge -q other");
        assert!(git(&sandbox, "checkout -q HEAD -- deployments groups"));
        commit(&sandbox);
        let found = sandbox.run("verify").expect_exit(3);
        let operation = found.stdout.split("--drop ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a way");
        sandbox.run(&format!("resolve --env online --yes --drop {operation} -m never")).expect_exit(0);
        let manifest = sandbox.read("groups/a/versions/0.0.2/openapi.yaml");
        assert!(manifest.contains(live), "{live}: {manifest}");
        sandbox.run("verify").expect_exit(0);
    }
}
