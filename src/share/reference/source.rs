//! The input of a reference: a version, and all that is said beside it.

use crate::definition::Definition;
use crate::model::{Deployment, DocumentPolicy, EnvironmentName, GroupName, GroupSettings, Release, Version};

/// A version of a group as its reference shows it.
#[derive(Debug, Clone, Copy)]
pub struct ReferenceSource<'a> {
    /// The group.
    pub group: &'a GroupName,
    /// The environment.
    pub environment: &'a EnvironmentName,
    /// The policy of that environment's documents.
    pub policy: DocumentPolicy,
    /// The release, with the number under which its version lies.
    pub release: &'a Release,
    /// The settings of the version.
    pub settings: &'a GroupSettings,
    /// The definition of the version.
    pub definition: &'a Definition,
    /// The addresses of the group there, with its prefix, the preferred one first.
    pub urls: &'a [String],
    /// The entry of the group, by whom it was made, and whether it is this release.
    pub live: LiveEntry<'a>,
    /// The same group in other environments.
    pub elsewhere: &'a [OtherEntry],
    /// True if it is the page of a version, which lies a folder below that of what is live.
    pub is_of_version: bool,
    /// True if archives of clients lie in the folder `sdk` of the version.
    pub has_clients: bool,
    /// True if requests can be sent from the page.
    pub try_it: bool,
    /// Addresses of a server of pages; `None` for files.
    pub serving: Option<&'a ServingState>,
}

/// The entry of a group in the environment of a page.
#[derive(Debug, Clone, Copy)]
pub struct LiveEntry<'a> {
    /// The entry.
    pub deployment: &'a Deployment,
    /// The number under which its version lies.
    pub number: &'a Version,
    /// The author.
    pub by: Option<&'a str>,
}

/// A group in another environment.
#[derive(Debug, Clone)]
pub struct OtherEntry {
    /// The environment.
    pub environment: EnvironmentName,
    /// The version that is live there.
    pub version: Version,
    /// True if a mock answers there.
    pub is_mock: bool,
    /// True if there is a page of it.
    pub has_page: bool,
}

/// The state that pages are served of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServingState {
    /// The name of the state.
    pub state: String,
    /// The path, from the matrix, that returns the name of the present state.
    pub state_path: String,
    /// The path, from the matrix, below which requests are passed on to the gateway, if they are.
    pub through: Option<String>,
}
