//! A workspace in which something is damaged: views show the rest, the way back stays open, and hints work as typed.

use std::collections::BTreeSet;
use std::fs;

use apigw::model::GroupName;
use apigw::workspace::Workspace;

use crate::harness::Sandbox;

/// Makes a workspace in which test and online have 0.0.1, then 0.0.2.
fn released() -> Sandbox {
    let sandbox = Sandbox::petstore();
    for mark in ["first", "second"] {
        sandbox.edit(mark);
        sandbox.run("publish petstore --env test --bump patch --backend http://127.0.0.1:1").expect_exit(0);
        sandbox.run("-y promote petstore --from test --to online").expect_exit(0);
    }
    sandbox
}

#[test]
fn a_bad_line_of_the_settings_bars_no_view_and_no_way_back() {
    let sandbox = released();
    let settings = sandbox.read("apigw.toml");
    sandbox.write("apigw.toml", &settings.replace("[environments.test]", "[environments.test]\ncolour = 1"));
    let operation = sandbox.run("-o json history -n 1").expect_exit(0).json()["operations"][0]["operation"].clone();
    let operation = operation.as_str().expect("an operation");
    for words in ["status", "history", "verify", "diff petstore@test petstore@online"] {
        let shown = sandbox.run(words);
        assert!(shown.exit < 3, "{words}: {shown:?}");
        shown.expect_stderr("apigw.toml:");
    }
    sandbox.run(&format!("show {operation}")).expect_exit(0);
    // Whatever the table of test says that cannot be read, it may protect it.
    sandbox.run("rollback petstore --env test").expect_exit(5).expect_stderr("test is protected");
    sandbox.run("-y rollback petstore --env test").expect_exit(0).expect_stderr("apigw.toml:");
    sandbox.run("-y undo --env test").expect_exit(0);
    sandbox.run("-y switch petstore --env test --previous").expect_exit(0);
    sandbox.run("-y offline petstore --env test").expect_exit(0);
    sandbox.run("-y rollback petstore --env online").expect_exit(0);
    for words in ["-y publish petstore --env test --mock", "-y promote petstore --from test --to online", "check"] {
        sandbox.run(words).expect_exit(3);
    }
}

#[test]
fn a_base_domain_that_cannot_be_read_gives_no_address() {
    let sandbox = released();
    let settings = sandbox.read("apigw.toml");
    let bad = settings.replace("apigw.localhost", "Apigw Localhost");
    assert_ne!(bad, settings);
    sandbox.write("apigw.toml", &bad);
    let note = "the addresses below `base_domain` are not known";
    for words in [
        "status -v",
        "diff petstore@test petstore@online",
        "-y switch petstore --env test --previous",
        "-y rollback petstore --env test",
        "-y undo --env test",
    ] {
        let shown = sandbox.run(words).expect_exit(0).expect_stderr(note);
        assert!(!shown.stdout.contains("petstore.test."), "{words}: {shown:?}");
    }
    let status = sandbox.run("-o json status").expect_exit(0).json();
    assert_eq!(status["deployments"][0]["urls"], serde_json::json!([]), "{status}");
    sandbox.write("apigw.toml", &settings.replace("[environments.test]", "[environments.test]\ncolour = 1"));
    let known = sandbox.run("status -v").expect_exit(0).expect_stdout("petstore.test.apigw.localhost");
    assert!(!known.stderr.contains(note), "{known:?}");
    sandbox.write("apigw.toml", &format!("{settings}\n[changes]\nnosuch = \"breaking\"\n"));
    let judged = sandbox.run("diff petstore@test petstore@online").expect_exit(0);
    judged.expect_stderr("without the levels that `[changes]` may have");
}

#[test]
fn a_history_says_how_much_it_leaves_out_and_never_that_nothing_was() {
    let sandbox = released();
    let cut = sandbox.run("history --env test -n 1").expect_exit(0);
    cut.expect_stderr("1 more operation is left out; `-n 2` shows all");
    for (words, truncated) in [("-o json history --env test -n 1", true), ("-o json history --env test -n 2", false)] {
        assert_eq!(sandbox.run(words).expect_exit(0).json()["truncated"], truncated, "{words}");
    }
    let none = sandbox.run("history -n 0").expect_exit(0).expect_stderr("4 more operations");
    assert!(!none.stdout.contains("nothing"), "{none:?}");
    let all = sandbox.run("history").expect_exit(0);
    assert!(all.stderr.is_empty(), "{all:?}");
    sandbox.run("history --env pre-release").expect_exit(0).expect_stdout("nothing was published yet");
    let file = sandbox.read("deployments/test.yaml");
    sandbox.write(
        "deployments/test.yaml",
        &file.replace("    state: live\n", "<<<<<<< a\n    state: live\n=======\n>>>>>>> b\n"),
    );
    let conflict = sandbox.run("history --env test").expect_exit(3).expect_stderr("merge conflict");
    assert!(!conflict.stdout.contains("nothing"), "{conflict:?}");
}

