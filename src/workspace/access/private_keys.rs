//! Private keys that lie where Git would add them.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use super::super::error::Error;
use super::super::git::is_hidden_from_git;
use super::super::{Workspace, folders, layout};
use super::KEYS_FOLDER;
use crate::check::PRIVATE_KEY;
use crate::model::{Finding, Location};

/// The most bytes of a file that is looked at: a private key has a few thousand.
const LARGEST: u64 = 64 << 10;

impl Workspace {
    /// Finds files with a private key (PEM, RFC 7468) below the folders of keys and groups that Git does not ignore.
    pub fn private_key_findings(&self) -> Result<Vec<Finding>, Error> {
        let mut findings = Vec::new();
        let mut pending = vec![KEYS_FOLDER.to_owned(), layout::GROUPS_FOLDER.to_owned()];
        while let Some(place) = pending.pop() {
            let folder = self.folder().join(&place);
            // A folder that cannot be read is reported by those who need its files.
            let Ok(names) = folders::names(&folder) else { continue };
            for name in names {
                let (path, inner) = (folder.join(&name), format!("{place}/{}", name.to_string_lossy()));
                let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
                if metadata.is_dir() {
                    pending.push(inner);
                } else if metadata.is_file()
                    && let Some(line) = private_key_line(&path)
                    && !is_hidden_from_git(&path)
                {
                    let location = Location { file: inner.into(), line, column: 1 };
                    let message = "this is a private key, and Git would hand it to everybody who has the repository";
                    let hint = "move it out of the workspace; once it was committed, revoke it and make another";
                    findings.push(PRIVATE_KEY.finding(location, message, hint));
                }
            }
        }
        findings.sort_by(|one, other| one.location.cmp(&other.location));
        Ok(findings)
    }
}

/// Returns the line at which a private key begins. One within a document, like an example in a definition, is indented.
fn private_key_line(path: &Path) -> Option<usize> {
    let mut file = fs::File::open(path).ok()?;
    if file.metadata().ok()?.len() > LARGEST {
        return None;
    }
    let mut bytes = Vec::new();
    file.by_ref().take(LARGEST).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let begins = |line: &str| line.starts_with("-----BEGIN ") && line.trim_end().ends_with("PRIVATE KEY-----");
    text.lines().position(begins).map(|index| index + 1)
}
