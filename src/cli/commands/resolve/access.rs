//! `apigw resolve --access`: keys, grants of owners and revocations.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{ResolveArguments, remaining};
use crate::access::merge::{AccessOperations, ContestedField, JoinError, JoinedHeads};
use crate::access::resolve::{AccessMergeState, AccessResolution};
use crate::access::{AccessOperation, AccessSubject, Grant, SubjectError, SubjectState};
use crate::cli::change;
use crate::cli::commands::access::confirm_grants;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::short_ids;
use crate::cli::views::{AccessResolveView, AccessResolvedView};
use crate::model::{Author, OperationId, SCHEMA};
use crate::workspace::{Committed, CommittedAccess, LockGuard, Workspace};

pub(super) fn run(context: &Context<'_>, arguments: &ResolveArguments) -> Result<Exit, CommandError> {
    let change = &arguments.change;
    if change.wait.is_typed() || change.reason.allow_breaking {
        return Err(CommandError::usage("`--wait` and `--allow-breaking` cannot be used with `--access`")
            .hint("gateways follow keys and grants by themselves; leave them out"));
    }
    let author = context.author(&change.reason)?;
    let plan = |workspace: &Workspace| -> Result<Resolutions, CommandError> {
        let operations = workspace.access_operations()?;
        match &arguments.choice.drop {
            Some(dropped) => drop_plan(workspace, dropped, &operations, &author),
            None => plan_subjects(context, workspace, arguments, &operations, &author),
        }
    };
    if !change.dry_run {
        for planned in plan(context.workspace()?)?.plans {
            confirm_grants(context, &planned.before, planned.resolution.state().grants())?;
        }
    }
    // What Git left is read and replaced under one lock.
    let guard = context.workspace()?.lock(&context.lock_request())?;
    let Resolutions { plans, warnings } = plan(guard.workspace())?;
    for warning in &warnings {
        context.output.warning(warning);
    }
    let is_pending = !plans.is_empty();
    let mut outcome = AccessOutcome { resolved: plans, dry_run: change.dry_run };
    let mut unknown = None;
    if !change.dry_run {
        for plan in &mut outcome.resolved {
            match plan.commit(&guard) {
                Ok(None) => {}
                Ok(Some(error)) => unknown = Some(error),
                Err(error) => {
                    outcome.resolved.retain(|plan| plan.operation.is_some());
                    change::shown_after_commit(context, outcome.show(context, guard.workspace()));
                    return Err(error);
                }
            }
        }
    }
    change::shown_after_commit(context, outcome.show(context, guard.workspace()));
    if change.dry_run {
        return Ok(change::pending(change, is_pending));
    }
    unknown.map_or(Ok(Exit::Done), Err)
}

/// The resolutions of several subjects, and the warnings about them.
#[derive(Default)]
struct Resolutions {
    plans: Vec<SubjectPlan>,
    warnings: Vec<String>,
}

/// The resolution of one subject, and the operation of its commit.
struct SubjectPlan {
    subject: AccessSubject,
    /// The grants in its file, or where that is missing or in conflict those of each head.
    before: Vec<Vec<Grant>>,
    resolution: AccessResolution,
    /// The operation that its file is at, once that is committed.
    operation: Option<OperationId>,
}

impl SubjectPlan {
    fn new(state: &AccessMergeState, operations: &AccessOperations, resolution: AccessResolution) -> Self {
        let heads = state.heads.iter().filter_map(|head| operations.get(head));
        let of_heads = || heads.map(|operation| operation.after.grants().to_vec()).collect();
        let before = state.present.as_ref().map_or_else(of_heads, |present| vec![present.state.grants().to_vec()]);
        Self { subject: state.subject.clone(), before, resolution, operation: None }
    }

    const fn joined(&self) -> Option<&JoinedHeads> {
        if let AccessResolution::Joined(joined) = &self.resolution { Some(joined) } else { None }
    }

    /// Commits it. An error that comes back as a value leaves it committed, with its durability unknown.
    fn commit(&mut self, guard: &LockGuard) -> Result<Option<CommandError>, CommandError> {
        let Committed { id, unsynced } = match &mut self.resolution {
            AccessResolution::Joined(joined) => guard.commit_access_after(&mut joined.operation)?,
            AccessResolution::Restored(id, state) => guard.restore_subject(id, state)?,
        };
        self.operation = Some(id);
        Ok(unsynced.map(CommandError::from))
    }

