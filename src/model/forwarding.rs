//! Settings of `group.yaml` for cross-origin callers and for forwarding requests to a backend.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::header_text::is_header_value;
use super::name::KeyName;

/// Cross-origin access to a group (the Fetch standard, section 3.2, "CORS protocol").
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// Origins that may call, like `https://shop.example`; `*` allows any origin, without credentials.
    pub allow_origins: Vec<String>,
    /// Request headers that a page may set; if empty, any that it asks for.
    #[serde(default)]
    pub allow_headers: Vec<String>,
    /// Response headers that a page may read.
    #[serde(default)]
    pub expose_headers: Vec<String>,
    /// Allow the listed origins to send cookies and credentials.
    #[serde(default)]
    pub allow_credentials: bool,
    /// Time for which a browser may cache a preflight response, in seconds.
    #[serde(default)]
    pub max_age_seconds: Option<u32>,
}

impl Cors {
    /// Finds a text that can stand in no header, so that no response can have it.
    #[must_use]
    pub fn unsendable_text(&self) -> Option<&str> {
        let texts = [&self.allow_origins, &self.allow_headers, &self.expose_headers].into_iter().flatten();
        texts.map(String::as_str).find(|text| !is_header_value(text))
    }
}

/// Settings for forwarding requests to a backend.
///
/// Addresses are absolute `http` or `https` addresses; `${NAME}` stands for a variable of the environment.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own, and none excludes another")]
pub struct Forwarding {
    /// Keep the group's prefix in the path that the backend receives.
    #[serde(default)]
    pub keep_prefix: bool,
    /// Further addresses equivalent to the default backend; requests are balanced over all healthy ones.
    #[serde(default)]
    pub more_addresses: Vec<String>,
    /// Time-out for connecting, in milliseconds; default: 5 seconds.
    #[serde(default)]
    pub connect_timeout_ms: Option<u32>,
    /// Time-out for the head of the response, in milliseconds; default: 30 seconds.
    #[serde(default)]
    pub response_timeout_ms: Option<u32>,
    /// Time-out for an exchange without progress once the response has begun, in milliseconds; default: 60 seconds.
    /// Each part of the request's body or of the response's body resets it.
    #[serde(default)]
    pub idle_timeout_ms: Option<u32>,
    /// Time-out for a websocket without traffic in either direction, in milliseconds; default: 10 minutes. Pings count
    /// as traffic.
    #[serde(default)]
    pub websocket_idle_timeout_ms: Option<u32>,
    /// Send a GET, HEAD, OPTIONS, TRACE, PUT or DELETE again over a new connection if its connection breaks before the
    /// backend has sent anything; default: true. The backend may then receive such a request twice. A request with a
    /// streamed body is never sent twice, and one of which nothing was sent is always sent again.
    #[serde(default)]
    pub retry: Option<bool>,
    /// Allow an encoded slash (`%2F`) in a path parameter and forward it unchanged. By default such a path is refused
    /// with 400, since a backend that decodes it sees another path. Applies to mocks as well.
    #[serde(default)]
    pub encoded_slashes: bool,
    /// Forward the client's `Host` instead of the host and port of the backend's address.
    #[serde(default)]
    pub keep_host: bool,
    /// Let a connection continue as a websocket for every GET whose client asks for one. Without it, for the operations
    /// with `x-apigw-websocket: true`, and for those that declare a response 101; `x-apigw-websocket: false` excludes
    /// one.
    #[serde(default)]
    pub websockets: bool,
    /// Forward the credentials with which the caller was admitted. By default the backend receives the name of the key
    /// alone, in `x-apigw-key`.
    #[serde(default)]
    pub pass_credentials: bool,
    /// Sign each request to the backend; its body is buffered for it. A request is refused while this machine does not
    /// have the secret of the key.
    #[serde(default)]
    pub sign: Option<BackendSigning>,
    /// Link-local and metadata addresses that the gateway may connect to.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub allow_addresses: Vec<IpAddr>,
    /// TLS settings for `https` backends: trusted certificates and the gateway's own.
    #[serde(default)]
    pub tls: BackendTls,
    /// Parameters that the backend expects in another place or under another name, for every API.
    #[serde(default)]
    pub parameters: Vec<ParameterMapping>,
    /// Parameters added to every request to the backend.
    #[serde(default)]
    pub constants: Vec<ConstantParameter>,
    /// Other backends for requests that match; the first matching rule applies.
    #[serde(default)]
    pub routes: Vec<DynamicRoute>,
    /// Settings of single APIs, by operation id.
    #[serde(default)]
    pub apis: BTreeMap<String, ApiForwarding>,
}

