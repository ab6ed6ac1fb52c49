//! `apigw version`.

mod block;
mod bump;

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCandidates;

use crate::check;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::reason::ChangeReason;
use crate::cli::release_text::remark_text;
use crate::cli::views::{
    DeletedVersionView, FindingView, VersionCreateView, VersionDeleteView, VersionListEntryView, VersionListView,
    VersionRemarkView, VersionShowView,
};
use crate::cli::{advice, change, complete, missing_release, selection, table};
use crate::model::{Digest, EnvironmentName, GroupName, RemarkKind, SCHEMA, Severity, Version, VersionError};
use crate::plan::{self, Freeze};
use crate::workspace::{self, DiskFacts, FrozenVersion, Workspace};

/// Freeze working copies as versions; list, show, block and delete versions
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum VersionCommand {
    Create(VersionCreateArguments),
    Bump(bump::BumpArguments),
    List(VersionListArguments),
    Show(OneArguments),
    Delete(VersionDeleteArguments),
    Block(block::BlockArguments),
    Unblock(block::UnblockArguments),
}

/// Freeze the working copy under the version that its settings name
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw version create\n  apigw version create petstore")]
pub(in crate::cli) struct VersionCreateArguments {
    /// The group [default: the only one]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    group: Option<String>,
}

/// List the frozen versions and where they are live
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw version list\n  apigw version list petstore -o json")]
pub(in crate::cli) struct VersionListArguments {
    /// The group [default: the only one]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    group: Option<String>,
}

/// Show a frozen version
#[derive(Debug, Args)]
#[command(allow_missing_positional = true)]
#[command(after_help = "Examples:\n  apigw version show 0.0.1\n  apigw version show petstore 0.0.1")]
pub(in crate::cli) struct OneArguments {
    #[command(flatten)]
    named: NamedVersion,
}

/// A version and its group. They may be typed in either order: no group is named like a version.
#[derive(Debug, Args)]
struct NamedVersion {
    /// The group [default: the only one]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    group: Option<String>,
    /// The version
    #[arg(value_name = "VERSION", required = true, add = ArgValueCandidates::new(complete::versions))]
    version: String,
}

impl NamedVersion {
    fn resolve(&self, context: &Context<'_>) -> Result<(GroupName, Version), CommandError> {
        let (group, version) = match &self.group {
            Some(first) if first.parse::<Version>().is_ok() => (Some(&self.version), first),
            group => (group.as_ref(), &self.version),
        };
        let version = version.parse().map_err(|error: VersionError| {
            let refused = CommandError::usage(error.to_string());
            if context.workspace().is_ok_and(|workspace| is_group(workspace, version)) {
                refused.hint(format!("name one of its versions: `apigw version list {version}`"))
            } else {
                refused
            }
        })?;
        Ok((selection::group(context, group.map(String::as_str))?, version))
    }
}

/// True if a word that stands in the place of a version names a group.
fn is_group(workspace: &Workspace, word: &str) -> bool {
    word.parse().is_ok_and(|group| workspace.require_group(&group).is_ok())
}

/// Delete a frozen version that is live nowhere
///
/// Its number cannot be reused for other content. A version that was live in one of the last ten states of an
/// environment is deleted only with --force: those states can no longer be restored.
#[derive(Debug, Args)]
#[command(allow_missing_positional = true)]
#[command(after_help = "Examples:\n  apigw version delete 0.0.1\n  apigw version delete petstore 0.0.1")]
pub(in crate::cli) struct VersionDeleteArguments {
    #[command(flatten)]
    named: NamedVersion,
    /// Delete it even if rollbacks need it
    #[arg(long)]
    force: bool,
    /// Reason, for the note on the deleted version
    #[arg(short, long, value_name = "WHY")]
    message: Option<String>,
}

pub(in crate::cli) fn run(context: &Context<'_>, command: &VersionCommand) -> Result<Exit, CommandError> {
    match command {
        VersionCommand::Create(arguments) => create(context, arguments),
        VersionCommand::Bump(arguments) => bump::bump(context, arguments),
        VersionCommand::List(arguments) => list(context, arguments),
        VersionCommand::Show(arguments) => show(context, arguments),
        VersionCommand::Delete(arguments) => delete(context, arguments),
        VersionCommand::Block(arguments) => block::block(context, arguments),
        VersionCommand::Unblock(arguments) => block::unblock(context, arguments),
    }
}

