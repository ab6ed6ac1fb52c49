//! The work of a gateway for an environment, as plain data: the requests that it matches, their access, and the
//! response or the upstream of each, with the rewriting of requests.
//!
//! This is the one reading of a definition and of `group.yaml` for routing: [`build()`] makes the routes of a group
//! from its snapshot, `gateway` compiles them, and an export to another engine renders them. Nothing here does I/O, and
//! nothing knows a connection. All of it can be printed: a secret is written as `***`.
//!
//! A request goes through a [`Route`] from its top to its bottom: matched by host, prefix, path and method; then the
//! steps `ip_rules` of the group, `access`, `rate_limits` of the group, `limits` and `validation`; then the
//! [`Responder`].
//!
//! - `path`: the template of a path, with its parameters, and its place in the order in which those of a group are
//!   tried
//! - `access`: who may call
//! - `mock`: the responses of a mock
//! - `problem`: the refusals, in the words of every gateway
//! - `upstream`: the backends, and the request as they see it
//! - `not_served`, `error`: APIs without a route, and groups

mod access;
mod error;
mod mock;
mod not_served;
mod path;
pub(crate) mod problem;
mod upstream;

use schemars::JsonSchema;
use serde::Serialize;

use crate::definition::{Api, ApiResults, Definition};
use crate::model::{
    Backend, Cors, Digest, DomainName, EnvironmentName, GroupHosts, GroupName, GroupSettings, IpRules, Location,
    Method, OperationId, PathPrefix, RateLimits, ResponseValidation, Version,
};
use crate::snapshot::{EnvironmentSnapshot, GroupContent, GroupSnapshot, NotServed};
use crate::spread::spread;

pub(crate) use access::MissingCredentials;
pub use access::{Credential, RouteAccess, TokenAccess};
pub use error::RouteError;
pub use mock::{MockResponse, MockResponses};
pub use not_served::NotServedApi;
pub use path::{InQuery, PathParameter, PathPart, PathTemplate, SegmentTexts, ValuePrefix};
pub(crate) use problem::{ProblemKind, allow};
pub use upstream::{
    DynamicUpstream, FixedParameter, ForwardTimeouts, GroupForwarding, RequestMapping, RouteForward, Upstream,
};

use upstream::ForwardReader;

/// The routes of an environment.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EnvironmentRoutes {
    /// The environment.
    pub environment: EnvironmentName,
    /// Its groups that are live, by name.
    pub groups: Vec<GroupRoutes>,
    /// Its entries that cannot be served.
    pub not_served: Vec<NotServed>,
}

/// The routes of a group that is live in an environment.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct GroupRoutes {
    /// The group.
    pub group: GroupName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The version that is live.
    pub version: Version,
    /// The digest of its files.
    pub digest: Digest,
    /// The operation that made it live.
    pub operation: OperationId,
    /// The hosts that its requests are for.
    pub hosts: GroupHosts,
    /// Prefix of their paths.
    pub prefix: PathPrefix,
    /// True if a path parameter may have an encoded slash (`%2F`).
    pub encoded_slashes: bool,
    /// The pages of other origins that may call.
    pub cors: Option<Cors>,
    /// The addresses that may call: the step before `access`.
    pub ip_rules: IpRules,
    /// The most requests that all callers together may make: the step after `access`, with the limits of the key.
    pub rate_limits: RateLimits,
    /// Forwarding to a real backend; `None` for a mock.
    pub forward: Option<GroupForwarding>,
    /// Its routes, in the order of the definition. An exact path is matched before a template, and that before a
    /// prefix.
    pub routes: Vec<Route>,
    /// The APIs that no request is routed to.
    pub not_served: Vec<NotServedApi>,
}

/// The requests of an API, and the steps that they pass.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Route {
    /// The API's operation id, or its method and path.
    pub api: String,
    /// The API's place in the definition.
    #[serde(skip)]
    pub index: usize,
    /// The place of the API in the files of its version.
    #[serde(skip)]
    pub location: Location,
    /// The method; `HEAD` is matched by `GET`, where nothing else matches it (RFC 9110, section 9.3.2).
    pub method: Method,
    /// The path below the group's prefix.
    pub path: PathTemplate,
    /// True if a connection may go on as a websocket.
    pub websocket: bool,
    /// The step that decides who may call.
    pub access: RouteAccess,
    /// The step that limits their size.
    pub limits: RequestLimits,
    /// The step that validates requests and responses.
    pub validation: MessageValidation,
    /// The responder.
    pub responder: Responder,
}

/// The bounds of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RequestLimits {
    /// The most bytes of a body; `None` for the gateway's own limit.
    pub body_bytes: Option<u64>,
}

/// The messages that are validated against the definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MessageValidation {
    /// True if requests are refused that do not follow it.
    pub requests: bool,
    /// Handling of responses that do not follow it.
    pub responses: ResponseValidation,
}

/// The responder of a route's requests.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Responder {
    /// The responses that the definition declares.
    Mock(MockResponses),
    /// A real backend: the group's [`GroupForwarding`], with the differences of this route.
    Forward(Box<RouteForward>),
}

