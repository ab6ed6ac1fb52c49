//! Version numbers that several branches gave out: each version keeps its bytes, and gets one number.

use std::fs;

use serde_json::Value;

use super::clones::{WorkspaceClone, has_git};

/// Clones of a workspace in which group `a` is live as 0.0.1.
pub(crate) fn clones<const N: usize>(folder: &std::path::Path, names: [&str; N]) -> [WorkspaceClone; N] {
    let mut first = WorkspaceClone::new(&folder.join("origin"), "Eve", &["a"]);
    first.done("publish a --env test --mock");
    first.commit("first");
    names.map(|name| WorkspaceClone::of(&first.folder, &folder.join(name), name))
}

/// Freezes the next version with an API of this path, and returns its digest.
pub(crate) fn freeze(clone: &mut WorkspaceClone, path: &str, environment: &str) -> String {
    clone.done(&format!("api add a GET {path}"));
    let published = clone.done(&format!("-o json -y publish a --env {environment} --bump patch --mock")).json();
    clone.commit("freeze");
    published["changes"][0]["after"]["digest"].as_str().expect("a digest").to_owned()
}

/// Merges another branch, resolves, and commits.
fn join(clone: &mut WorkspaceClone, other: &WorkspaceClone, words: &str) -> Value {
    clone.git_done(&format!("fetch -q {} main", other.folder.display()));
    clone.git("merge -q --no-edit FETCH_HEAD");
    let resolved = clone.done(format!("-o json resolve --env test {words}").trim_end()).json();
    for file in ["openapi.yaml", "group.yaml"] {
        clone.git(&format!("checkout -q --ours -- groups/a/{file}"));
    }
    clone.commit("merge");
    clone.done("verify");
    resolved
}

/// Returns each number with its digest and the one that it was frozen with.
pub(crate) fn numbers(clone: &mut WorkspaceClone) -> Vec<(String, String, Option<String>)> {
    let listed = clone.done("-o json version list a").json();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let row = |version: &Value| {
        let required = |name: &str| text(&version[name]).expect("a text");
        (required("version"), required("digest"), text(&version["frozen_as"]))
    };
    let mut rows: Vec<_> = listed["versions"].as_array().expect("versions").iter().map(row).collect();
    rows.reverse();
    rows
}

#[test]
fn a_third_branch_that_froze_a_number_which_a_resolve_gave_out_is_joined() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [mut ada, mut bob, mut cyd] = clones(folder.path(), ["Ada", "Bob", "Cyd"]);
    let mut frozen = vec![freeze(&mut ada, "/ada", "test"), freeze(&mut bob, "/bob", "test")];
    frozen.extend(["/cyd", "/more"].map(|path| freeze(&mut cyd, path, "test")));
    join(&mut ada, &bob, "--ours");
    // The other person comes to the same.
    let mut again = WorkspaceClone::of(&cyd.folder, &folder.path().join("again"), "Cyd");
    join(&mut ada, &cyd, "--theirs");
    let mut found = numbers(&mut ada);
    assert_eq!(found.len(), 5, "{found:?}");
    assert_eq!(ada.apigw("resolve --env test --dry-run --detailed-exitcode").code, 0);
    join(&mut again, &ada, "");
    assert_eq!(numbers(&mut again), found);
    found.retain(|(number, ..)| number != "0.0.1");
    let mut digests: Vec<String> = found.iter().map(|(_, digest, _)| digest.clone()).collect();
    digests.sort();
    frozen.sort();
    assert_eq!(digests, frozen, "every version is there once");
    let expected = ["0.0.2", "0.0.3", "0.0.4", "0.0.5"];
    assert!(found.iter().map(|(number, ..)| number.as_str()).eq(expected), "{found:?}");
    // Whatever number an operation names it by, its bytes are found, and its state comes back.
    let history = ada.done("-o json history a --env test").json();
    for operation in history["operations"].as_array().expect("operations") {
        let after = &operation["changes"][0]["after"];
        let id = operation["operation"].as_str().expect("an id");
        ada.done(&format!("rollback a --env test --to {id}"));
        let live = ada.done("-o json status a --env test").json()["deployments"][0].clone();
        assert_eq!(live["digest"], after["digest"]);
        let number = found.iter().find(|(_, digest, _)| live["digest"] == digest.as_str());
        let number = number.map_or("0.0.1", |(number, ..)| number.as_str());
        let shown = live["number"].as_str().or(live["version"].as_str());
        assert_eq!(shown, Some(number));
    }
}

