//! `apigw group delete`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::reason::ChangeReason;
use crate::cli::views::GroupDeleteView;
use crate::cli::{advice, change, complete, missing_release, selection};
use crate::workspace;

/// Delete a group that is live nowhere, with all its versions
///
/// If one of its versions was live in one of the last ten states of an environment, it is deleted only with --force:
/// those states can no longer be restored.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw group delete orders --yes\n  apigw -y group delete orders")]
pub(in crate::cli) struct GroupDeleteArguments {
    /// The group
    #[arg(value_name = "NAME", add = ArgValueCandidates::new(complete::groups))]
    name: String,
    /// Delete it even if rollbacks need one of its versions
    #[arg(long)]
    force: bool,
}

pub(super) fn delete(context: &Context<'_>, arguments: &GroupDeleteArguments) -> Result<Exit, CommandError> {
    let group = selection::group(context, Some(&arguments.name))?;
    if !context.yes {
        return Err(CommandError::new("refused", Exit::Refused, format!("this deletes {group} with all its versions"))
            .hint("add `--yes` to confirm"));
    }
    let author = context.author(&ChangeReason { message: None, allow_breaking: false })?;
    let guard = context.workspace()?.lock(&context.lock_request())?;
    let plain = missing_release::plain_ways_back(guard.workspace(), &group, None, &author);
    let states = guard.delete_group(&group, &author, arguments.force).map_err(|error| {
        let is_needed = matches!(error, workspace::Error::GroupNeeded { .. });
        let mut error = CommandError::from(error);
        error.reasons.extend(plain.iter().filter(|_| is_needed).cloned());
        error
    })?;
    let mut lost: Vec<String> =
        states.iter().map(|(version, state)| advice::lost_state(&group, version, state)).collect();
    lost.extend(plain);
    let warnings: Vec<String> = lost.iter().map(|lost| format!("{lost}, and fails from now on")).collect();
    for warning in change::for_people(context, &warnings) {
        context.output.warning(&warning);
    }
    let shown = context.output.data(&GroupDeleteView::new(group.clone(), lost), || format!("deleted group {group}\n"));
    change::shown_after_commit(context, shown);
    Ok(Exit::Done)
}
