//! `apigw switch`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::change::{self, ChangeArguments, IfCurrent, ReplanMode};
use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::selection;
use crate::model::Version;
use crate::plan::{self, GroupSelection, SwitchRequest, SwitchTo};
use crate::workspace::EntryEdits;

/// Switch a group to another frozen version and keep its backend
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw switch petstore --env test --version 0.0.1\n  apigw switch petstore --env test --previous"
)]
pub(in crate::cli) struct SwitchArguments {
    /// The group [default: the only one]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    group: Option<String>,
    /// The environment
    #[arg(long, value_name = "ENV", required = true, add = ArgValueCandidates::new(complete::environments))]
    env: String,
    /// The version to switch to
    #[arg(long, value_name = "V", required_unless_present = "previous", add = ArgValueCandidates::new(complete::versions))]
    version: Option<Version>,
    /// Switch to the other version that was live last, but for those that a rollback or an undo took back
    #[arg(long, conflicts_with = "version")]
    previous: bool,
    #[command(flatten)]
    if_current: IfCurrent,
    #[command(flatten)]
    change: ChangeArguments,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &SwitchArguments) -> Result<Exit, CommandError> {
    if arguments.previous {
        context.readable_workspace()?;
    }
    let environment = context.environment(&arguments.env)?;
    let request = SwitchRequest {
        group: selection::group(context, arguments.group.as_deref())?,
        to: arguments.version.clone().map_or(SwitchTo::Previous, SwitchTo::Version),
        if_current: arguments.if_current.resolve(context, &environment)?,
        environment,
    };
    // Planned anew, "previous" would be the version that somebody has just left.
    let replan = if arguments.previous { ReplanMode::Never } else { arguments.if_current.replan() };
    change::run(
        context,
        &arguments.change,
        replan,
        (&GroupSelection::Groups(vec![request.group.clone()]), EntryEdits::Replace),
        |facts, author| plan::switch(&request, facts, author),
    )
}
