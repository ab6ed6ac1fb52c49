//! Deployments: the entries of an environment, one for each group.

use std::collections::BTreeMap;

use super::backend::Backend;
use super::digest::Digest;
use super::name::{EnvironmentName, GroupName};
use super::operation_id::OperationId;
use super::time::Timestamp;
use super::version::Version;

/// The state of a group in an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, schemars::JsonSchema, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeploymentState {
    /// The version is served.
    Live,
    /// The group was published before and has been taken offline.
    Offline,
}

/// The part of a deployment that callers can observe.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Release {
    /// The state of the group.
    pub state: DeploymentState,
    /// The version that is live, or was live when the group went offline.
    pub version: Version,
    /// The digest of that version's files.
    pub digest: Digest,
    /// The backend that responds.
    pub backend: Backend,
}

impl Release {
    /// True if callers cannot tell two releases apart: a merge may have given one version two numbers.
    #[must_use]
    pub fn serves_same(&self, other: &Self) -> bool {
        (self.state, self.digest, &self.backend) == (other.state, other.digest, &other.backend)
    }
}

/// An environment's entry for a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Deployment {
    /// The deployed release.
    #[serde(flatten)]
    pub release: Release,
    /// The time of the commit.
    pub since: Timestamp,
    /// The operation that committed it.
    pub operation: OperationId,
}

/// The content of one `deployments/<environment>.yaml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The name of the environment.
    pub name: EnvironmentName,
    /// The entries, including offline ones. An entry is never removed.
    pub deployments: BTreeMap<GroupName, Deployment>,
}

impl Environment {
    /// Creates an environment to which nothing has been published.
    #[must_use]
    pub const fn empty(name: EnvironmentName) -> Self {
        Self { name, deployments: BTreeMap::new() }
    }
}
