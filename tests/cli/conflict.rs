//! A merge conflict in one group's entry: every view has the rest, and the other groups have their way back.

use std::fs;
use std::process::Command;

use crate::harness::{Sandbox, isolate};
use crate::serving::Serving;

/// Runs Git, and returns true if it succeeded.
pub(crate) fn git(sandbox: &Sandbox, words: &str) -> bool {
    let mut command = Command::new("git");
    command.current_dir(sandbox.path());
    isolate(&mut command, sandbox.path());
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"];
    command.args(identity).args(words.split(' ')).output().expect("git runs").status.success()
}

pub(crate) fn commit(sandbox: &Sandbox) {
    assert!(git(sandbox, "add -A") && git(sandbox, "commit -qm x"), "a commit");
}

/// Makes a workspace whose two groups are live, and that Git has.
fn two_groups() -> Sandbox {
    let sandbox = Sandbox::two_groups();
    sandbox.run("publish b --env test --backend http://127.0.0.1:9").expect_exit(0);
    assert!(git(&sandbox, "init -q"));
    commit(&sandbox);
    sandbox
}

/// Changes group a on two branches, and stays on the first.
fn change_a_on_two_branches(sandbox: &Sandbox) {
    assert!(git(sandbox, "checkout -qb other"));
    sandbox.run("publish a --env test --backend http://127.0.0.1:2").expect_exit(0);
    commit(sandbox);
    assert!(git(sandbox, "checkout -q main"));
    sandbox.run("publish a --env test --backend http://127.0.0.1:1").expect_exit(0);
    commit(sandbox);
}

/// Changes group a on two branches, and merges one into the other.
fn merge_changes_of_a(sandbox: &Sandbox) {
    change_a_on_two_branches(sandbox);
    merge_other(sandbox);
}

fn merge_other(sandbox: &Sandbox) {
    assert!(!git(sandbox, "merge -q other"), "a conflict");
    assert!(sandbox.read("deployments/test.yaml").contains("<<<<<<< "), "markers");
}

/// Makes a workspace whose group a is in conflict in test and whose group b is not.
fn conflicted() -> Sandbox {
    let sandbox = two_groups();
    merge_changes_of_a(&sandbox);
    sandbox
}

/// Returns the lines of group a, markers included.
fn part_of_a(sandbox: &Sandbox) -> String {
    let text = sandbox.read("deployments/test.yaml");
    text.split_once("\n  b:\n").expect("b has an entry").0.to_owned()
}

fn operations(sandbox: &Sandbox, words: &str, exit: i32) -> usize {
    let shown = sandbox.run(words).expect_exit(exit).json();
    shown["operations"].as_array().expect("operations").len()
}

#[test]
fn a_conflict_hides_no_other_group() {
    let sandbox = conflicted();
    assert_eq!(operations(&sandbox, "-o json history", 3), 4);
    assert_eq!(operations(&sandbox, "-o json history b", 0), 2);
    assert_eq!(operations(&sandbox, "-o json history a", 3), 3);
    let status = sandbox.run("status").expect_exit(3).expect_stdout("unreadable").expect_stdout("0.0.1 real");
    assert!(status.stderr.contains("both branches changed group a"), "{status:?}");
    let ids = fs::read_dir(sandbox.path().join("history/test")).expect("a history");
    for id in ids.map(|file| file.expect("a file").file_name().into_string().expect("a name")) {
        let shown = sandbox.run(&format!("show {}", id.trim_end_matches(".yaml"))).expect_stdout("publish");
        assert!(!shown.stdout.contains("unexplained"), "{shown:?}");
        // That of b alone is told whole.
        let is_of_a = shown.stdout.contains("publish a");
        assert_eq!((shown.exit, shown.stderr.contains("merge conflict")), if is_of_a { (3, true) } else { (0, false) });
    }
    let verified = sandbox.run("verify").expect_exit(3);
    assert!(!format!("{}{}", verified.stdout, verified.stderr).contains("0 entries"), "{verified:?}");
    // A conflict is no edit by hand, and `check --explain` knows its rule.
    let verified = sandbox.run("-o json verify").expect_exit(3).json();
    let problems = verified["problems"].as_array().expect("problems");
    let is_conflict = |problem: &&serde_json::Value| problem["finding"]["rule"] == "merge-conflict";
    assert!(problems.iter().filter(is_conflict).any(|problem| problem["kind"] == "merge-conflict"), "{verified}");
    assert!(problems.iter().all(|problem| problem["kind"] != "hand-edit"), "{verified}");
    sandbox.run("check --explain merge-conflict").expect_exit(0).expect_stdout("resolve");
}

