//! `apigw undo`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::change::{self, ChangeArguments, Replan};
use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::plan::{self, UndoRequest};

/// Reverse one operation for all its groups, if nothing changed them since
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw undo --env test\n  apigw undo 20261123T180000.000Z --env test -m 'wrong group'"
)]
pub(in crate::cli) struct UndoArguments {
    /// The operation, or the beginning of its id [default: the latest of the environment]
    #[arg(value_name = "OPERATION")]
    operation: Option<String>,
    /// The environment
    #[arg(long, value_name = "ENV", required = true, add = ArgValueCandidates::new(complete::environments))]
    env: String,
    /// Leave groups as they are that were changed since
    #[arg(long)]
    skip_changed: bool,
    #[command(flatten)]
    change: ChangeArguments,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &UndoArguments) -> Result<Exit, CommandError> {
    let workspace = context.workspace()?;
    let environment = context.environment(&arguments.env)?;
    let operation = if let Some(text) = &arguments.operation {
        workspace.find_operation_of(&environment, text)?
    } else {
        let latest = workspace.history(&environment, None, 1)?.pop();
        let latest = latest.ok_or_else(|| {
            CommandError::invalid("state", format!("nothing was ever done in {environment}"))
                .hint("see what is: `apigw status`")
        })?;
        latest.id
    };
    let request = UndoRequest { environment, operation, skip_changed: arguments.skip_changed };
    // Planned anew, an undo without a name would undo what somebody has just done.
    let replan = if arguments.operation.is_some() { Replan::WhereStale } else { Replan::Never };
    change::run(context, &arguments.change, replan, |facts, author| plan::undo(&request, facts, author))
}
