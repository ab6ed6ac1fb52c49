//! The only reader and writer of files.
//!
//! A [`Workspace`] reads without a lock and without write permission. Whoever wants to write takes
//! a lock first: [`Workspace::lock`] gives an [`EnvironmentLock`], which commits plans, and
//! [`Workspace::lock_groups`] gives a [`GroupsLock`], which edits working copies and versions.

pub mod edit;

mod commit;
mod durable;
mod error;
mod facts;
mod groups;
mod history;
mod init;
mod layout;
mod lock;
mod operation_file;
mod outside;
mod own_yaml;
mod quote;
mod record;
mod settings;
mod verify;
mod version_file;
mod versions;

use std::path::Path;

use crate::model::{DomainName, Environment, EnvironmentName, GroupName, WorkspaceSettings};

pub use commit::EnvironmentLock;
pub use error::{Error, PathError};
pub(crate) use error::nearest;
pub use facts::DiskFacts;
pub use groups::GroupsLock;
pub use history::Committed;
pub use init::{Example, init};
pub use lock::LockRequest;
pub use outside::{read_outside, read_release_plan, write_outside};
pub use verify::{Problem, ProblemKind, Verification};

/// A folder with an `apigw.toml`, and all that lies in it.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: layout::Root,
    settings: WorkspaceSettings,
}

impl Workspace {
    /// Opens the workspace that a folder lies in: the nearest folder upwards with an `apigw.toml`.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let found = folder.ancestors().find(|folder| folder.join(layout::WORKSPACE_FILE).exists());
        let root = layout::Root::new(found.ok_or_else(|| Error::NoWorkspace { folder: folder.to_owned() })?)?;
        let bytes = root.read(layout::WORKSPACE_FILE, layout::LARGEST_SETTINGS)?.unwrap_or_default();
        let settings = settings::workspace(&layout::text(layout::WORKSPACE_FILE, bytes)?)?;
        Ok(Self { root, settings })
    }

    /// Returns the settings in `apigw.toml`.
    #[must_use]
    pub const fn settings(&self) -> &WorkspaceSettings {
        &self.settings
    }

    /// Returns the folder of the workspace, with links resolved.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.root.path()
    }

    /// Returns the group in whose folder another folder lies, if it does in any.
    #[must_use]
    pub fn group_around(&self, folder: &Path) -> Option<GroupName> {
        let folder = std::fs::canonicalize(folder).ok()?;
        let below = folder.strip_prefix(self.root.path()).ok()?;
        let mut parts = below.iter().filter_map(|part| part.to_str());
        (parts.next() == Some(layout::GROUPS_FOLDER)).then(|| parts.next()?.parse().ok())?
    }

    /// Returns the environment of a name, or of an alias, that somebody typed.
    pub fn environment_named(&self, text: &str) -> Result<EnvironmentName, Error> {
        let known = self.settings.environments();
        // A declared environment may have the very name that is an alias elsewhere.
        let exact = known.iter().find(|name| name.as_str() == text).cloned();
        let parsed = exact.or_else(|| EnvironmentName::from_input(text).ok().filter(|name| known.contains(name)));
        parsed.ok_or_else(|| Error::Unknown {
            kind: "environment",
            name: text.to_owned(),
            nearest: nearest(text, known.iter().map(EnvironmentName::as_str)),
        })
    }

    /// Reads what is live in an environment; nothing is where nothing was ever published.
    pub fn environment(&self, environment: &EnvironmentName) -> Result<Environment, Error> {
        self.read_environment(environment)?.whole()
    }

    fn read_environment(&self, environment: &EnvironmentName) -> Result<record::Reading, Error> {
        let place = layout::environment(environment);
        match self.root.read(&place, layout::LARGEST_RECORD)? {
            None => Ok(record::Reading {
                environment: Environment::empty(environment.clone()),
                problems: Vec::new(),
            }),
            Some(bytes) => record::parse(&place, environment, &layout::text(&place, bytes)?),
        }
    }

    /// Returns the addresses at which callers reach a group that is live, without scheme and port.
    #[must_use]
    pub fn hosts(&self, environment: &EnvironmentName, group: &GroupName, custom: &[DomainName]) -> Vec<String> {
        let mut hosts = vec![format!("{group}.{environment}.{}", self.settings.base_domain)];
        if environment.as_str() == "online" {
            hosts.extend(custom.iter().map(ToString::to_string));
        }
        hosts
    }
}
