//! Names and values with letters that mean something in an engine's language: each forwards as `apigw serve` does.

use std::path::Path;

use super::differences;
use super::engine::EngineKind;
use super::forwarding::start_backend;
use super::golden::workspace_of;
use super::requests::TestRequest;

fn forwards_hostile_texts_as_the_gateway(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let sandbox = workspace_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/exports/hostile"));
    let (usual, other) = (start_backend(), start_backend());
    let settings = sandbox.read("groups/shop/group.yaml");
    let settings = settings.replace("127.0.0.1:9001", &usual).replace("127.0.0.1:9002", &other);
    sandbox.write("groups/shop/group.yaml", &settings);
    sandbox.run("publish shop --env test --bump patch").expect_exit(0);
    let request = |method: &str, target: &str, headers: &[(&str, &str)]| {
        TestRequest::new(method, target, "shop.test.apigw.localhost", headers)
    };
    let origin = ("origin", "https://a.example'; $host {} %[src] %REQ(:path)% # \\ \"");
    let preflight = ("access-control-request-method", "GET");
    let item = "/shop/items/a%20b?x=%2F";
    let mut requests = vec![
        request("GET", item, &[]),
        request("GET", "/shop/items", &[]),
        request("GET", "/shop/items/7?a'b%23$%25%5Bx%5D=%C3%A4'%22%5C%20$%20;%7B%7D", &[]),
        request("GET", item, &[("x-apigw-unnamed", "a"), ("no-header", "a")]),
        request("GET", item, &[origin]),
        request("GET", item, &[("origin", "null")]),
        request("GET", item, &[("origin", "-f")]),
        request("GET", item, &[("origin", "https://evil.example")]),
        request("OPTIONS", item, &[origin, preflight, ("access-control-request-headers", "x#h")]),
        request("OPTIONS", item, &[("origin", "https://evil.example"), preflight]),
    ];
    // nginx drops a caller's headers with such names, which its report says.
    if kind != EngineKind::Nginx {
        let odd = ["x-$odd", "x#hash", "x'quote", "'quote", "#hash", "x%percent", "x`tick|pipe^"];
        requests.extend([
            request("GET", item, &odd.map(|name| (name, "forged by a caller"))),
            request("GET", item, &["x.from", "'from", "x%from"].map(|name| (name, "forged"))),
            request("GET", item, &["x.to", "#to", "x%to"].map(|name| (name, "forged"))),
            request("GET", item, &[("x.tenant", "a' $b %[src] \\ \" # {}")]),
            request("GET", item, &[("x.tenant", "a")]),
            request("GET", item, &[("#tenant'", "a")]),
        ]);
    }
    let found = differences(&sandbox, kind, &requests);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn envoy_forwards_hostile_texts_as_the_gateway() {
    forwards_hostile_texts_as_the_gateway(EngineKind::Envoy);
}

#[test]
fn nginx_forwards_hostile_texts_as_the_gateway() {
    forwards_hostile_texts_as_the_gateway(EngineKind::Nginx);
}

#[test]
fn haproxy_forwards_hostile_texts_as_the_gateway() {
    forwards_hostile_texts_as_the_gateway(EngineKind::Haproxy);
}

fn asks_for_hostile_credentials_as_the_gateway(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let sandbox = workspace_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/exports/hostile-credentials"));
    let (query, cookie) = ("/shop/quoted?a'b$%23%25%5Bx%5D=1", ("cookie", "c'k$.*=1"));
    let mut requests = vec![
        ("/shop/dotted", vec![]),
        ("/shop/dotted", vec![("x-apigw-unnamed", "a")]),
        ("/shop/dotted", vec![("x-key", "a"), ("xakey", "a")]),
        ("/shop/quoted", vec![]),
        ("/shop/quoted", vec![("x-apigw-unnamed", "a")]),
        (query, vec![]),
        (query, vec![cookie]),
        (query, vec![("cookie", "c'k$xx=1")]),
        ("/shop/quoted", vec![cookie]),
        ("/shop/quoted", vec![("authorization", "my-$cheme'# t")]),
        ("/shop/quoted", vec![("authorization", "MY-$CHEME'# t")]),
        ("/shop/quoted", vec![("authorization", "my- t")]),
    ];
    // nginx drops a caller's headers with such names, which its report says.
    if kind != EngineKind::Nginx {
        requests.extend([("/shop/dotted", vec![("x.key", "a")]), ("/shop/quoted", vec![("#it's", "a")])]);
    }
    let requests: Vec<TestRequest> = requests
        .iter()
        .map(|(target, headers)| TestRequest::new("GET", target, "shop.test.apigw.localhost", headers))
        .collect();
    let found = differences(&sandbox, kind, &requests);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn envoy_asks_for_hostile_credentials_as_the_gateway() {
    asks_for_hostile_credentials_as_the_gateway(EngineKind::Envoy);
}

#[test]
fn nginx_asks_for_hostile_credentials_as_the_gateway() {
    asks_for_hostile_credentials_as_the_gateway(EngineKind::Nginx);
}

#[test]
fn haproxy_asks_for_hostile_credentials_as_the_gateway() {
    asks_for_hostile_credentials_as_the_gateway(EngineKind::Haproxy);
}
