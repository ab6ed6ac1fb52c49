//! The comparison of a state elsewhere with this workspace: a push goes forward, or not at all.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::super::access::{SubjectOperation, subject_place};
use super::super::error::Error;
use super::super::{Workspace, layout, record};
use super::PushedState;
use crate::access::AccessSubject;
use crate::model::{Deployment, Environment, EnvironmentName, GroupName, OperationId};
use crate::store::{StateList, StatePlace};

/// A part of the state elsewhere that this workspace was not built upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Divergence {
    /// An entry whose operation is none of this group's past.
    Entry {
        /// The environment.
        environment: EnvironmentName,
        /// The group.
        group: GroupName,
        /// The operation.
        operation: OperationId,
    },
    /// An environment that would be gone.
    Environment(EnvironmentName),
    /// A key, an owner or a revocation whose operation is none of its past.
    Subject {
        /// Its name.
        subject: String,
        /// The operation.
        operation: OperationId,
    },
}

/// The differences of a state elsewhere from this workspace's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StateComparison {
    /// All that this state was not built upon.
    pub divergences: Vec<Divergence>,
    /// The groups whose entries differ, by environment.
    pub changed: BTreeMap<EnvironmentName, Vec<GroupName>>,
}

impl PushedState {
    /// Lists the files of a state elsewhere that have to be read to compare it with this one.
    #[must_use]
    pub fn places_to_compare(&self, theirs: &StateList) -> Vec<StatePlace> {
        let is_other = |place: &&StatePlace| theirs.get(place) != self.list.get(place);
        let has_heads = |place: &&StatePlace| match place {
            StatePlace::Environment(_) => self.list.get(place).is_some(),
            StatePlace::Key(_) | StatePlace::Owner(_) | StatePlace::Revocation(_) => true,
            StatePlace::Settings | StatePlace::VersionFile { .. } | StatePlace::KeySet(_) => false,
        };
        theirs.iter().map(|(place, _)| place).filter(is_other).filter(has_heads).cloned().collect()
    }

    /// Compares a state elsewhere with this one. `files` has those of [`places_to_compare`](Self::places_to_compare).
    pub fn compare(&self, theirs: &StateList, files: &BTreeMap<StatePlace, Bytes>) -> Result<StateComparison, Error> {
        let mut comparison = StateComparison::default();
        let is_gone = |name: &&EnvironmentName| self.list.get(&StatePlace::Environment((*name).clone())).is_none();
        comparison.divergences.extend(theirs.environments().filter(is_gone).cloned().map(Divergence::Environment));
        for environment in &self.environments {
            let place = StatePlace::Environment(environment.name.clone());
            if theirs.get(&place) != self.list.get(&place) {
                let theirs = files.get(&place).map(|bytes| parse_environment(&environment.name, bytes)).transpose()?;
                let theirs = theirs.unwrap_or_else(|| Environment::empty(environment.name.clone()));
                self.compare_entries(environment, theirs, &mut comparison)?;
            }
        }
        for (place, bytes) in files {
            let subject = match place {
                StatePlace::Key(name) => AccessSubject::Key(name.clone()),
                StatePlace::Owner(name) => AccessSubject::Owner(name.clone()),
                StatePlace::Revocation(id) => AccessSubject::Secret(id.clone()),
                _ => continue,
            };
            let place = subject_place(&subject);
            let operation = SubjectOperation::parse(&place, &subject, &layout::text(&place, bytes.to_vec())?)?;
            if !self.workspace.has_built_upon(&subject, &operation)? {
                let subject = subject.to_string();
                comparison.divergences.push(Divergence::Subject { subject, operation: operation.0 });
            }
        }
        Ok(comparison)
    }

    fn compare_entries(
        &self,
        ours: &Environment,
        theirs: Environment,
        comparison: &mut StateComparison,
    ) -> Result<(), Error> {
        let name = &ours.name;
        let is_changed = |(group, entry): &(&GroupName, &Deployment)| theirs.deployments.get(*group) != Some(*entry);
        let changed = ours.deployments.iter().filter(is_changed).map(|(group, _)| group.clone());
        comparison.changed.insert(name.clone(), changed.collect());
        for (group, theirs) in theirs.deployments {
            let ours = ours.deployments.get(&group);
            if !self.workspace.is_in_past(name, &group, ours, &theirs.operation)? {
                let operation = theirs.operation;
                comparison.divergences.push(Divergence::Entry { environment: name.clone(), group, operation });
            }
        }
        Ok(())
    }
}

fn parse_environment(name: &EnvironmentName, bytes: &Bytes) -> Result<Environment, Error> {
    let place = layout::environment(name);
    record::parse(&place, name, &layout::text(&place, bytes.to_vec())?)?.whole()
}

impl Workspace {
    /// True if an operation made a group's present entry or one before it, in any of the histories that were joined.
    fn is_in_past(
        &self,
        environment: &EnvironmentName,
        group: &GroupName,
        present: Option<&Deployment>,
        operation: &OperationId,
    ) -> Result<bool, Error> {
        let mut pending: BTreeSet<OperationId> = present.iter().map(|entry| entry.operation.clone()).collect();
        // An operation is later than those before it, so the latest that is known comes first.
        while let Some(id) = pending.pop_last().filter(|id| id >= operation) {
            if id == *operation {
                return Ok(true);
            }
            let read = self.read_operation(environment, &id)?;
            let change = read.changes.get(group).into_iter();
            pending.extend(change.flat_map(|change| change.predecessors().map(|entry| entry.operation.clone())));
        }
        Ok(false)
    }
}
