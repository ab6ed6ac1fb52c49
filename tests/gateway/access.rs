//! Callers with keys: let in once, with what they may call, and seen by a backend under their names alone.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use apigw::access::sigv4::{SCHEMES, SignatureScheme, Signer};
use apigw::access::{
    Grant, HmacSecret, Key, KeyDirectory, NewSecret, PathForm, Secret, SecretId, SecretProof, SigningRequest,
    SigningSettings,
};
use apigw::gateway::Gateway;
use apigw::model::{Digest, KeyKind, RateLimits, Timestamp};

use super::backend::Backend;
use super::client::{Answer, Client, get, request};
use super::frames::{Ended, Frames};
use super::snapshot::{config, http, pets, start};

const SECRET: &[u8] = b"a secret of nobody else, for signing";

pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    Timestamp::from_milliseconds(i64::try_from(since.as_millis()).expect("a time"))
}

pub(super) fn key(name: &str, id: &SecretId, proof: SecretProof, apis: &[&str]) -> Key {
    let apis = apis.iter().map(|&api| api.to_owned()).collect();
    let (group, environment) = ("pets".parse().expect("a name"), "test".parse().expect("a name"));
    Key {
        name: name.parse().expect("a name"),
        kind: proof.kind(),
        owner: None,
        description: None,
        created: now(),
        not_before: None,
        expires: None,
        signing: SigningSettings::default(),
        limits: RateLimits::default(),
        secrets: vec![Secret { id: id.clone(), created: now(), retires: None, proof }],
        grants: vec![Grant::new(name, group, vec![environment], apis, (now(), "Ada".to_owned()))],
    }
}

/// A gateway with a key that signs, `shop`, and one that is shown, `ci`, which may call `listPets` alone.
struct Callers {
    gateway: Gateway,
    backend: Backend,
    id: SecretId,
    text: NewSecret,
}

fn directory(id: &SecretId, shown: (&SecretId, &NewSecret), revoked: &[SecretId]) -> Arc<KeyDirectory> {
    let signs = key("shop", id, SecretProof::Fingerprint(Digest::of(SECRET)), &[]);
    let shows = key("ci", shown.0, SecretProof::Sha256(shown.1.digest()), &["listPets"]);
    let secrets = HashMap::from([(id.clone(), HmacSecret::new(SECRET))]);
    Arc::new(KeyDirectory::new([signs.into(), shows.into()], [], (revoked.iter().cloned(), &[]), &secrets))
}

impl Callers {
    fn start(more: &str) -> Self {
        let backend = Backend::saying("ok");
        let settings = format!("auth: [signature, subscription]\n{more}");
        let gateway = start(config(), &pets(http(backend.address), &settings));
        let id: SecretId = "shop1234".parse().expect("an id");
        let random = ring::rand::SystemRandom::new();
        let shown: SecretId = "ci123456".parse().expect("an id");
        let text = NewSecret::for_subscription(&shown, &random).expect("random bytes");
        gateway.replace_access(directory(&id, (&shown, &text), &[]));
        Self { gateway, backend, id, text }
    }

    fn address(&self) -> std::net::SocketAddr {
        self.gateway.addresses()[0]
    }

    /// Returns the header lines of a signature.
    fn sign(
        &self,
        scheme: &'static SignatureScheme,
        (method, path, query): (&str, &str, &str),
        body: &[u8],
        nonce: &str,
    ) -> String {
        self.sign_at(now(), scheme, (method, path, query), body, nonce)
    }

    fn sign_at(
        &self,
        at: Timestamp,
        scheme: &'static SignatureScheme,
        (method, path, query): (&str, &str, &str),
        body: &[u8],
        nonce: &str,
    ) -> String {
        let signer = Signer {
            scheme,
            key_id: self.id.as_str(),
            secret: SECRET,
            region: "r",
            service: "s",
            path_form: PathForm::Sent,
        };
        let request = SigningRequest { method, path, query, authority: "localhost", headers: &[], body };
        let headers = signer.sign(&request, at, nonce);
        headers.iter().flat_map(|(name, value)| [*name, ": ", value, "\r\n"]).collect()
    }

