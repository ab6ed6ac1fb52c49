//! `apigw prune`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::change;
use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::progress::ProgressLine;
use crate::cli::reason::ChangeReason;
use crate::cli::selection;
use crate::cli::views::{PruneView, PrunedVersionView};
use crate::model::{GroupName, SCHEMA};
use crate::workspace::{UnusedVersion, Workspace};

/// Delete frozen versions that no operation names
///
/// Such versions were frozen and never published, or are left over from an interrupted publish. One that equals the
/// working copy is kept. A deleted number cannot be reused for other content.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw prune --dry-run\n  apigw prune petstore -m 'left over from the trial'")]
pub(in crate::cli) struct PruneArguments {
    /// The groups [default: all]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    groups: Vec<String>,
    /// Show the versions without deleting them
    #[arg(long)]
    dry_run: bool,
    /// The reason, for the notes on the deleted versions
    #[arg(short, long, value_name = "WHY")]
    message: Option<String>,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &PruneArguments) -> Result<Exit, CommandError> {
    let workspace = context.workspace()?;
    let groups: Vec<GroupName> = if arguments.groups.is_empty() {
        workspace.groups()?
    } else {
        let named = arguments.groups.iter().map(|name| selection::group(context, Some(name)));
        named.collect::<Result<_, _>>()?
    };
    if arguments.dry_run {
        let unused = unused_versions(context, workspace, &groups)?;
        show(context, &unused, true)?;
        return Ok(Exit::Done);
    }
    let author = context.author(&ChangeReason { message: arguments.message.clone(), allow_breaking: false })?;
    let guard = workspace.lock(&context.lock_request())?;
    let unused = unused_versions(context, guard.workspace(), &groups)?;
    for (number, version) in unused.iter().enumerate() {
        if let Err(error) = guard.delete_unused(version, &author) {
            let deleted: Vec<String> = unused[..number].iter().map(name).collect();
            let before = CommandError::from(error);
            return Err(if deleted.is_empty() {
                before
            } else {
                before.hint(format!("deleted before it failed: {}", deleted.join(", ")))
            });
        }
    }
    change::shown_after_commit(context, show(context, &unused, false));
    Ok(Exit::Done)
}

fn unused_versions(
    context: &Context<'_>,
    workspace: &Workspace,
    groups: &[GroupName],
) -> Result<Vec<UnusedVersion>, CommandError> {
    let _progress = ProgressLine::start(context.output.progress, "reading the history");
    Ok(workspace.unused_versions(groups)?)
}

fn name(unused: &UnusedVersion) -> String {
    format!("{} {}", unused.group, unused.version)
}

fn show(context: &Context<'_>, unused: &[UnusedVersion], is_dry_run: bool) -> Result<(), CommandError> {
    let versions: Vec<_> = unused
        .iter()
        .map(|unused| PrunedVersionView {
            group: unused.group.clone(),
            version: unused.version.clone(),
            digest: unused.digest,
        })
        .collect();
    let view = PruneView { schema: SCHEMA, dry_run: is_dry_run, versions };
    context.output.lines(&view, || {
        if unused.is_empty() {
            return "nothing to prune: every frozen version is named by an operation, or equals the working copy\n"
                .to_owned();
        }
        let verb = if is_dry_run { "would delete" } else { "deleted" };
        unused.iter().fold(String::new(), |text, unused| text + verb + " " + &name(unused) + "\n")
    })
}
