//! Operations whose files are not there, though an entry or Git's copy of an environment's file names them: `git commit
//! -am` leaves a new file out.

use std::fs;

use crate::conflict::{commit, git};
use crate::harness::Sandbox;

const FILE: &str = "deployments/test.yaml";

/// Publishes a group again, and returns the place of the operation's file.
fn release(sandbox: &Sandbox, group: &str, path: &str) -> String {
    sandbox.run(&format!("api add {group} GET {path}")).expect_exit(0);
    let published =
        sandbox.run(&format!("-o json publish {group} --env test --mock --bump patch")).expect_exit(0).json();
    format!("history/test/{}.yaml", published["operation"].as_str().expect("an operation"))
}

/// Makes a checkout whose newest operation, on `b`, is in no commit; its entry is. Returns the place of its file as
/// well.
fn checkout_without_the_newest_operation() -> (Sandbox, String) {
    let sandbox = Sandbox::two_groups();
    release(&sandbox, "a", "/more");
    assert!(git(&sandbox, "init -q"));
    commit(&sandbox);
    let operation = release(&sandbox, "b", "/more");
    assert!(git(&sandbox, "add -u") && git(&sandbox, "add groups") && git(&sandbox, "commit -qm x"), "a commit");
    fs::remove_file(sandbox.path().join(&operation)).expect("a file");
    (sandbox, operation)
}

#[test]
fn a_file_that_names_an_operation_without_a_file_is_not_to_be_removed() {
    let (sandbox, operation) = checkout_without_the_newest_operation();
    let whole = sandbox.read(FILE);
    let later = whole.find("\n  b:").expect("an entry");
    let edits = [
        whole.replacen("    state", "\tstate", 1),
        whole.replace("environment: test", "environment: online"),
        whole.lines().take(whole.lines().count() - 3).collect::<Vec<_>>().join("\n") + "\n",
        whole.replace("...\n", ""),
        whole.replacen("0.0.2", "0.0.9", 1),
        whole[..later].to_owned() + &whole[later..].replacen("0.0.2", "0.0.1", 1),
    ];
    for edit in edits {
        assert_ne!(edit, whole);
        sandbox.write(FILE, &edit);
        let found = sandbox.run("verify").expect_exit(3);
        assert!(!found.stdout.contains(&format!("remove {FILE}")), "{}", found.stdout);
        let found = found.expect_stdout(&format!("git checkout -- {FILE}")).expect_stdout(&operation);
        found.expect_stdout("the file of a committed operation is missing");
        sandbox.run("verify --repair").expect_exit(3);
        assert_eq!(sandbox.read(FILE), edit);
    }
}

#[test]
fn a_removed_file_is_not_built_without_an_operation_that_git_names() {
    let (sandbox, operation) = checkout_without_the_newest_operation();
    let whole = sandbox.read(FILE);
    fs::remove_file(sandbox.path().join(FILE)).expect("a file");
    let found = sandbox.run("verify").expect_exit(3).expect_stdout(&operation);
    found.expect_stdout(&format!("git checkout -- {FILE}"));
    sandbox.run("verify --repair").expect_exit(3);
    sandbox.run("resolve --env test").expect_exit(3).expect_stderr(&operation);
    assert!(!sandbox.path().join(FILE).exists());
    assert!(git(&sandbox, &format!("checkout -- {FILE}")));
    assert_eq!(sandbox.read(FILE), whole);
}

/// An operation that is missing may name any version, as one in conflict does.
#[test]
fn nothing_is_pruned_while_an_operation_has_no_file() {
    let sandbox = Sandbox::two_groups();
    let first = release(&sandbox, "b", "/two");
    let second = release(&sandbox, "b", "/three");
    release(&sandbox, "b", "/four");
    for operation in [&first, &second] {
        fs::remove_file(sandbox.path().join(operation)).expect("a file");
    }
    let files = sandbox.files();
    for words in ["prune --dry-run", "prune"] {
        sandbox.run(words).expect_exit(3).expect_stderr(&second);
    }
    assert_eq!(sandbox.files(), files);
    let found = sandbox.run("verify").expect_exit(3);
    assert!(!found.stdout.contains("apigw prune"), "{}", found.stdout);
}

/// So it is after `git merge --abort`, where the merge was resolved already.
#[test]
fn an_operation_that_builds_upon_a_missing_one_cannot_be_dropped() {
    let sandbox = Sandbox::two_groups();
    let live = sandbox.read(FILE);
    let missing = release(&sandbox, "b", "/two");
    let built_upon = release(&sandbox, "b", "/three");
    sandbox.write(FILE, &live);
    fs::remove_file(sandbox.path().join(&missing)).expect("a file");
    let id = |place: &str| place.trim_start_matches("history/test/").trim_end_matches(".yaml").to_owned();
    let files = sandbox.files();
    let refused = sandbox.run(&format!("resolve --env test --drop {} -m aborted", id(&built_upon))).expect_exit(3);
    refused.expect_stderr("which has no file here").expect_stderr(&id(&missing));
    assert_eq!(sandbox.files(), files);
}

