//! The nodes of an environment, as a control plane on this machine or on another one tells of them.

use std::time::Duration;

use serde::Deserialize;

use super::error::CommandError;
use super::process::wall_clock;
use crate::fleet::{FleetReport, NodeReport, NodeTrouble, ResourceKind};
use crate::gateway::call::{CallDestination, CallError, OutgoingCall, send};
use crate::model::{EnvironmentName, FleetSettings, HttpUrl, SCHEMA};
use crate::workspace::{self, RunningGateway, Workspace};

/// The longest time-out for a control plane on another machine.
pub(super) const LONGEST_ASK: Duration = Duration::from_secs(5);

/// Where the state of nodes is read.
#[derive(Debug)]
pub(super) enum FleetSource {
    /// In the workspace, where a control plane on this machine remembers it.
    Workspace,
    /// At the `--admin` listener of a control plane.
    Control { url: String, destination: CallDestination, host: http::HeaderValue },
}

/// The state of the nodes of an environment.
#[derive(Debug)]
pub(super) struct FleetState {
    pub(super) report: FleetReport,
    /// True if a control plane runs.
    pub(super) is_controlled: bool,
}

/// Reason why the state of nodes is not known.
#[derive(Debug, thiserror::Error)]
pub(super) enum FleetError {
    #[error(transparent)]
    Workspace(#[from] workspace::Error),
    #[error("{url}: {source}")]
    Control {
        url: String,
        #[source]
        source: CallError,
    },
    #[error("{url}: the response is not the state of a fleet (status {status})")]
    Malformed { url: String, status: u16 },
    #[error("{url}: the state has schema {schema}, of a newer apigw: use that one here too")]
    NewerSchema { url: String, schema: u32 },
    #[error("{url}: it is the control plane of no environment: `serve --xds` is")]
    NoFleet { url: String },
}

/// The schema of the document of a control plane, whatever else is in it.
#[derive(Deserialize)]
struct StatedSchema {
    schema: u32,
}

/// The document of a control plane.
#[derive(Deserialize)]
struct FleetDocument {
    fleets: Vec<FleetReport>,
}

impl FleetSource {
    /// Takes the address of a control plane, where one was typed.
    pub(super) fn new(control: Option<&HttpUrl>) -> Result<Self, CommandError> {
        let Some(url) = control else { return Ok(Self::Workspace) };
        let refused = |reason: &str| {
            CommandError::usage(format!("--control {url} {reason}"))
                .hint("give the address of its `--admin` listener, like http://127.0.0.1:9090")
        };
        let uri: http::Uri = url.as_str().parse().map_err(|_| refused("is not an address"))?;
        if uri.scheme() != Some(&http::uri::Scheme::HTTP) {
            return Err(refused("is not plain HTTP"));
        }
        if uri.path_and_query().is_some_and(|path| path.as_str() != "/") {
            return Err(refused("has a path"));
        }
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let host = http::HeaderValue::from_str(authority).map_err(|_| refused("is not an address"))?;
        let destination = CallDestination {
            host: uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned(),
            port: uri.port_u16().unwrap_or(80),
            encrypted: false,
            authority: None,
        };
        Ok(Self::Control { url: url.to_string(), destination, host })
    }

    /// True if an environment has nodes to be waited for: some are known or expected, or somebody names their control
    /// plane.
    pub(super) const fn has_fleet(&self, state: Option<&FleetState>, settings: &FleetSettings) -> bool {
        state.is_some() || settings.expects_nodes() || matches!(self, Self::Control { .. })
    }

    /// Reads the state of the nodes of an environment; `None` where nobody tells of any.
    pub(super) fn read(
        &self,
        workspace: &Workspace,
        environment: &EnvironmentName,
        gateways: &[RunningGateway],
        timeout: Duration,
    ) -> Result<Option<FleetState>, FleetError> {
        match self {
            Self::Workspace => {
                let has_nodes = |gateway: &RunningGateway| {
                    gateway.discovery.is_some() && gateway.environments.contains_key(environment)
                };
                let is_controlled = gateways.iter().any(has_nodes);
                let report = workspace.fleet_report(environment)?;
                let report = report.map(|report| remembered(workspace, report, is_controlled));
                let report = report.filter(|report| is_controlled || !report.nodes.is_empty());
                Ok(report.map(|report| FleetState { report, is_controlled }))
            }
            Self::Control { url, destination, host } => {
                let fleets = fetch(url, destination, host, timeout)?;
                let report = fleets.into_iter().find(|report| report.environment == *environment);
                Ok(report.map(|report| FleetState { report, is_controlled: true }))
            }
        }
    }
}

/// Leaves out nodes that a control plane would have forgotten, had it not ended.
fn remembered(workspace: &Workspace, mut report: FleetReport, is_controlled: bool) -> FleetReport {
    if !is_controlled {
        let settings = workspace.settings().environment(&report.environment).fleet;
        let now = wall_clock().milliseconds();
        let is_gone = |node: &NodeReport| now - node.seen.milliseconds() >= settings.forget_after_ms();
        report.nodes.retain(|node| settings.nodes.contains(&node.node) || !is_gone(node));
    }
    report
}

fn fetch(
    url: &str,
    destination: &CallDestination,
    host: &http::HeaderValue,
    timeout: Duration,
) -> Result<Vec<FleetReport>, FleetError> {
    let outgoing = OutgoingCall {
        method: http::Method::GET,
        target: "/-/fleet".to_owned(),
        host: host.clone(),
        headers: http::HeaderMap::new(),
        body: bytes::Bytes::new(),
    };
    let failed = |source| FleetError::Control { url: url.to_owned(), source };
    let response = send(destination, outgoing, timeout).map_err(failed)?;
    let malformed = || FleetError::Malformed { url: url.to_owned(), status: response.status.as_u16() };
    let stated: StatedSchema = serde_json::from_slice(&response.body).map_err(|_| malformed())?;
    if stated.schema > SCHEMA {
        return Err(FleetError::NewerSchema { url: url.to_owned(), schema: stated.schema });
    }
    let document: FleetDocument = serde_json::from_slice(&response.body).map_err(|_| malformed())?;
    if document.fleets.is_empty() {
        return Err(FleetError::NoFleet { url: url.to_owned() });
    }
    Ok(document.fleets)
}

/// Says why a node does not serve the newest release; nothing where it does.
pub(super) fn trouble_text(node: &NodeReport) -> Option<String> {
    let text = match node.trouble? {
        NodeTrouble::SharedName => "two processes poll under its name".to_owned(),
        NodeTrouble::Silent => format!("it has not polled since {}", node.seen),
        NodeTrouble::Refuses { kind: ResourceKind::Clusters, times } => format!(
            "it refuses the clusters (sent {times} times) and is half-updated: it has applied those that are good; its log says \
             why"
        ),
        NodeTrouble::Refuses { kind, times } => {
            format!("it refuses the {} (sent {times} times); its log says why", kind.as_str())
        }
        NodeTrouble::Behind => {
            let sent = node.kinds.iter().find(|kind| kind.sent.is_some());
            let sent = sent.map(|kind| format!("it was sent the {}, and has not applied them yet", kind.kind.as_str()));
            sent.unwrap_or_else(|| {
                format!("it has not asked for the newest release yet, and polled last at {}", node.seen)
            })
        }
    };
    Some(text)
}
