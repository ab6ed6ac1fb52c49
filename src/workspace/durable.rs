//! Durable writes: temporary file, fsync, rename, fsync of the folders.
//!
//! After a failed fsync nothing is synced again through the same descriptor: the kernel may have
//! dropped the pages and would report success. The caller fails, and the next run writes anew.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::{Error, PathContext, PathError};
use super::folders;
use super::layout::{self, WorkspaceRoot};
use super::local_folder;
use super::take_back::Leftovers;
use crate::model::FileSet;

/// The bit by which new files inherit the group of their folder.
const SET_GROUP_ID: u32 = 0o2000;

/// Files on their way into a workspace, and the folders that must be synced before they count.
pub(super) struct FileStage<'a> {
    root: &'a WorkspaceRoot,
    /// The folder for temporary files; nobody else uses it while the lock is held.
    temporary: &'a Path,
    folders: BTreeSet<PathBuf>,
}

/// A second name of a file that is replaced, so that the file can be put back; dropping it removes the name.
#[derive(Debug)]
pub(super) struct AsideFile(tempfile::TempPath);

impl<'a> FileStage<'a> {
    pub(super) const fn new(root: &'a WorkspaceRoot, temporary: &'a Path) -> Self {
        Self { root, temporary, folders: BTreeSet::new() }
    }

    /// Puts a file in its place. It is durable once [`FileStage::sync`] has returned.
    /// Where it fails, no folder stays that was made for it.
    pub(super) fn write(&mut self, place: &str, bytes: &[u8]) -> Result<(), Error> {
        let missing = self.missing_folders(place)?;
        let written = self.write_file(place, bytes);
        if written.is_err() {
            for folder in missing {
                // One that others use by now has files, and stays.
                let _ = fs::remove_dir(folder);
            }
        }
        written
    }

    /// Returns the folders of a file that are not there yet, the deepest first.
    fn missing_folders(&self, place: &str) -> Result<Vec<PathBuf>, Error> {
        let path = self.root.locate(place)?;
        let is_missing = |folder: &&Path| folder.starts_with(self.root.path()) && folder.symlink_metadata().is_err();
        Ok(path.ancestors().skip(1).take_while(is_missing).map(Path::to_owned).collect())
    }

    fn write_file(&mut self, place: &str, bytes: &[u8]) -> Result<(), Error> {
        let target = self.target(place)?;
        let temporary = self.temporary_file()?;
        fill(temporary.as_file(), temporary.path(), bytes, &target)?;
        temporary.persist(&target).map_err(|error| error.error).at("replace", &target)?;
        self.remember(&target);
        Ok(())
    }

