//! Texts and lists that are long: each engine loads their export, and answers as `apigw serve` where its report names
//! nothing.

use serde_json::{Value, json};

use super::differences;
use super::engine::{Engine, EngineKind};
use super::forwarding::start_backend;
use super::requests::{TestRequest, mock_requests};
use super::routes;
use crate::harness::{Sandbox, free_address};

pub(super) const HOST: &str = "shop.test.apigw.localhost";
pub(super) const MOCK: &str = "schema: 1\nversion: \"0.0.1\"\nprefix: /shop\nvalidate_requests: false\n";

pub(super) fn published(settings: &str, definition: &Value) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.run("init").expect_exit(0);
    sandbox.write("groups/shop/group.yaml", settings);
    sandbox.write("groups/shop/openapi.yaml", &definition.to_string());
    let mock = if settings.contains("backend:") { "" } else { " --mock" };
    sandbox.run(&format!("publish shop --env test{mock}")).expect_exit(0);
    sandbox
}

/// Makes a definition with these path items.
pub(super) fn definition_of(paths: &Value) -> Value {
    json!({"openapi": "3.0.3", "info": {"title": "Long", "version": "1"}, "paths": paths})
}

/// Makes a path item whose GET has these fields beside its responses.
pub(super) fn get(response: &Value, fields: Value) -> Value {
    let mut operation = json!({"responses": {"200": response}});
    if let (Some(operation), Value::Object(fields)) = (operation.as_object_mut(), fields) {
        operation.extend(fields);
    }
    json!({"get": operation})
}

pub(super) fn content(media_type: &str, body: &str) -> Value {
    json!({"description": "d", "content": {media_type: {"example": body}}})
}

fn with_headers(headers: &[(String, String)]) -> Value {
    let mut response = content("text/plain", "headers");
    for (name, value) in headers {
        response["headers"][name] = json!({"schema": {"type": "string"}, "example": value});
    }
    response
}

fn named(count: usize) -> Vec<(String, String)> {
    (0..count).map(|index| (format!("x-{index}"), format!("value {index}"))).collect()
}

/// Mocks with as much of everything as each engine expresses.
fn many_of_all() -> Value {
    let keys: Value = (0..9).map(|index| (format!("k{index}"), json!([]))).collect::<serde_json::Map<_, _>>().into();
    let long = ("x-long".to_owned(), "a".repeat(16_382) + "%");
    let types: serde_json::Map<String, Value> =
        (0..300).map(|index| (format!("text/x-type-{index}"), json!({"example": "a"}))).collect();
    let examples = json!({"c d": {"value": "one"}, "e\"f": {"value": "two"}, "g, h; i": {"value": "three"}});
    let mut definition = definition_of(&json!({
        "/headers": get(&with_headers(&named(40)), json!({})),
        "/long": get(&with_headers(&[long]), json!({"operationId": "o".repeat(10_000)})),
        "/keys": get(&content("text/plain", "keys"), json!({"security": [keys]})),
        "/body": get(&content("text/plain", &"$ä".repeat(80_000)), json!({})),
        "/types": get(&json!({"description": "d", "content": types}), json!({})),
        "/named": get(&json!({"description": "d", "content": {"text/plain": {"examples": examples}}}), json!({})),
        format!("/{}/{{id}}", "p.".repeat(400)): get(&content("text/plain", "path"), json!({
            "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
        })),
        "/interim": {"get": {"responses": {"101": {"description": "d"}}}},
    }));
    for index in 0..9 {
        definition["components"]["securitySchemes"][format!("k{index}")] =
            json!({"type": "apiKey", "in": "header", "name": format!("X-Key-{index}")});
    }
    definition
}

fn answers_with_many_of_all(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let exposed: Vec<String> = (0..400).map(|index| format!("x-exposed-{index}")).collect();
    let cors = json!({"allow_origins": ["https://shop.example"], "expose_headers": exposed});
    let settings = format!("{MOCK}mock: {{check_security: true}}\ncors: {cors}\n");
    let sandbox = published(&settings, &many_of_all());
    let mut requests = mock_requests(&routes(&sandbox), HOST);
    // One for each of many media types says nothing more.
    requests.retain(|request| !request.head.contains("text/x-type-1") && !request.head.contains("text/x-type-2"));
    let names: Vec<String> = (0..9).map(|index| format!("x-key-{index}")).collect();
    let mut keys: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "k")).collect();
    keys.push(("origin", "https://shop.example"));
    for count in [8, 9, 10] {
        requests.push(TestRequest::new("GET", "/shop/keys", HOST, &keys[..count]));
    }
    let found = differences(&sandbox, kind, &requests);
    let shown: Vec<String> = found.iter().map(|one| one.chars().take(600).collect()).collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}

#[test]
fn envoy_answers_with_many_of_all() {
    answers_with_many_of_all(EngineKind::Envoy);
}

#[test]
fn nginx_answers_with_many_of_all() {
    answers_with_many_of_all(EngineKind::Nginx);
}

#[test]
fn haproxy_answers_with_many_of_all() {
    answers_with_many_of_all(EngineKind::Haproxy);
}

