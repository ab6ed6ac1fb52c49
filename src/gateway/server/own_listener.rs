//! Connections of the gateway's own listeners, for operators, for readers of pages and for nodes: HTTP/1.1, a bounded number
//! at a time, so that those who ask leave file descriptors to callers.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::worker::StopOrder;

/// Time-out for a handshake, and for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The pause after a connection that could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// The settings of such a listener.
#[derive(Clone)]
pub(super) struct OwnListener {
    /// The most connections at a time; more are closed.
    pub(super) most_connections: usize,
    /// The certificates of an encrypted one, as they are now.
    pub(super) tls: Option<Arc<ArcSwap<ServerConfig>>>,
}

/// The other side of a connection, which each of its requests has as an extension.
#[derive(Debug, Clone)]
pub(super) struct ConnectionPeer {
    pub(super) address: SocketAddr,
    /// The number of the connection.
    pub(super) number: u64,
    pub(super) certificate: Option<CertificateDer<'static>>,
}

/// Responds to requests until the gateway has stopped.
pub(super) async fn serve_connections<R, F>(
    listener: TcpListener,
    mut stop: watch::Receiver<StopOrder>,
    own: OwnListener,
    respond: R,
) where
    R: Fn(Request<Incoming>) -> F + Clone + 'static,
    F: Future<Output = Response<Full<Bytes>>> + 'static,
{
    let open = Rc::new(());
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
        if Rc::strong_count(&open) > own.most_connections {
            continue;
        }
        number += 1;
        let peer = ConnectionPeer { address, number, certificate: None };
        let (is_open, respond, tls) = (Rc::clone(&open), respond.clone(), own.tls.clone());
        tokio::task::spawn_local(async move {
            serve_connection(stream, peer, tls, respond).await;
            drop(is_open);
        });
    }
}

async fn serve_connection<R, F>(
    stream: TcpStream,
    mut peer: ConnectionPeer,
    tls: Option<Arc<ArcSwap<ServerConfig>>>,
    respond: R,
) where
    R: Fn(Request<Incoming>) -> F + 'static,
    F: Future<Output = Response<Full<Bytes>>> + 'static,
{
    stream.set_nodelay(true).ok();
    let Some(tls) = tls else { return serve_stream(TokioIo::new(stream), peer, respond).await };
    let handshake = TlsAcceptor::from(tls.load_full()).accept(stream);
    let Ok(Ok(stream)) = timeout(HEAD_TIMEOUT, handshake).await else { return };
    let certificates = stream.get_ref().1.peer_certificates();
    peer.certificate = certificates.and_then(|chain| chain.first()).map(|certificate| certificate.clone().into_owned());
    serve_stream(TokioIo::new(stream), peer, respond).await;
}

async fn serve_stream<I, R, F>(stream: I, peer: ConnectionPeer, respond: R)
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    R: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<Full<Bytes>>>,
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
