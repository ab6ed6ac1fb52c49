//! `apigw resolve`.

use std::fmt::Write as _;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;
use serde_json::json;

use crate::cli::change::Reason;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::views::{ChangeView, ConflictView, EntryView};
use crate::cli::{change, complete, selection};
use crate::model::{Deployment, OperationId, SCHEMA};
use crate::plan::{self, HeadChoice, MergeSide, Resolution, ResolveError, ResolveRequest};
use crate::workspace::{self, MergeState, Renumbering, Workspace};

/// Join what two branches did to an environment, group by group
///
/// After a merge or within one, in conflict or not. Groups that one branch changed need no choice. For a group that
/// both changed, --ours keeps what your own branch has (in a rebase too), --theirs what the other one has; what is not
/// kept stays in the history, marked.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw resolve --env test\n  apigw resolve petstore --env online --ours -m 'the fix of last night'"
)]
pub(in crate::cli) struct ResolveArguments {
    /// The groups that must be whole afterwards [default: all]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    groups: Vec<String>,
    /// The environment
    #[arg(long, value_name = "ENV", required = true, add = ArgValueCandidates::new(complete::environments))]
    env: String,
    #[command(flatten)]
    choice: ChoiceArguments,
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: exit with 2 where there is something to do
    #[arg(long)]
    detailed_exitcode: bool,
    /// Why, for the history
    #[arg(short, long, value_name = "WHY")]
    message: Option<String>,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct ChoiceArguments {
    /// Keep what your own branch has, where both changed a group
    #[arg(long)]
    ours: bool,
    /// Keep what the other branch has, where both changed a group
    #[arg(long)]
    theirs: bool,
    /// Keep what this operation left, for the groups that it changed; the beginning of its id is enough
    #[arg(long, value_name = "OPERATION")]
    take: Vec<String>,
    /// Mark an operation that no entry leads to as one that counts for nothing; needs -m
    #[arg(long, value_name = "OPERATION", conflicts_with = "groups")]
    drop: Option<String>,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &ResolveArguments) -> Result<Exit, CommandError> {
    let workspace = context.workspace()?;
    let environment = context.environment(&arguments.env)?;
    let state = workspace.merge_state(&environment)?;
    let resolution = plan(context, workspace, arguments, &state)?;
    let renumberings = workspace.renumberings(&state, &resolution)?;
    let is_pending = !state.is_whole(&resolution) || !renumberings.is_empty();
    let outcome = Outcome { resolution: &resolution, renumberings: &renumberings, is_pending };
    if arguments.dry_run {
        show(context, &outcome, None, true)?;
        let is_told = arguments.detailed_exitcode && is_pending;
        return Ok(if is_told { Exit::ChangesPending } else { Exit::Done });
    }
    let mut id = None;
    let mut unknown = None;
    if is_pending {
        change::confirm(context, &environment, &[])?;
        let lock = workspace.lock(&context.lock_request())?;
        match lock.commit_resolution(&state, &resolution, &renumberings) {
            Ok(committed) => id = committed,
            Err(error @ workspace::Error::DurabilityUnknown { .. }) => unknown = Some(error.into()),
            Err(error) => return Err(error.into()),
        }
    }
    change::shown_after_commit(context, show(context, &outcome, id.as_ref(), false));
    unknown.map_or(Ok(Exit::Done), Err)
}

fn plan(
    context: &Context<'_>,
    workspace: &Workspace,
    arguments: &ResolveArguments,
    state: &MergeState,
) -> Result<Resolution, CommandError> {
    let author = context.author(&Reason { message: arguments.message.clone(), allow_breaking: false })?;
    let find = |text: &String| Ok::<_, CommandError>(workspace.find_operation(text)?.id);
    let choice = &arguments.choice;
    if let Some(dropped) = &choice.drop {
        if author.message.is_none() {
            return Err(CommandError::usage("--drop needs a reason, for the history").hint("add `-m WHY`"));
        }
        return Ok(plan::drop_operation(&find(dropped)?, &state.state(), &author)?);
    }
    let choice = match (choice.ours, choice.theirs, choice.take.as_slice()) {
        (true, _, _) => HeadChoice::Side(MergeSide::Ours),
        (_, true, _) => HeadChoice::Side(MergeSide::Theirs),
        (_, _, []) => HeadChoice::None,
        (_, _, operations) => HeadChoice::Take(operations.iter().map(find).collect::<Result<_, _>>()?),
    };
    // A group that was deleted has a history still.
    let groups = arguments.groups.iter().map(|name| selection::parse(name)).collect::<Result<_, _>>()?;
    Ok(plan::resolve(&ResolveRequest { groups, choice }, &state.state(), &author)?)
}

/// The outcome of a resolve, committed or not.
struct Outcome<'a> {
    resolution: &'a Resolution,
    renumberings: &'a [Renumbering],
    is_pending: bool,
}

