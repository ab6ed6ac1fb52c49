//! `apigw status`.

mod fleet;
mod matrix;

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::progress::ProgressLine;
use crate::cli::short_ids;
use crate::cli::table::TableLayout;
use crate::cli::time::{NamedMoment, check_past, named_moment};
use crate::cli::views::{
    BehindView, ClosedKeyView, EntryView, GatewayView, NewerView, StatusDocument, StatusEntryView, StatusView,
    ViewProblemView,
};
use crate::cli::{complete, gateway_counts, lost, selection};
use crate::model::{
    DeploymentState, Environment, EnvironmentName, Finding, GroupName, HttpUrl, OperationId, Release, SCHEMA,
    Timestamp, Version, VersionNotes,
};
use crate::workspace::{
    CommittedOperation, EditedGroups, EntryOrigins, EnvironmentOverview, ReleaseDamage, RunningGateway, StoredReleases,
    ViewProblem, Workspace,
};

/// Show live versions: the matrix of groups and environments
///
/// "edited": the working copy differs from the group's newest version. "behind test (0.0.3)": an earlier environment
/// has a newer version. "blocked": the version is blocked. "overrides a policy": the operation went against a policy.
/// "replaced a hand edit": it replaced an entry that was edited by hand. "damaged", "missing": files of a live version
/// were changed or are gone. With -v, addresses are shown. The gateways on this machine are listed below, with the
/// groups that they do not serve up to date.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw status petstore --env online --at 2026-11-01\n  apigw status --fleet --env online"
)]
pub(in crate::cli) struct StatusArguments {
    /// Only this group
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    group: Option<String>,
    /// Only this environment
    #[arg(long, value_name = "ENV", add = ArgValueCandidates::new(complete::environments))]
    env: Option<String>,
    /// As it was at a time (RFC 3339, or a date), or right after an operation
    #[arg(long, value_name = "TIME|OPERATION")]
    at: Option<String>,
    /// Exit with 3 if something live cannot be read or served, or a release was lost; with --fleet, if a node is not up
    /// to date
    #[arg(long)]
    check: bool,
    /// Show the nodes that follow a control plane (`serve --xds`) instead: the release of each, since when, and its
    /// troubles
    #[arg(long, conflicts_with_all = ["group", "at"])]
    fleet: bool,
    /// With --fleet: the `--admin` listener of the control plane, where it is on another machine
    #[arg(long, value_name = "URL", requires = "fleet")]
    control: Option<HttpUrl>,
}

