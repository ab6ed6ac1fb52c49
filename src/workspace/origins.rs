//! The URLs and the authors of live entries.

use std::collections::{BTreeMap, BTreeSet};

use super::{Workspace, layout, settings};
use crate::model::{
    Digest, Environment, EnvironmentName, GroupName, GroupSettings, OperationId, PolicyOverride, Release,
    SETTINGS_FILE, Version, VersionNotes,
};
use crate::spread::spread;

/// The versions' settings and the operations behind the entries of some environments.
#[derive(Debug)]
pub struct EntryOrigins<'a> {
    workspace: &'a Workspace,
    settings: BTreeMap<(&'a GroupName, Digest), (Version, Option<GroupSettings>)>,
    committers: BTreeMap<(&'a EnvironmentName, &'a OperationId), OperationAuthor>,
}

/// The author and the reason of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationAuthor {
    /// The author.
    pub by: String,
    /// Reason; `None` if none was given.
    pub message: Option<String>,
    /// The policies that it overrode.
    pub overrides: Vec<PolicyOverride>,
}

impl Workspace {
    /// Reads the versions and operations behind the entries of some environments, each once, on all processors.
    ///
    /// An operation that cannot be read has no committer, and a version whose settings cannot be read no addresses.
    #[must_use]
    pub fn origins<'a>(&'a self, environments: &'a [Environment]) -> EntryOrigins<'a> {
        let mut releases = BTreeMap::new();
        let mut operations = BTreeSet::new();
        for environment in environments {
            for (group, deployment) in &environment.deployments {
                releases.insert((group, deployment.release.digest), &deployment.release);
                operations.insert((&environment.name, &deployment.operation));
            }
        }
        let releases: Vec<_> = releases.into_iter().collect();
        let settings = spread(&releases, |((group, _), release)| {
            let number = self.release_number(group, release);
            let settings = self.version_settings(group, &number);
            (number, settings)
        });
        let operations: Vec<_> = operations.into_iter().collect();
        let committers = spread(&operations, |(environment, id)| {
            let operation = self.read_operation_head(environment, id).ok()?;
            Some(OperationAuthor { by: operation.actor, message: operation.message, overrides: operation.overrides })
        });
        let known = operations.into_iter().zip(committers);
        EntryOrigins {
            workspace: self,
            settings: releases.into_iter().map(|(release, _)| release).zip(settings).collect(),
            committers: known.filter_map(|(operation, committer)| Some((operation, committer?))).collect(),
        }
    }

    /// Reads the notes on the versions of groups, on all processors. One that cannot be read is reported by `verify`,
    /// and hides nothing else.
    #[must_use]
    pub fn notes_of<'g>(&self, groups: impl IntoIterator<Item = &'g GroupName>) -> BTreeMap<GroupName, VersionNotes> {
        let groups: Vec<&GroupName> = groups.into_iter().collect();
        let notes = spread(&groups, |group| self.readable_notes(group).unwrap_or_default().0);
        groups.into_iter().cloned().zip(notes).collect()
    }

    fn version_settings(&self, group: &GroupName, version: &Version) -> Option<GroupSettings> {
        let place = format!("{}/{SETTINGS_FILE}", layout::version(group, version));
        let bytes = self.root.read(&place, layout::LARGEST_SETTINGS).ok().flatten()?;
        settings::group(&place, &String::from_utf8(bytes).ok()?).ok()
    }
}

impl<'a> EntryOrigins<'a> {
    /// Returns the number under which the version of a release lies, which a merge may have changed.
    #[must_use]
    pub fn number<'b>(&'b self, group: &'b GroupName, release: &'b Release) -> &'b Version {
        self.settings.get(&(group, release.digest)).map_or(&release.version, |(number, _)| number)
    }

    /// Returns the URLs of a live release; none if its settings cannot be read.
    #[must_use]
    pub fn urls(&self, environment: &EnvironmentName, group: &GroupName, release: &Release) -> Vec<String> {
        let settings = self.settings(group, release);
        settings.map(|settings| self.workspace.addresses(environment, group, settings)).unwrap_or_default()
    }

    /// Returns the settings of a release; `None` if they cannot be read.
    #[must_use]
    pub fn settings<'b>(&'b self, group: &'b GroupName, release: &Release) -> Option<&'b GroupSettings> {
        self.settings.get(&(group, release.digest))?.1.as_ref()
    }

    /// Returns who committed an operation of an entry.
    #[must_use]
    pub fn committer(&self, environment: &'a EnvironmentName, id: &'a OperationId) -> Option<&OperationAuthor> {
        self.committers.get(&(environment, id))
    }
}
