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
pub(super) mod declared;
mod headers;
mod mock;
mod values;

use super::api::{Api, Definition};

pub(super) use budget::ResultBudget;
use builder::Builder;
use declared::ApiResults;

impl Definition {
    /// Builds the results of all APIs, in order: one for each response, media type and named example.
    ///
    /// The first result of an API is its mock response: `x-apigw-mock` if given, else the lowest 2xx response (else
    /// `default`, else the lowest of any), with its example or a value generated from its schema. The same definition
    /// always yields the same bytes.
    #[must_use]
    pub fn results(&self) -> Vec<ApiResults> {
        build(self, ResultBudget::USUAL)
    }

    /// Builds the [`results`](Self::results) of all APIs for their findings, without keeping any of them.
    #[must_use]
    pub fn try_results(&self) -> Vec<ApiResults> {
        try_out(self, ResultBudget::USUAL)
    }

    /// Builds the constant result of one API, and of the other APIs only as much as is needed for the shared budget.
    ///
    /// The result equals the constant one of this API in [`results`](Self::results).
    #[must_use]
    pub fn constant_result(&self, api: &Api) -> ApiResults {
        constant(self, api, ResultBudget::USUAL)
    }
}

/// Builds the results of all APIs, in order.
pub(super) fn build(definition: &Definition, budget: ResultBudget) -> Vec<ApiResults> {
    build_and(definition, budget, |_| {})
}

/// Builds the results of all APIs for their findings, dropping each result at once to save memory.
fn try_out(definition: &Definition, budget: ResultBudget) -> Vec<ApiResults> {
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
