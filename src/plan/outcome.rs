//! The complete outcome of a request: all that a commit writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{
    Author, Deployment, Digest, EnvironmentName, FileSet, GroupChange, GroupName, Operation, OperationId,
    PolicyOverride, Release, ReleaseAction, Version,
};

/// An entry of an environment's file that was edited by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditedEntry {
    /// Its lines in the file.
    pub lines: String,
    /// Those of them, but for the checksum, that its operation did not leave.
    pub own_lines: Vec<String>,
}

/// The complete outcome of a request in one environment, not yet committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The operation to commit. It has no changes if there is nothing to do.
    pub operation: Operation,
    /// The groups that are as the request wants them already.
    pub unchanged: Vec<GroupName>,
    /// The environments from which groups are promoted.
    pub sources: BTreeMap<GroupName, EnvironmentName>,
    /// The versions that must be frozen first, by group.
    pub freezes: BTreeMap<GroupName, Freeze>,
    /// The settings files that get a new version number, by group.
    pub edits: BTreeMap<GroupName, SettingsEdit>,
    /// The groups whose entries were lost, each with the operation that made one.
    pub lost: BTreeMap<GroupName, OperationId>,
    /// The entries edited by hand that the plan replaces; it starts from the entries as their operations left them.
    pub replaced_edits: BTreeMap<GroupName, EditedEntry>,
    /// Warnings, which do not keep the plan from being committed.
    pub warnings: Vec<String>,
}

/// A version that a plan needs and that is not frozen yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// The group.
    pub group: GroupName,
    /// The version.
    pub version: Version,
    /// Its files.
    pub files: FileSet,
    /// The digest of its files.
    pub digest: Digest,
}

/// A new text for a group's settings file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsEdit {
    /// The group.
    pub group: GroupName,
    /// The text from which the plan was computed.
    pub before: Arc<[u8]>,
    /// The new text.
    pub after: Arc<[u8]>,
}

impl Plan {
    /// True if there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operation.changes.is_empty()
    }

    /// Starts a plan without changes.
    pub(super) fn new(environment: &EnvironmentName, author: &Author) -> Self {
        Self {
            operation: Operation::begin(environment.clone(), author),
            unchanged: Vec::new(),
            sources: BTreeMap::new(),
            freezes: BTreeMap::new(),
            edits: BTreeMap::new(),
            lost: BTreeMap::new(),
            replaced_edits: BTreeMap::new(),
            warnings: Vec::new(),
        }
    }

    /// Leaves out the edited entries that stay as they are, and tells of the others.
    pub(super) fn note_edits(&mut self) {
        let Self { operation, replaced_edits, warnings, .. } = self;
        replaced_edits.retain(|group, _| operation.changes.contains_key(group));
        if replaced_edits.is_empty() {
            return;
        }
        operation.overrides.push(PolicyOverride::HandEdit);
        for (group, EditedEntry { own_lines, .. }) in replaced_edits {
            let before = operation.changes.get(group).and_then(|change| change.before.as_ref());
            let left = before.map(|before| format!(" of operation {}", before.operation)).unwrap_or_default();
            let lines = if own_lines.is_empty() { String::new() } else { format!(" ({})", own_lines.join(", ")) };
            warnings.push(format!(
                "{group} in {} was edited by hand{lines}, which no operation recorded: the edit is replaced, and this starts \
                 from the entry{left}",
                operation.environment
            ));
        }
    }

    /// Adds a group's change, unless its release stays the same and its entry is as it was committed.
    pub(super) fn change(
        &mut self,
        group: &GroupName,
        action: ReleaseAction,
        before: Option<&Deployment>,
        after: Release,
    ) {
        let is_edited = self.replaced_edits.contains_key(group);
        if !is_edited && before.is_some_and(|before| before.release.serves_same(&after)) {
            self.unchanged.push(group.clone());
            return;
        }
        self.replace(group, action, before, after);
    }

    /// Adds a group's change.
    ///
    /// The operation becomes later than the entry that it replaces, whatever the clocks say. A commit also makes it
    /// later than the other operations of the environment.
    pub(super) fn replace(
        &mut self,
        group: &GroupName,
        action: ReleaseAction,
        before: Option<&Deployment>,
        after: Release,
    ) {
        self.operation.make_later_than(before);
        self.operation
            .changes
            .insert(group.clone(), GroupChange { action, before: before.cloned(), merged: Vec::new(), after });
    }
}
