//! Settings that are meant to break an engine's files: each engine loads them, and answers as `apigw serve`.

use serde_json::{Value, json};

use super::client::send_from;
use super::engine::{Engine, EngineKind};
use super::forwarding::start_backend;
use super::limits::{HOST, MOCK, content, definition_of, get, published};
use super::requests::TestRequest;
use super::targets::names;
use super::{difference, differences};
use crate::harness::free_address;
use crate::serving::Serving;

fn items() -> Value {
    definition_of(&json!({"/items": get(&content("text/plain", "items"), json!({}))}))
}

/// Rules for addresses, of which some name one network twice, or all there are.
const ADDRESS_RULES: [&str; 9] = [
    "{allow: ['0.0.0.0/0']}",
    "{deny: ['0.0.0.0/0']}",
    "{allow: ['::/0']}",
    "{deny: ['::/0']}",
    "{allow: ['::/0', '0.0.0.0/0'], deny: ['127.0.0.2']}",
    "{allow: [127.0.0.0/8, 127.0.0.0/8, '::ffff:127.0.0.0/104'], deny: [127.0.0.2, 127.0.0.2/32]}",
    "{allow: [0.0.0.0/1, 128.0.0.0/1], deny: [127.0.0.2/31, 127.0.0.0/30]}",
    "{allow: [127.0.0.2/31, 127.0.0.0/8, 0.0.0.0/0], deny: [10.0.0.0/8, '2001:db8::/32', '::ffff:0:0/96']}",
    "{allow: ['2002:7f00:1::/48', '64:ff9b::/96', '::1']}",
];

fn admits_hostile_rules_as_the_gateway(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let mut found = Vec::new();
    for rules in ADDRESS_RULES {
        let sandbox = published(&format!("{MOCK}ip_rules: {rules}\n"), &items());
        let serving = Serving::start_with(&sandbox, "serve --env test --listen 127.0.0.1:0");
        let engine = Engine::start(&sandbox, kind);
        let head = TestRequest::new("GET", "/shop/items", HOST, &[]).head;
        for caller in ["127.0.0.1", "127.0.0.2", "127.0.0.4"] {
            let [ours, theirs] = [&serving.address, &engine.address].map(|address| send_from(caller, address, &head));
            assert!(["200", "403"].contains(&ours.status.as_str()), "{rules}: {}", ours.status);
            found.extend(difference(&ours, &theirs).map(|difference| format!("{rules} {caller}: {difference}")));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn envoy_admits_hostile_rules_as_the_gateway() {
    admits_hostile_rules_as_the_gateway(EngineKind::Envoy);
}

#[test]
fn nginx_admits_hostile_rules_as_the_gateway() {
    admits_hostile_rules_as_the_gateway(EngineKind::Nginx);
}

#[test]
fn haproxy_admits_hostile_rules_as_the_gateway() {
    admits_hostile_rules_as_the_gateway(EngineKind::Haproxy);
}

/// Time-outs of zero and of 49 days, and paths of 8 KB.
fn takes_extreme_settings(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let backend = start_backend();
    let times = |milliseconds: u32| {
        let names = ["connect_timeout_ms", "response_timeout_ms", "idle_timeout_ms", "websocket_idle_timeout_ms"];
        let mut forwarding: Value =
            names.map(|name| (name.to_owned(), Value::from(milliseconds))).into_iter().collect();
        forwarding["websockets"] = true.into();
        format!("{MOCK}backend: http://{backend}\nforwarding: {forwarding}\n")
    };
    Engine::load(&published(&times(0), &items()), kind, &free_address());
    let request = TestRequest::new("GET", "/shop/items", HOST, &[]);
    let longest = published(&times(u32::MAX), &items());
    let mut found = differences(&longest, kind, &[request]);
    let words = format!("-o json export {} --env test --out {0}", kind.target());
    let report = longest.run(&words).expect_exit(0).json()["groups"][0].clone();
    assert!(names(&report, "a time-out over 24 days"), "{report}");
    let parameter =
        json!({"parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}]});
    for letters in [1_900, 3_900, 8_000] {
        let long = "p".repeat(letters);
        let paths = json!({
            "/items": get(&content("text/plain", "items"), json!({})),
            format!("/{long}"): get(&content("text/plain", "long"), json!({})),
            format!("/{long}/{{id}}"): get(&content("text/plain", "template"), parameter.clone()),
        });
        let sandbox = published(MOCK, &definition_of(&paths));
        let words = format!("-o json export {0} --env test --out {0} --allow-loss routing", kind.target());
        let report = sandbox.run(&words).expect_exit(0).json().to_string();
        let is_left_out = report.contains("too long for an expression is left out");
        let targets =
            ["/shop/items".to_owned(), format!("/shop/{long}"), format!("/shop/{long}/a"), format!("/shop/{long}x")];
        let requests: Vec<TestRequest> = targets
            .iter()
            .take(if is_left_out { 1 } else { targets.len() })
            .map(|target| TestRequest::new("GET", target, HOST, &[]))
            .collect();
        let of_length = differences(&sandbox, kind, &requests);
        found.extend(of_length.iter().map(|one| format!("{letters}: {}", one.chars().take(300).collect::<String>())));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn envoy_takes_extreme_settings() {
    takes_extreme_settings(EngineKind::Envoy);
}

#[test]
fn nginx_takes_extreme_settings() {
    takes_extreme_settings(EngineKind::Nginx);
}

#[test]
fn haproxy_takes_extreme_settings() {
    takes_extreme_settings(EngineKind::Haproxy);
}
