//! Revocations that a commit has reverted, in clones whose commits cannot all be read: nobody is left to believe that
//! there are none.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::harness::{Sandbox, isolate};
use crate::serving::{Serving, exchange};
use crate::tools::has_tool;

fn git(sandbox: &Sandbox, words: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(sandbox.path());
    isolate(&mut command, sandbox.path());
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"];
    let output = command.args(identity).args(words).output().expect("git runs");
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn commit(sandbox: &Sandbox, message: &str) {
    git(sandbox, &["add", "-A"]);
    git(sandbox, &["commit", "-m", message]);
}

/// A workspace whose key `ci` was made before a commit, and a folder outside of it.
fn with_key() -> (Sandbox, tempfile::TempDir) {
    let (sandbox, outside) = (Sandbox::petstore(), tempfile::tempdir().expect("a folder"));
    sandbox.run("publish --env test --mock").expect_exit(0);
    git(&sandbox, &["init"]);
    let secret = outside.path().join("ci").display().to_string();
    sandbox.run(&format!("key create ci --kind subscription --to {secret}")).expect_exit(0);
    commit(&sandbox, "a key");
    (sandbox, outside)
}

#[test]
fn a_clone_whose_commits_cannot_be_read_says_so() {
    if !has_tool("git", "revocations in commits") {
        return;
    }
    let (sandbox, outside) = with_key();
    sandbox.run("key revoke ci -m leaked").expect_exit(0);
    commit(&sandbox, "revoked");
    git(&sandbox, &["revert", "--no-edit", "HEAD"]);
    let origin = format!("file://{}", sandbox.path().display());
    let [whole, shallow, push_key, store, tools] =
        ["whole", "shallow", "push.pem", "store", "bin"].map(|name| outside.path().join(name).display().to_string());
    git(&sandbox, &["clone", &origin, &whole]);
    git(&sandbox, &["clone", "--depth", "1", &origin, &shallow]);
    sandbox.run(&format!("push --make-key {push_key}")).expect_exit(0);
    let push = |clone: &str| format!("-C {clone} push {store} --key {push_key} --dry-run");
    // Neither of the machine's memory nor in the files: the commits alone tell.
    sandbox.run(&format!("-C {whole} check")).expect_exit(3).expect_stdout("revocation-missing");
    // A variable of a hook names another repository.
    git(&sandbox, &["init", &format!("{store}.other")]);
    let other = format!("{store}.other/.git");
    for variable in [("GIT_DIR", other.as_str()), ("GIT_LITERAL_PATHSPECS", "1")] {
        fs::remove_dir_all(format!("{whole}/.apigw")).ok();
        let checked = sandbox.run_with(&[variable], &format!("-C {whole} check")).expect_exit(3);
        checked.expect_stdout("revocation-missing");
    }

    fs::create_dir(&tools).expect("a folder");
    let broken = format!("{tools}/git");
    fs::write(&broken, "#!/bin/sh\nexit 128\n").expect("a program");
    fs::set_permissions(&broken, fs::Permissions::from_mode(0o755)).expect("an executable");
    fs::remove_dir_all(format!("{whole}/.apigw")).ok();
    for path in [format!("{tools}:/usr/bin:/bin"), store.clone()] {
        let checked = sandbox.run_with(&[("PATH", &path)], &format!("-C {whole} check")).expect_exit(3);
        checked.expect_stdout("error[revocations-unread]").expect_stdout("install Git, or run `git ");
        let verified = sandbox.run_with(&[("PATH", &path)], &format!("-C {whole} verify")).expect_exit(3);
        verified.expect_stdout("error[revocations-unread]");
        let shown = sandbox.run_with(&[("PATH", &path)], &format!("-C {whole} key show ci")).expect_exit(0);
        shown.expect_stderr("warning: Git cannot be asked");
        let pushed = sandbox.run_with(&[("PATH", &path)], &push(&whole)).expect_exit(3);
        pushed.expect_stderr("Git cannot be asked");
    }

    let checked = sandbox.run(&format!("-C {shallow} check")).expect_exit(0);
    checked.expect_stdout("warning[shallow-clone]").expect_stdout("fetch --unshallow`");
    sandbox.run(&format!("-C {shallow} verify")).expect_stdout("warning[shallow-clone]");
    sandbox.run(&push(&shallow)).expect_exit(0).expect_stderr("this clone lacks earlier commits");
    let words = format!("-C {shallow} serve --env test --listen 127.0.0.1:0 --admin 127.0.0.1:0");
    let serving = Serving::start_with(&sandbox, &words);
    serving.wait_to_hear("this clone lacks earlier commits");
    let status = serving.status();
    assert!(status.contains("\"access_problems\":[\"this clone lacks earlier commits"), "{status}");
}

/// Pipelines fetch all branches and check one commit out, without being told which branch of the remote is the main
/// one.
#[test]
fn a_pipeline_at_an_older_commit_knows_what_the_remote_revoked() {
    if !has_tool("git", "revocations in commits") {
        return;
    }
    let (sandbox, outside) = with_key();
    git(&sandbox, &["tag", "v1"]);
    git(&sandbox, &["checkout", "-b", "hotfix/leak"]);
    sandbox.run("key revoke ci -m leaked").expect_exit(0);
    commit(&sandbox, "revoked");
    git(&sandbox, &["checkout", "-f", "main"]);
    let clone = outside.path().join("clone").display().to_string();
    git(&sandbox, &["init", &clone]);
    let origin = sandbox.path().display().to_string();
    git(&sandbox, &["-C", &clone, "fetch", &origin, "refs/heads/*:refs/remotes/origin/*", "refs/tags/*:refs/tags/*"]);
    git(&sandbox, &["-C", &clone, "checkout", "v1"]);
    sandbox.run(&format!("-C {clone} check")).expect_exit(3).expect_stdout("revocation-missing");
    // Of one whose main branch is known, other branches do not count.
    git(&sandbox, &["-C", &clone, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
    fs::remove_dir_all(format!("{clone}/.apigw")).ok();
    sandbox.run(&format!("-C {clone} check")).expect_exit(0);
}

#[test]
fn a_clone_without_the_main_branch_of_its_remote_says_so() {
    if !has_tool("git", "revocations in commits") {
        return;
    }
    let (sandbox, outside) = with_key();
    git(&sandbox, &["tag", "v1"]);
    git(&sandbox, &["branch", "release"]);
    let is_told = |folder: &str| {
        sandbox.run(&format!("-C {folder} check")).expect_exit(0).stdout.contains("warning[single-branch-clone]")
    };
    let here = sandbox.path().display().to_string();
    let [own, tag, release, main, fetched] =
        ["own", "tag", "release", "main", "fetched"].map(|name| outside.path().join(name).display().to_string());
    // Of an ordinary repository, at a tag of its own or with a remote that was not pushed to, there is nothing to say.
    git(&sandbox, &["clone", &here, &own]);
    git(&sandbox, &["-C", &own, "checkout", "v1"]);
    assert!(!is_told(&own), "a whole clone");
    git(&sandbox, &["remote", "add", "origin", &own]);
    git(&sandbox, &["checkout", "v1"]);
    assert!(!is_told(&here), "a repository of one's own");
    git(&sandbox, &["checkout", "main"]);
    sandbox.run("key revoke ci -m leaked").expect_exit(0);
    commit(&sandbox, "revoked");
    git(&sandbox, &["clone", "--single-branch", &here, &main]);
    assert!(!sandbox.run(&format!("-C {main} check")).stdout.contains("single-branch-clone"), "the main branch");

    for (name, folder) in [("v1", &tag), ("release", &release)] {
        git(&sandbox, &["clone", "--single-branch", "-b", name, &here, folder]);
        assert!(is_told(folder), "{name}");
        git(&sandbox, &["-C", folder, "remote", "set-branches", "origin", "*"]);
        git(&sandbox, &["-C", folder, "fetch", "origin"]);
        sandbox.run(&format!("-C {folder} check")).expect_exit(3).expect_stdout("revocation-missing");
    }
    git(&sandbox, &["init", &fetched]);
    git(&sandbox, &["-C", &fetched, "fetch", &here, "v1"]);
    git(&sandbox, &["-C", &fetched, "checkout", "FETCH_HEAD"]);
    assert!(is_told(&fetched), "a tag that was fetched");
    let serving = Serving::start_with(
        &sandbox,
        &format!("-C {fetched} serve --env test --listen 127.0.0.1:0 --admin 127.0.0.1:0"),
    );
    serving.wait_to_hear("the main branch of the remote may not be here");
    assert!(serving.status().contains("the main branch of the remote may not be here"), "{}", serving.status());
    git(&sandbox, &["-C", &fetched, "fetch", &here, "+refs/heads/*:refs/remotes/origin/*"]);
    sandbox.run(&format!("-C {fetched} check")).expect_exit(3).expect_stdout("revocation-missing");
}

/// A remote says which branch is its main one; its branches that are here do not, nor do those that somebody calls so.
#[test]
fn a_clone_of_other_branches_than_the_main_one_says_so_however_it_came() {
    if !has_tool("git", "revocations in commits") {
        return;
    }
    let (sandbox, outside) = with_key();
    let old = |name: &str| outside.path().join(name).display().to_string();
    let here = sandbox.path().display().to_string();
    git(&sandbox, &["tag", "v1"]);
    git(&sandbox, &["branch", "release"]);
    git(&sandbox, &["clone", &here, &old("renamed")]);
    sandbox.run("key revoke ci -m leaked").expect_exit(0);
    commit(&sandbox, "revoked");
    let bundle = old("bundle");
    git(&sandbox, &["bundle", "create", &bundle, "release"]);

    let own_refspec = "+refs/heads/release:refs/remotes/origin/release";
    let all_branches = "+refs/heads/*:refs/remotes/origin/*";
    let begin: [&[&str]; 2] = [&["init"], &["remote", "add", "origin", &here]];
    let tools = old("tools");
    git(&sandbox, &["init", "--bare", "-b", "main", &tools]);
    git(&sandbox, &["push", &tools, "v1:refs/heads/main"]);
    let without_main: [(&str, &[&[&str]]); 8] = [
        (
            "two-remotes",
            &[
                begin[0],
                begin[1],
                &["fetch", "origin", own_refspec],
                &["checkout", "--detach", "origin/release"],
                &["remote", "add", "tools", &tools],
                &["fetch", "tools"],
            ],
        ),
        (
            "own-commit",
            &[
                begin[0],
                &["commit", "--allow-empty", "-m", "begun"],
                begin[1],
                &["fetch", "origin", own_refspec],
                &["checkout", "--detach", "origin/release"],
            ],
        ),
        (
            "refspec",
            &[begin[0], begin[1], &["fetch", "origin", own_refspec], &["checkout", "--detach", "origin/release"]],
        ),
        ("fetch-head", &[begin[0], begin[1], &["fetch", "origin", "release"], &["checkout", "FETCH_HEAD"]]),
        ("address", &[begin[0], &["fetch", &here, "release"], &["checkout", "-b", "release", "FETCH_HEAD"]]),
        ("pull", &[begin[0], &["pull", &here, "release"]]),
        ("removed", &[&["clone", "--single-branch", "-b", "release", &here, "."], &["remote", "rm", "origin"]]),
        ("bundled", &[&["clone", "-b", "release", &bundle, "."]]),
    ];
    let make = |name: &str, commands: &[&[&str]]| {
        let folder = old(name);
        fs::create_dir(&folder).expect("a folder");
        for command in commands {
            git(&sandbox, &[&["-C", &folder], *command].concat());
        }
        folder
    };
    for (name, commands) in without_main {
        let checked = sandbox.run(&format!("-C {} check", make(name, commands))).expect_exit(0);
        assert!(checked.stdout.contains("warning[single-branch-clone]"), "{name}: {}", checked.stdout);
    }
    let folder = old("refspec");
    for command in ["status", "access list", "key list"] {
        sandbox.run(&format!("-C {folder} {command}")).expect_exit(0).expect_stderr("main branch of the remote");
    }
    git(&sandbox, &["-C", &folder, "fetch", "origin", all_branches]);
    sandbox.run(&format!("-C {folder} check")).expect_exit(3).expect_stdout("revocation-missing");

    let with_main: [(&str, &[&[&str]]); 3] = [
        ("main", &[begin[0], &["pull", &here, "main"]]),
        ("whole", &[&["clone", &here, "."], &["remote", "rm", "origin"]]),
        (
            "begun",
            &[
                begin[0],
                &["commit", "--allow-empty", "-m", "begun"],
                &["pull", "--no-rebase", "--allow-unrelated-histories", &here, "release"],
            ],
        ),
    ];
    for (name, commands) in with_main {
        let checked = sandbox.run(&format!("-C {} check", make(name, commands))).expect_exit(0);
        assert!(!checked.stdout.contains("single-branch-clone"), "{name}: {}", checked.stdout);
    }

    // A branch that somebody calls HEAD tells nothing.
    git(&sandbox, &["update-ref", "refs/heads/HEAD", "v1"]);
    let named_head =
        [begin[0], begin[1], &["fetch", "origin", all_branches], &["checkout", "--detach", "origin/release"]];
    // Nor does one that the remote had before it was renamed.
    git(&sandbox, &["branch", "-m", "main", "trunk"]);
    let renamed = old("renamed");
    git(&sandbox, &["-C", &renamed, "fetch", "origin"]);
    git(&sandbox, &["-C", &renamed, "checkout", "v1"]);
    for folder in [make("named-head", &named_head), renamed.clone()] {
        sandbox.run(&format!("-C {folder} check")).expect_exit(3).expect_stdout("revocation-missing");
    }
    // What is fetched by itself tells nothing of the others, nor does another remote.
    let other: [&[&str]; 2] = [&["remote", "add", "tools", &tools], &["fetch", "--all"]];
    for commands in [&[&["fetch", "origin", "tag", "v1"][..]][..], &other] {
        for command in commands {
            git(&sandbox, &[&["-C", &renamed], *command].concat());
        }
        fs::remove_dir_all(format!("{renamed}/.apigw")).ok();
        sandbox.run(&format!("-C {renamed} check")).expect_exit(3).expect_stdout("revocation-missing");
    }
}

/// A large repository, a folder of the network, or a remote that is asked for what a partial clone lacks.
#[test]
fn a_revocation_waits_for_no_slow_git() {
    if !has_tool("git", "revocations in commits") {
        return;
    }
    let (sandbox, outside) = with_key();
    sandbox.run("group set petstore auth=subscription").expect_exit(0);
    sandbox.run("publish --env test --backend http://127.0.0.1:1 --bump patch").expect_exit(0);
    sandbox.run("access grant ci petstore --env test").expect_exit(0);
    let [bin, slow] = ["bin", "slow"].map(|name| outside.path().join(name));
    let git_path = Command::new("sh").args(["-c", "command -v git"]).output().expect("a shell").stdout;
    let script = format!(
        "#!/bin/sh\nif [ -f {} ]; then for word; do [ \"$word\" = log ] && sleep 40; done; fi\nexec {} \"$@\"\n",
        slow.display(),
        String::from_utf8_lossy(&git_path).trim()
    );
    fs::create_dir(&bin).expect("a folder");
    fs::write(bin.join("git"), script).expect("a wrapper");
    fs::set_permissions(bin.join("git"), fs::Permissions::from_mode(0o755)).expect("a program");
    let words = "serve --env test --listen 127.0.0.1:0 --admin 127.0.0.1:0";
    let serving = Serving::start_where(&sandbox, &format!("PATH={}:$PATH", bin.display()), words);
    let key = fs::read_to_string(outside.path().join("ci")).expect("a key");
    let head = format!("GET /petstore/pets HTTP/1.1\r\nHost: {}\r\n", serving.address);
    let request = format!("{head}X-API-Key: {}\r\nConnection: close\r\n\r\n", key.trim());
    let status = || exchange(&serving.address, &request).split(' ').nth(1).unwrap_or_default().to_owned();
    assert!(status().starts_with('5'), "{}", status());
    fs::write(&slow, "").expect("a file");
    git(&sandbox, &["commit", "--allow-empty", "-m", "of somebody"]);
    sandbox.run("key revoke ci -m leaked").expect_exit(0);
    let begin = std::time::Instant::now();
    while status() != "401" {
        assert!(begin.elapsed().as_secs() < 20, "it waits for Git");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    serving.wait_to_hear("Git cannot be asked for revocations");
}

/// Another engine lets in whom the files name, and asks nobody.
#[test]
fn an_export_says_that_commits_were_not_read() {
    if !has_tool("git", "revocations in commits") {
        return;
    }
    let (sandbox, outside) = with_key();
    sandbox.run("key revoke ci -m leaked").expect_exit(0);
    commit(&sandbox, "revoked");
    git(&sandbox, &["revert", "--no-edit", "HEAD"]);
    let [shallow, files] = ["shallow", "files"].map(|name| outside.path().join(name).display().to_string());
    let origin = format!("file://{}", sandbox.path().display());
    git(&sandbox, &["clone", "--depth", "1", &origin, &shallow]);
    for flag in ["", " --check"] {
        let words = format!("-C {shallow} export haproxy --env test --out {files}{flag}");
        sandbox.run(&words).expect_exit(0).expect_stderr("warning: this clone lacks earlier commits");
        let refused = sandbox.run_with(&[("PATH", &files)], &words).expect_exit(3);
        refused.expect_stderr("Git cannot be asked");
    }
}

#[test]
fn a_workspace_without_keys_or_without_git_is_asked_for_no_commits() {
    if !has_tool("git", "revocations in commits") {
        return;
    }
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a folder");
    let secret = outside.path().join("ci").display().to_string();
    let nowhere = [("PATH", "/nonexistent")];
    let is_silent = || !sandbox.run_with(&nowhere, "check").stdout.contains("revocations-unread");
    git(&sandbox, &["init"]);
    assert!(is_silent(), "there is no key");
    sandbox.run(&format!("key create ci --kind subscription --to {secret}")).expect_exit(0);
    assert!(!is_silent(), "a key may have been revoked");
    fs::remove_dir_all(sandbox.path().join(".git")).expect("removed");
    assert!(is_silent(), "there is no repository");
}

#[test]
fn a_key_that_was_revoked_on_another_branch_alone_is_no_problem_here() {
    if !has_tool("git", "revocations in commits") {
        return;
    }
    let (sandbox, outside) = with_key();
    git(&sandbox, &["checkout", "-b", "other"]);
    let secret = outside.path().join("shop").display().to_string();
    sandbox.run(&format!("key create shop --kind subscription --to {secret}")).expect_exit(0);
    commit(&sandbox, "another key");
    sandbox.run("key revoke shop").expect_exit(0);
    commit(&sandbox, "revoked");
    git(&sandbox, &["checkout", "main"]);
    for command in ["check", "verify"] {
        let outcome = sandbox.run(command).expect_exit(0);
        assert!(!outcome.stdout.contains("revocation"), "{}", outcome.stdout);
    }
}
