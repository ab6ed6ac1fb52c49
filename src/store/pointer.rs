//! The pointer: the one object of a store that changes, signed with Ed25519 (RFC 8032).
//!
//! Two lines: the fields as JSON, and the signature of their bytes in base64. So people can read it with any client,
//! and no byte of it can change unseen.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::access::{PrivateKey, PublicKey};
use crate::model::{Digest, SCHEMA, Timestamp};

/// The text before the signed bytes, so that no signature of another protocol fits.
const PURPOSE: &[u8] = b"apigw pointer\n";

/// The fields of a pointer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pointer {
    /// The schema, 1.
    pub schema: u32,
    /// The number of pushes up to this one.
    pub sequence: u64,
    /// The digest of the pointer before; none in the first.
    pub previous: Option<Digest>,
    /// The time of the push.
    pub time: Timestamp,
    /// The time from which readers are not ready any more, if one was set.
    pub expires: Option<Timestamp>,
    /// The digest of the list of files.
    pub state: Digest,
    /// The time until which objects may be removed, so that no push is made before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pruning: Option<Timestamp>,
}

/// A pointer with its bytes, whose signature was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPointer {
    pointer: Pointer,
    bytes: Vec<u8>,
}

/// Reason why bytes are no pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PointerFault {
    /// They are not in its form.
    #[error("this is not a pointer, or a damaged one")]
    Malformed,
    /// No key that is trusted made the signature.
    #[error("it is damaged, or signed with a key that is not trusted here")]
    Signature,
    /// It was made by a newer apigw.
    #[error("it has schema {0}, and this apigw knows schema {SCHEMA}")]
    NewerSchema(u64),
}

/// The field that is read before any other.
#[derive(serde::Deserialize)]
struct PointerSchema {
    schema: u64,
}

impl Pointer {
    fn parse(fields: &str) -> Result<Self, PointerFault> {
        let PointerSchema { schema } = serde_json::from_str(fields).map_err(|_| PointerFault::Malformed)?;
        if schema != u64::from(SCHEMA) {
            return Err(PointerFault::NewerSchema(schema));
        }
        serde_json::from_str(fields).map_err(|_| PointerFault::Malformed)
    }

    /// Parses the fields of a pointer that a later one names by its digest, whose signature stands for this one.
    pub(super) fn parse_named(bytes: &[u8]) -> Result<Self, PointerFault> {
        let text = std::str::from_utf8(bytes).map_err(|_| PointerFault::Malformed)?;
        Self::parse(text.lines().next().unwrap_or_default())
    }
}

impl SignedPointer {
    /// The most bytes of a pointer.
    pub const LARGEST: u64 = 64 << 10;

    /// Signs a pointer.
    #[must_use]
    pub fn sign(pointer: Pointer, key: &PrivateKey) -> Self {
        let fields = serde_json::to_string(&pointer).unwrap_or_default();
        let signature = STANDARD.encode(key.sign(&[PURPOSE, fields.as_bytes()].concat()));
        Self { pointer, bytes: format!("{fields}\n{signature}\n").into_bytes() }
    }

    /// Parses a pointer that one of the keys has signed.
    pub fn verify(bytes: &[u8], keys: &[PublicKey]) -> Result<Self, PointerFault> {
        let text = std::str::from_utf8(bytes).map_err(|_| PointerFault::Malformed)?;
        let (fields, rest) = text.split_once('\n').ok_or(PointerFault::Malformed)?;
        let signature = rest.strip_suffix('\n').and_then(|text| STANDARD.decode(text).ok());
        let signature = signature.ok_or(PointerFault::Malformed)?;
        let signed = [PURPOSE, fields.as_bytes()].concat();
        if !keys.iter().any(|key| key.verify(&signed, &signature)) {
            return Err(PointerFault::Signature);
        }
        Ok(Self { pointer: Pointer::parse(fields)?, bytes: bytes.to_vec() })
    }

    /// Returns the fields.
    #[must_use]
    pub const fn fields(&self) -> &Pointer {
        &self.pointer
    }

    /// Returns the bytes as they stand in the store.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the digest of the bytes, by which the next pointer names this one.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }

    /// Returns the time until which no push is made.
    #[must_use]
    pub(super) fn pruned_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.pointer.pruning.filter(|until| *until > now)
    }

    /// True if its time is over.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.pointer.expires.is_some_and(|expires| expires <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> PrivateKey {
        PrivateKey::generate(&ring::rand::SystemRandom::new()).unwrap()
    }

    fn pointer() -> Pointer {
        Pointer {
            schema: SCHEMA,
            sequence: 7,
            previous: Some(Digest::of(b"6")),
            time: "2026-11-29T12:00:00.000Z".parse().unwrap(),
            expires: None,
            state: Digest::of(b"state"),
            pruning: None,
        }
    }

    #[test]
    fn a_pointer_is_read_with_each_trusted_key() {
        let (key, other) = (key(), key());
        let signed = SignedPointer::sign(pointer(), &key);
        assert_eq!(SignedPointer::verify(signed.bytes(), &[other.public(), key.public()]), Ok(signed.clone()));
        assert_eq!(SignedPointer::verify(signed.bytes(), &[other.public()]), Err(PointerFault::Signature));
        assert_eq!(SignedPointer::verify(signed.bytes(), &[]), Err(PointerFault::Signature));
        let newer = SignedPointer::sign(Pointer { schema: 2, ..pointer() }, &key);
        assert_eq!(SignedPointer::verify(newer.bytes(), &[key.public()]), Err(PointerFault::NewerSchema(2)));
        assert!(!signed.has_expired(pointer().time));
        let expires = Some(pointer().time);
        assert!(SignedPointer::sign(Pointer { expires, ..pointer() }, &key).has_expired(pointer().time));
    }

    #[test]
    fn a_signature_without_the_purpose_does_not_fit() {
        let key = key();
        let fields = serde_json::to_string(&pointer()).unwrap();
        let bytes = format!("{fields}\n{}\n", STANDARD.encode(key.sign(fields.as_bytes())));
        assert_eq!(SignedPointer::verify(bytes.as_bytes(), &[key.public()]), Err(PointerFault::Signature));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let key = key();
        let good = SignedPointer::sign(pointer(), &key).bytes().to_vec();
        for at in 0..good.len() {
            assert!(SignedPointer::verify(&good[..at], &[key.public()]).is_err(), "cut at {at}");
            for replacement in [good[at] ^ 1, good[at] ^ 0x20, good[at] ^ 0x80, 0] {
                let mut bytes = good.clone();
                bytes[at] = replacement;
                assert!(SignedPointer::verify(&bytes, &[key.public()]).is_err(), "byte {at} became {replacement}");
            }
        }
        assert!(SignedPointer::verify(&[&good[..], b"\n"].concat(), &[key.public()]).is_err());
    }
}
