//! Release plans: the outcome of their steps, and the life of a bound one.

use super::super::*;
use super::memory::{DigestDiffers, Memory, refused, shown};
use crate::model::{Author, Timestamp};

/// A release plan upon a workspace where 0.0.1 is live in `test`, and its plans.
#[rustfmt::skip]
const RELEASES: &[(&str, &str)] = &[
    ("{schema: 1, environment: test, steps: []}", ""),
    ("{schema: 1, environment: test, steps: [publish: {groups: [g], mock: true}]}", "test: nothing to do"),
    ("{schema: 1, steps: [publish: {groups: [g], mock: true, environment: online}]}", "online: publish 0.0.1 live mock"),
    ("{schema: 1, environment: test, steps: [publish: {all: true, backend: 'http://b'}, promote: {groups: [g], from: test, to: online}]}", "state: version 0.0.1 of g has no backend address"),
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
    ("{schema: 1, environment: test, steps: [promote: {groups: [g]}]}", "state: step 1 has no `from`"),
    ("{schema: 1, environment: test, steps: [promote: {groups: [g], from: test, to: prod}]}", "online: promote 0.0.1 live mock"),
    ("{schema: 1, environment: production, steps: [publish: {groups: [g], mock: true}]}", "online: publish 0.0.1 live mock"),
    ("{schema: 1, environment: online, steps: [promote: {groups: [g], from: test, version: 0.0.1}]}", "online: promote 0.0.1 live mock"),
    ("{schema: 1, environment: online, steps: [promote: {groups: [g], from: test, version: 0.0.2}]}", "state: version 0.0.2 of g was never live in test"),
    ("{schema: 1, environment: online, steps: [promote: {groups: [g], from: test, version: 0.0.1, at: 19700101T000000.000Z-5feceb66ffc8}]}", "state: step 1 has both `version` and `at`"),
    ("{schema: 1, environment: test, steps: [offline: {groups: [g], allow_breaking: true}]}", "state: step 1 has `allow_breaking`, but no reason"),
    ("{schema: 1, environment: test, message: why, steps: [offline: {groups: [g], allow_breaking: true}]}", "test: offline 0.0.1 offline mock"),
];

fn author() -> Author {
    let now = Timestamp::from_milliseconds(9);
    Author { actor: "me".into(), message: None, command: String::new(), now, allow_breaking: false }
}

