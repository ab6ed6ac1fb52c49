//! The constant result: what a mock publish of an API answers.
//!
//! An author decides with `x-apigw-mock` on an operation, or on a path item for all its operations. Its
//! value is an object with any of `status`, `headers`, `mediaType` and `body` and no other field, with at
//! least a `body` or a `status`; or anything else, which is then the body itself. What it leaves out comes
//! from the response that would be taken without it.
//!
//! The results of a definition are built together, within one [`budget`]: small files can ask for a lot, by naming
//! one example a thousand times or by asking for long lists. What is past the budget is not built, which a finding
//! says. The constant results come first, then what callers can ask for.

mod budget;
mod builder;
mod mock;
mod values;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::api::{Api, Definition, Response, StatusPattern};
use crate::model::Finding;

pub(super) use budget::Budget;
use builder::Builder;

/// An answer that is always the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    pub value: Option<Arc<Value>>,
    /// The answer.
    pub result: ConstantResult,
}

/// The results of one API.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiResults {
    /// All that are built: the constant one first, where there is one, then those of the lowest 2xx, and so on.
    pub declared: Vec<DeclaredResult>,
    /// What stood in the way of building them, and examples that contradict their schema.
    pub findings: Vec<Finding>,
    /// Whether some are not built because those of the whole definition cost too much; a finding says so.
    pub is_cut: bool,
    constant_status: Option<u16>,
}

impl ApiResults {
    /// Returns the status that a mock publish answers with, also where the results themselves were let go.
    #[must_use]
    pub fn constant_status(&self) -> Option<u16> {
        self.constant_status
    }

    /// Returns what a mock publish answers, where the API declares something to answer.
    #[must_use]
    pub fn constant(&self) -> Option<&ConstantResult> {
        self.declared.first().filter(|_| self.constant_status.is_some()).map(|first| &first.result)
    }
}

/// Builds the results of all APIs, in their order.
pub(super) fn build(definition: &Definition, budget: Budget) -> Vec<ApiResults> {
    build_and(definition, budget, |_| {})
}

/// Builds the results of all APIs and lets each go at once: what is left says what stood in the way.
pub(super) fn try_out(definition: &Definition, budget: Budget) -> Vec<ApiResults> {
    build_and(definition, budget, |results| results.declared = Vec::new())
}

/// Builds the results of all APIs, and does something with those of each as soon as some are built.
fn build_and(definition: &Definition, budget: Budget, then: impl Fn(&mut ApiResults)) -> Vec<ApiResults> {
    let mut builder = Builder::new(definition, budget);
    let then = |mut results: ApiResults| {
        then(&mut results);
        results
    };
    // What a mock answers unasked comes before what has to be asked for.
    let constant = definition.apis.iter().map(|api| {
        let (results, tried) = builder.constant(api, usize::MAX);
        (then(results), tried)
    });
    let constant: Vec<_> = constant.collect();
    let all = definition.apis.iter().zip(constant);
    all.map(|(api, (results, tried))| then(builder.others(api, results, tried))).collect()
}

/// Builds the constant result of one API: the same bytes as among the results of all.
///
/// The budget is one for the whole definition, and what it is spent on comes in order: the constant results of the APIs
/// before this one decide whether it is built. They are built too, and nothing that comes later is.
pub(super) fn constant(definition: &Definition, api: &Api, budget: Budget) -> ApiResults {
    let mut builder = Builder::new(definition, budget);
    for before in definition.apis.iter().take_while(|before| !std::ptr::eq(*before, api)) {
        builder.constant(before, usize::MAX);
    }
    builder.constant(api, 1).0
}

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
/// They are the first of those in order. Where a 2xx response is declared, no other one stands in for it: a mock that
/// answers with an error because the schema of the success is wrong would mislead whoever calls it. The same holds for
/// the default.
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
