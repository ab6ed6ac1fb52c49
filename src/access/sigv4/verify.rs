//! The verification of a signature over the closed set of canonical forms.

use http::HeaderMap;
use ring::{digest, hmac};
use subtle::{Choice, ConstantTimeEq as _};

use super::super::hexadecimal;
use super::super::key::PathForm;
use super::canonical::{header_forms, path_forms, query_forms};
use super::{Authorization, SignatureScheme};
use crate::access::fault::SignatureFault;
use crate::access::request::ReceivedRequest;

/// The place of the canonical form in which a request was signed, in the order in which the forms are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CanonicalForm(pub usize);

impl Authorization<'_> {
    /// Verifies the signature with a secret.
    ///
    /// Each form is computed whichever fits, so that the time tells nothing about the secret or the form.
    ///
    /// # Errors
    ///
    /// Fails where no form has the signature, or where a stated hash of the body is not that of the body.
    pub fn verify(
        &self,
        request: &ReceivedRequest<'_>,
        secret: &[u8],
        path_form: PathForm,
    ) -> Result<CanonicalForm, SignatureFault> {
        let body_hash = hexadecimal::encode(&request.body.sha256);
        self.check_stated_hash(request.headers, &body_hash)?;
        let headers = header_forms(self.signed_headers, request.headers, request.authority)?;
        let key = signing_key(self.scheme, secret, self.date, self.region, self.service);
        let mut found = None;
        let mut index = 0;
        for path in path_forms(request.path, path_form) {
            for query in query_forms(request.query) {
                for headers in &headers {
                    let canonical = CanonicalRequest {
                        method: request.method,
                        path: &path,
                        query: &query,
                        headers,
                        signed_headers: self.signed_headers,
                        body_hash: &body_hash,
                    };
                    let expected = self.signature_of(&key, &canonical.hash());
                    let is_equal: Choice = expected.as_ref().ct_eq(&self.signature);
                    if bool::from(is_equal) {
                        found = found.or(Some(CanonicalForm(index)));
                    }
                    index += 1;
                }
            }
        }
        found.ok_or_else(|| SignatureFault::Mismatch { has_encoded_path: request.path.contains('%') })
    }

    fn signature_of(&self, key: &hmac::Key, canonical_hash: &str) -> hmac::Tag {
        let text = string_to_sign(self.scheme, self.date_time, self.scope, canonical_hash);
        hmac::sign(key, text.as_bytes())
    }

    /// Compares a hash that the client states with the body's, before the signature counts.
    fn check_stated_hash(&self, headers: &HeaderMap, body_hash: &str) -> Result<(), SignatureFault> {
        let stated = super::single(headers, self.scheme.content_header)?;
        // A scheme's word for "not signed", like `UNSIGNED-PAYLOAD`, is no hash and is refused like a wrong one.
        if stated.is_none_or(|stated| stated == body_hash) { Ok(()) } else { Err(SignatureFault::BodyHash) }
    }
}

/// The parts of a canonical request, each in one form.
pub(super) struct CanonicalRequest<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    /// A line each.
    pub(super) headers: &'a [u8],
    pub(super) signed_headers: &'a str,
    pub(super) body_hash: &'a str,
}

impl CanonicalRequest<'_> {
    pub(super) fn hash(&self) -> String {
        let mut hash = digest::Context::new(&digest::SHA256);
        let Self { method, path, query, headers, signed_headers, body_hash } = self;
        for part in [method.as_bytes(), path.as_bytes(), query.as_bytes(), headers, signed_headers.as_bytes()] {
            hash.update(part);
            hash.update(b"\n");
        }
        hash.update(body_hash.as_bytes());
        hexadecimal::encode(hash.finish().as_ref())
    }
}

pub(super) fn string_to_sign(scheme: &SignatureScheme, date_time: &str, scope: &str, canonical_hash: &str) -> String {
    format!("{}\n{date_time}\n{scope}\n{canonical_hash}", scheme.name)
}

pub(super) fn signing_key(
    scheme: &SignatureScheme,
    secret: &[u8],
    date: &str,
    region: &str,
    service: &str,
) -> hmac::Key {
    let first = [scheme.prefix.as_bytes(), secret].concat();
    let derived = [date, region, service, scheme.terminator].iter().fold(first, |key, part| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec()
    });
    hmac::Key::new(hmac::HMAC_SHA256, &derived)
}
