//! The place of each file of a workspace, and the one way from such a place to a path of the system.
//!
//! Places are built from parsed names only. A [`WorkspaceRoot`] turns them into paths and refuses those that
//! a link leads out of the workspace.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

use super::error::{Error, PathContext};
use super::folders;
use crate::check::rules::files::{ENCODING, FILE, FILE_SIZE, FOLDER};
use crate::model::{EnvironmentName, GroupName, Location, NodeName, OperationId, Version};

/// The name of the file that makes a folder a workspace.
pub(super) const WORKSPACE_FILE: &str = "apigw.toml";
/// The list of the files that Git leaves alone.
pub(super) const IGNORE_FILE: &str = ".gitignore";
/// The list of what Git does with files.
pub(super) const ATTRIBUTES_FILE: &str = ".gitattributes";
/// The folder of files that belong to this machine alone.
pub(super) const LOCAL_FOLDER: &str = ".apigw";
/// The folder of this machine's secrets.
pub(super) const SECRETS_FOLDER: &str = ".apigw/secrets";
/// The file that says who holds the lock.
pub(super) const HOLDER_FILE: &str = ".apigw/holder";
/// The lock where the workspace's own folder cannot be locked.
pub(super) const LOCK_FILE: &str = ".apigw/lock";
/// The lock where no file can be locked either: it is held as long as the file exists.
pub(super) const MARKER_FILE: &str = ".apigw/lock.process";
/// The change that the holder of the lock is about to make.
pub(super) const INTENT_FILE: &str = ".apigw/intent.json";
/// The folder of files that are about to be imported together.
pub(super) const IMPORT_FOLDER: &str = ".apigw/import";
/// Texts that an import which was finished late replaced, though somebody had edited them since.
pub(super) const REPLACED_FOLDER: &str = ".apigw/replaced";
/// The folder of the temporary files.
pub(super) const TEMPORARY_FOLDER: &str = ".apigw/tmp";
/// The folder of the running gateways' files.
pub(super) const GATEWAYS_FOLDER: &str = ".apigw/gateways";
/// The folder of the fleets that control planes of this machine remember.
pub(super) const FLEETS_FOLDER: &str = ".apigw/fleet";
/// The folder of the groups.
pub(super) const GROUPS_FOLDER: &str = "groups";
/// The folder of the environments' files.
pub(super) const DEPLOYMENTS_FOLDER: &str = "deployments";
/// The folder of the operations.
pub(super) const HISTORY_FOLDER: &str = "history";

/// The most bytes that a file which people write by hand may have.
pub(super) const LARGEST_SETTINGS: u64 = 1 << 20;
/// The most bytes that a definition, or a file beside it, may have.
pub(super) const LARGEST_DEFINITION: u64 = 32 << 20;
/// The most bytes that a file of apigw's own may have: over 100,000 groups in one environment.
pub(super) const LARGEST_RECORD: u64 = 128 << 20;

pub(super) fn group(group: &GroupName) -> String {
    format!("{GROUPS_FOLDER}/{group}")
}

pub(super) fn group_file(group: &GroupName, file: &str) -> String {
    format!("{GROUPS_FOLDER}/{group}/{file}")
}

pub(super) fn versions(group: &GroupName) -> String {
    format!("{GROUPS_FOLDER}/{group}/versions")
}

pub(super) fn version(group: &GroupName, version: &Version) -> String {
    format!("{GROUPS_FOLDER}/{group}/versions/{version}")
}

/// Returns the version in whose folder a place lies.
pub(super) fn version_in(place: &str) -> Option<(GroupName, Version)> {
    let mut parts = place.strip_prefix(GROUPS_FOLDER)?.strip_prefix('/')?.split('/');
    let (group, folder, version) = (parts.next()?, parts.next()?, parts.next()?);
    (folder == "versions").then_some((group.parse().ok()?, version.parse().ok()?))
}

pub(super) fn environment(environment: &EnvironmentName) -> String {
    format!("{DEPLOYMENTS_FOLDER}/{environment}.yaml")
}

