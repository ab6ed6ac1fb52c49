//! Has the response of a real backend checked against the definition, where the group asks for it.

use http::header::{ACCEPT_ENCODING, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::definition::is_bodiless;
use crate::gateway::compiled::{CompiledApi, CompiledGroup};
use crate::gateway::meter::ResponseCheck;
use crate::gateway::problem::{Kind, Problem};
use crate::gateway::upstream::failure::UpstreamFailure;
use crate::gateway::upstream::forward::UpstreamResponse;
use crate::gateway::validate_response::{BodyUse, ResponseBody, ResponseVerdict, is_plain};
use crate::model::ResponseValidation;

/// Larger bodies are passed on without a look, in bytes.
const MOST_CHECKED: usize = 1 << 20;

/// Parts of a request that decide which responses it may have.
pub(super) struct RequestTraits {
    is_head: bool,
    is_conditional: bool,
    asks_range: bool,
}

impl RequestTraits {
    pub(super) fn of(parts: &Parts) -> Self {
        let has_any =
            |headers: &HeaderMap, names: &[http::HeaderName]| names.iter().any(|name| headers.contains_key(name));
        let conditions = [IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE, IF_RANGE];
        Self {
            is_head: parts.method == Method::HEAD,
            is_conditional: has_any(&parts.headers, &conditions),
            asks_range: has_any(&parts.headers, &[RANGE]),
        }
    }

    /// True if it is a status of HTTP itself for a precondition or a range (RFC 9110, sections 13 and 14).
    /// Definitions seldom declare it, and it says nothing of the API.
    fn explains(&self, status: StatusCode) -> bool {
        match status {
            StatusCode::NOT_MODIFIED | StatusCode::PRECONDITION_FAILED => self.is_conditional,
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => self.asks_range,
            _ => false,
        }
    }
}

/// Has a request ask for a response that can be checked, where the group insists on that: no caller may choose one that
/// is compressed, or a part. A range may be ignored (RFC 9110, section 14.2).
pub(super) fn ask_for_whole(group: &CompiledGroup, api: &CompiledApi, headers: &mut HeaderMap) {
    let Some(rules) = group.response_rules(api) else { return };
    if group.validate_responses != ResponseValidation::Fail {
        return;
    }
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if rules.read_bodies_with_parts() {
        headers.remove(RANGE);
        headers.remove(IF_RANGE);
    }
}

/// Checks a response, counts it, and returns the fault, if it has one, for the log; fails with it where the group asks
/// for that.
pub(super) async fn check_response(
    group: &CompiledGroup,
    api: &CompiledApi,
    response: &mut UpstreamResponse,
    request: Option<&RequestTraits>,
) -> Result<Option<String>, UpstreamFailure> {
    let Some((rules, request)) = group.response_rules(api).zip(request) else { return Ok(None) };
    let (status, headers) = (response.status, &response.headers);
    let has_body = !request.is_head && !is_bodiless(status.as_u16());
    if request.explains(status) && !rules.declares(status) {
        // A part of a body is not compared with the schema of the whole.
        let is_part = status == StatusCode::PARTIAL_CONTENT && has_body;
        let is_unread = is_part && rules.body_use(StatusCode::OK, headers) != BodyUse::Any;
        api.meter.count_response(if is_unread { ResponseCheck::Unchecked } else { ResponseCheck::Valid });
        return Ok(None);
    }
    let body_use = if has_body { rules.body_use(status, headers) } else { BodyUse::Any };
    let is_sized = response.relay.size_hint().exact().is_some();
    let bytes_ahead = match body_use {
        BodyUse::Presence => Some(0),
        BodyUse::Whole => Some(MOST_CHECKED).filter(|_| is_plain(headers)),
        BodyUse::WholeIfSized => Some(MOST_CHECKED).filter(|_| is_sized && is_plain(headers)),
        BodyUse::Any | BodyUse::Unreadable => None,
    };
    let body = match bytes_ahead {
        Some(most) => response.relay.read_ahead(most).await,
        None => None,
    };
    // Where faults are only logged, it is passed on as far as it came.
    if group.validate_responses == ResponseValidation::Fail
        && let Some(fault) = response.relay.take_fault_ahead()
    {
        return Err(UpstreamFailure::new(Kind::BadGateway, "The backend's response ended early.", fault.to_string()));
    }
    let checked = match &body {
        _ if !has_body => ResponseBody::Absent,
        Some(bytes) => ResponseBody::Whole(bytes),
        None => ResponseBody::Unread,
    };
    let ResponseVerdict { violations, is_open } = rules.check(status, headers, checked);
    let is_unread = body_use != BodyUse::Any && body.is_none();
    let check = if !violations.is_empty() {
        ResponseCheck::Invalid
    } else if is_unread || is_open {
        ResponseCheck::Unchecked
    } else {
        ResponseCheck::Valid
    };
    api.meter.count_response(check);
    if violations.is_empty() {
        return Ok(None);
    }
    let mut problem = Problem::new(Kind::InvalidResponse, "The backend's response does not follow the definition.");
    problem.violations = violations;
    if group.validate_responses == ResponseValidation::Fail { Err(problem.into()) } else { Ok(Some(problem.reason())) }
}
