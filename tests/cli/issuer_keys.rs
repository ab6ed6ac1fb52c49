//! The public keys of an issuer that a group names by an https address.

use std::time::{Duration, Instant};

use crate::docs::send;
use crate::harness::Sandbox;
use crate::serving::Serving;
use crate::tls::{CERTIFICATE, KEY, SHOP_CERTIFICATE};

/// An issuer's definition: its key set is a mock response.
const ISSUER: &str = r"openapi: 3.1.0
info: {title: Issuer, version: '1'}
paths:
  /jwks:
    get:
      operationId: jwks
      responses:
        '200':
          description: keys
          content:
            application/json:
              example: {keys: [{kid: '1', kty: OKP, crv: Ed25519, x: JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs}]}
";

/// Calls with a token of nobody, and returns the response.
fn call(serving: &Serving) -> String {
    send(&serving.address, &format!("GET /petstore/pets HTTP/1.1\r\n{FORGED}"))
}

/// A token of nobody: `{"alg":"EdDSA","kid":"1"}`.
const FORGED: &str = "Authorization: Bearer eyJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.e30.AAAA";

#[test]
fn the_keys_of_an_https_address_are_fetched_where_its_certificate_is_trusted() {
    let issuer = Sandbox::petstore();
    issuer.write("groups/petstore/openapi.yaml", ISSUER);
    issuer.write("issuer.crt", CERTIFICATE);
    issuer.write("issuer.key", KEY);
    issuer.run("publish --env test --mock").expect_exit(0);
    let words = "serve --env test --listen https://127.0.0.1:0 --tls-cert issuer.crt --tls-key issuer.key";
    let issuing = Serving::start_with(&issuer, words);
    let port = issuing.address.rsplit_once(':').expect("a port").1;

    let sandbox = Sandbox::petstore();
    let jwks = format!("https://localhost:{port}/petstore/jwks");
    let auth = format!("auth: {{token: {{issuer: 'https://id.example', audience: pets, jwks: '{jwks}'}}}}");
    let settings = sandbox.read("groups/petstore/group.yaml");
    sandbox.write("groups/petstore/group.yaml", &settings.replace("auth: none", &auth));
    sandbox.write("trusted.crt", CERTIFICATE);
    sandbox.write("other.crt", SHOP_CERTIFICATE);
    sandbox.run("publish --env test --backend http://127.0.0.1:1").expect_exit(0);
    sandbox.run("key create robot --kind token --issuer https://id.example --subject robot").expect_exit(0);
    sandbox.run("access grant robot petstore --env test").expect_exit(0);
    sandbox.run("access test robot petstore listPets --env test").expect_exit(0).expect_stdout(&jwks);

    let words = "serve --env test --listen 127.0.0.1:0 --admin 127.0.0.1:0";
    let distrusting = Serving::start_trusting(&sandbox, "other.crt", words);
    let said = distrusting.wait_to_hear("cannot be fetched");
    assert!(
        said.contains(&jwks) && said.contains("TLS fails") && said.contains("no token of this issuer is accepted"),
        "{said}"
    );
    let refused = call(&distrusting);
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");

    let trusting = Serving::start_trusting(&sandbox, "trusted.crt", words);
    let start = Instant::now();
    while !trusting.status().contains("\"age_s\":0,\"error\":null") {
        assert!(start.elapsed() < Duration::from_secs(10), "{}\n{}", trusting.status(), trusting.said());
        std::thread::sleep(Duration::from_millis(5));
    }
    let refused = call(&trusting);
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
}

#[test]
fn an_address_from_which_keys_cannot_be_fetched_safely_is_no_setting() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("groups/petstore/group.yaml");
    for (jwks, said) in [
        ("http://id.example/jwks", "is fetched over https"),
        ("https://user:word@id.example/jwks", "https address without a user"),
        ("../id.json", "the name of a file in keys/jwks"),
    ] {
        let auth = format!("auth: {{token: {{issuer: 'https://id.example', audience: pets, jwks: '{jwks}'}}}}");
        sandbox.write("groups/petstore/group.yaml", &settings.replace("auth: none", &auth));
        sandbox.run("check").expect_exit(3).expect_stdout(said);
    }
}
