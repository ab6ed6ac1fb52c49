//! The family of AWS Signature Version 4: JDCLOUD2, JDCLOUD3 and AWS4, one verifier and one signer with the scheme as
//! parameter.
//!
//! [`Authorization::parse`] reads the header, with bounds on all that a client chooses; [`Authorization::check_date`]
//! compares the date with the clock; [`Authorization::verify`] recomputes the signature over a closed set of canonical
//! forms. The published verifiers check neither clock nor nonce and believe the content hash; this one takes the hash
//! of the body that was received, and leaves the nonce to [`NonceTable`](super::NonceTable).

mod canonical;
mod sign;
mod verify;

use http::HeaderMap;
use http::header::{AUTHORIZATION, HOST};

use super::fault::SignatureFault;
use crate::model::{SigningScheme, Timestamp, trim_blanks};

pub use sign::Signer;
pub use verify::CanonicalForm;

/// The parameters by which the members of the family differ.
#[derive(Debug, PartialEq, Eq)]
pub struct SignatureScheme {
    /// The word in `Authorization` and in the string to sign.
    pub name: &'static str,
    /// The text before the secret in the first HMAC.
    pub prefix: &'static str,
    /// The last part of the scope.
    pub terminator: &'static str,
    /// The header with date and time.
    pub date_header: &'static str,
    /// The header with the nonce; `None` where the signature itself stands for it.
    pub nonce_header: Option<&'static str>,
    /// The header in which some signers state the hash of the body.
    pub content_header: &'static str,
}

/// The schemes that are verified.
pub static SCHEMES: [SignatureScheme; 3] = [
    SignatureScheme {
        name: "JDCLOUD2-HMAC-SHA256",
        prefix: "JDCLOUD2",
        terminator: "jdcloud2_request",
        date_header: "x-jdcloud-date",
        nonce_header: Some("x-jdcloud-nonce"),
        content_header: "x-jdcloud-content-sha256",
    },
    SignatureScheme {
        name: "JDCLOUD3-HMAC-SHA256",
        prefix: "JDCLOUD3",
        terminator: "jdcloud3_request",
        date_header: "x-jdcloud-date",
        nonce_header: Some("x-jdcloud-nonce"),
        content_header: "x-jdcloud-content-sha256",
    },
    SignatureScheme {
        name: "AWS4-HMAC-SHA256",
        prefix: "AWS4",
        terminator: "aws4_request",
        date_header: "x-amz-date",
        nonce_header: None,
        content_header: "x-amz-content-sha256",
    },
];

impl SignatureScheme {
    /// Returns the scheme of a word in settings.
    #[must_use]
    pub const fn of(scheme: SigningScheme) -> &'static Self {
        match scheme {
            SigningScheme::Jdcloud2 => &SCHEMES[0],
            SigningScheme::Jdcloud3 => &SCHEMES[1],
            SigningScheme::Aws4 => &SCHEMES[2],
        }
    }
}

/// The longest `Authorization` that is read, in bytes: real ones have a few hundred.
const LONGEST_AUTHORIZATION: usize = 8 * 1024;
/// The most headers that a signature may cover.
const MOST_SIGNED_HEADERS: usize = 64;
/// The longest nonce, in bytes: a UUID has 36.
const LONGEST_NONCE: usize = 256;

/// The parsed header `Authorization` of a signed request, with its date and nonce.
#[derive(Debug)]
pub struct Authorization<'h> {
    scheme: &'static SignatureScheme,
    key_id: &'h str,
    /// The scope without the key id: `DATE/REGION/SERVICE/TERMINATOR`.
    scope: &'h str,
    date: &'h str,
    region: &'h str,
    service: &'h str,
    /// The list as received: it is a part of what is signed.
    signed_headers: &'h str,
    signature: [u8; 32],
    date_time: &'h str,
    time: Timestamp,
    nonce: Option<&'h str>,
}

impl<'h> Authorization<'h> {
    /// Parses the one `Authorization` of a request; `None` where there is none of this family.
    ///
    /// # Errors
    ///
    /// Fails with the reason for the operator if a header of this family cannot be verified.
    pub fn parse(headers: &'h HeaderMap) -> Result<Option<Self>, SignatureFault> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else { return Ok(None) };
        let is_signed = |bytes: &[u8]| SCHEMES.iter().any(|scheme| bytes.starts_with(scheme.name.as_bytes()));
        if values.next().is_some() {
            let is_signed = headers.get_all(AUTHORIZATION).iter().any(|value| is_signed(value.as_bytes()));
            return if is_signed { Err(SignatureFault::SeveralAuthorizations) } else { Ok(None) };
        }
        let Some((name, rest)) = value.to_str().ok().and_then(|text| text.split_once(' ')) else {
            return Ok(None);
        };
        let Some(scheme) = SCHEMES.iter().find(|scheme| scheme.name == name) else { return Ok(None) };
        if value.len() > LONGEST_AUTHORIZATION {
            return Err(SignatureFault::TooLong);
        }
        Self::parse_fields(scheme, rest, headers).map(Some)
    }

