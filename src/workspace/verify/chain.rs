//! The chains of operations, from each entry back to its group's first publish, and the operations that no chain
//! reaches.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::entries::EnvironmentEntries;
use super::operations::{EnvironmentOperations, OperationRead};
use super::{IntegrityProblem, ProblemKind, group_location, problem_of};
use crate::model::{Deployment, EnvironmentName, GroupName, Hint, Location, Operation, OperationId};
use crate::plan::{GroupHeads, missing_predecessor};
use crate::workspace::error::{Error, missing_hint, not_as_left, restore_hint};
use crate::workspace::{Workspace, layout};

/// The chains of one environment.
pub(super) struct OperationChains<'a> {
    pub(super) operations: EnvironmentOperations<'a>,
    workspace: &'a Workspace,
    environment: &'a EnvironmentName,
    /// The operations that an entry leads to, each with the groups through which it does.
    reached: BTreeMap<OperationId, BTreeSet<GroupName>>,
    /// The groups whose chains end at a missing or damaged file: anything beyond it is unknown.
    cut: BTreeSet<GroupName>,
}

impl<'a> OperationChains<'a> {
    pub(super) const fn new(operations: EnvironmentOperations<'a>) -> Self {
        let (workspace, environment) = (operations.workspace, operations.environment);
        Self { operations, workspace, environment, reached: BTreeMap::new(), cut: BTreeSet::new() }
    }

    pub(super) fn count(&self) -> usize {
        self.reached.len()
    }

    /// Walks from an entry to its first operations: past each resolve, on along every history that it joined.
    pub(super) fn walk(
        &mut self,
        group: &GroupName,
        entry: &Deployment,
        problems: &mut Vec<IntegrityProblem>,
    ) -> Result<(), Error> {
        let mut pending = vec![entry.clone()];
        while let Some(deployment) = pending.pop() {
            let id = deployment.operation.clone();
            if !self.reached.entry(id.clone()).or_default().insert(group.clone()) {
                continue;
            }
            let OperationRead::Whole(operation) = self.operations.get(&id) else {
                self.cut.insert(group.clone());
                self.report(&id, problems)?;
                continue;
            };
            let change = operation.changes.get(group);
            let agrees = |change: &&crate::model::GroupChange| {
                change.after == deployment.release && operation.time == deployment.since
            };
            let Some(change) = change.filter(agrees) else {
                self.cut.insert(group.clone());
                problems.push(IntegrityProblem::new(
                    ProblemKind::HandEdit,
                    group_location(self.environment),
                    not_as_left(&group, &id),
                    restore_hint(&layout::environment(self.environment)),
                ));
                continue;
            };
            pending.extend(change.predecessors().cloned());
        }
        Ok(())
    }

    /// Reports an operation that a file names and that cannot be read, although no entry can be read that leads to it.
    pub(super) fn report_named(&mut self, id: &OperationId, problems: &mut Vec<IntegrityProblem>) -> Result<(), Error> {
        match self.operations.get(id) {
            OperationRead::Whole(_) => Ok(()),
            OperationRead::Broken => self.report(id, problems),
        }
    }

    /// Reports an operation that is missing or damaged, once.
    fn report(&mut self, id: &OperationId, problems: &mut Vec<IntegrityProblem>) -> Result<(), Error> {
        if let Some(error) = self.operations.take_error(id) {
            let missing = !self.workspace.root.exists(&layout::operation(self.environment, id))?;
            let kind = if missing { ProblemKind::Missing } else { ProblemKind::Damaged };
            problems.extend(problem_of(error, kind)?);
        }
        Ok(())
    }

    /// Goes through the files that no chain reaches, and returns the operations that were never committed.
    ///
    /// One whose commit this machine has begun and not finished has left its intent. Of every other it cannot be known
    /// here: it may have lost a merge, so it has to be explained, and is never removed.
    pub(super) fn unreached(
        &mut self,
        files: &[String],
        entries: &EnvironmentEntries,
        problems: &mut Vec<IntegrityProblem>,
    ) -> Result<Vec<OperationId>, Error> {
        let mut whole = BTreeMap::new();
        let mut broken = Vec::new();
        for file in files {
            let place = format!("{}/{file}", layout::history(self.environment));
            let Some(id) = layout::operation_of(file) else {
                problems.push(IntegrityProblem::new(
                    ProblemKind::Foreign,
                    Location::file(place),
                    "this is not an operation's file",
                    "move it elsewhere",
                ));
                continue;
            };
            match self.operations.get(&id) {
                OperationRead::Whole(operation) => {
                    whole.insert(id, operation);
                }
                OperationRead::Broken => broken.push(id),
            }
        }
        self.report_broken(&broken, &whole, problems)?;
        // A broken environment's file hides which operations it reached.
        if entries.broken {
            return Ok(Vec::new());
        }
        let mut abandoned = Vec::new();
        for id in whole.keys().filter(|id| !self.reached.contains_key(*id)) {
            if self.workspace.is_abandoned(self.environment, id)? {
                problems.push(self.abandoned_problem(id, &whole[id]));
                abandoned.push(id.clone());
            }
        }
        whole.retain(|id, _| !abandoned.contains(id));
        self.report_unexplained(&whole, entries, problems);
        Ok(abandoned)
    }

