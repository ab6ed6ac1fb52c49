//! An environment as a merge left it, and the commit that makes it whole again.

mod sides;

use self::sides::sides_of;
use super::error::{Error, StalePart, not_as_left};
use super::git::{GitCheckout, GitOperation};
use super::hand_edits::HandEdits;
use super::record::conflict::{ConflictEntry, render_conflict, split_conflict};
use super::{Committed, LockGuard, Renumbering, Workspace, layout, record, verify};
use crate::check::rules::records::HAND_EDIT;
use crate::model::{Deployment, EnvironmentName, GroupName, Hint, Location, OperationId};
use crate::plan::{
    GroupConflict, GroupHeads, HeadEntry, MergeSide, MergeSides, MergedState, Operations, Resolution, SideEntries,
};

use std::collections::{BTreeMap, BTreeSet};

/// An environment as it lies there after a merge, with all its operations.
#[derive(Debug)]
pub struct MergeState {
    environment: EnvironmentName,
    /// The bytes of the environment's file.
    bytes: Option<Vec<u8>>,
    /// True if the file has conflict markers.
    is_conflicted: bool,
    /// The joining of branches that Git has begun and not ended.
    git_operation: Option<GitOperation>,
    /// True if the workspace lies in a Git checkout.
    has_checkout: bool,
    entries: BTreeMap<GroupName, Deployment>,
    /// The entries that were edited by hand, and stay so.
    edits: HandEdits,
    sides: MergeSides,
    heads: GroupHeads,
    operations: Operations,
}

