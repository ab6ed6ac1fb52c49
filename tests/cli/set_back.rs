//! An environment's file that was set back: an older commit's copy was checked out, or a backup restored, and the later
//! operations are still there.

use crate::harness::Sandbox;

const FILE: &str = "deployments/test.yaml";

/// Two groups, of which `a` had a second release, and the file from before it. Returns the operation as well.
fn set_back() -> (Sandbox, String) {
    let sandbox = Sandbox::two_groups();
    let before = sandbox.read(FILE);
    sandbox.run("api add a GET /more").expect_exit(0);
    let published = sandbox.run("-o json publish a --env test --mock --bump patch").expect_exit(0).json();
    sandbox.write(FILE, &before);
    (sandbox, published["operation"].as_str().expect("an operation").to_owned())
}

#[test]
fn every_change_over_a_file_that_was_set_back_names_what_it_lacks() {
    let (sandbox, lost) = set_back();
    sandbox.write("plan.yaml", "schema: 1\nsteps:\n- offline: {environment: test, groups: [a]}\n");
    for (words, is_of_group) in [
        ("publish a --env test --mock", true),
        ("publish a --env test --mock --version 0.0.1", false),
        ("publish b --env test --backend http://127.0.0.1:1", false),
        ("switch a --env test --version 0.0.2", true),
        ("offline a --env test", true),
        ("promote a --from test --to pre-release", false),
        ("apply plan.yaml", true),
    ] {
        let view = sandbox.run(&format!("-o json {words} --dry-run")).expect_exit(0).json();
        let warnings = if words.starts_with("apply") { &view["plans"][0]["warnings"] } else { &view["warnings"] };
        let named: Vec<&str> = warnings
            .as_array()
            .expect("warnings")
            .iter()
            .filter_map(serde_json::Value::as_str)
            .filter(|warning| warning.contains(&lost))
            .collect();
        assert_eq!(named.len(), 1, "{words}: {view}");
        assert!(named[0].starts_with("a in test: "), "{words}: {named:?}");
        assert!(named[0].contains("`apigw resolve --env test`"), "{words}: {named:?}");
        assert_eq!(named[0].contains("second history"), is_of_group, "{words}: {named:?}");
    }
    let told = sandbox.run("status").expect_exit(0);
    told.expect_stderr("a in test: no entry leads to operation").expect_stderr("apigw resolve --env test");
    sandbox.run("resolve --env test").expect_exit(0);
    assert_eq!(sandbox.run("-o json status a --env test").json()["deployments"][0]["version"], "0.0.2");
}

#[test]
fn a_rollback_over_a_file_that_was_set_back_names_what_it_lacks() {
    let (sandbox, _) = set_back();
    sandbox.run("resolve --env test").expect_exit(0);
    let before = sandbox.read(FILE);
    sandbox.run("api add a GET /third").expect_exit(0);
    let published = sandbox.run("-o json publish a --env test --mock --bump patch").expect_exit(0).json();
    let lost = published["operation"].as_str().expect("an operation");
    for group in ["b", "b", "b"] {
        sandbox.run(&format!("offline {group} --env test")).expect_exit(0);
        sandbox.run(&format!("rollback {group} --env test")).expect_exit(0);
    }
    let entry = |file: &str| file[file.find("  a:").expect("a")..file.find("  b:").expect("b")].to_owned();
    let now = sandbox.read(FILE);
    sandbox.write(FILE, &now.replace(&entry(&now), &entry(&before)));
    let view = sandbox.run("-o json rollback a --env test").expect_exit(0).json();
    let warning = view["warnings"][0].as_str().expect("a warning");
    assert!(warning.contains("second history") && warning.contains(lost), "{view}");
}

#[test]
fn ordinary_ways_back_are_no_loss() {
    let sandbox = Sandbox::two_groups();
    for words in [
        "publish --all --env test --mock",
        "publish b --env test --mock --bump patch",
        "publish a --env test --backend http://127.0.0.1:1",
        "rollback a --env test",
        "undo --env test",
        "offline --all --env test",
        "publish --all --env test --mock",
        "switch b --env test --version 0.0.1",
        "promote --all --from test --to pre-release",
        "status",
    ] {
        let run = sandbox.run(words).expect_exit(0);
        assert!(!run.stderr.contains("nothing") && !run.stderr.contains("up to date"), "{words}: {run:?}");
        assert!(!run.stderr.contains("no entry leads to"), "{words}: {run:?}");
    }
}
