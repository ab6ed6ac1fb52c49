//! The state of a fleet as others are told it, and as it is remembered.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use serde_json::Value;

use super::environment::EnvironmentFleet;
use super::held::HeldCluster;
use super::kind::KindState;
use super::node::NodeRecord;
use super::resources::{ClusterResource, ReleaseSummary, ResourceKind, WithheldGroup};
use crate::model::{EnvironmentName, GroupName, NodeName, OperationId, Timestamp};

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
}

/// A fleet as it is remembered: the report, and the clusters that nodes have.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FleetRecord {
    /// The report.
    #[serde(flatten)]
    pub report: FleetReport,
    /// The clusters of each release, by its version.
    pub release_clusters: BTreeMap<String, BTreeSet<String>>,
    /// The clusters that each node has applied, where they are known, and those that it may have.
    pub node_clusters: BTreeMap<NodeName, NodeClusters>,
    /// The clusters, by name.
    pub clusters: BTreeMap<String, StoredCluster>,
}

/// The names of a node's clusters.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NodeClusters {
    applied: Option<BTreeSet<String>>,
    /// Those that it may have.
    held: BTreeMap<String, StoredHold>,
}

/// A cluster of a node as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct StoredHold {
    /// The time at which it is taken away.
    until: Option<Timestamp>,
    /// The time from which routes may lead to it.
    usable_at: Option<Timestamp>,
    /// True if routes may have led to it.
    was_routed: bool,
}

/// A cluster as it is remembered.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct StoredCluster {
    message: Value,
    resolves_names: bool,
}

impl EnvironmentFleet {
    /// Returns all that has to be remembered.
    #[must_use]
    pub fn record(&self, now: Timestamp) -> FleetRecord {
        let mut clusters = BTreeMap::new();
        let mut keep = |name: &Arc<str>, resource: &ClusterResource| {
            let stored = || StoredCluster {
                message: serde_json::from_str(resource.json()).unwrap_or_default(),
                resolves_names: resource.resolves_names(),
            };
            clusters.entry(name.to_string()).or_insert_with(stored);
            name.to_string()
        };
        let release_clusters = self.releases.iter().map(|release| {
            let names = release.clusters.iter().map(|(name, resource)| keep(name, resource)).collect();
            (release.version.clone(), names)
        });
        let release_clusters = release_clusters.collect();
        let node_clusters = self.nodes.iter().map(|(name, node)| {
            let held = node.held.iter().map(|(name, held)| {
                let HeldCluster { until, usable_at, was_routed, .. } = *held;
                (keep(name, &held.resource), StoredHold { until, usable_at, was_routed })
            });
            let held = held.collect();
            let applied = node.applied_clusters.as_ref();
            let applied = applied.map(|names| names.iter().map(ToString::to_string).collect());
            (name.clone(), NodeClusters { applied, held })
        });
        let node_clusters = node_clusters.collect();
        FleetRecord { report: self.report(now), release_clusters, node_clusters, clusters }
    }

    /// Makes a fleet of what was remembered.
    #[must_use]
    pub fn remembered(record: FleetRecord) -> Self {
        let FleetRecord { report, mut release_clusters, mut node_clusters, clusters } = record;
        let clusters: BTreeMap<Arc<str>, ClusterResource> = clusters
            .into_iter()
            .map(|(name, stored)| (name.into(), ClusterResource::new(&stored.message, stored.resolves_names)))
            .collect();
        let find =
            |name: &str| clusters.get_key_value(name).map(|(name, resource)| (Arc::clone(name), resource.clone()));
        let releases: VecDeque<Arc<ReleaseSummary>> = report
            .releases
            .into_iter()
            .map(|ReleaseReport { version, serves, withheld }| {
                let names = release_clusters.remove(&version).unwrap_or_default();
                let clusters = names.iter().filter_map(|name| find(name)).collect();
                Arc::new(ReleaseSummary { version, serves, withheld, clusters })
            })
            .collect();
        let nodes = report.nodes.into_iter().map(|node| {
            let mut record = NodeRecord::new(node.listen, node.joined);
            record.seen = node.seen;
            for kind in node.kinds {
                *record.kind_mut(kind.kind) = KindState::remembered(kind.applied, kind.since, kind.sent.is_some());
            }
            let served = node.serves.as_ref();
            record.applied = releases.iter().find(|release| served == Some(&release.version)).cloned();
            if let Some(NodeClusters { applied, held }) = node_clusters.remove(&node.node) {
                record.applied_clusters = applied.map(|names| names.into_iter().map(Arc::from).collect());
                let held = held.into_iter().filter_map(|(name, hold)| {
                    let (name, resource) = find(&name)?;
                    let StoredHold { until, usable_at, was_routed } = hold;
                    Some((name, HeldCluster { resource, until, usable_at, was_routed }))
                });
                record.held = held.collect();
            }
            (node.node, record)
        });
        let nodes = nodes.collect();
        Self { nodes, releases, refused: report.refused_polls.into(), ..Self::new(report.environment) }
    }
}
