//! `apigw version`.

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCandidates;
use serde_json::json;

use crate::check;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::{complete, selection, table};
use crate::model::{GroupName, Level, SCHEMA, SETTINGS_FILE, Severity, Version, VersionError};
use crate::plan::{self, Freeze};
use crate::workspace::{DiskFacts, Workspace, version_edit};

/// Freeze working copies as versions, and look at them
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum VersionCommand {
    Create(CreateArguments),
    Bump(BumpArguments),
    List(ListArguments),
    Show(OneArguments),
    Delete(DeleteArguments),
}

/// Freeze the working copy under the version that its settings name
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw version create\n  apigw version create petstore")]
pub(in crate::cli) struct CreateArguments {
    /// The group [default: the one that is plain]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    group: Option<String>,
}

/// Set the version that the working copy is going to be
#[derive(Debug, Args)]
#[command(allow_missing_positional = true)]
#[command(after_help = "Examples:\n  apigw version bump petstore minor\n  apigw version bump petstore 2.0.0-rc.1")]
pub(in crate::cli) struct BumpArguments {
    /// The group [default: the one that is plain]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    group: Option<String>,
    /// patch, minor, major, auto (by what differs from the newest version), or a version
    #[arg(value_name = "LEVEL|auto|X.Y.Z", required = true)]
    to: String,
}

/// List the frozen versions and where they are live
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw version list\n  apigw version list petstore -o json")]
pub(in crate::cli) struct ListArguments {
    /// The group [default: the one that is plain]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    group: Option<String>,
}

/// Show what a frozen version holds
#[derive(Debug, Args)]
#[command(allow_missing_positional = true)]
#[command(after_help = "Examples:\n  apigw version show 0.0.1\n  apigw version show petstore 0.0.1")]
pub(in crate::cli) struct OneArguments {
    /// The group [default: the one that is plain]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    group: Option<String>,
    /// The version
    #[arg(value_name = "VERSION", required = true, add = ArgValueCandidates::new(complete::versions))]
    version: Version,
}

/// Delete a frozen version that is live nowhere
#[derive(Debug, Args)]
#[command(allow_missing_positional = true)]
#[command(after_help = "Examples:\n  apigw version delete 0.0.1\n  apigw version delete petstore 0.0.1")]
pub(in crate::cli) struct DeleteArguments {
    /// The group [default: the one that is plain]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    group: Option<String>,
    /// The version
    #[arg(value_name = "VERSION", required = true, add = ArgValueCandidates::new(complete::versions))]
    version: Version,
}

pub(in crate::cli) fn run(context: &Context<'_>, command: &VersionCommand) -> Result<Exit, CommandError> {
    match command {
        VersionCommand::Create(arguments) => create(context, arguments),
        VersionCommand::Bump(arguments) => bump(context, arguments),
        VersionCommand::List(arguments) => list(context, arguments),
        VersionCommand::Show(arguments) => show(context, arguments),
        VersionCommand::Delete(arguments) => delete(context, arguments),
    }
}

fn create(context: &Context<'_>, arguments: &CreateArguments) -> Result<Exit, CommandError> {
    let group = selection::group(context, arguments.group.as_deref())?;
    let guard = context.workspace()?.lock(&context.lock_request())?;
    let workspace = guard.workspace();
    let candidate = workspace.working_copy(&group, None)?;
    let mut findings = check::group(&candidate.subject(&group), workspace.settings());
    findings.retain(|finding| finding.severity == Severity::Error);
    if !findings.is_empty() {
        return Err(plan::Error::Invalid { group, findings }.into());
    }
    let version = candidate.settings.version.clone();
    if let Some((_, digest)) = workspace.version(&group, &version)? {
        if digest != candidate.digest {
            return Err(plan::Error::FrozenDiffers { group, version }.into());
        }
        return report(context, &group, &version, &digest.to_string(), "is frozen already");
    }
    let digest = candidate.digest;
    guard.freeze(&Freeze { group: group.clone(), version: version.clone(), files: candidate.files, digest })?;
    report(context, &group, &version, &digest.to_string(), "is frozen")
}

fn report(
    context: &Context<'_>,
    group: &GroupName,
    version: &Version,
    digest: &str,
    what: &str,
) -> Result<Exit, CommandError> {
    let view = json!({"schema": SCHEMA, "group": group, "version": version, "digest": digest});
    context.output.data(&view, || format!("{group} {version} {what}\n"))?;
    Ok(Exit::Done)
}

