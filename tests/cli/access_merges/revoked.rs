//! A key that leaks, whose files a merge or a person has left unreadable.

use super::{Branches, GIT};
use crate::tools::has_tool;

#[test]
fn a_key_is_revoked_whatever_stands_in_its_file() {
    if !has_tool("git", GIT) {
        return;
    }
    let branches = Branches::new();
    let rotate = "key rotate ci --overlap 2h --to SECRET";
    branches.merge(&[&format!("{rotate}/ours")], &[&format!("{rotate}/theirs")]);
    let conflict = branches.sandbox.read("keys/ci.yaml");
    let leaked = conflict.replacen("=======\n", "secret: hunter2hunter2\n=======\n", 1);
    assert_ne!(leaked, conflict, "a conflict");
    branches.sandbox.write("keys/ci.yaml", &leaked);
    let revoked = branches.run("-o json key revoke ci -m leaked").expect_exit(0);
    assert!(!revoked.stdout.contains("hunter2") && !revoked.stderr.contains("hunter2"), "{revoked:?}");
    let revoked = revoked.expect_stdout("revoke the key").expect_stdout("apigw resolve --access ci").json();
    assert_eq!(
        (revoked["revoked"].as_array().map(Vec::len), &revoked["live"]),
        (Some(3), &serde_json::json!([])),
        "the secret before, and one of each branch: {revoked:#}"
    );
    let files = branches.sandbox.files();
    let has_secret = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("hunter2");
    let with_secret: Vec<_> = files.iter().filter(|(_, bytes)| has_secret(bytes)).map(|(place, _)| place).collect();
    assert!(with_secret.len() == 1 && with_secret[0].ends_with("keys/ci.yaml"), "{with_secret:?}");
    // A revocation closes by its file, even by one that cannot be read.
    let revocation = format!("keys/revoked/{}.yaml", revoked["revoked"][0]["secret"].as_str().expect("an id"));
    let whole = branches.sandbox.read(&revocation);
    branches.sandbox.write(&revocation, "damaged");
    branches.run("key revoke ci -m leaked").expect_exit(0).expect_stdout("nothing to revoke");
    branches.sandbox.write(&revocation, &whole);
    branches.run("resolve --access ci --ours").expect_exit(0);
    assert!(!branches.sandbox.read("keys/ci.yaml").contains("hunter2"));
    assert_eq!(branches.key()["secrets"][0]["state"], "revoked");
    for (index, text) in [Some("damaged"), Some("\0"), None].into_iter().enumerate() {
        branches.run(&format!("{rotate}/{index}")).expect_exit(0);
        let whole = branches.sandbox.read("keys/ci.yaml");
        match text {
            Some(text) => branches.sandbox.write("keys/ci.yaml", text),
            None => std::fs::remove_file(branches.sandbox.path().join("keys/ci.yaml")).expect("a file"),
        }
        let revoked = branches.run("key revoke ci -m leaked").expect_exit(0).expect_stdout("revoked ");
        revoked.expect_stderr("keys/ci.yaml").expect_stderr("once its file is whole");
        branches.sandbox.write("keys/ci.yaml", &whole);
        assert!(branches.key()["secrets"].as_array().expect("secrets").iter().all(|each| each["state"] == "revoked"));
    }
    branches.assert_whole();
}

