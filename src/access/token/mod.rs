//! Tokens: JSON Web Tokens (RFC 7519) as RFC 8725 advises to verify them.
//!
//! [`TokenKeySet`] holds the public keys of an issuer; [`TokenKeySet::verify`] finds the key, whose algorithm counts
//! and never the token's, and returns the [`TokenClaims`]; [`TokenClaims::check`] compares them with what a group asks
//! for, each time. [`TokenCache`] remembers that a signature was right.

mod cache;
mod key_set;
mod provider;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};
use memchr::memmem;

use super::key::TokenBinding;
use crate::model::{KeySetSource, OneOrMany, Timestamp, TokenAuth};

pub use cache::TokenCache;
pub use key_set::{KeySetFault, LARGEST_KEY_SET, TokenKeySet};

/// The longest token that is read, in bytes: those of real issuers have one or two thousand.
const LONGEST_TOKEN: usize = 16 * 1024;
/// The most milliseconds by which an issuer's clock may be ahead.
const CLOCK_TOLERANCE_MS: i64 = 60_000;
/// The types of tokens that are for this purpose (RFC 9068, section 2.1).
const TYPES: [&str; 3] = ["jwt", "at+jwt", "application/at+jwt"];

/// Reason why a token is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// It is longer than any issuer makes it.
    #[error("the token is too long")]
    TooLong,
    /// It is no JSON Web Token, or of an algorithm that is never taken, like `none`.
    #[error("the token is malformed, or names an unsupported algorithm")]
    Malformed,
    /// It is of a type for another purpose.
    #[error("the token's `typ` is not that of an access token")]
    OtherType,
    /// It asks to be refused by whoever does not know a header.
    #[error("the token has an unknown critical header (`crit`)")]
    Critical,
    /// No key of the issuer has its key id, or it has none and there are several keys.
    #[error("the token's `kid` is not that of a key of the issuer")]
    UnknownKey,
    /// The algorithm of its header is not that of its key.
    #[error("the token's algorithm is not that of its key")]
    Algorithm,
    /// The signature is wrong.
    #[error("the token's signature is wrong")]
    Signature,
    /// A claim has a value of another type, like an `exp` that is a text.
    #[error("the token's claims are not as RFC 7519 has them, like a time that is not a number")]
    Claims,
    /// A claim is not there.
    #[error("the token has no claim `{0}`")]
    NoClaim(&'static str),
    /// Another issuer.
    #[error("the token is from another issuer")]
    Issuer,
    /// Another audience.
    #[error("the token is for another audience")]
    Audience,
    /// Its time is over.
    #[error("the token expired at {0}")]
    Expired(Timestamp),
    /// Its time is to come.
    #[error("the token's `{0}` is in the future: {1}")]
    Future(&'static str, Timestamp),
    /// The keys of the issuer are not there.
    #[error("the keys of the issuer ({0}) are missing or cannot be used")]
    NoKeySet(KeySetSource),
}

/// The claims of a token whose signature is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenClaims {
    /// The issuer (`iss`) and the subject (`sub`).
    pub binding: TokenBinding,
    audience: Vec<String>,
    expires: Timestamp,
    not_before: Option<Timestamp>,
    issued_at: Option<Timestamp>,
    scopes: Vec<String>,
}

/// The claims as they stand in a token.
#[derive(serde::Deserialize)]
struct WrittenClaims {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<OneOrMany>,
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
    scope: Option<String>,
}

/// True if bytes contain what has the form of a token, whoever issued it, and whatever stands around it.
#[must_use]
pub fn contains_json_web_token(bytes: &[u8]) -> bool {
    /// `{"` in base64url, with which the header of nearly every token begins.
    const OBJECT: &[u8] = b"eyJ";
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let mut words = bytes.split(|byte| !is_letter(byte) && *byte != b'.');
    words.any(|word| {
        let parts: Vec<&[u8]> = word.split(|byte| *byte == b'.').collect();
        let mut tokens = parts.windows(3).filter(|token| token.iter().take(2).all(|part| !part.is_empty()));
        tokens.any(|token| {
            let [header, ..] = token else { return false };
            let has_header = || std::str::from_utf8(&token.join(&b'.')).is_ok_and(|text| decode_header(text).is_ok());
            memmem::find(header, OBJECT).is_some() || has_header()
        })
    })
}

