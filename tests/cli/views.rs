//! Views tell what is live, where one is behind another, and what is broken, without hiding the rest.

use std::fs;

use crate::harness::{Outcome, Sandbox};

/// Makes a workspace with 0.0.2 in test and 0.0.1 in pre-release, and a second group.
fn released() -> Sandbox {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    sandbox.run("promote petstore --from test --to pre-release").expect_exit(0);
    sandbox.edit("second");
    sandbox.run("publish petstore --env test --mock --bump patch").expect_exit(0);
    fs::copy(sandbox.path().join("groups/petstore/openapi.yaml"), sandbox.path().join("orders.yaml")).expect("a copy");
    sandbox.run("group import orders orders.yaml").expect_exit(0);
    sandbox.run("publish orders --env test --mock").expect_exit(0);
    sandbox
}

#[test]
fn status_tells_what_is_behind_and_edited_against_the_newest_version() {
    let sandbox = released();
    let status = sandbox.run("status").expect_exit(0).expect_stdout("s, behind test (0.0.2)");
    assert!(!status.stdout.contains("edited"), "an ordinary cycle is no edit: {}", status.stdout);
    assert_eq!(sandbox.entry("pre-release")["newer"]["environment"], "test");
    assert_eq!(sandbox.entry("pre-release")["edited"], false);
    assert_eq!(sandbox.entry("test")["newer"], serde_json::Value::Null);
    sandbox.edit("third");
    sandbox.run("status").expect_stdout("petstore edited");
    assert_eq!(sandbox.entry("test")["edited"], true);
    let addresses = sandbox.run("-v status").expect_exit(0);
    addresses.expect_stdout("http://petstore.test.apigw.localhost/petstore");
}

#[test]
fn status_sees_live_versions_that_are_missing_or_damaged() {
    let sandbox = released();
    sandbox.run("status --check").expect_exit(0);
    let place = sandbox.path().join("groups/petstore/versions/0.0.1/openapi.yaml");
    let text = fs::read(&place).expect("a version");
    fs::remove_file(&place).expect("a file");
    fs::write(&place, [text.as_slice(), b"# by hand\n"].concat()).expect("a file");
    sandbox.run("status").expect_exit(0).expect_stdout("s, damaged, behind test (0.0.2)");
    sandbox
        .run("status --check")
        .expect_exit(3)
        .expect_stderr("petstore in pre-release: version 0.0.1 is live and damaged");
    sandbox.run("status --check --env test").expect_exit(0);
    fs::remove_dir_all(sandbox.path().join("groups/petstore/versions/0.0.2")).expect("a version");
    sandbox.run("status --check").expect_exit(3).expect_stdout("s, missing");
    fs::remove_dir_all(sandbox.path().join("groups/petstore")).expect("a group");
    sandbox.run("status --check").expect_exit(3).expect_stdout("group missing").expect_stdout("orders");
    let json = sandbox.run("-o json status --check").expect_exit(3).json();
    assert_eq!(json["problems"][0]["group"], "petstore");
    sandbox.run("--color always status").expect_stdout("\u{1b}[1;31mgroup\u{1b}[0m \u{1b}[1;31mmissing\u{1b}[0m");
    assert!(!sandbox.run_with(&[("NO_COLOR", "1")], "status").stdout.contains('\u{1b}'));
}

#[test]
fn a_live_group_whose_folder_is_gone_is_listed() {
    let sandbox = released();
    fs::remove_dir_all(sandbox.path().join("groups/petstore")).expect("a group");
    let listed = sandbox.run("group list").expect_exit(0).expect_stdout("petstore  missing").expect_stdout("orders");
    listed.expect_stderr("petstore: the folder of the group is gone, and it is live in test, pre-release");
    let groups = sandbox.run("-o json group list").expect_exit(0).json()["groups"].clone();
    assert_eq!(groups[1]["group"], "petstore");
    assert!(groups[1]["problem"].to_string().contains("is gone"), "{groups}");
}

