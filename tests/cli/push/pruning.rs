//! `push --prune`: what no reader needs goes, and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::Publisher;
use super::following::follow;
use crate::harness::Sandbox;

fn objects(publisher: &Publisher) -> BTreeSet<String> {
    let names = fs::read_dir(publisher.path("state/objects/sha256")).expect("a folder");
    names.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect()
}

#[test]
fn objects_that_no_reader_needs_are_removed_from_a_folder() {
    let publisher = Publisher::new();
    publisher.push(&format!("{} --prune", publisher.path("none"))).expect_exit(3).expect_stderr("nothing was pushed");
    publisher.push_to_folder().expect_exit(0);
    for mark in ["second", "third"] {
        publisher.publish_again(mark);
        publisher.push_to_folder().expect_exit(0);
    }
    let elsewhere = Sandbox::empty();
    let url = format!("file://{}", publisher.path("state"));
    let serving = follow(&elsewhere, &publisher, &url, "--cache cache");
    let all = objects(&publisher);
    let state = publisher.path("state");
    let young = publisher.push(&format!("{state} --prune --keep 1")).expect_exit(0);
    young.expect_stdout("0 objects removed; the states of the last 3 pushes are kept");
    assert_eq!(objects(&publisher), all);
    let words = format!("{state} --prune --keep 1 --older-than 0s");
    let dry = publisher.push(&format!("{words} --dry-run")).expect_exit(0);
    assert_eq!(objects(&publisher), all);
    let planned = publisher.push(&format!("{words} --dry-run -o json")).expect_exit(0).json();
    let unneeded = planned["unneeded"].as_array().expect("objects").clone();
    let first = unneeded[0]["digest"].as_str().expect("a digest").trim_start_matches("sha256:").to_owned();
    let folder = Path::new(&state).join("objects/sha256");
    // Of somebody else, and damaged.
    fs::write(folder.join("notes.txt"), "mine").expect("a file");
    fs::create_dir(folder.join("f".repeat(64))).expect("a folder");
    fs::write(folder.join(&first), "damaged").expect("a file");
    let made = publisher.push(&words).expect_exit(0);
    assert_eq!(dry.stdout.replace("would be removed", "removed"), made.stdout);
    let left = objects(&publisher);
    assert!(left.contains("notes.txt") && left.contains(&"f".repeat(64)) && !left.contains(&first), "{left:?}");
    // Two pointers were written.
    assert_eq!(left.len() - 2, all.len() - unneeded.len() + 2, "{left:?}");
    publisher.push(&words).expect_exit(0).expect_stdout(": 0 objects removed");
    assert!(serving.status().contains("0.0.3") && !serving.said().contains("refused"), "{}", serving.said());
    serving.stop();
    // A reader with nothing in its cache finds all, and pushes go on.
    publisher.push_to_folder().expect_exit(0).expect_stdout("is up to date (push 5)");
    publisher.publish_again("fourth");
    publisher.push_to_folder().expect_exit(0).expect_stdout("push 6, ");
    let late = Sandbox::empty();
    let serving = follow(&late, &publisher, &url, "--cache cache");
    assert!(serving.status().contains("0.0.4"), "{}", serving.status());
    serving.stop();
    // Where a list that is needed cannot be read, nothing is removed.
    let pointer = fs::read_to_string(publisher.path("state/pointer")).expect("a pointer");
    let list = pointer.split("\"state\":\"sha256:").nth(1).expect("a list").get(..64).expect("a digest").to_owned();
    let before = objects(&publisher);
    fs::write(folder.join(list), "damaged").expect("a file");
    publisher.push(&words).expect_exit(3).expect_stderr("is damaged").expect_stderr("--repair");
    assert_eq!(objects(&publisher), before);
}
