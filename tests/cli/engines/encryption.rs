//! Backends over TLS, on ports of their own, by name and by address.

use super::client::send;
use super::difference;
use super::engine::{Engine, EngineKind};
use super::requests::TestRequest;
use crate::harness::Sandbox;
use crate::serving::Serving;
use crate::tls::{CERTIFICATE, KEY};

/// Publishes the petstore with a backend at these addresses, whose certificate is trusted.
fn workspace_of(backend: &str, more: &[String]) -> Sandbox {
    let sandbox = Sandbox::petstore();
    sandbox.write(".apigw/secrets/localhost.crt", CERTIFICATE);
    let settings = sandbox.read("groups/petstore/group.yaml");
    sandbox.write(
        "groups/petstore/group.yaml",
        &format!("{settings}forwarding: {{tls: {{ca: localhost.crt}}, more_addresses: {more:?}}}\n"),
    );
    sandbox.run(&format!("publish petstore --env test --backend {backend}")).expect_exit(0);
    sandbox
}

#[test]
fn envoy_calls_a_backend_over_tls_as_the_gateway() {
    let kind = EngineKind::Envoy;
    if !kind.is_there() {
        return;
    }
    let behind = Sandbox::petstore();
    behind.write("a.crt", CERTIFICATE);
    behind.write("a.key", KEY);
    behind.run("publish petstore --env test --mock").expect_exit(0);
    let listen = "serve --env test --listen https://127.0.0.1:0 --tls-cert a.crt --tls-key a.key";
    let backend = Serving::start_with(&behind, listen);
    let port = backend.address.rsplit(':').next().expect("a port");
    let [named, numbered] = ["localhost", "127.0.0.1"].map(|host| format!("https://{host}:{port}"));
    for (backend, more) in [(&named, vec![]), (&numbered, vec![]), (&named, vec![numbered.clone()])] {
        let sandbox = workspace_of(backend, &more);
        let serving = Serving::start(&sandbox);
        let engine = Engine::start(&sandbox, kind);
        let request = TestRequest::new("GET", "/petstore/pets/1", "petstore.test.apigw.localhost", &[]);
        for _ in 0..4 {
            let [ours, theirs] = [&serving.address, &engine.address].map(|address| send(address, &request.head));
            assert!(!ours.status.starts_with('5'), "{backend}: {}", ours.text());
            assert_eq!(difference(&ours, &theirs), None, "{backend} {more:?}");
        }
    }
}
