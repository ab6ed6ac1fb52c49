//! Fetches the public keys of issuers from their addresses, beside all requests.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{ACCEPT, HOST, USER_AGENT};
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::worker::StopOrder;
use crate::access::token::{KeySetFault, LARGEST_KEY_SET, TokenKeySet};
use crate::gateway::service::context::SharedContext;
use crate::gateway::stream::ClientStream;
use crate::gateway::upstream::connect::{ConnectError, connect};
use crate::gateway::upstream::target::{OriginSet, OriginSettings, UpstreamError};
use crate::gateway::upstream::tls_client::client_config;
use crate::model::{BackendTls, Digest, HttpUrl};

/// Reason why a key set cannot be fetched.
#[derive(Debug, thiserror::Error)]
enum KeyFetchError {
    #[error(transparent)]
    Address(#[from] UpstreamError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A name of this machine that leads to another.
    #[error("its address is not on this machine, and it is not https")]
    Unencrypted,
    #[error("the exchange failed: {0}")]
    Exchange(#[from] hyper::Error),
    #[error("the request is malformed: {0}")]
    Request(#[from] http::Error),
    #[error("the response is {0}, not 200; redirects are not followed")]
    Status(StatusCode),
    #[error("the response is larger than {LARGEST_KEY_SET} bytes")]
    TooLarge,
    #[error("the response broke off")]
    BrokenOff,
    #[error("the response is not UTF-8")]
    NotText,
    #[error("it took too long")]
    Timeout,
    #[error(transparent)]
    KeySet(#[from] KeySetFault),
}

/// Fetches what is due until the gateway stops.
pub(crate) async fn fetch_key_sets(context: Arc<SharedContext>, mut stop: watch::Receiver<StopOrder>) {
    let issuers = &context.issuers;
    let mut fetches = JoinSet::new();
    loop {
        let (due, next) = issuers.begin_due(Instant::now());
        for issuer in due {
            let (allow, timeout) = (context.config.allow_addresses.clone(), issuers.timeout());
            let changes = context.changes.clone();
            fetches.spawn_local(async move {
                let fetched = tokio::time::timeout(timeout, fetch(&issuer.address, allow, timeout)).await;
                let outcome = fetched.unwrap_or(Err(KeyFetchError::Timeout));
                match outcome {
                    Ok(keys) => issuer.replace(keys, Instant::now()),
                    Err(error) => issuer.note_failure(&error),
                }
                changes.send_replace(());
            });
        }
        while fetches.try_join_next().is_some() {}
        tokio::select! {
            () = tokio::time::sleep_until(next.into()) => {}
            () = issuers.wanted() => {}
            _ = stop.wait_for(|stop| *stop == StopOrder::Now) => return,
        }
    }
}

async fn fetch(address: &HttpUrl, allow: Vec<IpAddr>, timeout: Duration) -> Result<TokenKeySet, KeyFetchError> {
    let target = OriginSet::new().target(address, &mut |is_https| {
        let tls = is_https.then(|| client_config(&BackendTls::default(), &BTreeMap::new())).transpose()?;
        Ok(Arc::new(OriginSettings { tls, tls_identity: Digest::of(b""), allow: allow.clone() }))
    })?;
    let stream = connect(&target.origin, timeout).await?;
    if let ClientStream::Plain(stream) = &stream
        && !stream.peer_addr().is_ok_and(|peer| peer.ip().to_canonical().is_loopback())
    {
        return Err(KeyFetchError::Unencrypted);
    }
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends with the fetch, however that ends.
    let mut driver = JoinSet::new();
    driver.spawn_local(connection);
    let uri = Uri::try_from(address.as_str()).map_err(http::Error::from)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path)
        .header(HOST, target.origin.authority.clone())
        .header(ACCEPT, "application/jwk-set+json, application/json")
        .header(USER_AGENT, concat!("apigw/", env!("CARGO_PKG_VERSION")))
        .body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    if response.status() != StatusCode::OK {
        return Err(KeyFetchError::Status(response.status()));
    }
    let collected = Limited::new(response.into_body(), LARGEST_KEY_SET).collect().await;
    let body = collected.map_err(|error| {
        if error.is::<LengthLimitError>() { KeyFetchError::TooLarge } else { KeyFetchError::BrokenOff }
    })?;
    let body = body.to_bytes();
    Ok(TokenKeySet::parse(std::str::from_utf8(&body).map_err(|_| KeyFetchError::NotText)?)?)
}
