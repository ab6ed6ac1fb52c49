//! The protocol of commits, searched breadth-first: every promise holds in every state that two commands, a colleague,
//! a crash, a failing call, `git clean`, pushes, pulls and checkouts can lead to, and each rule is needed for it.
//!
//! `APIGW_MODEL=full` searches further.

mod rules;
mod search;
mod state;

use std::io::Write as _;

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
