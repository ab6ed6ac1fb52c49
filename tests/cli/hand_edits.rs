//! Files of environments that somebody edited or laid out anew: the way back stays open, and hints work as typed.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use serde_json::json;

use crate::conflict::{commit, git};
use crate::harness::Sandbox;

const TEST: &str = "deployments/test.yaml";

/// Makes a workspace in which test has 0.0.2 of a, after 0.0.1, and 0.0.1 of b.
fn released() -> Sandbox {
    let sandbox = Sandbox::two_groups();
    sandbox.run("api add a GET /more").expect_exit(0);
    sandbox.run("publish a --env test --mock --bump patch").expect_exit(0);
    sandbox
}

/// Replaces the first place of a part of test's file.
fn edit(sandbox: &Sandbox, before: &str, after: &str) {
    let text = sandbox.read(TEST);
    let edited = text.replacen(before, after, 1);
    assert_ne!(edited, text, "{before} is not in it");
    sandbox.write(TEST, &edited);
}

/// Sets test back to a file, and to its first operations.
fn set_back(sandbox: &Sandbox, text: &str, operations: usize) {
    sandbox.write(TEST, text);
    for operation in sandbox.read_folder("history/test").into_iter().skip(operations) {
        fs::remove_file(sandbox.path().join("history/test").join(operation)).expect("an operation");
    }
    sandbox.run("verify").expect_exit(0);
}

#[test]
fn another_layout_bars_nothing_and_the_next_change_restores_it() {
    let sandbox = released();
    let base = sandbox.read(TEST);
    let quoted = base.replace("  a:\n", "  \"a\":\n");
    let layouts = [
        ("publish b --backend http://127.0.0.1:9", base.replace("  a:\n", "\n  a:\n")),
        ("rollback a", base.replacen("    digest:", "\n    digest:", 1)),
        ("offline b", base.replace("  b:\n", "# the second\n  b:\n").replace("state: live", "state: 'live'")),
        ("switch a --previous", base.replace('\n', "\r\n")),
        ("rollback a", base.replace("...\n", "")),
        ("undo", quoted.clone()),
        ("offline --all", quoted.clone()),
        ("offline b", quoted),
    ];
    for (command, text) in layouts {
        sandbox.write(TEST, &text);
        sandbox.run("status").expect_exit(0).expect_stdout("0.0.2 mock");
        sandbox.run("verify").expect_exit(3).expect_stdout("`apigw verify --repair` restores its layout");
        let words = format!("{command} --env test");
        let told = "deployments/test.yaml: the ";
        sandbox.run(&format!("{words} --dry-run")).expect_exit(0).expect_stderr(told);
        assert_eq!(sandbox.read(TEST), text, "{words} --dry-run wrote something");
        let changed = sandbox.run(&words).expect_exit(0).expect_stderr(told);
        changed.expect_stderr("this change restores its layout");
        sandbox.run("verify").expect_exit(0).expect_stdout("no problems");
        set_back(&sandbox, &base, 2);
    }
    sandbox.write(TEST, &base.replace("...\n", ""));
    sandbox.run("verify --repair").expect_exit(0).expect_stdout("restored the layout");
    assert_eq!(sandbox.read(TEST), base);
}

#[test]
fn a_file_without_its_end_is_whole_only_with_the_latest_entry_of_every_group() {
    let sandbox = released();
    let base = sandbox.read(TEST);
    let without_b = base.split_once("  b:\n").expect("an entry").0.to_owned();
    let body = base.strip_suffix("...\n").expect("an end").to_owned();
    sandbox.run("offline b --env test").expect_exit(0);
    let latest = sandbox.read(TEST);
    let cut = latest.strip_suffix("...\n").expect("an end");
    let cut = &cut[..cut.len() - 3];
    for text in [without_b.as_str(), &body, cut, "", base.split_once("  a:\n").expect("an entry").0] {
        sandbox.write(TEST, text);
        for words in ["rollback a --env test", "offline a --env test", "verify", "verify --repair"] {
            sandbox.run(words).expect_exit(3);
            assert_eq!(sandbox.read(TEST), text, "{words} changed a file that is cut short");
        }
    }
    // With its end, a file in another layout must not lose an entry unseen either.
    sandbox.write(TEST, &format!("{without_b}\n...\n"));
    sandbox.run("offline a --env test").expect_exit(3);
    fs::remove_file(sandbox.path().join(TEST)).expect("a file");
    sandbox.run("verify --repair").expect_exit(0);
    assert_eq!(sandbox.read(TEST), latest);
}

