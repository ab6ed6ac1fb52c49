//! Control characters that JSON allows unescaped and YAML does not (RFC 8259, section 7; YAML 1.2.2, section 5.1).
//!
//! Definitions are parsed as YAML. Before parsing, each such character is replaced by a Unicode noncharacter, and
//! afterwards it is restored. Both are one character long, so locations stay the same.

use std::borrow::Cow;

/// Replaces the control characters of a text by placeholders; `None` if there are none, or if the text already has a
/// placeholder.
pub(super) fn hidden(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let has_some = bytes.contains(&0x7f) || bytes.windows(2).any(|pair| matches!(pair, [0xc2, 0x80..=0x9f]));
    if !has_some || text.contains(|each| real(each).is_some()) {
        return None;
    }
    Some(text.chars().map(|each| stand_in(each).unwrap_or(each)).collect())
}

/// Restores the characters that placeholders replaced.
pub(super) fn shown(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains(|each| real(each).is_some()) {
        return text.chars().map(|each| real(each).unwrap_or(each)).collect();
    }
    text
}

/// The first of the 32 placeholders for U+0080 to U+009F.
const FIRST: u32 = 0xfdd0;
/// YAML allows U+0085 (next line), so its placeholder is used for U+007F (delete).
const NEXT_LINE: u32 = 0x85;
const DELETE: u32 = 0x7f;

fn stand_in(control: char) -> Option<char> {
    match u32::from(control) {
        NEXT_LINE => None,
        DELETE => char::from_u32(FIRST + NEXT_LINE - 0x80),
        code @ 0x80..=0x9f => char::from_u32(FIRST + code - 0x80),
        _ => None,
    }
}

fn real(stand_in: char) -> Option<char> {
    let number = u32::from(stand_in).checked_sub(FIRST).filter(|number| *number < 32)?;
    char::from_u32(if number + 0x80 == NEXT_LINE { DELETE } else { number + 0x80 })
}
