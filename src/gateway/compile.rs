//! From what is live to what answers: routes, constant results and backends, built before the first request needs them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use http::{HeaderValue, Method};

use super::cors::CorsRules;
use super::credentials::CredentialRules;
use super::mock::MockResults;
use super::routing::hosts::HostTable;
use super::routing::table::{Route, RouteTable};
use super::routing::values::PathValues;
use super::served::{
    Answer, CompiledApi, CompiledGroup, GroupStatus, NotServedApi, ServedEnvironment, ServedGroup, Source, State,
};
use super::snapshot::{EnvironmentSnapshot, GroupContent, GroupSnapshot, Rejected, Snapshot};
use super::telemetry::meter::{MeterName, Meters};
use super::upstream::route::ForwardCompiler;
use super::upstream::target::Origins;
use super::validate::RequestRules;
use crate::definition::{Api, ApiResults, Definition, ParameterPlace};
use crate::model::{Auth, Backend, Digest, DomainName, EnvironmentName, GroupName, ResponseValidation};
use crate::spread::spread;

/// Compiles snapshots, with what lives longer than each of them.
pub(crate) struct Compiler {
    pub(crate) base_domain: DomainName,
    pub(crate) allow_addresses: Vec<IpAddr>,
    pub(crate) origins: Origins,
    pub(crate) meters: Arc<Meters>,
}

impl Compiler {
    /// Compiles a snapshot. What did not change is taken from the state before; what cannot be compiled is served as
    /// it was, and named.
    pub(crate) fn compile(&self, snapshot: &Snapshot, before: Option<&State>) -> (State, Vec<Rejected>) {
        let mut rejected = Vec::new();
        let alone = snapshot.environments.len() == 1;
        let was_alone = before.is_some_and(|state| state.environments.len() == 1);
        let known = |environment: &EnvironmentSnapshot| before.and_then(|state| state.environment(&environment.name));
        let is_same = |environment: &Arc<EnvironmentSnapshot>, known: &&Arc<ServedEnvironment>| {
            known.is_of(environment) && alone == was_alone
        };
        let kept: Vec<Option<&Arc<ServedEnvironment>>> = snapshot
            .environments
            .iter()
            .map(|environment| known(environment).filter(|known| is_same(environment, known)))
            .collect();
        let changed = snapshot.environments.iter().zip(&kept).filter(|(_, kept)| kept.is_none());
        let mut anew = self.compile_groups(changed.map(|(environment, _)| (environment, known(environment))));
        let environments = snapshot.environments.iter().zip(kept).map(|(environment, kept)| {
            kept.cloned().unwrap_or_else(|| {
                let known = known(environment).map(|known| &**known);
                Arc::new(self.environment(environment, alone, known, &mut anew, &mut rejected))
            })
        });
        let environments: Vec<_> = environments.collect();
        let longest_wait = environments.iter().map(|environment| environment.longest_wait).max().unwrap_or_default();
        (State { environments, longest_wait }, rejected)
    }

