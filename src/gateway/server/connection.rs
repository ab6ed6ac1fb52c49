//! One client connection from the handshake to its end.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::guard::Guard;
use super::watch::Watch;
use super::worker::Worker;
use crate::gateway::service::handle;

/// What a client that speaks HTTP/2 without asking begins with (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The largest buffer of a connection; it holds any head that is let through.
const BUFFER_BYTES: usize = 64 * 1024;

/// Serves a connection to its end.
pub(crate) async fn serve(worker: Rc<Worker>, stream: TcpStream, peer: SocketAddr, tls: bool) {
    // Without it an answer waits for the acknowledgement of the one before; where it fails, answers are only slower.
    stream.set_nodelay(true).ok();
    let watch = Rc::new(Watch::new(peer, tls, Rc::clone(&worker.clock)));
    worker.watch(&watch);
    if tls {
        let Some(config) = worker.shared.tls.load_full() else { return };
        let handshake = TlsAcceptor::from(config).accept(stream);
        let Some(Ok(stream)) = unless_over(&watch, handshake).await else { return };
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            serve_http2(worker, watch, stream, Vec::new()).await;
        } else {
            serve_http1(worker, watch, stream, Vec::new()).await;
        }
    } else {
        let mut stream = stream;
        let Some(Ok((first, http2))) = unless_over(&watch, read_preface(&mut stream)).await else { return };
        if http2 {
            serve_http2(worker, watch, stream, first).await;
        } else {
            serve_http1(worker, watch, stream, first).await;
        }
    }
}

/// Waits for what stands before the first request; returns nothing where it takes too long, or where no more requests
/// are taken.
async fn unless_over<F: Future>(watch: &Watch, first: F) -> Option<F::Output> {
    let mut first = std::pin::pin!(first);
    poll_fn(|context| {
        watch.woken_by(context.waker());
        match first.as_mut().poll(context) {
            Poll::Pending if watch.is_cut() || watch.is_draining() => Poll::Ready(None),
            polled => polled.map(Some),
        }
    })
    .await
}

/// Reads until it is plain whether the client speaks HTTP/2; returns what was read, too.
async fn read_preface(stream: &mut TcpStream) -> io::Result<(Vec<u8>, bool)> {
    let mut first = Vec::with_capacity(512);
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

async fn serve_http1<S>(worker: Rc<Worker>, watch: Rc<Watch>, stream: S, first: Vec<u8>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let guard = Guard::new(stream, first, worker.shared.config.limits.head_bytes, Rc::clone(&watch));
    let service = service_fn({
        let watch = Rc::clone(&watch);
        move |request| handle(Rc::clone(&worker), Rc::clone(&watch), request)
    });
    let mut builder = http1::Builder::new();
    // Not `pipeline_flush`: with it, an answer that closes the connection before the body was read is never sent.
    builder.header_read_timeout(None).max_buf_size(BUFFER_BYTES);
    let mut connection = builder.serve_connection(TokioIo::new(guard), service);
    let ended = watched(&watch, Pin::new(&mut connection), http1::Connection::graceful_shutdown).await;
    if !ended {
        return;
    }
    let parts = connection.into_parts();
    let tunnel = watch.tunnel.borrow_mut().take();
    match tunnel {
        Some(tunnel) => {
            let client = parts.io.into_inner().into_tunnel();
            // Which side broke it is of no more interest than which side closed it.
            tunnel.run(client, &parts.read_buf).await.ok();
        }
        None => linger(parts.io.into_inner()).await,
    }
}

async fn serve_http2<S>(worker: Rc<Worker>, watch: Rc<Watch>, stream: S, first: Vec<u8>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    watch.multiplexes();
    let limits = worker.shared.config.limits;
    let timeouts = worker.shared.config.timeouts;
    // HTTP/2 frames its own requests; the guard only hands on what was read and sees whether writing is blocked.
    let guard = Guard::tunnel(stream, first, Rc::clone(&watch));
    let service = service_fn({
        let watch = Rc::clone(&watch);
        move |request| handle(Rc::clone(&worker), Rc::clone(&watch), request)
    });
    let mut builder = http2::Builder::new(LocalExecutor);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_send_buf_size(BUFFER_BYTES)
        .keep_alive_interval(Some(timeouts.keep_alive))
        .keep_alive_timeout(timeouts.head);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(guard), service));
    watched(&watch, connection.as_mut(), http2::Connection::graceful_shutdown).await;
}

/// Drives a connection until it ends or is cut off; returns whether it ended well.
async fn watched<C: Future<Output = hyper::Result<()>>>(
    watch: &Watch,
    mut connection: Pin<&mut C>,
    drain: impl Fn(Pin<&mut C>),
) -> bool {
    let mut draining = false;
    poll_fn(|context| {
        watch.woken_by(context.waker());
        if watch.is_cut() {
            return Poll::Ready(false);
        }
        if watch.is_draining() && !draining {
            draining = true;
            drain(connection.as_mut());
        }
        connection.as_mut().poll(context).map(|ended| ended.is_ok())
    })
    .await
}

/// Reads on for a little while after the answer, since closing with unread bytes would take the answer back
/// (RFC 9112, section 9.6).
async fn linger<S: AsyncRead + Unpin>(mut guard: Guard<S>) {
    const MOST_BYTES: usize = 1024 * 1024;
    let discard = async {
        let mut discarded = 0;
        while discarded < MOST_BYTES {
            match poll_fn(|context| guard.poll_discard(context)).await {
                Ok(0) | Err(_) => return,
                Ok(count) => discarded += count,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(1), discard).await.ok();
}

/// Runs the tasks of an HTTP/2 connection on the worker's own thread.
#[derive(Clone)]
struct LocalExecutor;

impl<F: Future<Output: 'static> + 'static> Executor<F> for LocalExecutor {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}