#[test]
fn history_counts_blocks_among_its_rows() {
    let sandbox = released();
    sandbox.run("version block petstore 0.0.1 -m bad").expect_exit(0);
    sandbox.run("version unblock petstore 0.0.1 -m good").expect_exit(0);
    for count in 1..=6 {
        let shown = sandbox.run(&format!("history -n {count}")).expect_exit(0);
        assert_eq!(shown.stdout.lines().count(), count + 1, "{}", shown.stdout);
        assert_eq!(shown.stderr.contains("left out"), count < 6, "{}", shown.stderr);
    }
    sandbox.run("history -n 1").expect_stdout("unblocked").expect_stderr("5 more").expect_stderr("`-n 6` shows all");
    let json = sandbox.run("-o json history -n 3").expect_exit(0).json();
    assert_eq!(
        (json["operations"].as_array().map(Vec::len), json["remarks"].as_array().map(Vec::len)),
        (Some(1), Some(2))
    );
}

#[test]
fn a_broken_file_hides_nothing_else() {
    let sandbox = released();
    let entry = sandbox.entry("pre-release");
    let id = entry["operation"].as_str().expect("an id");
    let deployments = sandbox.read("deployments/pre-release.yaml");
    sandbox.write("deployments/pre-release.yaml", &deployments.replace("0.0.1", "0.0.7"));
    sandbox
        .run("status")
        .expect_exit(3)
        .expect_stdout("0.0.2 mock")
        .expect_stdout("unreadable")
        .expect_stdout("orders");
    sandbox.run("history").expect_exit(3).expect_stdout("publish orders").expect_stderr("petstore in pre-release");
    sandbox.write("deployments/pre-release.yaml", &deployments);
    sandbox.write(&format!("history/pre-release/{id}.yaml"), "schema: 1\n");
    sandbox.run("history").expect_exit(3).expect_stdout("publish orders").expect_stderr(id);
    sandbox.run("status").expect_exit(0).expect_stdout("0.0.1 mock");
    sandbox.run("-o json status").expect_exit(0);
    sandbox.write("groups/petstore/group.yaml", "schema: [\n");
    sandbox
        .run("group list")
        .expect_exit(3)
        .expect_stdout("orders")
        .expect_stdout("unreadable")
        .expect_stderr("petstore");
}

#[test]
fn a_broken_environment_hides_no_version_and_no_difference() {
    let sandbox = Sandbox::two_groups();
    sandbox.run("promote --all --from test --to pre-release").expect_exit(0);
    let place = "deployments/pre-release.yaml";
    let whole = sandbox.read(place);
    let (before, entry) = whole.split_once("  b:").expect("an entry");
    let entry = format!("  b:{}", entry.trim_end_matches("...\n"));
    let other = entry.replace("0.0.1", "0.0.2");
    let conflict = format!("{before}<<<<<<< ours\n{entry}=======\n{other}>>>>>>> theirs\n...\n");
    for broken in ["garbage: [\n".to_owned(), conflict, whole.replace("  b:\n    state: live", "  b:\n    state: off")]
    {
        sandbox.write(place, &broken);
        for words in ["version list b", "version show b 0.0.1"] {
            let shown = sandbox.run(words).expect_exit(3).expect_stdout("test, pre-release: unreadable");
            shown.expect_stdout("sha256:").expect_stderr(place);
        }
        let listed = sandbox.run("-o json version list b").expect_exit(3).json();
        assert_eq!(listed["versions"][0]["live"], serde_json::json!(["test"]), "{listed}");
        assert_eq!(listed["problems"].as_array().map(Vec::len), Some(1), "{listed}");
        sandbox.run("diff b@test b@pre-release").expect_exit(3).expect_stderr(place);
        sandbox.run("routes --env pre-release").expect_exit(3).expect_stderr(place);
        let routes = sandbox.run("routes b --env pre-release").expect_exit(3);
        assert!(!routes.stdout.contains("nothing is live"), "{}", routes.stdout);
        if broken.len() > 20 {
            sandbox.run("version list a").expect_exit(0).expect_stdout("pre-release, test");
            sandbox.run("diff a@test a@pre-release").expect_exit(0);
            let compared = sandbox.run("diff @test @pre-release").expect_exit(3).expect_stdout("a: no difference");
            assert!(!compared.stdout.contains("b:"), "{}", compared.stdout);
            compared.expect_stderr("not compared: b in pre-release");
            let compared = sandbox.run("-o json diff @test @pre-release").expect_exit(3).json();
            assert_eq!(compared["groups"].as_array().map(Vec::len), Some(1), "{compared}");
            assert_eq!(compared["problems"][0]["group"], "b", "{compared}");
        } else {
            sandbox.run("diff @test @pre-release").expect_exit(3).expect_stderr("cut short");
        }
    }
    sandbox.write(place, &whole);
    sandbox.run("diff @test @pre-release --detailed-exitcode").expect_exit(0);
}

