//! Backends: the definition's mock response, or a real address.

use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// The backend that responds to the requests of a group in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, schemars::JsonSchema, serde::Serialize, serde::Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum Backend {
    /// The constant result of the definition, without authentication or signature checks.
    Mock,
    /// An upstream at a real address.
    Http {
        /// The address that requests are forwarded to, with its variables resolved.
        url: HttpUrl,
        /// The variables that the version's other addresses refer to, with the values that they had when it was
        /// published.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        variables: BTreeMap<String, String>,
    },
}

impl Backend {
    /// True if it is a mock backend.
    #[must_use]
    pub const fn is_mock(&self) -> bool {
        matches!(self, Self::Mock)
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mock => formatter.pad("mock"),
            Self::Http { url, .. } => formatter.pad(url.as_str()),
        }
    }
}

/// An absolute `http` or `https` address without user information, query or fragment.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct HttpUrl(String);

/// The error for a text that is not the address of a backend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpUrlError {
    /// The address has user information, which is a secret, and addresses are stored in files that Git tracks.
    #[error("a backend's address must not carry a user name or a password")]
    UserInformation,
    /// The address is invalid for another reason.
    #[error("{text:?} is not a backend's address: {reason}")]
    Malformed {
        /// The refused text, truncated to 200 characters.
        text: String,
        /// The reason, as a fragment.
        reason: &'static str,
    },
}

impl HttpUrl {
    /// Returns the address as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the host: a name, or an address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split('/').next().unwrap_or_default();
        match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, _)) => address,
            None => authority.split(':').next().unwrap_or_default(),
        }
    }
}

impl FromStr for HttpUrl {
    type Err = HttpUrlError;

    fn from_str(text: &str) -> Result<Self, HttpUrlError> {
        let malformed = |reason| HttpUrlError::Malformed { text: text.chars().take(200).collect(), reason };
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(malformed("write it like \"https://host:port/path\""));
        };
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return Err(malformed("its scheme must be http or https"));
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(HttpUrlError::UserInformation);
        }
        if rest.contains(['?', '#']) {
            return Err(malformed("it must not have a query or a fragment"));
        }
        let uri: http::Uri = text.parse().map_err(|_| malformed("it has characters that an address cannot have"))?;
        let host = uri.host().unwrap_or_default();
        if host.is_empty() {
            return Err(malformed("it names no host"));
        }
        if !is_host(host) {
            return Err(malformed("its host must be an address, or a name of letters, digits, \"-\", \"_\" and \".\""));
        }
        let port = authority.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
        if port.is_some_and(|port| !port.parse().is_ok_and(|number: u16| number != 0)) {
            return Err(malformed("its port must be a number from 1 to 65535"));
        }
        if uri.path().split('/').any(|segment| segment == "." || segment == "..") {
            return Err(malformed("its path must not have the segments \".\" or \"..\""));
        }
        Ok(Self(text.to_owned()))
    }
}

/// True if it is a name, or an address; one of IPv6 in brackets, with a zone where it has one (RFC 6874).
fn is_host(text: &str) -> bool {
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => {
            let (address, zone) = address.split_once('%').unwrap_or((address, ""));
            address.parse::<Ipv6Addr>().is_ok() && is_name(zone)
        }
        None => is_name(text),
    }
}

impl TryFrom<String> for HttpUrl {
    type Error = HttpUrlError;

    fn try_from(text: String) -> Result<Self, HttpUrlError> {
        text.parse()
    }
}

impl From<HttpUrl> for String {
    fn from(url: HttpUrl) -> Self {
        url.0
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (url, host) in [
            ("http://localhost", "localhost"),
            ("https://a.example:8443/base:/", "a.example"),
            ("http://[::1]:80/x", "::1"),
        ] {
            assert_eq!(url.parse::<HttpUrl>().unwrap().host(), host);
        }
    }

    #[test]
    fn addresses() {
        for valid in ["http://localhost", "https://a.example:8443/base/", "http://127.0.0.1:9000", "http://[::1]:80/x"]
        {
            assert!(valid.parse::<HttpUrl>().is_ok(), "{valid}");
        }
        for refused in [
            "",
            "localhost:80",
            "ftp://host",
            "http://",
            "http:///path",
            "http://host:99999",
            "http://host:",
            "http://host:0",
            "http://a;b:80",
            "http://a$b'c",
            "http://[::1;x]:80",
            "http://host/?q",
            "http://host/#f",
            "http://ho st",
            "http://host/../x",
            "//host",
            "http://${BACKEND}",
        ] {
            assert!(refused.parse::<HttpUrl>().is_err(), "{refused}");
        }
        let error = "http://user:secret@host".parse::<HttpUrl>().expect_err("user information");
        assert_eq!(error, HttpUrlError::UserInformation);
        assert!(!error.to_string().contains("secret"));
    }
}
