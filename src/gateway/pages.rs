//! Pages that a gateway serves beside requests to APIs: made by whoever starts it, as it knows no files.

use std::net::Ipv4Addr;

use bytes::Bytes;
use http::header::{HOST, HeaderMap};
use http::{Request, Response};

use super::routing::canonical::host_name;
use crate::model::DomainName;

/// Responds to requests for pages.
pub trait PageSource: Send + Sync {
    /// Responds to a request, with its whole body. It is called on a thread on which it may wait.
    fn respond(&self, request: &Request<Bytes>) -> Response<Bytes>;
}

/// True if the host that a request asks for is an address, a loopback name, or a name of the base domain.
///
/// A page of another name may let that name lead here (DNS rebinding): to its browser it then is of the same origin.
#[must_use]
pub fn is_own_host(headers: &HeaderMap, base_domain: &DomainName) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Some(name) = host.to_str().ok().and_then(host_name) else { return false };
    // `host_name` has read what stands in brackets as an IPv6 address.
    let is_address = name.starts_with('[') || name.parse::<Ipv4Addr>().is_ok();
    let is_below = |domain: &str| name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    is_address || is_below("localhost") || is_below(base_domain.as_str())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn is_own(hosts: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, HeaderValue::from_static(host));
        }
        is_own_host(&headers, &"api.example.com".parse().expect("a domain"))
    }

    #[test]
    fn only_names_that_nobody_else_can_lead_here_are_own_hosts() {
        for own in [
            "127.0.0.1:8080",
            "192.0.2.7",
            "[::1]:80",
            "[2001:db8::1]",
            "localhost:8080",
            "LOCALHOST.",
            "docs.localhost",
            "api.example.com",
            "docs.API.example.com:443",
        ] {
            assert!(is_own(&[own]), "{own}");
        }
        for foreign in [
            "evil.example",
            "evil.example:8080",
            "notlocalhost",
            "localhost.evil.example",
            "evilapi.example.com",
            "api.example.com.evil.example",
            "example.com",
            "127.0.0.1.evil.example",
            "127.0.0.1@evil.example",
            "",
        ] {
            assert!(!is_own(&[foreign]), "{foreign}");
        }
        assert!(!is_own(&[]) && !is_own(&["localhost", "evil.example"]));
    }
}
