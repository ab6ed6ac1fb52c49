//! Constant results, the mock responses of APIs.
//!
//! Authors can set the result with `x-apigw-mock` on an operation, or on a path item for all its operations. The value
//! is an object with at least one of `body` and `status`, optionally `headers` and `mediaType`, and no other field; any
//! other value is the body itself. Missing fields are taken from the response that would be used without the extension.
//!
//! The results of a definition are built together within one [`budget`], since small files can demand much work by
//! referencing one example a thousand times or by requiring long lists. Results beyond the budget are not built, which
//! a finding reports. The constant results are built first, then those that callers select explicitly.

mod budget;
mod builder;
mod mock;
mod values;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::api::{Api, Definition, Response, StatusPattern};
use crate::model::Finding;

pub(super) use budget::ResultBudget;
use builder::Builder;

/// A response that is always the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConstantResult {
    /// The status code, at least 200.
    pub status: u16,
    /// The headers, without those that frame or describe the body.
    pub headers: Vec<(String, String)>,
    /// The media type of the body, if there is one.
    pub media_type: Option<String>,
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
    constant_status: Option<u16>,
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

/// Builds the results of all APIs, in order.
pub(super) fn build(definition: &Definition, budget: ResultBudget) -> Vec<ApiResults> {
    build_and(definition, budget, |_| {})
}

/// Builds the results of all APIs for their findings, dropping each result at once to save memory.
pub(super) fn try_out(definition: &Definition, budget: ResultBudget) -> Vec<ApiResults> {
    build_and(definition, budget, |results| results.declared = Vec::new())
}

/// Builds the results of all APIs, and calls `then` with those of each API as they are built.
fn build_and(definition: &Definition, budget: ResultBudget, then: impl Fn(&mut ApiResults)) -> Vec<ApiResults> {
    let mut builder = Builder::new(definition, budget);
    let then = |mut results: ApiResults| {
        then(&mut results);
        results
    };
    // The default mock responses precede those that callers must select.
    let constant = definition.apis.iter().map(|api| {
        let (results, tried) = builder.constant(api, usize::MAX);
        (then(results), tried)
    });
    let constant: Vec<_> = constant.collect();
    let all = definition.apis.iter().zip(constant);
    all.map(|(api, (results, tried))| then(builder.others(api, results, tried))).collect()
}

/// Builds the constant result of one API, identical to that among the results of all.
///
/// The budget is shared by the whole definition and consumed in order, so the constant results of the APIs before this
/// one are built too. Nothing after it is built.
pub(super) fn constant(definition: &Definition, api: &Api, budget: ResultBudget) -> ApiResults {
    let mut builder = Builder::new(definition, budget);
    for before in definition.apis.iter().take_while(|before| !std::ptr::eq(*before, api)) {
        builder.constant(before, usize::MAX);
    }
    builder.constant(api, 1).0
}

/// Sorts responses: the lowest 2xx first, then the default, then the others, interim ones last.
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

/// Lists the responses eligible for the constant result, in order.
///
/// If a 2xx response is declared, no other response is eligible: a mock that responds with an error because the schema
/// of the success is wrong would mislead callers. The same holds for the default.
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
