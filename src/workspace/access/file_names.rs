//! Files among the keys that nobody reads, since their names are none of a key, an owner or a secret.

use super::super::Workspace;
use super::super::error::Error;
use super::{KEY_SETS_FOLDER, KEYS_FOLDER, OWNERS_FOLDER, REVOKED_FOLDER};
use crate::access::SecretId;
use crate::check::KEY_FILE_NAME;
use crate::model::{Finding, KeyName, Location, OwnerName};

impl Workspace {
    /// Finds files and folders in the folders of keys that are ignored, though their names look like those of keys.
    pub fn ignored_key_files(&self) -> Result<Vec<Finding>, Error> {
        let is_key = |name: &str| name.parse::<KeyName>().is_ok();
        let is_owner = |name: &str| name.parse::<OwnerName>().is_ok();
        let is_secret = |name: &str| name.parse::<SecretId>().is_ok();
        let folders: [(&str, &dyn Fn(&str) -> bool, &str, &str); 3] = [
            (KEYS_FOLDER, &is_key, "a key", "it lets nobody in"),
            (OWNERS_FOLDER, &is_owner, "an owner", "nobody may call by it"),
            (REVOKED_FOLDER, &is_secret, "a secret", "it revokes nothing"),
        ];
        let mut findings = Vec::new();
        for (folder, is_name, what, effect) in folders {
            for file in self.root.list(folder)? {
                let own_folder =
                    [OWNERS_FOLDER, REVOKED_FOLDER, KEY_SETS_FOLDER].contains(&format!("{folder}/{file}").as_str());
                let lower = file.to_ascii_lowercase();
                // Notes for people, public keys and the like are none that anybody takes for a key.
                let is_meant = lower.ends_with(".yaml")
                    || lower.ends_with(".yml")
                    || self.folder().join(folder).join(&file).is_dir();
                let is_known =
                    file.strip_suffix(".yaml").is_some_and(is_name) || own_folder || !is_meant || file.starts_with('.');
                if is_known {
                    continue;
                }
                let message =
                    format!("this is ignored: its name is not that of {what} with the ending .yaml, so {effect}");
                let hint = "move it out of the folder; names have lower-case letters, digits and hyphens, ids letters and digits";
                findings.push(KEY_FILE_NAME.finding(Location::file(format!("{folder}/{file}")), message, hint));
            }
        }
        Ok(findings)
    }
}
