//! Secrets that stand in clear where everybody who has the repository reads them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use memchr::memmem;

use super::super::Workspace;
use super::super::error::Error;
use super::super::git::GitCheckout;
use super::super::{folders, layout};
use super::{
    HISTORY_FOLDER, KEY_SETS_FOLDER, KEYS_FOLDER, OWNERS_FOLDER, REVOKED_FOLDER, SecretSources, SecretsOnMachine,
    subject_place,
};
use crate::access::{AccessSubject, HmacSecret, Key, RevokedSecrets, SecretId, SubscriptionKey};
use crate::check::SECRET_LEAKED;
use crate::model::{Digest, Finding, GroupName, KeyKind, KeyName, Location, Timestamp};
use crate::plan::Freeze;

/// The fewest bytes of a secret that is looked for: a shorter one stands in other words.
const SHORTEST: usize = 16;

const fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// The files in which secrets are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchedFiles {
    /// Those that people write: settings, working copies, key files and histories.
    Written,
    /// Those of frozen versions too.
    Frozen,
}

/// The secrets that are looked for, each with its id. None of them was revoked.
pub(super) struct SoughtSecrets<'s> {
    signing: Vec<(&'s SecretId, &'s [u8])>,
    /// Subscription keys, of which the digest alone is known.
    subscription: HashMap<Digest, &'s SecretId>,
}

impl<'s> SoughtSecrets<'s> {
    /// Takes the secrets for signing that are on this machine, and the valid subscription keys.
    pub(super) fn new(
        found: &'s SecretsOnMachine,
        keys: impl Iterator<Item = &'s Key>,
        revoked: &RevokedSecrets,
        now: Timestamp,
    ) -> Self {
        let signing = found.secrets.iter().map(|(id, secret)| (id, secret.reveal()));
        let signing = signing.filter(|(id, secret)| secret.len() >= SHORTEST && !revoked.contains(id));
        let subscription = keys.filter(|key| key.kind == KeyKind::Subscription && key.past_end(now).is_none());
        let subscription =
            subscription.flat_map(|key| key.live_secrets(now)).filter(|secret| !revoked.contains(&secret.id));
        Self {
            signing: signing.collect(),
            subscription: subscription.filter_map(|secret| Some((secret.proof.digest()?, &secret.id))).collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.signing.is_empty() && self.subscription.is_empty()
    }

    /// Returns the secrets that stand in a file, each with its place there.
    fn find_in(&self, bytes: &[u8]) -> Vec<(&'s SecretId, usize)> {
        // Secrets that apigw makes are words: one look at a file finds each of them.
        let words: HashSet<&[u8]> = bytes.split(|byte| !is_of_word(*byte)).collect();
        let is_in = |secret: &[u8]| !secret.iter().all(|byte| is_of_word(*byte)) || words.contains(secret);
        let signing = self.signing.iter().filter(|(_, secret)| is_in(secret));
        let mut found: Vec<_> = signing.filter_map(|(id, secret)| Some((*id, memmem::find(bytes, secret)?))).collect();
        for word in words {
            let key = std::str::from_utf8(word).ok().and_then(SubscriptionKey::parse);
            if let Some(id) = key.and_then(|key| self.subscription.get(&key.digest())) {
                found.extend(memmem::find(bytes, word).map(|at| (*id, at)));
            }
        }
        found.sort_unstable_by_key(|(_, at)| *at);
        found
    }
}

impl Workspace {
    /// Looks for secrets in files.
    pub(super) fn leaked_secrets(
        &self,
        sought: &SoughtSecrets<'_>,
        files: SearchedFiles,
    ) -> Result<Vec<Finding>, Error> {
        if sought.is_empty() {
            return Ok(Vec::new());
        }
        let mut places = self.readable_places()?;
        if files == SearchedFiles::Frozen {
            for group in self.root.list(layout::GROUPS_FOLDER)? {
                let versions = format!("{}/{group}/versions", layout::GROUPS_FOLDER);
                for version in self.root.list(&versions).unwrap_or_default() {
                    places.extend(self.files_in(&format!("{versions}/{version}"), &[]));
                }
            }
        }
        // One that cannot be read has a finding of those who need it.
        let read = |place: String| Some((self.root.read(&place, layout::LARGEST_RECORD).ok()??, place));
        Ok(places.into_iter().filter_map(read).flat_map(|(bytes, place)| findings(sought, &place, &bytes)).collect())
    }

