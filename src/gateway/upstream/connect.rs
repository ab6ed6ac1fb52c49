//! Opens connections to backends, and refuses addresses that no backend should have.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::target::UpstreamOrigin;
use crate::gateway::stream::ClientStream;

/// Reason why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// The name leads nowhere.
    #[error("its name cannot be resolved: {0}")]
    Resolve(String),
    /// Its address is link-local or that of a metadata service.
    #[error(
        "its address {0} is link-local or serves a cloud's metadata, and forwarding.allow_addresses does not list it"
    )]
    Refused(IpAddr),
    /// The connection failed.
    #[error("{0}")]
    Failed(String),
    /// The gateway has as many connections to backends as its open files allow, and all are in use.
    #[error("all connections to backends that the limit of open files allows are in use")]
    NoneLeft,
    /// It took too long.
    #[error("connecting timed out")]
    Timeout,
}

/// Opens a connection to an origin.
pub(crate) async fn connect(origin: &UpstreamOrigin, timeout: Duration) -> Result<ClientStream, ConnectError> {
    tokio::time::timeout(timeout, open(origin)).await.unwrap_or(Err(ConnectError::Timeout))
}

/// True if an address is refused for backends unless allowed: link-local ones (RFC 3927,
/// RFC 4291 section 2.5.6), under which clouds serve their metadata, and the other addresses under which they do.
pub(crate) fn is_refused(address: IpAddr) -> bool {
    // Amazon's services for instances, and Google's.
    let metadata_v6 =
        |v6: Ipv6Addr| matches!(v6.segments(), [0xfd00, 0xec2, ..] | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254]);
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_multicast()
                // Alibaba Cloud, Oracle Cloud, Azure.
                || [[100, 100, 100, 200], [192, 0, 0, 192], [168, 63, 129, 16]].contains(&v4.octets())
        }
        IpAddr::V6(v6) => {
            // Translation, 6to4 and the deprecated IPv4-compatible form carry an IPv4 address (RFC 6052, RFC 8215,
            // RFC 7915, RFC 3056, RFC 4291).
            let embedded = match v6.segments() {
                [0x64, 0xff9b, 0 | 1, .., high, low]
                | [0, 0, 0, 0, 0 | 0xffff, 0, high, low]
                | [0x2002, high, low, ..] => {
                    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
                    is_refused(IpAddr::from([a, b, c, d]))
                }
                _ => false,
            };
            v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast() || metadata_v6(v6) || embedded
        }
    }
}

async fn open(origin: &UpstreamOrigin) -> Result<ClientStream, ConnectError> {
    let stream = open_tcp(origin).await?;
    // Without it a small request waits for the acknowledgement of the one before.
    stream.set_nodelay(true).map_err(|error| ConnectError::Failed(error.to_string()))?;
    let Some(tls) = &origin.tls else { return Ok(ClientStream::Plain(stream)) };
    let connector = TlsConnector::from(std::sync::Arc::clone(&tls.config));
    let connected = connector.connect(tls.name.clone(), stream).await;
    let connected = connected.map_err(|error| ConnectError::Failed(format!("TLS fails: {error}")))?;
    Ok(ClientStream::Tls(Box::new(connected.into())))
}

async fn open_tcp(origin: &UpstreamOrigin) -> Result<TcpStream, ConnectError> {
    let resolved: Vec<SocketAddr> = match origin.host.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, origin.port)],
        Err(_) => tokio::net::lookup_host((origin.host.as_str(), origin.port))
            .await
            .map_err(|error| ConnectError::Resolve(error.to_string()))?
            .collect(),
    };
    let mut last = ConnectError::Resolve("it has no address".to_owned());
    for address in resolved {
        if is_refused(address.ip()) && !origin.allow.contains(&address.ip().to_canonical()) {
            last = ConnectError::Refused(address.ip());
            continue;
        }
        // The address that was looked at is the one that is connected to: the name is not resolved again.
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = ConnectError::Failed(error.to_string()),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_addresses_are_refused_in_every_spelling() {
        for address in [
            "169.254.169.254",
            "169.254.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "::a9fe:a9fe",
            "fe80::1",
            "64:ff9b:1::a9fe:a9fe",
            "::ffff:0:a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254",
            "168.63.129.16",
            "100.100.100.200",
            "192.0.0.192",
            "0.0.0.0",
            "::",
            "255.255.255.255",
            "224.0.0.1",
            "ff02::1",
        ] {
            assert!(is_refused(address.parse().expect("an address")), "{address}");
        }
        for address in ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "fd00::1", "1.1.1.1", "100.100.100.201"] {
            assert!(!is_refused(address.parse().expect("an address")), "{address}");
        }
    }
}
