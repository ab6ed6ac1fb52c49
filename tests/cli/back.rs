//! The way back for several groups, and the operation that somebody means by the beginning of its id.

use std::process::{Command, Stdio};

use crate::harness::{Sandbox, isolate};
use crate::tools::has_tool;

#[test]
fn named_groups_go_back_as_all_of_them_do() {
    let sandbox = Sandbox::petstore();
    sandbox.run("group create owners").expect_exit(0);
    sandbox.run("api add owners GET /owners").expect_exit(0);
    let first = sandbox.run("-o json publish petstore --env test --mock").expect_exit(0).json();
    let first = first["operation"].as_str().expect("an operation").to_owned();
    sandbox.edit("two");
    sandbox.run("publish --all --env test --mock --bump patch").expect_exit(0);
    let planned = |groups: &str| {
        let words = format!("-o json rollback {groups} --env test --to {first} --dry-run");
        let mut view = sandbox.run(&words).expect_exit(0).json();
        view["changes"]
            .as_array_mut()
            .expect("changes")
            .iter_mut()
            .for_each(|change| _ = change["after"]["since"].take());
        (view["changes"].clone(), view["warnings"].clone())
    };
    let named = planned("owners petstore");
    assert_eq!(named, planned("--all"));
    assert_eq!(named.1[0], "owners had not been published to test then, and goes offline");
    // A group that was never live before does not hide what is wrong with the others.
    let refused = sandbox.run("rollback owners nothing --env test").expect_exit(3);
    refused.expect_stderr("nothing");
    let refused =
        sandbox.run("rollback owners --env test").expect_exit(3).expect_stderr("apigw offline owners --env test");
    assert!(
        !refused.stderr.contains("apigw undo"),
        "it would take back a release of another group: {}",
        refused.stderr
    );
}

#[test]
fn the_beginning_of_an_id_means_an_operation_of_the_environment() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.run("publish --env pre-release --mock").expect_exit(0);
    // Both ids begin like this; in each environment only one does.
    for environment in ["test", "pre-release"] {
        sandbox.run(&format!("undo 2 --env {environment} --dry-run")).expect_exit(0);
        sandbox.run(&format!("rollback petstore --env {environment} --to 20 --dry-run")).expect_exit(0);
    }
    sandbox.run("promote petstore --from test --to pre-release --at 20 --dry-run").expect_exit(0);
    sandbox.run("show 20").expect_exit(3).expect_stderr("give more characters of the id");
}

#[test]
fn operations_of_one_run_are_in_the_order_of_their_times() {
    let sandbox = Sandbox::petstore();
    sandbox.write(
        "plan.yaml",
        "schema: 1\nsteps:\n- publish: {environment: test, all: true, mock: true}\n\
         - promote: {from: test, to: pre-release, all: true}\n",
    );
    let applied = sandbox.run("-o json apply plan.yaml").expect_exit(0).json();
    let since = |at: usize| applied["plans"][at]["changes"][0]["after"]["since"].as_str().expect("a time").to_owned();
    assert!(since(0) < since(1), "{applied}");
}

