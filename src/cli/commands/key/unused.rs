//! Subjects and public keys that no secret has: a new secret takes no other one's place, and revives none.

use crate::access::{Key, PublicKey, PublicKeyUse, Secret, SecretProof, TokenBinding};
use crate::cli::error::{CommandError, Exit};
use crate::model::Timestamp;
use crate::workspace::{self, AccessSnapshot, Workspace};

/// Refuses a subject that a key is bound to: with a second one neither lets in.
pub(super) fn check_unbound(workspace: &Workspace, binding: &TokenBinding) -> Result<(), CommandError> {
    let AccessSnapshot { records, problems, revoked, .. } = workspace.access_snapshot()?;
    if !problems.is_empty() {
        // The subject may be that of a key whose file cannot be read.
        return Err(workspace::Error::Invalid(problems).into());
    }
    let is_bound = |secret: &Secret| {
        matches!(&secret.proof, SecretProof::Token(other) if other == binding) && !revoked.contains(&secret.id)
    };
    let mut keys = records.iter().filter_map(|record| record.state.key());
    let bound = keys.find(|key| key.secrets.iter().any(is_bound));
    bound.map_or(Ok(()), |Key { name, .. }| {
        let TokenBinding { issuer, subject } = binding;
        let message = format!("key {name} is bound to the subject {subject:?} of {issuer:?} already");
        Err(CommandError::new("exists", Exit::Conflict, message)
            .hint(format!("grant to that key, or revoke it first: `apigw key revoke {name}`")))
    })
}

/// Refuses a public key that was revoked, of whatever key, or that a live secret has: under another id it would let in
/// whoever has the private half, revoked or not.
pub(super) fn check_unused(workspace: &Workspace, public: &PublicKey, now: Timestamp) -> Result<(), CommandError> {
    let next = "generate another pair: `openssl genpkey -algorithm ed25519 -out FILE`, and give its public half";
    match workspace.public_key_use(public, now)? {
        None => Ok(()),
        Some(PublicKeyUse::Revoked { key, secret }) => {
            let message = format!("this public key was revoked, as secret {secret} of key {key}: it is not revived");
            Err(CommandError::invalid("revoked", message).hint(next))
        }
        Some(PublicKeyUse::Live { key, secret }) => {
            let message = format!("this public key is in use already, as secret {secret} of key {key}");
            Err(CommandError::new("exists", Exit::Conflict, message).hint(next))
        }
    }
}
