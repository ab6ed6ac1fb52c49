//! The backends of a group, and the request as they see it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::error::RouteError;
use crate::definition::{self, Definition};
use crate::model::{
    ApiForwarding, BackendSigning, BackendTls, ConstantParameter, DynamicRoute, Forwarding, HttpUrl, ParameterMapping,
    ParameterReference, is_header_value, is_secret_name, with_variables,
};

/// The time-outs that hold where a group says nothing, in milliseconds.
const CONNECT_TIMEOUT_MS: u32 = 5_000;
const RESPONSE_TIMEOUT_MS: u32 = 30_000;
const IDLE_TIMEOUT_MS: u32 = 60_000;
const WEBSOCKET_IDLE_TIMEOUT_MS: u32 = 600_000;

/// The text that stands for a secret.
const BLANK: &str = "***";

/// Forwarding of a group's requests to real backends.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own, and none excludes another")]
pub struct GroupForwarding {
    /// The default backend.
    pub upstream: Upstream,
    /// True if the backend sees the group's prefix before the API's path.
    pub keep_prefix: bool,
    /// True if the backend gets the client's `Host`.
    pub keep_host: bool,
    /// True if an idempotent request whose connection breaks is sent once more.
    pub retry: bool,
    /// The time-outs.
    pub timeouts: ForwardTimeouts,
    /// The files by which `https` backends are trusted and the gateway shows them who it is, by name.
    pub tls: BackendTls,
    /// True if the backend gets the credentials of callers. A view has it with the access of each route.
    #[serde(skip)]
    pub passes_credentials: bool,
    /// The key that signs each request.
    pub sign: Option<BackendSigning>,
    /// Link-local and metadata addresses that may be connected to all the same.
    #[schemars(with = "Vec<String>")]
    pub allow_addresses: Vec<IpAddr>,
    /// Other backends for requests that match, behind those of a route; the first that does decides.
    pub dynamic: Vec<DynamicUpstream>,
    /// Changes of every request, in order, before those of a route.
    pub mappings: Vec<RequestMapping>,
}

/// Differences of one route.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct RouteForward {
    /// Its own backend; `None` for the group's.
    pub upstream: Option<Upstream>,
    /// The path at the backend, with the route's parameters as `{name}`; `None` for the path as it came.
    pub path: Option<String>,
    /// Time-out for the head of the response, in milliseconds; `None` for the group's.
    pub response_timeout_ms: Option<u32>,
    /// Other backends for requests that match, before the group's.
    pub dynamic: Vec<DynamicUpstream>,
    /// Changes of the request, in order, behind the group's.
    pub mappings: Vec<RequestMapping>,
}

/// A backend: addresses that serve the same, over all of which requests are spread that are up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Upstream {
    /// The addresses; the first names the backend in the access log.
    pub targets: Vec<HttpUrl>,
}

/// Time-outs, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ForwardTimeouts {
    /// For a connection to be opened.
    pub connect_ms: u32,
    /// For the head of a response.
    pub response_ms: u32,
    /// For anything to move once the response has begun.
    pub idle_ms: u32,
    /// For anything to move on a websocket.
    pub websocket_idle_ms: u32,
}

/// Another backend for requests that match.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct DynamicUpstream {
    /// The parameter that is looked at.
    #[schemars(with = "String")]
    pub when: ParameterReference,
    /// The values that match; empty, it only has to be there.
    pub equals: Vec<String>,
    /// The backend.
    pub upstream: Upstream,
    /// True if the values are secrets.
    #[schemars(skip)]
    pub is_secret: bool,
}

/// A change of the request on its way to a backend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RequestMapping {
    /// A parameter moves to another place or name.
    Move(ParameterMapping),
    /// A parameter is set, instead of the client's own.
    Set(FixedParameter),
}

/// A parameter with the same value in every request.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct FixedParameter {
    /// Its place.
    #[schemars(with = "String")]
    pub to: ParameterReference,
    /// Its value.
    pub value: String,
    /// True if the value is a secret.
    #[schemars(skip)]
    pub is_secret: bool,
}

/// Reads how requests are forwarded.
pub(super) struct ForwardReader<'a> {
    forwarding: &'a Forwarding,
    /// The variables that were bound when the group was published.
    variables: &'a BTreeMap<String, String>,
    definition: &'a Definition,
}

impl<'a> ForwardReader<'a> {
    pub(super) fn new(
        forwarding: &'a Forwarding,
        variables: &'a BTreeMap<String, String>,
        definition: &'a Definition,
    ) -> Self {
        Self { forwarding, variables, definition }
    }

