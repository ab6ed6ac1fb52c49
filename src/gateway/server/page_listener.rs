//! The listener for pages: `serve --docs`.

use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderName, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::worker::StopOrder;
use crate::gateway::pages::PageSource;

/// Time-out for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The most connections at a time, so that readers leave file descriptors to callers.
const MOST_CONNECTIONS: usize = 256;
/// The largest body of a request that a page passes on, in bytes.
const LARGEST_BODY: usize = 16 << 20;

/// Responds to readers until the gateway has stopped.
pub(crate) async fn serve_pages(
    source: Arc<dyn PageSource>,
    listener: TcpListener,
    mut stop: watch::Receiver<StopOrder>,
) {
    let open = Rc::new(());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop == StopOrder::Now) => return,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        if Rc::strong_count(&open) > MOST_CONNECTIONS {
            continue;
        }
        let is_open = Rc::clone(&open);
        let source = Arc::clone(&source);
        let service = service_fn(move |request| {
            let source = Arc::clone(&source);
            async move { Ok::<_, Infallible>(respond(source, request).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(TokioIo::new(stream), service);
        tokio::task::spawn_local(async move {
            connection.await.ok();
            drop(is_open);
        });
    }
}

async fn respond(source: Arc<dyn PageSource>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let is_head = head.method == Method::HEAD;
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large, or broke off\n").map(Full::new);
    };
    let response = page(source, Request::from_parts(head, body.to_bytes())).await;
    if is_head { response.map(|_| Full::default()) } else { response.map(Full::new) }
}

/// Asks for a page on a thread that may wait: a large one takes its time.
pub(crate) async fn page(source: Arc<dyn PageSource>, request: Request<Bytes>) -> Response<Bytes> {
    let response = tokio::task::spawn_blocking(move || source.respond(&request)).await;
    let mut response =
        response.unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR, "the page cannot be made\n"));
    for (name, value) in [("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer")] {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(text.as_bytes()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
