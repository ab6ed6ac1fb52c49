//! The nodes of a fleet, and whether each serves a change.

use super::WaitTargets;
use crate::cli::fleet::{FleetState, trouble_text};
use crate::cli::views::NodeWaitView;
use crate::fleet::{FleetReport, NodeReport, NodeTrouble};
use crate::model::{FleetSettings, Timestamp};

/// The number of times after which a node that refuses is not waited for any more.
const FINAL_REFUSALS: u32 = 4;

/// The outcome of one look at the nodes.
#[derive(Debug, Default)]
pub(super) struct NodePoll {
    pub(super) nodes: Vec<NodeWaitView>,
    /// The number of nodes that are expected at least.
    pub(super) least: usize,
    /// True if one of them will not serve the change.
    pub(super) is_final: bool,
}

/// Looks at the nodes that are known and those that are named; nothing where there is no fleet.
pub(super) fn look_at_nodes(
    state: Option<&FleetState>,
    settings: &FleetSettings,
    is_asked: bool,
    (targets, committed): (&WaitTargets, Timestamp),
) -> Option<NodePoll> {
    if state.is_none() && !settings.expects_nodes() && !is_asked {
        return None;
    }
    let known: &[NodeReport] = state.map_or(&[], |state| &state.report.nodes);
    let mut poll = NodePoll { least: settings.min.map_or(1, |least| least.get() as usize), ..NodePoll::default() };
    for node in known {
        let report = state.map(|state| &state.report);
        let reason = report.and_then(|report| not_served(report, node, targets));
        poll.is_final |= reason.is_some() && has_refused_since(node, committed);
        poll.nodes.push(NodeWaitView { node: node.node.clone(), serves: reason.is_none(), reason });
    }
    for name in settings.nodes.iter().filter(|name| known.iter().all(|node| node.node != **name)) {
        let reason = Some("it has never polled".to_owned());
        poll.nodes.push(NodeWaitView { node: name.clone(), serves: false, reason });
    }
    let withheld = state.and_then(|state| withheld(&state.report, targets));
    if let Some(reason) = withheld {
        poll.is_final = true;
        for node in poll.nodes.iter_mut().filter(|node| !node.serves) {
            node.reason = Some(reason.clone());
        }
    }
    Some(poll)
}

/// True if a node refuses a version that it was first sent after a time: an earlier one says nothing of the change.
fn has_refused_since(node: &NodeReport, committed: Timestamp) -> bool {
    let mut sent = node.kinds.iter().filter_map(|kind| kind.sent.as_ref());
    sent.any(|sent| sent.refused && sent.times >= FINAL_REFUSALS && sent.since >= committed)
}

/// Returns the reason for which nodes do not get a group's operation at all.
fn withheld(report: &FleetReport, targets: &WaitTargets) -> Option<String> {
    let newest = report.releases.iter().find(|release| Some(&release.version) == report.release.as_ref())?;
    targets.operations.iter().find_map(|(group, operation)| {
        let withheld = newest.withheld.get(group).filter(|withheld| withheld.operation == *operation)?;
        Some(format!("{group}: nodes do not get it: {}", withheld.reason))
    })
}

/// Returns the reason for which a node does not serve a change; nothing where it does.
fn not_served(report: &FleetReport, node: &NodeReport, targets: &WaitTargets) -> Option<String> {
    if node.trouble == Some(NodeTrouble::SharedName) || !node.listens {
        return trouble_text(node);
    }
    let release = report.releases.iter().find(|release| Some(&release.version) == node.serves.as_ref());
    let serves = |group| release.and_then(|release| release.serves.get(group));
    let (group, operation) = targets.operations.iter().find(|(group, operation)| serves(group) != Some(*operation))?;
    let late = || match serves(group) {
        Some(serving) if serving != operation => format!("{group}: it still serves operation {serving}"),
        _ => format!("{group}: it does not serve it yet"),
    };
    Some(trouble_text(node).unwrap_or_else(late))
}
