//! A plan that leads to a version which is gone: who deleted it, and the ways out that work.

use super::error::{CommandError, PlanError};
use super::release_text::release_text;
use crate::check::rules::records::MISSING;
use crate::model::{
    Author, Deployment, DeploymentState, Digest, EnvironmentName, GroupName, Hint, Location, Release, Version,
};
use crate::plan::{self, Facts, GroupSelection, Plan, RollbackRequest, UndoRequest};
use crate::workspace::{self, DiskFacts, UnknownName, Workspace};

/// Explains why a plan cannot be committed: a release of it is not on disk as it was frozen.
pub(super) fn explain(facts: &DiskFacts<'_>, plan: &Plan, error: workspace::Error) -> CommandError {
    use workspace::Error;
    let environment = &plan.operation.environment;
    let (Error::FrozenDiffers { group, version }
    | Error::Unknown { name: UnknownName::Release { group, version }, .. }) = &error
    else {
        return error.into();
    };
    let (group, version) = (group.clone(), version.clone());
    let mut shown = CommandError::from(error);
    let Some(planned) = plan.operation.changes.get(&group) else { return shown };
    let notes = facts.notes(&group).unwrap_or_default();
    if let Some(deletion) = notes.deletion(&planned.after.digest) {
        shown.message = format!("version {version} of {group} was deleted {deletion}");
    }
    shown.hints = match super::advice::skip_hint(plan) {
        Some(hint) => vec![hint],
        None => ways_out(facts, environment, &group, &planned.after),
    };
    shown.hints.extend(restore(facts.workspace(), environment, &group, &version));
    shown
}

/// Names the latest release to which a rollback leads, and a version to which a switch does.
fn ways_out(facts: &DiskFacts<'_>, environment: &EnvironmentName, group: &GroupName, gone: &Release) -> Vec<String> {
    let workspace = facts.workspace();
    let notes = facts.notes(group).unwrap_or_default();
    let is_there = |release: &Release| {
        let files = workspace.release_files(group, &release.version, release.digest);
        release.digest != gone.digest && notes.block(&release.digest).is_none() && files.is_ok()
    };
    let past = facts.readable_past(environment, group).unwrap_or_default();
    let present = past.first().map(|past| past.deployment.release.clone());
    let before: Vec<&Deployment> = plan::deployments_before(&past).collect();
    let earlier = before.iter().find(|deployment| is_there(&deployment.release));
    // Somebody had a reason to take it back.
    let is_taken_back = |digest: &Digest| {
        let had = |release: &Release| release.state == DeploymentState::Live && release.digest == *digest;
        past.iter().any(|past| had(&past.deployment.release)) && !before.iter().any(|before| had(&before.release))
    };
    let mut ways = Vec::new();
    if let Some(deployment) = earlier {
        ways.push(format!(
            "go back further, to {}: `apigw rollback {group} --env {environment} --to {}`",
            release_text(workspace, group, &deployment.release),
            deployment.operation
        ));
    }
    let is_live = present.as_ref().is_some_and(|present| present.state == DeploymentState::Live);
    let mut others = workspace.versions(group).unwrap_or_default().into_iter().rev().filter(|version| {
        let Ok(Some((_, digest))) = workspace.version(group, version) else { return false };
        let is_present = present.as_ref().is_some_and(|present| present.digest == digest);
        // The number that is asked for, with other content, would be taken for what is gone.
        *version != gone.version && notes.block(&digest).is_none() && !is_present && !is_taken_back(&digest)
    });
    match others.next() {
        Some(other) if is_live => {
            ways.push(format!("take another version: `apigw switch {group} --env {environment} --version {other}`"));
        }
        _ => {}
    }
    if ways.is_empty() && is_live {
        ways.push(format!("take it offline: `apigw offline {group} --env {environment}`"));
    }
    ways
}

/// Names the commands without a target that lead to a version of a group, or to any of its versions, in a line each.
pub(super) fn plain_ways_back(
    workspace: &Workspace,
    group: &GroupName,
    version: Option<&Version>,
    author: &Author,
) -> Vec<String> {
    let facts = DiskFacts::new(workspace);
    let leads_here = |plan: Result<Plan, PlanError>| {
        let plan = match plan {
            Ok(plan) => plan,
            Err(plan::Error::Refused { plan, .. }) => *plan,
            Err(_) => return None,
        };
        let after = &plan.operation.changes.get(group)?.after;
        let is_meant = after.state == DeploymentState::Live && version.is_none_or(|version| after.version == *version);
        is_meant.then(|| after.version.clone())
    };
    let mut ways = Vec::new();
    for environment in workspace.settings().environments() {
        let groups = GroupSelection::Groups(vec![group.clone()]);
        let request = RollbackRequest {
            environment: environment.clone(),
            groups,
            to: None,
            skip_unavailable: false,
            if_current: None,
        };
        if let Some(version) = leads_here(plan::rollback(&request, &facts, author)) {
            ways.push(format!("plain `apigw rollback {group} --env {environment}` leads to {group} {version}"));
        }
        let newest = workspace.history(&environment, None, 1).ok().and_then(|mut newest| newest.pop());
        let Some(operation) = newest.map(|newest| newest.id) else { continue };
        let request = UndoRequest { environment: environment.clone(), operation, skip_changed: true };
        if let Some(version) = leads_here(plan::undo(&request, &facts, author)) {
            ways.push(format!("plain `apigw undo --env {environment}` leads to {group} {version}"));
        }
    }
    ways
}

/// Names the command that brings a version back, where Git has it.
fn restore(
    workspace: &Workspace,
    environment: &EnvironmentName,
    group: &GroupName,
    version: &Version,
) -> Option<String> {
    let hint = workspace.missing_version_hint(environment, group, version);
    let place = Location::file(format!("groups/{group}/versions/{version}"));
    let mut finding = MISSING.finding(place, String::new(), hint);
    workspace.check_hints(std::iter::once(&mut finding));
    (finding.hint != Hint::RestoreBackup).then(|| super::hints::text(&finding.hint).into_owned())
}
