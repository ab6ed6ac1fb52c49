//! Compares media types: their names and ranges, their schemas, and how the parts of forms are written.

use super::comparer::{ApiReport, Comparer};
use super::excerpt;
use super::kinds::{self, ChangeEffect, Kind};
use super::media_partners::{
    NamedMediaType, RangeChange, is_binary_media_type, is_xml, narrowest_range, partner, says_bytes_alone,
};
use super::output::RawChange;
use super::schema::{FormEncodings, ListWriting, PartEncoding};
use crate::definition::{Node, NodeId, ParameterStyle, ValueDirection};
use crate::model::{Location, MediaRange, split_unquoted};

/// The kinds of change of a list of media types.
#[derive(Clone, Copy)]
pub(super) struct MediaTypeKinds {
    pub(super) added: Kind,
    pub(super) removed: Kind,
    pub(super) widened: Kind,
    pub(super) narrowed: Kind,
}

impl MediaTypeKinds {
    /// Requests and responses of an API: callers say which media types they take (RFC 9110, section 12.5.1).
    pub(super) const INCOMING: Self = Self {
        added: kinds::MEDIA_TYPE_ADDED,
        removed: kinds::MEDIA_TYPE_REMOVED,
        widened: kinds::MEDIA_TYPE_WIDENED,
        narrowed: kinds::MEDIA_TYPE_NARROWED,
    };
    /// Webhooks and callbacks: the sender alone chooses.
    pub(super) const OUTGOING: Self = Self {
        added: kinds::OUTGOING_MEDIA_TYPE_ADDED,
        removed: kinds::OUTGOING_MEDIA_TYPE_REMOVED,
        widened: kinds::OUTGOING_MEDIA_TYPE_ADDED,
        narrowed: kinds::OUTGOING_MEDIA_TYPE_REMOVED,
    };
}

