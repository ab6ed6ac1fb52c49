//! The chains of operations: from each entry through what was there before to where it began.

use std::collections::{BTreeMap, BTreeSet};

use super::entries::Entries;
use super::{Problem, ProblemKind, group_location, problem_of, restore_hint};
use crate::model::{Deployment, EnvironmentName, GroupName, Location, Operation, OperationId};
use crate::workspace::error::Error;
use crate::workspace::{Workspace, layout};

/// The operations of one environment, each read once.
pub(super) struct Chains<'a> {
    workspace: &'a Workspace,
    environment: &'a EnvironmentName,
    /// Operations that a chain reaches; `None` where the file is missing or damaged.
    reached: BTreeMap<OperationId, Option<Operation>>,
}

impl<'a> Chains<'a> {
    pub(super) const fn new(workspace: &'a Workspace, environment: &'a EnvironmentName) -> Self {
        Self { workspace, environment, reached: BTreeMap::new() }
    }

    pub(super) fn count(&self) -> usize {
        self.reached.len()
    }

    /// Walks from an entry to its first operation.
    pub(super) fn walk(
        &mut self,
        group: &GroupName,
        entry: &Deployment,
        problems: &mut Vec<Problem>,
    ) -> Result<(), Error> {
        let mut next = Some(entry.clone());
        while let Some(deployment) = next {
            let id = deployment.operation.clone();
            self.read(&id, problems)?;
            let Some(Some(operation)) = self.reached.get(&id) else {
                return Ok(());
            };
            let change = operation.changes.get(group);
            let agrees = |change: &&crate::model::Change| {
                change.after == deployment.release && operation.time == deployment.since
            };
            let Some(change) = change.filter(agrees) else {
                problems.push(Problem::new(
                    ProblemKind::HandEdit,
                    group_location(self.environment),
                    format!("{group} is not as operation {id} left it"),
                    restore_hint(&layout::environment(self.environment)),
                ));
                return Ok(());
            };
            next = change.before.clone();
        }
        Ok(())
    }

    fn read(&mut self, id: &OperationId, problems: &mut Vec<Problem>) -> Result<(), Error> {
        if self.reached.contains_key(id) {
            return Ok(());
        }
        let operation = match self.workspace.read_operation(self.environment, id) {
            Ok(operation) => Some(operation),
            Err(error) => {
                let missing = !self.workspace.root.exists(&layout::operation(self.environment, id))?;
                let kind = if missing { ProblemKind::Missing } else { ProblemKind::Damaged };
                problems.extend(problem_of(error, kind)?);
                None
            }
        };
        self.reached.insert(id.clone(), operation);
        Ok(())
    }

    /// Tells apart the files that no chain reaches, and returns the operations that were never committed.
    pub(super) fn unreached(
        &self,
        files: &[String],
        entries: &Entries,
        problems: &mut Vec<Problem>,
    ) -> Result<Vec<OperationId>, Error> {
        let mut unreached = BTreeMap::new();
        for file in files {
            let place = format!("{}/{file}", layout::history(self.environment));
            let id = file.strip_suffix(".yaml").and_then(|name| name.parse::<OperationId>().ok());
            let Some(id) = id else {
                problems.push(Problem::new(
                    ProblemKind::Foreign,
                    Location::file(place),
                    "this is not an operation's file",
                    "move it elsewhere",
                ));
                continue;
            };
            if self.reached.contains_key(&id) {
                continue;
            }
            match self.workspace.read_operation(self.environment, &id) {
                Ok(operation) => {
                    unreached.insert(id, operation);
                }
                Err(error) => problems.extend(problem_of(error, ProblemKind::Damaged)?),
            }
        }
        // With a broken environment's file, nothing can be said about what it no longer reaches.
        if entries.broken {
            return Ok(Vec::new());
        }
        Ok(self.tell_apart(unreached, entries, problems))
    }

    /// An operation that a later one was built upon was committed once; the others never were.
    fn tell_apart(
        &self,
        unreached: BTreeMap<OperationId, Operation>,
        entries: &Entries,
        problems: &mut Vec<Problem>,
    ) -> Vec<OperationId> {
        let built_upon: BTreeSet<OperationId> = unreached
            .values()
            .flat_map(|operation| operation.changes.values())
            .filter_map(|change| Some(change.before.as_ref()?.operation.clone()))
            .collect();
        let present: BTreeSet<&GroupName> = entries.recorded().map(|(group, _)| group).collect();
        let mut abandoned = Vec::new();
        for (id, operation) in unreached {
            if !built_upon.contains(&id) {
                problems.push(self.abandoned_problem(&id, &operation));
                abandoned.push(id);
                continue;
            }
            let gone = operation.changes.keys().find(|group| !present.contains(*group));
            let (kind, message) = match gone {
                Some(group) => {
                    (ProblemKind::Missing, format!("the entry of {group} was removed; operation {id} had made it"))
                }
                None => {
                    (ProblemKind::HandEdit, format!("operation {id} was committed, and no entry leads to it any more"))
                }
            };
            let place = layout::environment(self.environment);
            problems.push(Problem::new(kind, Location::file(&place), message, restore_hint(&place)));
        }
        abandoned
    }

    fn abandoned_problem(&self, id: &OperationId, operation: &Operation) -> Problem {
        let message = format!(
            "operation {id} of {} was never committed: its command ({}) was interrupted, or a merge took the other side",
            operation.actor, operation.command
        );
        let hint = "nothing is needed; `apigw verify --repair` removes the file";
        let location = Location::file(layout::operation(self.environment, id));
        Problem::new(ProblemKind::Abandoned, location, message, hint).repairable()
    }
}
