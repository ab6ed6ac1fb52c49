//! The results that an API declares.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use crate::definition::api::{Api, Response, StatusPattern};
use crate::model::Finding;

/// A response that is always the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConstantResult {
    /// The status code, from 200 to 599.
    pub status: u16,
    /// The headers, without those that frame or describe the body.
    pub headers: Vec<(String, String)>,
    /// The media type of the body, if there is one.
    pub media_type: Option<String>,
    /// The range that the media type was taken from, like `*/*`; `None` where it is declared itself.
    pub media_range: Option<String>,
    /// The body.
    pub body: Bytes,
}

/// One of the results that an API declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredResult {
    /// The response that it belongs to; `None` for `x-apigw-mock`.
    pub response: Option<StatusPattern>,
    /// The name of its example, if it is one of several.
    pub example: Option<String>,
    /// The value of the body before serialization, if there is a body.
    pub value: Option<Arc<Value>>,
    /// The result.
    pub result: ConstantResult,
}

/// The results of one API.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiResults {
    /// All results: the constant one first, if any, then those of the lowest 2xx, and so on.
    pub declared: Vec<DeclaredResult>,
    /// Findings about results that could not be built, and about examples that contradict their schema.
    pub findings: Vec<Finding>,
    /// True if results are missing because the budget was exceeded, which a finding reports.
    pub is_cut: bool,
    pub(super) constant_status: Option<u16>,
}

impl ApiResults {
    /// Returns the status of the mock response, which is known even if the results were dropped.
    #[must_use]
    pub fn constant_status(&self) -> Option<u16> {
        self.constant_status
    }

    /// Returns the mock response; `None` if the API declares none.
    #[must_use]
    pub fn constant(&self) -> Option<&ConstantResult> {
        self.declared.first().filter(|_| self.constant_status.is_some()).map(|first| &first.result)
    }
}

/// True if a response of a status has no body (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5).
#[must_use]
pub fn is_bodiless(status: u16) -> bool {
    matches!(status, 204 | 205 | 304)
}

/// True if all responses that an API declares are interim ones, which end no request (RFC 9110, section 15.2).
pub(super) fn are_interim(api: &Api) -> bool {
    !api.responses.is_empty() && api.responses.iter().all(|response| response.status.code() < 200)
}

/// Sorts responses: the lowest 2xx first, then the default, then the others. Interim ones are left out, and so are
/// those whose codes are none of HTTP's (RFC 9110, section 15).
pub(super) fn in_order(api: &Api) -> Vec<&Response> {
    let is_final = |response: &&Response| (200..600).contains(&response.status.code());
    let mut responses: Vec<&Response> = api.responses.iter().filter(is_final).collect();
    responses.sort_by_key(|response| match response.status {
        StatusPattern::Code(code) if (200..300).contains(&code) => (0, code),
        StatusPattern::Class(2) => (1, 0),
        StatusPattern::Default => (2, 0),
        other => (3, other.code()),
    });
    responses
}

/// Lists the responses eligible for the constant result, in order.
///
/// If a 2xx response is declared, no other response is eligible: a mock that responds with an error because the schema
/// of the success is wrong would mislead callers. The same holds for the default.
pub(super) fn constant_responses(api: &Api) -> Vec<&Response> {
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