impl Forwarding {
    /// Lists the backend addresses, each with its path in the settings below `forwarding`.
    #[must_use]
    pub fn addresses(&self) -> Vec<(Vec<String>, &str)> {
        let mut addresses = Vec::new();
        let mut add = |path: &[&str], text| {
            addresses.push((path.iter().map(|part| (*part).to_owned()).collect(), text));
        };
        for (index, text) in self.more_addresses.iter().enumerate() {
            add(&["more_addresses", &index.to_string()], text.as_str());
        }
        for (index, route) in self.routes.iter().enumerate() {
            add(&["routes", &index.to_string(), "backend"], &route.backend);
        }
        for (name, api) in &self.apis {
            if let Some(text) = &api.backend {
                add(&["apis", name, "backend"], text);
            }
            for (index, route) in api.routes.iter().enumerate() {
                add(&["apis", name, "routes", &index.to_string(), "backend"], &route.backend);
            }
        }
        addresses
    }
}

/// Settings for forwarding the requests of one API.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiForwarding {
    /// The API's own backend.
    #[serde(default)]
    pub backend: Option<String>,
    /// The path at the backend, with the API's path parameters as `{name}`; default: the API's path.
    #[serde(default)]
    pub path: Option<String>,
    /// Time-out for the head of the response, in milliseconds.
    #[serde(default)]
    pub response_timeout_ms: Option<u32>,
    /// Parameters that the backend expects in another place or under another name, applied after the group's.
    #[serde(default)]
    pub parameters: Vec<ParameterMapping>,
    /// Parameters added to every request to the backend, applied after the group's.
    #[serde(default)]
    pub constants: Vec<ConstantParameter>,
    /// Other backends for requests that match, tried before the group's.
    #[serde(default)]
    pub routes: Vec<DynamicRoute>,
}

/// The key and the scheme with which the gateway signs requests to a backend.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackendSigning {
    /// A key of kind `signature`; the latest of its secrets that this machine has is used.
    #[schemars(with = "String")]
    pub key: KeyName,
    /// The scheme.
    #[serde(default)]
    pub scheme: SigningScheme,
}

/// A scheme of signatures that are made with a shared secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub enum SigningScheme {
    /// `JDCLOUD2-HMAC-SHA256`
    #[default]
    #[serde(rename = "JDCLOUD2")]
    Jdcloud2,
    /// `JDCLOUD3-HMAC-SHA256`
    #[serde(rename = "JDCLOUD3")]
    Jdcloud3,
    /// `AWS4-HMAC-SHA256`
    #[serde(rename = "AWS4")]
    Aws4,
}

impl SigningScheme {
    /// Returns the word that stands in settings and output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jdcloud2 => "JDCLOUD2",
            Self::Jdcloud3 => "JDCLOUD3",
            Self::Aws4 => "AWS4",
        }
    }
}

/// Names of the files for TLS to a backend.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackendTls {
    /// Certificates (PEM) trusted instead of the system's. Like all files named here, it is stored in `.apigw/secrets`
    /// on the gateway's machine and named without the folder.
    #[serde(default)]
    pub ca: Option<String>,
    /// The client's certificate and its chain (PEM).
    #[serde(default)]
    pub certificate: Option<String>,
    /// The client's private key (PEM).
    #[serde(default)]
    pub key: Option<String>,
}

impl BackendTls {
    /// Lists the files, each with the name of its field.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = [("ca", &self.ca), ("certificate", &self.certificate), ("key", &self.key)];
        fields.into_iter().filter_map(|(field, name)| Some((field, name.as_deref()?)))
    }
}

