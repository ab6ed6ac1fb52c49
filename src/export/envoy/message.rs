//! Pieces of Envoy's messages: matches, headers, bodies of refusals.

use serde_json::{Value, json};

use super::super::refusal::ProblemResponse;
use super::super::table::{HeaderText, RequestCondition, RequestPart, TextTest};
use super::protobuf::{MOST_HEADER_BYTES, literal};

/// Returns the format of a refusal's body; the id of the request becomes JSON in Envoy.
pub(super) fn problem_format(refusal: &ProblemResponse) -> Value {
    json!({
        "content_type": "application/problem+json",
        "json_format": {
            "type": "about:blank",
            "title": literal(refusal.title),
            "status": refusal.status,
            "detail": literal(&refusal.detail),
            "code": refusal.code,
            "requestId": "%REQ(X-REQUEST-ID)%",
        },
    })
}

/// Adds fields to a message.
pub(super) fn merge(route: &mut Value, fields: Value) {
    if let (Value::Object(route), Value::Object(fields)) = (route, fields) {
        route.extend(fields);
    }
}

/// Adds a field to a message, without the copy that `json!` makes.
pub(super) fn with_moved(mut message: Value, name: &str, value: impl Into<Value>) -> Value {
    message[name] = value.into();
    message
}

/// Adds a value to a list of a message.
pub(super) fn append(message: &mut Value, name: &str, value: Value) {
    match &mut message[name] {
        Value::Array(list) => list.push(value),
        none => *none = vec![value].into(),
    }
}

/// Writes a condition as a match of a header; for one expression, a missing header is an empty one.
pub(super) fn condition(condition: &RequestCondition) -> Value {
    let (name, before, after) = match &condition.subject {
        RequestPart::Method => (":method", "", ""),
        RequestPart::Path => (":path", "", "(?:\\?.*)?"),
        RequestPart::Query => (":path", "[^?]*\\?", ""),
        RequestPart::Header(name) => (name.as_str(), "", ""),
    };
    match &condition.test {
        TextTest::Present => json!({"name": name, "present_match": true}),
        TextTest::Equals(text) => json!({"name": name, "string_match": {"exact": text}}),
        TextTest::Matches(pattern) => {
            let mut missing_is_empty = expression(name, before, pattern, after);
            missing_is_empty["treat_missing_header_as_empty"] = true.into();
            missing_is_empty
        }
        TextTest::MatchesAny(patterns) => expression(name, before, &patterns.join("|"), after),
    }
}

fn expression(name: &str, before: &str, pattern: &str, after: &str) -> Value {
    json!({
        "name": name,
        "string_match": {"safe_regex": {"regex": format!("{before}(?:{pattern}){after}")}},
    })
}

/// Writes a header of a response; `None` for one that is too long.
pub(super) fn header(name: &str, value: &HeaderText) -> Option<Value> {
    let value = match value {
        HeaderText::Literal(text) => literal(text),
        HeaderText::OfRequest(name) => format!("%REQ({name})%"),
    };
    (value.len() <= MOST_HEADER_BYTES).then(|| header_option(name, &value, "APPEND_IF_EXISTS_OR_ADD"))
}

pub(super) fn overwritten(name: &str, value: &str) -> Value {
    header_option(name, value, "OVERWRITE_IF_EXISTS_OR_ADD")
}

fn header_option(name: &str, value: &str, action: &str) -> Value {
    let mut option = json!({"header": {"key": name, "value": value}, "append_action": action});
    // Envoy would leave it out, and a caller's own value with it.
    if value.is_empty() {
        option["keep_empty_value"] = true.into();
    }
    option
}
