//! Secrets that stand in clear where everybody who has the repository reads them.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;
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
use crate::access::{
    AccessSubject, HmacSecret, Key, LONGEST_SUBSCRIPTION_KEY, RevokedSecrets, SecretId, SubscriptionKey,
};
use crate::check::SECRET_LEAKED;
use crate::model::{Digest, Finding, GroupName, KeyKind, KeyName, Location, Timestamp};
use crate::plan::Freeze;

/// The fewest bytes of a secret that is looked for: a shorter one stands in other words.
const SHORTEST: usize = 16;

/// The bytes of a file that are read at a time.
const PIECE: u64 = 1 << 20;

/// The files in which secrets are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchedFiles {
    /// All but those of frozen versions.
    Written,
    /// Those of frozen versions too.
    Frozen,
}

/// The secrets that are looked for, each with its id. None of them was revoked.
pub(super) struct SoughtSecrets<'s> {
    /// The secrets for signing, by their beginnings.
    signing: HashMap<&'s [u8], Vec<(&'s SecretId, &'s [u8])>>,
    /// True for each pair of bytes with which one of them begins: few places of a file are looked up.
    first_pairs: Vec<bool>,
    /// Subscription keys, of which the digest alone is known.
    subscription: HashMap<Digest, &'s SecretId>,
    /// The most bytes that one of all has.
    longest: usize,
}

impl<'s> SoughtSecrets<'s> {
    /// Takes the secrets for signing that are on this machine, and the valid subscription keys.
    pub(super) fn new(
        found: &'s SecretsOnMachine,
        keys: impl Iterator<Item = &'s Key>,
        revoked: &RevokedSecrets,
        now: Timestamp,
    ) -> Self {
        let mut signing: HashMap<&[u8], Vec<(&SecretId, &[u8])>> = HashMap::new();
        let mut first_pairs = vec![false; 1 << 16];
        let mut longest = LONGEST_SUBSCRIPTION_KEY;
        for (id, secret) in found.secrets.iter().filter(|(id, _)| !revoked.contains(id)) {
            let secret = secret.reveal();
            if let (Some(beginning), [first, second, ..]) = (secret.get(..SHORTEST), secret) {
                signing.entry(beginning).or_default().push((id, secret));
                first_pairs[pair(*first, *second)] = true;
                longest = longest.max(secret.len());
            }
        }
        let subscription = keys.filter(|key| key.kind == KeyKind::Subscription && key.past_end(now).is_none());
        let subscription =
            subscription.flat_map(|key| key.live_secrets(now)).filter(|secret| !revoked.contains(&secret.id));
        let subscription = subscription.filter_map(|secret| Some((secret.proof.digest()?, &secret.id))).collect();
        Self { signing, first_pairs, subscription, longest }
    }

    fn is_empty(&self) -> bool {
        self.signing.is_empty() && self.subscription.is_empty()
    }

    /// Returns the secrets that stand in a file, each with the line in which it is first. The file is read piece by
    /// piece, so that its size costs no memory.
    fn find_in(&self, mut file: impl Read) -> io::Result<BTreeMap<&'s SecretId, usize>> {
        let mut found = BTreeMap::new();
        let (mut piece, mut line) = (Vec::new(), 1);
        loop {
            let read = file.by_ref().take(PIECE).read_to_end(&mut piece)?;
            for (id, at) in self.places_in(&piece) {
                found.entry(id).or_insert_with(|| line + count_lines(&piece, at));
            }
            if (read as u64) < PIECE {
                return Ok(found);
            }
            // One that is cut off here is whole in the next piece.
            let passed = piece.len().saturating_sub(self.longest);
            line += count_lines(&piece, passed);
            piece.drain(..passed);
        }
    }

    /// Finds the places of secrets in bytes, whatever stands around them.
    fn places_in(&self, bytes: &[u8]) -> Vec<(&'s SecretId, usize)> {
        let subscription = SubscriptionKey::find_in(bytes);
        let mut places: Vec<(&SecretId, usize)> =
            subscription.filter_map(|(at, key)| Some((*self.subscription.get(&key.digest())?, at))).collect();
        if self.signing.is_empty() {
            return places;
        }
        for (at, beginning) in bytes.windows(SHORTEST).enumerate() {
            if let [first, second, ..] = beginning
                && self.first_pairs[pair(*first, *second)]
                && let Some(secrets) = self.signing.get(beginning)
            {
                let rest = &bytes[at..];
                places.extend(secrets.iter().filter(|(_, secret)| rest.starts_with(secret)).map(|(id, _)| (*id, at)));
            }
        }
        places
    }
}

