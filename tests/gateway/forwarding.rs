//! Requests that go to real backends.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};

use apigw::model;

use super::backend::{Backend, reply};
use super::client::{Client, get, request};
use super::snapshot::{config, http, pets, start};

#[test]
fn a_header_that_connection_names_counts_for_nothing_where_requests_are_validated() {
    let backend = Backend::saying("ok");
    let gateway = start(config(), &pets(http(backend.address), "validate_requests: true\n"));
    let status = |more: &str| {
        let head = "POST /petstore/pets HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                    Content-Length: 14\r\n";
        request(gateway.addresses()[0], &format!("{head}{more}\r\n{{\"name\":\"Rex\"}}")).status
    };
    assert_eq!(status("Connection: x-other\r\n"), 200);
    // The backend would not get it.
    assert_eq!(status("Connection: keep-alive, Content-Type\r\n"), 415);
    assert_eq!(backend.received().len(), 1);
}

#[test]
fn connections_to_a_backend_are_kept_and_the_request_arrives_as_it_came() {
    let backend = Backend::saying("ok");
    let mut one_worker = config();
    one_worker.workers = 1;
    let gateway = start(one_worker, &pets(http(backend.address), ""));
    let mut client = Client::connect(gateway.addresses()[0]);
    for _ in 0..3 {
        client.send(
            "GET /petstore/pets/a%20b?x=%2F&y&limit=no HTTP/1.1\r\nHost: localhost\r\nAccept: x\r\nCookie: a=b\r\n\r\n",
        );
        let answer = client.answer().expect("an answer");
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
        assert!(answer.header("via").is_some_and(|via| via.starts_with("1.1 apigw-")));
    }
    let received = backend.received();
    assert_eq!(received.len(), 3);
    for (number, request) in received.iter().enumerate() {
        assert_eq!((request.connection, request.before), (0, number));
        assert_eq!(request.line(), "GET /pets/a%20b?x=%2F&y&limit=no HTTP/1.1");
        assert_eq!((request.header("accept"), request.header("cookie")), (vec!["x"], vec!["a=b"]));
    }
}

#[test]
fn a_safe_request_is_repeated_once_where_nothing_came_back() {
    let files =
        |method: &str| format!("{method} /petstore/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab");
    let bare = |method: &str, path: &str| format!("{method} /petstore{path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for (name, said, text, status, seen) in [
        ("a kept connection that the backend closes", "", bare("GET", "/pets"), 200, 2),
        ("the same with HEAD", "", bare("HEAD", "/pets"), 200, 2),
        ("the same with PUT", "", bare("PUT", "/pets/1"), 200, 2),
        ("a request that is not safe to repeat", "", files("POST"), 502, 1),
        ("the same without a body", "", bare("POST", "/files"), 502, 1),
        ("a backend that has begun to answer", "HTTP/1.1 2", bare("GET", "/pets"), 502, 1),
    ] {
        let failures = AtomicUsize::new(0);
        let backend = Backend::start(move |_, stream| {
            if failures.fetch_add(1, Ordering::SeqCst) == 0 {
                stream.write_all(said.as_bytes()).ok();
                return false;
            }
            reply(stream, "ok")
        });
        let gateway = start(config(), &pets(http(backend.address), ""));
        let answer = request(gateway.addresses()[0], &text);
        assert_eq!(answer.status, status, "{name}: {answer:?}");
        assert_eq!(backend.received().len(), seen, "{name}");
    }
    let backend = Backend::start(|_, _| false);
    let gateway = start(config(), &pets(http(backend.address), ""));
    let answer = get(gateway.addresses()[0], "/petstore/pets", "");
    assert_eq!((answer.status, answer.code().as_str()), (502, "BAD_GATEWAY"));
    assert_eq!(backend.received().len(), 2, "it is repeated once, not for ever");
}

