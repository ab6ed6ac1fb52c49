//! `--wait`: after a commit, waits until the gateways on this machine serve it, and the nodes that follow them. The
//! commit knows nothing of it.

use std::fmt::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

use super::context::Context;
use super::duration::parse_duration;
use super::error::{CommandError, Exit};
use super::fleet::{FleetError, FleetSource, LONGEST_ASK};
use super::node_check::{ExpectedOperations, NodeCheck};
use super::short_ids::short_id;
use super::variables;
use super::views::{GatewayWaitView, NodeWaitView};
use crate::model::{EnvironmentName, GroupName, HttpUrl, OperationId, Timestamp};
use crate::plan::Plan;
use crate::snapshot::NotServed;
use crate::workspace::{self, RunningGateway, RunningGateways, Workspace};

/// The pause between two reads of the gateways' files.
const LOOK: Duration = Duration::from_millis(20);
/// The most nodes that are named beside the first that does not serve a change.
const MOST_NAMED: usize = 20;
/// The shortest time-out for a control plane on another machine.
const SHORTEST_ASK: Duration = Duration::from_millis(100);
/// The time for which the expected state is not read again.
const READ: Duration = Duration::from_millis(250);

/// The flags of waiting.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct WaitArguments {
    /// Wait at most this long until the gateways on this machine, and the nodes that follow them, serve the change
    /// [with --wait alone: 10s]. Fail with 1 if one does not, or if none runs; the change stays committed
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "10s", value_parser = parse_duration)]
    pub(super) wait: Option<Duration>,
    /// With --wait: the `--admin` listener of the control plane of the nodes, where it is on another machine
    #[arg(long, value_name = "URL")]
    pub(super) control: Option<HttpUrl>,
}

impl WaitArguments {
    /// True if a flag of waiting was typed.
    pub(super) const fn is_typed(&self) -> bool {
        self.wait.is_some() || self.control.is_some()
    }

    /// Returns the wait, where one was asked for.
    pub(super) fn resolve(&self, context: &Context<'_>) -> Result<Option<WaitRequest>, CommandError> {
        let of_variable = || variables::duration(context.process, variables::WAIT);
        let limit = self.wait.map_or_else(of_variable, |limit| Ok(Some(limit)))?;
        let nodes = FleetSource::new(self.control.as_ref())?;
        Ok(limit.map(|limit| WaitRequest { limit, nodes }))
    }
}

/// A wait that was asked for.
#[derive(Debug)]
pub(super) struct WaitRequest {
    /// The longest time.
    pub(super) limit: Duration,
    /// Where the state of nodes is read.
    pub(super) nodes: FleetSource,
}

/// The outcome of waiting.
pub(super) struct WaitOutcome {
    environment: EnvironmentName,
    operation: Option<OperationId>,
    limit: Duration,
    /// The gateways that serve the environment.
    pub(super) gateways: Vec<GatewayWaitView>,
    /// The nodes that follow it; `None` where there is no fleet.
    nodes: Option<NodeCheck>,
    /// Errors of gateways whose files cannot be read.
    unreadable: Vec<workspace::Error>,
    /// Error if the gateways or nodes cannot be listed.
    error: Option<WaitError>,
}

