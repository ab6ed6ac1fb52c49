//! Keys and grants that two branches changed: merged by Git, joined by `resolve --access`.

mod revoked;

use std::process::Command;

use serde_json::Value;

use crate::harness::{Outcome, Sandbox, isolate};
use crate::tools::has_tool;

/// A workspace in Git with a key that may call the petstore in test, on two branches.
struct Branches {
    sandbox: Sandbox,
    outside: tempfile::TempDir,
}

impl Branches {
    /// Makes the key `ci` of the owner `web`, and a branch `other` beside `main`, which is checked out.
    fn new() -> Self {
        let branches = Self { sandbox: Sandbox::petstore(), outside: tempfile::tempdir().expect("a folder") };
        branches.run("key create ci --kind subscription --owner web --to SECRET/ci").expect_exit(0);
        branches.run("access grant ci petstore --env test").expect_exit(0);
        branches.git(&["init"]);
        branches.commit();
        branches.git(&["branch", "other"]);
        branches
    }

    /// Runs a command; `SECRET` stands for a folder outside of the workspace.
    fn run(&self, words: &str) -> Outcome {
        self.sandbox.run(&words.replace("SECRET", &self.outside.path().display().to_string()))
    }

    fn try_git(&self, words: &[&str]) -> bool {
        let mut command = Command::new("git");
        command.current_dir(self.sandbox.path());
        isolate(&mut command, self.sandbox.path());
        let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"];
        command.args(identity).args(words).env("GIT_EDITOR", "true").output().expect("git runs").status.success()
    }

    fn git(&self, words: &[&str]) {
        assert!(self.try_git(words), "git {words:?}");
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-m", "change"]);
    }

    /// Makes changes on both branches and merges the other into `main`. True if Git did it without a conflict.
    fn merge(&self, ours: &[&str], theirs: &[&str]) -> bool {
        for (branch, changes) in [("other", theirs), ("main", ours)] {
            self.git(&["checkout", branch]);
            // As on another machine, which has not seen the other branch's revocations.
            let _ = std::fs::remove_file(self.sandbox.path().join(".apigw/revoked"));
            for words in changes {
                self.run(words).expect_exit(0);
            }
            self.commit();
        }
        self.try_git(&["merge", "other"])
    }

    fn key(&self) -> Value {
        self.run("-o json key show ci").expect_exit(0).json()
    }

    /// Returns the environments of each grant of the key, with its limits.
    fn grants(&self) -> Vec<String> {
        let key = self.key();
        let grants = key["grants"].as_array().expect("grants").iter();
        let mut grants: Vec<String> =
            grants.map(|grant| format!("{} {}", grant["environments"], grant["limits"])).collect();
        grants.sort();
        grants
    }

    /// Ends the merge in Git and looks at all that must be whole afterwards.
    fn assert_whole(&self) {
        self.run("verify").expect_exit(0).expect_stdout("no problems");
        self.run("check").expect_exit(0);
        self.run("resolve --access").expect_exit(0).expect_stdout("nothing to do");
        self.run("history --access").expect_exit(0).expect_stdout("resolve");
        self.commit();
        assert!(!self.try_git(&["rev-parse", "--verify", "MERGE_HEAD"]), "the merge is over");
        self.run("verify").expect_exit(0).expect_stdout("no problems");
    }
}

const GIT: &str = "merges of keys and grants";

