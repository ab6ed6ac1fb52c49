//! `apigw push` and `serve --from`: what is live comes to other machines whole, in order, or not at all.

mod faults;
mod following;
mod pruning;
mod put_back;
mod seaweed;
mod server;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::harness::{Outcome, Sandbox};

/// A workspace, a key for pushes beside it, and the public half of the key.
pub(crate) struct Publisher {
    pub(crate) sandbox: Sandbox,
    outside: tempfile::TempDir,
    pub(crate) public_key: String,
}

impl Publisher {
    /// Makes a workspace with the petstore live in test.
    pub(crate) fn new() -> Self {
        let outside = tempfile::tempdir().expect("a temporary folder");
        let sandbox = Sandbox::petstore();
        let file = outside.path().join("push.pem");
        let made = sandbox.run(&format!("push --make-key {}", file.display())).expect_exit(0);
        sandbox.run("publish --env test --mock").expect_exit(0);
        Self { sandbox, outside, public_key: made.stdout.trim().to_owned() }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.outside.path().join(name).display().to_string()
    }

    pub(crate) fn push(&self, words: &str) -> Outcome {
        self.sandbox.run(&format!("push {words} --key {}", self.path("push.pem")))
    }

    /// Pushes to the folder `state`.
    pub(crate) fn push_to_folder(&self) -> Outcome {
        self.push(&self.path("state"))
    }

    /// Copies the workspace as a clone has it, without what is the machine's own.
    fn clone_workspace(&self, name: &str) -> String {
        let copy = self.path(name);
        let status = Command::new("cp").args(["-r", self.sandbox.path().to_str().expect("a path"), &copy]).status();
        assert!(status.expect("cp runs").success());
        copy
    }

    /// Publishes the petstore again, with another number.
    pub(crate) fn publish_again(&self, mark: &str) {
        self.sandbox.edit(mark);
        self.sandbox.run("publish --env test --mock --bump patch").expect_exit(0);
    }
}

#[test]
fn a_dry_run_says_what_the_run_does_and_a_second_run_does_nothing() {
    let publisher = Publisher::new();
    let state = publisher.path("state");
    let dry = publisher.push(&format!("{state} --dry-run")).expect_exit(0);
    assert!(!fs::exists(&state).expect("a look"), "a dry run makes no folder");
    let made = publisher.push_to_folder().expect_exit(0).expect_stdout("push 1, 5 new objects");
    assert_eq!(dry.stdout.replace("would be push", "push"), made.stdout);
    publisher.push_to_folder().expect_exit(0).expect_stdout("is up to date (push 1)");
    publisher.publish_again("second");
    publisher
        .push_to_folder()
        .expect_exit(0)
        .expect_stdout("test: petstore 0.0.2 with mock\n")
        .expect_stdout("push 2, ");
}

#[test]
fn a_file_in_another_layout_is_pushed_as_it_would_be_written() {
    const TEST: &str = "deployments/test.yaml";
    let publisher = Publisher::new();
    publisher.push_to_folder().expect_exit(0);
    let text = publisher.sandbox.read(TEST);
    for changed in [text.replace("  petstore:", "\n  'petstore':"), text.replace("...\n", "")] {
        publisher.sandbox.write(TEST, &changed);
        let pushed = publisher.push_to_folder().expect_exit(0).expect_stdout("is up to date (push 1)");
        pushed.expect_stderr("deployments/test.yaml").expect_stderr("`apigw verify --repair` restores its layout");
    }
    // Other values are none of the layout.
    publisher.sandbox.write(TEST, &text.replace("  petstore:", "\n  petstore:").replace("\"0.0.1\"", "\"0.0.2\""));
    publisher.push_to_folder().expect_exit(3);
}

#[test]
fn nothing_that_others_pushed_is_undone() {
    let publisher = Publisher::new();
    publisher.push_to_folder().expect_exit(0);
    let behind = publisher.clone_workspace("behind");
    publisher.publish_again("second");
    publisher.sandbox.run("publish petstore --env pre-release --mock --version 0.0.1").expect_exit(0);
    publisher.push_to_folder().expect_exit(0);
    let pointer = fs::read(publisher.path("state/pointer")).expect("a pointer");
    let (state, key) = (publisher.path("state"), publisher.path("push.pem"));
    let from_behind =
        |words: &str| publisher.sandbox.run(format!("-C {behind} push {state} --key {key} {words}").trim_end());
    from_behind("")
        .expect_exit(4)
        .expect_stderr("has a state that this workspace was not built upon")
        .expect_stderr("petstore in test: operation ")
        .expect_stderr("pre-release would be removed")
        .expect_stderr("pull`, then push again")
        .expect_stderr("push to another prefix");
    from_behind("--dry-run").expect_exit(4);
    // A publish there forks the history.
    publisher.sandbox.run(&format!("-C {behind} offline petstore --env test")).expect_exit(0);
    from_behind("").expect_exit(4).expect_stderr("petstore in test: operation ");
    let left_out = publisher.push(&format!("{state} --env test")).expect_exit(4);
    let left_out = left_out.expect_stderr("pre-release would be removed").expect_stderr("leave out `--env`");
    assert!(!left_out.stderr.contains("git pull"), "{}", left_out.stderr);
    assert_eq!(fs::read(publisher.path("state/pointer")).expect("a pointer"), pointer);
    publisher.push(&format!("{} --env test", publisher.path("other"))).expect_exit(0);
}

