//! Digests, which identify the bytes of a version in whatever folder they lie.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::hexadecimal::hexadecimal;

/// A SHA-256 (FIPS 180-4), written `sha256:` and 64 lower-case hexadecimal digits.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

/// The error for a text that is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a digest: it is written \"sha256:\" and 64 hexadecimal digits")]
pub struct DigestError {
    /// The refused text, truncated if it is long.
    pub text: String,
}

impl Digest {
    /// The length of a digest's text, in bytes.
    pub const TEXT_LENGTH: usize = PREFIX.len() + 64;

    /// Computes the digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Computes the digest of a text that is given in pieces.
    #[must_use]
    pub fn of_pieces(give: impl FnOnce(&mut dyn FnMut(&str))) -> Self {
        let mut hasher = Sha256::new();
        give(&mut |piece| hasher.update(piece));
        Self(hasher.finalize().into())
    }

    /// Returns the bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the hexadecimal digits alone.
    #[must_use]
    pub fn hexadecimal(&self) -> String {
        hexadecimal(&self.0)
    }

    /// Returns the first twelve hexadecimal digits, the part used in an operation's id.
    #[must_use]
    pub fn short(&self) -> String {
        hexadecimal(&self.0[..6])
    }
}

/// A text that is shared by all who hold it, with its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestedText {
    text: Bytes,
    digest: Digest,
}

impl DigestedText {
    /// Takes a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self { digest: Digest::of(text.as_bytes()), text: text.into() }
    }

    /// Returns its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.text
    }

    /// Returns its digest.
    #[must_use]
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }
}

const PREFIX: &str = "sha256:";

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        let parse = || {
            let digits = text.strip_prefix(PREFIX)?.as_bytes();
            let mut bytes = [0; 32];
            if digits.len() != 2 * bytes.len() {
                return None;
            }
            for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
                *byte = value(pair[0])? << 4 | value(pair[1])?;
            }
            Some(Self(bytes))
        };
        parse().ok_or_else(|| DigestError { text: text.chars().take(Self::TEXT_LENGTH + 1).collect() })
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, DigestError> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(PREFIX)?;
        formatter.write_str(&self.hexadecimal())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_text_has_the_published_digest() {
        let text = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(b"").to_string(), text);
        assert_eq!(text.parse(), Ok(Digest::of(b"")));
        assert_eq!(Digest::of(b"").short(), "e3b0c44298fc");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "sha256:", "e3b0", "sha256:E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }
}
