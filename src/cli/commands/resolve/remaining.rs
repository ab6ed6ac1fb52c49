//! The rest of a merge: files that are still in conflict, each with its command, and the command with which it
//! continues.

use std::path::Path;

use crate::access::AccessSubject;
use crate::cli::hints;
use crate::cli::shell::shell_word;
use crate::workspace::{GitOperation, Workspace};

/// The folders whose files commands of this program join.
const JOINED_FOLDERS: [&str; 3] = ["deployments", "history", "keys"];

/// Returns the command with which a merge continues in Git, once all that is left in conflict is resolved. `places`
/// begins with those that were changed just now.
pub(super) fn next_text(
    folder: &Path,
    workspace: &Workspace,
    git_operation: Option<GitOperation>,
    mut places: Vec<String>,
) -> String {
    let environments = workspace.settings().environments().into_iter();
    let mut left: Vec<String> = environments
        .filter(|environment| workspace.is_conflicted(environment))
        .map(|environment| format!("deployments/{environment}.yaml with `apigw resolve --env {environment}`"))
        .collect();
    // Those that an earlier resolve of this merge wrote are no less a part of it.
    places.extend(workspace.unstaged_version_folders());
    for file in workspace.unmerged_files() {
        let is_below = |place: &str| file.strip_prefix(place).is_some_and(|rest| rest.starts_with('/'));
        if let Some(subject) = access_subject(&file).filter(|_| workspace.has_conflict_markers(&file)) {
            left.push(format!("{} with `apigw resolve --access {}`", shell_word(&file), subject.typed()));
        }
        if let Some(joined) = JOINED_FOLDERS.into_iter().find(|joined| is_below(joined)) {
            if !places.iter().any(|place| place == joined) {
                places.push(joined.to_owned());
            }
        } else {
            // Whoever settled it by hand has only to add it.
            if workspace.has_conflict_markers(&file) {
                left.push(shell_word(&file));
            }
            if !places.iter().any(|place| is_below(place)) {
                places.push(shell_word(&file));
            }
        }
    }
    let then = match git_operation {
        Some(GitOperation::Merge) => "git merge --continue",
        Some(GitOperation::Rebase) => "git rebase --continue",
        Some(GitOperation::CherryPick) => "git cherry-pick --continue",
        // Git refuses to continue a revert of which nothing is left.
        Some(GitOperation::Revert) if workspace.is_as_committed() => "git revert --skip",
        Some(GitOperation::Revert) => "git revert --continue",
        None => "git commit",
    };
    let first = match left.as_slice() {
        [] => String::new(),
        left => format!("resolve what is still in conflict: {}; then ", left.join(", ")),
    };
    let text = format!("next: {first}`git add {}`, then `{then}`\n", places.join(" "));
    match hints::git_in(folder, workspace) {
        Some(git) => hints::relocated(&text, &git),
        None => text,
    }
}

/// Returns the key, the owner or the secret of a file.
fn access_subject(file: &str) -> Option<AccessSubject> {
    let name = file.strip_prefix("keys/")?.strip_suffix(".yaml")?;
    match name.split_once('/') {
        None => name.parse().ok().map(AccessSubject::Key),
        Some(("owners", owner)) => owner.parse().ok().map(AccessSubject::Owner),
        Some(("revoked", id)) => id.parse().ok().map(AccessSubject::Secret),
        Some(_) => None,
    }
}
