//! Responses of the listener for pages.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH, LOCATION};
use http::{Request, Response, StatusCode};

use crate::model::Digest;

/// Responds with a page, or with 304 to a reader who has it (RFC 9110, section 13.1.2).
pub(super) fn page(request: &Request<Bytes>, media_type: &'static str, bytes: Bytes) -> Response<Bytes> {
    let tag = format!("\"{}\"", Digest::of(&bytes).short());
    let mut known = request.headers().get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = known.any(|tags| tags.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
    let mut response = Response::new(if is_known { Bytes::new() } else { bytes });
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.extend(HeaderValue::from_str(&tag).ok().map(|tag| (ETAG, tag)));
    response
}

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