#[test]
fn a_time_that_cannot_be_read_says_how_times_are_written() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    for text in ["12:00", "2026-11-29 20:00", "1h", "yesterday", "20 Nov"] {
        for words in [vec!["status", "--at", text], vec!["rollback", "petstore", "--env", "test", "--to", text]] {
            sandbox.run_words(&words).expect_exit(3).expect_stderr("2026-11-23T18:00:00Z");
        }
    }
    let unknown = sandbox.run("diff petstore petstore@online").expect_exit(3);
    unknown.expect_stderr("`apigw publish petstore --env online`");
}

#[test]
fn a_time_before_the_first_operation_is_no_unknown_group() {
    let sandbox = released();
    sandbox.run("status petstore --at 2020-01-01").expect_exit(0).expect_stdout("nothing was live");
    fs::remove_dir_all(sandbox.path().join("groups/petstore")).expect("a group");
    sandbox.run("status petstore --at 2020-01-01").expect_exit(0).expect_stdout("nothing was live");
    sandbox.run("status nosuch --at 2020-01-01").expect_exit(3);
}

#[test]
fn a_group_whose_entry_was_cut_out_was_published_all_the_same() {
    let sandbox = Sandbox::petstore();
    for words in ["group create other", "api add other GET /things", "publish other --env test --mock"] {
        sandbox.run(words).expect_exit(0);
    }
    let before = sandbox.read("deployments/test.yaml");
    let empty = sandbox.run("publish petstore --env test --mock").expect_exit(0);
    assert!(!empty.stderr.contains("second history"), "{empty:?}");
    let operation = sandbox.run("-o json history").json()["operations"][0]["operation"].clone();
    let operation = operation.as_str().expect("an operation");
    let whole = sandbox.read("deployments/test.yaml");
    sandbox.write("deployments/test.yaml", &before);
    sandbox.run("status --env online").expect_exit(0);
    for (words, exit) in [
        ("history petstore", 3),
        ("rollback petstore --env test", 3),
        ("offline petstore --env test", 3),
        ("status", 0),
        ("publish petstore --env test --mock --dry-run", 0),
    ] {
        let shown = sandbox.run(words).expect_exit(exit);
        assert!(shown.stderr.contains("apigw resolve --env test"), "{words}: {shown:?}");
        let digest = operation.rsplit_once('-').expect("a digest").1;
        assert!(shown.stderr.contains(&digest[..8]), "{words}: {shown:?}");
        assert!(!shown.stdout.contains("nothing was published"), "{words}: {shown:?}");
        assert!(!shown.stdout.contains("never published"), "{words}: {shown:?}");
    }
    sandbox.run("resolve --env test").expect_exit(0);
    assert_eq!(sandbox.read("deployments/test.yaml"), whole);
}

#[test]
fn a_copy_of_an_operation_keeps_nobody_from_resolving() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    let before = sandbox.read("deployments/test.yaml");
    sandbox.run("publish petstore --env test --backend http://127.0.0.1:1").expect_exit(0);
    let after = sandbox.read("deployments/test.yaml");
    let operation = sandbox.run("-o json history").json()["operations"][0]["operation"].clone();
    let operation = operation.as_str().expect("an operation");
    let original = sandbox.read(&format!("history/test/{operation}.yaml"));
    let (_, digest) = operation.rsplit_once('-').expect("a digest");
    for copy in ["20260101T000000.000Z-aaaaaaaaaaaa".to_owned(), format!("20260101T000000.000Z-{digest}")] {
        let place = format!("history/test/{copy}.yaml");
        sandbox.write(&place, &original);
        sandbox.write("deployments/test.yaml", &before);
        sandbox.run("resolve --env test").expect_exit(0);
        assert_eq!(sandbox.read("deployments/test.yaml"), after);
        sandbox.run("prune --dry-run").expect_exit(0);
        sandbox.run("verify").expect_exit(0).expect_stdout("this is a copy of operation");
        // One that says something else is no copy.
        sandbox.write(&place, &original.replace("127.0.0.1:1", "127.0.0.1:2"));
        sandbox.run("resolve --env test").expect_exit(3).expect_stderr(&place);
        sandbox.run("prune --dry-run").expect_exit(3).expect_stderr(&place);
        fs::remove_file(sandbox.path().join(place)).expect("a copy");
    }
}

