//! The present numbers of released versions, for documents: a merge may have given a version another one.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::model::{Digest, GroupName, Version};
use crate::workspace::Workspace;

/// Looks numbers up, each once.
pub(super) struct PresentNumbers<'a> {
    workspace: &'a Workspace,
    known: RefCell<BTreeMap<(GroupName, Version, Digest), Version>>,
}

impl<'a> PresentNumbers<'a> {
    pub(super) const fn new(workspace: &'a Workspace) -> Self {
        Self { workspace, known: RefCell::new(BTreeMap::new()) }
    }

    /// Returns the number of a version that was committed under another one, perhaps; the same where it lies nowhere.
    pub(super) fn of(&self, group: &GroupName, version: &Version, digest: Digest) -> Version {
        let find = || {
            let located = self.workspace.locate_release(group, version, digest).ok().flatten();
            located.unwrap_or_else(|| version.clone())
        };
        let key = (group.clone(), version.clone(), digest);
        self.known.borrow_mut().entry(key).or_insert_with(find).clone()
    }
}
