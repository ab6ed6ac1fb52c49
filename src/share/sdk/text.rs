//! Texts of a definition in code: as literals and as comments, in which nothing of them is code.

use std::fmt::Write as _;

use serde_json::Value;

use super::layout::CodePiece;

/// The most characters of a text in a comment.
const LONGEST_COMMENT: usize = 4_000;

/// True for a character that could hide code from its readers: controls, and marks of direction.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Writes a text as a literal between double quotes, as Python, JavaScript and TypeScript read it.
pub(super) fn quoted(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for character in text.chars() {
        match character {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            hidden if is_hidden(hidden) => {
                let _ = write!(literal, "\\u{:04x}", u32::from(hidden));
            }
            other => literal.push(other),
        }
    }
    literal.push('"');
    literal
}

/// Returns the lines of a text for a comment: without what could end it or hide code, and not without end.
pub(super) fn comment_lines(texts: &[Option<&str>]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for text in texts.iter().flatten() {
        let mut left = LONGEST_COMMENT;
        if !lines.is_empty() {
            lines.push(String::new());
        }
        for line in text.trim().lines() {
            let line: String =
                line.chars().filter(|character| !is_hidden(*character) || *character == '\t').take(left).collect();
            left = left.saturating_sub(line.chars().count());
            lines.push(line.trim_end().to_owned());
            if left == 0 {
                lines.push("\u{2026}".to_owned());
                break;
            }
        }
    }
    lines
}

/// Writes a JSON value as a literal of JavaScript.
pub(super) fn javascript(value: &Value) -> CodePiece {
    match value {
        Value::String(text) => CodePiece::text(quoted(text)),
        Value::Array(items) => CodePiece::list("[", items.iter().map(javascript).collect(), "]"),
        Value::Object(map) => {
            javascript_object(map.iter().map(|(name, value)| (property(name), javascript(value))).collect())
        }
        other => CodePiece::text(other.to_string()),
    }
}

/// Writes an object of JavaScript.
pub(super) fn javascript_object(fields: Vec<(String, CodePiece)>) -> CodePiece {
    let fields = fields.into_iter().map(|(name, value)| value.named(format!("{name}: ")));
    CodePiece::List("{".to_owned(), fields.collect(), "}", " ")
}

/// Writes the name of a property: as it is where that is an identifier, else as a literal.
pub(super) fn property(name: &str) -> String {
    if is_identifier(name) { name.to_owned() } else { quoted(name) }
}

/// True if it is a name of ASCII letters, digits and underscores that does not begin with a digit.
pub(super) fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|character| character.is_ascii_alphanumeric() || character == '_')
}

/// Writes a JSON value as a literal of Python.
pub(super) fn python(value: &Value) -> CodePiece {
    match value {
        Value::Null => CodePiece::text("None"),
        Value::Bool(true) => CodePiece::text("True"),
        Value::Bool(false) => CodePiece::text("False"),
        Value::Number(number) => CodePiece::text(number.to_string()),
        Value::String(text) => CodePiece::text(quoted(text)),
        Value::Array(items) => CodePiece::list("[", items.iter().map(python).collect(), "]"),
        Value::Object(map) => python_object(map.iter().map(|(name, value)| (name.clone(), python(value))).collect()),
    }
}

/// Writes a dictionary of Python.
pub(super) fn python_object(fields: Vec<(String, CodePiece)>) -> CodePiece {
    let fields = fields.into_iter().map(|(name, value)| value.named(format!("{}: ", quoted(&name))));
    CodePiece::list("{", fields.collect(), "}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_never_become_code() {
        assert_eq!(quoted("a\"\\\n\u{202e}\u{0}"), "\"a\\\"\\\\\\n\\u202e\\u0000\"");
        assert_eq!(comment_lines(&[Some("a\r\nb\u{2028}c\u{7}"), None, Some("d")]), ["a", "bc", "", "d"]);
        assert_eq!(comment_lines(&[Some(&"x".repeat(1 << 20))]).concat().chars().count(), LONGEST_COMMENT + 1);
        assert_eq!(python(&serde_json::json!({"a": [null, true]})).flat(), "{\"a\": [None, True]}");
        assert_eq!(javascript(&serde_json::json!({"a-b": 1, "c": {}})).flat(), "{ \"a-b\": 1, c: {} }");
    }
}
