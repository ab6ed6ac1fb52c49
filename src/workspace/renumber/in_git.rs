//! Versions in Git's index and commits.

use std::collections::{BTreeMap, BTreeSet};

use super::super::git::INDEX;
use super::super::git::{GitCheckout, GitOperation, HEAD};
use super::super::intact_copies::IntactCopy;
use super::super::{layout, version_file};
use crate::model::{Digest, FileSet, GroupName, VERSION_FILE, Version};

/// The stage of Git's index with the side of the branch that is checked out.
const OF_HEAD: &str = ":2";
/// The stage with the other side.
const OF_OTHER: &str = ":3";

/// A version as a commit, or a stage of Git's index, has it.
#[derive(Debug, Clone)]
pub(in crate::workspace) struct GitVersion {
    pub(super) revision: String,
    pub(super) number: Version,
    pub(super) digest: Digest,
    /// True if it has its number for good: others have that branch already, and commits are put upon it one by one.
    pub(super) is_settled: bool,
}

/// The versions that the sides of a merge have, by group.
pub(super) type SideVersions = BTreeMap<GroupName, Vec<GitVersion>>;

/// Reads the versions that both sides of a merge have, and those that are in conflict.
pub(super) fn side_versions(checkout: &GitCheckout) -> SideVersions {
    let mut sides = SideVersions::new();
    let puts_upon_head = matches!(checkout.operation(), Some(GitOperation::Rebase | GitOperation::CherryPick));
    for (group, number) in checkout.unmerged_versions() {
        for stage in [OF_HEAD, OF_OTHER] {
            if let Some(record) = record_in(checkout, stage, &group, &number) {
                let found = GitVersion {
                    revision: stage.to_owned(),
                    number: number.clone(),
                    digest: record.manifest.digest(),
                    is_settled: puts_upon_head && stage == OF_HEAD,
                };
                sides.entry(group.clone()).or_default().push(found);
            }
        }
    }
    let revisions = checkout.merge_revisions();
    for revision in revisions.into_iter().flat_map(|revisions| [revisions.ours, revisions.theirs]) {
        for (place, digest) in checkout.frozen_digests(&revision) {
            let Some((group, number)) = layout::version_in(&place) else { continue };
            let Ok(digest) = digest.parse() else { continue };
            let is_settled = puts_upon_head && revision == HEAD;
            sides.entry(group).or_default().push(GitVersion { revision: revision.clone(), number, digest, is_settled });
        }
    }
    sides
}

/// Reads the record of a version as a commit, or a stage of the index, has it.
pub(super) fn record_in(
    checkout: &GitCheckout,
    revision: &str,
    group: &GroupName,
    version: &Version,
) -> Option<version_file::VersionRecord> {
    let place = format!("{}/{VERSION_FILE}", layout::version(group, version));
    let text = String::from_utf8(checkout.read(revision, &place)?).ok()?;
    version_file::parse(&place, group, version, &text).ok()
}

/// Finds the bytes of a version in Git's index or commits, with the number that it was frozen with.
pub(in crate::workspace) fn frozen_in_git(
    checkout: &GitCheckout,
    group: &GroupName,
    digest: Digest,
    sides: &[GitVersion],
    named: &BTreeSet<Version>,
) -> Option<IntactCopy<(Version, FileSet)>> {
    let on_sides = sides.iter().filter(|side| side.digest == digest);
    let on_sides = on_sides.map(|side| (side.revision.clone(), side.number.clone()));
    let earlier = named.iter().flat_map(|number| {
        let revisions = checkout.revisions_of(format!("{}/{VERSION_FILE}", layout::version(group, number)));
        revisions.map(|commit| (commit, number.clone()))
    });
    on_sides.chain(earlier).find_map(|(revision, number)| {
        let record = record_in(checkout, &revision, group, &number)?;
        if record.manifest.digest() != digest {
            return None;
        }
        let folder = layout::version(group, &number);
        let mut files = FileSet::default();
        for (path, wanted) in record.manifest.0 {
            let place = format!("{folder}/{path}");
            // A file that is alike on both sides is not in conflict, and lies in the first stage alone.
            let staged = || checkout.read(INDEX, &place).filter(|_| revision.starts_with(':'));
            let bytes = checkout.read(&revision, &place).or_else(staged)?;
            if Digest::of(&bytes) != wanted {
                return None;
            }
            files.insert(path, bytes);
        }
        Some(IntactCopy { revision, content: (record.frozen_as.unwrap_or(number), files) })
    })
}
