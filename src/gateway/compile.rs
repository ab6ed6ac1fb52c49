//! From what is live to what answers: routes, constant results and backends, built before the first request needs them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use http::{HeaderValue, Method};

use super::cors::CorsRules;
use super::mock::MockResults;
use super::routing::host::Host;
use super::routing::hosts::{HostTable, Lookup};
use super::routing::table::{Route, RouteTable, parameter_names};
use super::snapshot::{EnvironmentSnapshot, GroupContent, GroupSnapshot, Rejected, Snapshot};
use super::telemetry::meter::{Meter, MeterName, Meters};
use super::upstream::route::{ApiForward, ForwardCompiler, GroupForward};
use super::upstream::target::Origins;
use super::validate::RequestRules;
use crate::definition::{Api, ApiResults, Definition, ParameterPlace};
use crate::model::{Auth, Backend, Digest, DomainName, EnvironmentName, GroupName, OperationId, PathPrefix};
use crate::spread::spread;

/// All that is served, at one moment.
pub(crate) struct State {
    pub(crate) environments: Vec<Arc<ServedEnvironment>>,
    /// The longest time that a group lets its backends be silent.
    pub(crate) longest_wait: Duration,
}

/// An environment as it is served. It is built anew only where it is another than before.
pub(crate) struct ServedEnvironment {
    /// What it was built from, to be known again by.
    source: Weak<EnvironmentSnapshot>,
    pub(crate) name: EnvironmentName,
    hosts: HostTable,
    /// The groups that are live, by name.
    groups: Vec<Arc<ServedGroup>>,
    pub(crate) status: Vec<GroupStatus>,
    longest_wait: Duration,
}

/// What the status says of a group in an environment.
pub(crate) struct GroupStatus {
    pub(crate) entry: GroupSnapshot,
    /// Whether the entry is live.
    pub(crate) live: bool,
    /// The operation that is served; an older one where the entry's cannot be.
    pub(crate) serving: Option<OperationId>,
    /// Why the entry's is not served.
    pub(crate) error: Option<String>,
}

/// A group that is live in an environment.
pub(crate) struct ServedGroup {
    pub(crate) name: String,
    pub(crate) environment: String,
    pub(crate) version: String,
    pub(crate) operation: OperationId,
    pub(crate) compiled: Arc<CompiledGroup>,
}

/// A group as it answers. It is built anew only where one of its sources changes.
pub(crate) struct CompiledGroup {
    source: Source,
    pub(crate) prefix: PathPrefix,
    /// The prefix, as backends are told it.
    pub(crate) prefix_value: HeaderValue,
    pub(crate) domains: Vec<DomainName>,
    pub(crate) routes: RouteTable,
    pub(crate) apis: Box<[CompiledApi]>,
    pub(crate) cors: Option<CorsRules>,
    /// The largest body, in bytes, if the group says.
    pub(crate) max_body: Option<u64>,
    pub(crate) answer: Answer,
    /// What the APIs' rules are built from when the first request needs them, if requests are checked at all.
    rules_from: Option<Arc<Definition>>,
}

/// What a compiled group is made of.
#[derive(PartialEq, Eq)]
struct Source {
    digest: Digest,
    backend: Backend,
    tls_files: Arc<BTreeMap<String, Arc<[u8]>>>,
}

/// How the requests of a group are answered.
pub(crate) enum Answer {
    /// With constant results.
    Mock,
    /// By real backends.
    Forward(Box<GroupForward>),
    /// Not at all: callers cannot show who they are yet.
    Refuse,
}

/// An API as it answers.
pub(crate) struct CompiledApi {
    /// Its operation id, or its method and path.
    pub(crate) name: Arc<str>,
    pub(crate) parameter_names: Box<[String]>,
    /// Its constant results; empty where the backend is real.
    pub(crate) mock: Option<MockResults>,
    pub(crate) meter: Arc<Meter>,
    /// What differs from the group on the way to a real backend.
    pub(crate) forward: Option<Box<ApiForward>>,
    /// Its path as the definition writes it, where a parameter in it is a secret.
    pub(crate) secret_path: Option<Box<str>>,
    /// Whether a connection may become a websocket.
    pub(crate) websocket: bool,
    rules: OnceLock<Option<Box<RequestRules>>>,
    index: usize,
}

impl CompiledGroup {
    /// Returns what requests to an API must follow, or nothing where they are not checked.
    pub(crate) fn rules<'g>(&'g self, api: &'g CompiledApi) -> Option<&'g RequestRules> {
        let definition = self.rules_from.as_ref()?;
        let build =
            || definition.apis.get(api.index).and_then(|api| RequestRules::build(definition, api)).map(Box::new);
        api.rules.get_or_init(build).as_deref()
    }

