//! The release cycle: what each verb leaves on disk.

use crate::harness::Sandbox;

#[test]
fn publish_is_repeatable_and_says_so() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock --dry-run --detailed-exitcode").expect_exit(2);
    assert!(!sandbox.path().join("deployments/test.yaml").exists(), "a dry run wrote");
    sandbox.run("publish --env test --mock -m first").expect_exit(0);
    let before = sandbox.files();
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.run("publish --env test --mock --dry-run --detailed-exitcode").expect_exit(0);
    assert_eq!(sandbox.files(), before);
}

#[test]
fn a_dry_run_says_what_the_real_run_says() {
    let sandbox = Sandbox::petstore();
    let changes = |words: &str| {
        let mut json = sandbox.run(words).expect_exit(0).json();
        let change = &mut json["changes"][0];
        // When it happened, and as which operation, is known once it has happened.
        change["after"]["since"].take();
        change["after"]["operation"].take();
        change.clone()
    };
    let planned = changes("-o json publish --env test --mock --dry-run");
    assert_eq!(planned, changes("-o json publish --env test --mock"));
}

#[test]
fn an_edit_of_a_frozen_version_is_refused_and_bumped() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    assert_eq!(sandbox.entry("test")["edited"], false);
    sandbox.edit("one");
    assert_eq!(sandbox.entry("test")["edited"], true);
    let before = sandbox.files();
    sandbox.run("publish --env test --mock").expect_exit(4).expect_stderr("--bump patch");
    assert_eq!(sandbox.files(), before);
    sandbox.run("publish --env test --mock --bump patch").expect_exit(0);
    assert_eq!(sandbox.entry("test")["version"], "0.0.2");
    assert_eq!(sandbox.entry("test")["edited"], false);
    let settings = sandbox.read("groups/petstore/group.yaml");
    let original = include_str!("../../examples/petstore/groups/petstore/group.yaml");
    assert_eq!(settings, original.replace("0.0.1", "0.0.2"));
    // Nothing is new since, so there is nothing to bump.
    sandbox.run("publish --env test --mock --bump patch").expect_exit(0);
    assert_eq!(sandbox.entry("test")["version"], "0.0.2");
}

#[test]
fn rollback_restores_version_digest_and_backend() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --backend https://one.example").expect_exit(0);
    let first = sandbox.entry("test");
    sandbox.edit("two");
    sandbox.run("publish --env test --mock --bump minor").expect_exit(0);
    sandbox.edit("three");
    sandbox.run("publish --env test --mock --bump minor").expect_exit(0);
    assert_eq!(sandbox.entry("test")["version"], "0.2.0");
    sandbox.run("rollback --env test").expect_exit(0);
    assert_eq!(sandbox.entry("test")["version"], "0.1.0");
    // The second in a row goes further back, not forward again.
    sandbox.run("rollback --env test").expect_exit(0);
    let restored = sandbox.entry("test");
    for field in ["state", "version", "digest", "backend"] {
        assert_eq!(restored[field], first[field], "{field}");
    }
    sandbox.run("rollback --env test").expect_exit(3).expect_stderr("nothing else was live");
    sandbox.run("undo --env test").expect_exit(0);
    assert_eq!(sandbox.entry("test")["version"], "0.1.0");
    sandbox.run("verify").expect_exit(0);
}

#[test]
fn switch_keeps_the_backend_and_previous_goes_back() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.edit("two");
    sandbox.run("version bump patch").expect_exit(0);
    sandbox.run("version create").expect_exit(0);
    sandbox.run("publish --env test --backend https://two.example").expect_exit(0);
    sandbox.run("switch --env test --version 0.0.1").expect_exit(0);
    let entry = sandbox.entry("test");
    assert_eq!(
        (entry["version"].as_str(), entry["backend"]["url"].as_str()),
        (Some("0.0.1"), Some("https://two.example"))
    );
    sandbox.run("switch --env test --previous").expect_exit(0);
    assert_eq!(sandbox.entry("test")["version"], "0.0.2");
}

