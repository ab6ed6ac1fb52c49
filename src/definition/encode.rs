//! Writes a value in a media type: JSON, XML, forms, lines, text, or bytes as they are.

use serde_json::Value;

use super::api::Specification;
use super::document::Node;
use super::xml;

/// A body, and the media type that it is really in.
pub(super) struct Encoded {
    pub(super) media_type: String,
    pub(super) bytes: Vec<u8>,
}

/// What stands between the parts of a multipart body.
const BOUNDARY: &str = "apigw-constant-result";

/// Writes a value in a media type; a range like `text/*` becomes its usual member.
pub(super) fn encode(
    media_type: &str,
    value: &Value,
    schema: Option<Node<'_>>,
    specification: Specification,
) -> Encoded {
    let mut name = concrete(media_type);
    let bytes = match (Family::of(&name), value) {
        (Family::Json, value) => value.to_string().into_bytes(),
        (Family::Xml, Value::String(text)) if text.trim_start().starts_with('<') => text.clone().into_bytes(),
        (Family::Xml, value) => xml::encode(value, schema, specification).into_bytes(),
        (_, Value::String(text)) => text.clone().into_bytes(),
        (Family::Form, Value::Object(map)) => form(map).into_bytes(),
        (Family::Multipart, Value::Object(map)) => {
            name = format!("{};boundary={BOUNDARY}", essence(&name));
            multipart(map).into_bytes()
        }
        (Family::Lines, Value::Array(items)) => items.iter().map(|item| format!("{item}\n")).collect::<String>().into(),
        (Family::Lines, value) => format!("{value}\n").into_bytes(),
        (Family::Events, value) => format!("data: {value}\n\n").into_bytes(),
        (Family::Form | Family::Multipart | Family::Other, value) => simple(value).into_bytes(),
    };
    Encoded { media_type: name, bytes }
}

/// Tells whether a media type or range is JSON.
pub(super) fn is_json(media_type: &str) -> bool {
    Family::of(&concrete(media_type)) == Family::Json
}

/// Writes a value as a header has it: style `simple` without `explode` (section 4.8.12.3).
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

/// The ways of writing a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Json,
    Xml,
    Form,
    Multipart,
    Lines,
    Events,
    Other,
}

impl Family {
    fn of(media_type: &str) -> Self {
        let essence = essence(media_type);
        match essence.as_str() {
            "application/json" | "text/json" | "text/x-json" | "json" => Self::Json,
            "application/xml" | "text/xml" => Self::Xml,
            "application/x-www-form-urlencoded" => Self::Form,
            "application/jsonl" | "application/x-jsonlines" | "application/x-ndjson" | "application/jsonlines" => {
                Self::Lines
            }
            "text/event-stream" => Self::Events,
            other if other.ends_with("+json") => Self::Json,
            other if other.ends_with("+xml") && !other.starts_with("image/") => Self::Xml,
            other if other.starts_with("multipart/") => Self::Multipart,
            _ => Self::Other,
        }
    }
}

fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn concrete(media_type: &str) -> String {
    match essence(media_type).as_str() {
        "*/*" | "application/*" | "" | "*" => "application/json".to_owned(),
        "text/*" => "text/plain".to_owned(),
        "image/*" => "image/png".to_owned(),
        "audio/*" => "audio/mpeg".to_owned(),
        "video/*" => "video/mp4".to_owned(),
        "multipart/*" => "multipart/form-data".to_owned(),
        other if other.ends_with("/*") => "application/octet-stream".to_owned(),
        _ => media_type.trim().to_owned(),
    }
}

fn is_scalar(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

/// Lists the fields of a form: each item of a list is a field of its own, an object is written as JSON.
fn fields(map: &serde_json::Map<String, Value>) -> Vec<(&str, String)> {
    let mut fields = Vec::new();
    for (name, value) in map {
        match value {
            Value::Array(items) => fields.extend(items.iter().map(|item| (name.as_str(), field(item)))),
            value => fields.push((name.as_str(), field(value))),
        }
    }
    fields
}

fn field(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// Writes `application/x-www-form-urlencoded` (WHATWG URL, section 5.2).
fn form(map: &serde_json::Map<String, Value>) -> String {
    let pairs = fields(map).into_iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(&value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => escaped.push('+'),
            b'*' | b'-' | b'.' | b'_' => escaped.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => escaped.push(char::from(byte)),
            byte => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// Writes `multipart/form-data` (RFC 7578).
fn multipart(map: &serde_json::Map<String, Value>) -> String {
    let mut body = String::new();
    for (name, value) in fields(map) {
        let name = name.replace(['"', '\r', '\n'], "_");
        body.push_str(&format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    body.push_str(&format!("--{BOUNDARY}--\r\n"));
    body
}
