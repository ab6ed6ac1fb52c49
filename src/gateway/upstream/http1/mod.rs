//! HTTP/1.1 as a gateway speaks it to a backend (RFC 9112): one request at a time on a connection, written and read by
//! the task of the request itself.
//!
//! A client library hands requests and responses through channels, and writes each head twice: into a map of headers,
//! and from there into a buffer. Here, a request's bytes go from the caller's headers into the connection's buffer, and
//! a response's out of it.
//!
//! Measured on 2026-11-29 against hyper 1.12's client, polled by the request's own task without one a connection: CPU
//! of a proxied request over 32 kept connections (`h2load --h1 -c 32`, a body of 90 bytes, the headers of
//! `tests/bench/gateway`), the median of five rounds of 30,000 requests in turns on a busy machine of two cores: 18.0
//! µs with this client, 20.3 µs with hyper's, 17.3 µs for nginx. `tests/gateway/backends.rs` holds its handling of
//! hostile responses to hyper's.

pub(crate) mod body;
mod chunk;
pub(crate) mod connection;
mod framing;
pub(crate) mod head;

use std::io;

use crate::gateway::request_body::BodyFault;

/// Bytes are no well-formed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MalformedMessage(pub(crate) &'static str);

/// An exchange with a backend broke off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BrokenExchange {
    /// The connection is gone.
    #[error("the connection broke: {0}")]
    Connection(#[from] io::Error),
    /// The backend closed the connection before it had responded.
    #[error("the connection was closed before the response was complete")]
    Closed,
    /// The backend's bytes are no response.
    #[error("the response is not HTTP: {0}")]
    Malformed(&'static str),
    /// The client's body is at fault.
    #[error("the request's body ended early")]
    Request(BodyFault),
}

impl From<MalformedMessage> for BrokenExchange {
    fn from(MalformedMessage(reason): MalformedMessage) -> Self {
        Self::Malformed(reason)
    }
}
