//! The protocol of commits, searched breadth-first: every promise holds in every state that two commands, a colleague,
//! a crash, a failing call, `git clean`, pushes, pulls and checkouts can lead to, and each rule is needed for it.
//!
//! `APIGW_MODEL=full` searches further. Traces are replayed with the real program; with `--ignored`, also with a copy
//! of it in which the rule is broken.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so and fails")]

mod broken;
#[path = "../clones/mod.rs"]
#[expect(dead_code, reason = "nothing is random in a trace")]
mod clones;
mod replay;
mod rules;
mod search;
mod state;

use std::io::Write as _;
use std::path::Path;

use clones::tools::has_working;
use replay::{People, REPLAYS};
use rules::{EVERYTHING, RULES};
use search::{Outcome, search};
use state::{Budget, Event};

/// More than this many states are searched in full.
const FULL: usize = 100_000;

fn is_full() -> bool {
    std::env::var_os("APIGW_MODEL").is_some_and(|value| value == "full")
}

/// Writes where the test harness does not capture it.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn shown(trace: &[Event]) -> String {
    trace.iter().map(|event| format!("{event:?}")).collect::<Vec<_>>().join(", ")
}

#[test]
fn every_promise_holds_in_every_state() {
    let few = Budget { checkouts: 0, cleans: 0, ..EVERYTHING };
    match search(if is_full() { EVERYTHING } else { few }, None) {
        Outcome::Holds { states } => {
            say(&format!("model: {states} states, every promise holds"));
            assert!(!is_full() || states > FULL, "only {states} states");
        }
        Outcome::Broken { promise, trace, .. } => panic!("{promise}: {}", shown(&trace)),
    }
}

#[test]
fn each_rule_is_needed() {
    for (rule, budget) in RULES {
        match search(*budget, Some(*rule)) {
            Outcome::Broken { promise, trace, states } => {
                say(&format!("model: {rule:?} breaks \"{promise}\", {states} states: {}", shown(&trace)));
            }
            Outcome::Holds { states } => panic!("{rule:?} goes unseen in {states} states"),
        }
    }
}

/// True if there are the tools by which traces are replayed.
fn has_tools() -> bool {
    has_working("strace", &["-o", "/dev/null", "true"], "the replay of traces of the model") && clones::has_git()
}

#[test]
fn the_program_keeps_every_promise_that_a_trace_would_break() {
    if !has_tools() {
        return;
    }
    for (rule, replay) in REPLAYS {
        let mut people = People::new("", Path::new(env!("CARGO_BIN_EXE_apigw")));
        replay(&mut people).unwrap_or_else(|broken| panic!("{rule:?}: {broken}"));
    }
}

#[test]
#[ignore = "builds a copy of the program"]
fn each_rule_is_needed_in_the_program() {
    assert!(has_tools(), "a tool is missing");
    let program = broken::build();
    let mut wrong = Vec::new();
    for (rule, replay) in REPLAYS {
        let mut people = People::new(&format!("env APIGW_BROKEN={rule:?}"), &program);
        match replay(&mut people) {
            Ok(()) => wrong.push(format!("{rule:?} is broken, and nothing comes of it")),
            Err(broken) => say(&format!("model: with {rule:?} broken: {}", broken.lines().next().unwrap_or_default())),
        }
        // The copy is the program: with nothing broken, it keeps the promise.
        let mut people = People::new("env APIGW_BROKEN=nothing", &program);
        if let Err(broken) = replay(&mut people) {
            wrong.push(format!("{rule:?} is not broken: {broken}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
