//! Headers that belong to one connection, and those that tell the next hop where a request comes from.

use http::header::{
    CONNECTION, EXPECT, FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION,
    TE, TRAILER, TRANSFER_ENCODING, UPGRADE, VIA,
};
use std::net::{IpAddr, SocketAddr};

/// How long a server keeps a connection open.
pub(crate) const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const X_FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// The header by which a caller says how it would like to be answered (RFC 7240).
pub(crate) const PREFER: HeaderName = HeaderName::from_static("prefer");

/// The header that carries a request's id.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Returns whether a header belongs to one connection and is never passed on (RFC 9110, section 7.6.1).
pub(crate) fn is_hop_by_hop(name: &HeaderName) -> bool {
    [
        CONNECTION,
        KEEP_ALIVE,
        PROXY_CONNECTION,
        PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
    ]
    .contains(name)
}

/// Removes what belongs to one connection: the headers that always do, and those that `Connection` names.
///
/// `Trailer` stays, since trailers are passed on.
pub(crate) fn strip_hop_by_hop(headers: &mut HeaderMap) {
    // Most heads have none, which is seen sooner than each is looked for.
    if !headers.keys().any(is_hop_by_hop) {
        return;
    }
    if headers.contains_key(CONNECTION) {
        let named: Vec<HeaderName> = headers
            .get_all(CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|name| name.trim().parse().ok())
            .collect();
        for name in named {
            headers.remove(name);
        }
    }
    for name in [
        CONNECTION,
        KEEP_ALIVE,
        PROXY_CONNECTION,
        PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION,
        TE,
        TRANSFER_ENCODING,
        UPGRADE,
    ] {
        headers.remove(name);
    }
}

/// What the requests of one connection for one host tell a backend of where they come from, written once.
pub(crate) struct Hop {
    host: Box<str>,
    proto: &'static str,
    forwarded: HeaderValue,
    client: HeaderValue,
    host_value: HeaderValue,
}

impl Hop {
    /// Writes what requests of a client for a `Host` tell, or returns nothing where that cannot stand in a header.
    pub(crate) fn new(peer: SocketAddr, encrypted: bool, host: &str) -> Option<Self> {
        let proto = if encrypted { "https" } else { "http" };
        let ip = peer.ip().to_canonical();
        let node = match ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("\"[{ip}]\""),
        };
        Some(Self {
            host: host.into(),
            proto,
            forwarded: HeaderValue::try_from(format!("for={node};host=\"{host}\";proto={proto}")).ok()?,
            client: HeaderValue::try_from(ip.to_string()).ok()?,
            host_value: HeaderValue::from_str(host).ok()?,
        })
    }

    /// Returns the `Host` that it was written for.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }
}

/// What a request tells a backend besides.
pub(crate) struct Passage<'a> {
    pub(crate) prefix: &'a HeaderValue,
    pub(crate) request_id: &'a HeaderValue,
    /// Whether what the client says about earlier hops is believed.
    pub(crate) trusted: bool,
    /// The version of HTTP that the client spoke, and who the gateway is.
    pub(crate) via: &'a HeaderValue,
}

/// Tells the backend where a request comes from (RFC 7239, and the headers that came before it).
pub(crate) fn add_forwarded(headers: &mut HeaderMap, hop: &Hop, passage: &Passage<'_>) {
    remove_look_alikes(headers);
    let own = [
        (X_FORWARDED_HOST, hop.host_value.clone()),
        (X_FORWARDED_PROTO, HeaderValue::from_static(hop.proto)),
        (X_FORWARDED_PREFIX, passage.prefix.clone()),
    ];
    if passage.trusted {
        append_list(headers, FORWARDED, &hop.forwarded);
        append_list(headers, X_FORWARDED_FOR, &hop.client);
        for (name, value) in own {
            headers.entry(name).or_insert(value);
        }
    } else {
        headers.remove(X_FORWARDED_PORT);
        headers.remove(X_REAL_IP);
        headers.insert(FORWARDED, hop.forwarded.clone());
        headers.insert(X_FORWARDED_FOR, hop.client.clone());
        for (name, value) in own {
            headers.insert(name, value);
        }
    }
    headers.append(VIA, passage.via.clone());
    headers.insert(X_REQUEST_ID, passage.request_id.clone());
    headers.remove(EXPECT);
    headers.remove(HOST);
}

