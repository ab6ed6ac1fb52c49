//! Version notes: blocks and deletions of a group's versions, which are not part of their frozen bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

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

impl fmt::Display for VersionRemark {
    /// Writes the author, the time and the reason.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, by, why, .. } = self;
        write!(formatter, "by {by} at {at}")?;
        why.iter().try_for_each(|why| write!(formatter, ": {why}"))
    }
}

/// The kind of a [`VersionRemark`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, schemars::JsonSchema, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RemarkKind {
    /// No environment lets the version in.
    Blocked,
    /// A block that holds no longer.
    Unblocked,
    /// The version was deleted.
    Deleted,
}

impl RemarkKind {
    /// Returns the kind as a participle.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Unblocked => "unblocked",
            Self::Deleted => "deleted",
        }
    }
}

/// The end of one block.
///
/// It names its block, so that a merge of two branches ends no block that its author did not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionUnblock {
    /// The time of the block that it ends.
    pub block: Timestamp,
    /// Author, time and reason.
    pub remark: VersionRemark,
}

/// The note of one version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VersionNote {
    /// Blocks, those that were ended too.
    pub blocks: Vec<VersionRemark>,
    /// Ends of blocks.
    pub unblocks: Vec<VersionUnblock>,
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
        self.blocks.is_empty() && self.unblocks.is_empty() && self.deletions.is_empty()
    }

    /// Iterates over the blocks that prevent a release; there are several after a merge.
    pub fn blocks_in_force(&self) -> impl Iterator<Item = &VersionRemark> {
        let is_end = |unblock: &VersionUnblock, block: &VersionRemark| {
            unblock.block == block.at && unblock.remark.digest == block.digest
        };
        self.blocks.iter().filter(move |block| !self.unblocks.iter().any(|unblock| is_end(unblock, block)))
    }

    /// Lists all remarks, the oldest first.
    #[must_use]
    pub fn remarks(&self) -> Vec<(RemarkKind, &VersionRemark)> {
        let blocks = self.blocks.iter().map(|remark| (RemarkKind::Blocked, remark));
        let unblocks = self.unblocks.iter().map(|unblock| (RemarkKind::Unblocked, &unblock.remark));
        let deletions = self.deletions.iter().map(|remark| (RemarkKind::Deleted, remark));
        let mut remarks: Vec<_> = blocks.chain(unblocks).chain(deletions).collect();
        remarks.sort_by_key(|(_, remark)| remark.at);
        remarks
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
        self.0.values().flat_map(VersionNote::blocks_in_force).find(|block| block.digest == *digest)
    }

    /// Returns the block of a number that is about to be frozen; `None` if there is none.
    ///
    /// The blocked bytes are gone, with their group for example, and nobody unblocked the number.
    #[must_use]
    pub fn block_of_number(&self, version: &Version) -> Option<&VersionRemark> {
        self.0.get(version)?.blocks_in_force().next()
    }

    /// Lists the blocks of all versions and their ends, the oldest first.
    #[must_use]
    pub fn blocks_and_unblocks(&self) -> Vec<(&Version, RemarkKind, &VersionRemark)> {
        let all = self
            .0
            .iter()
            .flat_map(|(version, note)| note.remarks().into_iter().map(move |(kind, remark)| (version, kind, remark)));
        let mut found: Vec<_> = all.filter(|(_, kind, _)| *kind != RemarkKind::Deleted).collect();
        found.sort_by_key(|(.., remark)| remark.at);
        found
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

    /// Lists the numbers of deleted versions, each with the digests that it stands for.
    #[must_use]
    pub fn reserved_numbers(&self) -> BTreeMap<Version, BTreeSet<Digest>> {
        let deleted = self.0.iter().filter(|(_, note)| !note.deletions.is_empty());
        let digests = |note: &VersionNote| note.deletions.iter().map(|deletion| deletion.digest).collect();
        deleted.map(|(version, note)| (version.clone(), digests(note))).collect()
    }

    /// Lists the deleted versions.
    #[must_use]
    pub fn deleted(&self) -> BTreeSet<Version> {
        let deleted = self.0.iter().filter(|(_, note)| !note.deletions.is_empty());
        deleted.map(|(version, _)| version.clone()).collect()
    }
}