#[test]
fn backends_that_fail_are_told_apart() {
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let silent = Backend::start(|_, stream| stream.read(&mut [0]).is_ok_and(|count| count > 0));
    let garbage = Backend::start(|_, stream| stream.write_all(b"SSH-2.0-OpenSSH\r\n\r\n").is_ok());
    let switching = Backend::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n").is_ok()
    });
    let timeout = "forwarding: {response_timeout_ms: 100}\n";
    let metadata =
        |url: &str| model::Backend::Http { url: url.parse().expect("an address"), variables: BTreeMap::new() };
    for (name, backend, more, status, code) in [
        ("nobody listens", http(closed), "", 503, "SOURCE_UNAVAILABLE"),
        ("no such name", metadata("http://nothing.invalid"), "", 503, "SOURCE_UNAVAILABLE"),
        ("it does not answer", http(silent.address), timeout, 504, "DEADLINE_EXCEEDED"),
        ("it does not speak HTTP", http(garbage.address), "", 502, "BAD_GATEWAY"),
        ("it switches unasked", http(switching.address), "", 502, "BAD_GATEWAY"),
        ("metadata", metadata("http://169.254.169.254"), "", 502, "BAD_GATEWAY"),
        ("metadata in IPv6 clothes", metadata("http://[::ffff:169.254.169.254]"), "", 502, "BAD_GATEWAY"),
        ("a name that leads to metadata", metadata("http://2852039166"), "", 502, "BAD_GATEWAY"),
        ("another such name", metadata("http://0xa9.254.43518"), "", 502, "BAD_GATEWAY"),
        ("callers cannot show who they are", http(silent.address), "auth: signature\n", 401, "UNAUTHENTICATED"),
    ] {
        let gateway = start(config(), &pets(backend, more));
        let answer = get(gateway.addresses()[0], "/petstore/pets", "");
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{name}: {answer:?}");
        assert!(!answer.body.contains("169.254") && !answer.body.contains("127.0.0.1"), "{name} tells an address");
    }
    let mock = start(config(), &pets(model::Backend::Mock, "auth: signature\n"));
    assert_eq!(get(mock.addresses()[0], "/petstore/pets", "").status, 200, "a mock asks nobody who they are");
}

#[test]
fn an_address_that_is_down_is_passed_over() {
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let up = Backend::saying("up");
    let more = format!("forwarding: {{more_addresses: [\"http://{}\"]}}\n", up.address);
    let gateway = start(config(), &pets(http(closed), &more));
    for _ in 0..10 {
        assert_eq!(get(gateway.addresses()[0], "/petstore/pets", "").body, "up");
    }
}

#[test]
fn a_request_that_cannot_be_repeated_has_a_connection_that_the_backend_keeps() {
    let backend = Backend::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=3\r\n\r\nok").is_ok()
    });
    let mut one_worker = config();
    one_worker.workers = 1;
    let gateway = start(one_worker, &pets(http(backend.address), ""));
    let mut client = Client::connect(gateway.addresses()[0]);
    let mut ask = |method: &str| {
        client.send(format!("{method} /petstore/files HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        assert_eq!(client.answer().map(|answer| answer.status), Some(200), "{method}");
    };
    ask("GET");
    std::thread::sleep(std::time::Duration::from_millis(1500));
    ask("POST");
    // The backend said that it keeps connections for three seconds: the gateway leaves them before.
    let deadline = std::time::Instant::now() + super::client::PATIENCE;
    while gateway.backend_connections() > 0 {
        assert!(std::time::Instant::now() < deadline, "a connection is kept for longer than the backend says");
        std::thread::yield_now();
    }
    let connections: Vec<usize> = backend.received().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 1], "the one that nobody had used for a while was left alone");
}

#[test]
fn a_backend_that_breaks_new_connections_is_passed_over() {
    let broken = Backend::start(|_, _| false);
    let up = Backend::saying("up");
    let more = format!("forwarding: {{more_addresses: [\"http://{}\"]}}\n", up.address);
    let mut one_worker = config();
    one_worker.workers = 1;
    let gateway = start(one_worker, &pets(http(broken.address), &more));
    for _ in 0..10 {
        assert_eq!(get(gateway.addresses()[0], "/petstore/pets", "").body, "up");
    }
    assert_eq!(broken.forget(), 1, "it is asked once in five seconds");
}

