//! `apigw docs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command as Subprocess, Stdio};

use clap::{ArgGroup, Args};
use clap_complete::engine::ArgValueCandidates;

use crate::cli::chosen_version::ChosenVersion;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::generated_folder::{GeneratedFolder, WRITE_IT, public_files};
use crate::cli::output::counted;
use crate::cli::published::published_environments;
use crate::cli::site::{DocumentSite, SiteSelection, version_documents};
use crate::cli::views::{DocsPageView, DocsView};
use crate::cli::written_path::written_path;
use crate::cli::{complete, selection};
use crate::model::{EnvironmentName, GroupName, SCHEMA, Version};
use crate::share::reference::ServedState;
use crate::share::{GeneratedFile, checksums};
use crate::workspace::{DiskFacts, Workspace};

/// Write documentation for callers: what is live where, references, changes
///
/// The pages are static and need no script: a matrix of groups and environments, a reference of each version that is or
/// was live, what changed from one to the next, definitions as one file, and Markdown. With `--version` it is the
/// reference of that version alone, which may be live nowhere. The folder belongs to this command: files that it no
/// longer needs are removed, and a folder that holds anything else is refused. See `apigw help docs`.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("environments").required(true).args(["env", "all", "version"]),
    after_help = "Examples:\n  apigw docs --all --out public\n  apigw docs petstore --version 0.2.0 --out preview"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(in crate::cli) struct DocsArguments {
    /// Only these groups [default: all; with --version the only one]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    groups: Vec<String>,
    /// An environment; may be given more than once
    #[arg(long, value_name = "ENV", value_delimiter = ',', add = ArgValueCandidates::new(complete::environments))]
    env: Vec<String>,
    /// Every environment
    #[arg(long)]
    all: bool,
    /// Take in environments to which nothing was published, as empty ones
    #[arg(long, conflicts_with = "version")]
    allow_empty: bool,
    /// A frozen version by itself, live or not
    #[arg(long, value_name = "VERSION", add = ArgValueCandidates::new(complete::versions))]
    version: Option<Version>,
    /// The folder to write
    #[arg(long, value_name = "DIR", value_parser = written_path())]
    out: PathBuf,
    /// Write nothing; exit with 2 if the folder is out of date
    #[arg(long, conflicts_with = "open")]
    check: bool,
    /// Open the pages in a browser, on a terminal
    #[arg(long)]
    open: bool,
}

/// Rendered documents, with the pages that a reader begins at.
struct RenderedDocuments {
    files: Vec<GeneratedFile>,
    pages: Vec<DocsPageView>,
    /// The first page.
    start: String,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &DocsArguments) -> Result<Exit, CommandError> {
    let workspace = context.workspace()?;
    let folder = GeneratedFolder::open(context, &arguments.out, "docs", arguments.check)?;
    let rendered = match &arguments.version {
        Some(version) => render_version(context, workspace, arguments, version)?,
        None => render_environments(context, workspace, arguments)?,
    };
    let changes = folder.update(&public_files(&rendered.files))?;
    let view = DocsView {
        schema: SCHEMA,
        folder: arguments.out.display().to_string(),
        up_to_date: changes.is_empty(),
        pages: rendered.pages,
        files: rendered.files.len(),
        written: changes.written.clone(),
        removed: changes.removed.clone(),
    };
    context.output.data(&view, || text(&view, arguments.check))?;
    if arguments.open {
        open(context, &context.folder().join(&arguments.out).join(rendered.start));
    }
    Ok(folder.exit(&changes))
}

/// Renders a version of each group, which may be live nowhere.
fn render_version(
    context: &Context<'_>,
    workspace: &Workspace,
    arguments: &DocsArguments,
    version: &Version,
) -> Result<RenderedDocuments, CommandError> {
    let named = arguments.groups.iter().map(|name| selection::group(context, Some(name)));
    let named = named.collect::<Result<BTreeSet<GroupName>, _>>()?;
    let facts = DiskFacts::new(workspace);
    let chosen = ChosenVersion::frozen(context, &facts, named.into_iter().collect(), version)?;
    let mut files = Vec::new();
    for one in &chosen {
        files.extend(version_documents(workspace, one)?);
    }
    let page = |one: ChosenVersion| DocsPageView {
        path: format!("{}/index.html", one.group),
        environment: None,
        group: one.group,
    };
    let pages: Vec<DocsPageView> = chosen.into_iter().map(page).collect();
    let start = pages.first().map(|page| page.path.clone()).unwrap_or_default();
    Ok(RenderedDocuments { files: with_checksums(files), pages, start })
}

