//! Every refusal and every way to have nothing to do, as tables: commands upon a workspace in memory.

mod memory;

use super::*;
use memory::{Memory, refused, shown};

/// Lines that are done one after the other, and what the last one comes to.
#[rustfmt::skip]
const LINES: &[(&str, &str)] = &[
    // Publish
    ("publish test mock", "publish 0.0.1 live mock"),
    ("publish test mock|publish test mock", "nothing to do"),
    ("publish test mock|publish test http://b", "publish 0.0.1 live http://b"),
    ("publish test settings", "state: g has no backend address"),
    ("work 0.0.1 a http://s|publish test settings", "publish 0.0.1 live http://s"),
    ("publish test http://${HOST}", "state: --backend: the variable \"HOST\" is not set in test"),
    ("publish test ${HOST", "state: --backend: \"${HOST\" has a `${` without its `}`"),
    ("publish test nowhere", "state: --backend: \"nowhere\" is not a backend's address: write it like \"https://host:port/path\""),
    ("publish test mock at 0.0.1", "publish 0.0.1 live mock"),
    ("publish test mock at 0.0.9", "state: g has no version 0.0.9"),
    ("publish test mock|work 0.0.1 ab|publish test mock", "differs: version 0.0.1 of g is frozen, and the working copy differs from it"),
    ("publish test mock|work 0.0.1 ab|publish test mock at 0.0.1", "nothing to do"),
    ("publish test mock|work 0.0.1 ab|publish test mock bump minor", "publish 0.1.0 live mock"),
    ("publish test mock|publish test mock bump minor", "nothing to do"),
    ("publish test mock bump auto", "publish 0.0.1 live mock"),
    ("publish test mock|work 0.0.1 ab|publish test mock bump auto", "publish 0.1.0 live mock"),
    ("work 0.0.1 ab|publish test mock|work 0.0.1 a|publish test mock bump auto", "publish 1.0.0 live mock"),
    ("publish test mock|publish test mock bump auto", "nothing to do"),
    ("publish test mock|spoil 0.0.1|work 0.0.1 ab|publish test mock bump auto", "state: version 0.0.1 of g cannot be read, so nobody can tell what differs from it"),
    ("work 0.0.1 |publish test mock", "invalid: g cannot be published: 1 problem was found"),
    ("publish test mock|publish online mock|work 0.0.2 ab|publish test mock if 1", "not current: g in test is not as operation 19700101T000000.000Z-6b86b273ff34 left it: the latest is 19700101T000000.000Z-5feceb66ffc8"),
    ("publish test mock|work 0.0.2 ab|publish test mock if 0", "publish 0.0.2 live mock"),
    // Switch
    ("switch test 0.0.1", "state: g is not live in test, so there is no version to switch"),
    ("publish test mock|offline test|switch test 0.0.1", "state: g is not live in test, so there is no version to switch"),
    ("publish test mock|switch test 0.0.1", "nothing to do"),
    ("publish test mock|switch test 0.0.2", "state: g has no frozen version 0.0.2"),
    ("publish test mock|switch test previous", "state: no other version of g was ever live in test"),
    ("publish test mock|work 0.0.2 ab|publish test http://b|switch test 0.0.1", "switch 0.0.1 live http://b"),
    ("publish test mock|work 0.0.2 ab|publish test http://b|switch test previous", "switch 0.0.1 live http://b"),
    // Offline
    ("offline test", "state: g was never published to test"),
    ("offline test all", "nothing to do"),
    ("publish test mock|offline test", "offline 0.0.1 offline mock"),
    ("publish test mock|offline test|offline test", "nothing to do"),
    ("publish test mock|offline test|publish test mock", "publish 0.0.1 live mock"),
    // Promote
    ("promote test test", "state: test cannot be promoted to itself"),
    ("promote test online", "state: g is not live in test"),
    ("publish test mock|promote test online", "promote 0.0.1 live mock"),
    ("publish test mock|promote test online|promote test online", "nothing to do"),
    ("publish online http://b|publish test mock|promote test online", "promote 0.0.1 live mock; warns: g in online changes from http://b to a mock, as it is in test"),
    ("work 0.0.1 a http://s|publish test http://b|promote test online", "promote 0.0.1 live http://s"),
    ("publish test http://b|promote test online", "state: g has no backend address"),
    ("work 0.0.1 a http://s|publish test settings|lose 0.0.1|promote test online", "state: version 0.0.1 of g is live, but its folder is missing"),
    // Rollback
    ("rollback test", "state: g was never published to test"),
    ("publish test mock|rollback test", "state: nothing else was live for g in test before"),
    ("publish test mock|publish test http://b|rollback test", "rollback 0.0.1 live mock"),
    ("publish test mock|publish test http://b|publish test http://c|rollback test|rollback test", "rollback 0.0.1 live mock"),
    ("publish test mock|publish test http://b|rollback test 1", "nothing to do"),
    ("publish test mock|publish online mock|rollback test 1", "state: operation 19700101T000000.000Z-6b86b273ff34 did not change g in test"),
    // Undo
    ("undo test 0", "state: test has no operation 19700101T000000.000Z-8a8de823d5ed"),
    ("publish test mock|undo online 0", "state: online has no operation 19700101T000000.000Z-5feceb66ffc8"),
    ("publish test mock|undo test 0", "undo 0.0.1 offline mock"),
    ("publish test mock|publish test http://b|undo test 1", "undo 0.0.1 live mock"),
    ("publish test mock|publish test http://b|undo test 0", "overtaken: 19700101T000000.000Z-5feceb66ffc8 cannot be undone: g was changed by 19700101T000000.001Z-6b86b273ff34 since"),
    // Policies: mock, promote_from
    ("policy test mock=\"deny\"|publish test mock", "refused: test refuses this: a mock backend, which skips authentication and signature checks, for g"),
    ("policy test mock=\"warn\"|publish test mock", "publish 0.0.1 live mock; warns: test gets a mock backend, which skips authentication and signature checks, for g"),
    ("publish test mock|policy test mock=\"deny\"|offline test", "offline 0.0.1 offline mock"),
    ("policy test mock=\"deny\"|publish test http://b", "publish 0.0.1 live http://b"),
    ("publish test mock|policy test mock=\"deny\"|undo test 0", "undo 0.0.1 offline mock"),
    ("policy online promote_from=\"test\"|publish online mock", "refused: online refuses this: g 0.0.1 is not live in test, from where it has to come"),
    ("policy online promote_from=\"test\"|publish test mock|publish online mock", "publish 0.0.1 live mock"),
    ("publish online mock|publish online http://b|policy online promote_from=\"test\"|rollback online", "rollback 0.0.1 live mock"),
];

