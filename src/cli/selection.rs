//! The groups of a command: the named ones, or the only one there is.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::complete;
use super::context::Context;
use super::duration::parse_duration;
use super::error::CommandError;
use crate::definition::Definition;
use crate::model::{GroupName, Method, NameError, Version, nearest};
use crate::plan::GroupSelection;

/// Returns the group that was named, or the only one where none was.
///
/// Plain is the group whose folder one stands in, then `default_group`, then the only one.
pub(super) fn group(context: &Context<'_>, named: Option<&str>) -> Result<GroupName, CommandError> {
    let workspace = context.workspace()?;
    if let Some(name) = named {
        let group = parse(name)?;
        require_group(context, &group)?;
        return Ok(group);
    }
    let plain = workspace.group_around(context.folder()).or_else(|| workspace.settings().default_group.clone());
    if let Some(group) = plain {
        workspace.require_group(&group)?;
        return Ok(group);
    }
    let groups = workspace.groups()?;
    match groups.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(CommandError::invalid("unknown-group", "the workspace has no groups yet")
            .hint("create one: `apigw group import NAME FILE`, or `apigw group create NAME`")),
        several => {
            let names: Vec<&str> = several.iter().take(5).map(GroupName::as_str).collect();
            let more = if several.len() > names.len() { ", …" } else { "" };
            Err(CommandError::usage(format!("name a group: there are {}{more}", names.join(", ")))
                .hint("or set `default_group` in apigw.toml"))
        }
    }
}

/// The groups that a command means: several, all, or the only one.
#[derive(Debug, Clone, Args)]
pub(super) struct GroupsArguments {
    /// The groups [default: the only one]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    groups: Vec<String>,
    /// Every group to which the command can apply
    #[arg(long, conflicts_with = "groups")]
    all: bool,
}

impl GroupsArguments {
    pub(super) fn resolve(&self, context: &Context<'_>) -> Result<GroupSelection, CommandError> {
        if self.all {
            return Ok(GroupSelection::All);
        }
        if self.groups.is_empty() {
            return Ok(GroupSelection::Groups(vec![group(context, None)?]));
        }
        let named = self.groups.iter().map(|name| released_group(context, &parse(name)?));
        Ok(GroupSelection::Groups(named.collect::<Result<_, _>>()?))
    }
}

/// Fails unless the workspace has the group; an environment in its place is named as one.
pub(super) fn require_group(context: &Context<'_>, group: &GroupName) -> Result<(), CommandError> {
    let Err(error) = context.workspace()?.require_group(group) else { return Ok(()) };
    let mut error = CommandError::from(error);
    if let Ok(environment) = context.environment(group.as_str()) {
        let hint = format!("{group} is an environment: leave it out, and name it with `--env {environment}`");
        error.hints.insert(0, hint);
    } else if parse_duration(group.as_str()).is_ok() {
        error.hints.insert(0, format!("a time-out is written with `=`: `--wait={group}`"));
    }
    Err(error)
}

/// Returns the version that was named, like `0.0.1` or `petstore@0.0.1`, where something else was asked for.
pub(super) fn mistaken_version(text: &str) -> Option<Version> {
    let last = text.rsplit_once('@').map_or(text, |(_, version)| version);
    last.strip_prefix('v').unwrap_or(last).parse().ok()
}

/// Returns the group of a name. A group without a folder is known as long as environments have an entry of it.
pub(super) fn released_group(context: &Context<'_>, group: &GroupName) -> Result<GroupName, CommandError> {
    let workspace = context.workspace()?;
    let unknown = match require_group(context, group) {
        Ok(()) => return Ok(group.clone()),
        Err(error) => error,
    };
    let environments = workspace.overview(&workspace.settings().environments(), None);
    let is_released = environments.iter().any(|overview| overview.environment.deployments.contains_key(group));
    if is_released { Ok(group.clone()) } else { Err(unknown) }
}

/// Parses a group's name.
pub(super) fn parse(name: &str) -> Result<GroupName, CommandError> {
    name.parse().map_err(|error: NameError| {
        let refused = CommandError::invalid("name", error.to_string());
        match mistaken_version(name) {
            Some(version) => refused.hint(format!("a version is named apart from its group: `--version {version}`")),
            None => refused.hint("for example `petstore` or `pet-store-2`"),
        }
    })
}

/// Reads `[GROUP] API`, where the API is an operation id, or a method and a path as one word or two.
pub(super) fn group_and_api(words: &[String]) -> Result<(Option<&str>, String), CommandError> {
    let is_method = |word: &String| word.parse::<Method>().is_ok();
    let named = |method: &String, path: &str| format!("{} {path}", method.to_uppercase());
    match words {
        [name] => Ok((None, name.clone())),
        [method, path] if is_method(method) => Ok((None, named(method, path))),
        [group, name] => Ok((Some(group), name.clone())),
        [group, method, path] => Ok((Some(group), named(method, path))),
        _ => Err(CommandError::usage("give an operation id, or a method and a path")),
    }
}

/// Returns the error of an API that a definition does not have, with the nearest one that it has.
pub(super) fn unknown_api(group: &GroupName, name: &str, definition: &Definition) -> CommandError {
    let names: Vec<String> = definition.apis.iter().flat_map(|api| [api.name(), api.method_and_path()]).collect();
    let near = nearest(name, names.iter().map(String::as_str));
    let near = near.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
    CommandError::invalid("unknown-api", format!("{group} has no API {name:?}{near}"))
        .hint(format!("list them: `apigw api list {group}`"))
}
