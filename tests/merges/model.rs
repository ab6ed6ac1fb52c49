//! The entries that must come out of a merge.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// The groups of each workspace: the even ones belong to one branch, the odd ones to the other, unless they are
/// contested.
pub(crate) const GROUPS: &[&str] = &["a", "b", "c", "d", "e", "f"];

/// An environment's name and a group's.
type Place = (String, String);

/// The entries of a branch, and those that were changed on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct BranchState {
    pub(crate) entries: BTreeMap<Place, Value>,
    changed: BTreeSet<Place>,
}

impl BranchState {
    /// Takes over what a command says that it changed.
    pub(crate) fn apply(&mut self, view: &Value) {
        let environment = view["environment"].as_str().expect("an environment");
        for change in view["changes"].as_array().expect("changes") {
            let place = (environment.to_owned(), change["group"].as_str().expect("a group").to_owned());
            self.entries.insert(place.clone(), release(&change["after"]));
            self.changed.insert(place);
        }
    }
}

/// Merges two branches as people mean it: what one side changed counts, and of what both did, the chosen side's.
pub(crate) fn expected(base: &BranchState, ours: &BranchState, theirs: &BranchState, choice: &str) -> BranchState {
    let mut merged = BranchState { entries: base.entries.clone(), changed: BTreeSet::new() };
    let (first, last) = if choice == "ours" { (theirs, ours) } else { (ours, theirs) };
    for side in [first, last] {
        for place in &side.changed {
            merged.entries.insert(place.clone(), side.entries[place].clone());
        }
    }
    merged
}

/// Returns the entries that `status` shows.
pub(crate) fn live_entries(status: &Value) -> BTreeMap<Place, Value> {
    let entry = |entry: &Value| {
        let text = |name: &str| entry[name].as_str().expect("a name").to_owned();
        ((text("environment"), text("group")), release(entry))
    };
    status["deployments"].as_array().expect("deployments").iter().map(entry).collect()
}

fn release(entry: &Value) -> Value {
    let part = |name: &str| entry[name].clone();
    json!({"state": part("state"), "version": part("version"), "digest": part("digest"), "backend": part("backend")})
}
