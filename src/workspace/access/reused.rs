//! Secrets that stand under two ids, and the past in which a revoked one is found.

use super::super::Workspace;
use super::super::outside::{FileStamp, stamp_outside};
use super::{AccessSnapshot, HISTORY_FOLDER, subject_place};
use crate::access::{AccessSubject, Key, ReusedSecret, RevokedSecrets, Secret, SecretId, absent_revoked};
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

impl AccessSnapshot {
    /// Finds secrets that were revoked under another id, and those that two keys have.
    #[must_use]
    pub fn reused_secret_findings(&self) -> Vec<Finding> {
        let finding = |reused: &ReusedSecret| {
            let place = Location::file(subject_place(&AccessSubject::Key(reused.key.clone())));
            let hint = if reused.is_subject {
                "revoke this secret too, then bind another key to the subject"
            } else {
                "rotate the key, with another secret or public key"
            };
            SECRET_REUSED.finding(place, message_on(reused), hint)
        };
        self.reused.iter().map(finding).collect()
    }
}

/// Returns the message on a secret that stands under two ids.
pub(super) fn message_on(ReusedSecret { key, secret, other, is_revoked, is_subject }: &ReusedSecret) -> String {
    if *is_subject {
        return format!(
            "the subject of key {key}, {secret}, was revoked as {other} after it was bound: it is not accepted"
        );
    }
    let why = if *is_revoked { "the revoked" } else { "also" };
    format!("the secret {secret} of key {key} is {why} {other}: it is not accepted")
}

impl Workspace {
    /// Looks up secrets in the operations that can be read.
    pub(super) fn past_secrets(&self, wanted: &RevokedSecrets) -> Vec<Secret> {
        let mut found: Vec<Secret> = Vec::new();
        let ids = self.access_operation_ids().unwrap_or_default();
        let operations = ids.iter().filter_map(|id| self.read_access_operation(id).ok());
        for operation in operations {
            let Some(key) = operation.after.into_key() else { continue };
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
