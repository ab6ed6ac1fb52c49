//! The gateway's name towards others.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use http::{HeaderValue, Version};

/// The gateway's name in `Via` (RFC 9110, section 7.6.3), by which it knows its own requests again.
pub(crate) struct Identity {
    pub(crate) pseudonym: String,
    /// The value for messages that came over HTTP/1.0.
    via_http_1_0: HeaderValue,
    /// The value for messages that came over HTTP/1.1.
    pub(crate) via_http_1: HeaderValue,
    /// The value for messages that came over HTTP/2.
    via_http_2: HeaderValue,
}

impl Identity {
    /// Generates a random name for this gateway.
    pub(crate) fn random() -> Self {
        let pseudonym = format!("apigw-{:016x}", RandomState::new().build_hasher().finish());
        let via = |version: &str| {
            HeaderValue::try_from(format!("{version} {pseudonym}"))
                .unwrap_or_else(|_| HeaderValue::from_static("1.1 apigw"))
        };
        Self { via_http_1_0: via("1.0"), via_http_1: via("1.1"), via_http_2: via("2.0"), pseudonym }
    }

    /// Returns the value for a request that came over a version.
    pub(crate) fn via(&self, version: Version) -> &HeaderValue {
        match version {
            Version::HTTP_10 => &self.via_http_1_0,
            Version::HTTP_2 => &self.via_http_2,
            _ => &self.via_http_1,
        }
    }
}
