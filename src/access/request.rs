//! Requests as they are signed and verified: the parts that a signature may cover.

use http::HeaderMap;
use ring::digest;

use super::message_signature::fields::states_sha512;

/// A request as the gateway received it, for the verification of its signature.
#[derive(Debug, Clone, Copy)]
pub struct ReceivedRequest<'a> {
    /// The method.
    pub method: &'a str,
    /// The path as sent, percent-encoded.
    pub path: &'a str,
    /// The query as sent, without `?`; empty where there is none.
    pub query: &'a str,
    /// The host and port as sent, which stand in no header on HTTP/2.
    pub authority: &'a str,
    /// The headers as sent.
    pub headers: &'a HeaderMap,
    /// The hashes of the whole body.
    pub body: &'a BodyDigest,
}

/// A request that is about to be sent.
#[derive(Debug, Clone, Copy)]
pub struct SigningRequest<'a> {
    /// The method.
    pub method: &'a str,
    /// The path as it is sent, percent-encoded.
    pub path: &'a str,
    /// The query as it is sent, without `?`.
    pub query: &'a str,
    /// The host and port as they are sent.
    pub authority: &'a str,
    /// The headers that are signed beside those of the scheme itself, with names in lower case.
    pub headers: &'a [(&'a str, &'a str)],
    /// The whole body.
    pub body: &'a [u8],
}

/// The hashes of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyDigest {
    pub(super) sha256: Vec<u8>,
    /// `None` where nobody asked for it.
    pub(super) sha512: Option<Vec<u8>>,
    pub(super) is_empty: bool,
}

/// Hashes a body piece by piece, as it comes.
#[derive(Clone)]
pub struct BodyHasher {
    sha256: digest::Context,
    sha512: Option<digest::Context>,
    is_empty: bool,
}

impl BodyHasher {
    /// Begins with an empty body. The second hash is computed only for a request that states one.
    #[must_use]
    pub fn new(headers: &HeaderMap) -> Self {
        let has_sha512 = states_sha512(headers);
        Self {
            sha256: digest::Context::new(&digest::SHA256),
            sha512: has_sha512.then(|| digest::Context::new(&digest::SHA512)),
            is_empty: true,
        }
    }

    /// Adds the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.is_empty &= piece.is_empty();
        self.sha256.update(piece);
        if let Some(sha512) = &mut self.sha512 {
            sha512.update(piece);
        }
    }

    /// Returns the hashes of all pieces.
    #[must_use]
    pub fn finish(self) -> BodyDigest {
        BodyDigest {
            sha256: self.sha256.finish().as_ref().to_vec(),
            sha512: self.sha512.map(|sha512| sha512.finish().as_ref().to_vec()),
            is_empty: self.is_empty,
        }
    }
}

impl BodyDigest {
    /// Hashes a body that is whole.
    #[must_use]
    pub fn of(headers: &HeaderMap, body: &[u8]) -> Self {
        let mut hasher = BodyHasher::new(headers);
        hasher.update(body);
        hasher.finish()
    }
}
