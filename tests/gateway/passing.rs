//! Settings of a group that decide how its requests reach a backend, and for how long.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use apigw::model;

use super::backend::{Backend, reply};
use super::client::{Client, get, request};
use super::frames::{Ended, Frames, fields};
use super::snapshot::{config, group, http, pets, settings, snapshot, start};

#[test]
fn an_encoded_slash_passes_only_where_the_group_lets_it() {
    let backend = Backend::saying("ok");
    let lets = "forwarding: {encoded_slashes: true}\n";
    let moved = "forwarding: {encoded_slashes: true, apis: {getPet: {path: \"/animals/{id}\", \
                 parameters: [{from: query.v, to: path.id}]}}}\n";
    let closed =
        "forwarding: {apis: {getPet: {path: \"/animals/{id}\", parameters: [{from: query.v, to: path.id}]}}}\n";
    for (more, path, expected) in [
        ("", "/pets/a%2Fb", None),
        (lets, "/pets/a%2fb", Some("/pets/a%2Fb")),
        (lets, "/pets/https:%2F%2Fa.example", Some("/pets/https:%2F%2Fa.example")),
        (lets, "/files/a%2Fb/c", Some("/files/a%2Fb/c")),
        (lets, "/pets/a%2F..%2Fb", None),
        (lets, "/pets/..%2Fb", None),
        (lets, "/pets/a%5Cb", None),
        (lets, "/pets%2Fa", None),
        (lets, "/nothing/a%2Fb", None),
        (moved, "/pets/a%2Fb", Some("/animals/a%2Fb")),
        (moved, "/pets/a?v=b/c", Some("/animals/b%2Fc")),
        (moved, "/pets/a?v=b/../c", None),
        (closed, "/pets/a?v=b/c", None),
    ] {
        let gateway = start(config(), &pets(http(backend.address), more));
        backend.forget();
        let answer = get(gateway.addresses()[0], &format!("/petstore{path}"), "");
        let received = backend.received();
        let seen = received.first().and_then(|request| request.line().split(' ').nth(1));
        assert_eq!((answer.status, seen), (if expected.is_some() { 200 } else { 400 }, expected), "{more}{path}");
    }
    for (more, status) in [("", 400), (lets, 200)] {
        let gateway = start(config(), &pets(model::Backend::Mock, more));
        assert_eq!(get(gateway.addresses()[0], "/petstore/pets/a%2Fb", "").status, status, "a mock, {more:?}");
    }
}

#[test]
fn a_backend_gets_the_host_that_the_settings_say() {
    let backend = Backend::saying("ok");
    let own = backend.address.to_string();
    for (more, host) in [("", own.as_str()), ("forwarding: {keep_host: true}\n", "LocalHost:8080")] {
        let gateway = start(config(), &pets(http(backend.address), more));
        backend.forget();
        let text = "GET /petstore/pets HTTP/1.1\r\nHost: LocalHost:8080\r\n\r\n";
        assert_eq!(request(gateway.addresses()[0], text).status, 200);
        assert_eq!(backend.received()[0].header("host"), [host]);
    }
}

#[test]
fn the_pieces_of_a_cookie_are_one_header_on_both_protocols() {
    let backend = Backend::saying("ok");
    let more = "forwarding: {parameters: [{from: header.Cookie, to: header.X-Cookie}]}\n";
    let gateway = start(config(), &pets(http(backend.address), more));
    assert_eq!(get(gateway.addresses()[0], "/petstore/pets", "Cookie: a=1 \r\nCookie:b=2\r\n").status, 200);
    let mut client = Frames::connect(gateway.addresses()[0]);
    client.request(1, &fields("GET", "/petstore/pets", &[("cookie", "a=1"), ("cookie", "b=2")]), None);
    assert_eq!(client.ended(1), Ended::Status(200));
    for received in backend.received() {
        assert_eq!(received.header("x-cookie"), ["a=1; b=2"], "{}", received.head);
    }
}

#[test]
fn a_request_is_not_repeated_where_the_settings_forbid_it() {
    for (more, seen) in [("forwarding: {retry: false}\n", 1), ("forwarding: {retry: true}\n", 2), ("", 2)] {
        let backend = Backend::start(|_, _| false);
        let gateway = start(config(), &pets(http(backend.address), more));
        assert_eq!(get(gateway.addresses()[0], "/petstore/pets", "").status, 502);
        assert_eq!(backend.received().len(), seen, "{more:?}");
    }
    // Of a request to an address that takes no connection nothing was sent.
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let up = Backend::saying("up");
    let more = format!("forwarding: {{retry: false, more_addresses: [\"http://{}\"]}}\n", up.address);
    let gateway = start(config(), &pets(http(closed), &more));
    for _ in 0..4 {
        assert_eq!(get(gateway.addresses()[0], "/petstore/pets", "").body, "up");
    }
}

