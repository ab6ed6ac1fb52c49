//! Pages that a gateway serves beside requests to APIs: made by whoever starts it, as it knows no files.

use bytes::Bytes;
use http::{Request, Response};

/// Responds to requests for pages.
pub trait PageSource: Send + Sync {
    /// Responds to a request, with its whole body. It is called on a thread on which it may wait.
    fn respond(&self, request: &Request<Bytes>) -> Response<Bytes>;
}
