//! The reference: operations that were acknowledged, and what must be live by them.
//!
//! It shares no code with the program. A group's entry is its one head: an operation that changes the group and that no
//! other names as its predecessor.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::way_back;

/// An environment's name and a group's.
pub(crate) type Place = (String, String);

/// Ids of operations.
pub(crate) type Ids = BTreeSet<String>;

/// One group's part of an operation.
#[derive(Debug, Clone)]
pub(crate) struct RecordedChange {
    pub(crate) action: String,
    pub(crate) before: Option<String>,
    pub(crate) merged: Vec<String>,
    pub(crate) after: Value,
}

impl RecordedChange {
    fn predecessors(&self) -> impl Iterator<Item = &String> {
        self.before.iter().chain(&self.merged)
    }
}

/// An operation as its file says.
#[derive(Debug, Clone)]
pub(crate) struct RecordedOperation {
    pub(crate) environment: String,
    pub(crate) changes: BTreeMap<String, RecordedChange>,
}

/// The outcome that a command asks for.
#[derive(Debug, Clone)]
pub(crate) enum Expectation {
    /// This backend, or a mock.
    Publish(Option<String>),
    /// This version, or another than before, with the backend of before.
    Switch(Option<String>),
    Offline,
    Rollback,
    RollbackTo(String),
    /// The reverse of this operation, where it is known which one that must be.
    Undo(Option<String>),
    /// The release of this environment.
    Promote(String),
    /// A release plan: publish a mock to `test`, and promote that.
    Apply,
    Resolve,
    /// No operation at all.
    Nothing,
}

/// Every operation that was seen in any clone.
#[derive(Debug, Default)]
pub(crate) struct Reference {
    operations: BTreeMap<String, RecordedOperation>,
}

/// Returns what an entry says but for its time and operation.
pub(crate) fn release(entry: &Value) -> Value {
    let part = |name: &str| entry[name].clone();
    json!({"state": part("state"), "version": part("version"), "digest": part("digest"), "backend": part("backend")})
}

/// True if two releases serve the same bytes by the same backend. Their numbers may differ: a merge may give a version
/// another one.
pub(crate) fn is_same_release(one: &Value, other: &Value) -> bool {
    ["state", "digest", "backend"].iter().all(|part| one[part] == other[part])
}

/// Reads the file of an operation.
pub(crate) fn read_operation(path: &Path) -> Result<RecordedOperation> {
    let file: Value = serde_yaml::from_str(&std::fs::read_to_string(path)?)?;
    let id = |entry: &Value| entry["operation"].as_str().map(str::to_owned);
    let change = |(group, change): (&String, &Value)| {
        let merged = change["merged"].as_array().map(Vec::as_slice).unwrap_or_default();
        let recorded = RecordedChange {
            action: change["action"].as_str().unwrap_or_default().to_owned(),
            before: id(&change["before"]),
            merged: merged.iter().filter_map(id).collect(),
            after: release(&change["after"]),
        };
        (group.clone(), recorded)
    };
    let changes = file["changes"].as_object().context("an operation without changes")?;
    let environment = file["environment"].as_str().context("an operation without an environment")?.to_owned();
    Ok(RecordedOperation { environment, changes: changes.iter().map(change).collect() })
}

impl Reference {
    pub(crate) fn insert(&mut self, id: &str, operation: RecordedOperation) {
        self.operations.insert(id.to_owned(), operation);
    }

    pub(crate) fn get(&self, id: &str) -> Option<&RecordedOperation> {
        self.operations.get(id)
    }

    /// Returns the release that an operation left of a group.
    pub(crate) fn release_of(&self, id: &str, group: &str) -> Option<&Value> {
        Some(&self.operations.get(id)?.changes.get(group)?.after)
    }

    /// Returns the heads of each group among operations.
    pub(crate) fn heads(&self, known: &Ids) -> BTreeMap<Place, Ids> {
        let operations = || known.iter().filter_map(|id| Some((id, self.operations.get(id)?)));
        let mut built_upon = BTreeSet::new();
        for (_, operation) in operations() {
            for (group, change) in &operation.changes {
                built_upon.extend(change.predecessors().map(|id| (group, id)));
            }
        }
        let mut heads: BTreeMap<Place, Ids> = BTreeMap::new();
        for (id, operation) in operations() {
            for group in operation.changes.keys().filter(|group| !built_upon.contains(&(*group, id))) {
                heads.entry((operation.environment.clone(), group.clone())).or_default().insert(id.clone());
            }
        }
        heads
    }

    /// Returns the operations that are known and those that they were built upon.
    pub(crate) fn with_predecessors(&self, known: &Ids) -> Ids {
        let mut all = Ids::new();
        let mut pending: Vec<&String> = known.iter().collect();
        while let Some(id) = pending.pop() {
            if all.insert(id.clone()) {
                let changes = self.operations.get(id).into_iter().flat_map(|operation| operation.changes.values());
                pending.extend(changes.flat_map(RecordedChange::predecessors));
            }
        }
        all
    }

