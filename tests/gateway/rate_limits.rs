//! Limits of groups, keys and grants, and IP rules, as clients see them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use apigw::access::{Grant, Key, KeyDirectory, NewSecret, OwnerGrants, Secret, SecretId, SecretProof, SigningSettings};
use apigw::gateway::{Config, Gateway};
use apigw::model::{Backend as BackendSetting, KeyKind, RateLimits, Timestamp};

use super::backend::Backend;
use super::client::{Answer, get, request};
use super::snapshot::{config, http, pets, start};

const PETS: &str = "/petstore/pets";

fn limits(texts: &[&str]) -> RateLimits {
    RateLimits::new(texts.iter().map(|text| text.parse().expect("a limit")).collect()).expect("limits")
}

fn statuses(address: SocketAddr, count: usize, headers: &str) -> Vec<u16> {
    (0..count).map(|_| get(address, PETS, headers).status).collect()
}

fn let_in(statuses: &[u16]) -> usize {
    statuses.iter().filter(|status| **status == 200).count()
}

/// A subscription key with limits, and a grant for the pets with others.
fn key(name: &str, owner: Option<&str>, of_key: &[&str], of_grant: &[&str]) -> (Key, NewSecret) {
    let id: SecretId = format!("{name}12345678").parse().expect("an id");
    let text = NewSecret::for_subscription(&id, &ring::rand::SystemRandom::new()).expect("random bytes");
    let secret = Secret {
        id,
        created: Timestamp::from_milliseconds(0),
        retires: None,
        proof: SecretProof::Sha256(text.digest()),
    };
    let key = Key {
        name: name.parse().expect("a name"),
        kind: KeyKind::Subscription,
        owner: owner.map(|owner| owner.parse().expect("a name")),
        description: None,
        created: Timestamp::from_milliseconds(0),
        not_before: None,
        expires: None,
        signing: SigningSettings::default(),
        limits: limits(of_key),
        secrets: vec![secret],
        grants: if owner.is_some() { Vec::new() } else { vec![grant(name, of_grant)] },
    };
    (key, text)
}

fn grant(holder: &str, of_grant: &[&str]) -> Grant {
    let (group, environment) = ("pets".parse().expect("a name"), "test".parse().expect("a name"));
    let since = (Timestamp::from_milliseconds(0), "Ada".to_owned());
    Grant { limits: limits(of_grant), ..Grant::new(holder, group, vec![environment], Vec::new(), since) }
}

fn header(text: &NewSecret) -> String {
    format!("X-Api-Key: {}\r\n", text.reveal())
}

/// A gateway with these keys in front of a backend.
fn start_with(config: Config, more: &str, keys: &[&Key], owners: Vec<OwnerGrants>) -> (Gateway, Backend) {
    let backend = Backend::saying("ok");
    let gateway = start(config, &pets(http(backend.address), &format!("auth: subscription\n{more}")));
    let keys = keys.iter().map(|key| Arc::new((*key).clone()));
    gateway.replace_access(Arc::new(KeyDirectory::new(keys, owners, ([], &[]), &HashMap::new())));
    (gateway, backend)
}

fn policy(answer: &Answer) -> [&str; 2] {
    ["ratelimit-policy", "ratelimit"].map(|name| answer.header(name).unwrap_or_default())
}

#[test]
fn a_request_above_a_limit_is_refused_and_told_when_to_come_again() {
    let backend = Backend::saying("ok");
    let gateway = start(config(), &pets(http(backend.address), "limits: [3/minute, 100/day]\n"));
    let address = gateway.addresses()[0];
    let first = get(address, PETS, "");
    let [policies, state] = policy(&first);
    assert_eq!(policies, "\"group-minute\";q=3;w=60, \"group-day\";q=100;w=86400");
    assert!(state.starts_with("\"group-minute\";r=2;t=20, \"group-day\";r=99;t="), "{state}");
    assert_eq!(statuses(address, 2, ""), [200, 200]);
    let refused = get(address, PETS, "");
    assert_eq!((refused.status, refused.code().as_str()), (429, "RATE_LIMIT_EXCEEDED"));
    assert_eq!(refused.header("retry-after"), Some("20"));
    assert!(policy(&refused)[1].starts_with("\"group-minute\";r=0;t=60, \"group-day\";r=97;t="), "{refused:?}");
    // One that is refused for its path or its method takes nothing, and is told nothing.
    let unknown = get(address, "/petstore/nothing", "");
    assert_eq!((unknown.status, policy(&unknown)), (404, ["", ""]));
    assert_eq!(backend.received().len(), 3);
}

#[test]
fn a_mock_has_the_limits_of_its_group() {
    let gateway = start(config(), &pets(BackendSetting::Mock, "limits: 2/minute\n"));
    assert_eq!(statuses(gateway.addresses()[0], 3, ""), [200, 200, 429]);
}

#[test]
fn the_lowest_of_the_limits_of_key_grant_and_group_holds_and_only_what_is_let_in_counts() {
    let (small, small_text) = key("small", None, &["5/minute"], &["3/minute"]);
    let (large, large_text) = key("large", None, &[], &[]);
    let (gateway, _backend) = start_with(config(), "limits: 10/minute\n", &[&small, &large], Vec::new());
    let address = gateway.addresses()[0];
    assert_eq!(let_in(&statuses(address, 20, &header(&small_text))), 3);
    let answer = get(address, PETS, &header(&large_text));
    assert!(policy(&answer)[1].starts_with("\"group-minute\";r=6;"), "{answer:?}");
    assert_eq!(statuses(address, 3, "X-Api-Key: wrong\r\n"), [401, 401, 401]);
    assert_eq!(let_in(&statuses(address, 20, &header(&large_text))), 6);
}

