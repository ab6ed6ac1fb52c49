//! Headers that belong to one connection, and those that tell the next hop where a request comes from.

use http::header::{CONNECTION, COOKIE, FORWARDED, HeaderMap, HeaderName, HeaderValue, TE, TRAILER, UPGRADE, VIA};
use std::net::{IpAddr, SocketAddr};

use crate::access::contains_subscription_key;
use crate::model::{HOP_BY_HOP, is_hop_by_hop, is_reserved_for_gateway, trim_blanks};

pub(crate) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// The header by which a mock tells the violations of a request to which it sends a declared response.
pub(crate) const X_APIGW_VIOLATIONS: HeaderName = HeaderName::from_static("x-apigw-violations");

/// The header that names a caller's key to a backend. A caller's own is never passed on.
pub(crate) const X_APIGW_KEY: HeaderName = HeaderName::from_static("x-apigw-key");

/// The header that carries a request's id.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Standard fields whose definition allows them in trailers (RFC 9110, sections 8.8.3, 11.6.3 and 14.3; RFC 9421; RFC
/// 9530; Server Timing).
const STANDARD_TRAILERS: [&str; 9] = [
    "accept-ranges",
    "authentication-info",
    "content-digest",
    "digest",
    "etag",
    "repr-digest",
    "server-timing",
    "signature",
    "signature-input",
];

/// Returns whether a field may be a trailer that is passed on: one that its definition allows there (RFC 9110, section
/// 6.5.1), or one that applications agree on, unless it says whose a message is or where it comes from.
///
/// A field with an underscore may be taken by a backend for one with a hyphen, and is judged as that one.
pub(crate) fn is_trailer(name: &HeaderName) -> bool {
    if name.as_str().contains('_') {
        let plain = HeaderName::from_bytes(name.as_str().replace('_', "-").as_bytes());
        return plain.is_ok_and(|plain| is_trailer(&plain));
    }
    let is_own = ["x-", "grpc-"].iter().any(|prefix| name.as_str().starts_with(prefix));
    let names_message = [X_REQUEST_ID, X_APIGW_KEY].contains(name) || name == "x-api-key" || is_claim(name);
    STANDARD_TRAILERS.contains(&name.as_str()) || is_own && !names_message
}

/// Removes the fields that a trailer may not be, and those with a subscription key.
pub(crate) fn retain_trailers(trailers: &mut HeaderMap) {
    let is_refused =
        |(name, value): &(&HeaderName, &HeaderValue)| !is_trailer(name) || contains_subscription_key(value.as_bytes());
    let refused: Vec<HeaderName> = trailers.iter().filter(is_refused).map(|(name, _)| name.clone()).collect();
    for name in refused {
        trailers.remove(name);
    }
}

/// Leaves in `Trailer` the fields that are passed on, where trailers are passed on at all.
pub(crate) fn retain_trailer_names(headers: &mut HeaderMap, are_passed_on: bool) {
    if !headers.contains_key(TRAILER) {
        return;
    }
    let values = headers.get_all(TRAILER).iter().filter_map(|value| value.to_str().ok());
    let names = values.flat_map(|value| value.split(',')).map(trim_blanks);
    let is_passed_on = |name: &&str| are_passed_on && HeaderName::try_from(*name).is_ok_and(|name| is_trailer(&name));
    let kept = names.filter(is_passed_on).collect::<Vec<_>>().join(", ");
    headers.remove(TRAILER);
    if let Some(value) = HeaderValue::try_from(kept).ok().filter(|value| !value.is_empty()) {
        headers.insert(TRAILER, value);
    }
}

/// Removes the claims of an untrusted client about earlier hops.
pub(crate) fn strip_claims(headers: &mut HeaderMap) {
    let claims: Vec<HeaderName> = headers.keys().filter(|name| is_claim(name)).cloned().collect();
    for name in claims {
        headers.remove(name);
    }
}

/// True if a header is one of the non-standard ones in which proxies describe the client.
fn is_claim(name: &HeaderName) -> bool {
    name.as_str().starts_with("x-forwarded-") || *name == X_REAL_IP
}

