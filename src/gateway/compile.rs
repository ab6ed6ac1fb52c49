//! Compiles the routes of a snapshot: tables, mock responses and backends, built before the first request needs them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use http::{HeaderValue, Method};

use super::compiled::{
    AccessRule, CompiledApi, CompiledEnvironment, CompiledGroup, CompiledResponder, CompiledSnapshot, GroupSource,
    ServedEntry,
};
use super::cors::CorsRules;
use super::issuer_keys::IssuerKeySets;
use super::meter::{MeterName, Meters};
use super::mock::MockResults;
use super::rate_limits::{LimitScope, RateLimiter};
use super::routing::hosts::HostTable;
use super::routing::table::{RouteTable, RouterError, TableRoute};
use super::routing::values::PathValues;
use super::upstream::route::ForwardCompiler;
use super::upstream::target::{OriginSet, UpstreamError};
use super::validate::RequestRules;
use crate::definition::Definition;
use crate::model::{Digest, DomainName, EnvironmentName, GroupName, ResponseValidation};
use crate::routes::{self, PathTemplate, Responder, RouteError};
use crate::snapshot::{DefinitionError, EnvironmentSnapshot, GroupContent, GroupSnapshot, NotServed, Snapshot};
use crate::spread::spread;

/// Compiles snapshots, with the state that outlives each of them.
pub(crate) struct Compiler {
    pub(crate) base_domain: DomainName,
    pub(crate) allow_addresses: Vec<IpAddr>,
    pub(crate) origins: OriginSet,
    pub(crate) meters: Arc<Meters>,
    pub(crate) rate_limiter: Arc<RateLimiter>,
    pub(crate) issuers: Arc<IssuerKeySets>,
}

impl Compiler {
    /// Compiles a snapshot. Unchanged parts are taken from the state before; a group that cannot be compiled is served
    /// as it was, and reported.
    pub(crate) fn compile(
        &self,
        snapshot: &Snapshot,
        before: Option<&CompiledSnapshot>,
    ) -> (CompiledSnapshot, Vec<NotServed>) {
        let mut not_served = Vec::new();
        let alone = snapshot.environments.len() == 1;
        let was_alone = before.is_some_and(|before| before.environments.len() == 1);
        let known = |environment: &EnvironmentSnapshot| before.and_then(|before| before.environment(&environment.name));
        let is_same = |environment: &Arc<EnvironmentSnapshot>, known: &&Arc<CompiledEnvironment>| {
            known.is_of(environment) && alone == was_alone
        };
        let kept: Vec<Option<&Arc<CompiledEnvironment>>> = snapshot
            .environments
            .iter()
            .map(|environment| known(environment).filter(|known| is_same(environment, known)))
            .collect();
        let changed = snapshot.environments.iter().zip(&kept).filter(|(_, kept)| kept.is_none());
        let mut recompiled = self.compile_groups(changed.map(|(environment, _)| (environment, known(environment))));
        let environments = snapshot.environments.iter().zip(kept).map(|(environment, kept)| {
            kept.cloned().unwrap_or_else(|| {
                let known = known(environment).map(|known| &**known);
                Arc::new(compiled_environment(environment, alone, known, &mut recompiled, &mut not_served))
            })
        });
        let environments: Vec<_> = environments.collect();
        let longest_wait = environments.iter().map(|environment| environment.longest_wait).max().unwrap_or_default();
        (CompiledSnapshot { environments, longest_wait }, not_served)
    }