/// The reason why the state of gateways or nodes is not known.
#[derive(Debug, thiserror::Error)]
enum WaitError {
    #[error("gateways: {0}")]
    Gateways(#[from] workspace::Error),
    #[error("nodes: {0}")]
    Nodes(#[from] FleetError),
}

/// The state that should be in force, by group, and when it was read.
#[derive(Default)]
struct WaitTargets {
    operations: ExpectedOperations,
    read: Option<Instant>,
}

/// Notes that a dry run has nothing to wait for.
pub(super) fn note_dry_run(context: &Context<'_>, wait: Option<&WaitRequest>) {
    if wait.is_some() {
        context.output.note("--wait has no effect in a dry run: nothing changes");
    }
}

/// Waits until every gateway that serves the plan's environment serves its groups as they are now, and every node that
/// follows one, for a time from the start.
///
/// If no gateway runs, one is waited for: it may just be starting. If one reports that it cannot serve the committed
/// entry, the wait ends at once.
pub(super) fn wait_for(
    context: &Context<'_>,
    workspace: &Workspace,
    plan: &Plan,
    id: Option<&OperationId>,
    start: Instant,
    request: &WaitRequest,
) -> WaitOutcome {
    let environment = &plan.operation.environment;
    let what = id.map_or_else(|| "what is live".to_owned(), |id| format!("operation {}", short_id(workspace, id)));
    context.output.note(&format!("{environment}: waiting for the gateways to serve {what}"));
    let mut waited = WaitOutcome {
        environment: environment.clone(),
        operation: id.cloned(),
        limit: request.limit,
        gateways: Vec::new(),
        nodes: None,
        unreadable: Vec::new(),
        error: None,
    };
    waited.watch(workspace, plan, start, &request.nodes);
    for error in &waited.unreadable {
        context.output.warning(&format!("cannot read the state of a gateway: {}", error.one_line()));
    }
    waited
}

impl WaitTargets {
    /// Reads the state that should be in force. Another process may change a group meanwhile, and then its commit is
    /// the one to be served; but the file may be large, so it is read seldom.
    fn refresh(&mut self, workspace: &Workspace, plan: &Plan) -> Result<(), workspace::Error> {
        if self.read.is_some_and(|read| read.elapsed() < READ) {
            return Ok(());
        }
        let now = workspace.environment(&plan.operation.environment)?;
        let touched = plan.operation.changes.keys().chain(&plan.unchanged);
        let target = |group: &GroupName| Some((group.clone(), now.deployments.get(group)?.operation.clone()));
        *self = Self { operations: touched.filter_map(target).collect(), read: Some(Instant::now()) };
        Ok(())
    }
}

/// The outcome of one look at the gateways.
struct GatewayPoll {
    gateways: Vec<GatewayWaitView>,
    nodes: Option<NodeCheck>,
    unreadable: Vec<workspace::Error>,
    /// True if one of them reports that it cannot serve the expected entry.
    is_final: bool,
}

/// Reads the state that the gateways and the nodes serve.
fn look(
    workspace: &Workspace,
    environment: &EnvironmentName,
    (targets, committed): (&WaitTargets, Timestamp),
    (source, left): (&FleetSource, Duration),
) -> Result<GatewayPoll, WaitError> {
    let RunningGateways { mut running, unreadable } = workspace.gateways()?;
    let fleet = source.read(workspace, environment, &running, left.min(LONGEST_ASK))?;
    let settings = workspace.settings().environment(environment).fleet;
    let has_fleet = source.has_fleet(fleet.as_ref(), &settings);
    let nodes = has_fleet.then(|| NodeCheck::new(fleet.as_ref(), &settings, &targets.operations));
    running.retain(|gateway| gateway.environments.contains_key(environment));
    let mut is_final = false;
    let views = running.into_iter().map(|gateway| {
        let missing = not_served(&gateway, environment, targets);
        is_final |= missing.as_ref().is_some_and(|missing| missing.operation.is_some());
        GatewayWaitView {
            pid: gateway.pid,
            serves: missing.is_none(),
            reason: missing.map(|missing| missing.reason),
            addresses: gateway.addresses,
        }
    });
    let gateways: Vec<GatewayWaitView> = views.collect();
    // A gateway that has not seen the change yet would be named in the place of the nodes that never get it.
    let nodes_are_final =
        nodes.as_ref().zip(fleet.as_ref()).is_some_and(|(nodes, fleet)| nodes.is_final(fleet, committed));
    is_final |= nodes_are_final && gateways.iter().all(|gateway| gateway.serves);
    Ok(GatewayPoll { gateways, nodes, unreadable, is_final })
}

/// Returns the first group that is not served as it should be; nothing where all are. Its operation is known where the
/// gateway has seen it and cannot serve it.
fn not_served(gateway: &RunningGateway, environment: &EnvironmentName, targets: &WaitTargets) -> Option<NotServed> {
    let entry = |group: Option<&GroupName>, operation: Option<&OperationId>, reason| NotServed {
        environment: environment.clone(),
        group: group.cloned(),
        operation: operation.cloned(),
        reason,
    };
    if let Some(worker) = gateway.stuck_workers.first() {
        return Some(entry(None, None, format!("its worker {worker} is stuck and serves no requests")));
    }
    let is_missing =
        |(group, operation): &(&GroupName, &OperationId)| gateway.serves(environment, group) != Some(operation);
    let (group, operation) = targets.operations.iter().find(is_missing)?;
    let known = gateway.not_served(environment, group);
    let refused = known.and_then(|known| known.operation.as_ref()).filter(|refused| *refused == operation);
    let reason = match (known, gateway.serves(environment, group)) {
        (Some(known), _) => format!("{group}: {}", known.reason),
        (None, Some(serving)) => format!("{group}: it still serves operation {serving}"),
        (None, None) => format!("{group}: it has not seen it yet"),
    };
    Some(entry(Some(group), refused, reason))
}

impl WaitOutcome {
    /// Looks again and again until all is served, it is known that it will not be, or the time is over.
    fn watch(&mut self, workspace: &Workspace, plan: &Plan, start: Instant, source: &FleetSource) {
        let mut targets = WaitTargets::default();
        loop {
            let refreshed = targets.refresh(workspace, plan);
            let looked = refreshed.map_err(WaitError::from);
            let committed = plan.operation.time;
            let looked = looked.and_then(|()| {
                // A control plane that is slow, at the end, has a moment all the same.
                let left = self.limit.saturating_sub(start.elapsed()).max(SHORTEST_ASK);
                look(workspace, &self.environment, (&targets, committed), (source, left))
            });
            match looked {
                Ok(looked) => {
                    (self.gateways, self.unreadable, self.error) = (looked.gateways, looked.unreadable, None);
                    self.nodes = looked.nodes;
                    if looked.is_final || self.is_served() {
                        return;
                    }
                }
                Err(error) => self.error = Some(error),
            }
            if start.elapsed() >= self.limit {
                return;
            }
            thread::sleep(LOOK);
        }
    }

    fn is_served(&self) -> bool {
        let of_nodes = self.nodes.as_ref().map_or(!self.gateways.is_empty(), NodeCheck::is_met);
        of_nodes && self.gateways.iter().all(|gateway| gateway.serves)
    }

    /// Returns the nodes; `None` where there is no fleet.
    pub(super) fn node_views(&self) -> Option<&[NodeWaitView]> {
        self.nodes.as_ref().map(|nodes| nodes.nodes.as_slice())
    }

    /// Lists the gateways and nodes that serve the change.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for gateway in self.gateways.iter().filter(|gateway| gateway.serves) {
            let addresses = gateway.addresses.join(", ");
            let _ = writeln!(text, "{}: served by process {} at {addresses}", self.environment, gateway.pid);
        }
        for node in self.node_views().into_iter().flatten().filter(|node| node.serves) {
            let _ = writeln!(text, "{}: served by node {}", self.environment, node.node);
        }
        text
    }

