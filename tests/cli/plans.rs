//! Release plans: over several environments, bound to what they were computed from.

use crate::harness::Sandbox;

const PLAN: &str = "\
schema: 1
message: July release
steps:
  - publish: {groups: [petstore], environment: test, mock: true}
  - promote: {groups: [petstore], from: test, to: pre-release}
";

#[test]
fn what_plan_prints_is_what_apply_does() {
    let sandbox = Sandbox::petstore();
    sandbox.write("release.yaml", PLAN);
    let planned = sandbox.run("-o json plan release.yaml --detailed-exitcode").expect_exit(2).json();
    let applied = sandbox.run("-o json apply release.yaml").expect_exit(0).json();
    for index in 0..2 {
        let digest = |json: &serde_json::Value| json["plans"][index]["changes"][0]["after"]["digest"].clone();
        assert!(digest(&planned).is_string());
        assert_eq!(digest(&planned), digest(&applied));
    }
    assert_eq!(sandbox.entry("pre-release")["message"], "July release");
    sandbox.run("apply release.yaml --dry-run --detailed-exitcode").expect_exit(0);
}

#[test]
fn a_bound_plan_is_refused_once_it_is_stale() {
    let sandbox = Sandbox::petstore();
    sandbox.write("release.yaml", PLAN);
    sandbox.run("plan release.yaml --out bound.yaml").expect_exit(0);
    sandbox.run("apply bound.yaml --env test").expect_exit(4).expect_stderr("pre-release");
    sandbox.run("publish --env pre-release --backend https://other.example").expect_exit(0);
    let before = sandbox.files();
    sandbox.run("apply bound.yaml").expect_exit(4).expect_stderr("has changed since the plan was made");
    assert_eq!(sandbox.files(), before);
}

#[test]
fn a_plan_that_stopped_half_way_is_finished_by_applying_it_again() {
    let sandbox = Sandbox::petstore();
    sandbox.write("release.yaml", PLAN);
    sandbox.run("plan release.yaml --out bound.yaml").expect_exit(0);
    // As if the first environment had been committed before something went wrong.
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.run("apply bound.yaml").expect_exit(0);
    assert_eq!(sandbox.entry("test")["digest"], sandbox.entry("pre-release")["digest"]);
    sandbox.run("apply bound.yaml").expect_exit(0);
}

#[test]
fn steps_are_checked() {
    let sandbox = Sandbox::petstore();
    for (steps, message) in [
        ("  - publish: {groups: [petstore], mock: true}", "names no environment"),
        ("  - publish: {environment: test}", "either `groups` or `all`"),
        ("  - publish: {groups: [petstore], environment: qa}", "does not exist"),
        ("  - switch: {groups: [petstore], environment: test, mock: true}", "has `mock`"),
        ("  - publish: {groups: [petstore], environment: test, colour: red}", "colour"),
        ("  - destroy: {groups: [petstore]}", "destroy"),
    ] {
        sandbox.write("plan.yaml", &format!("schema: 1\nsteps:\n{steps}\n"));
        sandbox.run("plan plan.yaml").expect_exit(3).expect_stderr(message);
    }
}