#[test]
fn a_lost_entry_is_looked_for_by_group_and_in_so_many_operations() {
    let sandbox = Sandbox::petstore();
    for group in ["first", "other"] {
        sandbox.run(&format!("group create {group}")).expect_exit(0);
        sandbox.run(&format!("api add {group} GET /things")).expect_exit(0);
    }
    sandbox.run("publish first --env test --mock").expect_exit(0);
    let before = sandbox.read("deployments/test.yaml");
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    sandbox.run("publish other --env test --mock").expect_exit(0);
    sandbox.write("deployments/test.yaml", &before);
    let workspace = Workspace::open(sandbox.path()).expect("a workspace");
    let lost = |groups: &[&str], most| {
        let groups: BTreeSet<GroupName> = groups.iter().map(|group| group.parse().expect("a name")).collect();
        let environment = "test".parse().expect("a name");
        let lost = workspace.lost_releases(&environment, Some(&groups), most).expect("a history");
        lost.into_keys().map(|group| group.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(lost(&["petstore"], usize::MAX), ["petstore"]);
    assert_eq!(lost(&["petstore"], 2), ["petstore"]);
    assert_eq!(lost(&["other", "petstore"], 1), ["other"]);
    assert!(lost(&["petstore"], 1).is_empty());
    assert!(lost(&["first"], usize::MAX).is_empty());
    assert!(lost(&[], usize::MAX).is_empty());
}

#[test]
fn a_version_that_a_way_back_needs_is_missed_once() {
    let sandbox = released();
    sandbox.run("verify").expect_exit(0);
    let first = sandbox.run("-o json history").json();
    let versions = first["operations"].to_string();
    let old = ["0.0.1", "0.0.2"].into_iter().find(|version| versions.contains(version)).expect("a version");
    let folder = sandbox.path().join(format!("groups/petstore/versions/{old}"));
    fs::remove_dir_all(folder).expect("a version");
    let verified = sandbox.run("verify").expect_exit(3).expect_stdout("1 problem");
    assert!(verified.stdout.contains(&format!("version {old} of petstore is missing")), "{verified:?}");
    sandbox.run("status").expect_exit(0);
    sandbox.run("status --check").expect_exit(3).expect_stderr("for a way back");
}

#[test]
fn a_deleted_version_is_not_missed() {
    let sandbox = released();
    sandbox.edit("third");
    for words in [
        "publish petstore --env test --bump patch --mock",
        "-y publish petstore --env online --allow-breaking -m why --mock",
    ] {
        sandbox.run(words).expect_exit(0);
    }
    sandbox.run("-y version delete petstore 0.0.1 --force -m why").expect_exit(0);
    sandbox.run("verify").expect_exit(0);
    sandbox.run("status --check").expect_exit(0);
}

#[test]
fn a_copy_of_an_operation_is_no_damage() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    let operation = sandbox.run("-o json history").json()["operations"][0]["operation"].clone();
    let operation = operation.as_str().expect("an operation");
    let bytes = sandbox.read(&format!("history/test/{operation}.yaml"));
    let copy = "history/test/20240101T100000.000Z-000000000000.yaml";
    sandbox.write(copy, &bytes);
    sandbox.run("verify").expect_exit(0).expect_stdout("this is a copy of operation").expect_stdout("remove it");
    sandbox.write(copy, &format!("{bytes}# more\n"));
    sandbox.run("verify").expect_exit(3).expect_stdout("its bytes are not those");
}

#[test]
fn the_way_back_is_open_where_the_history_before_is_gone() {
    let sandbox = released();
    let history = sandbox.run("-o json history --env test").expect_exit(0).json();
    let id = |index: usize| history["operations"][index]["operation"].as_str().expect("an id").to_owned();
    fs::remove_file(sandbox.path().join(format!("history/test/{}.yaml", id(1)))).expect("a file");
    sandbox.run("rollback petstore --env test --dry-run").expect_exit(0).expect_stdout("0.0.1");
    fs::remove_file(sandbox.path().join(format!("history/test/{}.yaml", id(0)))).expect("a file");
    let refused = sandbox.run("rollback petstore --env test").expect_exit(3);
    refused.expect_stderr("cannot tell what was live").expect_stderr("apigw switch petstore --env test --version V");
    sandbox.run("switch petstore --env test --version 0.0.1").expect_exit(0);
}

#[test]
fn a_rollback_to_a_deleted_version_names_ways_that_are_there() {
    let sandbox = released();
    sandbox.run("-y switch petstore --env online --version 0.0.2").expect_exit(0);
    sandbox.run("version delete petstore 0.0.1 --force").expect_exit(0);
    let refused = sandbox.run("rollback petstore --env test").expect_exit(3);
    // It is in no checkout, and no other release is left.
    let refused = refused.expect_stderr("0.0.1 of petstore was deleted by Ada").expect_stderr("apigw offline petstore");
    assert!(!refused.stderr.contains("git ") && !refused.stderr.contains("apigw rollback"), "{refused:?}");
}

#[test]
fn every_refusal_of_a_plan_is_told() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("apigw.toml");
    let denied = settings.replace("[environments.test]", "[environments.test]\nmock = \"deny\"");
    sandbox.write("apigw.toml", &format!("{denied}\n[environments.qa]\nmock = \"deny\"\n"));
    let step = |name: &str| format!("- publish: {{environment: {name}, groups: [petstore], mock: true}}\n");
    sandbox.write("release.yaml", &format!("schema: 1\nsteps:\n{}{}", step("test"), step("qa")));
    let refused = sandbox.run("plan release.yaml").expect_exit(5);
    refused.expect_stderr("test refuses the change").expect_stderr("qa refuses the change");
    let json = sandbox.run("-o json plan release.yaml").expect_exit(5).json();
    assert_eq!(json["plans"].as_array().map(Vec::len), Some(2), "{json}");
}

