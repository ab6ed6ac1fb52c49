//! White space in HTTP fields.

/// Removes leading and trailing spaces and tabs, the only optional white space in a field's value (RFC 9110, section
/// 5.6.3).
#[must_use]
pub fn trim_blanks(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}
