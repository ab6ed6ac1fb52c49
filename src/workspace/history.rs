//! The history: operations, reached from the live entries backwards.
//!
//! Each entry names the operation that made it, and each operation the entries before it: one, or those of every
//! history that a resolve joined. Operations that no chain reaches are not shown.

mod walk;

use std::collections::{BTreeMap, BTreeSet};

use super::error::{Error, UnknownName, missing_hint, not_as_left};
use super::overview::ViewProblem;
use super::{Workspace, layout, operation_file};
use crate::check::rules::records::{CHAIN_BROKEN, OPERATION_MISSING};
use crate::model::nearest;
use crate::model::{
    Deployment, Environment, EnvironmentName, GroupChange, GroupName, Hint, Location, Operation, OperationId,
    ReleaseAction, Timestamp,
};
use crate::plan::{LooseOperation, PastEntry};

/// An operation with its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedOperation {
    /// The id.
    pub id: OperationId,
    /// The content of the operation's file.
    pub operation: Operation,
    /// The groups for which it lost a merge, each with the resolve that kept another release.
    pub lost: BTreeMap<GroupName, OperationId>,
    /// The groups of which no entry leads to it: a merge, or an edit by hand, lost it.
    pub unexplained: BTreeSet<GroupName>,
}

/// The place of an operation in the history of its environment.
#[derive(Debug, Default)]
pub struct OperationStanding {
    /// The groups for which it lost a merge, each with the resolve that kept another release; `None` where no entry
    /// that can be read leads to it.
    pub lost: Option<BTreeMap<GroupName, OperationId>>,
    /// The groups of which no entry leads to it, though that of another group does.
    pub unexplained: BTreeSet<GroupName>,
    /// The parts of the history that cannot be read.
    pub problems: Vec<ViewProblem>,
}

/// The history of an environment, as far as it can be read.
#[derive(Debug, Default)]
pub struct ReadableHistory {
    /// The operations, the newest first.
    pub operations: Vec<CommittedOperation>,
    /// The reasons why others cannot be read.
    pub problems: Vec<ViewProblem>,
    /// True if the environment has an entry that was asked for.
    pub is_published: bool,
}

impl Workspace {
    /// Reads operations, newest first, at most `most`; with a group, those that changed it.
    pub fn history(
        &self,
        environment: &EnvironmentName,
        group: Option<&GroupName>,
        most: usize,
    ) -> Result<Vec<CommittedOperation>, Error> {
        let live = self.environment(environment)?;
        let mut failed = None;
        let operations = self.walk(&live, group, most, &mut |_, error| failed = failed.take().or(Some(error)));
        failed.map_or(Ok(operations), Err)
    }

    /// Returns the id of the latest operation of an environment; `None` if there is none.
    ///
    /// It is the latest that a file or an entry names, whether or not it can be reversed: that of an entry may have
    /// lost its file, and to that of a file no entry may lead. One that the next command removes is none of them.
    ///
    /// # Errors
    ///
    /// Fails where the file of an entry's operation is missing.
    pub fn latest_operation(&self, environment: &EnvironmentName) -> Result<Option<OperationId>, Error> {
        let mut of_files = None;
        for id in self.operation_ids(environment)?.into_iter().rev() {
            if !self.is_abandoned(environment, &id)? {
                of_files = Some(id);
                break;
            }
        }
        let live = self.overview(std::slice::from_ref(environment), None).pop();
        let entries = live.iter().flat_map(|live| live.environment.deployments.values());
        let of_entries = entries.map(|entry| entry.operation.clone()).max();
        if of_entries > of_files
            && let Some(id) = &of_entries
        {
            self.operation_bytes(environment, id)?;
        }
        Ok(of_entries.max(of_files))
    }

    /// Returns the time of the newest operation of environments, as far as it can be read: a clock elsewhere may be
    /// ahead.
    #[must_use]
    pub fn newest_time(&self, environments: &[EnvironmentName]) -> Option<Timestamp> {
        let time = |environment: &EnvironmentName| {
            let newest = self.operation_ids(environment).ok()?.pop()?;
            Some(self.read_operation_head(environment, &newest).ok()?.time)
        };
        environments.iter().filter_map(time).max()
    }

    /// Counts the operations of an environment whose files exist.
    #[must_use]
    pub fn operation_count(&self, environment: &EnvironmentName) -> usize {
        self.operation_ids(environment).map(|ids| ids.len()).unwrap_or_default()
    }

    /// Lists the declared environments and those that have a history: one that the settings no longer declare keeps it.
    pub(super) fn recorded_environments(&self) -> Result<BTreeSet<EnvironmentName>, Error> {
        let recorded = self.root.list(layout::HISTORY_FOLDER)?.into_iter().filter_map(|name| name.parse().ok());
        Ok(self.settings.environments().into_iter().chain(recorded).collect())
    }

