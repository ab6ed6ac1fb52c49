//! The constant result: what a mock publish of an API answers.
//!
//! An author decides with `x-apigw-mock` on an operation, or on a path item for all its operations. Its
//! value is an object with any of `status`, `headers`, `mediaType` and `body` and no other field, with at
//! least a `body` or a `status`; or anything else, which is then the body itself. What it leaves out comes
//! from the response that would be taken without it.

use std::sync::{MutexGuard, PoisonError};

use bytes::Bytes;
use serde_json::Value;

use super::api::{Api, Definition, Header, MediaType, Response, StatusPattern};
use super::document::Node;
use super::encode::{self, Encoded};
use super::fields::scalar_text;
use super::rules;
use super::schema::{Failure, Sampler};
use crate::model::{Finding, Location, nearest};

/// An answer that is always the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConstantResult {
    /// The status code, never below 200.
    pub status: u16,
    /// The headers that the response declares, without those that frame or describe the body.
    pub headers: Vec<(String, String)>,
    /// The media type of the body, where there is one.
    pub media_type: Option<String>,
    /// The body.
    pub body: Bytes,
}

/// One of the results that an API declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredResult {
    /// The response that it belongs to, or `None` for that of `x-apigw-mock`.
    pub response: Option<StatusPattern>,
    /// The name of the example that it is, where it is one of several.
    pub example: Option<String>,
    /// The value before it was written in its media type, where there is a body.
    pub value: Option<Value>,
    /// The answer.
    pub result: ConstantResult,
}

pub(super) fn constant_result(definition: &Definition, api: &Api) -> Option<ConstantResult> {
    let mut builder = Builder::new(definition, api);
    if let Some(mock) = builder.mock() {
        return Some(mock.result);
    }
    let first = |response| builder.response(response).into_iter().next();
    constant_responses(api).into_iter().find_map(first).map(|declared| declared.result)
}

/// Builds all results; the constant one first, where there is one.
pub(super) fn results(definition: &Definition, api: &Api) -> Vec<DeclaredResult> {
    let mut builder = Builder::new(definition, api);
    let mock = builder.mock();
    let declared = in_order(api).into_iter().flat_map(|response| builder.response(response));
    mock.into_iter().chain(declared).collect()
}

/// Builds all results and lists what stood in the way.
pub(super) fn findings(definition: &Definition, api: &Api) -> Vec<Finding> {
    let mut builder = Builder::new(definition, api);
    builder.mock();
    for response in in_order(api) {
        builder.response(response);
    }
    builder.findings
}

/// The header fields that only the sender of a message can set (RFC 9110, sections 7.6.1 and 8.6; RFC 9112).
const FRAMING: &[&str] = &[
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// The fields of `x-apigw-mock`.
const MOCK_FIELDS: [&str; 4] = ["status", "headers", "mediaType", "body"];
/// No example that is copied holds more values.
const MOST_COPIED: usize = 200_000;

/// Sorts the responses: the lowest 2xx first, then the default, then the others; interim ones last.
fn in_order(api: &Api) -> Vec<&Response> {
    let mut responses: Vec<&Response> = api.responses.iter().collect();
    responses.sort_by_key(|response| match response.status {
        StatusPattern::Code(code) if (200..300).contains(&code) => (0, code),
        StatusPattern::Class(2) => (1, 0),
        StatusPattern::Default => (2, 0),
        StatusPattern::Code(code) if code < 200 => (4, code),
        StatusPattern::Class(1) => (5, 0),
        other => (3, other.code()),
    });
    responses
}

/// Lists the responses that the constant result may come from.
///
/// Where a 2xx response is declared, no other one stands in for it: a mock that answers with an error because the
/// schema of the success is wrong would mislead whoever calls it. The same holds for the default.
fn constant_responses(api: &Api) -> Vec<&Response> {
    let mut responses = in_order(api);
    let is_success =
        |response: &&Response| response.status.code() / 100 == 2 && response.status != StatusPattern::Default;
    let is_default = |response: &&Response| response.status == StatusPattern::Default;
    if responses.iter().any(is_success) {
        responses.retain(is_success);
    } else if responses.iter().any(is_default) {
        responses.retain(is_default);
    }
    responses
}

struct Builder<'d> {
    definition: &'d Definition,
    api: &'d Api,
    findings: Vec<Finding>,
}

/// A value of a body, and the name of the example that it is.
struct Body {
    example: Option<String>,
    value: Value,
}

impl<'d> Builder<'d> {
    fn new(definition: &'d Definition, api: &'d Api) -> Self {
        Self { definition, api, findings: Vec::new() }
    }

