//! Secrets that are made: subscription keys, and the secrets and key pairs with which requests are signed.
//!
//! A subscription key is `apk_<id>_<256 bits, base64url>_<crc32>`. The prefix and the checksum let scanners find a
//! leaked one without a false alarm; the file of the key has the SHA-256 of the whole text, so that
//! `printf %s "$KEY" | sha256sum` says whether a text is the key.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use memchr::memmem;
use ring::error::Unspecified;
use ring::rand::SecureRandom;

use super::ed25519::PrivateKey;
use super::secret_id::{LONGEST_ID, SecretId};
use crate::model::Digest;

/// The beginning of a subscription key's text.
const PREFIX: &str = "apk_";
/// The length of 256 bits in base64url.
const SECRET_LENGTH: usize = 43;
/// The length of a CRC-32 in hexadecimal digits.
const CHECKSUM_LENGTH: usize = 8;

/// The most bytes of a subscription key's text.
pub const LONGEST_SUBSCRIPTION_KEY: usize = PREFIX.len() + LONGEST_ID + 1 + SECRET_LENGTH + 1 + CHECKSUM_LENGTH;

/// A secret that was just made, the one time that its text is there. Shown as `***` where it is formatted.
pub struct NewSecret(String);

impl NewSecret {
    /// Makes a secret of 256 bits for signing requests.
    ///
    /// # Errors
    ///
    /// Fails where the system has no randomness.
    pub fn for_signing(random: &dyn SecureRandom) -> Result<Self, Unspecified> {
        let mut bytes = [0; 32];
        random.fill(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Makes the text of a subscription key.
    ///
    /// # Errors
    ///
    /// Fails where the system has no randomness.
    pub fn for_subscription(id: &SecretId, random: &dyn SecureRandom) -> Result<Self, Unspecified> {
        let unchecked = format!("{PREFIX}{id}_{}", Self::for_signing(random)?.0);
        let checksum = crc32(unchecked.as_bytes());
        Ok(Self(format!("{unchecked}_{checksum:08x}")))
    }

    /// Takes a key pair that was just made, as PEM.
    #[must_use]
    pub fn of_pair(pair: &PrivateKey) -> Self {
        Self(pair.reveal().to_owned())
    }

    /// Returns the text, for the one place to which it is written.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns the SHA-256 that the key's file has.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

impl fmt::Debug for NewSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// The text of a subscription key as a request shows it: well-formed, its checksum not looked at.
pub struct SubscriptionKey<'t> {
    /// The id of the secret.
    pub id: &'t str,
    text: &'t str,
}

impl<'t> SubscriptionKey<'t> {
    /// Parses a text; `None` where it has not the form of a subscription key.
    #[must_use]
    pub fn parse(text: &'t str) -> Option<Self> {
        let (id, rest) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let is_shaped = SecretId::is_valid(id)
            && rest.is_ascii()
            && rest.len() == SECRET_LENGTH + 1 + CHECKSUM_LENGTH
            && rest.as_bytes().get(SECRET_LENGTH) == Some(&b'_');
        is_shaped.then_some(Self { id, text })
    }

    /// Finds the texts of this form in bytes, each with its place there. They need not be words: in JSON, an escape
    /// like `\n` ends with a letter.
    pub fn find_in(bytes: &'t [u8]) -> impl Iterator<Item = (usize, Self)> {
        let key_at = |at: usize| {
            let text = bytes.get(at..)?;
            let id = text.iter().skip(PREFIX.len()).take_while(|byte| byte.is_ascii_alphanumeric()).count();
            let end = PREFIX.len() + id + 1 + SECRET_LENGTH + 1 + CHECKSUM_LENGTH;
            Some((at, Self::parse(std::str::from_utf8(text.get(..end)?).ok()?)?))
        };
        memmem::find_iter(bytes, PREFIX.as_bytes()).filter_map(key_at)
    }

    /// True if the text ends with its checksum. The digest alone lets in; this tells a mistyped key from another one.
    #[must_use]
    pub(super) fn has_right_checksum(&self) -> bool {
        let (unchecked, checksum) = self.text.split_at(self.text.len() - 1 - CHECKSUM_LENGTH);
        format!("_{:08x}", crc32(unchecked.as_bytes())) == checksum
    }

    /// Returns the SHA-256 of the text.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }
}

/// True if a text contains a subscription key or a private key in clear.
#[must_use]
pub fn contains_clear_secret(text: &str) -> bool {
    let is_private_key = text.contains("-----BEGIN") && text.contains("PRIVATE KEY-----");
    is_private_key || contains_subscription_key(text.as_bytes())
}

/// True if bytes contain a subscription key in clear.
#[must_use]
pub fn contains_subscription_key(bytes: &[u8]) -> bool {
    SubscriptionKey::find_in(bytes).any(|(_, key)| key.has_right_checksum())
}

/// Computes the CRC-32 of ISO-HDLC, bit by bit: a few dozen bytes, once a key.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> NewSecret {
        NewSecret::for_subscription(&"abcd1234".parse().unwrap(), &ring::rand::SystemRandom::new()).unwrap()
    }

    #[test]
    fn the_checksum_has_the_published_value() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_key_is_parsed_and_each_changed_byte_is_noticed() {
        let secret = made();
        let text = secret.reveal();
        let parsed = SubscriptionKey::parse(text).unwrap();
        assert_eq!((parsed.id, parsed.digest()), ("abcd1234", secret.digest()));
        for index in 0..text.len() {
            assert!(!contains_subscription_key(&text.as_bytes()[..index]), "cut at {index}");
            let mut changed = text.as_bytes().to_vec();
            changed[index] = if changed[index] == b'x' { b'y' } else { b'x' };
            assert!(!contains_subscription_key(&changed), "{index}");
        }
        for other in ["", "apk_", "apk__", "apk_abcd", "äpk_abcd_x", &format!("{text} ")] {
            assert!(SubscriptionKey::parse(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_key_within_a_text_is_found_and_none_is_formatted() {
        let secret = made();
        for (before, after) in [("- secret: \"", "\""), ("\\n", "\\n"), ("%20", ""), ("key_", "_x"), ("apk_", "")] {
            let text = format!("{before}{}{after}", secret.reveal());
            assert!(contains_subscription_key(text.as_bytes()), "{text}");
        }
        assert!(!contains_subscription_key(b"- id: \"abcd1234\""));
        assert!(contains_clear_secret("description: \"-----BEGIN EC PRIVATE KEY-----\""));
        assert!(!contains_clear_secret("description: \"the PRIVATE KEY of the shop\""));
        assert_eq!(format!("{secret:?}"), "***");
    }
}
