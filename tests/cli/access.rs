//! Keys and grants on disk: made, rotated, revoked, granted, undone, merged; and no secret where Git would see it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use crate::harness::{Sandbox, isolate};
use crate::serving::Serving;
use crate::tools::has_tool;

/// A petstore whose callers sign, or have a subscription key, live in test with a real backend.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("groups/petstore/group.yaml");
    sandbox.write("groups/petstore/group.yaml", &settings.replace("auth: none", "auth: [signature, subscription]"));
    sandbox.run("publish --env test --backend http://127.0.0.1:1").expect_exit(0);
    sandbox
}

/// Makes a key outside of the workspace and returns the file of its secret.
fn make(sandbox: &Sandbox, outside: &tempfile::TempDir, name: &str, more: &str) -> PathBuf {
    let path = outside.path().join(format!("{name}.secret"));
    sandbox.run(&format!("key create {name} {more} --to {}", path.display())).expect_exit(0);
    path
}

fn git(sandbox: &Sandbox, words: &[&str]) -> bool {
    let mut command = Command::new("git");
    command.current_dir(sandbox.path());
    isolate(&mut command, sandbox.path());
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"];
    command.args(identity).args(words).output().expect("git runs").status.success()
}

/// Looks for secrets in all that Git would see.
fn assert_no_secret(sandbox: &Sandbox, secrets: &[String]) {
    for (path, bytes) in sandbox.files() {
        let text = String::from_utf8_lossy(&bytes);
        for secret in secrets {
            assert!(!text.contains(secret.trim()), "{} holds a secret", path.display());
        }
    }
}

#[test]
fn a_key_is_made_granted_rotated_and_revoked() {
    let sandbox = sandbox();
    let outside = tempfile::tempdir().expect("a folder");
    let file = make(&sandbox, &outside, "ci", "--kind subscription --owner web -m first");
    let text = fs::read_to_string(&file).expect("the secret");
    assert!(text.starts_with("apk_") && text.ends_with('\n'), "a subscription key");
    assert_eq!(fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o600);
    sandbox.run("key create ci --kind subscription --to x").expect_exit(4).expect_stderr("already exists");
    sandbox.run("access test ci petstore listPets --env test").expect_exit(5).expect_stdout("no  grant       ");
    sandbox.run("access grant ci petstore --env test").expect_exit(0).expect_stdout("grant petstore in test");
    sandbox.run("access grant ci petstore --env test").expect_exit(0).expect_stdout("already");
    sandbox.run("access test ci petstore listPets --env test").expect_exit(0).expect_stdout("allowed");
    sandbox.run("access test ci petstore listPets --env online").expect_exit(5).expect_stdout("not live in online");
    let listed = sandbox.run("-o json access list --env test").expect_exit(0).json();
    assert_eq!(listed["grants"][0]["key"], "ci");
    assert_eq!(listed["grants"][0]["by"], "Ada <ada@example.com>");
    sandbox.run("access list --env online").expect_exit(0).expect_stdout("no key may call anything");
    let second = outside.path().join("second");
    sandbox.run(&format!("key rotate ci --overlap 1h --to {}", second.display())).expect_exit(0);
    let third = outside.path().join("third");
    let refused = sandbox.run(&format!("key rotate ci --to {}", third.display())).expect_exit(4);
    refused.expect_stderr("2 live secrets already");
    assert!(!third.exists(), "a refused rotation left a secret");
    sandbox.run("key show ci").expect_exit(0).expect_stdout("retires");
    let shown = sandbox.run("-o json key show ci").expect_exit(0).json();
    let first = shown["secrets"][0]["id"].as_str().expect("an id").to_owned();
    sandbox.run(&format!("key revoke ci {first} -m leaked")).expect_exit(0).expect_stdout("for good");
    sandbox.run("access test ci petstore listPets --env test").expect_exit(0);
    sandbox.run("key revoke ci").expect_exit(0);
    sandbox.run("key revoke ci").expect_exit(0).expect_stdout("nothing to revoke");
    sandbox.run("access test ci petstore listPets --env test").expect_exit(5).expect_stdout("revoked");
    sandbox.run("key list").expect_exit(0).expect_stdout("no live secret");
    sandbox.run("key show nobody").expect_exit(3).expect_stderr("there is no key");
    sandbox.run("verify").expect_exit(0).expect_stdout("no problems");
    assert_no_secret(&sandbox, &[text, fs::read_to_string(&second).expect("the secret")]);
}