/// Removes headers that become those of the gateway, or those that frame a request, where underscores and hyphens are
/// one: a backend behind CGI or WSGI sees `X_Forwarded_For` and `X-Forwarded-For` under one name (RFC 3875,
/// section 4.1.18).
fn remove_look_alikes(headers: &mut HeaderMap) {
    const OWN: [&str; 4] = ["content-length", "transfer-encoding", "x-real-ip", "x-request-id"];
    let is_look_alike = |name: &HeaderName| {
        let name = name.as_str();
        name.contains('_') && {
            let plain = name.replace('_', "-");
            plain.starts_with("x-forwarded-") || OWN.contains(&plain.as_str())
        }
    };
    let found: Vec<HeaderName> = headers.keys().filter(|name| is_look_alike(name)).cloned().collect();
    for name in found {
        headers.remove(name);
    }
}

fn append_list(headers: &mut HeaderMap, name: HeaderName, item: &HeaderValue) {
    let values = headers.get_all(&name).into_iter().chain([item]);
    let list = values.filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(", ");
    if let Ok(value) = HeaderValue::try_from(list) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (HeaderName::try_from(*name).expect("a name"), HeaderValue::from_str(value).expect("a value"))
        };
        let mut headers = HeaderMap::new();
        for (name, value) in list.iter().map(pair) {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn what_belongs_to_the_connection_is_removed() {
        let mut found = headers(&[
            ("connection", "close, X-Secret"),
            ("connection", "x-other"),
            ("x-secret", "1"),
            ("x-other", "2"),
            ("keep-alive", "timeout=5"),
            ("proxy-authorization", "Basic x"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("trailer", "x-sum"),
            ("x-kept", "3"),
        ]);
        strip_hop_by_hop(&mut found);
        let mut names: Vec<&str> = found.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["trailer", "x-kept"]);
    }

    #[test]
    fn earlier_hops_are_believed_only_where_they_are_trusted() {
        let id = HeaderValue::from_static("7");
        let via = HeaderValue::from_static("1.1 apigw");
        let prefix = HeaderValue::from_static("/p");
        let hop = Hop::new(([192, 0, 2, 1], 9).into(), true, "a.example").expect("a hop");
        let passage = |trusted| Passage { prefix: &prefix, request_id: &id, trusted, via: &via };
        let claimed = [
            ("x-forwarded-for", "198.51.100.1"),
            ("x_forwarded-for", "198.51.100.1"),
            ("content_length", "7"),
            ("x_mine", "kept"),
            ("x-forwarded-proto", "ftp"),
            ("host", "a.example"),
        ];
        let mut found = headers(&claimed);
        add_forwarded(&mut found, &hop, &passage(false));
        assert_eq!(found["x-forwarded-for"], "192.0.2.1");
        assert_eq!(found["x-forwarded-proto"], "https");
        assert_eq!(found["forwarded"], "for=192.0.2.1;host=\"a.example\";proto=https");
        assert_eq!((&found["via"], &found["x-request-id"]), (&via, &id));
        assert!(!found.contains_key("host"));
        assert!(!found.contains_key("x_forwarded-for") && !found.contains_key("content_length"));
        assert_eq!(found["x_mine"], "kept");
        let mut found = headers(&claimed);
        add_forwarded(&mut found, &hop, &passage(true));
        assert_eq!(found["x-forwarded-for"], "198.51.100.1, 192.0.2.1");
        assert_eq!(found["x-forwarded-proto"], "ftp");
    }
}
