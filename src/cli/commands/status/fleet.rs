//! The nodes of fleets: `status --fleet`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::StatusArguments;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::fleet::{FleetSource, FleetState, trouble_text};
use crate::cli::output::counted;
use crate::cli::short_ids;
use crate::cli::table::{self, TableLayout};
use crate::cli::time::age;
use crate::cli::views::{EnvironmentFleetView, FleetStatusView, NodeView, StatusDocument};
use crate::fleet::{NodeReport, RefusedPoll, WithheldGroup};
use crate::model::{EnvironmentName, SCHEMA, Timestamp};
use crate::workspace::Workspace;

/// Shows the nodes of each environment that has some, or of the one that was named.
pub(super) fn run(
    context: &Context<'_>,
    arguments: &StatusArguments,
    names: &[EnvironmentName],
) -> Result<Exit, CommandError> {
    let workspace = context.readable_workspace()?;
    let source = FleetSource::new(arguments.control.as_ref())?;
    let gateways = workspace.gateways()?.running;
    let mut fleets = Vec::new();
    for name in names {
        let state = source.read(workspace, name, &gateways);
        let state = state
            .map_err(|error| CommandError::new("fleet", Exit::Failed, format!("cannot read the nodes of {error}")))?;
        let named = !workspace.settings().environment(name).fleet.nodes.is_empty();
        if state.is_some() || named || arguments.env.is_some() {
            fleets.push(view(workspace, name, state));
        }
    }
    let now = context.now();
    let layout = TableLayout { width: context.output.width, color: context.output.color, unbroken: 2 };
    let is_late =
        fleets.iter().any(|fleet| !fleet.missing.is_empty() || fleet.nodes.iter().any(|node| !node.up_to_date));
    let text = short_ids::shorten(workspace, &text(&fleets, now, context.output.verbose, layout));
    let document = StatusDocument::Fleet(FleetStatusView { schema: SCHEMA, fleets });
    context.output.painted(&document, || text)?;
    Ok(if arguments.check && is_late { Exit::Invalid } else { Exit::Done })
}

fn view(workspace: &Workspace, environment: &EnvironmentName, state: Option<FleetState>) -> EnvironmentFleetView {
    let Some(state) = state else {
        return EnvironmentFleetView {
            environment: environment.clone(),
            controlled: false,
            release: None,
            withheld: BTreeMap::new(),
            nodes: Vec::new(),
            missing: workspace.settings().environment(environment).fleet.nodes,
            refused_polls: Vec::new(),
        };
    };
    let missing = state.missing(workspace);
    let FleetState { report, is_controlled } = state;
    let find =
        |version: &Option<String>| report.releases.iter().find(|release| Some(&release.version) == version.as_ref());
    let node = |node: &NodeReport| NodeView {
        node: node.node.clone(),
        listen: node.listen,
        up_to_date: node.trouble.is_none(),
        trouble: node.trouble,
        reason: trouble_text(node),
        release: node.serves.clone(),
        serves: find(&node.serves).map(|release| release.serves.clone()).unwrap_or_default(),
        since: node.since,
        joined: node.joined,
        seen: node.seen,
        kinds: node.kinds.clone(),
    };
    EnvironmentFleetView {
        environment: environment.clone(),
        controlled: is_controlled,
        withheld: find(&report.release).map(|release| release.withheld.clone()).unwrap_or_default(),
        nodes: report.nodes.iter().map(node).collect(),
        missing,
        release: report.release.clone(),
        refused_polls: report.refused_polls.clone(),
    }
}

fn text(fleets: &[EnvironmentFleetView], now: Timestamp, is_verbose: bool, layout: TableLayout) -> String {
    let mut text = String::new();
    for fleet in fleets {
        let EnvironmentFleetView { environment, nodes, missing, .. } = fleet;
        let row = |node: &NodeView| {
            let release = node.release.as_deref().unwrap_or("unknown");
            let serves = format!("{release} ({})", counted(node.serves.len(), "group", "groups"));
            let state = node.reason.clone().unwrap_or_else(|| "up to date".to_owned());
            vec![
                environment.to_string(),
                node.node.to_string(),
                serves,
                age(node.since, now),
                age(node.seen, now),
                state,
            ]
        };
        let missing = missing.iter().map(|name| {
            let never = "it has never polled".to_owned();
            vec![environment.to_string(), name.to_string(), "-".to_owned(), "-".to_owned(), "-".to_owned(), never]
        });
        let rows: Vec<Vec<String>> = nodes.iter().map(row).chain(missing).collect();
        if rows.is_empty() {
            let _ = writeln!(text, "{environment}: no nodes");
        } else {
            text += &table::render(&["ENVIRONMENT", "NODE", "SERVES", "SINCE", "SEEN", "STATE"], rows, layout);
        }
        text += &notes(fleet, now, is_verbose);
        text.push('\n');
    }
    if text.is_empty() { "no nodes; `apigw help fleets` shows how to start one\n".to_owned() } else { text }
}

fn notes(fleet: &EnvironmentFleetView, now: Timestamp, is_verbose: bool) -> String {
    let mut text = String::new();
    let environment = &fleet.environment;
    if !fleet.controlled && !fleet.nodes.is_empty() {
        let hint = format!("start one: `apigw serve --env {environment} --xds ADDR`");
        let _ = writeln!(text, "{environment}: no control plane runs, and nodes keep what they have; {hint}");
    }
    for (group, WithheldGroup { reason, .. }) in &fleet.withheld {
        let _ = writeln!(text, "{environment}: nodes do not get {group}: {reason}");
    }
    for RefusedPoll { time, peer, claim, reason, times, .. } in &fleet.refused_polls {
        let times = if *times > 1 { format!(", {times} times") } else { String::new() };
        let ago = age(*time, now);
        let _ = writeln!(text, "{environment}: a poll of {claim} from {peer} was refused {ago} ago{times}: {reason}");
    }
    for node in fleet.nodes.iter().filter(|_| is_verbose) {
        for (group, operation) in &node.serves {
            let _ = writeln!(text, "{}: {group}, operation {operation}", node.node);
        }
    }
    text
}
