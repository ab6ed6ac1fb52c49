//! Stores that were put back to an earlier push: each way to write there is refused where a later push was made.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::Publisher;
use super::server::StoreServer;
use crate::harness::Outcome;

/// A store in a folder with two pushes, and the pointer of the first.
struct Restored {
    publisher: Publisher,
    first: Vec<u8>,
}

impl Restored {
    fn new() -> Self {
        let publisher = Publisher::new();
        publisher.push_to_folder().expect_exit(0).expect_stdout("push 1, ");
        let first = fs::read(publisher.path("state/pointer")).expect("a pointer");
        publisher.publish_again("second");
        publisher.push_to_folder().expect_exit(0).expect_stdout("push 2, ");
        Self { publisher, first }
    }

    fn pointer(&self) -> Vec<u8> {
        fs::read(self.publisher.path("state/pointer")).expect("a pointer")
    }

    fn put_back(&self, pointer: &[u8]) {
        fs::write(self.publisher.path("state/pointer"), pointer).expect("a pointer");
    }

    fn push(&self, words: &str) -> Outcome {
        self.publisher.push(format!("{} {words}", self.publisher.path("state")).trim_end())
    }
}

/// Returns the object that a pointer names in one of its fields.
fn named(pointer: &[u8], field: &str) -> String {
    let text = String::from_utf8_lossy(pointer);
    let digest = text.split(&format!("\"{field}\":\"sha256:")).nth(1).expect("the field");
    format!("state/objects/sha256/{}", &digest[..64])
}

#[test]
fn a_folder_is_one_store_however_it_is_typed() {
    let store = Restored::new();
    store.put_back(&store.first);
    let publisher = &store.publisher;
    let state = publisher.path("state");
    symlink(&state, publisher.path("link")).expect("a link");
    let workspace = fs::canonicalize(publisher.sandbox.path()).expect("a folder");
    let up = "../".repeat(workspace.components().count() - 1);
    let (below, key) = (state.trim_start_matches('/'), publisher.path("push.pem"));
    for words in [
        format!("push {state}"),
        format!("push {state}/"),
        format!("push file://{state}"),
        format!("push {up}{below}"),
        format!("push {up}{below}/"),
        format!("-C groups push ../{up}{below}"),
        format!("push {state}/../state"),
        format!("push {}", publisher.path("link")),
    ] {
        let refused = publisher.sandbox.run(&format!("{words} --key {key}"));
        assert_eq!(refused.exit, 5, "{words}: {}", refused.stderr);
        assert_eq!(store.pointer(), store.first, "{words}");
    }
}