fn show(
    context: &Context<'_>,
    outcome: &Outcome<'_>,
    id: Option<&OperationId>,
    dry_run: bool,
) -> Result<(), CommandError> {
    let Outcome { resolution, renumberings, .. } = outcome;
    let entry = |entry: &Option<Deployment>| entry.as_ref().map(EntryView::of);
    let restored = resolution.restored.iter().map(|(group, before)| {
        let after = resolution.environment.deployments.get(group).map(EntryView::of);
        json!({"group": group, "before": entry(before), "after": after})
    });
    let versions = renumberings.iter().map(|Renumbering { group, from, to, digest, .. }| {
        json!({"group": group, "frozen_as": from, "version": to, "digest": digest})
    });
    let view = json!({
        "schema": SCHEMA,
        "environment": resolution.operation.environment,
        "operation": id,
        "dry_run": dry_run,
        "warnings": [],
        "changes": ChangeView::all(&resolution.operation, id),
        "restored": restored.collect::<Vec<_>>(),
        "versions": versions.collect::<Vec<_>>(),
        "unresolved": resolution.unresolved.iter().map(ConflictView::new).collect::<Vec<_>>(),
    });
    context.output.data(&view, || text(outcome, id, dry_run))
}

fn text(outcome: &Outcome<'_>, id: Option<&OperationId>, dry_run: bool) -> String {
    let Outcome { resolution, renumberings, is_pending } = outcome;
    let environment = &resolution.operation.environment;
    let mut text = String::new();
    for (group, change) in &resolution.operation.changes {
        let _ = writeln!(text, "{environment}: resolve {group}: {}", change::state(&change.after));
        for merged in &change.merged {
            let (state, operation) = (change::state(&merged.release), &merged.operation);
            let _ = writeln!(text, "  not kept: {state}, by operation {operation}");
        }
    }
    for group in resolution.restored.keys() {
        if let Some(after) = resolution.environment.deployments.get(group) {
            let (state, operation) = (change::state(&after.release), &after.operation);
            let _ = writeln!(text, "{environment}: {group}: {state}, as operation {operation} left it");
        }
    }
    for Renumbering { group, from, to, digest, .. } in *renumberings {
        let _ = if from == to {
            writeln!(text, "{group}: version {from} is the one of {digest}")
        } else {
            writeln!(text, "{group}: version {from} was frozen twice; the one of {digest} is version {to} from now on")
        };
    }
    for conflict in &resolution.unresolved {
        let _ = writeln!(
            text,
            "{environment}: {} still needs a choice: `apigw resolve {0} --env {environment}`",
            conflict.group
        );
    }
    let _ = match id {
        Some(id) => writeln!(text, "{environment}: committed as operation {id}"),
        None if !is_pending => writeln!(text, "{environment}: nothing to do"),
        None if dry_run => writeln!(text, "{environment}: dry run, nothing was changed"),
        None => writeln!(text, "{environment}: joined both sides"),
    };
    text
}

impl From<ResolveError> for CommandError {
    fn from(error: ResolveError) -> Self {
        let message = error.to_string();
        match error {
            ResolveError::NeedsChoice { environment, conflicts } => {
                let mut result = Self::new("needs-choice", Exit::Conflict, message);
                result.hints.extend(conflicts.iter().flat_map(choices));
                let group = conflicts.first().map_or("GROUP", |conflict| conflict.group.as_str());
                result
                    .hint(format!("keep one side of all: `apigw resolve --env {environment} --ours`, or `--theirs`"))
                    .hint(format!("or group by group: `apigw resolve {group} --env {environment} --ours`"))
            }
            ResolveError::UnknownSide { environment, conflicts } => {
                let mut result = Self::new("unknown-side", Exit::Conflict, message);
                result.hints.extend(conflicts.iter().flat_map(choices));
                result.hint(format!("name the operation to keep: `apigw resolve --env {environment} --take OPERATION`"))
            }
            ResolveError::NotHead { environment, .. } => Self::invalid("not-a-head", message)
                .hint(format!("see what was: `apigw history --env {environment}`"))
                .hint("`apigw verify` names the operations that no entry leads to"),
            ResolveError::InForce { environment, operation, .. } => Self::invalid("in-force", message)
                .hint(format!("take it back instead: `apigw undo {operation} --env {environment}`")),
            ResolveError::OperationMissing { environment, operation, .. } => {
                let file = format!("history/{environment}/{operation}.yaml");
                Self::invalid("operation-missing", message).hint(format!(
                    "restore it from the branch that has it, for example with `git checkout BRANCH -- {file}`"
                ))
            }
        }
    }
}

/// Says of each head of a group what it is, whose, when and why.
fn choices(conflict: &plan::GroupConflict) -> Vec<String> {
    let line = |head: &plan::HeadEntry| {
        let side = match head.side {
            Some(MergeSide::Ours) => "ours",
            Some(MergeSide::Theirs) => "theirs",
            None => "other",
        };
        let Deployment { release, since, operation } = &head.entry;
        let why =
            head.message.as_deref().map(|message| format!(": {}", message.replace('\n', " "))).unwrap_or_default();
        let (group, state) = (&conflict.group, change::state(release));
        format!("{group}, {side}: {state}, operation {operation} by {} at {since}{why}", head.actor)
    };
    conflict.heads.iter().map(line).collect()
}
