//! Which working copies differ from what is live.

use std::collections::{BTreeMap, BTreeSet};

use super::{Workspace, layout};
use crate::model::{DEFINITION_FILE, Digest, Environment, FileSet, GroupName, Release, SETTINGS_FILE, Version};
use crate::spread::spread;

/// The groups whose working copy differs from some release of them.
#[derive(Debug, Default)]
pub struct EditedGroups(BTreeSet<(GroupName, Digest)>);

impl EditedGroups {
    /// Says whether the working copy of a group differs from a release.
    #[must_use]
    pub fn contains(&self, group: &GroupName, release: &Release) -> bool {
        self.0.contains(&(group.clone(), release.digest))
    }
}

/// The digests that a group is released with, and a version that has each.
type Releases<'a> = BTreeMap<Digest, &'a Version>;

impl Workspace {
    /// Compares the working copy of each group with what the environments have of it, byte for byte.
    ///
    /// A working copy that cannot be read differs. The work is spread over the processors.
    #[must_use]
    pub fn edited_groups(&self, environments: &[Environment]) -> EditedGroups {
        let mut releases: BTreeMap<&GroupName, Releases<'_>> = BTreeMap::new();
        for environment in environments {
            for (group, deployment) in &environment.deployments {
                let release = &deployment.release;
                releases.entry(group).or_default().insert(release.digest, &release.version);
            }
        }
        let groups: Vec<(&GroupName, Releases<'_>)> = releases.into_iter().collect();
        let found = spread(&groups, |(group, releases)| self.differing(group, releases));
        EditedGroups(found.into_iter().flatten().collect())
    }

    /// Returns the releases from which the working copy of a group differs.
    fn differing(&self, group: &GroupName, releases: &Releases<'_>) -> Vec<(GroupName, Digest)> {
        let place = layout::group(group);
        let Ok(folder) = self.root.folder(&place) else {
            return releases.keys().map(|digest| (group.clone(), *digest)).collect();
        };
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
        let of_two = files.manifest().digest();
        let equals = |digest: Digest, version: &Version| {
            let number = self.locate_release(group, version, digest).ok().flatten();
            let Some(manifest) = number.and_then(|number| self.manifest(group, &number).ok().flatten()) else {
                return false;
            };
            // As long as these files are the same, so are the references among them, and so is the set.
            let same = |path: &str, digest: &Digest| match files.get(path) {
                Some(bytes) => Digest::of(bytes) == *digest,
                None => read(path).is_some_and(|bytes| Digest::of(&bytes) == *digest),
            };
            (manifest.0.len() != 2 || !manifest.0.contains_key(DEFINITION_FILE))
                && manifest.digest() == digest
                && manifest.0.iter().all(|(path, digest)| same(path, digest))
        };
        let differs = releases.iter().filter(|(digest, version)| **digest != of_two && !equals(**digest, version));
        differs.map(|(digest, _)| (group.clone(), *digest)).collect()
    }
}
