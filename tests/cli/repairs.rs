//! Edits by hand that `verify --repair` records, under the policies of their environment.

use serde_json::{Value, json};

use apigw::model::Digest;

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
    let undone = sandbox.run("undo --env online --yes").expect_exit(0).expect_stdout("undo a");
    undone.expect_stderr("edited by hand (state: live)");
}

/// Edits the backend of the entry of a by hand, and computes its checksum anew.
fn forge_entry(sandbox: &Sandbox) {
    let text = sandbox.read(ONLINE);
    let start = text.find("  a:\n").expect("an entry");
    let (entry, rest) = text[start..].split_once("    checksum: ").expect("a checksum");
    let (_, rest) = rest.split_once('\n').expect("a line");
    let entry = entry.replace("{type: mock}", "{type: http, url: \"http://127.0.0.1:9\"}");
    let checksum = Digest::of(format!("online\n{entry}").as_bytes());
    sandbox.write(ONLINE, &format!("{}{entry}    checksum: {checksum}\n{rest}", &text[..start]));
}

fn entry_of_a(sandbox: &Sandbox) -> Value {
    sandbox.run("-o json status a --env online").expect_exit(0).json()["deployments"][0].clone()
}

#[test]
fn an_edit_by_hand_never_bars_the_way_back_of_its_group() {
    let sandbox = Sandbox::two_groups();
    sandbox.run("publish a b --env online --mock --yes").expect_exit(0);
    sandbox.run("api add a GET /more").expect_exit(0);
    sandbox.run("publish a --env online --mock --bump patch --yes").expect_exit(0);
    let last = entry_of_a(&sandbox)["operation"].as_str().expect("an id").to_owned();
    let base = sandbox.read(ONLINE);
    let edits: [(&str, &dyn Fn()); 5] = [
        ("version: \"0.0.1\"", &|| edit(&sandbox, "\"0.0.2\"", "\"0.0.1\"")),
        ("state: offline", &|| edit(&sandbox, "  a:\n    state: live\n", "  a:\n    state: offline\n")),
        ("operation: \"none\"", &|| {
            let (_, rest) = base.split_once("operation: \"").expect("an operation");
            let (operation, _) = rest.split_once('"').expect("its end");
            edit(&sandbox, &format!("operation: \"{operation}\""), "operation: \"none\"");
        }),
        ("", &|| {
            let (_, since) = base.split_once("    since:").expect("a time");
            let (since, _) = since.split_once('\n').expect("its end");
            edit(&sandbox, &format!("    since:{since}\n"), "");
        }),
        ("url: \"http://127.0.0.1:9\"", &|| forge_entry(&sandbox)),
    ];
    let commands = [
        ("rollback a", "rollback a: 0.0.2 with mock → 0.0.1 with mock"),
        ("rollback --all --to 2026-11-23", "rollback a: 0.0.2 with mock → 0.0.2 with mock"),
        ("offline a", "offline a: 0.0.2 with mock → offline (0.0.2)"),
        ("offline --all", "offline a: 0.0.2 with mock → offline (0.0.2)"),
        ("switch a --previous", "switch a: 0.0.2 with mock → 0.0.1 with mock"),
        ("switch a --version 0.0.2", "switch a: 0.0.2 with mock → 0.0.2 with mock"),
        ("undo", "undo a: 0.0.2 with mock → 0.0.1 with mock"),
    ];
    for (line, edit) in &edits {
        for (command, expected) in commands {
            let command = match command.split_once("--to") {
                Some((before, _)) => format!("{before}--to {last}"),
                None => command.to_owned(),
            };
            edit();
            // Who brings something new in is still told of the edit first.
            sandbox.run("publish a --env online --mock --yes").expect_exit(3).expect_stderr("apigw verify --repair");
            let before = sandbox.files();
            sandbox.run(&format!("{command} --env online --yes --dry-run")).expect_exit(0).expect_stdout(expected);
            assert_eq!(sandbox.files(), before, "{command} --dry-run wrote something");
            let back = sandbox.run(&format!("{command} --env online --yes")).expect_exit(0).expect_stdout(expected);
            back.expect_stderr("a in online was edited by hand").expect_stderr(line);
            sandbox.run("verify").expect_exit(0).expect_stdout("no problems");
            let latest = sandbox.run("-o json history -n 1").expect_exit(0).json()["operations"][0].clone();
            assert_eq!(latest["override"], json!(["hand-edit"]), "{command}: {latest}");
            assert_eq!(latest["changes"][0]["before"]["version"], "0.0.2", "{command}: {latest}");
            // The edit is no state to come back to.
            let undone = sandbox.run("undo --env online --yes");
            assert!(undone.exit == 0 && !undone.stderr.contains("edited by hand"), "{command}: {}", undone.stderr);
            assert_eq!(entry_of_a(&sandbox)["version"], "0.0.2", "{command}");
            sandbox.write(ONLINE, &base);
            for operation in sandbox.read_folder("history/online").into_iter().skip(2) {
                let place = sandbox.path().join("history/online").join(operation);
                std::fs::remove_file(place).expect("an operation");
            }
            sandbox.run("verify").expect_exit(0);
        }
    }
}