#[test]
fn a_version_is_named_by_the_number_that_it_has_now() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [mut ada, mut bob] = clones(folder.path(), ["Ada", "Bob"]);
    let ours = freeze(&mut ada, "/ada", "test");
    let theirs = freeze(&mut bob, "/bob", "online");
    ada.git_done(&format!("fetch -q {} main", bob.folder.display()));
    ada.git("merge -q --no-edit FETCH_HEAD");
    let resolved = ada.done("resolve --env test");
    assert!(
        resolved.stdout.contains("groups/a/openapi.yaml; then `git add deployments history groups/a/versions groups/"),
        "{resolved:?}"
    );
    ada.git_done("checkout -q --ours -- groups/a/openapi.yaml groups/a/group.yaml");
    ada.commit("merge");
    for words in ["status", "history a", "publish a --env test --version 0.0.3 --backend http://b.example --dry-run"] {
        let shown = ada.done(words).stdout;
        assert!(shown.contains("0.0.3 (frozen as 0.0.2)"), "{words}: {shown}");
    }
    let entry = ada.done("-o json status a --env test").json()["deployments"][0].clone();
    assert_eq!((&entry["version"], &entry["number"]), (&"0.0.2".into(), &"0.0.3".into()));
    let history = ada.done("-o json history a --env test -n 1").json();
    assert_eq!(history["operations"][0]["changes"][0]["after"]["number"], "0.0.3");
    let id = history["operations"][0]["operation"].as_str().expect("an id");
    assert_eq!(ada.done(&format!("-o json show {id}")).json()["changes"][0]["after"]["number"], "0.0.3");
    let planned = ada.done("-o json rollback a --env test --dry-run").json();
    assert_eq!(planned["changes"][0]["before"]["number"], "0.0.3");
    // The working copy is that version, and says another number.
    let refused = ada.apigw("publish a --env test");
    assert!(refused.code == 4 && refused.stderr.contains("`--version 0.0.3`"), "{refused:?}");
    let digest = |clone: &mut WorkspaceClone, words: &str| {
        let planned = clone.apigw(&format!("-o json {words} --dry-run"));
        planned.json()["changes"][0]["after"]["digest"].as_str().map(str::to_owned)
    };
    // It is live, by whichever number, and the other one is what has that number now.
    assert_eq!(digest(&mut ada, "switch a --env test --version 0.0.3"), None);
    assert_eq!(digest(&mut ada, "switch a --env test --version 0.0.2").as_deref(), Some(theirs.as_str()));
    let promote = "promote a --from test --to pre-release --version";
    assert_eq!(digest(&mut ada, &format!("{promote} 0.0.3")).as_deref(), Some(ours.as_str()));
    assert_eq!(ada.apigw(&format!("{promote} 0.0.2")).code, 3, "it was never live in test");
    // A block means bytes, and not the number.
    ada.done("version block a 0.0.2 -m bad");
    assert_eq!(ada.apigw("switch a --env test --version 0.0.2 --dry-run").code, 5);
    ada.done(&format!("{promote} 0.0.3 --dry-run"));
}

#[test]
fn a_shallow_clone_cannot_lose_a_version() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [mut ada, mut bob] = clones(folder.path(), ["Ada", "Bob"]);
    let frozen = [freeze(&mut ada, "/ada", "test"), freeze(&mut bob, "/bob", "test")];
    ada.git_done(&format!("fetch -q {} main", bob.folder.display()));
    ada.git("merge -q --no-edit FETCH_HEAD");
    // One side is taken of everything, and resolved elsewhere.
    ada.git_done("checkout --ours .");
    ada.commit("merge");
    let mut shallow = WorkspaceClone::at(folder.path(), "Cyd");
    shallow.git_done(&format!("clone -q --depth 1 file://{} shallow", ada.folder.display()));
    shallow.folder.push("shallow");
    // Without the parents of the merge, nothing tells whose side is whose.
    let files = fs::read_dir(shallow.folder.join("history/test")).expect("operations");
    let names = files.map(|file| file.expect("a file").file_name().into_string().expect("a name"));
    let newest = names.max().expect("an operation");
    let words = format!("resolve --env test --take {}", newest.trim_end_matches(".yaml"));
    let refused = shallow.apigw(&words);
    assert!(refused.code == 3 && refused.stderr.contains("git fetch --unshallow"), "{refused:?}");
    assert!(shallow.git_done("status --porcelain").stdout.is_empty());
    shallow.git_done("fetch -q --unshallow");
    shallow.done(&words);
    let found = numbers(&mut shallow);
    assert!(frozen.iter().all(|digest| found.iter().any(|(_, found, _)| found == digest)), "{found:?}");
}

