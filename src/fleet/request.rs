//! A poll, as a node sends it (`DiscoveryRequest` as protobuf's JSON), and the identity that its certificate gives it.

use std::net::SocketAddr;

use super::ResourceKind;
use crate::model::{EnvironmentName, NodeName};

/// The most characters of a version.
const LONGEST_VERSION: usize = 64;

/// A poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryPoll {
    /// The node.
    pub identity: NodeIdentity,
    /// The address that it listens on.
    pub listen: SocketAddr,
    /// True if it waits for a response where there is nothing new.
    pub waits: bool,
    /// The kind of resources.
    pub kind: ResourceKind,
    /// The version that it has; empty for none.
    pub version: String,
    /// The connection.
    pub source: u64,
}

/// A node, and the environment that it follows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeIdentity {
    /// The environment.
    pub environment: EnvironmentName,
    /// The node's name.
    pub node: NodeName,
}

impl std::fmt::Display for NodeIdentity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} in {}", self.node, self.environment)
    }
}

/// Reason why a body is no poll.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It is not a message of the protocol.
    #[error("the body is not a DiscoveryRequest in JSON")]
    Malformed,
    /// The name of the node is none.
    #[error("node.id is not a name of 1 to 63 lower-case letters, digits and hyphens")]
    Node,
    /// The environment is missing, or no name.
    #[error("node.metadata.apigw.environment is not the name of an environment")]
    Environment,
    /// The address is missing, or none.
    #[error("node.metadata.apigw.listen is not an address like 0.0.0.0:8080")]
    Listen,
}

#[derive(serde::Deserialize)]
struct DiscoveryMessage {
    #[serde(default)]
    version_info: String,
    node: NodeMessage,
}

#[derive(serde::Deserialize)]
struct NodeMessage {
    #[serde(default)]
    id: String,
    #[serde(default)]
    metadata: NodeMetadata,
}

#[derive(Default, serde::Deserialize)]
struct NodeMetadata {
    #[serde(default)]
    apigw: NodeSettings,
}

/// The settings of a node in its bootstrap.
#[derive(Default, serde::Deserialize)]
struct NodeSettings {
    #[serde(default)]
    environment: String,
    #[serde(default)]
    listen: String,
    #[serde(default)]
    waits: bool,
}

impl DiscoveryPoll {
    /// Parses the body of a poll that came over a connection.
    pub fn parse(kind: ResourceKind, body: &[u8], source: u64) -> Result<Self, RequestError> {
        let message: DiscoveryMessage = serde_json::from_slice(body).map_err(|_| RequestError::Malformed)?;
        let NodeMessage { id, metadata: NodeMetadata { apigw: settings } } = message.node;
        let identity = NodeIdentity {
            node: id.parse().map_err(|_| RequestError::Node)?,
            environment: settings.environment.parse().map_err(|_| RequestError::Environment)?,
        };
        let listen = settings.listen.parse().map_err(|_| RequestError::Listen)?;
        // A longer one is none of ours, and is remembered.
        let version = message.version_info.chars().take(LONGEST_VERSION).collect();
        Ok(Self { identity, listen, waits: settings.waits, kind, version, source })
    }
}

impl NodeIdentity {
    /// Reads the identity from a name in a certificate: `spiffe://TRUST-DOMAIN/apigw/ENVIRONMENT/NODE`.
    #[must_use]
    pub fn from_uri(uri: &str) -> Option<Self> {
        let (domain, path) = uri.strip_prefix("spiffe://")?.split_once('/')?;
        let (environment, node) = path.strip_prefix("apigw/")?.split_once('/')?;
        let is_named = !domain.is_empty();
        let identity = Self { environment: environment.parse().ok()?, node: node.parse().ok()? };
        is_named.then_some(identity)
    }
}
