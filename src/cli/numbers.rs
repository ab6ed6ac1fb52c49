//! The present numbers of released versions, for documents: a merge may have given a version another one.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::model::{Digest, GroupName, Version};
use crate::workspace::Workspace;

/// Looks numbers up, each once. A lookup reads a version's files, and text for people looks up its own.
pub(super) struct PresentNumbers<'a> {
    /// None where no program reads the document.
    workspace: Option<&'a Workspace>,
    known: RefCell<BTreeMap<(GroupName, Version, Digest), Version>>,
}

impl<'a> PresentNumbers<'a> {
    pub(super) fn new(workspace: &'a Workspace, is_document_read: bool) -> Self {
        Self { workspace: is_document_read.then_some(workspace), known: RefCell::new(BTreeMap::new()) }
    }

    /// Returns the number of a version that was committed under another one, perhaps; the same where it lies nowhere.
    pub(super) fn of(&self, group: &GroupName, version: &Version, digest: Digest) -> Version {
        let Some(workspace) = self.workspace else { return version.clone() };
        let find = || {
            let located = workspace.locate_release(group, version, digest).ok().flatten();
            located.unwrap_or_else(|| version.clone())
        };
        let key = (group.clone(), version.clone(), digest);
        self.known.borrow_mut().entry(key).or_insert_with(find).clone()
    }
}
