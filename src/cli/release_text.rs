//! Words for a release: its version and how it is reached.

use crate::model::{Backend, DeploymentState, GroupName, Release, RemarkKind, Version, VersionRemark};
use crate::workspace::Workspace;

/// Describes a release in a few words, with the number that its version has now.
pub(super) fn release_text(workspace: &Workspace, group: &GroupName, release: &Release) -> String {
    release_text_under(release, &workspace.release_number(group, release))
}

/// Describes a release in a few words, with its version under a given number.
pub(super) fn release_text_under(release: &Release, number: &Version) -> String {
    let version = version_text(release, number);
    match release.state {
        DeploymentState::Offline => format!("offline ({version})"),
        DeploymentState::Live => match &release.backend {
            Backend::Mock => format!("{version} with mock"),
            Backend::Http { url, .. } => format!("{version} with {url}"),
        },
    }
}

/// Describes a remark on a version: author, time and reason.
pub(super) fn remark_text(kind: RemarkKind, VersionRemark { at, by, why, .. }: &VersionRemark) -> String {
    let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("{} by {by} at {at}{why}", kind.as_str())
}

/// Writes the number of a release, with the one that it was committed with where a merge changed it.
pub(super) fn version_text(release: &Release, number: &Version) -> String {
    let committed = &release.version;
    if number == committed { number.to_string() } else { format!("{number} (frozen as {committed})") }
}