#[test]
fn the_way_out_of_a_refused_undo_can_be_typed() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    for mark in ["second", "third"] {
        sandbox.edit(mark);
        sandbox.run("publish petstore --env test --mock --bump patch").expect_exit(0);
    }
    let history = sandbox.run("-o json history --env test").expect_exit(0).json();
    let second = history["operations"][1]["operation"].as_str().expect("an id").to_owned();
    let refused = sandbox.run(&format!("undo {second} --env test")).expect_exit(4);
    assert!(!refused.stderr.contains("undo the later operation"), "another undo is another change: {refused:?}");
    let first = history["operations"][2]["operation"].as_str().expect("an id");
    let of_first = sandbox.run(&format!("undo {first} --env test")).expect_exit(4);
    of_first.expect_stderr("nothing was live before it: `apigw offline petstore --env test`");
    let typed = refused.stderr.split('`').find(|part| part.starts_with("apigw rollback")).expect("a command");
    sandbox.run(typed.trim_start_matches("apigw ")).expect_exit(0);
    assert_eq!(sandbox.entry("test")["version"], "0.0.1");
    // Several of them, and what people see of those left out, have short ids.
    let skipped = sandbox.run(&format!("undo {second} --env test --skip-changed")).expect_exit(0);
    let latest = sandbox.entry("test")["operation"].as_str().expect("an id").to_owned();
    assert!(skipped.stderr.contains("petstore is skipped") && !skipped.stderr.contains(&latest), "{skipped:?}");
    sandbox.run("-o json offline petstore --env test").expect_exit(0);
    let deleted = sandbox.run("-y group delete petstore --force").expect_exit(0);
    assert!(deleted.stderr.contains("fails from now on") && !deleted.stderr.contains(&second), "{deleted:?}");
}

#[test]
fn an_undone_first_release_comes_back_by_the_undo_of_the_undo_alone() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    sandbox.run("undo --env test").expect_exit(0);
    let refused = sandbox.run("rollback petstore --env test").expect_exit(3).expect_stderr("nothing else was live");
    let switched = sandbox.run("switch petstore --env test --version 0.0.1").expect_exit(3);
    assert!(!switched.stderr.contains("apigw rollback"), "it would be refused: {}", switched.stderr);
    let typed = refused.stderr.split('`').find(|part| part.starts_with("apigw undo")).expect("a command");
    sandbox.run(typed.trim_start_matches("apigw ")).expect_exit(0);
    assert_eq!(sandbox.entry("test")["state"], "live");
}

#[test]
fn a_group_that_a_rollback_of_all_took_back_comes_back_alone() {
    let sandbox = Sandbox::empty();
    sandbox.run("init").expect_exit(0);
    for group in ["a", "b"] {
        sandbox.run(&format!("group create {group}")).expect_exit(0);
        sandbox.run(&format!("api add {group} GET /things")).expect_exit(0);
        sandbox.run(&format!("publish {group} --env test --mock")).expect_exit(0);
        sandbox.run(&format!("switch {group} --env test --version 0.0.1")).expect_exit(0);
    }
    let history = sandbox.run("-o json history a").expect_exit(0).json();
    let first = history["operations"][0]["operation"].as_str().expect("an id").to_owned();
    sandbox.run("api add a GET /others").expect_exit(0);
    sandbox.run("publish a --env test --mock --bump patch").expect_exit(0);
    sandbox.run(&format!("rollback --all --env test --to {first}")).expect_exit(0);
    let refused = sandbox.run("rollback b --env test").expect_exit(3).expect_stderr("nothing else was live");
    let typed: Vec<&str> = refused.stderr.split('`').filter(|part| part.starts_with("apigw ")).collect();
    assert!(typed.iter().any(|typed| typed.starts_with("apigw undo ")), "{}", refused.stderr);
    let back = typed.iter().find(|typed| typed.starts_with("apigw rollback b ")).expect("a command");
    sandbox.run(back.trim_start_matches("apigw ")).expect_exit(0);
    let status = sandbox.run("-o json status --env test").expect_exit(0).json();
    let states: Vec<_> =
        status["deployments"].as_array().expect("entries").iter().map(|entry| &entry["state"]).collect();
    assert_eq!(states, ["live", "live"]);
    assert_eq!(status["deployments"][0]["version"], "0.0.1", "a stays as the rollback left it");
}

#[test]
fn a_dry_run_counts_in_words_of_the_language() {
    let sandbox = Sandbox::petstore();
    sandbox.run("group create other").expect_exit(0);
    sandbox.run("api add other GET /things").expect_exit(0);
    sandbox.run("publish --all --env test --mock").expect_exit(0);
    let first = sandbox.entry("test")["operation"].as_str().expect("an id").to_owned();
    sandbox.run("offline --all --env test --dry-run").expect_exit(0).expect_stdout("2 to take offline");
    sandbox.run("offline --all --env test").expect_exit(0);
    let back = format!("rollback --all --env test --to {first} --dry-run");
    sandbox.run(&back).expect_exit(0).expect_stdout("2 to roll back");
}

