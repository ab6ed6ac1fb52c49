//! State of the workspace that Git ignores: no clone has it, and `git clean -X` deletes it.

use std::collections::BTreeSet;

use super::Workspace;
use super::access::KEYS_FOLDER;
use super::git::{GitCheckout, IgnoredFile};
use super::layout::{self, DEPLOYMENTS_FOLDER, GROUPS_FOLDER, HISTORY_FOLDER, WORKSPACE_FILE};
use crate::check::rules::files::STATE_IGNORED;
use crate::model::{Finding, GroupName, Location, SETTINGS_FILE, VERSION_FILE, Version};
use crate::plan::Plan;

/// The way out.
const HINT: &str = "no clone has it, and `git clean -X` deletes it: change the pattern so that it leaves it out (`/build/` leaves out folders of \
     that name further down), then `git add` it and commit";

impl Workspace {
    /// Finds the files of settings, groups, environments, histories and keys that Git ignores.
    #[must_use]
    pub fn ignored_state(&self) -> Vec<Finding> {
        let Some(checkout) = GitCheckout::find(self.folder()) else { return Vec::new() };
        let folders = [WORKSPACE_FILE, DEPLOYMENTS_FOLDER, HISTORY_FOLDER, KEYS_FOLDER, GROUPS_FOLDER];
        let present = checkout.present_ignored_files(&folders).into_iter().filter(|place| is_state(place)).collect();
        let finding = |IgnoredFile { place, source, pattern }| {
            let message = format!("Git ignores this: {source} has the pattern `{pattern}`");
            STATE_IGNORED.finding(Location::file(place), message, HINT)
        };
        ignored_parts(&checkout, present).into_iter().map(finding).collect()
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
                places.extend(self.version_places(group, &change.after.version));
                places.insert(layout::group_file(group, SETTINGS_FILE));
            }
        }
        for freeze in plans.iter().flat_map(|plan| plan.freezes.values()) {
            let folder = layout::version(&freeze.group, &freeze.version);
            places.extend(freeze.files.iter().map(|(path, _)| format!("{folder}/{path}")));
        }
        let warning = |IgnoredFile { place, source, pattern }| {
            format!("Git ignores {}: {source} has the pattern `{pattern}`; {HINT}", part_of(&place))
        };
        ignored_parts(&checkout, places).into_iter().map(warning).collect()
    }
}

impl Workspace {
    /// Lists the files of a frozen version, as far as its list can be read, and those of the working copy that they
    /// were made of.
    fn version_places(&self, group: &GroupName, version: &Version) -> Vec<String> {
        let folder = layout::version(group, version);
        let manifest = self.manifest(group, version).ok().flatten();
        let files = manifest.iter().flat_map(|manifest| manifest.0.keys());
        let files = files.flat_map(|path| [format!("{folder}/{path}"), layout::group_file(group, path)]);
        files.chain([format!("{folder}/{VERSION_FILE}")]).collect()
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
    if files.iter().any(|file| file.place == WORKSPACE_FILE) && checkout.tracked_files().is_empty() {
        return Vec::new();
    }
    let mut known = BTreeSet::new();
    files.retain(|file| known.insert((part_of(&file.place).to_owned(), file.source.clone())));
    files
}

/// True for a file of the workspace that a command wrote, or that an API is made of; others may lie beside them.
fn is_state(place: &str) -> bool {
    let (folder, name) = place.rsplit_once('/').unwrap_or(("", place));
    let is_document = [".yaml", ".yml", ".json", ".toml"].iter().any(|end| name.ends_with(end));
    !name.starts_with('.') && (is_document || layout::version_in(place).is_some() || folder.contains("/versions/"))
}

/// Returns the folder of a group, of a history or of keys in which a file lies, else the file.
fn part_of(place: &str) -> &str {
    let mut parts = place.splitn(3, '/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(KEYS_FOLDER), Some(_), _) => KEYS_FOLDER,
        (Some(GROUPS_FOLDER | HISTORY_FOLDER), Some(_), Some(below)) => &place[..place.len() - below.len() - 1],
        _ => place,
    }
}
