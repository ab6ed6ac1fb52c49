//! Backends over TLS, by name and by address, behind the gateway and behind each engine.

use serde_json::json;

use super::differences;
use super::engine::{Engine, EngineKind};
use super::limits::{HOST, MOCK, content, definition_of, get, published};
use super::requests::TestRequest;
use super::targets::names;
use crate::harness::{Sandbox, free_address};
use crate::serving::Serving;
use crate::tls::{CERTIFICATE, KEY};

/// Makes a workspace whose backends are over TLS, with the files of some names.
fn workspace(settings: &str, files: &[(&str, &str)]) -> Sandbox {
    let paths = json!({
        "/items": get(&content("text/plain", "items"), json!({"operationId": "items"})),
        "/others": get(&content("text/plain", "others"), json!({"operationId": "others"})),
    });
    let sandbox = published(&format!("{MOCK}{settings}"), &definition_of(&paths));
    for (name, text) in files {
        sandbox.write(&format!(".apigw/secrets/{name}"), text);
    }
    sandbox
}

fn reaches_backends_over_tls_as_its_report_says(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let backend = workspace("", &[]);
    backend.write("a.crt", CERTIFICATE);
    backend.write("a.key", KEY);
    let words = "serve --env test --listen https://127.0.0.1:0 --tls-cert a.crt --tls-key a.key";
    let backend = Serving::start_with(&backend, words);
    let port = backend.address.rsplit_once(':').expect("a port").1;
    let settings = format!(
        "backend: https://localhost:{port}\nforwarding: {{keep_host: true, keep_prefix: true, tls: {{ca: a.crt}}, apis: {{others: {{backend: 'https://127.0.0.1:{port}'}}}}}}\n"
    );
    let sandbox = workspace(&settings, &[("a.crt", CERTIFICATE)]);
    let request = |target: &str| TestRequest::new("GET", target, HOST, &[]);
    let found = differences(&sandbox, kind, &[request("/shop/items")]);
    assert!(found.is_empty(), "{}", found.join("\n"));
    let found = differences(&sandbox, kind, &[request("/shop/others")]);
    let words = format!("-o json export {} --env test --out {0}", kind.target());
    let report = sandbox.run(&words).expect_exit(0).json()["groups"][0].clone();
    assert_eq!(names(&report, "named by its address"), !found.is_empty(), "{}", found.join("\n"));
    if kind == EngineKind::Envoy {
        // Each address by its own name.
        let others = format!("tls: {{ca: a.crt}}, more_addresses: ['https://127.0.0.1:{port}']");
        let settings = settings.replace("tls: {ca: a.crt}", &others);
        let sandbox = workspace(&settings, &[("a.crt", CERTIFICATE)]);
        let requests: Vec<TestRequest> = (0..6).map(|_| request("/shop/items")).collect();
        let found = differences(&sandbox, kind, &requests);
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

#[test]
fn envoy_reaches_backends_over_tls_as_its_report_says() {
    reaches_backends_over_tls_as_its_report_says(EngineKind::Envoy);
}

#[test]
fn nginx_reaches_backends_over_tls_as_its_report_says() {
    reaches_backends_over_tls_as_its_report_says(EngineKind::Nginx);
}

#[test]
fn haproxy_reaches_backends_over_tls_as_its_report_says() {
    reaches_backends_over_tls_as_its_report_says(EngineKind::Haproxy);
}

fn loads_a_key_of_any_name(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let both = format!("{CERTIFICATE}{KEY}");
    for (certificate, key, is_found) in [
        ("a.crt", "a.key", true),
        ("a.pem", "a.pem.key", true),
        ("both.pem", "both.pem", true),
        ("a.pem", "a.key", false),
        ("a.crt", "b.key", false),
    ] {
        let tls = format!("{{certificate: {certificate}, key: {key}}}");
        let settings = format!("backend: https://localhost:9443\nforwarding: {{tls: {tls}}}\n");
        let files: Vec<(&str, &str)> =
            if certificate == key { vec![(key, &both)] } else { vec![(certificate, CERTIFICATE), (key, KEY)] };
        let sandbox = workspace(&settings, &files);
        Engine::load(&sandbox, kind, &free_address());
        let words = format!("-o json export {} --env test --out {0}", kind.target());
        let report = sandbox.run(&words).expect_exit(0).json()["groups"][0].clone();
        let is_named = names(&report, "a certificate is not shown to backends unless its key");
        assert_eq!(is_named, kind == EngineKind::Haproxy && !is_found, "{certificate} {key}");
    }
}

#[test]
fn envoy_loads_a_key_of_any_name() {
    loads_a_key_of_any_name(EngineKind::Envoy);
}

#[test]
fn nginx_loads_a_key_of_any_name() {
    loads_a_key_of_any_name(EngineKind::Nginx);
}

#[test]
fn haproxy_loads_a_key_of_any_name() {
    loads_a_key_of_any_name(EngineKind::Haproxy);
}