    /// Reads one operation's file, whether or not it was committed.
    pub(super) fn read_operation(&self, environment: &EnvironmentName, id: &OperationId) -> Result<Operation, Error> {
        operation_file::parse(environment, id, self.operation_bytes(environment, id)?)
    }

    pub(super) fn operation_bytes(&self, environment: &EnvironmentName, id: &OperationId) -> Result<Vec<u8>, Error> {
        let place = layout::operation(environment, id);
        self.root.read(&place, layout::LARGEST_RECORD)?.ok_or_else(|| {
            Error::invalid(
                &OPERATION_MISSING,
                Location::file(&place),
                "the file of a committed operation is missing".to_owned(),
                missing_hint(&place),
            )
        })
    }

    /// Reads one operation's file but for its changes, of which there may be as many as groups.
    pub(super) fn read_operation_head(
        &self,
        environment: &EnvironmentName,
        id: &OperationId,
    ) -> Result<Operation, Error> {
        operation_file::parse_head(environment, id, self.operation_bytes(environment, id)?)
    }

    /// Lists the operations whose files exist, oldest first, whether or not they were committed.
    pub(super) fn operation_ids(&self, environment: &EnvironmentName) -> Result<Vec<OperationId>, Error> {
        Ok(self.operation_files(environment)?.iter().filter_map(|file| layout::operation_of(file)).collect())
    }

    /// Lists the files in the history of an environment, oldest first.
    pub(super) fn operation_files(&self, environment: &EnvironmentName) -> Result<Vec<String>, Error> {
        self.root.list(&layout::history(environment))
    }

    /// Finds the file of an operation, committed or not, by its id or by the beginning of it, in any environment.
    pub fn find_operation(&self, text: &str) -> Result<CommittedOperation, Error> {
        self.find_operation_among(text, self.settings.environments())
    }

    /// Finds the id of an operation, committed or not, by it or by the beginning of it: in one environment, else in
    /// any.
    pub fn find_operation_of(&self, environment: &EnvironmentName, text: &str) -> Result<OperationId, Error> {
        match self.find_operation_among(text, vec![environment.clone()]) {
            // The caller refuses one of another environment by its name.
            Err(error @ Error::Unknown { .. }) => self.find_operation(text).map(|found| found.id).map_err(|_| error),
            found => Ok(found?.id),
        }
    }

    fn find_operation_among(
        &self,
        text: &str,
        environments: Vec<EnvironmentName>,
    ) -> Result<CommittedOperation, Error> {
        let mut found = Vec::new();
        let mut names = Vec::new();
        for environment in environments {
            for id in self.operation_ids(&environment)? {
                let short = id.as_str().rsplit_once('-').map_or("", |(_, short)| short);
                if !text.is_empty() && (id.as_str().starts_with(text) || short.starts_with(text)) {
                    found.push((environment.clone(), id));
                } else {
                    names.push(id.to_string());
                }
            }
        }
        match found.as_slice() {
            [(environment, id)] => {
                let operation = self.read_operation(environment, id)?;
                Ok(CommittedOperation {
                    id: id.clone(),
                    operation,
                    lost: BTreeMap::new(),
                    unexplained: BTreeSet::new(),
                })
            }
            [] => Err(Error::Unknown {
                name: UnknownName::Operation(text.to_owned()),
                nearest: nearest(text, names.iter().map(String::as_str)),
            }),
            several => {
                let candidates = several.iter().map(|(_, id)| OperationId::clone(id)).collect();
                Err(Error::Ambiguous { name: text.to_owned(), candidates })
            }
        }
    }

    /// Finds an operation in the history of its environment, as far as that can be read.
    #[must_use]
    pub fn operation_standing(&self, committed: &CommittedOperation) -> OperationStanding {
        let CommittedOperation { id, operation, .. } = committed;
        let is_changed = |group: &GroupName| operation.changes.contains_key(group);
        let ReadableHistory { operations, problems, .. } =
            self.readable_history_of(&operation.environment, &is_changed, usize::MAX);
        let found = operations.into_iter().find(|known| known.id == *id);
        let (lost, unexplained) = found.map(|known| (known.lost, known.unexplained)).unzip();
        OperationStanding { lost, unexplained: unexplained.unwrap_or_default(), problems }
    }

    /// Classifies an operation that no entry leads to, as `verify` does.
    pub fn loose_operation(&self, environment: &EnvironmentName, id: &OperationId) -> Result<LooseOperation, Error> {
        let is_abandoned = self.is_abandoned(environment, id)?;
        Ok(if is_abandoned { LooseOperation::Abandoned } else { LooseOperation::Unexplained })
    }

