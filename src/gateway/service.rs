//! One request from its head to its response.
//!
//! [`handle`] takes the steps of a request in their order, each a function of its own:
//!
//! 1. `check_head`: one host, one reading of the path, an expectation that can be met;
//! 2. `find_path`, `match_api_of`: host and path, then the method;
//! 3. `check_address`: the IP rules;
//! 4. `check_access`: the key of the caller and its grant;
//! 5. `check_limits_of_head`: the rate limits;
//! 6. `check_body_size`: the declared length; `request_body` counts the rest;
//! 7. `check_without_body` or, once the body is there, `receive_body`: the parameters and the body, against the
//!    definition where the group asks for it;
//! 8. `mock_response`, or `forward_request` and `check_response`.
//!
//! On a connection of a proxy that asks for a verdict, `authorize` responds after the sixth; where the
//! body is signed, once it was received and verified.
//!
//! A request that needs no wait is decided on the spot, from the current snapshot, without a lock or a copy of it; one
//! that has to wait takes its group along, so that it is served by the snapshot of its start, whatever is published
//! meanwhile. Where its response lasts, it goes on only as long as it would be let in by the current one
//! (`ongoing_call`).
//!
//! `respond` has the last two. `exchange` writes responses, and sees to it that each is counted and logged
//! (`request_record`).

mod authorize;
pub(crate) mod context;
mod exchange;
mod lookup;
mod ongoing_call;
pub(crate) mod payload;
pub(crate) mod request_record;
mod respond;
mod response_check;
mod waiting_request;

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, EXPECT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body::Body as _;

use context::{ClientConnection, Context};
use exchange::{Exchange, PartialMatch, ResponseOutcome, leave_body, mock_response};
use lookup::{FoundPath, check_address, find_path, match_api_of};
use payload::ResponsePayload;
use waiting_request::{WaitingRequest, api_call};

use super::access::{AdmittedCaller, CallerCheck};
use super::compiled::{AccessRule, CompiledApi, CompiledGroup, CompiledResponder, CompiledSnapshot};
use super::http2_fields::join_cookies;
use super::problem::{Kind, Problem};
use super::rate_limits::AppliedLimit;
use super::request_body::IncomingBody;
use super::request_head::{check_head, unreadable_header_block};
use crate::definition::percent::one_spelling;
use crate::model::KeyName;
use crate::routes::problem::{allowed_methods, large_body};

/// Responds to a request.
pub(crate) async fn handle(
    context: Rc<Context>,
    client: Rc<ClientConnection>,
    mut parts: Parts,
    body: IncomingBody,
) -> Response<ResponsePayload> {
    join_cookies(&mut parts.headers);
    let described = client.is_authorizer().then(|| authorize::described_target(&parts));
    if let Some(Some(target)) = &described {
        parts.uri.clone_from(target);
    }
    let mut exchange = Exchange::begin(Rc::clone(&context), Rc::clone(&client), &parts);
    let decided = if !client.is_trusted() {
        RequestDecision::Respond(exchange.refuse(&Problem::new(Kind::Forbidden, UNTRUSTED_PROXY).closing(), None))
    } else if described == Some(None) {
        RequestDecision::Respond(exchange.refuse(&Problem::new(Kind::NotFound, NO_DESCRIPTION).closing(), None))
    } else {
        let snapshot = context.shared.snapshot.load();
        exchange.decide(&snapshot, &parts, &body)
    };
    let version = parts.version;
    let mut response = match decided {
        RequestDecision::Respond(mut response) => {
            if !body.is_end_stream() {
                let expects = parts.headers.contains_key(EXPECT);
                Box::pin(leave_body(&client.watch, body, expects, &mut response)).await;
            }
            context.keep_headers(parts.headers);
            response
        }
        RequestDecision::Wait(wait) => Box::pin(exchange.wait(wait, parts, body)).await,
    };
    if version == Version::HTTP_10 {
        end_connection_of_http_1_0(&mut response);
    }
    response
}

/// Says on HTTP/1.0 that the connection ends with a response which has no length, since there are no chunks, or which
/// ends it anyway: hyper would promise to keep it, too.
fn end_connection_of_http_1_0(response: &mut Response<ResponsePayload>) {
    let has_length = response.body().is_end_stream() || response.body().size_hint().exact().is_some();
    if has_length && !response.headers().contains_key(CONNECTION) {
        return;
    }
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    // hyper adds "keep-alive" to a response of HTTP/1.1 alone.
    *response.version_mut() = Version::HTTP_10;
}

