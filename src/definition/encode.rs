//! Serializes a value in a media type: JSON, XML, forms, lines, plain text or raw bytes.

use bytes::Bytes;
use serde_json::Value;

use super::api::Specification;
use super::document::Node;
use super::encoding_budget::EncodingBudget;
use super::sequence::SequenceFraming;
use super::xml;
use crate::model::{is_json_media_type, media_type_essence};

/// A body with its concrete media type.
pub(super) struct EncodedBody {
    pub(super) media_type: String,
    pub(super) bytes: Bytes,
}

/// The media type for data of unknown format (RFC 2046, section 4.5.1).
const OCTETS: &str = "application/octet-stream";
/// The boundary of multipart bodies.
const BOUNDARY: &str = "apigw-constant-result";

/// Returns the concrete media type of a body and its serialization; a range like `text/*` becomes a common member of
/// it.
pub(super) fn sent_as(media_type: &str, value: &Value, schema: Option<Node<'_>>) -> (String, EncodingFamily) {
    let is_file =
        matches!(media_type_essence(media_type).as_str(), "*/*" | "application/*") && has_binary_format(schema);
    let name = if is_file { OCTETS.to_owned() } else { concrete(media_type) };
    match (EncodingFamily::of(&name), value) {
        (EncodingFamily::Xml, Value::String(text)) if text.trim_start().starts_with('<') => {
            (name, EncodingFamily::Other)
        }
        (EncodingFamily::Multipart, Value::Object(_)) => {
            (format!("{};boundary={BOUNDARY}", media_type_essence(&name)), EncodingFamily::Multipart)
        }
        (family @ (EncodingFamily::Json | EncodingFamily::Xml), _) => (name, family),
        (_, Value::String(_)) | (EncodingFamily::Multipart, _) => (name, EncodingFamily::Other),
        (EncodingFamily::Form, value) if !value.is_object() => (name, EncodingFamily::Other),
        (family, _) => (name, family),
    }
}

/// Serializes a value; `None` if that exceeds the limits.
pub(super) fn write(
    family: EncodingFamily,
    value: &Value,
    schema: Option<Node<'_>>,
    specification: Specification,
    limits: &mut EncodingBudget,
) -> Option<Vec<u8>> {
    let bytes = match (family, value) {
        (EncodingFamily::Json, value) => value.to_string(),
        (EncodingFamily::Xml, value) => xml::encode(value, schema, specification, limits)?,
        (EncodingFamily::Form, Value::Object(map)) => form(map, limits.bytes)?,
        (EncodingFamily::Multipart, Value::Object(map)) => multipart(map, limits.bytes)?,
        (EncodingFamily::Sequence(framing), value) => framing.write(value),
        (EncodingFamily::Form | EncodingFamily::Multipart | EncodingFamily::Other, value) => simple(value),
    };
    Some(bytes.into_bytes())
}

/// True if a media type or range is JSON.
pub(super) fn is_json(media_type: &str) -> bool {
    EncodingFamily::of(&concrete(media_type)) == EncodingFamily::Json
}

/// Serializes a value for a header: style `simple` without `explode` (section 4.8.12.3).
pub(super) fn simple(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(is_scalar) => items.iter().map(simple).collect::<Vec<_>>().join(","),
        Value::Object(map) if map.values().all(is_scalar) => {
            let fields = map.iter().map(|(name, value)| format!("{name},{}", simple(value)));
            fields.collect::<Vec<_>>().join(",")
        }
        value => value.to_string(),
    }
}

/// Serializes a value as header lines in the style `simple` (section 4.8.12.3). A list in `Set-Cookie` becomes one line
/// for each item, since its lines cannot be combined (RFC 6265, section 3).
pub(super) fn header_lines(name: &str, value: &Value, explode: bool) -> Vec<String> {
    match value {
        Value::Array(items) if name.eq_ignore_ascii_case("set-cookie") => items.iter().map(simple).collect(),
        Value::Object(map) if explode && map.values().all(is_scalar) => {
            let fields = map.iter().map(|(name, value)| format!("{name}={}", simple(value)));
            vec![fields.collect::<Vec<_>>().join(",")]
        }
        value => vec![simple(value)],
    }
}

