//! The list of grants: keys, groups and environments.

use super::AccessListArguments;
use crate::access::{Grant, Key, OwnerGrants, SubjectState};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::table::{self, TableCell, TableLayout};
use crate::cli::views::{AccessListEntryView, AccessListView, FindingView};
use crate::model::{EnvironmentName, SCHEMA};

/// A grant of a key, its own or its owner's.
struct GrantRow<'a> {
    key: &'a Key,
    is_owners: bool,
    grant: &'a Grant,
}

pub(super) fn list(context: &Context<'_>, arguments: &AccessListArguments) -> Result<Exit, CommandError> {
    let workspace = context.workspace()?;
    let environment = arguments.env.as_deref().map(|name| context.environment(name)).transpose()?;
    if let Some(name) = &arguments.key {
        workspace.key(name)?;
    }
    let (records, problems) = workspace.access_records()?;
    let mut keys = Vec::new();
    let mut owners: Vec<&OwnerGrants> = Vec::new();
    for record in &records {
        match &record.state {
            SubjectState::Key(key) => keys.push(key),
            SubjectState::Owner(owner) => owners.push(owner),
            SubjectState::Revocation(_) => {}
        }
    }
    let mut listed = Vec::new();
    for key in keys.into_iter().filter(|key| arguments.key.as_ref().is_none_or(|name| *name == key.name)) {
        listed.extend(key.grants.iter().map(|grant| GrantRow { key, is_owners: false, grant }));
        let owner = owners.iter().find(|owner| key.owner.as_ref() == Some(&owner.owner));
        let grants = owner.into_iter().flat_map(|owner| &owner.grants);
        listed.extend(grants.map(|grant| GrantRow { key, is_owners: true, grant }));
    }
    listed.retain(|listed| environment.as_ref().is_none_or(|name| listed.grant.environments.contains(name)));
    let rows: Vec<(&GrantRow<'_>, &EnvironmentName)> = listed
        .iter()
        .flat_map(|listed| listed.grant.environments.iter().map(move |environment| (listed, environment)))
        .filter(|(_, name)| environment.as_ref().is_none_or(|environment| environment == *name))
        .collect();
    let entry = |(listed, environment): &(&GrantRow<'_>, &EnvironmentName)| AccessListEntryView {
        key: listed.key.name.clone(),
        kind: listed.key.kind,
        owner: listed.key.owner.clone(),
        by_owner: listed.is_owners,
        group: listed.grant.group.clone(),
        environment: (*environment).clone(),
        apis: listed.grant.apis.clone(),
        limits: listed.grant.limits.clone(),
        grant: listed.grant.id.clone(),
        since: listed.grant.since,
        by: listed.grant.by.clone(),
    };
    let document = AccessListView {
        schema: SCHEMA,
        grants: rows.iter().map(entry).collect(),
        problems: problems.iter().map(FindingView::new).collect(),
    };
    let layout = TableLayout { width: context.output.width, color: context.output.color, unbroken: 4 };
    context.output.painted(&document, || {
        if rows.is_empty() && problems.is_empty() {
            return "no key may call anything\n".to_owned();
        }
        let rows = rows.iter().map(|(listed, environment)| row(listed, environment));
        table::render(&["KEY", "GROUP", "ENVIRONMENT", "APIS", "LIMITS", "GRANT", "SINCE", "BY"], rows, layout)
    })?;
    Ok(context.output.unreadable(workspace, &problems))
}

fn row(GrantRow { key, is_owners, grant }: &GrantRow<'_>, environment: &EnvironmentName) -> Vec<TableCell> {
    let owner = key.owner.as_ref().filter(|_| *is_owners).map(|owner| format!(" (owner {owner})")).unwrap_or_default();
    let apis = if grant.apis.is_empty() { "all".to_owned() } else { grant.apis.join(", ") };
    vec![
        format!("{}{owner}", key.name).into(),
        grant.group.as_str().into(),
        environment.as_str().into(),
        apis.into(),
        grant.limits.to_string().into(),
        grant.id.as_str().into(),
        grant.since.to_string().into(),
        grant.by.as_str().into(),
    ]
}
