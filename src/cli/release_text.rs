//! Words for a release: its version and how it is reached.

use crate::model::{Backend, DeploymentState, GroupName, Release, RemarkKind, Version, VersionRemark};
use crate::workspace::Workspace;

/// Describes a release in a few words, with the number that its version has now.
pub(super) fn release_text(workspace: &Workspace, group: &GroupName, release: &Release) -> String {
    let number = workspace.release_number(group, release);
    // Named by its present number, it has the one before in its own file.
    let frozen_as = workspace.frozen_as(group, &number).ok().flatten().filter(|_| number == release.version);
    let committed = frozen_as.unwrap_or_else(|| release.version.clone());
    text_of(release, &version_text(&committed, &number))
}

/// Describes a release in a few words, with its version under a given number.
pub(super) fn release_text_under(release: &Release, number: &Version) -> String {
    text_of(release, &version_text(&release.version, number))
}

fn text_of(release: &Release, version: &str) -> String {
    match release.state {
        DeploymentState::Offline => format!("offline ({version})"),
        DeploymentState::Live => match &release.backend {
            Backend::Mock => format!("{version} with mock"),
            Backend::Http { url, .. } => format!("{version} with {url}"),
        },
    }
}

/// Describes a remark on a version: author, time and reason.
pub(super) fn remark_text(kind: RemarkKind, remark: &VersionRemark) -> String {
    format!("{} {remark}", kind.as_str())
}

/// Writes the number of a version, with the one that it was committed with, or frozen, where a merge changed it.
pub(super) fn version_text(committed: &Version, number: &Version) -> String {
    if number == committed { number.to_string() } else { format!("{number} (frozen as {committed})") }
}
