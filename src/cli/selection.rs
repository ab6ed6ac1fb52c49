//! Which groups a command means: those that were named, or the one that is plain.

use super::context::Context;
use super::error::CommandError;
use crate::model::{GroupName, NameError};
use crate::plan::Selection;

/// Returns the group that was named, or the one that is plain where none was.
///
/// Plain is the group whose folder one stands in, then `default_group`, then the only one.
pub(super) fn group(context: &Context<'_>, named: Option<&str>) -> Result<GroupName, CommandError> {
    let workspace = context.workspace()?;
    if let Some(name) = named {
        let group = parse(name)?;
        workspace.require_group(&group)?;
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
        [] => Err(CommandError::invalid("unknown-group", "the workspace has no group yet")
            .hint("make one: `apigw group import NAME FILE`, or `apigw group create NAME`")),
        several => {
            let names: Vec<&str> = several.iter().take(5).map(GroupName::as_str).collect();
            let more = if several.len() > names.len() { ", …" } else { "" };
            Err(CommandError::usage(format!("name a group: there are {}{more}", names.join(", ")))
                .hint("or set `default_group` in apigw.toml"))
        }
    }
}

/// Returns the groups that were named, all, or the one that is plain.
pub(super) fn groups(context: &Context<'_>, named: &[String], all: bool) -> Result<Selection, CommandError> {
    if all {
        return Ok(Selection::All);
    }
    if named.is_empty() {
        return Ok(Selection::Groups(vec![group(context, None)?]));
    }
    let groups: Result<Vec<GroupName>, CommandError> = named.iter().map(|name| group(context, Some(name))).collect();
    Ok(Selection::Groups(groups?))
}

/// Parses a group's name.
pub(super) fn parse(name: &str) -> Result<GroupName, CommandError> {
    name.parse().map_err(|error: NameError| {
        CommandError::invalid("name", error.to_string()).hint("for example `petstore` or `pet-store-2`")
    })
}