#[test]
fn keys_of_an_owner_share_the_limit_of_its_grant_and_each_has_its_own() {
    let (first, first_text) = key("first", Some("web"), &["4/minute"], &[]);
    let (second, second_text) = key("second", Some("web"), &["4/minute"], &[]);
    let owner = OwnerGrants { owner: "web".parse().expect("a name"), grants: vec![grant("web", &["6/minute"])] };
    let (gateway, _backend) = start_with(config(), "", &[&first, &second], vec![owner]);
    let address = gateway.addresses()[0];
    assert_eq!(let_in(&statuses(address, 9, &header(&first_text))), 4);
    assert_eq!(let_in(&statuses(address, 9, &header(&second_text))), 2);
}

#[test]
fn a_grant_of_a_key_lifts_no_limit_of_its_owner() {
    for of_key in [&["1000/second", "5000/day"][..], &[], &["3/minute"]] {
        let (mut one, text) = key("one", Some("web"), &[], &[]);
        one.grants = vec![grant("one", of_key)];
        let owner = OwnerGrants { owner: "web".parse().expect("a name"), grants: vec![grant("web", &["5/minute"])] };
        let (gateway, _backend) = start_with(config(), "", &[&one], vec![owner]);
        let expected = if of_key == ["3/minute"] { 3 } else { 5 };
        assert_eq!(let_in(&statuses(gateway.addresses()[0], 20, &header(&text))), expected, "{of_key:?}");
    }
}

#[test]
fn limits_are_exact_over_connections_at_once_and_across_reloads() {
    let (one, text) = key("one", None, &["200/minute"], &[]);
    let (gateway, backend) = start_with(config(), "limits: 5000/minute\n", &[&one], Vec::new());
    let address = gateway.addresses()[0];
    let begun = std::time::Instant::now();
    let total: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| let_in(&statuses(address, 25, &header(&text))))).collect();
        for number in 0..10 {
            let more = format!("auth: subscription\nlimits: 5000/minute\ndescription: \"{number}\"\n");
            gateway.replace(&pets(http(backend.address), &more));
            gateway.replace_access(Arc::new(KeyDirectory::new([one.clone().into()], [], ([], &[]), &HashMap::new())));
        }
        threads.into_iter().map(|thread| thread.join().expect("a thread")).sum()
    });
    // What is earned while the test runs, at 200 a minute.
    let earned = usize::try_from(begun.elapsed().as_millis() * 200 / 60_000).expect("a number") + 1;
    assert!((200..=200 + earned).contains(&total), "{total}");
    assert_eq!(backend.received().len(), total);
}

#[test]
fn gateways_share_limits_and_days_go_on_after_a_restart() {
    let shared = Config { gateways: NonZeroU32::new(3).expect("a number"), ..config() };
    let more = "limits: [9/minute, 1000/day]\n";
    let gateway = start(shared, &pets(BackendSetting::Mock, more));
    assert_eq!(let_in(&statuses(gateway.addresses()[0], 9, "")), 3);
    let counts = gateway.day_counts();
    assert_eq!(counts.of("test/group/pets/day", 0)[0].1, 3);
    let next = start(Config { day_counts: counts, ..config() }, &pets(BackendSetting::Mock, "limits: 5/day\n"));
    assert_eq!(statuses(next.addresses()[0], 3, ""), [200, 200, 429]);
}

#[test]
fn addresses_are_admitted_by_rules_before_anybody_is_asked_for_a_key() {
    let rules = "ip_rules: {deny: [127.0.0.0/8], environments: {online: {allow: [127.0.0.1]}}}\n";
    let (one, text) = key("one", None, &[], &[]);
    let (gateway, backend) = start_with(config(), rules, &[&one], Vec::new());
    let address = gateway.addresses()[0];
    for headers in ["", &header(&text), "X-Forwarded-For: 192.0.2.1\r\n"] {
        let refused = get(address, PETS, headers);
        assert_eq!((refused.status, refused.code().as_str()), (403, "HTTP_FORBIDDEN"), "{headers}");
    }
    assert_eq!(get(address, "/petstore/nothing", "").status, 404);
    let method = request(address, "DELETE /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(method.status, 405);
    assert_eq!(backend.received().len(), 0);
}

#[test]
fn a_trusted_proxy_tells_the_address_of_a_client() {
    let trusted = Config { trusted_proxies: vec!["127.0.0.0/8".parse().expect("a range")], ..config() };
    let gateway = start(trusted, &pets(BackendSetting::Mock, "ip_rules: {allow: [192.0.2.0/24]}\n"));
    let address = gateway.addresses()[0];
    for (line, status) in [
        ("", 403),
        ("X-Forwarded-For: 192.0.2.1\r\n", 200),
        ("X-Forwarded-For: 192.0.2.1, 198.51.100.1\r\n", 403),
        ("X-Forwarded-For: 198.51.100.1, 192.0.2.1\r\n", 200),
        ("X-Forwarded-For: 192.0.2.1, 127.0.0.9\r\n", 200),
        ("X-Forwarded-For: 192.0.2.1, nobody\r\n", 403),
    ] {
        assert_eq!(get(address, PETS, line).status, status, "{line}");
    }
}
