//! A signed request, in whichever scheme it is signed.

use http::header::CONNECTION;
use http::{HeaderMap, HeaderName};

use super::fault::SignatureFault;
use super::hmac_secret::HmacSecret;
use super::key::{Key, Secret, SecretProof};
use super::message_signature::{MessageSignature, VerifyingKey};
use super::request::ReceivedRequest;
use super::sigv4::Authorization;
use crate::model::{Timestamp, is_hop_by_hop, trim_blanks};

/// The parsed signature of a request.
#[derive(Debug)]
pub enum RequestSignature<'h> {
    /// Of the family of AWS Signature Version 4.
    Sigv4(Authorization<'h>),
    /// An HTTP message signature.
    Message(MessageSignature),
}

/// A secret that may be the one of a signature, with its key.
#[derive(Clone, Copy)]
pub(super) struct SigningSecret<'k> {
    pub(super) key: &'k Key,
    pub(super) secret: &'k Secret,
    pub(super) hmac: Option<&'k HmacSecret>,
}

/// The secret and the public key of nobody, so that an unknown id costs the work of a known one.
const NOBODY: &[u8] = b"of nobody, for the same work";

impl<'h> RequestSignature<'h> {
    /// Parses the signature of a request: that in `Authorization`, else a message signature.
    ///
    /// # Errors
    ///
    /// Fails with the reason for the operator if it cannot be verified.
    pub fn parse(headers: &'h HeaderMap) -> Result<Option<Self>, SignatureFault> {
        match Authorization::parse(headers)? {
            Some(authorization) => Ok(Some(Self::Sigv4(authorization))),
            None => Ok(MessageSignature::parse(headers)?.map(Self::Message)),
        }
    }

    /// Returns the id of the secret, as the client states it.
    #[must_use]
    pub fn key_id(&self) -> &str {
        match self {
            Self::Sigv4(authorization) => authorization.key_id(),
            Self::Message(signature) => signature.key_id(),
        }
    }

    /// Returns the time at which the client says that it signed.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        match self {
            Self::Sigv4(authorization) => authorization.time(),
            Self::Message(signature) => signature.created(),
        }
    }

    /// Returns the bytes by which a repetition of the request is recognised, and true if they are a nonce.
    #[must_use]
    pub fn replay_mark(&self) -> (&[u8], bool) {
        match self {
            Self::Sigv4(authorization) => authorization.replay_mark(),
            Self::Message(signature) => (signature.nonce().as_bytes(), true),
        }
    }

    /// Compares the date with the clock.
    ///
    /// # Errors
    ///
    /// Fails with the difference of the signer's clock, or the time at which the signature expired.
    pub fn check_date(&self, now: Timestamp, tolerance_ms: i64) -> Result<(), SignatureFault> {
        match self {
            Self::Sigv4(authorization) => authorization.check_date(now, tolerance_ms),
            Self::Message(signature) => signature.check_date(now, tolerance_ms),
        }
    }

    /// Checks that no signed header is one that `Connection` names: it is removed on the way to the backend (RFC 9110,
    /// section 7.6.1), and whoever changes the request on its way to the gateway can name it.
    pub(super) fn check_connection(&self, headers: &HeaderMap) -> Result<(), SignatureFault> {
        let values = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
        let names =
            values.flat_map(|value| value.split(',')).filter_map(|name| HeaderName::try_from(trim_blanks(name)).ok());
        // Others end here whether they are named or not, like `Upgrade`.
        let mut names = names.filter(|name| !is_hop_by_hop(name));
        let is_covered = |name: HeaderName| match self {
            Self::Sigv4(authorization) => authorization.covers_header(name.as_str()),
            Self::Message(signature) => signature.covers_header(name.as_str()),
        };
        if names.any(is_covered) { Err(SignatureFault::SignedHopHeader) } else { Ok(()) }
    }

    /// Verifies the signature with the secret of its id; with none, it does the same work and fails.
    pub(super) fn verify(
        &self,
        request: &ReceivedRequest<'_>,
        signer: Option<SigningSecret<'_>>,
    ) -> Result<(), SignatureFault> {
        let hmac = signer.and_then(|signer| signer.hmac).map_or(NOBODY, HmacSecret::reveal);
        let public_key = signer.and_then(|signer| match &signer.secret.proof {
            SecretProof::PublicKey(key) => Some(key),
            _ => None,
        });
        match self {
            Self::Sigv4(authorization) => {
                let signing = signer.map(|signer| signer.key.signing.clone()).unwrap_or_default();
                authorization.verify(request, hmac, signing.path)?;
                if public_key.is_some() {
                    return Err(SignatureFault::OtherScheme);
                }
                authorization.check_scope(signing.region.as_deref(), signing.service.as_deref())
            }
            // The length of the signature alone says which work is done.
            Self::Message(signature) if signature.is_of_ed25519() => {
                let key = public_key.copied().unwrap_or_default();
                let verified = signature.verify(request, VerifyingKey::Ed25519(&key));
                if public_key.is_some() { verified } else { Err(SignatureFault::OtherScheme) }
            }
            Self::Message(signature) => {
                let verified = signature.verify(request, VerifyingKey::Hmac(hmac));
                if public_key.is_some() { Err(SignatureFault::OtherScheme) } else { verified }
            }
        }
    }
}
