//! Single commits of another branch, without what they were built upon.

use std::path::Path;

use super::cases::{clones, ports, publish};
use super::clones::{WorkspaceClone, has_git};

/// A group that both have live, and two later releases of Bob's: another of that group, and the first of the other one.
fn branches(folder: &Path) -> (WorkspaceClone, WorkspaceClone) {
    let (mut ada, mut bob) = clones(folder);
    publish(&mut ada, "a", 1);
    bob.git_done(&format!("pull -q --no-edit --no-rebase {} main", ada.folder.display()));
    publish(&mut bob, "a", 2);
    publish(&mut bob, "b", 3);
    (ada, bob)
}

#[test]
fn a_cherry_pick_brings_the_groups_alone_that_its_commit_changed() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut ada, bob) = branches(folder.path());
    ada.git_done(&format!("fetch -q {} main", bob.folder.display()));
    let picked = ada.git("cherry-pick FETCH_HEAD");
    assert_ne!(picked.code, 0, "{picked:?}");
    ada.done("resolve --env test");
    assert_eq!(ports(&mut ada, ""), ["a 1", "b 3"]);
    ada.done("verify");
    ada.git_done("add -A");
    ada.git_done("cherry-pick --continue");
    // The rest comes with the branch.
    ada.git(&format!("pull -q --no-edit --no-rebase {} main", bob.folder.display()));
    ada.done("resolve --env test");
    assert_eq!(ports(&mut ada, ""), ["a 2", "b 3"]);
    ada.done("verify");
}

#[test]
fn a_rebase_of_some_commits_brings_the_groups_alone_that_they_changed() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (ada, mut bob) = branches(folder.path());
    bob.git_done(&format!("fetch -q {} main", ada.folder.display()));
    let rebased = bob.git("rebase --onto FETCH_HEAD HEAD~1");
    assert_ne!(rebased.code, 0, "{rebased:?}");
    bob.done("resolve --env test");
    bob.git_done("add -A");
    bob.git_done("rebase --continue");
    assert_eq!(ports(&mut bob, ""), ["a 1", "b 3"]);
    bob.done("verify");
}

#[test]
fn a_resolve_of_a_picked_commit_that_was_resolved_has_nothing_to_do() {
    if !has_git() {
        return;
    }
    for verb in ["cherry-pick", "rebase"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (mut ada, mut bob) = clones(folder.path());
        publish(&mut ada, "a", 1);
        publish(&mut bob, "b", 2);
        publish(&mut bob, "a", 3);
        let (clone, other, words) = match verb {
            "rebase" => (&mut bob, &ada, "rebase --onto FETCH_HEAD HEAD~1"),
            _ => (&mut ada, &bob, "cherry-pick FETCH_HEAD"),
        };
        clone.git_done(&format!("fetch -q {} main", other.folder.display()));
        let picked = clone.git(words);
        assert_ne!(picked.code, 0, "{picked:?}");
        clone.done("resolve --env test --ours");
        clone.done("verify");
        for step in ["resolved", "added"] {
            let again = clone.done("resolve --env test");
            assert_eq!(again.stdout, "test: nothing to do\n", "{verb}, {step}");
            clone.git_done("add -A");
        }
        let port = if verb == "rebase" { "a 3" } else { "a 1" };
        assert_eq!(ports(clone, ""), [port], "nobody picked b");
    }
}
