//! Has the response of a real backend checked against the definition, where the group asks for it.

use crate::gateway::compiled::{CompiledApi, CompiledGroup};
use crate::gateway::meter::ResponseCheck;
use crate::gateway::problem::{Kind, Problem};
use crate::gateway::upstream::forward::{Failed, UpstreamResponse};
use crate::gateway::validate_response::is_plain;
use crate::model::ResponseValidation;

/// Larger bodies are passed on without a look, in bytes.
const MOST_CHECKED: usize = 1 << 20;

/// Checks a response, counts it, and returns the fault for the log; fails with it where the group asks for that.
pub(super) async fn check_response(
    group: &CompiledGroup,
    api: &CompiledApi,
    response: &mut UpstreamResponse,
    is_head: bool,
) -> Result<String, Failed> {
    let Some(rules) = group.response_rules(api) else { return Ok(String::new()) };
    let (status, headers) = (response.status, &response.headers);
    let reads_body = !is_head && rules.reads_body(status, headers);
    let body =
        if reads_body && is_plain(headers) {
            response.relay.read_ahead(MOST_CHECKED).await.map_err(|error| {
                Failed::new(Kind::BadGateway, "The backend broke off its response.", error.to_string())
            })?
        } else {
            None
        };
    let violations = rules.check(status, headers, body.as_ref());
    let check = match (violations.is_empty(), reads_body, &body) {
        (false, ..) => ResponseCheck::Invalid,
        (true, true, None) => ResponseCheck::Unchecked,
        (true, ..) => ResponseCheck::Valid,
    };
    api.meter.count_response(check);
    if violations.is_empty() {
        return Ok(String::new());
    }
    let mut problem = Problem::new(Kind::InvalidResponse, "The backend's response does not follow the definition.");
    problem.violations = violations;
    if group.validate_responses == ResponseValidation::Fail { Err(problem.into()) } else { Ok(problem.reason()) }
}
