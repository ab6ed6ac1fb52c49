//! Calls that go on after their request was let in, on HTTP/1.1 and on HTTP/2: websockets and streams of events end
//! once the request would be refused, long downloads once their caller's right to call is withdrawn, short responses by
//! themselves.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use apigw::access::{Key, KeyDirectory, NewSecret, SecretId, SecretProof};
use apigw::gateway::{Config, Gateway};
use apigw::model::Backend::Mock;
use apigw::snapshot::Snapshot;

use super::access::key;
use super::access_logs::Records;
use super::backend::{Backend, Received};
use super::client::Client;
use super::frames::{DATA, END_HEADERS, END_STREAM, Ended, Frames, HEADERS, block, fields};
use super::snapshot::{PETS, config, group, http, offline, settings, snapshot, start};
use super::tokens::{TokenIssuer, directory as token_directory};

/// Far above the tenth of a second that it takes, and below the second after which the clock is looked at anyway.
const SOON: Duration = Duration::from_millis(700);

/// The age from which a response lasts, and a little more.
const LASTING: Duration = Duration::from_millis(1400);

/// Agrees to websockets and echoes; begins streams and downloads, and goes on as long as anybody takes them.
fn endless(received: &Received, stream: &mut TcpStream) -> bool {
    let path = received.line().split(' ').nth(1).unwrap_or_default();
    if path.ends_with("/live") {
        let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        stream.write_all(head.as_bytes()).ok();
        let mut space = [0; 64];
        while let Ok(count @ 1..) = stream.read(&mut space) {
            stream.write_all(&space[..count]).ok();
        }
        return false;
    }
    if path.ends_with("/short") {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab").ok();
        std::thread::sleep(Duration::from_millis(500));
        return stream.write_all(b"cd").is_ok();
    }
    let head = if path.ends_with("/events") { "Content-Type: text/event-stream" } else { "Content-Length: 1000000000" };
    let pause = if path.ends_with("/full") { 0 } else { 20 };
    let piece = if path.ends_with("/full") { vec![b'x'; 1 << 20] } else { b"data: 1\n\n".to_vec() };
    stream.write_all(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n").as_bytes()).ok();
    while stream.write_all(&piece).is_ok() {
        std::thread::sleep(Duration::from_millis(pause));
    }
    false
}

/// A call under way.
enum Call {
    Websocket(Client),
    Http1(Client),
    Http2(Frames),
}

impl Call {
    /// Begins one of each kind.
    fn all(gateway: &Gateway, header: &(String, String)) -> Vec<(&'static str, Self)> {
        let to = gateway.addresses()[0];
        let (name, value) = header;
        let line = format!("{name}: {value}\r\n");
        let http1 = |path: &str, more: &str, status: u16| {
            let mut client = Client::connect(to);
            client.send(format!("GET /petstore{path} HTTP/1.1\r\nHost: localhost\r\n{more}{line}\r\n"));
            let head = client.read_until("\r\n\r\n");
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {head}");
            client
        };
        let http2 = |path: &str| {
            let mut frames = Frames::connect(to);
            frames.request(1, &fields("GET", path, &[(&name.to_ascii_lowercase(), value)]), None);
            assert_eq!(frames.ended(1), Ended::Status(200), "{path}");
            frames
        };
        let mut websocket = http1("/live", "Connection: Upgrade\r\nUpgrade: websocket\r\n", 101);
        assert!(passes(&mut websocket), "a websocket that was agreed to carries nothing");
        vec![
            ("a websocket", Self::Websocket(websocket)),
            ("events", Self::Http1(http1("/files/events", "", 200))),
            ("a download", Self::Http1(http1("/files/large", "", 200))),
            ("events over HTTP/2", Self::Http2(http2("/petstore/files/events"))),
            ("a download over HTTP/2", Self::Http2(http2("/petstore/files/large"))),
        ]
    }

    /// Fails where the call has ended.
    fn assert_goes_on(&mut self, of: &str) {
        match self {
            Self::Websocket(client) => assert!(passes(client), "{of}: ended while its caller may call"),
            Self::Http1(client) => assert!(client.take(200).is_some(), "{of}: ended while its caller may call"),
            Self::Http2(frames) => assert!(frames.has_data(1), "{of}: ended while its caller may call"),
        }
    }

    /// Waits for the end, which has to look like none of a whole response.
    fn assert_ends(&mut self, of: &str) {
        match self {
            Self::Websocket(client) => assert!(client.is_closed(), "{of}: stayed open"),
            Self::Http1(client) => {
                let rest = client.rest_until_closed();
                assert!(!rest.ends_with("0\r\n\r\n"), "{of}: ended as if it were whole");
            }
            Self::Http2(frames) => {
                assert_eq!(frames.bodies(&[1]), None, "{of}: ended as if it were whole");
                frames.request(3, &fields("GET", "/petstore/pets", &[]), None);
                let next = frames.ended(3);
                assert!(matches!(next, Ended::Status(_)), "{of}: {next:?} on its connection");
            }
        }
    }
}

fn passes(client: &mut Client) -> bool {
    client.send("ping");
    client.take(4).as_deref() == Some(&b"ping"[..])
}

/// A key `ci` that is shown, with grants for some APIs.
struct ShownKey {
    id: SecretId,
    key: Key,
    header: (String, String),
}

impl ShownKey {
    fn new() -> Self {
        let id: SecretId = "ci123456".parse().expect("an id");
        let text = NewSecret::for_subscription(&id, &ring::rand::SystemRandom::new()).expect("random bytes");
        let key = key("ci", &id, SecretProof::Sha256(text.digest()), &["live", "files", "upload", "addPet"]);
        let header = ("X-Api-Key".to_owned(), text.reveal().to_owned());
        Self { id, key, header }
    }

    fn directory(&self) -> Arc<KeyDirectory> {
        Arc::new(KeyDirectory::new([self.key.clone().into()], [], ([], &[]), &HashMap::new()))
    }

    fn revoked(&self) -> Arc<KeyDirectory> {
        Arc::new(KeyDirectory::new([self.key.clone().into()], [], ([self.id.clone()], &[]), &HashMap::new()))
    }
}

/// The pets in a version, with a definition and settings.
fn pets(backend: &Backend, version: &str, definition: &str, more: &str) -> Snapshot {
    snapshot(vec![group("pets", version, definition, &settings(more), http(backend.address))])
}

/// A change of the keys or of the live state.
type Change = fn(&Gateway, &Backend, &ShownKey);

/// Which calls a change ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    All,
    AllButDownloads,
}

