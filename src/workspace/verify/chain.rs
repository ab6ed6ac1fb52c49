//! The chains of operations: from each entry through what was there before to where it began.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::entries::Entries;
use super::operations::{Operations, Read};
use super::{Problem, ProblemKind, group_location, problem_of, restore_hint};
use crate::model::{Deployment, EnvironmentName, GroupName, Location, Operation, OperationId};
use crate::workspace::error::Error;
use crate::workspace::{Workspace, layout};

/// The chains of one environment.
pub(super) struct Chains<'a> {
    operations: Operations<'a>,
    workspace: &'a Workspace,
    environment: &'a EnvironmentName,
    reached: BTreeSet<OperationId>,
}

impl<'a> Chains<'a> {
    pub(super) const fn new(operations: Operations<'a>) -> Self {
        let (workspace, environment) = (operations.workspace, operations.environment);
        Self { operations, workspace, environment, reached: BTreeSet::new() }
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
            self.reached.insert(id.clone());
            let Read::Whole(operation) = self.operations.get(&id)? else {
                self.report(&id, problems)?;
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
            let before = change.before.clone();
            next = before;
        }
        Ok(())
    }

    /// Reports an operation that is missing or damaged, once.
    fn report(&mut self, id: &OperationId, problems: &mut Vec<Problem>) -> Result<(), Error> {
        if let Some(error) = self.operations.take_error(id) {
            let missing = !self.workspace.root.exists(&layout::operation(self.environment, id))?;
            let kind = if missing { ProblemKind::Missing } else { ProblemKind::Damaged };
            problems.extend(problem_of(error, kind)?);
        }
        Ok(())
    }

    /// Tells apart the files that no chain reaches, and returns the operations that were never committed.
    pub(super) fn unreached(
        &mut self,
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
            if self.reached.contains(&id) {
                continue;
            }
            match self.operations.get(&id)? {
                Read::Whole(operation) => {
                    unreached.insert(id, operation);
                }
                Read::Broken => self.report(&id, problems)?,
            }
        }
        // With a broken environment's file, nothing can be said about what it no longer reaches.
        if entries.broken {
            return Ok(Vec::new());
        }
        self.tell_apart(unreached, entries, problems)
    }

    /// Tells apart operations that nothing leads to. One whose commit was begun and not finished has
    /// left its intent; one that a later one was built upon was committed; of the others it cannot be
    /// known, so they are never removed.
    fn tell_apart(
        &self,
        unreached: BTreeMap<OperationId, Rc<Operation>>,
        entries: &Entries,
        problems: &mut Vec<Problem>,
    ) -> Result<Vec<OperationId>, Error> {
        let built_upon: BTreeSet<OperationId> = unreached
            .values()
            .flat_map(|operation| operation.changes.values())
            .filter_map(|change| Some(change.before.as_ref()?.operation.clone()))
            .collect();
        let present: BTreeSet<&GroupName> = entries.recorded().map(|(group, _)| group).collect();
        let mut abandoned = Vec::new();
        for (id, operation) in unreached {
            let gone = operation.changes.keys().find(|group| !present.contains(*group));
            if self.workspace.is_abandoned(self.environment, &id)? {
                problems.push(self.abandoned_problem(&id, &operation));
                abandoned.push(id);
            } else if gone.is_none() && !built_upon.contains(&id) {
                problems.push(self.loose_problem(&id, &operation));
            } else {
                let (kind, message) = if let Some(group) = gone {
                    (ProblemKind::Missing, format!("{group} has no entry, and operation {id} made one"))
                } else {
                    let message = format!("operation {id} was committed, and no entry leads to it any more");
                    (ProblemKind::HandEdit, message)
                };
                let place = layout::environment(self.environment);
                problems.push(Problem::new(kind, Location::file(&place), message, restore_hint(&place)));
            }
        }
        Ok(abandoned)
    }

    fn abandoned_problem(&self, id: &OperationId, operation: &Operation) -> Problem {
        let message = format!(
            "operation {id} of {} was never committed: its command ({}) was interrupted",
            operation.actor, operation.command
        );
        let hint = "the next change of the environment removes it; so does `apigw verify --repair`";
        let location = Location::file(layout::operation(self.environment, id));
        Problem::new(ProblemKind::Abandoned, location, message, hint).repairable()
    }

    fn loose_problem(&self, id: &OperationId, operation: &Operation) -> Problem {
        let message = format!(
            "no entry leads to operation {id} of {} ({}): it was interrupted, a merge took the other side, or the \
             environment's file was set back by hand",
            operation.actor, operation.command
        );
        let hint = format!(
            "compare it with `git log -- {}`; where it is of no use any more, delete the file",
            layout::environment(self.environment)
        );
        let location = Location::file(layout::operation(self.environment, id));
        Problem::new(ProblemKind::Abandoned, location, message, hint)
    }
}
