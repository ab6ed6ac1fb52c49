//! Files among the keys that nobody reads, since their names are none of a key, an owner or a secret.

use std::ffi::OsStr;
use std::path::Path;

use super::super::Workspace;
use super::super::error::Error;
use super::{KEY_SETS_FOLDER, KEYS_FOLDER, OWNERS_FOLDER, REVOKED_FOLDER};
use crate::access::SecretId;
use crate::check::KEY_FILE_NAME;
use crate::model::{Finding, KeyName, Location, OwnerName};

/// A folder of keys, and the names that its files have.
struct KeyFolder {
    place: &'static str,
    is_name: fn(&str) -> bool,
    what: &'static str,
    /// Effect of a file that is ignored.
    effect: &'static str,
}

const FOLDERS: [KeyFolder; 3] = [
    KeyFolder {
        place: KEYS_FOLDER,
        is_name: |name| name.parse::<KeyName>().is_ok(),
        what: "a key",
        effect: "it is not accepted",
    },
    KeyFolder {
        place: OWNERS_FOLDER,
        is_name: |name| name.parse::<OwnerName>().is_ok(),
        what: "an owner",
        effect: "nobody may call by it",
    },
    KeyFolder {
        place: REVOKED_FOLDER,
        is_name: |name| name.parse::<SecretId>().is_ok(),
        what: "a secret",
        effect: "it revokes nothing",
    },
];

impl Workspace {
    /// Finds files and folders in the folders of keys that are ignored, though their names look like those of keys.
    pub fn ignored_key_files(&self) -> Result<Vec<Finding>, Error> {
        let mut findings = Vec::new();
        for KeyFolder { place, is_name, what, effect } in FOLDERS {
            for file in self.root.list(place)? {
                let inner = format!("{place}/{file}");
                let is_own_folder = [OWNERS_FOLDER, REVOKED_FOLDER, KEY_SETS_FOLDER].contains(&inner.as_str());
                let is_key = file.strip_suffix(".yaml").is_some_and(is_name);
                if is_key || is_own_folder || file.starts_with('.') || !self.looks_like_key(&inner) {
                    continue;
                }
                let message =
                    format!("this is ignored: its name is not that of {what} with the ending .yaml, so {effect}");
                let hint = "move it out of the folder; names have lower-case letters, digits and hyphens, ids letters \
                            and digits";
                findings.push(KEY_FILE_NAME.finding(Location::file(inner), message, hint));
            }
        }
        Ok(findings)
    }

    /// True for YAML and for folders. Nobody takes notes for people, public keys and the like for a key.
    fn looks_like_key(&self, place: &str) -> bool {
        let extension = Path::new(place).extension();
        let is_yaml = |ending: &OsStr| ending.eq_ignore_ascii_case("yaml") || ending.eq_ignore_ascii_case("yml");
        extension.is_some_and(is_yaml) || self.folder().join(place).is_dir()
    }
}
