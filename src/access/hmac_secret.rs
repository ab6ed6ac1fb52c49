//! Secrets that both sides compute with.

use std::fmt;
use std::sync::Arc;

use super::ed25519::PrivateKey;
use crate::model::Digest;

/// A secret with which requests are signed. Shown as `***` where it is formatted.
#[derive(Clone, PartialEq, Eq)]
pub struct HmacSecret(Arc<[u8]>);

impl HmacSecret {
    /// Wraps the bytes of a secret, as its file or variable has them.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(Arc::from(bytes))
    }

    /// Returns the bytes.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// Returns the SHA-256 that the key's file has.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        Digest::of(&self.0)
    }

    /// Reads it as the key pair of a client; `None` where it is none.
    #[must_use]
    pub fn private_key(&self) -> Option<PrivateKey> {
        PrivateKey::parse(std::str::from_utf8(&self.0).ok()?)
    }
}

impl fmt::Debug for HmacSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}