    fn post(&self, lines: &str, body: &str) -> Answer {
        let head = format!("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n", body.len());
        request(self.address(), &format!("{head}{lines}\r\n{body}"))
    }
}

#[test]
fn a_subscription_key_lets_in_for_what_it_may_call() {
    let callers = Callers::start("");
    let line = |header: &str| format!("{header}: {}\r\n", callers.text.reveal());
    for header in ["X-Api-Key", "jdcloud-apim-subscription-key"] {
        assert_eq!(get(callers.address(), "/petstore/pets", &line(header)).status, 200, "{header}");
    }
    let forbidden = get(callers.address(), "/petstore/pets/1", &line("x-api-key"));
    assert_eq!((forbidden.status, forbidden.code().as_str()), (403, "HTTP_FORBIDDEN"));
    let twice = line("x-api-key").repeat(2);
    let unknown = line("x-api-key").replace("ci123456", "ci123457");
    let refused: Vec<Answer> =
        ["", &twice, &unknown, "x-api-key: \r\n", "x-api-key: apk_x\r\n", "Authorization: Bearer x\r\n"]
            .iter()
            .map(|lines| get(callers.address(), "/petstore/pets", &format!("X-Request-Id: 7\r\n{lines}")))
            .collect();
    for answer in &refused {
        assert_eq!((answer.status, answer.code().as_str()), (401, "UNAUTHENTICATED"));
        // A caller learns nothing of why.
        assert_eq!(answer.body, refused[0].body);
        assert_eq!(answer.header("www-authenticate"), refused[0].header("www-authenticate"));
    }
    assert!(refused[0].header("www-authenticate").is_some_and(|challenge| challenge.contains("ApiKey")));
    assert_eq!(callers.backend.received().len(), 2, "a backend saw a refused request");
}

#[test]
fn a_backend_sees_the_name_of_the_key_and_no_credentials() {
    for (more, passes) in [("", false), ("forwarding: {pass_credentials: true}\n", true)] {
        let callers = Callers::start(more);
        let text = callers.text.reveal();
        let claims = "Connection: X-Apigw-Key\r\nX-Apigw-Key: admin\r\nX_Apigw_Key: admin\r\nx-apigw_key: admin\r\n";
        let shown = format!("X-Api-Key: {text}\r\nAuthorization: Basic eDp5\r\n{claims}");
        assert_eq!(get(callers.address(), "/petstore/pets", &shown).status, 200);
        let signed = callers.sign(&SCHEMES[0], ("GET", "/petstore/pets", ""), b"", "n");
        assert_eq!(
            get(callers.address(), "/petstore/pets", &format!("{signed}X-Api-Key: other\r\n{claims}")).status,
            200
        );
        let received = callers.backend.received();
        let keys: Vec<Vec<&str>> = received.iter().map(|received| received.header("x-apigw-key")).collect();
        assert_eq!(keys, [["ci"], ["shop"]]);
        for received in &received {
            assert!(!received.head.contains("admin"), "{}", received.head);
            assert_eq!(received.header("x-api-key").is_empty(), !passes);
        }
        // It is the backend's own, where the key was shown elsewhere.
        assert_eq!(received[0].header("authorization"), ["Basic eDp5"]);
        assert_eq!(received[1].header("authorization").is_empty(), !passes);
    }
}

