//! The tree of files: every version's bytes, and files that belong to none.

use super::{IntegrityProblem, ProblemKind, WorkspaceVerification, problem_of};
use crate::model::{GroupName, Hint, Location, SETTINGS_FILE, Version};
use crate::workspace::Workspace;
use crate::workspace::error::{Error, missing_hint};
use crate::workspace::layout::{self, DEPLOYMENTS_FOLDER, GROUPS_FOLDER, HISTORY_FOLDER};
use crate::workspace::version_note::{self, ReadNote, noted_version};

/// The name of the history of keys and grants, which is none of an environment.
const ACCESS_HISTORY: &str = "access";

pub(super) fn verify(
    workspace: &Workspace,
    result: &mut WorkspaceVerification,
    progress: &mut dyn FnMut(&str),
) -> Result<(), Error> {
    for name in list(workspace, GROUPS_FOLDER, result)? {
        let place = format!("{GROUPS_FOLDER}/{name}");
        match name.parse::<GroupName>() {
            Ok(group) => {
                progress(group.as_str());
                // One group that cannot be read hides no other.
                if let Err(error) = verify_group(workspace, &group, result) {
                    result.problems.extend(problem_of(error, ProblemKind::Damaged)?);
                }
            }
            Err(_) if name.starts_with('.') => {}
            Err(_) => result.problems.push(foreign(place, "this is not a group: its name is not allowed")),
        }
    }
    let known = workspace.settings().environments();
    let is_known = |name: &str| known.iter().any(|environment| environment.as_str() == name);
    for name in list(workspace, DEPLOYMENTS_FOLDER, result)? {
        if !name.starts_with('.') && !name.strip_suffix(".yaml").is_some_and(is_known) {
            let message = "no environment of apigw.toml has this file: its environment was removed or renamed";
            result.problems.push(undeclared(format!("{DEPLOYMENTS_FOLDER}/{name}"), message));
        }
    }
    for name in list(workspace, HISTORY_FOLDER, result)? {
        if !name.starts_with('.') && !is_known(&name) && name != ACCESS_HISTORY {
            let message = "no environment of apigw.toml has this history: its environment was removed or renamed";
            result.problems.push(undeclared(format!("{HISTORY_FOLDER}/{name}"), message));
        }
    }
    Ok(())
}

/// Lists a folder; a file in its place is a problem.
fn list(workspace: &Workspace, place: &str, result: &mut WorkspaceVerification) -> Result<Vec<String>, Error> {
    workspace.root.list(place).or_else(|error| {
        result.problems.extend(problem_of(error, ProblemKind::Damaged)?);
        Ok(Vec::new())
    })
}

/// Makes the problem of a file or a history whose environment the settings do not have.
fn undeclared(place: String, message: &str) -> IntegrityProblem {
    let hint = "declare the environment in apigw.toml again, and take its groups offline before you remove it; or \
                rename both its file and its history";
    IntegrityProblem::new(ProblemKind::Foreign, Location::file(place), message, hint)
}

fn foreign(place: String, message: &str) -> IntegrityProblem {
    IntegrityProblem::new(ProblemKind::Foreign, Location::file(place), message, "rename it, or move it elsewhere")
}

fn verify_group(workspace: &Workspace, group: &GroupName, result: &mut WorkspaceVerification) -> Result<(), Error> {
    let settings = layout::group_file(group, SETTINGS_FILE);
    // The notes on the versions of a deleted group stay.
    if workspace.is_group(group)? && !workspace.root.exists(&settings)? {
        let message = format!("the group {group} has no settings");
        result.problems.push(IntegrityProblem::new(
            ProblemKind::Missing,
            Location::file(&settings),
            message,
            working_copy_hint(workspace, group, settings.clone())?,
        ));
    }
    for name in workspace.root.list(&layout::versions(group))? {
        if let Ok(version) = name.parse::<Version>() {
            verify_version(workspace, group, &version, result)?;
        } else if let Some(version) = noted_version(&name) {
            verify_note(workspace, group, &version, result)?;
        } else {
            let place = format!("{}/{name}", layout::versions(group));
            result.problems.push(foreign(place, "this is not a version: its name is not semver"));
        }
    }
    Ok(())
}

/// Returns the hint for a group without settings: where nothing but its versions is left, all of its working copy is
/// gone.
fn working_copy_hint(workspace: &Workspace, group: &GroupName, settings: String) -> Result<Hint, Error> {
    let folder = layout::group(group);
    let has_rest = workspace.root.list(&folder)?.iter().any(|name| name != "versions");
    let commit = String::new();
    Ok(if has_rest { missing_hint(&settings) } else { Hint::RestoreGroup { folder, settings, commit } })
}

fn verify_note(
    workspace: &Workspace,
    group: &GroupName,
    version: &Version,
    result: &mut WorkspaceVerification,
) -> Result<(), Error> {
    match workspace.read_note(group, version) {
        Ok(Some(ReadNote { conflict: Some(line), .. })) => {
            let location = Location { file: version_note::place(group, version).into(), line, column: 1 };
            let message = "a merge left conflict markers; the lines of both sides count";
            let hint = "remove the markers, and of the lines those that no longer hold";
            result.problems.push(IntegrityProblem::new(ProblemKind::HandEdit, location, message, hint));
        }
        Ok(_) => {}
        Err(error) => result.problems.extend(problem_of(error, ProblemKind::Damaged)?),
    }
    Ok(())
}

fn verify_version(
    workspace: &Workspace,
    group: &GroupName,
    version: &Version,
    result: &mut WorkspaceVerification,
) -> Result<(), Error> {
    result.versions += 1;
    let checked = workspace.version(group, version).and_then(|_| workspace.manifest(group, version));
    match checked {
        Ok(Some(manifest)) => {
            for path in workspace.foreign_files(group, version, &manifest)? {
                let place = format!("{}/{path}", layout::version(group, version));
                result.problems.push(foreign(place, "this file is not a part of the frozen version"));
            }
            let barred = workspace.check_not_deleted(group, version, manifest.digest());
            // A note that cannot be read is a problem of its own.
            if let Err(error @ Error::VersionDeleted { .. }) = barred {
                let message = format!("{}: a merge brought other bytes under it", error.one_line());
                let location = Location::file(layout::version(group, version));
                let hint = Hint::RenumberVersions { environment: None };
                result.problems.push(IntegrityProblem::new(ProblemKind::Damaged, location, message, hint));
            }
        }
        Ok(None) => {}
        Err(error) => result.problems.extend(problem_of(error, ProblemKind::Damaged)?),
    }
    Ok(())
}