#[test]
fn a_version_and_an_environment_in_the_wrong_place_are_named_with_the_command_for_them() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    for version in ["0.0.1", "v0.0.1", "petstore@0.0.1"] {
        sandbox
            .run(&format!("rollback petstore --env test --to {version}"))
            .expect_exit(3)
            .expect_stderr("0.0.1 is a version: `apigw switch petstore --env test --version 0.0.1`");
    }
    sandbox.run("rollback --all --env test --to 0.0.1").expect_exit(3).expect_stderr("apigw switch GROUP --env test");
    let promoted = sandbox.run("promote petstore --from test --to pre-release --at 0.0.1").expect_exit(3);
    promoted.expect_stderr("for a version, `--version 0.0.1`");
    for (words, environment) in [
        ("status online", "online"),
        ("status prod", "online"),
        ("history test", "test"),
        ("routes test", "test"),
        ("offline test --env test", "test"),
    ] {
        let hint = format!("is an environment: leave it out, and name it with `--env {environment}`");
        sandbox.run(words).expect_exit(3).expect_stderr("there is no group").expect_stderr(&hint);
    }
    let other = sandbox.run("status nothing").expect_exit(3);
    assert!(!other.stderr.contains("is an environment"), "{}", other.stderr);
}

#[test]
fn an_operation_after_one_of_a_later_clock_comes_after_it_and_tells_how_late_that_was() {
    if !has_tool("faketime", "a clock that is wrong") {
        return;
    }
    let sandbox = Sandbox::petstore();
    let mut command = Command::new("faketime");
    command.args(["-f", "+50h", env!("CARGO_BIN_EXE_apigw"), "publish", "--env", "test", "--mock"]);
    command.current_dir(sandbox.path()).stdout(Stdio::null());
    isolate(&mut command, sandbox.path());
    assert!(command.status().expect("faketime runs").success());
    let told = "the newest operation of test is 2d ahead of this machine's clock";
    sandbox.run("offline --env test").expect_exit(0).expect_stderr(told);
    sandbox.run("history -n 1").expect_exit(0).expect_stdout("offline petstore");
}

#[test]
fn an_undo_names_the_entry_that_was_lost_and_takes_no_other_group_back() {
    let sandbox = two_groups_of_two_releases();
    let file = sandbox.read("deployments/test.yaml");
    let (before, rest) = file.split_once("  petstore:\n").expect("an entry");
    let rest: Vec<&str> = rest.lines().skip_while(|line| line.starts_with("    ")).collect();
    sandbox.write("deployments/test.yaml", &format!("{before}{}\n", rest.join("\n")));
    for words in ["undo --env test", "undo --env test --skip-changed"] {
        let refused = sandbox.run(words).expect_exit(3).expect_stderr("no entry of test leads to operation");
        refused.expect_stderr("apigw resolve --env test");
    }
    sandbox.run("resolve --env test").expect_exit(0);
    sandbox.run("undo --env test").expect_exit(0).expect_stdout("petstore");
    sandbox.run("verify").expect_exit(0);
}

/// Two groups, each with two releases in test; that of `owners` came last.
fn two_groups_of_two_releases() -> Sandbox {
    let sandbox = Sandbox::petstore();
    sandbox.run("group create owners").expect_exit(0);
    sandbox.run("api add owners GET /owners").expect_exit(0);
    sandbox.run("publish --all --env test --mock").expect_exit(0);
    sandbox.edit("two");
    sandbox.run("publish petstore --env test --mock --bump patch").expect_exit(0);
    sandbox.run("api add owners GET /owners/first").expect_exit(0);
    sandbox
}

