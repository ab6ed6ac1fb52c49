//! Message framing of HTTP/1.1 (RFC 9112) towards backends.

pub(crate) mod chunk;
pub(crate) mod coding;
pub(crate) mod wire;
pub(crate) mod writing;

/// Why bytes are no well-formed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);