/// A rule with many values chooses a backend, whatever part of a request it looks at.
fn chooses_among_many_values(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let (usual, other) = (start_backend(), start_backend());
    let values: Vec<String> = (0..700).map(|index| format!("tenant.{index}")).collect();
    let definition = definition_of(&json!({"/items/{id}": get(&content("text/plain", "item"), json!({
        "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
    }))}));
    for place in ["header.x-tenant", "query.tenant", "path.id"] {
        let rule = json!({"when": place, "equals": values, "backend": format!("http://{other}")});
        let settings = format!(
            "schema: 1\nversion: \"0.0.1\"\nprefix: /shop\nbackend: http://{usual}\nforwarding: {{apis: {{\"GET /items/{{id}}\": {{routes: [{rule}]}}}}}}\n"
        );
        let sandbox = published(&settings, &definition);
        let mut requests = Vec::new();
        for value in ["tenant.0", "tenant.699", "tenant.700", "tenantx1", ""] {
            requests.push(TestRequest::new("GET", &format!("/shop/items/a{value}"), HOST, &[("x-tenant", value)]));
            requests.push(TestRequest::new("GET", &format!("/shop/items/{value}?tenant={value}"), HOST, &[]));
        }
        requests.retain(|request| !request.head.contains("/items/?"));
        let found = differences(&sandbox, kind, &requests);
        assert!(found.is_empty(), "{place}: {}", found.join("\n"));
    }
}

#[test]
fn envoy_chooses_among_many_values() {
    chooses_among_many_values(EngineKind::Envoy);
}

#[test]
fn nginx_chooses_among_many_values() {
    chooses_among_many_values(EngineKind::Nginx);
}

#[test]
fn haproxy_chooses_among_many_values() {
    chooses_among_many_values(EngineKind::Haproxy);
}

/// What is too long for an engine is left out and named, and the engine loads the rest.
fn loads_what_is_too_long(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let plain = content("text/plain", "a");
    let item = definition_of(&json!({"/a": get(&plain, json!({}))}));
    let mock = |response: &Value| (MOCK.to_owned(), definition_of(&json!({"/a": get(response, json!({}))})));
    let forwarding = |setting: &str| {
        (MOCK.replace("validate", &format!("backend: http://127.0.0.1:9\n{setting}\nvalidate")), item.clone())
    };
    let long = |bytes: usize| "n".repeat(bytes);
    for (place, (settings, definition)) in [
        ("header", mock(&with_headers(&[("x-a".to_owned(), long(70_000))]))),
        ("header name", mock(&with_headers(&[(long(20_000), "a".to_owned())]))),
        ("headers", mock(&with_headers(&named(1_100)))),
        ("media type", mock(&content(&format!("text/{}", long(20_000)), "a"))),
        (
            "example",
            mock(&json!({"description": "d", "content": {"text/plain": {"examples": {long(20_000): {"value": "a"}}}}})),
        ),
        (
            "path",
            (MOCK.to_owned(), definition_of(&json!({format!("/{}", "a".repeat(130_000)): get(&plain, json!({}))}))),
        ),
        ("constant", forwarding(&format!("forwarding: {{constants: [{{to: header.x-a, value: {}}}]}}", long(70_000)))),
        (
            "constant name",
            forwarding(&format!("forwarding: {{constants: [{{to: header.{}, value: a}}]}}", long(20_000))),
        ),
        (
            "mapping",
            forwarding(&format!("forwarding: {{parameters: [{{from: header.{0}, to: header.{0}x}}]}}", long(20_000))),
        ),
        (
            "rule",
            forwarding(&format!(
                "forwarding: {{routes: [{{when: header.x-a, equals: [{}], backend: 'http://127.0.0.1:8'}}]}}",
                long(20_000)
            )),
        ),
        (
            "rule name",
            forwarding(&format!(
                "forwarding: {{routes: [{{when: query.{}, backend: 'http://127.0.0.1:8'}}]}}",
                long(5_000)
            )),
        ),
        (
            "exposed",
            forwarding(&format!("cors: {{allow_origins: ['https://a.example'], expose_headers: [{}]}}", long(20_000))),
        ),
        ("origin", forwarding(&format!("cors: {{allow_origins: ['https://{}.example']}}", long(20_000)))),
    ] {
        let sandbox = published(&settings, &definition);
        Engine::load(&sandbox, kind, &free_address());
        let words = format!("-o json export {0} --env test --out {0} --allow-loss rewrites,routing", kind.target());
        let report = sandbox.run(&words).expect_exit(0).json()["groups"][0].clone();
        let lists = report["apis"].as_array().into_iter().flatten().chain([&report]);
        let deviations: Vec<Value> = lists.filter_map(|one| one["deviations"].as_array()).flatten().cloned().collect();
        let is_named = deviations.iter().any(|one| {
            let detail = one["detail"].as_str().unwrap_or_default();
            one["fidelity"] == "lost"
                && one["line"].as_u64() > Some(0)
                && ["left out", "not sent", "neither moved nor set", "choose no other"]
                    .iter()
                    .any(|words| detail.contains(words))
        });
        // nginx takes values of any length, and HAProxy adds any number of headers.
        let is_expressed = kind == EngineKind::Nginx && ["header", "headers", "constant"].contains(&place)
            || kind == EngineKind::Haproxy && place == "headers";
        assert_eq!(is_named, !is_expressed, "{place}: {report:#}");
    }
}

#[test]
fn envoy_loads_what_is_too_long() {
    loads_what_is_too_long(EngineKind::Envoy);
}

#[test]
fn nginx_loads_what_is_too_long() {
    loads_what_is_too_long(EngineKind::Nginx);
}

#[test]
fn haproxy_loads_what_is_too_long() {
    loads_what_is_too_long(EngineKind::Haproxy);
}
