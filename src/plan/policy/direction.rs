//! The direction of a change, and the releases that it replaces.

use crate::model::{GroupChange, Release, ReleaseAction};

/// The direction of a change: policies on new releases never bar the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) enum ReleaseDirection {
    /// To a release that somebody names, new or not.
    Forward,
    /// Back to an earlier release, by rollback or undo.
    Back,
    /// To one of the releases that branches had, by a resolve: each came in by its own branch's policies, and is new to
    /// the callers of the others.
    Join,
}

/// Returns the releases that a change replaces: that of before, or those that a resolve does not keep.
pub(super) fn replaced_releases(change: &GroupChange) -> impl Iterator<Item = &Release> {
    let before = change.before.iter().filter(|_| change.action != ReleaseAction::Resolve);
    before.chain(&change.merged).map(|entry| &entry.release)
}
