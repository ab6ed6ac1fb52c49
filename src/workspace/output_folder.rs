//! A folder that belongs to one command, which writes all of its files: an export, pages.
//!
//! The folder has a list of its files, [`LIST_FILE`]. A folder without one, or with a file that is not on it, holds something
//! else and is refused: nothing in it is written or removed. Each file is replaced by a rename, since an engine reads it while
//! it is written; the list is written first where files are added, so that no file of ours is ever taken for another's. The list
//! names the kind of its files too: a command takes away what it does not need, so the folder of another kind is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

use tempfile::TempPath;

use super::error::{Error, PathContext};
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
}

/// The differences of an output folder from the files that it should have, by path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FolderChanges {
    /// Files that are missing or have other bytes.
    pub written: Vec<String>,
    /// Files that it should not have.
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
        require_foreign(path)?;
        let is_file = |found: &&Path| found.metadata().is_ok_and(|metadata| !metadata.is_dir());
        if let Some(found) = path.ancestors().find(is_file) {
            return Err(Error::FileForFolder { path: found.to_owned() });
        }
        let listed = match super::outside::stamp_outside(&path.join(LIST_FILE)) {
            Some(_) => read_list(path, kind)?,
            None => BTreeSet::new(),
        };
        let folder = Self { path: path.to_owned(), kind: kind.to_owned(), listed };
        folder.require_own(path, "")?;
        Ok(folder)
    }

    /// Compares the folder with the files that it should have.
    pub fn compare(&self, files: &[OutputFile<'_>]) -> Result<FolderChanges, Error> {
        let mut changes = FolderChanges::default();
        for file in files {
            let path = self.path.join(file.path);
            let is_same = match fs::read(&path) {
                Ok(bytes) => bytes == file.bytes && (!file.is_private || is_private(&path)),
                Err(error) if layout::is_absent(&error) => false,
                Err(error) => return Ok(Err(error).at("read", &path)?),
            };
            if !is_same {
                changes.written.push(file.path.to_owned());
            }
        }
        let names: BTreeSet<&str> = files.iter().map(|file| file.path).collect();
        let is_orphan = |path: &&String| !names.contains(path.as_str()) && self.path.join(path).exists();
        changes.removed = self.listed.iter().filter(is_orphan).cloned().collect();
        Ok(changes)
    }

    /// Makes the changes: every file first, then the removals.
    pub fn write(&self, files: &[OutputFile<'_>], changes: &FolderChanges) -> Result<(), Error> {
        let names: BTreeSet<String> = files.iter().map(|file| file.path.to_owned()).collect();
        if changes.is_empty() && names == self.listed {
            return Ok(());
        }
        fs::create_dir_all(&self.path).at("create", &self.path)?;
        // With the old names too, until their files are gone.
        self.write_list(names.union(&self.listed))?;
        let by_path: BTreeMap<&str, &OutputFile<'_>> = files.iter().map(|file| (file.path, file)).collect();
        let changed: Vec<&OutputFile<'_>> =
            changes.written.iter().filter_map(|path| by_path.get(path.as_str()).copied()).collect();
        for batch in changed.chunks(MOST_STAGED) {
            self.replace(batch)?;
        }
        for path in &changes.removed {
            let path = self.path.join(path);
            fs::remove_file(&path).at("remove", &path)?;
            let parents = path.ancestors().skip(1).take_while(|parent| *parent != self.path);
            // A folder that is not empty stays.
            parents.take_while(|parent| fs::remove_dir(parent).is_ok()).for_each(drop);
        }
        self.write_list(names.iter())
    }

    fn write_list<'a>(&self, names: impl Iterator<Item = &'a String>) -> Result<(), Error> {
        let mut text = format!("{LIST_HEAD}{KIND_START}{}\n", self.kind);
        for name in names {
            text.push_str(name);
            text.push('\n');
        }
        self.replace(&[&OutputFile { path: LIST_FILE, bytes: text.as_bytes(), is_private: false }])
    }

    /// Replaces some files, which are synced all at once: a sync of each takes minutes where there are tens of thousands.
    fn replace(&self, files: &[&OutputFile<'_>]) -> Result<(), Error> {
        let staged: Vec<(TempPath, PathBuf)> = files.iter().map(|file| self.stage(file)).collect::<Result<_, _>>()?;
        sync_files(&staged, &self.path)?;
        for (temporary, target) in staged {
            temporary.persist(&target).map_err(|error| error.error).at("replace", &target)?;
        }
        Ok(())
    }

    /// Writes a temporary file beside its target.
    fn stage(&self, file: &OutputFile<'_>) -> Result<(TempPath, PathBuf), Error> {
        let target = self.path.join(file.path);
        let parent = target.parent().unwrap_or(&self.path);
        fs::create_dir_all(parent).at("create", parent)?;
        // The kernel applies the umask to this.
        let mode = if file.is_private { 0o600 } else { 0o666 };
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix(".apigw-").permissions(fs::Permissions::from_mode(mode));
        let mut temporary = builder.tempfile_in(parent).at("write in", parent)?;
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
            let kind = fs::symlink_metadata(&path).at("read", &path)?;
            let inside = format!("{name}/");
            let is_parent = || self.listed.range(inside.clone()..).next().is_some_and(|path| path.starts_with(&inside));
            if kind.is_dir() && is_parent() {
                self.require_own(&path, &inside)?;
            } else if !kind.is_file() || (name != LIST_FILE && !self.listed.contains(&name) && !is_leftover(&path)) {
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

/// True if it is a temporary file of a process that was killed.
fn is_leftover(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".apigw-"))
}

fn is_private(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & OF_OTHERS == 0)
}

/// Reads the list of a folder's files, which must be of this kind. It is written by nobody else, but a path on it that leads
/// elsewhere is refused.
fn read_list(folder: &Path, kind: &str) -> Result<BTreeSet<String>, Error> {
    let path = folder.join(LIST_FILE);
    let bytes = super::outside::read_outside(&path, MOST_LIST_BYTES)?;
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
mod tests {
    use super::*;

    #[test]
    fn a_file_is_no_folder_and_has_none_below_it() {
        let temporary = tempfile::tempdir().expect("a folder");
        let path = temporary.path().join("file");
        fs::write(&path, "mine").expect("a file");
        for folder in [path.clone(), path.join("below/it")] {
            let refused = OutputFolder::open(&folder, "docs").expect_err("it is refused");
            assert!(matches!(refused, Error::FileForFolder { path: found } if found == path));
        }
        assert_eq!(fs::read(&path).expect("it is there"), b"mine");
    }

    fn file<'a>(path: &'a str, text: &'a str) -> OutputFile<'a> {
        OutputFile { path, bytes: text.as_bytes(), is_private: path.contains("secret") }
    }

    fn update(folder: &Path, files: &[OutputFile<'_>]) -> FolderChanges {
        let folder = OutputFolder::open(folder, "docs").expect("a folder");
        let changes = folder.compare(files).expect("changes");
        folder.write(files, &changes).expect("it is written");
        changes
    }

    #[test]
    fn files_are_written_replaced_and_removed() {
        let temporary = tempfile::tempdir().expect("a folder");
        let folder = temporary.path().join("out/deep");
        let changes = update(&folder, &[file("a", "1"), file("b/c", "2"), file("b/d", "3")]);
        assert_eq!(changes.written, ["a", "b/c", "b/d"]);
        assert!(update(&folder, &[file("a", "1"), file("b/c", "2"), file("b/d", "3")]).is_empty());
        let changes = update(&folder, &[file("a", "4"), file("secret", "5")]);
        assert_eq!(
            (changes.written, changes.removed),
            (vec!["a".to_owned(), "secret".to_owned()], vec!["b/c".to_owned(), "b/d".to_owned()])
        );
        assert!(!folder.join("b").exists() && is_private(&folder.join("secret")));
        fs::write(folder.join("a"), "other").expect("a file");
        let opened = OutputFolder::open(&folder, "docs").expect("a folder");
        assert_eq!(opened.compare(&[file("a", "4"), file("secret", "5")]).expect("changes").written, ["a"]);
    }

    #[test]
    fn a_folder_that_holds_something_else_is_refused() {
        let temporary = tempfile::tempdir().expect("a folder");
        let folder = temporary.path();
        fs::write(folder.join("mine.txt"), "").expect("a file");
        assert!(matches!(OutputFolder::open(folder, "docs"), Err(Error::FolderTaken { .. })));
        fs::remove_file(folder.join("mine.txt")).expect("it is removed");
        update(folder, &[file("a", "1")]);
        fs::create_dir(folder.join("more")).expect("a folder");
        assert!(matches!(OutputFolder::open(folder, "docs"), Err(Error::FolderTaken { .. })));
        fs::remove_dir(folder.join("more")).expect("it is removed");
        for name in ["../x", "/etc/passwd", "a/../../x"] {
            fs::write(folder.join(LIST_FILE), format!("{KIND_START}docs\na\n{name}\n")).expect("a list");
            assert!(matches!(OutputFolder::open(folder, "docs"), Err(Error::FolderTaken { .. })), "{name}");
        }
        std::os::unix::fs::symlink("/etc", folder.join("link")).expect("a link");
        fs::write(folder.join(LIST_FILE), format!("{KIND_START}docs\na\nlink/passwd\n")).expect("a list");
        assert!(matches!(OutputFolder::open(folder, "docs"), Err(Error::FolderTaken { .. })));
    }

    #[test]
    fn a_folder_of_another_kind_is_refused() {
        let temporary = tempfile::tempdir().expect("a folder");
        let folder = temporary.path();
        update(folder, &[file("a", "1")]);
        let list = fs::read_to_string(folder.join(LIST_FILE)).expect("a list");
        let without = list.replace("# kind: docs\n", "");
        for (kind, list) in [("sdk", list.as_str()), ("export envoy", list.as_str()), ("docs", without.as_str())] {
            fs::write(folder.join(LIST_FILE), list).expect("a list");
            let refused = OutputFolder::open(folder, kind);
            assert!(matches!(refused, Err(Error::FolderOfOtherKind { .. })), "{kind}");
        }
    }
}
