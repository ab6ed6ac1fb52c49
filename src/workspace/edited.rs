//! Working copies that differ from the newest version of their group.

use std::collections::BTreeSet;

use super::{Workspace, layout};
use crate::model::{DEFINITION_FILE, Digest, FileSet, GroupName, SETTINGS_FILE};
use crate::spread::spread;

/// The groups whose working copy differs from their newest version.
#[derive(Debug, Default)]
pub struct EditedGroups(BTreeSet<GroupName>);

impl EditedGroups {
    /// True if the working copy of a group differs from its newest version.
    #[must_use]
    pub fn contains(&self, group: &GroupName) -> bool {
        self.0.contains(group)
    }
}

impl Workspace {
    /// Compares the working copy of each group with its newest version, byte for byte, spread over the processors.
    ///
    /// A group that has no version yet, or no working copy, has nothing to differ.
    #[must_use]
    pub fn edited_groups<'a>(&self, groups: impl IntoIterator<Item = &'a GroupName>) -> EditedGroups {
        let groups: Vec<&GroupName> = groups.into_iter().collect();
        let edited = spread(&groups, |group| self.is_edited(group));
        let edited = groups.into_iter().zip(edited).filter(|(_, is_edited)| *is_edited);
        EditedGroups(edited.map(|(group, _)| group.clone()).collect())
    }

    fn is_edited(&self, group: &GroupName) -> bool {
        let Some(newest) = self.versions(group).ok().and_then(|versions| versions.last().cloned()) else {
            return false;
        };
        // A version that is damaged is told as that, not as an edit.
        let Some(manifest) = self.manifest(group, &newest).ok().flatten() else { return false };
        let place = layout::group(group);
        let Ok(folder) = self.root.folder(&place) else { return false };
        let read = |path: &str| {
            let found = if path.contains('/') {
                self.root.read(&layout::group_file(group, path), layout::LARGEST_DEFINITION)
            } else {
                folder.read(path, layout::LARGEST_DEFINITION)
            };
            found.ok().flatten()
        };
        // Most groups have these two files and no others, and then no list has to be read.
        let mut files = FileSet::default();
        for path in [SETTINGS_FILE, DEFINITION_FILE] {
            if let Some(bytes) = read(path) {
                files.insert(path, bytes);
            }
        }
        if files.manifest().digest() == manifest.digest() {
            return false;
        }
        // As long as these files are the same, so are the references among them, and so is the set.
        let is_same = |path: &str, digest: &Digest| match files.get(path) {
            Some(bytes) => Digest::of(bytes) == *digest,
            None => read(path).is_some_and(|bytes| Digest::of(&bytes) == *digest),
        };
        let has_two = manifest.0.len() == 2 && manifest.0.contains_key(DEFINITION_FILE);
        has_two || !manifest.0.iter().all(|(path, digest)| is_same(path, digest))
    }
}
