//! A client for one server: a few connections that are kept, and a time-out for each request.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, HOST};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::error::StoreFault;
use super::url::WebUrl;
use crate::gateway::client_config;
use crate::model::BackendTls;

/// The longest that a connection is kept for another request: servers close theirs after a few seconds.
const LONGEST_IDLE: Duration = Duration::from_secs(2);
/// The least rate of a body, by which its size adds to the time-out.
const BYTES_A_SECOND: u64 = 64 << 10;

/// A request to the server.
#[derive(Debug, Clone)]
pub(super) struct ClientRequest {
    pub(super) method: Method,
    /// The path with its query.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// A whole response of the server.
#[derive(Debug)]
pub(super) struct ClientResponse {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// A connection, and since when nobody uses it.
struct StoreConnection {
    sender: SendRequest<Full<Bytes>>,
    since: Instant,
}

/// A client for one server.
pub(super) struct StoreClient {
    url: WebUrl,
    timeout: Duration,
    idle: Mutex<Vec<StoreConnection>>,
}

impl StoreClient {
    pub(super) const fn new(url: WebUrl, timeout: Duration) -> Self {
        Self { url, timeout, idle: Mutex::new(Vec::new()) }
    }

    /// Returns the address of the server.
    pub(super) const fn url(&self) -> &WebUrl {
        &self.url
    }

    /// Returns the time-out for a request with a small body.
    pub(super) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Sends a request and reads all of its response, of which the body has at most `most` bytes. Redirects are not
    /// followed.
    pub(super) async fn send(&self, request: ClientRequest, most: u64) -> Result<ClientResponse, StoreFault> {
        let limit = self.limit(request.body.len() as u64);
        let response = tokio::time::timeout(limit, self.send_head(request)).await;
        let (sender, head, body) = response.map_err(|_| StoreFault::Timeout(limit))??;
        let stated = head.headers.get(http::header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        if stated.is_some_and(|stated: u64| stated > most) {
            return Err(StoreFault::TooLarge(most));
        }
        let limit = self.limit(stated.unwrap_or(most));
        let body = tokio::time::timeout(limit, collect(body, most));
        let body = body.await.map_err(|_| StoreFault::Timeout(limit))??;
        self.keep(sender);
        Ok(ClientResponse { status: head.status, headers: head.headers, body })
    }

    fn limit(&self, bytes: u64) -> Duration {
        self.timeout + Duration::from_secs(bytes / BYTES_A_SECOND)
    }

    async fn send_head(
        &self,
        request: ClientRequest,
    ) -> Result<(SendRequest<Full<Bytes>>, http::response::Parts, Incoming), StoreFault> {
        let mut sender = match self.take() {
            Some(sender) => sender,
            None => self.connect().await?,
        };
        let ClientRequest { method, target, headers, body } = request;
        let mut request = Request::builder().method(method).uri(target).body(Full::new(body))?;
        *request.headers_mut() = headers;
        let host = HeaderValue::from_str(&self.url.authority).map_err(http::Error::from)?;
        request.headers_mut().insert(HOST, host);
        request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let (head, body) = sender.send_request(request).await.map_err(StoreFault::Broken)?.into_parts();
        Ok((sender, head, body))
    }

    /// Takes a connection that was used a moment ago.
    fn take(&self) -> Option<SendRequest<Full<Bytes>>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|connection| connection.since.elapsed() < LONGEST_IDLE && connection.sender.is_ready());
        idle.pop().map(|connection| connection.sender)
    }

    fn keep(&self, sender: SendRequest<Full<Bytes>>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(StoreConnection { sender, since: Instant::now() });
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, StoreFault> {
        let WebUrl { host, port, encrypted, .. } = &self.url;
        let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(StoreFault::Connect)?;
        stream.set_nodelay(true).map_err(StoreFault::Connect)?;
        if !encrypted {
            return handshake(stream).await;
        }
        let failed = |error: &dyn std::error::Error| StoreFault::Tls(error.to_string());
        let config = client_config(&BackendTls::default(), &BTreeMap::new()).map_err(|error| failed(&error))?;
        let name = ServerName::try_from(host.clone()).map_err(|error| failed(&error))?;
        let stream = TlsConnector::from(config).connect(name, stream).await;
        handshake(stream.map_err(|error: io::Error| failed(&error))?).await
    }
}

impl std::fmt::Debug for StoreClient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("StoreClient").field("url", &self.url).finish_non_exhaustive()
    }
}

async fn handshake<S>(stream: S) -> Result<SendRequest<Full<Bytes>>, StoreFault>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(StoreFault::Broken)?;
    tokio::spawn(connection);
    Ok(sender)
}

/// Reads a body of at most `most` bytes.
async fn collect(mut body: Incoming, most: u64) -> Result<Bytes, StoreFault> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(StoreFault::Broken)?.into_data() else { continue };
        if (bytes.len() + data.len()) as u64 > most {
            return Err(StoreFault::TooLarge(most));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}