    /// Returns the error of a change that is committed and not served everywhere.
    pub(super) fn failure(self) -> Option<CommandError> {
        if self.is_served() && self.error.is_none() {
            return None;
        }
        let committed = match &self.operation {
            Some(operation) => format!("the change is committed as operation {operation}, but "),
            None => "there was nothing to change, but ".to_owned(),
        };
        let environment = &self.environment;
        let waited = format!("{} s", self.limit.as_secs_f64());
        let failed = |message: String| CommandError::new("not-served", Exit::Failed, committed + &message);
        if let Some(error) = &self.error {
            return Some(failed(format!("cannot read the state of {error}")).hint("`apigw status` shows more"));
        }
        let mut behind = self.gateways.iter().filter(|gateway| !gateway.serves);
        let Some(first) = behind.next() else {
            if let Some(nodes) = &self.nodes {
                let error = failed(self.nodes_text(nodes, &waited)).hint("`apigw status --fleet` shows each node");
                let start = format!("start it: `apigw serve --env {environment} --xds ADDR`");
                let next = if nodes.is_controlled { nodes.forget_hint(environment) } else { Some(start) };
                return Some(next.into_iter().fold(error, CommandError::hint));
            }
            let message = format!("no gateway on this machine serves {environment} (waited {waited})");
            return Some(failed(message).hint(format!("start one: `apigw serve --env {environment}`")));
        };
        let more = behind.count();
        let others = if more == 0 { String::new() } else { format!(" (and {more} more gateways do not)") };
        let reason = first.reason.as_deref().unwrap_or_default();
        let address = first.addresses.first().map(|address| format!(" at {address}")).unwrap_or_default();
        let message = format!("process {}{address} does not serve it{others}: {reason}", first.pid);
        Some(
            failed(message)
                .hint("`apigw status` shows the state of each gateway")
                .hint("wait longer with `--wait=60s`"),
        )
    }

