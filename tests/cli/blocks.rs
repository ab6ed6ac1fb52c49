//! Versions that are kept out, deleted, or cannot be served.

use std::fs;

use serde_json::Value;

use crate::harness::Sandbox;

/// Publishes 0.0.1 and 0.0.2 of the petstore to test.
fn two_versions() -> Sandbox {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.edit("second");
    sandbox.run("publish --env test --mock --bump patch").expect_exit(0);
    sandbox
}

const RELEASE: &str =
    "schema: 1\nsteps:\n- publish: {environment: online, groups: [petstore], version: 0.0.2, mock: true}\n";

#[test]
fn a_blocked_version_comes_in_nowhere_and_stays_where_it_is_live() {
    let sandbox = two_versions();
    sandbox.write("release.yaml", RELEASE);
    sandbox.run("plan release.yaml --out bound.yaml").expect_exit(0);
    sandbox.run("switch --env test --version 0.0.1").expect_exit(0);
    let history = sandbox.run("-o json history --env test").expect_exit(0).json();
    let operation = |index: usize| history["operations"][index]["operation"].as_str().expect("an id").to_owned();
    sandbox.run("version block 0.0.2").expect_exit(64).expect_stderr("-m WHY");
    sandbox.run("version block 0.0.9 -m x").expect_exit(3);
    sandbox.run("version block 0.0.2 -m loses-orders").expect_exit(0).expect_stdout("is blocked");
    let files = sandbox.files();
    for words in [
        "publish --env online --mock --yes".to_owned(),
        "publish --env test --version 0.0.2 --mock".to_owned(),
        "switch --env test --version 0.0.2".to_owned(),
        "switch --env test --previous".to_owned(),
        format!("rollback --env test --to {}", operation(1)),
        format!("undo {} --env test", operation(0)),
        "promote --from test --to online --version 0.0.2 --yes".to_owned(),
        "apply release.yaml --yes".to_owned(),
        "apply bound.yaml --yes".to_owned(),
        "publish --env online --mock --yes --allow-breaking -m x --dry-run".to_owned(),
    ] {
        let refused = sandbox.run(&words).expect_exit(5).expect_stderr("loses-orders");
        refused.expect_stderr("apigw version unblock petstore 0.0.2");
    }
    assert_eq!(sandbox.files(), files, "a refusal wrote something");
    sandbox.run("version block 0.0.2 petstore -m again").expect_exit(0).expect_stdout("already blocked by Ada");
    assert_eq!(sandbox.files(), files, "a second block wrote something");
    // It outlives its group, and the group made anew has its number blocked.
    sandbox.run("offline --env test").expect_exit(0);
    sandbox.run("group delete petstore --yes --force").expect_exit(0);
    sandbox.run("group list -o json").expect_exit(0);
    sandbox.run("verify").expect_exit(0);
    sandbox.run("group create petstore").expect_exit(0);
    sandbox.run("group create petstore").expect_exit(4);
    assert!(sandbox.read("groups/petstore/versions/0.0.2.yaml").contains("loses-orders"));
    assert!(sandbox.read("groups/petstore/group.yaml").contains("version: \"0.0.3\""), "the next number that is free");
    sandbox.run("version bump petstore 0.0.2").expect_exit(4).expect_stderr("was deleted");
    // A number whose note of the deletion is lost is barred by the operations that name it.
    let note = sandbox.read("groups/petstore/versions/0.0.2.yaml");
    let lines = note.lines().filter(|line| !line.contains("deleted:")).flat_map(|line| [line, "\n"]);
    sandbox.write("groups/petstore/versions/0.0.2.yaml", &lines.collect::<String>());
    sandbox.run("version bump petstore 0.0.2").expect_exit(4).expect_stderr("operations name it");
    let settings = sandbox.read("groups/petstore/group.yaml");
    sandbox.write("groups/petstore/group.yaml", &settings.replace("0.0.3", "0.0.2"));
    sandbox.run("api add petstore GET /pets").expect_exit(0);
    sandbox.run("publish --env online --mock --yes").expect_exit(4).expect_stderr("version 0.0.2 of petstore is taken");
}