#[test]
fn an_edit_beside_another_layout_stays_as_it_is_until_its_own_group_changes() {
    let sandbox = released();
    edit(&sandbox, "  b:\n", "\n  'b':\n");
    edit(&sandbox, "version: \"0.0.2\"", "version: \"0.0.1\"");
    sandbox.run("offline b --env test").expect_exit(0).expect_stderr("restores its layout");
    assert!(sandbox.read(TEST).contains("  a:\n    state: live\n    version: \"0.0.1\"\n"), "{}", sandbox.read(TEST));
    assert_eq!(sandbox.read(TEST).matches("  b:\n").count(), 1, "{}", sandbox.read(TEST));
    sandbox.run("rollback a --env test").expect_exit(0).expect_stderr("a in test was edited by hand");
    sandbox.run("verify").expect_exit(0).expect_stdout("no problems");
}

#[test]
fn a_release_plan_replaces_an_edit_as_its_commands_do() {
    let sandbox = released();
    let base = sandbox.read(TEST);
    let plan = |steps: &[&str]| {
        let steps: Vec<String> = steps.iter().map(|step| format!("  - {step}\n")).collect();
        sandbox.write("plan.yaml", &format!("schema: 1\nenvironment: test\nsteps:\n{}", steps.concat()));
    };
    for steps in [
        &["offline: {groups: [a]}"][..],
        &["switch: {groups: [a], previous: true}"],
        &["offline: {groups: [b]}", "switch: {groups: [a], version: 0.0.2}"],
        &["publish: {groups: [b], backend: 'http://127.0.0.1:9'}", "offline: {groups: [a]}"],
        &["offline: {all: true}"],
    ] {
        plan(steps);
        edit(&sandbox, "version: \"0.0.2\"", "version: \"0.0.1\"");
        sandbox.run("plan plan.yaml --out bound.yaml").expect_exit(0).expect_stderr("a in test was edited by hand");
        sandbox.run("apply bound.yaml").expect_exit(0).expect_stderr("a in test was edited by hand");
        sandbox.run("verify").expect_exit(0).expect_stdout("no problems");
        let latest = sandbox.run("-o json history -n 1").expect_exit(0).json()["operations"][0].clone();
        assert_eq!(latest["override"], json!(["hand-edit"]), "{latest}");
        set_back(&sandbox, &base, 2);
    }
    // Whoever looked at the plan saw another edit.
    plan(&["offline: {groups: [a]}"]);
    edit(&sandbox, "version: \"0.0.2\"", "version: \"0.0.1\"");
    sandbox.run("plan plan.yaml --out bound.yaml").expect_exit(0);
    edit(&sandbox, "version: \"0.0.1\"", "version: \"0.0.7\"");
    sandbox
        .run("apply bound.yaml")
        .expect_exit(4)
        .expect_stderr("a in test was edited by hand since the plan was made");
    sandbox.write(TEST, &base);
    edit(&sandbox, "version: \"0.0.2\"", "version: \"0.0.1\"");
    // Who brings something new in is told of the edit first.
    for steps in [
        &["publish: {groups: [a], mock: true}"][..],
        &["publish: {all: true, mock: true}"],
        &["offline: {groups: [b]}", "publish: {groups: [a], mock: true}"],
        &["promote: {groups: [a], from: test, environment: pre-release}"],
    ] {
        plan(steps);
        sandbox.run("plan plan.yaml").expect_exit(3).expect_stderr("apigw verify --repair");
        sandbox.run("apply plan.yaml").expect_exit(3).expect_stderr("apigw verify --repair");
    }
    // An edit that came after the plan was made is no part of it.
    set_back(&sandbox, &base, 2);
    plan(&["offline: {groups: [a]}"]);
    sandbox.run("plan plan.yaml --out bound.yaml").expect_exit(0);
    edit(&sandbox, "version: \"0.0.2\"", "version: \"0.0.1\"");
    let before = sandbox.files();
    for words in ["apply bound.yaml", "apply bound.yaml --allow-breaking -m why"] {
        let stale = sandbox.run(words).expect_exit(4);
        stale
            .expect_stderr("a in test was edited by hand since the plan was made")
            .expect_stderr("see the edit, and how to revert it: `apigw verify`")
            .expect_stderr("apigw plan FILE --out FILE");
    }
    assert_eq!(sandbox.files(), before);
    // Either way out leads on.
    sandbox.run("plan plan.yaml --out again.yaml").expect_exit(0);
    sandbox.write(TEST, &base);
    sandbox.run("apply bound.yaml").expect_exit(0);
}

