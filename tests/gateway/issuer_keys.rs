//! The public keys of an issuer that a group names by an address: fetched beside all requests, and kept while that
//! fails.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use apigw::access::{KeyDirectory, SecretProof, TokenBinding};
use apigw::gateway::{Config, Gateway, KeyFetchTimes};

use super::access::key;
use super::backend::{Backend, reply};
use super::client::get;
use super::snapshot::{config, http, pets, start};
use super::tokens::TokenIssuer;

/// An issuer that serves its keys, as the test says at the moment.
struct IssuerServer {
    backend: Backend,
    response: Arc<Mutex<String>>,
}

impl IssuerServer {
    fn start() -> Self {
        let response = Arc::new(Mutex::new(String::new()));
        let said = Arc::clone(&response);
        let backend = Backend::start(move |_, stream: &mut TcpStream| {
            let response = said.lock().expect("a response").clone();
            match response.strip_prefix("raw ") {
                Some(raw) => stream.write_all(raw.as_bytes()).is_ok(),
                None => reply(stream, &response),
            }
        });
        Self { backend, response }
    }

    fn says(&self, response: impl Into<String>) {
        *self.response.lock().expect("a response") = response.into();
    }

    fn fetches(&self) -> usize {
        self.backend.received().len()
    }

    fn wait_for_fetches(&self, count: usize) {
        wait_until("the key set is fetched", || self.fetches() >= count);
    }
}

fn wait_until(what: &str, mut is_done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_done() {
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn gateway(jwks: &str, key_fetch: KeyFetchTimes) -> (Gateway, Backend) {
    let backend = Backend::saying("ok");
    let settings = format!("auth:\n  token: {{issuer: 'https://id.example', audience: pets, jwks: '{jwks}'}}\n");
    let config = Config { admin: Some(([127, 0, 0, 1], 0).into()), key_fetch, ..config() };
    let gateway = start(config, &pets(http(backend.address), &settings));
    let binding = TokenBinding { issuer: "https://id.example".to_owned(), subject: "robot".to_owned() };
    let bound = key("robot", &"robot123".parse().expect("an id"), SecretProof::Token(binding), &["listPets"]);
    gateway.replace_access(Arc::new(KeyDirectory::new([bound.into()], [], ([], &[]), &HashMap::new())));
    (gateway, backend)
}

fn times(refresh: u64, least_interval: u64) -> KeyFetchTimes {
    KeyFetchTimes {
        refresh: Duration::from_millis(refresh),
        least_interval: Duration::from_millis(least_interval),
        timeout: Duration::from_millis(100),
    }
}

fn status(to: SocketAddr, token: &str) -> u16 {
    get(to, "/petstore/pets", token).status
}

#[test]
fn fetched_keys_let_in_and_an_unknown_one_has_them_fetched_again() {
    let (issuer, other) = (TokenIssuer::named("one"), TokenIssuer::named("two"));
    let server = IssuerServer::start();
    server.says(issuer.key_set_text());
    let address = format!("http://{}/keys/jwks", server.backend.address);
    let (gateway, _backend) = gateway(&address, times(3_600_000, 200));
    let to = gateway.addresses()[0];
    wait_until("a token lets in", || status(to, &issuer.token("robot", 60)) == 200);
    let fetch = &server.backend.received()[0];
    assert_eq!(fetch.line(), "GET /keys/jwks HTTP/1.1");
    assert_eq!(fetch.header("host"), [server.backend.address.to_string()]);
    assert_eq!(server.fetches(), 1);
    // The issuer begins to sign with another key.
    server.says(other.key_set_text());
    let begin = Instant::now();
    assert_eq!(status(to, &other.token("robot", 60)), 401);
    wait_until("the new key lets in", || status(to, &other.token("robot", 60)) == 200);
    assert_eq!(status(to, &issuer.token("robot", 60)), 401, "the issuer has dropped its key");
    // Whoever makes up key ids has the set fetched no more often than it may be.
    for number in 0..200 {
        status(to, &TokenIssuer::named(&format!("made-up-{number}")).token("robot", 60));
    }
    let intervals = usize::try_from(begin.elapsed().as_millis() / 200).expect("a number");
    assert!(server.fetches() <= 2 + intervals, "{} in {intervals} intervals", server.fetches());
}

#[test]
fn the_last_good_keys_stay_while_the_issuer_says_anything_else() {
    let issuer = TokenIssuer::named("one");
    let token = issuer.token("robot", 600);
    let server = IssuerServer::start();
    let large = format!("{}{}", issuer.key_set_text(), " ".repeat(1 << 20));
    let shared = r#"{"keys": [{"kty": "oct", "kid": "one", "k": "c2VjcmV0"}]}"#;
    server.says("raw HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    let (gateway, backend) = gateway(&format!("http://{}/jwks", server.backend.address), times(20, 20));
    let to = gateway.addresses()[0];
    server.wait_for_fetches(2);
    let unavailable = get(to, "/petstore/pets", &token);
    assert_eq!(
        (unavailable.status, unavailable.code()),
        (503, "ACCESS_UNAVAILABLE".to_owned()),
        "no keys were fetched"
    );
    server.says(issuer.key_set_text());
    wait_until("a token lets in", || status(to, &token) == 200);
    let key_sets = || {
        let status = get(gateway.admin_address().expect("a listener"), "/-/status", "");
        let status: serde_json::Value = serde_json::from_str(&status.body).expect("JSON");
        status["key_sets"].as_array().expect("key sets").clone()
    };
    wait_until("all is well", || key_sets()[0]["error"].is_null());
    for (response, error) in [
        ("raw HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", "302"),
        ("raw HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "500"),
        ("raw HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "too long"),
        ("raw nonsense\r\n\r\n", "failed"),
        ("raw HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{", "not a key set"),
        (&large, "larger than"),
        (shared, "shared secret"),
    ] {
        server.says(response);
        wait_until(error, || key_sets()[0]["error"].as_str().is_some_and(|shown| shown.contains(error)));
        assert_eq!(status(to, &token), 200, "{error}");
        assert!(gateway.key_set_problems()[0].ends_with("the last good set is kept for now"), "{error}");
    }
    server.says(issuer.key_set_text());
    wait_until("it recovers", || gateway.key_set_problems().is_empty());
    gateway.replace(&pets(http(backend.address), ""));
    // A fetch that is under way still holds them.
    wait_until("nobody names it any more", || key_sets().is_empty());
}

#[test]
fn keys_of_an_address_that_no_backend_may_have_are_not_fetched() {
    let (gateway, _backend) = gateway("https://169.254.169.254/jwks", times(20, 20));
    wait_until("it is refused", || !gateway.key_set_problems().is_empty());
    let problem = &gateway.key_set_problems()[0];
    assert!(problem.contains("link-local") && problem.ends_with("no token of this issuer is accepted"), "{problem}");
    assert_eq!(status(gateway.addresses()[0], &TokenIssuer::named("k").token("robot", 60)), 503);
}
