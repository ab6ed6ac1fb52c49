//! The state on disk, with the outcome of a release plan's steps upon it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::WorkspaceSettings;
use crate::model::{
    Deployment, Digest, Environment, EnvironmentName, GroupName, Operation, OperationId, Release, Version, VersionNotes,
};

use super::candidate::PublishCandidate;
use super::error::Error;
use super::facts::{Facts, HeldGrant, LooseOperation, NamedVersions, PastEntry};
use super::outcome::{EditedEntry, Plan};

/// The state on disk, with the outcome of the steps so far upon it.
pub(super) struct PlanOverlay<'a, E> {
    base: &'a dyn Facts<Error = E>,
    environments: BTreeMap<EnvironmentName, Arc<Environment>>,
    /// The versions that earlier steps freeze.
    frozen: BTreeMap<GroupName, BTreeMap<Version, Arc<PublishCandidate>>>,
}

impl<'a, E> PlanOverlay<'a, E> {
    pub(super) const fn new(base: &'a dyn Facts<Error = E>) -> Self {
        Self { base, environments: BTreeMap::new(), frozen: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, plan: &Plan) -> Result<(), Error<E>> {
        let Operation { environment: name, time, changes, .. } = &plan.operation;
        let mut shared = match self.environments.remove(name) {
            Some(known) => known,
            None => self.base.environment(name).map_err(Error::Facts)?,
        };
        // Copied once, for the first step that changes it.
        let environment = Arc::make_mut(&mut shared);
        for (group, change) in changes {
            // The operation has no id before it is committed. Nobody asks for this one: no later
            // step may touch the group in this environment again.
            let operation = OperationId::new(*time, &Digest::of(b""));
            let deployment = Deployment { release: change.after.clone(), since: *time, operation };
            environment.deployments.insert(group.clone(), deployment);
        }
        self.environments.insert(name.clone(), shared);
        for freeze in plan.freezes.values() {
            let version = plan.edits.contains_key(&freeze.group).then_some(&freeze.version);
            let candidate = self.base.working_copy(&freeze.group, version).map_err(Error::Facts)?;
            self.frozen.entry(freeze.group.clone()).or_default().insert(freeze.version.clone(), candidate);
        }
        Ok(())
    }

    fn frozen_version(&self, group: &GroupName, version: &Version) -> Option<&Arc<PublishCandidate>> {
        self.frozen.get(group)?.get(version)
    }
}

impl<E> Facts for PlanOverlay<'_, E> {
    type Error = E;

    fn error_text(&self, error: &E) -> String {
        self.base.error_text(error)
    }

    fn settings(&self) -> &WorkspaceSettings {
        self.base.settings()
    }

    fn groups(&self) -> Result<Vec<GroupName>, Self::Error> {
        self.base.groups()
    }

    fn environment(&self, environment: &EnvironmentName) -> Result<Arc<Environment>, Self::Error> {
        self.environments.get(environment).map_or_else(|| self.base.environment(environment), |known| Ok(known.clone()))
    }

    fn edited_entries(
        &self,
        environment: &EnvironmentName,
    ) -> Result<Arc<BTreeMap<GroupName, EditedEntry>>, Self::Error> {
        self.base.edited_entries(environment)
    }

    fn check_unedited(&self, environment: &EnvironmentName, groups: &BTreeSet<GroupName>) -> Result<(), Self::Error> {
        self.base.check_unedited(environment, groups)
    }

    fn working_copy(&self, group: &GroupName, version: Option<&Version>) -> Result<Arc<PublishCandidate>, Self::Error> {
        // An earlier step may have bumped the version; then that is the working copy now.
        let frozen = self.frozen.get(group).into_iter().flat_map(BTreeMap::values);
        let bumped = frozen.rev().find(|candidate| candidate.settings_on_disk.is_some());
        match (bumped, version) {
            (Some(candidate), None) => Ok(candidate.clone()),
            _ => self.base.working_copy(group, version),
        }
    }

    fn versions(&self, group: &GroupName) -> Result<BTreeSet<Version>, Self::Error> {
        let mut versions = self.base.versions(group)?;
        versions.extend(self.frozen.get(group).into_iter().flat_map(BTreeMap::keys).cloned());
        Ok(versions)
    }

    fn notes(&self, group: &GroupName) -> Result<Arc<VersionNotes>, Self::Error> {
        self.base.notes(group)
    }

    fn unreadable_notes(&self, group: &GroupName) -> Result<BTreeSet<Version>, Self::Error> {
        self.base.unreadable_notes(group)
    }

    fn check_note(&self, group: &GroupName, version: &Version) -> Result<(), Self::Error> {
        self.base.check_note(group, version)
    }

    fn frozen(&self, group: &GroupName, version: &Version) -> Result<Option<Arc<PublishCandidate>>, Self::Error> {
        match self.frozen_version(group, version) {
            Some(candidate) => Ok(Some(candidate.clone())),
            None => self.base.frozen(group, version),
        }
    }

    fn released(&self, group: &GroupName, release: &Release) -> Result<Option<Arc<PublishCandidate>>, Self::Error> {
        match self.frozen_version(group, &release.version) {
            Some(candidate) if candidate.digest == release.digest => Ok(Some(candidate.clone())),
            _ => self.base.released(group, release),
        }
    }

    fn number(&self, group: &GroupName, release: &Release) -> Result<Option<Version>, Self::Error> {
        match self.frozen_version(group, &release.version) {
            Some(candidate) if candidate.digest == release.digest => Ok(Some(release.version.clone())),
            _ => self.base.number(group, release),
        }
    }

    fn past(&self, environment: &EnvironmentName, group: &GroupName) -> Result<Vec<PastEntry>, Self::Error> {
        self.base.past(environment, group)
    }

    fn every_past(&self, environment: &EnvironmentName, group: &GroupName) -> Result<Vec<PastEntry>, Self::Error> {
        self.base.every_past(environment, group)
    }

    fn readable_past(&self, environment: &EnvironmentName, group: &GroupName) -> Result<Vec<PastEntry>, Self::Error> {
        self.base.readable_past(environment, group)
    }

    fn lost_releases(
        &self,
        environment: &EnvironmentName,
        groups: &BTreeSet<GroupName>,
        most: usize,
    ) -> Result<BTreeMap<GroupName, OperationId>, Self::Error> {
        self.base.lost_releases(environment, groups, most)
    }

    fn named_versions(&self, group: &GroupName) -> Result<NamedVersions, E> {
        self.base.named_versions(group)
    }

    fn grants(&self, environment: &EnvironmentName, group: &GroupName) -> Result<Vec<HeldGrant>, Self::Error> {
        self.base.grants(environment, group)
    }

    fn operation(&self, environment: &EnvironmentName, id: &OperationId) -> Result<Option<Operation>, Self::Error> {
        self.base.operation(environment, id)
    }

    fn loose_operation(
        &self,
        environment: &EnvironmentName,
        id: &OperationId,
    ) -> Result<Option<LooseOperation>, Self::Error> {
        self.base.loose_operation(environment, id)
    }
}
