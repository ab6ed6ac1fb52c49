//! Requests and responses that are rare: methods, versions, hosts, headers in several lines. The report names what
//! differs.

use serde_json::{Value, json};

use super::client::send;
use super::difference;
use super::engine::{Engine, EngineKind};
use super::forwarding::start_backend;
use super::limits::{HOST, MOCK, content, definition_of, published};
use super::targets::names;
use crate::harness::Sandbox;
use crate::serving::Serving;

/// Compares the responses to raw requests, each with the part of the report that has to name it where they differ.
fn compare(sandbox: &Sandbox, kind: EngineKind, requests: &[(&str, String)]) {
    let serving = Serving::start_with(sandbox, "serve --env test --listen 127.0.0.1:0");
    let engine = Engine::start(sandbox, kind);
    let words = format!("-o json export {} --env test --out {0} --allow-loss rewrites", kind.target());
    let report = sandbox.run(&words).expect_exit(0).json()["groups"][0].clone();
    let mut failures = Vec::new();
    for (part, head) in requests {
        let [ours, theirs] = [&serving.address, &engine.address].map(|address| send(address, head));

        let is_named = !part.is_empty() && names(&report, part);
        let difference = difference(&ours, &theirs).filter(|_| !is_named);
        failures.extend(difference.map(|difference| format!("{}: {difference}", head.replace("\r\n", " | "))));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn head(first: &str, host: &str, lines: &str) -> String {
    format!("{first}\r\nhost: {host}\r\n{lines}connection: close\r\n\r\n")
}

fn forwards_unusual_requests(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let ok = json!({"200": {"description": "d"}});
    let id = json!([{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}]);
    let paths = json!({
        "/items": {"get": {"responses": ok}, "trace": {"responses": ok}},
        "/others": {"get": {"responses": ok}},
        "/parts/v{id}": {"get": {"operationId": "part", "responses": ok, "parameters": id}},
    });
    let (usual, canary) = (start_backend(), start_backend());
    let forwarding = format!(
        "{{keep_host: true, parameters: [{{from: header.x-old, to: header.x-new}}], routes: [{{when: header.x-canary, equals: [yes-please], backend: 'http://{canary}/canary'}}], apis: {{part: {{path: '/{{id}}'}}}}}}"
    );
    let settings = format!("{MOCK}backend: http://{usual}/base\nforwarding: {forwarding}\n");
    let sandbox = published(&settings, &definition_of(&paths));
    let get = |lines: &str| head("GET /shop/items HTTP/1.1", HOST, lines);
    let several = "sent several times";
    let requests = [
        ("", head("TRACE /shop/items HTTP/1.1", HOST, "")),
        ("", head("TRACE /shop/others HTTP/1.1", HOST, "")),
        ("", head("TRACE /shop/nothing HTTP/1.1", HOST, "")),
        ("methods in lower case", head("get /shop/items HTTP/1.1", HOST, "")),
        ("over HTTP/1.0", head("GET /shop/items HTTP/1.0", HOST, "")),
        ("", head(&format!("GET http://{HOST}/shop/items?x=1 HTTP/1.1"), HOST, "")),
        ("", head("GET /shop/parts/v1 HTTP/1.1", HOST, "")),
        ("", head("GET /shop/parts/v.. HTTP/1.1", HOST, "")),
        ("", head("GET /shop/parts/v%2E HTTP/1.1", HOST, "")),
        ("", head("GET /shop/parts/v... HTTP/1.1", HOST, "")),
        ("", head("GET /shop/parts/v%3Bx HTTP/1.1", HOST, "")),
        ("", get("x-canary: yes-please\r\n")),
        ("", get("x-canary: no\r\n")),
        ("", get("x-old: 1\r\nx-new: 2\r\n")),
        ("one value moves", get("x-old: 1\r\nx-old: 2\r\n")),
        (several, get("x-canary: no\r\nx-canary: yes-please\r\n")),
        (several, get("x-canary: yes-please\r\nx-canary: no\r\n")),
    ];
    compare(&sandbox, kind, &requests);
}

#[test]
fn envoy_forwards_unusual_requests() {
    forwards_unusual_requests(EngineKind::Envoy);
}

#[test]
fn nginx_forwards_unusual_requests() {
    forwards_unusual_requests(EngineKind::Nginx);
}

#[test]
fn haproxy_forwards_unusual_requests() {
    forwards_unusual_requests(EngineKind::Haproxy);
}

/// Makes a path item whose GET has one response.
fn item(status: &str, response: &Value) -> Value {
    json!({"get": {"responses": {status: response}}})
}

fn answers_unusual_requests(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let mut moved = content("text/plain", "moved; \"$x\"");
    moved["headers"]["Location"] = json!({"schema": {"type": "string"}, "example": "https://shop.example/;a=$b"});
    let empty = json!({"description": "d", "headers": moved["headers"]});
    let mut paths = json!({
        "/chosen": {"get": {"responses": {
            "200": {"description": "d", "content": {"text/plain": {"example": "text"}, "application/json": {"example": {}}}},
            "404": content("text/plain", "none"),
        }}},
    });
    for status in ["301", "302", "303", "307", "308"] {
        paths[format!("/bare-{status}")] = item(status, &json!({"description": "d"}));
        paths[format!("/moved-{status}")] = item(status, &moved);
        paths[format!("/empty-{status}")] = item(status, &empty);
    }
    let sandbox =
        published(&format!("{MOCK}max_body_kib: 1\ncors: {{allow_origins: ['*']}}\n"), &definition_of(&paths));
    let chosen = |lines: &str| head("GET /shop/chosen HTTP/1.1", HOST, lines);
    let mut requests = vec![
        ("", head("GET /shop/chosen HTTP/1.1", &format!("{HOST}."), "")),
        ("", head("GET /shop/chosen HTTP/1.1", &format!("{HOST}.:80"), "")),
        ("", head("GET /shop/chosen HTTP/1.0", HOST, "")),
        ("methods in lower case", head("get /shop/chosen HTTP/1.1", HOST, "")),
        ("several lines of Accept and Prefer", chosen("prefer: wait=1\r\nprefer: code=404\r\n")),
        ("several lines of Accept and Prefer", chosen("prefer: code=404\r\nprefer: wait=1\r\n")),
        ("several lines of Accept and Prefer", chosen("accept: image/png\r\naccept: application/json\r\n")),
        ("repeated", chosen("prefer: code=404, code=200\r\n")),
    ];
    for path in paths.as_object().expect("paths").keys() {
        for method in ["GET", "HEAD", "TRACE"] {
            requests.push(("", head(&format!("{method} /shop{path} HTTP/1.1"), HOST, "origin: https://a.example\r\n")));
        }
    }
    compare(&sandbox, kind, &requests);
}

#[test]
fn envoy_answers_unusual_requests() {
    answers_unusual_requests(EngineKind::Envoy);
}

#[test]
fn nginx_answers_unusual_requests() {
    answers_unusual_requests(EngineKind::Nginx);
}

#[test]
fn haproxy_answers_unusual_requests() {
    answers_unusual_requests(EngineKind::Haproxy);
}

/// Headers of a backend that an engine may take for its own.
const ORDERS: [(&str, &str); 8] = [
    ("X-Accel-Redirect", "/shop/others"),
    ("X-Accel-Expires", "60"),
    ("X-Accel-Limit-Rate", "1"),
    ("X-Accel-Buffering", "no"),
    ("X-Accel-Charset", "koi8-r"),
    ("X-Pad", "p"),
    ("X-Sendfile", "/etc/passwd"),
    ("X-Envoy-Upstream-Service-Time", "1"),
];

fn passes_on_all_headers_of_a_backend(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let mut response = content("text/plain", "items");
    for (name, value) in ORDERS {
        response["headers"][name] = json!({"schema": {"type": "string"}, "example": value});
    }
    let paths = json!({"/items": item("200", &response), "/others": item("200", &content("text/plain", "others"))});
    let backend = published(MOCK, &definition_of(&paths));
    let backend = Serving::start_with(&backend, "serve --env test --listen 127.0.0.1:0");
    let forwarding = "forwarding: {keep_host: true, keep_prefix: true}";
    let settings = format!("{MOCK}backend: http://{}\n{forwarding}\n", backend.address);
    let sandbox = published(&settings, &definition_of(&paths));
    compare(&sandbox, kind, &[("", head("GET /shop/items HTTP/1.1", HOST, ""))]);
}

#[test]
fn envoy_passes_on_all_headers_of_a_backend() {
    passes_on_all_headers_of_a_backend(EngineKind::Envoy);
}

#[test]
fn nginx_passes_on_all_headers_of_a_backend() {
    passes_on_all_headers_of_a_backend(EngineKind::Nginx);
}

#[test]
fn haproxy_passes_on_all_headers_of_a_backend() {
    passes_on_all_headers_of_a_backend(EngineKind::Haproxy);
}
