//! Domains and path prefixes under which callers reach a group.

use std::fmt;
use std::str::FromStr;

use super::name::{EnvironmentName, GroupName};

/// A domain name in lower case, internationalised names as their `xn--` form (RFC 1035, RFC 5890).
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(String);

/// The error for a text that is not a domain name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a domain name: write it in lower case, without scheme, port or path, like \"api.example.com\""
)]
pub struct DomainNameError {
    /// The refused text, truncated if it is long.
    pub text: String,
}

impl DomainName {
    /// The longest domain name, in bytes (RFC 1035, section 2.3.4, less the root's label).
    const LONGEST: usize = 253;

    /// Returns the base domain of a workspace that names none: `apigw.localhost`, which every
    /// system resolves to itself (RFC 6761, section 6.3).
    #[must_use]
    pub fn local() -> Self {
        Self("apigw.localhost".to_owned())
    }

    /// Returns the domain as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DomainName {
    type Err = DomainNameError;

    fn from_str(text: &str) -> Result<Self, DomainNameError> {
        let label = |label: &str| {
            let byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            (1..=63).contains(&label.len())
                && label.bytes().all(byte)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.len() <= Self::LONGEST && text.contains('.') && text.split('.').all(label) {
            Ok(Self(text.to_owned()))
        } else {
            Err(DomainNameError { text: text.chars().take(Self::LONGEST + 1).collect() })
        }
    }
}

impl TryFrom<String> for DomainName {
    type Error = DomainNameError;

    fn try_from(text: String) -> Result<Self, DomainNameError> {
        text.parse()
    }
}

impl From<DomainName> for String {
    fn from(domain: DomainName) -> Self {
        domain.0
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// The host names by which callers reach a group in an environment.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct GroupHosts {
    /// The secondary domain, which every group has: `<group>.<environment>.<base domain>`.
    pub secondary: String,
    /// The custom domains; none but where the environment has them.
    pub custom: Vec<DomainName>,
}

impl GroupHosts {
    /// Decides on the hosts of a group whose settings name these custom domains.
    #[must_use]
    pub fn new(group: &GroupName, environment: &EnvironmentName, base: &DomainName, domains: &[DomainName]) -> Self {
        Self {
            secondary: format!("{group}.{environment}.{base}"),
            custom: if environment.has_custom_domains() { domains.to_vec() } else { Vec::new() },
        }
    }

    /// Lists all of them, the secondary domain first.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.secondary.as_str()).chain(self.custom.iter().map(DomainName::as_str))
    }
}

/// The part of an address before and after its host: the scheme, and the port where it is not that of the scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PublicOrigin {
    /// True if callers connect with TLS.
    pub https: bool,
    /// The port; `None` for that of the scheme.
    pub port: Option<u16>,
}

impl PublicOrigin {
    /// Writes the address of a host with the prefix of a group.
    #[must_use]
    pub fn url(self, host: &str, prefix: &PathPrefix) -> String {
        let (scheme, usual) = if self.https { ("https", 443) } else { ("http", 80) };
        let port = self.port.filter(|port| *port != usual).map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}://{host}{port}{}", prefix.before_path())
    }
}

/// The prefix of every path of a group: `/`, or segments without a trailing slash.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct PathPrefix(String);

/// The error for a text that is not a path prefix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a path prefix: write it like \"/petstore\" or \"/petstore/v1\", of letters, digits and \"-._~\", \
     without a slash at the end, or \"/\" for none"
)]
pub struct PathPrefixError {
    /// The refused text, truncated if it is long.
    pub text: String,
}

impl PathPrefix {
    const LONGEST: usize = 255;

    /// Returns the prefix as text; `/` if there is none.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text to put before a path that starts with a slash: the prefix, or nothing if it is `/`.
    #[must_use]
    pub fn before_path(&self) -> &str {
        if self.0 == "/" { "" } else { &self.0 }
    }
}

impl FromStr for PathPrefix {
    type Err = PathPrefixError;

    fn from_str(text: &str) -> Result<Self, PathPrefixError> {
        let segment = |segment: &str| {
            let byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            !segment.is_empty() && segment != "." && segment != ".." && segment.bytes().all(byte)
        };
        let valid = text.len() <= Self::LONGEST
            && (text == "/" || text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(segment)))
            && text != "/-"
            && !text.starts_with("/-/");
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(PathPrefixError { text: text.chars().take(Self::LONGEST + 1).collect() })
        }
    }
}

impl TryFrom<String> for PathPrefix {
    type Error = PathPrefixError;

    fn try_from(text: String) -> Result<Self, PathPrefixError> {
        text.parse()
    }
}

impl From<PathPrefix> for String {
    fn from(prefix: PathPrefix) -> Self {
        prefix.0
    }
}

impl fmt::Display for PathPrefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        let prefix = "/v1".parse().unwrap();
        for (https, port, url) in [
            (false, None, "http://a.b/v1"),
            (false, Some(80), "http://a.b/v1"),
            (false, Some(443), "http://a.b:443/v1"),
            (true, None, "https://a.b/v1"),
            (true, Some(443), "https://a.b/v1"),
            (true, Some(8443), "https://a.b:8443/v1"),
        ] {
            assert_eq!(PublicOrigin { https, port }.url("a.b", &prefix), url);
        }
    }

    #[test]
    fn domains() {
        for valid in ["apigw.localhost", "api.example.com", "xn--bcher-kva.example", "1.2.3.example"] {
            assert!(valid.parse::<DomainName>().is_ok(), "{valid}");
        }
        for refused in [
            "",
            "localhost",
            "API.example.com",
            "a..b",
            "-a.b",
            "a-.b",
            "a.b:80",
            "http://a.b",
            "a.b/",
            "*.a.b",
            "bücher.example",
            "a.b.",
        ] {
            assert!(refused.parse::<DomainName>().is_err(), "{refused}");
        }
    }

    #[test]
    fn prefixes() {
        for valid in ["/", "/petstore", "/petstore/v1.2", "/~me", "/-x"] {
            assert!(valid.parse::<PathPrefix>().is_ok(), "{valid}");
        }
        for refused in [
            "",
            "petstore",
            "/petstore/",
            "//",
            "/a//b",
            "/..",
            "/a/./b",
            "/a%20b",
            "/a b",
            "/{a}",
            "/-",
            "/-/healthz",
            "/ä",
        ] {
            assert!(refused.parse::<PathPrefix>().is_err(), "{refused}");
        }
    }
}
