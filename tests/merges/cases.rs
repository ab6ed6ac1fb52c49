//! Merges as people meet them, each step of them read.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::clones::{Outcome, WorkspaceClone, has_git};

const FILE: &str = "deployments/test.yaml";

/// Ada's clone and Bob's, in which nothing was published yet.
pub(crate) fn clones(folder: &Path) -> (WorkspaceClone, WorkspaceClone) {
    let ada = WorkspaceClone::new(&folder.join("ada"), "Ada", &["a", "b"]);
    let bob = WorkspaceClone::of(&ada.folder, &folder.join("bob"), "Bob");
    (ada, bob)
}

/// Publishes a group with a backend of this port, and returns the operation.
pub(crate) fn publish(clone: &mut WorkspaceClone, group: &str, port: u16) -> String {
    let words = format!("-o json publish {group} --env test --backend http://127.0.0.1:{port}");
    let operation = clone.done(&words).json()["operation"].as_str().expect("an operation").to_owned();
    clone.commit(group);
    operation
}

/// Merges Bob's branch into Ada's, which conflicts.
fn conflict(ada: &mut WorkspaceClone, bob: &WorkspaceClone) {
    ada.git_done(&format!("fetch -q {} main", bob.folder.display()));
    let merge = ada.git("merge -q --no-edit FETCH_HEAD");
    assert_ne!(merge.code, 0, "{merge:?}");
}

/// Returns the ports of the backends that are live, by group.
pub(crate) fn ports(clone: &mut WorkspaceClone, words: &str) -> Vec<String> {
    let status = clone.done(&format!("-o json status --env test{words}")).json();
    let port = |entry: &Value| {
        let url = entry["backend"]["url"].as_str().unwrap_or("mock");
        format!("{} {}", entry["group"].as_str().expect("a group"), url.rsplit(':').next().expect("a port"))
    };
    status["deployments"].as_array().expect("deployments").iter().map(port).collect()
}

/// Returns each operation of the history with the resolve that it lost to.
fn lost(clone: &mut WorkspaceClone) -> Vec<(String, String)> {
    let history = clone.done("-o json history").json();
    let mut found = Vec::new();
    for operation in history["operations"].as_array().expect("operations") {
        for change in operation["changes"].as_array().expect("changes") {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            if let (Some(id), Some(resolve)) = (text(&operation["operation"]), text(&change["lost_to"])) {
                found.push((id, resolve));
            }
        }
    }
    found
}

fn kinds(outcome: &Outcome) -> Vec<String> {
    let view = outcome.json();
    let kind = |problem: &Value| problem["kind"].as_str().expect("a kind").to_owned();
    view["problems"].as_array().expect("problems").iter().map(kind).collect()
}

#[test]
fn a_conflict_that_is_resolved_by_hand_is_recognised() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut ada, mut bob) = clones(folder.path());
    publish(&mut ada, "a", 1);
    publish(&mut bob, "b", 2);
    conflict(&mut ada, &bob);
    let path = ada.folder.join(FILE);
    let text = fs::read_to_string(&path).expect("the file");
    let is_marker = |line: &&str| ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|marker| line.starts_with(marker));
    let kept: String = text.split_inclusive('\n').filter(|line| !is_marker(line)).collect();
    fs::write(&path, kept).expect("the file");
    ada.done("verify");
    assert_eq!(ports(&mut ada, ""), ["a 1", "b 2"]);
}

#[test]
fn the_files_that_are_still_in_conflict_come_first() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut ada, mut bob) = clones(folder.path());
    let settings = "groups/a/group.yaml";
    for (clone, prefix, port) in [(&mut ada, "/ada", 1), (&mut bob, "/bob", 2)] {
        clone.done(&format!("group set a prefix={prefix}"));
        publish(clone, "b", port);
    }
    conflict(&mut ada, &bob);
    let resolved = ada.done("resolve --env test --ours");
    let expected = format!(
        "next: resolve what is still in conflict: {settings}; then `git add deployments history {settings}`, then `git merge"
    );
    assert!(resolved.stdout.contains(&expected), "{resolved:?}");
    ada.git_done(&format!("checkout --ours {settings}"));
    ada.git_done(&format!("add deployments history {settings}"));
    ada.git_done("merge --continue");
    ada.done("verify");
}

