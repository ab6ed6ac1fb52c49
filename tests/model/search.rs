//! The search: breadth-first, so that the first broken promise has the shortest trace.

use std::collections::HashSet;

use super::rules::Rule;
use super::state::{Budget, Event, State, Violation};

pub(crate) enum Outcome {
    Holds { states: usize },
    Broken { promise: Violation, trace: Vec<Event>, states: usize },
}

pub(crate) fn search(budget: Budget, rule: Option<Rule>) -> Outcome {
    let first = State::new(budget);
    let mut states = vec![first];
    // The event that first led to each state, and the state before it.
    let mut origins: Vec<Option<(usize, Event)>> = vec![None];
    let mut known = HashSet::from([first]);
    let mut index = 0;
    while let Some(state) = states.get(index).copied() {
        for event in state.events(rule).into_iter().filter(|_| state.has_room()) {
            match state.after(event, rule) {
                Err(promise) => {
                    return Outcome::Broken { promise, trace: trace(&origins, index, event), states: states.len() };
                }
                Ok(next) => {
                    if known.insert(next) {
                        states.push(next);
                        origins.push(Some((index, event)));
                    }
                }
            }
        }
        index += 1;
    }
    Outcome::Holds { states: states.len() }
}

fn trace(origins: &[Option<(usize, Event)>], mut index: usize, last: Event) -> Vec<Event> {
    let mut trace = vec![last];
    while let Some((before, event)) = origins[index] {
        trace.push(event);
        index = before;
    }
    trace.reverse();
    trace
}
