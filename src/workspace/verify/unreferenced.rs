//! Frozen versions that no operation names: a publish that was cut off left them, or `version create`. They do no harm.

use std::collections::BTreeSet;

use super::entries::EnvironmentEntries;
use super::operations::{EnvironmentOperations, OperationRead};
use super::{IntegrityProblem, ProblemKind, WorkspaceVerification};
use crate::model::{Digest, GroupName, Hint, Location, OperationId};
use crate::workspace::{UnusedVersion, Workspace, layout};

/// Releases that operations and entries name, by group and digest.
pub(super) type NamedReleases = BTreeSet<(GroupName, Digest)>;

/// Returns every release that an operation of an environment or an entry names; `None` where one cannot be read.
pub(super) fn named(
    operations: &mut EnvironmentOperations<'_>,
    files: &[String],
    entries: &EnvironmentEntries,
) -> Option<NamedReleases> {
    let mut named: NamedReleases =
        entries.recorded().map(|(group, entry)| (group.clone(), entry.release.digest)).collect();
    let mut before: BTreeSet<OperationId> = entries.recorded().map(|(_, entry)| entry.operation.clone()).collect();
    for file in files {
        let OperationRead::Whole(operation) = operations.get(&layout::operation_of(file)?) else { return None };
        for (group, change) in &operation.changes {
            let releases = change.predecessors().map(|entry| &entry.release).chain([&change.after]);
            named.extend(releases.map(|release| (group.clone(), release.digest)));
            before.extend(change.predecessors().map(|entry| entry.operation.clone()));
        }
    }
    let is_there = |id: &OperationId| matches!(operations.get(id), OperationRead::Whole(_));
    (!entries.broken && before.iter().all(is_there)).then_some(named)
}

/// Reports the versions that `prune` would remove. Where something cannot be read, it may name any of them.
pub(super) fn verify(workspace: &Workspace, named: Option<&NamedReleases>, result: &mut WorkspaceVerification) {
    let declared = workspace.settings().environments();
    let Ok(recorded) = workspace.recorded_environments() else { return };
    let is_known = recorded.iter().all(|environment| declared.contains(environment));
    // A publish that is under way freezes its version first.
    let (Some(named), true, false) = (named, is_known, workspace.is_locked()) else { return };
    let unused = workspace.groups().and_then(|groups| workspace.versions_beside(&groups, named));
    for UnusedVersion { group, version, .. } in unused.unwrap_or_default() {
        let message = format!("no operation names version {version} of {group}, and it is not the working copy");
        let location = Location::file(layout::version(&group, &version));
        result.problems.push(IntegrityProblem::new(ProblemKind::Unreferenced, location, message, Hint::PruneVersions));
    }
}
