//! Texts of a plan's changes, for people.

use std::fmt::Write as _;

use crate::cli::release_text::release_text;
use crate::cli::short_ids;
use crate::model::{
    Deployment, DeploymentState, EnvironmentName, GroupName, Operation, OperationId, Release, ReleaseAction,
};
use crate::plan::Plan;
use crate::workspace::Workspace;

/// Describes a plan's changes and their outcome.
pub(in crate::cli) fn text(workspace: &Workspace, plan: &Plan, id: Option<&OperationId>, dry_run: bool) -> String {
    let environment = &plan.operation.environment;
    let mut text = describe(workspace, plan);
    text.push_str(&summary(plan, dry_run));
    match id {
        Some(id) => {
            let _ = writeln!(text, "{environment}: committed as operation {id}");
        }
        None if plan.is_empty() => {
            let _ = writeln!(text, "{environment}: nothing to do");
        }
        None if dry_run => {
            let _ = writeln!(text, "{environment}: dry run, nothing was changed");
        }
        None => {}
    }
    short_ids::shorten(workspace, &text)
}

/// Counts the plan's changes and the groups that are up to date already.
fn summary(plan: &Plan, dry_run: bool) -> String {
    let environment = &plan.operation.environment;
    let mut counts: Vec<(String, usize)> = Vec::new();
    for change in plan.operation.changes.values() {
        let done = if dry_run { infinitive(change.action).to_owned() } else { past_tense(change.action).to_owned() };
        match counts.iter_mut().find(|(known, _)| *known == done) {
            Some((_, count)) => *count += 1,
            None => counts.push((done, 1)),
        }
    }
    match (plan.operation.changes.len(), plan.unchanged.as_slice()) {
        (0, [group]) => format!("{environment}: {group} is already up to date\n"),
        (0 | 1, []) => String::new(),
        (_, unchanged) => {
            if !unchanged.is_empty() {
                counts.push(("already up to date".to_owned(), unchanged.len()));
            }
            let counts: Vec<String> = counts.into_iter().map(|(what, count)| format!("{count} {what}")).collect();
            format!("{environment}: {}\n", counts.join(", "))
        }
    }
}

/// Returns the infinitive of an action.
const fn infinitive(action: ReleaseAction) -> &'static str {
    match action {
        ReleaseAction::Publish => "to publish",
        ReleaseAction::Switch => "to switch",
        ReleaseAction::Offline => "to take offline",
        ReleaseAction::Promote => "to promote",
        ReleaseAction::Rollback => "to roll back",
        ReleaseAction::Undo => "to undo",
        ReleaseAction::Accept => "to record",
        ReleaseAction::Resolve => "to resolve",
    }
}

/// Returns the past tense of an action.
const fn past_tense(action: ReleaseAction) -> &'static str {
    match action {
        ReleaseAction::Publish => "published",
        ReleaseAction::Switch => "switched",
        ReleaseAction::Offline => "taken offline",
        ReleaseAction::Promote => "promoted",
        ReleaseAction::Rollback => "rolled back",
        ReleaseAction::Undo => "undone",
        ReleaseAction::Accept => "recorded",
        ReleaseAction::Resolve => "resolved",
    }
}

/// Describes a plan's changes: each group with its old and new release and its URLs.
pub(super) fn describe(workspace: &Workspace, plan: &Plan) -> String {
    let environment = &plan.operation.environment;
    let mut text = String::new();
    for (group, change) in &plan.operation.changes {
        let before = match (&change.before, plan.lost.get(group)) {
            (Some(before), _) => release_text(workspace, group, &before.release),
            (None, Some(operation)) => format!("entry of operation {operation} lost"),
            (None, None) => "never published".to_owned(),
        };
        let after = release_text(workspace, group, &change.after);
        if change.action == ReleaseAction::Resolve {
            // The entry before it is the one that it keeps, and not always the one that is live.
            let _ = writeln!(text, "{environment}: resolve {group}: {after}");
            for Deployment { release, operation, .. } in &change.merged {
                let _ =
                    writeln!(text, "  not kept: {}, by operation {operation}", release_text(workspace, group, release));
            }
            continue;
        }
        let _ = writeln!(text, "{environment}: {} {group}: {before} → {after}", change.action);
        if plan.freezes.contains_key(group) {
            let _ = writeln!(text, "  freezes version {} ({})", change.after.version, change.after.digest);
        }
        if change.after.state == DeploymentState::Live {
            for url in urls(workspace, environment, group, &change.after, plan) {
                let _ = writeln!(text, "  {url}");
            }
        }
    }
    text
}

/// Names the policies that an operation overrides.
pub(in crate::cli) fn overrides(operation: &Operation) -> String {
    let policies: Vec<&str> = operation.overrides.iter().map(|policy| policy.as_str()).collect();
    policies.join(", ")
}

/// Returns where callers reach a release, as far as its settings can be read.
fn urls(
    workspace: &Workspace,
    environment: &EnvironmentName,
    group: &GroupName,
    release: &Release,
    plan: &Plan,
) -> Vec<String> {
    let planned = plan.freezes.get(group);
    workspace.urls(environment, group, release, planned.map(|freeze| &freeze.files))
}
