//! The matrix of groups and environments, with addresses and gateways below it.

use std::fmt::Write as _;

use super::{LiveState, behind, newer_before};
use crate::cli::release_text::version_text;
use crate::cli::table::{self, CellColor, TableCell, TableLayout};
use crate::cli::time::age;
use crate::model::{
    Backend, Deployment, DeploymentState, Environment, EnvironmentName, GroupName, PolicyOverride, Timestamp,
};
use crate::workspace::{EntryOrigins, ReleaseDamage, RunningGateway, ViewProblem};

/// The number of groups that are named as not served up to date.
const MOST_BEHIND: usize = 10;

pub(super) fn text<'a>(live: &'a LiveState, origins: &EntryOrigins<'a>, now: Timestamp, layout: TableLayout) -> String {
    if live.groups.is_empty() && live.problems.is_empty() {
        return "no groups yet: create one with `apigw group import NAME FILE`\n".to_owned();
    }
    let names = live.environments.iter().map(|environment| environment.name.as_str().to_uppercase());
    let header: Vec<String> = std::iter::once("GROUP".to_owned()).chain(names).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let row = |group: &GroupName| {
        let cell = |environment: &'a Environment| {
            let Some(entry) = environment.deployments.get(group) else { return unread(live, environment, group) };
            let committer = origins.committer(&environment.name, &entry.operation);
            let overrides = committer.map_or(&[][..], |committer| &committer.overrides);
            cell(live, &environment.name, group, entry, (now, overrides))
        };
        let name = TableCell::from(group.as_str());
        let name =
            if live.edited.contains(group) { name.plain(" ").painted(CellColor::Yellow, "edited") } else { name };
        std::iter::once(name).chain(live.environments.iter().map(cell)).collect()
    };
    let matrix = table::render(&header, live.groups.iter().map(row), layout);
    if live.gateways.is_empty() { matrix } else { format!("{matrix}\n{}", gateways_text(live, now, layout.width)) }
}

/// Returns the cell of a group that has no entry, or none that can be read.
fn unread(live: &LiveState, environment: &Environment, group: &GroupName) -> TableCell {
    let concerns = |problem: &&ViewProblem| {
        problem.environment == environment.name && problem.group.as_ref().is_none_or(|concerned| concerned == group)
    };
    match live.unreadable.iter().find(concerns) {
        Some(_) => TableCell::default().painted(CellColor::Red, "unreadable"),
        None => TableCell::from("-"),
    }
}

/// Lists the backends, and the addresses at which callers reach the groups.
pub(super) fn addresses(origins: &EntryOrigins<'_>, live: &LiveState, layout: TableLayout) -> String {
    let mut rows = Vec::new();
    for environment in &live.environments {
        let entries = environment.deployments.iter().filter(|(_, entry)| entry.release.state == DeploymentState::Live);
        for (group, Deployment { release, .. }) in entries {
            let urls = origins.urls(&environment.name, group, release).join(" ");
            rows.push(vec![group.to_string(), environment.name.to_string(), release.backend.to_string(), urls]);
        }
    }
    format!(
        "\n{}",
        table::render(&["GROUP", "ENVIRONMENT", "BACKEND", "ADDRESS"], rows, TableLayout { unbroken: 0, ..layout })
    )
}

/// Lists the gateways, and the groups that they do not serve up to date.
fn gateways_text(live: &LiveState, now: Timestamp, width: Option<u16>) -> String {
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

/// Describes a group's state in an environment in a few words: `0.0.1 mock 5m, behind test (0.0.2)`.
fn cell(
    live: &LiveState,
    environment: &EnvironmentName,
    group: &GroupName,
    deployment: &Deployment,
    (now, overrides): (Timestamp, &[PolicyOverride]),
) -> TableCell {
    let release = &deployment.release;
    let since = age(deployment.since, now);
    let version = version_text(live.stored.committed_number(group, release), live.stored.number(group, release));
    if release.state == DeploymentState::Offline {
        let cell = TableCell::default().painted(CellColor::Dim, &format!("offline {since} ({version})"));
        return with_override(cell, overrides);
    }
    let backend = match release.backend {
        Backend::Mock => "mock",
        Backend::Http { .. } => "real",
    };
    let mut cell = TableCell::from(format!("{version} {backend} {since}"));
    if let Some(damage) = live.stored.damage(group, release) {
        let damage = match damage {
            ReleaseDamage::GroupMissing => "group missing",
            ReleaseDamage::Missing => "missing",
            ReleaseDamage::Damaged(_) => "damaged",
        };
        cell = cell.plain(", ").painted(CellColor::Red, damage);
    }
    if live.notes.get(group).is_some_and(|notes| notes.block(&release.digest).is_some()) {
        cell = cell.plain(", ").painted(CellColor::Red, "blocked");
    }
    cell = with_override(cell, overrides);
    if let Some((source, version)) = newer_before(live, environment, group, release) {
        cell = cell.plain(", ").painted(CellColor::Yellow, &format!("behind {source} ({version})"));
    }
    cell
}

/// Marks a cell whose operation went against something.
fn with_override(cell: TableCell, overrides: &[PolicyOverride]) -> TableCell {
    overrides.iter().fold(cell, |cell, policy| match policy {
        PolicyOverride::Breaking => cell.plain(", ").painted(CellColor::Red, "overrides a policy"),
        PolicyOverride::HandEdit => cell.plain(", ").painted(CellColor::Yellow, "replaced a hand edit"),
    })
}
