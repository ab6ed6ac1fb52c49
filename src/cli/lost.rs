//! Releases that an environment's file has lost, as people are told of them.

use std::collections::BTreeSet;

use crate::model::{EnvironmentName, GroupName, OperationId};
use crate::plan::{Facts as _, Plan};
use crate::workspace::{CommittedOperation, DiskFacts, ViewProblem, Workspace};

/// The most operations that are looked at for a warning, or for a status: both are asked for often.
pub(super) const MOST_OPERATIONS: usize = 200;

/// Notes in a plan which of its groups begin a second history, since the entry that their first one led to was lost.
pub(super) fn note(plan: &mut Plan, facts: &DiskFacts<'_>) {
    let environment = &plan.operation.environment;
    let new = plan.operation.changes.iter().filter(|(_, change)| change.before.is_none());
    let new: BTreeSet<GroupName> = new.map(|(group, _)| group.clone()).collect();
    if new.is_empty() {
        return;
    }
    // An environment that cannot be read has no plan.
    plan.lost = facts.lost_releases(environment, &new, MOST_OPERATIONS).unwrap_or_default();
    plan.warnings.extend(plan.lost.iter().map(|(group, id)| {
        format!("{group} in {environment}: this begins a second history: {}", text(environment, id))
    }));
}

/// Finds the groups without an entry whose releases were lost, of these or of all, among so many of the newest
/// operations.
pub(super) fn problems(
    workspace: &Workspace,
    environment: &EnvironmentName,
    groups: Option<&BTreeSet<GroupName>>,
    most: usize,
) -> Vec<ViewProblem> {
    // A file that cannot be read is told of by the view itself.
    let lost = workspace.lost_releases(environment, groups, most).unwrap_or_default();
    let problem = |(group, id): (GroupName, OperationId)| ViewProblem {
        environment: environment.clone(),
        message: text(environment, &id),
        group: Some(group),
    };
    lost.into_iter().map(problem).collect()
}

/// Returns the environments of operations that no entry leads to.
pub(super) fn environments(operations: &[CommittedOperation]) -> BTreeSet<&EnvironmentName> {
    let lost = operations.iter().filter(|committed| !committed.unexplained.is_empty());
    lost.map(|committed| &committed.operation.environment).collect()
}

/// Names the command that brings lost operations of an environment back.
pub(super) fn way_out(environment: &EnvironmentName) -> String {
    format!(
        "{environment}: a merge or an edit by hand lost operations; `apigw resolve --env {environment}` joins them with \
         what is live"
    )
}

fn text(environment: &EnvironmentName, id: &OperationId) -> String {
    format!("operation {id} made an entry that was lost; `apigw resolve --env {environment}` brings it back")
}