#[test]
fn numbers_of_a_deleted_group_never_come_back_with_other_bytes() {
    let sandbox = two_versions();
    sandbox.run("offline --env test").expect_exit(0);
    let files = sandbox.files();
    let refused = sandbox.run("group delete petstore --yes").expect_exit(4).expect_stderr("0.0.1 was live in test by");
    let refused = refused.expect_stderr("plain `apigw rollback petstore --env test` leads to petstore 0.0.2");
    refused.expect_stderr("`apigw group delete petstore --yes --force`");
    assert_eq!(sandbox.files(), files, "a refusal wrote something");
    let deleted = sandbox.run("-o json group delete petstore --yes --force").expect_exit(0).json();
    assert!(deleted["lost"].to_string().contains("0.0.1 was live in test by"), "{deleted}");
    sandbox.run("verify").expect_exit(0);
    let definition = sandbox.path().join("other.yaml");
    let text =
        "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {responses: {'204': {description: d}}}}}\n";
    sandbox.write("other.yaml", text);
    sandbox.run(&format!("group import petstore {}", definition.display())).expect_exit(0);
    sandbox.run("publish --env test --mock").expect_exit(0).expect_stdout("0.0.3 with mock");
    for version in ["0.0.1", "0.0.2"] {
        sandbox
            .run(&format!("version bump petstore {version}"))
            .expect_exit(4)
            .expect_stderr("cannot be reused for other content");
    }
}

#[test]
fn what_is_live_stays_live_and_rollback_goes_past_a_blocked_version() {
    let sandbox = two_versions();
    sandbox.edit("third");
    sandbox.run("publish --env test --mock --bump patch").expect_exit(0);
    for version in ["0.0.2", "0.0.3"] {
        sandbox.run(&format!("version block petstore {version} -m bad")).expect_exit(0);
    }
    let entry = sandbox.entry("test");
    assert_eq!((&entry["version"], &entry["blocked"]["why"]), (&Value::from("0.0.3"), &Value::from("bad")));
    sandbox.run("verify").expect_exit(0).expect_stdout("was blocked by Ada");
    sandbox.run("version list").expect_exit(0).expect_stdout("(blocked)");
    sandbox.run("publish --env test --mock").expect_exit(0).expect_stderr("it stays live");
    sandbox.run("rollback --env test").expect_exit(0).expect_stdout("0.0.1");
    sandbox.run("version unblock 0.0.2").expect_exit(64).expect_stderr("-m WHY");
    sandbox.run("version unblock 0.0.2 -m mended").expect_exit(0).expect_stdout("no longer blocked");
    let files = sandbox.files();
    sandbox.run("version unblock 0.0.2 -m again").expect_exit(0).expect_stdout("is not blocked");
    assert_eq!(sandbox.files(), files, "a second unblock wrote something");
    sandbox.run("switch --env test --version 0.0.2").expect_exit(0);
}

