//! The gateways that serve an environment, compared with the number among which its limits are divided.

use crate::model::{Backend, DeploymentState, Environment, EnvironmentName, GroupSettings, Release};
use crate::snapshot::Snapshot;
use crate::workspace::{EntryOrigins, RunningGateway, Workspace};

/// Writes a warning for each environment that more of these gateways serve than its limits are divided among.
pub(super) fn status_warnings<'a>(
    workspace: &'a Workspace,
    environments: &'a [Environment],
    origins: &'a EntryOrigins<'a>,
    gateways: &'a [RunningGateway],
) -> impl Iterator<Item = String> + 'a {
    environments.iter().filter_map(move |environment| {
        let counts = environment.deployments.iter().any(|(group, entry)| {
            origins.settings(group, &entry.release).is_some_and(|settings| counts_requests(&entry.release, settings))
        });
        warning(workspace, &environment.name, gateways).filter(|_| counts)
    })
}

/// Writes such warnings about the gateways on this machine and what one of them serves.
pub(super) fn serve_warnings(workspace: &Workspace, live: &Snapshot) -> Vec<String> {
    // Files that cannot be read are the business of `status`.
    let gateways = workspace.gateways().map(|gateways| gateways.running).unwrap_or_default();
    let counting = live.environments.iter().filter(|environment| {
        environment.groups().iter().any(|group| {
            let content = group.content.as_ref();
            content.is_some_and(|content| counts_requests(&group.deployment.release, &content.settings))
        })
    });
    counting.filter_map(|environment| warning(workspace, &environment.name, &gateways)).collect()
}

/// True if a gateway keeps account of a group's requests: for limits, of the group or of keys, or of those that are
/// signed.
fn counts_requests(release: &Release, settings: &GroupSettings) -> bool {
    let asks_for_keys = matches!(release.backend, Backend::Http { .. }) && !settings.auth.is_none();
    release.state == DeploymentState::Live && (asks_for_keys || !settings.limits.is_empty())
}

fn warning(workspace: &Workspace, environment: &EnvironmentName, gateways: &[RunningGateway]) -> Option<String> {
    let declared = workspace.settings().access.gateways.get();
    let running = gateways.iter().filter(|gateway| gateway.environments.contains_key(environment)).count();
    (running > declared as usize).then(|| {
        format!(
            "{environment}: {running} gateways on this machine serve it, and `access.gateways` in apigw.toml is {declared}: together \
             they admit more than a limit allows, and each of them accepts a signed request once"
        )
    })
}
