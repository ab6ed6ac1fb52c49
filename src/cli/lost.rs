//! Releases that an environment's file has lost, as people are told of them.

use crate::model::{EnvironmentName, GroupName, OperationId};
use crate::plan::{Facts, Plan};
use crate::workspace::{ViewProblem, Workspace};

/// Says which groups of a plan begin a second history, since the entry that their first one led to was lost.
pub(super) fn warnings(plan: &Plan, facts: &dyn Facts) -> Vec<String> {
    let environment = &plan.operation.environment;
    let new = plan.operation.changes.iter().filter(|(_, change)| change.before.is_none());
    // An environment that cannot be read has no plan.
    let lost = new.filter_map(|(group, _)| Some((group, facts.lost_release(environment, group).ok().flatten()?)));
    lost.map(|(group, id)| {
        format!("{group} in {environment}: this begins a second history: {}", text(environment, &id))
    })
    .collect()
}

/// Finds the groups without an entry whose releases were lost, among so many of the newest operations.
pub(super) fn problems(
    workspace: &Workspace,
    environment: &EnvironmentName,
    is_wanted: impl Fn(&GroupName) -> bool,
    most: usize,
) -> Vec<ViewProblem> {
    // A file that cannot be read is told of by the view itself.
    let lost = workspace.lost_releases(environment, most).unwrap_or_default();
    let problem = |(group, id): (GroupName, OperationId)| ViewProblem {
        environment: environment.clone(),
        message: text(environment, &id),
        group: Some(group),
    };
    lost.into_iter().filter(|(group, _)| is_wanted(group)).map(problem).collect()
}

fn text(environment: &EnvironmentName, id: &OperationId) -> String {
    format!("operation {id} made an entry that was lost; `apigw resolve --env {environment}` brings it back")
}
