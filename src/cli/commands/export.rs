//! `apigw export`.

mod bootstrap;
mod restart;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::access::SubjectState;
use crate::cli::context::Context;
use crate::cli::deviation_places::DeviationPlaces;
use crate::cli::error::{CommandError, Exit};
use crate::cli::generated_folder::{GeneratedFolder, WRITE_IT};
use crate::cli::live_routes::live_routes;
use crate::cli::output::counted;
use crate::cli::published::published_environments;
use crate::cli::table::{self, TableLayout};
use crate::cli::views::{
    DeviationView, ExportApiView, ExportDocument, ExportFileView, ExportGroupView, ExportView, FileState,
};
use crate::cli::written_path::written_path;
use crate::cli::{complete, selection};
use crate::export::{
    CallerKeys, Deviation, EngineExport, ExportOptions, ExportTarget, GroupReport, ReportAspect, export,
};
use crate::model::{GroupName, Location, SCHEMA};
use crate::routes::EnvironmentRoutes;
use crate::snapshot::NotServed;
use crate::spread::spread;
use crate::workspace::{AccessSnapshot, FolderChanges, OutputFile, Workspace};

use bootstrap::BootstrapArguments;

/// Write what is live as files for another gateway: Envoy, nginx, HAProxy, Kong, Kubernetes
///
/// A report lists for each group and API what the target does nearly like `apigw serve`, or not at all. Nothing is
/// written if the target would lose access control (keys and their limits, addresses, signatures, parameters and paths
/// for a backend, the choice of one, paths that are too long), unless --allow-loss names it, or if nothing is live in
/// an environment. The folder belongs to the export: files that it no longer needs are removed, and a folder that holds
/// anything else is refused.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw export envoy --env online --out deploy/envoy\n  apigw export envoy --env online --bootstrap --node edge-1 --control 127.0.0.1:18000"
)]
pub(in crate::cli) struct ExportArguments {
    /// The engine
    #[arg(value_name = "TARGET", value_enum)]
    target: ExportTarget,
    /// Only these groups
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    groups: Vec<String>,
    /// An environment; may be given more than once
    #[arg(long, value_name = "ENV", value_delimiter = ',', required = true, add = ArgValueCandidates::new(complete::environments))]
    env: Vec<String>,
    /// The folder to write
    #[arg(long, value_name = "DIR", value_parser = written_path(), required_unless_present = "bootstrap")]
    out: Option<PathBuf>,
    /// Write nothing; exit with 2 if the folder is out of date
    #[arg(long)]
    check: bool,
    /// Write the files even if the target loses this; may be given more than once
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_enum)]
    allow_loss: Vec<ReportAspect>,
    /// Write the files even if nothing is live in an environment, or nothing was ever published to it: they serve
    /// nothing of it
    #[arg(long)]
    allow_empty: bool,
    /// The address that the engine listens on
    #[arg(long, value_name = "ADDR", default_value = "0.0.0.0:8080")]
    listen: SocketAddr,
    /// The folder where the engine finds the files [default: the engine's working directory]
    #[arg(long, value_name = "PATH")]
    at: Option<String>,
    /// The folder where the engine finds certificates and keys for its backends
    #[arg(long, value_name = "PATH", default_value = "/etc/apigw/secrets")]
    secrets: String,
    /// The address of the authorizer (`serve --authorize`), for Envoy
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8081")]
    authorizer: SocketAddr,
    #[command(flatten)]
    bootstrap: BootstrapArguments,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &ExportArguments) -> Result<Exit, CommandError> {
    let Some(out) = arguments.out.as_ref().filter(|_| !arguments.bootstrap.bootstrap) else {
        return bootstrap::run(context, arguments);
    };
    let workspace = context.workspace()?;
    let live = read(context, workspace, arguments)?;
    let target = arguments.target;
    let options = ExportOptions {
        listen: arguments.listen,
        folder: arguments.at.clone(),
        secrets_folder: arguments.secrets.clone(),
        authorizer: arguments.authorizer,
        callers: callers(context, workspace, target)?,
    };
    let exported = export(target, &live, &options);
    require_access(workspace, &exported, target, &arguments.allow_loss)?;
    let kind = format!("export {}", target.as_str());
    let folder = GeneratedFolder::open(context, out, &kind, arguments.check)?;
    let files: Vec<OutputFile<'_>> = exported
        .files
        .iter()
        .map(|file| OutputFile { path: &file.path, bytes: &file.bytes, is_private: file.is_private })
        .collect();
    let restart = restart::needed_for(target, &folder, &exported)?;
    let changes = folder.update(&files)?;
    if restart && !arguments.check {
        context.output.warning(restart::WARNING);
    }
    for file in files.iter().filter(|file| file.is_private) {
        let shown = out.join(file.path);
        context.output.warning(&format!("{} has the values of secret parameters: keep it out of Git", shown.display()));
    }
    let view = ExportView {
        schema: SCHEMA,
        target: target.as_str(),
        folder: out.display().to_string(),
        up_to_date: changes.is_empty(),
        files: file_views(&files, &changes),
        groups: group_views(workspace, &exported),
    };
    let layout = TableLayout { width: context.output.width, color: context.output.color, unbroken: 1 };
    context.output.painted(&ExportDocument::Files(&view), || text(&view, arguments.check, layout))?;
    Ok(folder.exit(&changes))
}

