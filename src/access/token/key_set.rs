//! The public keys of an issuer: a JSON Web Key Set (RFC 7517), refused whole where one of its keys opens a door.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};

use crate::access::ed25519::{PublicKey, PublicKeyError};
use crate::model::Digest;

/// The fewest and the most bits of an RSA key.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// The members of a key that only its owner may have (RFC 7518, sections 6.2.2 and 6.3.2).
const PRIVATE_MEMBERS: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];
/// The most keys of a set.
const MOST_KEYS: usize = 100;
/// The most bytes of the text of a set.
pub const LARGEST_KEY_SET: usize = 1 << 20;

/// Reason why a key set cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeySetFault {
    /// It is not JSON with a list of keys.
    #[error("this is not a key set: a JSON object with a list `keys` of at most {MOST_KEYS}")]
    Malformed,
    /// No key signs.
    #[error("no key of the set has a supported algorithm: RS, PS, ES256, ES384, EdDSA")]
    NoKey,
    /// A key has a private half.
    #[error("key {0} of the set is a private key: whoever reads it can forge tokens; replace it at the issuer")]
    Private(String),
    /// A key is a shared secret.
    #[error("key {0} of the set is a shared secret (`oct`): whoever reads it can forge tokens")]
    Shared(String),
    /// A key is too short or too long.
    #[error("key {0} of the set has {1} bits: RSA keys have from 2048 to 8192")]
    Size(String, usize),
    /// A key cannot be read.
    #[error("key {0} of the set is malformed")]
    Key(String),
    /// Anybody can sign for a key.
    #[error("key {0} of the set is a point of small order, or has the exponent 1: anybody could forge tokens")]
    Open(String),
    /// Two keys of one id.
    #[error("two keys of the set have the `kid` {0:?}")]
    RepeatedId(String),
    /// Several keys, of which one has no id.
    #[error("key {0} of the set has no `kid`, and there are others")]
    NoId(String),
}

/// The keys of an issuer.
#[derive(Debug)]
pub struct TokenKeySet {
    keys: Vec<TokenKey>,
    digest: Digest,
}

#[derive(Debug)]
pub(super) struct TokenKey {
    id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

impl TokenKeySet {
    /// Parses a key set. Keys that sign nothing are left out.
    ///
    /// # Errors
    ///
    /// Fails with the first key that may not be in it, or where none signs.
    pub fn parse(text: &str) -> Result<Self, KeySetFault> {
        let set: serde_json::Value = serde_json::from_str(text).map_err(|_| KeySetFault::Malformed)?;
        let written = set.get("keys").and_then(serde_json::Value::as_array).ok_or(KeySetFault::Malformed)?;
        if written.len() > MOST_KEYS {
            return Err(KeySetFault::Malformed);
        }
        let mut keys = Vec::new();
        for (index, key) in written.iter().enumerate() {
            keys.extend(TokenKey::read(key, (index + 1).to_string())?);
        }
        let mut ids = BTreeSet::new();
        for (index, key) in keys.iter().enumerate() {
            match &key.id {
                Some(id) if !ids.insert(id) => return Err(KeySetFault::RepeatedId(id.chars().take(64).collect())),
                None if keys.len() > 1 => return Err(KeySetFault::NoId((index + 1).to_string())),
                _ => {}
            }
        }
        if keys.is_empty() { Err(KeySetFault::NoKey) } else { Ok(Self { keys, digest: Digest::of(text.as_bytes()) }) }
    }

    /// Returns the digest of its text.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Finds a key by its id; without an id, the only one.
    pub(super) fn key(&self, id: Option<&str>) -> Option<&TokenKey> {
        match (id, self.keys.as_slice()) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(_), keys) => keys.iter().find(|key| key.id.as_deref() == id),
        }
    }
}

