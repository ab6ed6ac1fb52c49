//! Values and texts as messages show them: long ones cut around their difference.

use serde_json::Value;

use crate::definition::Node;

/// The longest value in a message, in characters.
const LONGEST: usize = 60;
/// A value with more parts is not written at all.
const MOST_PARTS: usize = 2_000;

/// Writes a text into a message, cut short where it is long.
pub(super) fn quoted(text: &str) -> String {
    excerpt(text, 0, true)
}

/// Quotes a text for a message; of a long one, the part around its difference from other texts.
pub(super) fn quoted_among<'t>(text: &str, others: impl IntoIterator<Item = &'t str>) -> String {
    excerpt(text, difference(text, others), true)
}

/// Writes a value into a message, cut short where it is long.
pub(super) fn shown(node: Node<'_>) -> String {
    shown_among(node, [])
}

/// Formats a value for a message; of a long one, the part around its difference from other values.
pub(super) fn shown_among<'d>(node: Node<'d>, others: impl IntoIterator<Item = Node<'d>>) -> String {
    let Some((text, is_quoted)) = text_of(node) else { return "a large value".to_owned() };
    if text.chars().nth(LONGEST).is_none() {
        return excerpt(&text, 0, is_quoted);
    }
    let others: Vec<String> = others.into_iter().filter_map(text_of).map(|(other, _)| other).collect();
    excerpt(&text, difference(&text, others.iter().map(String::as_str)), is_quoted)
}

/// Writes two values into a message; of long ones the part around their first difference.
pub(super) fn shown_both<'d>(before: Node<'d>, after: Node<'d>) -> (String, String) {
    (shown_among(before, [after]), shown_among(after, [before]))
}

/// Returns a value as text, and whether to quote it; `None` if it is large.
fn text_of(node: Node<'_>) -> Option<(String, bool)> {
    match node.to_value(MOST_PARTS)? {
        Value::String(text) => Some((text, true)),
        value => Some((value.to_string(), false)),
    }
}

/// Returns the length in characters of the longest beginning that a text shares with a different one; 0 if there is none.
fn difference<'t>(text: &str, others: impl IntoIterator<Item = &'t str>) -> usize {
    let others = others.into_iter().filter(|other| *other != text);
    let same = |other: &str| text.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    others.map(same).max().unwrap_or_default()
}

/// Cuts a text short around a place in it, in characters.
fn excerpt(text: &str, place: usize, is_quoted: bool) -> String {
    let length = text.chars().count();
    // The characters before the difference tell its place, and need less room than those that follow.
    let from = if length <= LONGEST || place < LONGEST * 2 / 3 { 0 } else { place - LONGEST / 3 };
    let room = if from > 0 { LONGEST - 1 } else { LONGEST };
    let start = if from > 0 { "…" } else { "" };
    let end = if from + room < length { "…" } else { "" };
    let part: String = text.chars().skip(from).take(room).collect();
    let shown = format!("{start}{part}{end}");
    if is_quoted { format!("{shown:?}") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::tree;

    #[test]
    fn long_texts_are_cut_around_their_first_difference() {
        let long = "The quick brown fox jumps over the lazy dog. ".repeat(20);
        for (old, new, shown) in [
            ("a".to_owned(), "b".to_owned(), ("\"a\"", "\"b\"")),
            (
                format!("{long}one{long}"),
                format!("{long}two{long}"),
                (
                    "\"… over the lazy dog. oneThe quick brown fox jumps over the l…\"",
                    "\"… over the lazy dog. twoThe quick brown fox jumps over the l…\"",
                ),
            ),
            (long.clone(), format!("{long}!"), ("\"… over the lazy dog. \"", "\"… over the lazy dog. !\"")),
        ] {
            let document = tree("g", "f.json", serde_json::json!([old, new]).to_string().as_bytes());
            let texts: Vec<Node<'_>> = document.root().expect("a list").items().collect();
            let [old, new] = texts.as_slice() else { panic!("two texts") };
            let (was, is) = shown_both(*old, *new);
            assert_eq!((was.as_str(), is.as_str()), shown);
        }
    }
}
