//! Bodies near the limits of groups, which each engine takes or refuses as the gateway does.

use std::path::Path;

use super::client::send;
use super::engine::{Engine, EngineKind};
use super::forwarding::start_backend;
use super::golden::workspace_of;
use super::requests::TestRequest;
use crate::harness::{Sandbox, free_address};
use crate::serving::Serving;

const HOST: &str = "api.example.com";

/// Makes groups on one host: a body may have 1,024 KiB in `shop`, the usual 300 KiB in `stock`, and no byte in `bare`.
fn workspace() -> Sandbox {
    let sandbox = workspace_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/exports/forwarding"));
    let definition = sandbox.read("groups/shop/openapi.yaml");
    for (group, limit) in [("shop", "max_body_kib: 1024\n"), ("stock", ""), ("bare", "max_body_kib: 0\n")] {
        sandbox.write(&format!("groups/{group}/openapi.yaml"), &definition);
        let settings = format!(
            "schema: 1\nversion: \"0.1.0\"\nprefix: /{group}\nbackend: http://{}\ndomains: [{HOST}]\n{limit}",
            start_backend()
        );
        sandbox.write(&format!("groups/{group}/group.yaml"), &settings);
        // Domains are those of online.
        sandbox.run(&format!("-y publish {group} --env online")).expect_exit(0);
    }
    sandbox
}

fn limits_bodies_as_the_gateway(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let sandbox = workspace();
    let serving = Serving::start_with(&sandbox, "serve --env online --listen 127.0.0.1:0");
    let engine = Engine::start_with(&sandbox, kind, " --env online");
    for (group, bytes, status, limit) in [
        ("shop", 200_000, "200", ""),
        ("shop", 400_000, "200", ""),
        ("shop", 1_048_576, "200", ""),
        ("shop", 1_048_577, "413", "1048576"),
        ("stock", 300_000, "200", ""),
        ("stock", 400_000, "413", "307200"),
        // Of what is over every limit of the host, nginx names the largest.
        ("stock", 1_100_000, "413", "bytes"),
        ("bare", 0, "200", ""),
        ("bare", 1, "413", ""),
        ("bare", 2, "413", ""),
    ] {
        let request = TestRequest::with_body(&format!("/{group}/items"), HOST, &[], bytes);
        for address in [&serving.address, &engine.address] {
            let reply = send(address, &request.head);
            assert_eq!(reply.status, status, "{group} {bytes} {address}");
            // Envoy refuses in its own words.
            let is_told = kind != EngineKind::Envoy || address == &serving.address;
            assert!(!is_told || reply.text().contains(limit), "{group} {bytes}: {}", reply.text());
        }
    }
}

#[test]
fn envoy_limits_bodies_as_the_gateway() {
    limits_bodies_as_the_gateway(EngineKind::Envoy);
}

#[test]
fn nginx_limits_bodies_as_the_gateway() {
    limits_bodies_as_the_gateway(EngineKind::Nginx);
}

#[test]
fn haproxy_limits_bodies_as_the_gateway() {
    limits_bodies_as_the_gateway(EngineKind::Haproxy);
}

#[test]
fn envoy_asks_about_callers_with_bodies_up_to_the_limit() {
    if !EngineKind::Envoy.is_there() {
        return;
    }
    let sandbox = workspace();
    let settings = sandbox.read("groups/shop/group.yaml");
    sandbox.write("groups/shop/group.yaml", &format!("{settings}auth: subscription\n"));
    sandbox.run("-y publish shop --env online --bump patch").expect_exit(0);
    // Git would see a secret that lies in the workspace.
    let outside = Sandbox::empty();
    let file = outside.path().join("caller");
    sandbox.run(&format!("key create caller --kind subscription --to {}", file.display())).expect_exit(0);
    sandbox.run("-y access grant caller shop --env online").expect_exit(0);
    let authorizer = free_address();
    let _serving =
        Serving::start_with(&sandbox, &format!("serve --env online --listen 127.0.0.1:0 --authorize {authorizer}"));
    let engine = Engine::start_with(&sandbox, EngineKind::Envoy, &format!(" --env online --authorizer {authorizer}"));
    let key = outside.read("caller");
    for (key, bytes, status) in
        [(key.trim(), 400_000, "200"), ("apk_wrong", 400_000, "401"), (key.trim(), 1_048_577, "413")]
    {
        let request = TestRequest::with_body("/shop/items", HOST, &[("x-api-key", key)], bytes);
        assert_eq!(send(&engine.address, &request.head).status, status, "{bytes}");
    }
}
