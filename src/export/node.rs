//! The state of an environment for nodes that follow a control plane: Envoys that poll for it.

use std::net::SocketAddr;

use std::sync::Arc;

use serde_json::Value;

use crate::model::{DigestedText, EnvironmentName, NodeName};

/// The resources of an environment, but for the listener.
#[derive(Debug, Clone)]
pub struct NodeResources {
    /// The route configuration as JSON, in pieces.
    pub routes: Vec<DigestedText>,
    /// The clusters that it leads to.
    pub clusters: Vec<Arc<NodeCluster>>,
}

/// A cluster.
#[derive(Debug, Clone)]
pub struct NodeCluster {
    /// Its name, which has a digest of its content.
    pub name: String,
    /// The message.
    pub message: Value,
    /// True if its addresses are names, which a node has to resolve.
    pub resolves_names: bool,
}

/// The settings of a node that are its own.
#[derive(Debug, Clone)]
pub struct NodeBootstrap {
    /// Its name.
    pub node: NodeName,
    /// The environment that it follows.
    pub environment: EnvironmentName,
    /// The address that it listens on.
    pub listen: SocketAddr,
    /// The host of the control plane.
    pub control_host: String,
    /// Its port.
    pub control_port: u16,
    /// The files of mutual TLS with it; `None` for a control plane on the same machine.
    pub tls: Option<NodeTls>,
    /// The listener that decides on callers.
    pub authorizer: SocketAddr,
}

/// The files of mutual TLS, as the node finds them.
#[derive(Debug, Clone)]
pub struct NodeTls {
    /// Its certificate, which names it.
    pub certificate: String,
    /// The private key of that.
    pub key: String,
    /// The authorities that the control plane's certificate is trusted by.
    pub trusted: String,
}
