//! Control characters that JSON may hold as they are, and YAML may not (RFC 8259, section 7; YAML 1.2.2, section 5.1).
//!
//! Definitions are read by a reader of YAML. Before it sees such a character, another stands in for it, one that
//! Unicode gives no meaning; in what was read it is put back. Both are one character, so that places stay as they are.

use std::borrow::Cow;

/// Puts stand-ins into a text where it has such characters; `None` where it has none, or where a stand-in would
/// be taken for what it is not.
pub(super) fn hidden(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let has_some = bytes.contains(&0x7f) || bytes.windows(2).any(|pair| matches!(pair, [0xc2, 0x80..=0x9f]));
    if !has_some || text.contains(|each| real(each).is_some()) {
        return None;
    }
    Some(text.chars().map(|each| stand_in(each).unwrap_or(each)).collect())
}

/// Puts the characters back that something stood in for.
pub(super) fn shown(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains(|each| real(each).is_some()) {
        return text.chars().map(|each| real(each).unwrap_or(each)).collect();
    }
    text
}

/// The first of the 32 characters that stand in for U+0080 to U+009F.
const FIRST: u32 = 0xfdd0;
/// YAML allows the next line, so that its stand-in is free for the delete.
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
