//! Versions whose two sides somebody committed between conflict markers: their bytes lie there, in whatever clone.

use std::collections::BTreeMap;

use super::super::error::Error;
use super::super::record::conflict::{ConflictSides, split_conflict};
use super::super::version_file::VersionRecord;
use super::super::{Workspace, layout, version_file};
use crate::model::{Digest, FileSet, GroupName, VERSION_FILE, Version};

/// A side of a conflict in the files of a version.
#[derive(Debug)]
pub(super) struct MarkedVersion {
    pub(super) number: Version,
    /// The number that it was frozen with.
    pub(super) from: Version,
    /// True if it stands above the `=======`, as that of the branch that was checked out.
    pub(super) is_head: bool,
    /// The files; `None` where they cannot be told apart.
    pub(super) files: Option<FileSet>,
}

impl Workspace {
    /// Reads the versions of a group of whose files a merge left both sides, by digest.
    pub(super) fn marked_versions(&self, group: &GroupName) -> Result<BTreeMap<Digest, MarkedVersion>, Error> {
        let mut marked = BTreeMap::new();
        for number in self.versions(group)? {
            let place = format!("{}/{VERSION_FILE}", layout::version(group, &number));
            let Some(bytes) = self.root.read(&place, layout::LARGEST_RECORD)? else { continue };
            let Some(sides) = split_conflict(&String::from_utf8_lossy(&bytes)) else { continue };
            for is_head in [true, false] {
                let text = side(&sides, is_head);
                let Ok(record) = version_file::parse(&place, group, &number, text) else { continue };
                let files = self.marked_files(group, &number, &record, is_head)?;
                let from = record.frozen_as.unwrap_or_else(|| number.clone());
                let found = MarkedVersion { number: number.clone(), from, is_head, files };
                marked.insert(record.manifest.digest(), found);
            }
        }
        Ok(marked)
    }

    /// Reads the files of one side; `None` where their bytes are not those of its record.
    fn marked_files(
        &self,
        group: &GroupName,
        number: &Version,
        record: &VersionRecord,
        is_head: bool,
    ) -> Result<Option<FileSet>, Error> {
        let mut files = FileSet::default();
        for (path, digest) in &record.manifest.0 {
            let place = format!("{}/{path}", layout::version(group, number));
            let Some(bytes) = self.root.read(&place, layout::LARGEST_DEFINITION)? else { return Ok(None) };
            let of_side = || {
                let sides = split_conflict(std::str::from_utf8(&bytes).ok()?)?;
                Some(side(&sides, is_head).as_bytes().to_vec())
            };
            let whole = Some(bytes.clone()).filter(|bytes| Digest::of(bytes) == *digest);
            let Some(bytes) = whole.or_else(of_side).filter(|bytes| Digest::of(bytes) == *digest) else {
                return Ok(None);
            };
            files.insert(path.clone(), bytes);
        }
        Ok(Some(files))
    }
}

fn side(sides: &ConflictSides, is_head: bool) -> &str {
    if is_head { &sides.head } else { &sides.other }
}
