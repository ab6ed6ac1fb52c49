//! Bad input: a message that says what, where and what to do; the exit code; nothing changed.

use crate::harness::Sandbox;

#[test]
fn requests_that_make_no_sense_change_nothing() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    let before = sandbox.files();
    for (words, exit, message) in [
        ("publish petsore --env test --mock", 3, "did you mean \"petstore\""),
        ("publish --env tset --mock", 3, "did you mean \"test\""),
        ("publish ../petstore --env test --mock", 3, "is not a name"),
        ("publish Petstore --env test --mock", 3, "is not a name"),
        ("publish --mock", 64, "--env"),
        ("publish --env test --version 1.0", 64, "not a version"),
        ("publish --env test --version 9.9.9", 3, "has no version 9.9.9"),
        ("publish --env test --backend ftp://host", 3, "http or https"),
        ("publish --env test --backend https://me:pw@host", 3, "user name"),
        ("publish --env test --backend https://${NOWHERE}", 3, "\"NOWHERE\" is not set in test"),
        ("publish --env test --mock --backend http://a", 64, "cannot be used with"),
        ("switch --env online --version 0.0.1", 3, "not live in online"),
        ("switch --env test --version 0.0.9", 3, "no frozen version 0.0.9"),
        ("offline --env pre", 3, "never published"),
        ("promote --from online --to test", 3, "not live in online"),
        ("rollback --env test", 3, "nothing else was live"),
        ("undo 20200101 --env test", 3, "no operation"),
        ("undo --env online", 3, "nothing was ever done"),
        ("version delete 0.0.7", 3, "no version"),
        ("group create petstore", 4, "already exists"),
        ("group create a/b", 3, "is not a name"),
        ("group import other missing.yaml", 3, "there is no file"),
        ("group set petstore colour=red", 3, "colour"),
        ("group set petstore prefix=pets", 3, "not a path prefix"),
        ("api show nothing", 3, "no API"),
        ("api remove GET /nothing", 3, "no API"),
        ("show 2020", 3, "no operation"),
        ("status --at yesterday", 3, "not a time"),
        ("-o sarif status", 64, "check"),
        ("frobnicate", 64, "unrecognized"),
    ] {
        let outcome = sandbox.run(words).expect_exit(exit).expect_stderr(message);
        assert!(!outcome.stderr.contains("pw@") && !outcome.stderr.contains("panicked"), "{}", outcome.stderr);
        assert_eq!(sandbox.files(), before, "{words}");
    }
}

#[test]
fn what_newcomers_type_is_answered_with_what_to_type() {
    let sandbox = Sandbox::petstore();
    sandbox.run("group create orders").expect_exit(0);
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    let before = sandbox.files();
    for (words, exit, hint) in [
        ("publish petstore", 64, "the environments are test, pre-release, online"),
        ("promote petstore --from test", 64, "the environments are test"),
        ("publish petstore 0.0.1 --env test", 3, "a version is named apart from its group: `--version 0.0.1`"),
        ("publish petstore@0.0.1 --env test", 3, "`--version 0.0.1`"),
        ("switch petstore 0.0.1 --env test --previous", 64, "a version is named with '--version 0.0.1'"),
        ("switch --all --env test --previous", 64, "one group is switched at a time"),
        ("status petstore test", 64, "an environment is named with '--env test'"),
        ("history petstore prod", 64, "an environment is named with '--env prod'"),
        ("publish --all --env test --mock --wait 5s", 64, "a time-out is written '--wait=5s'"),
        ("publish petstore --env test --mock --wait 5s", 3, "a time-out is written with `=`: `--wait=5s`"),
        ("diff test online", 3, "write `@test` for all of it, or `GROUP@test`"),
        ("diff petstore prod", 3, "write `@online` for all of it"),
        ("group show online", 3, "online is an environment"),
        ("version bump petstore", 64, "say how far to bump it: `apigw version bump petstore patch`"),
        ("version show petstore", 64, "name one of its versions: `apigw version list petstore`"),
        ("version show petstore 1", 64, "write three numbers without leading zeros"),
        ("history -n x", 64, "write a number, like 20"),
        (
            "group import shop https://a.example/x.yaml",
            3,
            "download it first: `curl -fLo openapi.yaml https://a.example",
        ),
        ("group delete petstore -y", 4, "take it offline first: `apigw offline petstore --env test`"),
        ("init", 4, "or name another folder: `apigw init DIR`"),
        ("-C nowhere status", 3, "there is no folder"),
        ("help exit-codes", 64, "`apigw help troubleshooting`"),
        ("help troubleshoot", 64, "did you mean \"troubleshooting\""),
        ("logs", 64, "'history'"),
    ] {
        sandbox.run(words).expect_exit(exit).expect_stderr(hint);
        assert_eq!(sandbox.files(), before, "{words}");
    }
    sandbox.write("plan.yaml", "schema: 1\nenvironment: test\nsteps: []\n");
    sandbox
        .run("plan plan.yaml --out no/such/bound.yaml")
        .expect_exit(3)
        .expect_stderr("there is no folder for this file");
    // Elsewhere there is no workspace to ask.
    let usage = Sandbox::empty().run("publish petstore").expect_exit(64);
    assert!(!usage.stderr.contains("tip:"), "{}", usage.stderr);
}

