//! A real backend behind the gateway and behind each engine: it sees the same requests.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::client::send;
use super::differences;
use super::engine::{Engine, EngineKind};
use super::golden::workspace_of;
use super::requests::TestRequest;
use crate::harness::Sandbox;

/// The headers that a backend sees alike, whatever gateway is before it.
const SEEN: [&str; 24] = [
    "api_key",
    "authorization",
    "host",
    "proxy-authorization",
    "tenant_id",
    "x-$odd",
    "x-api-key",
    "x-apigw-key",
    "x-constant",
    "x-empty",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-client-cert",
    "x-forwarded-user",
    "x-from",
    "x-kept",
    "x-long",
    "x-new",
    "x-old",
    "x-real-ip",
    "x-to",
    "x-twice",
];

/// Starts a backend that answers with the request that it sees.
pub(crate) fn start_backend() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let mut reader = BufReader::new(&stream);
                let mut lines = reader.by_ref().lines().map_while(Result::ok);
                let Some(first) = lines.next() else { return };
                let mut headers: BTreeMap<String, String> = BTreeMap::new();
                for line in lines.take_while(|line| !line.is_empty()) {
                    if let Some((name, value)) = line.split_once(':') {
                        let values = headers.entry(name.to_ascii_lowercase()).or_default();
                        // One that is sent twice is seen twice.
                        let separator = if values.is_empty() { "" } else { " | " };
                        values.extend([separator, value.trim()]);
                    }
                }
                let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
                let _ = std::io::copy(&mut reader.take(length), &mut std::io::sink());
                // The gateway alone writes `Forwarded`; nobody passes on that of a caller.
                headers.retain(|name, value| SEEN.contains(&name.as_str()) || value.contains("forged"));
                let body = format!("{first} {headers:?}");
                let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\naccess-control-allow-origin: evil\r\nconnection: close";
                let is_head = first.starts_with("HEAD");
                let body_text = if is_head { "" } else { &body };
                let _ = write!(&stream, "{head}\r\ncontent-length: {}\r\n\r\n{body_text}", body.len());
            });
        }
    });
    address
}