    fn environment<'s>(
        &self,
        environment: &'s Arc<EnvironmentSnapshot>,
        alone: bool,
        before: Option<&ServedEnvironment>,
        anew: &mut Anew<'s>,
        rejected: &mut Vec<Rejected>,
    ) -> ServedEnvironment {
        let mut groups = Vec::with_capacity(environment.groups.len());
        let mut status = Vec::with_capacity(environment.groups.len());
        let mut entries: Vec<&GroupSnapshot> = environment.groups.iter().collect();
        // By name, so that a group is found again without a look at each.
        entries.sort_by_key(|entry| &entry.name);
        for entry in entries {
            let known = before.and_then(|before| before.group(&entry.name));
            let mut error = None;
            let compiled = anew.remove(&(&environment.name, &entry.name));
            let group = group(environment, entry, known, compiled).unwrap_or_else(|reason| {
                error = Some(reason.clone());
                rejected.push(Rejected {
                    environment: environment.name.clone(),
                    group: entry.name.clone(),
                    version: entry.version.clone(),
                    reason,
                });
                known.cloned()
            });
            let serving = match (&group, &entry.content) {
                (Some(group), _) => Some(group.operation.clone()),
                (None, None) => Some(entry.operation.clone()),
                (None, Some(_)) => None,
            };
            let live = entry.content.is_some();
            let entry = GroupSnapshot { content: None, ..entry.clone() };
            status.push(GroupStatus { entry, live, serving, error });
            groups.extend(group);
        }
        ServedEnvironment {
            source: Arc::downgrade(environment),
            name: environment.name.clone(),
            hosts: HostTable::build(&environment.name, &groups, &self.base_domain, alone),
            longest_wait: groups.iter().map(|group| group.compiled.longest_wait()).max().unwrap_or_default(),
            groups,
            status,
        }
    }

    /// Compiles the groups of environments that changed, spread over the processors: at the start they are many. Each
    /// definition is asked for only now, and for all environments together, so that few are there at a time.
    fn compile_groups<'s>(
        &self,
        environments: impl Iterator<Item = (&'s Arc<EnvironmentSnapshot>, Option<&'s Arc<ServedEnvironment>>)>,
    ) -> Anew<'s> {
        let mut changed = Vec::new();
        for (environment, before) in environments {
            for entry in &environment.groups {
                let Some(content) = &entry.content else { continue };
                let known = before.and_then(|before| before.group(&entry.name));
                if known.is_none_or(|known| known.compiled.source != Source::of(entry, content)) {
                    changed.push(Changed { environment, entry, content });
                }
            }
        }
        changed.sort_by_key(Changed::release);
        let releases: Vec<&[Changed<'_>]> = changed.chunk_by(|one, next| one.release() == next.release()).collect();
        let compiled = spread(&releases, |release| {
            // All are held until the last of them is compiled, so that one that they share is read once.
            let definitions: Vec<_> = release.iter().map(|changed| changed.content.definition.get()).collect();
            let compile = |(changed, definition): (_, &Result<_, String>)| {
                self.compile_group(changed, definition.as_ref().map_err(Clone::clone)?).map(Arc::new)
            };
            release.iter().zip(&definitions).map(compile).collect::<Vec<_>>()
        });
        let names = changed.iter().map(|changed| (&changed.environment.name, &changed.entry.name));
        names.zip(compiled.into_iter().flatten()).collect()
    }

    fn compile_group(
        &self,
        &Changed { environment, entry, content }: &Changed<'_>,
        definition: &Arc<Definition>,
    ) -> Result<CompiledGroup, String> {
        let settings = &content.settings;
        let forwarding = ForwardCompiler {
            origins: &self.origins,
            variables: match &entry.backend {
                Backend::Http { variables, .. } => Some(variables),
                Backend::Mock => None,
            },
            content,
            allow_addresses: &self.allow_addresses,
        };
        let answer = match &entry.backend {
            Backend::Mock => Answer::Mock,
            Backend::Http { .. } if settings.auth != Auth::None => Answer::Refuse,
            Backend::Http { url, .. } => Answer::Forward(Box::new(forwarding.group(url)?)),
        };
        let compiling = ApiCompiler {
            forwarding: &forwarding,
            definition,
            checks_security: settings.mock.check_security && matches!(answer, Answer::Mock),
            answer: &answer,
            meters: &self.meters,
            environment: environment.name.as_str().into(),
            group: entry.name.as_str().into(),
            version: entry.version.to_string().into(),
        };
        let mut results = if matches!(answer, Answer::Mock) { definition.results() } else { Vec::new() }.into_iter();
        let mut apis = Vec::with_capacity(definition.apis.len());
        let mut routes = Vec::with_capacity(definition.apis.len());
        let mut not_served = Vec::new();
        for (index, api) in definition.apis.iter().enumerate() {
            let results = results.next();
            match &api.route {
                Ok(route) => {
                    let compiled = compiling.api(index, api, results)?;
                    let method =
                        Method::from_bytes(api.method.as_str().as_bytes()).map_err(|error| error.to_string())?;
                    routes.push(Route { method, path: &api.path, matching: route, values: Arc::clone(&compiled.path) });
                    apis.push(compiled);
                }
                Err(reason) => not_served.push(NotServedApi { name: api.name(), reason: reason.to_string() }),
            }
        }
        if let ([], Some(first)) = (apis.as_slice(), not_served.first()) {
            return Err(format!("none of its APIs can be served: of {}, {}", first.name, first.reason));
        }
        let validates = settings.validate_requests.unwrap_or(matches!(answer, Answer::Mock));
        // A definition is large; it is kept only where a request can be checked against it.
        let checks_responses =
            settings.validate_responses != ResponseValidation::Off && matches!(answer, Answer::Forward(_));
        let rules_from = definition.apis.iter().any(RequestRules::has).then(|| Arc::clone(definition));
        Ok(CompiledGroup {
            prefix: settings.prefix.clone(),
            prefix_value: HeaderValue::from_str(settings.prefix.as_str()).map_err(|error| error.to_string())?,
            domains: settings.domains.clone(),
            routes: RouteTable::build(&routes)?,
            apis: apis.into_boxed_slice(),
            not_served: not_served.into_boxed_slice(),
            cors: settings.cors.as_ref().map(CorsRules::build).transpose()?,
            encoded_slashes: settings.forwarding.encoded_slashes,
            max_body: settings.max_body_kib.map(|kib| u64::from(kib) * 1024),
            rules_from: rules_from.filter(|_| validates),
            validate_responses: settings.validate_responses,
            response_rules_from: checks_responses.then(|| Arc::clone(definition)),
            answer,
            source: Source::of(entry, content),
        })
    }
}

