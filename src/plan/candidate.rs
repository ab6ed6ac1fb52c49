//! A group as it could be published: its working copy, or a frozen version.

use std::sync::Arc;

use crate::check::{CheckedGroup, SigningKeyFault};
use crate::definition::Definition;
use crate::model::{Digest, FileSet, Finding, GroupName, GroupSettings, SETTINGS_FILE};

/// A group as it could be published.
#[derive(Debug)]
pub struct PublishCandidate<Settings = GroupSettings> {
    /// Its settings.
    pub settings: Settings,
    /// Its definition, unless it could not be read; then `findings` says why.
    pub definition: Option<Arc<Definition>>,
    /// All its files.
    pub files: FileSet,
    /// The digest of its files.
    pub digest: Digest,
    /// The findings of reading its definition.
    pub findings: Vec<Finding>,
    /// The settings file as it lies on disk, where `files` has another text of it.
    pub settings_on_disk: Option<Arc<[u8]>>,
    /// The files of `forwarding.tls` that are not on this machine.
    pub missing_secrets: Vec<String>,
    /// Reason why the key of `forwarding.sign` cannot sign.
    pub signing_fault: Option<SigningKeyFault>,
}

/// A working copy as far as it can be read: its settings, or the findings of reading them.
pub type ReadableCandidate = PublishCandidate<Result<GroupSettings, Vec<Finding>>>;

impl PublishCandidate {
    /// Returns it as the rules of `check` look at it, with a real backend or without.
    #[must_use]
    pub fn subject<'a>(&'a self, group: &'a GroupName, has_backend: bool) -> CheckedGroup<'a> {
        self.checked(group, Some(&self.settings), has_backend)
    }
}

impl ReadableCandidate {
    /// Returns it as the rules of `check` look at it. It has a backend by its settings, or is called where it is live.
    #[must_use]
    pub fn subject<'a>(&'a self, group: &'a GroupName, is_called: bool) -> CheckedGroup<'a> {
        let settings = self.settings.as_ref().ok();
        self.checked(group, settings, is_called || settings.is_some_and(|settings| settings.backend.is_some()))
    }

    /// Returns it with its settings.
    ///
    /// # Errors
    ///
    /// Fails with the findings of reading the settings.
    pub fn with_settings(self) -> Result<PublishCandidate, Vec<Finding>> {
        let Self { settings, definition, files, digest, findings, settings_on_disk, missing_secrets, signing_fault } =
            self;
        Ok(PublishCandidate {
            settings: settings?,
            definition,
            files,
            digest,
            findings,
            settings_on_disk,
            missing_secrets,
            signing_fault,
        })
    }
}

impl<Settings> PublishCandidate<Settings> {
    fn checked<'a>(
        &'a self,
        group: &'a GroupName,
        settings: Option<&'a GroupSettings>,
        has_backend: bool,
    ) -> CheckedGroup<'a> {
        CheckedGroup {
            group,
            settings,
            settings_text: self.files.get(SETTINGS_FILE).map_or(&[], |bytes| bytes),
            definition: self.definition.as_deref(),
            reading: &self.findings,
            missing_secrets: &self.missing_secrets,
            signing_fault: self.signing_fault,
            has_backend,
        }
    }
}
