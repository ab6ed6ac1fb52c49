//! Sends one request over a connection of its own, and waits for all of its response.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::gateway::upstream::tls_client::client_config;
use crate::model::BackendTls;

/// The most bytes of a response.
const LARGEST_RESPONSE: usize = 256 << 20;
/// The name under which the own certificate authority is handed on.
const OWN_AUTHORITY: &str = "ca";

/// Target of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallDestination {
    /// The host to connect to, a name or an address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// True if the connection is encrypted.
    pub encrypted: bool,
    /// The certificates that are trusted (PEM) instead of the system's.
    pub authority: Option<Arc<[u8]>>,
}

/// A request as it is sent.
#[derive(Debug, Clone)]
pub struct OutgoingCall {
    /// The method.
    pub method: Method,
    /// The path with its query.
    pub target: String,
    /// The host that is asked for, with its port where that is not the usual one.
    pub host: HeaderValue,
    /// All headers but `Host`.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// All of a response.
#[derive(Debug, Clone)]
pub struct CallResponse {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// From the first byte that was sent to the last that came, without the time to connect.
    pub took: Duration,
}

/// Reason why there is no response.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The system cannot do it.
    #[error("cannot start to call")]
    System(#[source] io::Error),
    /// The connection failed.
    #[error("cannot connect to {host}:{port}")]
    Connect {
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// Error of the system.
        #[source]
        source: io::Error,
    },
    /// The connection cannot be encrypted.
    #[error("cannot encrypt the connection: {0}")]
    Tls(String),
    /// The request cannot be written.
    #[error("the request cannot be written: {0}")]
    Request(#[from] http::Error),
    /// The connection broke off.
    #[error("the connection was lost")]
    Broken(#[from] hyper::Error),
    /// The response is too large.
    #[error("the response is larger than {} MiB", LARGEST_RESPONSE >> 20)]
    TooLarge,
    /// It took too long.
    #[error("no complete response within {} s", .0.as_secs_f64())]
    TooLong(Duration),
}

/// Sends a request and waits for its response, at most `limit`. Redirects are not followed.
pub fn send(to: &CallDestination, outgoing: OutgoingCall, limit: Duration) -> Result<CallResponse, CallError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CallError::System)?;
    runtime.block_on(async {
        tokio::time::timeout(limit, connect_and_send(to, outgoing)).await.unwrap_or(Err(CallError::TooLong(limit)))
    })
}

async fn connect_and_send(to: &CallDestination, outgoing: OutgoingCall) -> Result<CallResponse, CallError> {
    let failed = |source| CallError::Connect { host: to.host.clone(), port: to.port, source };
    let stream = TcpStream::connect((to.host.as_str(), to.port)).await.map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    if !to.encrypted {
        return exchange(stream, outgoing).await;
    }
    let mut settings = BackendTls::default();
    let mut files = std::collections::BTreeMap::new();
    if let Some(authority) = &to.authority {
        settings.ca = Some(OWN_AUTHORITY.to_owned());
        files.insert(OWN_AUTHORITY.to_owned(), Arc::clone(authority));
    }
    let config = client_config(&settings, &files).map_err(|error| CallError::Tls(error.to_string()))?;
    // The certificate must be for the host that is asked for, not the one that is connected to.
    let host = outgoing.host.to_str().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host).trim_matches(['[', ']']);
    let name = ServerName::try_from(host.to_owned()).map_err(|error| CallError::Tls(error.to_string()))?;
    let stream = TlsConnector::from(config).connect(name, stream).await;
    exchange(stream.map_err(|error| CallError::Tls(error.to_string()))?, outgoing).await
}

async fn exchange<S>(stream: S, outgoing: OutgoingCall) -> Result<CallResponse, CallError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut request = Request::builder().method(outgoing.method).uri(outgoing.target).body(Full::new(outgoing.body))?;
    *request.headers_mut() = outgoing.headers;
    request.headers_mut().insert(HOST, outgoing.host);
    let started = Instant::now();
    let (head, body) = sender.send_request(request).await?.into_parts();
    let collected = Limited::new(body, LARGEST_RESPONSE).collect().await;
    let body = collected.map_err(|error| match error.downcast::<hyper::Error>() {
        Ok(error) => CallError::Broken(*error),
        Err(_) => CallError::TooLarge,
    })?;
    Ok(CallResponse { status: head.status, headers: head.headers, body: body.to_bytes(), took: started.elapsed() })
}
