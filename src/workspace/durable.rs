//! Writing so that what was written survives: temporary file, fsync, rename, fsync of the folders.
//!
//! After a failed fsync nothing is synced again through the same descriptor: the kernel may have
//! dropped the pages and would report success. The caller fails, and the next run writes anew.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::error::{At, Error, PathError};
use super::layout::Root;
use crate::model::FileSet;

/// Files on their way into a workspace, and the folders that must be synced before they count.
pub(super) struct Stage<'a> {
    root: &'a Root,
    /// The folder for temporary files; nobody else uses it while the lock is held.
    temporary: &'a Path,
    folders: BTreeSet<PathBuf>,
}

impl<'a> Stage<'a> {
    pub(super) const fn new(root: &'a Root, temporary: &'a Path) -> Self {
        Self { root, temporary, folders: BTreeSet::new() }
    }

    /// Puts a file in its place. It is durable once [`Stage::sync`] has returned.
    pub(super) fn write(&mut self, place: &str, bytes: &[u8]) -> Result<(), Error> {
        let target = self.root.locate(place)?;
        self.make_parent(&target)?;
        let permissions = fs::metadata(&target).ok().map(|metadata| metadata.permissions());
        let temporary = tempfile::NamedTempFile::new_in(self.temporary).at("write in", self.temporary)?;
        fill(temporary.as_file(), temporary.path(), bytes, permissions)?;
        temporary.persist(&target).map_err(|error| error.error).at("replace", &target)?;
        self.remember(&target);
        Ok(())
    }

    /// Puts a folder of files in its place, which must be free, in one step.
    pub(super) fn write_folder(&mut self, place: &str, files: &FileSet, read_only: bool) -> Result<(), Error> {
        let target = self.root.locate(place)?;
        self.make_parent(&target)?;
        let temporary = tempfile::TempDir::new_in(self.temporary).at("write in", self.temporary)?;
        let mut folders = BTreeSet::from([temporary.path().to_owned()]);
        for (path, bytes) in files.iter() {
            let path = temporary.path().join(path);
            let parent = path.parent().unwrap_or_else(|| temporary.path());
            fs::create_dir_all(parent).at("create", parent)?;
            let below = parent.ancestors().take_while(|folder| folder.starts_with(temporary.path()));
            folders.extend(below.map(Path::to_owned));
            let file = File::create_new(&path).at("write", &path)?;
            fill(&file, &path, bytes, None)?;
            if read_only {
                make_read_only(&file, &path)?;
            }
        }
        for folder in folders.iter().rev() {
            sync_folder(folder)?;
        }
        make_readable(temporary.path())?;
        fs::rename(temporary.path(), &target).at("create", &target)?;
        // Its folder has another name now; there is nothing left to remove.
        let _ = temporary.keep();
        self.remember(&target);
        Ok(())
    }

    /// Removes a file whose absence is to be durable.
    pub(super) fn remove(&mut self, place: &str) -> Result<(), Error> {
        let target = self.root.locate(place)?;
        fs::remove_file(&target).at("remove", &target)?;
        self.remember(&target);
        Ok(())
    }

    /// Takes a folder away in one step, then removes what was in it.
    pub(super) fn remove_folder(&mut self, place: &str) -> Result<(), Error> {
        let target = self.root.locate(place)?;
        let grave = tempfile::TempDir::new_in(self.temporary).at("write in", self.temporary)?;
        fs::rename(&target, grave.path().join("removed")).at("remove", &target)?;
        self.remember(&target);
        grave.close().at("remove", &target)?;
        Ok(())
    }

    /// Syncs what lies in place already: another process may have died before it did so.
    pub(super) fn adopt_folder(&mut self, place: &str, files: &FileSet) -> Result<(), Error> {
        let target = self.root.locate(place)?;
        let mut folders = BTreeSet::from([target.clone()]);
        for (path, _) in files.iter() {
            let path = target.join(path);
            File::open(&path).and_then(|file| file.sync_all()).at("sync", &path)?;
            let parents = path.ancestors().skip(1).take_while(|folder| folder.starts_with(&target));
            folders.extend(parents.map(Path::to_owned));
        }
        for folder in folders.iter().rev() {
            sync_folder(folder)?;
        }
        self.remember(&target);
        Ok(())
    }

    /// Syncs every folder from what was written up to the workspace's own, the deepest first.
    pub(super) fn sync(self) -> Result<(), PathError> {
        for folder in self.folders.iter().rev() {
            sync_folder(folder)?;
        }
        Ok(())
    }

    fn make_parent(&self, target: &Path) -> Result<(), PathError> {
        let parent = target.parent().unwrap_or_else(|| self.root.path());
        fs::create_dir_all(parent).at("create", parent)
    }

    fn remember(&mut self, target: &Path) {
        let root = self.root.path();
        let up = target.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
        self.folders.extend(up.map(Path::to_owned));
    }
}

fn fill(mut file: &File, path: &Path, bytes: &[u8], permissions: Option<Permissions>) -> Result<(), PathError> {
    file.write_all(bytes).at("write", path)?;
    file.set_permissions(permissions.unwrap_or_else(readable_by_all)).at("write", path)?;
    file.sync_all().at("sync", path)
}

fn sync_folder(folder: &Path) -> Result<(), PathError> {
    File::open(folder).and_then(|file| file.sync_all()).at("sync", folder)
}

fn make_read_only(file: &File, path: &Path) -> Result<(), PathError> {
    let mut permissions = file.metadata().at("write", path)?.permissions();
    permissions.set_readonly(true);
    file.set_permissions(permissions).at("write", path)
}

/// Returns the permissions of a new file. A temporary file is its owner's alone (0600), and a team
/// shares its workspace.
#[cfg(unix)]
fn readable_by_all() -> Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    Permissions::from_mode(0o644)
}

#[cfg(unix)]
fn make_readable(folder: &Path) -> Result<(), PathError> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, Permissions::from_mode(0o755)).at("write", folder)
}