#[test]
fn a_block_and_its_end_are_told_wherever_the_version_is() {
    let sandbox = two_versions();
    let told = |words: &str| {
        let shown = sandbox.run(&format!("-o json {words}")).expect_exit(0).json();
        let remarks = shown["remarks"].as_array().expect("remarks").clone();
        let told = |remark: &Value| [&remark["kind"], &remark["why"]].map(|text| text.as_str().map(str::to_owned));
        let told: Vec<_> = remarks.iter().map(told).collect();
        told.into_iter().map(|told| told.map(Option::unwrap_or_default).join(" ")).collect::<Vec<_>>()
    };
    let history = sandbox.run("-o json history --env test").expect_exit(0).json();
    let operation = history["operations"][0]["operation"].as_str().expect("an id").to_owned();
    let first = history["operations"][1]["operation"].as_str().expect("an id").to_owned();
    sandbox.run("version block 0.0.2 -m bad").expect_exit(0);
    sandbox.run("version unblock 0.0.2 -m mended").expect_exit(0);
    sandbox.run("switch --env test --version 0.0.1").expect_exit(0);
    sandbox.run("switch --env test --version 0.0.2").expect_exit(0);
    sandbox.run("version block 0.0.2 -m worse").expect_exit(0);
    sandbox.run("switch --env test --version 0.0.1").expect_exit(0);
    sandbox.run("switch --env test --version 0.0.2").expect_exit(5).expect_stderr("worse");
    let all = ["blocked bad", "unblocked mended", "blocked worse"];
    for words in ["version list", "version show 0.0.2", &format!("show {operation}")] {
        assert_eq!(told(words), all, "{words}");
        let shown = sandbox.run(words).expect_exit(0).expect_stdout("unblocked by Ada");
        shown.expect_stdout(": mended").expect_stdout(": worse");
    }
    assert_eq!(told("version show 0.0.1").len() + told(&format!("show {first}")).len(), 0);
    assert_eq!(told("history"), ["blocked worse", "unblocked mended", "blocked bad"]);
    assert_eq!(told("history petstore --env test -n 1").len(), 0, "older than the one operation");
    let shown = sandbox.run("history").expect_exit(0).stdout;
    let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
    let line = |text: &str| lines.iter().position(|line| line.contains(text)).expect(text);
    assert!(line("worse") < line("mended") && line("mended") < line("  bad"), "{shown}");
    sandbox.run("verify").expect_exit(0);
    // A note that cannot be read hides nothing else.
    sandbox.write("groups/petstore/versions/0.0.2.yaml", "x");
    for words in ["history", &format!("show {operation}"), "version show 0.0.2"] {
        sandbox.run(words).expect_exit(3).expect_stderr("versions/0.0.2.yaml").expect_stdout("0.0.2");
    }
}

#[test]
fn a_deleted_number_never_stands_for_other_bytes() {
    let sandbox = two_versions();
    let needed = sandbox.run("version delete petstore 0.0.1").expect_exit(4);
    needed.expect_stderr("rollback --to").expect_stderr("--force");
    assert!(sandbox.path().join("groups/petstore/versions/0.0.1").exists());
    sandbox.run("version delete petstore 0.0.1 --force -m leaked").expect_exit(0).expect_stderr("fails from now on");
    sandbox.run("version list").expect_exit(0).expect_stdout("0.0.1 was deleted by Ada");
    sandbox.run("verify").expect_exit(0);
    sandbox.run("rollback --env test").expect_exit(3);
    // Other bytes are refused on every way, and a bump goes past the number.
    let second = sandbox.read("groups/petstore/openapi.yaml");
    let settings = sandbox.read("groups/petstore/group.yaml");
    sandbox.write("groups/petstore/group.yaml", &settings.replace("0.0.2", "0.0.1"));
    for words in ["publish --env test --mock", "publish --env test --mock --dry-run", "version create"] {
        sandbox.run(words).expect_exit(4).expect_stderr("was deleted by Ada");
    }
    sandbox.run("version bump 0.0.4").expect_exit(0);
    sandbox.run("version bump 0.0.1").expect_exit(4);
    // The same bytes come back.
    sandbox.write("groups/petstore/openapi.yaml", &second.replace("\n# second\n", ""));
    sandbox.write("groups/petstore/group.yaml", &settings.replace("0.0.2", "0.0.1"));
    sandbox.run("version create").expect_exit(0);
    sandbox.run("rollback --env test").expect_exit(0);
    sandbox.run("verify").expect_exit(0);
}

#[test]
fn a_version_is_kept_for_the_last_ten_states() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    for round in 0..9 {
        sandbox.run("version delete 0.0.1").expect_exit(4);
        sandbox.edit(&round.to_string());
        sandbox.run("publish --env test --mock --bump patch").expect_exit(0);
    }
    sandbox.run("version delete 0.0.1").expect_exit(4).expect_stderr("rollback --to");
    sandbox.edit("last");
    sandbox.run("publish --env test --mock --bump patch").expect_exit(0);
    sandbox.run("version delete 0.0.1").expect_exit(0);
}