/// Asserts that a change ends these calls, and returns those that it leaves alone.
fn assert_end(calls: Vec<(&'static str, Call)>, ends: Ends, change: &str) -> Vec<(&'static str, Call)> {
    let begun = Instant::now();
    let is_left = |kind: &str| ends == Ends::AllButDownloads && kind.contains("download");
    let (mut left, ended): (Vec<_>, Vec<_>) = calls.into_iter().partition(|(kind, _)| is_left(kind));
    for (kind, mut call) in ended {
        call.assert_ends(&format!("{change}: {kind}"));
    }
    assert!(begun.elapsed() < SOON, "{change}: {:?}", begun.elapsed());
    for (kind, call) in &mut left {
        call.assert_goes_on(&format!("{change}: {kind}"));
    }
    left
}

#[test]
fn a_call_under_way_ends_once_its_request_would_be_refused() {
    const KEY: &str = "auth: subscription\n";
    let changes: [(&str, Ends, Change); 9] = [
        ("revoked", Ends::All, |gateway, _, shown| gateway.replace_access(shown.revoked())),
        ("no keys", Ends::All, |gateway, _, _| gateway.replace_access(Arc::default())),
        ("offline", Ends::AllButDownloads, |gateway, backend, _| {
            let group = group("pets", "0.0.1", PETS, &settings(KEY), http(backend.address));
            gateway.replace(&snapshot(vec![offline(group)]));
        }),
        ("a mock by now", Ends::AllButDownloads, |gateway, _, _| {
            gateway.replace(&snapshot(vec![group("pets", "0.0.2", PETS, &settings(KEY), Mock)]));
        }),
        ("the API is gone", Ends::AllButDownloads, |gateway, backend, _| {
            let definition = PETS.replace("  /files:", "  /others:").replace("  /live:", "  /dead:");
            gateway.replace(&pets(backend, "0.0.2", &definition, KEY));
        }),
        ("the method is gone", Ends::AllButDownloads, |gateway, backend, _| {
            let definition = PETS.replace("get:\n      operationId: files", "delete:\n      operationId: files");
            let definition = definition.replace("get:\n      operationId: live", "put:\n      operationId: live");
            gateway.replace(&pets(backend, "0.0.2", &definition, KEY));
        }),
        ("the address is refused", Ends::AllButDownloads, |gateway, backend, _| {
            let settings = format!("{KEY}ip_rules: {{deny: [127.0.0.0/8]}}\n");
            gateway.replace(&pets(backend, "0.0.2", PETS, &settings));
        }),
        ("another kind of credential", Ends::AllButDownloads, |gateway, backend, _| {
            gateway.replace(&pets(backend, "0.0.2", PETS, "auth: signature\n"));
        }),
        ("another header", Ends::AllButDownloads, |gateway, backend, _| {
            gateway.replace(&pets(backend, "0.0.2", PETS, "auth: {subscription: {headers: [x-shop-key]}}\n"));
        }),
    ];
    std::thread::scope(|scope| {
        for (name, ends, change) in changes {
            scope.spawn(move || {
                let backend = Backend::start(endless);
                let shown = ShownKey::new();
                let gateway = start(config(), &pets(&backend, "0.0.1", PETS, KEY));
                gateway.replace_access(shown.directory());
                let mut calls = Call::all(&gateway, &shown.header);
                std::thread::sleep(LASTING);
                // Neither other keys nor another version end what they would let in.
                gateway.replace_access(shown.directory());
                gateway.replace(&pets(&backend, "0.0.3", PETS, KEY));
                std::thread::sleep(Duration::from_millis(100));
                for (kind, call) in &mut calls {
                    call.assert_goes_on(&format!("{name}: {kind}"));
                }
                change(&gateway, &backend, &shown);
                let left = assert_end(calls, ends, name);
                gateway.replace_access(shown.revoked());
                assert_end(left, Ends::All, &format!("{name}, then revoked"));
            });
        }
    });
}

#[test]
fn a_call_of_a_group_that_asks_nobody_ends_with_the_group_or_once_it_asks() {
    for (name, more) in [("offline", None), ("a key is asked for", Some("auth: subscription\n"))] {
        let backend = Backend::start(endless);
        let gateway = start(config(), &pets(&backend, "0.0.1", PETS, ""));
        let calls = Call::all(&gateway, &("X-Nothing".to_owned(), "1".to_owned()));
        std::thread::sleep(LASTING);
        let changed = more.map_or_else(
            || snapshot(vec![offline(group("pets", "0.0.1", PETS, &settings(""), http(backend.address)))]),
            |more| pets(&backend, "0.0.2", PETS, more),
        );
        gateway.replace(&changed);
        assert_end(calls, Ends::AllButDownloads, name);
    }
}

#[test]
fn a_call_with_a_token_ends_with_the_token_and_with_the_keys_of_its_issuer() {
    let issuer = TokenIssuer::named("k");
    let settings = |audience: &str| {
        format!("auth:\n  token: {{issuer: 'https://id.example', audience: {audience}, jwks: id.json}}\n")
    };
    let header = |seconds| {
        let line = issuer.token("robot", seconds);
        let (name, value) = line.trim_end().split_once(": ").expect("a header");
        (name.to_owned(), value.to_owned())
    };
    let apis = &["live", "files"][..];
    for change in ["expired", "other keys", "another audience"] {
        let backend = Backend::start(endless);
        let gateway = start(config(), &pets(&backend, "0.0.1", PETS, &settings("pets")));
        gateway.replace_access(token_directory(&issuer, apis, &[]));
        // The claim is in whole seconds.
        let calls = Call::all(&gateway, &header(if change == "expired" { 2 } else { 600 }));
        std::thread::sleep(if change == "expired" { Duration::from_secs(2) } else { LASTING });
        match change {
            "other keys" => gateway.replace_access(token_directory(&TokenIssuer::named("k"), apis, &[])),
            "another audience" => drop(gateway.replace(&pets(&backend, "0.0.2", PETS, &settings("others")))),
            _ => {}
        }
        assert_end(calls, Ends::AllButDownloads, change);
    }
}

#[test]
fn a_stream_of_events_ends_however_young_and_a_short_response_comes_to_its_end() {
    let backend = Backend::start(endless);
    let shown = ShownKey::new();
    let records = Arc::new(Records::default());
    let config = Config { access_log: Some(Arc::<Records>::clone(&records)), ..config() };
    let gateway = start(config, &pets(&backend, "0.0.1", PETS, "auth: subscription\n"));
    gateway.replace_access(shown.directory());
    let begin = |path: &str| {
        let mut client = Client::connect(gateway.addresses()[0]);
        let (name, value) = &shown.header;
        client.send(format!("GET /petstore/files{path} HTTP/1.1\r\nHost: localhost\r\n{name}: {value}\r\n\r\n"));
        client.read_until("\r\n\r\n");
        client
    };
    let (mut events, mut short) = (begin("/events"), begin("/short"));
    gateway.replace_access(shown.revoked());
    let begun = Instant::now();
    events.rest_until_closed();
    assert!(begun.elapsed() < Duration::from_millis(300), "{:?}", begun.elapsed());
    let record = records.wait_for(1);
    let error = "the response was ended, since its request would be refused now: key ci: the secret was revoked";
    assert_eq!((&record["error"], &record["status"]), (&error.into(), &200.into()));
    assert_eq!(short.take(4).as_deref(), Some(&b"abcd"[..]));
}

#[test]
fn a_download_that_nobody_takes_ends_too() {
    let (ended, has_ended) = std::sync::mpsc::channel();
    let backend = Backend::start(move |received, stream| {
        endless(received, stream);
        ended.send(()).is_ok()
    });
    let shown = ShownKey::new();
    let gateway = start(config(), &pets(&backend, "0.0.1", PETS, "auth: subscription\n"));
    gateway.replace_access(shown.directory());
    let mut client = Client::connect(gateway.addresses()[0]);
    let (name, value) = &shown.header;
    client.send(format!("GET /petstore/files/full HTTP/1.1\r\nHost: localhost\r\n{name}: {value}\r\n\r\n"));
    std::thread::sleep(LASTING);
    gateway.replace_access(shown.revoked());
    has_ended.recv_timeout(SOON).expect("the backend's connection is still open");
    // Long before a client that takes nothing is given up.
    std::thread::sleep(Duration::from_secs(1));
    client.rest_until_closed();
}

#[test]
fn an_upload_under_way_is_refused_once_its_key_is_revoked() {
    for more in ["", "validate_requests: true\n"] {
        let backend = Backend::saying("ok");
        let shown = ShownKey::new();
        let records = Arc::new(Records::default());
        let config = Config { access_log: Some(Arc::<Records>::clone(&records)), ..config() };
        let gateway = start(config, &pets(&backend, "0.0.1", PETS, &format!("auth: subscription\n{more}")));
        gateway.replace_access(shown.directory());
        let (name, value) = &shown.header;
        let (path, part) = ("/petstore/pets", "{\"name\":");
        let mut http1 = Client::connect(gateway.addresses()[0]);
        http1.send(format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\n{name}: {value}\r\nContent-Type: application/json\r\n\
             Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{part}\r\n",
            part.len()
        ));
        let mut http2 = Frames::connect(gateway.addresses()[0]);
        let more_fields = [(&*name.to_ascii_lowercase(), &**value), ("content-type", "application/json")];
        http2.send(HEADERS, END_HEADERS, 1, &block(&fields("POST", path, &more_fields)));
        http2.send(DATA, 0, 1, part.as_bytes());
        std::thread::sleep(LASTING);
        // Another state of the keys ends nothing.
        gateway.replace_access(shown.directory());
        std::thread::sleep(Duration::from_millis(100));
        gateway.replace_access(shown.revoked());
        let begun = Instant::now();
        let answer = http1.answer().expect("a response");
        assert_eq!((answer.status, answer.code().as_str()), (401, "UNAUTHENTICATED"), "{more}: {answer:?}");
        assert!(answer.header("www-authenticate").is_some() && http1.is_closed(), "{more}: {answer:?}");
        assert_eq!(http2.ended(1), Ended::Status(401), "{more}");
        assert!(begun.elapsed() < SOON, "{more}: {:?}", begun.elapsed());
        let record = records.wait_for(2);
        let error = "key ci: the secret was revoked";
        assert_eq!((&record["status"], &record["key"], &record["error"]), (&401.into(), &"ci".into(), &error.into()));
        let received = backend.received();
        assert!(received.iter().all(|received| received.head.starts_with("UNFINISHED")), "{more}: {received:?}");
    }
}

