//! The files of a group, as bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Digest;

/// The name of a group's settings file.
pub const SETTINGS_FILE: &str = "group.yaml";
/// The name of a group's definition, YAML or JSON.
pub const DEFINITION_FILE: &str = "openapi.yaml";
/// The name of the file that lists what a version holds.
pub const VERSION_FILE: &str = "version.yaml";

/// The files that make up a group or a version of it, by path below its folder.
///
/// Paths have `/` between their parts and neither `.` nor `..` among them.
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

    /// Goes through the files, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<[u8]>)> {
        self.0.iter().map(|(path, bytes)| (path.as_str(), bytes))
    }

    /// Lists the digest of each file.
    #[must_use]
    pub fn manifest(&self) -> Manifest {
        Manifest(self.iter().map(|(path, bytes)| (path.to_owned(), Digest::of(bytes))).collect())
    }
}

/// The digest of each file of a version.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Manifest(pub BTreeMap<String, Digest>);

impl Manifest {
    /// Computes the version's digest: the SHA-256 of the list, one `<digest>  <path>` a line, sorted by path.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut list = String::new();
        for (path, digest) in &self.0 {
            list.push_str(&digest.to_string());
            list.push_str("  ");
            list.push_str(path);
            list.push('\n');
        }
        Digest::of(list.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
