//! Files of the user's that need not lie in the workspace: release plans, definitions to import.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::error::{Error, PathContext};
use super::own_places::require_foreign;
use super::{folders, layout, settings};
use crate::check::rules::files::{FILE, FILE_SIZE, SCHEMA_NEWER};
use crate::definition::FetchError;
use crate::model::{Digest, Location, Rule};
use crate::plan::ReleasePlan;

/// The length of the random part of a temporary file's name.
pub(super) const STAGED_NAME_LENGTH: usize = 6;

/// Reads a file that the user named, of at most `most` bytes.
pub fn read_outside(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let metadata = named_metadata(path)?;
    if metadata.is_dir() {
        let location = Location::file(path.display().to_string());
        return Err(Error::invalid(&FILE, location, "this is a folder, not a file".to_owned(), "name a file"));
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).at("read", path)?;
    file.take(most + 1).read_to_end(&mut bytes).at("read", path)?;
    if bytes.len() as u64 > most {
        return Err(Error::invalid(
            &FILE_SIZE,
            Location::file(path.display().to_string()),
            format!("the file has more than the {most} bytes that are read at most"),
            "split the file, or remove parts that do not belong in it",
        ));
    }
    Ok(bytes)
}

/// Returns the metadata of a file that the user named.
fn named_metadata(path: &Path) -> Result<fs::Metadata, Error> {
    match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Error::NoFile { path: path.to_owned() }),
        found => Ok(found.at("read", path)?),
    }
}

/// The time, size, inode and time of its last change of a file, to notice that it, or who may read it, was changed.
pub type FileStamp = (SystemTime, u64, u64, (i64, i64));

/// Returns the stamp of a file that the user named; `None` if there is none.
#[must_use]
pub fn stamp_outside(path: &Path) -> Option<FileStamp> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len(), metadata.ino(), (metadata.ctime(), metadata.ctime_nsec())))
}

/// Writes a file that the user named, whole or not at all. Pipes, devices and names of open files like `/dev/stdout`
/// are written to directly.
pub fn write_outside(path: &Path, text: &str) -> Result<(), Error> {
    require_foreign(path)?;
    let existing = fs::metadata(path).ok();
    // Below /dev are file systems too, like /dev/shm.
    let is_device = path.parent() == Some(Path::new("/dev")) || path.starts_with("/dev/fd");
    let is_named_by_system = is_device || path.starts_with("/proc");
    if is_named_by_system || existing.as_ref().is_some_and(|metadata| !metadata.is_file()) {
        let mut file = fs::OpenOptions::new().append(true).open(path).at("write", path)?;
        return Ok(file.write_all(text.as_bytes()).at("write", path)?);
    }
    // A link stays: its target is written, or made.
    let target = if existing.is_some() { fs::canonicalize(path).at("write", path)? } else { followed(path)? };
    let mut file = stage_outside(&target)?;
    file.write_all(text.as_bytes()).at("write", path)?;
    if let Some(existing) = existing {
        file.as_file().set_permissions(existing.permissions()).at("write", path)?;
    }
    file.as_file().sync_all().at("sync", path)?;
    file.persist(&target).map_err(|error| error.error).at("write", path)?;
    Ok(())
}

/// Returns the place that a path leads to where nothing lies there yet: a link may name it.
fn followed(path: &Path) -> Result<PathBuf, Error> {
    /// As many as Linux follows.
    const MOST_LINKS: usize = 40;
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(next) = fs::read_link(&target) else { return Ok(target) };
        target = target.parent().unwrap_or(Path::new("")).join(next);
    }
    // A circle, which the system names.
    fs::metadata(path).at("write", path)?;
    Ok(target)
}

/// True if two paths lead to one file.
#[must_use]
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |path: &Path| fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()));
    identity(one).is_some_and(|identity_of_one| identity(other) == Some(identity_of_one))
}

/// Fails where there is no folder for a file that is to be made.
pub(super) fn require_folder(rule: &Rule, target: &Path, folder: &Path) -> Result<(), Error> {
    if folder.is_dir() {
        return Ok(());
    }
    let location = Location::file(target.display().to_string());
    let message = "there is no folder for this file".to_owned();
    Err(Error::invalid(rule, location, message, "make the folder, or name a file in another"))
}

