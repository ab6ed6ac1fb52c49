//! Compares how the parts of forms are written: the media type, style and headers of each.

use super::comparer::{ApiReport, Comparer};
use super::excerpt;
use super::kinds::{self, ChangeEffect, Kind};
use super::output::RawChange;
use super::schema::PartEncoding;
use crate::definition::{Node, NodeId, ParameterStyle, ValueDirection};
use crate::model::{Location, MediaRange, media_type_essence, split_unquoted};

/// The parts of one body while they are compared.
pub(super) struct PartComparison<'r> {
    pub(super) direction: ValueDirection,
    pub(super) path: &'r str,
    /// Locations of the encodings.
    pub(super) places: (Option<Location>, Option<Location>),
    pub(super) report: &'r mut ApiReport,
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

impl<'d> Comparer<'d> {
    /// Compares how the parts without a name are written (OpenAPI 3.2, section 4.14.5).
    pub(super) fn positions(&mut self, old: Node<'d>, new: Node<'d>, comparison: &mut PartComparison<'_>) {
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
            let fields = (PartEncoding::of(was, false), PartEncoding::of(is, false));
            self.part(&noun, fields, (schema(old, position), schema(new, position)), comparison);
        }
    }

    /// Compares how one part of a body is written: its media types, its style and its headers.
    pub(super) fn part(
        &mut self,
        noun: &str,
        (old, new): (PartEncoding<'d>, PartEncoding<'d>),
        (before, after): (Option<NodeId>, Option<NodeId>),
        comparison: &mut PartComparison<'_>,
    ) {
        match (old.style, new.style) {
            (None, None) => self.part_media_types(noun, (old, new), (before, after), comparison),
            (Some(was), Some(is)) => {
                if was != is && self.schemas.are_structured(before, after) == (true, true) {
                    let message = format!("{noun} was written {} and is written {}", in_style(was), in_style(is));
                    comparison.changed(Some(ChangeEffect::Replaces), message);
                }
            }
            (Some(style), None) => self.part_style(noun, (style, true), new, (before, after), comparison),
            (None, Some(style)) => self.part_style(noun, (style, false), old, (before, after), comparison),
        }
        self.part_headers(noun, (old.headers, new.headers), comparison);
    }

    fn part_media_types(
        &mut self,
        noun: &str,
        (old, new): (PartEncoding<'d>, PartEncoding<'d>),
        (before, after): (Option<NodeId>, Option<NodeId>),
        comparison: &mut PartComparison<'_>,
    ) {
        if old.content_type.is_some() || new.content_type.is_some() {
            let defaults = self.schemas.default_media_types(before, after);
            let (was, is) = (old.content_type.or(defaults.0), new.content_type.or(defaults.1));
            let message = format!("{noun} was written {} and is written {}", in_media_type(was), in_media_type(is));
            comparison.changed(media_types_effect(was, is), message);
        }
    }

    /// Compares a part that one side writes in a style with the other side, where its media type decides.
    fn part_style(
        &mut self,
        noun: &str,
        (style, is_before): ((ParameterStyle, bool), bool),
        other: PartEncoding<'d>,
        (before, after): (Option<NodeId>, Option<NodeId>),
        comparison: &mut PartComparison<'_>,
    ) {
        let structured = self.schemas.are_structured(before, after);
        let defaults = self.schemas.default_media_types(before, after);
        let media_type = other.content_type.or(if is_before { defaults.1 } else { defaults.0 });
        // A text is written as it is, in any style, and a list of them each under the name; so is a value whose schema
        // does not tell its type.
        let is_unknown = other.content_type.is_none() && media_type == Some("application/octet-stream");
        let is_text = media_type.is_some_and(|name| media_type_essence(name) == "text/plain") || is_unknown;
        let is_text = (is_text && self.schemas.are_without_objects(before, after))
            || (structured == (false, false) && other.content_type.is_none());
        if is_text && (structured != (true, true) || style == PartEncoding::PLAIN_STYLE) {
            return;
        }
        let shown = (in_style(style), in_media_type(media_type));
        let (was, is) = if is_before { shown } else { (shown.1, shown.0) };
        let message = format!("{noun} was written {was} and is written {is}");
        comparison.changed(Some(ChangeEffect::Replaces), message);
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
            let change = match (is_required(*was), is.map(is_required)) {
                (false, Some(true)) => Some((kinds::PART_HEADER_BECAME_REQUIRED, "could be missing and is required")),
                (true, Some(false)) => Some((kinds::PART_HEADER_BECAME_OPTIONAL, "was required and can be missing")),
                (_, None) => Some((kinds::PART_HEADER_REMOVED, "was removed")),
                _ => None,
            };
            if let Some((kind, message)) = change {
                comparison.header(kind, noun, name, message, (Some(was.location()), is.map(Node::location)));
            }
            if let Some(is) = is {
                let path = format!("{} {} header {name}", comparison.path, noun.trim_start_matches("the "));
                self.header_value(&path, (*was, is), comparison.direction, comparison.report);
            }
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
}

fn in_style((style, explode): (ParameterStyle, bool)) -> String {
    format!("in the style {}{}", style.as_str(), if explode { ", exploded" } else { "" })
}

fn in_media_type(media_type: Option<&str>) -> String {
    format!("as {}", media_type.unwrap_or("the usual media type"))
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
