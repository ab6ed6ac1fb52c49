//! HTTP/1.1 as it is written (RFC 9112), for requests that come in and for answers that come back alike.

pub(crate) mod chunk;
pub(crate) mod coding;
pub(crate) mod wire;
pub(crate) mod writing;

/// Why bytes are no well-formed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);
