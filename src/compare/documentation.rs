//! Compares descriptive fields.

use super::comparison::CallerMessage;
use super::excerpt::{shown, shown_both};
use super::fingerprint::Fingerprints;
use super::kinds;
use super::output::{FieldChange, RawChange};
use crate::definition::{Node, NodeKind};

/// Fields that hold data, which callers are shown as it is.
const DATA: [&str; 2] = ["default", "example"];

/// Describes the change of a field, if it changed.
pub(super) fn change(
    name: &str,
    before: Option<Node<'_>>,
    after: Option<Node<'_>>,
    fingerprints: (&mut Fingerprints, &mut Fingerprints),
) -> Option<FieldChange> {
    let is_plural = name.ends_with('s');
    let (was, is, it) = if is_plural { ("were", "are", "they") } else { ("was", "is", "it") };
    let (message, in_words) = match (before, after) {
        (None, None) => return None,
        (Some(before), None) => {
            let message = format!("the {name} {was} {}, and there {is} none now", shown(before));
            (message, format!("the {name} {was} removed"))
        }
        (None, Some(after)) => {
            (format!("there {was} no {name}, and {it} {is} {}", shown(after)), format!("the {name} {was} added"))
        }
        (Some(before), Some(after)) => {
            if fingerprints.0.of(before) == fingerprints.1.of(after) {
                return None;
            }
            let (old, new) = shown_both(before, after, fingerprints);
            (format!("the {name} {was} {old} and {is} {new}"), format!("the {name} changed"))
        }
    };
    let is_of_objects = !DATA.contains(&name) && before.into_iter().chain(after).any(has_objects);
    let for_callers = if is_of_objects { CallerMessage::Other(in_words) } else { CallerMessage::Same };
    Some(FieldChange { message, for_callers })
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
        if let Some(change) = change(name, old, new, (&mut *known_before, &mut *known_after)) {
            let found_here = RawChange::of_field(kinds::DOCUMENTATION_CHANGED, change);
            found.push(found_here.at(old.map(Node::location), new.map(Node::location)));
        }
    }
    found
}

/// True if a value is an object, or a list with one.
fn has_objects(value: Node<'_>) -> bool {
    match value.kind() {
        NodeKind::Object => true,
        NodeKind::Array => value.items().any(has_objects),
        _ => false,
    }
}
