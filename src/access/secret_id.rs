//! Ids of secrets: the key id on the wire, and the name by which a secret is found.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use ring::error::Unspecified;
use ring::rand::SecureRandom;

/// The most characters of an id.
pub(super) const LONGEST_ID: usize = 64;
/// The fewest and the most characters of an id.
const LENGTHS: std::ops::RangeInclusive<usize> = 4..=LONGEST_ID;
/// The characters of an id that is made: 32, none taken for another, in lower case for file systems without case.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// The length of an id that is made: 80 bits.
const NEW_LENGTH: usize = 16;

/// The id of a secret, 4 to 64 ASCII letters and digits. A copy shares its text.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct SecretId(Arc<str>);

/// Reason why a text is not the id of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not the id of a secret: use 4 to 64 letters and digits")]
pub struct SecretIdError {
    /// The text that was refused, cut short where it is long.
    pub text: String,
}

impl SecretId {
    /// Makes a new id.
    ///
    /// # Errors
    ///
    /// Fails where the system has no randomness.
    pub fn generate(random: &dyn SecureRandom) -> Result<Self, Unspecified> {
        let mut bytes = [0; NEW_LENGTH];
        random.fill(&mut bytes)?;
        let text: String = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
        Ok(Self(text.into()))
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True if a text is an id.
    #[must_use]
    pub fn is_valid(text: &str) -> bool {
        LENGTHS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }

    /// True if two ids differ at most in the case of letters, which some file systems take for the same.
    #[must_use]
    pub fn is_same_file(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl FromStr for SecretId {
    type Err = SecretIdError;

    fn from_str(text: &str) -> Result<Self, SecretIdError> {
        if Self::is_valid(text) {
            return Ok(Self(text.into()));
        }
        Err(SecretIdError { text: text.chars().take(LENGTHS.end() + 1).collect() })
    }
}

/// Finds an id in a map by its text, without a copy of it.
impl Borrow<str> for SecretId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SecretId {
    type Error = SecretIdError;

    fn try_from(text: String) -> Result<Self, SecretIdError> {
        text.parse()
    }
}

impl From<SecretId> for String {
    fn from(id: SecretId) -> Self {
        id.as_str().to_owned()
    }
}

impl fmt::Display for SecretId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_letters_and_digits() {
        let longest = "a".repeat(64);
        for valid in ["abcd", "AB12", "0000", &longest] {
            assert!(valid.parse::<SecretId>().is_ok(), "{valid}");
        }
        let too_long = "a".repeat(65);
        for refused in ["", "abc", "../a", "a/bc", "ab.cd", "a_bcd", "äöüß", "abcd\n", &too_long] {
            assert!(refused.parse::<SecretId>().is_err(), "{refused}");
        }
    }

    #[test]
    fn made_ids_are_valid_and_differ() {
        let random = ring::rand::SystemRandom::new();
        let ids: std::collections::BTreeSet<String> =
            (0..100).map(|_| SecretId::generate(&random).unwrap().into()).collect();
        assert_eq!(ids.len(), 100);
        assert!(ids.iter().all(|id| id.parse::<SecretId>().is_ok()));
    }
}
