//! The compiled snapshot that is served, and the lookup of a request in it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use http::HeaderValue;

use super::access_rules::{AccessFlags, AccessRules};
use super::cors::CorsRules;
use super::credentials::CredentialRules;
use super::issuer_keys::IssuerKeySets;
use super::meter::Meter;
use super::mock::MockResults;
use super::rate_limits::AppliedLimit;
use super::routing::host::RequestedHost;
use super::routing::hosts::{HostLookup, HostTable, RoutedGroup};
use super::routing::table::RouteTable;
use super::routing::values::PathValues;
use super::token_rules::TokenRules;
use super::upstream::route::{ApiForward, GroupForward};
use super::validate::RequestRules;
use super::validate_response::ResponseRules;
use crate::definition::Definition;
use crate::model::{
    Backend, Deployment, DeploymentState, Digest, EnvironmentName, GroupHosts, GroupName, IpRules, OperationId,
    PathPrefix, Release, ResponseValidation, Version,
};
use crate::routes::{NotServedApi, RouteAccess};
use crate::snapshot::{EnvironmentSnapshot, GroupContent, GroupSnapshot};

/// A snapshot as it is served.
pub(crate) struct CompiledSnapshot {
    pub(crate) environments: Vec<Arc<CompiledEnvironment>>,
    /// The longest time that a group lets its backends be silent.
    pub(crate) longest_wait: Duration,
}

/// An environment as it is served. Rebuilt only when it changed.
pub(crate) struct CompiledEnvironment {
    /// The snapshot that it was built from, to be known again by.
    pub(super) source: Weak<EnvironmentSnapshot>,
    pub(crate) name: EnvironmentName,
    pub(super) hosts: HostTable<CompiledGroup>,
    /// Its entries by name, offline ones among them.
    pub(crate) entries: Vec<ServedEntry>,
    pub(super) longest_wait: Duration,
}

/// An entry of an environment, and the group that is served for it.
pub(crate) struct ServedEntry {
    pub(crate) group: GroupName,
    pub(crate) deployment: Deployment,
    /// The operation that is in force; an older one where the entry's cannot be, if there is one.
    pub(crate) serving: Option<OperationId>,
    /// The group as it is served, unless it is offline.
    pub(crate) compiled: Option<Arc<CompiledGroup>>,
    /// The reason why the entry's own operation is not in force.
    pub(crate) error: Option<String>,
}

/// A group as it is served in an environment. Rebuilt only when one of its sources changed.
pub(crate) struct CompiledGroup {
    pub(super) source: GroupSource,
    pub(crate) name: String,
    pub(crate) environment: String,
    pub(crate) version: String,
    pub(crate) prefix: PathPrefix,
    /// The prefix, as backends are told it.
    pub(crate) prefix_value: HeaderValue,
    pub(crate) hosts: GroupHosts,
    pub(crate) routes: RouteTable,
    pub(crate) apis: Box<[CompiledApi]>,
    /// The APIs that no request is routed to, each with the reason.
    pub(crate) not_served: Box<[NotServedApi]>,
    pub(crate) cors: Option<CorsRules>,
    /// The addresses that may call, unless all may.
    pub(crate) ip_rules: Option<IpRules>,
    /// The limits of all callers together.
    pub(crate) rate_limits: Box<[AppliedLimit]>,
    /// True if a path parameter may have an encoded slash.
    pub(crate) encoded_slashes: bool,
    /// The largest body, in bytes, if the group says.
    pub(crate) max_body: Option<u64>,
    pub(crate) responder: CompiledResponder,
    pub(crate) validate_responses: ResponseValidation,
    /// The definition from which the rules for responses are built, if those are checked at all.
    pub(super) response_rules_from: Option<Arc<Definition>>,
    /// Source of the APIs' rules, built when the first request needs them; `None` if requests are not checked.
    pub(super) rules_from: Option<Arc<Definition>>,
}

/// The sources of a compiled group.
#[derive(PartialEq, Eq)]
pub(super) struct GroupSource {
    pub(super) version: Version,
    pub(super) digest: Digest,
    pub(super) backend: Backend,
    pub(super) tls_files: Arc<BTreeMap<String, Arc<[u8]>>>,
}

/// Responder of a group's requests.
pub(crate) enum CompiledResponder {
    /// With constant results.
    Mock,
    /// By real backends.
    Forward(Box<GroupForward>),
}

/// Access to an API.
pub(crate) enum AccessRule {
    /// Anybody.
    Anyone,
    /// Callers with a key that has a grant.
    Key(AccessRules),
    /// Callers with credentials of the kind that a mock looks for.
    Presence(CredentialRules),
}

