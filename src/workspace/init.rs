//! Making a workspace.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::error::{Error, PathContext};
use super::layout::{DEPLOYMENTS_FOLDER, HISTORY_FOLDER, LOCAL_FOLDER, WORKSPACE_FILE};

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
        return Err(Error::Exists { what: format!("the workspace {}", folder.display()) });
    }
    fs::create_dir_all(folder).at("create", folder)?;
    let mut made = Vec::new();
    if let Err(error) = prepare(folder, example, &mut made) {
        // Else the next attempt would find files in its way.
        for place in made {
            let _ = fs::remove_file(folder.join(place));
        }
        return Err(error);
    }
    // This file makes the folder a workspace, so it comes last, and whole or not at all.
    let path = folder.join(WORKSPACE_FILE);
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)
        .at("write in", folder)?;
    file.write_all(SETTINGS.as_bytes()).at("write", &path)?;
    file.as_file().sync_all().at("sync", &path)?;
    file.persist_noclobber(&path).map_err(|error| error.error).at("create", &path)?;
    let synced = fs::File::open(folder).and_then(|folder| folder.sync_all()).at("sync", folder);
    let what = format!("the workspace {}", folder.display());
    synced.map_err(|source| Error::DurabilityUnknown { what, operation: None, source })?;
    made.extend([".gitignore", ".gitattributes", WORKSPACE_FILE].map(str::to_owned));
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
    add_lines(&folder.join(".gitignore"), &format!("/{LOCAL_FOLDER}/\n"))?;
    add_attributes(folder)?;
    for name in ["groups", DEPLOYMENTS_FOLDER, HISTORY_FOLDER] {
        let path = folder.join(name);
        fs::create_dir_all(&path).at("create", &path)?;
    }
    Ok(())
}

/// Adds the lines that Git needs for a workspace to its `.gitattributes`.
pub(super) fn add_attributes(folder: &Path) -> Result<(), Error> {
    add_lines(&folder.join(".gitattributes"), ATTRIBUTES)
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

/// Adds the lines that a file lacks; a missing file is made.
fn add_lines(path: &Path, lines: &str) -> Result<(), Error> {
    let existing = if path.exists() { fs::read_to_string(path).at("read", path)? } else { String::new() };
    let missing: Vec<&str> = lines.lines().filter(|line| !existing.lines().any(|have| have == *line)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let separator = if existing.is_empty() || existing.ends_with('\n') { "" } else { "\n" };
    let text = format!("{existing}{separator}{}\n", missing.join("\n"));
    Ok(fs::write(path, text).at("write", path)?)
}
