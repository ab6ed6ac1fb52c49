//! The policy on breaking changes: held by every verb, overridden on request, never a bar to the way back.

use super::super::*;
use super::memory::Memory;

const BROKEN: &str = "callers break: g GET /a: the API was removed; it was not deprecated before [api-removed]";
const BROKEN_B: &str = "callers break: g GET /b: the API was removed; it was not deprecated before [api-removed]";
const OFFLINE: &str = "callers break: g: the whole group goes offline";

/// Lines that prepare the workspace, a line that would break callers, and its outcome by policy.
#[rustfmt::skip]
const BREAKING: &[(&str, &str, &str, &str)] = &[
    ("work 0.0.2 b", "publish test mock", "publish 0.0.2 live mock", BROKEN),
    ("work 0.0.2 b", "publish test mock bump minor", "publish 0.1.0 live mock", BROKEN),
    ("work 0.0.2 b|publish online mock", "switch test 0.0.2", "switch 0.0.2 live mock", BROKEN),
    ("work 0.0.2 b|publish online mock", "promote online test", "promote 0.0.2 live mock", BROKEN),
    ("work 0.0.2 ab|publish test mock", "switch test previous", "switch 0.0.1 live mock", BROKEN_B),
    ("work 0.0.1 a", "offline test", "offline 0.0.1 offline mock", OFFLINE),
    // A change that cannot be compared is held back as well.
    ("work 0.0.2 ab|lose 0.0.1", "publish test mock", "publish 0.0.2 live mock", "cannot check compatibility of g: version 0.0.1 is live, but its folder is missing"),
    ("work 0.0.2 ab|damage 0.0.1", "publish test mock", "publish 0.0.2 live mock", "cannot check compatibility of g: version 0.0.1 is live, but cannot be read: the digest differs"),
    ("work 0.0.2 ab|spoil 0.0.1", "publish test mock", "publish 0.0.2 live mock", "cannot check compatibility of g: version 0.0.1 is live, but its definition cannot be read"),
    ("work 0.0.2 ab|publish online mock|spoil 0.0.2", "promote online test", "promote 0.0.2 live mock", "cannot check compatibility of g: version 0.0.2 has a definition that cannot be read"),
];

/// Prepares a workspace where 0.0.1 is live in `test`, with a policy there.
fn prepared(lines: &str, policy: &str) -> Memory {
    let mut memory = Memory::new();
    memory.run("publish test mock");
    for line in lines.split('|') {
        memory.run(line);
    }
    memory.run(&format!("policy test {policy}"));
    memory
}

#[test]
fn the_gate_holds_for_every_verb() {
    for (lines, last, outcome, reason) in BREAKING {
        for policy in ["allow", "warn", "deny"] {
            let mut memory = prepared(lines, &format!("breaking=\"{policy}\""));
            let before = memory.environments.clone();
            let expected = match policy {
                "allow" => (*outcome).to_owned(),
                "warn" => format!("{outcome}; warns: {reason}"),
                _ if reason.starts_with("cannot check") => {
                    "refused: test refuses the change: cannot check compatibility with the live version".to_owned()
                }
                _ => "refused: test refuses the change: callers of the live version would break (1 change)".to_owned(),
            };
            assert_eq!(memory.run(last), Some(expected), "{lines}|{last} where breaking is {policy}");
            assert_eq!(memory.environments == before, policy == "deny");
            // Whoever says so passes, and only where something was in the way is it recorded.
            let mut memory = prepared(lines, &format!("breaking=\"{policy}\""));
            let expected = match policy {
                "allow" => (*outcome).to_owned(),
                "warn" => format!("{outcome}; warns: {reason}"),
                _ => format!("{outcome}; overrides breaking; warns: {reason}"),
            };
            assert_eq!(memory.run(&format!("{last} anyway")), Some(expected), "{lines}|{last} where it is {policy}");
        }
    }
}

/// Lines that prepare the workspace, and a way back that breaks callers of the live release.
const WAYS_BACK: &[(&str, &str, &str, &str)] = &[
    ("work 0.0.2 ab|publish test mock", "rollback test", "rollback 0.0.1 live mock", BROKEN_B),
    ("work 0.0.2 ab|publish test mock", "rollback test 0", "rollback 0.0.1 live mock", BROKEN_B),
    ("work 0.0.2 ab|publish test mock", "rollback test all 0", "rollback 0.0.1 live mock", BROKEN_B),
    ("work 0.0.2 ab|publish test mock", "undo test 1", "undo 0.0.1 live mock", BROKEN_B),
    ("work 0.0.1 a", "undo test 0", "undo 0.0.1 offline mock", OFFLINE),
];