#[test]
fn a_version_deleted_on_another_branch_is_named_with_a_way_out() {
    let sandbox = two_versions();
    sandbox.run("version delete petstore 0.0.1 --force").expect_exit(0);
    let note = sandbox.read("groups/petstore/versions/0.0.1.yaml");
    fs::remove_file(sandbox.path().join("groups/petstore/versions/0.0.1.yaml")).expect("the note");
    let second = sandbox.read("groups/petstore/openapi.yaml");
    let settings = sandbox.read("groups/petstore/group.yaml");
    sandbox.write("groups/petstore/openapi.yaml", &second.replace("\n# second\n", ""));
    sandbox.write("groups/petstore/group.yaml", &settings.replace("0.0.2", "0.0.1"));
    sandbox.run("publish --env online --mock --yes").expect_exit(0);
    // A merge of the deletion with that publish.
    fs::remove_dir_all(sandbox.path().join("groups/petstore/versions/0.0.1")).expect("the version");
    sandbox.write("groups/petstore/versions/0.0.1.yaml", &note);
    let found = sandbox.run("verify").expect_exit(3).expect_stdout("was deleted by Ada");
    let found = found.expect_stdout("apigw offline petstore --env online");
    assert!(!found.stdout.contains("git "), "there is no checkout: {found:?}");
    // The version was deleted under another number, which a merge had given it.
    fs::remove_file(sandbox.path().join("groups/petstore/versions/0.0.1.yaml")).expect("the note");
    sandbox.write("groups/petstore/versions/0.0.9.yaml", &note.replace("0.0.1", "0.0.9"));
    sandbox.run("verify").expect_exit(3).expect_stdout("was deleted by Ada");
}

#[test]
fn what_cannot_be_served_and_what_lies_in_a_folders_place_is_named() {
    let live = || {
        let sandbox = Sandbox::petstore();
        sandbox.run("publish --env test --mock").expect_exit(0);
        sandbox
    };
    let frozen = "groups/petstore/versions/0.0.1/openapi.yaml";
    let sandbox = live();
    let outside = tempfile::tempdir().expect("a folder");
    let path = sandbox.path().join(frozen);
    fs::copy(&path, outside.path().join("openapi.yaml")).expect("a copy");
    fs::remove_file(&path).expect("removed");
    std::os::unix::fs::symlink(outside.path().join("openapi.yaml"), &path).expect("a link");
    sandbox.run("verify").expect_exit(3).expect_stdout("leads out of the workspace");
    for place in ["groups/petstore/versions", "groups/petstore", "groups", "history/test", "history", "deployments"] {
        let sandbox = live();
        fs::rename(sandbox.path().join(place), sandbox.path().join("elsewhere")).expect("moved");
        sandbox.write(place, "junk");
        let found = sandbox.run("verify").expect_exit(3).expect_stdout("a file lies where a folder belongs");
        found.expect_stdout(place);
    }
}

#[test]
fn show_marks_an_operation_that_no_entry_leads_to() {
    let sandbox = two_versions();
    let history = sandbox.run("-o json history --env test").expect_exit(0).json();
    let latest = history["operations"][0]["operation"].as_str().expect("an id").to_owned();
    assert!(sandbox.run(&format!("-o json show {latest}")).expect_exit(0).json()["loose_end"].is_null());
    let file = "deployments/test.yaml";
    let newest = sandbox.read(file);
    sandbox.run("undo --env test").expect_exit(0);
    let undone = sandbox.run("-o json history --env test").expect_exit(0).json();
    let undo = undone["operations"][0]["operation"].as_str().expect("an id").to_owned();
    sandbox.write(file, &newest);
    sandbox.run(&format!("show {undo}")).expect_exit(0).expect_stdout("unexplained");
    assert_eq!(sandbox.run(&format!("-o json show {undo}")).expect_exit(0).json()["loose_end"], "unexplained");
}