impl MergeState {
    /// Returns it as a resolve is planned from it.
    #[must_use]
    pub const fn state(&self) -> MergedState<'_> {
        MergedState {
            environment: &self.environment,
            entries: &self.entries,
            sides: &self.sides,
            operations: &self.operations,
        }
    }

    /// Returns the text of the environment's file once a resolution is committed under an id.
    fn text_after(&self, resolution: &Resolution, id: Option<&OperationId>) -> String {
        let mut environment = resolution.environment.clone();
        for group in resolution.operation.changes.keys() {
            let entry = id.and_then(|id| resolution.operation.entry(id, group));
            environment.deployments.extend(entry.map(|entry| (group.clone(), entry)));
        }
        if !self.is_conflicted || resolution.unresolved.is_empty() {
            return self.edits.restore(&record::render(&environment));
        }
        let conflicts: Vec<_> = resolution.unresolved.iter().map(|conflict| self.conflict_entry(conflict)).collect();
        self.edits.restore(&render_conflict(&environment, &conflicts))
    }

    fn conflict_entry(&self, conflict: &GroupConflict) -> ConflictEntry {
        let of = |side: MergeSide| {
            let head = conflict.heads.iter().find(|head| head.side == Some(side));
            head.map(|head| head.entry.clone())
        };
        let (head, other) = match (of(MergeSide::Ours), of(MergeSide::Theirs)) {
            // Nothing tells whose they are.
            (None, None) => {
                let entry = |head: Option<&HeadEntry>| head.map(|head| head.entry.clone());
                (entry(conflict.heads.first()), entry(conflict.heads.last()))
            }
            sides => sides,
        };
        let (head, other) = if self.is_rebasing() { (other, head) } else { (head, other) };
        ConflictEntry { group: conflict.group.clone(), head, other }
    }

    /// Returns an edited entry that a resolve would overwrite, with the operation that left the entry.
    fn first_untold_edit(&self) -> Option<(&GroupName, &OperationId)> {
        let group = self.edits.first_untold(&self.operations)?;
        Some((group, self.heads.get(group).next()?))
    }

    /// Finds the groups that one branch changed, and of whose entry Git mixed the lines: that is no edit.
    fn mixed_entries(&self, edits: &HandEdits) -> BTreeSet<GroupName> {
        let operation = |side: &Option<SideEntries>, group: &GroupName| side.as_ref()?.get(group).cloned();
        let is_mixed = |group: &&GroupName| {
            let sides = [operation(&self.sides.ours, group), operation(&self.sides.theirs, group)];
            let left = |id: &OperationId| self.operations.get(id)?.entry(id, group);
            sides[0] != sides[1]
                && !edits.has_own_line(&self.environment, group, sides.iter().flatten().filter_map(left))
        };
        self.heads.iter().map(|(group, _)| group).filter(is_mixed).cloned().collect()
    }

    /// True if Git's own "ours" is the other branch.
    fn is_rebasing(&self) -> bool {
        self.git_operation == Some(GitOperation::Rebase)
    }

    /// Iterates over the groups whose entries were edited by hand. A resolve leaves them as they are.
    pub fn edited_groups(&self) -> impl Iterator<Item = &GroupName> {
        self.edits.recorded.keys()
    }

    /// Refuses a resolution that would overwrite an edit by hand, and groups that must be whole and have one.
    ///
    /// # Errors
    ///
    /// Names the first such group.
    pub fn check_edits(&self, resolution: &Resolution, groups: &[GroupName]) -> Result<(), Error> {
        let is_written = |group: &GroupName| {
            let Resolution { operation, restored, .. } = resolution;
            operation.changes.contains_key(group) || restored.contains_key(group) || groups.contains(group)
        };
        match self.edits.recorded.iter().find(|(group, _)| is_written(group)) {
            None => Ok(()),
            Some((group, entry)) => Err(self.edit_error(group, &entry.operation)),
        }
    }

    fn edit_error(&self, group: &GroupName, operation: &OperationId) -> Error {
        Error::invalid(
            &HAND_EDIT,
            Location::file(layout::environment(&self.environment)),
            not_as_left(group, operation),
            Hint::RevertEdit { environment: self.environment.clone(), file: layout::environment(&self.environment) },
        )
    }

    /// Returns the joining of branches that Git has begun and not ended.
    #[must_use]
    pub const fn git_operation(&self) -> Option<GitOperation> {
        self.git_operation
    }

    /// True if the workspace lies in a Git checkout.
    #[must_use]
    pub const fn has_checkout(&self) -> bool {
        self.has_checkout
    }

    /// True if an operation changed a group.
    #[must_use]
    pub fn has_group(&self, group: &GroupName) -> bool {
        self.heads.get(group).next().is_some()
    }

    /// True if an operation is a head of a group.
    pub(super) fn is_head(&self, group: &GroupName, id: &OperationId) -> bool {
        self.heads.get(group).any(|head| head == id)
    }

    /// True if a resolution changes nothing.
    #[must_use]
    pub fn is_whole(&self, resolution: &Resolution) -> bool {
        resolution.operation.changes.is_empty() && resolution.restored.is_empty() && !self.is_conflicted
    }
}