#[test]
fn a_conflict_bars_no_way_back_of_another_group() {
    let sandbox = conflicted();
    let before = part_of_a(&sandbox);
    for words in ["rollback b --env test", "offline b --env test", "publish b --env test --mock"] {
        sandbox.run(words).expect_exit(0);
        assert_eq!(part_of_a(&sandbox), before, "{words}");
    }
    let file = sandbox.read("deployments/test.yaml");
    for words in [
        "rollback a --env test",
        "offline a --env test",
        "publish a --env test --mock",
        "publish a b --env test --mock",
        "offline --all --env test",
    ] {
        sandbox.run(words).expect_exit(3).expect_stderr("merge conflict");
        assert_eq!(sandbox.read("deployments/test.yaml"), file, "{words}");
    }
    sandbox.run("resolve a --env test --theirs").expect_exit(0);
    sandbox.run("verify").expect_exit(0);
    sandbox.run("status b --env test").expect_exit(0).expect_stdout("0.0.1 mock");
}

#[test]
fn operations_are_shown_without_the_file_of_their_environment() {
    let sandbox = conflicted();
    let file = sandbox.read("deployments/test.yaml");
    sandbox.write("deployments/test.yaml", &file[..file.len() / 2]);
    assert_eq!(operations(&sandbox, "-o json history", 3), 4);
    fs::remove_file(sandbox.path().join("deployments/test.yaml")).expect("a file");
    fs::create_dir(sandbox.path().join("deployments/test.yaml")).expect("a folder");
    assert_eq!(operations(&sandbox, "-o json history b", 3), 2);
}

#[test]
fn every_way_to_another_release_leads_past_a_conflict() {
    let sandbox = conflicted();
    let before = part_of_a(&sandbox);
    sandbox.run("publish b --env test --mock").expect_exit(0);
    let shown = sandbox.run("-o json history b").expect_exit(0).json();
    let newest = shown["operations"][0]["operation"].as_str().expect("an id").to_owned();
    sandbox.run(&format!("undo {newest} --env test")).expect_exit(0).expect_stdout("http://127.0.0.1:9");
    sandbox.run("publish b --env test --mock").expect_exit(0);
    sandbox.run("api add b GET /more").expect_exit(0);
    sandbox.run("version bump b patch").expect_exit(0);
    sandbox.run("version create b").expect_exit(0);
    sandbox.run("switch b --env test --version 0.0.2").expect_exit(0).expect_stdout("0.0.2 with mock");
    sandbox.run("switch b --env test --previous").expect_exit(0).expect_stdout("0.0.1 with mock");
    // From a conflict, and into one.
    sandbox.run("promote b --from test --to pre-release").expect_exit(0);
    sandbox.run("switch b --env pre-release --version 0.0.2").expect_exit(0);
    sandbox.run("promote b --from pre-release --to test").expect_exit(0).expect_stdout("0.0.2 with mock");
    assert_eq!(part_of_a(&sandbox), before);
    for words in ["switch a --env test --version 0.0.1", "promote a --from test --to pre-release"] {
        sandbox.run(words).expect_exit(3).expect_stderr("merge conflict");
    }
    sandbox.run("resolve a --env test --ours").expect_exit(0);
    sandbox.run("verify").expect_exit(0);
    sandbox.run("status b --env test").expect_exit(0).expect_stdout("0.0.2 mock");
}

