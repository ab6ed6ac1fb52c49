//! A web server as a store that can be read alone: conditional `GET`s (RFC 9110, section 13) of files.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ETAG, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::client::{ClientRequest, ClientResponse, StoreClient};
use super::error::{StoreError, StoreFault};
use super::object_store::{EntityTag, FetchedObject, ListedObject, ObjectName, ObjectStore, PutOutcome, StoreFuture};
use super::retry::retry;
use super::url::WebUrl;
use crate::model::Digest;

/// The most time for the calls of one outcome, in time-outs.
pub(super) const MOST_TIMEOUTS: u32 = 3;

/// A web server.
#[derive(Debug)]
pub struct WebStore {
    url: WebUrl,
    client: StoreClient,
}

impl WebStore {
    /// Makes the store of an address, with a time-out for each request.
    #[must_use]
    pub fn new(url: WebUrl, timeout: Duration) -> Self {
        Self { client: StoreClient::new(url.clone(), timeout), url }
    }

    async fn fetch(
        &self,
        name: ObjectName,
        unless: Option<&EntityTag>,
        most: u64,
    ) -> Result<FetchedObject, StoreError> {
        let place = format!("{}/{name}", self.url);
        let call = || async {
            let headers = unless.map(condition).transpose().map_err(StoreFault::from)?.unwrap_or_default();
            let target = format!("{}/{name}", self.url.path);
            let request = ClientRequest { method: Method::GET, target, headers, body: Bytes::new() };
            fetched(self.client.send(request, most).await?)
        };
        retry(self.client.timeout() * MOST_TIMEOUTS, || async {
            call().await.map_err(|fault| StoreError { place: place.clone(), fault })
        })
        .await
    }
}

impl ObjectStore for WebStore {
    fn address(&self) -> String {
        self.url.address()
    }

    fn get<'a>(&'a self, name: ObjectName, unless: Option<&'a EntityTag>, most: u64) -> StoreFuture<'a, FetchedObject> {
        Box::pin(self.fetch(name, unless, most))
    }

    fn put_if_absent(&self, name: ObjectName, _: Bytes) -> StoreFuture<'_, PutOutcome> {
        Box::pin(std::future::ready(Err(self.read_only(name))))
    }

    fn put_if_match<'a>(&'a self, name: ObjectName, _: Bytes, _: &'a EntityTag) -> StoreFuture<'a, PutOutcome> {
        Box::pin(std::future::ready(Err(self.read_only(name))))
    }

    fn put(&self, name: ObjectName, _: Bytes) -> StoreFuture<'_, ()> {
        Box::pin(std::future::ready(Err(self.read_only(name))))
    }

    fn list(&self) -> StoreFuture<'_, Vec<ListedObject>> {
        Box::pin(std::future::ready(Err(self.read_only(ObjectName::Pointer))))
    }

    fn remove(&self, digest: Digest) -> StoreFuture<'_, ()> {
        Box::pin(std::future::ready(Err(self.read_only(ObjectName::Content(digest)))))
    }
}

impl WebStore {
    fn read_only(&self, name: ObjectName) -> StoreError {
        StoreError { place: format!("{}/{name}", self.url), fault: StoreFault::ReadOnly }
    }
}

/// Writes the condition that an object differs from the one with a tag.
pub(super) fn condition(tag: &EntityTag) -> Result<HeaderMap, http::Error> {
    let (name, value): (HeaderName, &str) = match tag {
        EntityTag::Tag(tag) => (IF_NONE_MATCH, tag),
        EntityTag::Date(date) => (IF_MODIFIED_SINCE, date),
    };
    Ok(HeaderMap::from_iter([(name, HeaderValue::from_str(value)?)]))
}

/// Reads the response to a `GET`.
pub(super) fn fetched(response: ClientResponse) -> Result<FetchedObject, StoreFault> {
    let text = |name: HeaderName| response.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    match response.status {
        StatusCode::OK => {
            let tag = text(ETAG).map(EntityTag::Tag).or_else(|| text(LAST_MODIFIED).map(EntityTag::Date));
            Ok(FetchedObject::Found { bytes: response.body, tag })
        }
        StatusCode::NOT_MODIFIED => Ok(FetchedObject::NotModified),
        StatusCode::NOT_FOUND => Ok(FetchedObject::Missing),
        status if status.is_redirection() => Err(StoreFault::Redirect(status)),
        status => Err(StoreFault::Status { status, code: None }),
    }
}
