//! The folder of this machine's own files, `.apigw`.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use super::error::{Error, PathContext};
use super::layout::{LOCAL_FOLDER, WorkspaceRoot};

/// The bits of a folder that let its group write into it, and new files inherit that group.
const GROUP_BITS: u32 = 0o2020;

/// Creates the folder of this machine's own files, with a `.gitignore` that covers all of it. Whoever may write into the
/// workspace by their group may write there as well, whatever the umask of its maker.
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
