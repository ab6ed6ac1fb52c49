//! The signature of a request to a backend, where the group's `forwarding.sign` asks for it.

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use ring::rand::{SecureRandom as _, SystemRandom};

use super::failure::UpstreamFailure;
use crate::access::SigningRequest;
use crate::access::message_signature::{SIGNATURE, SIGNATURE_INPUT};
use crate::access::sigv4::{SCHEMES, SignatureScheme, Signer};
use crate::gateway::clock::wall_clock;
use crate::gateway::headers::{X_APIGW_KEY, write_field};
use crate::gateway::problem::Kind;
use crate::gateway::signing_key::SigningKey;

/// The signature of one request; each attempt to send it is signed anew, as a nonce is taken once.
#[derive(Debug)]
pub(crate) struct RequestSigner {
    pub(crate) key: SigningKey,
    /// The whole body.
    pub(crate) body: Bytes,
}

/// The head of a request as it is sent.
pub(super) struct SentHead<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) authority: &'a [u8],
    pub(super) headers: &'a HeaderMap,
}

/// Removes what a caller has signed with: a backend must not take it for the gateway's own.
pub(super) fn strip_signature(headers: &mut HeaderMap) {
    for name in [AUTHORIZATION, SIGNATURE, SIGNATURE_INPUT] {
        headers.remove(name);
    }
    for SignatureScheme { date_header, nonce_header, content_header, .. } in &SCHEMES {
        for name in [Some(*date_header), *nonce_header, Some(*content_header)].into_iter().flatten() {
            headers.remove(name);
        }
    }
}

impl RequestSigner {
    /// Writes the header lines of a signature.
    pub(super) fn write(&self, sent: &SentHead<'_>, head: &mut Vec<u8>) -> Result<(), UpstreamFailure> {
        let failed = |reason: &str| {
            UpstreamFailure::new(Kind::Internal, "The request cannot be signed for the backend.", reason)
        };
        let mut nonce = [0; 16];
        SystemRandom::new().fill(&mut nonce).map_err(|_| failed("the system provides no random bytes"))?;
        let SigningKey { scheme, key, id, secret } = &self.key;
        let signer = Signer::of_key(key, scheme, id, secret);
        // A backend that believes the caller's name can see that the gateway has written it.
        let caller = sent.headers.get(X_APIGW_KEY).map(HeaderValue::to_str).transpose();
        let caller = caller.map_err(|_| failed("the name of the caller's key is not text"))?;
        let headers: Vec<(&str, &str)> = caller.map(|caller| (X_APIGW_KEY_NAME, caller)).into_iter().collect();
        let request = SigningRequest {
            method: sent.method,
            path: sent.path,
            query: sent.query.strip_prefix('?').unwrap_or(sent.query),
            authority: std::str::from_utf8(sent.authority).map_err(|_| failed("the host is not text"))?,
            headers: &headers,
            body: &self.body,
        };
        let nonce = format!("{:032x}", u128::from_be_bytes(nonce));
        for (name, value) in signer.sign(&request, wall_clock(), &nonce) {
            write_field(head, name, value.as_bytes());
        }
        Ok(())
    }
}

/// The name of the header, as text.
const X_APIGW_KEY_NAME: &str = "x-apigw-key";
