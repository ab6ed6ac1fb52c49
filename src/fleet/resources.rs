//! A release of an environment, as nodes are given it: responses to polls (`DiscoveryResponse` as protobuf's JSON).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use crate::model::{Digest, GroupName, OperationId};

/// A kind of resource, which a node polls by itself.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum ResourceKind {
    /// The listener, with its filters.
    Listeners,
    /// The backends.
    Clusters,
    /// The routes.
    Routes,
}

impl ResourceKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Listeners, Self::Clusters, Self::Routes];

    /// Returns the word that stands in the path of its polls.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Listeners => "listeners",
            Self::Clusters => "clusters",
            Self::Routes => "routes",
        }
    }

    const fn type_url(self) -> &'static str {
        match self {
            Self::Listeners => "type.googleapis.com/envoy.config.listener.v3.Listener",
            Self::Clusters => "type.googleapis.com/envoy.config.cluster.v3.Cluster",
            Self::Routes => "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        }
    }

    /// Writes a response with a version of its resources.
    pub(super) fn response(self, version: &str, resources: &[&str]) -> Bytes {
        let (version, type_url) = (Value::from(version), self.type_url());
        let resources = resources.join(",");
        format!("{{\"version_info\":{version},\"type_url\":\"{type_url}\",\"resources\":[{resources}]}}").into()
    }
}

/// A cluster, which is never changed in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterResource {
    json: Arc<str>,
    digest: Digest,
    /// True if its addresses are names, which a node has to resolve first.
    resolves_names: bool,
}

impl ClusterResource {
    /// Makes one of its message.
    #[must_use]
    pub fn new(message: &Value, resolves_names: bool) -> Self {
        let json = message.to_string();
        Self { digest: Digest::of(json.as_bytes()), json: json.into(), resolves_names }
    }

    pub(super) fn json(&self) -> &str {
        &self.json
    }

    pub(super) const fn digest(&self) -> &Digest {
        &self.digest
    }

    pub(super) const fn resolves_names(&self) -> bool {
        self.resolves_names
    }
}

/// A group whose newest operation nodes do not get.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct WithheldGroup {
    /// The operation.
    pub operation: OperationId,
    /// The reason, as a fragment.
    pub reason: String,
}

/// A release without its routes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReleaseSummary {
    /// The version of its routes, by which nodes name it.
    pub version: String,
    /// The operation that is in force for each group, offline ones among them.
    pub serves: BTreeMap<GroupName, OperationId>,
    /// The groups whose newest operation nodes do not get, with the reason.
    pub withheld: BTreeMap<GroupName, WithheldGroup>,
    /// The clusters that its routes lead to, by name.
    pub clusters: BTreeMap<Arc<str>, ClusterResource>,
}

/// Writes the listener of a node, which listens on an address of its own.
pub type ListenerBuilder = fn(SocketAddr) -> Value;

/// A release of an environment.
#[derive(Debug, Clone)]
pub struct FleetRelease {
    pub(super) summary: Arc<ReleaseSummary>,
    /// The response to a poll for routes.
    pub(super) routes: Bytes,
    pub(super) listener: ListenerBuilder,
}

impl FleetRelease {
    /// Makes a release of its routes as JSON, the clusters that they lead to and the operations that they serve.
    #[must_use]
    pub fn new(
        serves: BTreeMap<GroupName, OperationId>,
        withheld: BTreeMap<GroupName, WithheldGroup>,
        routes: &str,
        clusters: BTreeMap<Arc<str>, ClusterResource>,
        listener: ListenerBuilder,
    ) -> Self {
        let version = Digest::of(routes.as_bytes()).short();
        let body = ResourceKind::Routes.response(&version, &[routes]);
        Self { summary: Arc::new(ReleaseSummary { version, serves, withheld, clusters }), routes: body, listener }
    }

    /// Returns it without its routes.
    #[must_use]
    pub fn summary(&self) -> &ReleaseSummary {
        &self.summary
    }

    /// Returns the version of a node's listener, and the response to a poll for it.
    pub(super) fn listener(&self, listen: SocketAddr) -> (String, Bytes) {
        let listener = (self.listener)(listen).to_string();
        let version = Digest::of(listener.as_bytes()).short();
        let body = ResourceKind::Listeners.response(&version, &[&listener]);
        (version, body)
    }
}
