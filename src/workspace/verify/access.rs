//! Keys and grants: each file against the operation that made it, each chain to its beginning, and what no file leads
//! to.

use std::collections::{BTreeMap, BTreeSet};

use super::{IntegrityProblem, ProblemKind, WorkspaceVerification, problem_of};
use crate::access::{AccessOperation, AccessSubject, Key, SubjectState};
use crate::model::{Finding, Hint, Location, OperationId};
use crate::workspace::Workspace;
use crate::workspace::access::{operation_place, subject_place};
use crate::workspace::error::{Error, missing_hint, restore_hint};

pub(super) fn verify(workspace: &Workspace, result: &mut WorkspaceVerification) -> Result<(), Error> {
    // The list of operations comes first: what is committed in between is then still reached.
    let ids = workspace.access_operation_ids()?;
    let mut chains = AccessChains::default();
    for id in &ids {
        match workspace.read_access_operation(id) {
            Ok(operation) => {
                chains.operations.insert(id.clone(), operation);
            }
            Err(error) => {
                chains.is_cut = true;
                result.problems.extend(problem_of(error, ProblemKind::Damaged)?);
            }
        }
    }
    result.operations += ids.len();
    let subjects = workspace.subjects()?;
    let mut keys = Vec::new();
    for subject in &subjects {
        result.entries += 1;
        let record = match workspace.access_record(subject) {
            Ok(record) => record,
            Err(error) => {
                chains.is_cut = true;
                result.problems.extend(problem_of(error, ProblemKind::HandEdit)?);
                continue;
            }
        };
        if let Some(record) = record {
            result.problems.extend(chains.walk(subject, &record.operation, &record.state));
            keys.extend(record.state.into_key());
        }
    }
    result.problems.extend(repeated_ids(&keys));
    // Somebody may be committing at this moment: an operation's file comes before its commit.
    if !chains.is_cut && !workspace.is_locked() && workspace.intent()?.is_none() {
        result.problems.extend(chains.unreached());
    }
    Ok(())
}

impl Workspace {
    /// Finds the operations on keys and grants that no file leads to: the file of a key that a merge took from one side
    /// lets in what the other side has removed. Revocations have findings of their own.
    pub(in crate::workspace) fn lost_access_findings(&self) -> Result<Vec<Finding>, Error> {
        let mut result = WorkspaceVerification::default();
        verify(self, &mut result)?;
        let problems = result.problems.into_iter().filter(|problem| problem.kind == ProblemKind::Unexplained);
        let findings = problems.map(|problem| problem.finding);
        Ok(findings.filter(|finding| matches!(finding.hint, Hint::ResolveAccess { .. })).collect())
    }
}

/// The operations on keys and grants, and those that a file leads to.
#[derive(Default)]
struct AccessChains {
    operations: BTreeMap<OperationId, AccessOperation>,
    reached: BTreeSet<OperationId>,
    /// True if a file could not be read: of what lies beyond it nothing can be said.
    is_cut: bool,
}

impl AccessChains {
    /// Walks from the file of a subject to its first operation.
    fn walk(
        &mut self,
        subject: &AccessSubject,
        latest: &OperationId,
        state: &SubjectState,
    ) -> Option<IntegrityProblem> {
        let mut pending = vec![latest.clone()];
        let mut expected = Some(state);
        while let Some(id) = pending.pop() {
            let Some(operation) = self.operations.get(&id) else {
                self.is_cut = true;
                let place = operation_place(&id);
                let message = format!("the file of an operation on {subject} is missing or damaged");
                let hint = missing_hint(&place);
                return Some(IntegrityProblem::new(ProblemKind::Missing, Location::file(place), message, hint));
            };
            let is_other = expected.take().is_some_and(|state| operation.after != *state);
            if is_other || operation.after.subject() != *subject {
                self.is_cut = true;
                let place = subject_place(subject);
                let message = format!("{subject} is not as operation {id} left it");
                let hint = restore_hint(&place);
                return Some(IntegrityProblem::new(ProblemKind::HandEdit, Location::file(place), message, hint));
            }
            if self.reached.insert(id) {
                pending.extend(operation.predecessors().cloned());
            }
        }
        None
    }

    /// Finds the operations that no file leads to: a file was removed or taken from another branch.
    fn unreached(&self) -> Vec<IntegrityProblem> {
        let loose = self.operations.iter().filter(|(id, _)| !self.reached.contains(*id));
        let problem = |(id, operation): (&OperationId, &AccessOperation)| {
            let subject = operation.after.subject();
            let message = format!("no file leads to this operation ({} of {subject})", operation.action);
            let place = operation_place(id);
            let hint = match operation.after {
                SubjectState::Revocation(_) => Hint::RewriteSubject { subject: subject.typed() },
                _ => Hint::ResolveAccess { subject: subject.typed(), operation: id.clone() },
            };
            IntegrityProblem::new(ProblemKind::Unexplained, Location::file(place), message, hint)
        };
        loose.map(problem).collect()
    }
}

fn repeated_ids(keys: &[Key]) -> Vec<IntegrityProblem> {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let mut problems = Vec::new();
    for key in keys {
        for secret in &key.secrets {
            let other = seen.insert(secret.id.as_str().to_ascii_lowercase(), key.name.to_string());
            if let Some(other) = other.filter(|other| *other != key.name.as_str()) {
                let message = format!("the secret {} belongs to key {other} too: it is not accepted", secret.id);
                let place = subject_place(&AccessSubject::Key(key.name.clone()));
                let hint = "rotate one of the keys: ids differ in more than the case of letters";
                problems.push(IntegrityProblem::new(ProblemKind::HandEdit, Location::file(place), message, hint));
            }
        }
    }
    problems
}