impl TokenKeySet {
    /// Verifies the signature of a token. The address of a key that a token names (`jku`, `x5u`) and a key in it
    /// (`jwk`) are not looked at.
    ///
    /// # Errors
    ///
    /// Fails with the reason for the operator.
    pub fn verify(&self, token: &str) -> Result<TokenClaims, TokenFault> {
        if token.len() > LONGEST_TOKEN {
            return Err(TokenFault::TooLong);
        }
        let header = decode_header(token).map_err(|_| TokenFault::Malformed)?;
        if header.crit.is_some() {
            return Err(TokenFault::Critical);
        }
        if header.typ.is_some_and(|typ| !TYPES.contains(&typ.to_ascii_lowercase().as_str())) {
            return Err(TokenFault::OtherType);
        }
        let key = self.key(header.kid.as_deref()).ok_or(TokenFault::UnknownKey)?;
        if header.alg != key.algorithm {
            return Err(TokenFault::Algorithm);
        }
        provider::install();
        // Claims are compared with a clock that is handed in.
        let mut validation = Validation::new(key.algorithm);
        validation.required_spec_claims.clear();
        (validation.validate_exp, validation.validate_aud) = (false, false);
        let decoded = decode::<WrittenClaims>(token, &key.key, &validation).map_err(|error| match error.kind() {
            ErrorKind::Json(_) | ErrorKind::Utf8(_) => TokenFault::Claims,
            _ => TokenFault::Signature,
        })?;
        TokenClaims::read(decoded.claims)
    }
}

impl TokenClaims {
    fn read(written: WrittenClaims) -> Result<Self, TokenFault> {
        Ok(Self {
            binding: TokenBinding {
                issuer: written.iss.ok_or(TokenFault::NoClaim("iss"))?,
                subject: written.sub.filter(|subject| !subject.is_empty()).ok_or(TokenFault::NoClaim("sub"))?,
            },
            audience: written.aud.ok_or(TokenFault::NoClaim("aud"))?.into(),
            expires: time(written.exp.ok_or(TokenFault::NoClaim("exp"))?),
            not_before: written.nbf.map(time),
            issued_at: written.iat.map(time),
            scopes: written.scope.unwrap_or_default().split(' ').map(str::to_owned).collect(),
        })
    }

    /// Compares the claims with the settings of a group and with the clock.
    ///
    /// # Errors
    ///
    /// Fails with the reason for the operator if the token is refused.
    pub fn check(&self, settings: &TokenAuth, now: Timestamp) -> Result<(), TokenFault> {
        if self.binding.issuer != settings.issuer {
            return Err(TokenFault::Issuer);
        }
        if !self.audience.iter().any(|audience| settings.audience.contains(audience)) {
            return Err(TokenFault::Audience);
        }
        if now >= self.expires {
            return Err(TokenFault::Expired(self.expires));
        }
        let latest = now.plus_ms(CLOCK_TOLERANCE_MS);
        for (name, at) in [("nbf", self.not_before), ("iat", self.issued_at)] {
            if let Some(at) = at.filter(|at| *at > latest) {
                return Err(TokenFault::Future(name, at));
            }
        }
        Ok(())
    }

    /// Returns the time at which the token expires.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// True if the token has all scopes of one of the lists, or if there are no lists.
    #[must_use]
    pub fn has_scopes(&self, any_of: &[Vec<String>]) -> bool {
        any_of.is_empty() || any_of.iter().any(|all| all.iter().all(|scope| self.scopes.contains(scope)))
    }
}

/// Reads a number of seconds, which may have a fraction (RFC 7519, section 2).
fn time(seconds: f64) -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "a cast of a float saturates")]
    let milliseconds = (seconds * 1000.0) as i64;
    // Beyond it no time can be written.
    Timestamp::from_milliseconds(milliseconds.clamp(0, 253_402_300_799_999))
}

#[cfg(test)]
mod tests;
