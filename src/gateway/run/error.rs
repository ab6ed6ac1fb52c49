//! Reasons why a gateway cannot start.

use std::io;
use std::net::SocketAddr;

/// Reason why a gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Error of the system.
        #[source]
        source: io::Error,
    },
    /// An encrypted listener has no certificate.
    #[error("{address} needs a certificate for https")]
    NoCertificate {
        /// The address.
        address: SocketAddr,
    },
    /// A thread or its runtime cannot be had.
    #[error("cannot start a worker")]
    Worker(#[source] io::Error),
}
