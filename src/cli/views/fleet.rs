//! The documents of `status --fleet` and `node forget`.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::Serialize;

use crate::fleet::{KindReport, NodeTrouble, RefusedPoll, WithheldGroup};
use crate::model::{EnvironmentName, GroupName, NodeName, OperationId, Timestamp};

use super::{OutputDocument, ViewProblemView};

/// The nodes of some environments.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct FleetStatusView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) fleets: Vec<EnvironmentFleetView>,
    /// The parts that cannot be read.
    pub(in crate::cli) problems: Vec<ViewProblemView>,
}

/// The nodes of an environment.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct EnvironmentFleetView {
    pub(in crate::cli) environment: EnvironmentName,
    /// True if a control plane runs that nodes poll.
    pub(in crate::cli) controlled: bool,
    /// True if a control plane runs and all nodes serve what is live, as many as are expected; true too where there is
    /// no fleet.
    pub(in crate::cli) up_to_date: bool,
    /// The number of nodes that are expected at least.
    pub(in crate::cli) least_nodes: usize,
    /// The newest release that nodes are given.
    pub(in crate::cli) release: Option<String>,
    /// The groups whose newest operation nodes do not get, with the reason.
    pub(in crate::cli) withheld: BTreeMap<GroupName, WithheldGroup>,
    pub(in crate::cli) nodes: Vec<NodeView>,
    /// Nodes that the settings name and that have never polled.
    #[schemars(with = "Vec<String>")]
    pub(in crate::cli) missing: Vec<NodeName>,
    /// Polls that were refused, by the time at which they were last.
    pub(in crate::cli) refused_polls: Vec<RefusedPoll>,
}

/// A node.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct NodeView {
    #[schemars(with = "String")]
    pub(in crate::cli) node: NodeName,
    /// The address that it listens on.
    pub(in crate::cli) listen: SocketAddr,
    /// True if it serves what is live.
    pub(in crate::cli) up_to_date: bool,
    /// The reason for which it does not.
    pub(in crate::cli) trouble: Option<NodeTrouble>,
    /// The same in words.
    pub(in crate::cli) reason: Option<String>,
    /// The release that it serves; `null` where that is not known.
    pub(in crate::cli) release: Option<String>,
    /// The operation that is in force there for each group.
    pub(in crate::cli) serves: BTreeMap<GroupName, OperationId>,
    /// Since when it serves the release.
    pub(in crate::cli) since: Timestamp,
    /// When it polled for the first time.
    pub(in crate::cli) joined: Timestamp,
    /// When it polled last, or a poll of it was held last.
    pub(in crate::cli) seen: Timestamp,
    /// Its versions of each kind of resource.
    pub(in crate::cli) kinds: Vec<KindReport>,
}

/// Nodes that nothing waits for any more.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct NodeForgetView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) environment: EnvironmentName,
    pub(in crate::cli) forgotten: Vec<ForgottenNodeView>,
}

impl OutputDocument for NodeForgetView {}

/// A node that is forgotten.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct ForgottenNodeView {
    #[schemars(with = "String")]
    pub(in crate::cli) node: NodeName,
    /// When it polled last.
    pub(in crate::cli) seen: Timestamp,
}