#[test]
fn there_is_no_workspace() {
    Sandbox::empty().run("status").expect_exit(3).expect_stderr("apigw init");
}

#[test]
fn files_that_are_not_valid_are_named_with_their_place() {
    let place = "groups/petstore/group.yaml";
    let deep = "a: ".to_owned() + &"[".repeat(100_000);
    let bomb = (0..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, index| {
        text + &format!("a{0}: &a{0} [*a{1}, *a{1}]\n", index + 1, index)
    });
    for (text, message) in [
        ("", "the file is empty"),
        ("schema: 1\nversion: [\n", "group.yaml:"),
        ("schema: 7\n", "schema 7"),
        ("schema: 1\nversion: \"0.0.1\"\nprefix: /a\nprefix: /b\n", "group.yaml:4:1"),
        ("schema: 1\nversion: \"0.0.1\"\nprefix: /a\ncolour: red\n", "group.yaml:4:1"),
        ("schema: 1\nversion: \"1\"\nprefix: /a\n", "group.yaml:2:"),
        (deep.as_str(), "group.yaml"),
        (bomb.as_str(), "group.yaml"),
    ] {
        let sandbox = Sandbox::petstore();
        sandbox.write(place, text);
        sandbox.run("publish --env test --mock").expect_exit(3).expect_stderr(message);
        assert!(!sandbox.path().join("deployments/test.yaml").exists());
    }
}

#[test]
fn other_encodings_and_large_files_are_refused() {
    let sandbox = Sandbox::petstore();
    std::fs::write(sandbox.path().join("groups/petstore/group.yaml"), b"schema: 1\n# \xff\n").expect("a file");
    sandbox.run("publish --env test --mock").expect_exit(3).expect_stderr("group.yaml:2:3");
    let large = std::fs::File::create(sandbox.path().join("groups/petstore/group.yaml")).expect("a file");
    large.set_len(200 << 20).expect("a large file");
    sandbox.run("publish --env test --mock").expect_exit(3).expect_stderr("at most");
}

#[test]
fn links_out_of_the_workspace_are_refused() {
    let sandbox = Sandbox::petstore();
    let outside = tempfile::tempdir().expect("a temporary folder");
    std::os::unix::fs::symlink(outside.path(), sandbox.path().join("deployments/../history/test")).expect("a link");
    sandbox.run("publish --env test --mock").expect_exit(3).expect_stderr("leads out of the workspace");
    assert_eq!(std::fs::read_dir(outside.path()).expect("the folder").count(), 0);
}

#[test]
fn a_lock_that_is_held_is_waited_for_and_named() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    let lock = std::fs::File::open(sandbox.path()).expect("the folder");
    lock.lock().expect("a lock");
    let outcome = sandbox.run("offline --env test --lock-timeout 50ms").expect_exit(6);
    assert!(outcome.stderr.contains("the last known holder has ended: Ada"), "{}", outcome.stderr);
    sandbox.run("status").expect_exit(0);
}

