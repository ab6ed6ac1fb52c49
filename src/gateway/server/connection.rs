//! One client connection from the handshake to its end.
//!
//! Message framing is hyper's, for HTTP/1.1 and HTTP/2 alike. Its repairs (RFC 9112, sections 2.2, 6.1, 6.3 and 7.1.1)
//! never become two readings, since the request to a backend is written anew; messages that it accepts and the gateway
//! does not are refused by the service, on the parsed head.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::BytesMut;
use http::{Request, Response, StatusCode};
use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

use super::observed::ObservedStream;
use crate::gateway::mutual_tls::{HandshakeFailure, MutualTls};
use crate::gateway::problem::Problem;
use crate::gateway::request_body::IncomingBody;
use crate::gateway::service::context::{AgreedTunnel, ClientConnection, Context};
use crate::gateway::service::payload::ResponsePayload;
use crate::gateway::service::{handle, note_refused};
use crate::gateway::stream::ClientStream;
use crate::gateway::watch::{ClientWait, ConnectionWatch};

/// The connection preface of a client that speaks HTTP/2 without negotiating it (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The room for the first read, in bytes.
const FIRST_ROOM: usize = 4 * 1024;

/// The most bytes of a response that wait to be written, on a connection of HTTP/1.1 or a stream of HTTP/2.
const BUFFER_BYTES: usize = 64 * 1024;

/// The encryption of a connection: of any client's, or of one that has to show a certificate.
pub(crate) enum ConnectionTls {
    Open(Arc<ServerConfig>),
    Mutual(Arc<MutualTls>),
}

