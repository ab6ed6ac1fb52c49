//! Compares what only describes, and writes values into messages.

use serde_json::Value;

use super::fingerprint::Fingerprints;
use super::kinds;
use super::output::Found;
use crate::definition::Node;

/// The longest value in a message, in characters.
const LONGEST: usize = 60;
/// A value with more parts is not written at all.
const MOST_PARTS: usize = 50;

/// Writes a text into a message, cut short where it is long.
pub(super) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(LONGEST).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

/// Writes a value into a message, cut short where it is long.
pub(super) fn shown(node: Node<'_>) -> String {
    match node.to_value(MOST_PARTS) {
        Some(Value::String(text)) => quoted(&text),
        Some(value) => {
            let text = value.to_string();
            let mut shown: String = text.chars().take(LONGEST).collect();
            if shown.len() < text.len() {
                shown.push('…');
            }
            shown
        }
        None => "a large value".to_owned(),
    }
}

/// Writes two values into a message; of long texts the part around their first difference.
pub(super) fn shown_both(before: Node<'_>, after: Node<'_>) -> (String, String) {
    let (Some(old), Some(new)) = (before.as_str(), after.as_str()) else {
        return (shown(before), shown(after));
    };
    let same = old.chars().zip(new.chars()).take_while(|(one, other)| one == other).count();
    // What is the same before the difference tells where it is, and needs less room than what follows.
    let from = if same < LONGEST * 2 / 3 { 0 } else { same - LONGEST / 3 };
    let part = |text: &str| {
        let rest: String = text.chars().skip(from).collect();
        if from == 0 { quoted(&rest) } else { quoted(&format!("…{rest}")) }
    };
    (part(old), part(new))
}

/// Says how a field changed, where it did: `the default was 1 and is 2`.
#[expect(clippy::needless_pass_by_value, reason = "a pair that is made for the call reads best by value")]
pub(super) fn change(
    noun: &str,
    before: Option<Node<'_>>,
    after: Option<Node<'_>>,
    fingerprints: (&mut Fingerprints, &mut Fingerprints),
) -> Option<String> {
    match (before, after) {
        (None, None) => None,
        (Some(before), None) => Some(format!("{noun} was {}, and there is none now", shown(before))),
        (None, Some(after)) => Some(format!("there was no {}, and it is {}", bare(noun), shown(after))),
        (Some(before), Some(after)) => {
            let differ = fingerprints.0.of(before) != fingerprints.1.of(after);
            differ.then(|| {
                let (was, is) = shown_both(before, after);
                format!("{noun} was {was} and is {is}")
            })
        }
    }
}

/// Compares fields of two objects that only describe them.
pub(super) fn fields(
    names: &[&str],
    before: Node<'_>,
    after: Node<'_>,
    fingerprints: (&mut Fingerprints, &mut Fingerprints),
) -> Vec<Found> {
    let (known_before, known_after) = fingerprints;
    let mut found = Vec::new();
    for name in names {
        let (old, new) = (before.get(name), after.get(name));
        let noun = format!("the {name}");
        if let Some(message) = change(&noun, old, new, (&mut *known_before, &mut *known_after)) {
            let found_here = Found::new(kinds::DOCUMENTATION_CHANGED, message);
            found.push(found_here.at(old.map(Node::location), new.map(Node::location)));
        }
    }
    found
}

fn bare(noun: &str) -> &str {
    noun.strip_prefix("the ").unwrap_or(noun)
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
