//! A request on its way: how its response is written, counted and written down.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body::Body as _;

use super::context::{ClientConnection, Context};
use super::payload::ResponsePayload;
use super::request_record::{LoggedRequest, RequestRecord, ResponseOrigin};
use crate::definition::is_bodiless;
use crate::gateway::compiled::{CompiledApi, CompiledGroup};
use crate::gateway::headers::{X_APIGW_VIOLATIONS, X_REQUEST_ID};
use crate::gateway::key_meter::KeyMeter;
use crate::gateway::meter::Meter;
use crate::gateway::problem::{Kind, Problem};
use crate::gateway::rate_limits::RateLimitFields;
use crate::gateway::request_body::{BodyProgress, IncomingBody};
use crate::gateway::upstream::relay::ResponseRelay;
use crate::gateway::watch::{ConnectionWatch, InFlight, TimedExchange};

/// The match of a request so far, for the headers of its response and its meter.
#[derive(Clone, Copy)]
pub(super) struct PartialMatch<'a> {
    pub(super) group: &'a CompiledGroup,
    pub(super) api: Option<&'a CompiledApi>,
    pub(super) headers: &'a HeaderMap,
}

/// State of a request on its way.
pub(super) struct Exchange {
    pub(super) context: Rc<Context>,
    pub(super) client: Rc<ClientConnection>,
    in_flight: Option<InFlight>,
    started: Instant,
    pub(super) request_id: HeaderValue,
    head_only: bool,
    pub(super) entry: Option<Box<LoggedRequest>>,
    /// Its meter, once its API is known.
    pub(super) meter: Option<Arc<Meter>>,
    /// Progress of its body.
    pub(super) progress: Option<Rc<BodyProgress>>,
    /// The meter of the key that lets it in.
    pub(super) key_meter: Option<Arc<KeyMeter>>,
    /// The fields of the limits that it was held against.
    pub(super) rate_limits: Option<Box<RateLimitFields>>,
    /// The backend that was called, while there is no response.
    pub(super) asked: Option<Arc<str>>,
}

/// A response before it is written.
pub(super) struct ResponseOutcome {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: OutcomeBody,
    pub(super) backend: ResponseOrigin,
    pub(super) backend_took: Option<Duration>,
    /// Reason for the log, where it is no success.
    pub(super) error: Option<String>,
}

pub(super) enum OutcomeBody {
    Bytes(Bytes),
    Relayed(Box<ResponseRelay>),
}

impl ResponseOutcome {
    pub(super) fn bytes(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        let body = OutcomeBody::Bytes(body);
        Self { status, headers, body, backend: ResponseOrigin::Gateway, backend_took: None, error: None }
    }
}

impl Exchange {
    pub(super) fn begin(context: Rc<Context>, client: Rc<ClientConnection>, parts: &Parts) -> Self {
        let in_flight = client.watch.begin();
        let request_id = context.request_id(parts.headers.get(X_REQUEST_ID));
        let new_entry = || {
            let (logged_client, proxy) =
                client.logged_addresses(&context.shared.config.trusted_proxies, &parts.headers);
            LoggedRequest {
                time: SystemTime::now(),
                request_id: request_id.to_str().unwrap_or_default().to_owned(),
                client: logged_client,
                proxy,
                host: String::new(),
                method: parts.method.clone(),
                path: parts.uri.path().to_owned(),
                environment: String::new(),
                group: String::new(),
                version: String::new(),
                api: String::new(),
                key: String::new(),
            }
        };
        let entry = context.shared.config.access_log.as_ref().map(|_| Box::new(new_entry()));
        let head_only = parts.method == Method::HEAD;
        Self {
            context,
            client,
            in_flight: Some(in_flight),
            started: Instant::now(),
            request_id,
            head_only,
            entry,
            meter: None,
            progress: None,
            key_meter: None,
            rate_limits: None,
            asked: None,
        }
    }

    /// Follows the progress of the request's body. On HTTP/1.1 that of the connection tells as much.
    pub(super) fn follow_body(&mut self, progress: &Rc<BodyProgress>) {
        self.progress = Some(Rc::clone(progress));
        if let Some(in_flight) = self.in_flight.as_ref().filter(|_| self.client.watch.is_multiplexed()) {
            let timed: Rc<dyn TimedExchange> = Rc::<BodyProgress>::clone(progress);
            in_flight.follow(&timed);
        }
    }

    pub(super) fn problem(&self, problem: &Problem) -> ResponseOutcome {
        let (headers, body) = problem.render(self.request_id.to_str().unwrap_or_default());
        let mut outcome = ResponseOutcome::bytes(problem.kind.status(), headers, body);
        outcome.error = Some(problem.reason());
        outcome
    }

