//! Secrets of signature keys that stand in clear where everybody who has the repository reads them.

use std::collections::{BTreeMap, HashSet};

use memchr::memmem;

use super::super::Workspace;
use super::super::error::Error;
use super::super::{folders, layout};
use super::{
    HISTORY_FOLDER, KEY_SETS_FOLDER, KEYS_FOLDER, OWNERS_FOLDER, REVOKED_FOLDER, SecretSources, SecretsOnMachine,
    subject_place,
};
use crate::access::{AccessSubject, HmacSecret, SecretId};
use crate::check::SECRET_LEAKED;
use crate::model::{Finding, KeyName, Location};

/// The fewest bytes of a secret that is looked for: a shorter one stands in other words.
const SHORTEST: usize = 16;

const fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

impl Workspace {
    /// Looks for the secrets of this machine in settings, working copies, key files and histories.
    pub(super) fn leaked_secrets(&self, found: &SecretsOnMachine) -> Result<Vec<Finding>, Error> {
        let secrets = found.secrets.iter().map(|(id, secret)| (id, secret.reveal()));
        let secrets: Vec<_> = secrets.filter(|(_, secret)| secret.len() >= SHORTEST).collect();
        let mut findings = Vec::new();
        if secrets.is_empty() {
            return Ok(findings);
        }
        for place in self.readable_places()? {
            // One that cannot be read has a finding of those who need it.
            let Ok(Some(bytes)) = self.root.read(&place, layout::LARGEST_RECORD) else { continue };
            // Secrets that apigw makes are words: one look at a file finds each of them.
            let words: HashSet<&[u8]> = bytes.split(|byte| !is_of_word(*byte)).collect();
            for (id, secret) in &secrets {
                if secret.iter().all(|byte| is_of_word(*byte)) && !words.contains(secret) {
                    continue;
                }
                let Some(at) = bytes.windows(secret.len()).position(|window| window == *secret) else { continue };
                let line = bytes.iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
                // Without its line the finding shows nothing of it.
                let location = Location::file(place.as_str());
                let message = format!("the secret {id} stands here in clear, in line {line}");
                let hint = "revoke it and rotate its key: whoever reads this file, or its past in Git, has the secret";
                findings.push(SECRET_LEAKED.finding(location, message, hint));
            }
        }
        Ok(findings)
    }

    /// True if a text that everybody reads contains a secret for signing that is on this machine. No command is run for
    /// it.
    #[must_use]
    pub fn contains_own_secret(&self, text: &str, variables: &BTreeMap<String, String>) -> bool {
        if text.len() < SHORTEST {
            return false;
        }
        let sources = SecretSources::of_variables(variables);
        let stated = self.key_names().unwrap_or_default().into_iter().flat_map(|name| self.stated_ids(&name));
        let mut found = stated.filter_map(|id| self.find_secret(&sources, &id).ok().flatten());
        let is_in = |secret: &HmacSecret| {
            let secret = secret.reveal();
            secret.len() >= SHORTEST && memmem::find(text.as_bytes(), secret).is_some()
        };
        found.any(|secret| is_in(&secret))
    }

    /// Lists the ids in the file of a key, also in one that is not as a command wrote it.
    pub(super) fn stated_ids(&self, key: &KeyName) -> Vec<SecretId> {
        let place = subject_place(&AccessSubject::Key(key.clone()));
        let bytes = self.root.read(&place, layout::LARGEST_RECORD).ok().flatten().unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let stated = text.lines().filter_map(|line| line.split_once("id: "));
        stated.filter_map(|(_, id)| id.trim().trim_matches('"').parse().ok()).collect()
    }

    /// Lists the files in which people write texts: the settings, descriptions and messages.
    fn readable_places(&self) -> Result<Vec<String>, Error> {
        let mut places = vec![layout::WORKSPACE_FILE.to_owned()];
        for folder in [KEYS_FOLDER, KEY_SETS_FOLDER, OWNERS_FOLDER, REVOKED_FOLDER, HISTORY_FOLDER] {
            places.extend(self.root.list(folder)?.into_iter().map(|name| format!("{folder}/{name}")));
        }
        for environment in self.settings.environments() {
            let folder = format!("history/{environment}");
            places.extend(self.root.list(&folder)?.into_iter().map(|name| format!("{folder}/{name}")));
        }
        for group in self.root.list(layout::GROUPS_FOLDER)? {
            let folder = format!("{}/{group}", layout::GROUPS_FOLDER);
            let Ok(names) = folders::names(&self.root.locate(&folder)?) else { continue };
            let names = names.iter().map(|name| name.to_string_lossy().into_owned());
            places.extend(names.map(|name| format!("{folder}/{name}")));
        }
        Ok(places)
    }
}
