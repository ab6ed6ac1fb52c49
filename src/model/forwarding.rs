//! What `group.yaml` says about the way of a request: who may call from a browser, and how requests
//! reach a real backend.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Which pages of other origins may call a group (the Fetch standard, section 3.2, "CORS protocol").
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// The origins, like `https://shop.example`; `*` stands for any, without credentials.
    pub allow_origins: Vec<String>,
    /// The request headers that such a page may set; empty, those that it asks for.
    #[serde(default)]
    pub allow_headers: Vec<String>,
    /// The response headers that such a page may read.
    #[serde(default)]
    pub expose_headers: Vec<String>,
    /// Whether the listed origins may send cookies and credentials.
    #[serde(default)]
    pub allow_credentials: bool,
    /// How long a browser may remember the answer to a preflight, in seconds.
    #[serde(default)]
    pub max_age_seconds: Option<u32>,
}

/// How requests reach a real backend.
///
/// Addresses are absolute `http` or `https` addresses; `${NAME}` stands for a variable of the environment.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Forwarding {
    /// Whether the backend sees the group's prefix before the API's path.
    #[serde(default)]
    pub keep_prefix: bool,
    /// Further addresses that serve what the default backend does; requests are spread over all that are healthy.
    #[serde(default)]
    pub more_addresses: Vec<String>,
    /// How long connecting may take, in milliseconds; unset, 5 seconds.
    #[serde(default)]
    pub connect_timeout_ms: Option<u32>,
    /// How long the head of the response may take, in milliseconds; unset, 30 seconds.
    #[serde(default)]
    pub response_timeout_ms: Option<u32>,
    /// How long an exchange may stand still once the response has begun, in milliseconds; unset, 60 seconds. A part of
    /// the request's body or of the response's begins the time anew.
    #[serde(default)]
    pub idle_timeout_ms: Option<u32>,
    /// How long a websocket may carry nothing in either direction, in milliseconds; unset, 10 minutes. Pings count.
    #[serde(default)]
    pub websocket_idle_timeout_ms: Option<u32>,
    /// Whether a GET, HEAD, OPTIONS, TRACE, PUT or DELETE is sent once more, over a new connection, when its connection
    /// breaks before the backend has sent anything; unset, yes. The backend may then see such a request twice. A request
    /// whose body is passed on while it comes is never sent twice, and one of which nothing was sent always is.
    #[serde(default)]
    pub retry: Option<bool>,
    /// Whether a path parameter may have an encoded slash (`%2F`), which then reaches the backend as it came. Unset, such
    /// a path is refused with 400, since backends that decode it see another path. It holds for mocks, too.
    #[serde(default)]
    pub encoded_slashes: bool,
    /// Whether the backend gets the client's `Host` instead of the host and port of its own address.
    #[serde(default)]
    pub keep_host: bool,
    /// Link-local and metadata addresses that may be connected to all the same.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub allow_addresses: Vec<IpAddr>,
    /// How `https` backends are trusted, and how the gateway shows them who it is.
    #[serde(default)]
    pub tls: BackendTls,
    /// Parameters that the backend knows by another place or name, for every API.
    #[serde(default)]
    pub parameters: Vec<ParameterMapping>,
    /// Parameters that every request to the backend carries.
    #[serde(default)]
    pub constants: Vec<ConstantParameter>,
    /// Other backends for requests that match; the first rule that does decides.
    #[serde(default)]
    pub routes: Vec<DynamicRoute>,
    /// What differs for single APIs, by operation id.
    #[serde(default)]
    pub apis: BTreeMap<String, ApiForwarding>,
}

impl Forwarding {
    /// Lists the addresses of backends, each with its path in the settings below `forwarding`.
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

/// What differs for one API on its way to a real backend.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiForwarding {
    /// Its own backend.
    #[serde(default)]
    pub backend: Option<String>,
    /// The path at the backend, with the API's path parameters as `{name}`; unset, the API's path.
    #[serde(default)]
    pub path: Option<String>,
    /// How long the head of the response may take, in milliseconds.
    #[serde(default)]
    pub response_timeout_ms: Option<u32>,
    /// Parameters that the backend knows by another place or name, after the group's.
    #[serde(default)]
    pub parameters: Vec<ParameterMapping>,
    /// Parameters that every request to the backend carries, after the group's.
    #[serde(default)]
    pub constants: Vec<ConstantParameter>,
    /// Other backends for requests that match, before the group's.
    #[serde(default)]
    pub routes: Vec<DynamicRoute>,
}

/// Files of a TLS client, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackendTls {
    /// Certificates (PEM) that are trusted instead of the system's. Like all files named here, it lies in `.apigw/secrets`
    /// on the machine of the gateway and is named without the folder.
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
    /// Lists the files that it names, each with the field that does.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = [("ca", &self.ca), ("certificate", &self.certificate), ("key", &self.key)];
        fields.into_iter().filter_map(|(field, name)| Some((field, name.as_deref()?)))
    }
}

/// Returns whether a text is the name of a file, without a folder.
#[must_use]
pub fn is_file_name(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('.') && !text.contains(['/', '\\'])
}

/// A parameter that moves to another place or name.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParameterMapping {
    /// Where the caller puts it.
    #[schemars(with = "String")]
    pub from: ParameterPlace,
    /// Where the backend finds it.
    #[schemars(with = "String")]
    pub to: ParameterPlace,
}

/// A parameter with the same value in every request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConstantParameter {
    /// Where the backend finds it; what a caller puts there is replaced.
    #[schemars(with = "String")]
    pub to: ParameterPlace,
    /// Its value.
    pub value: String,
}

/// Another backend for requests that match.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DynamicRoute {
    /// What is looked at, a header or a query parameter.
    #[schemars(with = "String")]
    pub when: ParameterPlace,
    /// The values that match; empty, it only has to be there.
    #[serde(default)]
    pub equals: Vec<String>,
    /// The backend of requests that match.
    pub backend: String,
}

/// Where a parameter stands in a request: `header.NAME`, `query.NAME` or `path.NAME`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub enum ParameterPlace {
    /// A header, its name in lower case.
    Header(String),
    /// A query parameter.
    Query(String),
    /// A parameter of the API's path.
    Path(String),
}

/// Why a text names no place of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterPlaceError {
    /// It has another form.
    #[error("{0:?} is not a place of a parameter: write it like \"header.X-Name\", \"query.name\" or \"path.name\"")]
    Malformed(String),
    /// The header belongs to the connection, not to the request.
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

impl FromStr for ParameterPlace {
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

impl TryFrom<String> for ParameterPlace {
    type Error = ParameterPlaceError;

    fn try_from(text: String) -> Result<Self, ParameterPlaceError> {
        text.parse()
    }
}

impl fmt::Display for ParameterPlace {
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
            ("header.X-Name", ParameterPlace::Header("x-name".to_owned())),
            ("query.page.size", ParameterPlace::Query("page.size".to_owned())),
            ("path.id", ParameterPlace::Path("id".to_owned())),
        ] {
            assert_eq!(text.parse(), Ok(place), "{text}");
        }
        for refused in ["", "header", "header.", "cookie.a", "Header.a", "header.a b", "header.Host", "header.TE"] {
            assert!(refused.parse::<ParameterPlace>().is_err(), "{refused}");
        }
    }
}