impl ConnectionTls {
    /// Makes the handshake; the reason of a failure is noted elsewhere.
    async fn accept(
        self,
        client: &ClientConnection,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, HandshakeFailure> {
        match self {
            Self::Open(config) => TlsAcceptor::from(config).accept(stream).await.map_err(HandshakeFailure::from),
            Self::Mutual(tls) => {
                let (stream, shown) = tls.accept(stream, client.watch.peer.ip()).await?;
                client.note_proxy(shown);
                Ok(stream)
            }
        }
    }
}

/// Serves a connection to its end, encrypted where there are certificates.
pub(crate) async fn serve(
    context: Rc<Context>,
    client: Rc<ClientConnection>,
    mut stream: TcpStream,
    certificates: Option<ConnectionTls>,
) {
    // Without it a response waits for the acknowledgement of the one before; where it fails, responses are only slower.
    stream.set_nodelay(true).ok();
    let watch = &client.watch;
    let (stream, first, is_http2) = if let Some(config) = certificates {
        let Some(Ok(stream)) = unless_over(watch, config.accept(&client, stream)).await else { return };
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        (ClientStream::Tls(Box::new(stream.into())), BytesMut::new(), is_http2)
    } else {
        let Some(Ok((first, is_http2))) = unless_over(watch, read_preface(&mut stream)).await else { return };
        (ClientStream::Plain(stream), first, is_http2)
    };
    let stream = ObservedStream::new(stream, first, Rc::clone(watch));
    if is_http2 {
        serve_http2(context, client, stream).await;
    } else {
        serve_http1(context, client, stream).await;
    }
}

/// Waits for the bytes that precede the first request; returns nothing where they take too long, or where no more
/// requests are taken.
async fn unless_over<F: Future>(watch: &ConnectionWatch, first: F) -> Option<F::Output> {
    let mut first = pin!(first);
    let unless_drained = poll_fn(|context| match first.as_mut().poll(context) {
        Poll::Pending if watch.is_draining() => Poll::Ready(None),
        polled => polled.map(Some),
    });
    unless_cut(watch, unless_drained).await.flatten()
}

/// Drives a connection, unless it is cut off before its end.
async fn unless_cut<F: Future>(watch: &ConnectionWatch, future: F) -> Option<F::Output> {
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

/// Drives a tunnel, unless its request would be refused before its end.
async fn unless_refused(refusal: impl Future<Output = Problem>, passing: impl Future<Output = io::Result<()>>) {
    tokio::select! {
        // It makes no difference if a side broke or closed the connection.
        _ = passing => {}
        _ = refusal => {}
    }
}

/// Reads until the bytes tell whether the client speaks HTTP/2; returns them, too.
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

async fn serve_http1(context: Rc<Context>, client: Rc<ClientConnection>, stream: ObservedStream) {
    let watch = &client.watch;
    let mut builder = http1::Builder::new();
    // Deadlines are the watch's, for which no request pays with a timer. Not `pipeline_flush`: with it, hyper 1.12
    // never sends a response that closes the connection while more has been read.
    builder
        .half_close(true)
        .header_read_timeout(None)
        .max_header_size(context.shared.config.limits.head_bytes)
        .max_buf_size(BUFFER_BYTES);
    let service = service(Rc::clone(&context), Rc::clone(&client));
    let mut connection = builder.serve_connection(TokioIo::new(stream), service);
    let driven = drive(watch, Pin::new(&mut connection), http1::Connection::graceful_shutdown).await;
    match driven {
        Some(Ok(())) => {}
        Some(Err(error)) if error.is_parse() => {
            // hyper has responded by itself, without a body; the log and the metrics learn of it here.
            let too_large = error.is_parse_too_large();
            let status = if too_large { StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE } else { StatusCode::BAD_REQUEST };
            note_refused(Rc::clone(&context), Rc::clone(&client), status, error.to_string());
        }
        // It makes no difference if a side broke or closed the connection.
        None | Some(Err(_)) => return,
    }
    let parts = connection.into_parts();
    let stream = parts.io.into_inner().into_stream();
    let tunnel = client.tunnel.borrow_mut().take();
    match tunnel {
        Some(AgreedTunnel { tunnel, refusal }) => {
            watch.set_reading(ClientWait::Tunnel, true);
            // On the heap: other connections have no room for it.
            let passing = Box::pin(unless_refused(refusal, tunnel.run(stream, &parts.read_buf)));
            unless_cut(watch, passing).await;
        }
        None => {
            unless_cut(watch, Box::pin(linger(stream))).await;
        }
    }
}

async fn serve_http2(context: Rc<Context>, client: Rc<ClientConnection>, stream: ObservedStream) {
    let watch = &client.watch;
    watch.note_multiplexed();
    watch.set_reading(ClientWait::Tunnel, true);
    let limits = context.shared.config.limits;
    let timeouts = context.shared.config.timeouts;
    let mut builder = http2::Builder::new(LocalExecutor);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_send_buf_size(BUFFER_BYTES)
        .keep_alive_interval(Some(timeouts.keep_alive))
        .keep_alive_timeout(timeouts.head);
    let service = service(context, Rc::clone(&client));
    let stream = TokioIo::new(stream.filtering_header_blocks(limits.head_bytes));
    let connection = pin!(builder.serve_connection(stream, service));
    // Its result makes no difference any more.
    drive(watch, connection, http2::Connection::graceful_shutdown).await;
}

/// Makes the service that responds to the requests of a connection.
fn service(
    context: Rc<Context>,
    client: Rc<ClientConnection>,
) -> impl HttpService<hyper::body::Incoming, ResBody = ResponsePayload, Error = std::convert::Infallible, Future: 'static>
{
    service_fn(move |request: Request<hyper::body::Incoming>| {
        let (parts, body) = request.into_parts();
        let body = IncomingBody::new(body, Rc::clone(&client.watch));
        let handled = handle(Rc::clone(&context), Rc::clone(&client), parts, body);
        async { Ok::<Response<ResponsePayload>, _>(handled.await) }
    })
}

/// Drives a connection to its end, and has it closed after the requests in flight where the gateway drains; returns
/// nothing where it is cut off.
async fn drive<C: Future<Output = hyper::Result<()>>>(
    watch: &ConnectionWatch,
    mut connection: Pin<&mut C>,
    drain: impl Fn(Pin<&mut C>),
) -> Option<hyper::Result<()>> {
    let mut drains = false;
    let served = poll_fn(|context| {
        if watch.is_draining() && !std::mem::replace(&mut drains, true) {
            drain(connection.as_mut());
        }
        match connection.as_mut().poll(context) {
            // hyper would wait for the rest of a head of which only a part has come.
            Poll::Pending if drains && watch.is_unused() => Poll::Ready(Ok(())),
            polled => polled,
        }
    });
    unless_cut(watch, served).await
}

/// Closes a connection towards the client, and reads on for a while, since closing with unread bytes would take the
/// last response back (RFC 9112, section 9.6). Many clients send a whole body before they read: of a body of 8 MB that
/// is refused, `fetch` in Node saw the response in 3 of 10 requests where 1 MB was read, and in all where it was read
/// whole.
async fn linger(mut stream: ClientStream) {
    const MOST_BYTES: usize = 64 * 1024 * 1024;
    const LONGEST: Duration = Duration::from_secs(10);
    /// A client that sends nothing for so long has the response, or never reads it.
    const LONGEST_PAUSE: Duration = Duration::from_secs(1);
    let lingering = async {
        stream.shutdown().await?;
        let (mut space, mut discarded) = (vec![0; 16 * 1024], 0);
        while discarded < MOST_BYTES {
            match tokio::time::timeout(LONGEST_PAUSE, stream.read(&mut space)).await {
                Ok(Ok(count)) if count > 0 => discarded += count,
                _ => break,
            }
        }
        io::Result::Ok(())
    };
    tokio::time::timeout(LONGEST, lingering).await.ok();
}

/// Runs the tasks of an HTTP/2 connection on the worker's own thread.
#[derive(Clone)]
struct LocalExecutor;

impl<F: Future<Output: 'static> + 'static> Executor<F> for LocalExecutor {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}