    /// Compiles the groups of environments that changed, spread over the processors: at the start they are many. Each
    /// definition is asked for only now, and for all environments together, so that few are there at a time.
    fn compile_groups<'s>(
        &self,
        environments: impl Iterator<Item = (&'s Arc<EnvironmentSnapshot>, Option<&'s Arc<CompiledEnvironment>>)>,
    ) -> RecompiledGroups<'s> {
        let mut changed = Vec::new();
        for (environment, before) in environments {
            for entry in environment.groups() {
                let Some(content) = &entry.content else { continue };
                let known = before.and_then(|before| before.entry(&entry.name)?.compiled.as_ref());
                if known.is_none_or(|known| known.source != GroupSource::of(entry, content)) {
                    changed.push(ChangedGroup { environment, entry, content });
                }
            }
        }
        changed.sort_by_key(ChangedGroup::release);
        let releases: Vec<&[ChangedGroup<'_>]> =
            changed.chunk_by(|one, next| one.release() == next.release()).collect();
        let compiled = spread(&releases, |release| {
            // All are held until the last of them is compiled, so that one that they share is read once.
            let definitions: Vec<_> = release.iter().map(|changed| changed.content.definition.get()).collect();
            let compile = |(changed, definition): (_, &Result<_, DefinitionError>)| {
                self.compile_group(changed, definition.as_ref().map_err(Clone::clone)?).map(Arc::new)
            };
            release.iter().zip(&definitions).map(compile).collect::<Vec<_>>()
        });
        let names = changed.iter().map(|changed| (&changed.environment.name, &changed.entry.name));
        names.zip(compiled.into_iter().flatten()).collect()
    }

    fn compile_group(
        &self,
        &ChangedGroup { environment, entry, content }: &ChangedGroup<'_>,
        definition: &Arc<Definition>,
    ) -> Result<CompiledGroup, CompileError> {
        let group = routes::build(&environment.name, entry, content, definition, &self.base_domain)?;
        let forwarding = group.forward.as_ref().map(|forward| ForwardCompiler {
            origins: &self.origins,
            forward,
            tls_files: &content.tls_files,
            allow_addresses: &self.allow_addresses,
        });
        let responder = match &forwarding {
            None => CompiledResponder::Mock,
            Some(forwarding) => CompiledResponder::Forward(Box::new(forwarding.group()?)),
        };
        let routes = group.routes.iter();
        let checks_requests =
            routes.clone().any(|route| route.validation.requests) && definition.apis.iter().any(RequestRules::has);
        let validate_responses = routes.clone().map(|route| route.validation.responses).next().unwrap_or_default();
        let max_body = routes.clone().find_map(|route| route.limits.body_bytes);
        let compiler = ApiCompiler {
            forwarding: forwarding.as_ref(),
            meters: &self.meters,
            issuers: &self.issuers,
            environment: group.environment.as_str().into(),
            group: group.group.as_str().into(),
            version: group.version.to_string().into(),
        };
        let (apis, table) = compiler.apis(group.routes)?;
        let (environment, name) = (group.environment.as_str(), group.group.as_str());
        let rate_limits = self.rate_limiter.applied(&group.rate_limits, environment, LimitScope::Group, name).collect();
        Ok(CompiledGroup {
            name: group.group.to_string(),
            environment: group.environment.to_string(),
            version: group.version.to_string(),
            prefix_value: HeaderValue::from_str(group.prefix.as_str())?,
            prefix: group.prefix,
            hosts: group.hosts,
            routes: table,
            apis,
            not_served: group.not_served.into_boxed_slice(),
            cors: group.cors.as_ref().map(CorsRules::build).transpose()?,
            ip_rules: Some(group.ip_rules).filter(|rules| !rules.is_empty()),
            rate_limits,
            encoded_slashes: group.encoded_slashes,
            max_body,
            // A definition is large; it is kept only where a message can be checked against it.
            rules_from: checks_requests.then(|| Arc::clone(definition)),
            validate_responses,
            response_rules_from: (validate_responses != ResponseValidation::Off).then(|| Arc::clone(definition)),
            responder,
            source: GroupSource::of(entry, content),
        })
    }
}

