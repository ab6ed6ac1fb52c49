//! Regular expressions over paths, in the syntax that RE2 and PCRE share. They match a whole path, without its query.

use std::fmt::Write as _;

use crate::definition::percent::{encode, one_spelling};

/// The paths below a prefix.
pub(super) const BELOW: &str = "(?:/[^;]*)?";
/// The rest of a path below the root.
pub(super) const REST: &str = "[^;]*";

/// Writes a text as a regular expression that matches it alone.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if letter.is_ascii() && !letter.is_ascii_alphanumeric() && !matches!(letter, '/' | '_' | '-' | '~' | '%') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted
}

/// Writes a part of a path as a regular expression; the digits of its percent-encoding match in either case.
pub(super) fn quote_path(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        pattern.push_str(&quote(before));
        let (digits, after) = after.split_at_checked(2).unwrap_or((after, ""));
        // Characters that clients send as they are too, though they have to be encoded (RFC 3986, appendix A).
        let raw = match digits.to_ascii_uppercase().as_str() {
            "5B" => Some('['),
            "5D" => Some(']'),
            "5E" => Some('^'),
            "7C" => Some('|'),
            _ => None,
        };
        pattern.push_str(if raw.is_some() { "(?:%" } else { "%" });
        for digit in digits.chars() {
            let (lower, upper) = (digit.to_ascii_lowercase(), digit.to_ascii_uppercase());
            if lower == upper { pattern.push(digit) } else { pattern.extend(['[', lower, upper, ']']) }
        }
        pattern.extend(raw.into_iter().flat_map(|raw| ['|', '\\', raw, ')']));
        rest = after;
    }
    pattern + &quote(rest)
}

/// Returns the pattern of a path without a template, exactly where no encoding has a second spelling.
pub(super) fn exact_pattern(path: &str) -> PathPattern {
    if path.contains('%') { PathPattern::Regex(quote_path(path)) } else { PathPattern::Exact(path.to_owned()) }
}

/// Returns the rewriting that replaces the group's prefix in the paths of a route. It matches those alone: a target
/// that matches and rewrites by one expression would route every path below the prefix otherwise.
pub(super) fn prefix_rewrite(prefix: &str, shape: &str, replacement: &str) -> PathRewrite {
    let prefix = quote(prefix);
    let kept = shape.strip_prefix(&prefix).unwrap_or(shape);
    PathRewrite {
        pattern: format!("{prefix}({kept})"),
        pieces: vec![RewritePiece::Text(replacement.to_owned()), RewritePiece::Capture(1)],
    }
}

/// Writes the regular expression of a whole query that has a parameter, with a value where one is given.
pub(super) fn query_pattern(name: &str, value: Option<&str>) -> String {
    let value = match value {
        // A name alone has an empty value.
        Some("") => "=?".to_owned(),
        Some(value) => format!("={}", quote_encoded(value)),
        None => "(?:=[^&]*)?".to_owned(),
    };
    format!("(?:.*&)?{}{value}(?:&.*)?", quote_encoded(name))
}

/// Writes the regular expression of a whole query that has a parameter with a value that is not empty.
pub(super) fn shown_query_pattern(name: &str) -> String {
    format!("(?:.*&)?{}=[^&]+(?:&.*)?", quote_encoded(name))
}

/// Writes the value of a parameter of a path as an expression that matches each of its spellings: reserved characters
/// may be sent as they are or percent-encoded (RFC 3986, section 2.2), and others in one way alone, as paths in which
/// they are sent in another are refused.
pub(super) fn quote_path_value(value: &str) -> String {
    let mut pattern = String::new();
    for letter in value.chars() {
        let text = letter.to_string();
        let encoded = encode(&text);
        let is_plain = encoded != text && *one_spelling(&text) == *text && letter != '/';
        let encoded = quote_path(&encoded);
        if is_plain {
            let _ = write!(pattern, "(?:{}|{encoded})", quote(&text));
        } else {
            pattern.push_str(&encoded);
        }
    }
    pattern
}

