//! Policies and blocks never bar the end of a merge: some head can always be kept.

use std::fs;

use super::clones::{WorkspaceClone, has_git};
use super::numbers::{clones, freeze};

/// Merges another branch, which conflicts.
pub(crate) fn merge(ada: &mut WorkspaceClone, bob: &WorkspaceClone) {
    ada.git_done(&format!("fetch -q {} main", bob.folder.display()));
    ada.git("merge -q --no-edit FETCH_HEAD");
    assert_eq!(ada.apigw("status --env test").code, 3, "a conflict");
}

#[test]
fn a_merge_of_two_blocked_versions_comes_to_an_end() {
    if !has_git() {
        return;
    }
    for choice in ["--ours", "--theirs"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let [mut ada, mut bob] = clones(folder.path(), ["Ada", "Bob"]);
        for (clone, path) in [(&mut ada, "/ada"), (&mut bob, "/bob")] {
            freeze(clone, path, "test");
            clone.done("version block a 0.0.2 -m bad");
            clone.commit("blocked");
        }
        merge(&mut ada, &bob);
        let resolved = ada.done(&format!("resolve --env test {choice}"));
        assert!(resolved.stderr.contains("it stays live"), "{resolved:?}");
        ada.git("checkout -q --ours -- groups/a/openapi.yaml");
        ada.commit("merge");
        ada.done("verify");
        // It comes in nowhere else.
        assert_eq!(ada.apigw("promote a --from test --to pre-release").code, 5);
    }
}

#[test]
fn a_merge_of_a_blocked_version_and_a_denied_mock_comes_to_an_end() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [mut ada, mut bob] = clones(folder.path(), ["Ada", "Bob"]);
    freeze(&mut ada, "/ada", "test");
    freeze(&mut bob, "/bob", "test");
    bob.done("publish a --env test --backend http://127.0.0.1:1");
    bob.done("version block a 0.0.2 -m bad");
    bob.commit("blocked");
    merge(&mut ada, &bob);
    let settings = ada.folder.join("apigw.toml");
    let text = fs::read_to_string(&settings).expect("settings");
    let denied = text.replace("[environments.test]", "[environments.test]\nmock = \"deny\"");
    fs::write(&settings, denied).expect("settings");
    for choice in ["--theirs", "--ours"] {
        let planned = ada.done(&format!("resolve --env test {choice} --dry-run"));
        assert!(planned.stderr.contains(if choice == "--ours" { "a mock" } else { "it stays live" }), "{planned:?}");
    }
}