#[test]
fn a_store_that_was_put_back_is_refused_where_a_later_push_was_made() {
    let publisher = Publisher::new();
    let pointer = publisher.path("state/pointer");
    let elsewhere = publisher.clone_workspace("elsewhere");
    publisher.push_to_folder().expect_exit(0).expect_stdout("push 1, ");
    let backup = fs::read(&pointer).expect("a pointer");
    publisher.publish_again("second");
    publisher.push_to_folder().expect_exit(0).expect_stdout("push 2, ");
    let newest = fs::read(&pointer).expect("a pointer");
    fs::write(&pointer, &backup).expect("a pointer");
    let state = publisher.path("state");
    for words in [state.clone(), format!("{state} --dry-run")] {
        let refused = publisher.push(&words).expect_exit(5);
        refused.expect_stderr("put back to push 1, which push 2 had replaced").expect_stderr("--after-restore");
    }
    assert_eq!(fs::read(&pointer).expect("a pointer"), backup);
    // Elsewhere nobody knows of it.
    let (key, dry) = (publisher.path("push.pem"), "--dry-run");
    publisher.sandbox.run(&format!("-C {elsewhere} push {state} --key {key} {dry}")).expect_exit(0);
    // The newest pointer is put back too.
    fs::write(&pointer, &newest).expect("a pointer");
    publisher.push_to_folder().expect_exit(0).expect_stdout("is up to date (push 2)");
    fs::write(&pointer, &backup).expect("a pointer");
    publisher.push(&format!("{state} --after-restore")).expect_exit(0).expect_stdout("push 2, ");
    publisher.push_to_folder().expect_exit(0).expect_stdout("is up to date (push 2)");
    publisher.publish_again("third");
    publisher.push_to_folder().expect_exit(0).expect_stdout("push 3, ");
    // One that forgot them pushes as a new machine does.
    publisher.sandbox.write(".apigw/pushes.json", "{");
    publisher.push_to_folder().expect_exit(0).expect_stderr("pushes from here are not remembered: .apigw/pushes.json");
}

#[test]
fn keys_go_forward_too() {
    let publisher = Publisher::new();
    let secret = publisher.path("secret");
    let sandbox = &publisher.sandbox;
    sandbox.run(&format!("key create partner --kind subscription --to {secret}")).expect_exit(0);
    sandbox.run("access grant partner petstore --env test").expect_exit(0);
    sandbox
        .run(&format!("key create other --kind subscription --to {}", publisher.path("other-secret")))
        .expect_exit(0);
    sandbox.run("access grant other petstore --env online -y").expect_exit(0);
    publisher.push_to_folder().expect_exit(0);
    let objects = fs::read_dir(publisher.path("state/objects/sha256")).expect("a folder");
    let texts: Vec<String> =
        objects.map(|entry| fs::read_to_string(entry.expect("an entry").path()).expect("a text")).collect();
    let list = texts.iter().find(|text| text.contains("  apigw.toml\n")).expect("a list");
    assert!(list.contains("  keys/partner.yaml\n"), "{list}");
    assert!(!list.contains("keys/other.yaml"), "a key without a grant in what is pushed stays here: {list}");
    let text = fs::read_to_string(&secret).expect("a secret");
    assert!(!texts.iter().any(|object| object.contains(text.trim())), "a secret was pushed");
    let behind = publisher.clone_workspace("behind");
    sandbox.run("key revoke partner --yes").expect_exit(0);
    publisher.push_to_folder().expect_exit(0);
    let (state, key) = (publisher.path("state"), publisher.path("push.pem"));
    sandbox
        .run(&format!("-C {behind} push {state} --key {key}"))
        .expect_exit(4)
        .expect_stderr("operation ")
        .expect_stderr("is not in its history here");
}

#[test]
fn a_damaged_pointer_is_met_with_ways_out_that_work() {
    let publisher = Publisher::new();
    publisher.push_to_folder().expect_exit(0);
    let pointer = publisher.outside.path().join("state/pointer");
    let whole = fs::read(&pointer).expect("a pointer");
    fs::write(&pointer, "").expect("a damaged pointer");
    let state = publisher.path("state");
    let damaged = publisher.push(&format!("{state} --repair")).expect_exit(3);
    damaged.expect_stderr("put back an earlier pointer").expect_stderr("push to another prefix");
    publisher.push(&publisher.path("other")).expect_exit(0);
    fs::write(&pointer, whole).expect("a pointer");
    publisher.push_to_folder().expect_exit(0);
}

