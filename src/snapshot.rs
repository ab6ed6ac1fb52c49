//! The live groups at one moment, as they are read from files and handed on: to a gateway, and to commands that print
//! its routes.
//!
//! `workspace` makes snapshots, and reads a definition only when somebody asks for it. An environment that did not
//! change is the very same value in the next snapshot, by which a gateway knows that it need not look at it.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::definition::Definition;
use crate::model::{Deployment, Digest, EnvironmentName, Finding, GroupName, GroupSettings, OperationId};

/// The state of some environments.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The environments. Where there is only one, a loopback host name reaches all its groups.
    pub environments: Vec<Arc<EnvironmentSnapshot>>,
}

/// The state of one environment.
#[derive(Debug, Clone)]
pub struct EnvironmentSnapshot {
    /// The environment.
    pub name: EnvironmentName,
    groups: Vec<GroupSnapshot>,
}

/// A group's entry in an environment, with the version that it names.
#[derive(Debug, Clone)]
pub struct GroupSnapshot {
    /// The group.
    pub name: GroupName,
    /// The entry.
    pub deployment: Deployment,
    /// The content of the version; `None` where the group is offline.
    pub content: Option<Arc<GroupContent>>,
}

/// The content of a version, with this machine's additions.
#[derive(Debug, Clone)]
pub struct GroupContent {
    /// Its settings.
    pub settings: Arc<GroupSettings>,
    /// Its definition.
    pub definition: DefinitionSource,
    /// The files that `forwarding.tls` names, by name.
    pub tls_files: Arc<BTreeMap<String, Arc<[u8]>>>,
}

/// An entry that is not in force in a gateway, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct NotServed {
    /// The environment.
    pub environment: EnvironmentName,
    /// The group; `None` where the environment as a whole cannot be read.
    pub group: Option<GroupName>,
    /// The operation that should be in force; `None` where it is not known.
    pub operation: Option<OperationId>,
    /// The reason, in a fragment without a full stop.
    pub reason: String,
}

/// Gives a definition to whoever builds something of it. A gateway asks where it builds a group anew, and keeps the
/// definition only where requests are checked against it.
#[derive(Clone)]
pub struct DefinitionSource(Arc<dyn Fn() -> Result<Arc<Definition>, DefinitionError> + Send + Sync>);

/// The definition of a version cannot be had.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DefinitionError {
    /// It is not valid.
    #[error("{}", first_message(.0))]
    Invalid(Vec<Finding>),
    /// Its files cannot be read.
    #[error("{0}")]
    Unreadable(Arc<dyn Error + Send + Sync>),
}

impl EnvironmentSnapshot {
    /// Makes the snapshot of an environment with these groups, in any order.
    #[must_use]
    pub fn new(name: EnvironmentName, mut groups: Vec<GroupSnapshot>) -> Self {
        groups.sort_by(|one, other| one.name.cmp(&other.name));
        Self { name, groups }
    }

    /// Returns its groups by name, offline ones among them.
    #[must_use]
    pub fn groups(&self) -> &[GroupSnapshot] {
        &self.groups
    }

    /// Returns the entry of a group.
    #[must_use]
    pub fn group(&self, name: &GroupName) -> Option<&GroupSnapshot> {
        let at = self.groups.binary_search_by(|group| group.name.cmp(name)).ok()?;
        self.groups.get(at)
    }
}

impl GroupSnapshot {
    /// Returns the digest of its version's files.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.deployment.release.digest
    }

    /// Returns the operation that made the entry.
    #[must_use]
    pub fn operation(&self) -> &OperationId {
        &self.deployment.operation
    }
}

impl DefinitionSource {
    /// Makes a source from a function that returns the definition.
    pub fn new(give: impl Fn() -> Result<Arc<Definition>, DefinitionError> + Send + Sync + 'static) -> Self {
        Self(Arc::new(give))
    }

    /// Returns the definition.
    pub fn get(&self) -> Result<Arc<Definition>, DefinitionError> {
        (self.0)()
    }
}

impl From<Arc<Definition>> for DefinitionSource {
    fn from(definition: Arc<Definition>) -> Self {
        Self::new(move || Ok(Arc::clone(&definition)))
    }
}

impl fmt::Debug for DefinitionSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("DefinitionSource").finish_non_exhaustive()
    }
}

fn first_message(findings: &[Finding]) -> String {
    let first = findings.first().map(Finding::one_line);
    first.unwrap_or_else(|| "the definition is not valid".to_owned())
}