/// An API, compiled for serving.
pub(crate) struct CompiledApi {
    /// Its operation id, or its method and path.
    pub(crate) name: Arc<str>,
    /// Its method and path, by which a grant may name it too.
    pub(crate) method_and_path: Box<str>,
    /// The parameters of its path.
    pub(crate) path: Arc<PathValues>,
    /// Its constant results; `None` if the backend is real.
    pub(crate) mock: Option<MockResults>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) access: AccessRule,
    /// Differences from the group's forwarding to a real backend.
    pub(crate) forward: Option<Box<ApiForward>>,
    /// Its path as the definition writes it, where a parameter in it is a secret.
    pub(crate) secret_path: Option<Box<str>>,
    /// True if a connection may become a websocket.
    pub(crate) websocket: bool,
    pub(super) rules: OnceLock<Option<Box<RequestRules>>>,
    pub(super) response_rules: OnceLock<Option<Box<ResponseRules>>>,
    pub(super) index: usize,
}

impl CompiledGroup {
    /// Returns the rules for requests to an API; `None` if they are not checked.
    pub(crate) fn rules<'g>(&'g self, api: &'g CompiledApi) -> Option<&'g RequestRules> {
        let definition = self.rules_from.as_ref()?;
        let build =
            || definition.apis.get(api.index).and_then(|api| RequestRules::build(definition, api)).map(Box::new);
        api.rules.get_or_init(build).as_deref()
    }

    /// Returns the rules for the responses of an API, or nothing where they are not checked.
    pub(crate) fn response_rules<'g>(&'g self, api: &'g CompiledApi) -> Option<&'g ResponseRules> {
        let definition = self.response_rules_from.as_ref()?;
        let build =
            || definition.apis.get(api.index).and_then(|api| ResponseRules::build(definition, api)).map(Box::new);
        api.response_rules.get_or_init(build).as_deref()
    }

    /// True if the backend gets the credentials of callers. A mock sends nothing to anybody.
    pub(crate) fn passes_credentials(&self) -> bool {
        match &self.responder {
            CompiledResponder::Forward(forward) => forward.passes_credentials,
            CompiledResponder::Mock => true,
        }
    }

    pub(super) fn longest_wait(&self) -> Duration {
        let CompiledResponder::Forward(forward) = &self.responder else { return Duration::ZERO };
        let own = self.apis.iter().filter_map(|api| api.forward.as_ref()?.response_timeout).max().unwrap_or_default();
        forward.response_timeout.max(forward.idle_timeout).max(own)
    }
}

impl RoutedGroup for CompiledGroup {
    fn hosts(&self) -> &GroupHosts {
        &self.hosts
    }

    fn prefix(&self) -> &str {
        self.prefix.before_path()
    }

    fn routes(&self) -> &RouteTable {
        &self.routes
    }
}

impl AccessRule {
    /// Compiles the access step of a route.
    pub(super) fn new(access: &RouteAccess, issuers: &IssuerKeySets) -> Self {
        match access {
            RouteAccess::Anyone => Self::Anyone,
            RouteAccess::Key { signature, subscription, token, pass_credentials, unsigned_body } => {
                let (signature, subscription) = (signature.as_ref(), subscription.as_ref());
                let token = token.as_ref().map(|token| TokenRules::new(token, issuers));
                let flags = AccessFlags { passes_credentials: *pass_credentials, unsigned_body: *unsigned_body };
                Self::Key(AccessRules::new(signature, subscription, token, flags))
            }
            RouteAccess::Presence { any_of } => Self::Presence(CredentialRules::new(any_of)),
        }
    }
}

impl GroupSource {
    /// Returns the sources of a group, if it were compiled now.
    pub(super) fn of(entry: &GroupSnapshot, content: &GroupContent) -> Self {
        let Release { version, digest, backend, .. } = entry.deployment.release.clone();
        Self { version, digest, backend, tls_files: Arc::clone(&content.tls_files) }
    }
}

impl CompiledSnapshot {
    /// Finds the group and the path entry for a host and a canonical path.
    pub(crate) fn find<'t, 'p>(&'t self, host: &RequestedHost, path: &'p str) -> HostLookup<'t, 'p, CompiledGroup> {
        self.environments
            .iter()
            .find_map(|environment| environment.hosts.find(host, path))
            .unwrap_or(HostLookup::UnknownHost)
    }

    pub(super) fn environment(&self, name: &EnvironmentName) -> Option<&Arc<CompiledEnvironment>> {
        self.environments.iter().find(|environment| environment.name == *name)
    }
}

impl CompiledEnvironment {
    /// True if it was compiled from this very snapshot, without errors.
    pub(super) fn is_of(&self, snapshot: &Arc<EnvironmentSnapshot>) -> bool {
        // The address of something that is gone is not used again as long as somebody remembers it.
        std::ptr::eq(self.source.as_ptr(), Arc::as_ptr(snapshot))
            && self.entries.iter().all(|entry| entry.error.is_none())
    }

    pub(super) fn entry(&self, group: &GroupName) -> Option<&ServedEntry> {
        let at = self.entries.binary_search_by(|entry| entry.group.cmp(group)).ok()?;
        self.entries.get(at)
    }
}

impl ServedEntry {
    /// True if the entry is live.
    pub(crate) fn is_live(&self) -> bool {
        self.deployment.release.state == DeploymentState::Live
    }

    /// Returns the APIs of the group that no request is routed to.
    pub(crate) fn not_served(&self) -> &[NotServedApi] {
        self.compiled.as_ref().map(|group| &*group.not_served).unwrap_or_default()
    }
}
