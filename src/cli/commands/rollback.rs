//! `apigw rollback`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::change::{self, ChangeArguments, IfCurrent};
use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::selection;
use crate::plan::{self, RollbackRequest};

/// Restore what was live before: version, backend and address
///
/// A second rollback in a row goes further back. `apigw undo` takes a rollback back.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw rollback petstore --env test\n  apigw rollback petstore --env test --to 20261123T180000.000Z"
)]
pub(in crate::cli) struct RollbackArguments {
    /// The group [default: the one that is plain]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    group: Option<String>,
    /// The environment
    #[arg(long, value_name = "ENV", required = true, add = ArgValueCandidates::new(complete::environments))]
    env: String,
    /// Restore what this operation left; the beginning of its id is enough
    #[arg(long, value_name = "OPERATION")]
    to: Option<String>,
    #[command(flatten)]
    if_current: IfCurrent,
    #[command(flatten)]
    change: ChangeArguments,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &RollbackArguments) -> Result<Exit, CommandError> {
    let operation = |text: &String| Ok::<_, CommandError>(context.workspace()?.find_operation(text)?.id);
    let request = RollbackRequest {
        environment: context.environment(&arguments.env)?,
        group: selection::group(context, arguments.group.as_deref())?,
        to: arguments.to.as_ref().map(operation).transpose()?,
        if_current: arguments.if_current.resolve(context)?,
    };
    change::run(context, &arguments.change, |facts, author| plan::rollback(&request, facts, author))
}
