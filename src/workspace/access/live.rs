//! Keys as a gateway follows them: read again and again, and never worse than the last good state for a minute.
//!
//! A key's file that is missing or broken keeps what was good, less what is revoked, for
//! [`KEEP_BROKEN`](super::last_good::KEEP_BROKEN): a checkout is half-way. Then its key is closed; one that is broken
//! at the start is closed at once. So it is with a broken key set. A revocation is remembered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::error::Error;
use super::super::outside::{FileStamp, stamp_outside};
use super::super::{Workspace, layout};
use super::committed_revocations::UnreadCommits;
use super::followed_commits::FollowedCommits;
use super::key_sets::key_set_place;
use super::last_good::LastGood;
use super::reused::{PastSecrets, message_on};
use super::revocations::PastRevocations;
use super::{
    HISTORY_FOLDER, KEY_SETS_FOLDER, KEYS_FOLDER, OWNERS_FOLDER, REVOKED_FILE, REVOKED_FOLDER, SecretSources,
    subject_place,
};
use crate::access::token::TokenKeySet;
use crate::access::{
    AccessSubject, Key, KeyDirectory, OwnerGrants, RevokedSecrets, Secret, SubjectState, early_bindings,
};
use crate::model::{Finding, KeyKind, Timestamp};

/// Time after a change in which the folders are read at each look: the system's stamps are a few milliseconds coarse.
const UNSETTLED: Duration = Duration::from_millis(100);
/// Interval at which each file is looked at, which shows a change in place.
const SELDOM: Duration = Duration::from_secs(1);

/// Reads the keys of a workspace, as often as they change.
#[derive(Debug)]
pub struct AccessReader {
    sources: SecretSources,
    known: LastGood<AccessSubject, SubjectState>,
    revoked: RevokedSecrets,
    history: PastRevocations,
    committed: FollowedCommits,
    /// True once each place of revocations was read: before, a revoked secret could be let in.
    has_revocations: bool,
    /// Revoked secrets that no key has any more, so that none of them comes back under another id.
    past: PastSecrets,
    key_sets: LastGood<String, Arc<TokenKeySet>>,
    key_set_files: Vec<Option<FileStamp>>,
    folders: Vec<Option<FileStamp>>,
    files: BTreeMap<AccessSubject, Option<FileStamp>>,
    /// Until when the folders are read at each look.
    unsettled_until: Option<Instant>,
    next_files: Option<Instant>,
    /// Stamps of the files in which the secrets of keys lie, or would.
    secret_files: Vec<Option<FileStamp>>,
    /// True if something could not be read that no stamp tells of.
    must_retry: bool,
    problems: BTreeSet<String>,
    reported: BTreeSet<String>,
}

impl AccessReader {
    /// Begins with nothing read.
    #[must_use]
    pub fn new(sources: SecretSources) -> Self {
        Self {
            sources,
            known: LastGood::default(),
            revoked: RevokedSecrets::default(),
            history: PastRevocations::default(),
            committed: FollowedCommits::default(),
            has_revocations: false,
            past: PastSecrets::default(),
            key_sets: LastGood::default(),
            key_set_files: Vec::new(),
            folders: Vec::new(),
            files: BTreeMap::new(),
            unsettled_until: None,
            next_files: None,
            secret_files: Vec::new(),
            must_retry: false,
            problems: BTreeSet::new(),
            reported: BTreeSet::new(),
        }
    }

    /// Takes secrets from other sources, and has everything read again. Where their command fails, those that it
    /// printed before stay.
    pub fn take_secrets(&mut self, sources: SecretSources) {
        self.sources = sources.or_printed_of(&self.sources);
        self.folders.clear();
    }

    /// Has everything read again.
    pub fn read_again(&mut self) {
        self.folders.clear();
    }

