//! A night: 46 groups, three people and a pipeline, a bad release. Each way back ends with the former bytes served, or
//! with a refusal that names the next step, which then works as typed.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so and fails")]

#[path = "clones/mod.rs"]
#[expect(dead_code, reason = "nothing is random in a night")]
mod clones;

use std::collections::BTreeMap;
use std::fs;

use clones::tools::has_working;
use clones::{Outcome, WorkspaceClone, has_git};
use serde_json::Value;

const GROUPS: usize = 46;

/// A release plan of the pipeline.
const RELEASE: &str = "schema: 1\nsteps:\n- promote: {from: pre-release, to: online, groups: [pay]}\n";

struct Night {
    ada: WorkspaceClone,
    bob: WorkspaceClone,
    cyn: WorkspaceClone,
    pipeline: WorkspaceClone,
    _folder: tempfile::TempDir,
}

impl Night {
    /// All groups are live everywhere, and everybody has that.
    fn begin() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let names: Vec<String> = (1..GROUPS).map(|number| format!("g{number:02}")).chain(["pay".to_owned()]).collect();
        let groups: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut ada = WorkspaceClone::new(&folder.path().join("Ada"), "Ada", &groups);
        let settings = ada.folder.join("apigw.toml");
        let text = fs::read_to_string(&settings).expect("the settings");
        let text = text.replace("protected = true", "protected = true\nbreaking = \"deny\"");
        fs::write(&settings, text).expect("the settings");
        fs::write(ada.folder.join("release.yaml"), RELEASE).expect("a plan");
        write_definition(&ada, "good", false);
        ada.done("publish --all --env test --mock");
        ada.done("promote --all --from test --to pre-release");
        ada.done("-y promote --all --from pre-release --to online");
        ada.commit("evening");
        let remote = folder.path().join("remote.git");
        ada.git_done(&format!("clone -q --bare . {}", remote.display()));
        ada.git_done(&format!("remote add origin {}", remote.display()));
        let clone = |name: &str| WorkspaceClone::of(&remote, &folder.path().join(name), name);
        let (bob, cyn, pipeline) = (clone("Bob"), clone("Cyn"), clone("Pipeline"));
        Self { ada, bob, cyn, pipeline, _folder: folder }
    }
}

/// Writes the definition of `pay` with a constant result, and with one more API.
fn write_definition(clone: &WorkspaceClone, result: &str, has_more: bool) {
    let operation = format!(
        "\n    get:\n      responses:\n        \"200\": {{description: ok, content: {{application/json: {{example: {result}}}}}}}\n"
    );
    let more = if has_more { format!("  /more:{operation}") } else { String::new() };
    let text = format!("openapi: 3.0.3\ninfo: {{title: pay, version: \"1\"}}\npaths:\n  /things:{operation}{more}");
    fs::write(clone.folder.join("groups/pay/openapi.yaml"), text).expect("the definition");
}

/// Releases what the working copy of `pay` says, up to an environment, under a program that may show another time.
fn release(clone: &mut WorkspaceClone, wrapper: &str, last: &str) {
    let steps = [
        ("test", "publish pay --env test --bump patch --mock"),
        ("pre-release", "promote pay --from test --to pre-release"),
        ("online", "-y promote pay --from pre-release --to online"),
    ];
    for (environment, words) in steps {
        let outcome = clone.apigw_under(wrapper, words);
        assert_eq!(outcome.code, 0, "{words}: {outcome:?}");
        if environment == last {
            return;
        }
    }
}

fn push(clone: &mut WorkspaceClone) {
    clone.commit("night");
    clone.git_done("push -q origin HEAD:main");
}

fn pull(clone: &mut WorkspaceClone) {
    clone.commit("night");
    clone.git_done("pull -q --no-edit --no-rebase origin main");
}

/// Returns the constant result that callers of `pay` in `online` get.
fn served(clone: &mut WorkspaceClone) -> Value {
    clone.done("call pay GET /things --env online").json()
}

