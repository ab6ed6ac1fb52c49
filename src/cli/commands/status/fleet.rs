//! The nodes of fleets: `status --fleet`.

use std::fmt::Write as _;

use super::StatusArguments;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::fleet::{FleetError, FleetSource, FleetState, LONGEST_ASK, trouble_text};
use crate::cli::node_check::NodeCheck;
use crate::cli::output::counted;
use crate::cli::short_ids;
use crate::cli::table::{self, TableLayout};
use crate::cli::time::age;
use crate::cli::views::{
    EnvironmentFleetView, FleetStatusView, NodeView, NodeWaitView, StatusDocument, ViewProblemView,
};
use crate::fleet::{NodeReport, RefusedPoll, WithheldGroup};
use crate::model::{EnvironmentName, SCHEMA, Timestamp};
use crate::workspace::ViewProblem;

/// Shows the nodes of each environment that has some, or of the one that was named.
pub(super) fn run(
    context: &Context<'_>,
    arguments: &StatusArguments,
    names: &[EnvironmentName],
) -> Result<Exit, CommandError> {
    let workspace = context.readable_workspace()?;
    let source = FleetSource::new(arguments.control.as_ref())?;
    let gateways = workspace.gateways()?.running;
    let (mut fleets, mut hints, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for name in names {
        let state = match source.read(workspace, name, &gateways, LONGEST_ASK) {
            Ok(state) => state,
            // One file that is broken hides no other environment.
            Err(FleetError::Workspace(error)) => {
                let message = format!("cannot read its nodes: {}", error.one_line());
                problems.push(ViewProblem { environment: name.clone(), group: None, message });
                continue;
            }
            Err(error) => {
                return Err(CommandError::new("fleet", Exit::Failed, format!("cannot read the nodes of {error}")));
            }
        };
        let settings = workspace.settings().environment(name).fleet;
        if state.is_some() || settings.expects_nodes() || arguments.env.is_some() {
            let overviews = workspace.overview(std::slice::from_ref(name), None);
            let (live, found): (Vec<_>, Vec<_>) =
                overviews.into_iter().map(|overview| (overview.environment.deployments, overview.problems)).unzip();
            problems.extend(found.into_iter().flatten());
            let expected =
                live.into_iter().flatten().map(|(group, deployment)| (group, deployment.operation)).collect();
            let check = NodeCheck::new(state.as_ref(), &settings, &expected);
            let has_fleet = source.has_fleet(state.as_ref(), &settings);
            hints.extend(check.forget_hint(name).filter(|_| check.is_controlled));
            fleets.push(view(name, state, &check, has_fleet));
        }
    }
    let now = context.now();
    let layout = TableLayout { width: context.output.width, color: context.output.color, unbroken: 2 };
    let is_late = fleets.iter().any(|fleet| !fleet.up_to_date);
    let text = short_ids::shorten(workspace, &text(&fleets, now, context.output.verbose, layout));
    let views = problems.iter().map(ViewProblemView::new).collect();
    let document = StatusDocument::Fleet(FleetStatusView { schema: SCHEMA, fleets, problems: views });
    context.output.painted(&document, || context.output.located(&text).into_owned())?;
    for hint in hints {
        context.output.note(&hint);
    }
    // Programs have them in the document.
    for problem in &problems {
        context.output.warning(&problem.to_string());
    }
    Ok(if !problems.is_empty() || arguments.check && is_late { Exit::Invalid } else { Exit::Done })
}

fn view(
    environment: &EnvironmentName,
    state: Option<FleetState>,
    check: &NodeCheck,
    has_fleet: bool,
) -> EnvironmentFleetView {
    let report = state.map(|state| state.report);
    let known = report.as_ref().map_or(&[][..], |report| &report.nodes);
    let releases = report.as_ref().map_or(&[][..], |report| &report.releases);
    let find = |version: &Option<String>| releases.iter().find(|release| Some(&release.version) == version.as_ref());
    let node = |(node, checked): (&NodeReport, &NodeWaitView)| {
        let reason = checked.reason.clone().or_else(|| trouble_text(node));
        NodeView {
            node: node.node.clone(),
            listen: node.listen,
            up_to_date: reason.is_none(),
            trouble: node.trouble,
            reason,
            release: node.serves.clone(),
            serves: find(&node.serves).map(|release| release.serves.clone()).unwrap_or_default(),
            since: node.since,
            joined: node.joined,
            seen: node.seen,
            kinds: node.kinds.clone(),
        }
    };
    let nodes: Vec<NodeView> = known.iter().zip(&check.nodes).map(node).collect();
    let release = report.as_ref().and_then(|report| report.release.clone());
    EnvironmentFleetView {
        environment: environment.clone(),
        controlled: check.is_controlled,
        // Without a fleet, `--wait` waits for no node.
        up_to_date: !has_fleet || check.is_met() && nodes.iter().all(|node| node.up_to_date),
        least_nodes: check.least,
        withheld: find(&release).map(|release| release.withheld.clone()).unwrap_or_default(),
        missing: check.nodes.iter().skip(nodes.len()).map(|node| node.node.clone()).collect(),
        nodes,
        release,
        refused_polls: report.as_ref().map(|report| report.refused_polls.clone()).unwrap_or_default(),
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
    let known = fleet.nodes.len() + fleet.missing.len();
    if known > 0 && known < fleet.least_nodes {
        let _ = writeln!(text, "{environment}: {known} of at least {} nodes are known", fleet.least_nodes);
    }
    if !fleet.controlled && known > 0 {
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