#[test]
fn a_gateway_serves_both_groups_during_a_conflict() {
    let sandbox = two_groups();
    sandbox.run("publish b --env test --mock").expect_exit(0);
    commit(&sandbox);
    let serving = Serving::start(&sandbox);
    serving.wait_for("/a/things", "200 OK");
    serving.wait_for("/b/things", "200 OK");
    change_a_on_two_branches(&sandbox);
    // A release that ends before the gateway looks is never served.
    serving.wait_to_hear("a 0.0.1 with http://127.0.0.1:1 ");
    merge_other(&sandbox);
    serving.wait_to_hear("merge conflict");
    // Its last release, of this branch, has no backend there.
    serving.wait_for("/a/things", "503 Service Unavailable");
    sandbox.run("offline b --env test").expect_exit(0);
    serving.wait_for("/b/things", "404 Not Found");
    sandbox.run("rollback b --env test").expect_exit(0);
    serving.wait_for("/b/things", "200 OK");
    serving.wait_for("/a/things", "503 Service Unavailable");
}

#[test]
fn a_live_release_is_not_lost_where_two_branches_resolved_a_conflict() {
    let sandbox = two_groups();
    merge_changes_of_a(&sandbox);
    sandbox.run("resolve a --env test --ours").expect_exit(0);
    commit(&sandbox);
    // The other branch merges what this one had before, and keeps its own side too.
    assert!(git(&sandbox, "checkout -q other"));
    assert!(!git(&sandbox, "merge -q main^1"), "a conflict");
    sandbox.run("resolve a --env test --ours").expect_exit(0);
    commit(&sandbox);
    assert!(git(&sandbox, "checkout -q main"));
    assert!(!git(&sandbox, "merge -q other"), "a conflict");
    sandbox.run("resolve a --env test --ours").expect_exit(0);
    commit(&sandbox);
    sandbox.run("verify").expect_exit(0);
    sandbox.run("status a --env test").expect_exit(0).expect_stdout("real");
    let shown = sandbox.run("-o json history a").expect_exit(0).json();
    let published = shown["operations"].as_array().expect("operations").iter().filter(|operation| {
        operation["changes"].as_array().expect("changes").iter().any(|change| change["action"] == "publish")
    });
    for operation in published {
        let url = &operation["changes"][0]["after"]["backend"]["url"];
        let is_lost = operation["changes"][0]["lost_to"].is_string();
        assert_eq!(is_lost, url == "http://127.0.0.1:2", "{operation}");
    }
}

#[test]
fn a_resolve_leaves_an_edit_of_another_group_as_it_is() {
    // In conflict, and after somebody took one side of the file.
    for takes_side in [false, true] {
        let sandbox = conflicted();
        if takes_side {
            assert!(git(&sandbox, "checkout --ours deployments"));
        }
        let text = sandbox.read("deployments/test.yaml");
        let edited = text.replace("127.0.0.1:9", "127.0.0.1:7");
        assert_ne!(text, edited);
        sandbox.write("deployments/test.yaml", &edited);
        sandbox.run("resolve b --env test --ours").expect_exit(3).expect_stderr("b is not as operation");
        assert_eq!(sandbox.read("deployments/test.yaml"), edited);
        let resolved = sandbox.run("resolve --env test --ours").expect_exit(0);
        resolved.expect_stderr("b in test was edited by hand, and stays so").expect_stdout("resolve a");
        assert!(sandbox.read("deployments/test.yaml").contains("127.0.0.1:7"), "{takes_side}");
        sandbox.run("resolve --env test").expect_exit(3).expect_stderr("b is not as operation");
        sandbox.run("verify --repair --yes").expect_exit(0);
        sandbox.run("verify").expect_exit(0).expect_stdout("no problems");
        let status = sandbox.run("-o json status").expect_exit(0).json();
        let urls: Vec<_> =
            status["deployments"].as_array().expect("entries").iter().map(|e| e["backend"]["url"].clone()).collect();
        assert_eq!(urls, ["http://127.0.0.1:1", "http://127.0.0.1:7"]);
    }
}

