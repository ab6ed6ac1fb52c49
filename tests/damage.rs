//! No damage unseen: each byte of what was committed, cut, flipped and zeroed in turn.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so and fails")]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use apigw::model::Severity;
use apigw::workspace::Workspace;

fn apigw(folder: &Path, words: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apigw"));
    command.args(words.split(' ')).current_dir(folder).env_clear().env("HOME", folder).env("APIGW_ACTOR", "Ada");
    let output = command.output().expect("the command runs");
    assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
}

fn committed_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut pending = vec![folder.join("deployments"), folder.join("history"), folder.join("groups/pets/versions")];
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Says whether `verify` finds an error.
fn is_noticed(workspace: &Workspace) -> bool {
    let found = workspace.verify(&mut |_| {});
    found.map_or(true, |found| found.problems.iter().any(|problem| problem.finding.severity == Severity::Error))
}

#[test]
fn each_damaged_byte_is_noticed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    apigw(folder, "init");
    apigw(folder, "group create pets");
    apigw(folder, "api add pets GET /pets");
    apigw(folder, "publish --env test --mock");
    apigw(folder, "publish --env test --backend http://127.0.0.1:1");
    let workspace = Workspace::open(folder).expect("a workspace");
    assert!(!is_noticed(&workspace), "what is whole is damaged");
    let mut damaged = 0_usize;
    for path in committed_files(folder) {
        let good = fs::read(&path).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("permissions");
        for index in 0..good.len() {
            let mut variants = vec![good[..index].to_vec()];
            for byte in [good[index] ^ 1, good[index] ^ 0x20, 0] {
                let mut bytes = good.clone();
                bytes[index] = byte;
                variants.push(bytes);
            }
            for bytes in variants {
                fs::write(&path, bytes).expect("damage");
                assert!(is_noticed(&workspace), "byte {index} of {}", path.display());
                damaged += 1;
            }
        }
        fs::write(&path, &good).expect("repair");
    }
    assert!(!is_noticed(&workspace), "what was put back is damaged");
    std::io::stderr().write_all(format!("damaged {damaged}, unseen 0\n").as_bytes()).expect("stderr");
}
