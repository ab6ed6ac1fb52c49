//! HTTP Message Signatures (RFC 9421), with HMAC-SHA256 or Ed25519.
//!
//! [`MessageSignature::parse`] reads `Signature-Input` and `Signature`, with bounds on all that a client chooses and
//! refuses what two parties could read in two ways; [`MessageSignature::verify`] writes the signature base and verifies
//! it. Method, authority, path and query must be covered, and the digest of a body (RFC 9530) where there is one.

mod components;
mod content_digest;
pub(super) mod fields;
mod sign;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use ring::hmac;
use sfv::{Dictionary, FieldType as _, InnerList, ListEntry};

use super::ed25519::PublicKey;
use super::fault::SignatureFault;
use super::request::ReceivedRequest;
use crate::model::Timestamp;
use fields::{CONTENT_DIGEST, dictionary};

use components::Component;
pub use sign::{MessageSigner, MessageSigningKey};

/// The header with the covered components and the parameters.
pub const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");
/// The header with the signature.
pub const SIGNATURE: HeaderName = HeaderName::from_static("signature");
/// The tag of signatures for apigw.
const TAG: &str = "apigw";
/// The most components that a signature may cover.
const MOST_COMPONENTS: usize = 64;
/// The longest nonce, in bytes.
const LONGEST_NONCE: usize = 256;

/// The algorithms that are verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageAlgorithm {
    /// HMAC with SHA-256.
    HmacSha256,
    /// Ed25519.
    Ed25519,
}

impl MessageAlgorithm {
    /// Returns the name in the parameter `alg`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha256",
            Self::Ed25519 => "ed25519",
        }
    }
}

/// The key that a signature is verified with.
#[derive(Debug, Clone, Copy)]
pub enum VerifyingKey<'k> {
    /// A shared secret.
    Hmac(&'k [u8]),
    /// A public key.
    Ed25519(&'k PublicKey),
}

/// The parsed signature of a request for apigw.
#[derive(Debug)]
pub struct MessageSignature {
    components: Vec<Component>,
    /// The covered components and the parameters, in the order in which they came: the last line of what is signed.
    parameters: String,
    key_id: String,
    algorithm: Option<String>,
    created: Timestamp,
    expires: Option<Timestamp>,
    nonce: String,
    signature: Vec<u8>,
}

impl MessageSignature {
    /// Parses the one signature of a request that is for apigw; `None` where the request has no `Signature-Input`.
    ///
    /// # Errors
    ///
    /// Fails with the reason for the operator if it cannot be verified.
    pub fn parse(headers: &HeaderMap) -> Result<Option<Self>, SignatureFault> {
        if !headers.contains_key(SIGNATURE_INPUT) {
            return Ok(None);
        }
        let inputs = dictionary(headers, &SIGNATURE_INPUT)?;
        let signatures = dictionary(headers, &SIGNATURE)?;
        let (label, input) = choose(&inputs)?;
        let ListEntry::InnerList(input) = input else { return Err(SignatureFault::SignatureInput) };
        let Some(ListEntry::Item(signature)) = signatures.get(label) else {
            return Err(SignatureFault::SignatureInput);
        };
        let signature = signature.bare_item.as_byte_sequence().ok_or(SignatureFault::SignatureInput)?;
        check_spelling(headers, signature)?;
        Self::read(input, signature.to_vec()).map(Some)
    }

    fn read(input: &InnerList, signature: Vec<u8>) -> Result<Self, SignatureFault> {
        if input.items.len() > MOST_COMPONENTS {
            return Err(SignatureFault::SignatureInput);
        }
        let mut components = Vec::with_capacity(input.items.len());
        for item in &input.items {
            let component = Component::read(item)?;
            if components.contains(&component) {
                return Err(SignatureFault::RepeatedComponent(component.name().to_owned()));
            }
            components.push(component);
        }
        let text = |name: &'static str| match input.params.get(name) {
            None => Ok(None),
            Some(value) => value.as_string().map(|text| Some(text.as_str().to_owned())).ok_or(unfit(name)),
        };
        let time = |name: &'static str| match input.params.get(name) {
            None => Ok(None),
            Some(value) => {
                let seconds = value.as_integer().map(i64::from).ok_or(unfit(name))?;
                Ok(Some(Timestamp::from_milliseconds(seconds.saturating_mul(1000))))
            }
        };
        let (created, expires) = (time("created")?.ok_or(unfit("created"))?, time("expires")?);
        if expires.is_some_and(|expires| expires < created) {
            return Err(SignatureFault::ExpiresBeforeCreated);
        }
        let nonce = text("nonce")?.filter(|nonce| (1..=LONGEST_NONCE).contains(&nonce.len())).ok_or(unfit("nonce"))?;
        Ok(Self {
            components,
            parameters: vec![ListEntry::InnerList(input.clone())].serialize().ok_or(SignatureFault::SignatureInput)?,
            key_id: text("keyid")?.ok_or(unfit("keyid"))?,
            algorithm: text("alg")?,
            created,
            expires,
            nonce,
            signature,
        })
    }

    /// Returns the id of the secret, as the client states it.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Returns the time at which the client says that it signed.
    #[must_use]
    pub const fn created(&self) -> Timestamp {
        self.created
    }

    /// True if a header is covered.
    #[must_use]
    pub(in crate::access) fn covers_header(&self, name: &str) -> bool {
        let is_covered = |component: &Component| matches!(component, Component::Field(field) if *field == name);
        self.components.iter().any(is_covered)
    }

    /// Returns the nonce.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Compares the dates with the clock.
    ///
    /// # Errors
    ///
    /// Fails with the difference of the signer's clock, or the time at which the signature expired.
    pub fn check_date(&self, now: Timestamp, tolerance_ms: i64) -> Result<(), SignatureFault> {
        let ahead_ms = self.created.ms_since(now);
        if ahead_ms.saturating_abs() > tolerance_ms {
            return Err(SignatureFault::Clock { ahead_ms });
        }
        self.expires.filter(|at| now >= *at).map_or(Ok(()), |at| Err(SignatureFault::Expired(at)))
    }

    /// True if a signature is as long as one of Ed25519, so that one is computed for an unknown key.
    pub(super) fn is_of_ed25519(&self) -> bool {
        self.signature.len() == 64
    }

    /// Verifies the signature with a key.
    ///
    /// # Errors
    ///
    /// Fails where it is not the request's, or covers less than has to be covered.
    pub fn verify(&self, request: &ReceivedRequest<'_>, key: VerifyingKey<'_>) -> Result<(), SignatureFault> {
        content_digest::check(request.headers, request.body)?;
        self.check_coverage(!request.body.is_empty)?;
        let is_right = self.is_signed_with(key, request)?;
        let algorithm = match key {
            VerifyingKey::Hmac(_) => MessageAlgorithm::HmacSha256,
            VerifyingKey::Ed25519(_) => MessageAlgorithm::Ed25519,
        };
        if self.algorithm.as_deref().is_some_and(|stated| stated != algorithm.as_str()) {
            return Err(SignatureFault::Algorithm);
        }
        if is_right { Ok(()) } else { Err(SignatureFault::MessageMismatch) }
    }

    fn is_signed_with(&self, key: VerifyingKey<'_>, request: &ReceivedRequest<'_>) -> Result<bool, SignatureFault> {
        let mut is_right = false;
        for scheme in self.schemes() {
            let base = components::signature_base(&self.components, &self.parameters, request, scheme)?;
            is_right |= match key {
                // `ring` compares in constant time.
                VerifyingKey::Hmac(secret) => {
                    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret), &base, &self.signature).is_ok()
                }
                VerifyingKey::Ed25519(key) => key.verify(&base, &self.signature),
            };
        }
        Ok(is_right)
    }

    /// Lists the schemes of the target that may have been signed: behind a proxy that encrypts, both.
    fn schemes(&self) -> &'static [&'static str] {
        if self.components.contains(&Component::TargetUri) { &["https", "http"] } else { &["https"] }
    }

    fn check_coverage(&self, has_body: bool) -> Result<(), SignatureFault> {
        let covers = |component: &Component| self.components.contains(component);
        let is_target_covered = covers(&Component::TargetUri);
        let target = [Component::Authority, Component::Path, Component::Query];
        let missing = target.iter().find(|component| !is_target_covered && !covers(component));
        let digest = Component::Field(CONTENT_DIGEST);
        let missing = missing.or((!covers(&Component::Method)).then_some(&Component::Method));
        let missing = missing.or((has_body && !covers(&digest)).then_some(&digest));
        missing.map_or(Ok(()), |component| Err(SignatureFault::NotCovered(component.name().to_owned())))
    }
}

