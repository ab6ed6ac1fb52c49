//! Listing, making and removing folders.
//!
//! The standard library panics where the system cannot close a folder that it listed, and so does its removal of
//! whole trees; both have ways of their own here.

use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::{Dir, OFlags};

use super::error::{PathContext, PathError};

/// Lists the names in a folder, in no order.
pub(super) fn names(folder: &Path) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    // As a folder, since opening a pipe in its place would wait for a writer.
    let flags = OFlags::DIRECTORY.bits().cast_signed();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(folder)?;
    for entry in Dir::new(opened)? {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// Makes a folder where it is missing, but none above it: a workspace that is gone must not come back empty.
pub(super) fn make(folder: &Path) -> Result<(), PathError> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error).at("create", folder),
        _ => Ok(()),
    }
}

/// Removes a file, a link, or a folder with all that is in it.
pub(super) fn remove_all(path: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.is_dir() {
        return fs::remove_file(path);
    }
    for name in names(path)? {
        remove_all(&path.join(name))?;
    }
    fs::remove_dir(path)
}