#[test]
fn an_entry_with_the_id_of_no_operation_bars_no_way_back() {
    let sandbox = released();
    let base = sandbox.read(TEST);
    for command in ["rollback a", "offline a", "undo"] {
        edit(&sandbox, "operation: \"2", "operation: \"1");
        let back = sandbox.run(&format!("{command} --env test")).expect_exit(0);
        back.expect_stderr("a in test was edited by hand (operation: \"1");
        sandbox.run("verify").expect_exit(0).expect_stdout("no problems");
        set_back(&sandbox, &base, 2);
    }
    // An operation that is not here may have changed more than that.
    edit(&sandbox, "operation: \"2", "operation: \"1");
    edit(&sandbox, "version: \"0.0.2\"", "version: \"0.0.1\"");
    let refused = sandbox.run("rollback a --env test").expect_exit(3);
    refused.expect_stderr("remove deployments/test.yaml, then `apigw verify --repair` builds it");
    sandbox.run("offline b --env test").expect_exit(0);
    fs::remove_file(sandbox.path().join(TEST)).expect("a file");
    sandbox.run("verify --repair").expect_exit(0);
    sandbox.run("rollback a --env test").expect_exit(0);
}

#[test]
fn an_entry_under_another_name_has_a_way_out_that_works() {
    let sandbox = released();
    edit(&sandbox, "  a:\n", "  aa:\n");
    for words in ["undo --env test", "rollback a --env test", "offline a --env test", "switch a --env test --previous"]
    {
        sandbox.run(words).expect_exit(3).expect_stderr("`apigw resolve --env test`");
    }
    for words in ["offline --all --env test", "resolve --env test", "verify"] {
        let refused = sandbox.run(words).expect_exit(3);
        let told = format!("{}{}", refused.stdout, refused.stderr);
        assert!(told.contains("remove deployments/test.yaml, then `apigw verify --repair`"), "{words}: {told}");
    }
    fs::remove_file(sandbox.path().join(TEST)).expect("a file");
    sandbox.run("verify --repair").expect_exit(0);
    sandbox.run("undo --env test").expect_exit(0).expect_stdout("0.0.2 with mock → 0.0.1 with mock");
}

#[test]
fn status_tells_an_edit_that_was_replaced_from_a_policy_that_was_overridden() {
    let sandbox = released();
    edit(&sandbox, "version: \"0.0.2\"", "version: \"0.0.1\"");
    sandbox.run("rollback a --env test").expect_exit(0);
    let status = sandbox.run("status").expect_exit(0).expect_stdout("replaced a hand edit");
    assert!(!status.stdout.contains("policy"), "{status:?}");
}

#[test]
fn a_way_back_to_blocked_versions_alone_says_how_to_go_offline() {
    let sandbox = released();
    sandbox.run("version block a 0.0.1 -m bad").expect_exit(0);
    let refused = sandbox.run("rollback a --env test").expect_exit(5);
    refused.expect_stderr("`apigw version unblock a 0.0.1 -m WHY`").expect_stderr("`apigw offline a --env test`");
}

#[test]
fn history_of_a_group_is_whole_beside_the_edit_of_another() {
    let sandbox = released();
    let shown = sandbox.run("-o json history b").expect_exit(0).json();
    let operation = shown["operations"][0]["operation"].as_str().expect("an id").to_owned();
    let of_a = sandbox.run("-o json history a -n 1").expect_exit(0).json()["operations"][0]["operation"].clone();
    edit(&sandbox, "version: \"0.0.2\"", "version: \"0.0.1\"");
    assert_eq!(sandbox.run("-o json history b").expect_exit(0).json(), shown);
    for words in ["history a".to_owned(), "history".to_owned(), format!("show {operation}")] {
        sandbox.run(&words).expect_exit(3).expect_stderr("a in test");
    }
    sandbox.run(&format!("show {}", of_a.as_str().expect("an id"))).expect_exit(3);
    edit(&sandbox, "version: \"0.0.1\"", "version: \"0.0.2\"");
    edit(&sandbox, "  b:\n    state: live", "  b:\n    state: offline");
    sandbox.run(&format!("show {}", of_a.as_str().expect("an id"))).expect_exit(0).expect_stdout("publish a");
}