const fn unfit(name: &'static str) -> SignatureFault {
    SignatureFault::SignatureParameter(name)
}

/// Chooses the signature for apigw: the one with its tag, or the one that there is, if that has no tag.
fn choose(inputs: &Dictionary) -> Result<(&str, &ListEntry), SignatureFault> {
    let tag = |entry: &ListEntry| match entry {
        ListEntry::InnerList(list) => {
            list.params.get("tag").map(|tag| tag.as_string().is_some_and(|tag| tag.as_str() == TAG))
        }
        ListEntry::Item(_) => None,
    };
    let mut tagged = inputs.iter().filter(|(_, entry)| tag(entry) == Some(true));
    let chosen = match (tagged.next(), tagged.next()) {
        (Some(one), None) => one,
        (None, _) if inputs.len() == 1 => {
            inputs.first().filter(|(_, entry)| tag(entry).is_none()).ok_or(SignatureFault::SeveralSignatures)?
        }
        _ => return Err(SignatureFault::SeveralSignatures),
    };
    Ok((chosen.0.as_str(), chosen.1))
}

/// Refuses a signature in another spelling than that of its bytes. The parser takes any bits behind the last byte (RFC
/// 9651, section 4.2.7), so that several texts would be one signature.
fn check_spelling(headers: &HeaderMap, signature: &[u8]) -> Result<(), SignatureFault> {
    let spelling = format!(":{}:", STANDARD.encode(signature));
    let has_spelling = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.contains(&spelling));
    let is_spelled_so = headers.get_all(SIGNATURE).iter().any(has_spelling);
    if is_spelled_so { Ok(()) } else { Err(SignatureFault::SignatureInput) }
}

#[cfg(test)]
mod tests;
