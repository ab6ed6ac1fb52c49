//! The files of a group, as bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::digest::Digest;

/// The name of a group's settings file.
pub const SETTINGS_FILE: &str = "group.yaml";
/// The default path of a group's definition below its folder; its content may be YAML or JSON.
pub const DEFINITION_FILE: &str = "openapi.yaml";
/// The name of the file that lists the files of a version.
pub const VERSION_FILE: &str = "version.yaml";

/// True if a path below a group's folder is reserved for apigw's own files, so that no file of a definition may have
/// it.
#[must_use]
pub fn is_reserved_file(path: &str) -> bool {
    path == SETTINGS_FILE || path == VERSION_FILE || path.split('/').next() == Some("versions")
}

/// The path of a definition's root file below its group's folder.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct DefinitionPath(String);

impl DefinitionPath {
    /// Returns the path, with `/` as its separator.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for DefinitionPath {
    fn default() -> Self {
        Self(DEFINITION_FILE.to_owned())
    }
}

impl TryFrom<String> for DefinitionPath {
    type Error = DefinitionPathError;

    fn try_from(path: String) -> Result<Self, DefinitionPathError> {
        let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
        if !path.split('/').all(is_plain) {
            return Err(DefinitionPathError::NotBelow(path));
        }
        if is_reserved_file(&path) {
            return Err(DefinitionPathError::Reserved(path));
        }
        Ok(Self(path))
    }
}

/// The error for a text that is not the path of a definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionPathError {
    /// The path is absolute, leads out of the folder or has an invalid part.
    #[error("{0:?} is not a path below the group's folder, like specs/openapi.yaml")]
    NotBelow(String),
    /// The path is reserved for the group's own files.
    #[error("{0:?} cannot be the definition: a group's folder has that name for its own files")]
    Reserved(String),
}

/// The files of a group or of one of its versions, by path below its folder.
///
/// Paths have `/` as their separator and no `.` or `..` segment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileSet(BTreeMap<String, Arc<[u8]>>);

impl FileSet {
    /// Adds a file, or replaces its bytes.
    pub fn insert(&mut self, path: impl Into<String>, bytes: impl Into<Arc<[u8]>>) {
        self.0.insert(path.into(), bytes.into());
    }

    /// Returns the bytes of a file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Arc<[u8]>> {
        self.0.get(path)
    }

    /// Iterates over the files, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<[u8]>)> {
        self.0.iter().map(|(path, bytes)| (path.as_str(), bytes))
    }

    /// Computes the digest of each file.
    #[must_use]
    pub fn manifest(&self) -> Manifest {
        Manifest(self.iter().map(|(path, bytes)| (path.to_owned(), Digest::of(bytes))).collect())
    }
}

/// The digest of each file of a version.
#[derive(Debug, Clone, PartialEq, Eq, schemars::JsonSchema, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Manifest(pub BTreeMap<String, Digest>);

impl Manifest {
    /// Writes the list, one `<digest>  <path>` a line, sorted by path.
    #[must_use]
    pub fn text(&self) -> String {
        let mut list = String::new();
        for (path, digest) in &self.0 {
            list.push_str(&digest.to_string());
            list.push_str("  ");
            list.push_str(path);
            list.push('\n');
        }
        list
    }

    /// Computes the version's digest: the SHA-256 of the list.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.text().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_lies_below_its_group_and_is_none_of_its_own_files() {
        for (path, is_valid) in [
            ("openapi.yaml", true),
            ("specs/v1/api.json", true),
            ("v/group.yaml", true),
            ("", false),
            ("/etc/passwd", false),
            ("../a.yaml", false),
            ("a/./b.yaml", false),
            ("a\\b.yaml", false),
            ("group.yaml", false),
            ("versions/0.0.1/openapi.yaml", false),
        ] {
            assert_eq!(DefinitionPath::try_from(path.to_owned()).is_ok(), is_valid, "{path}");
        }
    }

    #[test]
    fn the_digest_follows_names_and_bytes() {
        let digest = |files: &[(&str, &str)]| {
            let mut set = FileSet::default();
            for (path, text) in files {
                set.insert(*path, text.as_bytes());
            }
            set.manifest().digest()
        };
        let one = digest(&[("a", "1"), ("b", "2")]);
        assert_eq!(one, digest(&[("b", "2"), ("a", "1")]));
        assert_ne!(one, digest(&[("a", "2"), ("b", "1")]));
        assert_ne!(one, digest(&[("a", "1"), ("c", "2")]));
        assert_ne!(one, digest(&[("a", "1")]));
    }
}
