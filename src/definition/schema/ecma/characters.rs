//! Sets of characters that escapes stand for, and characters written such that both dialects read them alike.

use std::fmt::Write;

/// The first and last code point of each range, in ascending order.
pub(super) type CharacterRanges = [(u32, u32)];

pub(super) const DIGITS: &CharacterRanges = &[(0x30, 0x39)];
pub(super) const WORD: &CharacterRanges = &[(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)];
/// White space and line terminators (ECMA-262, sections 12.2 and 12.3).
pub(super) const SPACE: &CharacterRanges = &[
    (0x09, 0x0D),
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
];
pub(super) const LAST: u32 = 0x0010_FFFF;

/// Writes a character such that both dialects read it alike; `None` for half of one, which no text in UTF-8 has.
pub(super) fn push_character(out: &mut String, code: u32, in_class: bool) -> Option<()> {
    let character = char::from_u32(code)?;
    let is_special = if in_class { r"\[]^-&~".contains(character) } else { r"\.+*?()|[]{}^$".contains(character) };
    if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') {
        let _ = write!(out, "\\u{{{code:X}}}");
    } else if is_special {
        out.extend(['\\', character]);
    } else {
        out.push(character);
    }
    Some(())
}

/// Writes characters, or all others, as members of a class.
pub(super) fn written_ranges(ranges: &CharacterRanges, is_negated: bool) -> String {
    let mut written = String::new();
    let mut add = |first: u32, last: u32| {
        let _ = push_character(&mut written, first, true);
        if last > first {
            written.push('-');
            let _ = push_character(&mut written, last, true);
        }
    };
    let mut next = 0;
    for (first, last) in ranges {
        if is_negated {
            add(next, first - 1);
        } else {
            add(*first, *last);
        }
        next = last + 1;
    }
    if is_negated {
        add(next, LAST);
    }
    written
}