#[test]
fn a_claimed_key_reaches_no_backend_of_a_group_that_asks_nobody() {
    let backend = Backend::saying("ok");
    let gateway = start(config(), &pets(http(backend.address), ""));
    let claims = "X-Apigw-Key: admin\r\nX_Apigw-Key: admin\r\n";
    assert_eq!(get(gateway.addresses()[0], "/petstore/pets", claims).status, 200);
    let chunked = "POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTrailer: x_apigw_key\r\n\r\n\
                   1\r\na\r\n0\r\nx_apigw_key: admin\r\nx-apigw-key: admin\r\n\r\n";
    assert_eq!(request(gateway.addresses()[0], chunked).status, 200);
    assert!(backend.received().iter().all(|received| !received.head.contains("admin")));
}

/// A client that sends its key with every call gives it to no backend of another group.
#[test]
fn a_subscription_key_reaches_no_backend_of_a_group_that_does_not_take_it() {
    let random = ring::rand::SystemRandom::new();
    let text = NewSecret::for_subscription(&"ci123456".parse().expect("an id"), &random).expect("random bytes");
    let text = text.reveal();
    for (settings, passes) in [
        ("", false),
        ("auth: {subscription: {headers: [x-shop-key]}}\n", false),
        ("forwarding: {pass_credentials: true}\n", true),
    ] {
        let backend = Backend::saying("ok");
        let gateway = start(config(), &pets(http(backend.address), settings));
        let [signer, shop] = ["sign1234", "shop1234"].map(|id| id.parse::<SecretId>().expect("an id"));
        let other = NewSecret::for_subscription(&shop, &random).expect("random bytes");
        gateway.replace_access(directory(&signer, (&shop, &other), &[]));
        let own = if settings.contains("shop") { format!("X-Shop-Key: {}\r\n", other.reveal()) } else { String::new() };
        let shown = format!(
            "{own}X-Api-Key: {text}\r\nx_api_key: {text}, {text}\r\nAuthorization: ApiKey {text}\r\nX-Mine: 1\r\n"
        );
        assert_eq!(get(gateway.addresses()[0], "/petstore/pets", &shown).status, 200, "{settings}");
        let received = backend.received();
        assert_eq!(received[0].header("x-mine"), ["1"]);
        assert_eq!(received[0].head.contains(text), passes, "{settings}: {}", received[0].head);
    }
}

#[test]
fn a_signed_request_is_let_in_once_in_each_scheme() {
    let callers = Callers::start("");
    for (number, scheme) in SCHEMES.iter().enumerate() {
        let nonce = format!("n{number}");
        let lines = callers.sign(scheme, ("POST", "/petstore/files", ""), b"{\"a\":1}", &nonce);
        assert_eq!(callers.post(&lines, "{\"a\":1}").status, 200, "{}", scheme.name);
        assert_eq!(callers.post(&lines, "{\"a\":1}").status, 401, "{} let in twice", scheme.name);
        let lines = callers.sign(scheme, ("GET", "/petstore/pets", "limit=1"), b"", &format!("{nonce}g"));
        let again = if scheme.nonce_header.is_some() { 401 } else { 200 };
        assert_eq!(get(callers.address(), "/petstore/pets?limit=1", &lines).status, 200, "{}", scheme.name);
        assert_eq!(get(callers.address(), "/petstore/pets?limit=1", &lines).status, again, "{}", scheme.name);
    }
}

