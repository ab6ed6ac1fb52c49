//! What is live: an environment's entry for each group.

use std::collections::BTreeMap;

use super::{Backend, Digest, EnvironmentName, GroupName, OperationId, Timestamp, Version};

/// Whether a group answers in an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its version is served.
    Live,
    /// It was published once and is taken out.
    Offline,
}

/// What a deployment sets: all that callers can tell apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Release {
    /// Whether the group answers.
    pub state: State,
    /// The version that is live, or was when the group went offline.
    pub version: Version,
    /// The digest of that version's files.
    pub digest: Digest,
    /// What answers.
    pub backend: Backend,
}

/// An environment's entry for a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Deployment {
    /// What is deployed.
    #[serde(flatten)]
    pub release: Release,
    /// Since when.
    pub since: Timestamp,
    /// The operation that committed it.
    pub operation: OperationId,
}

/// What is live in one environment, as one file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The environment.
    pub name: EnvironmentName,
    /// Its entries, offline ones among them. An entry is never removed.
    pub deployments: BTreeMap<GroupName, Deployment>,
}

impl Environment {
    /// Makes an environment to which nothing was ever published.
    #[must_use]
    pub const fn empty(name: EnvironmentName) -> Self {
        Self { name, deployments: BTreeMap::new() }
    }
}
