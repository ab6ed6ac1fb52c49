//! The lengths that engines have limits for. An engine refuses all files for one text that is too long, so that each
//! such text is left out, and the report names it.

use std::cmp::max;

use crate::model::ParameterReference;

/// The most bytes of a name in an export: of a header, a media type, an example. The Gateway API takes no longer name
/// of a header; the others stand in expressions, for which engines have buffers of a few KiB.
pub(super) const MOST_NAME_BYTES: usize = 256;
/// The most bytes of a list of headers in an export: of any header in Envoy's.
const MOST_LIST_BYTES: usize = 16 * 1024;
/// The most bytes of an origin in an export; the longest name of a host has 253.
pub(super) const MOST_ORIGIN_BYTES: usize = 512;

/// The most bytes of the name of a host (RFC 1035, section 2.3.4).
pub(super) const MOST_HOST_BYTES: usize = 253;

/// True if a name is short enough for every target.
pub(super) const fn is_short_name(name: &str) -> bool {
    name.len() <= MOST_NAME_BYTES
}

/// True if a list of headers is short enough for every target.
pub(super) fn is_short_list(list: &str) -> bool {
    TextLength::of(list).formatted <= MOST_LIST_BYTES
}

/// True if a rule by a parameter and a value of it is short enough for every target.
pub(super) fn is_short_condition(when: &ParameterReference, value: &str) -> bool {
    let name = match when {
        ParameterReference::Header(name) | ParameterReference::Query(name) | ParameterReference::Path(name) => name,
    };
    name.len() + value.len() <= MOST_NAME_BYTES
}

/// The length of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct TextLength {
    pub(super) bytes: usize,
    /// Its length once its percent signs are doubled, as formatters have them.
    pub(super) formatted: usize,
}

impl TextLength {
    pub(super) fn of(text: &str) -> Self {
        Self { bytes: text.len(), formatted: text.len() + text.matches('%').count() }
    }

    /// Returns the larger length of each kind.
    pub(super) fn max(self, other: Self) -> Self {
        Self { bytes: max(self.bytes, other.bytes), formatted: max(self.formatted, other.formatted) }
    }
}

/// The length of a regular expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct PatternLength {
    pub(super) bytes: usize,
    /// Its length with all alternatives to it.
    pub(super) total: usize,
    /// The most instructions that all alternatives compile to.
    pub(super) program: usize,
    /// Its length between quotes, in which a backslash is doubled, and with a name for each group.
    pub(super) quoted: usize,
    /// The length of the texts that take the place of a path.
    pub(super) replaced: usize,
}

/// The most instructions of a class of all characters, or of all but some: those of several bytes are told apart.
const INSTRUCTIONS_OF_A_CLASS: usize = 16;
/// The most bytes of a group's name, with the marks around it.
const NAME_OF_A_GROUP_BYTES: usize = 14;

impl PatternLength {
    /// Returns the length of an expression whose groups are given no names.
    pub(super) fn of(pattern: &str) -> Self {
        let escaped = pattern.bytes().filter(|byte| matches!(byte, b'\\' | b'"')).count();
        Self {
            bytes: pattern.len(),
            total: pattern.len(),
            program: instructions(pattern),
            quoted: pattern.len() + escaped,
            replaced: 0,
        }
    }

    /// Returns the length of an expression whose groups are given names.
    pub(super) fn of_named(pattern: &str) -> Self {
        let plain = Self::of(pattern);
        Self { quoted: plain.quoted + pattern.matches('(').count() * NAME_OF_A_GROUP_BYTES, ..plain }
    }

    /// Returns the larger length of each kind.
    pub(super) fn max(self, other: Self) -> Self {
        Self {
            bytes: max(self.bytes, other.bytes),
            total: max(self.total, other.total),
            program: max(self.program, other.program),
            quoted: max(self.quoted, other.quoted),
            replaced: max(self.replaced, other.replaced),
        }
    }
}

/// Counts the instructions that RE2 compiles an expression of the exports to, at most.
fn instructions(pattern: &str) -> usize {
    let mut count = 0;
    let mut bytes = pattern.bytes().peekable();
    while let Some(byte) = bytes.next() {
        count += match byte {
            b'\\' => bytes.next().map_or(0, |_| 1),
            b'(' => bytes.next_if_eq(&b'?').map_or(2, |_| 0),
            b'[' => bytes.next_if_eq(&b'^').map_or(0, |_| INSTRUCTIONS_OF_A_CLASS),
            b'.' => INSTRUCTIONS_OF_A_CLASS,
            // A colon that is not escaped begins a group.
            b']' | b')' | b':' => 0,
            _ => 1,
        };
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_in_the_language_of_a_target() {
        let of_texts = |quoted| PatternLength { bytes: 6, total: 6, program: 5, quoted, replaced: 0 };
        assert_eq!(TextLength::of("50%%"), TextLength { bytes: 4, formatted: 6 });
        assert_eq!(PatternLength::of("a\\.(b)"), of_texts(7));
        assert_eq!(PatternLength::of_named("a\\.(b)"), of_texts(21));
        for (pattern, program) in [("[^/;]+", 19), ("(?:a|%61)", 5), ("(a\\.b)", 5), (".*", 17)] {
            assert_eq!(PatternLength::of(pattern).program, program, "{pattern}");
        }
        let longer = TextLength::of("aaa").max(TextLength::of("%%"));
        assert_eq!(longer, TextLength { bytes: 3, formatted: 4 });
    }
}
