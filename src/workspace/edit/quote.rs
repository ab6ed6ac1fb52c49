//! Scalars as YAML text that every reader reads as the same value.
//!
//! YAML 1.1 and 1.2 readers disagree about `no`, `1_000`, `12:30` and others, so a string stays without quotes only
//! where it begins with a letter or a slash, and is none of the words that some reader takes for a boolean or null.

use super::tree::{NodeContent, TreeNode};
use serde_json::Value;

/// A way to write a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QuoteStyle {
    /// `text`
    Plain,
    /// `'text'`
    Single,
    /// `"text"`
    Double,
}

impl QuoteStyle {
    /// Returns how a node is quoted.
    pub(super) fn of(node: &TreeNode) -> Self {
        match node.shape {
            NodeContent::Single => Self::Single,
            NodeContent::Double => Self::Double,
            _ => Self::Plain,
        }
    }
}

/// The quoting of strings at one place.
#[derive(Debug, Clone, Copy)]
pub(super) struct QuoteContext {
    /// The style to try first.
    pub(super) preferred: QuoteStyle,
    /// The style to use if no quotes are not safe.
    pub(super) fallback: QuoteStyle,
    /// True inside brackets or braces, where more characters have a meaning.
    pub(super) flow: bool,
}

impl QuoteContext {
    /// Writes a value that is no collection.
    pub(super) fn scalar(self, value: &Value) -> String {
        match value {
            Value::String(text) => self.text(text),
            other => other.to_string(),
        }
    }

    /// Writes a string.
    pub(super) fn text(self, text: &str) -> String {
        let quote = match self.preferred {
            QuoteStyle::Plain if !is_plain(text, self.flow) => self.fallback,
            preferred => preferred,
        };
        match quote {
            QuoteStyle::Plain => text.to_owned(),
            QuoteStyle::Single if text.chars().all(is_printable) => format!("'{}'", text.replace('\'', "''")),
            QuoteStyle::Single | QuoteStyle::Double => double_quoted(text),
        }
    }
}

/// Returns the lines of a string that can be a literal block scalar, and the block's header.
pub(super) fn literal_lines(text: &str) -> Option<(&'static str, std::str::Split<'_, char>)> {
    let (header, body) = match text.strip_suffix('\n') {
        Some(body) => ("|", body),
        None => ("|-", text),
    };
    let fits = text.contains('\n')
        && !body.is_empty()
        && !body.starts_with([' ', '\n'])
        && !body.ends_with('\n')
        && body.split('\n').all(|line| line.chars().all(is_printable) && !line.ends_with(' '));
    fits.then(|| (header, body.split('\n')))
}

/// Writes a string in double quotes, as both YAML and JSON read it.
pub(super) fn double_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            // All that are not printable and can be in a string are below U+10000.
            other if !is_printable(other) => quoted.extend(['\\', 'u'].into_iter().chain(four_digits(other))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// The words that a YAML 1.1 or 1.2 reader takes for a boolean, null or number, in lower case.
const RESERVED: [&str; 13] =
    ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity", "none"];

fn is_plain(text: &str, flow: bool) -> bool {
    let first = |letter: char| letter.is_alphabetic() || letter == '/' || letter == '_';
    let inner = |letter: char| {
        letter.is_alphanumeric() || " _-./".contains(letter) || (!flow && ":,{}[]()'\"+@=;!?$%&*<>^~|".contains(letter))
    };
    text.starts_with(first)
        && text.chars().all(inner)
        && !text.contains(": ")
        && !text.ends_with([' ', ':'])
        && !RESERVED.contains(&text.to_lowercase().as_str())
}

/// Returns the code of a character as four hexadecimal digits.
fn four_digits(letter: char) -> impl Iterator<Item = char> {
    let code = u32::from(letter);
    [12, 8, 4, 0].into_iter().filter_map(move |shift| char::from_digit((code >> shift) & 0xf, 16))
}

/// True if a character may stand in quotes as it is (YAML 1.2.2, section 5.1), line breaks aside.
fn is_printable(letter: char) -> bool {
    let line_break_or_mark = matches!(letter, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}');
    let not_a_character = matches!(letter, '\u{fffe}' | '\u{ffff}');
    !letter.is_control() && !line_break_or_mark && !not_a_character
}
