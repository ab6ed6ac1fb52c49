//! The listener for pages: `serve --docs`.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{HeaderName, Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::own_listener::{OwnListener, serve_connections};
use super::worker::StopOrder;
use crate::gateway::pages::PageSource;

/// The most connections at a time.
const MOST_CONNECTIONS: usize = 256;
/// The largest body of a request that a page passes on, in bytes.
const LARGEST_BODY: usize = 16 << 20;
/// The most bytes of the bodies of all requests together.
const MOST_BODY_BYTES: usize = 64 << 20;
/// Time-out for a whole body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Responds to readers until the gateway has stopped.
pub(crate) async fn serve_pages(source: Arc<dyn PageSource>, listener: TcpListener, stop: watch::Receiver<StopOrder>) {
    let bodies = BodyReader { timeout: BODY_TIMEOUT, room: Arc::new(Semaphore::new(MOST_BODY_BYTES)) };
    let respond = move |request| respond(Arc::clone(&source), bodies.clone(), request);
    serve_connections(listener, stop, OwnListener { most_connections: MOST_CONNECTIONS, tls: None }, respond).await;
}

async fn respond(source: Arc<dyn PageSource>, bodies: BodyReader, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (mut head, body) = request.into_parts();
    let is_head = head.method == Method::HEAD;
    let body = if [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(&head.method) {
        bodies.read(body).await
    } else {
        head.headers.remove(CONTENT_LENGTH);
        Ok(ReadBody::default())
    };
    let ReadBody { bytes, room } = match body {
        Ok(body) => body,
        Err((status, text)) => {
            let mut response = plain(status, text);
            // What is left of the body is no request.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            return response.map(Full::new);
        }
    };
    let response = page(source, Request::from_parts(head, bytes)).await;
    drop(room);
    if is_head { response.map(|_| Full::default()) } else { response.map(Full::new) }
}

/// Reads bodies within a time, and within the room for all of them.
#[derive(Debug, Clone)]
struct BodyReader {
    timeout: Duration,
    /// The bytes that are left for bodies.
    room: Arc<Semaphore>,
}

/// The body of a request, with its part of the room for all.
#[derive(Debug, Default)]
struct ReadBody {
    bytes: Bytes,
    room: Option<OwnedSemaphorePermit>,
}

impl BodyReader {
    async fn read<B: Body<Data = Bytes> + Unpin>(&self, body: B) -> Result<ReadBody, (StatusCode, &'static str)> {
        let read = tokio::time::timeout(self.timeout, self.collect(body)).await;
        read.unwrap_or(Err((StatusCode::REQUEST_TIMEOUT, "the body took too long\n")))
    }

    async fn collect<B: Body<Data = Bytes> + Unpin>(
        &self,
        mut body: B,
    ) -> Result<ReadBody, (StatusCode, &'static str)> {
        const FULL: (StatusCode, &str) = (StatusCode::SERVICE_UNAVAILABLE, "there is no room for another body now\n");
        let (mut bytes, mut held) = (BytesMut::new(), None::<OwnedSemaphorePermit>);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| (StatusCode::BAD_REQUEST, "the body broke off\n"))?;
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len() + data.len() > LARGEST_BODY {
                return Err((StatusCode::PAYLOAD_TOO_LARGE, "the body is too large\n"));
            }
            let size = u32::try_from(data.len()).map_err(|_| FULL)?;
            let taken = Arc::clone(&self.room).try_acquire_many_owned(size).map_err(|_| FULL)?;
            match &mut held {
                Some(held) => held.merge(taken),
                None => held = Some(taken),
            }
            bytes.extend_from_slice(&data);
        }
        Ok(ReadBody { bytes: bytes.freeze(), room: held })
    }
}

/// Asks for a page on a thread that may wait: a large one takes its time.
pub(crate) async fn page(source: Arc<dyn PageSource>, request: Request<Bytes>) -> Response<Bytes> {
    let response = tokio::task::spawn_blocking(move || source.respond(&request)).await;
    let mut response =
        response.unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR, "the page cannot be made\n"));
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        // A policy within a page cannot say who may frame it.
        ("content-security-policy", "frame-ancestors 'none'"),
    ] {
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body::Frame;

    use super::*;

    /// A body that begins and never ends.
    struct HalfBody(Option<Bytes>);

    impl Body for HalfBody {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.0.take().map_or(Poll::Pending, |begin| Poll::Ready(Some(Ok(Frame::data(begin)))))
        }
    }

    fn status<B: Body<Data = Bytes> + Unpin>(reader: &BodyReader, body: B) -> u16 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(reader.read(body)).map_or_else(|(status, _)| status.as_u16(), |_| 200)
    }

    #[test]
    fn a_body_has_a_time_and_a_size_and_all_together_have_room() {
        let reader = BodyReader { timeout: Duration::from_millis(20), room: Arc::new(Semaphore::new(100)) };
        assert_eq!(status(&reader, HalfBody(Some(Bytes::from_static(&[0; 60])))), 408);
        assert_eq!(reader.room.available_permits(), 100, "one that is refused leaves its room");
        assert_eq!(status(&reader, Full::new(Bytes::from_static(&[0; 100]))), 200);
        assert_eq!(status(&reader, Full::new(Bytes::from_static(&[0; 101]))), 503);
        let wide = BodyReader { timeout: BODY_TIMEOUT, room: Arc::new(Semaphore::new(MOST_BODY_BYTES)) };
        assert_eq!(status(&wide, Full::new(Bytes::from(vec![0; LARGEST_BODY + 1]))), 413);
        let first = Arc::clone(&reader.room).try_acquire_many_owned(60).unwrap();
        assert_eq!(status(&reader, Full::new(Bytes::from_static(&[0; 60]))), 503, "another has it");
        drop(first);
        assert_eq!(status(&reader, Full::new(Bytes::from_static(&[0; 60]))), 200);
    }
}
