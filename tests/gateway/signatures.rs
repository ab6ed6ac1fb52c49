//! Signed requests in each scheme: let in once, and refused where one byte of them differs.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use apigw::access::message_signature::{MessageSigner, MessageSigningKey};
use apigw::access::sigv4::{SCHEMES, SignatureScheme, Signer};
use apigw::access::{HmacSecret, KeyDirectory, PathForm, PrivateKey, SecretId, SecretProof, SigningRequest};
use apigw::gateway::{Config, Gateway};
use apigw::model::Digest;

use super::access::{key, now};
use super::backend::Backend;
use super::client::{Answer, Client, PATIENCE, request};
use super::snapshot::{config, http, pets, start};

const SECRET: &[u8] = b"a secret of nobody else, for signing";

/// The schemes in which a request is signed.
#[derive(Clone, Copy)]
pub(super) enum SigningScheme {
    Sigv4(&'static SignatureScheme),
    MessageHmac,
    MessageEd25519,
}

pub(super) fn schemes() -> impl Iterator<Item = SigningScheme> {
    let messages = [SigningScheme::MessageHmac, SigningScheme::MessageEd25519];
    SCHEMES.iter().map(SigningScheme::Sigv4).chain(messages)
}

/// A gateway with a key that signs with a shared secret, and one that signs with a pair.
pub(super) struct SigningCallers {
    pub(super) gateway: Gateway,
    pub(super) backend: Backend,
    pair: PrivateKey,
}

/// A request as it is written: its parts, in the order in which they are.
#[derive(Clone)]
pub(super) struct WrittenRequest {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl WrittenRequest {
    pub(super) fn send(&self, to: SocketAddr) -> Answer {
        let Self { method, target, headers, body } = self;
        let lines: String = headers.iter().flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
        let length = body.len();
        request(
            to,
            &format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{lines}\r\n{body}"),
        )
    }
}

/// The usual settings, and a listener for proxies.
fn listening() -> Config {
    Config { authorize: Some(([127, 0, 0, 1], 0).into()), ..config() }
}

impl SigningCallers {
    pub(super) fn start(more: &str) -> Self {
        Self::start_with(listening(), more)
    }

    fn start_with(config: Config, more: &str) -> Self {
        let backend = Backend::saying("ok");
        let gateway = start(config, &pets(http(backend.address), &format!("auth: signature\n{more}")));
        let (shared, own): (SecretId, SecretId) =
            ("shop1234".parse().expect("an id"), "pair1234".parse().expect("an id"));
        let pair = PrivateKey::generate(&ring::rand::SystemRandom::new()).expect("random bytes");
        let keys = [
            key("shop", &shared, SecretProof::Fingerprint(Digest::of(SECRET)), &[]).into(),
            key("pair", &own, SecretProof::PublicKey(pair.public()), &[]).into(),
        ];
        let secrets = HashMap::from([(shared, HmacSecret::new(SECRET))]);
        gateway.replace_access(Arc::new(KeyDirectory::new(keys, [], ([], &[]), &secrets)));
        Self { gateway, backend, pair }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.gateway.addresses()[0]
    }

    /// Signs a request with a body and a header of its own.
    pub(super) fn sign(&self, scheme: SigningScheme, target: &str, body: &str, nonce: &str) -> WrittenRequest {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = [("x-trace", "abc")];
        let input = SigningRequest {
            method: "POST",
            path,
            query,
            authority: "localhost",
            headers: &headers,
            body: body.as_bytes(),
        };
        let message = |key_id, key| MessageSigner { key_id, key }.sign(&input, now(), nonce).expect("signed");
        let signed = match scheme {
            SigningScheme::Sigv4(scheme) => {
                let (region, service, path_form) = ("r", "s", PathForm::Sent);
                Signer { scheme, key_id: "shop1234", secret: SECRET, region, service, path_form }.sign(
                    &input,
                    now(),
                    nonce,
                )
            }
            SigningScheme::MessageHmac => message("shop1234", MessageSigningKey::Hmac(SECRET)),
            SigningScheme::MessageEd25519 => message("pair1234", MessageSigningKey::Ed25519(&self.pair)),
        };
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).chain(signed);
        WrittenRequest {
            method: "POST".to_owned(),
            target: target.to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value)).collect(),
            body: body.to_owned(),
        }
    }
}

/// Lists the texts that differ in one byte each.
fn changed_bytes(text: &str) -> impl Iterator<Item = String> {
    (0..text.len()).map(|index| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[index] = if bytes[index] == b'x' { b'y' } else { b'x' };
        String::from_utf8(bytes).expect("ASCII")
    })
}

#[test]
fn each_byte_of_a_signed_request_counts_in_each_scheme() {
    let callers = SigningCallers::start("");
    for (number, scheme) in schemes().enumerate() {
        let sign = || callers.sign(scheme, "/petstore/files?a=1&b=%20z", "{\"a\":1}", &format!("n{number}"));
        let whole = sign();
        let mut changed = vec![WrittenRequest { method: "PUT".to_owned(), ..whole.clone() }];
        let (path, query) = whole.target.split_once('?').expect("a query");
        changed
            .extend(changed_bytes(query).map(|query| WrittenRequest { target: format!("{path}?{query}"), ..sign() }));
        changed.push(WrittenRequest { target: "/petstore/pets?a=1&b=%20z".to_owned(), ..whole.clone() });
        changed.push(WrittenRequest { target: path.to_owned(), ..whole.clone() });
        changed.extend(changed_bytes(&whole.body).map(|body| WrittenRequest { body, ..sign() }));
        changed.push(WrittenRequest { body: String::new(), ..whole.clone() });
        for (place, (_, value)) in whole.headers.iter().enumerate() {
            changed.extend(changed_bytes(value).map(|value| {
                let mut other = whole.clone();
                value.clone_into(&mut other.headers[place].1);
                other
            }));
            let mut without = whole.clone();
            without.headers.remove(place);
            changed.push(without);
        }
        for other in changed {
            let answer = other.send(callers.address());
            // A path or a method that nobody serves is refused before anybody asks who calls.
            assert!([400, 401, 405].contains(&answer.status), "{} {number} {:?}", answer.status, other.headers);
        }
        assert!(callers.backend.received().len() == number, "a backend saw a changed request");
        assert_eq!(whole.send(callers.address()).status, 200, "{number}");
        assert_eq!(whole.send(callers.address()).status, 401, "{number} was let in twice");
    }
}

