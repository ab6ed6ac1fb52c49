//! The fleet beside files that cannot be read.

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
