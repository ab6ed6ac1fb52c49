//! State of the workspace that Git ignores: no clone has it, and `git clean -X` deletes it.

use std::collections::BTreeSet;

use super::Workspace;
use super::error::Error;
use super::git::{GitCheckout, IgnoredFile};
use super::layout::{self, GROUPS_FOLDER, HISTORY_FOLDER, WORKSPACE_FILE};
use crate::check::rules::files::STATE_IGNORED;
use crate::model::{Finding, GroupName, Location, SETTINGS_FILE, VERSION_FILE, Version};
use crate::plan::Plan;

/// The way out.
const HINT: &str = "no clone has it, and `git clean -X` deletes it: change the pattern so that it leaves it out (`/build/` leaves out folders of \
     that name further down), then `git add` it and commit";

impl Workspace {
    /// Finds the groups, environments and histories that Git ignores.
    ///
    /// # Errors
    ///
    /// Fails where a folder of the workspace cannot be listed.
    pub fn ignored_state(&self) -> Result<Vec<Finding>, Error> {
        let Some(checkout) = GitCheckout::find(self.folder()) else { return Ok(Vec::new()) };
        let mut places = BTreeSet::new();
        for name in self.recorded_environments()? {
            let newest = self.operation_ids(&name)?.pop();
            places.extend(newest.map(|newest| layout::operation(&name, &newest)));
            places.insert(layout::environment(&name));
        }
        for group in self.groups()? {
            places.extend(self.versions(&group)?.iter().map(|version| manifest(&group, version)));
            places.insert(layout::group_file(&group, SETTINGS_FILE));
        }
        let finding = |IgnoredFile { place, source, pattern }| {
            let message = format!("Git ignores this: {source} has the pattern `{pattern}`");
            STATE_IGNORED.finding(Location::file(place), message, HINT)
        };
        Ok(ignored_parts(&checkout, places).into_iter().map(finding).collect())
    }

    /// Returns warnings of the groups and environments of plans that Git ignores.
    #[must_use]
    pub fn ignored_state_warnings(&self, plans: &[Plan]) -> Vec<String> {
        let Some(checkout) = GitCheckout::find(self.folder()) else { return Vec::new() };
        let mut places = BTreeSet::new();
        for operation in plans.iter().filter(|plan| !plan.is_empty()).map(|plan| &plan.operation) {
            let name = &operation.environment;
            // The operation gets its own name when it is committed.
            places.extend([layout::environment(name), format!("{}/new.yaml", layout::history(name))]);
            for (group, change) in &operation.changes {
                places.extend([manifest(group, &change.after.version), layout::group_file(group, SETTINGS_FILE)]);
            }
        }
        let warning = |IgnoredFile { place, source, pattern }| {
            format!("Git ignores {}: {source} has the pattern `{pattern}`; {HINT}", part_of(&place))
        };
        ignored_parts(&checkout, places).into_iter().map(warning).collect()
    }
}

/// Returns of each group, environment and history the first file that Git ignores, for each pattern.
fn ignored_parts(checkout: &GitCheckout, places: BTreeSet<String>) -> Vec<IgnoredFile> {
    if places.is_empty() {
        return Vec::new();
    }
    let places: Vec<String> = places.into_iter().chain([WORKSPACE_FILE.to_owned()]).collect();
    let mut files = checkout.ignored_files(&places);
    // Somebody keeps the whole workspace out of Git.
    if files.iter().any(|file| file.place == WORKSPACE_FILE) {
        return Vec::new();
    }
    let mut known = BTreeSet::new();
    files.retain(|file| known.insert((part_of(&file.place).to_owned(), file.source.clone())));
    files
}

/// Returns the folder of a group or of a history in which a file lies, else the file.
fn part_of(place: &str) -> &str {
    let mut parts = place.splitn(3, '/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(GROUPS_FOLDER | HISTORY_FOLDER), Some(_), Some(below)) => &place[..place.len() - below.len() - 1],
        _ => place,
    }
}

fn manifest(group: &GroupName, version: &Version) -> String {
    format!("{}/{VERSION_FILE}", layout::version(group, version))
}
