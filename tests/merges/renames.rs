//! Merges in which Git takes frozen files, which are much alike, for renamed ones, and those with reverted releases: no
//! command of apigw damages anything here, and each way out that is named works.

use std::fs;

use super::cases::publish;
use super::clones::{WorkspaceClone, has_git};
use super::rest::git_command;

fn fetch(clone: &mut WorkspaceClone, other: &WorkspaceClone) {
    clone.git_done(&format!("fetch -q {} main", other.folder.display()));
}

/// Releases a group with one API more, and commits it. The reason that all have makes operations alike.
fn release(clone: &mut WorkspaceClone, group: &str, path: &str) {
    clone.done(&format!("api add {group} GET {path}"));
    let reason = "the-same-reason-".repeat(20);
    clone.done(&format!("publish {group} --env test --mock --bump patch -m {reason}"));
    clone.commit(path);
}

/// Takes the newest release of b back with Git on both branches, each of which released a; then merges them.
fn merge_of_two_reverts(folder: &std::path::Path) -> WorkspaceClone {
    let mut ada = WorkspaceClone::new(&folder.join("ada"), "Ada", &["a", "b"]);
    ada.done("publish a b --env test --mock");
    ada.commit("first");
    release(&mut ada, "b", "/bad");
    let mut bob = WorkspaceClone::of(&ada.folder, &folder.join("bob"), "Bob");
    for (clone, path) in [(&mut ada, "/ada"), (&mut bob, "/bob")] {
        clone.git_done("revert -n HEAD");
        // Two alike would be one commit.
        clone.commit(&format!("revert{path}"));
        release(clone, "a", path);
    }
    fetch(&mut ada, &bob);
    let merged = ada.git("merge --no-edit FETCH_HEAD");
    assert!(merged.stdout.contains("CONFLICT (rename/rename): history/test/"), "{merged:?}");
    ada
}

#[test]
fn a_clean_merge_that_damages_a_live_version_is_mended_from_git() {
    if !has_git() {
        return;
    }
    for way in ["verify --repair", "resolve --env test", "git"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut ada = WorkspaceClone::new(&folder.path().join("ada"), "Ada", &["a", "b"]);
        ada.done("publish a --env test --mock");
        ada.commit("first");
        let mut bob = WorkspaceClone::of(&ada.folder, &folder.path().join("bob"), "Bob");
        let definition = bob.folder.join("groups/b/openapi.yaml");
        let text = fs::read_to_string(&definition).expect("a definition");
        fs::write(&definition, format!("# Edited by Bob.\n{text}")).expect("a definition");
        bob.commit("edit");
        ada.done("-y group delete b");
        release(&mut ada, "a", "/ada");
        fetch(&mut ada, &bob);
        ada.git_done("merge -q --no-edit FETCH_HEAD");
        let found = ada.apigw("verify");
        assert!(found.code == 3 && found.stdout.contains("`apigw verify --repair` restores it from Git"), "{found:?}");
        match way {
            "git" => drop(ada.git_done(&git_command(&found.stdout, "git checkout "))),
            words => drop(ada.done(words)),
        }
        ada.done("verify");
        ada.done("status --check");
        ada.commit("mended");
        WorkspaceClone::of(&ada.folder, &folder.path().join("cyd"), "Cyd").done("verify");
    }
}

#[test]
fn operations_that_a_merge_damaged_are_restored_within_it_and_after_it() {
    if !has_git() {
        return;
    }
    for is_committed in [false, true] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut ada = merge_of_two_reverts(folder.path());
        if is_committed {
            ada.git_done("checkout -q --ours -- deployments/test.yaml");
            ada.commit("as-it-lies-there");
        }
        let refused = ada.apigw("resolve --env test --ours");
        assert!(refused.code == 3 && refused.stderr.contains("`apigw verify --repair` restores it"), "{refused:?}");
        let repaired = ada.apigw("verify --repair");
        assert_eq!(repaired.stdout.matches("restored history/test/").count(), 2, "{repaired:?}");
        ada.done("resolve --env test --ours");
        ada.done("verify");
        ada.git_done("checkout -q HEAD -- groups/a/openapi.yaml");
        ada.commit("mended");
        let mut cyd = WorkspaceClone::of(&ada.folder, &folder.path().join("cyd"), "Cyd");
        cyd.done("verify");
        assert!(cyd.done("history a").stdout.contains("lost to"), "{}", cyd.shown());
    }
}

