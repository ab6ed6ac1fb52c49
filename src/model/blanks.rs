//! The white space of HTTP.

/// Removes the white space around a part of a field's value, which is spaces and tabs alone (RFC 9110, section 5.6.3).
#[must_use]
pub fn trim_blanks(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}
