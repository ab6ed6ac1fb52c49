//! The nodes of a fleet, each of which serves a state or does not: one verdict for `--wait` and for `status --fleet
//! --check`.

use std::collections::BTreeMap;

use super::fleet::{FleetState, trouble_text};
use super::views::NodeWaitView;
use crate::fleet::{FleetReport, NodeReport, NodeTrouble};
use crate::model::{EnvironmentName, FleetSettings, GroupName, NodeName, OperationId, Timestamp};

/// The number of times after which a node that refuses is not waited for any more.
const FINAL_REFUSALS: u32 = 4;

/// The most nodes that are named in a hint.
const MOST_NAMED: usize = 5;

/// The outcome of one look at the nodes.
#[derive(Debug)]
pub(super) struct NodeCheck {
    /// The nodes that are known, by name, then those that are named and have never polled.
    pub(super) nodes: Vec<NodeWaitView>,
    /// The number of nodes that are expected at least.
    pub(super) least: usize,
    /// True if a control plane tells of them.
    pub(super) is_controlled: bool,
    /// The nodes that are silent and that no setting names: they can be forgotten.
    silent: Vec<NodeName>,
    /// Reason why nodes do not get a group's operation at all.
    withheld: Option<String>,
}

/// The state that nodes should serve: the operation of each group.
pub(super) type ExpectedOperations = BTreeMap<GroupName, OperationId>;

impl NodeCheck {
    /// Looks at the nodes that are known and those that are named.
    pub(super) fn new(state: Option<&FleetState>, settings: &FleetSettings, expected: &ExpectedOperations) -> Self {
        let known: &[NodeReport] = state.map_or(&[], |state| &state.report.nodes);
        let is_controlled = state.is_some_and(|state| state.is_controlled);
        let withheld = state.and_then(|state| withheld(&state.report, expected));
        let reason_of = |node: &NodeReport| {
            let Some(FleetState { report, .. }) = state.filter(|state| state.is_controlled) else {
                return Some("no control plane runs, and it keeps what it has".to_owned());
            };
            let reason = not_served(report, node, expected)?;
            Some(withheld.clone().unwrap_or(reason))
        };
        let view = |node: &NodeReport| {
            let reason = reason_of(node);
            NodeWaitView { node: node.node.clone(), serves: reason.is_none(), reason }
        };
        let unknown = settings.nodes.iter().filter(|name| known.iter().all(|node| node.node != **name));
        let unknown = unknown.map(|name| {
            let reason = Some("it has never polled".to_owned());
            NodeWaitView { node: name.clone(), serves: false, reason }
        });
        Self {
            nodes: known.iter().map(view).chain(unknown).collect(),
            least: settings.min.map_or(1, |least| least.get() as usize),
            is_controlled,
            silent: known.iter().filter(|node| is_silent(node, settings)).map(|node| node.node.clone()).collect(),
            withheld,
        }
    }

    /// Says how silent nodes are forgotten; nothing where there are none.
    pub(super) fn forget_hint(&self, environment: &EnvironmentName) -> Option<String> {
        let names: Vec<&str> = self.silent.iter().take(MOST_NAMED).map(NodeName::as_str).collect();
        let command = format!("`apigw node forget {} --env {environment}`", names.join(" "));
        (!names.is_empty()).then(|| format!("a node that is gone is forgotten where the control plane runs: {command}"))
    }

    /// True if all nodes serve the state, as many as are expected.
    pub(super) fn is_met(&self) -> bool {
        self.is_controlled
            && self.withheld.is_none()
            && self.nodes.len() >= self.least
            && self.nodes.iter().all(|node| node.serves)
    }

    /// True if a node will not serve what was committed at a time, however long one waits.
    pub(super) fn is_final(&self, state: &FleetState, committed: Timestamp) -> bool {
        let nodes = state.report.nodes.iter().zip(&self.nodes);
        let mut refusing = nodes.filter(|(report, node)| !node.serves && has_refused_since(report, committed));
        self.withheld.is_some() || refusing.next().is_some()
    }
}

fn is_silent(node: &NodeReport, settings: &FleetSettings) -> bool {
    node.trouble == Some(NodeTrouble::Silent) && !settings.nodes.contains(&node.node)
}

/// True if a node refuses a version that it was first sent after a time: an earlier one says nothing of the change.
fn has_refused_since(node: &NodeReport, committed: Timestamp) -> bool {
    let mut sent = node.kinds.iter().filter_map(|kind| kind.sent.as_ref());
    sent.any(|sent| sent.refused && sent.times >= FINAL_REFUSALS && sent.since >= committed)
}

/// Returns the reason for which nodes do not get a group's operation at all.
fn withheld(report: &FleetReport, expected: &ExpectedOperations) -> Option<String> {
    let newest = report.releases.iter().find(|release| Some(&release.version) == report.release.as_ref())?;
    expected.iter().find_map(|(group, operation)| {
        let withheld = newest.withheld.get(group).filter(|withheld| withheld.operation == *operation)?;
        Some(format!("{group}: nodes do not get it: {}", withheld.reason))
    })
}

/// Returns the reason for which a node does not serve a change; nothing where it does.
fn not_served(report: &FleetReport, node: &NodeReport, expected: &ExpectedOperations) -> Option<String> {
    if matches!(node.trouble, Some(NodeTrouble::SharedName | NodeTrouble::Silent)) || !node.listens {
        return trouble_text(node);
    }
    let release = report.releases.iter().find(|release| Some(&release.version) == node.serves.as_ref());
    let serves = |group| release.and_then(|release| release.serves.get(group));
    let (group, operation) = expected.iter().find(|(group, operation)| serves(group) != Some(*operation))?;
    let late = || match serves(group) {
        Some(serving) if serving != operation => format!("{group}: it still serves operation {serving}"),
        _ => format!("{group}: it does not serve it yet"),
    };
    Some(trouble_text(node).unwrap_or_else(late))
}
