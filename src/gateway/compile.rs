//! From what is live to what answers: routes, constant results and backends, built before the first request needs them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use http::{HeaderValue, Method};

use super::compiled::{
    Answer, CompiledApi, CompiledEnvironment, CompiledGroup, CompiledSnapshot, GroupSource, NotServedApi, ServedEntry,
};
use super::cors::CorsRules;
use super::credentials::CredentialRules;
use super::mock::MockResults;
use super::routing::hosts::HostTable;
use super::routing::table::{Route, RouteTable};
use super::routing::values::PathValues;
use super::telemetry::meter::{MeterName, Meters};
use super::upstream::route::ForwardCompiler;
use super::upstream::target::Origins;
use super::validate::RequestRules;
use crate::definition::{Api, ApiResults, Definition, ParameterPlace};
use crate::model::{Auth, Backend, Digest, DomainName, EnvironmentName, GroupHosts, GroupName, ResponseValidation};
use crate::snapshot::{DefinitionError, EnvironmentSnapshot, GroupContent, GroupSnapshot, NotServed, Snapshot};
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
        let mut anew = self.compile_groups(changed.map(|(environment, _)| (environment, known(environment))));
        let environments = snapshot.environments.iter().zip(kept).map(|(environment, kept)| {
            kept.cloned().unwrap_or_else(|| {
                let known = known(environment).map(|known| &**known);
                Arc::new(compiled_environment(environment, alone, known, &mut anew, &mut not_served))
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
    ) -> Anew<'s> {
        let mut changed = Vec::new();
        for (environment, before) in environments {
            for entry in environment.groups() {
                let Some(content) = &entry.content else { continue };
                let known = before.and_then(|before| before.entry(&entry.name)?.compiled.as_ref());
                if known.is_none_or(|known| known.source != GroupSource::of(entry, content)) {
                    changed.push(Changed { environment, entry, content });
                }
            }
        }
        changed.sort_by_key(Changed::release);
        let releases: Vec<&[Changed<'_>]> = changed.chunk_by(|one, next| one.release() == next.release()).collect();
        let compiled = spread(&releases, |release| {
            // All are held until the last of them is compiled, so that one that they share is read once.
            let definitions: Vec<_> = release.iter().map(|changed| changed.content.definition.get()).collect();
            let compile = |(changed, definition): (_, &Result<_, DefinitionError>)| {
                let definition = definition.as_ref().map_err(ToString::to_string)?;
                self.compile_group(changed, definition).map(Arc::new)
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
        let release = &entry.deployment.release;
        let forwarding = ForwardCompiler {
            origins: &self.origins,
            variables: match &release.backend {
                Backend::Http { variables, .. } => Some(variables),
                Backend::Mock => None,
            },
            content,
            allow_addresses: &self.allow_addresses,
        };
        let answer = match &release.backend {
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
            version: release.version.to_string().into(),
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
            name: entry.name.to_string(),
            environment: environment.name.to_string(),
            version: release.version.to_string(),
            prefix: settings.prefix.clone(),
            prefix_value: HeaderValue::from_str(settings.prefix.as_str()).map_err(|error| error.to_string())?,
            hosts: GroupHosts::new(&entry.name, &environment.name, &self.base_domain, &settings.domains),
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
            source: GroupSource::of(entry, content),
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
        (&self.entry.name, self.entry.digest())
    }
}

/// Puts together what is served of an environment.
fn compiled_environment<'s>(
    environment: &'s Arc<EnvironmentSnapshot>,
    alone: bool,
    before: Option<&CompiledEnvironment>,
    anew: &mut Anew<'s>,
    not_served: &mut Vec<NotServed>,
) -> CompiledEnvironment {
    let mut entries = Vec::with_capacity(environment.groups().len());
    for group in environment.groups() {
        let known = before.and_then(|before| before.entry(&group.name));
        let entry = served_entry(group, known, anew.remove(&(&environment.name, &group.name)));
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

/// Puts together what is in force of an entry: the group as it was compiled anew, as it is known, or as it was served before
/// where it cannot be compiled.
fn served_entry(
    entry: &GroupSnapshot,
    known: Option<&ServedEntry>,
    anew: Option<Result<Arc<CompiledGroup>, String>>,
) -> ServedEntry {
    let known_group = known.and_then(|known| known.compiled.clone());
    let operation = Some(entry.operation().clone());
    let (serving, compiled, error) = match anew {
        _ if entry.content.is_none() => (operation, None, None),
        Some(Ok(compiled)) => (operation, Some(compiled), None),
        None => (operation.filter(|_| known_group.is_some()), known_group, None),
        Some(Err(reason)) => {
            let serving = known.filter(|_| known_group.is_some()).and_then(|known| known.serving.clone());
            (serving, known_group, Some(reason))
        }
    };
    ServedEntry { group: entry.name.clone(), deployment: entry.deployment.clone(), serving, compiled, error }
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
