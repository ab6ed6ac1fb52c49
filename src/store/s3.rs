//! An S3-compatible store, with conditional writes and Signature Version 4.

use std::time::Duration;

use bytes::Bytes;
use http::header::{DATE, HeaderName, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::client::{ClientRequest, ClientResponse, StoreClient};
use super::credentials::{AwsCredentials, AwsSettings};
use super::error::{StoreError, StoreFault};
use super::object_store::{EntityTag, FetchedObject, ListedObject, ObjectName, ObjectStore, PutOutcome, StoreFuture};
use super::retry::retry;
use super::s3_list;
use super::url::{StoreUrlError, WebUrl};
use super::web::{MOST_TIMEOUTS, fetched};
use crate::access::sigv4::{SignatureScheme, Signer};
use crate::access::{PathForm, SigningRequest};
use crate::model::{Digest, SigningScheme, Timestamp, hexadecimal};

/// The most bytes of a response to a write, and of an error.
const LARGEST_ERROR: u64 = 64 << 10;
/// The most bytes of a part of a list, which has a thousand objects.
const LARGEST_LIST: u64 = 8 << 20;
/// The most parts of a list: ten million objects.
const MOST_LIST_PARTS: usize = 10_000;
/// The longest code of an error that is shown.
const LONGEST_CODE: usize = 64;

/// Gives the time of the wall clock.
type Clock = fn() -> Timestamp;

/// A bucket, or a prefix in one.
#[derive(Debug)]
pub struct S3Store {
    /// The address as the user wrote it.
    shown: String,
    /// The path of the bucket.
    bucket: String,
    /// The beginning of the names of objects: empty, or with a slash at its end.
    prefix: String,
    authority: String,
    region: String,
    credentials: AwsCredentials,
    client: StoreClient,
    clock: Clock,
}

impl S3Store {
    /// Makes the store of a bucket and a prefix. At an endpoint, the bucket is a part of the path.
    pub fn new(
        bucket: &str,
        prefix: &str,
        settings: AwsSettings,
        timeout: Duration,
        clock: Clock,
    ) -> Result<Self, StoreUrlError> {
        let AwsSettings { credentials, region, endpoint } = settings;
        let url: WebUrl = match &endpoint {
            Some(endpoint) => format!("{}/{bucket}", endpoint.trim_end_matches('/')).parse()?,
            // A certificate for all buckets covers one label.
            None if bucket.contains('.') => format!("https://s3.{region}.amazonaws.com/{bucket}").parse()?,
            None => format!("https://{bucket}.s3.{region}.amazonaws.com").parse()?,
        };
        let below = if prefix.is_empty() { String::new() } else { format!("/{prefix}") };
        Ok(Self {
            shown: format!("s3://{bucket}{below}"),
            bucket: url.path.clone(),
            prefix: if prefix.is_empty() { String::new() } else { format!("{prefix}/") },
            authority: url.authority.clone(),
            region,
            credentials,
            client: StoreClient::new(url, timeout),
            clock,
        })
    }

    /// Signs a request and sends it, several times if need be: each attempt has a date of its own.
    async fn call<T>(
        &self,
        (method, name): (Method, ObjectName),
        content: (HeaderMap, Bytes),
        most: u64,
        read: impl Fn(ClientResponse) -> Result<T, StoreFault>,
    ) -> Result<T, StoreError> {
        let path = format!("{}/{}{name}", self.bucket, self.prefix);
        self.call_path(method, (&path, ""), &name.to_string(), content, most, read).await
    }

    async fn call_path<T>(
        &self,
        method: Method,
        (path, query): (&str, &str),
        shown: &str,
        (headers, body): (HeaderMap, Bytes),
        most: u64,
        read: impl Fn(ClientResponse) -> Result<T, StoreFault>,
    ) -> Result<T, StoreError> {
        let call = || async {
            let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
            let mut headers = headers.clone();
            for (name, value) in self.signature(method.as_str(), (path, query), &body) {
                let value = HeaderValue::from_str(&value).map_err(http::Error::from)?;
                headers.insert(HeaderName::from_static(name), value);
            }
            let request = ClientRequest { method: method.clone(), target, headers, body: body.clone() };
            read(self.client.send(request, most.max(LARGEST_ERROR)).await?)
        };
        retry(self.client.timeout() * MOST_TIMEOUTS, || async {
            call().await.map_err(|fault| StoreError { place: format!("{}/{shown}", self.shown), fault })
        })
        .await
    }

    /// Returns the headers of the signature and those that it covers.
    fn signature(&self, method: &str, (path, query): (&str, &str), body: &[u8]) -> Vec<(&'static str, String)> {
        let AwsCredentials { key_id, secret, session_token } = &self.credentials;
        let hash = hexadecimal(Digest::of(body).bytes());
        let mut headers = vec![("x-amz-content-sha256", hash)];
        headers.extend(session_token.clone().map(|token| ("x-amz-security-token", token)));
        let signed: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let signer = Signer {
            scheme: SignatureScheme::of(SigningScheme::Aws4),
            key_id,
            secret: secret.as_bytes(),
            region: &self.region,
            service: "s3",
            path_form: PathForm::Sent,
        };
        let request = SigningRequest { method, path, query, authority: &self.authority, headers: &signed, body };
        let signature = signer.sign(&request, (self.clock)(), "");
        headers.extend(signature);
        headers
    }

    async fn write(
        &self,
        name: ObjectName,
        bytes: Bytes,
        condition: Option<(HeaderName, &str)>,
    ) -> Result<PutOutcome, StoreError> {
        let headers = condition.map(|(name, value)| HeaderValue::from_str(value).map(|value| (name, value)));
        let headers = headers.transpose().map_err(|error| StoreError {
            place: format!("{}/{name}", self.shown),
            fault: StoreFault::Request(error.into()),
        })?;
        let headers = HeaderMap::from_iter(headers);
        let is_conditional = !headers.is_empty();
        self.call((Method::PUT, name), (headers, bytes), LARGEST_ERROR, |response| match response.status {
            status if status.is_success() => Ok(PutOutcome::Written),
            StatusCode::PRECONDITION_FAILED if is_conditional => Ok(PutOutcome::Refused),
            // An object that is gone fits no tag; a bucket that is not there is an error.
            StatusCode::NOT_FOUND if is_conditional && code(&response).as_deref() == Some("NoSuchKey") => {
                Ok(PutOutcome::Refused)
            }
            _ => Err(refusal(&response)),
        })
        .await
    }
}

impl ObjectStore for S3Store {
    fn address(&self) -> String {
        format!("{}/{}", self.client.url().address(), self.prefix)
    }

    fn get(&self, name: ObjectName, most: u64) -> StoreFuture<'_, FetchedObject> {
        Box::pin(async move {
            let empty = (HeaderMap::new(), Bytes::new());
            self.call((Method::GET, name), empty, most, |response| match response.status {
                StatusCode::NOT_FOUND if code(&response).is_some_and(|code| code != "NoSuchKey") => {
                    Err(refusal(&response))
                }
                status if status.is_success() && response.body.len() as u64 > most => Err(StoreFault::TooLarge(most)),
                StatusCode::OK | StatusCode::NOT_FOUND => fetched(response),
                _ => Err(refusal(&response)),
            })
            .await
        })
    }

    fn put_if_absent(&self, name: ObjectName, bytes: Bytes) -> StoreFuture<'_, PutOutcome> {
        Box::pin(self.write(name, bytes, Some((IF_NONE_MATCH, "*"))))
    }

    fn put_if_match<'a>(&'a self, name: ObjectName, bytes: Bytes, tag: &'a EntityTag) -> StoreFuture<'a, PutOutcome> {
        Box::pin(self.write(name, bytes, Some((IF_MATCH, &tag.0))))
    }

    fn put(&self, name: ObjectName, bytes: Bytes) -> StoreFuture<'_, ()> {
        Box::pin(async move { self.write(name, bytes, None).await.map(|_| ()) })
    }

    fn list(&self) -> StoreFuture<'_, Vec<ListedObject>> {
        Box::pin(async move {
            let below = format!("{}{}", self.prefix, ObjectName::CONTENTS);
            let bucket = format!("{}/", self.bucket);
            let (mut objects, mut token, mut last_key) = (Vec::new(), None, None);
            for _ in 0..MOST_LIST_PARTS {
                let query = s3_list::query(&below, token.as_deref());
                let read = |response: ClientResponse| match response.status {
                    StatusCode::OK => s3_list::parse(&response.body, &self.prefix).ok_or(StoreFault::List),
                    _ => Err(refusal(&response)),
                };
                let empty = (HeaderMap::new(), Bytes::new());
                let shown = ObjectName::CONTENTS;
                let part = self.call_path(Method::GET, (&bucket, &query), shown, empty, LARGEST_LIST, read).await?;
                objects.extend(part.objects);
                // Names come in order, so that a part with those of before would come again and again.
                let has_old_names = part.first_key.is_some() && part.first_key <= last_key;
                if has_old_names || part.token.is_some() && part.token == token {
                    break;
                }
                last_key = part.last_key.or(last_key);
                if part.token.is_none() {
                    return Ok(objects);
                }
                token = part.token;
            }
            let place = format!("{}/{}", self.shown, ObjectName::CONTENTS);
            Err(StoreError { place, fault: StoreFault::EndlessList })
        })
    }

    fn remove(&self, digest: Digest) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let name = ObjectName::Content(digest);
            let empty = (HeaderMap::new(), Bytes::new());
            self.call((Method::DELETE, name), empty, LARGEST_ERROR, |response| match response.status {
                status if status.is_success() => Ok(()),
                StatusCode::NOT_FOUND if code(&response).is_none_or(|code| code == "NoSuchKey") => Ok(()),
                _ => Err(refusal(&response)),
            })
            .await
        })
    }
}

/// Reads a response that is no success.
fn refusal(response: &ClientResponse) -> StoreFault {
    let code = code(response);
    if code.as_deref() == Some("RequestTimeTooSkewed") {
        let date = response.headers.get(DATE).and_then(|date| date.to_str().ok());
        return StoreFault::ClockSkew(date.map(str::to_owned));
    }
    StoreFault::of_status(response.status, code)
}

/// Finds the code of an S3 error: letters and digits, else it is none.
fn code(response: &ClientResponse) -> Option<String> {
    let text = std::str::from_utf8(&response.body).ok()?;
    let (code, _) = text.split_once("<Code>")?.1.split_once("</Code>")?;
    let is_code = (1..=LONGEST_CODE).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_code.then(|| code.to_owned())
}