#[test]
fn a_damaged_note_is_not_taken_for_none() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [mut ada, mut bob] = clones(folder.path(), ["Ada", "Bob"]);
    freeze(&mut ada, "/ada", "test");
    freeze(&mut bob, "/bob", "test");
    ada.done("version block a 0.0.1 -m bad");
    ada.commit("blocked");
    ada.git_done(&format!("fetch -q {} main", bob.folder.display()));
    ada.git("merge -q --no-edit FETCH_HEAD");
    let note = ada.folder.join("groups/a/versions/0.0.1.yaml");
    let text = fs::read_to_string(&note).expect("the note");
    fs::write(&note, text.replace("blocked:", "blocked?")).expect("written");
    let refused = ada.apigw("resolve --env test --ours");
    assert!(refused.code == 3 && refused.stderr.contains("versions/0.0.1.yaml"), "{refused:?}");
    fs::write(&note, text).expect("written");
    ada.done("resolve --env test --ours");
}

#[test]
fn a_resolve_obeys_policies_and_says_how_to_override_them() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [mut ada, mut bob] = clones(folder.path(), ["Ada", "Bob"]);
    freeze(&mut ada, "/ada", "test");
    ada.done("publish a --env test --backend http://127.0.0.1:1");
    ada.commit("real");
    freeze(&mut bob, "/bob", "test");
    ada.git_done(&format!("fetch -q {} main", bob.folder.display()));
    ada.git("merge -q --no-edit FETCH_HEAD");
    let settings = ada.folder.join("apigw.toml");
    let plain = fs::read_to_string(&settings).expect("settings");
    let with = |policy: &str| {
        fs::write(&settings, plain.replace("[environments.test]", &format!("[environments.test]\n{policy} = \"deny\"")))
    };
    let untouched = fs::read(ada.folder.join("deployments/test.yaml")).expect("the file");
    with("breaking").expect("settings");
    let refused = ada.apigw("resolve --env test --theirs");
    assert_eq!(refused.code, 5, "{refused:?}");
    assert!(refused.stderr.contains("apigw resolve --env test --theirs --allow-breaking -m WHY"), "{refused:?}");
    with("mock").expect("settings");
    assert_eq!(ada.apigw("resolve --env test --theirs").code, 5);
    assert_eq!(ada.apigw("resolve --env test --ours --dry-run").code, 0);
    assert_eq!(fs::read(ada.folder.join("deployments/test.yaml")).expect("the file"), untouched);
    assert!(!ada.folder.join("groups/a/versions/0.0.3").exists());
    with("breaking").expect("settings");
    let resolved = ada.done("-o json resolve --env test --theirs --allow-breaking -m joined").json();
    assert_eq!(resolved["override"], serde_json::json!(["breaking"]));
    let id = resolved["operation"].as_str().expect("an id");
    assert!(ada.done(&format!("show {id}")).stdout.contains("overrides    breaking"));
    fs::write(&settings, plain).expect("settings");
    ada.done("verify");
}

#[test]
fn a_blocked_version_is_not_what_a_resolve_keeps() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [mut ada, mut bob] = clones(folder.path(), ["Ada", "Bob"]);
    freeze(&mut bob, "/bob", "test");
    bob.done("version block a 0.0.2 -m bad");
    bob.commit("blocked");
    ada.done("publish a --env test --backend http://127.0.0.1:1");
    ada.commit("real");
    ada.git_done(&format!("fetch -q {} main", bob.folder.display()));
    ada.git("merge -q --no-edit FETCH_HEAD");
    let refused = ada.apigw("resolve --env test --theirs");
    assert!(refused.code == 5 && refused.stderr.contains("was blocked by"), "{refused:?}");
    ada.done("resolve --env test --ours");
    ada.done("verify");
}

#[test]
fn what_two_branches_say_of_one_version_counts_both() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [mut ada, mut bob] = clones(folder.path(), ["Ada", "Bob"]);
    for (clone, why) in [(&mut ada, "one"), (&mut bob, "two")] {
        clone.done(&format!("version block a 0.0.1 -m {why}"));
        clone.commit("blocked");
    }
    ada.git_done(&format!("fetch -q {} main", bob.folder.display()));
    ada.git_done("merge -q --no-edit FETCH_HEAD");
    let note = fs::read_to_string(ada.folder.join("groups/a/versions/0.0.1.yaml")).expect("the note");
    assert!(note.contains("one") && note.contains("two") && !note.contains("<<<<<<<"), "{note}");
    assert_eq!(ada.apigw("promote a --from test --to pre-release").code, 5);
    let unblocked = ada.done("-o json version unblock a 0.0.1 -m both-mended").json();
    assert_eq!(unblocked["unblocked"].as_array().map(Vec::len), Some(2), "{unblocked}");
    ada.done("promote a --from test --to pre-release");
    ada.done("verify");
}