/// The live state of the environments and groups in question.
struct LiveState {
    environments: Vec<Environment>,
    /// Every environment, with the same groups.
    all: Vec<Environment>,
    groups: BTreeSet<GroupName>,
    edited: EditedGroups,
    notes: BTreeMap<GroupName, VersionNotes>,
    stored: StoredReleases,
    /// The parts that cannot be read.
    unreadable: Vec<ViewProblem>,
    /// Those, the releases that cannot be served, and what --check found.
    problems: Vec<ViewProblem>,
    /// The problems of files of keys and owners, by which gateways let nobody in.
    closed_keys: Vec<Finding>,
    /// The gateways on this machine that serve one of the environments.
    gateways: Vec<RunningGateway>,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &StatusArguments) -> Result<Exit, CommandError> {
    let workspace = context.readable_workspace()?;
    let names = match &arguments.env {
        Some(name) => vec![context.environment(name)?],
        None => workspace.settings().environments(),
    };
    if arguments.fleet {
        return fleet::run(context, arguments, &names);
    }
    let only = arguments.group.as_deref().map(selection::parse).transpose()?;
    let moment = arguments.at.as_deref().map(|text| moment_of(context, text, &names)).transpose()?;
    let at = moment.as_ref().map(PastMoment::time);
    let progress = ProgressLine::start(context.output.progress, "reading what is live");
    let mut live = read(workspace, &names, only.as_ref(), moment.as_ref())?;
    if moment.is_none() {
        let found: Vec<ViewProblem> = names
            .iter()
            .flat_map(|name| {
                if arguments.check { lost_operations(workspace, name) } else { lost_releases(workspace, &live, name) }
            })
            .collect();
        live.problems.extend(found);
        live.closed_keys = workspace.access_problems();
        context.warn_of_unread_commits(workspace.unread_commits_finding());
    }
    if live.groups.is_empty()
        && live.problems.is_empty()
        && let Some(group) = &only
    {
        selection::released_group(context, group)?;
    }
    let origins = workspace.origins(&live.environments);
    drop(progress);
    if moment.is_none() {
        live.gateways = gateways(context, workspace, &names);
    }
    context.output.painted(&StatusDocument::Live(view(&origins, &live)), || {
        let layout = TableLayout { width: context.output.width, color: context.output.color, unbroken: 1 };
        let addresses = if context.output.verbose { matrix::addresses(&origins, &live, layout) } else { String::new() };
        let matrix = match at {
            Some(time) if live.groups.is_empty() && live.problems.is_empty() => format!("nothing was live at {time}\n"),
            _ => matrix::text(&live, &origins, at.unwrap_or_else(|| context.now()), layout),
        };
        context.output.located(&short_ids::shorten(workspace, &matrix)).into_owned() + &addresses
    })?;
    // Programs have them in the document.
    for problem in &live.problems {
        context.output.warning(&problem_text(problem));
    }
    for Finding { location, message, .. } in &live.closed_keys {
        context.output.warning(&format!(
            "{location}: {message}; gateways accept no key or grant of this file: `apigw verify` says how to mend it"
        ));
    }
    for warning in gateway_counts::status_warnings(workspace, &live.environments, &origins, &live.gateways) {
        context.output.warning(&warning);
    }
    let has_problems = !live.problems.is_empty() || !live.closed_keys.is_empty();
    let is_invalid = !live.unreadable.is_empty() || arguments.check && has_problems;
    Ok(if is_invalid { Exit::Invalid } else { Exit::Done })
}

/// Finds releases that were lost; an environment that cannot be examined is a problem as well.
fn lost_operations(workspace: &Workspace, name: &EnvironmentName) -> Vec<ViewProblem> {
    workspace
        .lost_operations(name)
        .unwrap_or_else(|error| vec![ViewProblem { environment: name.clone(), group: None, message: error.one_line() }])
}

/// Finds groups whose entries were lost or set back. Only the newest operations are looked at, and few of them where
/// each group has an entry: a status is asked for often.
fn lost_releases(workspace: &Workspace, live: &LiveState, name: &EnvironmentName) -> Vec<ViewProblem> {
    let environment = live.environments.iter().find(|environment| environment.name == *name);
    let is_absent =
        |group: &GroupName| environment.is_some_and(|environment| !environment.deployments.contains_key(group));
    let has_absent = live.groups.iter().any(is_absent);
    let most = if has_absent { lost::MOST_OPERATIONS } else { lost::FEW_OPERATIONS };
    let found = lost::problems(workspace, name, has_absent.then_some(&live.groups), most).into_iter();
    found.filter(|problem| problem.group.as_ref().is_none_or(|group| live.groups.contains(group))).collect()
}

fn problem_text(problem: &ViewProblem) -> String {
    let ViewProblem { environment, group, message } = problem;
    match group {
        Some(group) => format!("{group} in {environment}: {message}"),
        None => format!("{environment}: {message}"),
    }
}

/// Reads the running gateways' files. The rest of the status does not depend on them.
fn gateways(context: &Context<'_>, workspace: &Workspace, names: &[EnvironmentName]) -> Vec<RunningGateway> {
    match workspace.gateways() {
        Ok(mut gateways) => {
            for error in &gateways.unreadable {
                context.output.warning(&format!("cannot read the state of a gateway: {}", error.one_line()));
            }
            gateways.running.retain(|gateway| names.iter().any(|name| gateway.environments.contains_key(name)));
            gateways.running
        }
        Err(error) => {
            context.output.warning(&format!("cannot list the running gateways: {}", error.one_line()));
            Vec::new()
        }
    }
}

/// The moment of which the state is asked for.
enum PastMoment {
    Time(Timestamp),
    /// Right after an operation, which may be one that lost a merge.
    After(Box<CommittedOperation>),
}