#[test]
fn a_damaged_version_hides_no_other() {
    let sandbox = Sandbox::two_groups();
    sandbox.run("promote --all --from test --to pre-release").expect_exit(0);
    let place = "groups/b/versions/0.0.1/version.yaml";
    let (whole, settings) = (sandbox.read(place), sandbox.read("groups/b/versions/0.0.1/group.yaml"));
    sandbox.write("groups/b/versions/0.0.1/group.yaml", &format!("{settings}# by hand\n"));
    let compared = sandbox.run("diff @test @pre-release").expect_exit(3).expect_stdout("a: no difference");
    compared.expect_stderr("not compared: b in test").expect_stderr("not compared: b in pre-release");
    sandbox.write("groups/b/versions/0.0.1/group.yaml", &settings);
    sandbox.run("version bump b 0.0.2").expect_exit(0);
    sandbox.run("version create b").expect_exit(0);
    sandbox.write(place, &format!("{whole}x\n"));
    let listed = sandbox.run("version list b").expect_exit(3).expect_stdout("0.0.2").expect_stdout("unreadable");
    listed.expect_stderr(place);
    // One that is gone is live on no side, and not for that "only on the other".
    std::fs::remove_dir_all(sandbox.path().join("groups/b/versions/0.0.1")).expect("it is there");
    sandbox.run("diff b@test b@0.0.2").expect_exit(3);
    let listed =
        sandbox.run("version list b").expect_exit(3).expect_stdout("pre-release, test").expect_stdout("missing");
    listed.expect_stderr("version 0.0.1 of b is live in test, and its folder is missing");
}

#[test]
fn a_broken_line_of_the_settings_hides_no_list() {
    let sandbox = Sandbox::two_groups();
    let outside = tempfile::tempdir().expect("a folder");
    let key = format!("key create ci --kind subscription --to {}", outside.path().join("ci.key").display());
    sandbox.run(&key).expect_exit(0);
    sandbox.write("apigw.toml", &format!("{}nonsense = [\n", sandbox.read("apigw.toml")));
    for (words, part) in [
        ("group show a", "prefix"),
        ("api list a", "/things"),
        ("api show a GET /things", "/things"),
        ("version list a", "0.0.1"),
        ("version show a 0.0.1", "group.yaml"),
        ("key list", "ci"),
        ("key show ci", "subscription"),
        ("access list", "no key"),
    ] {
        sandbox.run(words).expect_exit(0).expect_stdout(part).expect_stderr("only the readable settings are used");
    }
    sandbox.run("routes --env test").expect_exit(3).expect_stdout("/b/things").expect_stderr("apigw.toml:");
}

#[test]
fn a_definition_that_cannot_be_read_hides_no_settings() {
    let sandbox = Sandbox::petstore();
    sandbox.write("groups/petstore/openapi.yaml", "openapi: [\n");
    let shown = sandbox.run("group show petstore").expect_exit(3).expect_stdout("/petstore");
    shown.expect_stderr("groups/petstore/openapi.yaml:");
    let shown = sandbox.run("-o json group show petstore").expect_exit(3).json();
    assert_eq!((&shown["prefix"], shown["problems"].as_array().map(Vec::len)), (&"/petstore".into(), Some(1)));
}

#[test]
fn the_way_back_needs_no_working_copy() {
    let sandbox = released();
    for file in ["group.yaml", "openapi.yaml"] {
        fs::remove_file(sandbox.path().join("groups/petstore").join(file)).expect("a file");
    }
    sandbox.run("rollback petstore --env test").expect_exit(0).expect_stdout("→ 0.0.1 with mock");
    sandbox.run("offline petstore --env test").expect_exit(0);
    fs::remove_dir_all(sandbox.path().join("groups/petstore")).expect("a group");
    sandbox.run("offline petstore --env pre-release").expect_exit(0).expect_stdout("offline petstore");
    sandbox.run("rollback petstore --env pre-release").expect_exit(3).expect_stderr("0.0.1");
    sandbox.run("offline petstor --env pre-release").expect_exit(3).expect_stderr("there is no group");
}