/// Renders all that is and was live in the environments.
fn render_environments(
    context: &Context<'_>,
    workspace: &Workspace,
    arguments: &DocsArguments,
) -> Result<RenderedDocuments, CommandError> {
    let selection = selection(context, workspace, arguments)?;
    let site = DocumentSite::read(workspace, &selection, None);
    if !site.problems().is_empty() {
        let mut error =
            CommandError::invalid("unreadable", "nothing was written, since a part of the state cannot be read");
        error.reasons = site.problems().to_vec();
        return Err(error.hint("`apigw verify` says more"));
    }
    require_entries(context, &site, &selection.groups)?;
    let page = |(environment, group): (_, GroupName)| DocsPageView {
        path: format!("{environment}/{group}/index.html"),
        environment: Some(environment),
        group,
    };
    let pages = site.pages().into_iter().map(page).collect();
    Ok(RenderedDocuments { files: render(&site)?, pages, start: "index.html".to_owned() })
}

fn selection(
    context: &Context<'_>,
    workspace: &Workspace,
    arguments: &DocsArguments,
) -> Result<SiteSelection, CommandError> {
    let environments = if arguments.all {
        // A matrix of all has those too to which nothing was published yet, beside one to which something was.
        if !arguments.allow_empty {
            published_environments(context, &[], false)?;
        }
        workspace.settings().environments()
    } else {
        published_environments(context, &arguments.env, arguments.allow_empty)?
    };
    let environments = environments.into_iter().collect();
    let groups = arguments.groups.iter().map(|name| selection::parse(name)).collect::<Result<BTreeSet<_>, _>>()?;
    Ok(SiteSelection { environments, groups })
}

/// Refuses groups that were never published there.
fn require_entries(
    context: &Context<'_>,
    site: &DocumentSite<'_>,
    groups: &BTreeSet<GroupName>,
) -> Result<(), CommandError> {
    let pages = site.pages();
    let Some(group) = groups.iter().find(|group| !pages.iter().any(|(_, published)| published == *group)) else {
        return Ok(());
    };
    selection::require_group(context, group)?;
    Err(CommandError::invalid("state", format!("{group} was never published there, or its documents are off"))
        .hint("see what is live: `apigw status`"))
}

/// Renders every page of environments, and the list of their digests.
fn render(site: &DocumentSite<'_>) -> Result<Vec<GeneratedFile>, CommandError> {
    let mut files = vec![site.matrix(&|_, _, _| ServedState::NoGateway, &BTreeSet::new())?];
    let mut groups: BTreeMap<GroupName, Vec<EnvironmentName>> = BTreeMap::new();
    for (environment, group) in site.pages() {
        groups.entry(group).or_default().push(environment);
    }
    for (group, environments) in groups {
        // A version that is live in several environments is read once; all versions of all groups would fill the
        // memory.
        let facts = site.facts();
        for environment in environments {
            files.extend(site.group(&environment, &group, &facts, &|_| true)?);
        }
    }
    Ok(with_checksums(files))
}

/// Sorts files, and adds the list of their digests.
fn with_checksums(mut files: Vec<GeneratedFile>) -> Vec<GeneratedFile> {
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files.push(checksums(&files));
    files
}

fn text(view: &DocsView, is_check: bool) -> String {
    /// As many files are named.
    const MOST_NAMED: usize = 20;
    let mut text = String::new();
    let verbs = if is_check { ["out of date", "not needed"] } else { ["written", "removed"] };
    let mut lines: Vec<String> = Vec::new();
    for (verb, paths) in verbs.into_iter().zip([&view.written, &view.removed]) {
        lines.extend(paths.iter().map(|path| format!("{verb}  {path}\n")));
    }
    text.extend(lines.iter().take(MOST_NAMED).map(String::as_str));
    if lines.len() > MOST_NAMED {
        let _ = writeln!(text, "and {} more", lines.len() - MOST_NAMED);
    }
    let folder = &view.folder;
    let files = counted(view.files, "file", "files");
    let _ = match (view.up_to_date, is_check) {
        (true, _) => writeln!(text, "{folder} is up to date: {files}"),
        (false, true) => writeln!(text, "{folder} is out of date{WRITE_IT}"),
        (false, false) => {
            writeln!(text, "{folder}: {files}, {} written, {} removed", view.written.len(), view.removed.len())
        }
    };
    text
}

/// Opens a page in the browser of whoever sits at the terminal.
fn open(context: &Context<'_>, page: &Path) {
    if !context.process.stdout_is_terminal {
        context.output.note("the pages are not opened: this is not a terminal");
        return;
    }
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let started =
        Subprocess::new(program).arg(page).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    if started.is_err() {
        context.output.note(&format!("open {} in a browser: {program} was not found", page.display()));
    }
}
