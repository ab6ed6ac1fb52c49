//! A release of an environment, as nodes are given it: responses to polls (`DiscoveryResponse` as protobuf's JSON).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use crate::model::{Digest, DigestedText, GroupName, OperationId};

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

    /// Writes a response with a version of its resources, which are a text in pieces.
    pub(super) fn response(self, version: &str, resources: impl IntoIterator<Item = Bytes>) -> DiscoveryBody {
        let (version, type_url) = (Value::from(version), self.type_url());
        let head = format!("{{\"version_info\":{version},\"type_url\":\"{type_url}\",\"resources\":[");
        let pieces = std::iter::once(head.into()).chain(resources).chain([Bytes::from_static(b"]}")]);
        DiscoveryBody(pieces.collect())
    }
}

/// The body of a response, in pieces that other responses share: the routes of 1,000 groups are 72 MB, of which a
/// release of one group changes 50 KB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryBody(Arc<[Bytes]>);

impl DiscoveryBody {
    /// Returns the pieces, in order.
    #[must_use]
    pub fn pieces(&self) -> &[Bytes] {
        &self.0
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
    pub(super) routes: DiscoveryBody,
    pub(super) listener: ListenerBuilder,
}

impl FleetRelease {
    /// Makes a release of its routes as JSON in pieces, the clusters that they lead to and the operations that they
    /// serve.
    #[must_use]
    pub fn new(
        serves: BTreeMap<GroupName, OperationId>,
        withheld: BTreeMap<GroupName, WithheldGroup>,
        routes: &[DigestedText],
        clusters: BTreeMap<Arc<str>, ClusterResource>,
        listener: ListenerBuilder,
    ) -> Self {
        let digests: Vec<u8> = routes.iter().flat_map(|piece| piece.digest().bytes()).copied().collect();
        let version = Digest::of(&digests).short();
        let body = ResourceKind::Routes.response(&version, routes.iter().map(|piece| piece.bytes().clone()));
        Self { summary: Arc::new(ReleaseSummary { version, serves, withheld, clusters }), routes: body, listener }
    }

    /// Returns it without its routes.
    #[must_use]
    pub fn summary(&self) -> &ReleaseSummary {
        &self.summary
    }

    /// Returns the version of a node's listener, and the response to a poll for it.
    pub(super) fn listener(&self, listen: SocketAddr) -> (String, DiscoveryBody) {
        let listener = (self.listener)(listen).to_string();
        let version = Digest::of(listener.as_bytes()).short();
        let body = ResourceKind::Listeners.response(&version, [listener.into()]);
        (version, body)
    }
}
