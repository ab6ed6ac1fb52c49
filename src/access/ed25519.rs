//! Key pairs of Ed25519 (RFC 8032) as callers keep them: PEM of PKCS #8 (RFC 8410). Only the public half comes to
//! apigw.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::error::Unspecified;
use ring::rand::SecureRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

/// The bytes before the public key in its DER (RFC 8410, section 4).
const PUBLIC_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// The bytes before the seed in the DER of a private key (RFC 8410, section 7).
const PRIVATE_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
/// The length of a seed and of a public key.
const LENGTH: usize = 32;
const PUBLIC_LABEL: &str = "PUBLIC KEY";
const PRIVATE_LABEL: &str = "PRIVATE KEY";

/// The points of small order, by their y coordinate without the bit for the sign of x (RFC 8032, section 5.1.2; two are
/// not canonical). Signatures that fit such a key can be made without any private key.
const SMALL_ORDER: [[u8; LENGTH]; 7] = [
    [0; LENGTH],
    point(0x01, 0x00, 0x00),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    point(0xec, 0xff, 0x7f),
    point(0xed, 0xff, 0x7f),
    point(0xee, 0xff, 0x7f),
];

/// Returns bytes that are all alike but for the first and the last.
const fn point(first: u8, middle: u8, last: u8) -> [u8; LENGTH] {
    let mut bytes = [middle; LENGTH];
    bytes[0] = first;
    bytes[LENGTH - 1] = last;
    bytes
}

/// The public half of a key pair, written in base64 in key files.
#[derive(Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey([u8; LENGTH]);

/// Reason why a text is not an Ed25519 public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// It is a private key.
    #[error("this is a private key; give only its public half")]
    Private,
    /// It is neither PEM nor base64 of a key of Ed25519.
    #[error("this is not an Ed25519 public key: neither PEM (`BEGIN PUBLIC KEY`) nor 32 bytes in base64")]
    Malformed,
    /// Anybody can sign for it.
    #[error("this is not a valid public key (a point of small order): anybody could sign for it")]
    SmallOrder,
}

/// The base point of the curve, the public key of a private key that everybody knows: of nobody.
impl Default for PublicKey {
    fn default() -> Self {
        let mut bytes = [0x66; LENGTH];
        bytes[0] = 0x58;
        Self(bytes)
    }
}

impl PublicKey {
    /// Takes the bytes of a key.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, PublicKeyError> {
        let bytes: [u8; LENGTH] = bytes.try_into().map_err(|_| PublicKeyError::Malformed)?;
        let mut unsigned = bytes;
        unsigned[LENGTH - 1] &= 0x7f;
        if SMALL_ORDER.contains(&unsigned) { Err(PublicKeyError::SmallOrder) } else { Ok(Self(bytes)) }
    }

    /// Verifies a signature.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(text: &str) -> Result<Self, PublicKeyError> {
        if text.contains("PRIVATE KEY") {
            return Err(PublicKeyError::Private);
        }
        let bytes = match pem(text, PUBLIC_LABEL) {
            Some(der) => der.strip_prefix(&PUBLIC_PREFIX[..]).map(<[u8]>::to_vec),
            None => STANDARD.decode(text.trim()).ok(),
        };
        Self::from_bytes(&bytes.ok_or(PublicKeyError::Malformed)?)
    }
}

impl TryFrom<String> for PublicKey {
    type Error = PublicKeyError;

    fn try_from(text: String) -> Result<Self, PublicKeyError> {
        text.parse()
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A whole key pair, with which a client signs. Shown as `***` where it is formatted.
pub struct PrivateKey {
    pair: Ed25519KeyPair,
    pem: String,
}

impl PrivateKey {
    /// Makes a key pair.
    ///
    /// # Errors
    ///
    /// Fails where the system has no randomness.
    pub fn generate(random: &dyn SecureRandom) -> Result<Self, Unspecified> {
        let mut seed = [0; LENGTH];
        random.fill(&mut seed)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| Unspecified)?;
        // Version 1 of PKCS #8, which each implementation reads.
        let encoded = STANDARD.encode([&PRIVATE_PREFIX[..], &seed[..]].concat());
        let pem = format!("-----BEGIN {PRIVATE_LABEL}-----\n{encoded}\n-----END {PRIVATE_LABEL}-----");
        Ok(Self { pair, pem })
    }

    /// Parses PEM of PKCS #8; `None` where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pem(text, PRIVATE_LABEL)?).ok()?;
        Some(Self { pair, pem: text.trim().to_owned() })
    }

    /// Returns the public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; LENGTH];
        bytes.iter_mut().zip(self.pair.public_key().as_ref()).for_each(|(to, from)| *to = *from);
        PublicKey(bytes)
    }

    /// Returns the PEM, for the one place to which it is written.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.pem
    }

    /// Signs a message.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// Decodes the first block with a label in PEM (RFC 7468); `None` if there is none.
fn pem(text: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    STANDARD.decode(body.split_ascii_whitespace().collect::<String>()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test key of RFC 9421, appendix B.1.4.
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
                          MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----\n";
    const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
                           MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----\n";

    #[test]
    fn a_published_pair_is_read_and_signs() {
        let (private, public) = (PrivateKey::parse(PRIVATE).unwrap(), PUBLIC.parse::<PublicKey>().unwrap());
        assert_eq!(private.public(), public);
        assert_eq!(public.to_string().parse(), Ok(public));
        let signature = private.sign(b"text");
        assert!(public.verify(b"text", &signature));
        assert!(!public.verify(b"Text", &signature));
        assert_eq!(format!("{private:?}"), "***");
    }

    #[test]
    fn a_made_pair_is_read_again() {
        let made = PrivateKey::generate(&ring::rand::SystemRandom::new()).unwrap();
        assert_eq!(PrivateKey::parse(made.reveal()).unwrap().public(), made.public());
    }

    #[test]
    fn a_key_that_anybody_can_sign_for_is_refused() {
        // The neutral element as the commitment, and zero as the response.
        let mut forged = [0; 64];
        forged[0] = 1;
        for bytes in SMALL_ORDER {
            assert_eq!(STANDARD.encode(bytes).parse::<PublicKey>(), Err(PublicKeyError::SmallOrder));
            let mut negative = bytes;
            negative[LENGTH - 1] |= 0x80;
            assert_eq!(STANDARD.encode(negative).parse::<PublicKey>(), Err(PublicKeyError::SmallOrder));
        }
        // Those in canonical form do let a forgery in, were they not refused.
        for bytes in SMALL_ORDER.into_iter().take(5) {
            let lets_in = (0..200_u8).any(|message| PublicKey(bytes).verify(&[message], &forged));
            assert!(lets_in, "{bytes:x?}");
        }
    }

    #[test]
    fn other_texts_are_no_public_key() {
        assert_eq!(PRIVATE.parse::<PublicKey>(), Err(PublicKeyError::Private));
        for text in ["", "x", "AAAA", &PUBLIC.replace("MCow", "MCox"), &STANDARD.encode([0; 33])] {
            assert_eq!(text.parse::<PublicKey>(), Err(PublicKeyError::Malformed), "{text}");
        }
    }
}
