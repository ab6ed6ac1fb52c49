//! The address of a client: its own, or the one that a trusted proxy tells.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

use super::headers::X_FORWARDED_FOR;
use crate::model::IpRange;

/// The characters of an entry that are repeated.
const LONGEST_SHOWN: usize = 60;

/// Reason why a proxy tells no address of its client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UntoldAddress {
    #[error("there is no X-Forwarded-For")]
    Absent,
    #[error("{0:?} in X-Forwarded-For is not an address")]
    Unreadable(String),
}

impl UntoldAddress {
    fn unreadable(entry: &[u8]) -> Self {
        Self::Unreadable(String::from_utf8_lossy(entry).chars().take(LONGEST_SHOWN).collect())
    }
}

/// Returns the address of a client, or the one that it tells where it is a trusted proxy.
pub(crate) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpRange]) -> Result<IpAddr, UntoldAddress> {
    let peer = peer.to_canonical();
    if is_trusted(trusted, peer) { told_address(peer, headers, trusted) } else { Ok(peer) }
}

/// Finds the address of the client of a request that a proxy describes, whose word is taken.
pub(crate) fn described_address(
    proxy: IpAddr,
    headers: &HeaderMap,
    trusted: &[IpRange],
) -> Result<IpAddr, UntoldAddress> {
    if !headers.contains_key(X_FORWARDED_FOR) {
        return Err(UntoldAddress::Absent);
    }
    told_address(proxy.to_canonical(), headers, trusted)
}

/// Reads the address that a proxy tells: `X-Forwarded-For` from its right end, past other trusted proxies. What stands
/// left of that, anybody may have written.
fn told_address(proxy: IpAddr, headers: &HeaderMap, trusted: &[IpRange]) -> Result<IpAddr, UntoldAddress> {
    let mut address = proxy;
    for line in headers.get_all(X_FORWARDED_FOR).iter().rev() {
        for item in line.as_bytes().rsplit(|byte| *byte == b',') {
            let item = item.trim_ascii();
            let parsed = std::str::from_utf8(item).ok().and_then(parse);
            address = parsed.ok_or_else(|| UntoldAddress::unreadable(item))?.to_canonical();
            if !is_trusted(trusted, address) {
                return Ok(address);
            }
        }
    }
    Ok(address)
}

/// True if an address is that of a proxy in front whose word is taken.
pub(crate) fn is_trusted(trusted: &[IpRange], address: IpAddr) -> bool {
    trusted.iter().any(|range| range.contains(address))
}

/// Parses an address, with a port or without.
fn parse(item: &str) -> Option<IpAddr> {
    let bracketed = item.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = bracketed.unwrap_or(item).parse().ok();
    address.or_else(|| item.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_believed_where_it_is_trusted_and_only_what_it_wrote() {
        let trusted: Vec<IpRange> = ["10.0.0.0/8", "::1"].iter().map(|text| text.parse().unwrap()).collect();
        for (peer, lines, expected) in [
            ("192.0.2.1", &["198.51.100.1"][..], Some("192.0.2.1")),
            ("10.0.0.1", &[], Some("10.0.0.1")),
            ("10.0.0.1", &["198.51.100.1"], Some("198.51.100.1")),
            ("::ffff:10.0.0.1", &["198.51.100.1"], Some("198.51.100.1")),
            ("10.0.0.1", &["127.0.0.1, 198.51.100.1"], Some("198.51.100.1")),
            ("10.0.0.1", &["127.0.0.1", "198.51.100.1,10.0.0.2"], Some("198.51.100.1")),
            ("10.0.0.1", &["198.51.100.1", "10.0.0.3", "10.0.0.2 , 10.0.0.4"], Some("198.51.100.1")),
            ("10.0.0.1", &["10.0.0.2, 10.0.0.3"], Some("10.0.0.2")),
            ("::1", &["198.51.100.1:80"], Some("198.51.100.1")),
            ("::1", &["[2001:db8::1]:80"], Some("2001:db8::1")),
            ("::1", &["[2001:db8::1]"], Some("2001:db8::1")),
            ("::1", &["::ffff:198.51.100.1"], Some("198.51.100.1")),
            ("10.0.0.1", &["198.51.100.1, unknown"], None),
            ("10.0.0.1", &["198.51.100.1,"], None),
            ("10.0.0.1", &["unknown, 198.51.100.1"], Some("198.51.100.1")),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(X_FORWARDED_FOR, line.parse().unwrap());
            }
            let found = client_address(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!(found.ok(), expected.map(|text| text.parse().unwrap()), "{peer} {lines:?}");
        }
    }
}
