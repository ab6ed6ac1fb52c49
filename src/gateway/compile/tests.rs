use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Weak};

use proptest::prelude::*;

use super::*;
use crate::gateway::compiled::CompiledGroup;
use crate::model::{Backend, Deployment, DeploymentState, OperationId, Release, Timestamp};
use crate::snapshot::DefinitionSource;

fn group(number: usize, edition: usize) -> GroupSnapshot {
    let definition = format!(
        "openapi: 3.1.0\ninfo: {{title: t, version: '{edition}'}}\npaths: {{/a: {{get: {{responses: {{'200': {{description: ok}}}}}}}}}}\n"
    );
    let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| Arc::from(definition.as_bytes())));
    let settings = format!("schema: 1\nversion: \"0.0.1\"\nprefix: /g{number}\n");
    let digest = Digest::of(definition.as_bytes());
    GroupSnapshot {
        name: format!("g{number}").parse().expect("a name"),
        deployment: Deployment {
            release: Release {
                state: DeploymentState::Live,
                version: "0.0.1".parse().expect("a version"),
                digest,
                backend: Backend::Mock,
            },
            since: Timestamp::from_milliseconds(0),
            operation: OperationId::new(Timestamp::from_milliseconds(0), &digest),
        },
        content: Some(Arc::new(GroupContent {
            settings: Arc::new(serde_yaml::from_str(&settings).expect("settings")),
            definition: Arc::new(crate::definition::read("g", &mut fetch).definition.expect("a definition")).into(),
            tls_files: Arc::default(),
        })),
    }
}

fn compiler() -> Compiler {
    Compiler {
        base_domain: DomainName::local(),
        allow_addresses: Vec::new(),
        origins: OriginSet::new(),
        meters: Arc::new(Meters::new(1)),
        rate_limiter: Arc::new(RateLimiter::new(std::num::NonZeroU32::MIN, crate::access::DayCounts::default())),
        issuers: Arc::new(IssuerKeySets::new(crate::gateway::KeyFetchTimes::default())),
    }
}

fn snapshot(groups: Vec<GroupSnapshot>) -> Snapshot {
    Snapshot { environments: vec![environment("test", groups)] }
}

fn environment(name: &str, groups: Vec<GroupSnapshot>) -> Arc<EnvironmentSnapshot> {
    Arc::new(EnvironmentSnapshot::new(name.parse().expect("a name"), groups))
}

/// The content of a group, to be changed.
fn content(group: &mut GroupSnapshot) -> &mut GroupContent {
    Arc::make_mut(group.content.as_mut().expect("a live group"))
}

/// The groups of the first environment.
fn groups_of(state: &CompiledSnapshot) -> impl Iterator<Item = &Arc<CompiledGroup>> {
    state.environments[0].entries.iter().filter_map(|entry| entry.compiled.as_ref())
}

fn near_templates() -> impl Strategy<Value = String> {
    let pieces =
        ["/", "a", "{b}", "{c}", "{d:[0-9]{2}}", "<e>", ".", ";", " ", "?f=g", "#h", "{", "}", "%41", "*", "é"];
    let path = prop::collection::vec(prop::sample::select(pieces.to_vec()), 1..8);
    path.prop_map(|pieces| format!("/{}", pieces.concat()))
}

proptest! {
    #[test]
    fn whatever_is_decided_to_be_routed_is_routed(paths in prop::collection::vec((near_templates(), any::<bool>()), 1..8)) {
        let item = |(path, is_prefix): &(String, bool)| {
            let matching = if *is_prefix { "prefix" } else { "exact" };
            (path.clone(), serde_json::json!({"get": {"x-apigw-match": matching, "responses": {}}}))
        };
        let items: serde_json::Map<_, _> = paths.iter().map(item).chain([item(&("/ok".to_owned(), false))]).collect();
        let text = serde_json::json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": items}).to_string();
        let mut entry = group(1, 0);
        let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
        let definition = Arc::new(crate::definition::read("g", &mut fetch).definition.expect("a definition"));
        let routed = definition.apis.iter().filter(|api| api.route.is_ok()).count();
        content(&mut entry).definition = Arc::clone(&definition).into();
        let (state, rejected) = compiler().compile(&snapshot(vec![entry]), None);
        prop_assert_eq!(rejected, []);
        let compiled = groups_of(&state).next().expect("a group");
        prop_assert_eq!(compiled.apis.len(), routed);
        prop_assert_eq!(compiled.apis.len() + compiled.not_served.len(), definition.apis.len());
    }
}

#[test]
fn only_what_changed_is_compiled() {
    let compiler = compiler();
    let groups =
        |changed: Option<usize>| (0..50).map(move |number| group(number, usize::from(Some(number) == changed)));
    let (before, rejected) = compiler.compile(&snapshot(groups(None).collect()), None);
    assert_eq!(rejected, []);
    let compiled_anew = |state: &CompiledSnapshot| {
        let is_same = |group: &&Arc<CompiledGroup>| groups_of(&before).any(|known| Arc::ptr_eq(known, group));
        groups_of(state).filter(|group| !is_same(group)).map(|group| group.name.clone()).collect::<Vec<_>>()
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
        let other = environment("online", other.environments[0].groups().to_vec());
        Snapshot { environments: one.environments.iter().cloned().chain([other]).collect() }
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
    second.environments[1] = environment("online", vec![group(2, 1)]);
    assert_eq!(kept(&second), [true, false]);
    // One that is not served as it says is tried again.
    let mut broken = first.clone();
    let mut gone = group(1, 0);
    content(&mut gone).definition = DefinitionSource::new(|| Err(DefinitionError::Invalid(Vec::new())));
    gone.deployment.release.digest = Digest::of(b"another");
    broken.environments[0] = environment("test", vec![gone]);
    let (refused, rejected) = compiler.compile(&broken, Some(&before));
    assert_eq!(rejected.len(), 1);
    assert_eq!(compiler.compile(&broken, Some(&refused)).1, rejected);
    // A loopback host name reaches the groups of one that is alone.
    assert_eq!(kept(&Snapshot { environments: first.environments[..1].to_vec() }), [false]);
}

#[test]
fn a_definition_that_environments_share_is_read_once() {
    let reads = Arc::new(AtomicUsize::new(0));
    let unkept = |number| {
        let mut entry = group(number, 0);
        let (reads, given) = (Arc::clone(&reads), Mutex::new(Weak::new()));
        content(&mut entry).definition = DefinitionSource::new(move || {
            let mut given = given.lock().expect("nobody panics");
            let held: Option<Arc<Definition>> = given.upgrade();
            if let Some(held) = held {
                return Ok(held);
            }
            reads.fetch_add(1, Ordering::Relaxed);
            let read = group(number, 0).content.expect("a live group").definition.get()?;
            *given = Arc::downgrade(&read);
            Ok(read)
        });
        entry
    };
    let mut environments = snapshot((0..100).map(unkept).collect()).environments;
    environments.push(environment("online", environments[0].groups().to_vec()));
    let (state, rejected) = compiler().compile(&Snapshot { environments }, None);
    assert_eq!(rejected, []);
    assert_eq!(state.environments.iter().map(|environment| environment.entries.len()).sum::<usize>(), 200);
    assert_eq!(reads.load(Ordering::Relaxed), 100);
}