/// Removes the hop-by-hop headers: the well-known ones, and those that `Connection` names.
///
/// `Trailer` stays, since trailers may be passed on.
pub(crate) fn strip_hop_by_hop(headers: &mut HeaderMap) {
    strip_named(headers);
    strip_well_known(headers);
}

/// Removes the well-known hop-by-hop headers, but for `Trailer`.
pub(crate) fn strip_well_known(headers: &mut HeaderMap) {
    // Most heads have none, which is seen sooner than each is looked for.
    if !headers.keys().any(is_hop_by_hop) {
        return;
    }
    for name in HOP_BY_HOP.iter().filter(|name| **name != TRAILER) {
        headers.remove(name);
    }
}

/// Removes the headers that `Connection` names, but for well-known ones that are still read, and for those that tell
/// where a message comes from: a proxy in front may pass on a client's `Connection`, and no client decides what a
/// backend learns of it.
pub(crate) fn strip_named(headers: &mut HeaderMap) {
    const KEPT: [HeaderName; 6] = [TE, UPGRADE, FORWARDED, VIA, X_APIGW_KEY, X_REQUEST_ID];
    let values = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let words = values.flat_map(|value| value.split(',')).map(trim_blanks);
    // These two say how long the connection lives; no header has such a name.
    let names = words.filter(|word| !["keep-alive", "close"].iter().any(|usual| word.eq_ignore_ascii_case(usual)));
    let is_kept = |name: &HeaderName| is_claim(name) || KEPT.contains(name);
    let named: Vec<HeaderName> = names.filter_map(|name| name.parse().ok()).filter(|name| !is_kept(name)).collect();
    for name in named {
        headers.remove(name);
    }
}

/// Headers that tell a backend the origin of one connection's requests for one host, written once.
pub(crate) struct HopHeaders {
    host: Box<str>,
    proto: &'static str,
    forwarded: Box<str>,
    client: Box<str>,
    /// The header lines that tell it where the client is not believed.
    lines: Box<[u8]>,
}

impl HopHeaders {
    /// Writes the headers for requests of a client to a well-formed `Host`.
    pub(crate) fn new(peer: SocketAddr, encrypted: bool, host: &str) -> Self {
        let proto = if encrypted { "https" } else { "http" };
        let ip = peer.ip().to_canonical();
        let node = match ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("\"[{ip}]\""),
        };
        let forwarded = format!("for={node};host=\"{host}\";proto={proto}");
        let client = ip.to_string();
        let mut lines = Vec::new();
        for (name, value) in [
            (FORWARDED, forwarded.as_str()),
            (X_FORWARDED_FOR, &client),
            (X_FORWARDED_HOST, host),
            (X_FORWARDED_PROTO, proto),
        ] {
            write_field(&mut lines, name.as_str(), value.as_bytes());
        }
        let (forwarded, client) = (forwarded.into(), client.into());
        Self { host: host.into(), proto, forwarded, client, lines: lines.into() }
    }
}

/// Headers of a single request that tell a backend where it comes from.
pub(crate) struct ForwardedHeaders<'a> {
    pub(crate) prefix: &'a HeaderValue,
    pub(crate) request_id: &'a HeaderValue,
    /// True if the client's claims about earlier hops are trusted.
    pub(crate) trusted: bool,
    /// Headers that the settings have written, which are sent as they are.
    pub(crate) written: &'a [HeaderName],
    /// The version of HTTP that the client spoke, and who the gateway is.
    pub(crate) via: &'a HeaderValue,
}