#[test]
fn what_differs_from_what_was_signed_reaches_no_backend() {
    let callers = Callers::start("");
    let body = "{\"a\":1}";
    let sign = |nonce: &str| callers.sign(&SCHEMES[0], ("POST", "/petstore/files", ""), body.as_bytes(), nonce);
    assert_eq!(callers.post(&sign("1"), "{\"a\":2}").status, 401);
    assert_eq!(callers.post(&sign("2"), "").status, 401);
    assert_eq!(callers.post(&sign("3").replace("x-jdcloud-nonce: 3", "x-jdcloud-nonce: 4"), body).status, 401);
    assert_eq!(callers.post(&sign("5").replace("shop1234", "shop1235"), body).status, 401);
    let stated = format!("{}x-jdcloud-content-sha256: {}\r\n", sign("6"), "0".repeat(64));
    assert_eq!(callers.post(&stated, body).status, 401);
    let at = |minutes: i64| Timestamp::from_milliseconds(now().milliseconds() + minutes * 60_000);
    // A minute old would do, but for the gateway's start: another process may have let it in.
    for minutes in [-6, -1, 6] {
        let lines = callers.sign_at(at(minutes), &SCHEMES[0], ("POST", "/petstore/files", ""), body.as_bytes(), "late");
        assert_eq!(callers.post(&lines, body).status, 401, "{minutes}");
    }
    let lines = callers.sign(&SCHEMES[0], ("GET", "/petstore/pets", "limit=1"), b"", "7");
    for path in ["/petstore/pets?limit=2", "/petstore/pets", "/petstore/pets?limit=1&x=1"] {
        assert_eq!(get(callers.address(), path, &lines).status, 401, "{path}");
    }
    let long = format!("Authorization: JDCLOUD2-HMAC-SHA256 Credential={}\r\n", "x".repeat(20_000));
    assert_eq!(get(callers.address(), "/petstore/pets", &long).status, 401);
    assert!(callers.backend.received().is_empty(), "a backend saw a refused request");
    // Chunked, the body is verified whole, too.
    let head = "POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n";
    let chunks =
        |lines: &str, text: &str| format!("{head}{lines}\r\n4\r\n{}\r\n3\r\n{}\r\n0\r\n\r\n", &text[..4], &text[4..]);
    assert_eq!(request(callers.address(), &chunks(&sign("8"), "{\"a\":2}")).status, 401);
    assert_eq!(request(callers.address(), &chunks(&sign("9"), body)).status, 200);
    assert_eq!(callers.backend.received()[0].body, body.as_bytes());
}

#[test]
fn a_body_is_taken_unsigned_only_where_the_api_says_so() {
    let callers = Callers::start("");
    let put = |path: &str, lines: &str, body: &str| {
        let head = format!("PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n", body.len());
        request(callers.address(), &format!("{head}{lines}\r\n{body}")).status
    };
    let (upload, pet) = ("/petstore/uploads", "/petstore/pets/1");
    for (number, scheme) in SCHEMES.iter().enumerate() {
        let sign = |path: &str, body: &str, nonce: &str| {
            callers.sign(scheme, ("PUT", path, ""), body.as_bytes(), &format!("{nonce}{number}"))
        };
        let unsigned = sign(upload, "", "1");
        assert_eq!([(); 2].map(|()| put(upload, &unsigned, "a file")), [200, 401], "once");
        assert_eq!(put(pet, &sign(pet, "", "2"), "a file"), 401);
        let signed = sign(upload, "a file", "3");
        assert_eq!(put(upload, &signed, "another"), 401);
        assert_eq!([(); 2].map(|()| put(upload, &signed, "a file")), [200, 401], "once");
        assert_eq!(put(upload, &sign(upload, "", "4").replace("shop1234", "shop1235"), "a file"), 401);
        assert_eq!(put(upload, &sign(pet, "", "5"), "a file"), 401);
    }
    let bodies: Vec<Vec<u8>> = callers.backend.received().iter().map(|received| received.body.clone()).collect();
    assert_eq!(bodies, vec![b"a file".to_vec(); 2 * SCHEMES.len()]);
}

#[test]
fn of_eight_connections_at_once_one_is_let_in() {
    let callers = Callers::start("");
    for round in 0..20 {
        let lines = callers.sign(&SCHEMES[0], ("POST", "/petstore/files", ""), b"x", &format!("r{round}"));
        let let_in = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let answer = callers.post(&lines, "x");
                    assert!([200, 401].contains(&answer.status), "{answer:?}");
                    let_in.fetch_add(usize::from(answer.status == 200), Ordering::SeqCst);
                });
            }
        });
        assert_eq!(let_in.into_inner(), 1);
    }
    assert_eq!(callers.backend.received().len(), 20);
}