    /// Says whether an operation is the one that was asked for, where these operations were known before it.
    pub(crate) fn check(&self, expected: &Expectation, known: &Ids, operation: &RecordedOperation) -> Result<()> {
        let heads = self.heads(known);
        for (group, change) in &operation.changes {
            if !matches!(expected, Expectation::Resolve) {
                let place = (operation.environment.clone(), group.clone());
                let current = heads.get(&place).and_then(|heads| heads.first()).cloned();
                ensure!(change.before == current, "{place:?} is at {current:?}, and not at {:?}", change.before);
            }
            let before = change.before.as_ref().and_then(|id| self.release_of(id, group));
            self.check_change(expected, &heads, (operation, group), (before, change))
                .with_context(|| format!("{expected:?} came to {group}: {change:?}"))?;
        }
        Ok(())
    }

    fn check_change(
        &self,
        expected: &Expectation,
        heads: &BTreeMap<Place, Ids>,
        (operation, group): (&RecordedOperation, &str),
        (before, change): (Option<&Value>, &RecordedChange),
    ) -> Result<()> {
        let after = &change.after;
        match expected {
            Expectation::Nothing => bail!("no operation was asked for"),
            Expectation::Publish(address) => {
                let address_after = after["backend"]["url"].as_str().map(str::to_owned);
                ensure!(after["state"] == "live" && address_after == *address, "another release was asked for");
            }
            Expectation::Switch(version) => {
                let before = before.context("there was nothing to switch")?;
                ensure!(after["backend"] == before["backend"] && after["state"] == "live", "the backend changed");
                if let Some(version) = version {
                    ensure!(after["version"] == version.as_str(), "another version was asked for");
                } else {
                    let current = change.before.as_ref().context("there was nothing to switch")?;
                    let earlier = self.releases_before(current, group)?;
                    let wanted = earlier.iter().find(|release| release["digest"] != before["digest"]);
                    let wanted = wanted.context("no other version was live before")?;
                    ensure!(after["digest"] == wanted["digest"], "the releases before are {earlier:?}");
                }
            }
            Expectation::Offline => {
                let mut offline = before.context("there was nothing to take offline")?.clone();
                offline["state"] = "offline".into();
                ensure!(is_same_release(after, &offline), "the release changed");
            }
            Expectation::Rollback => self.check_rollback(group, change)?,
            Expectation::RollbackTo(to) => {
                let named = self.operations.get(to).context("no such operation")?;
                if let Some(wanted) = named.changes.get(group) {
                    ensure!(is_same_release(after, &wanted.after), "{to} left another release");
                }
            }
            Expectation::Undo(last) => self.check_undo(last.as_ref(), group, change)?,
            Expectation::Promote(from) => {
                let source = heads.get(&(from.clone(), group.to_owned())).and_then(|heads| heads.first());
                let source = source.and_then(|id| self.release_of(id, group)).context("there is no source")?;
                ensure!(is_same_release(after, source), "the source is {source}");
            }
            Expectation::Apply => {
                let is_known = ["test", "pre-release"].contains(&operation.environment.as_str());
                ensure!(is_known && after["backend"]["type"] == "mock" && after["state"] == "live", "not the plan");
            }
            Expectation::Resolve => {
                ensure!(change.action == "resolve" && !change.merged.is_empty(), "this is no resolve");
            }
        }
        Ok(())
    }

    /// Holds a rollback against the release to which it must lead.
    fn check_rollback(&self, group: &str, change: &RecordedChange) -> Result<()> {
        let current = change.before.as_ref().context("there was nothing to roll back")?;
        let earlier = self.releases_before(current, group)?;
        let wanted = earlier.first().context("nothing was live before")?;
        ensure!(is_same_release(wanted, &change.after), "the releases before are {earlier:?}");
        Ok(())
    }

    /// Returns the releases of a group to which a way back leads from an operation, the latest first.
    fn releases_before(&self, current: &str, group: &str) -> Result<Vec<Value>> {
        let mut chain = Vec::new();
        let mut next = Some(current);
        while let Some(id) = next {
            let change = self.change(id, group).context("an unknown operation")?;
            chain.push((change.action.as_str(), &change.after));
            next = change.before.as_deref();
        }
        chain.reverse();
        Ok(way_back::releases_before(&chain))
    }

    fn check_undo(&self, undone: Option<&String>, group: &str, change: &RecordedChange) -> Result<()> {
        let current = change.before.as_ref().context("there was nothing to undo")?;
        ensure!(undone.is_none_or(|undone| undone == current), "{undone:?} was to be undone, and {current} was");
        let undone = self.change(current, group).context("an unknown operation")?;
        let restored = if undone.action == "resolve" { undone.merged.first() } else { undone.before.as_ref() };
        let wanted = if let Some(id) = restored {
            self.release_of(id, group).context("an unknown operation")?.clone()
        } else {
            let mut offline = undone.after.clone();
            offline["state"] = "offline".into();
            offline
        };
        ensure!(is_same_release(&change.after, &wanted), "before it was {wanted}");
        Ok(())
    }

    fn change(&self, id: &str, group: &str) -> Option<&RecordedChange> {
        self.operations.get(id)?.changes.get(group)
    }
}