#[test]
fn a_change_of_access_is_in_the_history_and_is_undone() {
    let sandbox = sandbox();
    let outside = tempfile::tempdir().expect("a folder");
    make(&sandbox, &outside, "ci", "--kind signature --owner web");
    sandbox.run("access grant ci petstore --env test --api listPets -m why").expect_exit(0);
    sandbox.run("access grant owner:web petstore --env pre-release,online -y").expect_exit(0);
    let history = sandbox.run("-o json history --access").expect_exit(0).json();
    let operation = |index: usize| history["operations"][index]["operation"].as_str().expect("an id").to_owned();
    assert_eq!(history["operations"][0]["subject"], "owner web");
    assert_eq!(history["operations"][1]["message"], "why");
    assert_eq!(history["operations"][1]["before"], history["operations"][2]["operation"]);
    sandbox.run("history --access").expect_exit(0).expect_stdout("petstore in test (listPets)");
    sandbox.run("access list --env online").expect_exit(0).expect_stdout("owner web");
    sandbox.run("undo --access -y").expect_exit(0).expect_stdout("owner web: undo");
    sandbox.run("access list --env online").expect_exit(0).expect_stdout("no key may call");
    sandbox.run(&format!("undo {} --access --dry-run", operation(1))).expect_exit(0);
    sandbox.run(&format!("undo {} --access --dry-run --detailed-exitcode", operation(1))).expect_exit(2);
    sandbox.run("undo --access --wait").expect_exit(64).expect_stderr("cannot be used with");
    sandbox.run(&format!("undo {} --access", operation(1))).expect_exit(0);
    sandbox.run(&format!("undo {} --access", operation(1))).expect_exit(4).expect_stderr("was changed since");
    sandbox.run(&format!("undo {} --access", operation(2))).expect_exit(4);
    sandbox.run("key revoke ci").expect_exit(0);
    sandbox.run("undo --access").expect_exit(5).expect_stderr("never undone").expect_stderr("apigw key rotate ci");
    sandbox.run("verify").expect_exit(0);
}

#[test]
fn a_revocation_survives_what_git_does_to_its_file() {
    if !has_tool("git", "revocations and checkouts") {
        return;
    }
    let sandbox = sandbox();
    let outside = tempfile::tempdir().expect("a folder");
    make(&sandbox, &outside, "ci", "--kind signature");
    sandbox.run("access grant ci petstore --env test").expect_exit(0);
    assert!(git(&sandbox, &["init"]) && git(&sandbox, &["add", "-A"]) && git(&sandbox, &["commit", "-m", "before"]));
    sandbox.run("key revoke ci -m leaked").expect_exit(0);
    assert!(git(&sandbox, &["add", "-A"]) && git(&sandbox, &["commit", "-m", "revoked"]));
    assert!(git(&sandbox, &["checkout", "HEAD~1"]));
    sandbox.run("access test ci petstore listPets --env test").expect_exit(5).expect_stdout("revoked");
    sandbox.run("key list").expect_exit(0).expect_stdout("no live secret");
    sandbox.run("verify").expect_exit(3).expect_stdout("a commit has it");
    let checked = sandbox.run("check").expect_exit(3).expect_stdout("revocation-missing");
    checked.expect_stdout("a commit has it").expect_stdout("`apigw key revoke ci ");
    // Its operation gone too, it is a file again once it is said once more.
    sandbox.run("key revoke ci -m again").expect_exit(0);
    sandbox.run("verify").expect_exit(0);
}

#[test]
fn a_lost_file_of_a_revocation_is_written_again_and_not_revoked_twice() {
    let (sandbox, outside) = (sandbox(), tempfile::tempdir().expect("a folder"));
    make(&sandbox, &outside, "ci", "--kind signature");
    sandbox.run("key revoke ci -m leaked").expect_exit(0);
    let file = format!("keys/revoked/{}", sandbox.read_folder("keys/revoked")[0]);
    let text = sandbox.read(&file);
    fs::remove_file(sandbox.path().join(&file)).expect("removed");
    let found = sandbox.run("verify").expect_exit(3);
    assert!(!found.stdout.contains("revoke the secret again") && !found.stdout.contains("backup"), "{found:?}");
    // A machine without the memory has the history.
    fs::remove_file(sandbox.path().join(".apigw/revoked")).expect("removed");
    assert_eq!(sandbox.run("-o json key show ci").expect_exit(0).json()["secrets"][0]["state"], "revoked");
    let [push_key, store] = ["push.pem", "store"].map(|name| outside.path().join(name).display().to_string());
    sandbox.run(&format!("push --make-key {push_key}")).expect_exit(0);
    sandbox.run(&format!("push {store} --key {push_key}")).expect_exit(3).expect_stderr("the history has it");
    let checked = sandbox.run("check").expect_exit(3).expect_stdout("revocation-missing");
    let checked = checked.expect_stdout("the history has it").stdout;
    let command = checked.split('`').find(|part| part.starts_with("apigw resolve --access secret:")).expect("a hint");
    sandbox.run(command.trim_start_matches("apigw ")).expect_exit(0);
    assert_eq!(sandbox.read(&file), text);
    sandbox.run("verify").expect_exit(0);
}

