//! The uses of a public key: a pair that was revoked is never taken again, under whatever id.

use super::ed25519::PublicKey;
use super::key::{Key, Secret, SecretProof};
use super::revoked::RevokedSecrets;
use super::secret_id::SecretId;
use crate::model::{KeyName, Timestamp};

/// A secret that has, or had, a public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKeyUse {
    /// It was revoked.
    Revoked {
        /// The key.
        key: KeyName,
        /// The secret.
        secret: SecretId,
    },
    /// It lets in.
    Live {
        /// The key.
        key: KeyName,
        /// The secret.
        secret: SecretId,
    },
}

impl PublicKeyUse {
    /// Finds the use of a public key by keys as they are, and by secrets that keys once had. A revocation goes before a
    /// live secret.
    pub fn find<'k>(
        public: &PublicKey,
        (present, past): (impl Iterator<Item = &'k Key>, impl Iterator<Item = (&'k KeyName, &'k Secret)>),
        revoked: &RevokedSecrets,
        now: Timestamp,
    ) -> Option<Self> {
        let has = |secret: &&Secret| matches!(&secret.proof, SecretProof::PublicKey(other) if other == public);
        let mut live = None;
        let secrets_of = |key: &'k Key| key.secrets.iter().map(move |secret| (&key.name, secret));
        let present = present.flat_map(secrets_of).map(|(key, secret)| (key, secret, secret.is_live(now)));
        let past = past.map(|(key, secret)| (key, secret, false));
        for (key, secret, is_live) in present.chain(past).filter(|(_, secret, _)| has(secret)) {
            let (key, secret) = (key.clone(), secret.id.clone());
            if revoked.contains(&secret) {
                return Some(Self::Revoked { key, secret });
            }
            if is_live {
                live = Some(Self::Live { key, secret });
            }
        }
        live
    }
}
