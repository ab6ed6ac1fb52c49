//! The versions that are live: each exists with the digest that its entry states, and is not blocked.

use super::entries::EnvironmentEntries;
use super::{IntegrityProblem, ProblemKind, group_location};
use crate::model::{Deployment, DeploymentState, EnvironmentName, GroupName, Hint, Location, RestoreSource, Version};
use crate::workspace::error::missing_hint;
use crate::workspace::{Workspace, layout};

pub(super) fn check(
    workspace: &Workspace,
    entries: &EnvironmentEntries,
    environment: &EnvironmentName,
    problems: &mut Vec<IntegrityProblem>,
) {
    for (group, Deployment { release, .. }) in entries.recorded() {
        if release.state != DeploymentState::Live {
            continue;
        }
        let version = &release.version;
        let place = layout::version(group, version);
        let location = || Location::file(&place);
        let notes = workspace.readable_notes(group).unwrap_or_default().0;
        // A version or a note that cannot be read is reported by the walk over all of them.
        match workspace.locate_release(group, version, release.digest) {
            Ok(None) if workspace.root.exists(&place).unwrap_or(true) => problems.push(IntegrityProblem::new(
                ProblemKind::Damaged,
                location(),
                format!("version {version} of {group} is live in {environment} with another digest"),
                workspace.missing_version_hint(environment, group, version),
            )),
            // It was deleted most likely on another branch than that on which it went live.
            Ok(None) => problems.push(match notes.deletion(&release.digest) {
                Some(deletion) => IntegrityProblem::new(
                    ProblemKind::Missing,
                    location(),
                    format!("version {version} of {group} is live in {environment}, and was deleted {deletion}"),
                    deleted_hint(workspace, group, environment, &place),
                ),
                None => IntegrityProblem::new(
                    ProblemKind::Missing,
                    location(),
                    format!("version {version} of {group} is live in {environment}, and its folder is missing"),
                    missing_hint(&place),
                ),
            }),
            Ok(Some(_)) | Err(_) => {}
        }
        if let Some(block) = notes.block(&release.digest) {
            let message = format!("version {version} of {group} is live, and was blocked {block}");
            let hint = Hint::LeaveBlockedVersion {
                group: group.clone(),
                environment: environment.clone(),
                version: version.clone(),
                has_way_back: workspace.has_way_back(environment, group),
            };
            problems.push(IntegrityProblem::new(ProblemKind::Blocked, group_location(environment), message, hint));
        }
    }
}

impl Workspace {
    /// Returns the hint for a version that lies under no number: where another whole version has the number, restoring
    /// the folder would overwrite that one.
    #[must_use]
    pub fn missing_version_hint(&self, environment: &EnvironmentName, group: &GroupName, version: &Version) -> Hint {
        match self.version(group, version) {
            Ok(Some(_)) => Hint::RenumberVersions { environment: Some(environment.clone()) },
            _ => missing_hint(&layout::version(group, version)),
        }
    }
}

fn deleted_hint(workspace: &Workspace, group: &GroupName, environment: &EnvironmentName, place: &str) -> Hint {
    Hint::RestoreDeletedVersion {
        group: group.clone(),
        environment: environment.clone(),
        folder: place.to_owned(),
        removed_file: format!("{place}/{}", crate::model::VERSION_FILE),
        source: RestoreSource::Commit,
        has_way_back: workspace.has_way_back(environment, group),
    }
}