    /// Builds the response of a refusal: the one that a mock's definition declares for it, else problem details.
    pub(super) fn refusal(&self, problem: &Problem, at: Option<PartialMatch<'_>>) -> ResponseOutcome {
        if let Some(reason) = problem.refused_for {
            self.context.shared.key_meters.refuse(reason);
        }
        let mut outcome = self.problem(problem);
        let Some(at) = at.filter(|_| problem.kind.refuses_request()) else { return outcome };
        let results = at.api.and_then(|api| api.mock.as_ref());
        let declared =
            results.and_then(|results| results.refusal(problem.kind.status(), problem.kind.is_invalid(), at.headers));
        let Some(declared) = declared else { return outcome };
        outcome.headers.remove(CONTENT_TYPE);
        outcome.headers = declared.headers(outcome.headers);
        outcome.headers.insert(X_APIGW_VIOLATIONS, problem.violations_value());
        outcome.status = declared.status;
        outcome.body = OutcomeBody::Bytes(declared.body());
        outcome.backend = ResponseOrigin::Mock;
        outcome
    }

    pub(super) fn refuse(&mut self, problem: &Problem, at: Option<PartialMatch<'_>>) -> Response<ResponsePayload> {
        let outcome = self.refusal(problem, at);
        self.finish(outcome, at)
    }

    /// Builds the response, and has it counted and logged.
    pub(super) fn finish(
        &mut self,
        outcome: ResponseOutcome,
        at: Option<PartialMatch<'_>>,
    ) -> Response<ResponsePayload> {
        let ResponseOutcome { status, mut headers, body, backend, backend_took, error } = outcome;
        let request_id = std::mem::replace(&mut self.request_id, HeaderValue::from_static(""));
        headers.insert(X_REQUEST_ID, request_id);
        if let Some(meter) = self.key_meter.take() {
            meter.record(status.as_u16());
        }
        if let Some(fields) = self.rate_limits.take() {
            fields.write(&mut headers);
        }
        if let Some(PartialMatch { group: CompiledGroup { cors: Some(cors), .. }, headers: request, .. }) = at {
            cors.decorate(request, &mut headers);
        }
        let in_flight = self.in_flight.take().unwrap_or_else(|| self.client.watch.begin());
        self.client.watch.note_response();
        self.context.note_response();
        let meter = at.and_then(|at| at.api).map_or(&self.context.shared.unrouted, |api| &api.meter);
        let waits = matches!(body, OutcomeBody::Relayed(_));
        let payload = match body {
            OutcomeBody::Bytes(bytes) if self.head_only => {
                // A status without a body has no length either (RFC 9110, section 8.6).
                if !is_bodiless(status.as_u16()) {
                    headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
                }
                ResponsePayload::bytes(Bytes::new(), in_flight)
            }
            OutcomeBody::Bytes(bytes) => ResponsePayload::bytes(bytes, in_flight),
            OutcomeBody::Relayed(relay) => ResponsePayload::relay(relay, in_flight),
        };
        let entry = self.entry.take();
        let payload = if entry.is_some() || waits {
            payload.recorded(Box::new(RequestRecord {
                context: Rc::clone(&self.context),
                started: self.started,
                status: status.as_u16(),
                meter: Arc::clone(meter),
                entry,
                progress: self.progress.take(),
                backend,
                error,
                backend_took,
            }))
        } else {
            meter.record(self.context.index, status.as_u16(), self.started.elapsed());
            payload
        };
        let mut response = Response::new(payload);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

/// Picks a mock response.
pub(super) fn mock_response(
    context: &Context,
    api: &CompiledApi,
    headers: &HeaderMap,
) -> Result<ResponseOutcome, Problem> {
    let results = api.mock.as_ref().ok_or_else(|| Problem::new(Kind::Internal, "The API has no constant results."))?;
    let picked = results.pick(headers)?;
    let mut outcome = ResponseOutcome::bytes(picked.status, picked.headers(context.kept_headers()), picked.body());
    // Told apart in the log from the gateway's own responses.
    outcome.backend = ResponseOrigin::Mock;
    Ok(outcome)
}

/// Keeps an unread body from being parsed as a request: it is skipped if all of it has come, else the connection is
/// closed, and the response says so (RFC 9112, section 9.3). A client that waits for `100 Continue` is not told to go
/// on.
pub(super) async fn leave_body(
    watch: &ConnectionWatch,
    body: IncomingBody,
    expects: bool,
    response: &mut Response<ResponsePayload>,
) {
    let persists = watch.is_multiplexed() || body.is_end_stream() || response.headers().contains_key(CONNECTION);
    if !persists && (expects || !skip_body(watch, body).await) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

/// Reads the rest of a body that is there already, and returns whether that was all of it.
async fn skip_body(watch: &ConnectionWatch, mut body: IncomingBody) -> bool {
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

impl Drop for Exchange {
    fn drop(&mut self) {
        if self.in_flight.is_none() {
            return;
        }
        self.client.watch.note_given_up();
        let meter = self.meter.take().unwrap_or_else(|| Arc::clone(&self.context.shared.unrouted));
        let (status, reason) = self.context.shared.abort_status();
        if let Some(meter) = self.key_meter.take() {
            meter.record(status);
        }
        let record = RequestRecord {
            context: Rc::clone(&self.context),
            started: self.started,
            status,
            meter,
            entry: self.entry.take(),
            progress: self.progress.take(),
            backend: ResponseOrigin::asked(self.asked.take()),
            error: Some(reason.to_owned()),
            backend_took: None,
        };
        record.write(0);
    }
}
