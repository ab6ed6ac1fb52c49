//! The parts of a merge that Git leaves to the person: files to add, groups to restore, and messages that name the
//! right ones.

use std::fs;

use super::cases::publish;
use super::clones::{WorkspaceClone, has_git};
use super::numbers::{clones, freeze};
use super::policies::merge;

/// Returns the Git command that begins like this in a text, without quotes.
pub(crate) fn git_command(text: &str, begin: &str) -> String {
    let start = text.find(begin).unwrap_or_else(|| panic!("no {begin} in {text}"));
    let command = text[start..].split('`').next().expect("a command");
    command.strip_prefix("git ").expect("a command of Git").replace('\'', "")
}

/// Clones that both froze 0.0.2, each with bytes of its own, live in two environments, and the merge of them.
fn renumbered(folder: &std::path::Path) -> WorkspaceClone {
    let [mut ada, mut bob] = clones(folder, ["Ada", "Bob"]);
    for (clone, path) in [(&mut ada, "/ada"), (&mut bob, "/bob")] {
        freeze(clone, path, "test");
        clone.done("-y publish a --env online --mock");
        clone.commit("online");
    }
    merge(&mut ada, &bob);
    ada
}

#[test]
fn the_last_resolve_of_a_merge_names_the_versions_that_an_earlier_one_wrote() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut ada = renumbered(folder.path());
    ada.done("resolve --env test --ours");
    let last = ada.done("-y resolve --env online --ours");
    ada.git_done("checkout -q --ours -- groups/a/openapi.yaml");
    ada.git_done(&git_command(&last.stdout, "git add "));
    ada.git_done("merge --continue");
    assert_eq!(ada.git_done("status --porcelain").stdout, "", "{last:?}");
    let mut clone = WorkspaceClone::of(&ada.folder, &folder.path().join("clone"), "Cyd");
    clone.done("verify");
    clone.done("status --check");
}

#[test]
fn a_renumbered_version_that_was_not_committed_is_built_again() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut ada = renumbered(folder.path());
    // The smaller digest keeps the number.
    let planned = ada.done("-o json resolve --env test --ours --dry-run").json();
    let versions = planned["versions"].as_array().expect("versions");
    let moved = versions.iter().find(|version| version["version"] == "0.0.3").expect("a version that is moved");
    let is_own = planned["changes"][0]["after"]["digest"] == moved["digest"];
    let choice = if is_own { "--ours" } else { "--theirs" };
    ada.done(&format!("resolve --env test {choice}"));
    ada.done(&format!("-y resolve --env online {choice}"));
    ada.git_done("checkout -q --ours -- groups/a/openapi.yaml");
    fs::remove_dir_all(ada.folder.join("groups/a/versions/0.0.3")).expect("removed");
    ada.commit("merge");
    let verified = ada.apigw("verify");
    assert!(verified.code == 3 && verified.stdout.contains("`apigw resolve --env test` gives"), "{verified:?}");
    ada.done("resolve --env test");
    ada.commit("restored");
    ada.done("verify");
}

#[test]
fn a_conflict_names_no_group_that_one_branch_alone_changed() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut ada = WorkspaceClone::new(&folder.path().join("ada"), "Ada", &["a", "b", "c", "d"]);
    publish(&mut ada, "a", 1);
    publish(&mut ada, "b", 2);
    let mut bob = WorkspaceClone::of(&ada.folder, &folder.path().join("bob"), "Bob");
    publish(&mut bob, "c", 3);
    publish(&mut bob, "a", 4);
    publish(&mut ada, "d", 5);
    publish(&mut ada, "a", 6);
    publish(&mut ada, "b", 7);
    merge(&mut ada, &bob);
    for words in ["verify", "status", "rollback b --env test"] {
        let outcome = ada.apigw(words);
        let text = outcome.stdout + &outcome.stderr;
        assert!(text.contains("both branches changed group a"), "{words}: {text}");
    }
    let refused = ada.apigw("resolve --env test");
    assert!(refused.stderr.contains("a changed on both branches"), "{refused:?}");
    ada.done("resolve --env test --ours");
    ada.done("verify");
}

#[test]
fn a_group_that_one_branch_deleted_and_another_published_is_restored_from_the_commit_that_has_it() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut ada = WorkspaceClone::new(&folder.path().join("ada"), "Ada", &["a", "b"]);
    publish(&mut ada, "a", 1);
    publish(&mut ada, "b", 2);
    let mut bob = WorkspaceClone::of(&ada.folder, &folder.path().join("bob"), "Bob");
    publish(&mut bob, "b", 3);
    ada.done("offline b --env test");
    ada.done("-y group delete b --force");
    ada.commit("deleted");
    merge(&mut ada, &bob);
    ada.done("resolve b --env test --theirs");
    let verified = ada.apigw("verify");
    assert!(verified.code == 3 && verified.stdout.contains("the group b has no settings"), "{verified:?}");
    assert!(!verified.stdout.contains("Git does not have it"), "{verified:?}");
    ada.git_done(&git_command(&verified.stdout, "git checkout "));
    ada.done("verify");
    ada.done("status --check");
}