/// Reads the keys of callers. A key whose file is broken lets nobody in, here as at the start of a gateway. HAProxy
/// asks nobody about them: where commits cannot be read, it would let in whom one of them has revoked.
fn callers(context: &Context<'_>, workspace: &Workspace, target: ExportTarget) -> Result<CallerKeys, CommandError> {
    let access = workspace.access_snapshot()?;
    context.warn_of_unread_commits(match target {
        ExportTarget::Haproxy => access.require_read_commits()?,
        ExportTarget::Envoy | ExportTarget::Nginx | ExportTarget::GatewayApi | ExportTarget::Kong => {
            access.unread_commits_finding()
        }
    });
    let AccessSnapshot { records, problems, revoked, .. } = access;
    context.output.unreadable(workspace, &problems);
    let mut callers = CallerKeys { revoked, ..CallerKeys::default() };
    for record in records {
        match record.state {
            SubjectState::Key(key) => callers.keys.push(key),
            SubjectState::Owner(owner) => callers.owners.push(owner),
            SubjectState::Revocation(_) => {}
        }
    }
    Ok(callers)
}

/// Reads the live groups that were asked for; one that cannot be served would be missing in the files, and fails.
fn read(
    context: &Context<'_>,
    workspace: &Workspace,
    arguments: &ExportArguments,
) -> Result<Vec<EnvironmentRoutes>, CommandError> {
    let environments: BTreeSet<_> =
        published_environments(context, &arguments.env, arguments.allow_empty)?.into_iter().collect();
    let groups = arguments.groups.iter().map(|name| selection::parse(name)).collect::<Result<BTreeSet<_>, _>>()?;
    let live = live_routes(workspace, environments.into_iter().collect(), &groups);
    let not_served: Vec<String> =
        live.iter().flat_map(|environment| &environment.not_served).map(not_served_text).collect();
    if !not_served.is_empty() {
        let mut error = CommandError::invalid("not-served", "nothing was written, since a group cannot be served");
        error.reasons = not_served;
        return Err(error);
    }
    let is_live =
        |group: &&GroupName| live.iter().any(|environment| environment.groups.iter().any(|live| live.group == **group));
    if let Some(group) = groups.iter().find(|group| !is_live(group)) {
        selection::require_group(context, group)?;
        return Err(CommandError::invalid("state", format!("{group} is not live there"))
            .hint("see what is live: `apigw status`"));
    }
    let empty = live.iter().find(|environment| groups.is_empty() && environment.groups.is_empty());
    if let Some(EnvironmentRoutes { environment, .. }) = empty.filter(|_| !arguments.allow_empty) {
        let message = format!("nothing was written, since nothing is live in {environment}");
        return Err(CommandError::new("nothing-live", Exit::Refused, message)
            .hint(format!("see what was: `apigw history --env {environment}`"))
            .hint("to have the files serve nothing of it: `--allow-empty`"));
    }
    Ok(live)
}

fn not_served_text(NotServed { environment, group, reason, .. }: &NotServed) -> String {
    let subject = group.as_ref().map_or_else(|| environment.to_string(), |group| format!("{group} in {environment}"));
    format!("{subject}: {reason}")
}