/// A group cannot be compiled.
#[derive(Debug, thiserror::Error)]
pub(super) enum CompileError {
    /// Its definition cannot be had.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// It cannot be routed.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// The router does not take one of its paths.
    #[error(transparent)]
    Router(#[from] RouterError),
    /// The method of a route is none.
    #[error(transparent)]
    Method(#[from] http::method::InvalidMethod),
    /// Its prefix, or a text for pages of other origins, can stand in no header.
    #[error(transparent)]
    Header(#[from] http::header::InvalidHeaderValue),
    /// A backend cannot be called.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
}

/// The groups that were recompiled, or why they cannot be, by environment and name.
type RecompiledGroups<'s> = BTreeMap<(&'s EnvironmentName, &'s GroupName), Result<Arc<CompiledGroup>, CompileError>>;

/// A group that is to be recompiled.
struct ChangedGroup<'s> {
    environment: &'s EnvironmentSnapshot,
    entry: &'s GroupSnapshot,
    content: &'s GroupContent,
}

impl<'s> ChangedGroup<'s> {
    /// Returns the group's name and the digest of its version: groups with the same pair share a definition.
    fn release(&self) -> (&'s GroupName, Digest) {
        (&self.entry.name, self.entry.digest())
    }
}

/// Assembles the served state of an environment.
fn compiled_environment<'s>(
    environment: &'s Arc<EnvironmentSnapshot>,
    alone: bool,
    before: Option<&CompiledEnvironment>,
    recompiled: &mut RecompiledGroups<'s>,
    not_served: &mut Vec<NotServed>,
) -> CompiledEnvironment {
    let mut entries = Vec::with_capacity(environment.groups().len());
    for group in environment.groups() {
        let known = before.and_then(|before| before.entry(&group.name));
        let entry = served_entry(group, known, recompiled.remove(&(&environment.name, &group.name)));
        not_served.extend(entry.error.as_ref().map(|reason| NotServed {
            environment: environment.name.clone(),
            group: Some(group.name.clone()),
            operation: Some(group.operation().clone()),
            reason: reason.clone(),
        }));
        entries.push(entry);
    }
    let groups = || entries.iter().filter_map(|entry| entry.compiled.as_ref());
    CompiledEnvironment {
        source: Arc::downgrade(environment),
        name: environment.name.clone(),
        hosts: HostTable::build(groups(), alone),
        longest_wait: groups().map(|group| group.longest_wait()).max().unwrap_or_default(),
        entries,
    }
}

/// Chooses the group that is served for an entry: recompiled, taken from the state before, or the old one where it
/// cannot be compiled.
fn served_entry(
    entry: &GroupSnapshot,
    known: Option<&ServedEntry>,
    recompiled: Option<Result<Arc<CompiledGroup>, CompileError>>,
) -> ServedEntry {
    let known_group = known.and_then(|known| known.compiled.clone());
    let operation = Some(entry.operation().clone());
    let (serving, compiled, error) = match recompiled {
        _ if entry.content.is_none() => (operation, None, None),
        Some(Ok(compiled)) => (operation, Some(compiled), None),
        None => (operation.filter(|_| known_group.is_some()), known_group, None),
        Some(Err(error)) => {
            let serving = known.filter(|_| known_group.is_some()).and_then(|known| known.serving.clone());
            (serving, known_group, Some(error.to_string()))
        }
    };
    ServedEntry { group: entry.name.clone(), deployment: entry.deployment.clone(), serving, compiled, error }
}

/// Compiles the APIs of one group.
struct ApiCompiler<'a> {
    /// `None` for a mock.
    forwarding: Option<&'a ForwardCompiler<'a>>,
    meters: &'a Meters,
    issuers: &'a IssuerKeySets,
    environment: Arc<str>,
    group: Arc<str>,
    version: Arc<str>,
}

impl ApiCompiler<'_> {
    fn apis(&self, routes: Vec<routes::Route>) -> Result<(Box<[CompiledApi]>, RouteTable), CompileError> {
        let mut apis = Vec::with_capacity(routes.len());
        let mut paths = Vec::with_capacity(routes.len());
        for route in routes {
            let method = Method::from_bytes(route.method.as_str().as_bytes())?;
            let (api, path) = self.api(route)?;
            paths.push((method, path, Arc::clone(&api.path)));
            apis.push(api);
        }
        let entries = paths.iter().map(|(method, path, values)| TableRoute {
            method: method.clone(),
            path,
            values: Arc::clone(values),
        });
        let table = RouteTable::build(&entries.collect::<Vec<_>>())?;
        Ok((apis.into_boxed_slice(), table))
    }

    fn api(&self, route: routes::Route) -> Result<(CompiledApi, PathTemplate), CompileError> {
        let (mock, forward) = match (route.responder, self.forwarding) {
            (Responder::Mock(responses), _) => (Some(MockResults::build(responses)), None),
            (Responder::Forward(forward), Some(forwarding)) => (None, forwarding.route(&forward)?),
            (Responder::Forward(_), None) => (None, None),
        };
        let method_and_path = format!("{} {}", route.method, route.path.template).into();
        let name: Arc<str> = route.api.into();
        let meter = self.meters.get(MeterName {
            environment: Arc::clone(&self.environment),
            group: Arc::clone(&self.group),
            version: Arc::clone(&self.version),
            api: Arc::clone(&name),
        });
        let api = CompiledApi {
            method_and_path,
            name,
            path: Arc::new(PathValues::new(&route.path)),
            secret_path: route.path.has_secret.then(|| route.path.template.as_str().into()),
            mock,
            meter,
            access: AccessRule::new(&route.access, self.issuers),
            forward,
            websocket: route.websocket,
            rules: OnceLock::new(),
            response_rules: OnceLock::new(),
            index: route.index,
        };
        Ok((api, route.path))
    }
}

#[cfg(test)]
mod tests;