/// Counts and writes down a request that hyper has refused, before a head could be made of it.
pub(crate) fn note_refused(context: Rc<Context>, client: Rc<ClientConnection>, status: StatusCode, reason: String) {
    let (parts, ()) = Request::new(()).into_parts();
    let mut exchange = Exchange::begin(context, client, &parts);
    if let Some(entry) = &mut exchange.entry {
        entry.path.clear();
        entry.method = Method::from_bytes(b"-").unwrap_or_default();
    }
    let mut outcome = ResponseOutcome::bytes(status, HeaderMap::new(), Bytes::new());
    outcome.error = Some(reason);
    exchange.finish(outcome, None);
}

const NO_DESCRIPTION: &str = "Requests are described below the path /-/authorize.";
const UNTRUSTED_PROXY: &str = "The certificate of this proxy has expired, or is not trusted any more.";
const OTHER_ENVIRONMENT: &str = "The certificate of this proxy does not name the environment of the request.";

/// Decision about a request.
enum RequestDecision {
    Respond(Response<ResponsePayload>),
    Wait(Box<WaitingRequest>),
}

impl Exchange {
    /// Decides about a request from its head alone.
    fn decide(&mut self, snapshot: &CompiledSnapshot, parts: &Parts, body: &IncomingBody) -> RequestDecision {
        let watch = &self.client.watch;
        let checked = if watch.is_distrusted() { Err(unreadable_header_block()) } else { Ok(()) };
        let checked =
            checked.and_then(|()| check_head(parts, !body.is_end_stream(), |authority| watch.host(authority)));
        let head = match checked {
            Ok(head) => head,
            Err(problem) => return RequestDecision::Respond(self.refuse(&problem.closing(), None)),
        };
        if let Some(entry) = &mut self.entry {
            head.host.name().clone_into(&mut entry.host);
        }
        // The same spelling is routed and forwarded, so that an encoded letter leads to no other API than a plain one.
        let path = one_spelling(parts.uri.path());
        let decided = match find_path(snapshot, &head, &path) {
            Ok(found) if !self.client.may_ask_about(&found.group.environment) => {
                let problem = Problem::new(Kind::Forbidden, OTHER_ENVIRONMENT);
                Err(self.refuse(&problem, None))
            }
            Ok(found) => self.take_steps(&found, parts, body).map_err(|(problem, at)| self.refuse(&problem, Some(at))),
            Err(problem) => Err(self.refuse(&problem, None)),
        };
        decided.unwrap_or_else(RequestDecision::Respond)
    }

