//! Compares media types: their names and ranges, and their schemas.

use super::comparer::{ApiReport, Comparer};
use super::excerpt;
use super::kinds::{self, Kind};
use super::media_partners::{
    NamedMediaType, RangeChange, is_binary_media_type, is_xml, narrowest_range, partner, says_bytes_alone,
};
use super::output::RawChange;
use super::parts::PartComparison;
use super::schema::FormEncodings;
use crate::definition::{Node, NodeId, ValueDirection};
use crate::model::Location;

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
        let encodings = (
            FormEncodings::of(self.before.specification, old_name, old),
            FormEncodings::of(self.after.specification, new_name, new),
        );
        let pair = if let (Some(was_encoded), Some(is_encoded)) = encodings {
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
}

fn places(old: Node<'_>, new: Node<'_>, name: &str) -> (Option<Location>, Option<Location>) {
    (Some(old.key_location(name)), Some(new.key_location(name)))
}
