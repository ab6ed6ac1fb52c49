//! What the views say of releases that a merge by hand lost, and of conflicts that somebody committed.

use std::fs;

use super::cases::{clones, ports, publish};
use super::clones::{WorkspaceClone, has_git};

#[test]
fn the_history_marks_what_a_merge_by_hand_lost_and_commands_say_how_it_comes_back() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut ada, mut bob) = clones(folder.path());
    publish(&mut ada, "a", 1);
    publish(&mut ada, "b", 1);
    bob.git_done("pull -q --ff-only origin main");
    publish(&mut ada, "a", 2);
    let one = bob.done("-o json publish a b --env test --backend http://127.0.0.1:3").json();
    let one = one["operation"].as_str().expect("an operation").to_owned();
    bob.commit("both");
    let two = publish(&mut bob, "a", 4);
    ada.git_done(&format!("fetch -q {} main", bob.folder.display()));
    assert_ne!(ada.git("merge -q --no-edit FETCH_HEAD").code, 0);
    ada.git_done("checkout --ours deployments/test.yaml");
    ada.commit("merge");
    let history = ada.done("-o json history").json();
    let of = |id: &str| {
        let operations = history["operations"].as_array().expect("operations");
        operations.iter().find(|operation| operation["operation"] == id).cloned().expect("it is shown")
    };
    for id in [&one, &two] {
        assert_eq!(of(id)["loose_end"], "unexplained", "{history}");
    }
    let marked = history["operations"].as_array().expect("operations").iter();
    assert_eq!(marked.filter(|operation| !operation["loose_end"].is_null()).count(), 2, "{history}");
    let shown = ada.done("history a -n 2");
    assert!(shown.stdout.contains("(lost: no entry leads to it)"), "{shown:?}");
    assert!(shown.stderr.contains("`apigw resolve --env test`"), "{shown:?}");
    for words in ["undo", "rollback a --to"] {
        let refused = ada.apigw(&format!("{words} {one} --env test"));
        assert!(refused.code == 3 && refused.stderr.contains("`apigw resolve --env test`"), "{refused:?}");
    }
    // One group of an operation may be lost alone.
    ada.done("resolve b --env test");
    let history = ada.done("-o json history").json();
    let operation = history["operations"].as_array().expect("operations").iter();
    let operation = operation.clone().find(|operation| operation["operation"] == one.as_str()).expect("it is shown");
    assert!(operation["loose_end"].is_null(), "{operation}");
    assert_eq!(operation["changes"][0]["unexplained"], true, "{operation}");
    assert!(operation["changes"][1]["unexplained"].is_null(), "{operation}");
    let shown = ada.done(&format!("show {one}"));
    assert!(shown.stdout.contains("no entry leads to it"), "{shown:?}");
    ada.done("resolve --env test --ours");
    let history = ada.done("-o json history").stdout;
    assert!(!history.contains("unexplained"), "{history}");
    ada.done(&format!("rollback a --env test --to {one}"));
    assert_eq!(ports(&mut ada, ""), ["a 3", "b 3"]);
}

#[test]
fn a_conflict_that_a_rebase_committed_keeps_the_words_of_its_author() {
    if !has_git() {
        return;
    }
    for (choice, expected) in [("--ours", "a 1"), ("--theirs", "a 2")] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (mut ada, mut bob) = clones(folder.path());
        let theirs = publish(&mut bob, "a", 2);
        publish(&mut ada, "a", 1);
        ada.git_done(&format!("fetch -q {} main", bob.folder.display()));
        assert_ne!(ada.git("rebase FETCH_HEAD").code, 0);
        ada.git_done("add -A");
        ada.git_done("rebase --continue");
        assert!(fs::read_to_string(ada.folder.join("deployments/test.yaml")).expect("the file").contains("<<<<<<<"));
        // Nobody else can tell whose branch is whose.
        let mut other = WorkspaceClone::of(&ada.folder, &folder.path().join("other"), "Cyd");
        let refused = other.apigw(&format!("resolve --env test {choice}"));
        assert!(refused.code == 4 && refused.stderr.contains("--take"), "{refused:?}");
        other.done(&format!("resolve --env test --take {theirs}"));
        assert_eq!(ports(&mut other, ""), ["a 2"]);
        ada.done(&format!("resolve --env test {choice}"));
        assert_eq!(ports(&mut ada, ""), [expected]);
    }
}

#[test]
fn conflict_markers_in_a_file_that_people_write_are_named_with_the_way_out() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut ada, mut bob) = clones(folder.path());
    for (clone, name, default) in [(&mut ada, "ada", "a"), (&mut bob, "bob", "b")] {
        clone.done(&format!("group set a prefix=/{name}"));
        clone.done(&format!("api add a GET /{name}"));
        let settings = clone.folder.join("apigw.toml");
        let text = fs::read_to_string(&settings).expect("settings");
        fs::write(&settings, format!("default_group = \"{default}\"\n{text}")).expect("settings");
        clone.commit("changed");
    }
    ada.git_done(&format!("fetch -q {} main", bob.folder.display()));
    assert_ne!(ada.git("merge -q --no-edit FETCH_HEAD").code, 0);
    let way_out = |ada: &mut WorkspaceClone, words: &str, file: &str| {
        let refused = ada.apigw(words);
        let text = format!("{}{}", refused.stdout, refused.stderr);
        assert_eq!(refused.code, 3, "{refused:?}");
        assert!(text.contains("Git left a merge conflict here"), "{refused:?}");
        assert!(text.contains(&format!("`git add {file}`")), "{refused:?}");
    };
    way_out(&mut ada, "check", "apigw.toml");
    ada.git_done("checkout --ours apigw.toml");
    for file in ["groups/a/group.yaml", "groups/a/openapi.yaml"] {
        way_out(&mut ada, "check", file);
    }
    way_out(&mut ada, "publish a --env test --mock", "groups/a/group.yaml");
}
