//! The listener that nodes poll: `POST /v3/discovery:listeners`, `clusters` and `routes` (Envoy's REST xDS).
//!
//! With mutual TLS a node is who its certificate says, and its polls must say the same; the certificate is verified
//! with each. Without, it listens on a loopback address alone, and nodes are believed.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Either, Full, Limited};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;

use super::own_listener::{ConnectionPeer, OwnListener, RefusalNote, serve_connections};
use super::pieces_body::PiecesBody;
use super::worker::StopOrder;
use crate::fleet::{DiscoveryPoll, NodeIdentity, RefusedClient, RequestError, ResourceKind};
use crate::gateway::clock::wall_clock;
use crate::gateway::config::DiscoveryConfig;
use crate::gateway::fleet_control::{FleetControl, PollFailure};
use crate::gateway::mutual_tls::CertificateFault;
use crate::model::EnvironmentName;

/// The largest body of a poll, in bytes: Envoy lists its extensions in each, which take 77 KB.
const LARGEST_POLL: usize = 1 << 20;
/// Time-out for the body of a poll.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The resources of a response, or a text.
type ResponseBody = Either<PiecesBody, Full<Bytes>>;

/// Responds to nodes until the gateway has stopped.
pub(crate) async fn serve_discovery(
    config: DiscoveryConfig,
    most_connections: usize,
    listener: TcpListener,
    stop: watch::Receiver<StopOrder>,
) {
    let DiscoveryConfig { control, tls, .. } = config;
    let note_control = Arc::clone(&control);
    let note_refused: RefusalNote =
        Rc::new(move |peer, reason| note_control.note_refused(None, &unknown(peer, reason)));
    let tls = tls.map(|tls| (tls, note_refused));
    let respond = move |request: Request<Incoming>| {
        let control = Arc::clone(&control);
        async move { respond(control, request).await.unwrap_or_else(PollRefusal::response) }
    };
    serve_connections(listener, stop, OwnListener { most_connections, tls }, respond).await;
}

async fn respond(
    control: Arc<FleetControl>,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, PollRefusal> {
    let (head, body) = request.into_parts();
    let word = head.uri.path().strip_prefix("/v3/discovery:").ok_or(PollRefusal::UnknownPath)?;
    let kind = ResourceKind::ALL.into_iter().find(|kind| kind.as_str() == word).ok_or(PollRefusal::UnknownPath)?;
    if head.method != Method::POST {
        return Err(PollRefusal::Method);
    }
    let body = timeout(BODY_TIMEOUT, Limited::new(body, LARGEST_POLL).collect()).await;
    let body = body.map_err(|_| PollRefusal::SlowBody)?.map_err(|_| PollRefusal::LargeBody)?.to_bytes();
    let peer = head.extensions.get::<ConnectionPeer>().cloned().ok_or(PollRefusal::UnknownPath)?;
    let poll = DiscoveryPoll::parse(kind, &body, peer.number).map_err(PollRefusal::Request)?;
    if let Err(refusal) = verify_identity(&peer, &poll.identity) {
        control.note_refused(Some(&poll.identity.environment), &refused(&peer, &poll.identity, &refusal));
        return Err(refusal);
    }
    let claim = poll.identity.clone();
    match Arc::clone(&control).respond(poll).await {
        Ok(Some(body)) => Ok(with_type(Response::new(Either::Left(PiecesBody::new(body))), "application/json")),
        Ok(None) => {
            let mut response = Response::new(Either::Right(Full::default()));
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            Ok(response)
        }
        Err(failure) => {
            let refusal = PollRefusal::Failed { failure, environment: claim.environment.clone() };
            control.note_refused(None, &refused(&peer, &claim, &refusal));
            Err(refusal)
        }
    }
}

/// Checks that a node is who its certificate says, where it has to show one, and that this one is still trusted.
fn verify_identity(peer: &ConnectionPeer, claim: &NodeIdentity) -> Result<(), PollRefusal> {
    let Some(shown) = &peer.shown else { return Ok(()) };
    let names = shown.identities();
    let identity = names.first().map(ToString::to_string);
    if let Err(fault) = shown.verify(peer.address.ip()) {
        return Err(PollRefusal::Certificate { fault, identity });
    }
    if names.contains(claim) { Ok(()) } else { Err(PollRefusal::OtherName { claim: claim.clone(), identity }) }
}

/// Makes the note of a client that was refused before it said which node it is.
fn unknown(peer: SocketAddr, reason: String) -> RefusedClient {
    let claim = "an unknown node".to_owned();
    RefusedClient { time: wall_clock(), peer: peer.ip(), claim, identity: None, reason }
}

fn refused(peer: &ConnectionPeer, claim: &NodeIdentity, refusal: &PollRefusal) -> RefusedClient {
    let identity = match refusal {
        PollRefusal::OtherName { identity, .. } | PollRefusal::Certificate { identity, .. } => identity.clone(),
        _ => None,
    };
    let (peer, claim) = (peer.address.ip(), claim.to_string());
    RefusedClient { time: wall_clock(), peer, claim, identity, reason: refusal.to_string() }
}

fn with_type(mut response: Response<ResponseBody>, media_type: &'static str) -> Response<ResponseBody> {
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// Reason why a poll is refused.
#[derive(Debug, thiserror::Error)]
enum PollRefusal {
    #[error("nodes poll /v3/discovery:listeners, /v3/discovery:clusters and /v3/discovery:routes")]
    UnknownPath,
    #[error("nodes poll with POST")]
    Method,
    #[error("the body did not come in time")]
    SlowBody,
    #[error("the body is larger than {LARGEST_POLL} bytes, or broke off")]
    LargeBody,
    #[error(transparent)]
    Request(RequestError),
    #[error("the certificate is for {}, and the poll says {claim}", identity.as_deref().unwrap_or("no node"))]
    OtherName { claim: NodeIdentity, identity: Option<String> },
    #[error("{fault}")]
    Certificate { fault: CertificateFault, identity: Option<String> },
    #[error("{}", failure_text(*failure, environment))]
    Failed { failure: PollFailure, environment: EnvironmentName },
}

fn failure_text(failure: PollFailure, environment: &EnvironmentName) -> String {
    match failure {
        PollFailure::UnknownEnvironment => format!("no environment {environment} is served here"),
        PollFailure::Full(full) => full.to_string(),
    }
}

impl PollRefusal {
    const fn status(&self) -> StatusCode {
        match self {
            Self::UnknownPath | Self::Failed { failure: PollFailure::UnknownEnvironment, .. } => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::SlowBody => StatusCode::REQUEST_TIMEOUT,
            Self::LargeBody => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Request(_) => StatusCode::BAD_REQUEST,
            Self::OtherName { .. } | Self::Certificate { .. } => StatusCode::FORBIDDEN,
            Self::Failed { failure: PollFailure::Full(_), .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn response(self) -> Response<ResponseBody> {
        let mut response = Response::new(Either::Right(Full::from(format!("{self}\n"))));
        *response.status_mut() = self.status();
        if matches!(self, Self::Method) {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        }
        if matches!(self, Self::Certificate { .. }) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        with_type(response, "text/plain; charset=utf-8")
    }
}
