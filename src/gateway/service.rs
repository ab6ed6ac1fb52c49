//! One request from its head to its answer.
//!
//! [`handle`] reads as the request's way: refused? whose? which API? may it? then what answers. What needs no wait
//! is decided on the spot, from what is served at that moment, without a lock and without a copy of it; what needs
//! one takes its group along, so that it is answered by what was live when it came, whatever is published meanwhile.

mod exchange;
mod response_check;

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ALLOW, CONNECTION, EXPECT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt as _;

use exchange::{At, Exchange, Outcome, OutcomeBody};
use response_check::check_response;

use super::body::{BodyFault, Incoming, Pace, Payload, Progress, RequestBody};
use super::compiled::{AccessRule, Answer, CompiledApi, CompiledGroup, CompiledSnapshot};
use super::problem::{Kind, Problem};
use super::request_head::{CheckedHead, ambiguous_path, check_head, malformed_header_block};
use super::routing::host::Host;
use super::routing::hosts::Lookup;
use super::routing::table::{Found, PickedRoute};
use super::server::watch::Watch;
use super::server::worker::Worker;
use super::telemetry::record::Answerer;
use super::upstream::forward::{Call, Failed, forward, wants_websocket};
use super::upstream::websocket::{Upgraded, upgrade};
use crate::definition::percent::one_spelling;

/// Answers a request.
pub(crate) async fn handle(worker: Rc<Worker>, watch: Rc<Watch>, parts: Parts, body: Incoming) -> Response<Payload> {
    let mut exchange = Exchange::begin(Rc::clone(&worker), Rc::clone(&watch), &parts);
    let decided = {
        let snapshot = worker.shared.snapshot.load();
        exchange.decide(&snapshot, &parts, &body)
    };
    match decided {
        Decision::Answer(mut response) => {
            if !body.is_end_stream() {
                Box::pin(leave_body(&watch, body, parts.headers.contains_key(EXPECT), &mut response)).await;
            }
            worker.keep_headers(parts.headers);
            response
        }
        Decision::Wait(wait) => Box::pin(exchange.wait(*wait, parts, body)).await,
    }
}

/// Counts and writes down a request that hyper has refused, before a head could be made of it.
pub(crate) fn note_refused(worker: Rc<Worker>, watch: Rc<Watch>, status: StatusCode, reason: String) {
    let (parts, ()) = Request::new(()).into_parts();
    let mut exchange = Exchange::begin(worker, watch, &parts);
    if let Some(entry) = &mut exchange.entry {
        entry.path.clear();
        entry.method = Method::from_bytes(b"-").unwrap_or_default();
    }
    let mut outcome = Outcome::bytes(status, HeaderMap::new(), Bytes::new());
    outcome.error = reason;
    exchange.finish(outcome, None);
}

