//! Errors of the operating system, each with its path.

use std::io;
use std::path::{Path, PathBuf};

/// A file or folder to which the system denies access, or the nearest folder above it that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeniedPath {
    /// Its path.
    pub path: PathBuf,
    /// The number of its owner.
    pub owner: u32,
    /// True if this process runs as its owner.
    pub is_own: bool,
}

/// An error of the operating system, with its path and action.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}", .path.display())]
pub struct PathError {
    /// The action, as a verb: "read", "write".
    pub action: &'static str,
    /// The path that it was done to.
    pub path: PathBuf,
    /// The system's error.
    #[source]
    pub source: io::Error,
}

impl PathError {
    /// Returns the file or folder to which the system denies access, and its owner.
    #[must_use]
    pub fn denied(&self) -> Option<DeniedPath> {
        self.denied_to(rustix::process::geteuid().as_raw())
    }

    fn denied_to(&self, user: u32) -> Option<DeniedPath> {
        use std::os::unix::fs::MetadataExt as _;
        if self.source.kind() != io::ErrorKind::PermissionDenied {
            return None;
        }
        let there = |path: &&Path| path.symlink_metadata().is_ok();
        let path = self.path.ancestors().find(there)?;
        let owner = path.symlink_metadata().ok()?.uid();
        let is_own = owner == user;
        Some(DeniedPath { path: path.to_owned(), owner, is_own })
    }

    /// True if nothing can be changed there, since the file system is mounted to be read alone.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.source.kind() == io::ErrorKind::ReadOnlyFilesystem
    }

    /// True if a file cannot be moved to its place because that is on another file system.
    #[must_use]
    pub fn is_other_file_system(&self) -> bool {
        self.source.kind() == io::ErrorKind::CrossesDevices
    }
}

/// Adds path and action to a system's error.
pub(in crate::workspace) trait PathContext<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, PathError>;
}

impl<T> PathContext<T> for io::Result<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, PathError> {
        self.map_err(|source| PathError { action, path: path.to_owned(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denied_path_is_told_apart_by_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let source = io::Error::from(io::ErrorKind::PermissionDenied);
        let error = PathError { action: "read", path: folder.path().join("x/y"), source };
        let own = error.denied().unwrap();
        assert_eq!((own.path.as_path(), own.is_own), (folder.path(), true));
        let foreign = error.denied_to(own.owner + 1).unwrap();
        assert_eq!((foreign.owner, foreign.is_own), (own.owner, false));
    }
}