#[test]
fn grants_of_both_branches_are_joined() {
    if !has_tool("git", GIT) {
        return;
    }
    let branches = Branches::new();
    let is_clean = branches.merge(
        &["access grant ci petstore --env online -y -m ours", "access grant owner:web petstore --env online -y"],
        &["access grant ci petstore --env pre-release -m theirs", "access grant owner:web petstore --env test"],
    );
    assert!(!is_clean, "both changed the key's file");
    branches.run("verify").expect_exit(3).expect_stdout("apigw resolve --access ci");
    branches.run("access grant ci petstore --env test").expect_exit(3).expect_stderr("apigw resolve --access ci");
    branches.run("resolve --access --dry-run --detailed-exitcode").expect_exit(2).expect_stdout("nothing was changed");
    let resolved = branches.run("-o json resolve --access ci -y").expect_exit(0).json();
    assert_eq!(resolved["changes"][0]["subject"], "key ci");
    assert_eq!(resolved["changes"][0]["merged"].as_array().map(Vec::len), Some(1));
    branches.run("verify").expect_exit(3).expect_stdout("owner:web");
    branches.run("resolve --access -y").expect_exit(0).expect_stdout("git merge --continue");
    assert_eq!(branches.grants(), [r#"["online"] null"#, r#"["pre-release"] null"#, r#"["test"] null"#]);
    branches.run("access list --env test").expect_exit(0).expect_stdout("owner web");
    branches.assert_whole();
    // The two predecessors of the operation are in the history.
    let history = branches.run("-o json history --access").expect_exit(0).json();
    let last = &history["operations"][0];
    assert_eq!((&last["action"], last["merged"].as_array().map(Vec::len)), (&Value::from("resolve"), Some(1)));
    branches.run(&format!("undo {} --access -y", last["operation"].as_str().expect("an id"))).expect_exit(0);
    branches.run("verify").expect_exit(0).expect_stdout("no problems");
    branches.run("access grant ci petstore --env test --limit 5/second").expect_exit(0);
    branches.run("verify").expect_exit(0).expect_stdout("no problems");
}

#[test]
fn a_revocation_wins_over_a_change_of_the_other_branch() {
    if !has_tool("git", GIT) {
        return;
    }
    let branches = Branches::new();
    branches.merge(
        &["access revoke ci petstore --env test -m left"],
        // A grant with limits takes the place of the one that is there; one for an API comes beside it.
        &[
            "access grant ci petstore --env test --limit 5/second",
            "access grant ci petstore --env test --api listPets --limit 1/second",
            "access grant ci petstore --env online -y",
        ],
    );
    let resolved = branches.run("resolve --access -y").expect_exit(0);
    resolved.expect_stdout("not granted").expect_stdout("listPets");
    assert_eq!(branches.grants(), [r#"["online"] null"#]);
    branches.assert_whole();
}

#[test]
fn a_revoked_secret_stays_revoked_and_both_rotations_count() {
    if !has_tool("git", GIT) {
        return;
    }
    let branches = Branches::new();
    let first = branches.key()["secrets"][0]["id"].as_str().expect("an id").to_owned();
    branches.merge(
        &["key rotate ci --overlap 1h --to SECRET/ours"],
        &["key rotate ci --overlap 2h --to SECRET/theirs", &format!("key revoke ci {first} -m leaked")],
    );
    branches.run("resolve --access").expect_exit(0);
    let key = branches.key();
    let secrets = key["secrets"].as_array().expect("secrets");
    // A rotation keeps no secret that a branch of this checkout has revoked.
    let live: Vec<_> = secrets.iter().filter(|secret| secret["state"] == "live").collect();
    assert_eq!(live.len(), 2, "{key:#}");
    assert!(live.iter().all(|secret| secret["retires"].is_null() && secret["id"] != first.as_str()), "{key:#}");
    branches.assert_whole();
}

#[test]
fn a_third_secret_of_two_rotations_is_told_until_one_is_revoked() {
    if !has_tool("git", GIT) {
        return;
    }
    let branches = Branches::new();
    let first = branches.key()["secrets"][0]["id"].as_str().expect("an id").to_owned();
    branches
        .merge(&["key rotate ci --overlap 1h --to SECRET/ours"], &["key rotate ci --overlap 2h --to SECRET/theirs"]);
    let resolved = branches.run("resolve --access").expect_exit(0);
    resolved.expect_stderr("3 secrets of key ci are live").expect_stderr("apigw key revoke ci");
    branches.assert_whole();
    branches.run("check").expect_exit(0).expect_stdout("third-secret").expect_stdout(&first);
    branches.run("key rotate ci --to SECRET/again").expect_exit(4).expect_stderr("has 3 live secrets already");
    branches.run(&format!("key revoke ci {first} -m unused")).expect_exit(0);
    let checked = branches.run("check").expect_exit(0);
    assert!(!checked.stdout.contains("third-secret"), "{}", checked.stdout);
}

#[test]
fn the_undo_of_a_resolve_opens_nothing_that_a_branch_had_closed() {
    if !has_tool("git", GIT) {
        return;
    }
    let branches = Branches::new();
    branches.merge(
        &["access grant ci petstore --env online -y"],
        &["access revoke ci petstore --env test -m left", "access grant ci petstore --env pre-release"],
    );
    branches.run("resolve --access").expect_exit(5).expect_stderr("online is protected");
    branches.run("resolve --access -y").expect_exit(0);
    branches.run("undo --access -y -m early").expect_exit(0).expect_stdout("without the grants that a branch removed");
    assert_eq!(branches.grants(), [r#"["online"] null"#]);
    branches.assert_whole();
    let branches = Branches::new();
    branches.merge(&["access grant ci petstore --env online -y"], &["access revoke ci petstore --env test -m left"]);
    branches.run("resolve --access -y").expect_exit(0);
    let refused = branches.run("undo --access").expect_exit(5).expect_stderr("an undo brings none of it back");
    refused.expect_stderr("apigw access grant ci GROUP --env ENV");
}

#[test]
fn one_field_that_both_branches_changed_needs_a_choice() {
    if !has_tool("git", GIT) {
        return;
    }
    for (side, kept) in [("--ours", "5/second"), ("--theirs", "9/second")] {
        let branches = Branches::new();
        branches.merge(
            &["access grant ci petstore --env online -y", "key limit ci 5/second -m careful -y"],
            &["key limit ci 9/second", "access grant ci petstore --env pre-release"],
        );
        let before = branches.sandbox.read("keys/ci.yaml");
        let refused = branches.run("resolve --access").expect_exit(4).expect_stderr("both branches changed limits");
        let refused = refused.expect_stderr("ours 5/second; theirs 9/second").expect_stderr("careful");
        refused.expect_stderr(&format!("apigw resolve --access ci {}", "--ours"));
        assert_eq!(branches.sandbox.read("keys/ci.yaml"), before);
        let resolved = branches.run(&format!("resolve --access ci ci {side} -y")).expect_exit(0);
        assert_eq!(resolved.stdout.matches("keeps limits").count(), 1, "{}", resolved.stdout);
        assert_eq!(branches.key()["limits"], Value::from(vec![kept]));
        assert_eq!(branches.grants().len(), 3);
        branches.assert_whole();
    }
}

#[test]
fn a_key_in_conflict_is_seen_revoked_and_resolved_before_the_merge_goes_on() {
    if !has_tool("git", GIT) {
        return;
    }
    let branches = Branches::new();
    let made = branches.run("-o json key create web --kind subscription --owner web --to SECRET/web").expect_exit(0);
    let first = made.json()["operation"].as_str().expect("an operation").to_owned();
    branches.commit();
    branches.git(&["branch", "-f", "other"]);
    branches.merge(
        &["key limit ci 5/second", "key limit web 5/second"],
        &["key limit ci 9/second", "key limit web 9/second"],
    );
    // A gateway closes keys that it cannot read: whoever looks is told.
    let status = branches.run("status --check").expect_exit(3);
    status.expect_stderr("keys/ci.yaml:").expect_stderr("gateways accept no key or grant of this file");
    let status = branches.run("-o json status").expect_exit(0).json();
    assert_eq!(status["closed_keys"].as_array().map(Vec::len), Some(2), "{status:#}");
    // A leak waits for no merge, and for no damaged operation of another key.
    let damaged = format!("history/access/{first}.yaml");
    let whole = branches.sandbox.read(&damaged);
    branches.sandbox.write(&damaged, "damaged");
    let unknown = branches.run("key revoke nobody -m leaked").expect_exit(3).expect_stderr("nobody");
    assert!(!unknown.stderr.contains(&first), "{}", unknown.stderr);
    let lost = branches.run("-o json key revoke ci -m leaked").expect_exit(0);
    let lost = lost.expect_stdout(&damaged).json();
    branches.sandbox.write(&damaged, &whole);
    assert_eq!(
        (lost["revoked"].as_array().map(Vec::len), &lost["live"]),
        (Some(1), &serde_json::json!([])),
        "{lost:#}"
    );
    let resolved = branches.run("resolve --access ci --ours").expect_exit(0);
    resolved.expect_stdout(
        "next: resolve what is still in conflict: keys/web.yaml with `apigw resolve --access web`; then",
    );
    let resolved = branches.run("resolve --access web --theirs").expect_exit(0);
    resolved.expect_stdout("next: `git add keys history`, then `git merge --continue`");
    branches.run("status --check").expect_exit(0);
    assert_eq!(branches.key()["secrets"][0]["state"], "revoked");
    branches.assert_whole();
}

#[test]
fn a_merge_that_kept_one_file_whole_is_joined_afterwards() {
    if !has_tool("git", GIT) {
        return;
    }
    for rest in ["resolve --access", "resolve --access --drop OPERATION -m repeated"] {
        let branches = Branches::new();
        branches.merge(
            &["access grant ci petstore --env online -y"],
            &["access grant ci petstore --env pre-release --limit 5/second"],
        );
        branches.git(&["checkout", "--ours", "keys/ci.yaml"]);
        branches.commit();
        branches.run("access grant ci petstore --env pre-release --limit 5/second").expect_exit(0);
        let verified = branches.run("-o json verify").expect_exit(3).json();
        let place = verified["problems"][0]["finding"]["file"].as_str().expect("a place").to_owned();
        let id = place.trim_start_matches("history/access/").trim_end_matches(".yaml");
        branches.run(&format!("resolve --access --drop {id}")).expect_exit(64).expect_stderr("-m WHY");
        branches.run(&rest.replace("OPERATION", id)).expect_exit(0);
        assert_eq!(branches.grants(), [r#"["online"] null"#, r#"["pre-release"] ["5/second"]"#, r#"["test"] null"#]);
        branches.assert_whole();
        branches.run(&format!("resolve --access --drop {id} -m again")).expect_exit(3).expect_stderr("in force");
    }
    // A file that is whole says nothing of the secret that the other branch made, and the joining lets it in again.
    let branches = Branches::new();
    let rotate = "key rotate ci --overlap 2h --to SECRET";
    branches.merge(&[&format!("{rotate}/ours")], &[&format!("{rotate}/theirs")]);
    branches.git(&["checkout", "--ours", "keys/ci.yaml"]);
    branches.commit();
    let revoked = branches.run("-o json key revoke ci -m leaked").expect_exit(0).json();
    assert_eq!(revoked["revoked"].as_array().map(Vec::len), Some(3), "{revoked:#}");
    branches.run("resolve --access").expect_exit(0);
    let key = branches.key();
    let secrets = key["secrets"].as_array().expect("secrets");
    assert!(secrets.len() == 3 && secrets.iter().all(|secret| secret["state"] == "revoked"), "{key:#}");
    branches.assert_whole();
}

#[test]
fn a_rebase_and_a_secret_that_both_branches_revoked_are_joined() {
    if !has_tool("git", GIT) {
        return;
    }
    let branches = Branches::new();
    branches.git(&["checkout", "other"]);
    branches.run("key revoke ci -m theirs").expect_exit(0);
    branches.run("key limit ci 9/second").expect_exit(0);
    branches.commit();
    branches.git(&["checkout", "main"]);
    // Without this machine's memory, as on another one.
    std::fs::remove_file(branches.sandbox.path().join(".apigw/revoked")).expect("a memory");
    branches.run("key revoke ci -m ours").expect_exit(0);
    branches.run("key limit ci 5/second").expect_exit(0);
    branches.commit();
    assert!(!branches.try_git(&["rebase", "other"]), "both added the revocation's file");
    branches.run("resolve --access --ours").expect_exit(0).expect_stdout("git rebase --continue");
    assert_eq!(branches.key()["limits"], Value::from(vec!["5/second"]), "in a rebase too, ours is one's own branch");
    branches.git(&["add", "-A"]);
    branches.git(&["rebase", "--continue"]);
    branches.run("verify").expect_exit(0).expect_stdout("no problems");
    branches.run("key list").expect_exit(0).expect_stdout("no live secret");
}

#[test]
fn a_revoked_public_key_that_a_merge_brings_back_is_closed_and_named() {
    if !has_tool("git", GIT) || !has_tool("openssl", "pairs of callers") {
        return;
    }
    let branches = Branches::new();
    let settings = branches.sandbox.read("groups/petstore/group.yaml");
    branches.sandbox.write("groups/petstore/group.yaml", &settings.replace("auth: none", "auth: signature"));
    branches.run("publish petstore --env test --backend http://127.0.0.1:1").expect_exit(0);
    branches.commit();
    branches.git(&["branch", "-f", "other"]);
    let outside = branches.outside.path();
    let openssl = |words: &[&str]| {
        let mut command = Command::new("openssl");
        assert!(command.args(words).current_dir(outside).output().expect("openssl runs").status.success());
    };
    openssl(&["genpkey", "-algorithm", "ed25519", "-out", "pair.pem"]);
    openssl(&["pkey", "-in", "pair.pem", "-pubout", "-out", "pair.pub"]);
    // A caller whose pair was taken under another name in a branch from before it was revoked.
    let is_clean = branches.merge(
        &[
            "key create pair --kind signature --public-key SECRET/pair.pub",
            "access grant pair petstore --env test",
            "key revoke pair -m leaked",
            "key rotate pair --ed25519 --to SECRET/next.pem",
        ],
        &["key create again --kind signature --public-key SECRET/pair.pub", "access grant again petstore --env test"],
    );
    assert!(is_clean, "each key has its own file");
    branches.run("access test again petstore listPets --env test").expect_exit(5).expect_stdout("revoked");
    branches.run("access test pair petstore listPets --env test").expect_exit(0);
    branches.run("verify").expect_exit(3).expect_stdout("keys/again.yaml").expect_stdout("is the revoked");
    branches.run("check").expect_exit(3).expect_stdout("keys/again.yaml").expect_stdout("secret-reused");
    let serving = crate::serving::Serving::start(&branches.sandbox);
    serving.wait_to_hear("is the revoked");
    drop(serving);
    branches.run("key rotate again --ed25519 --to SECRET/again.pem").expect_exit(0);
    branches.run("verify").expect_exit(0).expect_stdout("no problems");
    branches.run("access test again petstore listPets --env test").expect_exit(0);
}
