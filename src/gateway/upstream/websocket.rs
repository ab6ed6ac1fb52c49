//! Connections that go on as a websocket: a connection to the backend of their own, and then bytes both ways.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use http::header::{CONNECTION, UPGRADE, VIA};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy_bidirectional};

use super::forward::{Answered, Call, Failed};
use super::http1::sending::Sending;
use super::pool::Wanted;
use crate::gateway::body::RequestBody;
use crate::gateway::problem::Kind;
use crate::gateway::server::watch::InFlight;
use crate::gateway::stream::Stream;

/// The other end of a connection that goes on as another protocol.
pub(crate) struct Tunnel {
    backend: Stream,
    /// What the backend has sent already.
    first: BytesMut,
    /// By which open connections to backends are counted.
    _open: Rc<()>,
    _in_flight: Option<InFlight>,
}

/// A backend's answer to a request for a websocket.
pub(crate) enum Upgraded {
    /// It agreed: with these headers, after this time.
    Agreed(HeaderMap, Tunnel, Duration),
    /// It answered something else.
    Refused(Box<Answered>),
}

/// Passes a request for a websocket on.
pub(crate) async fn upgrade(call: &Call<'_>, parts: Parts, asked: &mut Option<Arc<str>>) -> Result<Upgraded, Failed> {
    let prepared = call.prepare(parts)?;
    *asked = Some(Arc::clone(&prepared.backend.name));
    let started = Instant::now();
    let target = prepared
        .backend
        .pick(call.worker.turn(), None)
        .ok_or_else(|| Failed::new(Kind::SourceUnavailable, "The backend has no address.", "it has no address"))?;
    let mut lease = call.worker.pool.lease(&target.origin, Wanted::Fresh, call.forward.connect_timeout).await?;
    let head = lease.connection.begin();
    call.write_head(&prepared, target, true, head)?;
    let mut sending = Sending::new(RequestBody::Empty, &prepared.method, head);
    head.extend_from_slice(b"\r\n");
    let answer = lease.connection.head(&mut sending, false);
    let answer = tokio::time::timeout(call.response_timeout(), answer).await;
    let mut head = answer.map_err(|_| {
        Failed::new(Kind::DeadlineExceeded, "The backend did not answer in time.", "it did not answer in time")
    })??;
    if head.status != StatusCode::SWITCHING_PROTOCOLS {
        let answered = Answered::new(head, lease, sending, call, started.elapsed());
        return Ok(Upgraded::Refused(Box::new(answered)));
    }
    head.headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    head.headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    head.headers.append(VIA, call.worker.shared.via_http_1.clone());
    let (backend, first, open) = lease.connection.into_parts();
    let tunnel = Tunnel { backend, first, _open: open, _in_flight: None };
    Ok(Upgraded::Agreed(head.headers, tunnel, started.elapsed()))
}

impl Tunnel {
    /// Keeps the request in flight for as long as the tunnel stands.
    pub(crate) fn keeping(self, in_flight: InFlight) -> Self {
        Self { _in_flight: Some(in_flight), ..self }
    }

    /// Passes bytes both ways until one side ends. `first` is what the client has sent already.
    pub(crate) async fn run(mut self, mut client: impl AsyncRead + AsyncWrite + Unpin, first: &[u8]) -> io::Result<()> {
        self.backend.write_all(first).await?;
        client.write_all(&self.first).await?;
        copy_bidirectional(&mut client, &mut self.backend).await?;
        Ok(())
    }
}