#[test]
fn the_way_back_warns_unless_it_is_barred_itself() {
    for (lines, last, outcome, reason) in WAYS_BACK {
        let warns = format!("{outcome}; warns: {reason}");
        let refused = "refused: test refuses the change: callers of the live version would break (1 change)".to_owned();
        for (policy, expected) in [
            ("breaking=\"allow\"", (*outcome).to_owned()),
            ("breaking=\"warn\"", warns.clone()),
            ("breaking=\"deny\"", warns.clone()),
            ("breaking_rollback=\"deny\"", refused.clone()),
            ("breaking=\"deny\"\nbreaking_rollback=\"deny\"", refused.clone()),
            ("breaking=\"deny\"\nbreaking_rollback=\"allow\"", (*outcome).to_owned()),
        ] {
            assert_eq!(prepared(lines, policy).run(last), Some(expected.clone()), "{lines}|{last}: {policy}");
            let anyway =
                if expected == refused { format!("{outcome}; overrides breaking; warns: {reason}") } else { expected };
            assert_eq!(
                prepared(lines, policy).run(&format!("{last} anyway")),
                Some(anyway),
                "{lines}|{last}: {policy}"
            );
        }
    }
}

/// Returns why a plan that breaks the callers of these letters in `test` is refused.
fn breaking_changes(letters: &str, before: &[&str]) -> Vec<BreakingChange> {
    let mut memory = Memory::new();
    memory.run(&format!("work 0.0.1 {letters}"));
    for line in ["publish test mock", "work 0.0.2 z", "policy test breaking=\"deny\""].iter().chain(before) {
        memory.run(line);
    }
    match memory.plan("publish test mock") {
        Err(Error::Refused { mut refusals, .. }) => match refusals.pop() {
            Some(PolicyRefusal::Breaking { changes, .. }) => changes,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_refusal_has_every_change_and_what_it_leads_to() {
    assert_eq!(breaking_changes("abcdefghijkl", &[]).len(), 12);
    for (before, next) in [
        (&[][..], NextVersion::WorkingCopy),
        (&["publish online mock"], NextVersion::Frozen("0.0.2".parse().expect("a version"))),
    ] {
        let changes = breaking_changes("a", before);
        assert!(
            changes.iter().all(|change| change.versions.as_ref().map(|versions| &versions.next) == Some(&next)),
            "{changes:#?}"
        );
    }
}

/// Lines that break nobody, whatever the policy.
#[test]
fn what_breaks_nobody_passes_the_gate() {
    for (lines, expected) in [
        ("publish test mock|work 0.0.2 ab|publish test mock", "publish 0.0.2 live mock"),
        ("publish test mock|publish test http://b", "publish 0.0.1 live http://b"),
        ("publish test mock|offline test anyway|offline test", "nothing to do"),
        ("publish test mock|offline test anyway|work 0.0.2 b|publish test mock", "publish 0.0.2 live mock"),
        ("publish test mock|lose 0.0.1|publish test http://b at 0.0.1", "publish 0.0.1 live http://b"),
    ] {
        let mut memory = Memory::new();
        memory.run("policy test breaking=\"deny\"");
        let outcomes: Vec<String> = lines.split('|').filter_map(|line| memory.run(line)).collect();
        assert_eq!(outcomes.last().map(String::as_str), Some(expected), "{lines}");
    }
    // The way back from a release that cannot be read stays open.
    let mut memory = Memory::new();
    for line in ["publish test mock", "work 0.0.2 ab", "publish test mock", "damage 0.0.2"] {
        memory.run(line);
    }
    memory.run("policy test breaking=\"deny\"");
    let outcome = memory.run("rollback test").expect("an outcome");
    assert!(outcome.starts_with("rollback 0.0.1 live mock; warns: cannot check compatibility"), "{outcome}");
}

/// History would have one number for two contents, and no file for one of them.
#[test]
fn a_number_whose_bytes_are_lost_gets_no_other_content() {
    const SHARED: &str = "shared: test has version 0.0.1 of g with other bytes, which are missing";
    for (lines, expected) in [
        ("lose 0.0.1|work 0.0.1 b|publish online mock|promote online test", SHARED),
        ("offline test|lose 0.0.1|work 0.0.1 b|publish online mock|promote online test", SHARED),
        ("lose 0.0.1|work 0.0.2 b|publish online mock|promote online test", "promote 0.0.2 live mock"),
        ("lose 0.0.1|publish online mock|promote online test", "nothing to do"),
    ] {
        let mut memory = Memory::new();
        memory.run("publish test mock");
        let outcomes: Vec<String> = lines.split('|').filter_map(|line| memory.run(line)).collect();
        let last = outcomes.last().map(String::as_str).unwrap_or_default();
        assert!(last.starts_with(expected), "{lines}: {last}");
    }
}
