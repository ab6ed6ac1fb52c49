//! The facts that plans are computed from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::candidate::PublishCandidate;
use super::error::{Error, StateError};
use super::outcome::EditedEntry;
use crate::model::{
    Deployment, Digest, Environment, EnvironmentName, GroupName, Operation, OperationId, Release, ReleaseAction,
    Version, VersionNotes, WorkspaceSettings,
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

    /// Returns the entries of an environment that were edited by hand and may be replaced;
    /// [`environment`](Self::environment) has them as their operations left them.
    fn edited_entries(
        &self,
        environment: &EnvironmentName,
    ) -> Result<Arc<BTreeMap<GroupName, EditedEntry>>, Self::Error>;

    /// Fails where an entry of these groups, or any where none is named, was edited by hand, though it might be
    /// replaced: who brings something new in is told of the edit first.
    fn check_unedited(&self, environment: &EnvironmentName, groups: &BTreeSet<GroupName>) -> Result<(), Self::Error>;

    /// Returns a group's working copy; with a version, as it is once its settings name that version.
    fn working_copy(&self, group: &GroupName, version: Option<&Version>) -> Result<Arc<PublishCandidate>, Self::Error>;

    /// Lists the frozen versions of a group.
    fn versions(&self, group: &GroupName) -> Result<BTreeSet<Version>, Self::Error>;

    /// Returns the notes on the versions of a group: which are blocked, which were deleted.
    ///
    /// Notes that cannot be read are left out: that of one version says nothing of another one.
    fn notes(&self, group: &GroupName) -> Result<Arc<VersionNotes>, Self::Error>;

    /// Lists the versions of a group whose notes cannot be read: any of them may be blocked or deleted.
    fn unreadable_notes(&self, group: &GroupName) -> Result<BTreeSet<Version>, Self::Error>;

    /// Fails where the note on a version cannot be read.
    fn check_note(&self, group: &GroupName, version: &Version) -> Result<(), Self::Error>;

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
    fn every_past(&self, environment: &EnvironmentName, group: &GroupName) -> Result<Vec<PastEntry>, Self::Error>;

    /// Returns a group's latest deployments as far as the history can be read, the present entry first.
    fn readable_past(&self, environment: &EnvironmentName, group: &GroupName) -> Result<Vec<PastEntry>, Self::Error>;

    /// Returns the newest operations of groups of which the environment has no entry any more, or an earlier one, among
    /// so many of its newest operations.
    fn lost_releases(
        &self,
        environment: &EnvironmentName,
        groups: &BTreeSet<GroupName>,
        most: usize,
    ) -> Result<BTreeMap<GroupName, OperationId>, Self::Error>;

    /// Returns the numbers of a group that operations of any environment name.
    fn named_versions(&self, group: &GroupName) -> Result<NamedVersions, Self::Error>;

    /// Lists the grants for a group in an environment, of keys and of owners.
    fn grants(&self, environment: &EnvironmentName, group: &GroupName) -> Result<Vec<HeldGrant>, Self::Error>;

    /// Returns a committed operation; `None` where the environment has none of that id.
    fn operation(&self, environment: &EnvironmentName, id: &OperationId) -> Result<Option<Operation>, Self::Error>;

    /// Returns the reason why an operation that has a file is not [`operation`](Self::operation); `None` where it has
    /// none.
    fn loose_operation(
        &self,
        environment: &EnvironmentName,
        id: &OperationId,
    ) -> Result<Option<LooseOperation>, Self::Error>;
}

/// The numbers of a group with the digests that operations name for them, each with the latest of these operations.
pub type NamedVersions = BTreeMap<(Version, Digest), (EnvironmentName, OperationId)>;

/// Reason why no entry leads to an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, schemars::JsonSchema, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LooseOperation {
    /// A merge, or an edit by hand, lost it.
    Unexplained,
    /// Its command was interrupted before the commit.
    Abandoned,
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
    match lost_entry(facts, environment, group) {
        Ok(Some(lost)) => lost.into(),
        Ok(None) => StateError::NeverPublished { group: group.clone(), environment: environment.clone() }.into(),
        Err(source) => Error::Facts(source),
    }
}

/// Returns the refusal of a change of a group whose entry was lost; `None` where an operation made none.
pub(super) fn lost_entry<E>(
    facts: &dyn Facts<Error = E>,
    environment: &EnvironmentName,
    group: &GroupName,
) -> Result<Option<StateError>, E> {
    let mut lost = facts.lost_releases(environment, &BTreeSet::from([group.clone()]), usize::MAX)?;
    let (group, environment) = (group.clone(), environment.clone());
    Ok(lost.remove(&group).map(|operation| StateError::LostEntry { group, environment, operation }))
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
