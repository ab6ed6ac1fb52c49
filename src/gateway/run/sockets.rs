//! The sockets that a gateway listens on.

use std::io;
use std::net::SocketAddr;

use super::error::StartError;
use crate::gateway::config::Config;
use crate::gateway::server::listener::bind;
use crate::gateway::server::worker::ListeningSocket;
use crate::gateway::service::context::ConnectionPurpose;

/// Listens on the addresses for callers, on each worker.
pub(super) fn listen(
    config: &Config,
    workers: usize,
) -> Result<(Vec<Vec<ListeningSocket>>, Vec<SocketAddr>), StartError> {
    let mut sockets: Vec<Vec<ListeningSocket>> = (0..workers).map(|_| Vec::new()).collect();
    let mut addresses = Vec::with_capacity(config.listen.len());
    for listen in &config.listen {
        let address = listen.address;
        if listen.tls && config.tls.is_none() {
            return Err(StartError::NoCertificate { address });
        }
        let failed = |source| StartError::Listen { address, source };
        let bound = bind(address, workers).map_err(failed)?;
        if let Some(first) = bound.first() {
            addresses.push(first.local_addr().map_err(failed)?);
        }
        for (worker, listener) in sockets.iter_mut().zip(bound) {
            worker.push(ListeningSocket { listener, tls: listen.tls, purpose: ConnectionPurpose::Serve });
        }
    }
    Ok((sockets, addresses))
}

/// Listens for proxies that ask for verdicts, on each worker.
pub(super) fn listen_to_proxies(
    address: SocketAddr,
    tls: bool,
    sockets: &mut [Vec<ListeningSocket>],
) -> Result<SocketAddr, StartError> {
    let failed = |source| StartError::Listen { address, source };
    let bound = bind(address, sockets.len()).map_err(failed)?;
    let first = bound.first().ok_or_else(|| failed(io::ErrorKind::AddrNotAvailable.into()))?;
    let listening = first.local_addr().map_err(failed)?;
    for (worker, listener) in sockets.iter_mut().zip(bound) {
        worker.push(ListeningSocket { listener, tls, purpose: ConnectionPurpose::Authorize });
    }
    Ok(listening)
}

/// Listens with one socket.
pub(super) fn bind_one(address: SocketAddr) -> Result<(std::net::TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener =
        bind(address, 1).map_err(failed)?.pop().ok_or_else(|| failed(io::ErrorKind::AddrNotAvailable.into()))?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}
