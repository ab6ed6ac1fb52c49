//! `apigw rollback`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::change::{self, ChangeArguments, IfCurrent, ReplanMode};
use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::selection::{self, GroupsArguments};
use crate::cli::time::{NamedMoment, check_past, named_moment};
use crate::model::{EnvironmentName, GroupName};
use crate::plan::{self, GroupSelection, PastState, RollbackRequest};
use crate::workspace::EntryEdits;

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
    /// Skip groups whose earlier version is blocked, deleted or missing
    #[arg(long)]
    skip_unavailable: bool,
    #[command(flatten)]
    if_current: IfCurrent,
    #[command(flatten)]
    change: ChangeArguments,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &RollbackArguments) -> Result<Exit, CommandError> {
    context.readable_workspace()?;
    let environment = context.environment(&arguments.env)?;
    let groups = arguments.groups.resolve(context)?;
    let past = |text| {
        past_state(context, &environment, text).map_err(|error| advise_version(error, text, &groups, &environment))
    };
    let to = arguments.to.as_deref().map(past).transpose()?;
    // Planned anew, a rollback without a name would go back twice.
    let replan = if to.is_some() { arguments.if_current.replan() } else { ReplanMode::Never };
    let request = RollbackRequest {
        groups,
        to,
        skip_unavailable: arguments.skip_unavailable,
        if_current: arguments.if_current.resolve(context, &environment)?,
        environment,
    };
    change::run(context, &arguments.change, replan, (&request.groups, EntryEdits::Replace), |facts, author| {
        plan::rollback(&request, facts, author)
    })
}

/// Names the command that goes to a version, where one was named instead of an operation.
fn advise_version(
    mut error: CommandError,
    text: &str,
    groups: &GroupSelection,
    environment: &EnvironmentName,
) -> CommandError {
    if let Some(version) = selection::mistaken_version(text) {
        let group = match groups {
            GroupSelection::Groups(groups) if groups.len() == 1 => groups.iter().map(GroupName::as_str).collect(),
            _ => "GROUP".to_owned(),
        };
        let switch = format!("apigw switch {group} --env {environment} --version {version}");
        error.hints = vec![format!("{version} is a version: `{switch}` goes to it, and keeps the backend")];
    }
    error
}

/// Reads a time, or an operation.
fn past_state(context: &Context<'_>, environment: &EnvironmentName, text: &str) -> Result<PastState, CommandError> {
    let workspace = context.workspace()?;
    Ok(match named_moment(text, |text| workspace.find_operation_of(environment, text))? {
        NamedMoment::Time(time) => {
            check_past(context, time, std::slice::from_ref(environment))?;
            PastState::At(time)
        }
        NamedMoment::Operation(id) => PastState::After(id),
    })
}
