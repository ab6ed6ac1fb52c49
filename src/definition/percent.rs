//! Percent-encoding (RFC 3986, section 2.1), and name-value pairs of a query.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The characters that are encoded: all but the unreserved ones (RFC 3986, section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Those without the reserved ones that a value may have in a query: `&` and `+` have a meaning in every query, and
/// `#`, `[` and `]` are not allowed in one.
const REFUSED_IN_VALUE: &AsciiSet = &RESERVED
    .remove(b'/')
    .remove(b'!')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'?');

/// The character between the parts of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueDelimiter {
    Comma,
    Equals,
}

/// Decodes a part of a path; invalid UTF-8 is replaced.
pub(crate) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Decodes a name or a value in a query, where `+` stands for a space.
pub(crate) fn decode_query(text: &str) -> String {
    decode(&text.replace('+', " "))
}

/// Iterates over the decoded names and values of a query.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode_query(name), decode_query(value))
    })
}

/// Encodes all characters except the unreserved ones.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Encodes all characters except the unreserved ones and those reserved ones that are allowed in the value of a query
/// parameter (OpenAPI 3.1.1, `allowReserved`); always encodes the delimiter of values.
pub(crate) fn encode_but_reserved(text: &str, delimiter: ValueDelimiter) -> String {
    const WITH_COMMA: &AsciiSet = &REFUSED_IN_VALUE.add(b',');
    const WITH_EQUALS: &AsciiSet = &REFUSED_IN_VALUE.add(b'=');
    let refused = match delimiter {
        ValueDelimiter::Comma => WITH_COMMA,
        ValueDelimiter::Equals => WITH_EQUALS,
    };
    utf8_percent_encode(text, refused).to_string()
}

/// Normalizes the percent-encoding of a path (RFC 3986, section 6.2.2): characters that need no encoding are decoded,
/// all others encoded with upper-case digits. A reserved character keeps its form, since encoding it changes its
/// meaning.
pub(crate) fn one_spelling(path: &str) -> Cow<'_, str> {
    if path.bytes().all(is_plain) {
        return Cow::Borrowed(path);
    }
    let mut spelled = String::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        match encoded_byte(byte, &mut bytes) {
            Some(decoded) if is_unreserved(decoded) => spelled.push(char::from(decoded)),
            Some(decoded) => push_encoded(&mut spelled, decoded),
            None if is_plain(byte) => spelled.push(char::from(byte)),
            None => push_encoded(&mut spelled, byte),
        }
    }
    Cow::Owned(spelled)
}

/// Decodes a percent sign and the two digits after it, and advances past them.
fn encoded_byte(byte: u8, rest: &mut std::str::Bytes<'_>) -> Option<u8> {
    let mut ahead = rest.clone();
    let mut digit = || char::from(ahead.next()?).to_digit(16);
    let (high, low) = (digit()?, digit()?);
    let decoded = u8::try_from(high << 4 | low).ok().filter(|_| byte == b'%')?;
    *rest = ahead;
    Some(decoded)
}

/// True if a byte is unreserved, so that encoding does not change its meaning (RFC 3986, section 2.3).
const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// True if a byte is allowed in a path without encoding (RFC 3986, section 3.3).
const fn is_plain(byte: u8) -> bool {
    is_unreserved(byte)
        || matches!(
            byte,
            b'/' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@'
        )
}

fn push_encoded(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    text.push('%');
    for digit in [byte >> 4, byte & 15] {
        text.push(DIGITS.get(usize::from(digit)).copied().map_or('0', char::from));
    }
}

/// True if the encoded bytes of a text are UTF-8.
pub(crate) fn is_utf8(text: &str) -> bool {
    percent_decode_str(text).decode_utf8().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        for (path, expected) in [
            ("/a/b-._~;x=1,2", "/a/b-._~;x=1,2"),
            ("/%61%2D%7e", "/a-~"),
            ("/a%2cb%2Cc,d", "/a%2Cb%2Cc,d"),
            ("/größe/a b|c", "/gr%C3%B6%C3%9Fe/a%20b%7Cc"),
            ("/gr%c3%b6%C3%9fe", "/gr%C3%B6%C3%9Fe"),
            ("/%2561", "/%2561"),
            ("/%", "/%25"),
            ("/%6", "/%256"),
            ("/%zz", "/%25zz"),
            ("/ x41", "/%20x41"),
        ] {
            let spelled = one_spelling(path);
            assert_eq!(spelled, expected, "{path}");
            assert_eq!(one_spelling(&spelled), spelled, "{path}: it is not spelled another time");
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for text in ["", "a b", "ä/?&=+%", "~-._"] {
            assert_eq!(decode(&encode(text)), text);
            assert_eq!(decode_query(&encode(text)), text);
        }
        assert_eq!((decode("a+b%"), decode_query("a+b%2")), ("a+b%".to_owned(), "a b%2".to_owned()));
        let found: Vec<_> = pairs("a=1&&b&c=d=e").collect();
        let expected = [("a", "1"), ("b", ""), ("c", "d=e")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_not_utf_8_is_replaced_alone() {
        assert_eq!(decode("a%FFb"), "a\u{FFFD}b");
        let judged = ["a%FFb", "%C3", "%C3%A9", "%EF%BF%BD", "%", "%zz"].map(is_utf8);
        assert_eq!(judged, [false, false, true, true, true, true]);
    }
}