#[test]
fn a_resolve_overwrites_no_edit_of_a_group_that_one_branch_changed() {
    for is_of_ours in [false, true] {
        let sandbox = two_groups();
        assert!(git(&sandbox, "checkout -qb other"));
        let changed = |url: &str| sandbox.run(&format!("publish {url}")).expect_exit(0);
        changed("a --env test --backend http://127.0.0.1:2");
        if !is_of_ours {
            changed("b --env test --backend http://127.0.0.1:8");
        }
        commit(&sandbox);
        assert!(git(&sandbox, "checkout -q main"));
        changed("a --env test --backend http://127.0.0.1:1");
        if is_of_ours {
            changed("b --env test --backend http://127.0.0.1:8");
        }
        commit(&sandbox);
        assert!(!git(&sandbox, "merge -q other"), "a conflict");
        let text = sandbox.read("deployments/test.yaml");
        let edited = text.replace("127.0.0.1:8", "127.0.0.1:7");
        assert_ne!(text, edited);
        sandbox.write("deployments/test.yaml", &edited);
        sandbox.run("resolve b --env test --ours").expect_exit(3).expect_stderr("b is not as operation");
        let resolved = sandbox.run("resolve --env test --ours").expect_exit(0);
        resolved.expect_stderr("b in test was edited by hand, and stays so").expect_stdout("resolve a");
        assert!(sandbox.read("deployments/test.yaml").contains("127.0.0.1:7"), "{is_of_ours}");
        sandbox.run("verify --repair --yes").expect_exit(0);
        sandbox.run("verify").expect_exit(0).expect_stdout("no problems");
    }
}

#[test]
fn a_resolve_overwrites_no_edit_of_which_nothing_is_known() {
    for is_known in [false, true] {
        let sandbox = conflicted();
        let text = sandbox.read("deployments/test.yaml");
        let (before, of_b) = text.rsplit_once("  b:\n").expect("an entry");
        let line = of_b.lines().find(|line| line.trim_start().starts_with("operation: ")).expect("an operation");
        // An operation that no file has, in part of its id, or an earlier one of the group.
        let history = sandbox.read_folder("history/test");
        let earlier = history.iter().find(|name| !line.contains(name.trim_end_matches(".yaml"))).expect("an operation");
        let other = if is_known { earlier.trim_end_matches(".yaml") } else { "mine" };
        let edited = of_b.replace(line, &format!("    operation: \"{other}\"")).replace("127.0.0.1:9", "127.0.0.1:7");
        let edited = format!("{before}  b:\n{edited}");
        sandbox.write("deployments/test.yaml", &edited);
        sandbox.run("resolve --env test --ours").expect_exit(3).expect_stderr("b is not as operation");
        assert_eq!(sandbox.read("deployments/test.yaml"), edited);
    }
}

#[test]
fn a_commit_that_was_picked_without_the_one_before_it_says_where_that_is() {
    let sandbox = two_groups();
    assert!(git(&sandbox, "checkout -qb other"));
    for port in [1, 2] {
        sandbox.run(&format!("publish a --env test --backend http://127.0.0.1:{port}")).expect_exit(0);
        commit(&sandbox);
    }
    assert!(git(&sandbox, "checkout -q main") && !git(&sandbox, "cherry-pick other"), "a conflict");
    let refused = sandbox.run("resolve --env test --theirs").expect_exit(3);
    assert!(!refused.stderr.contains("no entry leads to it"), "the entry of one side does: {refused:?}");
    let typed = refused.stderr.split('`').find(|part| part.starts_with("git checkout ")).expect("a command");
    assert!(typed.contains(" -- history/test/"), "{typed}");
    assert!(git(&sandbox, typed.trim_start_matches("git ")));
    sandbox.run("resolve --env test --theirs").expect_exit(0);
    sandbox.run("verify").expect_exit(0).expect_stdout("no problems");
}

#[test]
fn a_committed_edit_beside_a_merge_has_a_way_out_that_works() {
    let sandbox = two_groups();
    assert!(git(&sandbox, "checkout -qb other"));
    sandbox.run("publish a --env test --backend http://127.0.0.1:2").expect_exit(0);
    commit(&sandbox);
    assert!(git(&sandbox, "checkout -q main"));
    let text = sandbox.read("deployments/test.yaml");
    sandbox.write("deployments/test.yaml", &text.replacen("version: \"0.0.1\"", "version: \"0.0.2\"", 1));
    commit(&sandbox);
    assert!(git(&sandbox, "merge -q -m m other"), "no conflict");
    for words in ["resolve --env test --ours", "resolve --env test --theirs", "resolve a --env test"] {
        let refused = sandbox.run(words).expect_exit(3);
        refused.expect_stderr("remove deployments/test.yaml: `apigw resolve --env test` builds it");
    }
    fs::remove_file(sandbox.path().join("deployments/test.yaml")).expect("a file");
    sandbox.run("resolve --env test").expect_exit(0);
    sandbox.run("verify").expect_exit(0).expect_stdout("no problems");
    assert!(part_of_a(&sandbox).contains("http://127.0.0.1:2"));
}

