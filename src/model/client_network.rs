//! Networks by which clients are counted.

use std::net::{IpAddr, Ipv6Addr};

/// Returns the address by which a client is counted: of IPv6 that of its subnet, in which it may choose any (RFC 4291,
/// section 2.5.1).
pub(crate) fn client_network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => {
            let [first, second, third, fourth, ..] = address.segments();
            Ipv6Addr::new(first, second, third, fourth, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}