#[test]
fn a_gateway_does_not_call_itself() {
    let gateway = start(config(), &pets(model::Backend::Mock, ""));
    let address = gateway.addresses()[0];
    gateway.replace(&pets(http(address), "forwarding: {keep_prefix: true}\n"));
    let answer = get(address, "/petstore/pets", "");
    assert_eq!((answer.status, answer.code().as_str()), (508, "LOOP_DETECTED"));
}

#[test]
fn redirects_are_passed_on() {
    let backend = Backend::start(|_, stream| {
        stream
            .write_all(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n")
            .is_ok()
    });
    let gateway = start(config(), &pets(http(backend.address), ""));
    let answer = get(gateway.addresses()[0], "/petstore/pets", "");
    assert_eq!((answer.status, answer.header("location")), (302, Some("http://169.254.169.254/")));
    assert_eq!(backend.received().len(), 1);
}

#[test]
fn settings_decide_where_requests_go_and_what_they_carry() {
    let usual = Backend::saying("usual");
    let canary = Backend::saying("canary");
    let own = Backend::saying("own");
    let more = format!(
        "forwarding:\n  keep_prefix: true\n  constants: [{{to: header.X-Source, value: gateway}}]\n  \
         routes: [{{when: header.X-Canary, equals: [\"1\"], backend: \"http://${{CANARY}}\"}}]\n  \
         apis:\n    getPet:\n      backend: http://{}/base\n      path: /animals/{{id}}\n      \
         parameters: [{{from: query.v, to: header.X-V}}]\n",
        own.address
    );
    let url = format!("http://{}", usual.address).parse().expect("an address");
    let variables = BTreeMap::from([("CANARY".to_owned(), canary.address.to_string())]);
    let backend = model::Backend::Http { url, variables };
    let gateway = start(config(), &pets(backend, &more));
    let address = gateway.addresses()[0];
    assert_eq!(get(address, "/petstore/pets", "X-Source: evil\r\n").body, "usual");
    assert_eq!(get(address, "/petstore/pets", "X-Canary: 1\r\n").body, "canary");
    assert_eq!(get(address, "/petstore/pets/7?v=2&w=3", "").body, "own");
    assert_eq!(usual.received()[0].line(), "GET /petstore/pets HTTP/1.1");
    assert_eq!(usual.received()[0].header("x-source"), ["gateway"]);
    assert_eq!(canary.received()[0].line(), "GET /petstore/pets HTTP/1.1");
    assert_eq!(own.received()[0].line(), "GET /base/animals/7?w=3 HTTP/1.1");
    assert_eq!(own.received()[0].header("x-v"), ["2"]);
}

#[test]
fn what_moves_arrives_whole() {
    let backend = Backend::saying("ok");
    let more = "forwarding: {parameters: [{from: query.tag, to: header.X-Tag}, {from: query.a, to: query.b}, \
                {from: header.X-Name, to: query.name}]}\n";
    let gateway = start(config(), &pets(http(backend.address), more));
    let address = gateway.addresses()[0];
    let ask = |query: &str, headers: &str| get(address, &format!("/petstore/pets?{query}"), headers).status;
    assert_eq!(ask("tag=x&tag=y&a=1&a=2", "X-Name: J\u{f6}rg\r\n"), 200);
    assert_eq!(ask("tag=J%C3%B6rg", "X-Name: a\r\nX-Name: b\r\n"), 200);
    assert_eq!(ask("tag=a%0d%0ab", ""), 400);
    let received = backend.received();
    assert_eq!(received[0].line(), "GET /pets?b=1&b=2&name=J%C3%B6rg HTTP/1.1");
    assert_eq!(received[0].header("x-tag"), ["x", "y"]);
    assert_eq!(received[1].line(), "GET /pets?name=a&name=b HTTP/1.1");
    assert_eq!(received[1].header("x-tag"), ["J\u{f6}rg"]);
    assert_eq!(received.len(), 2, "nothing is left out without a word");
}

#[test]
fn what_moves_into_a_path_cannot_leave_it() {
    let backend = Backend::saying("ok");
    let more = "forwarding: {apis: {getPet: {path: \"/a/{id}/b\", parameters: [{from: query.v, to: path.id}]}}}\n";
    let gateway = start(config(), &pets(http(backend.address), more));
    for (value, status) in
        [("7", 200), ("a%20b", 200), ("..", 400), ("%2e%2e", 400), ("a%2Fb", 400), ("", 400), ("%0d%0aX:y", 400)]
    {
        assert_eq!(get(gateway.addresses()[0], &format!("/petstore/pets/1?v={value}"), "").status, status, "{value}");
    }
    let lines: Vec<String> = backend.received().iter().map(|request| request.line().to_owned()).collect();
    assert_eq!(lines, ["GET /a/7/b HTTP/1.1", "GET /a/a%20b/b HTTP/1.1"]);
}

#[test]
fn bodies_stream_both_ways_with_their_trailers() {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let backend = Backend::start(move |_, stream| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n";
        stream.write_all(format!("{head}7\r\ndata: 1\r\n").as_bytes()).ok();
        may_go_on.lock().expect("a channel").recv().expect("a test that goes on");
        stream.write_all(b"7\r\ndata: 2\r\n0\r\nX-Sum: 2\r\n\r\n").is_ok()
    });
    let gateway = start(config(), &pets(http(backend.address), ""));
    let mut client = Client::connect(gateway.addresses()[0]);
    client.send("GET /petstore/files HTTP/1.1\r\nHost: localhost\r\nTE: trailers\r\n\r\n");
    assert!(
        client.read_until("data: 1").contains("text/event-stream"),
        "the first event comes before the second is sent"
    );
    go_on.send(()).expect("a backend that waits");
    let rest = client.read_until("\r\n\r\n").to_lowercase();
    assert!(rest.contains("data: 2") && rest.contains("x-sum: 2"), "{rest:?}");
    assert_eq!(backend.received()[0].header("te"), ["trailers"]);
}