impl Workspace {
    /// Reads an environment as a merge left it: its file, in conflict or not, and both sides' operations.
    ///
    /// # Errors
    ///
    /// Fails where it cannot be told which entries were edited by hand, and where an operation cannot be read.
    pub fn merge_state(&self, environment: &EnvironmentName) -> Result<MergeState, Error> {
        let place = layout::environment(environment);
        let bytes = self.root.read(&place, layout::LARGEST_RECORD)?;
        let operations = self.operations(environment)?;
        if bytes.is_none() {
            self.check_can_be_built(environment)?;
        }
        let checkout = GitCheckout::find(self.root.path());
        let mut state = MergeState {
            environment: environment.clone(),
            is_conflicted: false,
            git_operation: checkout.as_ref().and_then(GitCheckout::operation),
            has_checkout: checkout.is_some(),
            entries: BTreeMap::new(),
            edits: HandEdits::default(),
            sides: MergeSides::default(),
            heads: GroupHeads::of(operations.iter()),
            operations,
            bytes: bytes.clone(),
        };
        let text = bytes.map(|bytes| layout::text(&place, bytes)).transpose()?;
        let conflict = text.as_deref().and_then(split_conflict);
        let text = text.map(|text| match self.parse_environment(environment, &text) {
            Ok(mut reading) if conflict.is_none() => reading.take_text(text),
            _ => text,
        });
        let read = (&state.operations, &state.heads);
        let disputed = conflict.as_ref().map(|conflict| conflict.disputed.clone()).unwrap_or_default();
        let edits = text.as_deref().and_then(|text| HandEdits::find(&place, environment, text, &disputed, read));
        if let Some(conflict) = conflict {
            state.is_conflicted = true;
            state.sides = state.conflict_sides(checkout.as_ref(), &place, &conflict);
            state.drop_base_of_pick(checkout.as_ref(), &place);
            state.drop_reverted(checkout.as_ref());
            let parsed = |text: &str| record::parse(&place, environment, text).ok();
            if let (Some(head), Some(mut other)) = (parsed(&conflict.head), parsed(&conflict.other)) {
                other
                    .environment
                    .deployments
                    .retain(|group, entry| head.environment.deployments.get(group) == Some(entry));
                state.entries = other.environment.deployments;
            }
            let mut edits = edits.unwrap_or_default();
            let mixed = state.mixed_entries(&edits);
            edits.retain(|group| state.heads.get(group).count() == 1 && !mixed.contains(group));
            state.edits = edits;
            if let Some((group, head)) = state.first_untold_edit() {
                return Err(state.edit_error(group, head));
            }
            state.entries.extend(state.edits.recorded.clone());
            state.entries.extend(state.edits.relaid.clone());
            state.check_entries()?;
        } else {
            // A revert that Git made without a conflict takes operations away along with the entries that name them.
            let joining = checkout.as_ref().filter(|_| state.git_operation != Some(GitOperation::Revert));
            state.sides = joining.map(|checkout| sides_of(checkout, &place)).unwrap_or_default();
            state.drop_base_of_pick(checkout.as_ref(), &place);
            state.drop_reverted(checkout.as_ref());
            if text.is_some() {
                match (self.recorded_entries(environment), edits.filter(HandEdits::is_told)) {
                    // The layout alone may differ, which a resolve restores.
                    (Ok(entries), _) => state.entries = entries,
                    (Err(error), None) => return Err(error),
                    (Err(_), Some(edits)) => {
                        state.entries = edits
                            .others
                            .iter()
                            .chain(&edits.recorded)
                            .chain(&edits.relaid)
                            .map(|(group, entry)| (group.clone(), entry.clone()))
                            .collect();
                        state.edits = edits;
                    }
                }
            }
        }
        Ok(state)
    }

    /// Lists the files that Git has in conflict, as they are called from the workspace's folder.
    #[must_use]
    pub fn unmerged_files(&self) -> BTreeSet<String> {
        GitCheckout::find(self.root.path()).map(|checkout| checkout.unmerged_files()).unwrap_or_default()
    }

    /// True if nothing is left of what Git has begun: each file is as in the commit that is checked out.
    #[must_use]
    pub fn is_as_committed(&self) -> bool {
        GitCheckout::find(self.root.path()).is_some_and(|checkout| checkout.is_as_committed())
    }

    /// Lists the folders of groups' versions in which `git add` finds something: a resolve wrote there, this one or an
    /// earlier one of the same merge.
    #[must_use]
    pub fn unstaged_version_folders(&self) -> BTreeSet<String> {
        let files =
            GitCheckout::find(self.root.path()).map(|checkout| checkout.unstaged_versions()).unwrap_or_default();
        let folder = |file: &String| {
            let (above, _) = file.split_once("/versions/")?;
            Some(format!("{above}/versions"))
        };
        files.iter().filter_map(folder).collect()
    }

