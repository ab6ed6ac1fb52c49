//! Connections that go on as a websocket: a connection to the backend of their own, and then bytes both ways.

use std::cell::Cell;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use http::header::{CONNECTION, UPGRADE, VIA};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf, copy_bidirectional};
use tokio::time::{Instant, timeout_at};

use super::failure::UpstreamFailure;
use super::forward::{UpstreamCall, UpstreamResponse};
use super::http1::connection::PendingRequest;
use super::pool::ConnectionDemand;
use super::relay::ResponseCarrier;
use crate::gateway::problem::Kind;
use crate::gateway::request_body::UpstreamBody;
use crate::gateway::stream::ClientStream;
use crate::gateway::watch::InFlight;
use crate::routes::problem::LATE_BACKEND;

/// The other end of a connection that goes on as another protocol.
pub(crate) struct WebsocketTunnel {
    backend: ClientStream,
    /// Bytes that the backend has sent already.
    first: BytesMut,
    /// Longest time without traffic.
    idle_timeout: Duration,
    /// By which open connections to backends are counted.
    _open: Rc<()>,
    _in_flight: Option<InFlight>,
}

/// A backend's response to a request for a websocket.
pub(crate) enum UpgradeResponse {
    /// It agreed: with these headers, after this time.
    Agreed(HeaderMap, Box<WebsocketTunnel>, Duration),
    /// It responded otherwise.
    Refused(Box<UpstreamResponse>),
}

/// Passes a request for a websocket on.
pub(crate) async fn upgrade(
    call: &UpstreamCall<'_>,
    parts: Parts,
    asked: &mut Option<Arc<str>>,
) -> Result<UpgradeResponse, UpstreamFailure> {
    let prepared = call.prepare(parts)?;
    *asked = Some(Arc::clone(&prepared.backend.name));
    let started = Instant::now();
    let target = prepared.backend.pick(call.pool.next_turn(), None).ok_or_else(|| {
        UpstreamFailure::new(Kind::SourceUnavailable, "The backend has no address.", "it has no address")
    })?;
    let mut lease = call.pool.lease(&target.origin, ConnectionDemand::Fresh, call.forward.connect_timeout).await?;
    let head = lease.connection.begin();
    call.write_head(&prepared, target, true, head)?;
    let mut sending = PendingRequest::new(UpstreamBody::Empty, &prepared.method, head);
    head.extend_from_slice(b"\r\n");
    let head = lease.connection.head(&mut sending, false);
    let head = tokio::time::timeout(call.response_timeout(), head).await;
    let mut head =
        head.map_err(|_| UpstreamFailure::new(Kind::DeadlineExceeded, LATE_BACKEND, "it did not respond in time"))??;
    if head.status != StatusCode::SWITCHING_PROTOCOLS {
        let carrier = ResponseCarrier { lease, sending, progress: None };
        let response = UpstreamResponse::new(head, carrier, call, &prepared, started.elapsed());
        return Ok(UpgradeResponse::Refused(Box::new(response)));
    }
    if !head.names_websocket {
        let reason = "it switched to another protocol than the websocket that it was asked for";
        return Err(UpstreamFailure::new(Kind::BadGateway, "The backend switched to another protocol.", reason));
    }
    head.headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    head.headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    head.headers.append(VIA, call.identity.via_http_1.clone());
    let (backend, first, open) = lease.connection.into_parts();
    let idle_timeout = call.forward.websocket_idle_timeout;
    let tunnel = Box::new(WebsocketTunnel { backend, first, idle_timeout, _open: open, _in_flight: None });
    Ok(UpgradeResponse::Agreed(head.headers, tunnel, started.elapsed()))
}

impl WebsocketTunnel {
    /// Keeps the request in flight while the tunnel is open.
    pub(crate) fn keeping(self, in_flight: InFlight) -> Self {
        Self { _in_flight: Some(in_flight), ..self }
    }

    /// Passes bytes both ways until one side ends, or until nothing has moved for too long. `first` are the bytes that
    /// the client has sent already.
    pub(crate) async fn run(self, mut client: impl AsyncRead + AsyncWrite + Unpin, first: &[u8]) -> io::Result<()> {
        let moved = Cell::new(Instant::now());
        let mut backend = TimedStream { stream: self.backend, moved: &moved };
        let passing = async {
            backend.write_all(first).await?;
            client.write_all(&self.first).await?;
            copy_bidirectional(&mut client, &mut backend).await.map(|_| ())
        };
        let mut passing = pin!(passing);
        loop {
            let deadline = moved.get() + self.idle_timeout;
            if let Ok(ended) = timeout_at(deadline, passing.as_mut()).await {
                return ended;
            }
            if moved.get() + self.idle_timeout <= Instant::now() {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }
}

/// A stream that notes when bytes moved last, in either direction.
struct TimedStream<'t> {
    stream: ClientStream,
    moved: &'t Cell<Instant>,
}

impl AsyncRead for TimedStream<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_ready() {
            self.moved.set(Instant::now());
        }
        read
    }
}

impl AsyncWrite for TimedStream<'_> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if written.is_ready() {
            self.moved.set(Instant::now());
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