/// Makes a temporary file beside its target, locked while its writer lives, and removes those that killed writers of
/// the same target left.
fn stage_outside(target: &Path) -> Result<tempfile::NamedTempFile, Error> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // By its digest, since a name may be as long as a file system lets it.
    let name = Digest::of(target.file_name().unwrap_or_default().as_encoded_bytes()).short();
    let prefix = format!(".apigw-{name}-");
    require_folder(&FILE, target, folder)?;
    remove_staged(folder, &prefix);
    loop {
        let mut builder = tempfile::Builder::new();
        // The kernel applies the umask to this.
        let builder =
            builder.prefix(&prefix).rand_bytes(STAGED_NAME_LENGTH).permissions(fs::Permissions::from_mode(0o666));
        let file = builder.tempfile_in(folder).at("write in", folder)?;
        // A file system without locks (NFS) keeps leftovers.
        let is_locked = file.as_file().lock().is_ok();
        // Another writer may have taken it for a leftover before it was locked.
        if !is_locked || file.path().exists() {
            return Ok(file);
        }
    }
}

/// Removes temporary files of a target that nobody has locked.
fn remove_staged(folder: &Path, prefix: &str) {
    for name in folders::names(folder).unwrap_or_default() {
        let rest = name.to_str().and_then(|name| name.strip_prefix(prefix));
        let is_staged = rest.is_some_and(|rest| is_staged_name(rest.as_bytes()));
        let path = folder.join(&name);
        if is_staged
            && fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file())
            && let Ok(file) = fs::File::open(&path)
            && file.try_lock().is_ok()
        {
            // One that cannot be removed does no harm.
            let _ = fs::remove_file(&path);
        }
    }
}

/// True if this may be the random part of a temporary file's name.
pub(super) fn is_staged_name(name: &[u8]) -> bool {
    name.len() == STAGED_NAME_LENGTH && name.iter().all(u8::is_ascii_alphanumeric)
}

/// Reads a release plan.
pub fn read_release_plan(path: &Path) -> Result<ReleasePlan, Error> {
    let place = path.display().to_string();
    let text = layout::text(&place, read_outside(path, layout::LARGEST_RECORD)?)?;
    let plan: ReleasePlan = settings::yaml(&place, &text, settings::PLAN_SHAPE)?;
    if plan.schema != crate::model::SCHEMA {
        return Err(Error::invalid(
            &SCHEMA_NEWER,
            Location::file(place),
            format!("the plan has schema {}, and this apigw knows schema {}", plan.schema, crate::model::SCHEMA),
            "a newer apigw wrote it: use that one",
        ));
    }
    Ok(plan)
}

/// Opens a file outside of the workspace to write at its end; it is made where there is none.
pub fn append_outside(path: &Path) -> Result<Box<dyn std::io::Write + Send>, Error> {
    require_foreign(path)?;
    let file = fs::OpenOptions::new().append(true).create(true).open(path).at("write", path)?;
    Ok(Box::new(file))
}

/// A document of the user's, and the files beside, below and above it.
#[derive(Debug)]
pub struct OutsideFolder {
    folder: PathBuf,
    name: String,
}

impl OutsideFolder {
    /// Opens the folder that a document lies in.
    pub fn of(document: &Path) -> Result<Self, Error> {
        named_metadata(document)?;
        let folder = document.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = document.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { folder: fs::canonicalize(folder).at("open", folder)?, name })
    }

    /// Returns the document's name in its folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Names the folders that the document lies in, from the outermost to its own.
    #[must_use]
    pub fn above(&self) -> Vec<String> {
        let names = self.folder.components().filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        });
        names.collect()
    }

    /// Reads a file by its path below the document's folder, with `..` at its beginning for a folder above; `None`
    /// where there is none.
    ///
    /// # Errors
    ///
    /// Fails if a link leads out of the folder that the path starts from, or the file is too large.
    pub fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, FetchError> {
        let (mut start, mut rest) = (self.folder.as_path(), path);
        while let Some(below) = rest.strip_prefix("../") {
            (start, rest) = (start.parent().unwrap_or(start), below);
        }
        let read = layout::WorkspaceRoot::new(start).and_then(|root| root.read(rest, layout::LARGEST_DEFINITION));
        read.map(|bytes| bytes.map(Arc::from)).map_err(FetchError::from)
    }
}