#[test]
fn a_broken_environment_file_stops_every_change_and_says_where() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    let good = sandbox.read("deployments/test.yaml");
    for (text, message) in [
        (good[..good.len() - "12345\n...\n".len()].to_owned(), "cut short"),
        (good.replace("schema: 1", "schema: 2"), "schema 2"),
        (format!("<<<<<<< HEAD\n{good}"), "merge conflict"),
    ] {
        sandbox.write("deployments/test.yaml", &text);
        for words in ["status", "offline --env test"] {
            sandbox.run(words).expect_exit(3).expect_stderr(message);
        }
        assert_eq!(sandbox.read("deployments/test.yaml"), text);
    }
    // One entry that was edited bars no way back.
    sandbox.write("deployments/test.yaml", &good.replace("state: live", "state: dead"));
    sandbox.run("status").expect_exit(3).expect_stderr("test.yaml:6:1");
    sandbox.run("publish --env test --mock").expect_exit(3).expect_stderr("test.yaml:6:1");
    sandbox.run("offline --env test").expect_exit(0).expect_stderr("edited by hand");
}

#[test]
fn absence_is_not_taken_for_deletion() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    let file = sandbox.path().join("deployments/test.yaml");
    let good = sandbox.read("deployments/test.yaml");
    std::fs::remove_file(&file).expect("a removal");
    for words in ["status", "history", "publish --env test --mock", "offline --env test", "verify"] {
        let outcome = sandbox.run(words).expect_exit(3);
        assert!(format!("{}{}", outcome.stdout, outcome.stderr).contains("missing"), "{words}");
        assert!(!file.exists(), "{words} wrote");
    }
    // Its history says what was in it.
    sandbox.run("verify --repair --yes").expect_exit(0);
    assert_eq!(sandbox.read("deployments/test.yaml"), good);
    // An entry that is gone is not one that never was.
    let empty = good.lines().filter(|line| !line.starts_with("  ")).collect::<Vec<_>>().join("\n");
    sandbox.write("deployments/test.yaml", &format!("{}\n", empty.replace("deployments:", "deployments: {}")));
    let found = sandbox.run("verify --repair --yes").expect_exit(3);
    assert!(found.stdout.contains("petstore has no entry"), "{}", found.stdout);
    sandbox.write("deployments/test.yaml", &good);
    sandbox.run("verify").expect_exit(0);
}

#[test]
fn a_document_that_cannot_be_imported_is_shown_where_the_user_has_it() {
    let sandbox = Sandbox::petstore();
    let text = "openapi: 3.0.0\ninfo: {title: t, version: '1'}\npaths:\n  /a: {$ref: 'beside.yaml#/b'}\n";
    sandbox.write("specs/a.yaml", text);
    sandbox.write("specs/beside.yaml", "c:\n  get: {}\n");
    // A file of that name in the workspace is not the one that is meant.
    sandbox.write("a.yaml", "one\ntwo\nthree\nfour\n");
    sandbox
        .run("group import other specs/a.yaml")
        .expect_exit(3)
        .expect_stderr("--> specs/a.yaml:4:14")
        .expect_stderr("4 |   /a: {$ref: 'beside.yaml#/b'}");
    sandbox
        .run("-C specs group import other a.yaml")
        .expect_exit(3)
        .expect_stderr("--> a.yaml:4:14")
        .expect_stderr("4 |   /a: {$ref: 'beside.yaml#/b'}");
    sandbox.write("specs/a.yaml", &text.replace("/b", "/c").replace("/a:", "a:"));
    sandbox.run("group import other specs/a.yaml").expect_exit(0).expect_stderr("warning: specs/a.yaml:4:3: the path");
}

#[test]
fn a_document_that_names_itself_is_imported_once() {
    let sandbox = Sandbox::petstore();
    let text = "openapi: 3.0.0\ninfo: {title: t, version: '1'}\npaths:\n  /a:\n    get:\n      responses:\n        '200': \
                {$ref: 'a.yaml#/components/responses/r'}\ncomponents: {responses: {r: {description: d}}}\n";
    sandbox.write("specs/a.yaml", text);
    sandbox
        .run("group import other specs/a.yaml")
        .expect_exit(0)
        .expect_stderr("references to \"a.yaml\" were changed to match: 1");
    assert_eq!(sandbox.read("groups/other/openapi.yaml"), text.replace("a.yaml", "openapi.yaml"));
    assert!(!sandbox.path().join("groups/other/a.yaml").exists(), "nobody would edit it");
    sandbox.run("check other").expect_exit(0);
}
