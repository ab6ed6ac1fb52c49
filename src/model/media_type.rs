//! Names of media types.

use super::blanks::trim_blanks;

/// Returns a media type without its parameters, in lower case (RFC 9110, section 8.3.1).
#[must_use]
pub fn media_type_essence(media_type: &str) -> String {
    trim_blanks(media_type.split(';').next().unwrap_or_default()).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_capitals_are_left_out() {
        for (text, essence) in [
            ("application/json", "application/json"),
            ("Text/Plain ; charset=utf-8", "text/plain"),
            ("\t*/*;q=1;x", "*/*"),
            ("a/b\u{c};c", "a/b\u{c}"),
            ("", ""),
        ] {
            assert_eq!(media_type_essence(text), essence, "{text:?}");
        }
    }
}
