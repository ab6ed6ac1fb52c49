//! The canonical request: each part in the closed set of forms that real signers write and no two requests share.
//!
//! A decoded path, `+` for a space and decoded values glued together are not among them: in these forms two requests
//! have one signature.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::HOST;

use super::super::key::PathForm;
use crate::access::fault::SignatureFault;

/// Returns the forms of a path, none twice. Where the path holds a `%` the two forms of one path can be those of
/// another, so the key chooses.
pub(super) fn path_forms(path: &str, chosen: PathForm) -> Vec<Cow<'_, str>> {
    let again = encode(path.as_bytes(), |byte| byte == b'/');
    match chosen {
        _ if again == path => vec![Cow::Borrowed(path)],
        _ if !path.contains('%') => vec![Cow::Borrowed(path), Cow::Owned(again)],
        PathForm::Sent => vec![Cow::Borrowed(path)],
        PathForm::Again => vec![Cow::Owned(again)],
    }
}

/// Returns the forms of a query, none twice. A name without a value is `name=`.
pub(super) fn query_forms(query: &str) -> Vec<String> {
    if query.is_empty() {
        return vec![String::new()];
    }
    let pairs: Vec<(&str, &str)> = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
    let mut sent: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    sent.sort_unstable();
    let mut forms = vec![sent.join("&")];
    // A raw `+` means a space to most backends and is not what `%2B` means: encoded, the two would share a form.
    let is_decodable = |text: &str| !text.contains('+') && is_well_encoded(text);
    if pairs.iter().all(|(name, value)| is_decodable(name) && is_decodable(value)) {
        let encode_again = |text: &str| encode(&decode(text), |_| false);
        let mut encoded: Vec<(String, String)> =
            pairs.iter().map(|(name, value)| (encode_again(name), encode_again(value))).collect();
        encoded.sort_unstable();
        let encoded = encoded.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        if forms[0] != encoded {
            forms.insert(0, encoded);
        }
    }
    forms
}

/// Returns the forms of the signed headers, none twice: a line each, with inner runs of spaces folded, or only trimmed.
pub(super) fn header_forms(
    signed_headers: &str,
    headers: &HeaderMap,
    authority: &str,
) -> Result<Vec<Vec<u8>>, SignatureFault> {
    let mut trimmed = Vec::new();
    for name in signed_headers.split(';') {
        trimmed.extend_from_slice(name.as_bytes());
        trimmed.push(b':');
        let mut values = headers.get_all(name).iter().map(http::HeaderValue::as_bytes).peekable();
        if values.peek().is_none() {
            // HTTP/2 has the host in `:authority`.
            if name != HOST.as_str() {
                return Err(SignatureFault::SignedHeaderMissing);
            }
            trimmed.extend_from_slice(authority.as_bytes());
        }
        for (number, value) in values.enumerate() {
            if number > 0 {
                trimmed.push(b',');
            }
            trimmed.extend_from_slice(trim(value));
        }
        trimmed.push(b'\n');
    }
    let folded = fold_spaces(&trimmed);
    if folded == trimmed { Ok(vec![trimmed]) } else { Ok(vec![folded, trimmed]) }
}

fn trim(value: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = value.iter().position(|byte| !is_blank(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    &value[start..end]
}

fn fold_spaces(text: &[u8]) -> Vec<u8> {
    let mut folded = text.to_vec();
    folded.dedup_by(|next, before| *next == b' ' && *before == b' ');
    folded
}

/// Encodes all but the unreserved characters and those that are kept (RFC 3986, section 2.3).
pub(super) fn encode(bytes: &[u8], keeps: impl Fn(u8) -> bool) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') || keeps(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(DIGITS[usize::from(byte >> 4)]));
            encoded.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    encoded
}

/// True if each `%` begins an encoded byte. Where one does not, decoding and encoding would make the same of it as of
/// its own encoding.
fn is_well_encoded(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_encoded = |at: usize| bytes.get(at + 1..at + 3).is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit));
    bytes.iter().enumerate().all(|(at, byte)| *byte != b'%' || is_encoded(at))
}

/// Decodes a well-encoded text to bytes, which need not be UTF-8.
fn decode(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or_default();
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let pair = if byte == b'%' { bytes.next().zip(bytes.next()) } else { None };
        decoded.push(pair.map_or(byte, |(high, low)| (digit(high) << 4) | digit(low)));
    }
    decoded
}
