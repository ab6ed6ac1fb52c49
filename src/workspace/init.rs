//! Making a workspace.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use super::durable::sync_folder;
use super::error::{Error, ExistingPart, PathContext, PathError};
use super::layout::{ATTRIBUTES_FILE, DEPLOYMENTS_FOLDER, HISTORY_FOLDER, IGNORE_FILE, LOCAL_FOLDER, WORKSPACE_FILE};

/// A group that a new workspace can begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExampleGroup {
    /// A small store of pets.
    Petstore,
}

const SETTINGS: &str = r#"# Settings of this workspace; `apigw schema workspace` shows all that can stand here.
schema = 1

# Each group is reached at <group>.<environment>.<base_domain>.
base_domain = "apigw.localhost"

# The environments test, pre-release and online are always there.
# `variables` stand for ${NAME} in backend addresses.

[environments.test]

[environments.pre-release]

[environments.online]
protected = true
"#;

const ATTRIBUTES: &str = "\
# What apigw writes and freezes is compared byte for byte: Git must not change line ends in it.
groups/** -text
groups/*/versions/*.yaml merge=union
deployments/** -text merge=apigw
history/** -text
keys/** -text
";

const PETSTORE_SETTINGS: &str = include_str!("../../examples/petstore/groups/petstore/group.yaml");
const PETSTORE_DEFINITION: &str = include_str!("../../examples/petstore/groups/petstore/openapi.yaml");

/// Makes a workspace in a folder, which is made where it is missing, and returns the files made.
///
/// # Errors
///
/// Fails where the folder is a workspace already. Files that are there stay as they are; lines that
/// `.gitignore` and `.gitattributes` lack are added.
pub fn init(folder: &Path, example: Option<ExampleGroup>) -> Result<Vec<String>, Error> {
    if folder.join(WORKSPACE_FILE).exists() {
        return Err(Error::Exists(ExistingPart::Workspace(folder.to_owned())));
    }
    fs::create_dir_all(folder).at("create", folder)?;
    let mut made = Vec::new();
    if let Err(error) = prepare(folder, example, &mut made).and_then(|()| complete(folder)) {
        // Else the next attempt would find files in its way.
        for place in made {
            let _ = fs::remove_file(folder.join(place));
        }
        return Err(error);
    }
    let what = format!("the workspace {}", folder.display());
    sync_folder(folder).map_err(|source| Error::DurabilityUnknown { what, operation: None, source })?;
    made.extend([IGNORE_FILE, ATTRIBUTES_FILE, WORKSPACE_FILE].map(str::to_owned));
    made.sort_unstable();
    Ok(made)
}

/// Creates everything but the settings, and lists the files that were created.
fn prepare(folder: &Path, example: Option<ExampleGroup>, made: &mut Vec<String>) -> Result<(), Error> {
    if example == Some(ExampleGroup::Petstore) {
        for (file, text) in [("group.yaml", PETSTORE_SETTINGS), ("openapi.yaml", PETSTORE_DEFINITION)] {
            let place = format!("groups/petstore/{file}");
            create(&folder.join(&place), text)?;
            made.push(place);
        }
    }
    for name in ["groups", DEPLOYMENTS_FOLDER, HISTORY_FOLDER] {
        let path = folder.join(name);
        fs::create_dir_all(&path).at("create", &path)?;
    }
    Ok(())
}

/// Adds the lines that Git needs, and the settings. All is written before anything is put in its place.
fn complete(folder: &Path) -> Result<(), Error> {
    let ignored = added_lines(folder, IGNORE_FILE, &format!("/{LOCAL_FOLDER}/\n"))?;
    let attributes = added_lines(folder, ATTRIBUTES_FILE, ATTRIBUTES)?;
    let settings = written(folder, SETTINGS)?;
    let lists = [(IGNORE_FILE, ignored), (ATTRIBUTES_FILE, attributes)];
    let mut replaced: Vec<ReplacedFile> = Vec::new();
    let replace = || {
        for (name, list) in lists {
            replaced.extend(list.map(|list| ReplacedFile::replace(folder.join(name), list)).transpose()?);
        }
        // This file makes the folder a workspace, so it comes last, and whole or not at all.
        let path = folder.join(WORKSPACE_FILE);
        settings.persist_noclobber(&path).map_err(|error| error.error).at("create", &path)
    };
    let placed = replace();
    if placed.is_err() {
        replaced.into_iter().for_each(ReplacedFile::put_back);
    }
    Ok(placed.map(drop)?)
}

/// A list of Git's that was replaced, with a second name of the one before.
struct ReplacedFile {
    path: PathBuf,
    before: Option<TempPath>,
}

impl ReplacedFile {
    fn replace(path: PathBuf, list: NamedTempFile) -> Result<Self, PathError> {
        let folder = path.parent().unwrap_or(&path);
        let linked = tempfile::Builder::new().make_in(folder, |to| fs::hard_link(&path, to));
        let before = linked.ok().map(NamedTempFile::into_temp_path);
        list.persist(&path).map_err(|error| error.error).at("replace", &path)?;
        Ok(Self { path, before })
    }

    fn put_back(self) {
        let _ = match self.before {
            Some(before) => fs::rename(before, &self.path),
            None => fs::remove_file(&self.path),
        };
    }
}

/// Adds the lines that Git needs for a workspace to its `.gitattributes`.
pub(super) fn add_attributes(folder: &Path) -> Result<(), Error> {
    let path = folder.join(ATTRIBUTES_FILE);
    let list = added_lines(folder, ATTRIBUTES_FILE, ATTRIBUTES)?;
    Ok(list.map(|list| list.persist(&path).map_err(|error| error.error).at("replace", &path)).transpose().map(drop)?)
}

fn create(path: &Path, text: &str) -> Result<(), Error> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).at("create", parent)?;
    let mut file = fs::File::create_new(path).at("create", path)?;
    let written = file.write_all(text.as_bytes()).at("write", path).and_then(|()| file.sync_all().at("sync", path));
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    Ok(written?)
}

/// Writes a file with the lines that it lacks, to be put in its place; `None` where it has them all.
fn added_lines(folder: &Path, name: &str, lines: &str) -> Result<Option<NamedTempFile>, Error> {
    let path = folder.join(name);
    let existing = if path.exists() { fs::read_to_string(&path).at("read", &path)? } else { String::new() };
    let missing: Vec<&str> = lines.lines().filter(|line| !existing.lines().any(|have| have == *line)).collect();
    if missing.is_empty() {
        return Ok(None);
    }
    let separator = if existing.is_empty() || existing.ends_with('\n') { "" } else { "\n" };
    let list = written(folder, &format!("{existing}{separator}{}\n", missing.join("\n")))?;
    if let Ok(metadata) = fs::metadata(&path) {
        list.as_file().set_permissions(metadata.permissions()).at("write", &path)?;
    }
    Ok(Some(list))
}

/// Writes a file that has its bytes durably before it gets a name.
fn written(folder: &Path, text: &str) -> Result<NamedTempFile, PathError> {
    let permissions = Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new().permissions(permissions).tempfile_in(folder).at("write in", folder)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).at("write", folder)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::super::folders;
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = folders::names(folder).unwrap().into_iter().map(|name| name.into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| folder.join(name).is_file()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_workspace_that_cannot_be_made_changes_no_file() {
        for (in_the_way, target) in [(ATTRIBUTES_FILE, None), (WORKSPACE_FILE, Some("nowhere"))] {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path();
            fs::write(root.join(IGNORE_FILE), "own").unwrap();
            match target {
                None => fs::create_dir(root.join(in_the_way)).unwrap(),
                Some(target) => std::os::unix::fs::symlink(target, root.join(in_the_way)).unwrap(),
            }
            init(root, Some(ExampleGroup::Petstore)).unwrap_err();
            assert_eq!(fs::read_to_string(root.join(IGNORE_FILE)).unwrap(), "own", "{in_the_way}");
            assert_eq!(names(root), [IGNORE_FILE], "{in_the_way}");
            // Nothing is in the way of the next attempt.
            fs::remove_dir(root.join(in_the_way)).or_else(|_| fs::remove_file(root.join(in_the_way))).unwrap();
            init(root, Some(ExampleGroup::Petstore)).unwrap();
            assert_eq!(names(root), [ATTRIBUTES_FILE, IGNORE_FILE, WORKSPACE_FILE], "{in_the_way}");
        }
    }
}