    /// Requires that no secret stands in files that are about to be frozen. No command is run for it.
    ///
    /// # Errors
    ///
    /// Fails with a finding for each.
    pub fn require_no_secret_in<'f>(
        &self,
        freezes: impl Iterator<Item = &'f Freeze>,
        variables: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let (records, _) = self.access_records()?;
        let keys = || records.iter().filter_map(|record| record.state.key());
        let revoked: RevokedSecrets = self.recorded_revocations()?.into_iter().collect();
        let found = self.secrets_on_machine(&SecretSources::of_variables(variables), keys());
        let sought = SoughtSecrets::new(&found, keys(), &revoked, now);
        if sought.is_empty() {
            return Ok(());
        }
        let files = freezes.flat_map(|freeze| freeze.files.iter().map(|(path, bytes)| (&freeze.group, path, bytes)));
        let of_file = |(group, path, bytes): (&GroupName, &str, &Arc<[u8]>)| {
            findings(&sought, &format!("{}/{group}/{path}", layout::GROUPS_FOLDER), bytes)
        };
        let findings: Vec<Finding> = files.flat_map(of_file).collect();
        if findings.is_empty() { Ok(()) } else { Err(Error::Invalid(findings)) }
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

    /// Lists the files in which people write texts: the settings and what lies beside them, descriptions and messages.
    fn readable_places(&self) -> Result<Vec<String>, Error> {
        let mut places = match GitCheckout::find(self.folder()) {
            Some(checkout) => checkout.files_at_the_top(),
            None => self.names_in("."),
        };
        for folder in [KEYS_FOLDER, KEY_SETS_FOLDER, OWNERS_FOLDER, REVOKED_FOLDER, HISTORY_FOLDER] {
            places.extend(self.root.list(folder)?.into_iter().map(|name| format!("{folder}/{name}")));
        }
        for environment in self.settings.environments() {
            let folder = format!("history/{environment}");
            places.extend(self.root.list(&folder)?.into_iter().map(|name| format!("{folder}/{name}")));
        }
        for group in self.root.list(layout::GROUPS_FOLDER)? {
            places.extend(self.files_in(&format!("{}/{group}", layout::GROUPS_FOLDER), &["versions"]));
        }
        Ok(places)
    }

    /// Lists the files below a folder, but for some folders in it; none where it cannot be listed.
    fn files_in(&self, folder: &str, left_out: &[&str]) -> Vec<String> {
        let mut places = Vec::new();
        for name in self.names_in(folder).into_iter().filter(|name| !left_out.contains(&name.as_str())) {
            let place = format!("{folder}/{name}");
            let is_folder = self.root.locate(&place).is_ok_and(|path| path.is_dir() && !path.is_symlink());
            if is_folder { places.extend(self.files_in(&place, &[])) } else { places.push(place) }
        }
        places
    }

    fn names_in(&self, folder: &str) -> Vec<String> {
        let names = self.root.locate(folder).ok().and_then(|path| folders::names(&path).ok()).unwrap_or_default();
        let mut names: Vec<String> = names.iter().map(|name| name.to_string_lossy().into_owned()).collect();
        names.sort_unstable();
        names
    }
}

fn findings(sought: &SoughtSecrets<'_>, place: &str, bytes: &[u8]) -> Vec<Finding> {
    let finding = |(id, at): (&SecretId, usize)| {
        let line = bytes.iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
        // Without its line the finding shows nothing of it.
        let message = format!("the secret {id} stands here in clear, in line {line}");
        let hint = "revoke it and rotate its key: whoever reads this file, or its past in Git, has the secret";
        SECRET_LEAKED.finding(Location::file(place), message, hint)
    };
    sought.find_in(bytes).into_iter().map(finding).collect()
}
