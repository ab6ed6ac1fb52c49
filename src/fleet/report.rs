//! The state of a fleet as others are told it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use super::resources::{ResourceKind, WithheldGroup};
use crate::model::{EnvironmentName, GroupName, NodeName, OperationId, Timestamp};

/// The time without a poll after which a node is silent: polls are held for a shorter one.
pub(super) const SILENT_MS: i64 = 30_000;

/// The state of the nodes of an environment.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FleetReport {
    /// The schema of the document, 1.
    pub schema: u32,
    /// The environment.
    pub environment: EnvironmentName,
    /// When it was told.
    pub time: Timestamp,
    /// The version of the newest release; `None` before the first.
    pub release: Option<String>,
    /// The releases that nodes have, or may have, the newest last.
    pub releases: Vec<ReleaseReport>,
    /// The nodes, by name.
    pub nodes: Vec<NodeReport>,
    /// Polls that were refused.
    pub refused_polls: Vec<RefusedPoll>,
}

/// A release that nodes have, or may have.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ReleaseReport {
    /// Its version.
    pub version: String,
    /// The operation that is in force for each group, offline ones among them.
    pub serves: BTreeMap<GroupName, OperationId>,
    /// The groups whose newest operation nodes do not get, with the reason.
    pub withheld: BTreeMap<GroupName, WithheldGroup>,
}

/// The state of a node.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NodeReport {
    /// Its name.
    pub node: NodeName,
    /// The address that it listens on.
    pub listen: SocketAddr,
    /// When it polled for the first time.
    pub joined: Timestamp,
    /// When it polled last, or a poll of it was held last.
    pub seen: Timestamp,
    /// The version of the release that it serves; `None` where it serves none that is known.
    pub serves: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// True if it listens as it should.
    pub listens: bool,
    /// The reason for which it does not serve the newest release, or not surely.
    pub trouble: Option<NodeTrouble>,
    /// Its versions of each kind.
    pub kinds: Vec<KindReport>,
}

impl NodeReport {
    /// True if it has not polled for a while.
    #[must_use]
    pub fn is_silent(&self, now: Timestamp) -> bool {
        now.ms_since(self.seen) > SILENT_MS
    }
}

/// The reason for which a node does not serve the newest release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum NodeTrouble {
    /// It is on its way.
    Behind,
    /// It has not polled for a while.
    Silent,
    /// It polls with the old version again and again. Of clusters it has applied those that are good.
    Refuses {
        /// The kind of resources.
        kind: ResourceKind,
        /// How many times they were sent.
        times: u32,
    },
    /// Two processes poll under its name.
    SharedName,
}

/// A node's versions of one kind of resource.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct KindReport {
    /// The kind.
    pub kind: ResourceKind,
    /// The version that it has applied; empty for none.
    pub applied: String,
    /// Since when.
    #[schemars(with = "String")]
    pub since: Timestamp,
    /// The version that it was sent and has not applied.
    pub sent: Option<SentReport>,
}

/// A version that was sent and not applied.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct SentReport {
    /// The version.
    pub version: String,
    /// How many times it was sent.
    pub times: u32,
    /// When it was sent for the first time.
    #[schemars(with = "String")]
    pub since: Timestamp,
    /// True if the node refuses it.
    pub refused: bool,
}

/// A client whose poll was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedClient {
    /// The time of its poll.
    pub time: Timestamp,
    /// Its address.
    pub peer: IpAddr,
    /// The node that it says to be.
    pub claim: String,
    /// The identity in its certificate; `None` where it showed none, or one without a name.
    pub identity: Option<String>,
    /// The reason.
    pub reason: String,
}

/// A poll that was refused.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct RefusedPoll {
    /// When it was refused last.
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// The address that it came from.
    pub peer: IpAddr,
    /// The node that it said to be.
    pub claim: String,
    /// The identity in its certificate; `None` where it showed none, or one without a name.
    pub identity: Option<String>,
    /// The reason.
    pub reason: String,
    /// The number of times.
    #[serde(default)]
    pub times: u32,
}