impl TokenKey {
    /// Parses one key; `None` if its algorithm is not supported.
    fn read(written: &serde_json::Value, place: String) -> Result<Option<Self>, KeySetFault> {
        let members = written.as_object().ok_or_else(|| KeySetFault::Key(place.clone()))?;
        if members.get("kty").and_then(serde_json::Value::as_str) == Some("oct") || members.contains_key("k") {
            return Err(KeySetFault::Shared(place));
        }
        if PRIVATE_MEMBERS.iter().any(|member| members.contains_key(*member)) {
            return Err(KeySetFault::Private(place));
        }
        let jwk: Jwk = serde_json::from_value(written.clone()).map_err(|_| KeySetFault::Key(place.clone()))?;
        let verifies = |operations: &Vec<KeyOperations>| {
            operations.iter().any(|operation| matches!(operation, KeyOperations::Verify))
        };
        let is_other = jwk.common.public_key_use.as_ref().is_some_and(|used| *used != PublicKeyUse::Signature)
            || jwk.common.key_operations.as_ref().is_some_and(|operations| !verifies(operations));
        let Some(algorithm) = algorithm(&jwk).filter(|_| !is_other) else { return Ok(None) };
        check_parameters(&jwk.algorithm, &place)?;
        let key = DecodingKey::from_jwk(&jwk).map_err(|_| KeySetFault::Key(place))?;
        Ok(Some(Self { id: jwk.common.key_id, algorithm, key }))
    }
}

/// Checks the numbers of a key, of which the library that verifies with it says nothing until then.
fn check_parameters(parameters: &AlgorithmParameters, place: &str) -> Result<(), KeySetFault> {
    let malformed = || KeySetFault::Key(place.to_owned());
    let decode = |number: &str| URL_SAFE_NO_PAD.decode(number).map_err(|_| malformed());
    match parameters {
        AlgorithmParameters::RSA(rsa) => {
            let bits = bits(&rsa.n).ok_or_else(malformed)?;
            if !RSA_BITS.contains(&bits) {
                return Err(KeySetFault::Size(place.to_owned(), bits));
            }
            match decode(&rsa.e)?.iter().skip_while(|byte| **byte == 0).copied().collect::<Vec<_>>().as_slice() {
                [1] => Err(KeySetFault::Open(place.to_owned())),
                [.., last] if last % 2 == 1 => Ok(()),
                _ => Err(malformed()),
            }
        }
        AlgorithmParameters::EllipticCurve(point) => {
            let length = if point.curve == EllipticCurve::P384 { 48 } else { 32 };
            let fits = decode(&point.x)?.len() == length && decode(&point.y)?.len() == length;
            if fits { Ok(()) } else { Err(malformed()) }
        }
        AlgorithmParameters::OctetKeyPair(pair) => match PublicKey::from_bytes(&decode(&pair.x)?) {
            Ok(_) => Ok(()),
            Err(PublicKeyError::SmallOrder) => Err(KeySetFault::Open(place.to_owned())),
            Err(_) => Err(malformed()),
        },
        _ => Ok(()),
    }
}

/// Returns the algorithm of a key: the one that it names, if its type supports it, else the default of its type.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    let named = jwk.common.key_algorithm;
    match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => match named {
            None | Some(KeyAlgorithm::RS256) => Some(Algorithm::RS256),
            Some(KeyAlgorithm::RS384) => Some(Algorithm::RS384),
            Some(KeyAlgorithm::RS512) => Some(Algorithm::RS512),
            Some(KeyAlgorithm::PS256) => Some(Algorithm::PS256),
            Some(KeyAlgorithm::PS384) => Some(Algorithm::PS384),
            Some(KeyAlgorithm::PS512) => Some(Algorithm::PS512),
            Some(_) => None,
        },
        AlgorithmParameters::EllipticCurve(parameters) => match (&parameters.curve, named) {
            (EllipticCurve::P256, None | Some(KeyAlgorithm::ES256)) => Some(Algorithm::ES256),
            (EllipticCurve::P384, None | Some(KeyAlgorithm::ES384)) => Some(Algorithm::ES384),
            _ => None,
        },
        AlgorithmParameters::OctetKeyPair(parameters) => match (&parameters.curve, named) {
            (EllipticCurve::Ed25519, None | Some(KeyAlgorithm::EdDSA)) => Some(Algorithm::EdDSA),
            _ => None,
        },
        _ => None,
    }
}

/// Counts the bits of a number.
fn bits(number: &str) -> Option<usize> {
    let bytes = URL_SAFE_NO_PAD.decode(number).ok()?;
    let first = bytes.iter().position(|byte| *byte != 0)?;
    let top = usize::try_from(bytes.get(first)?.leading_zeros()).ok()?;
    Some((bytes.len() - first) * 8 - top)
}