#[test]
fn each_command_comes_to_what_it_must() {
    for (lines, expected) in LINES {
        let mut memory = Memory::new();
        let outcomes: Vec<String> = lines.split('|').filter_map(|line| memory.run(line)).collect();
        assert_eq!(outcomes.last().map(String::as_str), Some(*expected), "{lines}: {outcomes:?}");
    }
}

const BROKEN: &str = "callers break: g GET /a: the API is gone; it was not deprecated before";

/// What goes before, the line that would break callers, and what the policies make of what it breaks.
#[rustfmt::skip]
const BREAKING: &[(&str, &str, &str, &str)] = &[
    ("work 0.0.2 b", "publish test mock", "publish 0.0.2 live mock", BROKEN),
    ("work 0.0.2 b", "publish test mock bump minor", "publish 0.1.0 live mock", BROKEN),
    ("work 0.0.2 b|publish online mock", "switch test 0.0.2", "switch 0.0.2 live mock", BROKEN),
    ("work 0.0.2 b|publish online mock", "promote online test", "promote 0.0.2 live mock", BROKEN),
    ("work 0.0.2 ab|publish test mock", "rollback test", "rollback 0.0.1 live mock", "callers break: g GET /b: the API is gone; it was not deprecated before"),
    ("work 0.0.2 ab|publish test mock", "rollback test 0", "rollback 0.0.1 live mock", "callers break: g GET /b: the API is gone; it was not deprecated before"),
    ("work 0.0.2 ab|publish test mock", "undo test 1", "undo 0.0.1 live mock", "callers break: g GET /b: the API is gone; it was not deprecated before"),
    // What cannot be compared is held back as well.
    ("work 0.0.2 ab|lose 0.0.1", "publish test mock", "publish 0.0.2 live mock", "it cannot be told whether callers of g break: version 0.0.1 is live, but its folder is missing; see `apigw verify`"),
    ("work 0.0.2 ab|damage 0.0.1", "publish test mock", "publish 0.0.2 live mock", "it cannot be told whether callers of g break: version 0.0.1 is live, but cannot be read: the digest differs; see `apigw verify`"),
    ("work 0.0.2 ab|spoil 0.0.1", "publish test mock", "publish 0.0.2 live mock", "it cannot be told whether callers of g break: version 0.0.1 is live, but its definition cannot be read; see `apigw verify`"),
    ("work 0.0.2 ab|publish online mock|spoil 0.0.2", "promote online test", "promote 0.0.2 live mock", "it cannot be told whether callers of g break: version 0.0.2 has a definition that cannot be read; see `apigw verify`"),
];

