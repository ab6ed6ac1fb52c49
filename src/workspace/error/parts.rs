//! Parts of a workspace that errors name.

use std::fmt;
use std::path::PathBuf;

use crate::access::AccessSubject;
use crate::model::{EnvironmentName, GroupName, KeyName, Version};

/// A part of the workspace that changed since a plan was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StalePart {
    /// A file, by its place.
    File(String),
    /// The list of groups.
    Groups,
    /// The versions of a group.
    Versions(GroupName),
    /// The notes on the versions of a group.
    Notes(GroupName),
    /// A frozen version.
    Version {
        /// The group.
        group: GroupName,
        /// The version.
        version: Version,
    },
    /// The frozen versions that a resolve renumbers.
    Renumberings,
    /// The entry of a group.
    Entry {
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
    },
    /// The protection of an environment.
    Protection(EnvironmentName),
    /// A key, an owner or a secret.
    Subject(AccessSubject),
}

impl fmt::Display for StalePart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(place) => write!(formatter, "{place}"),
            Self::Groups => write!(formatter, "the list of groups"),
            Self::Versions(group) => write!(formatter, "the versions of {group}"),
            Self::Notes(group) => write!(formatter, "the blocks and deletions of versions of {group}"),
            Self::Version { group, version } => write!(formatter, "version {version} of {group}"),
            Self::Renumberings => write!(formatter, "a frozen version"),
            Self::Entry { group, environment } => write!(formatter, "{group} in {environment}"),
            Self::Protection(environment) => write!(formatter, "the protection of {environment}"),
            Self::Subject(subject) => write!(formatter, "{subject}"),
        }
    }
}

/// A thing that is in the place of one to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExistingPart {
    /// A workspace, by its folder.
    Workspace(PathBuf),
    /// A group.
    Group(GroupName),
    /// A key.
    Key(KeyName),
    /// A file, by its path.
    File(PathBuf),
}

impl fmt::Display for ExistingPart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workspace(folder) => write!(formatter, "the workspace {}", folder.display()),
            Self::Group(group) => write!(formatter, "the group {group}"),
            Self::Key(key) => write!(formatter, "key {key}"),
            Self::File(path) => write!(formatter, "the file {}", path.display()),
        }
    }
}