#[test]
fn a_resolve_never_asks_for_a_release_that_the_other_branch_reverted() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut ada = WorkspaceClone::new(&folder.path().join("ada"), "Ada", &["a", "b"]);
    ada.done("publish a b --env test --mock");
    ada.commit("first");
    release(&mut ada, "b", "/bad");
    let mut bob = WorkspaceClone::of(&ada.folder, &folder.path().join("bob"), "Bob");
    publish(&mut bob, "a", 2);
    ada.git_done("revert --no-edit HEAD");
    publish(&mut ada, "a", 1);
    fetch(&mut bob, &ada);
    assert_ne!(bob.git("merge --no-edit FETCH_HEAD").code, 0, "a conflict");
    bob.done("resolve --env test --theirs");
    bob.commit("merged");
    bob.done("verify");
    assert!(bob.done("status").stdout.contains("b      0.0.1 mock"), "{}", bob.shown());
    // Nor does a later one, for which that merge is the last.
    bob.git_done("revert --no-edit -m 1 HEAD");
    let set_back = fs::read_to_string(bob.folder.join("deployments/test.yaml")).expect("a file");
    release(&mut bob, "a", "/more");
    fs::write(bob.folder.join("deployments/test.yaml"), set_back).expect("a file");
    bob.done("resolve --env test");
    bob.done("verify");
}

#[test]
fn a_branch_that_was_reverted_and_is_merged_again_brings_its_versions() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut ada = WorkspaceClone::new(&folder.path().join("ada"), "Ada", &["a", "b"]);
    ada.done("publish a b --env test --mock");
    ada.commit("first");
    let mut bob = WorkspaceClone::of(&ada.folder, &folder.path().join("bob"), "Bob");
    release(&mut bob, "b", "/two");
    release(&mut ada, "a", "/ada");
    fetch(&mut ada, &bob);
    ada.git_done("merge -q --no-edit FETCH_HEAD");
    ada.git_done("revert --no-edit -m 1 HEAD");
    release(&mut bob, "b", "/three");
    fetch(&mut ada, &bob);
    assert_ne!(ada.git("merge --no-edit FETCH_HEAD").code, 0, "a conflict");
    let refused = ada.apigw("resolve --env test");
    ada.git_done(&git_command(&refused.stderr, "git checkout MERGE_HEAD "));
    ada.done("resolve --env test");
    ada.done("verify");
    assert!(ada.done("rollback b --env test --dry-run").stdout.contains("0.0.2"), "{}", ada.shown());
}

#[test]
fn no_version_comes_in_under_the_number_of_a_live_one_whose_bytes_are_gone() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut ada = WorkspaceClone::new(&folder.path().join("ada"), "Ada", &["a"]);
    ada.done("publish a --env test --mock");
    ada.done("-y publish a --env online --mock");
    ada.commit("first");
    release(&mut ada, "a", "/two");
    let mut bob = WorkspaceClone::of(&ada.folder, &folder.path().join("bob"), "Bob");
    bob.done("-y promote a --from test --to online");
    bob.commit("promoted");
    ada.git_done("revert --no-edit HEAD");
    release(&mut ada, "a", "/other");
    fetch(&mut ada, &bob);
    ada.git_done("merge -q --no-edit FETCH_HEAD");
    for words in ["-y promote a --from test --to online", "-y publish a --env online --mock --version 0.0.2"] {
        let refused = ada.apigw(words);
        assert!(refused.code == 4 && refused.stderr.contains("`apigw resolve --env online"), "{refused:?}");
    }
    ada.done("-y resolve --env online");
    ada.done("verify");
    ada.done("-y promote a --from test --to online");
    ada.done("verify");
}