    /// Builds what `x-apigw-mock` asks for.
    fn mock(&mut self) -> Option<DeclaredResult> {
        let node = self.definition.node(self.api.extension("x-apigw-mock")?);
        let status = mock_status(node);
        let described = (node.get("body").is_some() || status.is_some())
            && node.entries().all(|(name, _)| MOCK_FIELDS.contains(&name));
        if let Some((location, message)) = mock_doubt(node, described) {
            let hint = "its fields are `status` (200 to 999), `headers`, `mediaType` and `body`; put a body that looks \
                        so under `body`";
            self.findings.push(rules::MOCK_FIELD.finding(location, message, hint));
        }
        let body = if described { node.get("body") } else { Some(node) };
        let value = match body.map(|body| body.to_value(MOST_COPIED)) {
            Some(None) => {
                let message = "the value of `x-apigw-mock` is too large";
                self.finding(rules::CONSTANT_RESULT, node, message, "give a smaller body");
                return None;
            }
            Some(value) => value,
            None => None,
        };
        let response = in_order(self.api)
            .into_iter()
            .find(|response| status.is_none_or(|status| response.status == StatusPattern::Code(status)));
        let status = status.unwrap_or_else(|| response.map_or(200, |response| final_status(response.status)));
        let named = node.get("mediaType").filter(|_| described).and_then(Node::as_str);
        let declared = response.and_then(|response| preferred(&response.content).into_iter().next());
        let media_type = named.map(str::to_owned).or_else(|| declared.map(|declared| declared.name.clone()));
        let schema = declared.and_then(|declared| declared.schema).map(|schema| self.definition.node(schema));
        let mut headers = response.map(|response| self.headers(&response.headers)).unwrap_or_default();
        for (name, value) in node.get("headers").filter(|_| described).into_iter().flat_map(Node::entries) {
            if let Some(value) = scalar_text(value).filter(|value| is_header(name, value)) {
                headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
                headers.push((name.to_owned(), value));
            }
        }
        let is_declared = named.is_none_or(|named| declared.is_some_and(|declared| declared.name == named));
        if let (Some(value), Some(body), Some(schema), true) = (&value, body, schema, is_declared)
            && (media_type.as_deref().is_some_and(encode::is_json) || !value.is_string())
            && !self.allows(value, schema)
        {
            let message =
                format!("the constant result of {} is not what the response's schema allows", self.api.name());
            let hint = "correct the body or the schema; a mock publish answers with the body";
            self.finding(rules::MOCK_MISMATCH, body, message, hint);
        }
        let encoded = value.as_ref().map(|value| {
            let by_default = if value.is_string() { "text/plain" } else { "application/json" };
            let media_type = media_type.as_deref().unwrap_or(by_default);
            encode::encode(media_type, value, schema, self.definition.specification)
        });
        Some(declared_result(None, None, value, status, headers, encoded))
    }

    fn response(&mut self, response: &Response) -> Vec<DeclaredResult> {
        let status = final_status(response.status);
        let headers = self.headers(&response.headers);
        let pattern = Some(response.status);
        if response.content.is_empty() || matches!(status, 204 | 205 | 304) {
            return vec![declared_result(pattern, None, None, status, headers, None)];
        }
        let mut results = Vec::new();
        for media_type in preferred(&response.content) {
            let schema = media_type.schema.map(|schema| self.definition.node(schema));
            for Body { example, value } in self.bodies(media_type) {
                let encoded = encode::encode(&media_type.name, &value, schema, self.definition.specification);
                let result = declared_result(pattern, example, Some(value), status, headers.clone(), Some(encoded));
                results.push(result);
            }
        }
        results
    }

    /// Lists the bodies of a media type: its examples, those that keep the schema first; else a built one.
    fn bodies(&mut self, media_type: &MediaType) -> Vec<Body> {
        let node = self.definition.node(media_type.node);
        let schema = media_type.schema.map(|schema| self.definition.node(schema));
        let mut fitting = Vec::new();
        let mut others = Vec::new();
        for (example, node) in examples(node) {
            let Some(value) = node.to_value(MOST_COPIED) else { continue };
            let value = self.meant(value, &media_type.name, schema);
            let schema = schema.filter(|_| encode::is_json(&media_type.name) || !value.is_string());
            if schema.is_none_or(|schema| self.allows(&value, schema)) {
                fitting.push(Body { example, value });
            } else {
                let message = format!("this example of {} is not what its schema allows", self.api.name());
                let hint = "correct the example or the schema; a mock publish answers with the example";
                self.finding(rules::EXAMPLE_MISMATCH, node, message, hint);
                others.push(Body { example, value });
            }
        }
        fitting.append(&mut others);
        if !fitting.is_empty() {
            return fitting;
        }
        let value = match schema {
            Some(schema) => match self.built(schema) {
                Ok(value) => value,
                Err(failure) => {
                    self.unbuilt(schema, failure);
                    return Vec::new();
                }
            },
            None if encode::is_json(&media_type.name) => Value::Object(serde_json::Map::new()),
            None => Value::String(String::new()),
        };
        vec![Body { example: None, value }]
    }

    fn built(&self, schema: Node<'d>) -> Result<Value, Failure> {
        self.sampler().build(schema)
    }

    fn allows(&self, value: &Value, schema: Node<'d>) -> bool {
        self.sampler().allows(value, schema)
    }