pub(super) fn history(environment: &EnvironmentName) -> String {
    format!("{HISTORY_FOLDER}/{environment}")
}

pub(super) fn operation(environment: &EnvironmentName, id: &OperationId) -> String {
    format!("{HISTORY_FOLDER}/{environment}/{id}.yaml")
}

/// Returns the operation of a file in a history; `None` where its name is none of an operation's.
pub(super) fn operation_of(file: &str) -> Option<OperationId> {
    file.strip_suffix(".yaml")?.parse().ok()
}

/// Returns the environment and the operation of a place in a history.
pub(super) fn operation_at(place: &str) -> Option<(EnvironmentName, OperationId)> {
    let (environment, file) = place.strip_prefix(HISTORY_FOLDER)?.strip_prefix('/')?.split_once('/')?;
    Some((environment.parse().ok()?, operation_of(file)?))
}

pub(super) fn fleet(environment: &EnvironmentName) -> String {
    format!("{FLEETS_FOLDER}/{environment}.json")
}

pub(super) fn fleet_lock(environment: &EnvironmentName) -> String {
    format!("{FLEETS_FOLDER}/{environment}.lock")
}

/// Returns the file by which the control plane of an environment is asked to forget a node.
pub(super) fn forget_request(environment: &EnvironmentName, node: &NodeName) -> String {
    format!("{FLEETS_FOLDER}/{environment}.forget.{node}")
}

/// Returns the node of such a file; `None` where its name is that of another.
pub(super) fn forget_request_node(environment: &EnvironmentName, file: &str) -> Option<NodeName> {
    file.strip_prefix(environment.as_str())?.strip_prefix(".forget.")?.parse().ok()
}

pub(super) fn gateway(id: &str) -> String {
    format!("{GATEWAYS_FOLDER}/{id}.json")
}

/// The folder of a workspace, with every link in its own path resolved.
#[derive(Debug, Clone)]
pub(super) struct WorkspaceRoot(PathBuf);

impl WorkspaceRoot {
    pub(super) fn new(folder: &Path) -> Result<Self, Error> {
        Ok(Self(fs::canonicalize(folder).at("open", folder)?))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Returns the path of a place in the workspace.
    ///
    /// # Errors
    ///
    /// Refuses a place with other than plain parts, and one that a link leads out of the workspace.
    pub(super) fn locate(&self, place: &str) -> Result<PathBuf, Error> {
        let mut path = self.0.clone();
        for part in Path::new(place).components() {
            let Component::Normal(part) = part else {
                return Err(Error::OutsideLink { path: self.0.join(place) });
            };
            path.push(part);
            match fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_symlink() => self.check_link(&path)?,
                Ok(_) => {}
                Err(error) if is_absent(&error) => {}
                Err(error) => return Err(error).at("open", &path).map_err(Error::Io),
            }
        }
        Ok(path)
    }

    fn check_link(&self, path: &Path) -> Result<(), Error> {
        // A dangling link could be created anywhere outside by a write through it.
        let stays_inside = fs::canonicalize(path).is_ok_and(|target| target.starts_with(&self.0));
        if stays_inside { Ok(()) } else { Err(Error::OutsideLink { path: path.to_owned() }) }
    }

    /// Reads a file, or returns `None` where there is none.
    ///
    /// # Errors
    ///
    /// Fails where the file is larger than `most` bytes, is no regular file, or cannot be read.
    pub(super) fn read(&self, place: &str, most: u64) -> Result<Option<Vec<u8>>, Error> {
        let (folder, name) = place.rsplit_once('/').unwrap_or(("", place));
        self.folder(folder)?.read(name, most)
    }

    /// Looks at a folder once, for reading several files in it.
    pub(super) fn folder<'a>(&'a self, place: &'a str) -> Result<Folder<'a>, Error> {
        Ok(Folder { root: self, place, path: self.locate(place)? })
    }

