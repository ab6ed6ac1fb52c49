//! Places of a workspace's own files and of Git's, which no output that the user names may take.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::access::{
    COMMITTED_REVOCATIONS_FILE, DAY_COUNTS_FILE, KEY_SETS_FOLDER, KEYS_FOLDER, LATEST_DATES_FILE, REVOKED_FILE,
    SIGNED_DATES_FILE,
};
use super::error::Error;
use super::layout::{self, LOCAL_FOLDER, WORKSPACE_FILE};
use super::push::PUSHES_FILE;
use super::replica::INSTALLED_FILE;
use crate::check::rules::records::OWN_FILE;
use crate::model::Location;

/// The names in a workspace's folder that are its own. Its local folder has others' files beside its own.
const OWN: [&str; 7] = [
    WORKSPACE_FILE,
    layout::ATTRIBUTES_FILE,
    layout::IGNORE_FILE,
    layout::GROUPS_FOLDER,
    layout::DEPLOYMENTS_FOLDER,
    layout::HISTORY_FOLDER,
    KEYS_FOLDER,
];

/// The places in the local folder that are the workspace's own.
const OWN_LOCAL: [&str; 19] = [
    ".apigw/.gitignore",
    layout::SECRETS_FOLDER,
    layout::HOLDER_FILE,
    layout::LOCK_FILE,
    layout::MARKER_FILE,
    layout::INTENT_FILE,
    layout::IMPORT_FOLDER,
    layout::REPLACED_FOLDER,
    layout::TEMPORARY_FOLDER,
    layout::GATEWAYS_FOLDER,
    layout::FLEETS_FOLDER,
    REVOKED_FILE,
    COMMITTED_REVOCATIONS_FILE,
    KEY_SETS_FOLDER,
    DAY_COUNTS_FILE,
    SIGNED_DATES_FILE,
    LATEST_DATES_FILE,
    INSTALLED_FILE,
    PUSHES_FILE,
];

/// The folder of a Git checkout's own files, or the file that names it.
const GIT_FOLDER: &str = ".git";
/// The files and folders by which a Git folder of any name is known.
const GIT_PARTS: [&str; 3] = ["HEAD", "objects", "refs"];

/// Fails for a workspace's folder, for a path in a place of its own, whichever workspace that is, and for one in a
/// place of Git's.
pub(super) fn require_foreign(path: &Path) -> Result<(), Error> {
    let Some(target) = resolved(path) else { return Ok(()) };
    if is_of_git(&target) {
        return Err(own_file(path, "this is a place of Git's own files"));
    }
    let roots = target.ancestors().filter(|folder| folder.join(WORKSPACE_FILE).is_file());
    let is_own = |root: &Path| {
        let below = target.strip_prefix(root).unwrap_or(&target);
        let first = below.components().next();
        let is_first = |name: &str| first.is_some_and(|first| first.as_os_str() == std::ffi::OsStr::new(name));
        below.as_os_str().is_empty()
            || below == Path::new(LOCAL_FOLDER)
            || OWN.iter().any(|name| is_first(name))
            || OWN_LOCAL.iter().any(|place| below.starts_with(place))
    };
    if roots.into_iter().any(is_own) {
        return Err(own_file(path, "this is a place of the workspace's own files"));
    }
    Ok(())
}

fn own_file(path: &Path, message: &str) -> Error {
    Error::invalid(&OWN_FILE, Location::file(path.display().to_string()), message.to_owned(), "name a file elsewhere")
}

/// True if a path lies in the folder of a checkout's own files or of a bare repository. Some file systems ignore the
/// case of letters.
fn is_of_git(target: &Path) -> bool {
    let is_named = |part: Component<'_>| part.as_os_str().eq_ignore_ascii_case(GIT_FOLDER);
    let is_bare = |folder: &Path| GIT_PARTS.iter().all(|part| folder.join(part).exists());
    // The worktrees of a bare repository often lie in its folder: the nearest one decides.
    let is_outside = |folder: &&Path| !folder.join(GIT_FOLDER).exists();
    target.components().any(is_named) || target.ancestors().take_while(is_outside).any(is_bare)
}

/// Resolves the links of a path whose last parts need not exist.
fn resolved(path: &Path) -> Option<PathBuf> {
    /// As many as Linux follows.
    const MOST_LINKS: usize = 40;
    resolved_through(path, MOST_LINKS)
}

/// Resolves a path through as many links whose targets do not exist; `None` where there are more, as in a circle.
fn resolved_through(path: &Path, links: usize) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    let existing = path.ancestors().find_map(|above| Some((above, fs::canonicalize(above).ok()?)));
    let (above, mut target) = existing?;
    for part in path.strip_prefix(above).ok()?.components() {
        match part {
            Component::ParentDir => drop(target.pop()),
            Component::Normal(name) => {
                let place = target.join(name);
                target = match fs::read_link(&place) {
                    Ok(next) => resolved_through(&target.join(next), links.checked_sub(1)?)?,
                    Err(_) => place,
                };
            }
            _ => {}
        }
    }
    Some(target)
}
