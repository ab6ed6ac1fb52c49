//! Entries of an environment's file that were edited by hand, beside what a merge left: a resolve of other groups
//! leaves them byte for byte, and plans as if they were as their operations left them.

use std::collections::{BTreeMap, BTreeSet};

use super::record::{self, conflict, replace, values};
use crate::check::rules::records::HAND_EDIT;
use crate::model::{Deployment, Environment, EnvironmentName, GroupName, MERGE_CONFLICT, OperationId};
use crate::plan::{GroupHeads, Operations};

/// The edited entries of a file.
#[derive(Debug, Default)]
pub(super) struct HandEdits {
    /// Their lines, of those in `untold` too where they are one entry.
    texts: BTreeMap<GroupName, String>,
    /// The same entries as their operations left them.
    pub(super) recorded: BTreeMap<GroupName, Deployment>,
    /// Entries in another layout, with the values that were committed: a resolve lays them out as apigw does.
    pub(super) relaid: BTreeMap<GroupName, Deployment>,
    /// The other entries outside a conflict.
    pub(super) others: BTreeMap<GroupName, Deployment>,
    /// Entries of which it cannot be told how their operation left them, each with the operation that it names.
    untold: BTreeMap<GroupName, Option<OperationId>>,
}

impl HandEdits {
    /// Finds the entries outside a conflict that differ from their operation, one of the heads of their group.
    /// `disputed` has the groups with lines between markers. `None` where the file cannot be read beside the entries.
    pub(super) fn find(
        place: &str,
        environment: &EnvironmentName,
        text: &str,
        disputed: &BTreeSet<GroupName>,
        (operations, heads): (&Operations, &GroupHeads),
    ) -> Option<Self> {
        let reading = record::parse(place, environment, text).ok()?;
        let mut others = reading.environment.deployments;
        let as_left = |group: &GroupName, entry: &Deployment| {
            operations.get(&entry.operation).and_then(|found| found.entry(&entry.operation, group)).as_ref()
                == Some(entry)
        };
        // An entry that both sides have, and that is not readable, has the finding of the conflict.
        let is_own = |group: &Option<GroupName>| group.as_ref().is_none_or(|group| !disputed.contains(group));
        let unread = reading.problems.iter().filter(|(group, finding)| {
            finding.rule == HAND_EDIT.name || (finding.rule == MERGE_CONFLICT.name && is_own(group))
        });
        let mut edited = unread.map(|(group, _)| group.clone()).collect::<Option<Vec<_>>>()?;
        edited.extend(others.iter().filter(|(group, entry)| !as_left(group, entry)).map(|(group, _)| group.clone()));
        let mut found = Self::default();
        for group in edited {
            others.remove(&group);
            let text = replace::entry_text(text, &group);
            let relaid = text.as_deref().and_then(|text| values::committed_entry(place, environment, &group, text));
            if let Some(entry) = relaid.filter(|entry| as_left(&group, entry)) {
                found.relaid.insert(group, entry);
                continue;
            }
            let id = text.as_deref().and_then(|text| conflict::operations_in(text).remove(&group));
            let is_head = |id: &&OperationId| heads.get(&group).any(|head| head == *id);
            let recorded = id.as_ref().filter(is_head).and_then(|id| operations.get(id)?.entry(id, &group));
            match recorded.filter(|_| text.is_some()) {
                Some(recorded) => drop(found.recorded.insert(group.clone(), recorded)),
                None => drop(found.untold.insert(group.clone(), id)),
            }
            found.texts.extend(text.map(|text| (group, text)));
        }
        Some(Self { others, ..found })
    }

    /// Keeps the edits of these groups alone.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&GroupName) -> bool) {
        self.texts.retain(|group, _| is_kept(group));
        self.recorded.retain(|group, _| is_kept(group));
        self.relaid.retain(|group, _| is_kept(group));
        self.untold.retain(|group, _| is_kept(group));
    }

    /// True if an entry has a line that none of these operations left in it: no mix of their lines has it.
    pub(super) fn has_own_line(
        &self,
        environment: &EnvironmentName,
        group: &GroupName,
        left: impl Iterator<Item = Deployment>,
    ) -> bool {
        let rendered = |entry| {
            let deployments = BTreeMap::from([(group.clone(), entry)]);
            record::render(&Environment { name: environment.clone(), deployments })
        };
        let left: Vec<String> = left.map(rendered).collect();
        let is_left = |line: &str| left.iter().any(|text| text.lines().any(|other| other == line));
        self.texts.get(group).is_some_and(|text| !text.lines().all(is_left))
    }

    /// True if each edit is of an entry of which it is known how its operation left it.
    pub(super) fn is_told(&self) -> bool {
        self.untold.is_empty()
    }

    /// Returns the first entry that was edited so that it cannot be told how it was left. One whose operation is
    /// missing may be whole.
    pub(super) fn first_untold(&self, operations: &Operations) -> Option<&GroupName> {
        let is_known = |id: &Option<OperationId>| id.as_ref().is_none_or(|id| operations.contains_key(id));
        self.untold.iter().find(|(_, id)| is_known(id)).map(|(group, _)| group)
    }

    /// Puts the edited lines into a file that was written without the edits.
    pub(super) fn restore(&self, text: &str) -> String {
        let texts = self.texts.iter().filter(|(group, _)| self.recorded.contains_key(*group));
        replace::replace_texts(text, &texts.map(|(group, text)| (group.clone(), text.clone())).collect())
    }
}
