//! The constant result: what a mock publish of an API answers.

use bytes::Bytes;
use serde_json::Value;

use super::api::{Api, Definition, MediaType, Response, StatusPattern};
use super::document::Node;
use crate::model::Finding;

/// An answer that is always the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConstantResult {
    /// The status code.
    pub status: u16,
    /// The headers that the response declares, without `Content-Type`.
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
    /// The answer.
    pub result: ConstantResult,
}

pub(super) fn constant_result(definition: &Definition, api: &Api) -> Option<ConstantResult> {
    results(definition, api).into_iter().next().map(|declared| declared.result)
}

/// Builds all results; the constant one first.
pub(super) fn results(definition: &Definition, api: &Api) -> Vec<DeclaredResult> {
    let mut responses: Vec<&Response> = api.responses.iter().collect();
    responses.sort_by_key(|response| match response.status {
        StatusPattern::Code(code) if (200..300).contains(&code) => (0, code),
        StatusPattern::Class(2) => (1, 0),
        StatusPattern::Default => (2, 0),
        other => (3, other.code()),
    });
    let mut results = Vec::new();
    for response in responses {
        let status = response.status.code();
        if response.content.is_empty() {
            let result = ConstantResult { status, headers: Vec::new(), media_type: None, body: Bytes::new() };
            results.push(DeclaredResult { response: Some(response.status), example: None, result });
        }
        for media_type in &response.content {
            for (example, value) in examples(definition, media_type) {
                let body = Bytes::from(value.to_string());
                let media_type = Some(media_type.name.clone());
                let result = ConstantResult { status, headers: Vec::new(), media_type, body };
                results.push(DeclaredResult { response: Some(response.status), example, result });
            }
        }
    }
    results
}

pub(super) fn findings(_definition: &Definition, _api: &Api) -> Vec<Finding> {
    Vec::new()
}

fn examples(definition: &Definition, media_type: &MediaType) -> Vec<(Option<String>, Value)> {
    let node = definition.node(media_type.node);
    let copied = |node: Node<'_>| node.to_value(100_000);
    if let Some(value) = node.get("example").and_then(copied) {
        return vec![(None, value)];
    }
    let named = node.get("examples").into_iter().flat_map(Node::entries);
    let values = named
        .filter_map(|(name, example)| Some((Some(name.to_owned()), example.resolve()?.get("value").and_then(copied)?)));
    values.collect()
}
