//! Frozen versions that nothing refers to.

use std::collections::{BTreeMap, BTreeSet};

use super::error::Error;
use super::{Workspace, layout};
use crate::model::{Digest, GroupName, Version};

/// A frozen version that no operation names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusedVersion {
    /// Its group.
    pub group: GroupName,
    /// Its number.
    pub version: Version,
    /// The digest of its files.
    pub digest: Digest,
}

impl Workspace {
    /// Lists the frozen versions of groups that no operation of any environment names and no environment has, but for
    /// those that equal the working copy: they are about to be published.
    ///
    /// Operations that were never committed, or that lost a merge, count too: a branch may still need them.
    ///
    /// # Errors
    ///
    /// Fails if an operation, an environment or a version cannot be read or is missing, for it may name a version.
    pub fn unused_versions(&self, groups: &[GroupName]) -> Result<Vec<UnusedVersion>, Error> {
        self.versions_beside(groups, &self.named_releases()?)
    }

    /// Lists the frozen versions of groups that are none of some releases, but for those that equal the working copy.
    pub(super) fn versions_beside(
        &self,
        groups: &[GroupName],
        used: &BTreeSet<(GroupName, Digest)>,
    ) -> Result<Vec<UnusedVersion>, Error> {
        let mut unused = Vec::new();
        for group in groups {
            for version in self.versions(group)? {
                let Some(manifest) = self.manifest(group, &version)? else { continue };
                let digest = manifest.digest();
                if !used.contains(&(group.clone(), digest)) && !self.is_working_copy(group, &version, digest) {
                    unused.push(UnusedVersion { group: group.clone(), version, digest });
                }
            }
        }
        Ok(unused)
    }

    /// Returns every release that an operation or an environment names, by group and digest.
    fn named_releases(&self) -> Result<BTreeSet<(GroupName, Digest)>, Error> {
        let mut named = BTreeSet::new();
        let declared = self.settings().environments();
        for environment in self.recorded_environments()? {
            // One that was removed from the settings may have left its history alone.
            let is_removed =
                !declared.contains(&environment) && !self.root.exists(&layout::environment(&environment))?;
            let live = if is_removed { BTreeMap::new() } else { self.environment(&environment)?.deployments };
            let operations = self.read_operations(&environment, self.operation_ids(&environment)?)?;
            let changes = || operations.values().flat_map(|operation| &operation.changes);
            let before = changes().flat_map(|(group, change)| change.predecessors().map(move |entry| (group, entry)));
            for (group, entry) in live.iter().chain(before) {
                if !operations.contains_key(&entry.operation) {
                    // It cannot be told which versions it names.
                    self.operation_bytes(&environment, &entry.operation)?;
                }
                named.insert((group.clone(), entry.release.digest));
            }
            named.extend(changes().map(|(group, change)| (group.clone(), change.after.digest)));
        }
        Ok(named)
    }

    fn is_working_copy(&self, group: &GroupName, version: &Version, digest: Digest) -> bool {
        self.working_copy(group, Some(version)).is_ok_and(|copy| copy.digest == digest)
    }
}