    /// Reads the forwarding of the group, with the backend that its deployment names.
    pub(super) fn group(&self, url: &HttpUrl) -> Result<GroupForwarding, RouteError> {
        let forwarding = self.forwarding;
        let more = forwarding.more_addresses.iter().map(|address| self.resolve(address));
        let targets = std::iter::once(Ok(url.clone())).chain(more).collect::<Result<_, _>>()?;
        Ok(GroupForwarding {
            upstream: Upstream { targets },
            keep_prefix: forwarding.keep_prefix,
            keep_host: forwarding.keep_host,
            retry: forwarding.retry.unwrap_or(true),
            timeouts: ForwardTimeouts {
                connect_ms: forwarding.connect_timeout_ms.unwrap_or(CONNECT_TIMEOUT_MS),
                response_ms: forwarding.response_timeout_ms.unwrap_or(RESPONSE_TIMEOUT_MS),
                idle_ms: forwarding.idle_timeout_ms.unwrap_or(IDLE_TIMEOUT_MS),
                websocket_idle_ms: forwarding.websocket_idle_timeout_ms.unwrap_or(WEBSOCKET_IDLE_TIMEOUT_MS),
            },
            tls: forwarding.tls.clone(),
            passes_credentials: forwarding.pass_credentials,
            sign: forwarding.sign.clone(),
            allow_addresses: forwarding.allow_addresses.clone(),
            dynamic: self.dynamic(&forwarding.routes)?,
            mappings: self.mappings(&forwarding.parameters, &forwarding.constants)?,
        })
    }

    /// Reads the differences of an API.
    pub(super) fn route(&self, api: &str) -> Result<RouteForward, RouteError> {
        let Some(settings) = self.forwarding.apis.get(api) else { return Ok(RouteForward::default()) };
        let ApiForwarding { backend, path, response_timeout_ms, parameters, constants, routes } = settings;
        if path.as_ref().is_some_and(|path| !path.starts_with('/')) {
            return Err(RouteError::BackendPath { api: api.to_owned() });
        }
        Ok(RouteForward {
            upstream: backend.as_deref().map(|address| self.upstream(address)).transpose()?,
            path: path.clone(),
            response_timeout_ms: *response_timeout_ms,
            dynamic: self.dynamic(routes)?,
            mappings: self.mappings(parameters, constants)?,
        })
    }

    fn dynamic(&self, routes: &[DynamicRoute]) -> Result<Vec<DynamicUpstream>, RouteError> {
        let dynamic = |route: &DynamicRoute| {
            let DynamicRoute { when, equals, backend } = route.clone();
            let upstream = self.upstream(&backend)?;
            Ok(DynamicUpstream { is_secret: self.is_secret(&when), when, equals, upstream })
        };
        routes.iter().map(dynamic).collect()
    }

    fn mappings(
        &self,
        parameters: &[ParameterMapping],
        constants: &[ConstantParameter],
    ) -> Result<Vec<RequestMapping>, RouteError> {
        let moves = parameters.iter().map(|mapping| {
            if mapping.to.names_caller() {
                return Err(RouteError::CallerName { to: mapping.to.clone() });
            }
            Ok(RequestMapping::Move(mapping.clone()))
        });
        let sets = constants.iter().map(|ConstantParameter { to, value }| {
            if to.names_caller() {
                return Err(RouteError::CallerName { to: to.clone() });
            }
            let is_header = matches!(to, ParameterReference::Header(_));
            if is_header && !is_header_value(value) {
                return Err(RouteError::Constant { to: to.clone() });
            }
            Ok(RequestMapping::Set(FixedParameter {
                is_secret: self.is_secret(to),
                to: to.clone(),
                value: value.clone(),
            }))
        });
        moves.chain(sets).collect()
    }

    fn upstream(&self, address: &str) -> Result<Upstream, RouteError> {
        Ok(Upstream { targets: vec![self.resolve(address)?] })
    }

    /// Puts the variables that were bound when the group was published into an address.
    fn resolve(&self, address: &str) -> Result<HttpUrl, RouteError> {
        let value = |name: &str| self.variables.get(name).map(String::as_str);
        let text = with_variables(address, value)
            .map_err(|source| RouteError::Variable { address: address.to_owned(), source })?;
        Ok(text.parse()?)
    }

    /// True if the values at a place are secrets: by the definition, or by their name.
    fn is_secret(&self, place: &ParameterReference) -> bool {
        let (in_definition, name) = match place {
            ParameterReference::Header(name) => (definition::ParameterPlace::Header, name),
            ParameterReference::Query(name) => (definition::ParameterPlace::Query, name),
            ParameterReference::Path(name) => (definition::ParameterPlace::Path, name),
        };
        ["authorization", "proxy-authorization", "cookie"].contains(&name.as_str())
            || is_secret_name(name)
            || self.definition.keys(in_definition).any(|key| key.eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, target) in self.targets.iter().enumerate() {
            write!(formatter, "{}{target}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl FixedParameter {
    /// Returns the value as it may be shown.
    #[must_use]
    pub fn shown_value(&self) -> &str {
        if self.is_secret { BLANK } else { &self.value }
    }
}

impl DynamicUpstream {
    /// Returns the values that match as they may be shown.
    pub fn shown_values(&self) -> impl Iterator<Item = &str> {
        self.equals.iter().map(|value| if self.is_secret { BLANK } else { value.as_str() })
    }
}

impl Serialize for FixedParameter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct MaskedParameter<'a> {
            to: &'a ParameterReference,
            value: &'a str,
        }
        MaskedParameter { to: &self.to, value: self.shown_value() }.serialize(serializer)
    }
}

impl Serialize for DynamicUpstream {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct MaskedUpstream<'a> {
            when: &'a ParameterReference,
            equals: Vec<&'a str>,
            upstream: &'a Upstream,
        }
        let equals = self.shown_values().collect();
        MaskedUpstream { when: &self.when, equals, upstream: &self.upstream }.serialize(serializer)
    }
}
