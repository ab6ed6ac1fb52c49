//! The subjects of the rules: one group as it could be published, and a workspace on disk.

use super::places::SettingsPlaces;
use crate::definition::Definition;
use crate::model::{EnvironmentName, Finding, GroupName, GroupSettings, KeyKind, SETTINGS_FILE, WorkspaceSettings};

/// A group as it could be published, the input of the rules over one group.
#[derive(Debug, Clone, Copy)]
pub struct CheckedGroup<'a> {
    /// The group.
    pub group: &'a GroupName,
    /// Its settings; `None` if they could not be read.
    pub settings: Option<&'a GroupSettings>,
    /// The text of its settings file, for locations.
    pub settings_text: &'a [u8],
    /// Its definition; `None` if it could not be read.
    pub definition: Option<&'a Definition>,
    /// The findings of reading its definition.
    pub reading: &'a [Finding],
    /// The files named in `forwarding.tls` that are missing on this machine.
    pub missing_secrets: &'a [String],
    /// The reason why the key of `forwarding.sign` cannot sign.
    pub signing_fault: Option<SigningKeyFault>,
    /// True if a real backend is called: by its settings, by what is published, or where it is live.
    pub has_backend: bool,
}

/// The reason why the key of `forwarding.sign` cannot sign requests to backends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningKeyFault {
    /// There is no such key.
    Missing,
    /// Its file cannot be read.
    Unreadable,
    /// It is of a kind that signs nothing.
    Kind(KeyKind),
    /// It has no shared secret, but public keys.
    NoSharedSecret,
    /// Each of its shared secrets was revoked.
    Revoked,
}

/// A workspace on disk, the input of the rules over all groups.
#[derive(Debug, Clone, Copy)]
pub struct WorkspaceOverview<'a> {
    /// Its settings.
    pub settings: &'a WorkspaceSettings,
    /// The text of `apigw.toml`, for locations.
    pub settings_text: &'a str,
    /// Its groups.
    pub subjects: &'a [CheckedGroup<'a>],
    /// The live groups that could be read; `None` if the deployments are unknown.
    pub live: Option<&'a [LiveGroup]>,
}

/// A group that is live in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveGroup {
    /// The environment.
    pub environment: EnvironmentName,
    /// The group.
    pub group: GroupName,
    /// True if it has a real backend there.
    pub has_backend: bool,
}

impl CheckedGroup<'_> {
    pub(super) fn places(&self) -> SettingsPlaces {
        SettingsPlaces::yaml(&self.folder(), SETTINGS_FILE, self.settings_text)
    }

    /// Returns the folder with the group's files: that of a version if the subject is one.
    pub(super) fn folder(&self) -> String {
        let read_in = self.definition.map(|definition| definition.document().folder().to_owned());
        read_in.unwrap_or_else(|| format!("groups/{}", self.group))
    }
}
