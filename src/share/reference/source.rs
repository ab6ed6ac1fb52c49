//! The input of a reference: a version, and all that is said beside it.

use crate::definition::Definition;
use crate::model::{
    Deployment, DeploymentState, Digest, DocumentPolicy, EnvironmentName, GroupName, GroupSettings, Version,
};
use crate::share::model::EnvironmentServers;

/// A version of a group as its reference shows it.
#[derive(Debug, Clone, Copy)]
pub struct ReferenceSource<'a> {
    /// The group.
    pub group: &'a GroupName,
    /// The number under which the version lies.
    pub version: &'a Version,
    /// The digest of its files.
    pub digest: Digest,
    /// The settings of the version.
    pub settings: &'a GroupSettings,
    /// The definition of the version.
    pub definition: &'a Definition,
    /// The environments that are shown, with the addresses of the group: the one of a release, else all.
    pub servers: &'a [EnvironmentServers],
    /// The release in an environment; `None` for a version by itself, which may be live nowhere.
    pub released: Option<ReleasedSource<'a>>,
    /// True if archives of clients lie in the folder `sdk` of the version.
    pub has_clients: bool,
}

/// The release of a version in an environment.
#[derive(Debug, Clone, Copy)]
pub struct ReleasedSource<'a> {
    /// The environment.
    pub environment: &'a EnvironmentName,
    /// The policy of that environment's documents.
    pub policy: DocumentPolicy,
    /// True if a mock responds.
    pub is_mock: bool,
    /// The entry of the group, by whom it was made, and whether it is this release.
    pub live: LiveEntry<'a>,
    /// The same group in other environments.
    pub elsewhere: &'a [OtherEntry],
    /// True if it is the page of a version, which lies a folder below that of what is live.
    pub is_of_version: bool,
    /// True if requests can be sent from the page.
    pub try_it: bool,
    /// Addresses of a server of pages; `None` for files.
    pub serving: Option<&'a ServingState>,
}

impl ReleasedSource<'_> {
    /// Returns the number of the version that is live in the environment, if any is.
    pub(super) fn live_version(&self) -> Option<&Version> {
        (self.live.deployment.release.state == DeploymentState::Live).then_some(self.live.number)
    }
}

impl<'a> ReferenceSource<'a> {
    /// True if a mock responds; a version by itself is described as with a backend.
    pub(super) fn is_mock(&self) -> bool {
        self.released.is_some_and(|released| released.is_mock)
    }

    /// Returns the release where it is not live: another version is, or none.
    pub(super) fn past(&self) -> Option<ReleasedSource<'a>> {
        let is_live = |released: &ReleasedSource<'_>| {
            let live = &released.live.deployment.release;
            live.state == DeploymentState::Live && live.digest == self.digest
        };
        self.released.filter(|released| !is_live(released))
    }

    /// True if the page lies in the folder of its version.
    pub(super) fn is_of_version(&self) -> bool {
        self.released.is_none_or(|released| released.is_of_version)
    }

    /// Lists the addresses, each with its environment.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (&'a EnvironmentName, &'a String)> + use<'a> {
        self.servers.iter().flat_map(|servers| servers.urls.iter().map(|url| (&servers.environment, url)))
    }

    /// Returns the path of the changes with this extension; a version by itself has none.
    pub(super) fn changes_href(&self, extension: &str) -> Option<String> {
        let released = self.released?;
        Some(format!("{}changes.{extension}", if released.is_of_version { "../" } else { "" }))
    }
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
    /// True if a mock responds there.
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
