//! Equality of two definitions, without a comparison.

use crate::definition::{Definition, Node, NodeId, NodeMap};

/// True if two definitions hold the same values in the same structure, files that they refer to included.
pub(super) fn definitions(before: &Definition, after: &Definition) -> bool {
    let (Some(before), Some(after)) = (before.document().root(), after.document().root()) else { return false };
    nodes(before, after)
}

/// True if two nodes hold the same values, references followed.
fn nodes(before: Node<'_>, after: Node<'_>) -> bool {
    let mut partners: NodeMap<NodeId, NodeId> = NodeMap::default();
    let mut pending = vec![(before, after)];
    while let Some((before, after)) = pending.pop() {
        match partners.insert(before.id(), after.id()) {
            Some(partner) if partner == after.id() => continue,
            // A node that stands for several on the other side, as with an alias, is left to the comparison proper.
            Some(_) => return false,
            None => {}
        }
        let is_other_number = before.number_text() != after.number_text();
        if before.kind() != after.kind() || is_other_number || !push_children(before, after, &mut pending) {
            return false;
        }
        match (before.referenced(), after.referenced()) {
            (Some(before), Some(after)) => pending.push((before, after)),
            (None, None) => {}
            _ => return false,
        }
    }
    true
}

/// Pairs the children of two nodes of one kind; false if their numbers or names differ.
fn push_children<'d>(before: Node<'d>, after: Node<'d>, pending: &mut Vec<(Node<'d>, Node<'d>)>) -> bool {
    if before.entries().count() != after.entries().count() || before.items().count() != after.items().count() {
        return false;
    }
    for ((name, before), (other, after)) in before.entries().zip(after.entries()) {
        if name != other {
            return false;
        }
        pending.push((before, after));
    }
    pending.extend(before.items().zip(after.items()));
    true
}
