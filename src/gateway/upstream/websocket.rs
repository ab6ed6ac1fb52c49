//! Connections that go on as a websocket: a connection to the backend of their own, and then bytes both ways.

use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use http::HeaderValue;
use http::header::{CONNECTION, UPGRADE};
use http::request::Parts;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::sync::oneshot;

use super::connect::{ConnectError, Connected, connect};
use super::forward::{Answered, Call, Failed, SWITCHING, chain, pass_back};
use crate::gateway::body::{Relay, RequestBody};
use crate::gateway::problem::Kind;
use crate::gateway::server::watch::InFlight;

/// The other end of a connection that goes on as another protocol.
pub(crate) struct Tunnel {
    backend: oneshot::Receiver<(http1::Parts<TokioIo<Connected>>, Rc<()>)>,
    _in_flight: Option<InFlight>,
}

/// A backend's answer to a request for a websocket, and the tunnel if it agreed.
pub(crate) struct Upgraded {
    pub(crate) answered: Answered,
    pub(crate) tunnel: Option<Tunnel>,
}

/// Passes a request for a websocket on.
pub(crate) async fn upgrade(call: &Call<'_>, parts: Parts, asked: &mut String) -> Result<Upgraded, Failed> {
    let mut prepared = call.prepare(parts)?;
    asked.clone_from(&prepared.backend.name);
    let started = Instant::now();
    let target = prepared
        .backend
        .pick(call.worker.turn(), None)
        .ok_or_else(|| Failed::new(Kind::SourceUnavailable, "The backend has no address.", "it has no address"))?;
    let mut headers = std::mem::take(&mut prepared.outgoing.headers);
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    let request = call.request(&prepared, headers, target, RequestBody::Empty)?;
    let connected = connect(&target.origin, call.forward.connect_timeout).await?;
    let broken = |error: hyper::Error| {
        Failed::new(Kind::BadGateway, "The backend broke the connection or its answer is not HTTP.", chain(&error))
    };
    let (mut sender, connection) = http1::handshake(TokioIo::new(connected))
        .await
        .map_err(|error: hyper::Error| Failed::from(ConnectError::Failed(error.to_string())))?;
    let (give, backend) = oneshot::channel();
    let counted = call.worker.pool.count();
    tokio::task::spawn_local(async move {
        if let Ok(parts) = connection.without_shutdown().await {
            // Nobody takes it where the backend did not agree, and then it is closed.
            give.send((parts, counted)).ok();
        }
    });
    let response = tokio::time::timeout(call.response_timeout(), sender.send_request(request)).await;
    let response = response.map_err(|_| {
        Failed::new(Kind::DeadlineExceeded, "The backend did not answer in time.", "it did not answer in time")
    })?;
    let (head, incoming) = response.map_err(broken)?.into_parts();
    let agreed = head.status == SWITCHING;
    let mut head = pass_back(head, call);
    if agreed {
        head.headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        head.headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    }
    let relay = Relay::new(incoming, None, call.forward.idle_timeout);
    let answered = Answered { head, relay, took: started.elapsed() };
    Ok(Upgraded { answered, tunnel: agreed.then_some(Tunnel { backend, _in_flight: None }) })
}

impl Tunnel {
    /// Keeps the request in flight for as long as the tunnel stands.
    pub(crate) fn keeping(self, in_flight: InFlight) -> Self {
        Self { _in_flight: Some(in_flight), ..self }
    }

    /// Passes bytes both ways until one side ends. `first` is what the client has sent already.
    pub(crate) async fn run(self, mut client: impl AsyncRead + AsyncWrite + Unpin, first: &[u8]) -> io::Result<()> {
        /// How long the backend's side may take to come free after its answer has been passed on.
        const HAND_OVER: Duration = Duration::from_secs(10);
        let handed = tokio::time::timeout(HAND_OVER, self.backend).await;
        let Ok(Ok((parts, _counted))) = handed else { return Ok(()) };
        let mut backend = parts.io.into_inner();
        backend.write_all(first).await?;
        client.write_all(&parts.read_buf).await?;
        copy_bidirectional(&mut client, &mut backend).await?;
        Ok(())
    }
}
