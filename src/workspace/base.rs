//! The base of a plan: all that it was computed from, to be compared under the lock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::edited_entries::SharedEnvironment;
use super::error::{Error, StalePart};
use super::{EntryEdits, LockGuard, layout};
use crate::model::{Digest, EnvironmentName, GroupName, Manifest, Version, VersionNotes};
use crate::plan::Plan;

/// The state that plans were computed from, as far as they read it.
#[derive(Debug, Clone)]
pub struct PlanBase {
    pub(super) settings: Digest,
    pub(super) environments: BTreeMap<EnvironmentName, SharedEnvironment>,
    pub(super) edits: EntryEdits,
    /// The files of each working copy, as they lay on disk.
    pub(super) working_copies: BTreeMap<GroupName, Manifest>,
    pub(super) groups: Option<Vec<GroupName>>,
    pub(super) versions: BTreeMap<GroupName, BTreeSet<Version>>,
    pub(super) notes: BTreeMap<GroupName, Arc<VersionNotes>>,
    pub(super) frozen: BTreeMap<(GroupName, Version), Option<Digest>>,
}

impl LockGuard {
    /// Compares the base of plans with the files under the lock, and fails with the first part that has changed.
    ///
    /// Of an environment only the groups count that a plan looked at: changes of others go well with it.
    pub fn check_base(&self, base: &PlanBase, plans: &[&Plan]) -> Result<(), Error> {
        let workspace = self.workspace();
        if workspace.settings_digest != base.settings {
            return Err(Error::Stale(StalePart::File(layout::WORKSPACE_FILE.to_owned())));
        }
        if let Some(groups) = &base.groups
            && workspace.groups()? != *groups
        {
            return Err(Error::Stale(StalePart::Groups));
        }
        self.check_entries(base, plans)?;
        for (group, manifest) in &base.working_copies {
            for (path, digest) in &manifest.0 {
                let place = layout::group_file(group, path);
                let now = workspace.root.read(&place, layout::LARGEST_DEFINITION)?;
                if now.map(|bytes| Digest::of(&bytes)) != Some(*digest) {
                    return Err(Error::Stale(StalePart::File(place)));
                }
            }
        }
        for (group, versions) in &base.versions {
            if workspace.versions(group)? != *versions {
                return Err(Error::Stale(StalePart::Versions(group.clone())));
            }
        }
        for (group, notes) in &base.notes {
            if workspace.readable_notes(group)?.0 != **notes {
                return Err(Error::Stale(StalePart::Notes(group.clone())));
            }
        }
        for ((group, version), digest) in &base.frozen {
            if workspace.manifest(group, version)?.map(|manifest| manifest.digest()) != *digest {
                let (group, version) = (group.clone(), version.clone());
                return Err(Error::Stale(StalePart::Version { group, version }));
            }
        }
        Ok(())
    }

    fn check_entries(&self, base: &PlanBase, plans: &[&Plan]) -> Result<(), Error> {
        let groups = plans.iter().flat_map(|plan| plan.operation.changes.keys().chain(&plan.unchanged));
        let groups: BTreeSet<&GroupName> = groups.collect();
        let sound: BTreeSet<GroupName> = plans.iter().flat_map(|plan| plan.operation.changes.keys().cloned()).collect();
        for (name, (before, edits_before)) in &base.environments {
            let (now, edits) = match base.edits {
                EntryEdits::Refuse => (self.workspace().environment_for(name, &sound)?, BTreeMap::new()),
                EntryEdits::Replace => self.workspace().recorded_environment(name, &sound)?,
            };
            let moved = groups.iter().find(|group| {
                now.deployments.get(**group) != before.deployments.get(**group)
                    || edits.get(**group) != edits_before.get(**group)
            });
            if let Some(group) = moved {
                let (group, environment) = (GroupName::clone(group), name.clone());
                return Err(Error::Stale(StalePart::Entry { group, environment }));
            }
        }
        Ok(())
    }
}
