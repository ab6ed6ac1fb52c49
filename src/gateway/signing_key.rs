//! The key with which the gateway signs requests to a backend.

use std::sync::Arc;

use crate::access::sigv4::SignatureScheme;
use crate::access::{HmacSecret, Key, SecretId};

/// A key with a secret that is on this machine, to sign requests with.
#[derive(Debug)]
pub(crate) struct SigningKey {
    pub(crate) scheme: &'static SignatureScheme,
    pub(crate) key: Arc<Key>,
    pub(crate) id: SecretId,
    pub(crate) secret: HmacSecret,
}