impl PastMoment {
    fn time(&self) -> Timestamp {
        match self {
            Self::Time(time) => *time,
            Self::After(committed) => committed.operation.time,
        }
    }

    /// Applies an operation's changes, even those that lost a merge.
    fn apply(&self, environment: &mut Environment) {
        let Self::After(committed) = self else { return };
        let CommittedOperation { id, operation, .. } = &**committed;
        if operation.environment == environment.name {
            let entry = |group: &GroupName| Some((group.clone(), operation.entry(id, group)?));
            environment.deployments.extend(operation.changes.keys().filter_map(entry));
        }
    }
}

fn moment_of(context: &Context<'_>, text: &str, names: &[EnvironmentName]) -> Result<PastMoment, CommandError> {
    let workspace = context.workspace()?;
    Ok(match named_moment(text, |text| workspace.find_operation(text))? {
        NamedMoment::Time(time) => {
            check_past(context, time, names)?;
            PastMoment::Time(time)
        }
        NamedMoment::Operation(committed) => PastMoment::After(Box::new(committed)),
    })
}

fn read(
    workspace: &Workspace,
    names: &[EnvironmentName],
    only: Option<&GroupName>,
    moment: Option<&PastMoment>,
) -> Result<LiveState, CommandError> {
    // Those that are not shown may be ahead of those that are.
    let overviews = workspace.overview(&workspace.settings().environments(), moment.map(PastMoment::time));
    let mut problems = Vec::new();
    let mut all = Vec::new();
    for EnvironmentOverview { mut environment, problems: found } in overviews {
        if let Some(moment) = moment {
            moment.apply(&mut environment);
        }
        environment.deployments.retain(|group, _| only.is_none_or(|only| only == group));
        if names.contains(&environment.name) {
            let concerns =
                |problem: &ViewProblem| problem.group.as_ref().zip(only).is_none_or(|(group, only)| group == only);
            problems.extend(found.into_iter().filter(concerns));
        }
        all.push(environment);
    }
    let environments: Vec<Environment> =
        all.iter().filter(|environment| names.contains(&environment.name)).cloned().collect();
    let mut groups: BTreeSet<GroupName> =
        environments.iter().flat_map(|environment| environment.deployments.keys().cloned()).collect();
    let mut edited = EditedGroups::default();
    if moment.is_none() {
        groups.extend(workspace.groups()?.into_iter().filter(|group| only.is_none_or(|only| only == group)));
        edited = workspace.edited_groups(&groups);
    }
    let stored = workspace.stored_releases(&environments);
    let unreadable = problems.clone();
    for environment in &environments {
        let damages = environment.deployments.iter().filter(|(_, entry)| entry.release.state == DeploymentState::Live);
        problems.extend(damages.filter_map(|(group, entry)| {
            let damage = stored.damage(group, &entry.release).map(|damage| damage_text(damage, &entry.release));
            let message = damage.or_else(|| note_problem(workspace, group, stored.number(group, &entry.release)))?;
            Some(ViewProblem { environment: environment.name.clone(), group: Some(group.clone()), message })
        }));
    }
    let notes = workspace.notes_of(&groups);
    Ok(LiveState {
        environments,
        all,
        groups,
        edited,
        notes,
        stored,
        unreadable,
        problems,
        closed_keys: Vec::new(),
        gateways: Vec::new(),
    })
}

/// Says that the note on a live version cannot be read; `None` if it can, or if there is none.
fn note_problem(workspace: &Workspace, group: &GroupName, version: &Version) -> Option<String> {
    let is_unreadable = workspace.check_note(group, version).is_err();
    is_unreadable.then(|| {
        format!(
            "cannot read the note on version {version}, which may be blocked; `apigw verify` says how to restore it"
        )
    })
}

fn damage_text(damage: &ReleaseDamage, release: &Release) -> String {
    let version = &release.version;
    match damage {
        ReleaseDamage::GroupMissing => {
            format!("the folder of the group is gone, and {version} is live; `apigw verify` says how to restore it")
        }
        ReleaseDamage::Missing => {
            format!("version {version} is live and missing; `apigw verify` says how to restore it")
        }
        ReleaseDamage::Damaged(reason) => format!("version {version} is live and damaged: {reason}"),
    }
}

