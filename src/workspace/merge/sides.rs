//! The two sides of a merge: the operation that each group is at on either, by Git's commits and stages, or by the text
//! between conflict markers.

use std::collections::{BTreeMap, BTreeSet};

use super::super::git::{GitCheckout, MergeRevisions};
use super::super::layout;
use super::super::record::conflict::{ConflictSides, operations_in};
use super::MergeState;
use crate::model::{GroupName, OperationId};
use crate::plan::{MergeSides, SideEntries};

pub(super) fn sides_of(checkout: &GitCheckout, place: &str) -> MergeSides {
    let Some(revisions) = checkout.merge_revisions() else { return MergeSides::default() };
    let read = |revision: &str| side_in(checkout, revision, place);
    MergeSides { ours: read(&revisions.ours), theirs: read(&revisions.theirs) }
}

fn side_in(checkout: &GitCheckout, revision: &str, place: &str) -> Option<SideEntries> {
    let bytes = checkout.read(revision, place)?;
    Some(operations_in(&String::from_utf8_lossy(&bytes)))
}

impl MergeState {
    /// Returns the sides of a file in conflict. Git's own versions of it come first: a hunk in the text may span two
    /// entries, and then gives one group the operation of its neighbour.
    pub(super) fn conflict_sides(
        &self,
        checkout: Option<&GitCheckout>,
        place: &str,
        conflict: &ConflictSides,
    ) -> MergeSides {
        let in_text = [operations_in(&conflict.head), operations_in(&conflict.other)];
        let staged = |checkout| Some((side_in(checkout, ":2", place)?, side_in(checkout, ":3", place)?));
        if let Some(sides) = checkout.and_then(staged) {
            return self.by_branch(sides);
        }
        if let Some(MergeSides { ours: Some(ours), theirs: Some(theirs) }) =
            checkout.map(|checkout| sides_of(checkout, place))
        {
            let committed: BTreeSet<&OperationId> = ours.values().chain(theirs.values()).collect();
            // Of another merge, it would not have them all.
            if in_text.iter().flat_map(BTreeMap::values).all(|id| committed.contains(id)) {
                return MergeSides { ours: Some(ours), theirs: Some(theirs) };
            }
        }
        let [head, other] = in_text.map(|side| {
            let is_own = |(group, id): &(GroupName, OperationId)| {
                self.operations.get(id).is_none_or(|found| found.changes.contains_key(group))
            };
            side.into_iter().filter(is_own).collect::<SideEntries>()
        });
        let is_rebased = checkout.map_or(Some(false), |checkout| checkout.has_rebased_conflict(place));
        match is_rebased {
            Some(true) if !self.is_rebasing() => self.by_branch((other, head)),
            Some(_) => self.by_branch((head, other)),
            None => MergeSides::default(),
        }
    }

    /// Leaves out operations that a single commit, picked or replayed in a rebase, only builds upon: it does not bring
    /// them.
    pub(super) fn drop_base_of_pick(&mut self, checkout: Option<&GitCheckout>, place: &str) {
        let Some(checkout) = checkout else { return };
        // Git drops its stages of the file once somebody adds that.
        let revisions = [Some(":1"), checkout.picked_base()];
        let base = revisions.into_iter().flatten().find_map(|revision| side_in(checkout, revision, place));
        let picked = if self.is_rebasing() { &mut self.sides.ours } else { &mut self.sides.theirs };
        if let (Some(picked), Some(base)) = (picked, base) {
            picked.retain(|group, id| self.operations.contains_key(id) || base.get(group) != Some(id));
        }
    }

    /// Leaves out operations that the merge took away, or something after it: a side has the file, and Git's index no
    /// longer does. Whoever reverts a commit wants its operations gone, and a choice between the sides must not ask for
    /// them again.
    pub(super) fn drop_reverted(&mut self, checkout: Option<&GitCheckout>) {
        let Some(checkout) = checkout else { return };
        let Some(MergeRevisions { ours, theirs }) = checkout.merge_revisions() else { return };
        for (side, revision) in [(&mut self.sides.ours, ours), (&mut self.sides.theirs, theirs)] {
            let is_reverted = |id: &OperationId| {
                let file = layout::operation(&self.environment, id);
                checkout.read(&revision, &file).is_some() && !checkout.is_tracked(&file)
            };
            if let Some(side) = side {
                side.retain(|_, id| self.operations.contains_key(id) || !is_reverted(id));
            }
        }
    }

    /// Names sides by branch, that which Git had checked out first.
    fn by_branch(&self, (head, other): (SideEntries, SideEntries)) -> MergeSides {
        let (ours, theirs) = if self.is_rebasing() { (other, head) } else { (head, other) };
        MergeSides { ours: Some(ours), theirs: Some(theirs) }
    }
}