#[test]
fn a_revert_keeps_the_versions_whose_operations_stay() {
    let sandbox = Sandbox::two_groups();
    sandbox.run("publish a --env online --mock --yes").expect_exit(0);
    assert!(git(&sandbox, "init -q"));
    commit(&sandbox);
    release(&sandbox, "a", "/two");
    let published = sandbox.run("-o json publish a --env online --mock --yes").expect_exit(0).json();
    let operation = format!("history/online/{}.yaml", published["operation"].as_str().expect("an operation"));
    commit(&sandbox);
    sandbox.run("api add a GET /three").expect_exit(0);
    sandbox.run("publish a --env online --mock --yes --bump patch").expect_exit(0);
    commit(&sandbox);
    assert!(!git(&sandbox, "revert --no-edit HEAD~1"), "a conflict");
    assert!(!sandbox.path().join("groups/a/versions/0.0.2").exists());
    // Git reverted that file without a conflict.
    sandbox.run("resolve --env test").expect_exit(0).expect_stdout("test: nothing to do");
    sandbox.run("resolve --env online --ours --yes").expect_exit(3).expect_stderr(&operation);
    assert!(git(&sandbox, &format!("checkout HEAD -- {operation}")));
    let resolved = sandbox.run("resolve --env online --ours --yes").expect_exit(0).expect_stdout("version 0.0.2");
    resolved.expect_stdout("groups/a/versions");
    sandbox.run("verify").expect_exit(0);
    sandbox.run("rollback a --env online --yes --dry-run").expect_exit(0).expect_stdout("0.0.2");
}

#[test]
fn a_choice_between_operations_of_no_branch_names_each() {
    let sandbox = Sandbox::two_groups();
    let before = sandbox.read(FILE);
    let lost = release(&sandbox, "a", "/two");
    sandbox.write(FILE, &before);
    let present = release(&sandbox, "a", "/three");
    let refused = sandbox.run("resolve --env test").expect_exit(4).expect_stderr("more than one latest operation");
    assert!(!refused.stderr.contains("--ours"), "{}", refused.stderr);
    let refused = sandbox.run("resolve --env test --ours").expect_exit(4);
    let id = |place: &str| place.trim_start_matches("history/test/").trim_end_matches(".yaml").to_owned();
    let take = |place: &str| format!("apigw resolve a --env test --take {}", id(place));
    assert!(refused.stderr.contains("--take"), "{}", refused.stderr);
    sandbox.run(take(&lost).trim_start_matches("apigw ")).expect_exit(0);
    assert_ne!(lost, present);
    sandbox.run("verify").expect_exit(0);
}

#[test]
fn the_ways_back_that_are_named_need_no_missing_operation() {
    let sandbox = Sandbox::two_groups();
    release(&sandbox, "b", "/two");
    let latest = release(&sandbox, "b", "/three");
    fs::remove_file(sandbox.path().join(&latest)).expect("a file");
    let refused = sandbox.run("rollback b --env test").expect_exit(3).expect_stderr(&latest);
    assert!(!refused.stderr.contains("--to"), "{}", refused.stderr);
    let refused = refused.expect_stderr("`apigw switch b --env test --version V`");
    refused.expect_stderr("`apigw offline b --env test`");
    sandbox.run("switch b --env test --version 0.0.2 --dry-run").expect_exit(0);
    sandbox.run("offline b --env test --dry-run").expect_exit(0);
}

#[test]
fn an_undo_leaves_out_no_group_whose_later_operation_has_no_file() {
    let sandbox = Sandbox::two_groups();
    let first = sandbox.read_folder("history/test").swap_remove(0);
    let latest = release(&sandbox, "b", "/two");
    fs::remove_file(sandbox.path().join(&latest)).expect("a file");
    let files = sandbox.files();
    for words in ["", " --skip-changed"] {
        let words = format!("undo {} --env test{words}", first.trim_end_matches(".yaml"));
        sandbox.run(&words).expect_exit(3).expect_stderr(&latest);
    }
    assert_eq!(sandbox.files(), files);
}

#[test]
fn an_operation_is_shown_whole_beside_a_damaged_one_of_another_group() {
    let sandbox = Sandbox::two_groups();
    let of_a = release(&sandbox, "a", "/two");
    let of_b = release(&sandbox, "b", "/two");
    let id = |place: &str| place.trim_start_matches("history/test/").trim_end_matches(".yaml").to_owned();
    let later = release(&sandbox, "a", "/three");
    sandbox.write(&of_a, "x: [\n");
    let shown = sandbox.run(&format!("show {}", id(&of_b))).expect_exit(0);
    assert!(shown.stderr.is_empty(), "{shown:?}");
    sandbox.run("history b").expect_exit(0);
    sandbox.run(&format!("show {}", id(&later))).expect_exit(3).expect_stderr(&id(&of_a)[..8]);
}

#[test]
fn a_missing_or_damaged_operation_is_seen_and_bars_no_way_back_to_another() {
    for is_damaged in [false, true] {
        let sandbox = Sandbox::two_groups();
        let earlier = release(&sandbox, "b", "/two");
        let last = release(&sandbox, "b", "/three");
        fs::remove_file(sandbox.path().join(&last)).expect("a file");
        if is_damaged {
            sandbox.write(&last, "other bytes");
        }
        sandbox.run("status --check").expect_exit(3).expect_stderr(&last);
        sandbox.run("verify").expect_exit(3);
        let earlier = earlier.trim_start_matches("history/test/").trim_end_matches(".yaml");
        sandbox.run(&format!("rollback b --env test --to {earlier}")).expect_exit(0).expect_stdout("0.0.2 with mock");
        sandbox.run("status").expect_exit(0).expect_stdout("0.0.2 mock");
    }
}