/// Finds the newest version of a group that is live in an environment before this one, where it is newer than here.
fn newer_before<'a>(
    live: &'a LiveState,
    environment: &EnvironmentName,
    group: &GroupName,
    release: &Release,
) -> Option<(&'a EnvironmentName, &'a Version)> {
    let before = live.all.iter().take_while(|before| before.name != *environment);
    let entries = before.filter_map(|before| Some((&before.name, &before.deployments.get(group)?.release)));
    let there = entries.filter(|(_, there)| there.state == DeploymentState::Live);
    let here = live.stored.number(group, release);
    let newer = there.map(|(name, there)| (name, live.stored.number(group, there))).filter(|(_, there)| *there > here);
    // Of several with the same version, the nearest.
    newer.max_by(|left, right| left.1.cmp(right.1))
}

fn view<'a>(origins: &EntryOrigins<'a>, live: &'a LiveState) -> StatusView {
    let mut deployments = Vec::new();
    for environment in &live.environments {
        for (group, deployment) in &environment.deployments {
            let id = &deployment.operation;
            let committer = origins.committer(&environment.name, id);
            let release = &deployment.release;
            deployments.push(StatusEntryView {
                environment: environment.name.clone(),
                group: group.clone(),
                entry: EntryView::of(deployment).numbered(origins.number(group, release)),
                blocked: live.notes.get(group).and_then(|notes| notes.block(&release.digest)).cloned(),
                edited: live.edited.contains(group),
                newer: newer_before(live, &environment.name, group, release)
                    .filter(|_| release.state == DeploymentState::Live)
                    .map(|(environment, version)| NewerView {
                        environment: environment.clone(),
                        version: version.clone(),
                    }),
                problem: live.stored.damage(group, release).map(|damage| damage_text(damage, release)),
                urls: match release.state {
                    DeploymentState::Live => origins.urls(&environment.name, group, release),
                    DeploymentState::Offline => Vec::new(),
                },
                by: committer.map(|committer| committer.by.clone()),
                message: committer.and_then(|committer| committer.message.clone()),
                overrides: committer.map_or_else(Vec::new, |committer| committer.overrides.clone()),
                served_by: served_by(live, &environment.name, group, id).map(|gateway| gateway.pid).collect(),
                behind: behind(live, &environment.name, group, id).collect(),
            });
        }
    }
    let gateway = |gateway: &RunningGateway| GatewayView {
        pid: gateway.pid,
        since: gateway.since,
        addresses: gateway.addresses.clone(),
        admin: gateway.admin,
        environments: gateway.environments.keys().cloned().collect(),
    };
    let problem = |problem: &ViewProblem| ViewProblemView::new(problem);
    let closed_key = |Finding { location, message, .. }: &Finding| ClosedKeyView {
        file: location.file.to_string(),
        line: location.line,
        message: message.clone(),
    };
    StatusView {
        schema: SCHEMA,
        environments: live.environments.iter().map(|environment| environment.name.clone()).collect(),
        deployments,
        problems: live.problems.iter().map(problem).collect(),
        closed_keys: live.closed_keys.iter().map(closed_key).collect(),
        gateways: live.gateways.iter().map(gateway).collect(),
    }
}

fn served_by<'a>(
    live: &'a LiveState,
    environment: &'a EnvironmentName,
    group: &'a GroupName,
    operation: &'a OperationId,
) -> impl Iterator<Item = &'a RunningGateway> {
    live.gateways.iter().filter(move |gateway| gateway.serves(environment, group) == Some(operation))
}

fn behind<'a>(
    live: &'a LiveState,
    environment: &'a EnvironmentName,
    group: &'a GroupName,
    operation: &'a OperationId,
) -> impl Iterator<Item = BehindView> + 'a {
    let serving = live.gateways.iter().filter(move |gateway| gateway.environments.contains_key(environment));
    let behind = serving.filter(move |gateway| gateway.serves(environment, group) != Some(operation));
    behind.map(move |gateway| BehindView {
        pid: gateway.pid,
        operation: gateway.serves(environment, group).cloned(),
        reason: gateway.not_served(environment, group).map(|entry| entry.reason.clone()),
    })
}
