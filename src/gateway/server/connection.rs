//! One client connection from the handshake to its end.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use bytes::BytesMut;
use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::http1;
use super::observed::Observed;
use super::watch::{Reading, Watch};
use super::worker::Worker;
use crate::gateway::body::Incoming;
use crate::gateway::service::handle;
use crate::gateway::stream::Stream;

/// What a client that speaks HTTP/2 without asking begins with (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How much is read at first, in bytes.
const FIRST_ROOM: usize = 4 * 1024;

/// How much of an answer waits to be sent on a stream of HTTP/2, in bytes.
const BUFFER_BYTES: usize = 64 * 1024;

/// Serves a connection to its end.
pub(crate) async fn serve(worker: Rc<Worker>, mut stream: TcpStream, peer: SocketAddr, tls: bool) {
    // Without it an answer waits for the acknowledgement of the one before; where it fails, answers are only slower.
    stream.set_nodelay(true).ok();
    let watch = Rc::new(Watch::new(peer, tls, Rc::clone(&worker.clock)));
    worker.watch(&watch);
    let (stream, first, is_http2) = if tls {
        let Some(config) = worker.shared.tls.load_full() else { return };
        let handshake = TlsAcceptor::from(config).accept(stream);
        let Some(Ok(stream)) = unless_over(&watch, handshake).await else { return };
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        (Stream::Tls(Box::new(stream.into())), BytesMut::new(), is_http2)
    } else {
        let Some(Ok((first, is_http2))) = unless_over(&watch, read_preface(&mut stream)).await else { return };
        (Stream::Plain(stream), first, is_http2)
    };
    if is_http2 {
        serve_http2(worker, watch, stream, first).await;
    } else {
        http1::serve(worker, watch, stream, first).await;
    }
}

/// Waits for what stands before the first request; returns nothing where it takes too long, or where no more requests
/// are taken.
async fn unless_over<F: Future>(watch: &Watch, first: F) -> Option<F::Output> {
    let mut first = pin!(first);
    let unless_drained = poll_fn(|context| match first.as_mut().poll(context) {
        Poll::Pending if watch.is_draining() => Poll::Ready(None),
        polled => polled.map(Some),
    });
    unless_cut(watch, unless_drained).await.flatten()
}

/// Waits for what a connection does, unless that is cut off before.
pub(super) async fn unless_cut<F: Future>(watch: &Watch, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| {
        watch.woken_by(context.waker());
        if watch.is_cut() {
            return Poll::Ready(None);
        }
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// Reads until it is plain whether the client speaks HTTP/2; returns what was read, too.
async fn read_preface(stream: &mut TcpStream) -> io::Result<(BytesMut, bool)> {
    let mut first = BytesMut::with_capacity(FIRST_ROOM);
    loop {
        let read = stream.read_buf(&mut first).await?;
        let known = first.len().min(PREFACE.len());
        if first.get(..known) != PREFACE.get(..known) || read == 0 {
            return Ok((first, false));
        }
        if known == PREFACE.len() {
            return Ok((first, true));
        }
    }
}

async fn serve_http2(worker: Rc<Worker>, watch: Rc<Watch>, stream: Stream, first: BytesMut) {
    watch.multiplexes();
    watch.reads(Reading::Tunnel, true);
    let limits = worker.shared.config.limits;
    let timeouts = worker.shared.config.timeouts;
    let stream = Observed::new(stream, first, Rc::clone(&watch));
    let service = service_fn({
        let watch = Rc::clone(&watch);
        move |request: http::Request<hyper::body::Incoming>| {
            let (parts, body) = request.into_parts();
            let handled = handle(Rc::clone(&worker), Rc::clone(&watch), parts, Incoming::Http2(body));
            async { Ok::<_, std::convert::Infallible>(handled.await) }
        }
    });
    let mut builder = http2::Builder::new(LocalExecutor);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_send_buf_size(BUFFER_BYTES)
        .keep_alive_interval(Some(timeouts.keep_alive))
        .keep_alive_timeout(timeouts.head);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut drains = false;
    let served = poll_fn(|context| {
        if watch.is_draining() && !std::mem::replace(&mut drains, true) {
            connection.as_mut().graceful_shutdown();
        }
        connection.as_mut().poll(context)
    });
    // How it ended is of no more interest.
    unless_cut(&watch, served).await;
}

/// Runs the tasks of an HTTP/2 connection on the worker's own thread.
#[derive(Clone)]
struct LocalExecutor;

impl<F: Future<Output: 'static> + 'static> Executor<F> for LocalExecutor {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}
