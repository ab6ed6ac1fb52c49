//! `apigw key list` and `apigw key show`.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::access::{Grant, Key};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::escape;
use crate::cli::table::{self, CellColor, TableCell, TableLayout};
use crate::cli::time::age;
use crate::cli::views::{FindingView, KeyListView, KeyShowView, KeyView, SecretView};
use crate::model::{EnvironmentName, KeyName, OwnerName, SCHEMA, Timestamp};
use crate::workspace::AccessSnapshot;

pub(super) fn list(context: &Context<'_>) -> Result<Exit, CommandError> {
    let workspace = context.readable_workspace()?;
    let access = workspace.access_snapshot()?;
    context.warn_of_unread_commits(access.unread_commits_finding());
    let AccessSnapshot { records, problems, revoked, .. } = access;
    let now = context.now();
    let keys: Vec<(&Key, KeyView)> = records
        .iter()
        .filter_map(|record| record.state.key())
        .map(|key| (key, KeyView::new(key, &revoked, now)))
        .collect();
    let layout = TableLayout { width: context.output.width, color: context.output.color, unbroken: 4 };
    let rows: Vec<Vec<TableCell>> = keys.iter().map(|(key, view)| row(key, view)).collect();
    let document = KeyListView {
        schema: SCHEMA,
        keys: keys.into_iter().map(|(_, view)| view).collect(),
        problems: problems.iter().map(FindingView::new).collect(),
    };
    context.output.painted(&document, || {
        if rows.is_empty() && problems.is_empty() {
            return "no keys yet\n".to_owned();
        }
        table::render(&["KEY", "KIND", "OWNER", "STATE", "SECRETS", "GRANTS", "FOR"], rows, layout)
    })?;
    Ok(context.output.unreadable(workspace, &problems))
}

pub(super) fn show(context: &Context<'_>, name: &KeyName) -> Result<Exit, CommandError> {
    let workspace = context.readable_workspace()?;
    let (key, operation) = workspace.key(name)?;
    let access = workspace.access_snapshot()?;
    context.warn_of_unread_commits(access.unread_commits_finding());
    let revoked = access.revoked;
    let now = context.now();
    let document = KeyShowView { schema: SCHEMA, operation, key: KeyView::new(&key, &revoked, now) };
    context.output.data(&document, || text(&key, &document.key, now))?;
    Ok(Exit::Done)
}

fn row(key: &Key, view: &KeyView) -> Vec<TableCell> {
    let state = match view.state {
        "live" => TableCell::from("live"),
        state => TableCell::default().painted(CellColor::Yellow, state),
    };
    let live = view.secrets().iter().filter(|secret| secret.state == "live").count();
    vec![
        key.name.as_str().into(),
        key.kind.as_str().into(),
        key.owner.as_ref().map_or("", OwnerName::as_str).into(),
        state,
        live.to_string().into(),
        key.grants.len().to_string().into(),
        key.description.clone().unwrap_or_default().into(),
    ]
}

fn text(key: &Key, view: &KeyView, now: Timestamp) -> String {
    let optional = |time: Option<Timestamp>, none: &str| time.map_or_else(|| none.to_owned(), |time| time.to_string());
    let mut text = format!(
        "key          {}, {}\nkind         {}\nowner        {}\ndescription  {}\ncreated      {}\nvalid from   {}\n\
         expires      {}\n",
        key.name,
        view.state,
        key.kind,
        key.owner.as_ref().map_or("(none)", OwnerName::as_str),
        key.description.as_deref().map_or(Cow::Borrowed("(none)"), escape::line),
        key.created,
        optional(key.not_before, "creation"),
        optional(key.expires, "never"),
    );
    if !key.limits.is_empty() {
        let _ = writeln!(text, "limits       {}, in each environment", key.limits);
    }
    for SecretView { id, created, retires, state } in view.secrets() {
        let retires = retires.map(|time| format!(", retires {time}")).unwrap_or_default();
        let _ = writeln!(text, "secret       {id}, {state}, {} old{retires}", age(*created, now));
    }
    for Grant { id, group, environments, apis, limits, since, by } in &key.grants {
        let environments: Vec<&str> = environments.iter().map(EnvironmentName::as_str).collect();
        let apis = if apis.is_empty() { "all APIs".to_owned() } else { escape::line(&apis.join(", ")).into_owned() };
        let by = escape::line(by);
        let limits = if limits.is_empty() { String::new() } else { format!(", at most {limits}") };
        let environments = environments.join(", ");
        let _ = writeln!(text, "grant {id}  {group} in {environments}: {apis}{limits}, since {since} by {by}");
    }
    text
}