#[test]
fn a_request_streams_and_is_continued_when_the_backend_is_there() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let gateway = start(config(), &pets(http(listener.local_addr().expect("an address")), ""));
    let mut client = Client::connect(gateway.addresses()[0]);
    client
        .send("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n");
    let (mut backend, _) = listener.accept().expect("a connection");
    assert_eq!(client.answer().map(|answer| answer.status), Some(100));
    client.send("abc");
    let mut seen = String::new();
    while !seen.ends_with("abc") {
        let mut space = [0; 1024];
        let count = backend.read(&mut space).expect("a part of the request");
        seen.push_str(std::str::from_utf8(&space[..count]).expect("text"));
    }
    assert!(!seen.to_lowercase().contains("expect"), "{seen}");
    client.send("def");
    backend.read_exact(&mut [0; 3]).expect("the rest of the request");
    reply(&mut backend, "ok");
    assert_eq!(client.answer().map(|answer| answer.body), Some("ok".to_owned()));
}

#[test]
fn a_client_that_leaves_takes_its_request_along() {
    // It leaves before the answer begins, and in the middle of it.
    for begun in ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"] {
        let (gone, is_gone) = mpsc::channel();
        let gone = Mutex::new(gone);
        let backend = Backend::start(move |_, stream| {
            stream.write_all(begun.as_bytes()).ok();
            let left = matches!(stream.read(&mut [0]), Ok(0) | Err(_));
            gone.lock().expect("a channel").send(left).ok();
            false
        });
        let gateway = start(config(), &pets(http(backend.address), ""));
        let mut client = Client::connect(gateway.addresses()[0]);
        client.send("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n");
        while backend.received().is_empty() {
            std::thread::yield_now();
        }
        if !begun.is_empty() {
            client.read_until("\r\n\r\nabc");
        }
        client.reset();
        assert!(is_gone.recv_timeout(super::client::PATIENCE).expect("a backend that notices"), "{begun:?}");
    }
}
