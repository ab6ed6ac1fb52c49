//! Tokens of an issuer: let in for the subject that a key is bound to, or for any, while their keys are there.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;

use apigw::access::token::TokenKeySet;
use apigw::access::{KeyDirectory, SecretId, SecretProof, TokenBinding};
use apigw::gateway::Gateway;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::json;

use super::access::{key, now};
use super::backend::Backend;
use super::client::{Answer, get};
use super::snapshot::{config, http, pets, start};

/// An issuer of tokens.
pub(crate) struct TokenIssuer {
    pair: Ed25519KeyPair,
    key_id: String,
}

impl TokenIssuer {
    fn new() -> Self {
        Self::named("k")
    }

    /// Makes an issuer whose key has an id.
    pub(crate) fn named(key_id: &str) -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new()).expect("random bytes");
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).expect("a pair");
        Self { pair, key_id: key_id.to_owned() }
    }

    fn key_set(&self) -> Arc<TokenKeySet> {
        Arc::new(TokenKeySet::parse(&self.key_set_text()).expect("a set"))
    }

    /// Returns its key set, as it is published.
    pub(crate) fn key_set_text(&self) -> String {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.key_id}]}).to_string()
    }

    /// Returns the header line of a token that ends in some seconds.
    pub(crate) fn token(&self, subject: &str, seconds: i64) -> String {
        let exp = now().milliseconds() / 1000 + seconds;
        let claims = json!({"iss": "https://id.example", "sub": subject, "aud": "pets", "exp": exp});
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&json!({"alg": "EdDSA", "kid": self.key_id})), part(&claims));
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(message.as_bytes()));
        format!("Authorization: Bearer {message}.{signature}\r\n")
    }
}

/// Keys of which one is bound to the subject `robot`, and may call some APIs.
pub(crate) fn directory(issuer: &TokenIssuer, apis: &[&str], revoked: &[SecretId]) -> Arc<KeyDirectory> {
    let binding = TokenBinding { issuer: "https://id.example".to_owned(), subject: "robot".to_owned() };
    let bound = key("robot", &"robot123".parse().expect("an id"), SecretProof::Token(binding), apis);
    let directory = KeyDirectory::new([bound.into()], [], (revoked.iter().cloned(), &[]), &HashMap::new());
    Arc::new(directory.with_key_sets(BTreeMap::from([("id.json".to_owned(), issuer.key_set())])))
}

fn gateway(more: &str, issuer: &TokenIssuer) -> (Gateway, Backend) {
    let backend = Backend::saying("ok");
    let settings = format!("auth:\n  token: {{issuer: 'https://id.example', audience: pets, jwks: id.json{more}}}\n");
    let gateway = start(config(), &pets(http(backend.address), &settings));
    gateway.replace_access(directory(issuer, &["listPets"], &[]));
    (gateway, backend)
}

fn call(to: SocketAddr, path: &str, lines: &str) -> (u16, String) {
    let answer: Answer = get(to, path, lines);
    (answer.status, if answer.status == 200 { String::new() } else { answer.code() })
}

#[test]
fn a_token_lets_its_subject_in_for_what_the_bound_key_may_call() {
    let issuer = TokenIssuer::new();
    let (gateway, backend) = gateway("", &issuer);
    let to = gateway.addresses()[0];
    let token = issuer.token("robot", 60);
    for _ in 0..2 {
        assert_eq!(call(to, "/petstore/pets", &token).0, 200);
    }
    assert_eq!(call(to, "/petstore/pets/1", &token), (403, "HTTP_FORBIDDEN".to_owned()), "another API");
    assert_eq!(call(to, "/petstore/pets", &issuer.token("other", 60)), (403, "HTTP_FORBIDDEN".to_owned()));
    let unauthenticated = (401, "UNAUTHENTICATED".to_owned());
    let forged = TokenIssuer::new().token("robot", 60);
    let other_scheme = token.replace("Bearer", "Basic");
    for lines in ["", &forged, &other_scheme, &issuer.token("robot", 0), &token.repeat(2), "Authorization: Bearer \r\n"]
    {
        assert_eq!(call(to, "/petstore/pets", lines), unauthenticated, "{lines}");
    }
    let challenge = get(to, "/petstore/pets", "").header("www-authenticate").map(str::to_owned);
    assert_eq!(challenge.as_deref(), Some("Bearer"));
    let received = backend.received();
    assert_eq!(received.len(), 2, "a backend saw a refused request");
    assert!(received.iter().all(|request| request.header("x-apigw-key") == ["robot"]));
    assert!(received.iter().all(|request| request.header("authorization").is_empty()), "a backend saw the token");
}

#[test]
fn a_remembered_token_ends_with_its_time_its_keys_and_its_key() {
    let issuer = TokenIssuer::new();
    let (gateway, _backend) = gateway("", &issuer);
    let to = gateway.addresses()[0];
    let (short, long) = (issuer.token("robot", 2), issuer.token("robot", 600));
    assert_eq!((call(to, "/petstore/pets", &short).0, call(to, "/petstore/pets", &long).0), (200, 200));
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert_eq!((call(to, "/petstore/pets", &short).0, call(to, "/petstore/pets", &long).0), (401, 200));
    gateway.replace_access(directory(&issuer, &["listPets"], &["robot123".parse().expect("an id")]));
    assert_eq!(call(to, "/petstore/pets", &long).0, 401, "revoked");
    gateway.replace_access(directory(&TokenIssuer::new(), &["listPets"], &[]));
    assert_eq!(call(to, "/petstore/pets", &long).0, 401, "the issuer has other keys");
    gateway.replace_access(Arc::default());
    assert_eq!(call(to, "/petstore/pets", &long), (503, "ACCESS_UNAVAILABLE".to_owned()), "no keys are there");
}

#[test]
fn any_subject_is_let_in_where_the_group_says_so() {
    let issuer = TokenIssuer::new();
    let (gateway, backend) = gateway(", grant: any", &issuer);
    let to = gateway.addresses()[0];
    for subject in ["robot", "other"] {
        assert_eq!(call(to, "/petstore/pets/1", &issuer.token(subject, 60)).0, 200, "{subject}");
    }
    let received = backend.received();
    let keys: Vec<Vec<&str>> = received.iter().map(|received| received.header("x-apigw-key")).collect();
    assert_eq!(keys, [&["robot"][..], &[]]);
    gateway.replace_access(directory(&issuer, &["listPets"], &["robot123".parse().expect("an id")]));
    assert_eq!(call(to, "/petstore/pets", &issuer.token("robot", 60)).0, 401, "a revoked subject is not any");
}
