//! The last steps of a request that has to wait for its body or for a backend.

use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::EXPECT;
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt as _;

use super::authorize;
use super::context::AgreedTunnel;
use super::exchange::{Exchange, OutcomeBody, PartialMatch, ResponseOutcome, leave_body, mock_response};
use super::ongoing_call::{OngoingCall, lasting_kind};
use super::payload::ResponsePayload;
use super::request_record::ResponseOrigin;
use super::response_check::{RequestTraits, ask_for_whole, check_response};
use super::waiting_request::{WaitingRequest, api_call};
use crate::access::{BodyDigest, BodyHasher};
use crate::gateway::access::CallerCheck;
use crate::gateway::access_rules::{AccessRules, remove_keys};
use crate::gateway::client_address::is_trusted;
use crate::gateway::compiled::{AccessRule, CompiledApi, CompiledResponder};
use crate::gateway::headers::{X_APIGW_KEY, strip_named};
use crate::gateway::problem::{Kind, Problem};
use crate::gateway::request_body::{BodyFault, BodyProgress, IncomingBody, UpstreamBody};
use crate::gateway::request_head::wants_websocket;
use crate::gateway::signed_body_room::BodyReservation;
use crate::gateway::signing_key::SigningKey;
use crate::gateway::upstream::failure::UpstreamFailure;
use crate::gateway::upstream::forward::{GroupPath, UpstreamCall, forward};
use crate::gateway::upstream::relayed_connection::LastingKind;
use crate::gateway::upstream::route::GroupForward;
use crate::gateway::upstream::signing::RequestSigner;
use crate::gateway::upstream::websocket::{UpgradeResponse, upgrade};
use crate::model::KeyName;

impl Exchange {
    /// Responds to a request that has a body, or that goes to a backend.
    pub(super) async fn wait(
        mut self,
        wait: Box<WaitingRequest>,
        parts: Parts,
        body: IncomingBody,
    ) -> Response<ResponsePayload> {
        let group = &*wait.group;
        let Some(api) = group.apis.get(wait.api) else {
            return self.refuse(&Problem::new(Kind::Internal, "The API is gone."), None);
        };
        // The request's headers go to the backend; only cross-origin rules and declared refusals look at them again.
        let keeps_headers = group.cors.is_some() || matches!(group.responder, CompiledResponder::Mock);
        let headers = if keeps_headers { parts.headers.clone() } else { HeaderMap::new() };
        let at = PartialMatch { group, api: Some(api), headers: &headers };
        self.meter = Some(Arc::clone(&api.meter));
        let expects = parts.headers.contains_key(EXPECT);
        let mut body = Some(body);
        match self.respond(&wait, api, parts, &mut body).await {
            Ok(outcome) => {
                let mut response = self.finish(outcome, Some(at));
                let kind = lasting_kind(response.headers());
                response.body_mut().set_caller(wait, kind);
                response
            }
            Err(failed) => {
                let mut outcome = self.refusal(&failed.problem, Some(at));
                outcome.error = Some(failed.reason);
                if let Some(asked) = self.asked.take() {
                    outcome.backend = ResponseOrigin::Backend(asked);
                }
                let client = Rc::clone(&self.client);
                let mut response = self.finish(outcome, Some(at));
                if let Some(body) = body {
                    leave_body(&client.watch, body, expects, &mut response).await;
                }
                response
            }
        }
    }

    async fn respond(
        &mut self,
        wait: &WaitingRequest,
        api: &CompiledApi,
        mut parts: Parts,
        body: &mut Option<IncomingBody>,
    ) -> Result<ResponseOutcome, UpstreamFailure> {
        let Some(body) = body.take() else { return Err(Problem::new(Kind::Internal, "The body is gone.").into()) };
        let AdmittedRequest { caller, body } = self.admit(wait, api, &parts, body).await?;
        if self.client.is_authorizer() {
            let caller = caller.as_ref().map(|(rules, key)| (*rules, key.as_ref()));
            return Ok(authorize::allowed(caller, &parts.headers, wait.group.passes_credentials()));
        }
        // Before anything judges them, or writes one of its own: the backend does not get them.
        strip_named(&mut parts.headers);
        let texts: Vec<&str> = wait.texts.iter().map(String::as_str).collect();
        let uri = api.path.reads_query().then(|| parts.uri.clone());
        let parameters = api.path.named(&texts, uri.as_ref().and_then(http::Uri::query)).unwrap_or_default();
        if let Some(rules) = wait.group.rules(api) {
            rules.check_parameters(&parameters, parts.uri.query(), &parts.headers)?;
        }
        // A request with a body cannot go on as another protocol: which bytes would be its own?
        let upgrades = api.websocket && body.is_end_stream() && wants_websocket(&parts);
        let signing = self.signing_key(wait)?;
        let body = self.receive_body(wait, api, &parts, body, signing.is_some()).await?;
        parts.headers.remove(X_APIGW_KEY);
        match caller {
            Some((rules, key)) => rules.rewrite(&mut parts.headers, key.as_ref()),
            None if wait.group.passes_credentials() => {}
            // A client that sends its key with every call gives it to no group's backend.
            None => remove_keys(&mut parts.headers),
        }
        match &wait.group.responder {
            CompiledResponder::Mock => Ok(mock_response(&self.context, api, &parts.headers)?),
            CompiledResponder::Forward(forwarding) => {
                let signer = signing.map(|key| RequestSigner { key, body: body.whole() });
                let request = ForwardedRequest { parts, body, upgrades, signer };
                self.forward_request(wait, api, forwarding, &parameters, request).await
            }
        }
    }

