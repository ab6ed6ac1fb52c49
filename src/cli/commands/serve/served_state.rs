//! What the gateways of this machine say that they serve.

use crate::model::{Deployment, DeploymentState, EnvironmentName, GroupName};
use crate::share::reference::ServedState;
use crate::workspace::RunningGateway;

/// Returns the state of this machine's gateways of an environment with regard to an entry.
pub(super) fn served_state(
    gateways: &[RunningGateway],
    environment: &EnvironmentName,
    group: &GroupName,
    deployment: &Deployment,
) -> ServedState {
    if deployment.release.state == DeploymentState::Offline {
        return ServedState::NoGateway;
    }
    let mut concerned = gateways.iter().filter(|gateway| gateway.environments.contains_key(environment)).peekable();
    if concerned.peek().is_none() {
        return ServedState::NoGateway;
    }
    match concerned.find(|gateway| gateway.serves(environment, group) != Some(&deployment.operation)) {
        None => ServedState::Served,
        Some(gateway) => {
            let reason = gateway.not_served(environment, group).map(|entry| entry.reason.clone());
            ServedState::NotServed(reason.unwrap_or_else(|| "the gateway has not read the change yet".to_owned()))
        }
    }
}
