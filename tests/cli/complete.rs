//! Completion: what a shell is offered comes from the workspace that one stands in.

use std::process::Command;

use crate::harness::{Sandbox, isolate};

/// Asks as a shell does for what can stand at the end of a line.
fn offered(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apigw"));
    command.current_dir(sandbox.path());
    isolate(&mut command, sandbox.path());
    command.env("COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", (words.len() + 1).to_string()).env("_CLAP_IFS", "\n");
    command.args(["--", "apigw"]).args(words).arg("");
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
}

#[test]
fn versions_are_those_of_the_group_that_was_typed() {
    let sandbox = Sandbox::petstore();
    sandbox.run("version create petstore").expect_exit(0);
    sandbox.write("groups/other/group.yaml", "schema: 1\nversion: \"3.0.0\"\nprefix: /other\n");
    sandbox.write("groups/other/openapi.yaml", &sandbox.read("groups/petstore/openapi.yaml"));
    sandbox.run("version create other").expect_exit(0);
    assert_eq!(offered(&sandbox, &["switch", "petstore", "--version"]), ["0.0.1"]);
    assert_eq!(offered(&sandbox, &["switch", "other", "--env", "test", "--version"]), ["3.0.0"]);
    assert_eq!(offered(&sandbox, &["switch", "--version"]), ["0.0.1", "3.0.0"]);
    assert_eq!(offered(&sandbox, &["publish", "petstore", "--env"]), ["test", "pre-release", "online"]);
    let groups = offered(&sandbox, &["publish"]);
    assert!(groups.contains(&"petstore".to_owned()) && groups.contains(&"other".to_owned()), "{groups:?}");
    let elsewhere = Sandbox::empty();
    let folder = sandbox.path().to_str().expect("UTF-8");
    assert_eq!(offered(&elsewhere, &["-C", folder, "switch", "other", "--version"]), ["3.0.0"]);
    assert!(offered(&elsewhere, &["call", "-C", folder, "petstore"]).contains(&"getPet".to_owned()));
}
