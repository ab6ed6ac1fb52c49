//! The digest of a body in a header (RFC 9530).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use sfv::ListEntry;
use subtle::ConstantTimeEq as _;

use super::fields::{CONTENT_DIGEST, SHA512, dictionary};
use crate::access::fault::SignatureFault;
use crate::access::request::BodyDigest;

const SHA256: &str = "sha-256";

/// Checks the digests of known algorithms; if the header is present, it must have one.
pub(super) fn check(headers: &HeaderMap, body: &BodyDigest) -> Result<(), SignatureFault> {
    if !headers.contains_key(CONTENT_DIGEST) {
        return Ok(());
    }
    let stated = dictionary(headers, &CONTENT_DIGEST).map_err(|_| SignatureFault::ContentDigest)?;
    let mut is_known = false;
    for (algorithm, entry) in &stated {
        let computed = match algorithm.as_str() {
            SHA256 => Some(&body.sha256),
            SHA512 => body.sha512.as_ref(),
            _ => continue,
        };
        let ListEntry::Item(item) = entry else { return Err(SignatureFault::ContentDigest) };
        let (Some(computed), Some(stated)) = (computed, item.bare_item.as_byte_sequence()) else {
            return Err(SignatureFault::ContentDigest);
        };
        if !bool::from(computed.as_slice().ct_eq(stated)) {
            return Err(SignatureFault::BodyHash);
        }
        is_known = true;
    }
    if is_known { Ok(()) } else { Err(SignatureFault::ContentDigest) }
}

/// Writes the header for a body.
pub(super) fn write(body: &BodyDigest) -> String {
    format!("{SHA256}=:{}:", STANDARD.encode(&body.sha256))
}
