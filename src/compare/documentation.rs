//! Compares descriptive fields.

use super::excerpt::{shown, shown_both};
use super::fingerprint::Fingerprints;
use super::kinds;
use super::output::RawChange;
use crate::definition::Node;

/// Describes the change of a field, if it changed: `the default was 1 and is 2`.
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
                let (was, is) = shown_both(before, after, fingerprints);
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
) -> Vec<RawChange> {
    let (known_before, known_after) = fingerprints;
    let mut found = Vec::new();
    for name in names {
        let (old, new) = (before.get(name), after.get(name));
        let noun = format!("the {name}");
        if let Some(message) = change(&noun, old, new, (&mut *known_before, &mut *known_after)) {
            let found_here = RawChange::new(kinds::DOCUMENTATION_CHANGED, message);
            found.push(found_here.at(old.map(Node::location), new.map(Node::location)));
        }
    }
    found
}

fn bare(noun: &str) -> &str {
    noun.strip_prefix("the ").unwrap_or(noun)
}
