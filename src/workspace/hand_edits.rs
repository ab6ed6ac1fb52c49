//! Entries of an environment's file that were edited by hand, beside what a merge left: a resolve of other groups leaves
//! them byte for byte, and plans as if they were as their operations left them.

use std::collections::BTreeMap;

use super::record::{self, conflict, replace};
use crate::model::{Deployment, EnvironmentName, GroupName};
use crate::plan::{GroupHeads, Operations};

/// The edited entries of a file.
#[derive(Debug, Default)]
pub(super) struct HandEdits {
    /// Their lines.
    texts: BTreeMap<GroupName, String>,
    /// The same entries as their operations left them.
    pub(super) recorded: BTreeMap<GroupName, Deployment>,
    /// The other entries outside a conflict.
    pub(super) others: BTreeMap<GroupName, Deployment>,
}

impl HandEdits {
    /// Finds the entries outside a conflict that differ from their operation, one of the heads of their group; `None` where
    /// an entry cannot be told in this way.
    pub(super) fn find(
        place: &str,
        environment: &EnvironmentName,
        text: &str,
        (operations, heads): (&Operations, &GroupHeads),
    ) -> Option<Self> {
        let reading = record::parse(place, environment, text).ok()?;
        let mut others = reading.environment.deployments;
        let as_left = |group: &GroupName, entry: &Deployment| {
            operations.get(&entry.operation).and_then(|found| found.entry(&entry.operation, group)).as_ref()
                == Some(entry)
        };
        let unread = reading.problems.iter().filter(|(_, finding)| finding.rule == "hand-edit");
        let mut edited = unread.map(|(group, _)| group.clone()).collect::<Option<Vec<_>>>()?;
        edited.extend(others.iter().filter(|(group, entry)| !as_left(group, entry)).map(|(group, _)| group.clone()));
        let mut found = Self::default();
        for group in edited {
            let text = replace::entry_text(text, &group)?;
            let id = conflict::operations_in(&text).remove(&group)?;
            let is_head = heads.get(&group).any(|head| *head == id);
            let recorded = operations.get(&id).filter(|_| is_head)?.entry(&id, &group)?;
            others.remove(&group);
            found.texts.insert(group.clone(), text);
            found.recorded.insert(group, recorded);
        }
        Some(Self { others, ..found })
    }

    /// Keeps the edits of these groups alone.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&GroupName) -> bool) {
        self.texts.retain(|group, _| is_kept(group));
        self.recorded.retain(|group, _| is_kept(group));
    }

    /// Puts the edited lines into a file that was written without the edits.
    pub(super) fn restore(&self, text: &str) -> String {
        replace::replace_texts(text, &self.texts)
    }
}
