//! A folder that belongs to one command, which writes all of its files: an export, pages.
//!
//! The folder has a list of its files, [`LIST_FILE`]. A folder without one, or with a file that is not on it, holds
//! something else and is refused: nothing in it is written or removed. Each file is replaced by a rename, since an
//! engine reads it while it is written; the list is written first where files are added, so that no file of ours is
//! ever taken for another's. The list names the kind of its files too: a command takes away what it does not need, so
//! the folder of another kind is refused.
//!
//! Temporary files lie in a folder of their own, [`STAGE_FOLDER`]. Writers take turns by a lock of the folder, so that
//! one finds there the leftovers of a killed writer alone, and removes them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

use tempfile::TempPath;

use super::error::{Error, PathContext};
use super::layout::absent_is_fine;
use super::outside::{STAGED_NAME_LENGTH, is_staged_name, read_outside, stamp_outside};
use super::own_places::require_foreign;
use super::{folders, layout};

/// The list of the files in an output folder.
const LIST_FILE: &str = ".apigw-files";
const LIST_HEAD: &str = "# The files of this folder, which apigw writes and removes.\n";
/// Begins the line of the list that names the kind of the files.
const KIND_START: &str = "# kind: ";
/// The permissions of all but the owner.
const OF_OTHERS: u32 = 0o077;
const MOST_LIST_BYTES: u64 = 64 << 20;
/// The most files that are written before they are synced together: so many may be left by a process that is killed.
const MOST_STAGED: usize = 512;
/// The bytes of a file that are compared at a time.
const COMPARED_BYTES: usize = 64 << 10;
/// The folder of temporary files, which is there only while files are written.
const STAGE_FOLDER: &str = ".apigw-tmp";
/// The kind of folders whose packages are used where they lie, and the folders that Python, npm and Maven then make in
/// them.
const PACKAGES: &str = "sdk";
const TOOL_FOLDERS: [&str; 3] = ["__pycache__", "node_modules", "target"];

/// A file for an output folder.
#[derive(Debug, Clone, Copy)]
pub struct OutputFile<'a> {
    /// Its path below the folder, with `/` as its separator.
    pub path: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// True if its owner alone may read it.
    pub is_private: bool,
}

/// A folder that belongs to one command.
#[derive(Debug)]
pub struct OutputFolder {
    path: PathBuf,
    /// The kind of its files, which is the command that writes them.
    kind: String,
    /// The files on its list.
    listed: BTreeSet<String>,
    /// Temporary files of a writer that was killed, or that writes at this moment.
    leftovers: BTreeSet<String>,
}

/// The differences of an output folder from the files that it should have, by path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FolderChanges {
    /// Files that are missing or have other bytes.
    pub written: Vec<String>,
    /// Files that it should not have, leftovers of a killed writer among them.
    pub removed: Vec<String>,
}

impl FolderChanges {
    /// True if the folder is up to date.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.written.is_empty() && self.removed.is_empty()
    }
}

impl OutputFolder {
    /// Opens the folder of a kind, which need not exist. One that holds something else is refused.
    pub fn open(path: &Path, kind: &str) -> Result<Self, Error> {
        match Self::read(path, kind) {
            // Another writer may have added it, or removed it, since the list was read.
            Err(Error::FolderTaken { .. } | Error::Io(_)) if path.is_dir() => {
                let lock = fs::File::open(path).at("open", path)?;
                let _ = lock.lock();
                Self::read(path, kind)
            }
            folder => folder,
        }
    }

    fn read(path: &Path, kind: &str) -> Result<Self, Error> {
        require_foreign(path)?;
        // A link to a folder is the folder. One to nothing is none, and would fail to be made one.
        let is_file = |found: &&Path| match found.metadata() {
            Ok(metadata) => !metadata.is_dir(),
            Err(_) => found.is_symlink(),
        };
        if let Some(found) = path.ancestors().find(is_file) {
            return Err(Error::FileForFolder { path: found.to_owned(), is_link: found.metadata().is_err() });
        }
        let listed = match stamp_outside(&path.join(LIST_FILE)) {
            Some(_) => read_list(path, kind)?,
            None => BTreeSet::new(),
        };
        let mut folder = Self { path: path.to_owned(), kind: kind.to_owned(), listed, leftovers: BTreeSet::new() };
        folder.require_own(path, "")?;
        folder.leftovers = folder.read_leftovers()?;
        Ok(folder)
    }

