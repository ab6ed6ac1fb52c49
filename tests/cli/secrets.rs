//! Secrets that are not on a machine, and a command for them that takes its time.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::harness::{Sandbox, isolate};
use crate::serving::Serving;
use crate::tools::has_tool;

#[test]
fn a_key_without_its_secret_is_named_and_no_value_is() {
    let sandbox = Sandbox::petstore();
    sandbox.run("key create shop --kind signature --to .apigw/shop.secret").expect_exit(0);
    sandbox.run("check").expect_exit(0);
    sandbox.run("verify").expect_exit(0).expect_stdout("no problems");
    let id = sandbox.run("-o json key show shop").expect_exit(0).json()["secrets"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let place = sandbox.path().join(".apigw/secrets").join(&id);
    let secret = fs::read_to_string(&place).expect("the secret");
    let missing = format!("the secret {id} of key shop is not on this machine");
    let differs = format!("the secret {id} on this machine is not the one of key shop");
    for (now, message) in [(None, &missing), (Some("another"), &differs)] {
        match now {
            None => fs::remove_file(&place).expect("it is removed"),
            Some(text) => {
                fs::write(&place, text).expect("it is written");
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
                fs::set_permissions(&place, mode).expect("it is hidden");
            }
        }
        for words in ["check", "verify"] {
            let outcome = sandbox.run(words).expect_exit(0);
            let said = format!("{}{}", outcome.stdout, outcome.stderr);
            assert!(said.contains(message.as_str()) && !said.contains(secret.trim()), "{words}: {said}");
        }
    }
    // It is given in another place, and a revoked one is missed by nobody.
    sandbox
        .run_with(&[(&format!("APIGW_SECRET_{id}"), secret.trim())], "verify")
        .expect_exit(0)
        .expect_stdout("no problems");
    sandbox.run("key revoke shop").expect_exit(0);
    fs::remove_file(&place).expect("it is removed");
    sandbox.run("verify").expect_exit(0).expect_stdout("no problems");
}

#[test]
fn a_command_for_secrets_that_takes_its_time_holds_up_no_change() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("apigw.toml");
    let command = "[access]\nsecrets_command = [\"sh\", \"-c\", \"if [ -e slow ]; then sleep 7; fi; echo {}\"]\n";
    sandbox.write("apigw.toml", &format!("{settings}\n{command}"));
    sandbox.run("publish --env test --mock").expect_exit(0);
    let serving = Serving::start(&sandbox);
    serving.wait_for("/petstore/pets/1", "200 OK");
    sandbox.write("slow", "");
    serving.signal("HUP");
    serving.wait_to_hear("reloaded on SIGHUP");
    let begun = Instant::now();
    sandbox.run("offline petstore --env test").expect_exit(0);
    serving.wait_for("/petstore/pets/1", "404 Not Found");
    assert!(begun.elapsed() < Duration::from_secs(5), "a change waited for secrets: {:?}", begun.elapsed());
}

#[test]
fn no_program_that_is_started_sees_a_secret_in_a_variable() {
    if !has_tool("git", "secrets in variables and Git") {
        return;
    }
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a folder");
    let mut git = Command::new("git");
    isolate(git.current_dir(sandbox.path()), sandbox.path());
    assert!(git.args(["init", "-q"]).output().expect("git runs").status.success());
    let program = outside.path().join("git");
    let seen = outside.path().join("seen");
    let script = format!("#!/bin/sh\nenv >> '{}'\nPATH=${{PATH#*:}} exec git \"$@\"\n", seen.display());
    fs::write(&program, script).expect("a program");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it can be run");
    let path = format!("{}:{}", outside.path().display(), std::env::var("PATH").expect("a path"));
    let variables = [("PATH", path.as_str()), ("APIGW_SECRET_abcd1234", "the text of a secret")];
    sandbox.run_with(&variables, "key create ci --kind subscription --to .apigw/ci.key").expect_exit(0);
    let seen = fs::read_to_string(&seen).expect("Git was started");
    assert!(seen.contains("PATH=") && !seen.contains("APIGW_SECRET_"), "{seen}");
}

/// Scripts of pipelines have keys most often, and in JSON an escape stands before them.
#[test]
fn a_secret_is_found_whatever_stands_around_it_and_wherever_git_would_take_it() {
    if !has_tool("git", "secrets in the whole repository") {
        return;
    }
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a folder");
    let mut git = Command::new("git");
    isolate(git.current_dir(sandbox.path()), sandbox.path());
    assert!(git.args(["init", "-q"]).output().expect("git runs").status.success());
    for kind in ["subscription", "signature"] {
        let path = outside.path().join(kind);
        sandbox.run(&format!("key create {kind} --kind {kind} --to {}", path.display())).expect_exit(0);
        let secret = fs::read_to_string(path).expect("a secret").trim().to_owned();
        sandbox.run("check").expect_exit(0);
        for (place, before) in [
            (".github/workflows/ci.yml", "KEY: "),
            ("deploy/a folder/run.sh", "x-api-key:%20"),
            ("definitions/shop.json", "use this:\\n"),
            ("README.md", "key_"),
            ("groups/petstore/openapi.yaml", "# key-"),
        ] {
            let kept = fs::read_to_string(sandbox.path().join(place)).unwrap_or_default();
            sandbox.write(place, &format!("{before}{secret}_x\n{kept}"));
            let found = sandbox.run("check").expect_exit(3).expect_stdout("secret-leaked").expect_stdout(place);
            assert!(found.stdout.contains("in line 1") && !found.stdout.contains(&secret), "{}", found.stdout);
            sandbox.write(place, &kept);
        }
    }
    sandbox.run("check").expect_exit(0);
}

#[test]
fn a_command_for_secrets_that_hangs_is_ended_with_what_it_started() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("apigw.toml");
    let mark = format!("86399.{}", std::process::id());
    let command = format!("[access]\nsecrets_command = [\"sh\", \"-c\", \"sleep {mark} & wait\"]\n");
    sandbox.write("apigw.toml", &format!("{settings}\n{command}"));
    sandbox.run("key create shop --kind signature --to .apigw/shop.secret").expect_exit(0);
    let found = sandbox.run("check");
    assert!(found.stdout.contains("took longer than 10 s"), "{found:?}");
    let running = fs::read_dir("/proc").expect("processes").flatten();
    let commands = running.filter_map(|process| fs::read_to_string(process.path().join("cmdline")).ok());
    assert_eq!(commands.filter(|words| words.contains(&mark)).collect::<Vec<_>>(), Vec::<String>::new());
}