/// Makes the routes of an environment's groups, as far as they are asked for, spread over the processors.
#[must_use]
pub fn build_environment(
    environment: &EnvironmentSnapshot,
    base_domain: &DomainName,
    is_wanted: impl Fn(&GroupName) -> bool,
) -> EnvironmentRoutes {
    let name = &environment.name;
    let wanted = environment.groups().iter().filter(|group| is_wanted(&group.name));
    let live: Vec<_> = wanted.filter_map(|group| Some((group, group.content.as_ref()?))).collect();
    let all_built = spread(&live, |(group, content)| {
        let definition = content.definition.get().map_err(|error| error.to_string())?;
        build(name, group, content, &definition, base_domain).map_err(|error| error.to_string())
    });
    let mut routes = EnvironmentRoutes { environment: name.clone(), groups: Vec::new(), not_served: Vec::new() };
    for ((group, _), built) in live.into_iter().zip(all_built) {
        match built {
            Ok(built) => routes.groups.push(built),
            Err(reason) => routes.not_served.push(NotServed {
                environment: name.clone(),
                group: Some(group.name.clone()),
                operation: Some(group.operation().clone()),
                reason,
            }),
        }
    }
    routes
}

/// Makes the routes of a group that is live, whose version has this content and this definition.
pub fn build(
    environment: &EnvironmentName,
    group: &GroupSnapshot,
    content: &GroupContent,
    definition: &Definition,
    base_domain: &DomainName,
) -> Result<GroupRoutes, RouteError> {
    let settings = &*content.settings;
    if let Some(text) = settings.cors.as_ref().and_then(Cors::unsendable_text) {
        return Err(RouteError::CrossOrigin { text: text.to_owned() });
    }
    let release = &group.deployment.release;
    let forwarding = match &release.backend {
        Backend::Mock => None,
        Backend::Http { url, variables } => {
            let reader = ForwardReader::new(&settings.forwarding, variables, definition);
            Some((reader.group(url)?, reader))
        }
    };
    let reader = RouteReader { definition, settings, forward: forwarding.as_ref().map(|(_, reader)| reader) };
    let (routes, not_served) = reader.routes()?;
    Ok(GroupRoutes {
        group: group.name.clone(),
        environment: environment.clone(),
        version: release.version.clone(),
        digest: release.digest,
        operation: group.operation().clone(),
        hosts: GroupHosts::new(&group.name, environment, base_domain, &settings.domains),
        prefix: settings.prefix.clone(),
        encoded_slashes: settings.forwarding.encoded_slashes,
        cors: settings.cors.clone(),
        ip_rules: settings.ip_rules.of_environment(environment),
        rate_limits: settings.limits.clone(),
        forward: forwarding.map(|(forward, _)| forward),
        routes,
        not_served,
    })
}

/// Reads the routes of a definition.
struct RouteReader<'a> {
    definition: &'a Definition,
    settings: &'a GroupSettings,
    /// `None` for a mock.
    forward: Option<&'a ForwardReader<'a>>,
}

impl RouteReader<'_> {
    fn routes(&self) -> Result<(Vec<Route>, Vec<NotServedApi>), RouteError> {
        let mut results = if self.forward.is_none() { self.definition.results() } else { Vec::new() }.into_iter();
        let mut routes = Vec::with_capacity(self.definition.apis.len());
        let mut not_served = Vec::new();
        for (index, api) in self.definition.apis.iter().enumerate() {
            let results = results.next().unwrap_or_default();
            match &api.route {
                Ok(_) => routes.push(self.route(index, api, results)?),
                Err(reason) => not_served.push(NotServedApi { api: api.name(), reason: reason.clone() }),
            }
        }
        match not_served.first() {
            Some(first) if routes.is_empty() => Err(RouteError::NothingRouted(first.clone())),
            _ => Ok((routes, not_served)),
        }
    }

    /// True if the definition or the group lets connections to an API go on as a websocket, which only a `GET` does
    /// (RFC 6455, section 4.1).
    fn is_websocket(&self, api: &Api) -> bool {
        let own = api.extension("x-apigw-websocket").and_then(|node| self.definition.node(node).as_bool());
        api.method == Method::Get && own.unwrap_or_else(|| self.settings.forwarding.websockets || api.declares(101))
    }

    fn route(&self, index: usize, api: &Api, results: ApiResults) -> Result<Route, RouteError> {
        let settings = self.settings;
        let name = api.name();
        let responder = match self.forward {
            None => Responder::Mock(MockResponses::new(results)),
            Some(forward) => Responder::Forward(Box::new(forward.route(&name)?)),
        };
        let is_mock = self.forward.is_none();
        Ok(Route {
            api: name,
            index,
            location: api.location.clone(),
            method: api.method,
            path: PathTemplate::new(self.definition, api),
            websocket: !is_mock && self.is_websocket(api),
            access: RouteAccess::new(self.definition, api, settings, is_mock),
            limits: RequestLimits { body_bytes: settings.max_body_kib.map(|kib| u64::from(kib) * 1024) },
            validation: MessageValidation {
                requests: settings.validate_requests.unwrap_or(is_mock),
                responses: if is_mock { ResponseValidation::Off } else { settings.validate_responses },
            },
            responder,
        })
    }
}

#[cfg(test)]
mod tests;