/// The serializations of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum EncodingFamily {
    Json,
    Xml,
    Form,
    Multipart,
    Sequence(SequenceFraming),
    Other,
}

impl EncodingFamily {
    fn of(media_type: &str) -> Self {
        let essence = media_type_essence(media_type);
        match essence.as_str() {
            "json" => Self::Json,
            "application/xml" | "text/xml" => Self::Xml,
            "application/x-www-form-urlencoded" => Self::Form,
            other if is_json_media_type(other) => Self::Json,
            other if other.ends_with("+xml") && !other.starts_with("image/") => Self::Xml,
            other if other.starts_with("multipart/") => Self::Multipart,
            other => SequenceFraming::of(other).map_or(Self::Other, Self::Sequence),
        }
    }
}

/// True if a schema describes binary data (OpenAPI 3.0, section 4.7.14.2).
fn has_binary_format(schema: Option<Node<'_>>) -> bool {
    let format = schema.and_then(Node::resolve).and_then(|schema| schema.get("format"));
    format.and_then(Node::as_str) == Some("binary")
}

pub(super) fn concrete(media_type: &str) -> String {
    match media_type_essence(media_type).as_str() {
        "*/*" | "application/*" | "" | "*" => "application/json".to_owned(),
        "text/*" => "text/plain".to_owned(),
        "image/*" => "image/png".to_owned(),
        "audio/*" => "audio/mpeg".to_owned(),
        "video/*" => "video/mp4".to_owned(),
        "multipart/*" => "multipart/form-data".to_owned(),
        other if other.ends_with("/*") => OCTETS.to_owned(),
        _ => media_type.trim().to_owned(),
    }
}

/// Returns a declared media type if it is a range, like `text/*` (OpenAPI 3.1.1, Response Object).
pub(super) fn declared_range(media_type: &str) -> Option<String> {
    match media_type_essence(media_type).as_str() {
        // Some write the range of all media types so.
        "*" => Some("*/*".to_owned()),
        essence => essence.ends_with("/*").then(|| essence.to_owned()),
    }
}

/// True if a body that was written in a media type is also one of another: both are JSON, or both are plain text.
pub(crate) fn is_written_alike(media_type: &str, other: &str) -> bool {
    let is_text = |name: &str| name.starts_with("text/") && EncodingFamily::of(name) == EncodingFamily::Other;
    let are_json = [media_type, other].map(EncodingFamily::of) == [EncodingFamily::Json; 2];
    are_json || (is_text(media_type) && is_text(other))
}

fn is_scalar(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

/// Serializes the fields of a form: each item of a list as a separate field, an object as JSON.
///
/// `None` above a number of bytes, since the name of a list is repeated for each of its items.
fn fields(
    map: &serde_json::Map<String, Value>,
    most: usize,
    mut write: impl FnMut(&mut String, &str, &str),
) -> Option<String> {
    let mut written = String::new();
    for (name, value) in map {
        let items = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        for item in items {
            if written.len() > most {
                return None;
            }
            write(&mut written, name, &field(item));
        }
    }
    Some(written)
}

fn field(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// Serializes as `application/x-www-form-urlencoded` (WHATWG URL, section 5.2).
fn form(map: &serde_json::Map<String, Value>, most: usize) -> Option<String> {
    fields(map, most, |form, name, value| {
        if !form.is_empty() {
            form.push('&');
        }
        form.extend([escaped(name).as_str(), "=", escaped(value).as_str()]);
    })
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => escaped.push('+'),
            b'*' | b'-' | b'.' | b'_' => escaped.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => escaped.push(char::from(byte)),
            byte => {
                let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0').to_ascii_uppercase();
                escaped.extend(['%', digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
    escaped
}

/// Serializes as `multipart/form-data` (RFC 7578).
fn multipart(map: &serde_json::Map<String, Value>, most: usize) -> Option<String> {
    let mut parts = fields(map, most, |parts, name, value| {
        let name = name.replace(['"', '\r', '\n'], "_");
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        parts.extend([head.as_str(), value, "\r\n"]);
    })?;
    parts.extend(["--", BOUNDARY, "--\r\n"]);
    Some(parts)
}
