//! `apigw rollback`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::change::{self, ChangeArguments, IfCurrent, ReplanMode};
use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::selection::GroupsArguments;
use crate::cli::time::{NamedMoment, named_moment};
use crate::model::EnvironmentName;
use crate::plan::{self, PastState, RollbackRequest};
use crate::workspace::Workspace;

/// Restore an earlier release: version, backend and address
///
/// Without --to, each group goes back to its previous release; a second rollback in a row goes further back. With --to,
/// all groups go back to one past state. `apigw undo` reverses a rollback.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw rollback petstore --env test\n  apigw rollback --all --env test --to 2026-11-23T18:00:00Z -m 'bad release'"
)]
pub(in crate::cli) struct RollbackArguments {
    #[command(flatten)]
    groups: GroupsArguments,
    /// The environment
    #[arg(long, value_name = "ENV", required = true, add = ArgValueCandidates::new(complete::environments))]
    env: String,
    /// State to restore: right after this operation, or at this time (RFC 3339, or a date); --all needs it
    #[arg(long, value_name = "OPERATION|TIME", required_if_eq("all", "true"))]
    to: Option<String>,
    #[command(flatten)]
    if_current: IfCurrent,
    #[command(flatten)]
    change: ChangeArguments,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &RollbackArguments) -> Result<Exit, CommandError> {
    context.readable_workspace()?;
    let environment = context.environment(&arguments.env)?;
    let to = arguments.to.as_deref().map(|text| past_state(context.workspace()?, &environment, text)).transpose()?;
    // Planned anew, a rollback without a name would go back twice.
    let replan = if to.is_some() { arguments.if_current.replan() } else { ReplanMode::Never };
    let request = RollbackRequest {
        groups: arguments.groups.resolve(context)?,
        to,
        if_current: arguments.if_current.resolve(context, &environment)?,
        environment,
    };
    change::run(context, &arguments.change, replan, &request.groups, |facts, author| {
        plan::rollback(&request, facts, author)
    })
}

/// Reads a time, or an operation.
fn past_state(workspace: &Workspace, environment: &EnvironmentName, text: &str) -> Result<PastState, CommandError> {
    Ok(match named_moment(text, |text| workspace.find_operation_of(environment, text))? {
        NamedMoment::Time(time) => PastState::At(time),
        NamedMoment::Operation(id) => PastState::After(id),
    })
}