#[test]
fn a_bad_version_is_blocked_during_a_conflict() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [mut ada, mut bob] = clones(folder.path(), ["Ada", "Bob"]);
    for (clone, port) in [(&mut ada, 1), (&mut bob, 2)] {
        clone.done(&format!("publish a --env test --backend http://127.0.0.1:{port}"));
        clone.commit("real");
    }
    ada.git_done(&format!("fetch -q {} main", bob.folder.display()));
    ada.git("merge -q --no-edit FETCH_HEAD");
    assert_eq!(ada.apigw("status --env test").code, 3, "a conflict");
    let blocked = ada.done("version block a 0.0.1 -m bad");
    assert!(blocked.stderr.contains("cannot tell where a 0.0.1 is live"), "{blocked:?}");
    let resolved = ada.done("resolve --env test --ours");
    assert!(resolved.stderr.contains("bad; it stays live"), "{resolved:?}");
    let promoted = ada.apigw("publish a --env pre-release --version 0.0.1 --mock");
    assert_eq!(promoted.code, 5, "{promoted:?}");
}

#[test]
fn an_unblock_ends_no_block_that_its_author_did_not_see() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [mut ada, mut bob] = clones(folder.path(), ["Ada", "Bob"]);
    ada.done("version block a 0.0.1 -m one");
    ada.commit("blocked");
    bob.git_done(&format!("pull -q {} main", ada.folder.display()));
    ada.done("version unblock a 0.0.1 -m mended");
    ada.commit("unblocked");
    bob.done("version unblock a 0.0.1 -m looks-good");
    bob.done("version block a 0.0.1 -m no");
    bob.commit("reblocked");
    ada.git_done(&format!("fetch -q {} main", bob.folder.display()));
    ada.git_done("merge -q --no-edit FETCH_HEAD");
    let refused = ada.apigw("promote a --from test --to pre-release");
    assert!(
        refused.code == 5 && refused.stderr.contains("was blocked by") && refused.stderr.contains(": no"),
        "{refused:?}"
    );
    let shown = ada.done("-o json version show a 0.0.1").json();
    let mut told: Vec<_> =
        shown["remarks"].as_array().expect("remarks").iter().filter_map(|remark| remark["why"].as_str()).collect();
    told.sort_unstable();
    assert_eq!(told, ["looks-good", "mended", "no", "one"], "{shown}");
    ada.done("verify");
}

#[test]
fn a_version_that_one_branch_deletes_and_another_promotes_is_named_and_restored() {
    if !has_git() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [mut ada, mut bob] = clones(folder.path(), ["Ada", "Bob"]);
    freeze(&mut ada, "/ada", "test");
    ada.done("version delete a 0.0.1 --force -m old");
    ada.commit("deleted");
    bob.done("promote a --from test --to pre-release");
    bob.commit("promoted");
    ada.git_done(&format!("fetch -q {} main", bob.folder.display()));
    ada.git("merge -q --no-edit FETCH_HEAD");
    let verified = ada.apigw("verify");
    assert!(verified.code == 3 && verified.stdout.contains("was deleted by Ada"), "{verified:?}");
    // What is live comes back from Git, deleted or not.
    ada.done("resolve --env pre-release");
    ada.commit("restored");
    ada.done("verify");
    ada.done("status --check");
}

#[test]
fn a_block_belongs_to_its_version_whatever_number_a_merge_gave_it() {
    if !has_git() {
        return;
    }
    // One of the two has the lesser digest, which keeps the number.
    for is_own in [true, false] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let [mut ada, mut bob] = clones(folder.path(), ["Ada", "Bob"]);
        for (clone, path) in [(&mut ada, "/ada"), (&mut bob, "/bob")] {
            freeze(clone, path, "test");
        }
        let clone = if is_own { &mut ada } else { &mut bob };
        clone.done("version block a 0.0.2 -m bad");
        clone.commit("blocked");
        join(&mut ada, &bob, if is_own { "--theirs" } else { "--ours" });
        let publish = |ada: &mut WorkspaceClone, number: &str| {
            ada.apigw(&format!("publish a --env pre-release --version {number} --mock --dry-run")).code
        };
        let numbers = ["0.0.2", "0.0.3"];
        let (blocked, others): (Vec<&str>, Vec<&str>) =
            numbers.iter().partition(|number| publish(&mut ada, number) == 5);
        let ([blocked], [other]) = (&blocked[..], &others[..]) else { panic!("{blocked:?} {others:?}") };
        // The note of the number that both branches froze speaks of the version of one.
        ada.apigw(&format!("version unblock a {other} -m mended"));
        assert_eq!(publish(&mut ada, blocked), 5, "{blocked} is still blocked");
        let unblocked = ada.done(&format!("-o json version unblock a {blocked} -m mended")).json();
        assert_eq!(unblocked["unblocked"].as_array().map(Vec::len), Some(1), "{unblocked}");
        assert_eq!(publish(&mut ada, blocked), 0);
    }
}