#[test]
fn history_is_short_and_its_ids_can_be_typed() {
    let sandbox = released();
    sandbox.run("publish --all --env pre-release --mock").expect_exit(0);
    let history = sandbox.run("history petstore").expect_exit(0).stdout;
    let first = history.lines().nth(1).expect("an operation");
    assert!(first.contains(" publish petstore 0.0.2 with mock; publish orders 0.0.1 with mock"), "{first}");
    let id = first.split(' ').next().expect("an id");
    assert_eq!(id.len(), 8, "{history}");
    sandbox.run(&format!("show {id}")).expect_exit(0).expect_stdout("publish petstore");
    sandbox.run(&format!("status --at {id}")).expect_exit(0);
    sandbox.run(&format!("undo {id} --env pre-release")).expect_exit(0);
}

#[test]
fn help_is_a_command_too() {
    let sandbox = Sandbox::empty();
    assert_eq!(sandbox.run("help publish").expect_exit(0).stdout, sandbox.run("publish --help").expect_exit(0).stdout);
    assert_eq!(sandbox.run("help").expect_exit(0).stdout, sandbox.run("--help").expect_exit(0).stdout);
}

#[test]
fn diff_tells_what_is_live_apart_where_the_apis_are_the_same() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    let never = sandbox.run("diff petstore@test petstore@online").expect_exit(3);
    assert!(never.stderr.contains("petstore was never published to online"), "{}", never.stderr);
    sandbox.run("publish --env online --backend https://pets.example.com --yes").expect_exit(0);
    let diff = sandbox.run("diff petstore@test petstore@online --detailed-exitcode").expect_exit(2);
    for line in [
        "petstore: backend mock → real",
        "petstore: address - → https://pets.example.com",
        "petstore: operation ",
        "petstore: no difference in the APIs",
    ] {
        assert!(diff.stdout.contains(line), "{}", diff.stdout);
    }
    let json = sandbox.run("-o json diff @test @online").expect_exit(0).json();
    assert_eq!(json["groups"][0]["before"]["backend"]["type"], "mock");
    assert_eq!(json["groups"][0]["after"]["backend"]["type"], "http");
    assert!(
        sandbox.run("diff @test @online -o markdown").expect_exit(0).stdout.contains("- petstore: backend mock → real")
    );

    // One release in force on both sides is no difference, whatever operation brought it.
    sandbox.run("publish --env pre-release --mock").expect_exit(0);
    let same = sandbox.run("diff petstore@test petstore@pre-release --detailed-exitcode").expect_exit(0);
    assert_eq!(same.stdout, "petstore: no difference\n");
    sandbox.run("offline --env pre-release").expect_exit(0);
    let offline = sandbox.run("diff petstore@test petstore@pre-release --detailed-exitcode").expect_exit(2);
    assert!(offline.stdout.starts_with("petstore: state live → offline\n"), "{}", offline.stdout);
}

#[test]
fn a_live_version_that_is_missing_hides_no_difference_of_its_entry() {
    let sandbox = released();
    sandbox.run("publish petstore --env pre-release --version 0.0.2 --backend https://pets.example.com").expect_exit(0);
    sandbox.run("switch petstore --env test --version 0.0.1").expect_exit(0);
    fs::remove_dir_all(sandbox.path().join("groups/petstore/versions/0.0.2")).expect("a version");
    for words in ["diff petstore@test petstore@pre-release", "diff @test @pre-release"] {
        let diff = sandbox.run(words).expect_exit(3);
        for line in [
            "petstore: version 0.0.1 → 0.0.2",
            "petstore: backend mock → real",
            "petstore: not compared",
            "`apigw verify`",
        ] {
            assert!(diff.stdout.contains(line), "{diff:?}");
        }
        diff.expect_stderr("not compared: petstore in pre-release");
    }
    let json = sandbox.run("-o json diff petstore@test petstore@pre-release").expect_exit(3).json();
    assert_eq!(
        (&json["groups"][0]["state"], &json["problems"][0]["group"]),
        (&"unreadable".into(), &"petstore".into())
    );
    assert_eq!(json["groups"][0]["after"]["backend"]["type"], "http");
}

