//! The comparisons that a refusal of a breaking change advises: each can be typed as it stands.

use crate::conflict::{commit, git};
use crate::harness::{Outcome, Sandbox};

/// Types each `apigw diff` of a refusal, and returns them.
fn follow_diffs(sandbox: &Sandbox, refused: &Outcome) -> Vec<String> {
    let commands = refused.stderr.split('`').filter_map(|part| part.strip_prefix("apigw "));
    let diffs: Vec<String> = commands.filter(|command| command.starts_with("diff ")).map(str::to_owned).collect();
    for diff in &diffs {
        sandbox.run(diff).expect_exit(0).expect_stdout("breaking");
    }
    diffs
}

/// Makes a workspace of which two branches changed the group `a` in online, each with a version of its own, and where
/// breaking changes are denied.
fn merged(bumps: [&str; 2]) -> Sandbox {
    let sandbox = Sandbox::two_groups();
    assert!(git(&sandbox, "init -q"));
    sandbox.run("publish a --env online --mock --yes").expect_exit(0);
    commit(&sandbox);
    assert!(git(&sandbox, "branch other"));
    for ((branch, path), bump) in [("other", "/extra"), ("main", "/own")].into_iter().zip(bumps) {
        assert!(git(&sandbox, &format!("checkout -q {branch}")));
        sandbox.run(&format!("api add a GET {path}")).expect_exit(0);
        sandbox.run(&format!("publish a --env online --mock --yes --bump {bump}")).expect_exit(0);
        commit(&sandbox);
    }
    assert!(!git(&sandbox, "merge -q other"), "a conflict");
    let settings = sandbox.read("apigw.toml").replace("protected = true", "protected = true\nbreaking = \"deny\"");
    sandbox.write("apigw.toml", &settings);
    sandbox
}

#[test]
fn a_refused_resolve_compares_the_versions_of_both_sides() {
    let sandbox = merged(["minor", "patch"]);
    let refused = sandbox.run("resolve a --env online --ours --yes").expect_exit(5);
    assert_eq!(follow_diffs(&sandbox, &refused), ["diff a@0.1.0 a@0.0.2"]);
    let refused = sandbox.run("resolve a --env online --theirs --yes").expect_exit(5);
    assert_eq!(follow_diffs(&sandbox, &refused), ["diff a@0.0.2 a@0.1.0"]);
}

#[test]
fn a_refused_resolve_names_no_version_that_it_did_not_write() {
    let sandbox = merged(["patch", "patch"]);
    for side in ["--ours", "--theirs"] {
        let refused = sandbox.run(&format!("resolve a --env online {side} --yes")).expect_exit(5);
        assert!(follow_diffs(&sandbox, &refused).is_empty(), "{refused:?}");
    }
}

#[test]
fn a_refused_repair_compares_the_committed_version_with_that_of_the_edit() {
    let sandbox = Sandbox::two_groups();
    sandbox.run("api add a GET /more").expect_exit(0);
    sandbox.run("publish a --env online --mock --yes --bump patch").expect_exit(0);
    let settings = sandbox.read("apigw.toml").replace("protected = true", "breaking = \"deny\"");
    sandbox.write("apigw.toml", &settings);
    let edited = sandbox.read("deployments/online.yaml").replace("version: \"0.0.2\"", "version: \"0.0.1\"");
    sandbox.write("deployments/online.yaml", &edited);
    let refused = sandbox.run("verify --repair").expect_exit(5);
    assert_eq!(follow_diffs(&sandbox, &refused), ["diff a@0.0.2 a@0.0.1"]);
}
