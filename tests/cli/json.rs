//! What programs read: the shapes that are promised.

use std::fs::OpenOptions;
use std::process::{Command, Stdio};

use crate::harness::{Sandbox, isolate};

fn keys(value: &serde_json::Value) -> Vec<&str> {
    value.as_object().map(|map| map.keys().map(String::as_str).collect()).unwrap_or_default()
}

#[test]
fn changes_status_history_and_findings() {
    let sandbox = Sandbox::petstore();
    let change = sandbox.run("-o json publish --env test --mock").expect_exit(0).json();
    assert_eq!(keys(&change), ["schema", "environment", "operation", "dry_run", "warnings", "changes", "unchanged"]);
    assert_eq!(keys(&change["changes"][0]), ["group", "action", "before", "after"]);
    let entry = ["state", "version", "digest", "backend", "since", "operation"];
    assert_eq!(keys(&change["changes"][0]["after"]), entry);
    let status = sandbox.run("-o json status").expect_exit(0).json();
    let keys_of_status = keys(&status["deployments"][0]);
    for key in entry.iter().chain(&["environment", "group", "edited", "urls", "by", "message"]) {
        assert!(keys_of_status.contains(key), "{key}");
    }
    assert_eq!(status["deployments"][0]["by"], "Ada <ada@example.com>");
    let history = sandbox.run("-o json history").expect_exit(0).json();
    for key in ["operation", "environment", "time", "actor", "message", "changes"] {
        assert!(keys(&history["operations"][0]).contains(&key), "{key}");
    }
    sandbox.write("groups/petstore/openapi.yaml", "openapi: 3.0.3\ninfo: {title: t, version: \"1\"}\npaths: {}\n");
    let check = sandbox.run("-o json check").expect_exit(3).json();
    assert_eq!(keys(&check["findings"][0]), ["rule", "severity", "message", "file", "line", "column", "hint"]);
}

#[test]
fn errors_are_json_on_stderr() {
    let sandbox = Sandbox::petstore();
    for (words, exit) in [
        ("-o json switch --env test --version 1.0.0", 3),
        ("-o json publish --env online --mock", 5),
        ("-o json publish", 64),
    ] {
        let outcome = sandbox.run(words).expect_exit(exit);
        let error: serde_json::Value = outcome.stderr.parse().expect("JSON");
        assert_eq!(error["error"]["exit"], exit);
        assert_eq!(keys(&error["error"])[..4], ["code", "message", "hints", "exit"]);
    }
}

#[test]
fn yaml_says_the_same() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    let json = sandbox.run("-o json status").expect_exit(0).json();
    let yaml = sandbox.run("-o yaml status").expect_exit(0).stdout;
    assert_eq!(serde_saphyr::from_str::<serde_json::Value>(&yaml).expect("YAML"), json);
}

#[test]
fn a_refusal_has_its_breaking_changes_as_data() {
    let sandbox = Sandbox::petstore();
    let settings =
        sandbox.read("apigw.toml").replace("[environments.test]", "[environments.test]\nbreaking = \"deny\"");
    sandbox.write("apigw.toml", &settings);
    sandbox.run("publish --env test --mock").expect_exit(0);
    let refused = sandbox.run("-o json offline --env test").expect_exit(5);
    let error: serde_json::Value = serde_json::from_str(&refused.stderr).expect("an error");
    let change = &error["error"]["breaking"][0];
    assert_eq!(keys(change), ["group", "kind", "place", "message"], "{error}");
    assert_eq!((&change["group"], change["kind"].is_null()), (&"petstore".into(), true));
    let definition = sandbox.read("groups/petstore/openapi.yaml").replace("  /pets/{petId}:", "  /others/{petId}:");
    sandbox.write("groups/petstore/openapi.yaml", &definition);
    let refused = sandbox.run("-o json publish --env test --mock --bump minor").expect_exit(5);
    let error: serde_json::Value = serde_json::from_str(&refused.stderr).expect("an error");
    let removed = error["error"]["breaking"].as_array().expect("changes");
    assert!(removed.iter().any(|change| change["kind"] == "api-removed" && change["place"].is_string()), "{error}");
}

#[test]
fn details_and_repeated_warnings_are_left_out() {
    let sandbox = Sandbox::petstore();
    let detailed = sandbox.run("-v -o json status").expect_exit(0);
    assert_eq!(detailed.stderr, "", "programs get the document alone");
    sandbox.run("-v status").expect_exit(0).expect_stderr("workspace: ");
    std::fs::create_dir_all(sandbox.path().join("deployments/online.yaml")).expect("a folder");
    for words in ["status", "history", "publish --env test --mock", "group list", "check", "verify"] {
        let told = sandbox.run(words);
        let mut warnings: Vec<&str> = told.stderr.lines().filter(|line| line.starts_with("warning: ")).collect();
        let count = warnings.len();
        warnings.sort_unstable();
        warnings.dedup();
        assert_eq!(warnings.len(), count, "{words}: {told:?}");
    }
}

#[test]
fn a_bad_line_in_the_settings_hides_no_group() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("apigw.toml") + "\nx = [\n";
    sandbox.write("apigw.toml", &settings);
    sandbox.run("group list").expect_exit(0).expect_stdout("petstore").expect_stderr("only the readable settings");
}

#[test]
fn a_committed_change_whose_document_is_lost_says_so() {
    let sandbox = Sandbox::petstore();
    for words in ["-o json publish --env test --mock", "-q offline --env test"] {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("a device that is full");
        let mut command = Command::new(env!("CARGO_BIN_EXE_apigw"));
        command.args(words.split(' ')).current_dir(sandbox.path()).stdin(Stdio::null()).stdout(full);
        isolate(&mut command, sandbox.path());
        let output = command.output().expect("the command runs");
        let told = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(0), "{words}: {told}");
        assert!(told.starts_with("the change is committed, but: cannot write the output"), "{words}: {told}");
    }
}