#[test]
fn buckets_of_one_name_at_two_endpoints_are_two_stores() {
    let publisher = Publisher::new();
    let push = |endpoint: &str| {
        let variables =
            [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_ENDPOINT_URL", endpoint)];
        let words = format!("push s3://bucket/online --key {}", publisher.path("push.pem"));
        publisher.sandbox.run_with(&variables, &words)
    };
    let one = StoreServer::new();
    push(&one.url("")).expect_exit(0).expect_stdout("push 1, ");
    let other = one.copy();
    let first = one.object("/bucket/online/pointer").expect("a pointer");
    publisher.publish_again("second");
    push(&one.url("")).expect_exit(0).expect_stdout("push 2, ");
    push(&other.url("")).expect_exit(0).expect_stdout("push 2, ");
    one.insert("/bucket/online/pointer", &first);
    push(&one.url("/")).expect_exit(5).expect_stderr("put back to push 1, which push 2 had replaced");
}

#[test]
fn a_store_that_was_put_back_is_neither_pruned_nor_repaired() {
    let store = Restored::new();
    store.put_back(&store.first);
    let publisher = &store.publisher;
    let objects = || fs::read_dir(publisher.path("state/objects/sha256")).expect("a folder").count();
    let before = objects();
    // The list of the state is missing too, as where an earlier prune has removed it.
    for is_whole in [true, false] {
        for words in ["", "--prune --keep 1 --older-than 0s", "--prune --dry-run", "--repair"] {
            let refused = store.push(words);
            assert_eq!(refused.exit, 5, "{words}: {}", refused.stderr);
            let refused = refused.expect_stderr("put back to push 1, which push 2 had replaced");
            let refused = refused.expect_stderr("put back the newest pointer").expect_stderr("--after-restore");
            assert!(!refused.stderr.contains("check out"), "{}", refused.stderr);
            assert_eq!((store.pointer(), objects()), (store.first.clone(), before - usize::from(!is_whole)), "{words}");
        }
        if is_whole {
            fs::remove_file(publisher.path(&named(&store.first, "state"))).expect("a list");
        }
    }
    store.push("--prune --after-restore").expect_exit(64);
}

#[test]
fn pointers_that_a_prune_replaced_are_remembered() {
    let store = Restored::new();
    let second = store.pointer();
    let pruned = store.push("--prune --keep 1 --older-than 0s").expect_exit(0);
    assert!(!pruned.stdout.contains(": 0 objects"), "{}", pruned.stdout);
    let newest = store.pointer();
    let mark = fs::read(store.publisher.path(&named(&newest, "previous"))).expect("a pointer");
    store.put_back(&second);
    store.push("").expect_exit(5).expect_stderr("put back to push 2, which push 3 had replaced");
    store.put_back(&mark);
    store.push("").expect_exit(5).expect_stderr("put back to push 3, which push 4 had replaced");
    store.put_back(&newest);
    store.push("").expect_exit(0).expect_stdout("is up to date (push 4)");
}

#[test]
fn a_push_after_a_restore_writes_a_pointer_for_the_same_state_too() {
    let publisher = Publisher::new();
    let state = publisher.path("state");
    publisher.push(&format!("{state} --expires 2d")).expect_exit(0).expect_stdout("push 1, ");
    let first = fs::read(publisher.path("state/pointer")).expect("a pointer");
    publisher.push(&format!("{state} --expires 9d")).expect_exit(0).expect_stdout("push 2, ");
    fs::write(publisher.path("state/pointer"), &first).expect("a pointer");
    publisher.push(&state).expect_exit(5);
    let words = format!("{state} --after-restore");
    publisher.push(&format!("{words} --dry-run")).expect_exit(0).expect_stdout("would be push 2, 0 new objects");
    publisher.push(&words).expect_exit(0).expect_stdout("push 2, 0 new objects");
    for words in [&state, &words] {
        publisher.push(words).expect_exit(0).expect_stdout("is up to date (push 2)");
    }
}

#[test]
fn the_memory_of_a_newer_version_is_kept() {
    let store = Restored::new();
    let newer = r#"{"schema":2,"stores":{}}"#;
    store.publisher.sandbox.write(".apigw/pushes.json", newer);
    store.publisher.publish_again("third");
    let pushed = store.push("").expect_exit(0).expect_stdout("push 3, ");
    pushed.expect_stderr("the replaced pointer is not remembered here: .apigw/pushes.json: its schema is 2");
    assert_eq!(store.publisher.sandbox.read(".apigw/pushes.json"), newer);
    // Where it cannot be read, it is left as it is.
    let place = store.publisher.sandbox.path().join(".apigw/pushes.json");
    fs::remove_file(&place).expect("a file");
    fs::create_dir(&place).expect("a folder");
    store.publisher.publish_again("fourth");
    store
        .push("")
        .expect_exit(0)
        .expect_stdout("push 4, ")
        .expect_stderr("the replaced pointer is not remembered here: ");
    assert!(Path::new(&place).is_dir());
}

#[test]
fn a_push_that_was_not_remembered_is_noted_when_its_pointer_is_seen() {
    let store = Restored::new();
    // As after a push of which the store did not say that it is in force.
    fs::remove_file(store.publisher.sandbox.path().join(".apigw/pushes.json")).expect("it is there");
    store.push("--dry-run").expect_exit(0);
    assert!(!store.publisher.sandbox.path().join(".apigw/pushes.json").exists(), "a dry run writes nothing");
    store.push("").expect_exit(0).expect_stdout("up to date");
    store.put_back(&store.first);
    store.push("").expect_exit(5).expect_stderr("put back to push 1, which push 2 had replaced");
}
