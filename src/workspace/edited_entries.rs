//! Entries of an environment's file that were edited by hand, as a way back takes them: as their operations left them.
//!
//! What was committed is what the history says. A `rollback` that an edit barred would bar the way back when it is
//! needed; one that began from the edit would write an operation whose predecessor nobody committed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::error::{Error, not_as_left, restore_hint};
use super::record::{EnvironmentReading, conflict, render, replace};
use super::{Workspace, layout};
use crate::check::rules::records::HAND_EDIT;
use crate::model::{Deployment, Environment, EnvironmentName, GroupName, Hint, Location, OperationId};
use crate::plan::{EditedEntry, GroupHeads, Operations, Plan};

/// The treatment of entries that were edited by hand, where a change is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryEdits {
    /// They bar the change.
    Refuse,
    /// They are replaced, and the change is planned from the entries as their operations left them.
    Replace,
}

/// An environment as its operations left it, with the edited entries that are left out of it.
pub(super) type RecordedEnvironment = (Environment, BTreeMap<GroupName, EditedEntry>);

/// The same, shared by those who look at one state.
pub(super) type SharedEnvironment = (Arc<Environment>, Arc<BTreeMap<GroupName, EditedEntry>>);

impl Workspace {
    /// Reads the live entries as [`environment_for`](Self::environment_for) does, but for those of the groups, or of
    /// all where none is named, that were edited by hand: these are as their operations left them.
    pub(super) fn recorded_environment(
        &self,
        environment: &EnvironmentName,
        groups: &BTreeSet<GroupName>,
    ) -> Result<RecordedEnvironment, Error> {
        let place = layout::environment(environment);
        let Some(bytes) = self.root.read(&place, layout::LARGEST_RECORD)? else {
            return Ok((self.environment_for(environment, groups)?, BTreeMap::new()));
        };
        let text = layout::text(&place, bytes)?;
        let mut reading = self.parse_environment(environment, &text)?;
        let text = reading.take_text(text);
        let edits = self.replace_edits(&mut reading, &text, groups)?;
        Ok((reading.for_groups(groups)?, edits))
    }

    /// Puts the recorded entries of groups, or of all where none is named, into the place of edited ones, and returns
    /// these.
    pub(super) fn replace_edits(
        &self,
        reading: &mut EnvironmentReading,
        text: &str,
        groups: &BTreeSet<GroupName>,
    ) -> Result<BTreeMap<GroupName, EditedEntry>, Error> {
        // A conflict has a way out of its own.
        if reading.problems.iter().any(|(_, finding)| finding.rule != HAND_EDIT.name) {
            return Ok(BTreeMap::new());
        }
        let environment = reading.environment.name.clone();
        let is_wanted = |group: &&GroupName| groups.is_empty() || groups.contains(*group);
        let unread = reading.problems.iter().filter_map(|(group, _)| group.as_ref());
        let changed = reading
            .environment
            .deployments
            .iter()
            .filter(|(group, entry)| is_wanted(group) && self.is_other_than_recorded(&environment, group, entry));
        let edited: BTreeSet<GroupName> =
            unread.filter(is_wanted).chain(changed.map(|(group, _)| group)).cloned().collect();
        if edited.is_empty() {
            return Ok(BTreeMap::new());
        }
        let operations = self.whole_operations(&environment)?;
        let heads = GroupHeads::of(operations.iter());
        let mut edits = BTreeMap::new();
        for group in edited {
            let Some(lines) = replace::entry_text(text, &group) else { continue };
            let Some((entry, edit)) = recorded_entry(&environment, &group, lines, (&operations, &heads)) else {
                // No repair records it either.
                let of_group = reading.problems.iter_mut().filter(|(named, _)| named.as_ref() == Some(&group));
                of_group.for_each(|(_, finding)| finding.hint = restore_hint(&layout::environment(&environment)));
                continue;
            };
            reading.problems.retain(|(named, _)| named.as_ref() != Some(&group));
            edits.insert(group.clone(), edit);
            reading.environment.deployments.insert(group, entry);
        }
        Ok(edits)
    }