/// Sees to it that a body that nobody has read is not taken for a request: it is skipped where all of it has come, else the
/// connection is closed, and the response says so (RFC 9112, section 9.3). A client that waits for `100 Continue` is not told
/// to go on.
async fn leave_body(watch: &Watch, body: Incoming, expects: bool, response: &mut Response<Payload>) {
    let persists = watch.is_multiplexed() || body.is_end_stream() || response.headers().contains_key(CONNECTION);
    if !persists && (expects || !skip_body(watch, body).await) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

/// Reads what has come of a body, and returns whether that was all of it.
async fn skip_body(watch: &Watch, mut body: Incoming) -> bool {
    const MOST_BYTES: usize = 64 * 1024;
    let mut skipped = 0;
    poll_fn(|context| {
        while skipped < MOST_BYTES {
            match Pin::new(&mut body).poll_frame(context) {
                Poll::Ready(None) => return Poll::Ready(true),
                Poll::Ready(Some(Ok(frame))) => skipped += frame.data_ref().map_or(0, Bytes::len),
                Poll::Pending if !watch.is_starved() => return Poll::Pending,
                Poll::Ready(Some(Err(_))) | Poll::Pending => break,
            }
        }
        Poll::Ready(false)
    })
    .await
}

const NO_SUCH_PATH: &str = "No API has this path.";

/// What happens with a request.
enum Decision {
    Answer(Response<Payload>),
    Wait(Box<Wait>),
}

/// What a request needs that has to wait for its body or for a backend.
struct Wait {
    group: Arc<CompiledGroup>,
    /// The API's place in the group.
    api: usize,
    host: Rc<Host>,
    /// The path below the group's prefix.
    path: String,
    /// The texts in the path's parameters, percent-encoded.
    texts: Vec<String>,
    body_limit: u64,
}

/// What a request is for.
struct Wanted<'s, 'p> {
    group: &'s Arc<CompiledGroup>,
    found: Found<'s, 'p>,
    /// The path below the group's prefix.
    path: &'p str,
    host: &'p Rc<Host>,
}

impl Exchange {
    /// Decides what happens with a request, from its head alone.
    fn decide(&mut self, snapshot: &CompiledSnapshot, parts: &Parts, body: &Incoming) -> Decision {
        let checked = check_head(parts, !body.is_end_stream(), |authority| self.watch.host(authority));
        let checked = if self.watch.is_distrusted() { Err(malformed_header_block()) } else { checked };
        let CheckedHead { host, has_encoded_slash } = match checked {
            Ok(head) => head,
            Err(problem) => return Decision::Answer(self.refuse(&problem.closing(), None)),
        };
        if let Some(entry) = &mut self.entry {
            host.name().clone_into(&mut entry.host);
        }
        // What is routed is what the backend sees, so that an encoded letter leads to no other API than a plain one.
        let path = one_spelling(parts.uri.path());
        match snapshot.find(&host, &path) {
            Lookup::Path(group, ..) if has_encoded_slash && !group.encoded_slashes => {
                Decision::Answer(self.refuse(&ambiguous_path().closing(), None))
            }
            Lookup::UnknownPath | Lookup::UnknownHost if has_encoded_slash => {
                Decision::Answer(self.refuse(&ambiguous_path().closing(), None))
            }
            Lookup::Path(group, found, path) => {
                let at = At { group, api: None, headers: &parts.headers };
                match self.pick_api(&Wanted { group, found, path, host: &host }, at, parts, body) {
                    Ok(decision) => decision,
                    Err((problem, at)) => Decision::Answer(self.refuse(&problem, Some(at))),
                }
            }
            _ if has_semicolons(&path) => Decision::Answer(self.refuse(&semicolons(), None)),
            Lookup::UnknownPath => Decision::Answer(self.refuse(&Problem::new(Kind::NotFound, NO_SUCH_PATH), None)),
            Lookup::UnknownHost => {
                let detail = format!("No group is served for the host {:?}.", host.name());
                Decision::Answer(self.refuse(&Problem::new(Kind::NotFound, detail), None))
            }
        }
    }

    /// Decides what happens with a request whose path is known.
    fn pick_api<'s>(
        &mut self,
        wanted: &Wanted<'s, '_>,
        at: At<'s>,
        parts: &'s Parts,
        body: &Incoming,
    ) -> Result<Decision, (Problem, At<'s>)> {
        let group: &'s CompiledGroup = wanted.group;
        let entry = wanted.found.entry;
        let preflight = parts.method == Method::OPTIONS && at.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let texts = &wanted.found.parameters;
        let index = match entry.route(&parts.method, texts, parts.uri.query()) {
            _ if preflight && group.cors.is_some() => None,
            PickedRoute::Route(index) => Some(index),
            PickedRoute::NoMatch => return Err((Problem::new(Kind::NotFound, NO_SUCH_PATH), at)),
            PickedRoute::NoMethod => None,
        };
        let Some((index, api)) = index.and_then(|index| Some((index, group.apis.get(index)?))) else {
            if has_semicolons(wanted.path) {
                return Err((semicolons(), at));
            }
            if let Some(record) = &mut self.entry {
                record.found(wanted.group, None);
            }
            if parts.method == Method::OPTIONS {
                return Ok(Decision::Answer(self.options(&entry.allow, at)));
            }
            let mut problem = Problem::new(Kind::MethodNotAllowed, format!("The path knows: {}.", entry.allow));
            problem.allow = Some(entry.allow.clone());
            return Err((problem, at));
        };
        if has_semicolons(wanted.path) && !api.path.takes_semicolons(wanted.path) {
            return Err((semicolons(), at));
        }
        let at = At { api: Some(api), ..at };
        if let Some(record) = &mut self.entry {
            record.found(wanted.group, Some(api));
        }
        if let Err(problem) = check_access(&api.access, parts) {
            return Err((problem, at));
        }
        let body_limit = group.max_body.unwrap_or(self.worker.shared.config.limits.body_bytes);
        if body.size_hint().lower() > body_limit {
            return Err((too_large(body_limit), at));
        }
        if matches!(group.answer, Answer::Mock) && body.is_end_stream() {
            let outcome = check_without_body(group, api, parts, texts);
            let outcome = outcome.and_then(|()| mock(&self.worker, api, at.headers));
            return outcome
                .map(|outcome| Decision::Answer(self.finish(outcome, Some(at))))
                .map_err(|problem| (problem, at));
        }
        Ok(Decision::Wait(Box::new(Wait {
            group: Arc::clone(wanted.group),
            api: index,
            host: Rc::clone(wanted.host),
            path: wanted.path.to_owned(),
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            body_limit,
        })))
    }

    /// Answers a request that has a body, or that goes to a backend.
    async fn wait(mut self, wait: Wait, parts: Parts, body: Incoming) -> Response<Payload> {
        let group = &*wait.group;
        let Some(api) = group.apis.get(wait.api) else {
            return self.refuse(&Problem::new(Kind::Internal, "The API is gone."), None);
        };
        // The request's headers go to the backend; only cross-origin rules and declared refusals look at them again.
        let keeps_headers = group.cors.is_some() || matches!(group.answer, Answer::Mock);
        let headers = if keeps_headers { parts.headers.clone() } else { HeaderMap::new() };
        let at = At { group, api: Some(api), headers: &headers };
        self.meter = Some(Arc::clone(&api.meter));
        let expects = parts.headers.contains_key(EXPECT);
        let mut body = Some(body);
        match self.answer(&wait, api, parts, &mut body).await {
            Ok(outcome) => self.finish(outcome, Some(at)),
            Err(failed) => {
                let mut outcome = self.refusal(&failed.problem, Some(at));
                outcome.error = failed.reason;
                if let Some(asked) = self.asked.take() {
                    outcome.backend = Answerer::Backend(asked);
                }
                let mut response = self.finish(outcome, Some(at));
                if let Some(body) = body {
                    leave_body(&self.watch, body, expects, &mut response).await;
                }
                response
            }
        }
    }

    async fn answer(
        &mut self,
        wait: &Wait,
        api: &CompiledApi,
        parts: Parts,
        body: &mut Option<Incoming>,
    ) -> Result<Outcome, Failed> {
        let group = &*wait.group;
        let texts: Vec<&str> = wait.texts.iter().map(String::as_str).collect();
        let uri = api.path.reads_query().then(|| parts.uri.clone());
        let parameters = api.path.named(&texts, uri.as_ref().and_then(http::Uri::query)).unwrap_or_default();
        let rules = group.rules(api);
        if let Some(rules) = rules {
            rules.check_parameters(&parameters, parts.uri.query(), &parts.headers)?;
        }
        let Some(body) = body.take() else { return Err(Problem::new(Kind::Internal, "The body is gone.").into()) };
        // A request with a body cannot go on as another protocol: which bytes would be its own?
        let upgrades = api.websocket && body.is_end_stream() && wants_websocket(&parts);
        let body = match rules {
            None if body.is_end_stream() => RequestBody::Empty,
            None if matches!(group.answer, Answer::Forward(_)) => self.stream(body, wait.body_limit).0,
            _ => {
                let bytes = read_whole(self.stream(body, wait.body_limit)).await?;
                if let Some(rules) = rules {
                    rules.check_body(&parts.headers, &bytes)?;
                }
                if bytes.is_empty() { RequestBody::Empty } else { RequestBody::Whole(Some(bytes)) }
            }
        };
        let Answer::Forward(forwarding) = &group.answer else {
            return Ok(mock(&self.worker, api, &parts.headers)?);
        };
        let worker = Rc::clone(&self.worker);
        let watch = Rc::clone(&self.watch);
        let request_id = self.request_id.clone();
        let call = Call {
            worker: &worker,
            watch: &watch,
            group: &wait.group,
            api,
            forward: forwarding,
            request_id: &request_id,
            host: &wait.host,
            path: &wait.path,
            parameters: &parameters,
        };
        let is_head = parts.method == Method::HEAD;
        let mut answered = if upgrades {
            match upgrade(&call, parts, &mut self.asked).await? {
                Upgraded::Agreed(headers, tunnel, took) => {
                    *watch.tunnel.borrow_mut() = Some(tunnel.keeping(watch.begin()));
                    let mut outcome = Outcome::bytes(StatusCode::SWITCHING_PROTOCOLS, headers, Bytes::new());
                    outcome.backend = Answerer::asked(self.asked.take());
                    outcome.backend_took = Some(took);
                    return Ok(outcome);
                }
                Upgraded::Refused(answered) => *answered,
            }
        } else {
            forward(&call, parts, body, &mut self.asked).await?
        };
        let error = check_response(group, api, &mut answered, is_head).await?;
        Ok(Outcome {
            status: answered.status,
            headers: answered.headers,
            backend: Answerer::asked(self.asked.take()),
            backend_took: Some(answered.took),
            body: OutcomeBody::Answered(Box::new(answered.relay)),
            error,
        })
    }

    /// Takes a request's body as it comes, and counts it.
    fn stream(&mut self, incoming: Incoming, limit: u64) -> (RequestBody, Rc<Progress>) {
        let progress = Progress::new(Rc::clone(&self.watch));
        self.progress = Some(Rc::clone(&progress));
        let pace: Pace = self.worker.shared.pace;
        (RequestBody::Stream { incoming, limit, pace, progress: Rc::clone(&progress) }, progress)
    }

    /// Answers `OPTIONS` for a path that declares no such API.
    fn options(&mut self, allow: &str, at: At<'_>) -> Response<Payload> {
        let mut headers = HeaderMap::with_capacity(4);
        if let Ok(allow) = allow.parse() {
            headers.insert(ALLOW, allow);
        }
        if let Some(cors) = &at.group.cors {
            cors.preflight(at.headers, &mut headers);
        }
        let outcome = Outcome::bytes(StatusCode::NO_CONTENT, headers, Bytes::new());
        self.finish(outcome, None)
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self { reason: problem.reason(), problem }
    }
}

