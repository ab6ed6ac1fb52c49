//! Canonical paths: those that every HTTP implementation interprets alike.

/// The number of interpretations that a path has among HTTP implementations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathReading {
    /// All implementations agree.
    One,
    /// All implementations agree that allow a segment to begin with a semicolon, as `style: matrix` writes it.
    Matrix,
    /// Some implementations take it for another path.
    Several,
}

/// True if all implementations interpret a path alike except for its encoded slashes, which some take as part of a
/// value and others as separators; none of the parts between them is a dot segment.
#[must_use]
pub fn is_canonical_but_for_slashes(path: &str) -> bool {
    reading(path, true) != PathReading::Several
}

/// Returns the number of interpretations that a path has.
///
/// A path is canonical if it has no empty segment and no dot segment, no percent-encoded slash, backslash or control
/// character, nothing that becomes one of these when a path parameter (`;…`) is removed, and no overlong UTF-8 sequence
/// (RFC 3629, section 10), which some decoders take for a slash or a dot.
#[must_use]
pub fn path_reading(path: &str) -> PathReading {
    reading(path, false)
}

fn reading(path: &str, encoded_slashes: bool) -> PathReading {
    let bytes = path.as_bytes();
    if bytes.first() != Some(&b'/') {
        return PathReading::Several;
    }
    let mut has_matrix = false;
    let mut segment = SegmentScan::default();
    let mut before = b'/';
    let mut rest = bytes.get(1..).unwrap_or_default().iter();
    while let Some(&byte) = rest.next() {
        let decoded = match byte {
            b'/' => {
                if !segment.is_canonical(false) {
                    return PathReading::Several;
                }
                has_matrix |= segment.start == SegmentStart::Semicolon;
                segment = SegmentScan::default();
                before = byte;
                continue;
            }
            b'%' => {
                let digit = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
                let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else {
                    return PathReading::Several;
                };
                u8::try_from(high << 4 | low).unwrap_or_default()
            }
            b';' => {
                if segment.length == 0 && !segment.parameter && segment.start == SegmentStart::Slash {
                    segment.start = SegmentStart::Semicolon;
                }
                byte
            }
            other => other,
        };
        if decoded == b'/' && encoded_slashes {
            // `https:%2F%2Fa.example` is a common value, so the parts between encoded slashes may be empty.
            if !segment.is_canonical(true) {
                return PathReading::Several;
            }
            has_matrix |= segment.start == SegmentStart::Semicolon;
            segment = SegmentScan { start: SegmentStart::EncodedSlash, ..SegmentScan::default() };
            before = decoded;
            continue;
        }
        if matches!(decoded, b'/' | b'\\' | 0..=0x1f | 0x7f) || is_overlong(before, decoded) {
            return PathReading::Several;
        }
        before = decoded;
        segment.push(decoded);
    }
    match segment.is_canonical(true) {
        false => PathReading::Several,
        true if has_matrix || segment.start == SegmentStart::Semicolon => PathReading::Matrix,
        true => PathReading::One,
    }
}

/// True if two bytes begin an overlong UTF-8 sequence.
fn is_overlong(first: u8, second: u8) -> bool {
    matches!((first, second), (0xc0 | 0xc1, 0x80..=0xbf) | (0xe0, 0x80..=0x9f) | (0xf0, 0x80..=0x8f))
}

/// The state of a segment while its path is scanned.
#[derive(Default)]
struct SegmentScan {
    /// The number of bytes before the first semicolon.
    length: usize,
    /// True if all of those bytes are dots.
    only_dots: bool,
    parameter: bool,
    start: SegmentStart,
}

/// The delimiter that a segment begins after.
#[derive(Default, PartialEq, Eq)]
enum SegmentStart {
    /// A slash.
    #[default]
    Slash,
    /// A percent-encoded slash.
    EncodedSlash,
    /// A slash, followed by a semicolon that is not encoded.
    Semicolon,
}

impl SegmentScan {
    fn push(&mut self, byte: u8) {
        if byte == b';' {
            self.parameter = true;
        } else if !self.parameter {
            self.only_dots = byte == b'.' && (self.only_dots || self.length == 0);
            self.length += 1;
        }
    }

    fn is_canonical(&self, last: bool) -> bool {
        match self.length {
            // Only the last segment may be empty, after a trailing slash.
            0 => self.start == SegmentStart::Semicolon || last && !self.parameter,
            1 | 2 => !self.only_dots,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_with_one_reading() {
        for path in [
            "/",
            "/a",
            "/a/",
            "/a/b.c",
            "/a...b",
            "/...",
            "/.a",
            "/a;b=c",
            "/a%20b",
            "/%41",
            "/a%252fb",
            "/a%3bb",
            "/%c3%a4",
            "/%e4",
            "/%c0a",
            "/%c0/%af",
            "/%e0%a0%80",
            "/%f0%90%80%80",
        ] {
            assert_eq!(path_reading(path), PathReading::One, "{path}");
        }
        for path in [
            "",
            "a",
            "//",
            "/a//b",
            "//a",
            "/.",
            "/..",
            "/a/../b",
            "/a/./b",
            "/a/..",
            "/%2e%2e/a",
            "/%2E./a",
            "/.%2e",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/a%00",
            "/a%0a",
            "/a%",
            "/a%4",
            "/a%zz",
            "/..;/a",
            "/..;x=1/a",
            "/;/a",
            "/a/;",
            "/..%3b/a",
            "/.;/a",
            "/%2e%2e%3bx",
            "/a%7f",
            "/a%c0%afb",
            "/%c0%ae%C0%AE/a",
            "/%c1%9c",
            "/%e0%80%af",
            "/%f0%80%80%af",
        ] {
            assert_ne!(path_reading(path), PathReading::One, "{path}");
        }
    }

    #[test]
    fn encoded_slashes_are_let_through_but_not_what_they_would_hide() {
        for path in ["/a%2fb", "/a%2Fb/c", "/https:%2F%2Fa.example%2F", "/a", "/%2F", "/a%2F...%2Fb"] {
            assert!(is_canonical_but_for_slashes(path), "{path}");
        }
        for path in [
            "/a%2F..%2Fb",
            "/..%2fa",
            "/a%2f%2E%2e",
            "/a%2F.",
            "/.%2Fa",
            "/a%2F..;x%2Fb",
            "/a%2F;x/b",
            "/a%2F/b",
            "/a//b",
            "/a%5Cb",
            "/a%2F%00",
            "/a%c0%afb",
        ] {
            assert!(!is_canonical_but_for_slashes(path), "{path}");
        }
    }

    #[test]
    fn only_a_plain_semicolon_at_the_beginning_of_a_segment_is_matrix() {
        for (path, reading) in [
            ("/;a=1", PathReading::Matrix),
            ("/a/;b=1/c", PathReading::Matrix),
            ("/;", PathReading::Matrix),
            ("/a;b=1", PathReading::One),
            ("/%3ba=1", PathReading::Several),
            ("/a/%3B", PathReading::Several),
            ("/.;a=1", PathReading::Several),
            ("/..;a=1/;b", PathReading::Several),
            ("/;a=1//b", PathReading::Several),
            ("/;a=%2f", PathReading::Several),
        ] {
            assert_eq!(path_reading(path), reading, "{path}");
        }
    }
}
