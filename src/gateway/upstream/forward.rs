//! Passes a request on to a backend, and its response back.

use std::borrow::Cow;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::{CONNECTION, CONTENT_LENGTH, TE, UPGRADE, VIA};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use http_body::Body as _;

use super::connect::ConnectError;
use super::failure::UpstreamFailure;
use super::http1::BrokenExchange;
use super::http1::connection::PendingRequest;
use super::http1::head::ResponseHead;
use super::identity::Identity;
use super::pool::{ConnectionDemand, Lease, Pool};
use super::relay::{ResponseCarrier, ResponseRelay};
use super::route::{ApiForward, GroupForward, OutgoingRequest};
use super::signing::{RequestSigner, SentHead, strip_signature};
use super::target::{TargetSet, UpstreamTarget};
use crate::gateway::headers::{
    ForwardedHeaders, HopHeaders, retain_trailer_names, strip_claims, strip_well_known, write_field, write_fields,
};
use crate::gateway::problem::Kind;
use crate::gateway::request_body::{BodyFault, BodyProgress, UpstreamBody};
use crate::gateway::request_head::is_plain_target;
use crate::gateway::routing::host::RequestedHost;
use crate::model::{PathReading, is_canonical_but_for_slashes, path_reading};
use crate::routes::problem::LATE_BACKEND;

/// A request that is to be passed on.
pub(crate) struct UpstreamCall<'a> {
    pub(crate) pool: &'a Rc<Pool>,
    pub(crate) identity: &'a Identity,
    pub(crate) forward: &'a GroupForward,
    /// The API's differences from the group.
    pub(crate) api: Option<&'a ApiForward>,
    pub(crate) group: GroupPath<'a>,
    pub(crate) request_id: &'a HeaderValue,
    pub(crate) host: &'a RequestedHost,
    /// Origin of the request, as the backend is told.
    pub(crate) hop: &'a HopHeaders,
    /// True if the client's word on the hops before it is taken.
    pub(crate) is_trusted: bool,
    /// The path below the group's prefix.
    pub(crate) path: &'a str,
    pub(crate) parameters: &'a [(&'a str, &'a str)],
    /// The signature that the backend asks for.
    pub(crate) signer: Option<&'a RequestSigner>,
}

/// The common part of a group's paths.
pub(crate) struct GroupPath<'a> {
    /// The prefix, as it stands before a path.
    pub(crate) prefix: &'a str,
    /// The prefix, as backends are told it.
    pub(crate) prefix_value: &'a HeaderValue,
    /// True if a path parameter may have an encoded slash.
    pub(crate) encoded_slashes: bool,
}

/// A backend's response.
pub(crate) struct UpstreamResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) relay: ResponseRelay,
    /// From the request to the head of the response.
    pub(crate) took: Duration,
}

/// A request as it is going to be sent, but for the address.
pub(crate) struct PreparedRequest<'a> {
    pub(crate) outgoing: OutgoingRequest<'a>,
    pub(crate) backend: &'a TargetSet,
    pub(crate) method: Method,
    via: &'a HeaderValue,
    /// True if the client asks for trailers.
    trailers: bool,
    /// True if the client is sent trailers.
    pub(crate) gets_trailers: bool,
}

