//! Edits by hand that `verify --repair` records, under the policies of their environment.

use serde_json::{Value, json};

use crate::harness::Sandbox;

/// Publishes 0.0.1 of the petstore to online, freezes 0.0.2 without one of its APIs, and sets policies of online.
fn sandbox(policies: &str) -> Sandbox {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("apigw.toml").replace("protected = true", policies);
    sandbox.run("publish --env test").expect_exit(0);
    sandbox.run("publish --env online --yes").expect_exit(0);
    sandbox.run("api remove GET /pets").expect_exit(0);
    sandbox.run("version bump minor").expect_exit(0);
    sandbox.run("version create").expect_exit(0);
    sandbox.write("apigw.toml", &settings);
    sandbox
}

const ONLINE: &str = "deployments/online.yaml";

/// Replaces a part of online's file.
fn edit(sandbox: &Sandbox, before: &str, after: &str) {
    let text = sandbox.read(ONLINE);
    let edited = text.replace(before, after);
    assert_ne!(edited, text, "{before} is not in it");
    sandbox.write(ONLINE, &edited);
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn an_edit_by_hand_that_breaks_callers_needs_an_override() {
    let sandbox = sandbox("breaking = \"deny\"");
    sandbox.run("publish --env online --version 0.1.0").expect_exit(5);
    edit(&sandbox, "version: \"0.0.1\"", "version: \"0.1.0\"");
    let files = sandbox.files();
    let refused = sandbox.run("verify --repair -m sneaky").expect_exit(5);
    let refused = refused.expect_stderr("online refuses the change").expect_stderr("callers break: petstore GET /pets");
    let refused = refused.expect_stderr("apigw verify --repair -m sneaky --allow-breaking");
    refused.expect_stdout("online: refused, nothing was changed").expect_stdout("was changed by hand");
    let refused = sandbox.run("-o json verify --repair").expect_exit(5);
    let plan = &refused.json()["plans"][0];
    assert_eq!((&plan["refused"], &plan["operation"]), (&json!(true), &Value::Null), "{plan}");
    assert_eq!(plan["changes"][0]["after"]["version"], "0.1.0");
    assert!(parse(&refused.stderr)["error"]["breaking"][0].to_string().contains("api-removed"), "{}", refused.stderr);
    assert_eq!(sandbox.files(), files, "a refusal wrote something");
    sandbox.run("verify --repair --allow-breaking").expect_exit(64).expect_stderr("-m WHY");
    sandbox.run("verify --allow-breaking").expect_exit(64);

    let recorded = sandbox.run("-o json verify --repair --allow-breaking -m hotfix").expect_exit(0).json();
    let plan = &recorded["plans"][0];
    assert_eq!((&plan["override"], &plan["environment"]), (&json!(["breaking"]), &json!("online")));
    assert!(recorded["warnings"].to_string().contains("callers break: petstore GET /pets"), "{recorded}");
    let operation = sandbox.run("-o json history -n 1").expect_exit(0).json()["operations"][0].clone();
    assert_eq!(operation["operation"], plan["operation"]);
    assert_eq!((&operation["override"], &operation["message"]), (&json!(["breaking"]), &json!("hotfix")));
    assert_eq!(sandbox.entry("online")["override"], json!(["breaking"]));
    sandbox.run("verify").expect_exit(0);
}

#[test]
fn an_edit_by_hand_takes_a_group_offline_only_with_an_override() {
    let sandbox = sandbox("breaking = \"deny\"");
    edit(&sandbox, "state: live", "state: offline");
    sandbox.run("verify --repair").expect_exit(5).expect_stderr("the whole group goes offline");
    sandbox.run("verify --repair --allow-breaking -m end").expect_exit(0).expect_stderr("goes offline");
    sandbox.run("status").expect_exit(0).expect_stdout("overrides a policy");
}

#[test]
fn policies_that_nobody_overrides_hold_for_an_edit_by_hand() {
    let sandbox = sandbox("mock = \"deny\"\npromote_from = \"test\"");
    let text = sandbox.read(ONLINE);
    edit(&sandbox, "version: \"0.0.1\"", "version: \"0.1.0\"");
    let refused = sandbox.run("verify --repair --allow-breaking -m x").expect_exit(5);
    refused.expect_stderr("0.1.0 must be live in test before");
    sandbox.write(ONLINE, &text);
    let backend = text.lines().find(|line| line.contains("backend: ")).expect("a backend");
    edit(&sandbox, backend, "    backend: {type: mock}");
    sandbox.run("verify --repair").expect_exit(5).expect_stderr("a mock backend");
    sandbox.write(ONLINE, &text);
    // An edit of the layout alone is none of a release, and one that the policies allow is recorded.
    edit(&sandbox, "state: live", "state:   live");
    sandbox.run("verify --repair").expect_exit(0).expect_stdout("restored the layout");
    edit(&sandbox, "state: live", "state: offline");
    sandbox.run("verify --repair").expect_exit(0).expect_stdout("by hand as operation");
}

#[test]
fn policies_refuse_an_edit_before_anybody_is_asked() {
    let sandbox = sandbox("protected = true\nbreaking = \"deny\"");
    edit(&sandbox, "state: live", "state: offline");
    let refused = sandbox.run("verify --repair").expect_exit(5).expect_stderr("online refuses the change");
    assert!(!refused.stderr.contains("there is no terminal to ask on"), "{}", refused.stderr);
    // What policies allow is asked about as before.
    let refused = sandbox.run("verify --repair --allow-breaking -m night").expect_exit(5);
    refused.expect_stderr("online is protected");
    sandbox.run("verify --repair --allow-breaking -m night --yes").expect_exit(0);
}

#[test]
fn a_refused_edit_keeps_no_other_environment_from_repair() {
    let sandbox = sandbox("breaking = \"deny\"");
    edit(&sandbox, "state: live", "state: offline");
    let place = "deployments/test.yaml";
    sandbox.write(place, &sandbox.read(place).replace("state: live", "state: offline"));
    let half = sandbox.run("-o json verify --repair").expect_exit(5);
    let document = half.json();
    assert_eq!(document["repairs"].as_array().map(Vec::len), Some(1), "{document}");
    let refused: Vec<bool> =
        document["plans"].as_array().expect("plans").iter().map(|plan| plan["refused"] == true).collect();
    assert_eq!(refused, [false, true]);
    assert_eq!(document["problems"].as_array().map(Vec::len), Some(1), "{document}");
    assert!(parse(&half.stderr)["error"]["hints"].to_string().contains("repaired all the same"), "{}", half.stderr);
    assert_eq!(sandbox.entry("test")["state"], "offline");
}

#[test]
fn an_entry_edited_by_hand_bars_no_change_of_other_groups() {
    let sandbox = Sandbox::two_groups();
    sandbox.run("group create c --backend http://127.0.0.1:3").expect_exit(0);
    sandbox.run("api add c GET /c").expect_exit(0);
    sandbox.run("group create aa --backend http://127.0.0.1:3").expect_exit(0);
    sandbox.run("api add aa GET /aa").expect_exit(0);
    sandbox.run("publish a b --env online --mock --yes").expect_exit(0);
    sandbox.run("publish b --env online --backend http://127.0.0.1:2 --yes").expect_exit(0);
    edit(&sandbox, "  a:\n    state: live\n", "  a:\n    state: offline\n");
    let edited = sandbox.read(ONLINE);
    let (entry, _) = edited.split_once("  b:\n").expect("two entries");
    sandbox.run("undo --env online --yes").expect_exit(0).expect_stdout("undo b");
    sandbox.run("publish c aa --env online --mock --yes").expect_exit(0);
    let text = sandbox.read(ONLINE);
    assert!(text.starts_with(entry), "{text}");
    let groups: Vec<_> = text.lines().filter(|line| line.starts_with("  ") && line.ends_with(':')).collect();
    let groups: Vec<_> = groups.into_iter().filter(|line| !line.starts_with("    ")).collect();
    assert_eq!(groups, ["  a:", "  aa:", "  b:", "  c:"]);
    let refused = sandbox.run("publish a --env online --mock --yes").expect_exit(3);
    refused.expect_stderr("how to revert it").expect_stderr("apigw verify --repair");
    // The last operation may be one of the edited entry; then it is not passed over.
    sandbox.run("verify --repair --yes").expect_exit(0);
    sandbox.run("verify").expect_exit(0).expect_stdout("no problems");
    edit(&sandbox, "  a:\n    state: offline\n", "  a:\n    state: live\n");
    sandbox.run("undo --env online --yes").expect_exit(3).expect_stderr("apigw verify --repair");
}
