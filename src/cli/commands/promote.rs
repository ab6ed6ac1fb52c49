//! `apigw promote`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::change::{self, ChangeArguments, IfCurrent};
use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::selection::{self, GroupsArguments};
use crate::model::Version;
use crate::plan::{self, PromoteRequest, PromotedRelease};
use crate::workspace::EntryEdits;

/// Promote the live or an earlier release from one environment to another: the same digest
///
/// A mock stays a mock; a real backend gets the address that the version's settings have in the
/// target environment.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw promote petstore --from test --to pre-release\n  apigw promote --all --from pre-release --to online --yes"
)]
pub(in crate::cli) struct PromoteArguments {
    #[command(flatten)]
    groups: GroupsArguments,
    /// Source environment
    #[arg(long, value_name = "ENV", required = true, add = ArgValueCandidates::new(complete::environments))]
    from: String,
    /// Target environment
    #[arg(long, value_name = "ENV", required = true, add = ArgValueCandidates::new(complete::environments))]
    to: String,
    /// Version, if another one is live in the source environment
    #[arg(long, value_name = "V", add = ArgValueCandidates::new(complete::versions))]
    version: Option<Version>,
    /// Release that was live right after this operation; the beginning of its id is enough
    #[arg(long, value_name = "OPERATION", conflicts_with = "version")]
    at: Option<String>,
    #[command(flatten)]
    if_current: IfCurrent,
    #[command(flatten)]
    change: ChangeArguments,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &PromoteArguments) -> Result<Exit, CommandError> {
    let from = context.environment(&arguments.from)?;
    let to = context.environment(&arguments.to)?;
    let release = match (&arguments.version, &arguments.at) {
        (Some(version), _) => PromotedRelease::Version(version.clone()),
        (None, Some(text)) => {
            let found = context.workspace()?.find_operation_of(&from, text);
            PromotedRelease::After(found.map_err(|error| match selection::mistaken_version(text) {
                Some(version) => CommandError::from(error).hint(format!("for a version, `--version {version}`")),
                None => error.into(),
            })?)
        }
        (None, None) => PromotedRelease::Live,
    };
    let request = PromoteRequest {
        from,
        groups: arguments.groups.resolve(context)?,
        release,
        if_current: arguments.if_current.resolve(context, &to)?,
        to,
    };
    change::run(
        context,
        &arguments.change,
        arguments.if_current.replan(),
        (&request.groups, EntryEdits::Refuse),
        |facts, author| plan::promote(&request, facts, author),
    )
}