    /// Reports the files whose names their bytes do not fit: damaged ones, and copies of others.
    fn report_broken(
        &mut self,
        broken: &[OperationId],
        whole: &BTreeMap<OperationId, Rc<Operation>>,
        problems: &mut Vec<IntegrityProblem>,
    ) -> Result<(), Error> {
        if broken.is_empty() {
            return Ok(());
        }
        let changes = whole.values().flat_map(|operation| operation.changes.values());
        let named: BTreeSet<&OperationId> =
            changes.flat_map(|change| change.predecessors().map(|entry| &entry.operation)).collect();
        for id in broken {
            let is_named = named.contains(id) || self.reached.contains_key(id);
            let original = self.workspace.original_of(self.environment, id, whole.keys());
            match original.filter(|_| !is_named) {
                None => self.report(id, problems)?,
                Some(original) => problems.push(IntegrityProblem::new(
                    ProblemKind::Foreign,
                    Location::file(layout::operation(self.environment, id)),
                    format!("this is a copy of operation {original} under another name, which nothing refers to"),
                    "remove it: nothing is lost with it",
                )),
            }
        }
        Ok(())
    }

    /// Reports the heads that no entry leads to, which stand for their predecessors as well.
    fn report_unexplained(
        &self,
        whole: &BTreeMap<OperationId, Rc<Operation>>,
        entries: &EnvironmentEntries,
        problems: &mut Vec<IntegrityProblem>,
    ) {
        let present: BTreeMap<&GroupName, &Deployment> = entries.recorded().collect();
        let mut groups: BTreeMap<&OperationId, Vec<&GroupName>> = BTreeMap::new();
        let heads = GroupHeads::of(whole.iter().map(|(id, operation)| (id, &**operation)));
        for (group, ids) in heads.iter().filter(|(group, _)| !self.cut.contains(*group)) {
            let is_reached = |id: &OperationId| self.reached.get(id).is_some_and(|groups| groups.contains(group));
            for id in ids.iter().filter(|id| !is_reached(id)) {
                groups.entry(id).or_default().push(group);
            }
        }
        for (id, groups) in groups {
            let absent = groups.iter().find(|group| !present.contains_key(**group)).copied();
            let mut problem = self.unexplained_problem(id, &whole[id], &groups, absent);
            let missing = groups.iter().find_map(|group| {
                let current = present.get(*group).map(|entry| &entry.operation);
                missing_predecessor(|id| whole.get(id).map(|operation| &**operation), group, id, current)
            });
            if let Some(missing) = missing {
                problem.finding.message =
                    format!("{}; it builds upon operation {missing}, which has no file", problem.finding.message);
                problem.finding.hint = Hint::MergeAgain {
                    environment: self.environment.clone(),
                    operation: id.clone(),
                    restore: Box::new(missing_hint(&layout::operation(self.environment, &missing))),
                };
            }
            problems.push(problem);
        }
    }

    fn abandoned_problem(&self, id: &OperationId, operation: &Operation) -> IntegrityProblem {
        let message = format!(
            "operation {id} of {} was never committed: its command ({}) was interrupted",
            operation.actor, operation.command
        );
        let location = Location::file(layout::operation(self.environment, id));
        IntegrityProblem::new(ProblemKind::Abandoned, location, message, Hint::RemoveAbandoned).repairable()
    }

    fn unexplained_problem(
        &self,
        id: &OperationId,
        operation: &Operation,
        groups: &[&GroupName],
        missing: Option<&GroupName>,
    ) -> IntegrityProblem {
        let Operation { actor, command, .. } = operation;
        let message = if let Some(group) = missing {
            format!("{group} has no entry, and operation {id} of {actor} ({command}) made one")
        } else {
            let groups: Vec<&str> = groups.iter().map(|group| group.as_str()).collect();
            format!(
                "no entry leads to operation {id} of {actor} ({command}), which changed {}: a merge took the other \
                 side, the environment's file was set back, or the command was interrupted elsewhere",
                groups.join(", ")
            )
        };
        let environment = self.environment;
        let hint = Hint::ResolveOperation { environment: environment.clone(), operation: id.clone() };
        let location = Location::file(layout::operation(environment, id));
        IntegrityProblem::new(ProblemKind::Unexplained, location, message, hint)
    }
}