    /// Finds the key with which the request to the backend is signed, before its body is read.
    fn signing_key(&self, wait: &WaitingRequest) -> Result<Option<SigningKey>, Problem> {
        let CompiledResponder::Forward(forwarding) = &wait.group.responder else { return Ok(None) };
        forwarding.sign.as_ref().map(|signing| self.context.shared.access.signing_key(signing)).transpose()
    }

    /// Admits a caller. A signed body is read to its end and verified before anything else reads it.
    async fn admit<'a>(
        &mut self,
        wait: &WaitingRequest,
        api: &'a CompiledApi,
        parts: &Parts,
        body: IncomingBody,
    ) -> Result<AdmittedRequest<'a>, Problem> {
        let (AccessRule::Key(rules), Some(check)) = (&api.access, &wait.caller) else {
            return Ok(AdmittedRequest { caller: None, body: ReceivedBody::Coming(body) });
        };
        if let CallerCheck::Passed(caller) = check {
            let caller = Some((rules, caller.key.clone()));
            return Ok(AdmittedRequest { caller, body: ReceivedBody::Coming(body) });
        }
        let shared = Arc::clone(&self.context.shared);
        let address = self.client.counted_address(&shared.config.trusted_proxies, &parts.headers);
        let mut room = shared.access.reserve_body(address);
        let (body, progress) = self.stream(body, wait.body_limit);
        let (bytes, digest) = read_hashed(body, &progress, &mut room, BodyHasher::new(&parts.headers)).await?;
        let names = [&*api.name, &*api.method_and_path];
        let caller = shared.access.check_signed_body(rules, &api_call(&wait.group, &names), parts, &digest)?;
        let caller = wait.signed_caller.get_or_init(|| caller);
        if let Some(key) = &caller.key {
            self.note_caller(key);
        }
        self.check_limits(&wait.group, &caller.limits)?;
        Ok(AdmittedRequest { caller: Some((rules, caller.key.clone())), body: ReceivedBody::Whole(bytes) })
    }

    /// Returns the body of a request: streamed if nothing needs it, else complete, and validated against the
    /// definition.
    async fn receive_body(
        &mut self,
        wait: &WaitingRequest,
        api: &CompiledApi,
        parts: &Parts,
        body: ReceivedBody,
        is_signed: bool,
    ) -> Result<UpstreamBody, Problem> {
        let rules = wait.group.rules(api);
        let bytes = match body {
            ReceivedBody::Whole(bytes) => bytes,
            ReceivedBody::Coming(body) if rules.is_none() && body.is_end_stream() => return Ok(UpstreamBody::Empty),
            ReceivedBody::Coming(body) => {
                let (body, progress) = self.stream(body, wait.body_limit);
                if rules.is_none() && !is_signed && matches!(wait.group.responder, CompiledResponder::Forward(_)) {
                    return Ok(body);
                }
                wait.unless_withdrawn(&progress, pin!(read_whole(body, &progress))).await?
            }
        };
        if let Some(rules) = rules {
            rules.check_body(&parts.headers, &bytes)?;
        }
        Ok(if bytes.is_empty() { UpstreamBody::Empty } else { UpstreamBody::Whole(Some(bytes)) })
    }

    /// Passes a request on to a backend, and its response back.
    async fn forward_request(
        &mut self,
        wait: &WaitingRequest,
        api: &CompiledApi,
        forwarding: &GroupForward,
        parameters: &[(&str, &str)],
        request: ForwardedRequest,
    ) -> Result<ResponseOutcome, UpstreamFailure> {
        let ForwardedRequest { mut parts, body, upgrades, signer } = request;
        let group = &*wait.group;
        let context = Rc::clone(&self.context);
        let client = Rc::clone(&self.client);
        let request_id = self.request_id.clone();
        let shared = &context.shared;
        let call = UpstreamCall {
            pool: &context.pool,
            identity: &shared.identity,
            forward: forwarding,
            api: api.forward.as_deref(),
            group: GroupPath {
                prefix: group.prefix.before_path(),
                prefix_value: &group.prefix_value,
                encoded_slashes: group.encoded_slashes,
            },
            request_id: &request_id,
            host: &wait.head.host,
            hop: client.watch.hop(&wait.head.host),
            is_trusted: is_trusted(&shared.config.trusted_proxies, client.watch.peer.ip()),
            path: &wait.path,
            parameters,
            signer: signer.as_ref(),
        };
        ask_for_whole(group, api, &mut parts.headers);
        let traits = group.response_rules(api).map(|_| RequestTraits::of(&parts));
        let mut response = if upgrades {
            match upgrade(&call, parts, &mut self.asked).await? {
                UpgradeResponse::Agreed(headers, tunnel, took) => {
                    let tunnel = tunnel.keeping(client.watch.begin());
                    let refusal = Box::pin(OngoingCall::of(wait, LastingKind::Websocket).end());
                    *client.tunnel.borrow_mut() = Some(AgreedTunnel { tunnel, refusal });
                    let mut outcome = ResponseOutcome::bytes(StatusCode::SWITCHING_PROTOCOLS, headers, Bytes::new());
                    outcome.backend = ResponseOrigin::asked(self.asked.take());
                    outcome.backend_took = Some(took);
                    return Ok(outcome);
                }
                UpgradeResponse::Refused(response) => *response,
            }
        } else {
            let progress = body.progress();
            let forwarded = pin!(forward(&call, parts, body, &mut self.asked));
            match progress {
                Some(progress) => wait.unless_withdrawn(&progress, forwarded).await?,
                None => forwarded.await?,
            }
        };
        let error = check_response(group, api, &mut response, traits.as_ref()).await?;
        Ok(ResponseOutcome {
            status: response.status,
            headers: response.headers,
            backend: ResponseOrigin::asked(self.asked.take()),
            backend_took: Some(response.took),
            body: OutcomeBody::Relayed(Box::new(response.relay)),
            error,
        })
    }

    /// Wraps a request's body as a stream that counts its bytes against a limit.
    fn stream(&mut self, incoming: IncomingBody, limit: u64) -> (UpstreamBody, Rc<BodyProgress>) {
        let progress = BodyProgress::new(Rc::clone(&self.client.watch), self.context.shared.pace);
        self.follow_body(&progress);
        (UpstreamBody::Stream { incoming, limit, progress: Rc::clone(&progress) }, progress)
    }
}