/// The groups that were compiled anew, or why they cannot be, by environment and name.
type Anew<'s> = BTreeMap<(&'s EnvironmentName, &'s GroupName), Result<Arc<CompiledGroup>, String>>;

/// A group that is to be compiled anew.
struct Changed<'s> {
    environment: &'s EnvironmentSnapshot,
    entry: &'s GroupSnapshot,
    content: &'s GroupContent,
}

impl<'s> Changed<'s> {
    /// What tells whether two are made of the same definition.
    fn release(&self) -> (&'s GroupName, Digest) {
        (&self.entry.name, self.entry.digest)
    }
}

/// Puts together what is served of an entry: nothing where it is offline, what is known where it was not compiled anew.
fn group(
    environment: &EnvironmentSnapshot,
    entry: &GroupSnapshot,
    known: Option<&Arc<ServedGroup>>,
    anew: Option<Result<Arc<CompiledGroup>, String>>,
) -> Result<Option<Arc<ServedGroup>>, String> {
    if entry.content.is_none() {
        return Ok(None);
    }
    let compiled = match (anew, known) {
        (Some(anew), _) => anew?,
        (None, Some(known)) if known.operation == entry.operation => return Ok(Some(Arc::clone(known))),
        (None, Some(known)) => Arc::clone(&known.compiled),
        (None, None) => return Ok(None),
    };
    Ok(Some(Arc::new(ServedGroup {
        name: entry.name.to_string(),
        environment: environment.name.to_string(),
        version: entry.version.to_string(),
        operation: entry.operation.clone(),
        compiled,
    })))
}

/// Compiles the APIs of one group.
struct ApiCompiler<'a> {
    forwarding: &'a ForwardCompiler<'a>,
    definition: &'a Definition,
    /// True if a mock looks for the credentials that are declared.
    checks_security: bool,
    answer: &'a Answer,
    meters: &'a Meters,
    environment: Arc<str>,
    group: Arc<str>,
    version: Arc<str>,
}

impl ApiCompiler<'_> {
    fn api(&self, index: usize, api: &Api, results: Option<ApiResults>) -> Result<CompiledApi, String> {
        let name = api.name();
        let (mock, forward) = match self.answer {
            Answer::Mock => (Some(MockResults::build(results.unwrap_or_default())), None),
            Answer::Forward(_) => (None, self.forwarding.api(&name)?.map(Box::new)),
            Answer::Refuse => (None, None),
        };
        let name: Arc<str> = name.into();
        let meter = self.meters.get(MeterName {
            environment: Arc::clone(&self.environment),
            group: Arc::clone(&self.group),
            version: Arc::clone(&self.version),
            api: Arc::clone(&name),
        });
        Ok(CompiledApi {
            name,
            path: Arc::new(PathValues::of(self.definition, api)),
            secret_path: has_secret_in_path(self.definition, api).then(|| api.path.as_str().into()),
            mock,
            meter,
            credentials: if self.checks_security { CredentialRules::of(self.definition, api) } else { None },
            forward,
            websocket: flag_extension(self.definition, api, "x-apigw-websocket"),
            rules: OnceLock::new(),
            response_rules: OnceLock::new(),
            index,
        })
    }
}

fn has_secret_in_path(definition: &Definition, api: &Api) -> bool {
    let mut in_path = api.parameters.iter().filter(|parameter| parameter.place == ParameterPlace::Path);
    in_path.any(|parameter| definition.is_secret(parameter))
}

fn flag_extension(definition: &Definition, api: &Api, name: &str) -> bool {
    api.extension(name).and_then(|node| definition.node(node).as_bool()).unwrap_or(false)
}

#[cfg(test)]
mod tests;
