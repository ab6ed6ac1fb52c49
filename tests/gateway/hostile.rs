//! Raw requests that somebody sends to have two readers disagree: what each answers, and what the backend saw.

use super::backend::Backend;
use super::client::Client;
use super::snapshot::{config, http, pets, start};

/// A request, the status of its answer, and the code of the problem that it is answered with; nothing where hyper
/// answers, with a status alone. `200` means that it was passed on, with this body.
struct Case(&'static str, u16, &'static str);

const CASES: &[Case] = &[
    // Framing.
    Case("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, ""),
    Case("\r\nGET /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, ""),
    Case("GET /petstore/pets HTTP/1.0\r\nHost: localhost\r\n\r\n", 200, ""),
    Case("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", 200, "abc"),
    Case(
        "POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        200,
        "abc",
    ),
    Case(
        "GET /petstore/files HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n",
        200,
        "abc",
    ),
    Case(
        "POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        200,
        "abc",
    ),
    Case(
        "POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        200,
        "abc",
    ),
    Case(
        "POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        200,
        "abc",
    ),
    Case(
        "POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        400,
        "",
    ),
    Case("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3, 3\r\n\r\nabc", 400, ""),
    Case("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: +3\r\n\r\nabc", 400, ""),
    Case("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0x3\r\n\r\nabc", 400, ""),
    Case("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400, ""),
    Case("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: identity\r\n\r\n", 400, ""),
    Case(
        "POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        400,
        "",
    ),
    Case(
        "POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        400,
        "BAD_REQUEST",
    ),
    Case(
        "POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: \u{b}chunked\r\n\r\n0\r\n\r\n",
        400,
        "",
    ),
    Case("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400, ""),
    Case("POST /petstore/files HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, ""),
    Case(
        "POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        400,
        "BAD_REQUEST",
    ),
    Case(
        "POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        400,
        "BAD_REQUEST",
    ),
    Case(
        "POST /petstore/files HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n",
        400,
        "BAD_REQUEST",
    ),
    Case("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n", 400, ""),
    Case("GET /petstore/pets HTTP/1.1\nHost: localhost\n\n", 200, ""),
    Case("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n", 400, ""),
    Case("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\nX: a\rContent-Length: 9\r\n\r\n", 400, ""),
    Case("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\nX y: a\r\n\r\n", 400, ""),
    Case("GET  /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, ""),
    Case("GET /petstore/pets\r\nHost: localhost\r\n\r\n", 400, ""),
    Case("GET /petstore/pets HTTP/1.2\r\nHost: localhost\r\n\r\n", 400, ""),
    Case("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\nExpect: 200-ok\r\n\r\n", 417, "EXPECTATION_FAILED"),
    // Host.
    Case("GET /petstore/pets HTTP/1.1\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/pets HTTP/1.0\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/pets HTTP/1.1\r\nHost: localhost, evil\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/pets HTTP/1.1\r\nHost: u@localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/pets HTTP/1.1\r\nHost: localhost:80:80\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/pets HTTP/1.1\r\nHost:\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET http://localhost/petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, ""),
    Case("GET http://localhost/petstore/pets HTTP/1.1\r\nHost: evil.example\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET http://evil.example/petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/pets HTTP/1.1\r\nHost: evil.example\r\n\r\n", 404, "NOT_FOUND"),
    Case("CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    // Paths.
    Case("GET /petstore/files/a/../../b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/files/./a HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/files/%2e%2e/a HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/files/.%2E/a HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/files/..;/a HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/files/..%3b/a HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore//files HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/files/a%2fb HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/files/a%5Cb HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/files/a\\b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/files/a%00b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/files/a%0d%0ab HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/files/a%c0%afb HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/files/%c0%ae%c0%ae/a HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/files/%e0%80%af HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/files/%c3%a4 HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, ""),
    Case("GET /petstore/files/a%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/files/a#b HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, ""),
    Case("GET /petstore/pets/a%20b;c=d HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, ""),
    Case("GET /petstore/pets/mine;c=d HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/files/a%20b;c=d HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/files;c=d/a HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore;c=d/pets HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    Case("GET /petstore/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, "NOT_FOUND"),
    Case("DELETE /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "METHOD_NOT_ALLOWED"),
    Case("TRACE /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "METHOD_NOT_ALLOWED"),
];

#[test]
fn hostile_requests_are_refused_and_the_backend_sees_one_well_framed_request_or_none() {
    for Case(text, status, expected) in CASES {
        let backend = Backend::saying("backend");
        let gateway = start(config(), &pets(http(backend.address), ""));
        let mut client = Client::connect(gateway.addresses()[0]);
        // What follows a hostile request must never be taken for a part of it, nor the other way round.
        client.send(text);
        let answer = client.answer().unwrap_or_else(|| panic!("no answer to {text:?}"));
        assert_eq!(answer.status, *status, "{text:?} answers {answer:?}");
        let is_bare = *status != 200 && expected.is_empty();
        assert_eq!(answer.header("x-request-id").is_some(), !is_bare, "{text:?}");
        let received = backend.received();
        let finished: Vec<_> = received.iter().filter(|request| !request.head.starts_with("UNFINISHED")).collect();
        if *status == 200 {
            let [request] = &finished[..] else { panic!("{text:?} reached the backend as {received:?}") };
            assert_eq!(String::from_utf8_lossy(&request.body), *expected, "{text:?}");
            assert_eq!(request.header("host"), [backend.address.to_string()], "{text:?}");
            assert_eq!(answer.body, "backend", "{text:?}");
        } else {
            assert_eq!(answer.code(), *expected, "{text:?} answers {answer:?}");
            let media_type = (!is_bare).then_some("application/problem+json");
            assert_eq!((answer.header("content-type"), answer.body.is_empty()), (media_type, is_bare), "{text:?}");
            assert!(finished.is_empty(), "{text:?} reached the backend as {received:?}");
        }
        if *status == 400 || *status == 417 {
            assert!(client.is_closed(), "{text:?} leaves its connection open");
        }
    }
}

#[test]
fn a_hostile_request_in_pieces_and_behind_others_is_refused_too() {
    let backend = Backend::saying("backend");
    let gateway = start(config(), &pets(http(backend.address), ""));
    let good = "GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for Case(text, status, _) in CASES.iter().filter(|case| case.1 == 400) {
        let mut client = Client::connect(gateway.addresses()[0]);
        client.send(format!("{good}{good}{text}"));
        let statuses: Vec<u16> = std::iter::from_fn(|| client.answer()).map(|answer| answer.status).collect();
        assert_eq!(statuses, [200, 200, *status], "{text:?} behind two others");

        let mut client = Client::connect(gateway.addresses()[0]);
        let (first, second) = text.as_bytes().split_at(text.len() / 2);
        client.send(first);
        std::thread::sleep(std::time::Duration::from_millis(2));
        client.send(second);
        assert_eq!(client.answer().map(|answer| answer.status), Some(*status), "{text:?} in two pieces");
    }
}

#[test]
fn large_heads_and_bodies_are_refused() {
    let backend = Backend::saying("backend");
    let gateway = start(config(), &pets(http(backend.address), "max_body_kib: 1\n"));
    let header =
        |size: usize| format!("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(size));
    let body = |head: &str, size: usize| {
        format!("POST /petstore/files HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n{}", "x".repeat(size))
    };
    let chunks = format!("400\r\n{}\r\n", "x".repeat(1024));
    for (text, status, code) in [
        (header(30_000), 200, ""),
        (header(40_000), 431, ""),
        (header(400_000), 431, ""),
        (format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(40_000)), 431, ""),
        (format!("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X: y\r\n".repeat(100)), 431, ""),
        (body("Content-Length: 1024", 1024), 200, ""),
        (body("Content-Length: 1025", 1025), 413, "BODY_TOO_LARGE"),
        (body("Content-Length: 99999999999", 10), 413, "BODY_TOO_LARGE"),
        (format!("{}{chunks}0\r\n\r\n", body("Transfer-Encoding: chunked", 0)), 200, ""),
        (format!("{}{chunks}1\r\nx\r\n0\r\n\r\n", body("Transfer-Encoding: chunked", 0)), 413, "BODY_TOO_LARGE"),
        (format!("{}{}", body("Transfer-Encoding: chunked", 0), chunks.repeat(1000)), 413, "BODY_TOO_LARGE"),
    ] {
        let mut client = Client::connect(gateway.addresses()[0]);
        client.send(&text);
        let start = format!("{} ({} bytes)", text.chars().take(80).collect::<String>(), text.len());
        let answer = client.answer().unwrap_or_else(|| panic!("no answer to {start:?}"));
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{start:?}");
    }
}

#[test]
fn headers_of_one_connection_stay_there() {
    let backend = Backend::start(|_, stream| {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive, X-Inner\r\nKeep-Alive: timeout=5\r\n\
                    X-Inner: 1\r\nX-Kept: 2\r\nProxy-Authenticate: Basic\r\nUpgrade: h2c\r\n\r\nok";
        std::io::Write::write_all(stream, head.as_bytes()).is_ok()
    });
    let gateway = start(config(), &pets(http(backend.address), ""));
    let answer = super::client::get(
        gateway.addresses()[0],
        "/petstore/pets",
        "Connection: X-Secret, close\r\nX-Secret: 1\r\nKeep-Alive: 1\r\nTE: trailers, x\r\nUpgrade: h2c\r\nProxy-Authorization: x\r\n\
         Proxy-Connection: x\r\nForwarded: for=evil\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Host: evil\r\nX-Kept: 1\r\n",
    );
    assert_eq!(answer.header("x-kept"), Some("2"));
    for name in ["x-inner", "keep-alive", "proxy-authenticate", "upgrade"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    let received = &backend.received()[0];
    for name in ["connection", "x-secret", "keep-alive", "te", "upgrade", "proxy-authorization", "proxy-connection"] {
        assert!(received.header(name).is_empty(), "{name} in {}", received.head);
    }
    assert_eq!(received.header("x-kept"), ["1"]);
    assert_eq!(received.header("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(received.header("x-forwarded-host"), ["localhost"]);
    assert_eq!(received.header("x-forwarded-proto"), ["http"]);
    assert_eq!(received.header("x-forwarded-prefix"), ["/petstore"]);
    assert_eq!(received.header("forwarded"), ["for=127.0.0.1;host=\"localhost\";proto=http"]);
    assert_eq!(received.header("x-request-id"), [answer.header("x-request-id").expect("an id")]);
    assert!(received.header("via")[0].starts_with("1.1 apigw-"));
}

#[test]
fn prefixes_of_trusted_proxies_stand_before_the_gateways_own() {
    let backend = Backend::saying("real");
    let constant = "forwarding: {constants: [{to: header.X-Forwarded-Prefix, value: /said}]}\n";
    let moved = "forwarding: {parameters: [{from: header.X-Base, to: header.X-Forwarded-Prefix}]}\n";
    for (trusted, more, lines, expected) in [
        ("127.0.0.0/8", "", "X-Forwarded-Prefix: /api\r\n", "/api/petstore"),
        ("127.0.0.0/8", "", "X-Forwarded-Prefix: /api/\r\n", "/api/petstore"),
        ("127.0.0.0/8", "", "X-Forwarded-Prefix: /a, /b\r\nX-Forwarded-Prefix: /c\r\n", "/a/b/c/petstore"),
        ("127.0.0.0/8", "", "X-Forwarded-Prefix: /\r\n", "/petstore"),
        ("127.0.0.0/8", "", "", "/petstore"),
        ("10.0.0.0/8", "", "X-Forwarded-Prefix: /api\r\n", "/petstore"),
        // A prefix that the settings write is no proxy's.
        ("127.0.0.0/8", constant, "X-Forwarded-Prefix: /api\r\n", "/said"),
        ("127.0.0.0/8", constant, "X-Forwarded-Prefix: /said\r\n", "/said"),
        ("127.0.0.0/8", constant, "", "/said"),
        ("10.0.0.0/8", constant, "X-Forwarded-Prefix: /api\r\n", "/said"),
        ("127.0.0.0/8", moved, "X-Base: /moved\r\nX-Forwarded-Prefix: /api\r\n", "/moved"),
        ("10.0.0.0/8", moved, "X-Base: /moved\r\n", "/moved"),
        ("127.0.0.0/8", moved, "X-Forwarded-Prefix: /api\r\n", "/api/petstore"),
        ("10.0.0.0/8", moved, "X-Forwarded-Prefix: /api\r\n", "/petstore"),
    ] {
        backend.forget();
        let mut config = config();
        config.trusted_proxies = vec![trusted.parse().expect("a range")];
        let gateway = start(config, &pets(http(backend.address), more));
        super::client::get(gateway.addresses()[0], "/petstore/pets", lines);
        assert_eq!(backend.received()[0].header("x-forwarded-prefix"), [expected], "{trusted} {more}{lines}");
    }
}

#[test]
fn headers_of_the_way_that_settings_write_are_sent_as_they_are_written() {
    let backend = Backend::saying("real");
    let headers = [
        ("forwarded", "for=said"),
        ("x-forwarded-for", "said"),
        ("x-forwarded-host", "said.example"),
        ("x-forwarded-proto", "https"),
        ("x-real-ip", "said"),
    ];
    let constants: Vec<String> =
        headers.iter().map(|(name, value)| format!("{{to: header.{name}, value: {value:?}}}")).collect();
    let more = format!("forwarding: {{constants: [{}]}}\n", constants.join(", "));
    for trusted in ["127.0.0.0/8", "10.0.0.0/8"] {
        backend.forget();
        let mut config = config();
        config.trusted_proxies = vec![trusted.parse().expect("a range")];
        let gateway = start(config, &pets(http(backend.address), &more));
        let lines: String = headers.iter().flat_map(|(name, _)| [name, ": told\r\n"]).collect();
        super::client::get(gateway.addresses()[0], "/petstore/pets", &lines);
        for (name, value) in headers {
            assert_eq!(backend.received()[0].header(name), [value], "{trusted} {name}");
        }
    }
}