/// True if a text is the name of a file, without a folder.
#[must_use]
pub fn is_file_name(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('.') && !text.contains(['/', '\\'])
}

/// A parameter moved to another place or name.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParameterMapping {
    /// Place of the parameter in the caller's request.
    #[schemars(with = "String")]
    pub from: ParameterReference,
    /// Place of the parameter in the request to the backend.
    #[schemars(with = "String")]
    pub to: ParameterReference,
}

/// A parameter with the same value in every request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConstantParameter {
    /// Place of the parameter in the request to the backend; replaces the caller's value.
    #[schemars(with = "String")]
    pub to: ParameterReference,
    /// Its value.
    pub value: String,
}

/// Another backend for requests that match.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DynamicRoute {
    /// The header or query parameter to compare.
    #[schemars(with = "String")]
    pub when: ParameterReference,
    /// Values that match; if empty, any value matches.
    #[serde(default)]
    pub equals: Vec<String>,
    /// The backend of requests that match.
    pub backend: String,
}

/// The place of a parameter in a request: `header.NAME`, `query.NAME` or `path.NAME`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub enum ParameterReference {
    /// A header, its name in lower case.
    Header(String),
    /// A query parameter.
    Query(String),
    /// A parameter of the API's path.
    Path(String),
}

/// Reason why a text is not the place of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterPlaceError {
    /// The text has another form.
    #[error("{0:?} is not a place of a parameter: write it like \"header.X-Name\", \"query.name\" or \"path.name\"")]
    Malformed(String),
    /// The header is hop-by-hop or frames the message.
    #[error("the header {0:?} belongs to the connection and cannot be mapped")]
    Reserved(String),
}

/// Headers that frame a message or belong to one connection (RFC 9110, section 7.6.1; RFC 9112, section 6).
const RESERVED_HEADERS: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl ParameterReference {
    /// True if it is the header that names the caller's key to backends, in any spelling that some backend takes for
    /// it.
    #[must_use]
    pub fn names_caller(&self) -> bool {
        matches!(self, Self::Header(name) if name.replace('_', "-") == "x-apigw-key")
    }
}

impl FromStr for ParameterReference {
    type Err = ParameterPlaceError;

    fn from_str(text: &str) -> Result<Self, ParameterPlaceError> {
        let malformed = || ParameterPlaceError::Malformed(text.chars().take(200).collect());
        match text.split_once('.').filter(|(_, name)| !name.is_empty()).ok_or_else(malformed)? {
            ("header", name) => {
                let name = http::HeaderName::try_from(name).map_err(|_| malformed())?;
                if RESERVED_HEADERS.contains(&name.as_str()) {
                    return Err(ParameterPlaceError::Reserved(name.as_str().to_owned()));
                }
                Ok(Self::Header(name.as_str().to_owned()))
            }
            ("query", name) => Ok(Self::Query(name.to_owned())),
            ("path", name) => Ok(Self::Path(name.to_owned())),
            _ => Err(malformed()),
        }
    }
}

impl TryFrom<String> for ParameterReference {
    type Error = ParameterPlaceError;

    fn try_from(text: String) -> Result<Self, ParameterPlaceError> {
        text.parse()
    }
}

impl serde::Serialize for ParameterReference {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for ParameterReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(formatter, "header.{name}"),
            Self::Query(name) => write!(formatter, "query.{name}"),
            Self::Path(name) => write!(formatter, "path.{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_parameters() {
        for (text, place) in [
            ("header.X-Name", ParameterReference::Header("x-name".to_owned())),
            ("query.page.size", ParameterReference::Query("page.size".to_owned())),
            ("path.id", ParameterReference::Path("id".to_owned())),
        ] {
            assert_eq!(text.parse(), Ok(place), "{text}");
        }
        for refused in ["", "header", "header.", "cookie.a", "Header.a", "header.a b", "header.Host", "header.TE"] {
            assert!(refused.parse::<ParameterReference>().is_err(), "{refused}");
        }
    }
}
