//! `apigw status`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::time::age;
use crate::cli::views::{BehindView, EntryView, GatewayView, StatusEntryView, StatusView};
use crate::cli::{complete, selection, table};
use crate::model::{
    Backend, Deployment, Environment, EnvironmentName, GroupName, OperationId, SCHEMA, State, Timestamp,
};
use crate::workspace::{Committed, EditedGroups, RunningGateway, Workspace};

/// How many groups that a gateway does not serve as they are live are named.
const MOST_BEHIND: usize = 10;

/// Show what is live: the matrix of groups and environments
///
/// "edited" says that the working copy differs from what is live: the edit is not published there. Gateways that run
/// on this machine are listed below, with what they do not serve as it is live.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw status\n  apigw status petstore --env online --at 2026-11-01")]
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
}

/// What is live, of the environments and groups that were asked for.
struct Live {
    environments: Vec<Environment>,
    groups: BTreeSet<GroupName>,
    edited: EditedGroups,
    /// The gateways on this machine that serve one of the environments.
    gateways: Vec<RunningGateway>,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &StatusArguments) -> Result<Exit, CommandError> {
    let workspace = context.workspace()?;
    let names = match &arguments.env {
        Some(name) => vec![context.environment(name)?],
        None => workspace.settings().environments(),
    };
    let only = arguments.group.as_deref().map(selection::parse).transpose()?;
    let moment = arguments.at.as_deref().map(|text| moment_of(workspace, text)).transpose()?;
    let at = moment.as_ref().map(Moment::time);
    let mut live = read(workspace, &names, only.as_ref(), moment.as_ref())?;
    if moment.is_none() {
        live.gateways = gateways(context, workspace, &names);
    }
    if live.groups.is_empty()
        && let Some(group) = &only
    {
        workspace.require_group(group)?;
    }
    let shown = if context.output.format == crate::cli::output::Format::Table {
        context.output.raw(text(&live, at.unwrap_or_else(|| context.now()), context.output.width).as_bytes())
    } else {
        context.output.data(&view(workspace, &live)?, String::new)
    };
    shown?;
    Ok(Exit::Done)
}

/// Reads which gateways run. What is live can be told without them.
fn gateways(context: &Context<'_>, workspace: &Workspace, names: &[EnvironmentName]) -> Vec<RunningGateway> {
    match workspace.gateways() {
        Ok(mut gateways) => {
            for error in &gateways.unreadable {
                context.output.warning(&format!("it is not known what a gateway serves: {error}"));
            }
            gateways.running.retain(|gateway| names.iter().any(|name| gateway.environments.contains_key(name)));
            gateways.running
        }
        Err(error) => {
            context.output.warning(&format!("it is not known which gateways run: {error}"));
            Vec::new()
        }
    }
}

/// The moment of which the state is asked for.
enum Moment {
    Time(Timestamp),
    /// Right after an operation, which may be one that lost a merge.
    After(Box<Committed>),
}

impl Moment {
    fn time(&self) -> Timestamp {
        match self {
            Self::Time(time) => *time,
            Self::After(committed) => committed.operation.time,
        }
    }

    /// Puts in force what the operation made, whatever became of it in a merge.
    fn apply(&self, environment: &mut Environment) {
        let Self::After(committed) = self else { return };
        let Committed { id, operation, .. } = &**committed;
        if operation.environment == environment.name {
            let entry = |group: &GroupName| Some((group.clone(), operation.entry(id, group)?));
            environment.deployments.extend(operation.changes.keys().filter_map(entry));
        }
    }
}

fn moment_of(workspace: &Workspace, text: &str) -> Result<Moment, CommandError> {
    match Timestamp::from_input(text) {
        Ok(time) => Ok(Moment::Time(time)),
        Err(_) if text.starts_with(|first: char| first.is_ascii_hexdigit()) => {
            Ok(Moment::After(Box::new(workspace.find_operation(text)?)))
        }
        Err(error) => Err(CommandError::invalid("time", error.to_string()).hint("or give the id of an operation")),
    }
}

fn read(
    workspace: &Workspace,
    names: &[EnvironmentName],
    only: Option<&GroupName>,
    moment: Option<&Moment>,
) -> Result<Live, CommandError> {
    let mut environments = workspace.environments(names, moment.map(Moment::time))?;
    for environment in &mut environments {
        if let Some(moment) = moment {
            moment.apply(environment);
        }
        environment.deployments.retain(|group, _| only.is_none_or(|only| only == group));
    }
    let mut groups: BTreeSet<GroupName> =
        environments.iter().flat_map(|environment| environment.deployments.keys().cloned()).collect();
    if moment.is_none() {
        groups.extend(workspace.groups()?.into_iter().filter(|group| only.is_none_or(|only| only == group)));
    }
    let edited = workspace.edited_groups(&environments);
    Ok(Live { environments, groups, edited, gateways: Vec::new() })
}