/// Writes the headers of a request for the next hop: the client's own, and those of its origin (RFC 7239, and the
/// headers that came before it). The hop-by-hop headers and untrusted claims have been removed before.
pub(crate) fn write_fields(
    head: &mut Vec<u8>,
    headers: &HeaderMap,
    hop: &HopHeaders,
    forwarded: &ForwardedHeaders<'_>,
) {
    for (name, value) in headers {
        if is_passed_on(name.as_str(), forwarded.trusted) || is_hop(name) && forwarded.written.contains(name) {
            write_field(head, name.as_str(), value.as_bytes());
        }
    }
    // HTTP/2 lets a caller take the cookies apart; elsewhere they are one header (RFC 9113, section 8.2.3).
    let cookies: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if !cookies.is_empty() {
        write_field(head, COOKIE.as_str(), &cookies.join(&b"; "[..]));
    }
    if forwarded.trusted || forwarded.written.iter().any(is_hop) {
        write_hops(head, headers, hop, forwarded);
    } else {
        head.extend_from_slice(&hop.lines);
        write_field(head, X_FORWARDED_PREFIX.as_str(), forwarded.prefix.as_bytes());
    }
    write_field(head, VIA.as_str(), forwarded.via.as_bytes());
    write_field(head, X_REQUEST_ID.as_str(), forwarded.request_id.as_bytes());
}

/// True if a header tells the hops of a request.
fn is_hop(name: &HeaderName) -> bool {
    static HOPS: [HeaderName; 5] =
        [FORWARDED, X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO, X_FORWARDED_PREFIX];
    HOPS.contains(name)
}

/// Writes the headers that tell the hops of a request: behind what a trusted client tells, and but for those that the
/// settings have written.
fn write_hops(head: &mut Vec<u8>, headers: &HeaderMap, hop: &HopHeaders, forwarded: &ForwardedHeaders<'_>) {
    let is_told = |name: &HeaderName| forwarded.trusted && headers.contains_key(name);
    for (name, own) in [
        (FORWARDED, hop.forwarded.as_bytes()),
        (X_FORWARDED_FOR, hop.client.as_bytes()),
        (X_FORWARDED_HOST, hop.host.as_bytes()),
        (X_FORWARDED_PROTO, hop.proto.as_bytes()),
        (X_FORWARDED_PREFIX, forwarded.prefix.as_bytes()),
    ] {
        if forwarded.written.contains(&name) {
            continue;
        }
        match name.as_str() {
            _ if !is_told(&name) => write_field(head, name.as_str(), own),
            "x-forwarded-prefix" => write_field(head, name.as_str(), &prefixes(headers, own)),
            "x-forwarded-host" | "x-forwarded-proto" => {}
            _ => write_list(head, headers, &name, own),
        }
    }
}

/// Writes a header field (RFC 9112, section 5).
pub(crate) fn write_field(head: &mut Vec<u8>, name: &str, value: &[u8]) {
    for part in [name.as_bytes(), b": ", value, b"\r\n"] {
        head.extend_from_slice(part);
    }
}

/// True if a caller's header is forwarded unchanged. The gateway writes some itself; of others a caller has to be
/// trusted.
fn is_passed_on(name: &str, trusted: bool) -> bool {
    match name {
        "host" | "expect" | "content-length" | "cookie" | "forwarded" | "x-forwarded-for" | "x-forwarded-prefix" => {
            false
        }
        "x-forwarded-host" | "x-forwarded-proto" => trusted,
        name => !is_reserved_for_gateway(name),
    }
}

/// Returns the prefixes that earlier hops and the gateway took from the path, in their order.
fn prefixes(headers: &HeaderMap, own: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    let earlier =
        headers.get_all(X_FORWARDED_PREFIX).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    for prefix in earlier {
        let prefix = prefix.trim_ascii();
        whole.extend_from_slice(prefix.strip_suffix(b"/").unwrap_or(prefix));
    }
    if whole.is_empty() || own != b"/" {
        whole.extend_from_slice(own);
    }
    whole
}

fn write_list(head: &mut Vec<u8>, headers: &HeaderMap, name: &HeaderName, item: &[u8]) {
    let earlier = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok()).map(str::as_bytes);
    let list = earlier.chain([item]).collect::<Vec<_>>().join(&b", "[..]);
    write_field(head, name.as_str(), &list);
}

#[cfg(test)]
mod tests;