    /// True if there may be something new. A commit renames a file, which shows on its folder.
    pub fn must_read(&mut self, workspace: &Workspace, now: Instant) -> bool {
        let folders = self.folder_stamps(workspace);
        if folders != self.folders {
            self.folders = folders;
            self.unsettled_until = Some(now + UNSETTLED);
            return true;
        }
        if self.unsettled_until.is_some_and(|until| now < until) {
            return true;
        }
        // Without keys there is nothing to revoke, and no commit was read.
        if !self.known.is_empty() && self.committed.must_read(workspace) {
            return true;
        }
        if self.next_files.is_some_and(|next| now < next) {
            return false;
        }
        self.next_files = Some(now + SELDOM);
        let is_closing = self.known.is_any_over(now) || self.key_sets.is_any_over(now);
        let files = workspace.subjects().unwrap_or_default().into_iter().map(|subject| {
            let stamp = workspace.root.locate(&subject_place(&subject)).ok().and_then(|path| stamp_outside(&path));
            (subject, stamp)
        });
        let files: BTreeMap<_, _> = files.collect();
        let (key_set_files, secret_files) = (workspace.key_set_stamps(), self.secret_stamps(workspace));
        let is_changed =
            files != self.files || key_set_files != self.key_set_files || secret_files != self.secret_files;
        (self.files, self.key_set_files, self.secret_files) = (files, key_set_files, secret_files);
        // A secret that is missing is no reason to read all keys again and again: its file has a stamp once it comes.
        is_changed || self.must_retry || is_closing
    }

    /// Reads the keys as they are now.
    pub fn read(&mut self, workspace: &Workspace, now: Instant, clock: Timestamp) -> Arc<KeyDirectory> {
        self.problems.clear();
        self.must_retry = false;
        self.read_subjects(workspace, now);
        self.read_revocations(workspace);
        self.read_key_sets(workspace, now);
        if !self.has_revocations {
            self.problems.insert("revocations not read yet: all keys are refused".to_owned());
            return Arc::new(KeyDirectory::default());
        }
        let states: Vec<&SubjectState> = self.known.contents().collect();
        let keys: Vec<Arc<Key>> = states.iter().filter_map(|state| Some(Arc::new(state.key()?.clone()))).collect();
        let owners: Vec<OwnerGrants> = states
            .iter()
            .filter_map(|state| if let SubjectState::Owner(owner) = state { Some(owner.clone()) } else { None })
            .collect();
        self.past.look_up(workspace, keys.iter().map(|key| &**key), &self.revoked);
        let found = workspace.secrets_on_machine(&self.sources, keys.iter().map(|key| &**key));
        self.problems.extend(found.problems.iter().map(Finding::one_line));
        let key_sets = self.key_sets.iter().map(|(name, keys)| (name.clone(), Arc::clone(keys))).collect();
        let revoked_at = self.history.times(states.iter().copied(), &self.committed.found);
        let committed = self.committed.found.secrets.iter().map(|found| &found.secret);
        let past: Vec<Secret> = self.past.secrets.iter().chain(committed).cloned().collect();
        let present = keys.iter().map(|key| &**key);
        let early = early_bindings(&present, past.iter(), &self.revoked, &revoked_at);
        self.problems.extend(early.iter().map(message_on));
        let revoked = self.revoked.iter().chain(early.iter().map(|early| &early.secret)).cloned();
        let directory =
            KeyDirectory::new(keys.iter().cloned(), owners, (revoked, &past), &found.secrets).with_key_sets(key_sets);
        let ambiguous = directory
            .ambiguous_ids()
            .map(|id| format!("the secret {id}, its value or its subject, belongs to two keys: it is not accepted"));
        self.problems.extend(ambiguous);
        self.problems.extend(directory.revoked_again().map(message_on));
        let missing = directory.missing_secrets(clock);
        self.problems.extend(missing.map(|(key, id)| {
            format!("key {}: its secret {id} is not on this machine, so that requests signed with it get 401", key.name)
        }));
        Arc::new(directory)
    }

    fn read_subjects(&mut self, workspace: &Workspace, now: Instant) {
        let subjects = match workspace.subjects() {
            Ok(subjects) => subjects,
            Err(error) => {
                self.must_retry = true;
                self.problems.insert(error.one_line());
                Vec::new()
            }
        };
        let mut broken: BTreeMap<AccessSubject, String> =
            self.known.names().map(|subject| (subject.clone(), format!("the file of {subject} is gone"))).collect();
        for subject in subjects {
            match workspace.access_record(&subject) {
                Ok(Some(record)) => {
                    broken.remove(&subject);
                    self.known.note_good(subject, record.state);
                }
                Ok(None) => {}
                Err(error) => {
                    self.must_retry |= matches!(error, Error::Io(_));
                    broken.insert(subject, error.one_line());
                }
            }
        }
        for (subject, reason) in broken {
            self.problems.insert(if self.known.note_broken(&subject, now) {
                format!("{reason}; what was good is kept for a minute")
            } else {
                format!("{reason}; the {subject} is closed")
            });
        }
    }

