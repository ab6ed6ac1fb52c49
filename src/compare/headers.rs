//! Compares the values of headers and of outgoing parameters: the media type or style that writes them, and their
//! schemas.

use super::comparer::{ApiReport, Comparer};
use super::kinds::{self, Kind};
use super::media_partners::NamedMediaType;
use super::media_types::media_types;
use super::output::RawChange;
use super::schema::{ListWriting, PairId};
use crate::definition::{Node, NodeId, ParameterStyle, ValueDirection};
use crate::model::media_type_essence;

impl<'d> Comparer<'d> {
    /// Compares the value of a header: how it is written, and its schema.
    pub(super) fn header_value(
        &mut self,
        path: &str,
        (before, after): (Node<'d>, Node<'d>),
        direction: ValueDirection,
        report: &mut ApiReport,
    ) {
        let change = self
            .written_in(kinds::HEADER_STYLE_CHANGED, (before, after))
            .or_else(|| (!is_in_media_type(before, after)).then(|| self.header_style(before, after)).flatten());
        if let Some(found) = change {
            report.add(path, found);
        }
        let pair = if is_in_media_type(before, after) {
            self.media_type_pair((before, after), direction)
        } else {
            let lists = (header_lists(before), header_lists(after));
            self.schemas.text_pair(schema_of(before), schema_of(after), lists, direction)
        };
        report.add_schema(path, pair);
    }

    /// Brings the schemas of a value together that is written in a media type on one side at least.
    pub(super) fn media_type_pair(
        &mut self,
        (before, after): (Node<'d>, Node<'d>),
        direction: ValueDirection,
    ) -> Option<PairId> {
        let name = |node: Node<'d>| content(node).map(|(name, _)| name);
        let names = (name(before).or_else(|| name(after))?, name(after).or_else(|| name(before))?);
        self.schemas.value_pair((schema_of(before), schema_of(after)), names, direction)
    }

    /// Reports a value that is written in another media type, or by a style on one side alone.
    pub(super) fn written_in(&mut self, kind: Kind, (before, after): (Node<'d>, Node<'d>)) -> Option<RawChange> {
        let name = |node: Node<'d>| content(node).map(|(name, _)| media_type_essence(name));
        let (old, new) = (name(before), name(after));
        let is_same = match (&old, &new) {
            // One of which nothing is said is written in any way.
            (Some(_), None) if after.get("schema").is_none() => true,
            (None, Some(_)) if before.get("schema").is_none() => true,
            (Some(name), None) | (None, Some(name)) => self.is_alike_in_a_style(name, (before, after)),
            _ => old == new,
        };
        if is_same {
            return None;
        }
        let shown = |name: Option<String>| name.map_or_else(|| "in a style".to_owned(), |name| format!("as {name}"));
        let message = format!("the value was written {} and is written {}", shown(old), shown(new));
        let place = |node: Node<'d>| {
            let field = if node.get("content").is_some() { "content" } else { "schema" };
            Some(node.key_location(field))
        };
        Some(RawChange::new(kind, message).at(place(before), place(after)))
    }

    /// True if a media type writes the values of both sides as each style does: a plain text as it is, and in JSON
    /// numbers and booleans.
    fn is_alike_in_a_style(&mut self, media_type: &str, (before, after): (Node<'d>, Node<'d>)) -> bool {
        let (was, is) = (schema_of(before), schema_of(after));
        match media_type {
            "text/plain" => self.schemas.are_structured(was, is) == (false, false),
            "application/json" => self.schemas.are_bare(was, is),
            name => name.ends_with("+json") && self.schemas.are_bare(was, is),
        }
    }

    /// Reports another way to write objects: the names and values of one that is exploded are pairs (RFC 6570, section
    /// 3.2.1).
    fn header_style(&mut self, before: Node<'d>, after: Node<'d>) -> Option<RawChange> {
        let (old, new) = (is_exploded(before), is_exploded(after));
        let (was, is) = (schema_of(before), schema_of(after));
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

/// True if a media type writes a header or parameter on one side at least.
pub(super) fn is_in_media_type(before: Node<'_>, after: Node<'_>) -> bool {
    content(before).is_some() || content(after).is_some()
}

/// Returns the media type of a header or parameter that is written in one.
fn content(node: Node<'_>) -> Option<NamedMediaType<'_>> {
    media_types(Some(node)).into_iter().next()
}

fn schema_of(node: Node<'_>) -> Option<NodeId> {
    let owner = content(node).map_or(node, |(_, media_type)| media_type);
    owner.get("schema").map(Node::id)
}

/// Returns how a header writes lists; its style is `simple` (OpenAPI 3.1, section 4.8.21).
fn header_lists(header: Node<'_>) -> ListWriting {
    ListWriting::of_style(ParameterStyle::Simple, is_exploded(header))
}

fn is_exploded(header: Node<'_>) -> bool {
    header.get("explode").and_then(Node::as_bool).unwrap_or_default()
}