#[test]
fn a_private_key_is_private_and_lies_outside_of_git() {
    let publisher = Publisher::new();
    let key = publisher.path("push.pem");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).expect("permissions");
    publisher.push_to_folder().expect_exit(3).expect_stderr("this secret is readable by others than its owner");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("permissions");
    let sandbox = &publisher.sandbox;
    fs::copy(&key, sandbox.path().join("push.pem")).expect("a copy");
    let state = publisher.path("state");
    for words in [format!("push {state} --key push.pem"), "push --make-key new.pem".to_owned()] {
        sandbox.run(&words).expect_exit(3).expect_stderr("Git would see a private key in this place");
    }
    // Outside of every repository and workspace, a key may lie in the folder that one stands in.
    sandbox.run(&format!("-C {} push --make-key made.pem", publisher.path(""))).expect_exit(0);
    sandbox.run(&format!("push --make-key {key}")).expect_exit(4).expect_stderr("already exists");
    let mode = fs::metadata(&key).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    sandbox.run(&format!("push {state} --key {}", publisher.path("gone"))).expect_exit(3);
    fs::write(publisher.path("text"), "text").expect("a file");
    fs::set_permissions(publisher.path("text"), fs::Permissions::from_mode(0o600)).expect("permissions");
    sandbox
        .run(&format!("push {state} --key {}", publisher.path("text")))
        .expect_exit(3)
        .expect_stderr("not an Ed25519 private key");
    assert!(!fs::exists(&state).expect("a look"));
}

#[test]
fn a_push_of_another_signer_is_replaced_where_that_one_is_trusted() {
    let publisher = Publisher::new();
    publisher.push_to_folder().expect_exit(0);
    let (state, other) = (publisher.path("state"), publisher.path("other.pem"));
    publisher.sandbox.run(&format!("push --make-key {other}")).expect_exit(0);
    publisher.publish_again("second");
    let push = format!("push {state} --key {other}");
    publisher.sandbox.run(&push).expect_exit(5).expect_stderr("signed with a key that is not trusted here");
    publisher.sandbox.run(&format!("{push} --public-key {}", publisher.public_key)).expect_exit(0);
}

#[test]
fn folders_of_others_and_places_that_cannot_be_written_are_refused() {
    let publisher = Publisher::new();
    let workspace = publisher.sandbox.path().display().to_string();
    publisher.push(&workspace).expect_exit(3).expect_stderr("this is a place of the workspace's own files");
    let others = Sandbox::empty();
    others.write("notes.txt", "");
    let others = others.path().display().to_string();
    publisher.push(&others).expect_exit(5).expect_stderr("which apigw did not write");
    publisher.push("https://state.example.com/online").expect_exit(64).expect_stderr("can only be read");
    publisher.push("ftp://state.example.com/online").expect_exit(64);
    publisher.push("s3://bucket/../x").expect_exit(64);
    publisher.push("s3://bucket/x").expect_exit(3).expect_stderr("there are no credentials for the store");
    let empty = Sandbox::empty();
    empty.run("init").expect_exit(0);
    let push = format!("push {} --key {}", publisher.path("state"), publisher.path("push.pem"));
    empty.run(&push).expect_exit(3).expect_stderr("nothing was published yet");
    empty.run(&format!("{push} --env test")).expect_exit(3).expect_stderr("nothing was published to test yet");
}

#[test]
fn an_expiry_is_renewed_when_half_of_it_is_over() {
    let publisher = Publisher::new();
    let state = publisher.path("state");
    publisher.push(&format!("{state} --expires 2d")).expect_exit(0).expect_stdout("push 1, ");
    publisher
        .push(&format!("{state} --expires 2d"))
        .expect_exit(0)
        .expect_stdout("is up to date (push 1, valid until ");
    publisher.push(&state).expect_exit(0).expect_stdout("is up to date (push 1, ");
    publisher
        .push(&format!("{state} --expires 9d"))
        .expect_exit(0)
        .expect_stdout("push 2, 0 new objects, valid until ");
}

#[test]
fn what_the_store_lost_is_written_again() {
    let publisher = Publisher::new();
    publisher.push_to_folder().expect_exit(0);
    let state = publisher.path("state");
    let folder = publisher.path("state/objects/sha256");
    let mut names: Vec<_> =
        fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    names.sort();
    fs::remove_file(&names[0]).expect("removed");
    fs::write(&names[1], "damaged").expect("written");
    publisher.push(&format!("{state} --repair")).expect_exit(0).expect_stdout("2 objects written again");
    publisher.push(&format!("{state} --repair")).expect_exit(0).expect_stdout("0 objects written again");
    publisher.publish_again("second");
    publisher.push(&format!("{state} --repair")).expect_exit(4).expect_stderr("push 1 is another state");
}

#[test]
fn a_damaged_version_is_not_pushed() {
    let publisher = Publisher::new();
    let place = "groups/petstore/versions/0.0.1/openapi.yaml";
    fs::remove_file(publisher.sandbox.path().join(place)).expect("removed");
    publisher.sandbox.write(place, "damaged");
    publisher.push_to_folder().expect_exit(3).expect_stderr(&format!("nothing was pushed: {place} is damaged"));
    assert!(!fs::exists(publisher.path("state/pointer")).expect("a look"));
}
