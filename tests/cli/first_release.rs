//! A workspace that the first release of apigw wrote, as it lies in `fixtures/first`: whatever came since reads it,
//! keeps its bytes, and goes on from it.

use std::fs;
use std::path::Path;

use crate::harness::Sandbox;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::empty();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/fixtures/first"), sandbox.path());
    sandbox
}

#[test]
fn it_is_read_and_verified_and_stays_as_it_is() {
    let sandbox = sandbox();
    let before = sandbox.files();
    let verified = sandbox.run("-o json verify").expect_exit(0).json();
    assert_eq!(verified["problems"].as_array().map(Vec::len), Some(0), "{verified}");
    assert_eq!(verified["operations"], 7);
    let history = sandbox.run("-o json history").expect_exit(0).json();
    assert_eq!(history["operations"].as_array().map(Vec::len), Some(7));
    let status = sandbox.run("-o json status").expect_exit(0).json();
    assert_eq!(status["deployments"].as_array().map(Vec::len), Some(3));
    assert_eq!(sandbox.files(), before);
}

#[test]
fn it_is_published_to_and_rolled_back() {
    let sandbox = sandbox();
    let entry = || sandbox.run("-o json status pets --env test").expect_exit(0).json()["deployments"][0].clone();
    let first = entry();
    sandbox.run("publish pets --env test --mock").expect_exit(0);
    assert_eq!((&entry()["version"], &entry()["backend"]["type"]), (&"0.0.2".into(), &"mock".into()));
    sandbox.run("publish shop --env test --mock").expect_exit(0);
    sandbox.run("rollback pets --env test").expect_exit(0);
    for field in ["state", "version", "digest", "backend"] {
        assert_eq!(entry()[field], first[field], "{field}");
    }
    sandbox.run("undo --env test").expect_exit(0);
    assert_eq!(entry()["version"], "0.0.2");
    sandbox.run("rollback pets --env test --to 20261128T235436.515Z").expect_exit(0);
    let history = sandbox.run("-o json history pets --env test").expect_exit(0).json();
    assert_eq!(history["operations"].as_array().map(Vec::len), Some(9), "{history}");
    sandbox.run("verify").expect_exit(0);
}