/// Lists the media types below `content` of an object.
pub(super) fn media_types(owner: Option<Node<'_>>) -> Vec<NamedMediaType<'_>> {
    let content = owner.and_then(|owner| owner.get("content"));
    let entries = content.into_iter().flat_map(Node::entries);
    // A Media Type Object can be a reference since OpenAPI 3.2.
    entries.map(|(name, node)| (name, node.resolve().unwrap_or(node))).collect()
}

impl<'d> Comparer<'d> {
    pub(super) fn content(
        &mut self,
        (before, after): (&[NamedMediaType<'d>], &[NamedMediaType<'d>]),
        direction: ValueDirection,
        kinds: MediaTypeKinds,
        label: &dyn Fn(&str) -> String,
        report: &mut ApiReport,
    ) {
        let mut paired: Vec<NodeId> = Vec::new();
        let add = |report: &mut ApiReport, kind: Kind, path: &str, message: String, before, after| {
            report.add(path, RawChange::directed(kind, kind.effect, direction, message).at(before, after));
        };
        for (name, was) in before {
            let Some(partner) = partner(name, before, after, direction) else {
                let message = format!("the media type {name} was removed");
                add(report, kinds.removed, &label(name), message, Some(was.location()), None);
                continue;
            };
            let (new_name, is) = partner.media_type;
            paired.push(is.id());
            let path = label(new_name);
            let kind = match partner.range {
                RangeChange::None => None,
                RangeChange::Widened => Some(kinds.widened),
                RangeChange::Narrowed => Some(kinds.narrowed),
            };
            if let Some(kind) = kind {
                let message = format!("the media type was {name} and is {new_name}");
                add(report, kind, &path, message, Some(was.location()), Some(is.location()));
            }
            self.examples(*was, is, &path, report);
            self.body((name, *was), (new_name, is), direction, &path, report);
        }
        for (name, is) in after.iter().filter(|(_, is)| !paired.contains(&is.id())) {
            let path = label(name);
            let Some((range, was)) = narrowest_range(name, before) else {
                let message = format!("the media type {name} was added");
                add(report, kinds.added, &path, message, None, Some(is.location()));
                continue;
            };
            // The most specific media type decides, so that its own schema takes the place of the range's.
            let message = format!("the media type {name} was declared, which {range} covered");
            report.add(&path, RawChange::new(kinds::MEDIA_TYPE_DECLARED, message).at(None, Some(is.location())));
            self.body((range, was), (name, *is), direction, &path, report);
        }
    }

    /// Compares the schemas of two media types, and how the parts of forms are written.
    pub(super) fn body(
        &mut self,
        (old_name, old): NamedMediaType<'d>,
        (new_name, new): NamedMediaType<'d>,
        direction: ValueDirection,
        path: &str,
        report: &mut ApiReport,
    ) {
        let schema = |node: Node<'d>, keyword: &str| node.get(keyword).map(Node::id);
        let is_binary = is_binary_media_type(old_name) && is_binary_media_type(new_name);
        // Bytes are described in other words in OpenAPI 3.0.
        let described = |node: Node<'d>| {
            schema(node, "schema").filter(|_| !(is_binary && node.get("schema").is_some_and(says_bytes_alone)))
        };
        let (was, is) = (described(old), described(new));
        let pair = if let (Some(was_encoded), Some(is_encoded)) =
            (FormEncodings::of(old_name, old), FormEncodings::of(new_name, new))
        {
            let mut part = PartComparison { direction, path, places: places(old, new, "encoding"), report };
            for name in FormEncodings::names_of(&was_encoded, &is_encoded) {
                // It is the name of a property, else it says nothing (OpenAPI 3.1, section 4.8.14.1).
                if !self.schemas.mention((schema(old, "schema"), schema(new, "schema")), name) {
                    continue;
                }
                let property = |node: Node<'d>| Some(node.get("schema")?.resolve()?.get("properties")?.get(name)?.id());
                let fields = (was_encoded.field(name), is_encoded.field(name));
                let noun = format!("the field {}", excerpt::quoted(name));
                self.part(&noun, fields, (property(old), property(new)), &mut part);
            }
            self.positions(old, new, &mut part);
            self.schemas.form_pair(was, is, (was_encoded, is_encoded), direction)
        } else if is_xml(old_name) || is_xml(new_name) {
            self.schemas.xml_pair(was, is, direction)
        } else {
            self.schemas.value_pair((was, is), (old_name, new_name), direction)
        };
        report.add_schema(path, pair);
        // Each item of a sequential media type (OpenAPI 3.2, section 4.14).
        let items = self.schemas.pair(schema(old, "itemSchema"), schema(new, "itemSchema"), direction);
        report.add_schema(&format!("{path} item"), items);
    }

    /// Compares how the parts without a name are written (OpenAPI 3.2, section 4.14.5).
    fn positions(&mut self, old: Node<'d>, new: Node<'d>, comparison: &mut PartComparison<'_>) {
        let encoding = |node: Node<'d>, position: Option<usize>| {
            let own = position.and_then(|position| node.get("prefixEncoding")?.items().nth(position));
            own.or_else(|| node.get("itemEncoding"))
        };
        let schema = |node: Node<'d>, position: Option<usize>| {
            let list = node.get("schema").and_then(Node::resolve);
            let own = position.and_then(|position| list?.get("prefixItems")?.items().nth(position));
            let others = || list.and_then(|list| list.get("items")).or_else(|| node.get("itemSchema"));
            own.or_else(others).map(Node::id)
        };
        let count = |node: Node<'d>| node.get("prefixEncoding").into_iter().flat_map(Node::items).count();
        let named = count(old).max(count(new));
        for position in (0..named).map(Some).chain([None]) {
            let (was, is) = (encoding(old, position), encoding(new, position));
            let noun = match position {
                Some(position) => format!("part {}", position + 1),
                None => "each further part".to_owned(),
            };
            comparison.places = (was.map(Node::location), is.map(Node::location));
            let fields = (PartEncoding::of(was), PartEncoding::of(is));
            self.part(&noun, fields, (schema(old, position), schema(new, position)), comparison);
        }
    }

    /// Compares how one part of a body is written: its media types, its style and its headers.
    fn part(
        &mut self,
        noun: &str,
        (old, new): (PartEncoding<'d>, PartEncoding<'d>),
        (before, after): (Option<NodeId>, Option<NodeId>),
        comparison: &mut PartComparison<'_>,
    ) {
        if old.content_type.is_some() || new.content_type.is_some() {
            let defaults = self.schemas.default_media_types(before, after);
            let (was, is) = (old.content_type.or(defaults.0), new.content_type.or(defaults.1));
            let shown = |media_type: Option<&str>| media_type.unwrap_or("the usual media type").to_owned();
            let message = format!("{noun} was written as {} and is written as {}", shown(was), shown(is));
            comparison.changed(media_types_effect(was, is), message);
        } else if old.style != new.style && self.schemas.are_structured(before, after) == (true, true) {
            let shown = |(style, explode): (ParameterStyle, bool)| {
                format!("{}{}", style.as_str(), if explode { ", exploded" } else { "" })
            };
            let (was, is) = (shown(old.style), shown(new.style));
            let message = format!("{noun} was written in the style {was} and is written in the style {is}");
            comparison.changed(Some(ChangeEffect::Replaces), message);
        }
        self.part_headers(noun, (old.headers, new.headers), comparison);
    }

    fn part_headers(
        &mut self,
        noun: &str,
        (old, new): (Option<Node<'d>>, Option<Node<'d>>),
        comparison: &mut PartComparison<'_>,
    ) {
        let headers = |node: Option<Node<'d>>| -> Vec<(&'d str, Node<'d>)> {
            let all = node.into_iter().flat_map(Node::entries);
            // Its media type is described by `contentType`.
            let described = all.filter(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
            described.map(|(name, node)| (name, node.resolve().unwrap_or(node))).collect()
        };
        let find = |list: &[(&'d str, Node<'d>)], name: &str| {
            list.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, node)| *node)
        };
        let is_required = |node: Node<'_>| node.get("required").and_then(Node::as_bool) == Some(true);
        let (old, new) = (headers(old), headers(new));
        for (name, was) in &old {
            let is = find(&new, name);
            let (kind, message) = match (is_required(*was), is.map(is_required)) {
                (false, Some(true)) => (kinds::PART_HEADER_BECAME_REQUIRED, "could be missing and is required"),
                (true, Some(false)) => (kinds::PART_HEADER_BECAME_OPTIONAL, "was required and can be missing"),
                (_, None) => (kinds::PART_HEADER_REMOVED, "was removed"),
                _ => {
                    self.part_header_value(noun, name, (*was, is.unwrap_or(*was)), comparison);
                    continue;
                }
            };
            comparison.header(kind, noun, name, message, (Some(was.location()), is.map(Node::location)));
        }
        for (name, is) in new.iter().filter(|(name, _)| find(&old, name).is_none()) {
            let (kind, message) = if is_required(*is) {
                (kinds::PART_HEADER_BECAME_REQUIRED, "was added and is required")
            } else {
                (kinds::PART_HEADER_ADDED, "was added")
            };
            comparison.header(kind, noun, name, message, (None, Some(is.location())));
        }
    }

    fn part_header_value(
        &mut self,
        noun: &str,
        name: &str,
        (was, is): (Node<'d>, Node<'d>),
        comparison: &mut PartComparison<'_>,
    ) {
        let schema = |node: Node<'d>| node.get("schema").map(Node::id);
        let path = format!("{} {} header {name}", comparison.path, noun.trim_start_matches("the "));
        if let Some(found) = self.header_style((was, schema(was)), (is, schema(is))) {
            comparison.report.add(&path, found);
        }
        let lists = (header_lists(was), header_lists(is));
        let pair = self.schemas.text_pair(schema(was), schema(is), lists, comparison.direction);
        comparison.report.add_schema(&path, pair);
    }
}