#[test]
fn a_key_file_that_is_not_valid_fails_the_check() {
    let (sandbox, outside) = (sandbox(), tempfile::tempdir().expect("a folder"));
    make(&sandbox, &outside, "shop", "--kind subscription");
    sandbox.run("check").expect_exit(0);
    let key = sandbox.read("keys/shop.yaml");
    let clear = key.replace("secrets:\n", "secret: apk_2fy4pbib5k5i9wux_0000000000\nsecrets:\n");
    assert_ne!(clear, key);
    for text in [clear, key.replace("kind: subscription", "kind: token"), "owner: [".to_owned()] {
        sandbox.write("keys/shop.yaml", &text);
        let outcome = sandbox.run("check").expect_exit(3).expect_stdout("keys/shop.yaml");
        assert!(!outcome.stdout.contains("apk_2fy4"), "{}", outcome.stdout);
    }
}

#[test]
fn a_revocation_that_was_cut_off_is_made_again_as_the_hint_says() {
    let (sandbox, outside) = (sandbox(), tempfile::tempdir().expect("a folder"));
    make(&sandbox, &outside, "shop", "--kind subscription");
    let key = sandbox.read("keys/shop.yaml");
    let id = key.split("id: ").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("an id");
    let id = id.trim_matches('"');
    // A loss of power leaves half of a line, or as many zeros: no revocation, and no beginning of the next one.
    for left in [&id[..8], "\0\0\0\0"] {
        sandbox.write(".apigw/revoked", left);
        sandbox.run("verify").expect_exit(0);
    }
    let revoked = make(&sandbox, &outside, "other", "--kind subscription");
    let text = fs::read_to_string(revoked).expect("the secret");
    sandbox.run("key revoke other").expect_exit(0);
    assert_eq!(sandbox.read(".apigw/revoked").trim_end(), text.split('_').nth(1).expect("an id"));
    sandbox.run("verify").expect_exit(0);
    // The machine knows of it before the commit: killed in between, it alone does.
    sandbox.write(".apigw/revoked", &format!("{id}\n"));
    let hint = format!("`apigw key revoke shop {id}`");
    sandbox.run("verify").expect_exit(3).expect_stdout(&hint);
    sandbox.run(&format!("key revoke shop {id}")).expect_exit(0);
    sandbox.run("verify").expect_exit(0);
}

#[test]
fn branches_that_make_different_keys_merge() {
    if !has_tool("git", "keys of two branches") {
        return;
    }
    let sandbox = sandbox();
    let outside = tempfile::tempdir().expect("a folder");
    assert!(git(&sandbox, &["init"]) && git(&sandbox, &["add", "-A"]) && git(&sandbox, &["commit", "-m", "base"]));
    for name in ["one", "two"] {
        assert!(git(&sandbox, &["checkout", "-b", name, "main"]));
        make(&sandbox, &outside, name, "--kind subscription");
        sandbox.run(&format!("access grant {name} petstore --env test")).expect_exit(0);
        assert!(git(&sandbox, &["add", "-A"]) && git(&sandbox, &["commit", "-m", name]));
    }
    assert!(git(&sandbox, &["merge", "one", "-m", "merge"]), "two keys conflict");
    sandbox.run("verify").expect_exit(0).expect_stdout("no problems");
    sandbox.run("access list").expect_exit(0).expect_stdout("two");
    assert!(!git(&sandbox, &["ls-files", "--error-unmatch", ".apigw"]));
}