#[test]
fn status_shows_blocks_and_overrides() {
    let sandbox = released();
    sandbox
        .run("version block petstore 0.0.2 -m bad")
        .expect_exit(0)
        .expect_stderr("`apigw rollback petstore --env test`");
    sandbox.run("status").expect_exit(0).expect_stdout("blocked");
    sandbox.run("version block petstore 0.0.1 -m bad").expect_exit(0);
    let settings = sandbox.read("apigw.toml");
    sandbox.write("apigw.toml", &settings.replace("[environments.test]", "[environments.test]\nbreaking = \"deny\""));
    sandbox.run_words(&["offline", "petstore", "--env", "test", "--allow-breaking", "-m", "end"]).expect_exit(0);
    sandbox.run("version unblock petstore 0.0.2 -m mended").expect_exit(0);
    let only = Sandbox::petstore();
    only.run("publish petstore --env test --mock").expect_exit(0);
    only.run("version block petstore 0.0.1 -m bad").expect_exit(0).expect_stderr("`apigw offline petstore --env test`");
}

#[test]
fn a_file_that_cannot_be_read_hides_no_other() {
    let sandbox = released();
    let id = sandbox.run("-o json history --env test -n 1").json()["operations"][0]["operation"].clone();
    let place = sandbox.path().join(format!("history/test/{}.yaml", id.as_str().expect("an id")));
    fs::remove_file(&place).expect("a file");
    // A link to itself cannot be opened by anybody, whoever runs this.
    std::os::unix::fs::symlink(&place, &place).expect("a link");
    let version = "groups/petstore/versions/0.0.1/openapi.yaml";
    let text = sandbox.read(version);
    fs::remove_file(sandbox.path().join(version)).expect("a file");
    sandbox.write(version, &format!("{text}# by hand\n"));
    let verified = sandbox.run("verify").expect_exit(3);
    verified.expect_stdout("versions/0.0.1/openapi.yaml").expect_stdout("history/test/");
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_system_without_locks_has_a_marker_instead() {
    if !crate::tools::has_tool("strace", "locks that the system refuses") {
        return;
    }
    let sandbox = Sandbox::petstore();
    let refused = |words: &str| {
        let mut command = std::process::Command::new("strace");
        command.args(["-f", "-o", "/dev/null", "-e", "trace=flock", "-e", "inject=flock:error=ENOLCK"]);
        command.arg(env!("CARGO_BIN_EXE_apigw")).args(words.split(' ')).current_dir(sandbox.path());
        crate::harness::isolate(&mut command, sandbox.path());
        command.output().expect("strace runs")
    };
    let marker = sandbox.path().join(".apigw/lock.process");
    assert!(refused("publish petstore --env test --mock").status.success());
    assert!(!marker.exists(), "the lock is given back");
    // A process that has ended left its marker; one of another machine may still be there.
    let host = fs::read_to_string("/proc/sys/kernel/hostname").expect("a name");
    sandbox.write(".apigw/lock.process", &format!("4194304 {}\n", host.trim()));
    assert!(refused("offline petstore --env test").status.success());
    sandbox.write(".apigw/lock.process", "1 elsewhere.example\n");
    assert_eq!(refused("--lock-timeout 0s rollback petstore --env test").status.code(), Some(6));
    let checked = String::from_utf8(refused("check").stdout).expect("text");
    assert!(checked.contains("cannot lock a folder"), "{checked}");
    fs::remove_file(&marker).expect("a marker");
    // A holder that lives is waited for: the folder may be locked all the same.
    let mut holder = std::process::Command::new("sleep").arg("1").spawn().expect("sleep runs");
    let number = holder.id();
    let status = fs::read_to_string(format!("/proc/{number}/stat")).expect("a process");
    let start = status.rsplit_once(')').and_then(|(_, fields)| fields.split_whitespace().nth(19)).expect("a start");
    let note = |start: &str| format!("Ada (process {number}, since now): test\n{number} {} {start}\n", host.trim());
    sandbox.write(".apigw/holder", &note(start));
    assert_eq!(refused("--lock-timeout 0s rollback petstore --env test").status.code(), Some(6));
    let waiting = std::thread::spawn(move || holder.wait());
    assert!(refused("rollback petstore --env test").status.success());
    waiting.join().expect("a thread").expect("a process");
    // A process that has the number of one that has ended is no holder.
    let mut other = std::process::Command::new("sleep").arg("60").spawn().expect("sleep runs");
    let number = other.id();
    sandbox.write(".apigw/holder", &format!("Ada (process {number}, since now): test\n{number} {} 1\n", host.trim()));
    let taken = refused("--lock-timeout 0s offline petstore --env test");
    other.kill().and_then(|()| other.wait()).expect("a process");
    assert!(taken.status.success(), "{taken:?}");
}

#[test]
#[cfg(unix)]
fn the_local_folder_is_as_open_to_the_group_as_the_workspace() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::petstore();
    fs::set_permissions(sandbox.path(), fs::Permissions::from_mode(0o2775)).expect("permissions");
    let _ = fs::remove_dir_all(sandbox.path().join(".apigw"));
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    let mode = |place: &str| fs::metadata(sandbox.path().join(place)).expect("a folder").permissions().mode() & 0o2070;
    assert_eq!(mode(".apigw"), 0o2070);
    assert_eq!(mode(".apigw/tmp"), 0o2070);
}

#[test]
fn a_folder_that_leads_out_is_one_problem() {
    let sandbox = released();
    let outside = tempfile::tempdir().expect("a folder");
    let (folder, target) = (sandbox.path().join("deployments"), outside.path().join("deployments"));
    std::fs::rename(&folder, &target).expect("moved");
    std::os::unix::fs::symlink(&target, &folder).expect("a link");
    let verified = sandbox.run("verify").expect_exit(3);
    assert_eq!(verified.stdout.matches("leads out of the workspace").count(), 1, "{}", verified.stdout);
    sandbox.run("rollback petstore --env test").expect_exit(3).expect_stderr("inside of the workspace: /");
}

#[test]
fn keys_that_cannot_be_listed_hide_nothing_of_what_is_live() {
    let sandbox = released();
    let outside = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(outside.path(), sandbox.path().join("keys")).expect("a link");
    let status = sandbox.run("status").expect_exit(0).expect_stdout("petstore");
    status.expect_stderr("a link leads out of the workspace; gateways accept no key or grant of this file");
    sandbox.run("status --check").expect_exit(3);
}