/// Writes a text as an expression that matches it plain or percent-encoded.
fn quote_encoded(text: &str) -> String {
    let mut pattern = String::new();
    for byte in text.bytes() {
        let encoded = quote_path(&format!("%{byte:02X}"));
        match byte {
            b' ' => pattern.push_str(r"(?:\+|%20)"),
            b'&' | b'+' | b'%' | b'#' => pattern.push_str(&encoded),
            _ if byte.is_ascii_graphic() => {
                let plain = quote(&char::from(byte).to_string());
                let _ = write!(pattern, "(?:{plain}|{encoded})");
            }
            _ => pattern.push_str(&encoded),
        }
    }
    pattern
}

/// Letters, digits and marks that are percent-encoded without need (RFC 3986, section 6.2.2.2). The gateway decodes
/// them before it matches; an engine that matches a path as it was sent would give it to a wider API.
const ENCODED_WITHOUT_NEED: &str = "%(?:2[dDeE]|3[0-9]|4[1-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aAeE])";

/// Writes the expression of paths that two parties may read in two ways, which are refused before anything is matched.
pub(super) fn ambiguous_path(encoded_slashes: bool, semicolons: bool) -> String {
    let mut parts = vec![
        // Empty segments, and those of dots. An encoded slash ends a part that has to be none of dots either, and that
        // is empty before another or at the end alone.
        "(?:/|%2[fF])/",
        r"(?:/|%2[fF])(?:\.|%2[eE]){1,2}(?:/|%2[fF]|;|%3[bB]|$)",
        "(?:/|%2[fF])%3[bB]|%2[fF];",
        // Encoded backslashes and control characters.
        r"\\|%5[cC]",
        "%[01][0-9a-fA-F]|%7[fF]",
        // Percent signs that encode nothing.
        "%(?:[^0-9a-fA-F]|[0-9a-fA-F][^0-9a-fA-F]|[0-9a-fA-F]?$)",
        // Overlong forms of UTF-8.
        "%[cC][01]%[89abAB][0-9a-fA-F]|%[eE]0%[89][0-9a-fA-F]|%[fF]0%8[0-9a-fA-F]",
        // Characters that have to be encoded.
        r#"[^!-~]|["<>`{}#]"#,
        ENCODED_WITHOUT_NEED,
        "^[^/]",
    ];
    if !encoded_slashes {
        parts.push("%2[fF]");
    }
    if !semicolons {
        parts.push(";");
    }
    format!("(?:{})", parts.join("|"))
}

/// The expression of queries with characters that have to be encoded, which are refused too.
pub(super) const AMBIGUOUS_QUERY: &str = r#"[^!-~]|["<>]"#;

/// Joins expressions to fewer ones, of some bytes at most where none alone is longer.
pub(super) fn joined(patterns: &[String], most: usize) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for pattern in patterns {
        match joined.last_mut().filter(|last| last.len() + 1 + pattern.len() <= most) {
            Some(last) => last.extend(["|", pattern]),
            None => joined.push(pattern.clone()),
        }
    }
    joined
}

/// The paths that a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PathPattern {
    Exact(String),
    /// A regular expression of the whole path, without anchors.
    Regex(String),
}

/// The groups that an engine numbers which takes one digit in a substitution.
const NUMBERED_GROUPS: usize = 9;

/// True if so many parameters at a backend have to be captured that engines with one digit for them cannot.
pub(super) fn has_many_captures<'p>(names: impl Iterator<Item = &'p str>) -> bool {
    names.collect::<std::collections::BTreeSet<_>>().len() > NUMBERED_GROUPS
}

/// A change of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathRewrite {
    /// A regular expression that matches the whole path.
    pub(super) pattern: String,
    pub(super) pieces: Vec<RewritePiece>,
}

impl PathRewrite {
    /// True if engines that take one digit for a group can write it.
    pub(super) fn has_numbered_groups(&self) -> bool {
        self.pieces.iter().all(|piece| !matches!(piece, RewritePiece::Capture(group) if *group > NUMBERED_GROUPS))
    }
}

/// A piece of the path at a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RewritePiece {
    Text(String),
    /// A group of the expression, from 1.
    Capture(usize),
}

#[cfg(test)]
mod tests;
