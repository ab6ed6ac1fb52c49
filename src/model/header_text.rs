//! Names and values of headers.

use http::{HeaderName, HeaderValue};

/// True if a text can be the name of a header: a token (RFC 9110, section 5.1).
pub(crate) fn is_header_name(text: &str) -> bool {
    HeaderName::try_from(text).is_ok()
}

/// True if a text can be the value of a header: none has a control character but the tab (RFC 9110, section 5.5).
pub(crate) fn is_header_value(text: &str) -> bool {
    HeaderValue::try_from(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_ends_a_header_and_stands_in_none() {
        for (text, is_name, is_value) in [
            ("x-a", true, true),
            ("x_$a", true, true),
            ("", false, true),
            ("a b", false, true),
            ("a;b", false, true),
            ("\u{fc}", false, true),
            ("a\r\nX-Evil: 1", false, false),
            ("a\n", false, false),
            ("a\0", false, false),
            ("a\u{7f}", false, false),
            ("a\tb", false, true),
        ] {
            assert_eq!((is_header_name(text), is_header_value(text)), (is_name, is_value), "{text:?}");
        }
    }
}