    /// Refuses a plan from an entry that its operation did not leave like that: its checksum was written by hand as
    /// well, and an operation that names it as its predecessor would break the chain.
    pub(super) fn check_predecessors(&self, plan: &Plan) -> Result<(), Error> {
        let environment = &plan.operation.environment;
        let changes = plan.operation.changes.iter();
        let replaced = changes.filter_map(|(group, change)| Some((group, change.before.as_ref()?)));
        self.check_recorded(environment, replaced)
    }

    /// Refuses entries of groups, or of all where none is named, that were edited by hand.
    pub(super) fn check_unedited(
        &self,
        environment: &EnvironmentName,
        groups: &BTreeSet<GroupName>,
    ) -> Result<(), Error> {
        let entries = self.environment_for(environment, groups)?.deployments;
        let is_wanted = |(group, _): &(&GroupName, &Deployment)| groups.is_empty() || groups.contains(*group);
        self.check_recorded(environment, entries.iter().filter(is_wanted))
    }

    /// Refuses entries that their operations did not leave like that.
    fn check_recorded<'a>(
        &self,
        environment: &EnvironmentName,
        mut entries: impl Iterator<Item = (&'a GroupName, &'a Deployment)>,
    ) -> Result<(), Error> {
        match entries.find(|(group, entry)| self.is_other_than_recorded(environment, group, entry)) {
            None => Ok(()),
            Some((group, entry)) => Err(Error::invalid(
                &HAND_EDIT,
                Location::file(layout::environment(environment)),
                not_as_left(group, &entry.operation),
                Hint::InspectEdit,
            )),
        }
    }

    /// True if the operation of an entry left another one. One that cannot be read says nothing.
    fn is_other_than_recorded(&self, environment: &EnvironmentName, group: &GroupName, entry: &Deployment) -> bool {
        let id = &entry.operation;
        let operation = self.read_operation(environment, id);
        operation.is_ok_and(|operation| operation.entry(id, group).as_ref() != Some(entry))
    }

    /// Reads the operations of an environment that can be read, but for those whose commit this machine has not
    /// finished.
    pub(super) fn whole_operations(&self, environment: &EnvironmentName) -> Result<Operations, Error> {
        let mut operations = Operations::new();
        for id in self.operation_ids(environment)? {
            if self.is_abandoned(environment, &id)? {
                continue;
            }
            if let Ok(operation) = self.read_operation(environment, &id) {
                operations.insert(id, operation);
            }
        }
        Ok(operations)
    }
}

/// Finds the entry that a group's edited one was before the edit. `None` where its operation may be one that is not
/// here.
fn recorded_entry(
    environment: &EnvironmentName,
    group: &GroupName,
    lines: String,
    (operations, heads): (&Operations, &GroupHeads),
) -> Option<(Deployment, EditedEntry)> {
    let named = conflict::operations_in(&lines).remove(group);
    let all: Vec<&OperationId> = heads.get(group).collect();
    let head = all.iter().find(|id| named.as_ref() == Some(**id)).or(all.first().filter(|_| all.len() == 1))?;
    let entry = operations.get(*head)?.entry(head, group)?;
    let own_lines = own_lines(environment, group, &lines, &entry);
    // Where all else is as the head left it, the id alone was edited.
    let is_known = named.is_none_or(|id| operations.contains_key(&id));
    let is_known = is_known || own_lines.iter().all(|line| line.starts_with("operation:"));
    is_known.then_some((entry, EditedEntry { lines, own_lines }))
}

/// Returns the lines of an edited entry that the recorded one does not have, but for the checksum.
fn own_lines(environment: &EnvironmentName, group: &GroupName, lines: &str, recorded: &Deployment) -> Vec<String> {
    let deployments = BTreeMap::from([(group.clone(), recorded.clone())]);
    let recorded = render(&Environment { name: environment.clone(), deployments });
    let is_own = |line: &&str| {
        !line.trim_start().starts_with("checksum:") && !recorded.lines().any(|recorded| recorded.trim() == line.trim())
    };
    lines.lines().filter(is_own).map(|line| line.trim().to_owned()).collect()
}