#[test]
fn a_version_that_is_live_in_an_environment_that_is_no_longer_declared_is_kept() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("apigw.toml");
    sandbox.write("apigw.toml", &format!("{settings}\n[environments.trial]\n"));
    sandbox.run("publish --env trial --mock").expect_exit(0);
    sandbox.write("apigw.toml", &settings);
    sandbox.run("version delete 0.0.1").expect_exit(4).expect_stderr("live in trial");
    sandbox.run("group delete petstore --yes").expect_exit(4).expect_stderr("trial");
}

#[test]
fn a_note_that_cannot_be_read_is_found_and_bars_no_other_number() {
    let sandbox = two_versions();
    sandbox.run("version block 0.0.1 -m old").expect_exit(0);
    let note = "groups/petstore/versions/0.0.1.yaml";
    sandbox.write(note, "junk\n");
    sandbox.run("check").expect_exit(3).expect_stdout(note);
    sandbox.run("check petstore").expect_exit(3).expect_stdout(note);
    sandbox.run("version bump patch").expect_exit(0).expect_stdout("0.0.3");
    sandbox.run("version create").expect_exit(0).expect_stdout("0.0.3 is frozen");
    sandbox.run("version create").expect_exit(0);
    // Its number may be that of a deleted version.
    sandbox.write("groups/petstore/versions/0.0.4.yaml", "junk\n");
    sandbox.run("version bump patch").expect_exit(0).expect_stdout("0.0.5");
    sandbox.run("version bump 0.0.4").expect_exit(4).expect_stderr("has a note that cannot be read");
    sandbox.write("groups/other/versions/0.0.1.yaml", "junk\n");
    sandbox.run("group create other").expect_exit(0);
    assert!(sandbox.read("groups/other/group.yaml").contains("0.0.2"), "its number stays reserved");
}

#[test]
fn the_way_out_of_a_block_is_as_confirmed_as_the_block() {
    let sandbox = two_versions();
    sandbox.run("publish --env online --mock --yes").expect_exit(0);
    let blocked = sandbox.run("version block 0.0.2 -m bad --yes").expect_exit(0);
    blocked.expect_stderr("--env online --yes`");
    sandbox.run("version unblock 0.0.2 -m good").expect_exit(0);
    let blocked = sandbox.run("version block 0.0.2 -m bad").expect_exit(0);
    assert!(!blocked.stderr.contains("--yes"), "{}", blocked.stderr);
}

#[test]
fn a_note_that_cannot_be_read_bars_its_own_version_alone_and_is_seen() {
    let sandbox = two_versions();
    sandbox.edit("third");
    sandbox.run("publish --env test --mock --bump patch").expect_exit(0);
    let note = |version: &str| format!("groups/petstore/versions/{version}.yaml");
    let damage = |version: &str| sandbox.write(&note(version), "junk\n");
    damage("0.0.1");
    let warning = "cannot read the note on version 0.0.1 of petstore";
    sandbox.run("rollback --env test").expect_exit(0).expect_stdout("0.0.2").expect_stderr(warning);
    sandbox.run("undo --env test").expect_exit(0).expect_stdout("0.0.3");
    sandbox.run("switch --env test --version 0.0.2").expect_exit(0);
    sandbox.run("switch --env test --previous").expect_exit(0).expect_stdout("0.0.3");
    sandbox.run("status --check").expect_exit(0);
    damage("0.0.3");
    sandbox.run("status --check").expect_exit(3).expect_stderr("cannot read the note on version 0.0.3");
    damage("0.0.2");
    let files = sandbox.files();
    for words in ["rollback --env test", "switch --env test --version 0.0.2"] {
        sandbox.run(words).expect_exit(3).expect_stderr("versions/0.0.2.yaml");
    }
    assert_eq!(sandbox.files(), files, "a refusal wrote something");
    fs::remove_file(sandbox.path().join(note("0.0.1"))).expect("a note");
    sandbox.run("rollback --env test").expect_exit(0).expect_stdout("0.0.1");
    sandbox.edit("fourth");
    sandbox.run("publish --env test --mock --bump patch").expect_exit(0).expect_stdout("0.0.4");
    damage("0.0.4");
    sandbox.run("offline --env test").expect_exit(0);
}