#[test]
fn a_signed_header_that_connection_names_lets_nobody_in() {
    let callers = SigningCallers::start("");
    for (number, scheme) in schemes().enumerate() {
        let signed = callers.sign(scheme, "/petstore/files", "{}", &format!("n{number}"));
        for (connection, status) in [("close, X-Trace", 401), ("keep-alive, upgrade, x-other", 200)] {
            let mut sent = signed.clone();
            sent.headers.push(("connection".to_owned(), connection.to_owned()));
            assert_eq!(sent.send(callers.address()).status, status, "{number} {connection}");
        }
    }
    assert!(callers.backend.received().iter().all(|received| received.head.to_lowercase().contains("x-trace: abc")));
}

#[test]
fn of_eight_connections_one_is_let_in_in_each_scheme() {
    let callers = SigningCallers::start("");
    for (number, scheme) in schemes().enumerate() {
        let signed = callers.sign(scheme, "/petstore/files", "x", &format!("r{number}"));
        let let_in = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let status = signed.send(callers.address()).status;
                    assert!([200, 401].contains(&status), "{status}");
                    let_in.fetch_add(usize::from(status == 200), Ordering::SeqCst);
                });
            }
        });
        assert_eq!(let_in.into_inner(), 1, "{number}");
    }
}

#[test]
fn a_backend_gets_a_message_signature_only_where_it_is_to_have_it() {
    for (more, passes) in [("", false), ("forwarding: {pass_credentials: true}\n", true)] {
        let callers = SigningCallers::start(more);
        let signed = callers.sign(SigningScheme::MessageEd25519, "/petstore/files", "x", "n");
        assert_eq!(signed.send(callers.address()).status, 200);
        let received = &callers.backend.received()[0];
        assert_eq!(received.header("x-apigw-key"), ["pair"]);
        assert_eq!(received.header("signature").is_empty(), !passes);
        assert_eq!(received.header("signature-input").is_empty(), !passes);
    }
}

#[test]
fn a_pair_signs_in_its_own_scheme_alone() {
    let callers = SigningCallers::start("");
    let mut crossed = callers.sign(SigningScheme::MessageHmac, "/petstore/files", "x", "n");
    for (_, value) in &mut crossed.headers {
        *value = value.replace("shop1234", "pair1234");
    }
    assert_eq!(crossed.send(callers.address()).status, 401);
    let public = callers.pair.public().to_string();
    let key = MessageSigningKey::Hmac(public.as_bytes());
    let input = SigningRequest {
        method: "POST",
        path: "/petstore/files",
        query: "",
        authority: "localhost",
        headers: &[],
        body: b"x",
    };
    let signed = MessageSigner { key_id: "pair1234", key }.sign(&input, now(), "m").expect("signed");
    let headers = signed.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let forged = WrittenRequest { method: "POST".into(), target: "/petstore/files".into(), headers, body: "x".into() };
    assert_eq!(forged.send(callers.address()).status, 401);
    assert!(callers.backend.received().is_empty());
}

#[test]
fn the_signed_bodies_of_an_address_leave_room_for_those_of_others() {
    const MIB: usize = 1 << 20;
    let trusted_proxies = vec!["127.0.0.0/8".parse().expect("a range")];
    let callers = SigningCallers::start_with(Config { trusted_proxies, ..config() }, "max_body_kib: 65536\n");
    let large = callers.sign(SigningScheme::MessageHmac, "/petstore/files", &"x".repeat(2 * MIB), "large");
    let begun_by = |address: &str| {
        let mut client = Client::connect(callers.address());
        let lines: String = large.headers.iter().flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
        let (length, path) = (large.body.len(), &large.target);
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n");
        client.send(format!("{head}X-Forwarded-For: {address}\r\n{lines}\r\n{}", "x".repeat(MIB)));
        client
    };
    // The bodies of one address have an eighth of 64 MiB, with one beside them, and none of these comes to its end.
    let (answered, answers) = mpsc::channel();
    for number in 0..12 {
        let mut client = begun_by(if number % 2 == 0 { "2001:db8::1" } else { "2001:db8::2:1" });
        let answered = answered.clone();
        std::thread::spawn(move || client.answer().map(|answer| answered.send(answer)));
    }
    for _ in 0..3 {
        let answer = answers.recv_timeout(PATIENCE).expect("an answer");
        assert_eq!((answer.status, answer.code().as_str()), (503, "ACCESS_UNAVAILABLE"));
    }
    let mut others: Vec<Client> = (0..8).map(|number| begun_by(&format!("2001:db8:0:{}::1", number + 1))).collect();
    for other in &mut others {
        other.send("x".repeat(MIB));
    }
    // One of the bodies is let in, and the others are the same once more.
    let mut statuses: Vec<u16> = others.iter_mut().filter_map(Client::answer).map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401, 401, 401, 401, 401, 401, 401]);
}