/// Forwards a request. `asked` becomes the name of the backend, in case of a failure too.
pub(crate) async fn forward(
    call: &UpstreamCall<'_>,
    parts: Parts,
    body: UpstreamBody,
    asked: &mut Option<Arc<str>>,
) -> Result<UpstreamResponse, UpstreamFailure> {
    let mut prepared = call.prepare(parts)?;
    // A body of a known length is sent without trailers.
    let has_trailers = body.size_hint().exact().is_none();
    retain_trailer_names(&mut prepared.outgoing.headers, has_trailers);
    *asked = Some(Arc::clone(&prepared.backend.name));
    let started = Instant::now();
    let safe = is_idempotent(&prepared.method);
    let again = body.again().filter(|_| safe && call.forward.retry);
    let progress = body.progress();
    let mut exchange = UpstreamExchange { prepared, body: Some(body), progress, avoid: None };
    let mut outcome = exchange.attempt(call, false).await;
    if let Err(attempt) = outcome {
        let body = attempt.unsent.or(again);
        outcome = match body.filter(|_| attempt.may_repeat) {
            Some(body) => {
                exchange.body = Some(body);
                exchange.attempt(call, true).await
            }
            None => Err(FailedAttempt { unsent: None, ..attempt }),
        };
    }
    let UpstreamExchange { progress, prepared, .. } = exchange;
    let SuccessfulAttempt { head, lease, sending } = outcome.map_err(|attempt| attempt.failed)?;
    if head.status.is_informational() {
        let reason = format!("unexpected informational response {}", head.status);
        return Err(UpstreamFailure::new(Kind::BadGateway, "The backend's response cannot be forwarded.", reason));
    }
    let carrier = ResponseCarrier { lease, sending, progress };
    Ok(UpstreamResponse::new(head, carrier, call, &prepared, started.elapsed()))
}

impl UpstreamResponse {
    /// Passes a response back: with the gateway's name, and with its body as it comes.
    pub(crate) fn new(
        head: ResponseHead,
        carrier: ResponseCarrier,
        call: &UpstreamCall<'_>,
        request: &PreparedRequest<'_>,
        took: Duration,
    ) -> Self {
        let ResponseHead { status, mut headers, coding, persists, .. } = head;
        headers.append(VIA, call.identity.via_http_1.clone());
        if status == StatusCode::NO_CONTENT {
            // Such a response has no length (RFC 9110, section 8.6).
            headers.remove(CONTENT_LENGTH);
        }
        retain_trailer_names(&mut headers, coding.may_have_trailers() && request.gets_trailers);
        let relay = ResponseRelay::new(coding, carrier, persists, call.forward.idle_timeout);
        Self { status, headers, relay, took }
    }
}

fn is_idempotent(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE | Method::PUT | Method::DELETE)
}

