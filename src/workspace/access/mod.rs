//! Keys, grants of owners and revocations, as files; their operations; and the secrets that this machine has.

mod commit;
mod committed_revocations;
mod day_counts;
mod file_names;
mod followed_commits;
mod key_sets;
mod last_good;
mod latest_dates;
mod leaked_secrets;
mod live;
mod merge;
mod operation_file;
mod past;
mod private_keys;
mod reused;
mod revocable;
mod revocations;
mod secrets;
mod secrets_command;
mod signed_dates;
mod signing_key;
mod snapshot;
mod stale_grants;
mod subject_file;
mod third_secrets;

use std::collections::BTreeSet;
use std::str::FromStr;

use super::error::{Error, UnknownName, missing_hint};
use super::{Workspace, layout};
use crate::access::{
    AccessOperation, AccessSubject, Key, OwnerGrants, PublicKey, PublicKeyUse, SecretId, SubjectRecord, SubjectState,
};
use crate::check::SigningKeyFault;
use crate::check::rules::records::OPERATION_MISSING;
use crate::model::{Finding, GroupSettings, KeyKind, KeyName, Location, OperationId, OwnerName, Timestamp, nearest};

pub(super) use commit::AccessIntent;
pub(super) use committed_revocations::COMMITTED_REVOCATIONS_FILE;
pub(super) use day_counts::DAY_COUNTS_FILE;
pub(super) use key_sets::key_set_file;
pub(super) use latest_dates::LATEST_DATES_FILE;
pub use leaked_secrets::SearchedFiles;
pub use live::AccessReader;
pub(super) use past::SubjectOperation;
pub use revocable::RevocableKey;
pub use secrets::{SecretSources, SecretsOnMachine};
pub(super) use signed_dates::SIGNED_DATES_FILE;
pub use signed_dates::SignedDatesFile;
pub use signing_key::{create_signing_key, read_signing_key};
pub use snapshot::{AccessCache, AccessSnapshot};

/// The folder of the keys.
pub(super) const KEYS_FOLDER: &str = "keys";
/// The folder of the grants of owners.
pub(super) const OWNERS_FOLDER: &str = "keys/owners";
/// The folder of the revocations.
const REVOKED_FOLDER: &str = "keys/revoked";
/// The folder of the public keys of issuers of tokens.
pub(super) const KEY_SETS_FOLDER: &str = "keys/jwks";
/// The folder of the operations.
const HISTORY_FOLDER: &str = "history/access";
/// The revocations that this machine has seen, whatever Git does to their files.
pub(super) const REVOKED_FILE: &str = ".apigw/revoked";
/// The most bytes of a key's file: thousands of grants.
pub(in crate::workspace) const LARGEST_SUBJECT: u64 = 4 << 20;

/// An operation on keys and grants, with its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedAccess {
    /// The id.
    pub id: OperationId,
    /// Content of the operation's file.
    pub operation: AccessOperation,
}

pub(in crate::workspace) fn subject_place(subject: &AccessSubject) -> String {
    match subject {
        AccessSubject::Key(name) => format!("{KEYS_FOLDER}/{name}.yaml"),
        AccessSubject::Owner(name) => format!("{OWNERS_FOLDER}/{name}.yaml"),
        AccessSubject::Secret(id) => format!("{REVOKED_FOLDER}/{id}.yaml"),
    }
}

pub(super) fn operation_place(id: &OperationId) -> String {
    format!("{HISTORY_FOLDER}/{id}.yaml")
}

impl Workspace {
    /// Reads a key, the grants of an owner or a revocation; `None` where there is no file of it.
    pub fn access_record(&self, subject: &AccessSubject) -> Result<Option<SubjectRecord>, Error> {
        let place = subject_place(subject);
        let Some(bytes) = self.root.read(&place, LARGEST_SUBJECT)? else { return Ok(None) };
        let record = subject_file::parse(&place, subject, &layout::text(&place, bytes)?)?;
        Ok(Some(record))
    }