    /// Compares the folder with the files that it should have.
    pub fn compare(&self, files: &[OutputFile<'_>]) -> Result<FolderChanges, Error> {
        let mut changes = FolderChanges::default();
        for file in files {
            let path = self.path.join(file.path);
            let is_same = match has_bytes(&path, file.bytes) {
                Ok(has_bytes) => has_bytes && (!file.is_private || is_private(&path)),
                Err(error) if layout::is_absent(&error) => false,
                Err(error) => return Ok(Err(error).at("read", &path)?),
            };
            if !is_same {
                changes.written.push(file.path.to_owned());
            }
        }
        changes.removed = self.orphans(files).chain(&self.leftovers).cloned().collect();
        Ok(changes)
    }

    /// Reads a file on its list; `None` where it has none of this name.
    pub fn read_file(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        if !self.listed.contains(name) {
            return Ok(None);
        }
        let path = self.path.join(name);
        match fs::read(&path) {
            Err(error) if layout::is_absent(&error) => Ok(None),
            bytes => Ok(Some(bytes.at("read", &path)?)),
        }
    }

    /// Writes the files that differ and removes all others: every file first, then the removals.
    pub fn write(&self, files: &[OutputFile<'_>]) -> Result<FolderChanges, Error> {
        let names: BTreeSet<String> = files.iter().map(|file| file.path.to_owned()).collect();
        fs::create_dir_all(&self.path).at("create", &self.path)?;
        let lock = fs::File::open(&self.path).at("open", &self.path)?;
        // A file system without locks (NFS) has no turns.
        let _ = lock.lock();
        // Another writer may have ended since it was opened.
        let folder = Self::read(&self.path, &self.kind)?;
        let changes = folder.compare(files)?;
        if changes.is_empty() && names == folder.listed {
            return Ok(changes);
        }
        folder.clear_stage()?;
        let written = folder.change(files, &changes, &names);
        let cleared = folder.clear_stage();
        written.and(cleared).map(|()| changes)
    }

    fn change(&self, files: &[OutputFile<'_>], changes: &FolderChanges, names: &BTreeSet<String>) -> Result<(), Error> {
        // With the old names too, until their files are gone.
        self.write_list(names.union(&self.listed))?;
        let by_path: BTreeMap<&str, &OutputFile<'_>> = files.iter().map(|file| (file.path, file)).collect();
        let changed: Vec<&OutputFile<'_>> =
            changes.written.iter().filter_map(|path| by_path.get(path.as_str()).copied()).collect();
        for batch in changed.chunks(MOST_STAGED) {
            self.replace(batch)?;
        }
        for path in self.orphans(files) {
            let path = self.path.join(path);
            fs::remove_file(&path).at("remove", &path)?;
            let parents = path.ancestors().skip(1).take_while(|parent| *parent != self.path);
            // A folder that is not empty stays.
            parents.take_while(|parent| fs::remove_dir(parent).is_ok()).for_each(drop);
        }
        self.write_list(names.iter())
    }

    /// Lists the files on the list that it should not have.
    fn orphans<'a>(&'a self, files: &[OutputFile<'_>]) -> impl Iterator<Item = &'a String> {
        let names: BTreeSet<String> = files.iter().map(|file| file.path.to_owned()).collect();
        self.listed.iter().filter(move |path| !names.contains(*path) && self.path.join(path).exists())
    }

    /// Lists the temporary files; anything else in their folder is somebody else's.
    fn read_leftovers(&self) -> Result<BTreeSet<String>, Error> {
        let stage = self.path.join(STAGE_FOLDER);
        let names = match folders::names(&stage) {
            Err(error) if layout::is_absent(&error) => return Ok(BTreeSet::new()),
            names => names.at("read", &stage)?,
        };
        let mut leftovers = BTreeSet::new();
        for entry in names {
            let name = format!("{STAGE_FOLDER}/{}", entry.to_string_lossy());
            let is_file = match fs::symlink_metadata(stage.join(&entry)) {
                // Its writer has put it in place.
                Err(error) if layout::is_absent(&error) => continue,
                metadata => metadata.is_ok_and(|metadata| metadata.is_file()),
            };
            if !is_staged_name(entry.as_encoded_bytes()) || !is_file {
                return Err(Error::FolderTaken { folder: self.path.clone(), entry: name });
            }
            leftovers.insert(name);
        }
        Ok(leftovers)
    }

    /// Removes the folder of temporary files, and those that were found in it.
    fn clear_stage(&self) -> Result<(), Error> {
        for name in &self.leftovers {
            let path = self.path.join(name);
            fs::remove_file(&path).or_else(absent_is_fine).at("remove", &path)?;
        }
        let stage = self.path.join(STAGE_FOLDER);
        Ok(fs::remove_dir(&stage).or_else(absent_is_fine).at("remove", &stage)?)
    }

    fn write_list<'a>(&self, names: impl Iterator<Item = &'a String>) -> Result<(), Error> {
        let mut text = format!("{LIST_HEAD}{KIND_START}{}\n", self.kind);
        for name in names {
            text.push_str(name);
            text.push('\n');
        }
        self.replace(&[&OutputFile { path: LIST_FILE, bytes: text.as_bytes(), is_private: false }])
    }

    /// Replaces some files, which are synced all at once: a sync of each takes minutes where there are tens of
    /// thousands.
    fn replace(&self, files: &[&OutputFile<'_>]) -> Result<(), Error> {
        let staged: Vec<(TempPath, PathBuf)> = files.iter().map(|file| self.stage(file)).collect::<Result<_, _>>()?;
        sync_files(&staged, &self.path)?;
        for (temporary, target) in staged {
            temporary.persist(&target).map_err(|error| error.error).at("replace", &target)?;
        }
        Ok(())
    }

    /// Writes a temporary file, and makes the folder of its target.
    fn stage(&self, file: &OutputFile<'_>) -> Result<(TempPath, PathBuf), Error> {
        let target = self.path.join(file.path);
        let parent = target.parent().unwrap_or(&self.path);
        fs::create_dir_all(parent).at("create", parent)?;
        let stage = self.path.join(STAGE_FOLDER);
        fs::create_dir_all(&stage).at("create", &stage)?;
        // The kernel applies the umask to this.
        let mode = if file.is_private { 0o600 } else { 0o666 };
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix("").rand_bytes(STAGED_NAME_LENGTH).permissions(fs::Permissions::from_mode(mode));
        let mut temporary = builder.tempfile_in(&stage).at("write in", &stage)?;
        temporary.write_all(file.bytes).at("write", &target)?;
        Ok((temporary.into_temp_path(), target))
    }

    /// Refuses a folder in which something lies that is not on the list.
    fn require_own(&self, folder: &Path, below: &str) -> Result<(), Error> {
        let names = match folders::names(folder) {
            Ok(names) => names,
            Err(error) if layout::is_absent(&error) && below.is_empty() => return Ok(()),
            Err(error) => return Ok(Err(error).at("read", folder)?),
        };
        for entry in names {
            let path = folder.join(&entry);
            let name = format!("{below}{}", entry.to_string_lossy());
            let kind = match fs::symlink_metadata(&path) {
                Err(error) if name == STAGE_FOLDER && layout::is_absent(&error) => continue,
                kind => kind.at("read", &path)?,
            };
            if name == STAGE_FOLDER && kind.is_dir() {
                continue;
            }
            let inside = format!("{name}/");
            let is_parent = || self.listed.range(inside.clone()..).next().is_some_and(|path| path.starts_with(&inside));
            let is_package = self.kind == PACKAGES && kind.is_dir();
            if is_package && !below.is_empty() && TOOL_FOLDERS.iter().any(|folder| entry.as_os_str() == *folder) {
                continue;
            }
            // A package that is gone leaves a folder behind where a tool had made one in it.
            if is_package || kind.is_dir() && is_parent() {
                self.require_own(&path, &inside)?;
            } else if !kind.is_file() || (name != LIST_FILE && !self.listed.contains(&name)) {
                return Err(Error::FolderTaken { folder: self.path.clone(), entry: name });
            }
        }
        Ok(())
    }
}

/// Syncs temporary files of a folder; a single one alone, since others of the file system may have much to write.
#[cfg(target_os = "linux")]
fn sync_files(staged: &[(TempPath, PathBuf)], folder: &Path) -> Result<(), Error> {
    if let [(temporary, target)] = staged {
        return sync_file(temporary, target);
    }
    let opened = fs::File::open(folder).at("open", folder)?;
    Ok(rustix::fs::syncfs(opened).map_err(std::io::Error::from).at("sync", folder)?)
}

#[cfg(not(target_os = "linux"))]
fn sync_files(staged: &[(TempPath, PathBuf)], _folder: &Path) -> Result<(), Error> {
    staged.iter().try_for_each(|(temporary, target)| sync_file(temporary, target))
}

fn sync_file(temporary: &Path, target: &Path) -> Result<(), Error> {
    Ok(fs::File::open(temporary).and_then(|file| file.sync_all()).at("sync", target)?)
}

/// Compares a file with bytes, part by part: it may be large.
fn has_bytes(path: &Path, bytes: &[u8]) -> std::io::Result<bool> {
    let mut file = fs::File::open(path)?;
    if file.metadata()?.len() != bytes.len() as u64 {
        return Ok(false);
    }
    let mut buffer = vec![0; COMPARED_BYTES];
    for expected in bytes.chunks(COMPARED_BYTES) {
        let part = buffer.get_mut(..expected.len()).unwrap_or_default();
        match file.read_exact(part) {
            // Somebody has cut it off since.
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(false),
            read => read?,
        }
        if part != expected {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_private(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & OF_OTHERS == 0)
}

/// Reads the list of a folder's files, which must be of this kind. It is written by nobody else, but a path on it that
/// leads elsewhere is refused.
fn read_list(folder: &Path, kind: &str) -> Result<BTreeSet<String>, Error> {
    let path = folder.join(LIST_FILE);
    let bytes = read_outside(&path, MOST_LIST_BYTES)?;
    let text = String::from_utf8_lossy(&bytes);
    let found = text.lines().find_map(|line| line.strip_prefix(KIND_START));
    if found != Some(kind) {
        let found = found.map(str::to_owned);
        return Err(Error::FolderOfOtherKind { folder: folder.to_owned(), found, wanted: kind.to_owned() });
    }
    let names = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let is_below = |name: &&str| Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    match names.clone().find(|name| !is_below(name)) {
        Some(name) => Err(Error::FolderTaken { folder: folder.to_owned(), entry: name.to_owned() }),
        None => Ok(names.map(str::to_owned).collect()),
    }
}

#[cfg(test)]
mod tests;
