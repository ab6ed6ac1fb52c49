//! Responses of the listener for pages.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use http::{Response, StatusCode};

/// Leads a reader who left out the slash behind a folder to its page, relative to the place that was asked for.
pub(super) fn to_folder(name: &str) -> Response<Bytes> {
    let mut response = text(StatusCode::PERMANENT_REDIRECT, "this is a folder");
    let folder = name.rsplit('/').next().and_then(|last| HeaderValue::from_str(&format!("{last}/")).ok());
    response.headers_mut().extend(folder.map(|folder| (LOCATION, folder)));
    response
}

/// Refuses a request by a problem document (RFC 9457).
pub(super) fn forbidden(detail: &str) -> Response<Bytes> {
    let status = StatusCode::FORBIDDEN;
    let problem =
        serde_json::json!({"type": "about:blank", "title": "Forbidden", "status": status.as_u16(), "detail": detail});
    let mut response = text(status, &problem.to_string());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

/// Responds with a plain text.
pub(super) fn text(status: StatusCode, message: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(format!("{message}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