    /// Finds out why the key of `forwarding.sign` of a group cannot sign, if it cannot.
    pub(in crate::workspace) fn signing_fault(
        &self,
        settings: &GroupSettings,
        access: &AccessCache,
    ) -> Result<Option<SigningKeyFault>, Error> {
        let Some(signing) = &settings.forwarding.sign else { return Ok(None) };
        let key = match self.access_record(&AccessSubject::Key(signing.key.clone())) {
            Ok(Some(SubjectRecord { state: SubjectState::Key(key), .. })) => key,
            Ok(_) => return Ok(Some(SigningKeyFault::Missing)),
            // A finding of `check` says why, at the file.
            Err(Error::Invalid(_) | Error::OutsideLink { .. }) => return Ok(Some(SigningKeyFault::Unreadable)),
            Err(error) => return Err(error),
        };
        if key.kind != KeyKind::Signature {
            return Ok(Some(SigningKeyFault::Kind(key.kind)));
        }
        let mut shared = key.secrets.iter().filter(|secret| secret.proof.needs_secret()).peekable();
        if shared.peek().is_none() {
            return Ok(Some(SigningKeyFault::NoSharedSecret));
        }
        let revoked = &access.get(self)?.revoked;
        Ok(shared.all(|secret| revoked.contains(&secret.id)).then_some(SigningKeyFault::Revoked))
    }

    /// Reads a key.
    pub fn key(&self, name: &KeyName) -> Result<(Key, OperationId), Error> {
        match self.access_record(&AccessSubject::Key(name.clone()))? {
            Some(SubjectRecord { operation, state: SubjectState::Key(key) }) => Ok((key, operation)),
            _ => Err(self.unknown_key(name)?),
        }
    }

    fn unknown_key(&self, name: &KeyName) -> Result<Error, Error> {
        let names = self.key_names()?;
        let nearest = nearest(name.as_str(), names.iter().map(KeyName::as_str));
        Ok(Error::Unknown { name: UnknownName::Key(name.clone()), nearest })
    }

    /// Lists the names of the keys that have a file.
    pub fn key_names(&self) -> Result<Vec<KeyName>, Error> {
        Ok(names(&self.root.list(KEYS_FOLDER)?))
    }

    /// Reads all subjects of the kinds that have files. A file that cannot be read hides none of the others.
    pub fn access_records(&self) -> Result<(Vec<SubjectRecord>, Vec<Finding>), Error> {
        let mut records = Vec::new();
        let mut problems = Vec::new();
        for subject in self.subjects()? {
            match self.access_record(&subject) {
                Ok(record) => records.extend(record),
                Err(error) => problems.extend(error.file_findings(&subject_place(&subject))),
            }
        }
        Ok((records, problems))
    }

    /// Lists the problems of the files of keys and owners, those of their folders among them.
    #[must_use]
    pub fn access_problems(&self) -> Vec<Finding> {
        self.access_records().map_or_else(|error| error.file_findings(KEYS_FOLDER), |(_, problems)| problems)
    }

    /// Finds the secret that has a public key, or had it and was revoked. A file that cannot be read may have it too.
    pub fn public_key_use(&self, public: &PublicKey, now: Timestamp) -> Result<Option<PublicKeyUse>, Error> {
        let AccessSnapshot { records, mut problems, revoked, committed, .. } = self.access_snapshot()?;
        let (history, unread) = self.access_history()?;
        problems.extend(unread);
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let present = records.iter().filter_map(|record| record.state.key());
        let past = history.iter().filter_map(|committed| committed.operation.after.key());
        let past = past.flat_map(|key| key.secrets.iter().map(|secret| (&key.name, secret)));
        let past = past.chain(committed.secrets.iter().map(|found| (&found.key, &found.secret)));
        Ok(PublicKeyUse::find(public, (present, past), &revoked, now))
    }

    pub(super) fn recorded_revocations(&self) -> Result<BTreeSet<SecretId>, Error> {
        Ok(names(&self.root.list(REVOKED_FOLDER)?).into_iter().collect())
    }

    pub(super) fn remembered_revocations(&self) -> Result<BTreeSet<SecretId>, Error> {
        let bytes = self.root.read(REVOKED_FILE, layout::LARGEST_RECORD)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        // A line without an end is the half of one, whose revocation was not committed.
        let lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        Ok(lines.filter_map(|line| line.parse().ok()).collect())
    }

