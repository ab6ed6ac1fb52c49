//! A merge conflict in one group's entry: every view has the rest, and the other groups have their way back.

use std::fs;

use crate::harness::Sandbox;

/// Makes a workspace whose group a is in conflict in test and whose group b is not.
fn conflicted() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.run("init").expect_exit(0);
    for group in ["a", "b"] {
        sandbox.run(&format!("group create {group}")).expect_exit(0);
        sandbox.run(&format!("api add {group} GET /things")).expect_exit(0);
    }
    sandbox.run("publish --all --env test --mock").expect_exit(0);
    sandbox.run("publish b --env test --backend http://127.0.0.1:9").expect_exit(0);
    let base = sandbox.read("deployments/test.yaml");
    sandbox.run("publish a --env test --backend http://127.0.0.1:1").expect_exit(0);
    let ours = sandbox.read("deployments/test.yaml");
    sandbox.write("deployments/test.yaml", &base);
    sandbox.run("publish a --env test --backend http://127.0.0.1:2").expect_exit(0);
    let theirs = sandbox.read("deployments/test.yaml");
    // As Git leaves it: the lines that differ, within the entry.
    let (mut text, mut sides) = (String::new(), [String::new(), String::new()]);
    for (left, right) in ours.split_inclusive('\n').zip(theirs.split_inclusive('\n')) {
        if left == right && !sides[0].is_empty() {
            let [left, right] = std::mem::take(&mut sides);
            text.extend(["<<<<<<< HEAD\n", &left, "=======\n", &right, ">>>>>>> other\n"]);
        }
        if left == right {
            text += left;
        } else {
            sides[0] += left;
            sides[1] += right;
        }
    }
    sandbox.write("deployments/test.yaml", &text);
    sandbox
}

/// Returns the lines of group a, markers included.
fn part_of_a(sandbox: &Sandbox) -> String {
    let text = sandbox.read("deployments/test.yaml");
    text.split_once("\n  b:\n").expect("b has an entry").0.to_owned()
}

fn operations(sandbox: &Sandbox, words: &str) -> usize {
    let shown = sandbox.run(words).expect_exit(3).json();
    shown["operations"].as_array().expect("operations").len()
}

#[test]
fn a_conflict_hides_no_other_group() {
    let sandbox = conflicted();
    assert_eq!(operations(&sandbox, "-o json history"), 4);
    assert_eq!(operations(&sandbox, "-o json history b"), 2);
    assert_eq!(operations(&sandbox, "-o json history a"), 3);
    let status = sandbox.run("status").expect_exit(3).expect_stdout("unreadable").expect_stdout("0.0.1 real");
    assert!(status.stderr.contains("both branches changed group a"), "{status:?}");
    let ids = fs::read_dir(sandbox.path().join("history/test")).expect("a history");
    for id in ids.map(|file| file.expect("a file").file_name().into_string().expect("a name")) {
        let shown = sandbox.run(&format!("show {}", id.trim_end_matches(".yaml"))).expect_exit(3);
        assert!(!shown.stdout.contains("unexplained"), "{shown:?}");
        shown.expect_stdout("publish").expect_stderr("merge conflict");
    }
    let verified = sandbox.run("verify").expect_exit(3);
    assert!(!format!("{}{}", verified.stdout, verified.stderr).contains("0 entries"), "{verified:?}");
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
    assert_eq!(operations(&sandbox, "-o json history"), 4);
    fs::remove_file(sandbox.path().join("deployments/test.yaml")).expect("a file");
    fs::create_dir(sandbox.path().join("deployments/test.yaml")).expect("a folder");
    assert_eq!(operations(&sandbox, "-o json history b"), 2);
}
