//! Conditions as maps, and expressions with the names that nginx needs in them.

use std::fmt::Write as _;

use super::super::pattern::{RewritePiece, joined, quote};
use super::super::table::{RequestCondition, RequestPart, TextTest};
use super::text::{quoted_pattern, value_inside};

/// The most bytes of expressions that are joined to one, before they are quoted.
const JOINED_BYTES: usize = 1_500;

/// Writes the map of a condition, without the name of its variable.
pub(super) fn condition_map(condition: &RequestCondition) -> String {
    let source = match &condition.subject {
        RequestPart::Method => "$request_method".to_owned(),
        RequestPart::Path => "$apigw_path".to_owned(),
        RequestPart::Query => "$args".to_owned(),
        RequestPart::Header(name) => header_variable(name),
    };
    let matching = |pattern: &String| quoted_pattern(&format!("-(?:{pattern})"), true);
    let keys = match &condition.test {
        TextTest::Present => vec!["\"~^-.\"".to_owned()],
        TextTest::Equals(text) => vec![quoted_pattern(&format!("-{}", quote(text)), true)],
        TextTest::Matches(pattern) => vec![matching(pattern)],
        TextTest::MatchesAny(patterns) => joined(patterns, JOINED_BYTES).iter().map(matching).collect(),
    };
    let keys = keys.iter().map(|key| format!("        {key} 1;\n")).collect::<Vec<_>>().concat();
    // A map holds no expression against an empty text, so that the hyphen stands before each, and alone for a header
    // that no variable can have: it is missing.
    let source = if source == "\"\"" { String::new() } else { source };
    format!("map -{source} $HERE {{\n        default 0;\n{keys}    }}")
}

/// Returns the variable of a header; an empty text for one whose name no variable can have.
pub(super) fn header_variable(name: &str) -> String {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_plain { format!("$http_{}", name.to_ascii_lowercase().replace('-', "_")) } else { "\"\"".to_owned() }
}

/// Gives the groups of an expression names: nginx encodes the text of one without a name once more.
pub(super) fn named_groups(pattern: &str) -> String {
    let mut named = String::with_capacity(pattern.len() + 32);
    let mut letters = pattern.chars().peekable();
    let mut count = 0;
    while let Some(letter) = letters.next() {
        named.push(letter);
        match letter {
            '\\' => named.extend(letters.next()),
            '(' if letters.peek() != Some(&'?') => {
                count += 1;
                let _ = write!(named, "?<apigw_{count}>");
            }
            _ => {}
        }
    }
    named
}

/// Writes a piece of the path at a backend, by variables where it is long.
pub(super) fn rewrite_piece(index: usize, piece: &RewritePiece) -> (Vec<String>, String) {
    match piece {
        RewritePiece::Text(text) => value_inside(&format!("target_{index}"), text),
        RewritePiece::Capture(group) => (Vec::new(), format!("${{apigw_{group}}}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_no_variable_can_have_is_missing() {
        for test in [TextTest::Present, TextTest::Matches(".+".to_owned())] {
            let map = condition_map(&RequestCondition::header("x.key", test));
            assert!(map.starts_with("map - $HERE {"), "{map}");
        }
    }
}
