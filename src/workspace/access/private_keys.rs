//! Private keys that lie where Git would add them.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use super::super::error::{Error, PathContext};
use super::super::git::is_hidden_from_git;
use super::super::{Workspace, layout};
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
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries {
                let entry = entry.at("list", &folder)?;
                let inner = format!("{place}/{}", entry.file_name().to_string_lossy());
                let Ok(kind) = entry.file_type() else { continue };
                if kind.is_dir() {
                    pending.push(inner);
                } else if kind.is_file()
                    && let Some(line) = private_key_line(&entry.path())
                    && !is_hidden_from_git(self.folder(), &entry.path())
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
