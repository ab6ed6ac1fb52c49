//! Texts of a definition in Java: literals, comments, and names of classes.

use super::super::reserved::JAVA_TYPES;
use super::super::text::{comment_lines, quoted};
use crate::model::Digest;

/// The most characters of a literal: a constant has at most 65,535 bytes (JVM specification, section 4.4.7).
const LONGEST_LITERAL: usize = 16_000;

/// Endings of classes that are nested in others or lie in the package of calls, where they would hide a type of the
/// same name.
const HIDING: [&str; 3] = ["Choice", "Values", "Call"];

/// Returns the lines of a comment, which no text in it ends: Java reads `\u002a\u002f` in a comment as its end too.
pub(super) fn javadoc(texts: &[Option<&str>]) -> Vec<String> {
    comment_lines(texts).iter().map(|line| escaped(line)).collect()
}

/// Writes a text so that neither Java nor the tool of its comments reads anything in it.
pub(super) fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '@' => written.push_str("&#64;"),
            '\\' => written.push_str("&#92;"),
            '{' => written.push_str("&#123;"),
            '}' => written.push_str("&#125;"),
            '/' if written.ends_with('*') => written.push_str("&#47;"),
            other => written.push(other),
        }
    }
    written
}

/// Writes a text as an expression: a literal, or several that are joined.
pub(super) fn literal(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= LONGEST_LITERAL {
        return quoted(text);
    }
    let parts = characters.chunks(LONGEST_LITERAL).map(|part| quoted(&part.iter().collect::<String>()));
    format!("String.join(\"\", {})", parts.collect::<Vec<_>>().join(", "))
}

/// Returns the name of a class for a name that all languages share: one of ASCII, as files of classes have it.
pub(super) fn class_name(shared: &str) -> String {
    if !shared.is_ascii() {
        let ascii: String = shared.chars().filter(char::is_ascii).collect();
        let start = if ascii.starts_with(|first: char| first.is_ascii_alphabetic()) { "" } else { "Type" };
        let digest = Digest::of(shared.as_bytes()).hexadecimal();
        return format!("{start}{ascii}{}", digest.get(..8).unwrap_or_default());
    }
    if JAVA_TYPES.contains(&shared) { format!("{shared}_") } else { shared.to_owned() }
}

/// True if a class is to be named with its package: another one may hide it, or the client inherit from one of its
/// name.
pub(super) fn is_hidden_name(class: &str) -> bool {
    HIDING.iter().any(|ending| class.ends_with(ending)) || class.starts_with("ClientPart")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_a_comment() {
        let hostile = "a */ \\u002a\\u002f {@link X} <script> @deprecated **/";
        let lines = javadoc(&[Some(hostile)]).concat();
        assert!(
            !lines.contains("*/") && !lines.contains('\\') && !lines.contains('@') && !lines.contains('<'),
            "{lines}"
        );
    }

    #[test]
    fn long_texts_are_several_constants() {
        assert_eq!(literal("a\"\\u0022"), "\"a\\\"\\\\u0022\"");
        let long = literal(&"x".repeat(100_000));
        assert!(long.starts_with("String.join(") && long.split(", ").all(|part| part.len() < 16_010));
    }

    #[test]
    fn classes_have_names_of_ascii() {
        assert_eq!(class_name("Pet"), "Pet");
        assert_eq!(class_name("Call"), "Call_");
        let other = class_name("\u{67e5}\u{8be2}Response");
        assert!(other.starts_with("Response") && other.is_ascii() && other.len() == 16, "{other}");
        assert!(class_name("\u{67e5}").starts_with("Type"));
    }
}
