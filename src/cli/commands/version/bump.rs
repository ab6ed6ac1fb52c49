//! `apigw version bump`.

use std::collections::BTreeSet;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::is_group;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::views::VersionBumpView;
use crate::cli::{change, complete, selection};
use crate::model::{BumpLevel, GroupName, SCHEMA, SETTINGS_FILE, Version, VersionError};
use crate::plan;
use crate::workspace::{DiskFacts, Workspace, version_edit};

/// Set the next version of the working copy
#[derive(Debug, Args)]
#[command(allow_missing_positional = true)]
#[command(after_help = "Examples:\n  apigw version bump petstore minor\n  apigw version bump petstore 2.0.0-rc.1")]
pub(in crate::cli) struct BumpArguments {
    /// The group [default: the only one]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    group: Option<String>,
    /// patch, minor, major, auto (by the difference from the newest version), or a version
    #[arg(value_name = "LEVEL|auto|X.Y.Z", required = true)]
    to: String,
}

pub(super) fn bump(context: &Context<'_>, arguments: &BumpArguments) -> Result<Exit, CommandError> {
    let to = &arguments.to;
    if arguments.group.is_none() && is_group(context.workspace()?, to) {
        return Err(CommandError::usage(format!("{to} is a group, and its next version is missing"))
            .hint(format!("say how far to bump it: `apigw version bump {to} patch`, `minor`, `major`, or a version")));
    }
    let group = selection::group(context, arguments.group.as_deref())?;
    let guard = context.workspace()?.lock(&context.lock_request())?;
    let workspace = guard.workspace();
    let now = workspace.group_settings(&group)?.version;
    let next = match arguments.to.as_str() {
        "patch" => next_free(workspace, &group, &now, BumpLevel::Patch)?,
        "minor" => next_free(workspace, &group, &now, BumpLevel::Minor)?,
        "major" => next_free(workspace, &group, &now, BumpLevel::Major)?,
        "auto" => advised(workspace, &group, &now)?,
        text => text.parse().map_err(|error: VersionError| {
            CommandError::invalid("version", error.to_string()).hint("or give patch, minor or major")
        })?,
    };
    let taken = if workspace.versions(&group)?.contains(&next) {
        Some("is frozen already")
    } else if workspace.readable_notes(&group)?.0.deleted().contains(&next) {
        Some("was deleted, and its number cannot be reused for other content")
    } else if workspace.named_versions(&group)?.keys().any(|(version, _)| *version == next) {
        Some("is taken: operations name it")
    } else if workspace.check_note(&group, &next).is_err() {
        Some("has a note that cannot be read: its number may be that of a deleted version")
    } else {
        None
    };
    if let Some(why) = taken.filter(|_| next != now) {
        return Err(CommandError::new("exists", Exit::Conflict, format!("version {next} of {group} {why}"))
            .hint(format!("give a higher one: `apigw version bump {group} X.Y.Z`")));
    }
    if next != now {
        guard.edit(&group, SETTINGS_FILE, &[version_edit(&next)])?;
    }
    let view = VersionBumpView { schema: SCHEMA, group: group.clone(), before: now.clone(), version: next.clone() };
    let shown = context.output.data(&view, || {
        if next == now { format!("{group}: stays at {now}\n") } else { format!("{group}: {now} → {next}\n") }
    });
    change::shown_after_commit(context, shown);
    Ok(Exit::Done)
}

/// Returns the next version at a level; where its number is taken, the next one after the newest.
fn next_free(
    workspace: &Workspace,
    group: &GroupName,
    now: &Version,
    level: BumpLevel,
) -> Result<Version, CommandError> {
    let (next, taken) = (now.next(level), taken_numbers(workspace, group)?);
    Ok(if taken.contains(&next) { plan::bump_target(&taken, now, level) } else { next })
}

/// Lists the numbers that stand for bytes: those of versions that are frozen, were deleted, or are named by operations.
fn taken_numbers(workspace: &Workspace, group: &GroupName) -> Result<BTreeSet<Version>, CommandError> {
    let mut taken = workspace.versions(group)?;
    taken.extend(workspace.readable_notes(group)?.0.deleted());
    // Those may be of deleted versions.
    taken.extend(workspace.unreadable_notes(group)?);
    taken.extend(workspace.named_versions(group)?.into_keys().map(|(version, _)| version));
    Ok(taken)
}

/// Returns the version that the difference from the newest frozen one asks for; the present one if there is none.
fn advised(workspace: &Workspace, group: &GroupName, now: &Version) -> Result<Version, CommandError> {
    let level = plan::advice(group, &DiskFacts::new(workspace))?;
    Ok(match level {
        Some(level) => plan::bump_target(&taken_numbers(workspace, group)?, now, level),
        None => now.clone(),
    })
}
