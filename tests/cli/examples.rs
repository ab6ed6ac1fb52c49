//! Each example is valid, and is published as the README says.

use std::fs;
use std::path::Path;

use crate::harness::Sandbox;

/// Copies a folder and all that is in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder of an example") {
        let entry = entry.expect("an entry");
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("a copied file");
        }
    }
}

#[test]
fn examples_are_valid_and_publish_a_mock() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut published = 0;
    for example in fs::read_dir(examples).expect("the examples") {
        let example = example.expect("an example").path();
        if !example.join("apigw.toml").exists() {
            continue;
        }
        let sandbox = Sandbox::empty();
        copy(&example, sandbox.path());
        for command in ["verify", "check", "publish --all --env test --mock"] {
            sandbox.run(command).expect_exit(0);
        }
        published += 1;
    }
    assert!(published > 0, "there is no example");
}

#[test]
fn the_fleet_is_exported_to_each_target() {
    let sandbox = Sandbox::empty();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/fleet"), sandbox.path());
    sandbox.run("publish catalog --env test --mock").expect_exit(0);
    sandbox.run("publish orders --env test").expect_exit(0);
    for target in ["envoy", "nginx", "haproxy", "gateway-api", "kong"] {
        // It rewrites no path with parameters, and refuses no letter that is encoded without need.
        let allowed = if target == "gateway-api" { " --allow-loss rewrites --allow-loss routing" } else { "" };
        let report = sandbox.run(&format!("-o json export {target} --env test --out {target}{allowed}"));
        let report = report.expect_exit(0).json();
        let names: Vec<_> = report["groups"].as_array().expect("groups").iter().map(|group| &group["group"]).collect();
        assert_eq!(names, ["catalog", "orders"], "{target}");
        sandbox.run(&format!("export {target} --env test --out {target} --check{allowed}")).expect_exit(0);
        // One group changed: the others' files stay.
        sandbox.run(&format!("export {target} orders --env test --out {target}-orders{allowed}")).expect_exit(0);
    }
}