    /// Puts a folder of files in its place, which must be free, in one step.
    pub(super) fn write_folder(&mut self, place: &str, files: &FileSet, read_only: bool) -> Result<(), Error> {
        let target = self.target(place)?;
        let temporary = self.temporary_folder()?;
        let filled = fill_folder(&temporary, files, read_only, &target).map_err(Error::from);
        if let Err(error) = filled.and_then(|()| move_folder_in(&temporary, &target, place, files)) {
            // A leftover is removed by the next holder of the lock.
            let _ = folders::remove_all(&temporary);
            return Err(error);
        }
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

    /// Moves a folder away in one step, which needs no space, then removes its files; the next holder of the lock
    /// removes the rest if that fails.
    pub(super) fn remove_folder(&mut self, place: &str) -> Result<(), Error> {
        let moved = self.move_folder(place)?;
        let _ = folders::remove_all(&moved);
        Ok(())
    }

    /// Moves a folder away in one step, and returns the path to which it moved.
    pub(super) fn move_folder(&mut self, place: &str) -> Result<PathBuf, Error> {
        let target = self.root.locate(place)?;
        let moved = self.in_temporary(|folder| tempfile::Builder::new().make_in(folder, |to| fs::rename(&target, to)));
        let moved = moved.map_err(|error| PathError { action: "remove", path: target.clone(), ..error })?;
        let path = moved.path().to_owned();
        // It is no file that is removed when it is dropped.
        let _ = moved.into_temp_path().keep();
        self.remember(&target);
        Ok(path)
    }

    /// Moves a folder back that was moved away.
    pub(super) fn return_folder(&mut self, place: &str, moved: &Path) -> Result<(), Error> {
        let target = self.root.locate(place)?;
        fs::rename(moved, &target).at("replace", &target)?;
        self.remember(&target);
        Ok(())
    }

    /// Sets a file aside that is about to be replaced; `None` where the system has no hard link for it.
    pub(super) fn set_aside(&self, place: &str) -> Option<AsideFile> {
        let target = self.target(place).ok()?;
        let linked =
            self.in_temporary(|folder| tempfile::Builder::new().make_in(folder, |to| fs::hard_link(&target, to)));
        Some(AsideFile(linked.ok()?.into_temp_path()))
    }

    /// Puts a file back that was set aside.
    pub(super) fn put_back(&mut self, place: &str, aside: &AsideFile) -> Result<(), Error> {
        let target = self.target(place)?;
        fs::rename(&aside.0, &target).at("replace", &target)?;
        self.remember(&target);
        Ok(())
    }

    /// Replaces a folder by another one in one step, and removes the old one.
    pub(super) fn replace_folder(&mut self, place: &str, files: &FileSet) -> Result<(), Error> {
        let replaced = self.exchange_folder(place, files, false)?;
        // A leftover is removed by the next holder of the lock.
        let _ = folders::remove_all(&replaced);
        Ok(())
    }

    /// Replaces a folder by another one in one step, and returns the path to which the old one moved.
    pub(super) fn exchange_folder(&mut self, place: &str, files: &FileSet, read_only: bool) -> Result<PathBuf, Error> {
        let target = self.root.locate(place)?;
        let temporary = self.temporary_folder()?;
        let filled = fill_folder(&temporary, files, read_only, &target);
        let exchanged = filled.and_then(|()| exchange_folder_in(&temporary, &target, files));
        if exchanged.is_err() {
            let _ = folders::remove_all(&temporary);
        }
        exchanged?;
        self.remember(&target);
        Ok(temporary)
    }

    /// Puts a folder back in its place that was exchanged for another one, and removes that one.
    pub(super) fn put_back_folder(&mut self, place: &str, replaced: &Path) -> Result<(), Error> {
        let target = self.root.locate(place)?;
        exchange(replaced, &target)?;
        let _ = folders::remove_all(replaced);
        self.remember(&target);
        Ok(())
    }

    /// Syncs files that are in place already: another process may have died before it did so.
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

    /// Syncs every folder from the written files up to the workspace's own, the deepest first.
    pub(super) fn sync(self) -> Result<(), PathError> {
        for folder in self.folders.iter().rev() {
            sync_folder(folder)?;
        }
        Ok(())
    }

    /// Syncs like [`FileStage::sync`], for a change that is complete and visible already.
    pub(super) fn settle(self, what: &str) -> Result<(), Error> {
        let unknown = |source| Error::DurabilityUnknown { what: what.to_owned(), operation: None, source };
        self.sync().map_err(unknown)
    }

    /// Returns the path to write to, with its folder created. A link inside the workspace is followed to its target.
    fn target(&self, place: &str) -> Result<PathBuf, Error> {
        let path = self.root.locate(place)?;
        let parent = path.parent().unwrap_or_else(|| self.root.path());
        fs::create_dir_all(parent).at("create", parent)?;
        let parent = fs::canonicalize(parent).at("open", parent)?;
        let path = path.file_name().map_or_else(|| parent.clone(), |name| parent.join(name));
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_symlink() => Ok(fs::canonicalize(&path).at("open", &path)?),
            _ => Ok(path),
        }
    }

    fn temporary_file(&self) -> Result<NamedTempFile, PathError> {
        // The kernel applies the umask to this.
        let permissions = Permissions::from_mode(0o666);
        self.in_temporary(|folder| tempfile::Builder::new().permissions(permissions.clone()).tempfile_in(folder))
    }

    fn temporary_folder(&self) -> Result<PathBuf, PathError> {
        let permissions = Permissions::from_mode(0o777);
        let make = |folder: &Path| tempfile::Builder::new().permissions(permissions.clone()).tempdir_in(folder);
        Ok(self.in_temporary(make)?.keep())
    }

    /// Makes something in the folder for temporary files, and that folder again where `git clean` removed it.
    fn in_temporary<T>(&self, make: impl Fn(&Path) -> io::Result<T>) -> Result<T, PathError> {
        let made = match make(self.temporary) {
            Err(error) if layout::is_absent(&error) => {
                fs::create_dir_all(self.temporary).at("create", self.temporary)?;
                local_folder::share_with_group(self.temporary, self.root.path());
                make(self.temporary)
            }
            made => made,
        };
        made.at("write in", self.temporary)
    }

    fn remember(&mut self, target: &Path) {
        let root = self.root.path();
        let up = target.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
        self.folders.extend(up.map(Path::to_owned));
    }
}

fn fill(mut file: &File, path: &Path, bytes: &[u8], target: &Path) -> Result<(), PathError> {
    file.write_all(bytes).at("write", path)?;
    match fs::metadata(target) {
        Ok(replaced) => {
            keep_owner(path, &replaced);
            // After the owner: the system takes bits off a file that changes hands.
            file.set_permissions(replaced.permissions()).at("write", path)?;
        }
        Err(_) => inherit_group(path, target),
    }
    file.sync_all().at("sync", path)
}