#[test]
fn offline_keeps_what_was_there_and_a_live_version_stays() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.run("version delete 0.0.1").expect_exit(4).expect_stderr("live in test");
    sandbox.run("group delete petstore --yes").expect_exit(4).expect_stderr("live in test");
    sandbox.run("offline --env test").expect_exit(0);
    assert_eq!(sandbox.entry("test")["state"], "offline");
    sandbox.run("offline --env test").expect_exit(0);
    sandbox.run("switch --env test --version 0.0.1").expect_exit(3);
    sandbox.run("rollback --env test").expect_exit(0);
    assert_eq!(sandbox.entry("test")["state"], "live");
}

#[test]
fn promote_carries_the_digest() {
    let sandbox = Sandbox::petstore();
    sandbox.run("promote --from test --to pre-release").expect_exit(3).expect_stderr("not live in test");
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.run("promote --from test --to staging").expect_exit(0);
    assert_eq!(sandbox.entry("test")["digest"], sandbox.entry("pre-release")["digest"]);
}

#[test]
fn undo_refuses_what_was_changed_since() {
    let sandbox = Sandbox::petstore();
    let first = sandbox.run("-o json publish --env test --mock").expect_exit(0).json();
    let id = first["operation"].as_str().expect("an id").to_owned();
    sandbox.run("publish --env test --backend https://one.example").expect_exit(0);
    sandbox.run(&format!("undo {id} --env test")).expect_exit(4);
    sandbox.run("undo --env test").expect_exit(0);
    assert_eq!(sandbox.entry("test")["backend"]["type"], "mock");
}

#[test]
fn if_current_holds_back_what_was_not_seen() {
    let sandbox = Sandbox::petstore();
    let first = sandbox.run("-o json publish --env test --mock").expect_exit(0).json();
    let id = first["operation"].as_str().expect("an id");
    sandbox.run(&format!("offline --env test --if-current {id}")).expect_exit(0);
    sandbox.run(&format!("publish --env test --mock --if-current {id}")).expect_exit(4);
}

#[test]
fn policies_refuse() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env online --mock").expect_exit(5).expect_stderr("protected");
    let settings = sandbox.read("apigw.toml").replace("protected = true", "mock = \"deny\"\npromote_from = \"test\"");
    sandbox.write("apigw.toml", &settings);
    sandbox.run("publish --env online --mock").expect_exit(5).expect_stderr("mock");
    sandbox.run("publish --env online").expect_exit(5).expect_stderr("must be live in test before");
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.run("publish --env prod").expect_exit(5).expect_stderr("was live in test with a mock only");
    sandbox.run("publish --env test").expect_exit(0);
    sandbox.run("publish --env online").expect_exit(0);
}