    /// Lists the names in a folder, sorted; none where there is no such folder.
    ///
    /// Names that are not UTF-8 are listed with replacement characters, which no name of ours has.
    pub(super) fn list(&self, place: &str) -> Result<Vec<String>, Error> {
        let path = self.locate(place)?;
        let mut names: Vec<String> = match folders::names(&path) {
            Ok(names) => names.iter().map(|name| name.to_string_lossy().into_owned()).collect(),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory && path.exists() => {
                let message = "a file lies where a folder belongs".to_owned();
                return Err(Error::invalid(&FOLDER, Location::file(place), message, "move it elsewhere"));
            }
            Err(error) if is_absent(&error) => return Ok(Vec::new()),
            Err(error) => return Err(error).at("list", &path).map_err(Error::Io),
        };
        names.sort_unstable();
        Ok(names)
    }

    pub(super) fn exists(&self, place: &str) -> Result<bool, Error> {
        let path = self.locate(place)?;
        match path.try_exists() {
            Err(error) if is_absent(&error) => Ok(false),
            exists => exists.at("open", &path).map_err(Error::Io),
        }
    }
}

/// A folder of the workspace to which no link leads from outside.
pub(super) struct Folder<'a> {
    root: &'a WorkspaceRoot,
    place: &'a str,
    path: PathBuf,
}

impl Folder<'_> {
    /// Reads a file that lies in the folder, or returns `None` where there is none.
    pub(super) fn read(&self, name: &str, most: u64) -> Result<Option<Vec<u8>>, Error> {
        if !matches!(Path::new(name).components().collect::<Vec<_>>().as_slice(), [Component::Normal(_)]) {
            return Err(Error::OutsideLink { path: self.path.join(name) });
        }
        let path = self.path.join(name);
        // Looked at before it is opened: opening a pipe would wait for a writer.
        let mut metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(error).at("read", &path).map_err(Error::Io),
        };
        if metadata.is_symlink() {
            self.root.check_link(&path)?;
            metadata = fs::metadata(&path).at("read", &path)?;
        }
        let place = || if self.place.is_empty() { name.to_owned() } else { format!("{}/{name}", self.place) };
        if !metadata.is_file() {
            let message = "this is not a file".to_owned();
            let hint = "remove it, or put the file in its place";
            return Err(Error::invalid(&FILE, Location::file(place()), message, hint));
        }
        if metadata.len() > most {
            return Err(too_large(&place(), metadata.len(), most));
        }
        let file = match fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(error).at("read", &path).map_err(Error::Io),
        };
        let size = usize::try_from(metadata.len()).unwrap_or_default();
        let bytes = read_all(file, size, most).at("read", &path)?;
        if bytes.len() as u64 > most {
            return Err(too_large(&place(), bytes.len() as u64, most));
        }
        Ok(Some(bytes))
    }
}

/// Reads a file that had a size when it was looked at, and no more than one byte over `most`.
///
/// A read that leaves room has come to the end of the file, so most files take one call.
fn read_all(mut file: fs::File, size: usize, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; size + 1];
    let mut length = 0;
    while length < bytes.len() {
        match file.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(read) if length + read == size => {
                length = size;
                break;
            }
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let has_grown = length == bytes.len();
    bytes.truncate(length);
    if has_grown {
        file.take(most.saturating_sub(length as u64) + 1).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Takes the absence of a file that is to be removed for its removal.
pub(super) fn absent_is_fine(error: io::Error) -> io::Result<()> {
    if is_absent(&error) { Ok(()) } else { Err(error) }
}

fn too_large(place: &str, size: u64, most: u64) -> Error {
    Error::invalid(
        &FILE_SIZE,
        Location::file(place),
        format!("the file has {size} bytes, and at most {most} are read"),
        "split the file, or remove parts that do not belong in it",
    )
}

/// Returns the text of a file that must be UTF-8.
pub(super) fn text(place: &str, bytes: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.split(|&byte| byte == b'\n').count();
        let start = valid.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
        let column = String::from_utf8_lossy(&valid[start..]).chars().count() + 1;
        let location = Location { file: place.into(), line, column };
        Error::invalid(&ENCODING, location, "the file is not UTF-8 text".to_owned(), "save the file as UTF-8")
    })
}