impl<'a> UpstreamCall<'a> {
    /// Decides the target and the content of a request, without the headers that its `Connection` named.
    pub(crate) fn prepare(&'a self, mut parts: Parts) -> Result<PreparedRequest<'a>, UpstreamFailure> {
        let via = parts.headers.get_all(VIA).iter();
        if via.filter_map(|value| value.to_str().ok()).any(|value| value.contains(&self.identity.pseudonym)) {
            return Err(UpstreamFailure::new(
                Kind::LoopDetected,
                "The backend address loops back to this gateway.",
                "it is a loop",
            ));
        }
        // hyper sends trailers on these terms.
        let gets_trailers =
            parts.version == Version::HTTP_2 || parts.headers.get(TE).is_some_and(|value| value == "trailers");
        let trailers = parts.headers.get_all(TE).iter().any(|value| value.as_bytes().eq_ignore_ascii_case(b"trailers"));
        strip_well_known(&mut parts.headers);
        if !self.is_trusted {
            // Before the settings have their turn, which may say the same.
            strip_claims(&mut parts.headers);
        }
        let query = parts.uri.query().map(|query| Cow::Owned(query.to_owned()));
        let mut outgoing = OutgoingRequest {
            path: self.path,
            query,
            path_parameters: self.parameters.iter().map(|(name, value)| (*name, Cow::Borrowed(*value))).collect(),
            headers: parts.headers,
            written: Vec::new(),
        };
        let backend = self.forward.backend(self.api, &outgoing);
        self.forward.apply(self.api, &mut outgoing)?;
        if self.signer.is_some() {
            strip_signature(&mut outgoing.headers);
        }
        let identity = self.identity;
        let via = identity.via(parts.version);
        Ok(PreparedRequest { outgoing, backend, method: parts.method, via, trailers, gets_trailers })
    }

    /// Writes the head of the request for a target, without the framing of its body. `as_websocket` asks for an
    /// upgrade.
    pub(crate) fn write_head(
        &self,
        prepared: &PreparedRequest<'_>,
        target: &UpstreamTarget,
        as_websocket: bool,
        head: &mut Vec<u8>,
    ) -> Result<(), UpstreamFailure> {
        let prefix = if self.forward.keep_prefix { self.group.prefix } else { "" };
        let template = self.api.and_then(|api| api.path.as_deref());
        let address = prepared.outgoing.path_and_query(&target.base_path, prefix, template);
        let (path, query) = address.split_at_checked(address.find('?').unwrap_or(address.len())).unwrap_or_default();
        let is_canonical = if self.group.encoded_slashes {
            is_canonical_but_for_slashes(path)
        } else {
            // A value in the style `matrix` may begin a segment; elsewhere a semicolon is encoded.
            path_reading(path) != PathReading::Several
        };
        if template.is_some() && !is_canonical {
            // A value that came in the query or a header may have characters that no path may have.
            let detail = "A parameter has a value that cannot stand in a path.";
            return Err(UpstreamFailure::new(
                Kind::BadRequest,
                detail,
                "the path at the backend would have more than one reading",
            ));
        }
        if !path.starts_with('/') || !is_plain_target(path.as_bytes(), query.as_bytes()) {
            let reason = "it has characters that must be percent-encoded";
            return Err(UpstreamFailure::new(
                Kind::BadGateway,
                "The address at the backend cannot be written.",
                reason,
            ));
        }
        for part in [prepared.method.as_str(), " ", &address, " HTTP/1.1\r\n"] {
            head.extend_from_slice(part.as_bytes());
        }
        let own_host = self.forward.keep_host.then(|| self.host.authority().as_bytes());
        let authority = own_host.unwrap_or(target.origin.authority.as_bytes());
        write_field(head, "host", authority);
        let forwarded = ForwardedHeaders {
            prefix: self.group.prefix_value,
            request_id: self.request_id,
            trusted: self.is_trusted,
            written: &prepared.outgoing.written,
            via: prepared.via,
        };
        write_fields(head, &prepared.outgoing.headers, self.hop, &forwarded);
        if as_websocket {
            write_field(head, CONNECTION.as_str(), b"upgrade");
            write_field(head, UPGRADE.as_str(), b"websocket");
        } else if prepared.trailers {
            write_field(head, TE.as_str(), b"trailers");
            write_field(head, CONNECTION.as_str(), b"te");
        }
        if let Some(signer) = self.signer {
            let (method, headers) = (prepared.method.as_str(), &prepared.outgoing.headers);
            signer.write(&SentHead { method, path, query, authority, headers }, head)?;
        }
        Ok(())
    }

    pub(crate) fn response_timeout(&self) -> Duration {
        self.api.and_then(|api| api.response_timeout).unwrap_or(self.forward.response_timeout)
    }
}

/// One request with its attempts.
struct UpstreamExchange<'c> {
    prepared: PreparedRequest<'c>,
    body: Option<UpstreamBody>,
    progress: Option<Rc<BodyProgress>>,
    /// The origin that failed.
    avoid: Option<u64>,
}

/// An attempt that gave no response.
struct FailedAttempt {
    failed: UpstreamFailure,
    /// The request's body, where nothing of it was sent.
    unsent: Option<UpstreamBody>,
    /// True if another attempt is safe, as no response has begun, and may succeed.
    may_repeat: bool,
}

/// An attempt that gave a response.
struct SuccessfulAttempt {
    head: ResponseHead,
    lease: Lease,
    sending: PendingRequest,
}

