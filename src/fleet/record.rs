//! A fleet as it is remembered over a restart of its control plane.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use super::environment::EnvironmentFleet;
use super::held::HeldCluster;
use super::kind::KindState;
use super::node::NodeRecord;
use super::report::{FleetReport, ReleaseReport};
use super::resources::{ClusterResource, ReleaseSummary};
use crate::model::{NodeName, Timestamp};

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

impl FleetRecord {
    /// Forgets a node.
    pub fn forget(&mut self, node: &NodeName) {
        self.report.nodes.retain(|known| known.node != *node);
        self.node_clusters.remove(node);
    }
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

    /// Makes a fleet of what was remembered. A time after the present one is that of a clock which was set back since.
    #[must_use]
    pub fn remembered(record: FleetRecord, now: Timestamp) -> Self {
        let ahead_ms = record.report.time.ms_since(now).max(0);
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
        let refused = report.refused_polls.into();
        let mut fleet = Self { nodes, releases, refused, ..Self::new(report.environment) };
        fleet.shift_times(-ahead_ms);
        fleet.remembered_at = Some(now);
        fleet
    }
}
