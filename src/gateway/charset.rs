//! Charsets of bodies that are judged as UTF-8.

use super::content_rule::{FORM, MULTIPART};
use crate::definition::SequenceFraming;
use crate::definition::percent::decode;
use crate::model::{MediaRange, is_json_media_type, reads_as_utf8};

/// Returns the reason why a backend may read another value than the one that is judged: by its charset, a text like
/// `+ACI-` is a quote (UTF-7) and ends a string.
///
/// JSON is UTF-8 and has no such parameter (RFC 8259, sections 8.1 and 11), yet frameworks decode by it.
pub(super) fn other_reading(sent: &MediaRange, essence: &str, body: &[u8]) -> Option<String> {
    if !is_json_media_type(essence) && ![FORM, MULTIPART].contains(&essence) && SequenceFraming::of(essence).is_none() {
        return None;
    }
    if let Some(name) = sent.extended_parameter() {
        return Some(format!("The Content-Type has a parameter {name:?}, which not every parser reads"));
    }
    let charset = sent.parameter("charset")?;
    let is_ascii = || body.is_ascii() && (essence != FORM || decode(&String::from_utf8_lossy(body)).is_ascii());
    (!reads_as_utf8(charset, is_ascii)).then(|| format!("The body is in {charset:?}, and must be in UTF-8"))
}
