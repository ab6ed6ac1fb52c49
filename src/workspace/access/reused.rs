//! Secrets that stand under two ids, and the past in which a revoked one is found.

use super::super::Workspace;
use super::super::error::Error;
use super::super::outside::{FileStamp, stamp_outside};
use super::{HISTORY_FOLDER, subject_place};
use crate::access::{
    AccessSubject, Key, RevokedSecrets, Secret, SecretId, SubjectState, absent_revoked, reused_secrets,
};
use crate::check::SECRET_REUSED;
use crate::model::{Finding, Location};

/// Revoked secrets that no key's file has any more, as the history has them.
#[derive(Debug, Default)]
pub(super) struct PastSecrets {
    pub(super) secrets: Vec<Secret>,
    /// The ids that were not found, and the stamp of the history in which they were looked for.
    unknown: Option<(RevokedSecrets, Option<FileStamp>)>,
}

impl PastSecrets {
    /// Looks up those that are not known. The whole history is read only where it, or what was revoked, changed.
    pub(super) fn look_up<'k>(
        &mut self,
        workspace: &Workspace,
        keys: impl Iterator<Item = &'k Key>,
        revoked: &RevokedSecrets,
    ) {
        let is_known = |id: &&SecretId| self.secrets.iter().any(|secret| secret.id.is_same_file(id));
        let absent: RevokedSecrets = absent_revoked(keys, revoked).iter().filter(|id| !is_known(id)).cloned().collect();
        if absent.is_empty() {
            return;
        }
        let stamp = workspace.root.locate(HISTORY_FOLDER).ok().and_then(|path| stamp_outside(&path));
        let looked_for = Some((absent.clone(), stamp));
        if self.unknown != looked_for {
            self.secrets.extend(workspace.past_secrets(&absent));
            self.unknown = looked_for;
        }
    }
}

impl Workspace {
    /// Reads which secrets were revoked: the files, what this machine has seen before, and secrets that are one of those
    /// under another id.
    pub fn revoked_secrets(&self) -> Result<RevokedSecrets, Error> {
        let mut revoked = self.named_revocations()?;
        let (keys, past) = self.present_and_past(&revoked)?;
        let reused = reused_secrets(&keys.iter(), past.iter(), &revoked);
        revoked.extend(reused.into_iter().filter(|reused| reused.is_revoked).map(|reused| reused.secret));
        Ok(revoked)
    }

    fn named_revocations(&self) -> Result<RevokedSecrets, Error> {
        let mut revoked: RevokedSecrets = self.recorded_revocations()?.into_iter().collect();
        revoked.extend(self.remembered_revocations()?);
        Ok(revoked)
    }

    /// Finds secrets that were revoked under another id, and those that two keys have.
    pub fn reused_secret_findings(&self) -> Result<Vec<Finding>, Error> {
        let revoked = self.named_revocations()?;
        let (keys, past) = self.present_and_past(&revoked)?;
        let finding = |reused: crate::access::ReusedSecret| {
            let crate::access::ReusedSecret { key, secret, other, is_revoked } = reused;
            let why = if is_revoked { "the revoked" } else { "also" };
            let message = format!("the secret {secret} of key {key} is {why} {other}: it lets nobody in");
            let place = Location::file(subject_place(&AccessSubject::Key(key)));
            SECRET_REUSED.finding(place, message, "rotate the key, with another secret or public key")
        };
        Ok(reused_secrets(&keys.iter(), past.iter(), &revoked).into_iter().map(finding).collect())
    }

    /// Returns the keys, and the revoked secrets that they do not have any more.
    fn present_and_past(&self, revoked: &RevokedSecrets) -> Result<(Vec<Key>, Vec<Secret>), Error> {
        let key = |record: crate::access::SubjectRecord| match record.state {
            SubjectState::Key(key) => Some(key),
            SubjectState::Owner(_) | SubjectState::Revocation(_) => None,
        };
        let keys: Vec<Key> = self.access_records()?.0.into_iter().filter_map(key).collect();
        let absent = absent_revoked(keys.iter(), revoked);
        let past = if absent.is_empty() { Vec::new() } else { self.past_secrets(&absent) };
        Ok((keys, past))
    }

    /// Looks up secrets in the operations that can be read.
    fn past_secrets(&self, wanted: &RevokedSecrets) -> Vec<Secret> {
        let mut found: Vec<Secret> = Vec::new();
        let ids = self.access_operation_ids().unwrap_or_default();
        let operations = ids.iter().filter_map(|id| self.read_access_operation(id).ok());
        for operation in operations {
            let SubjectState::Key(key) = operation.after else { continue };
            let is_new = |secret: &Secret, found: &[Secret]| {
                wanted.contains(&secret.id)
                    && !found.iter().any(|known| known.id == secret.id && known.proof == secret.proof)
            };
            for secret in key.secrets {
                if is_new(&secret, &found) {
                    found.push(secret);
                }
            }
        }
        found
    }
}
