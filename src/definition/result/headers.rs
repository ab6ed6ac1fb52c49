//! The headers of results.

use std::fmt::Write;

use http::HeaderName;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};

use super::budget::BudgetExceeded;
use super::builder::{Builder, DeclaredExample, examples};
use super::values::SourcedValue;
use crate::definition::api::{Api, Header};
use crate::definition::document::Node;
use crate::definition::fields::scalar_text;
use crate::definition::{encode, rules};
use crate::model::is_hop_by_hop;

/// Header fields that only the sender of a message can set (RFC 9110, section 8.6; RFC 9112), beside hop-by-hop ones.
const FRAMING: [HeaderName; 3] = [CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE];

/// The maximum number of values in a header of `x-apigw-mock`; a larger header is not sent.
const MOST_IN_A_HEADER: usize = 1_000;

/// The value of a header, before it is written.
enum HeaderValue {
    /// A text that is sent as it is.
    Text(String),
    Value(SourcedValue),
}

impl<'d> Builder<'d> {
    /// Returns the headers of a response; reports those that cannot be sent.
    pub(super) fn headers(
        &mut self,
        api: &Api,
        declared: &'d [Header],
    ) -> Result<Vec<(String, String)>, BudgetExceeded> {
        let mut headers = Vec::new();
        for header in declared.iter().filter(|header| is_free(&header.name)) {
            self.values.budget.take_steps(1)?;
            let node = self.definition.node(header.node);
            let content = node.get("content").and_then(|content| content.entries().next());
            let content = content.and_then(|(name, media_type)| Some((name, media_type.resolve()?)));
            let declared = self.header_example(api, content.map_or(node, |(_, media_type)| media_type))?;
            let is_declared = declared.is_some();
            let schema = header.schema.map(|schema| self.definition.node(schema));
            let schema = schema.or_else(|| content?.1.get("schema"));
            let value = match (declared, schema) {
                (Some(value), _) => Some(value),
                (None, Some(schema)) => self.values.build(schema)?.ok().map(|(value, _)| HeaderValue::Value(value)),
                (None, None) => None,
            };
            let Some(value) = value else { continue };
            let lines = match (value, content) {
                (HeaderValue::Text(text), _) => vec![text],
                (HeaderValue::Value(value), Some((media_type, _))) => {
                    let written = self.values.write(media_type, &value, None)?;
                    vec![ascii(&String::from_utf8_lossy(&written.bytes), encode::is_json(media_type))]
                }
                (HeaderValue::Value(value), None) => {
                    let explode = node.get("explode").and_then(Node::as_bool) == Some(true);
                    match self.values.exact_number(&value) {
                        Some(digits) => vec![digits.to_owned()],
                        None => encode::header_lines(&header.name, &value.value, explode),
                    }
                }
            };
            let (sent, left): (Vec<String>, Vec<String>) =
                lines.into_iter().partition(|line| is_header(&header.name, line));
            if !left.is_empty() && is_declared {
                let message =
                    format!("the header {:?} of {} is not sent: it cannot be written", header.name, api.name());
                self.finding(rules::CONSTANT_RESULT, node, message, "give an example of one line");
            }
            let sent = sent.into_iter().filter(|line| is_declared || !line.is_empty());
            headers.extend(sent.map(|line| (header.name.clone(), line)));
        }
        Ok(headers)
    }

    /// Returns the first example of a header or of its content.
    fn header_example(&mut self, api: &Api, node: Node<'d>) -> Result<Option<HeaderValue>, BudgetExceeded> {
        for (_, example) in examples(node) {
            let text = match example {
                DeclaredExample::Value(node) => match self.values.copy(node)? {
                    Some(value) => return Ok(Some(HeaderValue::Value(value))),
                    None => continue,
                },
                DeclaredExample::Serialized(node) => node.get("serializedValue").and_then(Node::as_str),
                DeclaredExample::External(node) => {
                    let text = self.external(api, node).and_then(|bytes| std::str::from_utf8(bytes).ok());
                    // A file of text ends its last line, which is none of the value.
                    text.map(|text| text.trim_end_matches(['\r', '\n']))
                }
            };
            if let Some(text) = text {
                return Ok(Some(HeaderValue::Text(text.to_owned())));
            }
        }
        Ok(None)
    }

    /// Overrides the headers declared by the response with those of `x-apigw-mock`.
    pub(super) fn override_headers(&mut self, headers: &mut Vec<(String, String)>, own: Option<Node<'d>>) {
        for (name, node) in own.into_iter().flat_map(Node::entries) {
            let value = match scalar_text(node) {
                Some(text) => Some(serde_json::Value::String(text)),
                None => node.to_value(MOST_IN_A_HEADER),
            };
            let lines = value.map(|value| encode::header_lines(name, &value, false)).unwrap_or_default();
            if lines.is_empty() || !lines.iter().all(|line| is_header(name, line)) {
                let message = format!("the header {name:?} of `x-apigw-mock` is not sent: it cannot be written");
                let hint = "write a text or a list of texts, and none of those that frame or describe the body";
                self.finding(rules::MOCK_FIELD, node, message, hint);
                continue;
            }
            headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            headers.extend(lines.into_iter().map(|line| (name.to_owned(), line)));
        }
    }
}

/// Writes a text without line breaks, and JSON in ASCII, by its own escapes.
fn ascii(text: &str, is_json: bool) -> String {
    let mut written = String::with_capacity(text.len());
    for letter in text.trim_end().chars() {
        if is_json && !letter.is_ascii() {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                let _ = write!(written, "\\u{unit:04x}");
            }
        } else if matches!(letter, '\r' | '\n') {
            written.push(' ');
        } else {
            written.push(letter);
        }
    }
    written
}

/// True if a header is valid and not reserved for the sender.
fn is_header(name: &str, value: &str) -> bool {
    is_free(name) && http::HeaderValue::from_str(value).is_ok()
}

/// True if a name is one of a header, and not reserved for the sender.
fn is_free(name: &str) -> bool {
    HeaderName::from_bytes(name.as_bytes()).is_ok_and(|name| !FRAMING.contains(&name) && !is_hop_by_hop(&name))
}