#[test]
fn status_can_look_back() {
    let sandbox = Sandbox::petstore();
    let first = sandbox.run("-o json publish --env test --mock").expect_exit(0).json();
    let id = first["operation"].as_str().expect("an id");
    sandbox.run("offline --env test").expect_exit(0);
    let then = sandbox.run(&format!("-o json status --at {id}")).expect_exit(0).json();
    assert_eq!(then["deployments"][0]["state"], "live");
    let before = sandbox.run("-o json status --at 2020-01-01").expect_exit(0).json();
    assert_eq!(before["deployments"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_hand_edit_is_told_and_recorded() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.edit("two");
    sandbox.run("publish --env test --mock --bump patch").expect_exit(0);
    let text = sandbox.read("deployments/test.yaml").replace("version: \"0.0.2\"", "version: \"0.0.1\"");
    sandbox.write("deployments/test.yaml", &text);
    sandbox.run("publish --env test --mock").expect_exit(3);
    let found = sandbox.run("verify").expect_exit(3);
    assert!(found.stdout.contains("version from 0.0.2 to 0.0.1"), "{}", found.stdout);
    sandbox.run("publish --env online --mock --yes --version 0.0.1").expect_exit(0);
    // Only where something is repaired is it asked: `online` is protected, and as it was committed.
    sandbox.run("verify --repair").expect_exit(0);
    assert_eq!(sandbox.entry("test")["version"], "0.0.1");
    let history = sandbox.run("-o json history").expect_exit(0).json();
    assert_eq!(history["operations"][0]["changes"][0]["action"], "accept");
    let text = sandbox.read("deployments/online.yaml").replace("version: \"0.0.1\"", "version: \"0.0.2\"");
    sandbox.write("deployments/online.yaml", &text);
    sandbox.run("verify --repair").expect_exit(5).expect_stderr("online is protected");
    assert_eq!(sandbox.read("deployments/online.yaml"), text);
}

#[test]
fn what_breaks_callers_is_told_and_held_back() {
    let sandbox = Sandbox::petstore();
    let settings =
        sandbox.read("apigw.toml").replace("[environments.test]", "[environments.test]\nbreaking = \"deny\"");
    sandbox.write("apigw.toml", &settings);
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.run("diff petstore@test petstore --detailed-exitcode").expect_exit(0);
    sandbox.run("api remove GET /pets").expect_exit(0);
    let diff = sandbox.run("-o json diff petstore@test petstore --fail-on breaking").expect_exit(1).json();
    assert_eq!(diff["breaking"], true);
    assert_eq!(diff["groups"][0]["advice"], "minor");
    let markdown = sandbox.run("-o markdown diff petstore@0.0.1 petstore").expect_exit(0);
    assert!(markdown.stdout.contains("## petstore") && markdown.stdout.contains("/pets"), "{}", markdown.stdout);
    for dry_run in ["", " --dry-run"] {
        let refused = sandbox.run(&format!("publish --env test --mock --bump major{dry_run}")).expect_exit(5);
        assert!(refused.stderr.contains("callers break: petstore GET /pets"), "{}", refused.stderr);
    }
    sandbox.run("publish --env pre-release --mock --bump major").expect_exit(0);
    // The way back stays open, and so does the way forward for what adds.
    sandbox.run("switch --env test --version 1.0.0").expect_exit(5);
    sandbox.run("api add GET /pets").expect_exit(0);
    sandbox.run("api add GET /owners").expect_exit(0);
    let bumped = sandbox.run("-o json version bump auto").expect_exit(0).json();
    assert_eq!(bumped["version"], "1.1.0");
}

#[test]
fn who_breaks_callers_says_why_and_the_way_back_stays_open() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("apigw.toml").replace("protected = true", "breaking = \"deny\"");
    sandbox.write("apigw.toml", &settings);
    sandbox.run("publish --env online --mock").expect_exit(0);
    sandbox.run("api add GET /owners").expect_exit(0);
    sandbox.run("publish --env online --mock --bump auto").expect_exit(0);
    // What was added is gone again: that breaks callers, and is told, not refused.
    sandbox.run("rollback --env online").expect_exit(0).expect_stderr("callers break: petstore GET /owners");
    sandbox.run("undo --env online").expect_exit(0);
    let refused = sandbox.run("-o json switch --env online --version 0.0.1").expect_exit(5);
    assert_eq!(refused.json()["refused"], true);
    assert_eq!(refused.json()["changes"][0]["after"]["version"], "0.0.1");
    let error: serde_json::Value = serde_json::from_str(&refused.stderr).expect("JSON");
    assert!(error["error"]["reasons"][0].as_str().is_some_and(|reason| reason.contains("GET /owners")), "{error}");
    let typed = "apigw -o json switch --env online --version 0.0.1 --allow-breaking -m WHY";
    assert!(error["error"]["hints"].to_string().contains(typed), "{error}");
    sandbox.run("offline --env online").expect_exit(5).expect_stderr("the whole group goes offline");
    sandbox.run("offline --env online --allow-breaking").expect_exit(64).expect_stderr("-m WHY");
    sandbox.run("switch --env online --version 0.0.1 --allow-breaking -m hotfix").expect_exit(0);
    let operation = sandbox.run("-o json history -n 1").expect_exit(0).json()["operations"][0].clone();
    assert_eq!(operation["override"], serde_json::json!(["breaking"]));
    let file = format!("history/online/{}.yaml", operation["operation"].as_str().expect("an id"));
    assert!(sandbox.read(&file).contains("schema: 2\n"), "{}", sandbox.read(&file));
    sandbox.run("history -n 1").expect_exit(0).expect_stdout("overrides breaking");
    let id = operation["operation"].as_str().expect("an id");
    sandbox.run(&format!("show {id}")).expect_exit(0).expect_stdout("overrides    breaking");
    assert_eq!(sandbox.entry("online")["override"], serde_json::json!(["breaking"]));
    sandbox.run("offline --env online --allow-breaking -m over").expect_exit(0);
    sandbox.run("status").expect_exit(0).expect_stdout("(0.0.1), overrides a policy");
    sandbox.run("verify").expect_exit(0);
}

#[test]
fn several_groups_have_a_way_back() {
    let sandbox = Sandbox::petstore();
    sandbox.run("group create owners").expect_exit(0);
    sandbox.run("api add owners GET /owners").expect_exit(0);
    let first = sandbox.run("-o json publish --all --env test --mock").expect_exit(0).json();
    let id = first["operation"].as_str().expect("an id");
    sandbox.edit("two");
    sandbox
        .run("publish --all --env test --mock --bump patch")
        .expect_exit(0)
        .expect_stdout("test: 1 published, 1 already up to date\n");
    sandbox
        .run(&format!("undo {id} --env test"))
        .expect_exit(4)
        .expect_stderr("1 of its 2 groups were changed since: petstore by");
    sandbox.run("offline owners --env test").expect_exit(0);
    sandbox.run("rollback --all --env test").expect_exit(64).expect_stderr("--to");
    sandbox.run(&format!("rollback --all --env test --to {id}")).expect_exit(0);
    assert_eq!(sandbox.entry("test")["version"], "0.0.1");
    let owners = sandbox.run("-o json status owners --env test").expect_exit(0).json();
    assert_eq!(owners["deployments"][0]["state"], "live");
    sandbox.run("undo --env test").expect_exit(0);
    assert_eq!(sandbox.entry("test")["version"], "0.0.2");
    sandbox
        .run("rollback owners petstore --env test --to 2020-01-01")
        .expect_exit(3)
        .expect_stderr("had not been published");
}

#[test]
fn variables_stand_for_few_flags() {
    let sandbox = Sandbox::petstore();
    let run = |variables: &[(&str, &str)], words: &str| sandbox.run_with(variables, words);
    // What a command does is read where it is typed.
    for (name, value) in [("APIGW_ENV", "test"), ("APIGW_MOCK", "1"), ("APIGW_VERSION", "1.2.3"), ("APIGW_ALL", "1")] {
        let expected = if name == "APIGW_ENV" { 64 } else { 0 };
        let words =
            if name == "APIGW_ENV" { "publish --mock --dry-run" } else { "publish --env test --mock --dry-run" };
        run(&[(name, value)], words).expect_exit(expected);
    }
    run(&[("APIGW_MESSAGE", "x"), ("APIGW_WAIT", "soon"), ("APIGW_YES", "perhaps")], "status").expect_exit(0);
    run(&[("APIGW_MESSAGE", "x")], "verify").expect_exit(0);
    run(&[("APIGW_OUTPUT", "github")], "status").expect_exit(0);
    for name in ["DIRECTORY", "OUTPUT", "COLOR", "QUIET", "VERBOSE", "YES", "LOCK_TIMEOUT", "MESSAGE", "WAIT"] {
        run(&[(&format!("APIGW_{name}"), "")], "publish --env test --mock --dry-run").expect_exit(0);
    }
    for (name, value) in [
        ("OUTPUT", "xml"),
        ("COLOR", "red"),
        ("QUIET", "2"),
        ("YES", "perhaps"),
        ("LOCK_TIMEOUT", "soon"),
        ("WAIT", "1h"),
    ] {
        let name = format!("APIGW_{name}");
        run(&[(&name, value)], "publish --env test --mock --dry-run").expect_exit(64).expect_stderr(&name);
    }
    run(&[("APIGW_MESSAGE", "from the pipeline")], "publish --env test --mock").expect_exit(0);
    assert_eq!(sandbox.entry("test")["message"], "from the pipeline");
    run(&[("APIGW_DIRECTORY", "/")], "status").expect_exit(3).expect_stderr("there is no workspace in /");
}

#[test]
fn an_address_that_gateways_refuse_is_told_when_it_is_published() {
    let sandbox = Sandbox::petstore();
    let metadata = "publish --env test --backend http://169.254.169.254/latest";
    let told = sandbox.run(&format!("-o json {metadata} --dry-run")).expect_exit(0).json();
    assert!(told["warnings"].to_string().contains("gateways refuse it"), "{told}");
    sandbox.run(metadata).expect_exit(0).expect_stderr("gateways refuse it");
    sandbox
        .run("publish --env test --backend http://nowhere.invalid")
        .expect_exit(0)
        .expect_stderr("nowhere.invalid cannot be resolved");
}

#[test]
fn an_error_names_the_argument_that_is_missing() {
    let sandbox = Sandbox::petstore();
    let error = sandbox.run("-o json publish --mock").expect_exit(64).stderr;
    let error: serde_json::Value = serde_json::from_str(&error).expect("JSON");
    let message = error["error"]["message"].as_str().expect("a message");
    assert_eq!(message, "the following required arguments were not provided: --env <ENV>");
    assert!(error["error"]["hints"].to_string().contains("apigw publish --help"), "{error}");
}

#[test]
fn each_address_gets_its_variables_when_it_is_published() {
    let sandbox = Sandbox::petstore();
    let group = sandbox.read("groups/petstore/group.yaml");
    let forwarding =
        "forwarding: {more_addresses: [\"http://${MORE}\"], apis: {getPet: {backend: \"http://${OWN}\"}}}\n";
    sandbox.write("groups/petstore/group.yaml", &format!("{group}{forwarding}"));
    let settings = sandbox.read("apigw.toml");
    let declare = |more: &str| {
        sandbox.write(
            "apigw.toml",
            &format!("{settings}\n[environments.test.variables]\nMORE = \"{more}\"\nOWN = \"own.example\"\n"),
        );
    };
    let publish = "publish --env test --backend http://a.example";
    // Nobody knows them: refused by check and publish alike, and of no matter to a mock.
    let checked = sandbox.run("check").expect_exit(3);
    assert!(checked.stdout.contains("no environment declares the variable \"MORE\""), "{}", checked.stdout);
    sandbox.run(publish).expect_exit(3).expect_stderr("no environment declares the variable \"MORE\"");
    sandbox.run("publish --env test --mock --dry-run").expect_exit(0);
    declare("more.example");
    sandbox
        .run("publish --env pre-release --backend http://a.example")
        .expect_exit(3)
        .expect_stderr("`forwarding.more_addresses.0` in group.yaml: the variable \"MORE\" is not set in pre-release");
    declare("more example");
    sandbox.run(publish).expect_exit(3);
    declare("more.example");
    sandbox.run(publish).expect_exit(0);
    let bound = "backend: {type: http, url: \"http://a.example\", variables: {\"MORE\": \"more.example\", \"OWN\": \"own.example\"}}\n";
    assert!(sandbox.read("deployments/test.yaml").contains(bound));
    sandbox.run("verify").expect_exit(0);
    // A switch keeps what is bound, and drops what the other version does not name.
    declare("other.example");
    sandbox.write(
        "groups/petstore/group.yaml",
        &format!("{group}forwarding: {{more_addresses: [\"http://${{MORE}}\"]}}\n").replace("0.0.1", "0.0.2"),
    );
    sandbox.run("version create").expect_exit(0);
    sandbox.run("switch --env test --version 0.0.2").expect_exit(0);
    // What only the other version names is bound anew.
    sandbox.run("switch --env test --version 0.0.1").expect_exit(0);
    assert!(sandbox.read("deployments/test.yaml").contains(bound), "{}", sandbox.read("deployments/test.yaml"));
    sandbox.run("switch --env test --version 0.0.2").expect_exit(0);
    let bound = "backend: {type: http, url: \"http://a.example\", variables: {\"MORE\": \"more.example\"}}\n";
    assert!(sandbox.read("deployments/test.yaml").contains(bound), "{}", sandbox.read("deployments/test.yaml"));
    sandbox.run(publish).expect_exit(0);
    assert!(sandbox.read("deployments/test.yaml").contains("\"MORE\": \"other.example\""));
    sandbox.run("rollback --env test").expect_exit(0);
    assert!(sandbox.read("deployments/test.yaml").contains(bound));
}