    fn parse_fields(
        scheme: &'static SignatureScheme,
        rest: &'h str,
        headers: &'h HeaderMap,
    ) -> Result<Self, SignatureFault> {
        let mut fields = [None; 3];
        for part in rest.split(',') {
            let (name, value) = trim_blanks(part).split_once('=').ok_or(SignatureFault::Malformed)?;
            let place = ["Credential", "SignedHeaders", "Signature"].iter().position(|field| *field == name);
            let slot = place.and_then(|place| fields.get_mut(place)).ok_or(SignatureFault::Malformed)?;
            if slot.replace(value).is_some() {
                return Err(SignatureFault::Malformed);
            }
        }
        let [Some(credential), Some(signed_headers), Some(signature)] = fields else {
            return Err(SignatureFault::Malformed);
        };
        let (key_id, scope) = credential.split_once('/').ok_or(SignatureFault::Malformed)?;
        let [date, region, service, terminator] =
            scope.split('/').collect::<Vec<_>>().try_into().map_err(|_| SignatureFault::Malformed)?;
        if terminator != scheme.terminator {
            return Err(SignatureFault::Malformed);
        }
        let signature = super::hexadecimal::decode(signature).ok_or(SignatureFault::Malformed)?;
        check_signed_headers(scheme, signed_headers)?;
        let date_time = single(headers, scheme.date_header)?.ok_or(SignatureFault::NoDate)?;
        let time = parse_date_time(date_time).ok_or(SignatureFault::NoDate)?;
        if date_time.get(..8) != Some(date) {
            return Err(SignatureFault::ScopeDate);
        }
        let nonce = scheme.nonce_header.map(|header| nonce(headers, header)).transpose()?;
        let authorization =
            Self { scheme, key_id, scope, date, region, service, signed_headers, signature, date_time, time, nonce };
        Ok(authorization)
    }

    /// Returns the id of the secret, as the client states it.
    #[must_use]
    pub const fn key_id(&self) -> &str {
        self.key_id
    }

    /// True if a header is covered.
    #[must_use]
    pub(in crate::access) fn covers_header(&self, name: &str) -> bool {
        self.signed_headers.split(';').any(|signed| signed == name)
    }

    /// Returns the time at which the client says that it signed.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        self.time
    }

    /// Returns the bytes by which a repetition of the request is recognised, and true if they are a nonce: without
    /// one the signature stands for it.
    #[must_use]
    pub fn replay_mark(&self) -> (&[u8], bool) {
        self.nonce.map_or((&self.signature[..], false), |nonce| (nonce.as_bytes(), true))
    }

    /// Compares the date with the clock.
    ///
    /// # Errors
    ///
    /// Fails with the difference of the signer's clock.
    pub fn check_date(&self, now: Timestamp, tolerance_ms: i64) -> Result<(), SignatureFault> {
        let ahead_ms = self.time.ms_since(now);
        if ahead_ms.abs() > tolerance_ms { Err(SignatureFault::Clock { ahead_ms }) } else { Ok(()) }
    }

    /// Compares the scope with the region and the service that a key is bound to.
    ///
    /// # Errors
    ///
    /// Fails where one of them differs.
    pub(in crate::access) fn check_scope(
        &self,
        region: Option<&str>,
        service: Option<&str>,
    ) -> Result<(), SignatureFault> {
        let fits = |wanted: Option<&str>, stated: &str| wanted.is_none_or(|wanted| wanted == stated);
        if fits(region, self.region) && fits(service, self.service) { Ok(()) } else { Err(SignatureFault::Scope) }
    }
}

/// Checks the list of signed headers: lower case, in order, each once, the nonce among them.
fn check_signed_headers(scheme: &SignatureScheme, list: &str) -> Result<(), SignatureFault> {
    let names: Vec<&str> = list.split(';').collect();
    let is_name = |name: &&str| !name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_uppercase());
    let is_list = names.len() <= MOST_SIGNED_HEADERS
        && names.iter().all(is_name)
        && names.is_sorted_by(|one, next| one < next)
        && !names.contains(&AUTHORIZATION.as_str());
    if !is_list {
        return Err(SignatureFault::SignedHeaders);
    }
    match scheme.nonce_header {
        Some(nonce) if !names.contains(&nonce) => Err(SignatureFault::NoNonce),
        // Without a nonce, a request that names no host could be sent to that of another group, again.
        None if !names.contains(&HOST.as_str()) => Err(SignatureFault::NoHost),
        _ => Ok(()),
    }
}

fn nonce<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<&'h str, SignatureFault> {
    match single(headers, name)? {
        // Runs of blanks are folded before they are signed, so one signature would fit several nonces.
        Some(nonce) if (1..=LONGEST_NONCE).contains(&nonce.len()) && !nonce.contains([' ', '\t']) => Ok(nonce),
        _ => Err(SignatureFault::NoNonce),
    }
}

/// Returns the value of a header that must not stand twice.
fn single<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<Option<&'h str>, SignatureFault> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(SignatureFault::RepeatedHeader(name));
    }
    let text = value.map(|value| value.to_str().map(trim_blanks)).transpose();
    text.map_err(|_| SignatureFault::Malformed)
}

/// Parses `YYYYMMDDTHHMMSSZ`.
fn parse_date_time(text: &str) -> Option<Timestamp> {
    const SHAPE: &[u8; 16] = b"ddddddddTddddddZ";
    let fits = |(byte, shape): (u8, &u8)| if *shape == b'd' { byte.is_ascii_digit() } else { byte == *shape };
    if text.len() != SHAPE.len() || !text.bytes().zip(SHAPE).all(fits) {
        return None;
    }
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let (date, time) = ((part(0, 4), part(4, 6), part(6, 8)), (part(9, 11), part(11, 13), part(13, 15)));
    format!("{}-{}-{}T{}:{}:{}.000Z", date.0, date.1, date.2, time.0, time.1, time.2).parse().ok()
}

#[cfg(test)]
mod tests;
