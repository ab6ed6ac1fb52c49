//! Headers with a meaning of their own: those of one connection, and those that the gateway alone writes for a backend.

use http::HeaderName;
use http::header::{CONNECTION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};

/// Time for which a server keeps a connection open.
pub(crate) const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// Headers that belong to one connection and are never passed on (RFC 9110, section 7.6.1). A constant would be made
/// and dropped at each look.
pub(crate) static HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    KEEP_ALIVE,
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// True if a header belongs to one connection and is never passed on.
pub(crate) fn is_hop_by_hop(name: &HeaderName) -> bool {
    HOP_BY_HOP.contains(name)
}

/// The header that carries a request's id.
const REQUEST_ID: &str = "x-request-id";

/// True if a header, its name in lower case, reaches a backend only as the gateway writes it, neither from a caller nor
/// from a setting: the id of a request, and a name that becomes one of the gateway's where underscores and hyphens are
/// one. A backend behind CGI or WSGI sees `X_Forwarded_For` and `X-Forwarded-For` under one name (RFC 3875, section
/// 4.1.18).
pub(crate) fn is_reserved_for_gateway(name: &str) -> bool {
    const OWN: [&str; 5] = ["content-length", "transfer-encoding", "x-apigw-key", "x-real-ip", REQUEST_ID];
    if !name.contains('_') {
        return name == REQUEST_ID;
    }
    let plain = name.replace('_', "-");
    plain.starts_with("x-forwarded-") || OWN.contains(&plain.as_str())
}

/// True if a header, its name in lower case, can hold a caller's key: none that a client, a proxy or the gateway gives
/// a meaning of its own.
pub(crate) fn can_hold_key(name: &str) -> bool {
    const TAKEN: [&str; 19] = [
        "content-digest",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "date",
        "expect",
        "forwarded",
        "host",
        "origin",
        "signature",
        "signature-input",
        "via",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-apigw-key",
        "x-jdcloud-date",
        "x-jdcloud-nonce",
        "x-real-ip",
    ];
    let is_of_connection = HOP_BY_HOP.iter().any(|own| own == name);
    !is_of_connection && !is_reserved_for_gateway(name) && !name.starts_with("x-forwarded-") && !TAKEN.contains(&name)
}