/// Returns version and operation of each group that is live in `online`, but for some.
fn live(clone: &mut WorkspaceClone, but: &[&str]) -> BTreeMap<String, String> {
    let status = clone.apigw("-o json status --env online").json();
    let entry = |entry: &Value| {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        (text("group"), format!("{} {} {}", text("state"), text("version"), text("operation")))
    };
    let entries = status["deployments"].as_array().expect("deployments").iter().map(entry);
    entries.filter(|(group, _)| !but.contains(&group.as_str())).collect()
}

fn operation(outcome: &Outcome) -> String {
    outcome.json()["operation"].as_str().expect("an operation").to_owned()
}

/// Runs a command that is refused, and returns the commands that its hints name.
fn refused(clone: &mut WorkspaceClone, code: i32, words: &str) -> Vec<String> {
    let outcome = clone.apigw(words);
    assert_eq!(outcome.code, code, "{words}: {outcome:?}");
    let text = format!("{outcome:?}");
    let named = text.split('`').skip(1).step_by(2).filter_map(|typed| typed.strip_prefix("apigw ").map(str::to_owned));
    let named: Vec<String> = named.collect();
    assert!(!named.is_empty(), "{words} names no next step: {outcome:?}");
    named
}

/// A program that shows a clock which is an hour ahead; none where there is no such program.
fn ahead() -> &'static str {
    let works = has_working("faketime", &["-f", "+1h", "true"], "a clock that is wrong at night");
    if works { "faketime -f +3600s" } else { "" }
}

#[test]
fn the_way_back_is_open_all_night() {
    if !has_git() {
        return;
    }
    let mut night = Night::begin();
    // Bob, whose clock is an hour ahead, brings the bad release.
    write_definition(&night.bob, "bad", true);
    release(&mut night.bob, ahead(), "online");
    push(&mut night.bob);
    assert_eq!(served(&mut night.bob), "bad");
    // The pipeline has a plan that waits.
    pull(&mut night.pipeline);
    write_definition(&night.pipeline, "fixed", true);
    release(&mut night.pipeline, "", "pre-release");
    night.pipeline.done("plan release.yaml --out plan.json");

    let last = roll_back(&mut night.cyn);
    push(&mut night.cyn);
    apply_waiting(&mut night.pipeline);
    meet_conflict(&mut night.bob);
    push(&mut night.bob);
    undo_behind(&mut night.ada);
    push(&mut night.ada);
    for clone in [&mut night.ada, &mut night.bob, &mut night.cyn, &mut night.pipeline] {
        pull(clone);
        audit(clone, &last);
    }
}

/// Cyn, on call, goes back while other groups are broken, unmerged and gone. Returns the operation.
fn roll_back(cyn: &mut WorkspaceClone) -> String {
    pull(cyn);
    let others = live(cyn, &["pay"]);
    assert_eq!(others.len(), GROUPS - 1);
    let group = |name: &str| cyn.folder.join("groups").join(name);
    fs::write(group("g01").join("openapi.yaml"), "{ broken").expect("a file");
    fs::remove_dir_all(group("g02")).expect("a folder");
    fs::write(group("g03").join("group.yaml"), "<<<<<<< HEAD\nschema: 1\n=======\nschema: 1\n>>>>>>> b\n")
        .expect("a file");
    fs::write(group("pay").join("openapi.yaml"), "<<<<<<< HEAD\n=======\n>>>>>>> b\n").expect("a file");
    // To take it offline breaks every caller, and is refused with the words that do it.
    let next = refused(cyn, 5, "-y offline pay --env online");
    assert!(next.iter().any(|words| words.contains("--allow-breaking") || words.contains("rollback")), "{next:?}");
    let outcome = cyn.done("-o json -y rollback pay --env online -m night");
    assert_eq!(served(cyn), "good");
    assert_eq!(live(cyn, &["pay"]), others, "another group changed");
    // What is gone is named, and nothing that is there is hidden.
    let verified = cyn.apigw("verify");
    assert!(verified.code == 3 && verified.stdout.contains("g02"), "{verified:?}");
    assert_eq!(cyn.apigw("status --env online --check").code, 3);
    cyn.git_done("checkout -q -- groups");
    cyn.done("verify");
    operation(&outcome)
}

