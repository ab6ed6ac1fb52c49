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

#[test]
fn a_resolve_keeps_no_release_that_never_was_where_it_has_to_come_from() {
    if !has_git() {
        return;
    }
    for is_way_back in [false, true] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let [mut ada, mut bob] = clones(folder.path(), ["Ada", "Bob"]);
        for clone in [&mut ada, &mut bob] {
            clone.done("-y publish a --env online --mock");
            clone.commit("online");
        }
        freeze(&mut ada, "/ada", "test");
        ada.done("-y promote a --from test --to online");
        ada.commit("ada");
        freeze(&mut bob, "/bob", "online");
        if is_way_back {
            freeze(&mut bob, "/more", "online");
            bob.done("-y rollback a --env online");
            bob.commit("back");
        }
        ada.git_done(&format!("fetch -q {} main", bob.folder.display()));
        ada.git("merge -q --no-edit FETCH_HEAD");
        let settings = ada.folder.join("apigw.toml");
        let plain = fs::read_to_string(&settings).expect("settings");
        let with = plain.replace("[environments.online]", "[environments.online]\npromote_from = \"test\"");
        fs::write(&settings, with).expect("settings");
        let taken = ada.apigw("-y resolve --env online --theirs");
        if is_way_back {
            assert_eq!(taken.code, 0, "{taken:?}");
        } else {
            assert!(taken.code == 5 && taken.stderr.contains("must be live in test"), "{taken:?}");
            ada.done("-y resolve --env online --ours");
            // It never was live on this branch, so an undo brings it in too.
            let undone = ada.apigw("-y undo --env online");
            assert!(undone.code == 5 && undone.stderr.contains("must be live in test"), "{undone:?}");
        }
        ada.done("verify");
    }
}