#[test]
fn the_gate_holds_for_every_verb() {
    for (lines, last, outcome, reason) in BREAKING {
        for policy in ["allow", "warn", "deny"] {
            let mut memory = Memory::new();
            memory.run("publish test mock");
            for line in lines.split('|') {
                memory.run(line);
            }
            memory.run(&format!("policy test breaking=\"{policy}\""));
            let before = memory.environments.clone();
            let expected = match policy {
                "allow" => (*outcome).to_owned(),
                "warn" => format!("{outcome}; warns: {reason}"),
                _ if reason.starts_with("it cannot be told") => {
                    "refused: test refuses this: it cannot be told whether callers of what is live there break"
                        .to_owned()
                }
                _ => "refused: test refuses this: a caller of what is live there would break (1 change)".to_owned(),
            };
            assert_eq!(memory.run(last), Some(expected), "{lines}|{last} where breaking is {policy}");
            assert_eq!(memory.environments == before, policy == "deny");
        }
    }
}

/// What a plan that breaks the callers of these letters in `test` is refused with: its hints.
fn hints(letters: &str, before: &[&str]) -> Vec<String> {
    let mut memory = Memory::new();
    memory.run(&format!("work 0.0.1 {letters}"));
    for line in ["publish test mock", "work 0.0.2 z", "policy test breaking=\"deny\""].iter().chain(before) {
        memory.run(line);
    }
    match memory.plan("publish test mock") {
        Err(Error::Refused { hints, .. }) => hints,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_refusal_lists_ten_changes_and_counts_the_others() {
    for (letters, others) in [("abcdefghij", None), ("abcdefghijkl", Some("and 2 more"))] {
        let hints = hints(letters, &[]);
        assert_eq!(hints.iter().filter(|hint| hint.starts_with("callers break: g GET /")).count(), 10, "{hints:#?}");
        assert_eq!(hints.iter().find(|hint| hint.ends_with(" more")).map(String::as_str), others);
    }
}

#[test]
fn a_refusal_names_the_command_that_shows_all_that_differs() {
    for (before, command) in [
        (&[][..], "see all that differs: `apigw diff g@test g`"),
        (&["publish online mock"], "see all that differs: `apigw diff g@test g@0.0.2`"),
    ] {
        let hints = hints("a", before);
        assert!(hints.iter().any(|hint| hint == command), "{hints:#?}");
    }
}

/// Lines that break nobody, whatever the policy.
#[test]
fn what_breaks_nobody_passes_the_gate() {
    for (lines, expected) in [
        ("publish test mock|work 0.0.2 ab|publish test mock", "publish 0.0.2 live mock"),
        ("publish test mock|publish test http://b", "publish 0.0.1 live http://b"),
        ("publish test mock|offline test", "offline 0.0.1 offline mock"),
        ("publish test mock|offline test|work 0.0.2 b|publish test mock", "publish 0.0.2 live mock"),
        ("publish test mock|undo test 0", "undo 0.0.1 offline mock"),
        ("publish test mock|offline test|work 0.0.2 b|publish test mock|undo test 2", "undo 0.0.1 offline mock"),
        ("publish test mock|lose 0.0.1|publish test http://b at 0.0.1", "publish 0.0.1 live http://b"),
    ] {
        let mut memory = Memory::new();
        memory.run("policy test breaking=\"deny\"");
        let outcomes: Vec<String> = lines.split('|').filter_map(|line| memory.run(line)).collect();
        assert_eq!(outcomes.last().map(String::as_str), Some(expected), "{lines}");
    }
    // The way back from what cannot be read stays open.
    let mut memory = Memory::new();
    for line in ["publish test mock", "work 0.0.2 ab", "publish test mock", "damage 0.0.2"] {
        memory.run(line);
    }
    memory.run("policy test breaking=\"deny\"");
    let outcome = memory.run("rollback test").expect("an outcome");
    assert!(outcome.starts_with("rollback 0.0.1 live mock; warns: it cannot be told"), "{outcome}");
}

/// A release plan upon a workspace where 0.0.1 is live in `test`, and what its plans come to.
#[rustfmt::skip]
const RELEASES: &[(&str, &str)] = &[
    ("{schema: 1, environment: test, steps: []}", ""),
    ("{schema: 1, environment: test, steps: [publish: {groups: [g], mock: true}]}", "test: nothing to do"),
    ("{schema: 1, steps: [publish: {groups: [g], mock: true, environment: online}]}", "online: publish 0.0.1 live mock"),
    ("{schema: 1, environment: test, steps: [publish: {all: true, backend: 'http://b'}, promote: {groups: [g], from: test, to: online}]}", "state: g has no backend address"),
    ("{schema: 1, environment: test, steps: [offline: {groups: [g]}, promote: {groups: [g], from: test, to: online}]}", "state: g is not live in test"),
    ("{schema: 1, environment: test, steps: [promote: {groups: [g], from: test, to: online}, offline: {groups: [g]}]}", "online: promote 0.0.1 live mock; test: offline 0.0.1 offline mock"),
    ("{schema: 1, environment: test, steps: [promote: {groups: [g], from: test, to: online}, offline: {groups: [g]}, offline: {groups: [g], environment: online}]}", "state: step 3 returns to online, after a step of another environment"),
    ("{schema: 1, environment: test, steps: [offline: {groups: [g]}, publish: {groups: [g], mock: true}]}", "state: step 2 has g in test, which an earlier step has already"),
    ("{schema: 1, steps: [offline: {groups: [g]}]}", "state: step 1 names no environment"),
    ("{schema: 1, environment: moon, steps: [offline: {groups: [g]}]}", "state: step 1 names the environment \"moon\", which does not exist"),
    ("{schema: 1, environment: test, steps: [offline: {}]}", "state: step 1 must have either `groups` or `all`"),
    ("{schema: 1, environment: test, steps: [publish: {groups: [g], mock: true, backend: 'http://b'}]}", "state: step 1 has both `mock` and `backend`"),
    ("{schema: 1, environment: test, steps: [switch: {groups: [g, h], version: 0.0.1}]}", "state: step 1 must name one group"),
    ("{schema: 1, environment: test, steps: [switch: {groups: [g]}]}", "state: step 1 must have either `version` or `previous: true`"),
    ("{schema: 1, environment: test, steps: [switch: {groups: [g], version: 0.0.1}]}", "test: nothing to do"),
    ("{schema: 1, environment: test, steps: [promote: {groups: [g]}]}", "state: step 1 does not say from where"),
    ("{schema: 1, environment: test, steps: [offline: {groups: [g], mock: true}]}", "state: step 1 has `mock`, which offline does not have"),
];

fn planned(memory: &Memory, text: &str) -> (ReleasePlan, Result<Vec<Plan>, Error>) {
    let author =
        Author { actor: "me".into(), message: None, command: String::new(), now: Timestamp::from_milliseconds(9) };
    let value: serde_json::Value = serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let file: ReleasePlan = serde_json::from_value(value).unwrap_or_else(|error| panic!("{text}: {error}"));
    let plans = release(&file, memory, &author);
    (file, plans)
}

#[test]
fn each_release_plan_comes_to_what_it_must() {
    for (text, expected) in RELEASES {
        let mut memory = Memory::new();
        memory.run("publish test mock");
        let outcome = match planned(&memory, text).1 {
            Ok(plans) => {
                let one = |plan: &Plan| format!("{}: {}", plan.operation.environment, shown(plan));
                plans.iter().map(one).collect::<Vec<_>>().join("; ")
            }
            Err(error) => refused(&error),
        };
        assert_eq!(outcome, *expected, "{text}");
    }
}

#[test]
fn a_bound_plan_holds_until_the_state_is_another() {
    const FILE: &str = "{schema: 1, environment: test, steps: [publish: {groups: [g], backend: 'http://b'}]}";
    for (since, expected) in [
        ("work 0.0.1 a", None),
        // What was done already counts as it should be.
        ("publish test http://b", None),
        (
            "publish test http://c",
            Some("stale: the plan no longer holds: g in test is not what it was when the plan was made"),
        ),
        (
            "work 0.0.2 ab",
            Some("stale: the plan no longer holds: the plan would not do the same to g in test any more"),
        ),
    ] {
        let mut memory = Memory::new();
        memory.run("publish test mock");
        let (file, plans) = planned(&memory, FILE);
        let bound = bind(&file, &plans.expect("plans")).bound.expect("bound");
        memory.run(since);
        let now = planned(&memory, FILE).1.expect("plans");
        let verdict = check_bound(&bound, &now, &memory).err().map(|error| refused(&error));
        assert_eq!(verdict.as_deref(), expected, "{since}");
        if expected.is_none() {
            let others = check_bound(&[], &now, &memory).is_err();
            assert_eq!(others, !now.iter().all(Plan::is_empty), "a plan that is bound to nothing changes nothing");
        }
    }
}