/// The plan that waited is refused, since somebody went back; made anew, it holds.
fn apply_waiting(pipeline: &mut WorkspaceClone) {
    pull(pipeline);
    assert_eq!(served(pipeline), "good");
    let next = refused(pipeline, 4, "-y apply plan.json");
    assert_eq!(served(pipeline), "good", "a refused plan changed something");
    let anew = next.iter().find(|words| words.starts_with("plan ")).expect("the next step");
    let anew = anew.replacen("FILE", "release.yaml", 1).replacen("FILE", "plan.json", 1);
    pipeline.done(&anew);
    pipeline.done("-y apply plan.json");
    assert_eq!(served(pipeline), "fixed");
    push(pipeline);
}

/// Bob, who has seen none of it, goes back as well, and meets a conflict.
fn meet_conflict(bob: &mut WorkspaceClone) {
    bob.done("-y rollback pay --env online -m mine");
    bob.commit("mine");
    bob.git("pull -q --no-edit --no-rebase origin main");
    assert!(bob.is_in_conflict(), "{}", bob.shown());
    let next = refused(bob, 3, "-y rollback pay --env online");
    let resolve = next.iter().find(|words| words.starts_with("resolve ")).expect("the next step").clone();
    let next = refused(bob, 4, &format!("-y {resolve}"));
    let choose = next.iter().find(|words| words.ends_with("--ours --yes")).expect("the next step").clone();
    // What the other branch released has one more API, so its callers would break.
    let next = refused(bob, 5, &choose);
    let anyhow = next.iter().find(|words| words.contains("--allow-breaking")).expect("the next step");
    bob.done(&anyhow.replace("WHY", "back"));
    bob.commit("merged");
    assert_eq!(served(bob), "good", "the own side was chosen");
    bob.done("verify");
    // What lost is an operation like any other.
    bob.done("-y undo --env online");
    assert_eq!(served(bob), "fixed");
    bob.done("-y rollback pay --env online");
    assert_ne!(served(bob), "fixed");
}

/// Ada's clock is behind that of operations which she has: `undo` still takes back her own last one.
fn undo_behind(ada: &mut WorkspaceClone) {
    pull(ada);
    let before = live(ada, &["g05"]);
    ada.done("api add g05 GET /more");
    ada.done("-y publish g05 --env online --bump patch --mock");
    ada.done("-y undo --env online");
    assert_eq!(live(ada, &["g05"]), before, "undo took another operation back");
    let status = ada.done("-o json status g05 --env online").json();
    assert_eq!(status["deployments"][0]["version"], "0.0.1");
}

/// Everything is in the history, and every view says the same in every clone.
fn audit(clone: &mut WorkspaceClone, known: &str) {
    clone.done("verify");
    clone.done("status");
    let history = clone.done("-o json history -n 1000").json();
    let operations = history["operations"].as_array().expect("operations");
    let find = |id: &str| operations.iter().find(|operation| operation["operation"] == id);
    assert_eq!(find(known).map(|operation| &operation["message"]), Some(&"night".into()), "the rollback is lost");
    let people: Vec<&str> = operations.iter().filter_map(|operation| operation["actor"].as_str()).collect();
    for person in ["Ada", "Bob", "Cyn", "Pipeline"] {
        assert!(people.contains(&person), "{person} is not in the history: {people:?}");
    }
    for operation in operations {
        clone.done(&format!("show {}", operation["operation"].as_str().expect("an id")));
    }
    assert_eq!(live(clone, &[]).len(), GROUPS);
}