    /// True if a file has conflict markers, or cannot be read.
    #[must_use]
    pub fn has_conflict_markers(&self, file: &str) -> bool {
        match self.root.read(file, layout::LARGEST_DEFINITION) {
            // Removed, as one side did.
            Ok(None) => false,
            Ok(Some(bytes)) => split_conflict(&String::from_utf8_lossy(&bytes)).is_some(),
            Err(_) => true,
        }
    }

    /// True if an environment's file has conflict markers.
    #[must_use]
    pub fn is_conflicted(&self, environment: &EnvironmentName) -> bool {
        let bytes = self.root.read(&layout::environment(environment), layout::LARGEST_RECORD).ok().flatten();
        bytes.is_some_and(|bytes| split_conflict(&String::from_utf8_lossy(&bytes)).is_some())
    }

    /// Reads every operation of an environment, but for those whose commit this machine has not finished.
    pub(super) fn operations(&self, environment: &EnvironmentName) -> Result<Operations, Error> {
        let mut ids = Vec::new();
        for id in self.operation_ids(environment)? {
            if !self.is_abandoned(environment, &id)? {
                ids.push(id);
            }
        }
        self.read_operations(environment, ids)
    }

    /// Reads the entries of a file without conflict markers, whatever its layout.
    fn recorded_entries(&self, environment: &EnvironmentName) -> Result<BTreeMap<GroupName, Deployment>, Error> {
        verify::recorded_entries(self, environment)
    }
}

impl MergeState {
    /// Refuses an entry whose operation says something else: an edit by hand is never overwritten.
    fn check_entries(&self) -> Result<(), Error> {
        let edited = |(group, entry): &(&GroupName, &Deployment)| {
            let operation = self.operations.get(&entry.operation);
            operation.is_some_and(|operation| operation.entry(&entry.operation, group).as_ref() != Some(*entry))
        };
        match self.entries.iter().find(edited) {
            None => Ok(()),
            Some((group, entry)) => Err(self.edit_error(group, &entry.operation)),
        }
    }
}

impl LockGuard {
    /// Commits a resolution, with the id of its operation where it has one.
    ///
    /// # Errors
    ///
    /// After an error nothing is changed, but for versions that have their bytes again.
    pub fn commit_resolution(
        &self,
        state: &MergeState,
        resolution: &Resolution,
        renumberings: &[Renumbering],
    ) -> Result<Committed<Option<OperationId>>, Error> {
        let environment = &state.environment;
        let now = self.workspace().merge_state(environment)?;
        if now.bytes != state.bytes || !now.operations.keys().eq(state.operations.keys()) {
            return Err(Error::Stale(StalePart::File(layout::environment(environment))));
        }
        let has_moved = !renumberings.is_empty() && self.workspace().renumberings(&now, resolution)? != renumberings;
        if has_moved {
            return Err(Error::Stale(StalePart::Renumberings));
        }
        let versions = self.write_renumberings(renumberings)?;
        match self.commit_entries(state, resolution) {
            Ok(committed) => {
                versions.keep();
                Ok(committed)
            }
            Err(error) => Err(self.take_back_versions(versions, error)),
        }
    }

    fn commit_entries(
        &self,
        state: &MergeState,
        resolution: &Resolution,
    ) -> Result<Committed<Option<OperationId>>, Error> {
        let environment = &state.environment;
        if state.is_whole(resolution) {
            return Ok(Committed::nothing());
        }
        if resolution.operation.changes.is_empty() {
            let mut stage = self.stage();
            stage.write(&layout::environment(environment), state.text_after(resolution, None).as_bytes())?;
            return Ok(Committed { id: None, unsynced: stage.settle(environment.as_str()).err() });
        }
        let has_begun = self.begin_environment(&resolution.environment_before())?;
        let next = |id: &OperationId| state.text_after(resolution, Some(id));
        self.record_as(self.stage(), &resolution.operation, &[], has_begun, next).map(Committed::into_any)
    }
}