/// Exchanges two folders in one step.
fn exchange(one: &Path, other: &Path) -> Result<(), PathError> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).map_err(io::Error::from).at("replace", other)
}

fn fill_folder(folder: &Path, files: &FileSet, read_only: bool, target: &Path) -> Result<(), PathError> {
    let mut folders = BTreeSet::from([folder.to_owned()]);
    for (path, bytes) in files.iter() {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).at("create", parent)?;
        folders.extend(parent.ancestors().take_while(|above| above.starts_with(folder)).map(Path::to_owned));
        let mut file = File::create_new(&path).at("write", &path)?;
        file.write_all(bytes).at("write", &path)?;
        inherit_group(&path, target);
        if read_only {
            make_read_only(&file, &path)?;
        }
        file.sync_all().at("sync", &path)?;
    }
    for folder in folders.iter().rev() {
        inherit_group(folder, target);
        sync_folder(folder)?;
    }
    Ok(())
}

/// Renames a staged folder to its place, and removes it from there if it has lost files before that.
fn move_folder_in(staged: &Path, target: &Path, place: &str, files: &FileSet) -> Result<(), Error> {
    fs::rename(staged, target).at("create", target)?;
    let Err(error) = check_folder(target, files) else { return Ok(()) };
    let removed = folders::remove_all(target).or_else(layout::absent_is_fine);
    let versions = removed.err().map(|_| place.to_owned()).into_iter().collect();
    Err(Leftovers { versions, ..Leftovers::default() }.explain(error.into()))
}

/// Exchanges a staged folder for the one in its place, and puts that one back if the staged one has lost files before
/// that.
fn exchange_folder_in(staged: &Path, target: &Path, files: &FileSet) -> Result<(), PathError> {
    exchange(staged, target)?;
    let checked = check_folder(target, files);
    if checked.is_err() {
        exchange(staged, target)?;
    }
    checked
}

/// Compares a folder in its place with the files that it was filled with: `git clean` may have removed some of them
/// while they lay among the temporary files, where nothing keeps it out.
fn check_folder(folder: &Path, files: &FileSet) -> Result<(), PathError> {
    for (path, bytes) in files.iter() {
        let path = folder.join(path);
        let now = match fs::read(&path) {
            Err(error) if layout::is_absent(&error) => None,
            now => Some(now.at("read", &path)?),
        };
        if now.as_deref() != Some(&**bytes) {
            let lost = "something removed it from .apigw/tmp meanwhile; run the command again";
            return Err(io::Error::other(lost)).at("write", &path);
        }
    }
    Ok(())
}

/// Gives a file the owner of the one that it replaces. Only root can give to any user, so this may fail.
fn keep_owner(path: &Path, replaced: &Metadata) {
    let Ok(own) = fs::metadata(path) else { return };
    if (own.uid(), own.gid()) != (replaced.uid(), replaced.gid()) {
        let both = std::os::unix::fs::chown(path, Some(replaced.uid()), Some(replaced.gid()));
        let _ = both.or_else(|_| std::os::unix::fs::chown(path, None, Some(replaced.gid())));
    }
}

/// Gives a file or folder that was created elsewhere the group of its new parent, if that has the set-group-ID bit.
fn inherit_group(path: &Path, target: &Path) {
    let parent = target.parent().map(fs::metadata).and_then(Result::ok);
    let Some(parent) = parent.filter(|parent| parent.mode() & SET_GROUP_ID != 0) else { return };
    let _ = std::os::unix::fs::chown(path, None, Some(parent.gid()));
    if let Ok(own) = fs::metadata(path).map(|metadata| metadata.mode())
        && path.is_dir()
    {
        let _ = fs::set_permissions(path, Permissions::from_mode(own | SET_GROUP_ID));
    }
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), PathError> {
    File::open(folder).and_then(|file| file.sync_all()).at("sync", folder)
}

/// Writes a file that everybody may read beside the place into which it is to be renamed.
pub(super) fn stage_beside(path: &Path, bytes: &[u8]) -> Result<NamedTempFile, PathError> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut temporary = tempfile::Builder::new().prefix(".").tempfile_in(folder).at("write in", folder)?;
    temporary.write_all(bytes).at("write", path)?;
    temporary.as_file().set_permissions(Permissions::from_mode(0o644)).at("write", path)?;
    Ok(temporary)
}

fn make_read_only(file: &File, path: &Path) -> Result<(), PathError> {
    let mut permissions = file.metadata().at("write", path)?.permissions();
    permissions.set_readonly(true);
    file.set_permissions(permissions).at("write", path)
}

#[cfg(test)]
mod tests;
