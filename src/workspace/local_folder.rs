//! The folder of this machine's own files, `.apigw`.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use super::Workspace;
use super::error::{Error, PathContext};
use super::git::GitCheckout;
use super::layout::{LOCAL_FOLDER, WorkspaceRoot};
use crate::check::rules::files::LOCAL_FILE_TRACKED;
use crate::model::{Finding, Location};

/// The bits of a folder that let its group write into it, and new files inherit that group.
const GROUP_BITS: u32 = 0o2020;

impl Workspace {
    /// Finds the files of this machine that Git has.
    pub(super) fn tracked_local_files(&self) -> Vec<Finding> {
        let tracked = GitCheckout::find(self.folder()).map(|checkout| checkout.tracked_files()).unwrap_or_default();
        let is_local = |place: &String| place.starts_with(".apigw/") && place != ".apigw/.gitignore";
        let hint =
            "`git rm -r --cached .apigw` and commit; what is a secret, revoke: its bytes stay in the past of Git";
        let finding = |place: String| {
            let message = "Git has this file, which is of one machine";
            LOCAL_FILE_TRACKED.finding(Location::file(place), message, hint)
        };
        tracked.into_iter().filter(is_local).map(finding).collect()
    }
}

/// Creates the folder of this machine's own files, with a `.gitignore` that covers all of it. Whoever may write into
/// the workspace by their group may write there as well, whatever the umask of its maker.
pub(super) fn make_local_folder(root: &WorkspaceRoot) -> Result<(), Error> {
    let folder = root.locate(LOCAL_FOLDER)?;
    let ignore = folder.join(".gitignore");
    if !ignore.exists() {
        fs::create_dir_all(&folder).at("create", &folder)?;
        share_with_group(&folder, root.path());
        fs::write(&ignore, "*\n").at("write", &ignore)?;
    }
    Ok(())
}

/// Gives a folder the group and the group's bits of the one that it lies in. Only its owner can, so this may fail.
pub(super) fn share_with_group(folder: &Path, parent: &Path) {
    let (Ok(own), Ok(above)) = (fs::metadata(folder), fs::metadata(parent)) else { return };
    let shared = above.mode() & GROUP_BITS;
    if shared == 0 || own.mode() & shared == shared {
        return;
    }
    if own.gid() != above.gid() {
        let _ = std::os::unix::fs::chown(folder, None, Some(above.gid()));
    }
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode((own.mode() | shared) & 0o7777));
}