#[test]
fn an_operation_whose_side_was_not_taken_is_unexplained_until_it_is_resolved() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut ada, mut bob) = clones(folder.path());
    publish(&mut ada, "a", 1);
    let operation = publish(&mut bob, "b", 2);
    conflict(&mut ada, &bob);
    ada.git_done(&format!("checkout --ours {FILE}"));
    ada.commit("merge");
    let verified = ada.apigw("-o json verify");
    assert_eq!((verified.code, kinds(&verified)), (3, vec!["unexplained".to_owned()]), "{verified:?}");
    assert!(verified.stdout.contains(&operation) && verified.stdout.contains("apigw resolve"), "{verified:?}");
    let dry = ada.apigw("-o json resolve --env test --dry-run --detailed-exitcode");
    assert_eq!(dry.code, 2, "{dry:?}");
    let resolved = ada.done("-o json resolve --env test").json();
    assert!(resolved["operation"].is_null(), "{resolved}");
    assert_eq!(ports(&mut ada, ""), ["a 1", "b 2"]);
    ada.done("verify");
}

#[test]
fn groups_are_resolved_one_by_one_and_what_lost_can_be_put_in_force() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut ada, mut bob) = clones(folder.path());
    let ours = [publish(&mut ada, "a", 1), publish(&mut ada, "b", 2)];
    let theirs = [publish(&mut bob, "a", 3), publish(&mut bob, "b", 4)];
    conflict(&mut ada, &bob);
    let status = ada.apigw("status");
    assert_eq!(status.code, 3);
    let undecided = ada.apigw("-o json resolve --env test");
    assert_eq!(undecided.code, 4, "{undecided:?}");
    let first = ada.done("-o json resolve a --env test --ours").json()["operation"].as_str().expect("an id").to_owned();
    let text = fs::read_to_string(ada.folder.join(FILE)).expect("the file");
    let conflict = text.split_once("<<<<<<< ").expect("b is in conflict").1;
    assert!(!conflict.contains("  a:\n") && conflict.contains("  b:\n"), "{text}");
    let second = ada.done(&format!("-o json resolve --env test --take {}", theirs[1])).json();
    let second = second["operation"].as_str().expect("an id").to_owned();
    ada.done("verify");
    assert_eq!(ports(&mut ada, ""), ["a 1", "b 4"]);
    let mut marked = lost(&mut ada);
    marked.sort();
    let mut expected = vec![(theirs[0].clone(), first.clone()), (ours[1].clone(), second.clone())];
    expected.sort();
    assert_eq!(marked, expected);
    // What lost is an operation like any other: its state can be read, and put in force again.
    assert_eq!(ports(&mut ada, &format!(" a --at {}", theirs[0])), ["a 3"]);
    ada.done(&format!("undo {second} --env test"));
    assert_eq!(ports(&mut ada, ""), ["a 1", "b 2"]);
    ada.done(&format!("rollback a --env test --to {}", theirs[0]));
    assert_eq!(ports(&mut ada, ""), ["a 3", "b 2"]);
    ada.done("verify");
}

#[test]
fn an_operation_that_counts_for_nothing_is_dropped_with_a_reason() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut ada, _) = clones(folder.path());
    publish(&mut ada, "a", 1);
    let before = fs::read(ada.folder.join(FILE)).expect("the file");
    let dropped = publish(&mut ada, "a", 2);
    fs::write(ada.folder.join(FILE), before).expect("the file");
    assert_eq!(ada.apigw("verify").code, 3);
    assert_eq!(ada.apigw(&format!("resolve --env test --drop {dropped}")).code, 64);
    ada.done(&format!("resolve --env test --drop {dropped} -m killed"));
    ada.done("verify");
    assert_eq!(ports(&mut ada, ""), ["a 1"]);
    assert_eq!(lost(&mut ada).first().map(|(id, _)| id.as_str()), Some(dropped.as_str()));
}

