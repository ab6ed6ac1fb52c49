//! Percent-encoding (RFC 3986, section 2.1), and the pairs of a query.

/// Decodes a part of a path; what is not UTF-8 is replaced.
pub(crate) fn decode(text: &str) -> String {
    decode_bytes(text, false)
}

/// Decodes a name or a value of a query, where `+` stands for a space.
pub(crate) fn decode_query(text: &str) -> String {
    decode_bytes(text, true)
}

/// Goes through the decoded names and values of a query.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode_query(name), decode_query(value))
    })
}

/// Encodes all but the unreserved characters.
pub(crate) fn encode(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                encoded.push(DIGITS.get(usize::from(digit)).copied().map_or('0', char::from));
            }
        }
    }
    encoded
}

fn decode_bytes(text: &str, plus: bool) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|&byte| char::from(byte).to_digit(16));
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match (byte, digit(at), digit(at + 1)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(u8::try_from(high << 4 | low).unwrap_or_default());
                at += 2;
            }
            (b'+', ..) if plus => decoded.push(b' '),
            _ => decoded.push(byte),
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
