//! Notes on the versions of a group: all that there is to say of one beside its bytes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Digest, Timestamp, Version};

/// A statement about a version.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct VersionRemark {
    /// When it was made.
    pub at: Timestamp,
    /// The person or program that made it.
    pub by: String,
    /// Why, where that was said.
    pub why: Option<String>,
    /// The digest of the version that was meant.
    pub digest: Digest,
}

/// The note of one version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VersionNote {
    /// The statements that keep it out; more than one after a merge.
    pub blocks: Vec<VersionRemark>,
    /// Its deletions. The number stands for these bytes alone, ever after.
    pub deletions: Vec<VersionRemark>,
}

impl VersionNote {
    /// True if there is nothing to say.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.deletions.is_empty()
    }
}

/// The notes of all versions of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VersionNotes(pub BTreeMap<Version, VersionNote>);

impl VersionNotes {
    /// Returns the statement that keeps a release out, by its number or by its digest; `None` where none does.
    ///
    /// A merge may have given the blocked bytes another number, and entries name them by either.
    #[must_use]
    pub fn block(&self, version: &Version, digest: &Digest) -> Option<&VersionRemark> {
        let own = self.0.get(version).and_then(|note| note.blocks.first());
        own.or_else(|| self.0.values().flat_map(|note| &note.blocks).find(|block| block.digest == *digest))
    }

    /// Returns the deletion that keeps other bytes from a number; `None` where the number is free for these.
    #[must_use]
    pub fn deletion_barring(&self, version: &Version, digest: &Digest) -> Option<&VersionRemark> {
        let deletions = &self.0.get(version)?.deletions;
        let is_same = deletions.iter().any(|deletion| deletion.digest == *digest);
        deletions.last().filter(|_| !is_same)
    }

    /// Lists the numbers that were deleted.
    #[must_use]
    pub fn deleted(&self) -> BTreeSet<Version> {
        let deleted = self.0.iter().filter(|(_, note)| !note.deletions.is_empty());
        deleted.map(|(version, _)| version.clone()).collect()
    }
}