#[test]
fn bad_input_is_refused_and_changes_nothing() {
    let sandbox = sandbox();
    let outside = tempfile::tempdir().expect("a folder");
    make(&sandbox, &outside, "ci", "--kind signature");
    let files = sandbox.files();
    let to = format!("--to {}", outside.path().join("x").display());
    for (words, exit, message) in [
        ("key create x --kind subscription".to_owned(), 64, "--to FILE"),
        ("key create x --kind subscription --to groups/x".to_owned(), 3, "a place of the workspace's own files"),
        ("key create x --kind subscription --to x.txt".to_owned(), 3, "Git would see a secret"),
        (format!("key create x --kind subscription --to {}", outside.path().display()), 3, "this is a folder"),
        (format!("key create ../x --kind subscription {to}"), 64, "is not a name"),
        (format!("key create owners --kind subscription {to}"), 64, "reserved by apigw"),
        (format!("key create x --kind subscription --expires 2020-01-01 {to}"), 3, "in the past"),
        (format!("key create x --kind subscription --expires soon {to}"), 64, "like 90d"),
        (format!("key create x --kind subscription --expires 1d --not-before 2d {to}"), 3, "before it is valid"),
        (format!("key create x --kind subscription --region r {to}"), 64, "need `--kind signature`"),
        (format!("key rotate x {to}"), 3, "there is no key \"x\""),
        (format!("key rotate ci --overlap 1w {to}"), 64, "7d"),
        ("key revoke ci zzzz".to_owned(), 3, "has no secret zzzz"),
        ("key revoke ci ../..".to_owned(), 64, "is not the id of a secret"),
        ("access grant x petstore --env test".to_owned(), 3, "there is no key"),
        ("access grant ci nothing --env test".to_owned(), 3, "there is no group"),
        ("access grant ci petstore --env nowhere".to_owned(), 3, "there is no environment"),
        ("access grant ci petstore --env test --api nothing".to_owned(), 3, "nothing"),
        ("access revoke ci petstore --env test".to_owned(), 3, "has no grant"),
        ("access revoke ci --grant 00".to_owned(), 3, "has no grant 00"),
        ("sign GET http://a/b --key x".to_owned(), 3, "there is no key"),
        ("undo 20200101 --access".to_owned(), 3, "history --access"),
    ] {
        sandbox.run(&words).expect_exit(exit).expect_stderr(message);
        assert_eq!(sandbox.files(), files, "{words}");
        assert!(!outside.path().join("x").exists(), "{words} left a secret");
    }
    fs::write(outside.path().join("x"), "mine").expect("a file");
    sandbox.run(&format!("key create x --kind signature {to}")).expect_exit(4).expect_stderr("already exists");
    assert_eq!(fs::read_to_string(outside.path().join("x")).expect("the file"), "mine");
    let secrets = fs::read_dir(sandbox.path().join(".apigw/secrets")).expect("the folder").count();
    assert_eq!(secrets, 1, "a refused key left a secret behind");
}

