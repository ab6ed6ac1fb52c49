//! `apigw status`.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::time::age;
use crate::cli::views::{EntryView, StatusEntryView, StatusView};
use crate::cli::{change, complete, selection, table};
use crate::model::{Backend, Deployment, Environment, EnvironmentName, GroupName, SCHEMA, State, Timestamp};
use crate::workspace::{EditedGroups, Workspace};

/// Show what is live: the matrix of groups and environments
///
/// "edited" says that the working copy differs from what is live: the edit is not published there.
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
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &StatusArguments) -> Result<Exit, CommandError> {
    let workspace = context.workspace()?;
    let names = match &arguments.env {
        Some(name) => vec![context.environment(name)?],
        None => workspace.settings().environments(),
    };
    let only = arguments.group.as_deref().map(selection::parse).transpose()?;
    let at = arguments.at.as_deref().map(|text| time_of(workspace, text)).transpose()?;
    let live = read(workspace, &names, only.as_ref(), at)?;
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

fn time_of(workspace: &Workspace, text: &str) -> Result<Timestamp, CommandError> {
    match Timestamp::from_input(text) {
        Ok(time) => Ok(time),
        Err(_) if text.starts_with(|first: char| first.is_ascii_hexdigit()) => {
            Ok(workspace.find_operation(text)?.operation.time)
        }
        Err(error) => Err(CommandError::invalid("time", error.to_string()).hint("or give the id of an operation")),
    }
}

fn read(
    workspace: &Workspace,
    names: &[EnvironmentName],
    only: Option<&GroupName>,
    at: Option<Timestamp>,
) -> Result<Live, CommandError> {
    let mut environments = workspace.environments(names, at)?;
    for environment in &mut environments {
        environment.deployments.retain(|group, _| only.is_none_or(|only| only == group));
    }
    let mut groups: BTreeSet<GroupName> =
        environments.iter().flat_map(|environment| environment.deployments.keys().cloned()).collect();
    if at.is_none() {
        groups.extend(workspace.groups()?.into_iter().filter(|group| only.is_none_or(|only| only == group)));
    }
    let edited = workspace.edited_groups(&environments);
    Ok(Live { environments, groups, edited })
}

fn view(workspace: &Workspace, live: &Live) -> Result<StatusView, CommandError> {
    let mut deployments = Vec::new();
    for environment in &live.environments {
        let mut authors = BTreeMap::new();
        for (group, deployment) in &environment.deployments {
            let id = &deployment.operation;
            if !authors.contains_key(id) {
                authors.insert(id.clone(), workspace.author_of(&environment.name, id)?);
            }
            let (by, message) = authors.get(id).cloned().unwrap_or_default();
            let release = &deployment.release;
            deployments.push(StatusEntryView {
                environment: environment.name.clone(),
                group: group.clone(),
                entry: EntryView::of(deployment),
                edited: live.edited.contains(group, release),
                urls: match release.state {
                    State::Live => change::urls(workspace, &environment.name, group, release, None),
                    State::Offline => Vec::new(),
                },
                by,
                message,
            });
        }
    }
    Ok(StatusView { schema: SCHEMA, deployments })
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
    table::render(&header, live.groups.iter().map(row), width)
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
