//! The addresses that may call, from several of this machine's own.

use std::path::Path;

use super::client::send_from;
use super::difference;
use super::engine::{Engine, EngineKind};
use super::forwarding::start_backend;
use super::golden::workspace_of;
use super::requests::TestRequest;
use crate::harness::Sandbox;
use crate::serving::Serving;

const HOST: &str = "shop.test.apigw.localhost";
/// Addresses, with true for those that the rules of the feature admit.
const CALLERS: [(&str, bool); 5] =
    [("127.0.0.1", true), ("127.0.3.1", false), ("127.1.2.1", false), ("127.1.0.1", false), ("127.2.0.1", false)];

fn feature() -> Sandbox {
    workspace_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/exports/addresses"))
}

fn requests() -> Vec<TestRequest> {
    let origin = ("origin", "https://shop.example");
    let request =
        |method: &str, target: &str, headers: &[(&str, &str)]| TestRequest::new(method, target, HOST, headers);
    vec![
        request("GET", "/shop/items/1", &[]),
        request("GET", "/shop/items/1", &[("x-forwarded-for", "127.0.0.1"), ("forwarded", "for=127.0.0.1")]),
        request("HEAD", "/shop/items/1", &[]),
        request("GET", "/shop/items/1", &[origin]),
        request("POST", "/shop/items", &[]),
        // Addresses are looked at once an API is found.
        request("GET", "/shop/nothing", &[]),
        request("PUT", "/shop/items", &[]),
        request("OPTIONS", "/shop/items", &[origin, ("access-control-request-method", "POST")]),
    ]
}

fn admits_addresses_as_the_gateway(kind: EngineKind, is_forwarded: bool) {
    if !kind.is_there() {
        return;
    }
    let sandbox = feature();
    if is_forwarded {
        let settings = sandbox.read("groups/shop/group.yaml");
        sandbox.write("groups/shop/group.yaml", &format!("{settings}backend: http://{}\n", start_backend()));
        sandbox.run("publish shop --env test --bump patch").expect_exit(0);
    }
    let serving = Serving::start_with(&sandbox, "serve --env test --listen 127.0.0.1:0");
    let engine = Engine::start(&sandbox, kind);
    let mut found = Vec::new();
    for (caller, is_admitted) in CALLERS {
        for (index, request) in requests().iter().enumerate() {
            let [ours, theirs] =
                [&serving.address, &engine.address].map(|address| send_from(caller, address, &request.head));
            assert!(index > 4 || (ours.status == "403") != is_admitted, "{caller}: {}", ours.status);
            let is_named = kind == EngineKind::Envoy && ours.status == "403";
            let [ours, theirs] = [ours, theirs].map(|reply| if is_named { reply.without_cors() } else { reply });
            if let Some(difference) = difference(&ours, &theirs) {
                found.push(format!("{caller} {}: {difference}", request.head.replace("\r\n", " | ")));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn envoy_admits_addresses_as_the_gateway() {
    admits_addresses_as_the_gateway(EngineKind::Envoy, false);
    admits_addresses_as_the_gateway(EngineKind::Envoy, true);
}

#[test]
fn nginx_admits_addresses_as_the_gateway() {
    admits_addresses_as_the_gateway(EngineKind::Nginx, false);
    admits_addresses_as_the_gateway(EngineKind::Nginx, true);
}

#[test]
fn haproxy_admits_addresses_as_the_gateway() {
    admits_addresses_as_the_gateway(EngineKind::Haproxy, false);
    admits_addresses_as_the_gateway(EngineKind::Haproxy, true);
}