fn pair(first: u8, second: u8) -> usize {
    usize::from(u16::from_be_bytes([first, second]))
}

fn count_lines(bytes: &[u8], end: usize) -> usize {
    memchr::memchr_iter(b'\n', bytes.get(..end).unwrap_or(bytes)).count()
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
        let mut found = Vec::new();
        for (place, path) in self.readable_files(files)? {
            // One that cannot be read has a finding of those who need it. A pipe would be waited for.
            let is_file = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
            if let Some(file) = is_file.then(|| fs::File::open(&path).ok()).flatten() {
                found.extend(findings(sought, &place, file.take(layout::LARGEST_RECORD)).unwrap_or_default());
            }
        }
        Ok(found)
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
            findings(&sought, &format!("{}/{group}/{path}", layout::GROUPS_FOLDER), &**bytes).unwrap_or_default()
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

    /// Lists the files that everybody reads, by the names that they have from the workspace's folder: those that Git
    /// has or would take in the whole repository, and those of keys, histories and groups.
    fn readable_files(&self, files: SearchedFiles) -> Result<BTreeMap<String, PathBuf>, Error> {
        let of_git = GitCheckout::find(self.folder()).and_then(|checkout| checkout.files());
        let of_git = of_git.unwrap_or_else(|| self.names_in(".").into_iter().map(PathBuf::from).collect());
        let of_git = of_git.into_iter().map(|path| (path.to_string_lossy().into_owned(), self.folder().join(path)));
        let is_searched = |place: &str| files == SearchedFiles::Frozen || layout::version_in(place).is_none();
        let mut found: BTreeMap<String, PathBuf> = of_git.filter(|(place, _)| is_searched(place)).collect();
        let mut folders: Vec<String> =
            [KEYS_FOLDER, KEY_SETS_FOLDER, OWNERS_FOLDER, REVOKED_FOLDER, HISTORY_FOLDER].map(str::to_owned).to_vec();
        folders.extend(self.settings.environments().iter().map(|environment| format!("history/{environment}")));
        let mut places = Vec::new();
        for folder in folders {
            places.extend(self.root.list(&folder)?.into_iter().map(|name| format!("{folder}/{name}")));
        }
        let left_out: &[&str] = if files == SearchedFiles::Frozen { &[] } else { &["versions"] };
        for group in self.root.list(layout::GROUPS_FOLDER)? {
            places.extend(self.files_in(&format!("{}/{group}", layout::GROUPS_FOLDER), left_out));
        }
        found.extend(places.into_iter().filter_map(|place| {
            let path = fs::canonicalize(self.root.locate(&place).ok()?).ok()?;
            Some((place, path))
        }));
        Ok(found)
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

fn findings(sought: &SoughtSecrets<'_>, place: &str, file: impl Read) -> io::Result<Vec<Finding>> {
    let finding = |(id, line): (&SecretId, usize)| {
        // Without its line the finding shows nothing of it.
        let message = format!("the secret {id} stands here in clear, in line {line}");
        let hint = "revoke it and rotate its key: whoever reads this file, or its past in Git, has the secret";
        SECRET_LEAKED.finding(Location::file(place), message, hint)
    };
    Ok(sought.find_in(file)?.into_iter().map(finding).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_where_a_piece_ends_and_behind_any_bytes() {
        let mut found = SecretsOnMachine::default();
        let text = "0123456789abcdefghijklmnopqrstuvwxyzABCDEF-";
        found.secrets.insert("abcd1234".parse().unwrap(), HmacSecret::new(text.as_bytes()));
        let now = Timestamp::from_milliseconds(0);
        let sought = SoughtSecrets::new(&found, [].into_iter(), &RevokedSecrets::default(), now);
        let piece = usize::try_from(PIECE).unwrap();
        for at in [0, 7, piece - 20, piece - 1, piece, 2 * piece - 10] {
            let mut bytes = b"x\n".repeat(at / 2);
            bytes.resize(at, b'n');
            bytes.extend_from_slice(text.as_bytes());
            let line = 1 + at / 2;
            let lines: Vec<usize> = sought.find_in(&*bytes).unwrap().into_values().collect();
            assert_eq!(lines, [line], "{at}");
            bytes.pop();
            assert!(sought.find_in(&*bytes).unwrap().is_empty(), "{at}");
        }
    }
}