    pub(super) fn subjects(&self) -> Result<Vec<AccessSubject>, Error> {
        let keys = self.key_names()?.into_iter().map(AccessSubject::Key);
        let owners = names(&self.root.list(OWNERS_FOLDER)?).into_iter().map(AccessSubject::Owner);
        let revoked = names(&self.root.list(REVOKED_FOLDER)?).into_iter().map(AccessSubject::Secret);
        Ok(keys.chain(owners).chain(revoked).collect())
    }

    /// Reads the grants of an owner; none where there is no file of them.
    pub fn owner_grants(&self, owner: &OwnerName) -> Result<(OwnerGrants, Option<OperationId>), Error> {
        match self.access_record(&AccessSubject::Owner(owner.clone()))? {
            Some(SubjectRecord { operation, state: SubjectState::Owner(grants) }) => Ok((grants, Some(operation))),
            _ => Ok((OwnerGrants { owner: owner.clone(), grants: Vec::new() }, None)),
        }
    }

    /// Reads the operations on keys and grants, newest first.
    pub fn access_history(&self) -> Result<(Vec<CommittedAccess>, Vec<Finding>), Error> {
        let mut operations = Vec::new();
        let mut problems = Vec::new();
        for id in self.access_operation_ids()?.into_iter().rev() {
            match self.read_access_operation(&id) {
                Ok(operation) => operations.push(CommittedAccess { id, operation }),
                Err(Error::Invalid(findings)) => problems.extend(findings),
                Err(error) => return Err(error),
            }
        }
        Ok((operations, problems))
    }

    pub(super) fn access_operation_ids(&self) -> Result<Vec<OperationId>, Error> {
        Ok(names(&self.root.list(HISTORY_FOLDER)?))
    }

    pub(super) fn read_access_operation(&self, id: &OperationId) -> Result<AccessOperation, Error> {
        let place = operation_place(id);
        let bytes = self.root.read(&place, LARGEST_SUBJECT)?.ok_or_else(|| {
            let message = "the file of a committed operation is missing".to_owned();
            let hint = missing_hint(&place);
            Error::invalid(&OPERATION_MISSING, Location::file(&place), message, hint)
        })?;
        operation_file::parse(&place, id, bytes)
    }

    /// Reads the state that an operation left.
    pub fn state_after(&self, id: &OperationId) -> Result<SubjectState, Error> {
        Ok(self.read_access_operation(id)?.after)
    }

    /// Reads the state that an operation was built upon, with the problems of a file by which it cannot be read.
    #[must_use]
    pub fn readable_state_before(&self, operation: &AccessOperation) -> (Option<SubjectState>, Vec<Finding>) {
        match operation.before.as_ref().map(|id| (id, self.state_after(id))) {
            None => (None, Vec::new()),
            Some((_, Ok(state))) => (Some(state), Vec::new()),
            Some((id, Err(error))) => (None, error.file_findings(&operation_place(id))),
        }
    }

    /// Finds an operation on keys and grants by its id or by the beginning of it or of its last part.
    pub fn find_access_operation(&self, text: &str) -> Result<CommittedAccess, Error> {
        let ids = self.access_operation_ids()?;
        let last_part = |id: &OperationId| id.as_str().rsplit_once('-').is_some_and(|(_, part)| part.starts_with(text));
        let is_meant = |id: &&OperationId| !text.is_empty() && (id.as_str().starts_with(text) || last_part(id));
        let found: Vec<&OperationId> = ids.iter().filter(is_meant).collect();
        match found.as_slice() {
            [id] => Ok(CommittedAccess { id: (*id).clone(), operation: self.read_access_operation(id)? }),
            [] => Err(Error::Unknown {
                name: UnknownName::AccessOperation(text.to_owned()),
                nearest: nearest(text, ids.iter().map(OperationId::as_str)),
            }),
            several => {
                let candidates = several.iter().copied().cloned().collect();
                Err(Error::Ambiguous { name: text.to_owned(), candidates })
            }
        }
    }
}

/// Parses the names of files, each without its ending; other files are none of ours.
fn names<T: FromStr>(files: &[String]) -> Vec<T> {
    files.iter().filter_map(|file| file.strip_suffix(".yaml")?.parse().ok()).collect()
}

#[cfg(test)]
mod tests;