impl UpstreamExchange<'_> {
    async fn attempt(&mut self, call: &UpstreamCall<'_>, last: bool) -> Result<SuccessfulAttempt, FailedAttempt> {
        let body = self.body.take().unwrap_or(UpstreamBody::Empty);
        let Some(target) = self.prepared.backend.pick(call.pool.next_turn(), self.avoid) else {
            let failed =
                UpstreamFailure::new(Kind::SourceUnavailable, "The backend has no address.", "it has no address");
            return Err(FailedAttempt { failed, unsent: None, may_repeat: false });
        };
        let origin = &target.origin;
        let wanted = match (last, is_idempotent(&self.prepared.method)) {
            (true, _) => ConnectionDemand::Fresh,
            (false, true) => ConnectionDemand::Any,
            (false, false) => ConnectionDemand::Lively,
        };
        let mut lease = match call.pool.lease(origin, wanted, call.forward.connect_timeout).await {
            Ok(lease) => lease,
            Err(error @ ConnectError::NoneLeft) => {
                // It is no fault of the backend's, and another address would fare no better.
                return Err(FailedAttempt { failed: error.into(), unsent: None, may_repeat: false });
            }
            Err(error) => {
                origin.mark_down();
                self.avoid = Some(origin.id);
                // Asking the same address again at once would only make callers wait.
                let may_repeat = self.prepared.backend.targets.len() > 1;
                return Err(FailedAttempt { failed: error.into(), unsent: Some(body), may_repeat });
            }
        };
        let method = &self.prepared.method;
        let connection = &mut lease.connection;
        let head = connection.begin();
        if let Err(failed) = call.write_head(&self.prepared, target, false, head) {
            return Err(FailedAttempt { failed, unsent: None, may_repeat: false });
        }
        let mut sending = PendingRequest::new(body, method, head);
        head.extend_from_slice(b"\r\n");
        let head = connection.head(&mut sending, *method == Method::HEAD);
        match head_in_time(head, call.response_timeout(), self.progress.as_deref()).await {
            Some(Ok(head)) => {
                origin.note_response();
                if let Some(seconds) = head.kept_for {
                    lease.note_kept_for(seconds);
                }
                Ok(SuccessfulAttempt { head, lease, sending })
            }
            Some(Err(broken)) => Err(self.broken(broken, sending, target, &lease)),
            None => {
                // A backend cannot respond to a body that its client does not send.
                let awaits_client = self.progress.as_ref().is_some_and(|progress| progress.awaits_client());
                let failed = if awaits_client {
                    BrokenExchange::Request(BodyFault::TooSlow).into()
                } else {
                    UpstreamFailure::new(Kind::DeadlineExceeded, LATE_BACKEND, "it did not respond in time")
                };
                Err(FailedAttempt { failed, unsent: None, may_repeat: false })
            }
        }
    }

    /// Classifies the failure of a broken connection.
    fn broken(
        &mut self,
        broken: BrokenExchange,
        sending: PendingRequest,
        target: &UpstreamTarget,
        lease: &Lease,
    ) -> FailedAttempt {
        if matches!(broken, BrokenExchange::Request(_)) {
            return FailedAttempt { failed: broken.into(), unsent: None, may_repeat: false };
        }
        let unsent = sending.into_unsent();
        if unsent.is_none() {
            self.avoid = Some(target.origin.id).filter(|_| self.prepared.backend.targets.len() > 1);
        }
        if lease.is_fresh() {
            // A kept connection may be closed at any time; a new one breaks only where something is wrong.
            target.origin.mark_down();
        }
        FailedAttempt { failed: broken.into(), unsent, may_repeat: !lease.connection.has_heard() }
    }
}

/// Waits for the head of a response. The time starts over as long as the request's body is still coming.
async fn head_in_time<F: Future>(sending: F, timeout: Duration, progress: Option<&BodyProgress>) -> Option<F::Output> {
    let mut sending = std::pin::pin!(sending);
    loop {
        let before = progress.map_or(0, |progress| progress.bytes.get());
        if let Ok(output) = tokio::time::timeout(timeout, sending.as_mut()).await {
            return Some(output);
        }
        if !progress.is_some_and(|progress| progress.is_coming(before)) {
            return None;
        }
    }
}
