//! `apigw access list`: keys, groups and environments.

use super::AccessListArguments;
use crate::access::{Grant, Key, OwnerGrants, SubjectState};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::table::{self, CellColor, TableCell, TableLayout};
use crate::cli::views::{AccessListEntryView, AccessListView, FindingView, UnusedGrantView, key_state};
use crate::model::{EnvironmentName, OwnerName, SCHEMA};
use crate::workspace::AccessSnapshot;

/// A grant of a key, its own or its owner's, with the state of the key.
struct GrantRow<'a> {
    key: &'a Key,
    state: &'static str,
    is_owners: bool,
    grant: &'a Grant,
}

/// A grant of an owner that has no key.
struct UnusedGrant<'a> {
    owner: &'a OwnerName,
    grant: &'a Grant,
}

pub(super) fn list(context: &Context<'_>, arguments: &AccessListArguments) -> Result<Exit, CommandError> {
    let workspace = context.readable_workspace()?;
    let environment = arguments.env.as_deref().map(|name| context.environment(name)).transpose()?;
    if let Some(name) = &arguments.key {
        workspace.key(name)?;
    }
    let access = workspace.access_snapshot()?;
    context.warn_of_unread_commits(access.unread_commits_finding());
    let AccessSnapshot { records, problems, revoked, .. } = access;
    let mut keys = Vec::new();
    let mut owners: Vec<&OwnerGrants> = Vec::new();
    for record in &records {
        match &record.state {
            SubjectState::Key(key) => keys.push(key),
            SubjectState::Owner(owner) => owners.push(owner),
            SubjectState::Revocation(_) => {}
        }
    }
    let is_wanted = |grant: &Grant| environment.as_ref().is_none_or(|name| grant.environments.contains(name));
    let mut unused = if arguments.key.is_none() { unused_grants(&owners, &keys) } else { Vec::new() };
    unused.retain(|unused| is_wanted(unused.grant));
    let mut listed = Vec::new();
    for key in keys.into_iter().filter(|key| arguments.key.as_ref().is_none_or(|name| *name == key.name)) {
        let state = key_state(key, &revoked, context.now());
        listed.extend(key.grants.iter().map(|grant| GrantRow { key, state, is_owners: false, grant }));
        let owner = owners.iter().find(|owner| key.owner.as_ref() == Some(&owner.owner));
        let grants = owner.into_iter().flat_map(|owner| &owner.grants);
        listed.extend(grants.map(|grant| GrantRow { key, state, is_owners: true, grant }));
    }
    listed.retain(|listed| is_wanted(listed.grant));
    let in_environments = |grant: &Grant| -> Vec<EnvironmentName> {
        let wanted = |name: &&EnvironmentName| environment.as_ref().is_none_or(|environment| environment == *name);
        grant.environments.iter().filter(wanted).cloned().collect()
    };
    let rows: Vec<(&GrantRow<'_>, EnvironmentName)> = listed
        .iter()
        .flat_map(|listed| in_environments(listed.grant).into_iter().map(move |environment| (listed, environment)))
        .collect();
    let view = |UnusedGrant { owner, grant }: &UnusedGrant<'_>| UnusedGrantView {
        owner: (*owner).clone(),
        grant: Grant { environments: in_environments(grant), ..(*grant).clone() },
    };
    let document = AccessListView {
        schema: SCHEMA,
        grants: rows.iter().map(|(listed, environment)| listed.view(environment)).collect(),
        without_key: unused.iter().map(view).collect(),
        problems: problems.iter().map(FindingView::new).collect(),
    };
    let layout = TableLayout { width: context.output.width, color: context.output.color, unbroken: 4 };
    context.output.painted(&document, || {
        if rows.is_empty() && unused.is_empty() && problems.is_empty() {
            return "no key may call anything\n".to_owned();
        }
        let of_keys = rows.iter().map(|(listed, environment)| row(key_cell(listed), listed.grant, environment));
        let of_nobody = unused.iter().flat_map(|UnusedGrant { owner, grant }| {
            let cell = TableCell::default().painted(CellColor::Yellow, &format!("(no key of owner {owner})"));
            in_environments(grant).into_iter().map(move |environment| row(cell.clone(), grant, &environment))
        });
        let heads = ["KEY", "GROUP", "ENVIRONMENT", "APIS", "LIMITS", "GRANT", "SINCE", "BY"];
        table::render(&heads, of_keys.chain(of_nobody), layout)
    })?;
    Ok(context.output.unreadable(workspace, &problems))
}

/// Lists the grants of owners that have no key.
fn unused_grants<'a>(owners: &[&'a OwnerGrants], keys: &[&Key]) -> Vec<UnusedGrant<'a>> {
    let has_key = |owner: &OwnerName| keys.iter().any(|key| key.owner.as_ref() == Some(owner));
    let idle = owners.iter().filter(|owner| !has_key(&owner.owner));
    idle.flat_map(|owner| owner.grants.iter().map(move |grant| UnusedGrant { owner: &owner.owner, grant })).collect()
}

impl GrantRow<'_> {
    fn view(&self, environment: &EnvironmentName) -> AccessListEntryView {
        let Self { key, state, is_owners, grant } = self;
        AccessListEntryView {
            key: key.name.clone(),
            state,
            kind: key.kind,
            owner: key.owner.clone(),
            by_owner: *is_owners,
            group: grant.group.clone(),
            environment: environment.clone(),
            apis: grant.apis.clone(),
            limits: grant.limits.clone(),
            grant: grant.id.clone(),
            since: grant.since,
            by: grant.by.clone(),
        }
    }
}

/// Names the key of a grant, the owner that it is of, and why the key may call nothing.
fn key_cell(GrantRow { key, state, is_owners, .. }: &GrantRow<'_>) -> TableCell {
    let owner = key.owner.as_ref().filter(|_| *is_owners).map(|owner| format!(" (owner {owner})")).unwrap_or_default();
    let cell = TableCell::from(format!("{}{owner}", key.name));
    if *state == "live" { cell } else { cell.plain(" ").painted(CellColor::Yellow, &format!("({state})")) }
}

fn row(key: TableCell, grant: &Grant, environment: &EnvironmentName) -> Vec<TableCell> {
    let apis = if grant.apis.is_empty() { "all".to_owned() } else { grant.apis.join(", ") };
    vec![
        key,
        grant.group.as_str().into(),
        environment.as_str().into(),
        apis.into(),
        grant.limits.to_string().into(),
        grant.id.as_str().into(),
        grant.since.to_string().into(),
        grant.by.as_str().into(),
    ]
}
