//! Expressions over paths, against the readings of the gateway.

use super::*;
use crate::model::{PathReading, is_canonical_but_for_slashes, path_reading};

#[test]
fn texts_are_matched_as_they_are() {
    assert_eq!(quote("/a.b+c$"), r"/a\.b\+c\$");
    assert_eq!(quote_path("/gr%C3%B6"), "/gr%[cC]3%[bB]6");
    assert_eq!(quote_path("/%5Bx%7c"), r"/(?:%5[bB]|\[)x(?:%7[cC]|\|)");
    assert_eq!(query_pattern("a", Some("")), "(?:.*&)?(?:a|%61)=?(?:&.*)?");
    assert_eq!(exact_pattern("/a"), PathPattern::Exact("/a".to_owned()));
    assert_eq!(query_pattern("a", Some("b")), "(?:.*&)?(?:a|%61)=(?:b|%62)(?:&.*)?");
}

#[test]
fn alternatives_are_joined_up_to_a_length() {
    let patterns = ["a", "b", "cdef", "g"].map(str::to_owned);
    assert_eq!(joined(&patterns, usize::MAX), ["a|b|cdef|g"]);
    assert_eq!(joined(&patterns, 3), ["a|b", "cdef", "g"]);
    assert_eq!(joined(&[], 3), [""; 0]);
}

#[test]
fn a_prefix_is_replaced_in_the_paths_of_the_route_alone() {
    let rewrite = prefix_rewrite("/shop", "/shop/items/[^/;]+", "/base");
    assert_eq!(rewrite.pattern, "/shop(/items/[^/;]+)");
    assert_eq!(rewrite.pieces, [RewritePiece::Text("/base".to_owned()), RewritePiece::Capture(1)]);
}

#[test]
fn ambiguous_paths_are_those_of_the_model() {
    let pattern = fancy_regex::Regex::new(&ambiguous_path(false, false)).expect("an expression");
    for path in ["/", "/a", "/a/", "/a/b.c", "/a...b", "/...", "/.a", "/a%20b", "/%40", "/a%252fb", "/%c3%a4"] {
        assert!(!pattern.is_match(path).unwrap_or(true), "{path}");
        assert_eq!(path_reading(path), PathReading::One, "{path}");
    }
    for path in [
        "//",
        "/a//b",
        "/.",
        "/..",
        "/a/../b",
        "/a/./b",
        "/a/..",
        "/%2e%2e/a",
        "/%2E./a",
        "/.%2e",
        "/a%2fb",
        "/a%5cb",
        "/a\\b",
        "/a%00",
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
        "/%c0%ae/a",
        "/%e0%80%af",
        "/%f0%80%80%af",
    ] {
        assert!(pattern.is_match(path).unwrap_or(false), "{path}");
        assert_ne!(path_reading(path), PathReading::One, "{path}");
    }
}

/// An engine would give `DELETE /%61dmin` to `DELETE /{name}`, though `/admin` has no such method.
#[test]
fn bytes_that_are_encoded_without_need_are_refused() {
    let pattern = fancy_regex::Regex::new(&ambiguous_path(true, true)).expect("an expression");
    for byte in 0x20..=0xff_u8 {
        for path in [format!("/x%{byte:02x}"), format!("/x%{byte:02X}")] {
            let is_needless = one_spelling(&path).len() < path.len();
            let is_refused = is_needless || !is_canonical_but_for_slashes(&path);
            assert_eq!(pattern.is_match(&path).expect("a match"), is_refused, "{path}");
        }
    }
}

#[test]
fn a_value_is_matched_in_each_of_its_spellings() {
    assert_eq!(quote_path_value("a-1.x~"), r"a-1\.x~");
    assert_eq!(quote_path_value("a+b;"), r"a(?:\+|%2[bB])b(?:\;|%3[bB])");
    assert_eq!(quote_path_value("/ [ä"), "%2[fF]%20(?:%5[bB]|\\[)%[cC]3%[aA]4");
}

#[test]
fn every_short_path_is_ambiguous_as_the_model_says() {
    const PARTS: [&str; 7] = ["/", "%2F", ".", "%2e", ";", "%3b", "a"];
    let mut paths = vec!["/".to_owned()];
    let mut from = 0;
    for _ in 0..5 {
        let end = paths.len();
        for index in from..end {
            let longer: Vec<String> = PARTS.iter().map(|part| format!("{}{part}", paths[index])).collect();
            paths.extend(longer);
        }
        from = end;
    }
    for (encoded_slashes, semicolons) in [(false, false), (false, true), (true, false), (true, true)] {
        let pattern = ambiguous_path(encoded_slashes, semicolons);
        let pattern = fancy_regex::Regex::new(&pattern).expect("an expression");
        for path in &paths {
            let has_one_reading = if encoded_slashes {
                is_canonical_but_for_slashes(path)
            } else {
                path_reading(path) != PathReading::Several
            };
            let is_refused = !has_one_reading || !semicolons && path.contains(';') || path.contains("%2e");
            assert_eq!(pattern.is_match(path).expect("a match"), is_refused, "{path} {encoded_slashes} {semicolons}");
        }
    }
}