fn bump(context: &Context<'_>, arguments: &BumpArguments) -> Result<Exit, CommandError> {
    let group = selection::group(context, arguments.group.as_deref())?;
    let guard = context.workspace()?.lock(&context.lock_request())?;
    let workspace = guard.workspace();
    let now = workspace.group_settings(&group)?.version;
    let next = match arguments.to.as_str() {
        "patch" => now.next(Level::Patch),
        "minor" => now.next(Level::Minor),
        "major" => now.next(Level::Major),
        "auto" => advised(workspace, &group, &now)?,
        text => text.parse().map_err(|error: VersionError| {
            CommandError::invalid("version", error.to_string()).hint("or give patch, minor or major")
        })?,
    };
    if next != now && workspace.versions(&group)?.contains(&next) {
        return Err(CommandError::new(
            "exists",
            Exit::Conflict,
            format!("version {next} of {group} is frozen already"),
        )
        .hint(format!("give a higher one: `apigw version bump {group} X.Y.Z`")));
    }
    if next != now {
        guard.edit(&group, SETTINGS_FILE, &[version_edit(&next)])?;
    }
    let view = json!({"schema": SCHEMA, "group": group, "before": now, "version": next});
    context.output.data(&view, || {
        if next == now { format!("{group}: stays at {now}\n") } else { format!("{group}: {now} → {next}\n") }
    })?;
    Ok(Exit::Done)
}

/// Returns the version that what differs from the newest frozen one asks for; where nothing does, it stays.
fn advised(workspace: &Workspace, group: &GroupName, now: &Version) -> Result<Version, CommandError> {
    let level = plan::advice(group, &DiskFacts::new(workspace))?;
    Ok(match level {
        Some(level) => plan::bump_target(&workspace.versions(group)?, now, level),
        None => now.clone(),
    })
}

fn list(context: &Context<'_>, arguments: &ListArguments) -> Result<Exit, CommandError> {
    let group = selection::group(context, arguments.group.as_deref())?;
    let workspace = context.workspace()?;
    let mut versions = Vec::new();
    for version in workspace.versions(&group)?.into_iter().rev() {
        let digest = workspace.manifest(&group, &version)?.map(|manifest| manifest.digest().to_string());
        let live = workspace.live_in(&group, Some(&version))?;
        let frozen_as = workspace.frozen_as(&group, &version)?;
        versions.push((version, digest.unwrap_or_default(), live, frozen_as));
    }
    let entries: Vec<_> = versions
        .iter()
        .map(|(version, digest, live, frozen_as)| {
            json!({"version": version, "digest": digest, "live": live, "frozen_as": frozen_as})
        })
        .collect();
    let view = json!({"schema": SCHEMA, "group": group, "versions": entries});
    context.output.data(&view, || {
        if versions.is_empty() {
            return format!("{group} has no frozen version yet\n");
        }
        let rows = versions.iter().map(|(version, digest, live, frozen_as)| {
            let frozen_as = frozen_as.as_ref().map(|number| format!(" (frozen as {number})")).unwrap_or_default();
            vec![
                format!("{version}{frozen_as}"),
                if live.is_empty() { "-".to_owned() } else { live.join(", ") },
                digest.clone(),
            ]
        });
        table::render(&["VERSION", "LIVE IN", "DIGEST"], rows, context.output.width)
    })?;
    Ok(Exit::Done)
}

fn show(context: &Context<'_>, arguments: &OneArguments) -> Result<Exit, CommandError> {
    let group = selection::group(context, arguments.group.as_deref())?;
    let workspace = context.workspace()?;
    let version = &arguments.version;
    let Some((files, digest)) = workspace.version(&group, version)? else {
        return Err(CommandError::invalid("unknown-version", format!("{group} has no version {version}"))
            .hint(format!("see which there are: `apigw version list {group}`")));
    };
    let live = workspace.live_in(&group, Some(version))?;
    let manifest = files.manifest();
    let view = json!({"schema": SCHEMA, "group": group, "version": version, "digest": digest, "live": live, "files": manifest});
    context.output.data(&view, || {
        let place = if live.is_empty() { "nowhere".to_owned() } else { live.join(", ") };
        let rows = manifest.0.iter().map(|(path, digest)| vec![path.clone(), digest.to_string()]);
        let files = table::render(&["FILE", "SHA-256"], rows, context.output.width);
        format!("{group} {version}\ndigest   {digest}\nlive in  {place}\n\n{files}")
    })?;
    Ok(Exit::Done)
}

fn delete(context: &Context<'_>, arguments: &DeleteArguments) -> Result<Exit, CommandError> {
    let group = selection::group(context, arguments.group.as_deref())?;
    context.workspace()?.lock(&context.lock_request())?.delete_version(&group, &arguments.version)?;
    context.output.note(&format!("deleted version {} of {group}", arguments.version));
    Ok(Exit::Done)
}
