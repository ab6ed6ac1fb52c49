//! The documents of `version`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{FindingView, OutputDocument};
use crate::model::{Digest, GroupName, Manifest, RemarkKind, Version, VersionNotes, VersionRemark};

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct VersionCreateView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) group: GroupName,
    pub(in crate::cli) version: Version,
    pub(in crate::cli) digest: Digest,
    /// False if the version was frozen already, with these bytes.
    pub(in crate::cli) created: bool,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct VersionBumpView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) group: GroupName,
    pub(in crate::cli) before: Version,
    pub(in crate::cli) version: Version,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct VersionListView<'a> {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) group: GroupName,
    /// The frozen versions, the newest first.
    pub(in crate::cli) versions: Vec<VersionListEntryView>,
    /// The versions that were deleted.
    pub(in crate::cli) deleted: Vec<DeletedVersionView>,
    /// The blocks of versions and their ends, the oldest first.
    pub(in crate::cli) remarks: Vec<VersionRemarkView>,
    /// The notes on versions that cannot be read, and the environments in which any may be live.
    pub(in crate::cli) problems: Vec<FindingView<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct VersionListEntryView {
    pub(in crate::cli) version: Version,
    pub(in crate::cli) digest: Option<Digest>,
    /// The environments in which it is live.
    pub(in crate::cli) live: Vec<String>,
    /// The number that it was frozen as, where a merge renumbered it.
    pub(in crate::cli) frozen_as: Option<Version>,
    pub(in crate::cli) blocked: Option<VersionRemark>,
}

/// A block of a version, or the end of one.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct VersionRemarkView {
    group: GroupName,
    version: Version,
    kind: RemarkKind,
    #[serde(flatten)]
    remark: VersionRemark,
}

impl VersionRemarkView {
    pub(in crate::cli) fn new(
        group: &GroupName,
        (version, kind, remark): (&Version, RemarkKind, &VersionRemark),
    ) -> Self {
        Self { group: group.clone(), version: version.clone(), kind, remark: remark.clone() }
    }

    /// Lists those of all versions of a group.
    pub(in crate::cli) fn of_group(group: &GroupName, notes: &VersionNotes) -> Vec<Self> {
        notes.blocks_and_unblocks().into_iter().map(|remark| Self::new(group, remark)).collect()
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct DeletedVersionView {
    pub(in crate::cli) version: Version,
    pub(in crate::cli) deletions: Vec<VersionRemark>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct VersionShowView<'a> {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) group: GroupName,
    pub(in crate::cli) version: Version,
    pub(in crate::cli) digest: Digest,
    pub(in crate::cli) live: Vec<String>,
    /// The block that is in force.
    pub(in crate::cli) blocked: Option<VersionRemark>,
    /// Its blocks and their ends, the oldest first.
    pub(in crate::cli) remarks: Vec<VersionRemarkView>,
    /// Each file with its sha256.
    pub(in crate::cli) files: Manifest,
    /// The notes on versions that cannot be read, and the environments in which any may be live.
    pub(in crate::cli) problems: Vec<FindingView<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct VersionDeleteView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) group: GroupName,
    pub(in crate::cli) version: Version,
    pub(in crate::cli) deleted: bool,
    /// The states that nobody can go back to any more.
    pub(in crate::cli) lost: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct VersionBlockView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) group: GroupName,
    pub(in crate::cli) version: Version,
    pub(in crate::cli) blocked: VersionRemark,
    /// The environments in which it stays live.
    pub(in crate::cli) live: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct VersionUnblockView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) group: GroupName,
    pub(in crate::cli) version: Version,
    /// The blocks that were removed; none where it was not blocked.
    pub(in crate::cli) unblocked: Vec<VersionRemark>,
}

/// Versions that no operation names, deleted or to be deleted.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct PruneView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) dry_run: bool,
    pub(in crate::cli) versions: Vec<PrunedVersionView>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct PrunedVersionView {
    pub(in crate::cli) group: GroupName,
    pub(in crate::cli) version: Version,
    pub(in crate::cli) digest: Digest,
}

impl OutputDocument for PruneView {}
impl OutputDocument for VersionCreateView {}
impl OutputDocument for VersionBumpView {}
impl OutputDocument for VersionListView<'_> {}
impl OutputDocument for VersionShowView<'_> {}
impl OutputDocument for VersionDeleteView {}
impl OutputDocument for VersionBlockView {}
impl OutputDocument for VersionUnblockView {}