#[test]
fn a_key_with_secrets_that_nobody_can_read_is_not_revoked_for_good() {
    if !has_tool("git", GIT) {
        return;
    }
    let branches = Branches::new();
    for name in ["second", "third"] {
        branches.run(&format!("key rotate ci --overlap 0s --to SECRET/{name}")).expect_exit(0);
    }
    branches.commit();
    let operations = branches.sandbox.read_folder("history/access");
    let [.., second, third] = operations.as_slice() else { panic!("{operations:?}") };
    let path = |place: &str| branches.sandbox.path().join(place);
    let key = branches.sandbox.read("keys/ci.yaml");
    // The operation that the file names, and one that a head was built upon.
    for (operation, is_damaged) in [(third, true), (third, false), (second, true), (second, false)] {
        let place = format!("history/access/{operation}");
        let whole = branches.sandbox.read(&place);
        branches.sandbox.write("keys/ci.yaml", &format!("{key}damaged\n"));
        if is_damaged {
            branches.sandbox.write(&place, "damaged");
        } else {
            std::fs::remove_file(path(&place)).expect("an operation");
        }
        let revoked = branches.run("key revoke ci -m leaked").expect_exit(3);
        let revoked = revoked.expect_stderr("there may be more secrets").expect_stderr(&place);
        let revoked = revoked.expect_stderr("restore it").expect_stderr("apigw key revoke ci");
        assert!(!revoked.stdout.contains("for good"), "{revoked:?}");
        branches.sandbox.write(&place, &whole);
    }
    branches.run("key revoke ci -m leaked").expect_exit(0);
    branches.sandbox.write("keys/ci.yaml", &key);
    assert!(branches.key()["secrets"].as_array().expect("secrets").iter().all(|each| each["state"] != "live"));
}

#[test]
fn a_file_that_no_operation_made_is_no_revocation() {
    if !has_tool("git", GIT) {
        return;
    }
    let branches = Branches::new();
    let secret = branches.key()["secrets"][0]["id"].as_str().expect("an id").to_owned();
    let place = format!("keys/revoked/{secret}.yaml");
    branches.sandbox.write(&place, "");
    let revoked = branches.run("key revoke ci -m leaked").expect_exit(0).expect_stdout("for good");
    revoked.expect_stderr(&place);
    branches.run("verify").expect_exit(0).expect_stdout("no problems");
    std::fs::remove_file(branches.sandbox.path().join(&place)).expect("a revocation");
    assert_eq!(branches.key()["secrets"][0]["state"], "revoked", "this machine remembers it");
    // One that an operation made is written again from it, and remembered where Git brought it.
    branches.sandbox.write(&place, "damaged");
    std::fs::remove_file(branches.sandbox.path().join(".apigw/revoked")).expect("a memory");
    let again = branches.run("key revoke ci -m leaked").expect_exit(0).expect_stdout("nothing to revoke");
    again.expect_stderr(&place);
    std::fs::remove_file(branches.sandbox.path().join(&place)).expect("a revocation");
    assert_eq!(branches.key()["secrets"][0]["state"], "revoked", "this machine remembers it");
}

/// Two branches bind one subject to keys; it is revoked on one of them before the other is merged.
#[test]
fn a_subject_that_was_bound_before_its_revocation_stays_revoked() {
    if !has_tool("git", GIT) {
        return;
    }
    let branches = Branches::new();
    let bind = |name: &str| format!("key create {name} --kind token --issuer https://id.example --subject rob");
    let ours = [bind("ours"), "key revoke ours -m compromised".to_owned()];
    let (theirs, ours) = (bind("theirs"), ours.each_ref().map(String::as_str));
    assert!(branches.merge(&ours, &[&theirs]), "they are two files");
    let checked = branches.run("check").expect_exit(3).expect_stdout("error[secret-reused]");
    checked.expect_stdout("keys/theirs.yaml").expect_stdout("after it was bound");
    branches.run("verify").expect_exit(3).expect_stdout("secret-reused");
    let shown = branches.run("-o json key show theirs").expect_exit(0).json();
    assert_eq!(shown["secrets"][0]["state"], "revoked");
    // A revocation whose file is gone has its time in the history.
    let revocation = branches.sandbox.read_folder("keys/revoked").remove(0);
    let place = format!("keys/revoked/{revocation}");
    let file = branches.sandbox.read(&place);
    std::fs::remove_file(branches.sandbox.path().join(&place)).expect("a revocation");
    let shown = branches.run("-o json key show theirs").expect_exit(0).json();
    assert_eq!(shown["secrets"][0]["state"], "revoked");
    branches.sandbox.write(&place, &file);
    branches.run("key revoke theirs").expect_exit(0);
    branches.run("check").expect_exit(0);
    // Whoever binds it anew knows of the revocation.
    branches.run(&bind("anew")).expect_exit(0);
    branches.run("check").expect_exit(0);
    let shown = branches.run("-o json key show anew").expect_exit(0).json();
    assert_eq!(shown["secrets"][0]["state"], "live");
}