/// Returns `true` if a segment of a path begins with a semicolon, which only `style: matrix` allows.
fn has_semicolons(path: &str) -> bool {
    path.contains("/;")
}

fn semicolons() -> Problem {
    let detail = "The path has more than one reading: none of its segments may begin with a semicolon.";
    Problem::new(Kind::BadRequest, detail)
}

fn check_without_body(group: &CompiledGroup, api: &CompiledApi, parts: &Parts, texts: &[&str]) -> Result<(), Problem> {
    let Some(rules) = group.rules(api) else { return Ok(()) };
    let parameters = api.path.named(texts, parts.uri.query()).unwrap_or_default();
    rules.check_parameters(&parameters, parts.uri.query(), &parts.headers)?;
    rules.check_body(&parts.headers, &Bytes::new())
}

/// Answers with a constant result.
fn mock(worker: &Worker, api: &CompiledApi, headers: &HeaderMap) -> Result<Outcome, Problem> {
    let results = api.mock.as_ref().ok_or_else(|| Problem::new(Kind::Internal, "The API has no constant results."))?;
    let picked = results.pick(headers)?;
    let mut outcome = Outcome::bytes(picked.status, picked.headers(worker.kept_headers()), picked.body());
    // Told apart in the log from what the gateway answers on its own account.
    outcome.backend = Answerer::Mock;
    Ok(outcome)
}

/// Refuses a request of somebody who may not call the API.
fn check_access(access: &AccessRule, parts: &Parts) -> Result<(), Problem> {
    match access {
        AccessRule::Anyone => Ok(()),
        AccessRule::Presence(credentials) => credentials.check(parts.uri.query(), &parts.headers),
        AccessRule::Nobody => {
            let detail = "The group asks callers to show who they are, which this gateway cannot check.";
            Err(Problem::new(Kind::Unauthenticated, detail))
        }
    }
}

fn too_large(limit: u64) -> Problem {
    Problem::new(Kind::BodyTooLarge, format!("The body has more than {limit} bytes.")).closing()
}

async fn read_whole((body, progress): (RequestBody, Rc<Progress>)) -> Result<Bytes, Problem> {
    let collected = body.collect().await.map(http_body_util::Collected::to_bytes);
    collected.map_err(|_| Problem::of_body(progress.failed.get().unwrap_or(BodyFault::Broken)))
}
