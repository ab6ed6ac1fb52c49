//! State that a pattern of Git's ignores: no clone has it.

use crate::conflict::{commit, git};
use crate::harness::Sandbox;

/// A workspace whose group is live, in a checkout with patterns that match nothing of it.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::petstore();
    assert!(git(&sandbox, "init -q"));
    let patterns = sandbox.read(".gitignore") + "build/\ndist/\n";
    sandbox.write(".gitignore", &patterns);
    sandbox.run("publish --env test --mock").expect_exit(0);
    commit(&sandbox);
    sandbox
}

#[test]
fn a_group_and_an_environment_that_git_ignores_are_named_with_the_pattern() {
    let sandbox = sandbox();
    let published = sandbox.run("publish --env online --mock --yes").expect_exit(0);
    assert!(!published.stderr.contains("Git ignores"), "{published:?}");
    for words in ["check", "verify"] {
        let found = sandbox.run(words).expect_exit(0);
        assert!(!found.stdout.contains("state-ignored"), "{found:?}");
    }
    sandbox.run("group create build").expect_exit(0);
    sandbox.run("api add build GET /things").expect_exit(0);
    let line = format!(".gitignore:{}", sandbox.read(".gitignore").lines().count() - 1);
    let published = sandbox.run("publish build --env test --mock").expect_exit(0);
    published.expect_stderr(&format!("Git ignores groups/build: {line} has the pattern `build/`"));
    sandbox.run("check").expect_exit(0).expect_stdout("warning[state-ignored]").expect_stdout(&line);
    let found = sandbox.run("-o json verify").expect_exit(0).json();
    let problems = found["problems"].as_array().expect("problems");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0]["kind"], "ignored-state");
    // A pattern that is anchored elsewhere, and one that takes the folder in again, match it no more.
    let patterns = sandbox.read(".gitignore");
    for mended in [patterns.replace("build/", "/build/"), patterns.clone() + "!groups/build/\n"] {
        sandbox.write(".gitignore", &mended);
        let found = sandbox.run("verify").expect_exit(0);
        assert!(found.stdout.contains("no problems"), "{mended}: {found:?}");
    }
    // The history of an environment is a folder too.
    sandbox.write(".gitignore", &(patterns.replace("build/", "") + "online/\n"));
    sandbox.run("publish build --env online --mock --yes").expect_exit(0).expect_stderr("Git ignores history/online");
    sandbox.run("verify").expect_exit(0);
}

/// Definitions that tools generate are ignored by many.
#[test]
fn a_definition_that_git_ignores_is_named() {
    let sandbox = Sandbox::petstore();
    assert!(git(&sandbox, "init -q"));
    sandbox.write(".gitignore", ".apigw/\nopenapi.yaml\n");
    let published = sandbox.run("publish --env test --mock").expect_exit(0);
    published.expect_stderr("Git ignores groups/petstore: .gitignore:2 has the pattern `openapi.yaml`");
    for words in ["check", "verify"] {
        sandbox.run(words).expect_exit(0).expect_stdout("openapi.yaml");
    }
    commit(&sandbox);
    // So it is with keys, notes on versions and settings, but not with what lies beside them.
    let outside = Sandbox::empty();
    let secret = outside.path().join("ci").display().to_string();
    sandbox.run(&format!("key create ci --kind signature --to {secret}")).expect_exit(0);
    sandbox.run("version block petstore 0.0.1 -m leaks").expect_exit(0);
    sandbox.write("groups/petstore/notes.swp", "");
    for (pattern, place) in [("keys/", "keys/ci.yaml"), ("0.0.1.yaml", "groups/petstore/versions/"), ("*.swp", "")] {
        sandbox.write(".gitignore", &format!(".apigw/\n{pattern}\n"));
        for words in ["check", "verify"] {
            let found = sandbox.run(words);
            assert_eq!(found.stdout.contains("Git ignores this"), !place.is_empty(), "{pattern}: {found:?}");
            assert!(found.stdout.contains(place), "{pattern}: {found:?}");
        }
    }
    let sandbox = Sandbox::petstore();
    assert!(git(&sandbox, "init -q"));
    sandbox.write(".gitignore", ".apigw/\n*.toml\n");
    commit(&sandbox);
    sandbox.run("check").expect_exit(0).expect_stdout("apigw.toml").expect_stdout("Git ignores this");
}

#[test]
fn a_workspace_that_git_ignores_as_a_whole_is_kept_out_on_purpose() {
    let sandbox = Sandbox::petstore();
    assert!(git(&sandbox, "init -q"));
    sandbox.write(".gitignore", "*\n");
    let published = sandbox.run("publish --env test --mock").expect_exit(0);
    assert!(!published.stderr.contains("Git ignores"), "{published:?}");
    sandbox.run("verify").expect_exit(0).expect_stdout("no problems");
}