    /// Reads a group's deployments, the latest first, the present entry included.
    pub fn past(&self, environment: &EnvironmentName, group: &GroupName) -> Result<Vec<PastEntry>, Error> {
        let live = self.environment(environment)?;
        self.past_of(environment, group, live.deployments.get(group).cloned())
    }

    pub(super) fn past_of(
        &self,
        environment: &EnvironmentName,
        group: &GroupName,
        next: Option<Deployment>,
    ) -> Result<Vec<PastEntry>, Error> {
        let (past, cut) = self.walk_past(environment, group, next);
        cut.map_or(Ok(past), |(_, error)| Err(error))
    }

    /// Reads a group's deployments as far as that is possible. The one whose operation cannot be read comes last: the
    /// operation after it says what was live.
    ///
    /// # Errors
    ///
    /// Fails where the operation of the present entry cannot be read.
    pub(super) fn readable_past(
        &self,
        environment: &EnvironmentName,
        group: &GroupName,
        next: Option<Deployment>,
    ) -> Result<Vec<PastEntry>, Error> {
        let (mut past, cut) = self.walk_past(environment, group, next);
        match cut {
            Some((_, error)) if past.is_empty() => return Err(error),
            // Its action is not known; a publish is the one that hides nothing.
            Some((deployment, _)) => past.push(PastEntry { action: ReleaseAction::Publish, deployment }),
            None => {}
        }
        Ok(past)
    }

    /// Walks a group's deployments backwards, to the first or to one whose operation cannot be read.
    fn walk_past(
        &self,
        environment: &EnvironmentName,
        group: &GroupName,
        mut next: Option<Deployment>,
    ) -> (Vec<PastEntry>, Option<(Deployment, Error)>) {
        let mut past = Vec::new();
        while let Some(deployment) = next {
            match self.change_behind(environment, group, &deployment) {
                Ok(change) => {
                    past.push(PastEntry { action: change.action, deployment });
                    next = change.before;
                }
                Err(error) => return (past, Some((deployment, error))),
            }
        }
        (past, None)
    }

    /// Reads every deployment of a group's histories, those that a resolve did not keep among them, the latest first.
    pub(super) fn every_past(
        &self,
        environment: &EnvironmentName,
        group: &GroupName,
        present: Option<&Deployment>,
    ) -> Result<Vec<PastEntry>, Error> {
        let mut past = Vec::new();
        let mut pending: BTreeMap<OperationId, Deployment> =
            present.into_iter().map(|entry| (entry.operation.clone(), entry.clone())).collect();
        // An operation is later than those before it, so the latest that is known comes first.
        while let Some((_, deployment)) = pending.pop_last() {
            let change = self.change_behind(environment, group, &deployment)?;
            pending.extend(change.predecessors().map(|entry| (entry.operation.clone(), entry.clone())));
            past.push(PastEntry { action: change.action, deployment });
        }
        Ok(past)
    }

    /// Reads the change that made a deployment.
    fn change_behind(
        &self,
        environment: &EnvironmentName,
        group: &GroupName,
        deployment: &Deployment,
    ) -> Result<GroupChange, Error> {
        let mut operation = self.read_operation(environment, &deployment.operation)?;
        let change = operation.changes.remove(group).filter(|change| change.after == deployment.release);
        change.ok_or_else(|| broken_chain(environment, group, deployment))
    }

    /// Finds a committed operation, skipping unreadable ones; also returns the first error of those.
    pub(super) fn search_history(&self, live: &Environment, id: &OperationId) -> (Option<Operation>, Option<Error>) {
        let mut failed = None;
        let operations = self.walk(live, None, usize::MAX, &mut |_, error| failed = failed.take().or(Some(error)));
        let found = operations.into_iter().find(|committed| committed.id == *id);
        (found.map(|committed| committed.operation), failed)
    }

    /// Puts an environment back to a time; groups whose past cannot be read are left out and returned with the reason.
    pub(super) fn go_back(&self, then: &mut Environment, time: Timestamp) -> Vec<(GroupName, Error)> {
        let mut failed = Vec::new();
        let groups: Vec<GroupName> = then.deployments.keys().cloned().collect();
        for group in groups {
            let Some(current) = then.deployments.get(&group).filter(|current| current.since > time) else {
                continue;
            };
            let past = self.past_of(&then.name, &group, Some(current.clone())).unwrap_or_else(|error| {
                failed.push((group.clone(), error));
                Vec::new()
            });
            match past.into_iter().find(|past| past.deployment.since <= time) {
                Some(past) => then.deployments.insert(group, past.deployment),
                None => then.deployments.remove(&group),
            };
        }
        failed
    }
}

fn broken_chain(environment: &EnvironmentName, group: &GroupName, deployment: &Deployment) -> Error {
    let place = layout::environment(environment);
    Error::invalid(&CHAIN_BROKEN, Location::file(place), not_as_left(group, &deployment.operation), Hint::RecordEdit)
}