    fn text(&self) -> String {
        let Self { subject, resolution, .. } = self;
        let mut text = match resolution {
            AccessResolution::Joined(JoinedHeads { operation, .. }) => {
                format!("{subject}: {} {}\n", operation.action, operation.summary)
            }
            AccessResolution::Restored(id, _) => format!("{subject}: as operation {id} left it\n"),
        };
        for withheld in self.joined().iter().flat_map(|joined| &joined.withheld) {
            let _ = writeln!(text, "  not granted: {withheld}");
        }
        text
    }
}

/// Plans each subject that is named, or every one that is not whole.
fn plan_subjects(
    context: &Context<'_>,
    workspace: &Workspace,
    arguments: &ResolveArguments,
    operations: &AccessOperations,
    author: &Author,
) -> Result<Resolutions, CommandError> {
    let known = workspace.access_subjects(operations)?;
    let named: BTreeSet<AccessSubject> =
        arguments.groups.iter().map(|text| parse_subject(text)).collect::<Result<_, _>>()?;
    if let Some(unknown) = named.iter().find(|subject| !known.contains(subject)) {
        return Err(CommandError::invalid(
            "unknown-subject",
            format!("there is no {unknown}, and none in the history"),
        )
        .hint("name a key, `owner:NAME` or `secret:ID`: `apigw verify` names those that are not whole"));
    }
    let choice = arguments.choice.heads(|text| Ok(workspace.find_access_operation(text)?.id))?;
    let mut resolutions = Resolutions::default();
    for subject in if named.is_empty() { &known } else { &named } {
        let state = workspace.access_merge_state(subject, operations)?;
        if state.is_whole() {
            continue;
        }
        if named.is_empty() && state.present.is_none() && !state.is_conflicted {
            // Somebody may have removed a key's file on purpose: it is never opened again unasked.
            resolutions.warnings.push(format!(
                "the file of {subject} is gone: `apigw resolve --access {}` writes it again",
                subject.typed()
            ));
            continue;
        }
        let resolution = state.resolve(choice.as_ref(), operations, author);
        let Some(resolution) = resolution.map_err(|error| refused(error, &state, operations))? else { continue };
        if let (AccessResolution::Joined(_), SubjectState::Key(key)) = (&resolution, resolution.state()) {
            // Both sides may have rotated it.
            if let Some(text) = key.third_secret_text(&workspace.revoked_secrets()?, context.now()) {
                let way_on = format!("revoke one that nobody uses: `apigw key revoke {} SECRET`", key.name);
                resolutions.warnings.push(format!("{text}; {way_on}"));
            }
        }
        resolutions.plans.push(SubjectPlan::new(&state, operations, resolution));
    }
    Ok(resolutions)
}

fn drop_plan(
    workspace: &Workspace,
    dropped: &str,
    operations: &AccessOperations,
    author: &Author,
) -> Result<Resolutions, CommandError> {
    if author.message.is_none() {
        return Err(CommandError::usage("--drop needs a reason, for the history").hint("add `-m WHY`"));
    }
    let CommittedAccess { id, operation } = workspace.find_access_operation(dropped)?;
    let subject = operation.after.subject();
    let state = workspace.access_merge_state(&subject, operations)?;
    let resolution = state.drop_operation(&id, &operation, operations, author);
    let resolution = resolution.map_err(|error| refused(error, &state, operations))?;
    Ok(Resolutions { plans: vec![SubjectPlan::new(&state, operations, resolution)], ..Resolutions::default() })
}

/// The outcome of a resolve of access, committed or not.
struct AccessOutcome {
    resolved: Vec<SubjectPlan>,
    dry_run: bool,
}