    fn longest_wait(&self) -> Duration {
        let Answer::Forward(forward) = &self.answer else { return Duration::ZERO };
        let own = self.apis.iter().filter_map(|api| api.forward.as_ref()?.response_timeout).max().unwrap_or_default();
        forward.response_timeout.max(forward.idle_timeout).max(own)
    }
}

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
        let is_same = |environment: &Arc<EnvironmentSnapshot>, known: &ServedEnvironment| {
            known.is_of(environment) && alone == was_alone
        };
        let others = snapshot.environments.iter().map(|environment| (environment, known(environment)));
        let others = others.filter(|(environment, known)| !known.is_some_and(|known| is_same(environment, known)));
        let mut anew = self.compile_groups(others);
        let environments = snapshot.environments.iter().map(|environment| match known(environment) {
            Some(known) if is_same(environment, known) => Arc::clone(known),
            known => {
                Arc::new(self.environment(environment, alone, known.map(|known| &**known), &mut anew, &mut rejected))
            }
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
            answer: &answer,
            meters: &self.meters,
            environment: environment.name.as_str().into(),
            group: entry.name.as_str().into(),
        };
        let mut results = if matches!(answer, Answer::Mock) { definition.results() } else { Vec::new() }.into_iter();
        let apis = definition.apis.iter().enumerate();
        let apis = apis.map(|(index, api)| compiling.api(index, api, results.next())).collect::<Result<Vec<_>, _>>()?;
        let routes = definition.apis.iter().map(|api| route(definition, api)).collect::<Result<Vec<_>, _>>()?;
        let validates = settings.validate_requests.unwrap_or(matches!(answer, Answer::Mock));
        // A definition is large; it is kept only where a request can be checked against it.
        let rules_from = definition.apis.iter().any(RequestRules::has).then(|| Arc::clone(definition));
        Ok(CompiledGroup {
            prefix: settings.prefix.clone(),
            prefix_value: HeaderValue::from_str(settings.prefix.as_str()).map_err(|error| error.to_string())?,
            domains: settings.domains.clone(),
            routes: RouteTable::build(&routes)?,
            apis: apis.into_boxed_slice(),
            cors: settings.cors.as_ref().map(CorsRules::build).transpose()?,
            max_body: settings.max_body_kib.map(|kib| u64::from(kib) * 1024),
            rules_from: rules_from.filter(|_| validates),
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

impl Source {
    fn of(entry: &GroupSnapshot, content: &GroupContent) -> Self {
        Self { digest: entry.digest, backend: entry.backend.clone(), tls_files: Arc::clone(&content.tls_files) }
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
    answer: &'a Answer,
    meters: &'a Meters,
    environment: Arc<str>,
    group: Arc<str>,
}

impl ApiCompiler<'_> {
    fn api(&self, index: usize, api: &Api, results: Option<ApiResults>) -> Result<CompiledApi, String> {
        let name = api.name();
        let (mock, forward) = match self.answer {
            Answer::Mock => (Some(MockResults::build(api, results.unwrap_or_default())?), None),
            Answer::Forward(_) => (None, self.forwarding.api(&name)?.map(Box::new)),
            Answer::Refuse => (None, None),
        };
        let name: Arc<str> = name.into();
        let meter = self.meters.get(MeterName {
            environment: Arc::clone(&self.environment),
            group: Arc::clone(&self.group),
            api: Arc::clone(&name),
        });
        Ok(CompiledApi {
            name,
            parameter_names: parameter_names(&api.path).into_boxed_slice(),
            secret_path: has_secret_in_path(self.definition, api).then(|| api.path.as_str().into()),
            mock,
            meter,
            forward,
            websocket: flag_extension(self.definition, api, "x-apigw-websocket"),
            rules: OnceLock::new(),
            index,
        })
    }
}

fn route<'a>(definition: &'a Definition, api: &'a Api) -> Result<Route<'a>, String> {
    Ok(Route {
        method: Method::from_bytes(api.method.as_str().as_bytes()).map_err(|error| error.to_string())?,
        path: &api.path,
        variant: &api.variant,
        prefix: text_extension(definition, api, "x-apigw-match") == Some("prefix"),
    })
}

impl State {
    /// Finds what a host and a canonical path lead to.
    pub(crate) fn find<'t, 'p>(&'t self, host: &Host, path: &'p str) -> Lookup<'t, 'p> {
        self.environments
            .iter()
            .find_map(|environment| environment.hosts.find(host, path))
            .unwrap_or(Lookup::UnknownHost)
    }

    fn environment(&self, name: &EnvironmentName) -> Option<&Arc<ServedEnvironment>> {
        self.environments.iter().find(|environment| environment.name == *name)
    }
}

impl ServedEnvironment {
    /// Returns whether it serves all that a snapshot says, and nothing else.
    fn is_of(&self, snapshot: &Arc<EnvironmentSnapshot>) -> bool {
        // The address of something that is gone is not used again as long as somebody remembers it.
        std::ptr::eq(self.source.as_ptr(), Arc::as_ptr(snapshot))
            && self.status.iter().all(|group| group.error.is_none())
    }

    fn group(&self, name: &GroupName) -> Option<&Arc<ServedGroup>> {
        let at = self.groups.binary_search_by(|group| group.name.as_str().cmp(name.as_str())).ok()?;
        self.groups.get(at)
    }
}

fn has_secret_in_path(definition: &Definition, api: &Api) -> bool {
    let mut in_path = api.parameters.iter().filter(|parameter| parameter.place == ParameterPlace::Path);
    in_path.any(|parameter| definition.is_secret(parameter))
}

fn text_extension<'d>(definition: &'d Definition, api: &Api, name: &str) -> Option<&'d str> {
    definition.node(api.extension(name)?).as_str()
}

fn flag_extension(definition: &Definition, api: &Api, name: &str) -> bool {
    api.extension(name).and_then(|node| definition.node(node).as_bool()).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::snapshot::DefinitionSource;
    use crate::model::{OperationId, Timestamp};

    fn group(number: usize, edition: usize) -> GroupSnapshot {
        let definition = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '{edition}'}}\npaths: {{/a: {{get: {{responses: {{'200': {{description: ok}}}}}}}}}}\n"
        );
        let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| Arc::from(definition.as_bytes())));
        let settings = format!("schema: 1\nversion: \"0.0.1\"\nprefix: /g{number}\n");
        let digest = Digest::of(definition.as_bytes());
        GroupSnapshot {
            name: format!("g{number}").parse().expect("a name"),
            version: "0.0.1".parse().expect("a version"),
            digest,
            operation: OperationId::new(Timestamp::from_milliseconds(0), &digest),
            backend: Backend::Mock,
            content: Some(GroupContent {
                settings: Arc::new(serde_yaml::from_str(&settings).expect("settings")),
                definition: Arc::new(crate::definition::read("g", &mut fetch).definition.expect("a definition")).into(),
                tls_files: Arc::default(),
            }),
        }
    }

    fn compiler() -> Compiler {
        Compiler {
            base_domain: DomainName::local(),
            allow_addresses: Vec::new(),
            origins: Origins::new(),
            meters: Arc::new(Meters::new(1)),
        }
    }

    fn snapshot(groups: Vec<GroupSnapshot>) -> Snapshot {
        let name = "test".parse().expect("a name");
        Snapshot { environments: vec![Arc::new(EnvironmentSnapshot { name, groups })] }
    }

    #[test]
    fn only_what_changed_is_compiled() {
        let compiler = compiler();
        let groups =
            |changed: Option<usize>| (0..50).map(move |number| group(number, usize::from(Some(number) == changed)));
        let (before, rejected) = compiler.compile(&snapshot(groups(None).collect()), None);
        assert_eq!(rejected, []);
        let compiled_anew = |state: &State| {
            let same = |group: &&Arc<ServedGroup>| {
                before.environments[0].groups.iter().any(|known| Arc::ptr_eq(&known.compiled, &group.compiled))
            };
            let groups = state.environments[0].groups.iter();
            groups.filter(|group| !same(group)).map(|group| group.name.clone()).collect::<Vec<_>>()
        };
        for (groups, expected) in [
            (groups(None).collect(), vec![]),
            (groups(Some(7)).collect(), vec!["g7"]),
            (groups(None).chain([group(50, 0)]).rev().collect(), vec!["g50"]),
            (groups(Some(7)).skip(3).collect(), vec!["g7"]),
        ] {
            let (after, _) = compiler.compile(&snapshot(groups), Some(&before));
            assert_eq!(compiled_anew(&after), expected);
        }
    }

    #[test]
    fn an_environment_that_is_the_same_is_taken_over_as_it_is() {
        let compiler = compiler();
        let both = |one: &Snapshot, other: &Snapshot| {
            let mut other = other.environments.clone();
            Arc::make_mut(&mut other[0]).name = "online".parse().expect("a name");
            Snapshot { environments: one.environments.iter().cloned().chain(other).collect() }
        };
        let first = both(&snapshot(vec![group(1, 0)]), &snapshot(vec![group(2, 0)]));
        let (before, _) = compiler.compile(&first, None);
        let kept = |snapshot: &Snapshot| {
            let (after, rejected) = compiler.compile(snapshot, Some(&before));
            assert_eq!(rejected, []);
            let pairs = after.environments.iter().zip(&before.environments);
            pairs.map(|(after, before)| Arc::ptr_eq(after, before)).collect::<Vec<_>>()
        };
        assert_eq!(kept(&first), [true, true]);
        assert_eq!(kept(&both(&snapshot(vec![group(1, 1)]), &snapshot(vec![group(2, 0)]))), [false, false]);
        let mut second = first.clone();
        Arc::make_mut(&mut second.environments[1]).groups = vec![group(2, 1)];
        assert_eq!(kept(&second), [true, false]);
        // One that is not served as it says is tried again.
        let mut broken = first.clone();
        let content = Arc::make_mut(&mut broken.environments[0]).groups[0].content.as_mut().expect("a live group");
        content.definition = DefinitionSource::new(|| Err("it is gone".to_owned()));
        Arc::make_mut(&mut broken.environments[0]).groups[0].digest = Digest::of(b"another");
        let (refused, rejected) = compiler.compile(&broken, Some(&before));
        assert_eq!(rejected.len(), 1);
        assert_eq!(compiler.compile(&broken, Some(&refused)).1, rejected);
        // A loopback host name reaches the groups of one that is alone.
        assert_eq!(kept(&Snapshot { environments: first.environments[..1].to_vec() }), [false]);
    }
}
