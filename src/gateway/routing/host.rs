//! The host that a request asks for.

use std::cell::OnceCell;

use super::canonical::{host_name, is_loopback};
use crate::gateway::headers::HopHeaders;

/// A host that requests of a connection ask for, read once: most of a connection's requests ask for the same.
pub(crate) struct RequestedHost {
    authority: Box<str>,
    name: Box<str>,
    is_loopback: bool,
    hop: OnceCell<HopHeaders>,
}

impl RequestedHost {
    /// Reads a `Host` header or an authority, or returns nothing where it is malformed (RFC 9110, section 7.2).
    pub(crate) fn parse(authority: &str) -> Option<Self> {
        let name = host_name(authority)?;
        let is_loopback = is_loopback(&name);
        Some(Self { authority: authority.into(), name: name.into(), is_loopback, hop: OnceCell::new() })
    }

    /// Returns the host with its port, as it was sent.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Returns the host's name in lower case.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// True if it means the machine itself.
    pub(crate) fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// Returns the headers that tell a backend the origin of the connection's requests for this host; `write` writes
    /// them, once.
    pub(crate) fn hop(&self, write: impl FnOnce() -> HopHeaders) -> &HopHeaders {
        self.hop.get_or_init(write)
    }
}