/// A caller that was let in, with the rules by which it was, and the body of its request.
struct AdmittedRequest<'a> {
    /// `None` where the API asks nobody for a key.
    caller: Option<(&'a AccessRules, Option<KeyName>)>,
    body: ReceivedBody,
}

/// The body of a request: whole where it had to be verified.
enum ReceivedBody {
    Whole(Bytes),
    Coming(IncomingBody),
}

impl ReceivedBody {
    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Coming(body) => body.is_end_stream(),
        }
    }
}

/// A request that is to be passed on.
struct ForwardedRequest {
    parts: Parts,
    body: UpstreamBody,
    /// True if it asks to go on as a websocket.
    upgrades: bool,
    /// The signature that the backend asks for.
    signer: Option<RequestSigner>,
}

impl From<Problem> for UpstreamFailure {
    fn from(problem: Problem) -> Self {
        Self { reason: problem.reason(), problem }
    }
}

async fn read_whole(body: UpstreamBody, progress: &BodyProgress) -> Result<Bytes, Problem> {
    let collected = body.collect().await.map(http_body_util::Collected::to_bytes);
    collected.map_err(|_| Problem::of_body(progress.failed.get().unwrap_or(BodyFault::Broken)))
}

/// Reads a body to its end and hashes each piece as it comes, so that no body keeps the worker for longer than a piece.
async fn read_hashed(
    mut body: UpstreamBody,
    progress: &BodyProgress,
    room: &mut BodyReservation<'_>,
    mut hasher: BodyHasher,
) -> Result<(Bytes, BodyDigest), Problem> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::of_body(progress.failed.get().unwrap_or(BodyFault::Broken)))?;
        if let Ok(piece) = frame.into_data() {
            room.grow(piece.len() as u64)?;
            hasher.update(&piece);
            whole.extend_from_slice(&piece);
        }
    }
    Ok((whole.freeze(), hasher.finish()))
}
