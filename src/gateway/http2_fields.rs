//! Fields of a request that mean the same on HTTP/2 and on HTTP/1.1 only once they were checked or joined.

use http::header::COOKIE;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The field that the gateway adds to the head of a request over HTTP/2 whose target has a fragment, and for which the
/// request is refused, also where a caller sends it.
pub(crate) const X_APIGW_MALFORMED: HeaderName = HeaderName::from_static("x-apigw-malformed");

/// True if a value has blanks around it, which is malformed (RFC 9113, section 8.2.1). On HTTP/1.1 they are no part of
/// it.
pub(crate) fn has_blanks_around(headers: &HeaderMap) -> bool {
    headers.values().any(|value| has_blank_end(value.as_bytes()))
}

/// Joins the pieces of a cookie as a backend gets them (RFC 9113, section 8.2.3). Those of a malformed one stay apart:
/// blanks around a piece would be inside of the whole, where nobody finds them.
pub(crate) fn join_cookies(headers: &mut HeaderMap) {
    let pieces: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if pieces.len() > 1
        && !pieces.iter().any(|piece| has_blank_end(piece))
        && let Ok(cookie) = HeaderValue::from_bytes(&pieces.join(&b"; "[..]))
    {
        headers.insert(COOKIE, cookie);
    }
}

fn has_blank_end(value: &[u8]) -> bool {
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    is_blank(value.first()) || is_blank(value.last())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_found_at_either_end() {
        for (value, expected) in [("", false), ("a b", false), (" ", true), (" a", true), ("a\t", true)] {
            let headers = [("x".parse().expect("a name"), value.parse().expect("a value"))].into_iter().collect();
            assert_eq!(has_blanks_around(&headers), expected, "{value:?}");
        }
    }

    #[test]
    fn the_pieces_of_a_cookie_are_joined_in_their_order() {
        for (pieces, expected) in [
            (&["a=1; b=2"][..], &["a=1; b=2"][..]),
            (&["a=1", "b=2", "c=3; d=4"], &["a=1; b=2; c=3; d=4"]),
            (&["a=1 ", "b=2"], &["a=1 ", "b=2"]),
            (&["a=1", "\tb=2"], &["a=1", "\tb=2"]),
        ] {
            let pair = |piece: &&str| (COOKIE, piece.parse().expect("a value"));
            let mut headers: HeaderMap = pieces.iter().map(pair).collect();
            join_cookies(&mut headers);
            assert_eq!(headers.get_all(COOKIE).iter().collect::<Vec<_>>(), expected);
        }
    }
}
