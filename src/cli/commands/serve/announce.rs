//! The messages of `serve` on stderr: the URLs, and each change of them.

use std::net::SocketAddr;

use crate::cli::context::Context;
use crate::cli::gateway_counts;
use crate::model::{DeploymentState, EnvironmentName, GroupHosts, GroupName, OperationId};
use crate::snapshot::{GroupSnapshot, NotServed, Snapshot};
use crate::workspace::{RunningGateway, Workspace};

/// The most groups of an environment that are named at once; of more it is said how many there are.
const MOST_NAMED: usize = 20;

/// An address that is listened on.
#[derive(Debug, Clone, Copy)]
pub(super) struct AnnouncedListener {
    pub(super) address: SocketAddr,
    pub(super) encrypted: bool,
}

impl AnnouncedListener {
    pub(super) fn url(self) -> String {
        format!("{}://{}", self.scheme(), self.address)
    }

    const fn scheme(self) -> &'static str {
        if self.encrypted { "https" } else { "http" }
    }
}

/// Announces the addresses, and warns of those that other machines can reach.
pub(super) fn listeners(context: &Context<'_>, listeners: &[AnnouncedListener], admin: Option<SocketAddr>) {
    for listener in listeners {
        context.output.note(&format!("listening on {}", listener.url()));
    }
    if let Some(admin) = admin {
        context.output.note(&format!("operators: http://{admin}/-/status"));
    }
    for listener in listeners.iter().filter(|listener| !listener.address.ip().to_canonical().is_loopback()) {
        context.output.warning(&format!(
            "{} can be reached from other machines; mocks do not authenticate callers",
            listener.address
        ));
    }
    if let Some(admin) = admin.filter(|admin| !admin.ip().to_canonical().is_loopback()) {
        context.output.warning(&format!("{admin} shows other machines the served groups, without authentication"));
    }
}

/// Announces the address of the documents.
pub(super) fn documents(context: &Context<'_>, address: Option<SocketAddr>) {
    let Some(address) = address else { return };
    context.output.note(&format!("documents: http://{address}/"));
    if !address.ip().to_canonical().is_loopback() {
        context.output.warning(&format!("{address} shows other machines the documents, also of drafts"));
    }
}

/// Announces the addresses of each group.
pub(super) fn groups(
    context: &Context<'_>,
    workspace: &Workspace,
    listeners: &[AnnouncedListener],
    live: &Snapshot,
    served: &RunningGateway,
    is_followed: bool,
) {
    let Some(listener) = listeners.first() else { return };
    let base = &workspace.settings().base_domain;
    for environment in &live.environments {
        let name = &environment.name;
        let is_served = |group: &&GroupSnapshot| {
            group.content.is_some() && served.serves(name, &group.name) == Some(group.operation())
        };
        let groups: Vec<_> = environment.groups().iter().filter(is_served).collect();
        let is_incomplete = served.not_served.iter().any(|entry| entry.environment == *name);
        if groups.is_empty() && is_incomplete {
            context.output.note(&format!("{name}: nothing is served until this is fixed"));
        } else if groups.is_empty() && is_followed {
            context.output.note(&format!("{name}: nothing is live in the state that is followed"));
        } else if groups.is_empty() {
            let hint = format!("publish a group with `apigw publish GROUP --env {name}`; it is served at once");
            context.output.note(&format!("{name}: nothing is live yet: {hint}"));
        }
        for found in groups.iter().take(MOST_NAMED) {
            let (group, release) = (&found.name, &found.deployment.release);
            let Some(content) = &found.content else { continue };
            let prefix = content.settings.prefix.before_path();
            let (scheme, port) = (listener.scheme(), listener.address.port());
            let hosts = GroupHosts::new(group, name, base, &content.settings.domains);
            let host = &hosts.secondary;
            let what = format!("{name}: {group} {} with {}", release.version, release.backend);
            context.output.note(&format!("{what}: {scheme}://{host}:{port}{prefix}"));
            for domain in &hosts.custom {
                context.output.note(&format!("  or {scheme}://{domain}:{port}{prefix}"));
            }
            if live.environments.len() == 1 {
                context.output.note(&format!("  or {}{prefix}", listener.url()));
            }
        }
        more(context, name, groups.len());
    }
}

/// Announces what is served since a change, with one line for each group.
pub(super) fn changes(
    context: &Context<'_>,
    workspace: &Workspace,
    live: &Snapshot,
    before: &RunningGateway,
    now: &RunningGateway,
) {
    let short = workspace.short_ids().unwrap_or_default();
    for environment in &live.environments {
        let name = &environment.name;
        let Some(served) = now.environments.get(name) else { continue };
        let is_new = |(group, operation): &(&GroupName, &OperationId)| before.serves(name, group) != Some(operation);
        let changed: Vec<_> = served.serves.iter().filter(is_new).collect();
        for (group, operation) in changed.iter().take(MOST_NAMED) {
            let Some(found) = environment.group(group) else { continue };
            let release = &found.deployment.release;
            let what = match release.state {
                DeploymentState::Live => format!("{} with {}", release.version, release.backend),
                DeploymentState::Offline => format!("offline ({})", release.version),
            };
            context.output.note(&format!("{name}: {group} {what} (operation {})", short.get(operation)));
        }
        more(context, name, changed.len());
        let gone = before.environments.get(name).into_iter().flat_map(|before| before.serves.keys());
        let gone: Vec<_> = gone.filter(|group| !served.serves.contains_key(*group)).collect();
        for group in gone.iter().take(MOST_NAMED) {
            context.output.note(&format!("{name}: {group} was removed from the file, and is no longer served"));
        }
        more(context, name, gone.len());
    }
}

/// Reports the entries that are not served, with reasons, and the ones served instead.
pub(super) fn not_served(context: &Context<'_>, entries: &[NotServed], served: &RunningGateway) {
    for NotServed { environment, group, reason, .. } in entries.iter().take(MOST_NAMED) {
        let whose = group.as_ref().map_or_else(|| environment.to_string(), |group| format!("{group} in {environment}"));
        let is_served = match group {
            Some(group) => served.serves(environment, group).is_some(),
            None => served.environments.get(environment).is_some_and(|served| !served.serves.is_empty()),
        };
        let instead = if is_served { "the previous release is still served" } else { "it is not served" };
        context.output.warning(&format!("{whose}: {reason}; {instead}"));
    }
    let left = entries.len().saturating_sub(MOST_NAMED);
    if left > 0 {
        context.output.warning(&format!("and {left} more; `apigw verify` shows all"));
    }
}

/// Warns where more gateways serve an environment than its limits are divided among.
pub(super) fn gateway_counts(context: &Context<'_>, workspace: &Workspace, live: &Snapshot) {
    for warning in gateway_counts::serve_warnings(workspace, live) {
        context.output.warning(&warning);
    }
}

fn more(context: &Context<'_>, environment: &EnvironmentName, count: usize) {
    let left = count.saturating_sub(MOST_NAMED);
    if left > 0 {
        context.output.note(&format!("{environment}: and {left} more; `apigw status --env {environment}` shows all"));
    }
}
