//! The heads of an environment's history: operations that nothing was built upon yet.
//!
//! Git merges histories by adding up their files. A group is whole when it has one head; it has several
//! where two branches changed it, until a resolve joins them.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Deployment, GroupName, Operation, OperationId};

/// Operations of one environment, by id.
pub type Operations = BTreeMap<OperationId, Operation>;

/// The heads of each group: operations that change it and that no other names as its predecessor.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct GroupHeads(BTreeMap<GroupName, BTreeSet<OperationId>>);

impl GroupHeads {
    /// Finds the heads among operations.
    pub fn of<'a>(operations: impl Iterator<Item = (&'a OperationId, &'a Operation)> + Clone) -> Self {
        let mut named = BTreeSet::new();
        for (group, change) in operations.clone().flat_map(|(_, operation)| &operation.changes) {
            named.extend(change.predecessors().map(|entry| (group, &entry.operation)));
        }
        let mut heads: BTreeMap<GroupName, BTreeSet<OperationId>> = BTreeMap::new();
        for (id, operation) in operations {
            for group in operation.changes.keys().filter(|group| !named.contains(&(*group, id))) {
                heads.entry(group.clone()).or_default().insert(id.clone());
            }
        }
        Self(heads)
    }

    /// Returns the heads of a group, the oldest first.
    #[must_use]
    pub fn get(&self, group: &GroupName) -> impl DoubleEndedIterator<Item = &OperationId> {
        self.0.get(group).into_iter().flatten()
    }

    /// True if each group has one head, and its entry among these.
    #[must_use]
    pub fn are_all_in(&self, entries: &BTreeMap<GroupName, Deployment>) -> bool {
        self.are_all_before(entries, |_| false)
    }

    /// True if each group has one head, and its entry among these, or a later operation that is not at hand.
    #[must_use]
    pub fn are_all_before(
        &self,
        entries: &BTreeMap<GroupName, Deployment>,
        is_missing: impl Fn(&OperationId) -> bool,
    ) -> bool {
        let is_led_to = |(group, heads): (&GroupName, &BTreeSet<OperationId>)| {
            let Some(Deployment { operation, .. }) = entries.get(group) else { return false };
            let is_later = || heads.iter().all(|head| head < operation) && is_missing(operation);
            (heads.len() == 1 && heads.contains(operation)) || is_later()
        };
        self.0.iter().all(is_led_to)
    }

    /// Goes through the groups, each with its heads.
    pub fn iter(&self) -> impl Iterator<Item = (&GroupName, &BTreeSet<OperationId>)> {
        self.0.iter()
    }

    /// Returns the groups of which an operation is a head.
    pub(super) fn groups_of(&self, id: &OperationId) -> impl Iterator<Item = &GroupName> {
        self.0.iter().filter(|(_, heads)| heads.contains(id)).map(|(group, _)| group)
    }
}

/// True if one operation leads to another through the predecessors of a group.
pub(super) fn leads_to(operations: &Operations, group: &GroupName, from: &OperationId, to: &OperationId) -> bool {
    let mut seen = BTreeSet::new();
    let mut pending = vec![from];
    while let Some(id) = pending.pop() {
        if id == to {
            return true;
        }
        if !seen.insert(id) {
            continue;
        }
        let change = operations.get(id).and_then(|operation| operation.changes.get(group));
        pending.extend(change.into_iter().flat_map(|change| change.predecessors().map(|entry| &entry.operation)));
    }
    false
}

/// Finds an operation without a file among those that an operation of a group builds upon, but for those that the
/// group's present operation leads to. `find` returns an operation that has one.
pub fn missing_predecessor<'a>(
    find: impl Fn(&OperationId) -> Option<&'a Operation>,
    group: &GroupName,
    from: &OperationId,
    present: Option<&OperationId>,
) -> Option<OperationId> {
    let mut known = BTreeSet::new();
    let mut walk = |start: &OperationId| {
        let mut missing = Vec::new();
        let mut pending = vec![start.clone()];
        while let Some(id) = pending.pop() {
            if !known.insert(id.clone()) {
                continue;
            }
            match find(&id) {
                None => missing.push(id),
                Some(operation) => {
                    let changes = operation.changes.get(group).into_iter();
                    pending
                        .extend(changes.flat_map(|change| change.predecessors().map(|entry| entry.operation.clone())));
                }
            }
        }
        missing.into_iter().next()
    };
    // What is in force already is not asked for its past.
    let _ = present.map(&mut walk);
    walk(from)
}