#[test]
fn a_field_that_no_command_writes_is_named() {
    let sandbox = released();
    let base = sandbox.read(TEST);
    for (before, after, message) in [
        ("    since:", "    note: x\n    since:", "a has `note`, which no entry has"),
        ("deployments:", "owner: x\ndeployments:", "no environment's file has `owner`"),
    ] {
        edit(&sandbox, before, after);
        let found = sandbox.run("verify").expect_exit(3).expect_stdout(message);
        assert!(!found.stdout.contains("the values are those committed"), "{found:?}");
        sandbox.run("verify --repair").expect_exit(0);
        assert_eq!(sandbox.read(TEST), base);
    }
}

#[test]
fn an_entry_that_stands_twice_is_not_said_to_be_recorded() {
    let sandbox = released();
    let base = sandbox.read(TEST);
    let of_b = base[base.find("  b:\n").expect("an entry")..].trim_end_matches("...\n").to_owned();
    edit(&sandbox, "  a:\n", &format!("{of_b}  a:\n"));
    let refused = sandbox.run("publish a --env test --backend http://127.0.0.1:1").expect_exit(3);
    assert!(!refused.stderr.contains("records it as an operation"), "{refused:?}");
    refused.expect_stderr("`apigw verify` says how to restore it");
    sandbox.run("verify").expect_exit(3);
}

#[test]
fn a_refused_repair_names_no_command_that_refuses_the_edit_as_well() {
    let sandbox = Sandbox::two_groups();
    sandbox.run("publish a --env test --backend http://127.0.0.1:1").expect_exit(0);
    let settings = sandbox.read("apigw.toml");
    let denied = settings.replace("[environments.test]\n", "[environments.test]\nmock = \"deny\"\n");
    sandbox.write("apigw.toml", &denied);
    edit(&sandbox, "{type: http, url: \"http://127.0.0.1:1\"}", "{type: mock}");
    let refused = sandbox.run("verify --repair").expect_exit(5).expect_stderr("how to revert it: `apigw verify`");
    assert!(!refused.stderr.contains("apigw publish"), "{refused:?}");
}

/// A formatter changed its quotes on one branch.
#[test]
fn a_merge_of_another_entry_lays_out_one_in_another_layout() {
    let sandbox = Sandbox::two_groups();
    assert!(git(&sandbox, "init -q"));
    commit(&sandbox);
    for (branch, path) in [("other", "/extra"), ("main", "/own")] {
        assert!(git(&sandbox, if branch == "main" { "checkout -q main" } else { "checkout -qb other" }));
        sandbox.run(&format!("api add a GET {path}")).expect_exit(0);
        sandbox.run("publish a --env test --mock --bump patch").expect_exit(0);
        if branch == "main" {
            let text = sandbox.read(TEST);
            let (before, of_b) = text.split_once("  b:\n").expect("an entry");
            sandbox.write(TEST, &format!("{before}  b:\n{}", of_b.replace('"', "'")));
        }
        commit(&sandbox);
    }
    assert!(!git(&sandbox, "merge -q other"), "a conflict");
    assert!(sandbox.read(TEST).contains("version: '0.0.1'"));
    sandbox.run("resolve --env test --ours").expect_exit(0);
    assert!(sandbox.read(TEST).contains("  b:\n    state: live\n    version: \"0.0.1\""));
    assert!(sandbox.run("verify").expect_exit(0).stdout.contains("no problems"));
}

#[test]
fn a_layout_that_changes_while_a_command_waits_is_told() {
    let sandbox = released();
    let folder = fs::File::open(sandbox.path()).expect("a folder");
    folder.lock().expect("a lock");
    let inode = format!(":{} ", folder.metadata().expect("a folder").ino());
    let is_waiting = || {
        let locks = fs::read_to_string("/proc/locks").expect("the locks");
        locks.lines().any(|line| line.contains("->") && line.contains(&inode))
    };
    let changed = std::thread::scope(|scope| {
        let command = scope.spawn(|| sandbox.run("--lock-timeout 60s offline a --env test"));
        while !is_waiting() && !command.is_finished() {
            std::thread::sleep(Duration::from_millis(20));
        }
        edit(&sandbox, "  b:\n", "\n  b:\n");
        folder.unlock().expect("a lock");
        command.join().expect("a command")
    });
    changed.expect_exit(0).expect_stderr("this change restores its layout");
}