#[test]
fn another_directory_counts_from_the_next_request_on_on_open_connections_too() {
    let callers = Callers::start("");
    let mut client = Client::connect(callers.address());
    let mut call = |nonce: &str| {
        let lines = callers.sign(&SCHEMES[0], ("GET", "/petstore/pets", ""), b"", nonce);
        client.send(format!("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n"));
        client.answer().expect("an answer").status
    };
    assert_eq!(call("a"), 200);
    let shown: SecretId = "ci123456".parse().expect("an id");
    let revoked = directory(&callers.id, (&shown, &callers.text), std::slice::from_ref(&callers.id));
    callers.gateway.replace_access(revoked);
    assert_eq!(call("b"), 401);
    callers.gateway.replace_access(directory(&callers.id, (&shown, &callers.text), &[]));
    assert_eq!(call("c"), 200);
    callers.gateway.replace_access(Arc::default());
    assert_eq!(call("d"), 401);
}

#[test]
fn over_http_2_the_host_is_the_authority() {
    let callers = Callers::start("");
    let signed = callers.sign(&SCHEMES[2], ("GET", "/petstore/pets", ""), b"", "");
    let lines: Vec<(&str, &str)> = signed.lines().filter_map(|line| line.split_once(": ")).collect();
    let mut frames = Frames::connect(callers.address());
    let fields = [
        &[(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), (":path", "/petstore/pets")][..],
        &lines,
    ]
    .concat();
    frames.request(1, &fields, None);
    assert_eq!(frames.ended(1), Ended::Status(200));
}

#[test]
fn over_http_2_a_cookie_in_pieces_is_signed_as_a_whole() {
    let callers = Callers::start("");
    let headers = [("cookie", "a=1; b=2")];
    let input = SigningRequest {
        method: "GET",
        path: "/petstore/pets",
        query: "",
        authority: "localhost",
        headers: &headers,
        body: b"",
    };
    let (scheme, path_form) = (&SCHEMES[0], PathForm::Sent);
    let signer = Signer { scheme, key_id: callers.id.as_str(), secret: SECRET, region: "r", service: "s", path_form };
    let signed = signer.sign(&input, now(), "pieces");
    let signed: Vec<(&str, &str)> = signed.iter().map(|(name, value)| (&**name, value.as_str())).collect();
    assert!(signed.iter().any(|(_, value)| value.contains("cookie")), "it is signed: {signed:?}");
    let mut frames = Frames::connect(callers.address());
    let more = [&[("cookie", "a=1"), ("x-between", "1"), ("cookie", "b=2")][..], &signed].concat();
    frames.request(1, &super::frames::fields("GET", "/petstore/pets", &more), None);
    assert_eq!(frames.ended(1), Ended::Status(200));
    let received = callers.backend.received();
    assert!(received[0].head.contains("\r\ncookie: a=1; b=2\r\n"), "{}", received[0].head);
}

#[test]
fn a_mock_asks_nobody() {
    let gateway = start(config(), &pets(apigw::model::Backend::Mock, "auth: signature\n"));
    assert_eq!(get(gateway.addresses()[0], "/petstore/pets", "").status, 200);
}

#[test]
fn kinds_that_a_group_does_not_take_let_nobody_in() {
    let backend = Backend::saying("ok");
    let gateway = start(config(), &pets(http(backend.address), "auth: signature\n"));
    let random = ring::rand::SystemRandom::new();
    let shown: SecretId = "ci123456".parse().expect("an id");
    let text = NewSecret::for_subscription(&shown, &random).expect("random bytes");
    gateway.replace_access(directory(&"shop1234".parse().expect("an id"), (&shown, &text), &[]));
    let line = format!("x-api-key: {}\r\n", text.reveal());
    assert_eq!(get(gateway.addresses()[0], "/petstore/pets", &line).status, 401);
    assert_eq!(KeyKind::Signature.as_str(), "signature");
}