#[test]
fn a_websocket_that_carries_nothing_is_closed() {
    let backend = Backend::start(|_, stream| {
        let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        stream.write_all(head.as_bytes()).ok();
        let mut space = [0; 64];
        while let Ok(count @ 1..) = stream.read(&mut space) {
            stream.write_all(&space[..count]).ok();
        }
        false
    });
    let gateway = start(config(), &pets(http(backend.address), "forwarding: {websocket_idle_timeout_ms: 1500}\n"));
    let mut client = Client::connect(gateway.addresses()[0]);
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    client.send(format!("GET /petstore/live HTTP/1.1\r\nHost: localhost\r\n{upgrade}\r\n"));
    assert_eq!(client.answer().map(|answer| answer.status), Some(101));
    for _ in 0..5 {
        std::thread::sleep(Duration::from_millis(400));
        client.send("ping");
        assert_eq!(client.take(4).as_deref(), Some(&b"ping"[..]), "one that carries something stays");
    }
    assert!(client.is_closed());
}

#[test]
fn an_upload_that_progresses_is_not_cut_though_its_response_has_begun() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let more = "forwarding: {idle_timeout_ms: 1500}\n";
    let gateway = start(config(), &pets(http(listener.local_addr().expect("an address")), more));
    let mut client = Client::connect(gateway.addresses()[0]);
    client.send("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n");
    let (mut backend, _) = listener.accept().expect("a connection");
    let mut seen = String::new();
    let mut read_until = |backend: &mut std::net::TcpStream, end: &str| {
        while !seen.ends_with(end) {
            let mut space = [0; 1024];
            let count = backend.read(&mut space).expect("a part of the request");
            assert!(count > 0, "the request is cut: {seen:?}");
            seen.push_str(std::str::from_utf8(&space[..count]).expect("text"));
        }
    };
    read_until(&mut backend, "\r\n\r\n");
    backend.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n").expect("a head");
    client.read_until("\r\n\r\n");
    for part in ["abc1", "abc2", "abc3", "abc4", "abc5"] {
        std::thread::sleep(Duration::from_millis(500));
        client.send(part);
        read_until(&mut backend, part);
    }
    backend.write_all(b"done").expect("a body");
    assert_eq!(client.take(4).as_deref(), Some(&b"done"[..]));
}

#[test]
fn a_client_that_does_not_send_its_body_is_told_so_and_not_the_backend_blamed() {
    let backend = Backend::start(|_, stream| reply(stream, "ok"));
    let gateway = start(config(), &pets(http(backend.address), "forwarding: {response_timeout_ms: 200}\n"));
    for more in ["", "Expect: 100-continue\r\n"] {
        let mut client = Client::connect(gateway.addresses()[0]);
        client.send(format!("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n{more}\r\n"));
        let mut answer = client.answer().expect("an answer");
        if answer.status == 100 {
            answer = client.answer().expect("an answer behind the first");
        }
        assert_eq!((answer.status, answer.code().as_str()), (408, "BODY_TOO_SLOW"), "{more:?}");
    }
}

/// A definition whose operations differ in what they say of websockets.
const WEBSOCKETS: &str = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  \
    /said: {get: {x-apigw-websocket: true, responses: {}}}\n  \
    /declared: {get: {responses: {'101': {description: d}}}}\n  \
    /denied: {get: {x-apigw-websocket: false, responses: {'101': {description: d}}}}\n  \
    /plain: {get: {responses: {}}, x-apigw-websocket: false}\n  \
    /other: {get: {responses: {}}}\n";

#[test]
fn a_websocket_is_opened_where_the_definition_or_the_group_says_so() {
    let backend = Backend::start(|request, stream| {
        let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        if request.header("upgrade") == ["websocket"] {
            stream.write_all(head.as_bytes()).ok();
            return false;
        }
        super::backend::reply(stream, "no upgrade")
    });
    let started = |more: &str| {
        let pets = group("g", "0.0.1", WEBSOCKETS, &settings(more), http(backend.address));
        start(config(), &snapshot(vec![pets]))
    };
    let (by_definition, by_group) = (started(""), started("forwarding: {websockets: true}\n"));
    for (path, expected) in [
        ("/said", (101, 101)),
        ("/declared", (101, 101)),
        ("/denied", (200, 200)),
        ("/plain", (200, 200)),
        ("/other", (200, 101)),
    ] {
        let ask = |gateway: &apigw::gateway::Gateway| {
            let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
            get(gateway.addresses()[0], &format!("/petstore{path}"), upgrade).status
        };
        assert_eq!((ask(&by_definition), ask(&by_group)), expected, "{path}");
    }
}