/// Refuses files of a target that loses what access rests on.
fn require_access(
    workspace: &Workspace,
    exported: &EngineExport,
    target: ExportTarget,
    allowed: &[ReportAspect],
) -> Result<(), CommandError> {
    let mut lost: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for report in &exported.groups {
        let mut places = None;
        for (api, deviation) in report.lost_access(allowed) {
            let GroupReport { group, environment, .. } = report;
            let api = api.map(|api| format!(", {api}")).unwrap_or_default();
            let places = places.get_or_insert_with(|| DeviationPlaces::read(workspace, report));
            let place = places.shown(&deviation.place);
            let reason = format!("{group} in {environment}{api}: {} ({place})", deviation.detail);
            lost.entry(deviation.aspect.as_str()).or_default().push(reason);
        }
    }
    if lost.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = lost.keys().copied().collect();
    let message = format!("{target} would lose access control");
    let mut error = CommandError::new("access-lost", Exit::Refused, message);
    error.hints = vec![format!("nothing was written; to export it anyway: `--allow-loss {}`", names.join(","))];
    error.reasons = lost.into_values().flatten().collect();
    Err(error)
}

fn file_views<'a>(files: &[OutputFile<'a>], changes: &'a FolderChanges) -> Vec<ExportFileView<'a>> {
    let state = |path: &str| {
        if changes.written.iter().any(|written| written == path) { FileState::Written } else { FileState::Unchanged }
    };
    let present = files.iter().map(|file| ExportFileView { path: file.path, state: state(file.path) });
    let removed = changes.removed.iter().map(|path| ExportFileView { path, state: FileState::Removed });
    present.chain(removed).collect()
}

/// Adds to each deviation the file and the line of its setting.
fn group_views<'a>(workspace: &Workspace, exported: &'a EngineExport) -> Vec<ExportGroupView<'a>> {
    spread(&exported.groups, |group| {
        let places = DeviationPlaces::read(workspace, group);
        let view = |deviation: &'a Deviation| {
            let Location { file, line, .. } = places.location(&deviation.place);
            let Deviation { aspect, fidelity, detail, .. } = deviation;
            DeviationView { aspect: *aspect, fidelity: *fidelity, detail, file: file.to_string(), line }
        };
        let apis = group.apis.iter().map(|api| ExportApiView {
            api: &api.api,
            fidelity: group.fidelity(api),
            deviations: api.deviations.iter().map(view).collect(),
        });
        ExportGroupView {
            environment: &group.environment,
            group: &group.group,
            version: &group.version,
            operation: &group.operation,
            deviations: group.deviations.iter().map(view).collect(),
            apis: apis.collect(),
        }
    })
}

fn text(view: &ExportView<'_>, is_check: bool, layout: TableLayout) -> String {
    let mut text = String::new();
    for group in &view.groups {
        let ExportGroupView { environment, group: name, version, deviations, apis, .. } = group;
        let _ = writeln!(text, "{environment}: {name} {version}, {}", counted(apis.len(), "API", "APIs"));
        let mut rows: Vec<(&DeviationView<'_>, Vec<&str>)> =
            deviations.iter().map(|deviation| (deviation, Vec::new())).collect();
        for api in apis {
            for deviation in &api.deviations {
                let is_same =
                    |known: &DeviationView<'_>| (known.aspect, known.detail) == (deviation.aspect, deviation.detail);
                match rows.iter_mut().find(|(known, apis)| !apis.is_empty() && is_same(known)) {
                    Some((_, apis)) => apis.push(api.api),
                    None => rows.push((deviation, vec![api.api])),
                }
            }
        }
        rows.sort_by_key(|(deviation, _)| std::cmp::Reverse(deviation.fidelity));
        let rows = rows.into_iter().map(|(deviation, apis)| row(deviation, &apis));
        text.push_str(&table::render(&["", "ASPECT", "DIFFERENCE", "APIS", "SETTING"], rows, layout));
        text.push('\n');
    }
    let changed = view.files.iter().filter(|file| file.state != FileState::Unchanged).count();
    let folder = &view.folder;
    let _ = match (changed, is_check) {
        (0, _) => writeln!(text, "{folder} is up to date"),
        (_, true) => {
            writeln!(text, "{folder} is out of date: {}{WRITE_IT}", counted(changed, "file", "files"))
        }
        (_, false) => writeln!(text, "{folder}: {} written or removed", counted(changed, "file", "files")),
    };
    text
}

fn row(deviation: &DeviationView<'_>, apis: &[&str]) -> Vec<String> {
    let place = match deviation.line {
        0 => deviation.file.clone(),
        line => format!("{}:{line}", deviation.file),
    };
    let apis = match apis {
        [] => "all".to_owned(),
        [only] => (*only).to_owned(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    };
    let DeviationView { aspect, fidelity, detail, .. } = deviation;
    vec![fidelity.as_str().to_owned(), aspect.as_str().to_owned(), (*detail).to_owned(), apis, place]
}
