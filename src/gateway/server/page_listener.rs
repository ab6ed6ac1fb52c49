//! The listener for pages: `serve --docs`.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderName, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::own_listener::serve_connections;
use super::worker::StopOrder;
use crate::gateway::pages::PageSource;

/// The most connections at a time.
const MOST_CONNECTIONS: usize = 256;
/// The largest body of a request that a page passes on, in bytes.
const LARGEST_BODY: usize = 16 << 20;

/// Responds to readers until the gateway has stopped.
pub(crate) async fn serve_pages(source: Arc<dyn PageSource>, listener: TcpListener, stop: watch::Receiver<StopOrder>) {
    let respond = move |request| respond(Arc::clone(&source), request);
    serve_connections(listener, stop, MOST_CONNECTIONS, respond).await;
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
