//! `apigw offline`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::change::{self, ChangeArguments, IfCurrent};
use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::selection::GroupsArguments;
use crate::plan::{self, OfflineRequest};
use crate::workspace::EntryEdits;

/// Take groups offline in an environment
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw offline petstore --env test\n  apigw offline --all --env online --allow-breaking -m 'end of the trial'"
)]
pub(in crate::cli) struct OfflineArguments {
    #[command(flatten)]
    groups: GroupsArguments,
    /// The environment
    #[arg(long, value_name = "ENV", required = true, add = ArgValueCandidates::new(complete::environments))]
    env: String,
    #[command(flatten)]
    if_current: IfCurrent,
    #[command(flatten)]
    change: ChangeArguments,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &OfflineArguments) -> Result<Exit, CommandError> {
    context.readable_workspace()?;
    let environment = context.environment(&arguments.env)?;
    let request = OfflineRequest {
        groups: arguments.groups.resolve(context)?,
        if_current: arguments.if_current.resolve(context, &environment)?,
        environment,
    };
    change::run(
        context,
        &arguments.change,
        arguments.if_current.replan(),
        (&request.groups, EntryEdits::Replace),
        |facts, author| plan::offline(&request, facts, author),
    )
}
