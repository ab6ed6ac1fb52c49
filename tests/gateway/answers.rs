//! What backends answer: framed in every way that HTTP/1.1 knows, and in ways that no gateway may pass on.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use super::backend::{Backend, reply};
use super::client::{Client, get, request};
use super::snapshot::{config, group, http, pets, settings, snapshot, start};

/// An answer as a backend writes it, what becomes of it (status and body), and whether the connection is used again.
const ANSWERS: &[(&str, &str, u16, &str, bool)] = &[
    ("by its length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true),
    ("with no body", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", true),
    ("an empty one", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, "", true),
    ("in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200, "hello", true),
    ("until the end", "HTTP/1.1 200 OK\r\n\r\nhello", 200, "hello", false),
    ("of HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", false),
    ("the last one", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", false),
    (
        "after interim ones",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        200,
        "hello",
        true,
    ),
    (
        "with more behind it",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        200,
        "hello",
        false,
    ),
    (
        "in chunks with more behind them",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nevil",
        200,
        "hello",
        false,
    ),
    ("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 502, "", false),
    (
        "a length and chunks",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        502,
        "",
        false,
    ),
    ("another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 502, "", false),
    ("no length", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nhello", 502, "", false),
    ("a folded header", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 5\r\n\r\nhello", 502, "", false),
    ("a head without an end", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", 502, "", false),
];

#[test]
fn answers_are_read_to_their_end_and_no_further() {
    for &(name, answer, status, body, is_kept) in ANSWERS {
        for pieces in [answer.len(), 1] {
            let closes = !answer.contains("Content-Length: 5\r\n\r\n") && !is_kept || status == 502;
            let (written, is_written) = std::sync::mpsc::channel();
            let backend = Backend::start(move |_, stream| {
                for piece in answer.as_bytes().chunks(pieces) {
                    stream.write_all(piece).ok();
                }
                written.send(()).ok();
                !closes
            });
            let mut one_worker = config();
            one_worker.workers = 1;
            let gateway = start(one_worker, &pets(http(backend.address), ""));
            let mut client = Client::connect(gateway.addresses()[0]);
            for _ in 0..2 {
                // A request that is not repeated, so that each is on the connection that it was given.
                client.send("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\n\r\n");
                let found = client.answer().unwrap_or_else(|| panic!("{name}: no answer"));
                let shown = if status == 502 { "" } else { found.body.as_str() };
                assert_eq!((found.status, shown), (status, body), "{name} by {pieces}");
                // What is written behind an answer can be told from the next one only while nothing more is asked.
                is_written.recv_timeout(super::client::PATIENCE).expect("a backend that has written everything");
            }
            let connections: Vec<usize> = backend.received().iter().map(|request| request.connection).collect();
            let expected = if is_kept { [0, 0] } else { [0, 1] };
            assert_eq!(connections, expected, "{name} by {pieces}");
        }
    }
}

#[test]
fn a_connection_on_which_something_comes_unasked_is_not_used_again() {
    let (sent, has_sent) = std::sync::mpsc::channel();
    let sent = std::sync::Mutex::new(sent);
    let backend = Backend::start(move |request, stream| {
        let kept = reply(stream, "ok");
        if request.connection == 0 {
            let mut late = stream.try_clone().expect("the same connection");
            let sent = sent.lock().expect("a channel").clone();
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(50));
                reply(&mut late, "evil");
                sent.send(()).ok();
            });
        }
        kept
    });
    let mut one_worker = config();
    one_worker.workers = 1;
    let gateway = start(one_worker, &pets(http(backend.address), ""));
    let mut client = Client::connect(gateway.addresses()[0]);
    let mut ask = || {
        client.send("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n");
        client.answer().map(|answer| answer.body)
    };
    assert_eq!(ask().as_deref(), Some("ok"));
    has_sent.recv_timeout(super::client::PATIENCE).expect("a backend that says more");
    assert_eq!(ask().as_deref(), Some("ok"));
    assert_eq!(backend.received().iter().map(|request| request.connection).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn head_and_the_length_of_what_it_does_not_have() {
    let backend = Backend::start(|_, stream| stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").is_ok());
    let mut one_worker = config();
    one_worker.workers = 1;
    let gateway = start(one_worker, &pets(http(backend.address), ""));
    for _ in 0..2 {
        let answer = request(gateway.addresses()[0], "HEAD /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!((answer.status, answer.header("content-length")), (200, Some("5")));
    }
    assert!(backend.received().iter().all(|request| request.connection == 0), "the connection is kept");
}

#[test]
fn a_status_without_a_body_has_no_length() {
    const DEFINITION: &str = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/a: {get: &get {responses: {'204': {description: d}}}, head: *get}}\n";
    let backend =
        Backend::start(|_, stream| stream.write_all(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n").is_ok());
    for answering in [apigw::model::Backend::Mock, http(backend.address)] {
        let gateway = start(config(), &snapshot(vec![group("g", "0.0.1", DEFINITION, &settings(""), answering)]));
        for method in ["GET", "HEAD"] {
            let text = format!("{method} /petstore/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
            let answer = request(gateway.addresses()[0], &text);
            assert_eq!((answer.status, answer.header("content-length")), (204, None), "{method}");
        }
    }
}

#[test]
fn trailers_are_announced_where_they_are_passed_on() {
    let backend = Backend::start(|_, stream| {
        let chunked = b"HTTP/1.1 200 OK\r\nTrailer: X-Sum, Content-Length\r\nTransfer-Encoding: chunked\r\n\r\n\
                        2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n";
        stream.write_all(chunked).is_ok()
    });
    let address = backend.address;
    let [plain, checked] = ["", "validate_requests: true\n"].map(|more| start(config(), &pets(http(address), more)));
    let chunked = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Host\r\n";
    let sent = "e\r\n{\"name\":\"Rex\"}\r\n0\r\nX-Sum: 1\r\n\r\n";
    for (gateway, headers, body, to_backend, to_client) in [
        (&plain, "", "", "", ""),
        (&plain, "TE: trailers\r\n", "", "", "X-Sum"),
        (&plain, chunked, sent, "X-Sum", ""),
        (&plain, "Content-Length: 2\r\nTrailer: X-Sum\r\n", "ab", "", ""),
        (&checked, chunked, sent, "", ""),
    ] {
        let mut client = Client::connect(gateway.addresses()[0]);
        client.send(format!("POST /petstore/pets HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n{body}"));
        let head = client.read_until("\r\n\r\n");
        let said = client.read_until("0\r\n");
        let rest = client.read_until("\r\n");
        let answer = super::client::Answer { status: 200, head, body: String::new() };
        assert_eq!(answer.header("trailer").unwrap_or_default(), to_client, "{headers}");
        assert_eq!(rest.to_ascii_lowercase().starts_with("x-sum"), !to_client.is_empty(), "{headers} {said} {rest}");
        let received = backend.received().pop().expect("a request");
        assert_eq!(received.header("trailer").join(""), to_backend, "{headers}");
        let body = String::from_utf8_lossy(&received.body).to_lowercase();
        assert_eq!(body.contains("x-sum"), !to_backend.is_empty(), "{headers}");
    }
}

#[test]
fn large_bodies_arrive_whole_in_both_directions() {
    let text: String =
        (0..400_000).map(|number| char::from(b'a' + u8::try_from(number % 26).expect("a letter"))).collect();
    let sent = text.clone();
    let backend = Backend::start(move |request, stream| {
        assert_eq!(request.body.len(), sent.len());
        assert!(request.body == sent.as_bytes(), "what came is what was sent");
        if request.before % 2 == 0 {
            reply(stream, &sent)
        } else {
            let mut chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
            for part in sent.as_bytes().chunks(7_001) {
                chunked.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
                chunked.extend_from_slice(part);
                chunked.extend_from_slice(b"\r\n");
            }
            chunked.extend_from_slice(b"0\r\n\r\n");
            stream.write_all(&chunked).is_ok()
        }
    });
    let mut one_worker = config();
    one_worker.workers = 1;
    let gateway = start(one_worker, &pets(http(backend.address), "max_body_kib: 1000\n"));
    let mut client = Client::connect(gateway.addresses()[0]);
    let head = "POST /petstore/files HTTP/1.1\r\nHost: localhost\r\n";
    for chunked in [false, true, false, true] {
        if chunked {
            client.send(format!("{head}Transfer-Encoding: chunked\r\n\r\n"));
            for part in text.as_bytes().chunks(9_973) {
                client.send(format!("{:x}\r\n", part.len()));
                client.send(part);
                client.send("\r\n");
            }
            client.send("0\r\n\r\n");
        } else {
            client.send(format!("{head}Content-Length: {}\r\n\r\n{text}", text.len()));
        }
        let answer = client.answer().expect("an answer");
        assert_eq!((answer.status, answer.body.len()), (200, text.len()));
        assert!(answer.body == text, "what comes back is what was sent");
    }
    assert_eq!(backend.received().iter().map(|request| request.before).collect::<Vec<_>>(), [0, 1, 2, 3]);
}

#[test]
fn a_backend_may_answer_before_it_has_read_the_request() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let gateway = start(config(), &pets(http(listener.local_addr().expect("an address")), ""));
    let mut client = Client::connect(gateway.addresses()[0]);
    client.send("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nabc");
    let (mut backend, _) = listener.accept().expect("a connection");
    let mut seen = Vec::new();
    while !seen.ends_with(b"abc") {
        let mut space = [0; 1024];
        let count = backend.read(&mut space).expect("the start of a request");
        seen.extend_from_slice(&space[..count]);
    }
    backend.write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nlong").expect("an answer");
    let answer = client.answer().expect("an answer");
    assert_eq!((answer.status, answer.body.as_str()), (413, "long"));
    // The request was not sent to its end, so that no other may follow it: the connection is closed long before one
    // that nobody uses would be.
    backend.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
    let ended = backend.read(&mut [0; 1]).map_err(|error| error.kind());
    assert!(matches!(ended, Ok(0) | Err(ErrorKind::ConnectionReset)), "{ended:?}");
}

#[test]
fn a_backend_that_answers_and_hangs_up_on_an_upload_is_heard() {
    let backend = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let more = "max_body_kib: 20000\n";
    let gateway = start(config(), &pets(http(backend.local_addr().expect("an address")), more));
    for _ in 0..10 {
        let mut client = Client::connect(gateway.addresses()[0]);
        client.send("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n");
        let (mut stream, _) = backend.accept().expect("a connection");
        let answering = std::thread::spawn(move || {
            stream.read_exact(&mut [0; 1]).expect("the start of a request");
            stream.write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nlong").expect("an answer");
            // What is left unread resets the connection, while the gateway is writing to it.
        });
        client.send("x".repeat(1_000_000));
        answering.join().expect("a backend that has answered");
        let answer = client.answer().expect("an answer");
        assert_eq!((answer.status, answer.body.as_str()), (413, "long"));
    }
}

#[test]
fn trailers_of_a_request_reach_the_backend() {
    let backend = Backend::saying("ok");
    let gateway = start(config(), &pets(http(backend.address), ""));
    let mut client = Client::connect(gateway.addresses()[0]);
    client.send(
        "POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n\
         3\r\nabc\r\n0\r\nX-Sum: 7\r\nContent-Length: 9\r\nX-Forwarded-For: 198.51.100.1\r\nX-Request-Id: 7\r\n\
         Authorization: Bearer x\r\n\r\n",
    );
    assert_eq!(client.answer().map(|answer| answer.status), Some(200));
    let received = &backend.received()[0];
    assert_eq!(String::from_utf8_lossy(&received.body).to_lowercase(), "abcx-sum: 7");
    assert_eq!(received.header("trailer"), ["X-Sum"]);
    assert_eq!(get(gateway.addresses()[0], "/petstore/pets", "").status, 200);
}