fn forwards_as_the_gateway(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let feature = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/exports/forwarding");
    let sandbox = workspace_of(&feature);
    let (usual, canary) = (start_backend(), start_backend());
    let settings = sandbox.read("groups/shop/group.yaml");
    // nginx sends none without a value, and drops a caller's header with an underscore, which its report says.
    let is_nginx = kind == EngineKind::Nginx;
    let empty = if is_nginx { "" } else { "    - {to: header.x-empty, value: ''}\n" };
    let long = format!("    - {{to: header.x-long, value: {}}}\n", "$long".repeat(1_200));
    // Of constants for one place, the last counts; a mapping of an API is applied after the group's constants.
    let twice = "    - {to: header.x-twice, value: first}\n    - {to: header.X-Twice, value: second}\n    - {to: header.x-kept, value: usual}\n    - {to: header.x-from, value: moved}\n";
    // Those that tell of a hop, which the settings may write.
    let of_hop = ["x-forwarded-proto", "x-forwarded-prefix", "X-Forwarded-Host", "x_forwarded_user", "forwarded"]
        .map(|name| format!("    - {{to: header.{name}, value: forged}}\n"))
        .concat();
    let twice = format!("{twice}{of_hop}    - {{to: header.x-real-ip, value: 192.0.2.1}}\n");
    let constants = format!("    - {{to: header.tenant_id, value: acme}}\n{twice}{long}{empty}");
    let own = "    addItem: {constants: [{to: header.x-TWICE, value: own}], parameters: [{from: header.x-own, to: header.x-kept}, {from: header.x-from, to: header.x-to}]}\n";
    // Claims of a caller choose no backend and do not move; a header that moves to itself stays.
    let claims = "    - {from: header.x-forwarded-for, to: header.x-to}\n    - {from: header.x-kept, to: header.X-Kept}\n  routes:\n    - {when: header.x-forwarded-user, equals: [boss], backend: \"http://127.0.0.1:9003\"}\n    - {when: header.x-real-ip, backend: \"http://127.0.0.1:9003\"}\n    - {when: header.x-forwarded-for, backend: \"http://127.0.0.1:9003\"}\n";
    let settings = settings
        .replace("  routes:\n", claims)
        .replace("  more_addresses: [\"http://127.0.0.1:9002/base\"]\n", "")
        .replace("127.0.0.1:9001", &usual)
        .replace("127.0.0.1:9003", &canary)
        // No report calls constants of the query exact.
        .replace("    - {to: query.source, value: \"a&b\"}\n", &constants)
        .replace("max_body_kib", &format!("{own}max_body_kib"))
        + "cors: {allow_origins: [\"https://shop.example\"]}\n";
    sandbox.write("groups/shop/group.yaml", &settings);
    sandbox.run("publish shop --env test --bump patch").expect_exit(0);
    let host = "shop.test.apigw.localhost";
    let request =
        |method: &str, target: &str, headers: &[(&str, &str)]| TestRequest::new(method, target, host, headers);
    let origin = ("origin", "https://shop.example");
    let preflight = ("access-control-request-method", "POST");
    let requests = [
        request("GET", "/shop/shops/a%20b/items/7?x=1&y=%2F", &[]),
        request("HEAD", "/shop/shops/a/items/7", &[]),
        request("GET", "/shop/shops/a/items/7", &[("x-canary", "yes-please")]),
        request("GET", "/shop/shops/a/items/7", &[("x-canary", "no")]),
        request(
            "POST",
            "/shop/items?source=mine",
            &[("x-old", "1"), ("x-apigw-key", "forged"), ("x-real-ip", "1.2.3.4")],
        ),
        request("GET", "/shop/shops/a/items/7", &[("x-forwarded-user", "boss"), ("x-to", "mine"), ("x-kept", "mine")]),
        request("GET", "/shop/shops/a/items/7", &[("x-real-ip", "192.0.2.1"), ("x-forwarded-for", "192.0.2.1")]),
        request("POST", "/shop/items", &[("x-new", "kept"), ("x-constant", "mine"), ("x-forwarded-port", "1")]),
        request(
            "POST",
            "/shop/items",
            &[
                ("forwarded", "for=forged"),
                ("proxy-authorization", "Basic forged"),
                ("x-forwarded-user", "forged"),
                ("x-forwarded-email", "forged"),
                ("x-forwarded-client-cert", "forged"),
                ("x_forwarded_user", "forged"),
            ],
        ),
        request(
            "POST",
            "/shop/items",
            &[("x-empty", "mine"), ("tenant_id", "mine"), ("x_forwarded-user", "forged"), ("content_length", "forged")],
        ),
        request("POST", "/shop/items", if is_nginx { &[] } else { &[("api_key", "1"), ("x-$odd", "2")] }),
        request("POST", "/shop/items", &[("x-twice", "mine"), ("x-own", "mine"), ("x-to", "mine"), ("x-from", "mine")]),
        request("POST", "/shop/items", &[origin]),
        request("POST", "/shop/items", &[("origin", "https://evil.example")]),
        request("OPTIONS", "/shop/items", &[origin, preflight, ("access-control-request-headers", "x-a")]),
        request("OPTIONS", "/shop/items", &[("origin", "https://evil.example"), preflight]),
        request("OPTIONS", "/shop/items", &[]),
        request("PUT", "/shop/items", &[origin]),
        request("GET", "/shop/nothing", &[]),
        request("GET", "/shopping", &[]),
    ];
    let found = differences(&sandbox, kind, &requests);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn envoy_forwards_as_the_gateway() {
    forwards_as_the_gateway(EngineKind::Envoy);
}

/// The log has a line of JSON a request, with the time and with the path and the host that a caller named.
fn logs_what_a_caller_named(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let sandbox = workspace_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/exports/forwarding"));
    let engine = Engine::start(&sandbox, kind);
    let host = "shop.test.apigw.localhost";
    let forged = [("x-envoy-original-path", "/forged"), ("x-forwarded-host", "forged")];
    // One is rewritten and forwarded, to a backend that is not there; the others are refused, for the path and for the
    // query.
    for (method, target) in [("POST", "/shop/items?x=1"), ("GET", "/shop/nothing"), ("POST", "/shop/items?x=<")] {
        send(&engine.address, &TestRequest::new(method, target, host, &forged).head);
    }
    let start = Instant::now();
    let mut logged: Vec<serde_json::Value> = Vec::new();
    while logged.len() < 3 && start.elapsed() < Duration::from_secs(30) {
        thread::sleep(Duration::from_millis(50));
        let log = sandbox.read(&format!("{}.log", kind.target()));
        let lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        logged = lines.filter(|line| line["host"] == host).collect();
    }
    // Threads write the log, in no order.
    let mut answers: Vec<(&str, Option<u64>)> =
        logged.iter().map(|line| (line["path"].as_str().unwrap_or_default(), line["status"].as_u64())).collect();
    answers.sort_unstable();
    let expected = [("/shop/items", Some(400)), ("/shop/items", Some(503)), ("/shop/nothing", Some(404))];
    assert_eq!(answers, expected, "{}", sandbox.read(&format!("{}.log", kind.target())));
    for line in &logged {
        let time = line["time"].as_str().expect("a time");
        assert!(time.starts_with("20") && time.get(10..11) == Some("T"), "{time}");
    }
}

#[test]
fn envoy_logs_the_path_and_the_host_that_a_caller_named() {
    logs_what_a_caller_named(EngineKind::Envoy);
}

#[test]
fn nginx_logs_the_path_and_the_host_that_a_caller_named() {
    logs_what_a_caller_named(EngineKind::Nginx);
}

#[test]
fn haproxy_logs_the_path_and_the_host_that_a_caller_named() {
    logs_what_a_caller_named(EngineKind::Haproxy);
}

#[test]
fn nginx_forwards_as_the_gateway() {
    forwards_as_the_gateway(EngineKind::Nginx);
}

#[test]
fn haproxy_forwards_as_the_gateway() {
    forwards_as_the_gateway(EngineKind::Haproxy);
}

fn asks_for_shown_credentials_as_the_gateway(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let sandbox = workspace_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/exports/credentials"));
    let (key, basic) = (("x-key", "k"), ("authorization", "Basic dTpw"));
    let shown: [&[(&str, &str)]; 11] = [
        &[],
        &[key],
        &[basic],
        &[key, basic],
        &[("authorization", "Bearer t")],
        &[("x-key", "")],
        &[("authorization", "basic")],
        &[("authorization", "basic  ")],
        &[("accept", "image/png")],
        &[basic, ("accept", "image/png")],
        &[key, ("prefer", "code=200")],
    ];
    let request = |headers: &&[(&str, &str)]| {
        ["GET", "HEAD"].map(|method| TestRequest::new(method, "/shop/items", "shop.test.apigw.localhost", headers))
    };
    let mut requests: Vec<TestRequest> = shown.iter().flat_map(request).collect();
    if kind == EngineKind::Haproxy {
        let repeated: [&[(&str, &str)]; 2] = [&[("authorization", "Bearer t"), basic], &[("x-key", ""), key]];
        requests.extend(repeated.iter().flat_map(request));
    }
    let found = differences(&sandbox, kind, &requests);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn envoy_asks_for_shown_credentials_as_the_gateway() {
    asks_for_shown_credentials_as_the_gateway(EngineKind::Envoy);
}

#[test]
fn nginx_asks_for_shown_credentials_as_the_gateway() {
    asks_for_shown_credentials_as_the_gateway(EngineKind::Nginx);
}

#[test]
fn haproxy_asks_for_shown_credentials_as_the_gateway() {
    asks_for_shown_credentials_as_the_gateway(EngineKind::Haproxy);
}

#[test]
fn haproxy_asks_for_subscription_keys_as_the_gateway() {
    if !EngineKind::Haproxy.is_there() {
        return;
    }
    let feature = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/exports/signature");
    let sandbox = workspace_of(&feature);
    let settings = sandbox.read("groups/shop/group.yaml").replace("auth: signature", "auth: subscription");
    // The name of the key moves, its text does not, and the backend's own key may have the same name.
    let forwarding = "forwarding: {parameters: [{from: header.x-apigw-key, to: header.x-from}, {from: header.jdcloud-apim-subscription-key, to: header.x-to}], constants: [{to: header.x-api-key, value: own}]}\n";
    let settings = settings.replace("127.0.0.1:9001", &start_backend()) + forwarding;
    sandbox.write("groups/shop/group.yaml", &settings);
    sandbox.run("publish shop --env test --bump patch").expect_exit(0);
    // Git would see a secret that lies in the workspace.
    let outside = Sandbox::empty();
    let mut keys = Vec::new();
    for name in ["granted", "ungranted", "closed"] {
        let file = outside.path().join(name);
        sandbox.run(&format!("key create {name} --kind subscription --to {}", file.display())).expect_exit(0);
        keys.push(outside.read(name).trim().to_owned());
    }
    for name in ["granted", "closed"] {
        sandbox.run(&format!("access grant {name} shop --env test")).expect_exit(0);
    }
    sandbox.run("-y key revoke closed -m lost").expect_exit(0);
    let host = "shop.test.apigw.localhost";
    let with = |header: &str, key: &str| TestRequest::new("GET", "/shop/items", host, &[(header, key)]);
    let requests: Vec<TestRequest> = [
        ("x-api-key", keys[0].as_str()),
        ("jdcloud-apim-subscription-key", &keys[0]),
        ("x-api-key", &keys[1]),
        ("x-api-key", &keys[2]),
        ("x-api-key", "apk_wrong"),
        ("x-apigw-key", "granted"),
        ("x-none", "none"),
    ]
    .iter()
    .map(|(header, key)| with(header, key))
    .chain([
        TestRequest::new("GET", "/shop/items", host, &[("x-api-key", &keys[0]), ("x-from", "admin"), ("x-to", "me")]),
        TestRequest::new("GET", "/shop/items", host, &[("x-api-key", "apk_wrong"), ("x-api-key", &keys[0])]),
    ])
    .collect();
    let found = differences(&sandbox, EngineKind::Haproxy, &requests);
    assert!(found.is_empty(), "{}", found.join("\n"));
}
