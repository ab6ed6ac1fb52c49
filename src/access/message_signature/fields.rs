//! Headers of structured fields (RFC 9651).

use http::{HeaderMap, HeaderName};
use sfv::visitor::{DictionaryVisitor, EntryVisitor};
use sfv::{Dictionary, KeyRef, Parser};

use super::super::fault::SignatureFault;

pub(super) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
pub(super) const SHA512: &str = "sha-512";

/// The longest header that is read, in bytes: real ones have a few hundred.
const LONGEST_HEADER: usize = 8 * 1024;

/// True if a request may state a SHA-512 of its body.
pub(in crate::access) fn states_sha512(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_DIGEST).iter().any(|value| value.to_str().is_ok_and(|text| text.contains(SHA512)))
}

/// Parses a header whose lines make one dictionary (RFC 9651, section 3.2).
pub(super) fn dictionary(headers: &HeaderMap, name: &HeaderName) -> Result<Dictionary, SignatureFault> {
    let mut text = Vec::new();
    for value in headers.get_all(name) {
        if !text.is_empty() {
            text.extend_from_slice(b", ");
        }
        text.extend_from_slice(value.as_bytes());
        if text.len() > LONGEST_HEADER {
            return Err(SignatureFault::SignatureInput);
        }
    }
    let parsed = Parser::new(&text).parse_dictionary_with_visitor(UniqueMembers::default());
    parsed.map_err(|_| SignatureFault::SignatureInput)
}

/// A dictionary that has each member once. By RFC 9651 the last of several counts, which another reader may not know.
#[derive(Default)]
struct UniqueMembers(Dictionary);

/// A member of a dictionary stands twice.
#[derive(Debug, thiserror::Error)]
#[error("a member is repeated")]
struct RepeatedMember;

impl<'de> DictionaryVisitor<'de> for UniqueMembers {
    type Out = Dictionary;
    type Error = RepeatedMember;

    fn entry(&mut self, key: &'de KeyRef) -> Result<impl EntryVisitor<'de>, RepeatedMember> {
        if self.0.contains_key(key) {
            return Err(RepeatedMember);
        }
        DictionaryVisitor::entry(&mut self.0, key).map_err(|never| match never {})
    }

    fn finish(self) -> Result<Dictionary, RepeatedMember> {
        Ok(self.0)
    }
}
