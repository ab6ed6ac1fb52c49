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