#[test]
fn a_missing_file_is_built_from_its_history() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut ada, mut bob) = clones(folder.path());
    publish(&mut ada, "a", 1);
    publish(&mut ada, "b", 2);
    publish(&mut ada, "a", 3);
    let path = ada.folder.join(FILE);
    let whole = fs::read(&path).expect("the file");
    fs::remove_file(&path).expect("removed");
    let verified = ada.apigw("-o json verify");
    assert_eq!((verified.code, kinds(&verified)), (3, vec!["missing".to_owned()]), "{verified:?}");
    ada.done("verify --repair");
    assert_eq!(fs::read(&path).expect("the file"), whole);
    // Where two branches changed a group, somebody has to choose.
    publish(&mut bob, "a", 4);
    conflict(&mut ada, &bob);
    fs::remove_file(&path).expect("removed");
    let verified = ada.apigw("-o json verify --repair");
    assert!(verified.code == 3 && verified.stdout.contains("apigw resolve --env test"), "{verified:?}");
    ada.done("resolve --env test --theirs");
    ada.done("verify");
    assert_eq!(ports(&mut ada, ""), ["a 4", "b 2"]);
}

#[test]
fn a_conflict_that_mixes_two_entries_is_read_from_both_sides() {
    if !has_git() {
        return;
    }
    for is_added in [false, true] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (mut ada, mut bob) = clones(folder.path());
        ada.done("publish a --env test --mock");
        ada.commit("first");
        bob.git_done("pull -q --ff-only origin main");
        ada.done("offline a --env test");
        ada.commit("a");
        publish(&mut bob, "a", 2);
        bob.done("publish b --env test --mock");
        bob.commit("b");
        conflict(&mut ada, &bob);
        // Git takes the end of Ada's entry of `a` for that of the entry of `b` that Bob added.
        let text = fs::read_to_string(ada.folder.join(FILE)).expect("the file");
        let (_, mixed) = text.split_once("\n  b:\n").expect("an entry of b");
        assert!(mixed.contains("<<<<<<< HEAD"), "{text}");
        if is_added {
            // Then Git's index has neither side any more.
            ada.git_done("add -A");
        }
        ada.done("resolve --env test --theirs");
        assert_eq!(ports(&mut ada, ""), ["a 2", "b mock"]);
        ada.commit("merge");
        ada.done("verify");
    }
}

#[test]
fn a_resolve_whose_merge_was_aborted_is_not_put_in_force() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut ada, mut bob) = clones(folder.path());
    publish(&mut ada, "a", 1);
    bob.git_done("pull -q --ff-only origin main");
    let ours = publish(&mut ada, "a", 2);
    let theirs = publish(&mut bob, "a", 3);
    conflict(&mut ada, &bob);
    let resolved = ada.done("-o json resolve --env test --theirs").json()["operation"].clone();
    let resolved = resolved.as_str().expect("an operation");
    ada.git_done("merge --abort");
    // Git takes back Bob's operation, and not the one that it never saw.
    let verified = ada.apigw("-o json verify");
    assert!(verified.code == 3 && verified.stdout.contains(&format!("builds upon operation {theirs}")), "{verified:?}");
    let before = fs::read(ada.folder.join(FILE)).expect("the file");
    let refused = ada.apigw("-o json resolve --env test");
    assert!(refused.code == 3 && refused.stderr.contains(&format!("history/test/{resolved}.yaml")), "{refused:?}");
    assert_eq!(fs::read(ada.folder.join(FILE)).expect("the file"), before);
    let status = ada.done("-o json status a --env test").json();
    assert_eq!(status["deployments"][0]["operation"], ours.as_str());
    // Either way out works.
    fs::remove_file(ada.folder.join(format!("history/test/{resolved}.yaml"))).expect("removed");
    ada.done("verify");
    conflict(&mut ada, &bob);
    ada.done("resolve --env test --theirs");
    ada.commit("merge");
    ada.done("verify");
}

#[test]
fn a_hint_never_takes_a_publish_back_that_git_has_not_seen() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut ada, _) = clones(folder.path());
    publish(&mut ada, "a", 1);
    let path = ada.folder.join(FILE);
    let edit = |from: &str, to: &str| {
        let text = fs::read_to_string(&path).expect("the file");
        fs::write(&path, text.replace(from, to)).expect("written");
    };
    edit("127.0.0.1:1\"", "127.0.0.1:9\"");
    let verified = ada.apigw("verify");
    assert!(verified.stdout.contains("`git checkout -- deployments/test.yaml` reverts it"), "{verified:?}");
    edit("127.0.0.1:9\"", "127.0.0.1:1\"");
    // Not committed in Git yet.
    ada.done("publish a --env test --backend http://127.0.0.1:2");
    edit("127.0.0.1:2\"", "127.0.0.1:9\"");
    let verified = ada.apigw("verify");
    assert!(!verified.stdout.contains("git checkout"), "{verified:?}");
    assert!(verified.stdout.contains("remove deployments/test.yaml"), "{verified:?}");
    fs::remove_file(&path).expect("removed");
    ada.done("verify --repair");
    assert_eq!(ports(&mut ada, ""), ["a 2"]);
    // From another folder, Git has to be told where the workspace is.
    publish(&mut ada, "b", 3);
    edit("127.0.0.1:3\"", "127.0.0.1:9\"");
    ada.folder.push("groups");
    let verified = ada.apigw("verify");
    assert!(verified.stdout.contains("`git -C /"), "{verified:?}");
}

