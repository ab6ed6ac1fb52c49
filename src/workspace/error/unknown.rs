//! Names that nothing in a workspace has.

use crate::model::{GroupName, KeyName, Version, VersionRemark};

/// A name that nothing has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnknownName {
    /// An environment, as typed.
    Environment(String),
    /// A group.
    Group(GroupName),
    /// A version.
    Version {
        /// The group.
        group: GroupName,
        /// The version.
        version: Version,
        /// The deletion, where it was deleted on record.
        deletion: Option<Box<VersionRemark>>,
    },
    /// A version that an entry of an environment names, and that is not on disk.
    Release {
        /// The group.
        group: GroupName,
        /// The version.
        version: Version,
    },
    /// An operation, as typed.
    Operation(String),
    /// An operation on keys and grants, as typed.
    AccessOperation(String),
    /// A key.
    Key(KeyName),
}

impl std::fmt::Display for UnknownName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Environment(name) => write!(formatter, "environment {name:?}"),
            Self::Group(group) => write!(formatter, "group {:?}", group.as_str()),
            Self::Version { group, version, deletion } => {
                write!(formatter, "version {:?} of {group}", version.to_string())?;
                deletion.iter().try_for_each(|deletion| write!(formatter, ": it was deleted {deletion}"))
            }
            Self::Release { group, version } => write!(formatter, "version {:?}", format!("{group}@{version}")),
            Self::Operation(id) => write!(formatter, "operation {id:?}"),
            Self::AccessOperation(id) => write!(formatter, "access operation {id:?}"),
            Self::Key(key) => write!(formatter, "key {:?}", key.as_str()),
        }
    }
}