impl<'d> Comparer<'d> {
    /// Compares how a header writes objects, each side with its schema: the names and values of one that is exploded
    /// are pairs (RFC 6570, section 3.2.1).
    pub(super) fn header_style(
        &mut self,
        (before, was): (Node<'d>, Option<NodeId>),
        (after, is): (Node<'d>, Option<NodeId>),
    ) -> Option<RawChange> {
        let (old, new) = (is_exploded(before), is_exploded(after));
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

fn is_exploded(header: Node<'_>) -> bool {
    header.get("explode").and_then(Node::as_bool).unwrap_or_default()
}

/// The parts of one body while they are compared.
struct PartComparison<'r> {
    direction: ValueDirection,
    path: &'r str,
    /// Locations of the encodings.
    places: (Option<Location>, Option<Location>),
    report: &'r mut ApiReport,
}

impl PartComparison<'_> {
    fn changed(&mut self, effect: Option<ChangeEffect>, message: String) {
        let Some(effect) = effect else { return };
        let found = RawChange::directed(kinds::ENCODING_CHANGED, effect, self.direction, message);
        self.report.add(self.path, found.at(self.places.0.clone(), self.places.1.clone()));
    }

    fn header(
        &mut self,
        kind: Kind,
        noun: &str,
        name: &str,
        message: &str,
        (before, after): (Option<Location>, Option<Location>),
    ) {
        let message = format!("the header {} of {noun} {message}", excerpt::quoted(name));
        let found = RawChange::directed(kind, kind.effect, self.direction, message);
        self.report.add(self.path, found.at(before, after));
    }
}

fn places(old: Node<'_>, new: Node<'_>, name: &str) -> (Option<Location>, Option<Location>) {
    (Some(old.key_location(name)), Some(new.key_location(name)))
}

/// Returns the effect of other media types on a part, each side a list with commas; `None` where they are the same.
fn media_types_effect(old: Option<&str>, new: Option<&str>) -> Option<ChangeEffect> {
    let (Some(old), Some(new)) = (old, new) else { return (old != new).then_some(ChangeEffect::Replaces) };
    let list = |text: &str| -> Option<Vec<MediaRange>> {
        split_unquoted(text, ',').into_iter().map(MediaRange::parse).collect()
    };
    let (Some(old), Some(new)) = (list(old), list(new)) else { return (old != new).then_some(ChangeEffect::Replaces) };
    let covers = |wide: &[MediaRange], narrow: &[MediaRange]| {
        narrow.iter().all(|one| wide.iter().any(|range| range.includes(one)))
    };
    match (covers(&new, &old), covers(&old, &new)) {
        (true, true) => None,
        (true, false) => Some(ChangeEffect::Widens),
        (false, true) => Some(ChangeEffect::Narrows),
        (false, false) => Some(ChangeEffect::Replaces),
    }
}

/// Returns how a header writes lists; its style is `simple` (OpenAPI 3.1, section 4.8.21).
pub(super) fn header_lists(header: Node<'_>) -> ListWriting {
    ListWriting::of_style(ParameterStyle::Simple, is_exploded(header))
}
