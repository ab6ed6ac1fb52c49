//! Values and texts as messages show them: long ones cut around their difference.

use std::borrow::Cow;

use super::fingerprint::Fingerprints;
use crate::definition::{Node, NodeKind};

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
    let others: Vec<Cow<'d, str>> = others.into_iter().filter_map(text_of).map(|(other, _)| other).collect();
    excerpt(&text, difference(&text, others.iter().map(AsRef::as_ref)), is_quoted)
}

/// Writes two values into a message; of long ones the part around their first difference.
pub(super) fn shown_both<'d>(
    before: Node<'d>,
    after: Node<'d>,
    fingerprints: (&mut Fingerprints, &mut Fingerprints),
) -> (String, String) {
    if text_of(before).is_some() && text_of(after).is_some() {
        return (shown_among(before, [after]), shown_among(after, [before]));
    }
    match first_difference(before, after, fingerprints) {
        Some((place, was, is)) => {
            let at = |part: Option<Node<'d>>, other: Option<Node<'d>>| match part {
                Some(part) => format!("…{}…", shown_among(part, other)),
                None => "absent".to_owned(),
            };
            (format!("{} at {place}", at(was, is)), format!("{} there", at(is, was)))
        }
        None => (shown_among(before, [after]), shown_among(after, [before])),
    }
}

/// Finds the first part in which two values differ, and its place in both.
fn first_difference<'d>(
    before: Node<'d>,
    after: Node<'d>,
    (of_before, of_after): (&mut Fingerprints, &mut Fingerprints),
) -> Option<(String, Option<Node<'d>>, Option<Node<'d>>)> {
    const DEEPEST: usize = 50;
    let mut place = String::new();
    let (mut old, mut new) = (before, after);
    for _ in 0..DEEPEST {
        let mut differ = |one: Option<Node<'d>>, other: Option<Node<'d>>| match (one, other) {
            (Some(one), Some(other)) => of_before.of(one) != of_after.of(other),
            (one, other) => one.is_some() != other.is_some(),
        };
        let (name, was, is) = match (old.kind(), new.kind()) {
            (NodeKind::Object, NodeKind::Object) => {
                let fresh = new.entries().filter(|(name, _)| old.get(name).is_none());
                let mut names = old.entries().chain(fresh).map(|(name, _)| name);
                let name = names.find(|name| differ(old.get(name), new.get(name)))?;
                (name.to_owned(), old.get(name), new.get(name))
            }
            (NodeKind::Array, NodeKind::Array) => {
                let (mut was, mut is) = (old.items(), new.items());
                let mut pairs = (0_usize..).map_while(|index| match (was.next(), is.next()) {
                    (None, None) => None,
                    (was, is) => Some((index, was, is)),
                });
                let (index, was, is) = pairs.find(|(_, was, is)| differ(*was, *is))?;
                (index.to_string(), was, is)
            }
            _ => return (!place.is_empty()).then_some((place, Some(old), Some(new))),
        };
        place.push('/');
        place.push_str(&excerpt(&name, 0, false));
        match (was, is) {
            (Some(was), Some(is)) => (old, new) = (was, is),
            _ => return Some((place, was, is)),
        }
    }
    Some((place, Some(old), Some(new)))
}

/// Returns a value as text, and whether to quote it; `None` if it is large and not a text itself.
fn text_of(node: Node<'_>) -> Option<(Cow<'_, str>, bool)> {
    match node.as_str() {
        Some(text) => Some((text.into(), true)),
        None => Some((node.to_value(MOST_PARTS)?.to_string().into(), false)),
    }
}

/// Returns the length in characters of the longest beginning that a text shares with a different one; 0 if there is
/// none.
fn difference<'t>(text: &str, others: impl IntoIterator<Item = &'t str>) -> usize {
    let others = others.into_iter().filter(|other| *other != text);
    let same = |other: &str| text.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    let same = others.map(same).max().unwrap_or_default();
    let whole = (0..=same).rev().find_map(|end| text.get(..end)).unwrap_or_default();
    whole.chars().count()
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
            let size = document.size();
            let (mut before, mut after) = (Fingerprints::sized(size), Fingerprints::sized(size));
            let (was, is) = shown_both(*old, *new, (&mut before, &mut after));
            assert_eq!((was.as_str(), is.as_str()), shown);
        }
    }

    #[test]
    fn large_values_are_shown_by_their_first_difference() {
        let text = |end: &str| format!("{}{end}", "a\u{e4}".repeat(50_000));
        let list = |end: serde_json::Value| {
            let mut items = vec![serde_json::json!({"x": 1}); 40_000];
            items.push(end);
            serde_json::json!({"a": 1, "items": items})
        };
        let cases: [(serde_json::Value, serde_json::Value, (&str, &str)); 3] = [
            (text("1").into(), text("2").into(), ("\"…aäaäaäaäaäaäaäaäaäaä1\"", "\"…aäaäaäaäaäaäaäaäaäaä2\"")),
            (list(1.into()), list(2.into()), ("…1… at /items/40000", "…2… there")),
            (
                list(serde_json::json!({"b": 1})),
                list(serde_json::json!({"b": 1, "c": "x"})),
                ("absent at /items/40000/c", "…\"x\"… there"),
            ),
        ];
        for (old, new, shown) in cases {
            let document = tree("g", "f.json", serde_json::json!([old, new]).to_string().as_bytes());
            let both: Vec<Node<'_>> = document.root().expect("a list").items().collect();
            let [old, new] = both.as_slice() else { panic!("two values") };
            let size = document.size();
            let (mut before, mut after) = (Fingerprints::sized(size), Fingerprints::sized(size));
            let (was, is) = shown_both(*old, *new, (&mut before, &mut after));
            assert_eq!((was.as_str(), is.as_str()), shown);
        }
    }
}