#[test]
fn a_revert_of_an_older_release_leads_out_by_commands_that_can_be_typed() {
    for has_more in [false, true] {
        let sandbox = two_groups();
        if has_more {
            sandbox.write("notes.txt", "more");
        }
        for port in [1, 2] {
            sandbox.run(&format!("publish a --env test --backend http://127.0.0.1:{port}")).expect_exit(0);
            commit(&sandbox);
        }
        assert!(!git(&sandbox, "revert --no-edit HEAD~1"), "a conflict");
        for words in ["verify", "status", "rollback a --env test", "resolve --env test"] {
            let refused = sandbox.run(words).expect_exit(3);
            let told = format!("{}{}", refused.stdout, refused.stderr);
            assert!(!told.contains("both branches") && !told.contains("COMMIT"), "{words}: {told}");
        }
        sandbox.run("verify").expect_stdout("the commit to be reverted released group a");
        let refused = sandbox.run("resolve --env test").expect_exit(3);
        let (_, command) = refused.stderr.split_once("`git checkout HEAD -- ").expect("a command");
        let (file, _) = command.split_once('`').expect("its end");
        assert!(git(&sandbox, &format!("checkout HEAD -- {file}")));
        let end = if has_more { "-c core.editor=true revert --continue" } else { "revert --skip" };
        let (_, words) = end.split_once("revert").expect("a command");
        let told = format!("`git add deployments history`, then `git revert{words}`");
        sandbox.run("resolve --env test").expect_exit(0).expect_stdout(&told);
        assert!(git(&sandbox, "add deployments history") && git(&sandbox, end), "{end}");
        sandbox.run("verify").expect_exit(0).expect_stdout("no problems");
        assert!(!sandbox.path().join("notes.txt").exists(), "{has_more}");
    }
}

#[test]
fn a_resolve_that_is_refused_shows_what_it_keeps_and_what_not() {
    let sandbox = two_groups();
    sandbox.run("api add a GET /two").expect_exit(0);
    sandbox.run("publish a --env test --mock --bump patch").expect_exit(0);
    sandbox.run("api add a GET /three").expect_exit(0);
    sandbox.run("publish a --env test --mock --bump patch").expect_exit(0);
    commit(&sandbox);
    assert!(git(&sandbox, "checkout -qb other"));
    sandbox.run("switch a --env test --version 0.0.1").expect_exit(0);
    commit(&sandbox);
    assert!(git(&sandbox, "checkout -q main"));
    sandbox.run("switch a --env test --version 0.0.2").expect_exit(0);
    sandbox.run("version block a 0.0.1 -m leak").expect_exit(0);
    commit(&sandbox);
    merge_other(&sandbox);
    let refused = sandbox.run("resolve --env test --theirs").expect_exit(5);
    assert!(!refused.stdout.contains('→'), "{}", refused.stdout);
    refused.expect_stdout("resolve a: 0.0.1 with mock\n").expect_stdout("  not kept: 0.0.2 with mock, by operation ");
}

/// Both branches froze 0.0.2, each with other content.
#[test]
fn a_choice_tells_two_contents_of_one_number_apart() {
    let sandbox = two_groups();
    for (branch, path) in [("other", "/two"), ("main", "/three")] {
        let words = if branch == "other" { "checkout -qb other" } else { "checkout -q main" };
        assert!(git(&sandbox, words));
        sandbox.run(&format!("api add a GET {path}")).expect_exit(0);
        sandbox.run("publish a --env test --mock --bump patch").expect_exit(0);
        commit(&sandbox);
    }
    merge_other(&sandbox);
    let refused = sandbox.run("resolve --env test").expect_exit(4);
    let digests = refused.stderr.lines().filter(|line| line.contains("0.0.2 with mock (")).count();
    assert_eq!(digests, 2, "{}", refused.stderr);
}
