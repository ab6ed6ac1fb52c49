//! `apigw version block` and `unblock`.

use clap::Args;

use super::NamedVersion;
use crate::cli::change;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::hints;
use crate::cli::reason::ChangeReason;
use crate::cli::views::{VersionBlockView, VersionUnblockView};
use crate::model::{Author, SCHEMA};

/// Block a frozen version in every environment, until it is unblocked
///
/// Publish, switch, promote, rollback, undo and apply refuse it. If it is live, it stays live; `rollback` skips it.
#[derive(Debug, Args)]
#[command(allow_missing_positional = true)]
#[command(
    after_help = "Examples:\n  apigw version block 0.0.2 -m 'loses orders'\n  apigw version block petstore 0.0.2 -m 'loses orders'"
)]
pub(in crate::cli) struct BlockArguments {
    #[command(flatten)]
    named: NamedVersion,
    /// Reason, shown to everybody whom the block stops
    #[arg(short, long, value_name = "WHY")]
    message: Option<String>,
}

/// Unblock a version
///
/// Both the block and its end stay on record: `history`, `show`, `version list` and `version show` tell them.
#[derive(Debug, Args)]
#[command(allow_missing_positional = true)]
#[command(
    after_help = "Examples:\n  apigw version unblock 0.0.2 -m 'the orders were replayed'\n  apigw version unblock petstore 0.0.2 -m 'the orders were replayed'"
)]
pub(in crate::cli) struct UnblockArguments {
    #[command(flatten)]
    named: NamedVersion,
    /// Reason, for the record
    #[arg(short, long, value_name = "WHY")]
    message: Option<String>,
}

pub(super) fn block(context: &Context<'_>, arguments: &BlockArguments) -> Result<Exit, CommandError> {
    let author = author(context, arguments.message.as_ref(), "a block needs a reason")?;
    let (group, version) = arguments.named.resolve(context)?;
    let guard = context.workspace()?.lock(&context.lock_request())?;
    // Read before the block: an error after it would call a change that was made a failed one.
    let live = guard.workspace().live_in(&group, Some(&version)).unwrap_or_else(|error| {
        // A conflict of an environment keeps no bad version in.
        context.output.warning(&format!("cannot tell where {group} {version} is live: {}", error.one_line()));
        Vec::new()
    });
    let (block, is_new) = guard.block_version(&group, &version, &author)?;
    for environment in &live {
        let named = guard.workspace().environment_named(environment.as_str());
        let has_way_back = named.as_ref().is_ok_and(|named| guard.workspace().has_way_back(named, &group));
        let verb = if has_way_back { "rollback" } else { "offline" };
        let warning = format!(
            "{group} {version} stays live in {environment}: take it out with `apigw {verb} {group} --env {environment}`"
        );
        // Whoever confirmed this one can type that one as it stands.
        let confirmed = named.ok().filter(|_| context.yes).map(|named| hints::confirmed(&warning, &named));
        context.output.warning(&confirmed.unwrap_or(warning));
    }
    let view = VersionBlockView {
        schema: SCHEMA,
        group: group.clone(),
        version: version.clone(),
        blocked: block.clone(),
        live: live.iter().map(ToString::to_string).collect(),
    };
    let shown = context.output.data(&view, || {
        if is_new {
            return format!("{group} {version} is blocked\n");
        }
        let why = block.why.as_deref().unwrap_or_default();
        format!("{group} {version} is already blocked by {} since {}: {why}\n", block.by, block.at)
    });
    change::shown_after_commit(context, shown);
    Ok(Exit::Done)
}

pub(super) fn unblock(context: &Context<'_>, arguments: &UnblockArguments) -> Result<Exit, CommandError> {
    let author = author(context, arguments.message.as_ref(), "the end of a block needs a reason")?;
    let (group, version) = arguments.named.resolve(context)?;
    let ended = context.workspace()?.lock(&context.lock_request())?.unblock_version(&group, &version, &author)?;
    let view =
        VersionUnblockView { schema: SCHEMA, group: group.clone(), version: version.clone(), unblocked: ended.clone() };
    let shown = context.output.data(&view, || {
        let what = if ended.is_empty() { "is not blocked" } else { "is no longer blocked" };
        format!("{group} {version} {what}\n")
    });
    change::shown_after_commit(context, shown);
    Ok(Exit::Done)
}

/// Returns the author of a remark, which is nothing without its reason.
fn author(context: &Context<'_>, message: Option<&String>, refusal: &str) -> Result<Author, CommandError> {
    let author = context.author(&ChangeReason { message: message.cloned(), allow_breaking: false })?;
    if author.message.is_none() {
        return Err(CommandError::usage(refusal).hint("add `-m WHY`"));
    }
    Ok(author)
}
