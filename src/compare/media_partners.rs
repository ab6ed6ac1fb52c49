//! Media types that belong together on both sides: the same one, one with other parameters, a range of it.

use crate::definition::{Node, ValueDirection};
use crate::model::{MediaRange, media_type_essence};

/// A media type or range, and its Media Type Object.
pub(super) type NamedMediaType<'d> = (&'d str, Node<'d>);

/// The media type that took the place of another.
pub(super) struct MediaTypePartner<'d> {
    pub(super) media_type: NamedMediaType<'d>,
    pub(super) range: RangeChange,
}

pub(super) enum RangeChange {
    None,
    Widened,
    Narrowed,
}

/// Finds the media type that took the place of another.
pub(super) fn partner<'d>(
    old: &str,
    before: &[NamedMediaType<'d>],
    after: &[NamedMediaType<'d>],
    direction: ValueDirection,
) -> Option<MediaTypePartner<'d>> {
    let normal = |name: &str| name.to_ascii_lowercase().replace(' ', "");
    let (exact, bare) = (normal(old), media_type_essence(old));
    let same = after.iter().find(|(name, _)| normal(name) == exact);
    // One that differs in its parameters counts as different where both are declared.
    let is_free = |name: &str| !before.iter().any(|(other, _)| normal(other) == normal(name));
    if let Some(media_type) = same {
        return Some(MediaTypePartner { media_type: *media_type, range: RangeChange::None });
    }
    let alike = after.iter().filter(|(name, _)| media_type_essence(name) == bare && is_free(name));
    let mut alike = alike.filter_map(|media_type| Some((media_type, parameters_change(old, media_type.0, direction)?)));
    if let Some((media_type, range)) = alike.next() {
        return Some(MediaTypePartner { media_type: *media_type, range });
    }
    if let Some(media_type) = narrowest_range(old, after) {
        return Some(MediaTypePartner { media_type, range: RangeChange::Widened });
    }
    let narrowed = after.iter().find(|(name, _)| includes(&bare, &media_type_essence(name)))?;
    Some(MediaTypePartner { media_type: *narrowed, range: RangeChange::Narrowed })
}

/// Returns the effect of other parameters of a media type; `None` where it is no longer the one that callers send, or
/// accept (RFC 9110, sections 8.3.1 and 12.5.1). One without parameters is sent to any.
fn parameters_change(old: &str, new: &str, direction: ValueDirection) -> Option<RangeChange> {
    let (Some(old), Some(new)) = (MediaRange::parse(old), MediaRange::parse(new)) else {
        return Some(RangeChange::None);
    };
    let is_right = |old: &MediaRange, new: &MediaRange| match direction {
        ValueDirection::Request => old.is_plain() || new.includes(old),
        ValueDirection::Response => old.includes(new),
    };
    match (is_right(&old, &new), is_right(&new, &old), direction) {
        (false, ..) => None,
        (true, true, _) => Some(RangeChange::None),
        (true, false, ValueDirection::Request) => Some(RangeChange::Widened),
        (true, false, ValueDirection::Response) => Some(RangeChange::Narrowed),
    }
}

/// Finds the narrowest range that includes a media type.
pub(super) fn narrowest_range<'d>(name: &str, media_types: &[NamedMediaType<'d>]) -> Option<NamedMediaType<'d>> {
    let bare = media_type_essence(name);
    let ranges = media_types.iter().filter(|(range, _)| includes(&media_type_essence(range), &bare));
    ranges.max_by_key(|(range, _)| media_type_essence(range) != "*/*").copied()
}

/// Tells whether a body of a media type or range can be XML.
pub(super) fn is_xml(media_type: &str) -> bool {
    let essence = media_type_essence(media_type);
    essence.ends_with("/xml") || essence.ends_with("+xml") || essence.ends_with("/*")
}

/// Tells whether a body of a media type is neither text nor of a structure that schemas describe.
pub(super) fn is_binary_media_type(media_type: &str) -> bool {
    let essence = media_type_essence(media_type);
    ["image/", "audio/", "video/", "font/"].iter().any(|kind| essence.starts_with(kind)) && !is_xml(media_type)
        || ["application/octet-stream", "application/pdf", "application/zip", "application/gzip"]
            .contains(&essence.as_str())
}

/// Tells whether a schema says no more than that a body, or a part of one, consists of bytes: in OpenAPI 3.0 a text of
/// the format `binary`, since then nothing but their media type (OpenAPI 3.1.1, section 4.8.14.5).
pub(super) fn says_bytes_alone(schema: Node<'_>) -> bool {
    let schema = schema.resolve().unwrap_or(schema);
    let is_binary = schema.get("format").and_then(Node::as_str) == Some("binary");
    let says_bytes = |(name, value): (&str, Node<'_>)| match name {
        "type" => value.as_str() == Some("string") && (is_binary || schema.get("contentMediaType").is_some()),
        "format" => is_binary,
        "contentMediaType" | "title" | "description" => true,
        _ => false,
    };
    !schema.is_object() || schema.get("contentEncoding").is_none() && schema.entries().all(says_bytes)
}

/// Tells whether a range of media types includes another one (RFC 9110, section 12.5.1).
fn includes(range: &str, other: &str) -> bool {
    range != other
        && (range == "*/*"
            || range.strip_suffix('*').is_some_and(|kind| kind.ends_with('/') && other.starts_with(kind)))
}
