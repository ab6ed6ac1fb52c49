//! Sockets to listen on: one a worker for each address, between which the system spreads connections.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;

/// Binds an address once for each worker. With port 0 the system picks a port, the same for all.
///
/// Fails where somebody else listens there, another gateway included: sharing a port would send some of its callers
/// here.
pub(crate) fn bind(address: SocketAddr, workers: usize) -> io::Result<Vec<TcpListener>> {
    if address.port() != 0 {
        // Sockets that share a port bind beside those of any other process of the user. This one does not.
        let alone = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        alone.set_reuse_address(true)?;
        alone.bind(&address.into())?;
    }
    let mut sockets: Vec<TcpListener> = Vec::with_capacity(workers);
    for _ in 0..workers.max(1) {
        let address = sockets.first().map_or(Ok(address), TcpListener::local_addr)?;
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
        socket.set_keepalive(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        sockets.push(socket.into());
    }
    Ok(sockets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_shared_by_workers_and_by_nobody_else() {
        let sockets = bind(([127, 0, 0, 1], 0).into(), 3).expect("a free port");
        let addresses: Vec<SocketAddr> =
            sockets.iter().map(|socket| socket.local_addr().expect("an address")).collect();
        assert!(addresses.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(bind(addresses[0], 1).map_err(|error| error.kind()).err(), Some(io::ErrorKind::AddrInUse));
    }
}