/// `git commit -am` leaves a new file out.
#[test]
fn an_undo_whose_operation_has_no_file_takes_nothing_else_back() {
    let sandbox = two_groups_of_two_releases();
    let last = sandbox.run("-o json publish owners --env test --mock --bump patch").expect_exit(0).json();
    let file = format!("history/test/{}.yaml", last["operation"].as_str().expect("an operation"));
    std::fs::remove_file(sandbox.path().join(&file)).expect("a file");
    let deployments = sandbox.read("deployments/test.yaml");
    for words in ["undo --env test --dry-run", "undo --env test"] {
        sandbox.run(words).expect_exit(3).expect_stderr(&file);
    }
    assert_eq!(sandbox.read("deployments/test.yaml"), deployments);
}

/// `git checkout HEAD~1 -- deployments/test.yaml` puts the file back, and leaves the operation.
#[test]
fn an_undo_whose_operation_no_entry_leads_to_takes_nothing_else_back() {
    let sandbox = two_groups_of_two_releases();
    let deployments = sandbox.read("deployments/test.yaml");
    sandbox.run("publish owners --env test --mock --bump patch").expect_exit(0);
    sandbox.write("deployments/test.yaml", &deployments);
    for words in ["undo --env test --dry-run", "undo --env test"] {
        sandbox.run(words).expect_exit(3).expect_stderr("no entry of test leads to operation");
    }
    assert_eq!(sandbox.read("deployments/test.yaml"), deployments);
}

#[test]
fn a_blocked_group_bars_no_others_from_going_back() {
    let sandbox = Sandbox::two_groups();
    sandbox.run("publish a b --env online --mock --yes").expect_exit(0);
    let first = sandbox.run("-o json history --env online -n 1").expect_exit(0).json();
    let first = first["operations"][0]["operation"].as_str().expect("an id").to_owned();
    for group in ["a", "b"] {
        sandbox.run(&format!("api add {group} GET /extra")).expect_exit(0);
    }
    sandbox.run("publish a b --env online --mock --yes --bump patch").expect_exit(0);
    sandbox.run("version block b 0.0.1 -m leaks").expect_exit(0);
    let words = format!("rollback --all --env online --yes --to {first}");
    let refused = sandbox.run(&words).expect_exit(5).expect_stderr("--skip-unavailable");
    assert!(!refused.stderr.contains("apigw offline"), "{refused:?}");
    let back = sandbox.run(&format!("{words} --skip-unavailable")).expect_exit(0);
    back.expect_stderr("b is skipped: b 0.0.1 was blocked").expect_stdout("0.0.2 with mock → 0.0.1");
    let status = sandbox.run("status").expect_exit(0);
    assert!(status.stdout.contains("0.0.2") && status.stdout.contains("0.0.1"), "{status:?}");
    // One alone has no other way than to go offline.
    sandbox.run("rollback b --env online --yes").expect_exit(5).expect_stderr("apigw offline b --env online");
    // So it is with a group that is offline by now, and with a version that was deleted.
    sandbox.run("undo --env online --yes").expect_exit(0);
    sandbox.run("offline b --env online --yes").expect_exit(0);
    sandbox.run(&words).expect_exit(5).expect_stderr("--skip-unavailable");
    sandbox.run("undo --env online --yes").expect_exit(0);
    sandbox.run("version unblock b 0.0.1 -m mended").expect_exit(0);
    sandbox.run("offline --all --env test").expect_exit(0);
    sandbox.run("version delete b 0.0.1 --force -m leaks").expect_exit(0);
    let refused = sandbox.run(&words).expect_exit(3).expect_stderr("--skip-unavailable");
    assert!(!refused.stderr.contains("apigw offline"), "{refused:?}");
    let back = sandbox.run(&format!("{words} --skip-unavailable")).expect_exit(0);
    back.expect_stderr("b is skipped: version 0.0.1 was deleted").expect_stdout("0.0.2 with mock → 0.0.1");
}
