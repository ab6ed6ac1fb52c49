//! The versions that the history needs: each release that an operation names lies under some number, or was deleted
//! with a note.

use std::collections::BTreeMap;

use super::entries::EnvironmentEntries;
use super::operations::{EnvironmentOperations, OperationRead};
use super::{IntegrityProblem, ProblemKind};
use crate::model::{DeploymentState, Digest, GroupName, Location, OperationId, Version};
use crate::workspace::{Workspace, layout};

/// Reports each version that is gone, once; those that are live are reported as such.
pub(super) fn check(
    operations: &mut EnvironmentOperations<'_>,
    files: &[String],
    abandoned: &[OperationId],
    entries: &EnvironmentEntries,
) -> Vec<IntegrityProblem> {
    let (workspace, environment) = (operations.workspace, operations.environment);
    let mut named: BTreeMap<(GroupName, Digest), (Version, OperationId)> = BTreeMap::new();
    for file in files {
        let Some(id) = layout::operation_of(file) else { continue };
        if abandoned.contains(&id) {
            continue;
        }
        let OperationRead::Whole(operation) = operations.get(&id) else { continue };
        for (group, change) in &operation.changes {
            for release in change.predecessors().map(|entry| &entry.release).chain([&change.after]) {
                let key = (group.clone(), release.digest);
                named.entry(key).or_insert_with(|| (release.version.clone(), id.clone()));
            }
        }
    }
    for (group, entry) in entries.recorded().filter(|(_, entry)| entry.release.state == DeploymentState::Live) {
        named.remove(&(group.clone(), entry.release.digest));
    }
    let is_gone = |group: &GroupName, version: &Version, digest: Digest| {
        // A version that cannot be read is reported by the walk over all of them.
        matches!(workspace.locate_release(group, version, digest), Ok(None)) && !was_deleted(workspace, group, &digest)
    };
    let mut problems = Vec::new();
    for ((group, digest), (version, id)) in named {
        if is_gone(&group, &version, digest) {
            let place = layout::version(&group, &version);
            let is_other = workspace.root.exists(&place).unwrap_or(false);
            let fault = if is_other { "has other content than it was published with" } else { "is missing" };
            let message = format!(
                "version {version} of {group} {fault}, and operation {id} in {environment} needs it for a way back"
            );
            let hint = workspace.missing_version_hint(environment, &group, &version);
            problems.push(IntegrityProblem::new(ProblemKind::Missing, Location::file(place), message, hint));
        }
    }
    problems
}

/// True if a note says that a release was deleted, or if the notes cannot be read, which the walk over all files
/// reports.
fn was_deleted(workspace: &Workspace, group: &GroupName, digest: &Digest) -> bool {
    let Ok(notes) = workspace.version_notes(group) else { return true };
    notes.deletion(digest).is_some()
}