fn view(workspace: &Workspace, live: &Live) -> Result<StatusView, CommandError> {
    let origins = workspace.origins(&live.environments)?;
    let mut deployments = Vec::new();
    for environment in &live.environments {
        for (group, deployment) in &environment.deployments {
            let id = &deployment.operation;
            let committer = origins.committer(&environment.name, id);
            let release = &deployment.release;
            deployments.push(StatusEntryView {
                environment: environment.name.clone(),
                group: group.clone(),
                entry: EntryView::of(deployment),
                edited: live.edited.contains(group, release),
                urls: match release.state {
                    State::Live => origins.urls(&environment.name, group, &release.version),
                    State::Offline => Vec::new(),
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
    Ok(StatusView { schema: SCHEMA, deployments, gateways: live.gateways.iter().map(gateway).collect() })
}

fn served_by<'a>(
    live: &'a Live,
    environment: &'a EnvironmentName,
    group: &'a GroupName,
    operation: &'a OperationId,
) -> impl Iterator<Item = &'a RunningGateway> {
    live.gateways.iter().filter(move |gateway| gateway.serves(environment, group) == Some(operation))
}

fn behind<'a>(
    live: &'a Live,
    environment: &'a EnvironmentName,
    group: &'a GroupName,
    operation: &'a OperationId,
) -> impl Iterator<Item = BehindView> + 'a {
    let serving = live.gateways.iter().filter(move |gateway| gateway.environments.contains_key(environment));
    let behind = serving.filter(move |gateway| gateway.serves(environment, group) != Some(operation));
    behind.map(move |gateway| BehindView {
        pid: gateway.pid,
        operation: gateway.serves(environment, group).cloned(),
        reason: gateway.behind(environment, group).map(|behind| behind.reason.clone()),
    })
}

fn text(live: &Live, now: Timestamp, width: Option<u16>) -> String {
    if live.groups.is_empty() {
        return "there is no group yet: make one with `apigw group import NAME FILE`\n".to_owned();
    }
    let names = live.environments.iter().map(|environment| environment.name.as_str().to_uppercase());
    let header: Vec<String> = std::iter::once("GROUP".to_owned()).chain(names).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let row = |group: &GroupName| {
        let cell = |environment: &Environment| {
            let deployment = environment.deployments.get(group);
            deployment.map_or_else(|| "-".to_owned(), |deployment| cell(live, group, deployment, now))
        };
        std::iter::once(group.to_string()).chain(live.environments.iter().map(cell)).collect()
    };
    let matrix = table::render(&header, live.groups.iter().map(row), width);
    if live.gateways.is_empty() { matrix } else { format!("{matrix}\n{}", gateways_text(live, now, width)) }
}

/// Lists the gateways, and the groups of which they do not serve what is live.
fn gateways_text(live: &Live, now: Timestamp, width: Option<u16>) -> String {
    let mut lines = Vec::new();
    for environment in &live.environments {
        for (group, deployment) in &environment.deployments {
            for behind in behind(live, &environment.name, group, &deployment.operation) {
                let reason = behind.reason.unwrap_or_else(|| "it has not seen the change yet".to_owned());
                let serves = behind.operation.map_or_else(|| "nothing".to_owned(), |id| format!("operation {id}"));
                let what = format!("{group} in {}", environment.name);
                lines.push((behind.pid, format!("process {} serves {serves} of {what}: {reason}\n", behind.pid)));
            }
        }
    }
    let row = |gateway: &RunningGateway| {
        let names: Vec<&str> = gateway.environments.keys().map(EnvironmentName::as_str).collect();
        let late = lines.iter().filter(|(pid, _)| *pid == gateway.pid).count();
        let state = if late == 0 { "what is live".to_owned() } else { format!("{late} behind") };
        let since = age(gateway.since, now);
        vec![gateway.pid.to_string(), since, names.join(", "), gateway.addresses.join(", "), state]
    };
    let header = ["GATEWAY", "SINCE", "ENVIRONMENTS", "ADDRESS", "SERVES"];
    let mut text = table::render(&header, live.gateways.iter().map(row), width);
    text.extend(lines.iter().take(MOST_BEHIND).map(|(_, line)| line.as_str()));
    if lines.len() > MOST_BEHIND {
        let left = lines.len() - MOST_BEHIND;
        let _ = writeln!(text, "and {left} more; `apigw status -o json` shows all");
    }
    text
}

/// Says in a few words what a group is in an environment: `0.0.1 mock 5m, edited`.
fn cell(live: &Live, group: &GroupName, deployment: &Deployment, now: Timestamp) -> String {
    let release = &deployment.release;
    let since = age(deployment.since, now);
    if release.state == State::Offline {
        return format!("offline {since} ({})", release.version);
    }
    let backend = match release.backend {
        Backend::Mock => "mock",
        Backend::Http { .. } => "real",
    };
    let edited = if live.edited.contains(group, release) { ", edited" } else { "" };
    format!("{} {backend} {since}{edited}", release.version)
}