#[test]
fn a_reason_with_a_secret_in_it_is_refused_by_each_verb() {
    let sandbox = sandbox();
    let outside = tempfile::tempdir().expect("a folder");
    let secret = fs::read_to_string(make(&sandbox, &outside, "ci", "--kind subscription")).expect("the secret");
    let secret = secret.trim();
    sandbox.run("access grant ci petstore --env test").expect_exit(0);
    sandbox.run("publish --env test --mock").expect_exit(0);
    let id = sandbox.run("-o json key show ci").expect_exit(0).json()["secrets"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let (files, new) = (sandbox.files(), outside.path().join("new"));
    for words in [
        format!("key create x --kind signature --to {}", new.display()),
        format!("key rotate ci --to {}", new.display()),
        format!("key revoke ci {id}"),
        "key limit ci 5/min".to_owned(),
        "access grant ci petstore --env online".to_owned(),
        "access revoke ci petstore --env test".to_owned(),
        "publish --env test --backend http://127.0.0.1:2".to_owned(),
        "promote petstore --from test --to online".to_owned(),
        "undo --env test".to_owned(),
        "undo --access".to_owned(),
    ] {
        let refused = sandbox.run(&format!("{words} -m leaked:{secret}")).expect_exit(3);
        refused.expect_stderr("the message holds a secret in clear");
        assert_eq!(sandbox.files(), files, "{words}");
        assert!(!new.exists(), "{words} left a secret");
    }
    let described = format!("key create x --kind signature --description {secret} --to {}", new.display());
    sandbox.run(&described).expect_exit(3).expect_stderr("the description holds a secret in clear");
    assert_no_secret(&sandbox, &[secret.to_owned()]);
}

#[test]
fn what_somebody_does_to_a_file_by_hand_is_named_without_the_secret() {
    let sandbox = sandbox();
    let outside = tempfile::tempdir().expect("a folder");
    make(&sandbox, &outside, "ci", "--kind signature");
    let text = sandbox.read("keys/ci.yaml");
    sandbox.write("keys/ci.yaml", &text.replace("grants: []", "secret: hunter2\ngrants: []"));
    for words in ["verify", "key show ci", "access grant ci petstore --env test"] {
        let outcome = sandbox.run(words).expect_exit(3);
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(said.contains("a secret stands here in clear") && said.contains("revoke the key"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    sandbox.write("keys/ci.yaml", &text.replace("expires: null", "expires: \"2099-01-01T00:00:00.000Z\""));
    sandbox.run("verify").expect_exit(3).expect_stdout("keys/ci.yaml").expect_stdout("edited by hand");
    sandbox.write("keys/ci.yaml", &text);
    sandbox.run("verify").expect_exit(0);
    let history = sandbox.path().join("history/access");
    let operation = fs::read_dir(&history).expect("the history").next().expect("one").expect("an entry").path();
    fs::remove_file(&operation).expect("removed");
    sandbox.run("verify").expect_exit(3).expect_stdout("is missing or damaged");
}

#[test]
fn an_operation_is_shown_without_the_lost_state_before_it() {
    let sandbox = sandbox();
    let outside = tempfile::tempdir().expect("a folder");
    make(&sandbox, &outside, "ci", "--kind signature");
    let granted = sandbox.run("-o json access grant ci petstore --env test").expect_exit(0).json();
    let operation = granted["operation"].as_str().expect("an id");
    let history = sandbox.run("-o json history --access").expect_exit(0).json();
    let before = format!("history/access/{}.yaml", history["operations"][0]["before"].as_str().expect("an id"));
    let show = format!("show {operation}");
    sandbox.run(&show).expect_exit(0).expect_stdout("before:\n");
    for (text, message) in [(None, "is missing"), (Some("damaged"), "its bytes are not those")] {
        match text {
            Some(text) => sandbox.write(&before, text),
            None => fs::remove_file(sandbox.path().join(&before)).expect("removed"),
        }
        let shown = sandbox.run(&show).expect_exit(3).expect_stdout("before: it cannot be read: ");
        shown.expect_stdout(&before).expect_stdout(message).expect_stdout("after:\n").expect_stderr("restore it");
        let shown = sandbox.run(&format!("-o json {show}")).expect_exit(3).json();
        assert_eq!(
            (&shown["state_before"], &shown["problems"][0]["file"]),
            (&serde_json::Value::Null, &serde_json::Value::from(before.as_str()))
        );
    }
}

#[test]
fn a_request_is_signed_with_a_secret_that_is_on_this_machine() {
    let sandbox = sandbox();
    let outside = tempfile::tempdir().expect("a folder");
    let file = make(&sandbox, &outside, "shop", "--kind signature --region cn-north-1 --service pets");
    let secret = fs::read_to_string(file).expect("the secret").trim().to_owned();
    let id = sandbox.run("-o json key show shop").expect_exit(0).json()["secrets"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let signed =
        sandbox.run("sign GET http://petstore.test.apigw.localhost/petstore/pets?limit=1 --key shop").expect_exit(0);
    assert!(
        signed.stdout.contains(&format!("authorization: JDCLOUD2-HMAC-SHA256 Credential={id}/")),
        "{}",
        signed.stdout
    );
    assert!(
        signed.stdout.contains("/cn-north-1/pets/jdcloud2_request, SignedHeaders=host;x-jdcloud-date;x-jdcloud-nonce")
    );
    assert!(!signed.stdout.contains(&secret) && !signed.stderr.contains(&secret));
    let aws = sandbox.run("sign GET http://a/b --key shop --scheme aws4").expect_exit(0);
    aws.expect_stdout("AWS4-HMAC-SHA256").expect_stdout("x-amz-date: ");
    // A header that was signed is printed too, so that `curl -H @FILE` sends it.
    let with = |line: &str| {
        let url = "http://petstore.test.apigw.localhost/petstore/pets";
        sandbox.run_words(&["sign", "GET", url, "--key", "shop", "-H", line])
    };
    with("x-trace: 7").expect_exit(0).expect_stdout("x-trace: 7\n");
    with("host: evil.example").expect_exit(64).expect_stderr("comes from the URL");
    with("x-trace: 7\nx-more: 8").expect_exit(64).expect_stderr("invalid name or value");
    // A secret that others can read, another one, and none.
    let kept = sandbox.path().join(".apigw/secrets").join(&id);
    fs::set_permissions(&kept, fs::Permissions::from_mode(0o644)).expect("permissions");
    sandbox.run("sign GET http://a/b --key shop").expect_exit(3).expect_stderr("chmod 600");
    fs::remove_file(&kept).expect("removed");
    sandbox.run("sign GET http://a/b --key shop").expect_exit(3).expect_stderr("APIGW_SECRET_");
    sandbox.run_with(&[(&format!("APIGW_SECRET_{id}"), "wrong")], "sign GET http://a/b --key shop").expect_exit(3);
    sandbox.run_with(&[(&format!("APIGW_SECRET_{id}"), &secret)], "sign GET http://a/b --key shop").expect_exit(0);
    sandbox.run("access test shop petstore listPets --env test").expect_exit(5).expect_stdout("not on this machine");
    // The other places.
    fs::write(outside.path().join(&id), format!("{secret}\n")).expect("a file");
    let folder = outside.path().display().to_string();
    sandbox.run_with(&[("CREDENTIALS_DIRECTORY", &folder)], "sign GET http://a/b --key shop").expect_exit(0);
    let settings = sandbox.read("apigw.toml");
    sandbox.write("apigw.toml", &format!("{settings}\n[access]\nsecrets_dir = {folder:?}\n"));
    sandbox.run("sign GET http://a/b --key shop").expect_exit(0);
    let printed = outside.path().join("printed.json");
    fs::write(&printed, format!("{{\"{id}\": \"{secret}\"}}")).expect("a file");
    let command = format!("[\"cat\", {:?}]", printed.display().to_string());
    sandbox.write("apigw.toml", &format!("{settings}\n[access]\nsecrets_command = {command}\n"));
    sandbox.run("sign GET http://a/b --key shop").expect_exit(0);
    for broken in ["[\"sh\", \"-c\", \"exit 3\"]", "[\"sh\", \"-c\", \"echo no\"]", "[\"/no/such/program\"]"] {
        sandbox.write("apigw.toml", &format!("{settings}\n[access]\nsecrets_command = {broken}\n"));
        sandbox.run("sign GET http://a/b --key shop").expect_exit(3);
    }
}

#[test]
fn a_key_pair_needs_no_secret_where_it_is_verified() {
    let sandbox = sandbox();
    let outside = tempfile::tempdir().expect("a folder");
    let file = make(&sandbox, &outside, "shop", "--kind signature --ed25519");
    let private = fs::read_to_string(&file).expect("the secret");
    assert!(private.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{private}");
    assert!(!sandbox.path().join(".apigw/secrets").exists(), "a secret is kept");
    assert_no_secret(&sandbox, &[private.lines().nth(1).expect("a line").to_owned()]);
    let id = sandbox.run("-o json key show shop").expect_exit(0).json()["secrets"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    sandbox.run("access grant shop petstore --env test").expect_exit(0);
    sandbox.run("access test shop petstore listPets --env test").expect_exit(0);
    let variable = format!("APIGW_SECRET_{id}");
    let sign =
        |more: &str| sandbox.run_with(&[(&variable, &private)], &format!("sign POST http://a/b --key shop{more}"));
    sign(" --body x").expect_exit(0).expect_stdout("content-digest: sha-256=:").expect_stdout("alg=\"ed25519\"");
    sign(" --scheme rfc9421").expect_exit(0).expect_stdout("signature-input: apigw=(\"@method\" ");
    sign(" --scheme aws4").expect_exit(3).expect_stderr("signs with rfc9421 only");
    sandbox.run("sign GET http://a/b --key shop").expect_exit(3).expect_stderr(&variable);
    // A pair is followed by a pair: one that is made here, or the public half of the caller's own.
    let next = outside.path().join("next");
    sandbox.run(&format!("key rotate shop --to {}", next.display())).expect_exit(0);
    let public = outside.path().join("public.pem");
    fs::write(&public, "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=").expect("a file");
    sandbox.run(&format!("key create own --kind signature --public-key {}", public.display())).expect_exit(3);
    fs::write(&public, &private).expect("a file");
    let given = format!("key create own --kind signature --public-key {}", public.display());
    sandbox.run(&given).expect_exit(3).expect_stderr("this is a private key");
    fs::write(&public, "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n").expect("a file");
    sandbox.run(&format!("{given} --to x")).expect_exit(64).expect_stderr("nothing to write");
    sandbox.run(&given).expect_exit(0).expect_stdout("is the caller's own");
    assert!(sandbox.read("keys/own.yaml").contains("  public_key: JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n"));
    sandbox.run("key create x --kind subscription --ed25519 --to x").expect_exit(64).expect_stderr("that signs");
    // Words about a private key are none.
    let described = "key create words --kind signature --description PRIVATE-KEY --to ";
    sandbox.run(&format!("{described}{}", outside.path().join("words").display())).expect_exit(0);
    sandbox.run("verify").expect_exit(0);
}

#[test]
fn a_key_is_bound_to_the_subject_of_an_issuer() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("groups/petstore/group.yaml");
    let auth = "auth: {token: {issuer: 'https://id.example', audience: pets, jwks: id.json}}";
    sandbox.write("groups/petstore/group.yaml", &settings.replace("auth: none", auth));
    sandbox.run("check").expect_exit(3).expect_stdout("keys/jwks/id.json");
    let set = |key: &str| format!("{{\"keys\": [{{\"kid\": \"1\", {key}}}]}}");
    let good = "\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"x\": \"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs\"";
    fs::create_dir_all(sandbox.path().join("keys/jwks")).expect("a folder");
    for (key, said) in [
        ("\"kty\": \"oct\", \"k\": \"AAAA\"", "is a shared secret"),
        (&format!("{good}, \"d\": \"AAAA\""), "is a private key"),
        ("\"kty\": \"RSA\", \"n\": \"AQAB\", \"e\": \"AQAB\"", "has 17 bits"),
    ] {
        sandbox.write("keys/jwks/id.json", &set(key));
        sandbox.run("check").expect_exit(3).expect_stdout(said);
        sandbox.run("check petstore").expect_exit(3).expect_stdout(said);
    }
    sandbox.write("keys/jwks/id.json", &set(good));
    sandbox.run("publish --env test --backend http://127.0.0.1:1").expect_exit(0);
    sandbox.run("key create robot --kind token").expect_exit(64).expect_stderr("--issuer ISSUER --subject SUBJECT");
    let bind = "key create robot --kind token --issuer https://id.example --subject robot";
    sandbox.run(&format!("{bind} --to x")).expect_exit(64).expect_stderr("this key has no secret");
    sandbox.run(bind).expect_exit(0).expect_stdout("bound to the subject \"robot\"");
    assert!(
        sandbox.read("keys/robot.yaml").contains("  subject: \"robot\"\n")
            || sandbox.read("keys/robot.yaml").contains("  subject: robot\n")
    );
    sandbox.run("access test robot petstore listPets --env test").expect_exit(5).expect_stdout("ok  token");
    sandbox.run("access grant robot petstore --env test").expect_exit(0);
    sandbox.run("access test robot petstore listPets --env test").expect_exit(0).expect_stdout("keys/jwks/id.json");
    for pair in ["--ed25519", "--public-key nowhere.pem"] {
        let typed = format!("key create pair --kind token --issuer https://id.example --subject pair {pair}");
        sandbox.run(&typed).expect_exit(64).expect_stderr("of a key that signs");
    }
    let other =
        sandbox.run("key create other --kind token --issuer https://else.example --subject robot").expect_exit(0);
    other.expect_stderr("no group takes tokens of \"https://else.example\"");
    sandbox.run("access test other petstore listPets --env test").expect_exit(5).expect_stdout("no  token");
    let twice = bind.replace("create robot", "create twin");
    sandbox.run(&twice).expect_exit(4).expect_stderr("key robot is bound to the subject");
    sandbox.run("key rotate robot").expect_exit(3).expect_stderr("bind another key");
    sandbox.run("call petstore listPets --env test --key robot").expect_exit(3).expect_stderr("come from its issuer");
    sandbox.run("key revoke robot").expect_exit(0).expect_stderr("create another key for it");
    sandbox.run(&twice).expect_exit(0);
    sandbox.run("access test robot petstore listPets --env test").expect_exit(5);
    sandbox.run("verify").expect_exit(0);
}

const PETS: &str = "/petstore/pets";

/// Sends a request with curl, and returns the status and the body.
fn curl(serving: &Serving, path: &str, more: &[&str]) -> String {
    let url = format!("http://{}{path}", serving.address);
    let output = Command::new("curl").args(["-s", "-w", " %{http_code}"]).args(more).arg(url).output();
    String::from_utf8_lossy(&output.expect("curl runs").stdout).into_owned()
}

/// Waits until a request is answered with a status.
fn wait_for_status(serving: &Serving, path: &str, more: &[&str], status: &str) {
    let start = std::time::Instant::now();
    loop {
        let answer = curl(serving, path, more);
        if answer.ends_with(status) {
            return;
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(5), "{answer} is not {status}");
    }
}

#[test]
fn a_gateway_lets_in_by_what_is_on_disk_at_the_moment() {
    if !has_tool("curl", "keys of a running gateway") {
        return;
    }
    let sandbox = Sandbox::petstore();
    // The backend is the mock of another environment, through a gateway of its own.
    sandbox.run("publish --env pre-release --mock").expect_exit(0);
    let backend = Serving::start_with(&sandbox, "serve --env pre-release --listen 127.0.0.1:0");
    let settings = sandbox.read("groups/petstore/group.yaml");
    let more = settings.replace("auth: none", "auth: [signature, subscription]") + "forwarding: {keep_prefix: true}\n";
    sandbox.write("groups/petstore/group.yaml", &more);
    sandbox.run(&format!("publish --env test --backend http://{} --bump patch", backend.address)).expect_exit(0);
    let outside = tempfile::tempdir().expect("a folder");
    let serving = Serving::start(&sandbox);
    assert!(curl(&serving, PETS, &[]).ends_with(" 401"));
    let text = fs::read_to_string(make(&sandbox, &outside, "ci", "--kind subscription")).expect("the secret");
    let header = format!("x-api-key: {}", text.trim());
    wait_for_status(&serving, PETS, &["-H", &header], " 403");
    sandbox.run("access grant ci petstore --env test --api listPets").expect_exit(0);
    wait_for_status(&serving, PETS, &["-H", &header], " 200");
    assert!(curl(&serving, "/petstore/pets/1", &["-H", &header]).ends_with(" 403"), "another API");
    let wrong = format!("{}x", &header[..header.len() - 1]);
    assert!(curl(&serving, PETS, &["-H", &wrong]).ends_with(" 401"));
    sandbox.run(&format!("call petstore listPets --env test --key ci --url http://{}", serving.address)).expect_exit(3);
    let id = sandbox.run("-o json key show ci").expect_exit(0).json()["secrets"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let variable = format!("APIGW_SECRET_{id}");
    let call = format!("call petstore listPets --env test --key ci --url http://{}", serving.address);
    sandbox.run_with(&[(&variable, text.trim())], &call).expect_exit(0);
    sandbox.run_with(&[(&variable, text.trim())], "call petstore listPets --env test --key ci").expect_exit(0);
    // A signed request is let in once; curl signs by itself as well.
    let secret =
        fs::read_to_string(make(&sandbox, &outside, "shop", "--kind signature --owner web")).expect("the secret");
    sandbox.run("access grant owner:web petstore --env test").expect_exit(0);
    let call = format!("call petstore listPets --env test --key shop --url http://{}", serving.address);
    let start = std::time::Instant::now();
    while sandbox.run(&call).exit != 0 {
        assert!(start.elapsed() < std::time::Duration::from_secs(5), "it is never let in");
    }
    sandbox.run(&format!("{call} --scheme aws4")).expect_exit(0);
    let url = format!("http://{}{PETS}", serving.address);
    let signed = sandbox.run(&format!("sign GET {url} --key shop --scheme jdcloud3")).expect_exit(0).stdout;
    let lines: Vec<&str> = signed.lines().flat_map(|line| ["-H", line]).collect();
    assert!(curl(&serving, PETS, &lines).ends_with(" 200"));
    assert!(curl(&serving, PETS, &lines).ends_with(" 401"), "the same request is let in twice");
    let id = sandbox.run("-o json key show shop").expect_exit(0).json()["secrets"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let user = format!("{id}:{}", secret.trim());
    let aws = ["--aws-sigv4", "aws:amz:local:apigw", "--user", &user];
    assert!(curl(&serving, &format!("{PETS}?limit=1"), &aws).ends_with(" 200"));
    let post =
        [&aws[..], &["-H", "content-type: application/json", "-d", "{\"name\":\"Rex\",\"species\":\"dog\"}"]].concat();
    let created = curl(&serving, PETS, &post);
    assert!(created.ends_with(" 201"), "{created}");
    // Closed at once, and for good.
    sandbox.run("key revoke shop").expect_exit(0);
    wait_for_status(&serving, &format!("{PETS}?limit=2"), &aws, " 401");
    sandbox.run("access revoke ci petstore --env test").expect_exit(0);
    wait_for_status(&serving, PETS, &["-H", &header], " 403");
    assert_no_secret(&sandbox, &[text, secret]);
}

#[test]
fn a_revocation_that_fails_is_remembered_by_nobody() {
    let sandbox = sandbox();
    let outside = tempfile::tempdir().expect("a folder");
    make(&sandbox, &outside, "ci", "--kind subscription");
    make(&sandbox, &outside, "other", "--kind subscription");
    sandbox.run("key revoke other").expect_exit(0);
    let (operations, aside) = (sandbox.path().join("history/access"), outside.path().join("access"));
    // A file in the place of a folder lets nobody write there, whoever runs this.
    fs::rename(&operations, &aside).expect("moved");
    fs::write(&operations, "").expect("written");
    let failed = sandbox.run("key revoke ci").expect_exit(1);
    failed.expect_stdout("key ci: nothing was revoked").expect_stderr("is still valid");
    fs::remove_file(&operations).expect("removed");
    fs::rename(&aside, &operations).expect("moved");
    sandbox.run("verify").expect_exit(0).expect_stdout("no problems");
    let listed = sandbox.run("-o json key show ci").expect_exit(0).json();
    assert_eq!(listed["state"], "live");
    // One that this machine remembers without its file stays remembered.
    let files = sandbox.path().join("keys/revoked");
    let lost = fs::read_dir(&files).expect("revocations").next().expect("one").expect("one").path();
    fs::remove_file(&lost).expect("removed");
    fs::rename(&operations, &aside).expect("moved");
    fs::write(&operations, "").expect("written");
    let id = lost.file_stem().and_then(|id| id.to_str()).expect("an id").to_owned();
    sandbox.run(&format!("key revoke other {id}")).expect_exit(1);
    fs::remove_file(&operations).expect("removed");
    fs::rename(&aside, &operations).expect("moved");
    sandbox.run("verify").expect_exit(3).expect_stdout("the history has it");
    sandbox.run(&format!("key revoke other {id}")).expect_exit(0);
    sandbox.run("key revoke ci").expect_exit(0).expect_stdout("for good");
}