fn create(context: &Context<'_>, arguments: &VersionCreateArguments) -> Result<Exit, CommandError> {
    let group = selection::group(context, arguments.group.as_deref())?;
    let guard = context.workspace()?.lock(&context.lock_request())?;
    let workspace = guard.workspace();
    let candidate = workspace.working_copy(&group, None)?;
    let mut findings =
        check::group(&candidate.subject(&group, candidate.settings.backend.is_some()), workspace.settings());
    findings.retain(|finding| finding.severity == Severity::Error);
    if !findings.is_empty() {
        return Err(plan::Error::Invalid { group, findings }.into());
    }
    let version = candidate.settings.version.clone();
    if let Some((_, digest)) = workspace.version(&group, &version)? {
        // A merge may have given its bytes another number.
        let Some(number) = workspace.locate_release(&group, &version, candidate.digest)? else {
            let is_blocked = workspace.readable_notes(&group)?.0.block(&digest).is_some();
            return Err(plan::Error::FrozenDiffers { group, version, is_blocked }.into());
        };
        report(context, &group, &number, candidate.digest, false);
        return Ok(Exit::Done);
    }
    let digest = candidate.digest;
    plan::check_number(&DiskFacts::new(workspace), &group, &version, digest)?;
    let freeze = Freeze { group: group.clone(), version: version.clone(), files: candidate.files, digest };
    workspace.require_no_secret_in(std::iter::once(&freeze), &context.process.variables, context.now())?;
    guard.freeze(&freeze)?;
    report(context, &group, &version, digest, true);
    Ok(Exit::Done)
}

fn report(context: &Context<'_>, group: &GroupName, version: &Version, digest: Digest, created: bool) {
    let view = VersionCreateView { schema: SCHEMA, group: group.clone(), version: version.clone(), digest, created };
    let state = if created { "is frozen" } else { "is frozen already" };
    let shown = context.output.data(&view, || format!("{group} {version} {state}\n"));
    change::shown_after_commit(context, shown);
}

fn list(context: &Context<'_>, arguments: &VersionListArguments) -> Result<Exit, CommandError> {
    let workspace = context.readable_workspace()?;
    let group = selection::group(context, arguments.group.as_deref())?;
    let (notes, mut unreadable) = workspace.readable_notes(&group)?;
    let mut live_versions = workspace.live_versions(&group)?;
    unreadable.append(&mut live_versions.findings);
    let (frozen, mut faults) = workspace.frozen_versions(&group)?;
    unreadable.append(&mut faults);
    let entry = |FrozenVersion { number, digest, frozen_as }: FrozenVersion| VersionListEntryView {
        live: live_versions.environments.remove(&number).unwrap_or_default(),
        blocked: digest.and_then(|digest| notes.block(&digest)).cloned(),
        version: number,
        digest,
        frozen_as,
    };
    let mut versions: Vec<VersionListEntryView> = frozen.into_iter().map(entry).collect();
    let is_gone = |version: &&Version| versions.iter().all(|known| known.version != **version);
    let deleted: Vec<_> =
        notes.0.iter().filter(|(version, note)| is_gone(version) && !note.deletions.is_empty()).collect();
    let missing = std::mem::take(&mut live_versions.environments);
    versions.extend(missing.iter().map(|(version, live)| VersionListEntryView {
        version: version.clone(),
        digest: None,
        live: live.clone(),
        frozen_as: None,
        blocked: None,
    }));
    versions.sort_by(|left, right| right.version.cmp(&left.version));
    let gone = deleted
        .iter()
        .map(|(version, note)| DeletedVersionView { version: (*version).clone(), deletions: note.deletions.clone() });
    let view = VersionListView {
        schema: SCHEMA,
        group: group.clone(),
        versions,
        deleted: gone.collect(),
        remarks: VersionRemarkView::of_group(&group, &notes),
        problems: unreadable.iter().map(FindingView::new).collect(),
    };
    context.output.data(&view, || {
        let mut text = String::new();
        if view.versions.is_empty() {
            text = format!("{group} has no frozen version\n");
        } else {
            let rows = view.versions.iter().map(|entry| {
                let frozen_as = entry.frozen_as.as_ref().map(|number| format!(" (frozen as {number})"));
                let blocked = if entry.blocked.is_some() { " (blocked)" } else { "" };
                vec![
                    format!("{}{}{blocked}", entry.version, frozen_as.unwrap_or_default()),
                    places(&entry.live, &live_versions.unread, "-"),
                    match entry.digest {
                        Some(digest) => digest.to_string(),
                        None if missing.contains_key(&entry.version) => "missing".to_owned(),
                        None => "unreadable".to_owned(),
                    },
                ]
            });
            text += &table::render(&["VERSION", "LIVE IN", "DIGEST"], rows, context.output.width);
        }
        let deletions =
            deleted.iter().filter_map(|(version, note)| Some((*version, RemarkKind::Deleted, note.deletions.last()?)));
        for (version, kind, remark) in notes.blocks_and_unblocks().into_iter().chain(deletions) {
            let _ = writeln!(text, "{version} was {}", remark_text(kind, remark));
        }
        text
    })?;
    Ok(context.output.unreadable(workspace, &unreadable))
}