#[test]
fn the_short_id_that_a_commit_prints_is_taken_wherever_an_id_is() {
    let sandbox = Sandbox::petstore();
    let published = sandbox.run("publish --env test --mock").expect_exit(0);
    let short = published.stdout.trim_end().rsplit(' ').next().expect("an id").to_owned();
    assert_eq!(short.len(), 8, "{short}");
    let id = sandbox.entry("test")["operation"].as_str().expect("an id").to_owned();
    sandbox.run(&format!("show {short}")).expect_exit(0).expect_stdout(&format!("operation    {id}"));
    for words in [
        format!("status --at {short}"),
        format!("rollback --all --env test --to {short}"),
        format!("offline --env test --if-current {short} --dry-run"),
        format!("undo {short} --env test"),
    ] {
        sandbox.run(&words).expect_exit(0);
    }
    let refused = sandbox.run(&format!("undo {short} --env test")).expect_exit(4);
    assert!(!refused.stderr.contains("Z-"), "ids are short in errors and hints: {}", refused.stderr);
}

/// Asserts that an output has short ids only, in which the given one is.
#[track_caller]
fn expect_short_ids(sandbox: &Sandbox, outcome: &Outcome, id: &str) {
    let text = outcome.stdout.clone() + &outcome.stderr;
    assert!(text.contains(&id[id.len() - 12..][..8]), "{id} is not in:\n{text}");
    for (file, _) in sandbox.files() {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_operation = file.starts_with(sandbox.path().join("history"));
        let id = name.strip_suffix(".yaml").filter(|_| is_operation);
        let is_whole = id.is_some_and(|id| text.replace(name, "").contains(id));
        assert!(!is_whole, "{name} is whole in:\n{text}");
    }
}

#[test]
fn people_see_short_ids_and_may_type_them() {
    let sandbox = released();
    let operation = |environment: &str| sandbox.entry(environment)["operation"].as_str().expect("an id").to_owned();
    let id = operation("test");
    for format in ["table", "markdown", "github"] {
        let diff = sandbox.run(&format!("-o {format} diff petstore@pre-release petstore@test")).expect_exit(0);
        expect_short_ids(&sandbox, &diff, &id);
    }
    let before = sandbox.read("deployments/test.yaml");
    let waiting = sandbox.run("offline petstore --env test --wait=20ms").expect_exit(1);
    let id = operation("test");
    expect_short_ids(&sandbox, &waiting, &id);
    // An operation that no entry leads to is a finding.
    sandbox.write("deployments/test.yaml", &before);
    fs::remove_dir_all(sandbox.path().join(".apigw")).expect("the folder of the machine");
    let verified = sandbox.run("verify").expect_exit(3);
    expect_short_ids(&sandbox, &verified, &id);
}

#[test]
fn an_ambiguous_id_is_refused_with_all_that_it_could_be() {
    let sandbox = released();
    let id = sandbox.entry("pre-release")["operation"].as_str().expect("an id").to_owned();
    let short = &id[id.len() - 12..];
    let last = if id.ends_with('0') { "1" } else { "0" };
    let twin = format!("{}{last}", &id[..id.len() - 1]);
    let text = sandbox.read(&format!("history/pre-release/{id}.yaml"));
    sandbox.write(&format!("history/pre-release/{twin}.yaml"), &text);
    for words in [format!("show {}", &short[..8]), format!("undo {} --env pre-release", &short[..11])] {
        let refused =
            sandbox.run(&words).expect_exit(3).expect_stderr("is ambiguous").expect_stderr("more characters of the id");
        // Both are named by what tells them apart.
        for each in [&id, &twin] {
            assert!(refused.stderr.contains(&each[each.len() - 12..]), "{}", refused.stderr);
        }
    }
    sandbox.run(&format!("show {short}")).expect_exit(0);
    assert!(sandbox.run("history").stdout.contains(short), "history gives what can be typed");
}

#[test]
fn a_lost_release_is_seen() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    let before = sandbox.read("deployments/test.yaml");
    sandbox.run("publish petstore --env test --backend http://127.0.0.1:1").expect_exit(0);
    sandbox.run("group create other").expect_exit(0);
    sandbox.run("status --check").expect_exit(0);
    sandbox.write("deployments/test.yaml", &before);
    sandbox.run("status").expect_exit(0);
    let checked = sandbox.run("status --check").expect_exit(3).expect_stderr("no entry leads to operation");
    // Each entry was read.
    assert!(!checked.stdout.contains("unreadable"), "{checked:?}");
    sandbox.run("status --check --env online").expect_exit(0);
}
