//! Parts of a change that was cut off: a version that no operation names, half an import, a note that cannot be read.

use std::fs;

use crate::harness::Sandbox;

#[test]
fn verify_names_a_version_that_no_operation_names_and_prune_removes_it() {
    let sandbox = Sandbox::two_groups();
    sandbox.run("version bump b patch").expect_exit(0);
    sandbox.run("version create b").expect_exit(0);
    // It equals the working copy, and the next publish uses it.
    sandbox.run("verify").expect_exit(0).expect_stdout("no problems");
    sandbox.run("api add b GET /more").expect_exit(0);
    let found = sandbox.run("verify").expect_exit(0).expect_stdout("no operation names version 0.0.2 of b");
    assert!(!found.stdout.contains("0.0.1"), "{found:?}");
    let found = sandbox.run("-o json verify").expect_exit(0).json();
    assert_eq!(found["problems"][0]["kind"], "unreferenced", "{found}");
    sandbox.run("prune --yes").expect_exit(0);
    sandbox.run("verify").expect_exit(0).expect_stdout("no problems");
}

/// Leaves an import of b as a kill leaves it: staged, named, and not in place.
fn cut_off_import(sandbox: &Sandbox, title: &str) {
    let before = sandbox.read("groups/b/openapi.yaml");
    let digest = apigw::model::Digest::of(before.as_bytes());
    sandbox.write(".apigw/import/openapi.yaml", &before.replace("title: \"b\"", &format!("title: {title}")));
    sandbox.write(".apigw/import/more.yaml", "T: 1\n");
    let intent = format!(
        "{{\"schema\":1,\"kind\":\"import\",\"group\":\"b\",\"files\":[\"more.yaml\",\"openapi.yaml\"],\
         \"removed\":[],\"before\":{{\"openapi.yaml\":\"{digest}\"}}}}"
    );
    sandbox.write(".apigw/intent.json", &intent);
}

#[test]
fn a_command_that_finishes_an_import_says_so_and_keeps_what_was_edited_since() {
    for words in ["verify", "group set a description=x"] {
        let sandbox = Sandbox::two_groups();
        cut_off_import(&sandbox, "imported");
        let told = sandbox.run(words).expect_exit(0).expect_stderr("an import of b was cut off, and is finished now");
        let told = told.expect_stderr("groups/b/openapi.yaml");
        assert!(!told.stderr.contains("edited since"), "{told:?}");
        assert!(sandbox.read("groups/b/openapi.yaml").contains("imported"));
        let quiet = sandbox.run(words).expect_exit(0);
        assert!(!quiet.stderr.contains("import"), "{quiet:?}");
        // Somebody goes on by hand, without a command between.
        cut_off_import(&sandbox, "again");
        let edited = sandbox.read("groups/b/openapi.yaml") + "# by hand\n";
        sandbox.write("groups/b/openapi.yaml", &edited);
        let kept = ".apigw/replaced/groups/b/openapi.yaml";
        sandbox.run(words).expect_exit(0).expect_stderr("was edited since").expect_stderr(kept);
        assert_eq!(sandbox.read(kept), edited);
    }
}

#[test]
fn a_note_that_cannot_be_read_hides_no_version_and_keeps_the_version_out() {
    let sandbox = Sandbox::two_groups();
    sandbox.run("api add b GET /more").expect_exit(0);
    sandbox.run("publish b --env test --mock --bump patch").expect_exit(0);
    let note = "groups/b/versions/0.0.1.yaml";
    sandbox.write(note, "x: [");
    let listed = sandbox.run("version list b").expect_exit(3).expect_stdout("0.0.2").expect_stdout("0.0.1");
    let listed = listed.expect_stderr(note);
    let hint = "apigw version block b 0.0.1 -m WHY";
    listed.expect_stderr(hint);
    let listed = sandbox.run("-o json version list b").expect_exit(3).json();
    assert_eq!(listed["versions"].as_array().map(Vec::len), Some(2), "{listed}");
    assert_eq!(listed["problems"][0]["file"], note, "{listed}");
    let refused =
        sandbox.run("rollback b --env test").expect_exit(3).expect_stderr(hint).expect_stderr("remove the file");
    assert!(!refused.stderr.contains("backup") && !refused.stderr.contains("git "), "{refused:?}");
    fs::remove_file(sandbox.path().join(note)).expect("the note");
    sandbox.run("version block b 0.0.1 -m bad").expect_exit(0);
    sandbox.run("rollback b --env test").expect_exit(5).expect_stderr("bad");
}

#[test]
fn what_was_live_last_is_named_to_whoever_switches_back_after_offline() {
    let sandbox = Sandbox::two_groups();
    sandbox.run("offline a --env test").expect_exit(0);
    for words in ["switch a --env test --previous", "switch a --env test --version 0.0.1"] {
        sandbox.run(words).expect_exit(3).expect_stderr("apigw rollback a --env test");
    }
    sandbox.run("rollback a --env test").expect_exit(0).expect_stdout("0.0.1 with mock");
}
