//! `apigw undo`.

use clap::{ArgGroup, Args};
use clap_complete::engine::ArgValueCandidates;

use crate::access::{self, AccessOperation, SubjectState};
use crate::cli::change::{self, ChangeArguments, ReplanMode};
use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::model::{Author, OperationId};
use crate::plan::{self, GroupSelection, UndoRequest};
use crate::workspace::{CommittedAccess, EntryEdits, Workspace};

/// Reverse one operation for all its groups, if nothing changed them since
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("subject").args(["env", "access"]).required(true),
    after_help = "Examples:\n  apigw undo 20261123T180000.000Z --env test -m 'wrong group'\n  apigw undo --access -m 'wrong key'"
)]
pub(in crate::cli) struct UndoArguments {
    /// The operation, or the beginning of its id [default: the latest of the environment, or of keys and grants]
    #[arg(value_name = "OPERATION")]
    operation: Option<String>,
    /// The environment
    #[arg(long, value_name = "ENV", add = ArgValueCandidates::new(complete::environments))]
    env: Option<String>,
    /// Reverse a change of a key or of grants; a revocation is never undone
    #[arg(long, conflicts_with = "skip_changed")]
    access: bool,
    /// Skip groups that were changed since
    #[arg(long)]
    skip_changed: bool,
    #[command(flatten)]
    change: ChangeArguments,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &UndoArguments) -> Result<Exit, CommandError> {
    let workspace = context.readable_workspace()?;
    let Some(environment) = &arguments.env else { return undo_access(context, arguments) };
    let environment = context.environment(environment)?;
    let operation = if let Some(text) = &arguments.operation {
        workspace.find_operation_of(&environment, text).map_err(|error| {
            let is_group = text.parse().is_ok_and(|group| workspace.require_group(&group).is_ok());
            let error = CommandError::from(error);
            if !is_group {
                return error;
            }
            error.hint(format!("{text} is a group: `apigw rollback {text} --env {environment}` takes it back"))
        })?
    } else {
        workspace.latest_operation(&environment)?.ok_or_else(|| {
            CommandError::invalid("state", format!("nothing was ever done in {environment}"))
                .hint("see the present state: `apigw status`")
        })?
    };
    let groups = workspace.find_operation(operation.as_str())?.operation.changes.into_keys().collect();
    let request = UndoRequest { environment, operation, skip_changed: arguments.skip_changed };
    // Planned anew, an undo without a name would undo somebody's newest change.
    let replan = if arguments.operation.is_some() { ReplanMode::WhereStale } else { ReplanMode::Never };
    let groups = GroupSelection::Groups(groups);
    change::run(context, &arguments.change, replan, (&groups, EntryEdits::Replace), |facts, author| {
        plan::undo(&request, facts, author)
    })
}

/// Reverses an operation on a key or on the grants of an owner.
fn undo_access(context: &Context<'_>, arguments: &UndoArguments) -> Result<Exit, CommandError> {
    if arguments.change.wait.is_typed() || arguments.change.reason.allow_breaking {
        return Err(CommandError::usage("`--wait` and `--allow-breaking` cannot be used with `--access`")
            .hint("gateways follow keys and grants by themselves; leave them out"));
    }
    let author = context.author(&arguments.change.reason)?;
    let (undone, present, reversed) = access_reversal(context.workspace()?, arguments.operation.as_deref(), &author)?;
    if arguments.change.dry_run {
        let document = super::access::change_view(&reversed, None, true);
        let what = reversed.summary.replace("reverses", "would reverse");
        context.output.data(&document, || format!("{}: {what}; nothing was written\n", reversed.after.subject()))?;
        return Ok(change::pending(&arguments.change, true));
    }
    super::access::confirm_grants(context, &[present.grants()], reversed.after.grants())?;
    let guard = context.workspace()?.lock(&context.lock_request())?;
    let (_, _, reversed) = access_reversal(guard.workspace(), Some(undone.as_str()), &author)?;
    super::access::commit(context, &guard, reversed)
}

/// Reverses an operation, the newest unless one is named. Returns its id, the present state, and the reversal.
fn access_reversal(
    workspace: &Workspace,
    named: Option<&str>,
    author: &Author,
) -> Result<(OperationId, SubjectState, AccessOperation), CommandError> {
    let CommittedAccess { id, operation } = match named {
        Some(text) => workspace.find_access_operation(text)?,
        None => workspace.access_history()?.0.into_iter().next().ok_or_else(|| {
            CommandError::invalid("state", "no key was ever created")
                .hint("create one: `apigw key create NAME --kind KIND`")
        })?,
    };
    let subject = operation.after.subject();
    let present = workspace.access_record(&subject)?.ok_or_else(|| {
        CommandError::invalid("state", format!("the file of {subject} is gone"))
            .hint("see what happened: `apigw verify`")
    })?;
    let earlier = operation.predecessors().map(|before| workspace.state_after(before)).collect::<Result<_, _>>()?;
    let reversed = access::change::undo((&id, &operation), &present, earlier, author)?;
    Ok((id, present.state, reversed))
}