    fn sampler(&self) -> MutexGuard<'d, Sampler> {
        // What a panic left behind is at worst a value that is built again.
        self.definition.sampler.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an example that is JSON written as a text for what it means, where only that keeps the schema.
    fn meant(&mut self, value: Value, media_type: &str, schema: Option<Node<'d>>) -> Value {
        let Value::String(text) = &value else { return value };
        if !encode::is_json(media_type) || schema.is_some_and(|schema| self.allows(&value, schema)) {
            return value;
        }
        match serde_json::from_str::<Value>(text) {
            Ok(parsed) if parsed.is_object() || parsed.is_array() || schema.is_some() => parsed,
            _ => value,
        }
    }

    fn headers(&mut self, declared: &[Header]) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        for header in declared {
            let node = self.definition.node(header.node);
            let schema = header.schema.map(|schema| self.definition.node(schema));
            let example = examples(node).into_iter().find_map(|(_, example)| example.to_value(MOST_COPIED));
            let value = example.or_else(|| schema.and_then(|schema| self.built(schema).ok()));
            let text = value.map(|value| encode::simple(&value)).unwrap_or_default();
            if !text.is_empty() && is_header(&header.name, &text) {
                headers.push((header.name.clone(), text));
            }
        }
        headers
    }

    fn unbuilt(&mut self, schema: Node<'d>, failure: Failure) {
        let node = failure.node.map_or(schema, |node| self.definition.node(node));
        let message = format!("no result of {} can be built: this schema {}", self.api.name(), failure.reason);
        self.finding(rules::CONSTANT_RESULT, node, message, "give the response an `example`, or correct the schema");
    }

    fn finding(&mut self, rule: rules::Rule, node: Node<'_>, message: impl Into<String>, hint: &str) {
        self.findings.push(rule.finding(node.location(), message, hint));
    }
}

/// Returns the status that a value of `x-apigw-mock` names, where it is one of a final answer.
fn mock_status(node: Node<'_>) -> Option<u16> {
    let status = node.get("status").and_then(Node::as_number).and_then(serde_json::Number::as_u64);
    status.and_then(|status| u16::try_from(status).ok()).filter(|code| (200..=999).contains(code))
}

/// Says where a value of `x-apigw-mock` looks as if it meant another thing than it is taken for.
fn mock_doubt(node: Node<'_>, described: bool) -> Option<(Location, String)> {
    if described {
        let is_wrong = node.get("status").is_some() && mock_status(node).is_none();
        let message = "the `status` of `x-apigw-mock` is no code of an answer, and is not sent".to_owned();
        return is_wrong.then(|| (node.key_location("status"), message));
    }
    if let Some((name, _)) = node.entries().find(|(name, _)| !MOCK_FIELDS.contains(name)) {
        let near = nearest(name, MOCK_FIELDS).map(|near| format!("; did you mean {near:?}?"));
        let is_mixed = node.entries().any(|(name, _)| MOCK_FIELDS.contains(&name));
        let message = format!("`x-apigw-mock` has no field {name:?}, so that the whole value is taken as the body");
        return (is_mixed || near.is_some())
            .then(|| (node.key_location(name), format!("{message}{}", near.unwrap_or_default())));
    }
    let (name, _) = node.entries().next()?;
    let message = "`x-apigw-mock` has neither a `body` nor a `status` of an answer, so that the whole value is taken as \
                   the body";
    Some((node.key_location(name), message.to_owned()))
}

fn declared_result(
    response: Option<StatusPattern>,
    example: Option<String>,
    value: Option<Value>,
    status: u16,
    headers: Vec<(String, String)>,
    encoded: Option<Encoded>,
) -> DeclaredResult {
    let (media_type, body) = match encoded {
        Some(Encoded { media_type, bytes }) => (Some(media_type), Bytes::from(bytes)),
        None => (None, Bytes::new()),
    };
    DeclaredResult { response, example, value, result: ConstantResult { status, headers, media_type, body } }
}

/// Returns the status of an answer: an interim response cannot be the last word, so it is told with 200.
fn final_status(pattern: StatusPattern) -> u16 {
    match pattern.code() {
        code if code < 200 => 200,
        code => code,
    }
}

/// Lists the media types, JSON first, else in document order.
fn preferred(content: &[MediaType]) -> Vec<&MediaType> {
    let mut list: Vec<&MediaType> = content.iter().collect();
    list.sort_by_key(|media_type| !encode::is_json(&media_type.name));
    list
}

/// Lists the examples of a Media Type, Parameter or Header Object, with their names.
fn examples(node: Node<'_>) -> Vec<(Option<String>, Node<'_>)> {
    let mut list: Vec<(Option<String>, Node<'_>)> =
        node.get("example").map(|example| (None, example)).into_iter().collect();
    if let Some(named) = node.get("examples") {
        list.extend(named.items().map(|value| (None, value)));
        let values = named.entries().filter_map(|(name, example)| Some((name, example.resolve()?.get("value")?)));
        list.extend(values.map(|(name, value)| (Some(name.to_owned()), value)));
    }
    list
}

/// Tells whether a header can be sent as it is.
fn is_header(name: &str, value: &str) -> bool {
    http::HeaderName::from_bytes(name.as_bytes()).is_ok_and(|name| !FRAMING.contains(&name.as_str()))
        && http::HeaderValue::from_str(value).is_ok()
}
