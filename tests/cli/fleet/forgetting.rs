//! `apigw node forget`: a node that is gone is waited for no more.

use serde_json::{Value, json};

use super::{await_fleet, control_plane, fleet, petstore, poll};
use crate::harness::Sandbox;

/// Lets nodes poll once, which never come again.
fn join(control: &str, names: &[&str]) {
    for name in names {
        let settings = json!({"environment": "test", "listen": "127.0.0.1:80"});
        let message = json!({"node": {"id": name, "metadata": {"apigw": settings}}}).to_string();
        assert!(poll(control, "/v3/discovery:clusters", &message).starts_with("HTTP/1.1 200"));
    }
}

/// Makes the nodes that are remembered silent.
fn age(sandbox: &Sandbox) {
    let mut record: Value = serde_json::from_str(&sandbox.read(".apigw/fleet/test.json")).expect("a record");
    for node in record["nodes"].as_array_mut().expect("nodes") {
        node["seen"] = json!("2026-01-01T00:00:00.000Z");
    }
    sandbox.write(".apigw/fleet/test.json", &record.to_string());
}

fn names(sandbox: &Sandbox) -> Vec<String> {
    let fleet = fleet(sandbox);
    let nodes = fleet["nodes"].as_array().cloned().unwrap_or_default();
    nodes.iter().map(|node| node["node"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn a_node_that_is_gone_is_forgotten_beside_its_control_plane_and_without_one() {
    let sandbox = petstore();
    let settings = format!("{}\n[environments.test.fleet]\nforget_after = \"9000d\"\n", sandbox.read("apigw.toml"));
    sandbox.write("apigw.toml", &settings);
    sandbox.run("node forget edge-1 --env test").expect_exit(3).expect_stderr("no node edge-1 of test is known");
    let (serving, control) = control_plane(&sandbox, "127.0.0.1:0", "");
    join(&control, &["edge-1", "edge-2", "edge-3"]);
    await_fleet(&sandbox, |fleet| fleet["nodes"].as_array().is_some_and(|nodes| nodes.len() == 3));
    sandbox.run("node forget edge-1 --env test").expect_exit(3).expect_stderr("edge-1 has polled within the last 30 s");
    serving.stop();
    age(&sandbox);
    let (serving, _) = control_plane(&sandbox, "127.0.0.1:0", "");
    await_fleet(&sandbox, |fleet| fleet["nodes"][0]["trouble"]["reason"] == "silent");
    let waited = sandbox.run("publish petstore --env test --version 0.0.1 --mock --wait=300ms").expect_exit(1);
    waited.expect_stderr("`apigw node forget edge-1 edge-2 edge-3 --env test`");
    let shown = sandbox.run("status --fleet").expect_exit(0);
    shown.expect_stderr("`apigw node forget edge-1 edge-2 edge-3 --env test`");
    // The control plane does it.
    sandbox.write("apigw.toml", &settings.replace("forget_after", "nodes = [\"edge-2\"]\nforget_after"));
    let named = sandbox.run("node forget edge-2 --env test").expect_exit(3);
    named.expect_stderr("`nodes` of [environments.test.fleet]").expect_stderr("take it out there");
    sandbox.write("apigw.toml", &settings);
    sandbox.run("node forget edge-9 --env test").expect_exit(3).expect_stderr("did you mean edge-");
    assert_eq!(names(&sandbox), ["edge-1", "edge-2", "edge-3"]);
    let forgotten = sandbox.run("-o json node forget edge-1 --env test").expect_exit(0).json();
    assert_eq!(forgotten["forgotten"], json!([{"node": "edge-1", "seen": "2026-01-01T00:00:00.000Z"}]));
    assert_eq!(names(&sandbox), ["edge-2", "edge-3"]);
    serving.wait_to_hear("test: node edge-1 is forgotten");
    // None runs.
    serving.stop();
    sandbox.run("node forget edge-2 --env test").expect_exit(0).expect_stdout("test: node edge-2 is forgotten");
    let (_serving, _) = control_plane(&sandbox, "127.0.0.1:0", "");
    assert_eq!(names(&sandbox), ["edge-3"]);
    sandbox.run("node forget edge-3 --env test").expect_exit(0);
    let waited = sandbox.run("publish petstore --env test --version 0.0.1 --mock --wait=300ms").expect_exit(1);
    waited.expect_stderr("no node of test has polled");
}
