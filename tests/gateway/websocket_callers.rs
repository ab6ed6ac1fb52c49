//! Websockets of callers with keys: open as long as their caller may call.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use apigw::access::{Key, KeyDirectory, NewSecret, SecretId, SecretProof};
use apigw::gateway::Gateway;
use apigw::model::Timestamp;

use super::access::{key, now};
use super::backend::Backend;
use super::client::Client;
use super::snapshot::{config, http, pets, start};
use super::tokens::{TokenIssuer, directory as token_directory};

/// A backend that agrees to each websocket, and sends back what comes.
fn echo() -> Backend {
    Backend::start(|_, stream| {
        let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        stream.write_all(head.as_bytes()).ok();
        let mut space = [0; 64];
        while let Ok(count @ 1..) = stream.read(&mut space) {
            stream.write_all(&space[..count]).ok();
        }
        false
    })
}

fn open(gateway: &Gateway, lines: &str) -> Client {
    let mut client = Client::connect(gateway.addresses()[0]);
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    client.send(format!("GET /petstore/live HTTP/1.1\r\nHost: localhost\r\n{upgrade}{lines}\r\n"));
    assert_eq!(client.answer().map(|answer| answer.status), Some(101));
    assert!(passes(&mut client), "a websocket that was agreed to carries nothing");
    client
}

fn passes(client: &mut Client) -> bool {
    client.send("ping");
    client.take(4).as_deref() == Some(&b"ping"[..])
}

/// Waits until a connection is closed, and returns how long that took.
fn time_to_close(client: &mut Client) -> Duration {
    let begun = Instant::now();
    assert!(client.is_closed(), "the websocket stayed open");
    begun.elapsed()
}

/// Far above the tenth of a second that it takes, and below the second after which the clock is looked at anyway.
const SOON: Duration = Duration::from_millis(700);

#[test]
fn a_websocket_is_closed_once_its_key_or_its_grant_ends() {
    let backend = echo();
    let gateway = start(config(), &pets(http(backend.address), "auth: subscription\n"));
    let random = ring::rand::SystemRandom::new();
    let id: SecretId = "ci123456".parse().expect("an id");
    let text = NewSecret::for_subscription(&id, &random).expect("random bytes");
    let line = format!("x-api-key: {}\r\n", text.reveal());
    let granted = key("ci", &id, SecretProof::Sha256(text.digest()), &["live"]);
    let directory = |key: &Key, revoked: &[SecretId]| {
        Arc::new(KeyDirectory::new([key.clone().into()], [], (revoked.iter().cloned(), &[]), &HashMap::new()))
    };
    let after = |milliseconds: i64| Some(Timestamp::from_milliseconds(now().milliseconds() + milliseconds));
    let elsewhere = key("ci", &id, SecretProof::Sha256(text.digest()), &["listPets"]);
    let no_longer = Key { expires: after(-1), ..granted.clone() };
    let changes = [
        ("revoked", directory(&granted, std::slice::from_ref(&id))),
        ("no grant", directory(&elsewhere, &[])),
        ("expired", directory(&no_longer, &[])),
        ("no key", Arc::default()),
    ];
    for (what, changed) in changes {
        gateway.replace_access(directory(&granted, &[]));
        let mut client = open(&gateway, &line);
        // Another directory that lets it in as before closes nothing.
        gateway.replace_access(directory(&granted, &[]));
        std::thread::sleep(Duration::from_millis(100));
        assert!(passes(&mut client), "{what}: closed while its caller may call");
        gateway.replace_access(changed);
        let took = time_to_close(&mut client);
        assert!(took < SOON, "{what}: {took:?}");
    }
    // An end that comes by itself.
    for is_retired in [false, true] {
        let mut ending = granted.clone();
        if is_retired {
            ending.secrets[0].retires = after(1500);
        } else {
            ending.expires = after(1500);
        }
        gateway.replace_access(directory(&ending, &[]));
        let mut client = open(&gateway, &line);
        let took = time_to_close(&mut client);
        assert!(took < Duration::from_millis(1500) + SOON, "{took:?}");
    }
}

#[test]
fn a_websocket_of_a_token_is_closed_once_the_token_or_its_key_ends() {
    let issuer = TokenIssuer::named("k");
    let backend = echo();
    for grant in ["key", "any"] {
        let token = format!("{{issuer: 'https://id.example', audience: pets, jwks: id.json, grant: {grant}}}");
        let gateway = start(config(), &pets(http(backend.address), &format!("auth:\n  token: {token}\n")));
        gateway.replace_access(token_directory(&issuer, &["live"], &[]));
        let mut client = open(&gateway, &issuer.token("robot", 600));
        gateway.replace_access(token_directory(&issuer, &["live"], &["robot123".parse().expect("an id")]));
        let took = time_to_close(&mut client);
        assert!(took < SOON, "{grant}: revoked: {took:?}");
        gateway.replace_access(token_directory(&issuer, &["live"], &[]));
        let mut client = open(&gateway, &issuer.token("robot", 2));
        let took = time_to_close(&mut client);
        assert!(took < Duration::from_secs(2) + SOON, "{grant}: expired: {took:?}");
    }
}
