//! Media types that are a sequence of JSON texts, or of events (OpenAPI 3.2, section 4.14.3).

use serde_json::Value;

use super::unique_json;
use crate::model::media_type_essence;

/// The character before each text of `application/json-seq` (RFC 7464, section 2.2).
const RECORD_SEPARATOR: &str = "\u{1e}";

/// Framing of the items of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum SequenceFraming {
    /// One on each line.
    Lines,
    /// Each after a record separator.
    Records,
    /// Server-sent events.
    Events,
}

/// An item of a sequence that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("item {number} is not JSON: {source}")]
pub(crate) struct UnreadableItem {
    number: usize,
    source: serde_json::Error,
}

impl UnreadableItem {
    /// Returns the reason.
    pub(crate) fn reason(&self) -> &serde_json::Error {
        &self.source
    }
}

impl SequenceFraming {
    /// Returns the framing of a media type; `None` where it is no sequence.
    pub(crate) fn of(media_type: &str) -> Option<Self> {
        Some(match media_type_essence(media_type).as_str() {
            "application/jsonl"
            | "application/x-jsonlines"
            | "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonlines" => Self::Lines,
            "application/json-seq" => Self::Records,
            // RFC 8091: the suffix of sequences of other JSON.
            other if other.ends_with("+json-seq") => Self::Records,
            "text/event-stream" => Self::Events,
            _ => return None,
        })
    }

    /// Reads the items of a body; none for events, which are no JSON texts.
    pub(crate) fn items(self, body: &[u8]) -> Result<Vec<Value>, UnreadableItem> {
        let separator = match self {
            Self::Lines => b'\n',
            Self::Records => 0x1e,
            Self::Events => return Ok(Vec::new()),
        };
        let texts = body.split(|byte| *byte == separator).filter(|text| !text.trim_ascii().is_empty());
        let unreadable = |index: usize| move |source| UnreadableItem { number: index + 1, source };
        texts.enumerate().map(|(index, text)| unique_json::parse(text).map_err(unreadable(index))).collect()
    }

    /// Returns the value whose serialization is a sequence of one item.
    pub(super) fn of_one(self, item: &Value) -> Value {
        match self {
            Self::Lines | Self::Records => Value::Array(vec![item.clone()]),
            Self::Events => Value::String(event(item)),
        }
    }

    /// Serializes the items of a list, or a single one.
    pub(super) fn write(self, value: &Value) -> String {
        let items = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        match self {
            Self::Lines => items.iter().flat_map(|item| [item.to_string(), "\n".to_owned()]).collect(),
            Self::Records => {
                items.iter().flat_map(|item| [RECORD_SEPARATOR.to_owned(), item.to_string(), "\n".to_owned()]).collect()
            }
            Self::Events => format!("data: {value}\n\n"),
        }
    }
}

/// Writes an event: an object by its fields (OpenAPI 3.2, section 4.14.4), any other value as its data.
fn event(item: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let field = |name: &str, value: &Value| {
        let text = text(value).replace("\r\n", "\n").replace('\r', "\n");
        text.split('\n').flat_map(|line| [name, ": ", line, "\n"]).collect::<String>()
    };
    let fields = match item {
        Value::Object(fields) if fields.contains_key("data") => {
            let named = ["event", "id", "retry", "data"].into_iter();
            named.filter_map(|name| Some(field(name, fields.get(name)?))).collect()
        }
        other => field("data", other),
    };
    format!("{fields}\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sequences_are_read_and_written() {
        let (lines, records) = (SequenceFraming::Lines, SequenceFraming::Records);
        let items = vec![json!({"a": 1}), json!([2])];
        for (framing, body) in [(lines, "{\"a\":1}\n[2]\n"), (records, "\u{1e}{\"a\":1}\n\u{1e}[2]\n")] {
            assert_eq!(framing.write(&json!(items)), body);
            assert_eq!(framing.items(body.as_bytes()).expect("JSON"), items);
        }
        assert_eq!(lines.items(b"1\r\n\r\n2").expect("JSON"), [json!(1), json!(2)]);
        assert_eq!(records.items(b"\x1e\x1e1\n").expect("JSON"), [json!(1)]);
        let message = lines.items(b"1\n{\"a\":\n").expect_err("no JSON").to_string();
        assert!(message.starts_with("item 2 is not JSON: "), "{message}");
    }

    #[test]
    fn an_event_is_written_by_its_fields() {
        for (item, expected) in [
            (json!({"data": "a\nb", "event": "e", "retry": 5}), "event: e\nretry: 5\ndata: a\ndata: b\n\n"),
            (json!({"data": {"x": 1}, "id": "1\r2"}), "id: 1\nid: 2\ndata: {\"x\":1}\n\n"),
            (json!({"x": 1}), "data: {\"x\":1}\n\n"),
            (json!("t"), "data: t\n\n"),
        ] {
            assert_eq!(SequenceFraming::Events.of_one(&item), json!(expected));
        }
    }
}
