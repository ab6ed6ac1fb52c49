//! `apigw docs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command as Subprocess, Stdio};

use clap::{ArgGroup, Args};
use clap_complete::engine::ArgValueCandidates;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::generated_folder::{GeneratedFolder, public_files};
use crate::cli::output::counted;
use crate::cli::site::{DocumentSite, SiteSelection};
use crate::cli::views::{DocsPageView, DocsView};
use crate::cli::{complete, selection};
use crate::model::{EnvironmentName, GroupName, SCHEMA};
use crate::share::{GeneratedFile, checksums};
use crate::workspace::{FolderChanges, Workspace};

/// Write documentation for callers: what is live where, references, changes
///
/// The pages are static and need no script: a matrix of groups and environments, a reference of each version that is or was
/// live, what changed from one to the next, definitions as one file, and Markdown. The folder belongs to this command: files
/// that it no longer needs are removed, and a folder that holds anything else is refused. See `apigw help docs`.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("environments").required(true).args(["env", "all"]),
    after_help = "Examples:\n  apigw docs --all --out public\n  apigw docs petstore --env online --out public --check"
)]
pub(in crate::cli) struct DocsArguments {
    /// Only these groups [default: all]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    groups: Vec<String>,
    /// An environment; may be given more than once
    #[arg(long, value_name = "ENV", value_delimiter = ',', add = ArgValueCandidates::new(complete::environments))]
    env: Vec<String>,
    /// Every environment
    #[arg(long)]
    all: bool,
    /// The folder to write
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write nothing; exit with 2 if the folder is out of date
    #[arg(long, conflicts_with = "open")]
    check: bool,
    /// Open the pages in a browser, on a terminal
    #[arg(long)]
    open: bool,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &DocsArguments) -> Result<Exit, CommandError> {
    let workspace = context.workspace()?;
    let selection = selection(context, workspace, arguments)?;
    let folder = GeneratedFolder::open(context, &arguments.out, "docs", arguments.check)?;
    let site = DocumentSite::read(workspace, &selection, None);
    if !site.problems().is_empty() {
        let mut error =
            CommandError::invalid("unreadable", "nothing was written, since a part of the state cannot be read");
        error.reasons = site.problems().to_vec();
        return Err(error.hint("`apigw verify` says more"));
    }
    require_entries(workspace, &site, &selection.groups)?;
    let rendered = render(&site)?;
    let changes = folder.update(&public_files(&rendered))?;
    let view = view(&site, arguments, &rendered, &changes);
    context.output.data(&view, || text(&view, arguments.check))?;
    if arguments.open {
        open(context, &context.folder().join(&arguments.out).join("index.html"));
    }
    Ok(folder.exit(&changes))
}

fn selection(
    context: &Context<'_>,
    workspace: &Workspace,
    arguments: &DocsArguments,
) -> Result<SiteSelection, CommandError> {
    let environments =
        arguments.env.iter().map(|name| context.environment(name)).collect::<Result<BTreeSet<_>, _>>()?;
    let environments =
        if arguments.all { workspace.settings().environments().into_iter().collect() } else { environments };
    let groups = arguments.groups.iter().map(|name| selection::parse(name)).collect::<Result<BTreeSet<_>, _>>()?;
    Ok(SiteSelection { environments, groups })
}

/// Refuses groups that were never published there.
fn require_entries(
    workspace: &Workspace,
    site: &DocumentSite<'_>,
    groups: &BTreeSet<GroupName>,
) -> Result<(), CommandError> {
    let pages = site.pages();
    let Some(group) = groups.iter().find(|group| !pages.iter().any(|(_, published)| published == *group)) else {
        return Ok(());
    };
    workspace.require_group(group)?;
    Err(CommandError::invalid("state", format!("{group} was never published there, or its documents are off"))
        .hint("see what is live: `apigw status`"))
}

/// Renders every page, and the list of their digests.
fn render(site: &DocumentSite<'_>) -> Result<Vec<GeneratedFile>, CommandError> {
    let mut files = vec![site.matrix(&|_, _, _| None, &BTreeSet::new())?];
    let mut groups: BTreeMap<GroupName, Vec<EnvironmentName>> = BTreeMap::new();
    for (environment, group) in site.pages() {
        groups.entry(group).or_default().push(environment);
    }
    for (group, environments) in groups {
        // A version that is live in several environments is read once; all versions of all groups would fill the memory.
        let facts = site.facts();
        for environment in environments {
            files.extend(site.group(&environment, &group, &facts, &|_| true)?);
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files.push(checksums(&files));
    Ok(files)
}

fn view(
    site: &DocumentSite<'_>,
    arguments: &DocsArguments,
    files: &[GeneratedFile],
    changes: &FolderChanges,
) -> DocsView {
    let page = |(environment, group): (_, GroupName)| DocsPageView {
        path: format!("{environment}/{group}/index.html"),
        environment,
        group,
    };
    DocsView {
        schema: SCHEMA,
        folder: arguments.out.display().to_string(),
        up_to_date: changes.is_empty(),
        pages: site.pages().into_iter().map(page).collect(),
        files: files.len(),
        written: changes.written.clone(),
        removed: changes.removed.clone(),
    }
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
        (false, true) => writeln!(text, "{folder} is out of date: write it again with `apigw docs`"),
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
