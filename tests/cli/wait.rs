//! `--wait` and `status`: which gateway serves what.

use crate::harness::Sandbox;
use crate::serving::Serving;

#[test]
fn a_change_is_waited_for_until_every_gateway_serves_it() {
    let sandbox = Sandbox::petstore();
    let one = Serving::start(&sandbox);
    let two = Serving::start_with(&sandbox, "serve --listen 127.0.0.1:0");
    let outcome = sandbox.run("-o json publish --env test --mock --wait").expect_exit(0);
    let mut pids: Vec<u64> = outcome.json()["gateways"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|gateway| {
            assert_eq!(gateway["serves"], true);
            gateway["pid"].as_u64().expect("a number")
        })
        .collect();
    pids.sort_unstable();
    let mut expected = [u64::from(one.pid()), u64::from(two.pid())];
    expected.sort_unstable();
    assert_eq!(pids, expected);
    let again = sandbox.run("publish --env test --mock --wait").expect_exit(0);
    assert!(again.stdout.contains(&format!("test: served by process {} at http://{}", one.pid(), one.address)));
    let entry = sandbox.entry("test");
    assert_eq!((entry["served_by"].as_array().map(Vec::len), &entry["behind"]), (Some(2), &serde_json::json!([])));

    // One that does not look at the files is one that does not serve the change.
    two.signal("STOP");
    let outcome = sandbox.run("-o json offline --env test --wait=2s").expect_exit(1);
    let operation = outcome.json()["operation"].as_str().expect("an id").to_owned();
    assert!(
        outcome
            .stderr
            .contains(&format!("the change is committed as operation {operation}, but process {}", two.pid()))
    );
    assert!(outcome.stderr.contains("\"exit\": 1"), "{}", outcome.stderr);
    let entry = sandbox.entry("test");
    assert_eq!(entry["served_by"], serde_json::json!([one.pid()]));
    assert_eq!(entry["behind"][0]["pid"], two.pid());
    let status = sandbox.run("status").expect_exit(0).stdout;
    assert!(status.contains("GATEWAY") && status.contains("1 behind"), "{status}");
    two.signal("CONT");
    sandbox.run("offline --env test --wait").expect_exit(0);
}

#[test]
fn nobody_is_not_waited_for_with_success() {
    let sandbox = Sandbox::petstore();
    let serving = Serving::start(&sandbox);
    serving.kill();
    let outcome = sandbox.run("publish --env test --mock --wait=50ms").expect_exit(1);
    assert!(outcome.stdout.contains("test: committed as operation"), "{}", outcome.stdout);
    let outcome = outcome.expect_stderr("no gateway on this machine serves test");
    outcome.expect_stderr("start one: `apigw serve --env test`");
    assert_eq!(sandbox.entry("test")["state"], "live", "it is committed all the same");
    assert!(!sandbox.run("status").expect_exit(0).stdout.contains("GATEWAY"), "a killed gateway is believed");
    sandbox
        .run("publish --env test --mock --version 0.0.1 --wait --dry-run")
        .expect_exit(0)
        .expect_stderr("has no effect in a dry run");
    // The word after `--wait` is not taken for a time.
    sandbox.run("publish --wait petstore --env test --dry-run").expect_exit(0);
}

#[test]
fn a_release_is_waited_for_in_each_environment() {
    let sandbox = Sandbox::petstore();
    let steps = "steps:\n  - publish: {groups: [petstore], environment: test, mock: true}\n  \
                 - promote: {groups: [petstore], from: test, to: pre-release}\n";
    sandbox.write("release.yaml", &format!("schema: 1\nmessage: all\n{steps}"));
    let serving = Serving::start(&sandbox);
    let outcome = sandbox.run("apply release.yaml --wait=2s").expect_exit(1);
    assert!(outcome.stdout.contains(&format!("test: served by process {}", serving.pid())), "{}", outcome.stdout);
    outcome.expect_stderr("no gateway on this machine serves pre-release");
}
