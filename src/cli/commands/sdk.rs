//! `apigw sdk`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::chosen_version::ChosenVersion;
use crate::cli::clients::client_model;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::generated_folder::{GeneratedFolder, WRITE_IT, public_files};
use crate::cli::output::counted;
use crate::cli::views::{SdkGroupView, SdkView};
use crate::cli::written_path::written_path;
use crate::cli::{complete, selection};
use crate::model::{DeploymentState, GroupName, SCHEMA, Version};
use crate::plan::Facts as _;
use crate::share::GeneratedFile;
use crate::share::sdk::{SdkLanguage, SdkSource, generate};
use crate::workspace::{DiskFacts, FolderChanges, Workspace};

/// Generate clients for callers: Python, TypeScript, Java
///
/// Each group gets a folder with a package for each language, archives that pip and npm install, sources for javac and
/// Maven, and SHA256SUMS. The packages have no dependencies, and the same version always gives the same bytes. The
/// folder belongs to the command: files that are no longer needed are removed, and a folder that holds anything else is
/// refused.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw sdk --env test --language python,typescript,java --out sdk\n  apigw sdk petstore --version 0.0.1 --language python --out sdk --check"
)]
pub(in crate::cli) struct SdkArguments {
    /// The groups [default: with --env all that are live there, else the only one]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    groups: Vec<String>,
    /// Use the versions live in this environment
    #[arg(long, value_name = "ENV", required_unless_present = "version", conflicts_with = "version", add = ArgValueCandidates::new(complete::environments))]
    env: Option<String>,
    /// Use this frozen version
    #[arg(long, value_name = "VERSION", add = ArgValueCandidates::new(complete::versions))]
    version: Option<Version>,
    /// The languages
    #[arg(long, value_name = "LANGUAGE", value_delimiter = ',', required = true, value_enum)]
    language: Vec<SdkLanguage>,
    /// The folder to write
    #[arg(long, value_name = "DIR", value_parser = written_path(), value_hint = clap::ValueHint::DirPath)]
    out: PathBuf,
    /// Write nothing; exit with 2 if the folder is out of date
    #[arg(long)]
    check: bool,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &SdkArguments) -> Result<Exit, CommandError> {
    let workspace = context.workspace()?;
    let chosen = choose(context, workspace, arguments)?;
    let languages: Vec<SdkLanguage> =
        SdkLanguage::ALL.into_iter().filter(|language| arguments.language.contains(language)).collect();
    let folder = GeneratedFolder::open(context, &arguments.out, "sdk", arguments.check)?;
    let mut files: Vec<GeneratedFile> = Vec::new();
    let mut groups = Vec::new();
    for one in &chosen {
        let ChosenVersion { group, version, candidate } = one;
        let model = client_model(workspace, group, &candidate.settings, one.definition()?);
        let generated = generate(SdkSource { group, version, digest: candidate.digest, model: &model }, &languages);
        groups.push(SdkGroupView {
            group: group.clone(),
            version: version.clone(),
            digest: candidate.digest,
            folder: group.to_string(),
            archives: generated
                .iter()
                .filter(|file| file.path.contains("/dist/"))
                .map(|file| file.path.clone())
                .collect(),
        });
        files
            .extend(generated.into_iter().map(|file| GeneratedFile { path: format!("{group}/{}", file.path), ..file }));
    }
    let changes = folder.update(&public_files(&files))?;
    let view = SdkView {
        schema: SCHEMA,
        folder: arguments.out.display().to_string(),
        up_to_date: changes.is_empty(),
        written: changes.written.clone(),
        removed: changes.removed.clone(),
        groups,
    };
    context.output.data(&view, || text(&view, &changes, arguments.check))?;
    Ok(folder.exit(&changes))
}

/// Finds the versions that were asked for.
fn choose(
    context: &Context<'_>,
    workspace: &Workspace,
    arguments: &SdkArguments,
) -> Result<Vec<ChosenVersion>, CommandError> {
    let facts = DiskFacts::new(workspace);
    let named = arguments.groups.iter().map(|name| selection::group(context, Some(name)));
    let named = named.collect::<Result<Vec<GroupName>, _>>()?;
    if let Some(version) = &arguments.version {
        return ChosenVersion::frozen(context, &facts, named, version);
    }
    let environment = context.environment(arguments.env.as_deref().unwrap_or_default())?;
    let entries = facts.environment(&environment)?;
    let is_live = |group: &GroupName| {
        entries.deployments.get(group).is_some_and(|entry| entry.release.state == DeploymentState::Live)
    };
    if let Some(group) = named.iter().find(|group| !is_live(group)) {
        return Err(CommandError::invalid("state", format!("{group} is not live in {environment}"))
            .hint("see what is live: `apigw status`"));
    }
    let groups: Vec<GroupName> = entries.deployments.keys().filter(|group| is_live(group)).cloned().collect();
    let groups = if named.is_empty() { groups } else { named };
    if groups.is_empty() {
        return Err(CommandError::invalid("state", format!("nothing is live in {environment}"))
            .hint(format!("publish a group: `apigw publish --env {environment}`")));
    }
    let mut chosen = Vec::new();
    for group in groups {
        let Some(entry) = entries.deployments.get(&group) else { continue };
        let number = facts.number(&group, &entry.release)?;
        let candidate = facts.released(&group, &entry.release)?;
        let (Some(version), Some(candidate)) = (number, candidate) else {
            let message = format!("version {} of {group} is not in this workspace", entry.release.version);
            return Err(CommandError::invalid("missing-version", message).hint("see more: `apigw verify`"));
        };
        chosen.push(ChosenVersion { group, version, candidate });
    }
    Ok(chosen)
}

fn text(view: &SdkView, changes: &FolderChanges, is_check: bool) -> String {
    let mut text = String::new();
    for group in &view.groups {
        let _ = writeln!(text, "{} {}", group.group, group.version);
        for archive in &group.archives {
            let _ = writeln!(text, "  {}/{}/{archive}", view.folder, group.folder);
        }
    }
    let (written, removed) = (counted(changes.written.len(), "file", "files"), changes.removed.len());
    let _ = match (changes.is_empty(), is_check) {
        (true, _) => writeln!(text, "{} is up to date", view.folder),
        (false, true) => {
            writeln!(text, "{} is out of date: {written} to write, {removed} to remove{WRITE_IT}", view.folder)
        }
        (false, false) => writeln!(text, "{}: {written} written, {removed} removed", view.folder),
    };
    text
}
