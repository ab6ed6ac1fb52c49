//! What the gateway is handed: everything that is live, read and checked by somebody else.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::definition::Definition;
use crate::model::{Backend, Digest, EnvironmentName, GroupName, GroupSettings, OperationId, Version};

/// The state of all environments that a gateway serves, at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The environments. Where there is only one, a loopback host name reaches all its groups. One that is the very same as
    /// in the snapshot before is served on without a look at its groups.
    pub environments: Vec<Arc<EnvironmentSnapshot>>,
}

/// What is live in one environment.
#[derive(Debug, Clone)]
pub struct EnvironmentSnapshot {
    /// The environment.
    pub name: EnvironmentName,
    /// Its groups, offline ones among them.
    pub groups: Vec<GroupSnapshot>,
}

/// A group's entry in an environment.
#[derive(Debug, Clone)]
pub struct GroupSnapshot {
    /// The group.
    pub name: GroupName,
    /// The version that is live, or was when the group went offline.
    pub version: Version,
    /// The digest of that version's files.
    pub digest: Digest,
    /// The operation that made the entry.
    pub operation: OperationId,
    /// What answers.
    pub backend: Backend,
    /// What the version says, or nothing where the group is offline.
    pub content: Option<GroupContent>,
}

/// What a version of a group says.
#[derive(Debug, Clone)]
pub struct GroupContent {
    /// Its settings.
    pub settings: Arc<GroupSettings>,
    /// Its definition.
    pub definition: DefinitionSource,
    /// The files that `forwarding.tls` names, by name.
    pub tls_files: Arc<BTreeMap<String, Arc<[u8]>>>,
}

/// A group that could not be compiled; what was served for it before is served on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The environment.
    pub environment: EnvironmentName,
    /// The group.
    pub group: GroupName,
    /// The version that cannot be served.
    pub version: Version,
    /// Why, in a sentence without a full stop.
    pub reason: String,
}

/// Why what the files say is not served, as whoever reads them found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Unserved {
    /// The environment.
    pub environment: EnvironmentName,
    /// The group; `None` where the environment's file cannot be read.
    pub group: Option<GroupName>,
    /// The operation that should be in force, as far as it is known.
    pub operation: Option<OperationId>,
    /// Why, in a sentence without a full stop.
    pub reason: String,
}

/// What a gateway makes of a group's entry.
#[derive(Debug, Clone, Copy)]
pub struct EntryStatus<'a> {
    /// The environment.
    pub environment: &'a EnvironmentName,
    /// The group.
    pub group: &'a GroupName,
    /// The operation that should be in force.
    pub operation: &'a OperationId,
    /// The one that is: another one, or none, where that cannot be served.
    pub serving: Option<&'a OperationId>,
}

/// Gives a definition to whoever builds something of it. A gateway asks where it builds a group anew, and keeps the
/// definition only where requests are checked against it.
#[derive(Clone)]
pub struct DefinitionSource(Arc<dyn Fn() -> Result<Arc<Definition>, String> + Send + Sync>);

impl DefinitionSource {
    /// Makes a source of what gives the definition, or says why it cannot.
    pub fn new(give: impl Fn() -> Result<Arc<Definition>, String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(give))
    }

    /// Returns the definition, or why it cannot be had.
    pub fn get(&self) -> Result<Arc<Definition>, String> {
        (self.0)()
    }
}

impl From<Arc<Definition>> for DefinitionSource {
    fn from(definition: Arc<Definition>) -> Self {
        Self::new(move || Ok(Arc::clone(&definition)))
    }
}

impl std::fmt::Debug for DefinitionSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("DefinitionSource").finish_non_exhaustive()
    }
}