    /// Takes the key sets that can be used; of one that cannot, what was good stays for a minute.
    fn read_key_sets(&mut self, workspace: &Workspace, now: Instant) {
        let mut broken = BTreeMap::new();
        match workspace.read_key_sets() {
            Ok(files) => {
                self.key_sets.retain(|name| files.iter().any(|(file, _)| file == name));
                for (name, read) in files {
                    match read {
                        Ok(keys) => self.key_sets.note_good(name, Arc::new(keys)),
                        Err(error) => {
                            self.must_retry |= matches!(error, Error::Io(_));
                            let findings = error.file_findings(&key_set_place(&name));
                            broken.insert(name, findings.iter().map(Finding::one_line).collect::<Vec<_>>().join("; "));
                        }
                    }
                }
            }
            Err(error) => {
                self.must_retry = true;
                self.problems.insert(error.one_line());
                broken.extend(self.key_sets.names().map(|name| (name.clone(), error.one_line())));
            }
        }
        for (name, reason) in broken {
            self.problems.insert(if self.key_sets.note_broken(&name, now) {
                format!("{reason}; what was good is kept for a minute")
            } else {
                format!("{reason}; no token of this issuer is accepted")
            });
        }
    }

    /// Adds what is revoked, and remembers it on this machine: no checkout takes a revocation back.
    fn read_revocations(&mut self, workspace: &Workspace) {
        let mut is_whole = true;
        if !self.known.is_empty()
            && let Some(unread) = self.committed.read(workspace)
        {
            self.must_retry |= unread == UnreadCommits::All;
            self.problems.insert(unread.to_string());
        }
        self.revoked.extend(self.committed.found.revoked.iter().cloned());
        let past = self.history.read(workspace).map(|()| self.history.revoked.iter().cloned().collect());
        // One place that cannot be read hides nothing of the others.
        for read in [workspace.recorded_revocations(), workspace.remembered_revocations(), past] {
            match read {
                Ok(revoked) => self.revoked.extend(revoked),
                Err(error) => {
                    is_whole = false;
                    self.must_retry = true;
                    self.problems.insert(format!("revocations cannot be read: {}", error.one_line()));
                }
            }
        }
        self.has_revocations |= is_whole;
        if let Err(error) = workspace.remember_revocations(self.revoked.iter()) {
            self.must_retry = true;
            self.problems.insert(format!("revocations cannot be remembered beyond this process: {}", error.one_line()));
        }
    }

    /// Lists the problems as of the last time that keys were read, each a sentence without a full stop.
    pub fn problems(&self) -> impl Iterator<Item = &String> {
        self.problems.iter()
    }

    /// Returns the problems that were not returned before.
    pub fn new_problems(&mut self) -> Vec<String> {
        let new = self.problems.difference(&self.reported).cloned().collect();
        self.reported.clone_from(&self.problems);
        new
    }

    fn secret_stamps(&self, workspace: &Workspace) -> Vec<Option<FileStamp>> {
        let keys = self.known.contents().filter_map(|state| state.key().filter(|key| key.kind == KeyKind::Signature));
        let folders: Vec<_> = {
            let own = workspace.root.locate(layout::SECRETS_FOLDER).ok();
            self.sources.folders(workspace).into_iter().chain(own).collect()
        };
        let ids = keys.flat_map(|key| &key.secrets).map(|secret| secret.id.as_str());
        ids.flat_map(|id| folders.iter().map(move |folder| stamp_outside(&folder.join(id)))).collect()
    }

    fn folder_stamps(&self, workspace: &Workspace) -> Vec<Option<FileStamp>> {
        let places = [
            KEYS_FOLDER,
            KEY_SETS_FOLDER,
            OWNERS_FOLDER,
            REVOKED_FOLDER,
            REVOKED_FILE,
            HISTORY_FOLDER,
            layout::SECRETS_FOLDER,
        ];
        let own = places.iter().map(|place| workspace.root.locate(place).ok().and_then(|path| stamp_outside(&path)));
        own.chain(self.sources.folders(workspace).iter().map(|path| stamp_outside(path))).collect()
    }
}

#[cfg(test)]
mod tests;