#[test]
fn an_upload_that_has_come_is_left_to_its_backend() {
    let backend = Backend::start(|_, stream| {
        std::thread::sleep(Duration::from_secs(2));
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_ok()
    });
    let shown = ShownKey::new();
    let gateway = start(config(), &pets(&backend, "0.0.1", PETS, "auth: subscription\n"));
    gateway.replace_access(shown.directory());
    let (name, value) = &shown.header;
    // The last chunk has trailers, after which nobody asks for more of the body.
    for end in ["Content-Length: 4\r\n\r\nbody", "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nX-Sum: 1\r\n\r\n"]
    {
        gateway.replace_access(shown.directory());
        let mut client = Client::connect(gateway.addresses()[0]);
        client.send(format!("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\n{name}: {value}\r\n{end}"));
        std::thread::sleep(LASTING);
        gateway.replace_access(shown.revoked());
        assert_eq!(client.answer().expect("a response").status, 200, "{end}");
    }
    // Over HTTP/2, with the flag on the last of its frames.
    gateway.replace_access(shown.directory());
    let mut http2 = Frames::connect(gateway.addresses()[0]);
    http2.send(HEADERS, END_HEADERS, 1, &block(&fields("POST", "/petstore/files", &[("x-api-key", value)])));
    http2.send(DATA, 0, 1, b"bo");
    http2.send(DATA, END_STREAM, 1, b"dy");
    std::thread::sleep(LASTING);
    gateway.replace_access(shown.revoked());
    assert_eq!(http2.ended(1), Ended::Status(200), "over HTTP/2");
}
