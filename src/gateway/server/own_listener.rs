//! Connections of the gateway's own listeners, for operators, for readers of pages and for nodes: HTTP/1.1, a bounded
//! number at a time, so that those who ask leave file descriptors to callers.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::worker::StopOrder;
use crate::gateway::mutual_tls::{HandshakeFailure, MutualTls, ShownCertificates};

/// Time-out for a handshake, and for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The pause after a connection that could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// The settings of such a listener.
#[derive(Clone)]
pub(super) struct OwnListener {
    /// The most connections at a time. For one more, the one is closed that has waited longest for a request; if all
    /// have one, the new one.
    pub(super) most_connections: usize,
    /// The certificates of an encrypted one, and the function that is told why a client was refused in the handshake.
    pub(super) tls: Option<(Arc<MutualTls>, RefusalNote)>,
}

/// Takes note of a client that was refused.
pub(super) type RefusalNote = Rc<dyn Fn(SocketAddr, String)>;

/// The other side of a connection, which each of its requests has as an extension.
#[derive(Debug, Clone)]
pub(super) struct ConnectionPeer {
    pub(super) address: SocketAddr,
    /// The number of the connection.
    pub(super) number: u64,
    /// The certificates that it showed, where the listener is encrypted.
    pub(super) shown: Option<Arc<ShownCertificates>>,
}

/// The connections that are open.
#[derive(Default)]
struct OpenConnections(RefCell<Vec<Rc<OpenConnection>>>);

struct OpenConnection {
    /// The number of requests that wait for a response.
    waiting: Cell<usize>,
    /// Since when there is none.
    idle_since: Cell<Instant>,
    /// Ends the connection.
    end: Notify,
}

impl OpenConnections {
    /// Adds a connection; `None` if there are too many, and none of them is idle.
    fn add(&self, most: usize) -> Option<Rc<OpenConnection>> {
        let mut open = self.0.borrow_mut();
        if open.len() >= most {
            let idle = open.iter().enumerate().filter(|(_, one)| one.waiting.get() == 0);
            let (place, _) = idle.min_by_key(|(_, one)| one.idle_since.get())?;
            open.swap_remove(place).end.notify_one();
        }
        let idle_since = Cell::new(Instant::now());
        let added = Rc::new(OpenConnection { waiting: Cell::new(0), idle_since, end: Notify::new() });
        open.push(Rc::clone(&added));
        Some(added)
    }

    fn remove(&self, ended: &Rc<OpenConnection>) {
        self.0.borrow_mut().retain(|one| !Rc::ptr_eq(one, ended));
    }
}

/// A request that waits for its response.
struct CountedRequest(Rc<OpenConnection>);

impl CountedRequest {
    fn begin(connection: &Rc<OpenConnection>) -> Self {
        connection.waiting.set(connection.waiting.get() + 1);
        Self(Rc::clone(connection))
    }
}

impl Drop for CountedRequest {
    fn drop(&mut self) {
        self.0.waiting.set(self.0.waiting.get().saturating_sub(1));
        self.0.idle_since.set(Instant::now());
    }
}

/// Responds to requests until the gateway has stopped.
pub(super) async fn serve_connections<R, F, B>(
    listener: TcpListener,
    mut stop: watch::Receiver<StopOrder>,
    own: OwnListener,
    respond: R,
) where
    R: Fn(Request<Incoming>) -> F + Clone + 'static,
    F: Future<Output = Response<B>> + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
{
    let open = Rc::new(OpenConnections::default());
    let mut number = 0;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop == StopOrder::Now) => return,
        };
        let Ok((stream, address)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let Some(connection) = open.add(own.most_connections) else { continue };
        number += 1;
        let peer = ConnectionPeer { address, number, shown: None };
        let (open, tls) = (Rc::clone(&open), own.tls.clone());
        let (requested, respond) = (Rc::clone(&connection), respond.clone());
        let respond = move |request| {
            let waiting = CountedRequest::begin(&requested);
            let response = respond(request);
            async move {
                let response = response.await;
                drop(waiting);
                response
            }
        };
        tokio::task::spawn_local(async move {
            tokio::select! {
                () = serve_connection(stream, peer, tls, respond) => {}
                () = connection.end.notified() => {}
            }
            open.remove(&connection);
        });
    }
}

async fn serve_connection<R, F, B>(
    stream: TcpStream,
    mut peer: ConnectionPeer,
    tls: Option<(Arc<MutualTls>, RefusalNote)>,
    respond: R,
) where
    R: Fn(Request<Incoming>) -> F + 'static,
    F: Future<Output = Response<B>> + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
{
    stream.set_nodelay(true).ok();
    let Some((tls, note_refused)) = tls else { return serve_stream(TokioIo::new(stream), peer, respond).await };
    match timeout(HEAD_TIMEOUT, tls.accept(stream, peer.address.ip())).await {
        Ok(Ok((stream, shown))) => {
            peer.shown = Some(Arc::new(shown));
            serve_stream(TokioIo::new(stream), peer, respond).await;
        }
        Ok(Err(HandshakeFailure::Refused(fault))) => note_refused(peer.address, fault.to_string()),
        Ok(Err(HandshakeFailure::Left)) | Err(_) => {}
    }
}

async fn serve_stream<I, R, F, B>(stream: I, peer: ConnectionPeer, respond: R)
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    R: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<B>>,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
{
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        let response = respond(request);
        async move { Ok::<_, Infallible>(response.await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder.serve_connection(stream, service).await.ok();
}
