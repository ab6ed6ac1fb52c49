//! `apigw promote`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::change::{self, ChangeArguments, IfCurrent};
use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::selection::GroupsArguments;
use crate::plan::{self, PromoteRequest};

/// Take what is live in one environment to another: the same digest
///
/// A mock stays a mock; a real backend gets the address that the version's settings have in the
/// environment that it comes to.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw promote petstore --from test --to pre-release\n  apigw promote --all --from pre-release --to online --yes"
)]
pub(in crate::cli) struct PromoteArguments {
    #[command(flatten)]
    groups: GroupsArguments,
    /// The environment from which it comes
    #[arg(long, value_name = "ENV", required = true, add = ArgValueCandidates::new(complete::environments))]
    from: String,
    /// The environment that changes
    #[arg(long, value_name = "ENV", required = true, add = ArgValueCandidates::new(complete::environments))]
    to: String,
    #[command(flatten)]
    if_current: IfCurrent,
    #[command(flatten)]
    change: ChangeArguments,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &PromoteArguments) -> Result<Exit, CommandError> {
    let request = PromoteRequest {
        from: context.environment(&arguments.from)?,
        to: context.environment(&arguments.to)?,
        groups: arguments.groups.resolve(context)?,
        if_current: arguments.if_current.resolve(context)?,
    };
    change::run(context, &arguments.change, |facts, author| plan::promote(&request, facts, author))
}
