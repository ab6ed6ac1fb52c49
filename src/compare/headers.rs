//! Compares how headers are written, in responses and in parts of bodies.

use super::comparer::Comparer;
use super::kinds;
use super::output::RawChange;
use super::schema::ListWriting;
use crate::definition::{Node, NodeId, ParameterStyle};
use crate::model::media_type_essence;

impl<'d> Comparer<'d> {
    /// Compares how a header writes its value, each side with its schema: in which media type, or how it writes
    /// objects. The names and values of one that is exploded are pairs (RFC 6570, section 3.2.1).
    pub(super) fn header_style(
        &mut self,
        (before, was): (Node<'d>, Option<NodeId>),
        (after, is): (Node<'d>, Option<NodeId>),
    ) -> Option<RawChange> {
        let (old, new) = (is_exploded(before), is_exploded(after));
        let media_type = |node: Node<'d>| {
            let content = node.get("content").into_iter().flat_map(Node::entries);
            content.map(|(name, _)| media_type_essence(name)).next()
        };
        if let (Some(old), Some(new)) = (media_type(before), media_type(after)) {
            let message = format!("the value was written as {old} and is written as {new}");
            let places = (Some(before.key_location("content")), Some(after.key_location("content")));
            let found = RawChange::new(kinds::HEADER_STYLE_CHANGED, message).at(places.0, places.1);
            return (old != new).then_some(found);
        }
        if old == new
            || self.schemas.are_structured(was, is) != (true, true)
            || self.schemas.are_without_objects(was, is)
        {
            return None;
        }
        let shown = |exploded: bool| if exploded { "exploded" } else { "not exploded" };
        let message = format!("the value was written {} and is written {}", shown(old), shown(new));
        let places = (Some(before.key_location("explode")), Some(after.key_location("explode")));
        Some(RawChange::new(kinds::HEADER_STYLE_CHANGED, message).at(places.0, places.1))
    }
}

/// Returns how a header writes lists; its style is `simple` (OpenAPI 3.1, section 4.8.21).
pub(super) fn header_lists(header: Node<'_>) -> ListWriting {
    ListWriting::of_style(ParameterStyle::Simple, is_exploded(header))
}

fn is_exploded(header: Node<'_>) -> bool {
    header.get("explode").and_then(Node::as_bool).unwrap_or_default()
}