    /// Names the nodes that do not serve the change, or says that there are too few.
    fn nodes_text(&self, nodes: &NodeCheck, waited: &str) -> String {
        let behind: Vec<&NodeWaitView> = nodes.nodes.iter().filter(|node| !node.serves).collect();
        let environment = &self.environment;
        if !nodes.is_controlled {
            return format!(
                "no control plane of {environment} runs here, and its nodes keep what they have (waited {waited})"
            );
        }
        match (behind.as_slice(), nodes.nodes.len()) {
            ([], 0) => format!("no node of {environment} has polled (waited {waited})"),
            ([], count) => {
                format!("{count} of at least {} nodes of {environment} serve it (waited {waited})", nodes.least)
            }
            ([first, others @ ..], _) => {
                let reason = first.reason.as_deref().unwrap_or_default();
                let names: Vec<&str> = others.iter().take(MOST_NAMED).map(|node| node.node.as_str()).collect();
                let more = others.len() - names.len();
                let more = if more == 0 { String::new() } else { format!(" and {more} more") };
                let others =
                    if names.is_empty() { String::new() } else { format!(" (nor do {}{more})", names.join(", ")) };
                format!("node {} does not serve it{others}: {reason}", first.node)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::SCHEMA;
    use crate::workspace::ServedEnvironment;

    fn operation(number: u32) -> OperationId {
        format!("20261123T180000.{number:03}Z-e3b0c44298fc").parse().expect("an id")
    }

    #[test]
    fn a_gateway_falls_short_until_it_serves_what_is_live() {
        let environment: EnvironmentName = "test".parse().expect("a name");
        let [pets, shop]: [GroupName; 2] = ["pets", "shop"].map(|name| name.parse().expect("a name"));
        let targets = WaitTargets { operations: [(pets.clone(), operation(2))].into(), read: None };
        let behind = |group: Option<&GroupName>, number: Option<u32>| NotServed {
            environment: environment.clone(),
            group: group.cloned(),
            operation: number.map(operation),
            reason: "why".to_owned(),
        };
        for (serves, behind, expected) in [
            (vec![(&pets, 2)], vec![], None),
            (vec![(&pets, 2)], vec![behind(Some(&shop), Some(2))], None),
            (
                vec![(&pets, 1)],
                vec![],
                Some(("pets: it still serves operation 20261123T180000.001Z-e3b0c44298fc", false)),
            ),
            (vec![], vec![], Some(("pets: it has not seen it yet", false))),
            (vec![(&pets, 1)], vec![behind(Some(&pets), Some(2))], Some(("pets: why", true))),
            (vec![(&pets, 1)], vec![behind(Some(&pets), Some(1))], Some(("pets: why", false))),
            (vec![(&pets, 1)], vec![behind(None, None)], Some(("pets: why", false))),
        ] {
            let serves = serves.into_iter().map(|(group, number)| (group.clone(), operation(number))).collect();
            let mut gateway = RunningGateway {
                schema: SCHEMA,
                pid: 1,
                since: Timestamp::from_milliseconds(0),
                addresses: Vec::new(),
                admin: None,
                discovery: None,
                stuck_workers: Vec::new(),
                environments: BTreeMap::from([(environment.clone(), ServedEnvironment { serves })]),
                not_served: behind,
            };
            let found = not_served(&gateway, &environment, &targets);
            let found = found.as_ref().map(|found| (found.reason.as_str(), found.operation.is_some()));
            assert_eq!(found, expected);
            gateway.stuck_workers = vec![1];
            let found = not_served(&gateway, &environment, &targets).map(|found| found.reason);
            assert_eq!(found.as_deref(), Some("its worker 1 is stuck and serves no requests"));
        }
    }
}
