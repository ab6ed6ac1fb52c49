//! The fleet beside files that cannot be read.

use serde_json::json;

use super::{await_fleet, control_plane, petstore, poll};
use crate::harness::Sandbox;

#[test]
fn a_broken_environment_hides_no_nodes_of_another() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("apigw.toml");
    let fleets = "[environments.qa.fleet]\nnodes = [\"edge-1\"]\n[environments.eu.fleet]\nnodes = [\"edge-2\"]\n";
    sandbox.write("apigw.toml", &format!("{settings}\n{fleets}"));
    sandbox.write("deployments/qa.yaml", "junk\n");
    let status = sandbox.run("status --fleet").expect_exit(3).expect_stdout("edge-1").expect_stdout("edge-2");
    status.expect_stderr("qa: deployments/qa.yaml");
    let document = sandbox.run("-o json status --fleet").expect_exit(3).json();
    assert_eq!(document["problems"][0]["environment"], "qa");
    assert_eq!(document["fleets"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_control_plane_that_starts_where_the_entries_are_gone_takes_nothing_from_nodes() {
    let sandbox = petstore();
    let (serving, control) = control_plane(&sandbox, "127.0.0.1:0", "");
    let settings = json!({"environment": "test", "listen": "127.0.0.1:80"});
    let message = json!({"node": {"id": "edge-1", "metadata": {"apigw": settings}}}).to_string();
    assert!(poll(&control, "/v3/discovery:clusters", &message).starts_with("HTTP/1.1 200"));
    let before = await_fleet(&sandbox, |fleet| fleet["release"].is_string());
    serving.stop();
    let entries = sandbox.read("deployments/test.yaml");
    std::fs::remove_file(sandbox.path().join("deployments/test.yaml")).expect("removed");
    let (serving, control) = control_plane(&sandbox, "127.0.0.1:0", "");
    serving.wait_to_hear("test: nodes are given nothing until this is mended: deployments/test.yaml");
    assert!(poll(&control, "/v3/discovery:clusters", &message).starts_with("HTTP/1.1 304"));
    await_fleet(&sandbox, |fleet| fleet["release"].is_null());
    sandbox.write("deployments/test.yaml", &entries);
    let after = await_fleet(&sandbox, |fleet| fleet["release"].is_string());
    assert_eq!(after["release"], before["release"]);
}