impl AccessOutcome {
    fn show(&self, context: &Context<'_>, workspace: &Workspace) -> Result<(), CommandError> {
        let view = |plan: &SubjectPlan| {
            let joined = plan.joined().map(|joined| &joined.operation);
            AccessResolvedView {
                subject: plan.subject.to_string(),
                operation: plan.operation.clone(),
                summary: joined.map(|operation| operation.summary.clone()),
                before: joined.and_then(|operation| operation.before.clone()),
                merged: joined.map(|operation| operation.merged.clone()).unwrap_or_default(),
                withheld: plan.joined().map(|joined| joined.withheld.clone()).unwrap_or_default(),
                grants: plan.resolution.state().grants().to_vec(),
            }
        };
        let document = AccessResolveView {
            schema: SCHEMA,
            dry_run: self.dry_run,
            changes: self.resolved.iter().map(view).collect(),
        };
        context.output.data(&document, || {
            let mut text: String = self.resolved.iter().map(SubjectPlan::text).collect();
            match (self.resolved.is_empty(), self.dry_run) {
                (true, _) => text.push_str("access: nothing to do\n"),
                (_, true) => text.push_str("access: dry run, nothing was changed\n"),
                (_, false) => text += &next_text(context, workspace),
            }
            short_ids::shorten(workspace, &text)
        })
    }
}

/// Returns the command with which the merge continues in Git.
fn next_text(context: &Context<'_>, workspace: &Workspace) -> String {
    let Some(git_operation) = workspace.git_operation() else { return String::new() };
    let changed = ["keys", "history"].map(str::to_owned).to_vec();
    remaining::next_text(&context.process.folder, workspace, git_operation, changed)
}

fn parse_subject(text: &str) -> Result<AccessSubject, CommandError> {
    text.parse().map_err(|error: SubjectError| {
        CommandError::usage(error.to_string()).hint("name a key, `owner:NAME` or `secret:ID`")
    })
}

/// Describes an operation with its author, time and reason.
fn described(id: &OperationId, operations: &AccessOperations) -> String {
    let Some(operation) = operations.get(id) else { return format!("operation {id}") };
    let AccessOperation { action, summary, actor, time, message, .. } = operation;
    let why = message.as_deref().map(|message| format!(": {}", message.replace('\n', " "))).unwrap_or_default();
    format!("operation {id}, {action} {summary}, by {actor} at {time}{why}")
}

fn refused(error: JoinError, state: &AccessMergeState, operations: &AccessOperations) -> CommandError {
    let message = error.to_string();
    match error {
        JoinError::NeedsChoice { subject, contested, heads } => {
            let mut result = CommandError::new("needs-choice", Exit::Conflict, message);
            let side = |head: &OperationId| match head {
                head if state.ours.as_ref() == Some(head) => "ours",
                head if state.theirs.as_ref() == Some(head) => "theirs",
                _ => "other",
            };
            let [one, other] = [side(&heads[0]), side(&heads[1])];
            result.hints.extend(heads.iter().map(|head| format!("{}: {}", side(head), described(head, operations))));
            result.hints.extend(contested.iter().map(|ContestedField { field, one: value, other: other_value }| {
                format!("{field}: {one} {value}; {other} {other_value}")
            }));
            let typed = subject.typed();
            let sides = if state.theirs.is_some() {
                format!("`apigw resolve --access {typed} --ours`, or `--theirs`")
            } else {
                format!("`apigw resolve --access {typed} --take OPERATION`")
            };
            result.hint(format!("keep one side of these fields, all others are joined: {sides}"))
        }
        JoinError::PredecessorMissing { head, missing, .. } => {
            CommandError::invalid("predecessor-missing", message).hint(format!(
                "merge the branch that has history/access/{missing}.yaml again; or, if that merge was aborted for good, \
                 remove history/access/{head}.yaml: no file leads to it"
            ))
        }
        JoinError::NotHead { .. } => CommandError::invalid("not-a-head", message)
            .hint("`apigw verify` names the operations that no file leads to"),
        JoinError::UnknownSide { subject } => {
            let mut result = CommandError::new("unknown-side", Exit::Conflict, message);
            result.hints.extend(state.heads.iter().map(|head| described(head, operations)));
            let typed = subject.typed();
            result.hint(format!("name the operation to keep: `apigw resolve --access {typed} --take OPERATION`"))
        }
        JoinError::RevocationDropped { subject, .. } => CommandError::new("revoked", Exit::Refused, message)
            .hint(format!("join it: `apigw resolve --access {}`", subject.typed())),
        JoinError::NotPresent { subject } => CommandError::invalid("state", message)
            .hint(format!("join both sides first: `apigw resolve --access {}`", subject.typed())),
        JoinError::InForce { id, .. } => CommandError::invalid("in-force", message)
            .hint(format!("reverse it instead: `apigw undo {id} --access`")),
    }
}
