//! Where callers reach what is live, and who made it so.

use std::collections::{BTreeMap, BTreeSet};

use super::{Workspace, layout, settings};
use crate::model::{
    Environment, EnvironmentName, GroupName, GroupSettings, OperationId, PolicyOverride, SETTINGS_FILE, State, Version,
};
use crate::spread::spread;

/// What the entries of some environments go back to: the settings of their versions, and their operations.
#[derive(Debug)]
pub struct Origins<'a> {
    workspace: &'a Workspace,
    settings: BTreeMap<(&'a GroupName, &'a Version), Option<GroupSettings>>,
    committers: BTreeMap<(&'a EnvironmentName, &'a OperationId), Committer>,
}

/// Who committed an operation, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committer {
    /// Who.
    pub by: String,
    /// Why, if they said.
    pub message: Option<String>,
    /// The policies that it overrode.
    pub overrides: Vec<PolicyOverride>,
}

impl Workspace {
    /// Reads what the entries of some environments go back to, each version and each operation once, spread over the
    /// processors.
    ///
    /// An operation that cannot be read has no committer, and a version whose settings cannot be read no addresses.
    #[must_use]
    pub fn origins<'a>(&'a self, environments: &'a [Environment]) -> Origins<'a> {
        let mut versions = BTreeSet::new();
        let mut operations = BTreeSet::new();
        for environment in environments {
            for (group, deployment) in &environment.deployments {
                if deployment.release.state == State::Live {
                    versions.insert((group, &deployment.release.version));
                }
                operations.insert((&environment.name, &deployment.operation));
            }
        }
        let versions: Vec<_> = versions.into_iter().collect();
        let settings = spread(&versions, |(group, version)| self.version_settings(group, version));
        let operations: Vec<_> = operations.into_iter().collect();
        let committers = spread(&operations, |(environment, id)| {
            let operation = self.read_operation_head(environment, id).ok()?;
            Some(Committer { by: operation.actor, message: operation.message, overrides: operation.overrides })
        });
        let known = operations.into_iter().zip(committers);
        Origins {
            workspace: self,
            settings: versions.into_iter().zip(settings).collect(),
            committers: known.filter_map(|(operation, committer)| Some((operation, committer?))).collect(),
        }
    }

    fn version_settings(&self, group: &GroupName, version: &Version) -> Option<GroupSettings> {
        let place = format!("{}/{SETTINGS_FILE}", layout::version(group, version));
        let bytes = self.root.read(&place, layout::LARGEST_SETTINGS).ok().flatten()?;
        settings::group(&place, &String::from_utf8(bytes).ok()?).ok()
    }
}

impl<'a> Origins<'a> {
    /// Returns where callers reach a version of a group that is live; nothing where that cannot be read.
    #[must_use]
    pub fn urls(&self, environment: &EnvironmentName, group: &GroupName, version: &Version) -> Vec<String> {
        let settings = self.settings.get(&(group, version)).and_then(Option::as_ref);
        settings.map(|settings| self.workspace.addresses(environment, group, settings)).unwrap_or_default()
    }

    /// Returns who committed an operation of an entry.
    #[must_use]
    pub fn committer(&self, environment: &'a EnvironmentName, id: &'a OperationId) -> Option<&Committer> {
        self.committers.get(&(environment, id))
    }
}
