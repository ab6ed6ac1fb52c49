//! The facts that plans are computed from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::error::{Error, StateError};
use crate::check::{CheckedGroup, SigningKeyFault};
use crate::definition::Definition;
use crate::model::{Deployment, Digest, Environment, EnvironmentName, FileSet, Finding, GroupName, ReleaseAction};
use crate::model::{
    GroupSettings, Operation, OperationId, Release, SETTINGS_FILE, Version, VersionNotes, WorkspaceSettings,
};

/// The state on disk, as far as plans need it.
///
/// The workspace answers from files and tests answer from memory. Two questions alike have the same
/// answer during one plan.
pub trait Facts {
    /// Reason why a question has no answer.
    type Error;

    /// Writes an error with its causes, in one line.
    fn error_text(&self, error: &Self::Error) -> String;

    /// Returns the settings of the workspace.
    fn settings(&self) -> &WorkspaceSettings;

    /// Lists the groups of the workspace.
    fn groups(&self) -> Result<Vec<GroupName>, Self::Error>;

    /// Returns the live entries of an environment.
    fn environment(&self, environment: &EnvironmentName) -> Result<Arc<Environment>, Self::Error>;

    /// Returns a group's working copy; with a version, as it is once its settings name that version.
    fn working_copy(&self, group: &GroupName, version: Option<&Version>) -> Result<Arc<PublishCandidate>, Self::Error>;

    /// Lists the frozen versions of a group.
    fn versions(&self, group: &GroupName) -> Result<BTreeSet<Version>, Self::Error>;

    /// Returns the notes on the versions of a group: which are blocked, which were deleted.
    fn notes(&self, group: &GroupName) -> Result<Arc<VersionNotes>, Self::Error>;

    /// Returns a frozen version, its bytes compared with its digest; `None` where there is none.
    fn frozen(&self, group: &GroupName, version: &Version) -> Result<Option<Arc<PublishCandidate>>, Self::Error>;

    /// Returns the frozen version that a release names, by its number and its digest; `None` where there is none.
    fn released(&self, group: &GroupName, release: &Release) -> Result<Option<Arc<PublishCandidate>>, Self::Error>;

    /// Returns the number under which the version of a release lies, which a merge may have changed; `None` where it
    /// lies under none.
    fn number(&self, group: &GroupName, release: &Release) -> Result<Option<Version>, Self::Error>;

    /// Returns a group's deployments, the latest first, the present entry included.
    fn past(&self, environment: &EnvironmentName, group: &GroupName) -> Result<Vec<PastEntry>, Self::Error>;

    /// Returns every deployment that a group's histories hold, those that a resolve did not keep among them, the latest
    /// first.
    fn every_past(&self, environment: &EnvironmentName, group: &GroupName) -> Result<Vec<PastEntry>, Self::Error> {
        self.past(environment, group)
    }

    /// Returns a group's latest deployments as far as the history can be read, the present entry first.
    fn readable_past(&self, environment: &EnvironmentName, group: &GroupName) -> Result<Vec<PastEntry>, Self::Error> {
        self.past(environment, group)
    }

    /// Returns the operations that made an entry of groups, where the environment has none any more, among so many of its
    /// newest operations.
    fn lost_releases(
        &self,
        _environment: &EnvironmentName,
        _groups: &BTreeSet<GroupName>,
        _most: usize,
    ) -> Result<BTreeMap<GroupName, OperationId>, Self::Error> {
        Ok(BTreeMap::new())
    }

    /// Lists the grants for a group in an environment, of keys and of owners.
    fn grants(&self, environment: &EnvironmentName, group: &GroupName) -> Result<Vec<HeldGrant>, Self::Error>;

    /// Returns a committed operation; `None` where the environment has none of that id.
    fn operation(&self, environment: &EnvironmentName, id: &OperationId) -> Result<Option<Operation>, Self::Error>;
}

/// Returns a group's latest deployments, for a way back: a history that is damaged further back bars none.
pub(super) fn readable_past<E>(
    facts: &dyn Facts<Error = E>,
    environment: &EnvironmentName,
    group: &GroupName,
) -> Result<Vec<PastEntry>, Error<E>> {
    facts.readable_past(environment, group).map_err(|source| Error::PastUnreadable {
        group: group.clone(),
        environment: environment.clone(),
        source,
    })
}

/// Refuses a change of a group that has no entry: it was never published, or its entry was lost.
pub(super) fn no_entry<E>(facts: &dyn Facts<Error = E>, environment: &EnvironmentName, group: &GroupName) -> Error<E> {
    let lost = facts.lost_releases(environment, &BTreeSet::from([group.clone()]), usize::MAX);
    match lost.map(|mut lost| lost.remove(group)) {
        Ok(Some(operation)) => {
            StateError::LostEntry { group: group.clone(), environment: environment.clone(), operation }.into()
        }
        Ok(None) => StateError::NeverPublished { group: group.clone(), environment: environment.clone() }.into(),
        Err(source) => Error::Facts(source),
    }
}

/// Names the version of a release by its present number.
pub(super) fn with_number<E>(
    facts: &dyn Facts<Error = E>,
    group: &GroupName,
    release: Release,
) -> Result<Release, Error<E>> {
    let number = facts.number(group, &release).map_err(Error::Facts)?;
    Ok(Release { version: number.unwrap_or(release.version), ..release })
}

/// A group as it could be published.
#[derive(Debug)]
pub struct PublishCandidate {
    /// Its settings.
    pub settings: GroupSettings,
    /// Its definition, unless it could not be read; then `findings` says why.
    pub definition: Option<Arc<Definition>>,
    /// All its files.
    pub files: FileSet,
    /// The digest of its files.
    pub digest: Digest,
    /// The findings of reading it.
    pub findings: Vec<Finding>,
    /// The settings file as it lies on disk, where `files` has another text of it.
    pub settings_on_disk: Option<Arc<[u8]>>,
    /// The files of `forwarding.tls` that are not on this machine.
    pub missing_secrets: Vec<String>,
    /// Why the key of `forwarding.sign` cannot sign.
    pub signing_fault: Option<SigningKeyFault>,
}

impl PublishCandidate {
    /// Returns it as the rules of `check` look at it, with a real backend or without.
    #[must_use]
    pub fn subject<'a>(&'a self, group: &'a GroupName, has_backend: bool) -> CheckedGroup<'a> {
        CheckedGroup {
            group,
            settings: Some(&self.settings),
            settings_text: self.files.get(SETTINGS_FILE).map_or(&[], |bytes| bytes),
            definition: self.definition.as_deref(),
            reading: &self.findings,
            missing_secrets: &self.missing_secrets,
            signing_fault: self.signing_fault,
            has_backend,
        }
    }
}

/// A grant, with the key or the owner that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldGrant {
    /// The key or the owner, like `key ci`.
    pub holder: String,
    /// The id of the grant.
    pub id: String,
    /// The APIs that it is for; all where it is empty.
    pub apis: Vec<String>,
}

/// An entry that a group has or had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastEntry {
    /// The entry.
    pub deployment: Deployment,
    /// The action that made it.
    pub action: ReleaseAction,
}
