//! Version notes: blocks and deletions of a group's versions, which are not part of their frozen bytes.

use std::collections::{BTreeMap, BTreeSet};

use super::digest::Digest;
use super::time::Timestamp;
use super::version::Version;

/// A block or a deletion of a version.
#[derive(Debug, Clone, PartialEq, Eq, schemars::JsonSchema, serde::Serialize)]
pub struct VersionRemark {
    /// The time of the remark.
    pub at: Timestamp,
    /// The author, a person or a program.
    pub by: String,
    /// The reason, if one was given.
    pub why: Option<String>,
    /// The digest of the version.
    pub digest: Digest,
}

/// The note of one version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VersionNote {
    /// Blocks that prevent a release; several after a merge.
    pub blocks: Vec<VersionRemark>,
    /// Deletions. The number remains reserved for the deleted bytes.
    pub deletions: Vec<VersionRemark>,
}

impl VersionNote {
    /// Adds a deletion, in place of an earlier one of the same bytes.
    pub fn add_deletion(&mut self, deletion: VersionRemark) {
        self.deletions.retain(|earlier| earlier.digest != deletion.digest);
        self.deletions.push(deletion);
    }

    /// True if there are no remarks.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.deletions.is_empty()
    }
}

/// The notes of all versions of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VersionNotes(pub BTreeMap<Version, VersionNote>);

impl VersionNotes {
    /// Returns the block of the version with a digest; `None` if there is none.
    ///
    /// The digest decides: a merge may have given the blocked bytes another number, and the number to others.
    #[must_use]
    pub fn block(&self, digest: &Digest) -> Option<&VersionRemark> {
        self.0.values().flat_map(|note| &note.blocks).find(|block| block.digest == *digest)
    }

    /// Returns the block of a number that is about to be frozen; `None` if there is none.
    ///
    /// The blocked bytes are gone, with their group for example, and nobody unblocked the number.
    #[must_use]
    pub fn block_of_number(&self, version: &Version) -> Option<&VersionRemark> {
        self.0.get(version)?.blocks.first()
    }

    /// Returns the deletion that reserves a number for other bytes; `None` if the number is free for this digest.
    #[must_use]
    pub fn deletion_barring(&self, version: &Version, digest: &Digest) -> Option<&VersionRemark> {
        let deletions = &self.0.get(version)?.deletions;
        let is_same = deletions.iter().any(|deletion| deletion.digest == *digest);
        deletions.last().filter(|_| !is_same)
    }

    /// Returns the deletion of the version with a digest, whatever number it had; `None` if there is none.
    #[must_use]
    pub fn deletion(&self, digest: &Digest) -> Option<&VersionRemark> {
        self.0.values().flat_map(|note| &note.deletions).find(|deletion| deletion.digest == *digest)
    }

    /// Lists the deleted versions.
    #[must_use]
    pub fn deleted(&self) -> BTreeSet<Version> {
        let deleted = self.0.iter().filter(|(_, note)| !note.deletions.is_empty());
        deleted.map(|(version, _)| version.clone()).collect()
    }
}
