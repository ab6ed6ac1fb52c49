//! Releases that an environment's file has lost, as people are told of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{EnvironmentName, GroupName, OperationId};
use crate::plan::{Facts as _, Plan};
use crate::workspace::{CommittedOperation, DiskFacts, ViewProblem, Workspace};

/// The most operations that are looked at for a warning, or for a status: both are asked for often.
pub(super) const MOST_OPERATIONS: usize = 200;

/// The number of the newest operations that are looked at for groups of which nobody asked: a file that was set back as
/// a whole lacks the very newest.
pub(super) const FEW_OPERATIONS: usize = 10;

/// Notes in a plan which of its groups begin a second history, since the entry that their first one led to was lost or
/// set back, and what else the environment's file lacks, which the change makes no better.
pub(super) fn note(plan: &mut Plan, facts: &DiskFacts<'_>) {
    let environment = &plan.operation.environment;
    let changed: BTreeSet<GroupName> = plan.operation.changes.keys().cloned().collect();
    // An environment that cannot be read has no plan.
    let Ok(present) = facts.environment(environment) else { return };
    let mut own = facts.lost_releases(environment, &changed, MOST_OPERATIONS).unwrap_or_default();
    let set_back = facts.workspace().lost_since(environment, &present.deployments, None, FEW_OPERATIONS);
    let mut others = set_back.unwrap_or_default();
    others.retain(|group, _| !changed.contains(group));
    plan.warnings.extend(warnings(environment, &own, "this begins a second history: "));
    plan.warnings.extend(warnings(environment, &others, ""));
    let mut sources: BTreeMap<&EnvironmentName, BTreeSet<GroupName>> = BTreeMap::new();
    for (group, source) in &plan.sources {
        sources.entry(source).or_default().insert(group.clone());
    }
    for (source, groups) in sources {
        let lost = facts.lost_releases(source, &groups, MOST_OPERATIONS).unwrap_or_default();
        plan.warnings.extend(warnings(source, &lost, ""));
    }
    own.retain(|group, _| plan.operation.changes.get(group).is_some_and(|change| change.before.is_none()));
    plan.lost = own;
}

/// Writes a warning for each operation that was lost, with its groups.
fn warnings(environment: &EnvironmentName, lost: &BTreeMap<GroupName, OperationId>, consequence: &str) -> Vec<String> {
    let mut groups: BTreeMap<&OperationId, Vec<&str>> = BTreeMap::new();
    for (group, id) in lost {
        groups.entry(id).or_default().push(group.as_str());
    }
    let warning = |(id, groups): (&OperationId, Vec<&str>)| {
        format!("{} in {environment}: {consequence}{}", groups.join(", "), text(environment, id))
    };
    groups.into_iter().map(warning).collect()
}

/// Finds the groups whose entries were lost or set back, of these or of all, among so many of the newest
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
    format!(
        "no entry leads to operation {id}, the latest: the environment's file was set back, or a merge or an edit lost it; \
         `apigw resolve --env {environment}` brings it back"
    )
}