fn show(context: &Context<'_>, arguments: &OneArguments) -> Result<Exit, CommandError> {
    let workspace = context.readable_workspace()?;
    let (group, version) = &arguments.named.resolve(context)?;
    let Some((files, digest)) = workspace.version(group, version)? else {
        return Err(workspace.unknown_version(group, version)?.into());
    };
    let mut live_versions = workspace.live_versions(group)?;
    let live = live_versions.environments.remove(version).unwrap_or_default();
    let (notes, mut unreadable) = workspace.readable_notes(group)?;
    unreadable.append(&mut live_versions.findings);
    let remarks: Vec<_> =
        notes.blocks_and_unblocks().into_iter().filter(|(.., remark)| remark.digest == digest).collect();
    let manifest = files.manifest();
    let view = VersionShowView {
        schema: SCHEMA,
        group: group.clone(),
        version: version.clone(),
        digest,
        live: live.clone(),
        blocked: notes.block(&digest).cloned(),
        remarks: remarks.iter().map(|remark| VersionRemarkView::new(group, *remark)).collect(),
        files: manifest.clone(),
        problems: unreadable.iter().map(FindingView::new).collect(),
    };
    context.output.data(&view, || {
        let place = places(&live, &live_versions.unread, "nowhere");
        let rows = manifest.0.iter().map(|(path, digest)| vec![path.clone(), digest.to_string()]);
        let files = table::render(&["FILE", "SHA-256"], rows, context.output.width);
        let said = remarks.iter().map(|(_, kind, remark)| format!("\nwas      {}", remark_text(*kind, remark)));
        format!("{group} {version}\ndigest   {digest}\nlive in  {place}{}\n\n{files}", said.collect::<String>())
    })?;
    Ok(context.output.unreadable(workspace, &unreadable))
}

/// Lists the environments in which a version is live, and those that cannot be read, where it may be.
fn places(live: &[String], unread: &[EnvironmentName], nowhere: &str) -> String {
    let unread = unread.iter().map(|environment| format!("{environment}: unreadable"));
    let all: Vec<String> = live.iter().cloned().chain(unread).collect();
    if all.is_empty() { nowhere.to_owned() } else { all.join(", ") }
}

fn delete(context: &Context<'_>, arguments: &VersionDeleteArguments) -> Result<Exit, CommandError> {
    let (group, version) = arguments.named.resolve(context)?;
    let author = context.author(&ChangeReason { message: arguments.message.clone(), allow_breaking: false })?;
    let guard = context.workspace()?.lock(&context.lock_request())?;
    let plain = missing_release::plain_ways_back(guard.workspace(), &group, Some(&version), &author);
    let states = guard.delete_version(&group, &version, &author, arguments.force).map_err(|error| {
        let is_needed = matches!(error, workspace::Error::VersionNeeded { .. });
        let mut error = CommandError::from(error);
        error.reasons.extend(plain.iter().filter(|_| is_needed).cloned());
        error
    })?;
    let mut lost: Vec<String> = states.iter().map(|state| advice::lost_state(&group, &version, state)).collect();
    lost.extend(plain);
    let warnings: Vec<String> = lost.iter().map(|state| format!("{state}, and fails from now on")).collect();
    for warning in change::for_people(context, &warnings) {
        context.output.warning(&warning);
    }
    let view =
        VersionDeleteView { schema: SCHEMA, group: group.clone(), version: version.clone(), deleted: true, lost };
    let shown = context.output.data(&view, || format!("deleted version {version} of {group}\n"));
    change::shown_after_commit(context, shown);
    Ok(Exit::Done)
}