    /// Takes steps 2 to 6 for a request whose path is known, and responds if its head alone decides.
    fn take_steps<'s>(
        &mut self,
        found: &FoundPath<'s, '_>,
        parts: &'s Parts,
        body: &IncomingBody,
    ) -> Result<RequestDecision, (Problem, PartialMatch<'s>)> {
        let group: &'s CompiledGroup = found.group;
        let at = PartialMatch { group, api: None, headers: &parts.headers };
        let Some((index, api)) = match_api_of(found, parts).map_err(|problem| (problem, at))? else {
            return self.respond_without_api(found, parts, at);
        };
        let at = PartialMatch { api: Some(api), ..at };
        if let Some(entry) = &mut self.entry {
            entry.found(group, Some(api));
        }
        let address = || self.client.address(&self.context.shared.config.trusted_proxies, &parts.headers);
        check_address(group, address).map_err(|problem| (problem, at))?;
        let caller = self.check_access(group, api, parts, body).map_err(|problem| (problem, at))?;
        self.check_limits_of_head(group, caller.as_ref()).map_err(|problem| (problem, at))?;
        let body_limit = self.check_body_size(group, body).map_err(|problem| (problem, at))?;
        if self.client.is_authorizer() && !matches!(caller, Some(CallerCheck::AfterBody)) {
            let passed = match (&api.access, &caller) {
                (AccessRule::Key(rules), Some(CallerCheck::Passed(caller))) => Some((rules, caller.key.as_ref())),
                _ => None,
            };
            let outcome = authorize::allowed(passed, &parts.headers, group.passes_credentials());
            return Ok(RequestDecision::Respond(self.finish(outcome, Some(at))));
        }
        let texts = &found.found.parameters;
        if matches!(group.responder, CompiledResponder::Mock) && body.is_end_stream() {
            let outcome = check_without_body(group, api, parts, texts);
            let outcome = outcome.and_then(|()| mock_response(&self.context, api, at.headers));
            return outcome
                .map(|outcome| RequestDecision::Respond(self.finish(outcome, Some(at))))
                .map_err(|problem| (problem, at));
        }
        Ok(RequestDecision::Wait(Box::new(WaitingRequest {
            context: Rc::clone(&self.context),
            group: Arc::clone(found.group),
            api: index,
            head: found.head.clone(),
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            address: self.client.address(&self.context.shared.config.trusted_proxies, &parts.headers),
            path: found.path.to_owned(),
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            body_limit,
            caller,
            signed_caller: OnceCell::new(),
        })))
    }

    /// Responds to a request for a path that declares nothing for its method: `OPTIONS` itself, all others with 405.
    fn respond_without_api<'s>(
        &mut self,
        found: &FoundPath<'s, '_>,
        parts: &Parts,
        at: PartialMatch<'s>,
    ) -> Result<RequestDecision, (Problem, PartialMatch<'s>)> {
        let allow = &found.found.entry.allow;
        if let Some(entry) = &mut self.entry {
            entry.found(found.group, None);
        }
        if parts.method != Method::OPTIONS {
            let mut problem = Problem::new(Kind::MethodNotAllowed, allowed_methods(allow));
            problem.allow = Some(allow.clone());
            return Err((problem, at));
        }
        let mut headers = HeaderMap::with_capacity(4);
        if let Ok(allow) = allow.parse() {
            headers.insert(ALLOW, allow);
        }
        if let Some(cors) = &at.group.cors {
            cors.preflight(at.headers, &mut headers);
        }
        let outcome = ResponseOutcome::bytes(StatusCode::NO_CONTENT, headers, Bytes::new());
        Ok(RequestDecision::Respond(self.finish(outcome, None)))
    }

    /// Has a request counted and logged under its key.
    pub(super) fn note_caller(&mut self, key: &KeyName) {
        self.key_meter = Some(self.context.shared.key_meters.get(key));
        if let Some(entry) = &mut self.entry {
            key.as_str().clone_into(&mut entry.key);
        }
    }

    /// Counts a request against the limits, unless the caller is known only after the body.
    fn check_limits_of_head(&mut self, group: &CompiledGroup, caller: Option<&CallerCheck>) -> Result<(), Problem> {
        match caller {
            Some(CallerCheck::AfterBody) => Ok(()),
            Some(CallerCheck::Passed(caller)) => self.check_limits(group, &caller.limits),
            None => self.check_limits(group, &[]),
        }
    }

    /// Counts a request against the limits of the caller and of the group, or refuses it.
    pub(super) fn check_limits(&mut self, group: &CompiledGroup, caller: &[AppliedLimit]) -> Result<(), Problem> {
        let limiter = self.context.shared.access.limiter();
        let Some(verdict) = limiter.admit(caller.iter().chain(&*group.rate_limits)) else { return Ok(()) };
        self.rate_limits = Some(Box::new(verdict.fields));
        verdict.refusal.map_or(Ok(()), Err)
    }

    /// Checks the key and its grant, as far as the head allows: a signed body must be complete first.
    fn check_access(
        &mut self,
        group: &CompiledGroup,
        api: &CompiledApi,
        parts: &Parts,
        body: &IncomingBody,
    ) -> Result<Option<CallerCheck>, Problem> {
        let rules = match &api.access {
            AccessRule::Anyone => return Ok(None),
            AccessRule::Presence(credentials) => {
                return credentials.check(parts.uri.query(), &parts.headers).map(|()| None);
            }
            AccessRule::Key(rules) => rules,
        };
        let names = [&*api.name, &*api.method_and_path];
        let call = api_call(group, &names);
        let check = self.context.shared.access.check_head(rules, &call, parts, !body.is_end_stream())?;
        if let CallerCheck::Passed(AdmittedCaller { key: Some(key), .. }) = &check {
            self.note_caller(key);
        }
        Ok(Some(check))
    }

    /// Refuses a request whose declared length is above the limit, and returns the limit, which the body is counted
    /// against.
    fn check_body_size(&self, group: &CompiledGroup, body: &IncomingBody) -> Result<u64, Problem> {
        let limit = group.max_body.unwrap_or(self.context.shared.config.limits.body_bytes);
        if body.size_hint().lower() > limit {
            return Err(Problem::new(Kind::BodyTooLarge, large_body(limit)).closing());
        }
        Ok(limit)
    }
}

fn check_without_body(group: &CompiledGroup, api: &CompiledApi, parts: &Parts, texts: &[&str]) -> Result<(), Problem> {
    let Some(rules) = group.rules(api) else { return Ok(()) };
    let parameters = api.path.named(texts, parts.uri.query()).unwrap_or_default();
    rules.check_parameters(&parameters, parts.uri.query(), &parts.headers)?;
    rules.check_body(&parts.headers, &Bytes::new())
}
