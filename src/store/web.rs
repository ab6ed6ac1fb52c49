//! A web server as a store that can be read alone: `GET`s of files.

use std::time::Duration;

use bytes::Bytes;
use http::header::ETAG;
use http::{HeaderMap, Method, StatusCode};

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

    async fn fetch(&self, name: ObjectName, most: u64) -> Result<FetchedObject, StoreError> {
        let place = format!("{}/{name}", self.url);
        let call = || async {
            let target = format!("{}/{name}", self.url.path);
            let request = ClientRequest { method: Method::GET, target, headers: HeaderMap::new(), body: Bytes::new() };
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

    fn get(&self, name: ObjectName, most: u64) -> StoreFuture<'_, FetchedObject> {
        Box::pin(self.fetch(name, most))
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

/// Reads the response to a `GET`.
pub(super) fn fetched(response: ClientResponse) -> Result<FetchedObject, StoreFault> {
    match response.status {
        StatusCode::OK => {
            let tag = response.headers.get(ETAG).and_then(|tag| tag.to_str().ok());
            Ok(FetchedObject::Found { bytes: response.body, tag: tag.map(|tag| EntityTag(tag.to_owned())) })
        }
        StatusCode::NOT_FOUND => Ok(FetchedObject::Missing),
        status => Err(StoreFault::of_status(status, None)),
    }
}