#[test]
fn a_group_that_nothing_knows_is_no_group_to_resolve() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut ada, _) = clones(folder.path());
    publish(&mut ada, "a", 1);
    assert_eq!(ada.apigw("resolve nosuch --env test").code, 3);
    ada.done("resolve b --env test");
}

#[test]
fn one_number_frozen_with_other_bytes_is_renumbered() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut ada, mut bob) = clones(folder.path());
    publish(&mut ada, "a", 1);
    bob.git_done("pull -q --ff-only origin main");
    let digest = |clone: &mut WorkspaceClone, path: &str, environment: &str| {
        clone.done(&format!("api add a GET {path}"));
        let words = format!("-o json -y publish a --env {environment} --bump patch --mock");
        let after = clone.done(&words).json()["changes"][0]["after"].clone();
        clone.commit("freeze");
        assert_eq!(after["version"], "0.0.2");
        after["digest"].as_str().expect("a digest").to_owned()
    };
    let ours = digest(&mut ada, "/ours", "test");
    // What is live in a protected environment keeps the number.
    let theirs = digest(&mut bob, "/theirs", "online");
    conflict(&mut ada, &bob);
    let resolved = ada.done("-o json resolve --env test").json();
    let versions = resolved["versions"].as_array().expect("versions");
    let renumbered = versions.iter().find(|version| version["digest"] == ours.as_str()).expect("ours is renumbered");
    assert_eq!((&renumbered["frozen_as"], &renumbered["version"]), (&"0.0.2".into(), &"0.0.3".into()));
    for (number, digest) in [("0.0.2", &theirs), ("0.0.3", &ours)] {
        let shown = ada.done(&format!("-o json version show a {number}"));
        assert!(shown.stdout.contains(digest), "{number} is not {digest}: {shown:?}");
    }
    ada.git_done("checkout --ours -- groups/a/openapi.yaml");
    ada.commit("merge");
    ada.done("verify");
    // Entries find it by number and digest, live ones and those of the history.
    ada.done("diff a@test a@0.0.3");
    publish(&mut ada, "b", 5);
    ada.done("offline a --env test");
    ada.done("rollback a --env test");
    let status = ada.done("-o json status a --env test").json();
    assert_eq!(status["deployments"][0]["digest"], ours.as_str());
    assert!(status["deployments"][0]["urls"][0].as_str().is_some(), "{status}");
    ada.done("verify");
}

#[test]
fn several_numbers_frozen_with_other_bytes_are_renumbered_apart() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut ada, mut bob) = clones(folder.path());
    let mut digests = Vec::new();
    for (clone, name) in [(&mut ada, "ours"), (&mut bob, "theirs")] {
        for number in [1, 2] {
            clone.done(&format!("api add a GET /{name}-{number}"));
            let published = clone.done("-o json publish a --env test --bump patch --mock").json();
            digests.push(published["changes"][0]["after"]["digest"].as_str().expect("a digest").to_owned());
        }
        clone.commit("freeze");
    }
    conflict(&mut ada, &bob);
    let resolved = ada.done("-o json resolve --env test --ours").json();
    let versions = resolved["versions"].as_array().expect("versions");
    assert_eq!(versions.iter().filter(|version| version["version"] != version["frozen_as"]).count(), 2, "{resolved}");
    ada.git_done("checkout --ours -- groups/a/openapi.yaml");
    ada.commit("merge");
    ada.done("verify");
    for digest in &digests {
        assert!(ada.done("-o json version list a").stdout.contains(digest), "{digest} is lost");
    }
}
