//! Backends as engines name them: by the digest of all that they are, so that one is never changed in place.

use std::net::IpAddr;

use super::length::MOST_HOST_BYTES;
use super::table::ForwardAction;
use crate::model::{BackendTls, Digest, HttpUrl};
use crate::routes::{GroupForwarding, GroupRoutes, Responder};

/// An address of a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UpstreamEndpoint {
    pub(super) is_https: bool,
    /// The host: a name, or an address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// The host and port as a `Host` header has them.
    pub(super) authority: String,
}

impl UpstreamEndpoint {
    pub(super) fn new(url: &HttpUrl) -> Self {
        let (scheme, rest) = url.as_str().split_once("://").unwrap_or_default();
        let is_https = scheme.eq_ignore_ascii_case("https");
        let usual = if is_https { 443 } else { 80 };
        let authority = rest.split('/').next().unwrap_or_default().to_owned();
        let port = authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'));
        let port = port.and_then(|(_, port)| port.parse().ok()).unwrap_or(usual);
        let bare = authority.strip_suffix(&format!(":{usual}")).map(str::to_owned);
        Self { is_https, host: url.host().to_owned(), port, authority: bare.unwrap_or(authority) }
    }

    /// True if the host is an address, or a name of a host (RFC 1123, section 2.1) in any case.
    pub(super) fn has_usual_name(&self) -> bool {
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let name = self.host.trim_end_matches('.');
        self.ip().is_some() || name.len() <= MOST_HOST_BYTES && name.split('.').all(is_label)
    }

    /// Returns the address that it is named by; `None` for a name.
    pub(super) fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Returns the host and port to connect to, an IPv6 address in brackets.
    pub(super) fn address(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

/// Lists the addresses that requests of a group may go to.
pub(super) fn all_endpoints<'r>(
    group: &'r GroupRoutes,
    forward: &'r GroupForwarding,
) -> impl Iterator<Item = UpstreamEndpoint> + use<'r> {
    let of_apis = group.routes.iter().filter_map(|route| match &route.responder {
        Responder::Forward(own) => Some(&**own),
        Responder::Mock(_) => None,
    });
    let of_apis = of_apis.flat_map(|own| own.upstream.iter().chain(own.dynamic.iter().map(|one| &one.upstream)));
    let of_group = forward.dynamic.iter().map(|one| &one.upstream).chain([&forward.upstream]);
    of_apis.chain(of_group).flat_map(|upstream| &upstream.targets).map(UpstreamEndpoint::new)
}

/// Returns the name of the file in which HAProxy looks for the key of a certificate in another one.
fn key_file(certificate: &str) -> String {
    format!("{}.key", certificate.strip_suffix(".crt").unwrap_or(certificate))
}

/// True if the key of the client's certificate is where HAProxy looks for it.
pub(super) fn has_key_beside(tls: &BackendTls) -> bool {
    matches!((&tls.certificate, &tls.key), (Some(certificate), Some(key)) if key == certificate || *key == key_file(certificate))
}

/// Returns the path of an address, without a slash at its end.
pub(super) fn base_path(url: &HttpUrl) -> String {
    let rest = url.as_str().split_once("://").map_or("", |(_, rest)| rest);
    let path = rest.split_once('/').map_or("", |(_, path)| path).trim_end_matches('/');
    if path.is_empty() { String::new() } else { format!("/{path}") }
}

/// A backend with the settings of its connections.
pub(super) struct ConnectedUpstream<'r> {
    /// Its name, which has a digest of everything else.
    pub(super) name: String,
    pub(super) endpoints: Vec<UpstreamEndpoint>,
    pub(super) connect_timeout_ms: u32,
    pub(super) response_timeout_ms: u32,
    pub(super) tls: Option<&'r BackendTls>,
}

impl<'r> ConnectedUpstream<'r> {
    pub(super) fn new(group: &GroupRoutes, action: &ForwardAction<'r>) -> Self {
        let forward = action.forward;
        let endpoints: Vec<UpstreamEndpoint> = action.upstream.targets.iter().map(UpstreamEndpoint::new).collect();
        let is_https = endpoints.iter().any(|endpoint| endpoint.is_https);
        let (connect_timeout_ms, response_ms) = (action.connect_ms(), action.response_ms());
        let identity =
            format!("{endpoints:?} {connect_timeout_ms} {response_ms} {:?}", is_https.then_some(&forward.tls));
        Self {
            name: format!("{}-{}-{}", group.environment, group.group, Digest::of(identity.as_bytes()).short()),
            endpoints,
            connect_timeout_ms,
            response_timeout_ms: response_ms,
            tls: is_https.then_some(&forward.tls),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        for (url, address, authority, base) in [
            ("http://a.example", "a.example:80", "a.example", ""),
            ("https://a.example/", "a.example:443", "a.example", ""),
            ("http://a.example:80/b/", "a.example:80", "a.example", "/b"),
            ("http://[::1]:9000/b/c", "[::1]:9000", "[::1]:9000", "/b/c"),
            ("http://[::1]", "[::1]:80", "[::1]", ""),
        ] {
            let url: HttpUrl = url.parse().expect("an address");
            let endpoint = UpstreamEndpoint::new(&url);
            assert_eq!((endpoint.address().as_str(), endpoint.authority.as_str()), (address, authority));
            assert_eq!(base_path(&url), base);
        }
    }

    #[test]
    fn names_are_those_of_hosts() {
        for (host, is_usual) in [
            ("a.example", true),
            ("A.Example.", true),
            ("localhost", true),
            ("10.0.0.1", true),
            ("[::1]", true),
            ("my_service", false),
            ("-a.example", false),
            ("a..example", false),
        ] {
            let url: HttpUrl = format!("http://{host}:80").parse().expect("an address");
            assert_eq!(UpstreamEndpoint::new(&url).has_usual_name(), is_usual, "{host}");
        }
    }
}