fn planned(memory: &Memory, text: &str) -> (ReleasePlan, Result<Vec<Plan>, Error<DigestDiffers>>) {
    let author = author();
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

/// Fields of other commands are neither taken nor suggested.
#[test]
fn a_step_has_the_fields_of_its_command_alone() {
    for (command, fields) in [
        ("publish", "`environment`, `groups`, `all`, `version`, `bump`, `mock`, `backend`, `allow_breaking`"),
        ("switch", "`environment`, `groups`, `version`, `previous`, `allow_breaking`"),
        ("offline", "`environment`, `groups`, `all`, `allow_breaking`"),
        ("promote", "`environment`, `to`, `from`, `groups`, `all`, `version`, `at`, `allow_breaking`"),
    ] {
        let step = serde_json::json!({ command: { "groups": ["g"], "mocks": true } });
        let error = serde_json::from_value::<PlanStep>(step).expect_err(command).to_string();
        assert_eq!(error, format!("unknown field `mocks`, expected one of {fields}"));
    }
}

#[test]
fn a_bound_promotion_holds_when_its_source_alone_moved_on() {
    const FILE: &str = "{schema: 1, environment: online, steps: [promote: {groups: [g], from: test}]}";
    const ALL: &str = "{schema: 1, environment: online, steps: [promote: {all: true, from: test}]}";
    for (text, before, since, expected) in [
        (FILE, "", "work 0.0.2 ab|publish test mock", "online: promote 0.0.1 live mock"),
        (ALL, "", "work 0.0.2 ab|publish test mock", "online: promote 0.0.1 live mock"),
        (ALL, "", "offline test", "online: promote 0.0.1 live mock"),
        // A group that did not change needs nothing done.
        (FILE, "publish online mock", "work 0.0.2 ab|publish test mock", "online: nothing to do"),
        (ALL, "publish online mock", "work 0.0.2 ab|publish test mock", "online: nothing to do"),
        (FILE, "", "publish online http://b", "g in online has changed since the plan was made"),
    ] {
        let mut memory = Memory::new();
        for line in ["publish test mock", before].iter().filter(|line| !line.is_empty()) {
            memory.run(line);
        }
        let (file, plans) = planned(&memory, text);
        let bound = bind(&file, &plans.expect("plans"), &author());
        for line in since.split('|') {
            memory.run(line);
        }
        let outcome = release(&bound, &memory, &author()).and_then(|plans| {
            check_bound(bound.bound.as_deref().expect("bound"), &plans, &memory, &author())?;
            Ok(plans)
        });
        let outcome = match outcome.as_deref() {
            Ok([plan]) => format!("{}: {}", plan.operation.environment, shown(plan)),
            Ok(plans) => panic!("{plans:?}"),
            Err(error) => error.to_string(),
        };
        assert!(outcome.ends_with(expected), "{text}, then {since}: {outcome}");
    }
}

#[test]
fn a_bound_plan_keeps_its_override_and_gets_no_other() {
    const FILE: &str = "{schema: 1, environment: test, steps: [offline: {groups: [g]}]}";
    let deny = "policy test breaking=\"deny\"";
    for (policy, since, expected) in [
        (deny, "work 0.0.1 a", None),
        ("work 0.0.1 a", deny, Some("it would now override the policy `breaking` of test")),
    ] {
        let mut memory = Memory::new();
        memory.run("publish test mock");
        memory.run(policy);
        let (file, _) = planned(&memory, FILE);
        let willing = Author { message: Some("why".into()), allow_breaking: true, ..author() };
        let bound = bind(&file, &release(&file, &memory, &willing).expect("plans"), &willing);
        memory.run(since);
        // An override of the plan's author holds for any user that applies it.
        let plans = release(&bound, &memory, &author()).expect("plans");
        assert_eq!(plans[0].operation.message.as_deref(), Some("why"));
        let verdict = check_bound(bound.bound.as_deref().expect("bound"), &plans, &memory, &author()).err();
        let verdict = verdict.map(|error| error.to_string());
        assert_eq!(verdict.as_deref().map(|error| error.ends_with(expected.unwrap_or("?"))), expected.map(|_| true));
    }
}

#[test]
fn a_bound_plan_holds_until_the_state_is_another() {
    const FILE: &str = "{schema: 1, environment: test, steps: [publish: {groups: [g], backend: 'http://b'}]}";
    for (since, expected) in [
        ("work 0.0.1 a", None),
        // A step that was applied already is accepted.
        ("publish test http://b", None),
        (
            "publish test http://c",
            Some("stale: the plan no longer holds: g in test has changed since the plan was made"),
        ),
        ("work 0.0.2 ab", Some("stale: the plan no longer holds: the plan would no longer do the same to g in test")),
    ] {
        let mut memory = Memory::new();
        memory.run("publish test mock");
        let (file, plans) = planned(&memory, FILE);
        let bound = bind(&file, &plans.expect("plans"), &author()).bound.expect("bound");
        memory.run(since);
        let now = planned(&memory, FILE).1.expect("plans");
        let verdict = check_bound(&bound, &now, &memory, &author()).err().map(|error| refused(&error));
        assert_eq!(verdict.as_deref(), expected, "{since}");
        if expected.is_none() {
            let others = check_bound(&[], &now, &memory, &author()).is_err();
            assert_eq!(others, !now.iter().all(Plan::is_empty), "a plan that is bound to nothing changes nothing");
        }
    }
}
