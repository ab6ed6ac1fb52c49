//! Backends that send what they should not: it reaches nobody else, and their connection is not used again.

use std::io::Write as _;

use super::backend::{Backend, reply};
use super::client::Client;
use super::snapshot::{config, http, pets, start};

/// How a hostile response ends for the client that asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The response comes whole, with this status and body.
    Whole(u16, &'static str),
    /// The gateway answers with its own 502.
    BadGateway,
    /// A response that has begun is cut off.
    Cut,
}

use End::{BadGateway, Cut, Whole};

/// A name, the request's method, what the backend sends once, how that is repeated behind it, and how it ends.
type Row = (&'static str, &'static str, &'static str, (&'static str, usize), End);

const NOTHING: (&str, usize) = ("", 0);

/// Far more than any head may have.
const ENDLESS: usize = 1_000_000;

const ROWS: &[Row] = &[
    ("a flood of interim responses", "POST", "", ("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", ENDLESS), BadGateway),
    ("a flood of bare ones", "POST", "", ("HTTP/1.1 100 Continue\r\n\r\n", ENDLESS), BadGateway),
    ("an unasked 101", "POST", "HTTP/1.1 101 Switching Protocols\r\n\r\n", NOTHING, BadGateway),
    (
        "an unasked 101 that goes on",
        "POST",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", 2),
        BadGateway,
    ),
    (
        "both lengths",
        "POST",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n4\r\nevil\r\n0\r\n\r\n",
        NOTHING,
        BadGateway,
    ),
    (
        "both lengths in answer to HEAD",
        "HEAD",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        NOTHING,
        BadGateway,
    ),
    (
        "chunks of HTTP/1.0",
        "POST",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n",
        NOTHING,
        BadGateway,
    ),
    ("a 204 with a body", "POST", "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil", NOTHING, Whole(204, "")),
    (
        "a 204 with chunks",
        "POST",
        "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n",
        NOTHING,
        Whole(204, ""),
    ),
    (
        "a 304 with a body",
        "POST",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil",
        NOTHING,
        Whole(304, ""),
    ),
    ("a body for HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", NOTHING, Whole(200, "")),
    (
        "a response behind that for HEAD",
        "HEAD",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        NOTHING,
        Whole(200, ""),
    ),
    ("an endless header", "POST", "HTTP/1.1 200 OK\r\nA: ", ("aaaaaaaaaa", ENDLESS), BadGateway),
    ("endless headers", "POST", "HTTP/1.1 200 OK\r\n", ("A: b\r\n", ENDLESS), BadGateway),
    ("an endless status line", "POST", "HTTP/1.1 200 ", ("OK", ENDLESS), BadGateway),
    ("no HTTP", "POST", "SSH-2.0-OpenSSH\r\n\r\n", NOTHING, BadGateway),
    ("HTTP/0.9", "POST", "evil\r\n\r\n", NOTHING, BadGateway),
    ("a NUL in a header", "POST", "HTTP/1.1 200 OK\r\nA: \0\r\nContent-Length: 4\r\n\r\nevil", NOTHING, BadGateway),
    ("a header without a name", "POST", "HTTP/1.1 200 OK\r\n: b\r\nContent-Length: 4\r\n\r\nevil", NOTHING, BadGateway),
    ("a blank before the colon", "POST", "HTTP/1.1 200 OK\r\nContent-Length : 4\r\n\r\nevil", NOTHING, BadGateway),
    ("a negative length", "POST", "HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\nevil", NOTHING, BadGateway),
    (
        "bytes behind a response",
        "POST",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngoodevil",
        NOTHING,
        Whole(200, "good"),
    ),
    (
        "a flood of responses behind one",
        "POST",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood",
        ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", ENDLESS),
        Whole(200, "good"),
    ),
    (
        "bytes behind chunks",
        "POST",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\nevil",
        NOTHING,
        Whole(200, "good"),
    ),
    (
        "an empty line behind a response",
        "POST",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood\r\n",
        NOTHING,
        Whole(200, "good"),
    ),
    (
        "a chunk of a negative size",
        "POST",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-4\r\nevil",
        NOTHING,
        Cut,
    ),
    (
        "a chunk that is larger than any number",
        "POST",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nevil",
        NOTHING,
        Cut,
    ),
    (
        "a chunk without its end",
        "POST",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngoodevil\r\n0\r\n\r\n",
        NOTHING,
        Cut,
    ),
    (
        "endless trailers",
        "POST",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        ("A: b\r\n", ENDLESS),
        Cut,
    ),
    (
        "an endless extension of a chunk",
        "POST",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;",
        ("aaaaaaaaaa", ENDLESS),
        Cut,
    ),
];

#[test]
fn a_hostile_response_reaches_nobody_else_and_ends_its_connection() {
    for &(name, method, once, (more, times), end) in ROWS {
        let backend = Backend::start(move |request, stream| {
            if request.connection > 0 {
                return reply(stream, "ok");
            }
            // One packet, as far as that goes: what stands behind a response is there before that is passed on.
            let first = format!("{once}{}", more.repeat(times.min(100)));
            stream.write_all(first.as_bytes()).ok();
            // Where the gateway closes the connection, the rest cannot be written.
            (100..times).all(|_| stream.write_all(more.as_bytes()).is_ok())
        });
        let mut one_worker = config();
        one_worker.workers = 1;
        let gateway = start(one_worker, &pets(http(backend.address), "forwarding: {retry: false}\n"));
        let mut client = Client::connect(gateway.addresses()[0]);
        let path = if method == "HEAD" { "pets" } else { "files" };
        client.send(format!("{method} /petstore/{path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        if end == Cut {
            let head = client.read_until("\r\n\r\n");
            assert!(head.starts_with("HTTP/1.1 200"), "{name}: {head}");
            assert_eq!(client.rest_until_closed().find("0\r\n\r\n"), None, "{name}: it looks whole");
        } else {
            let answer = client.answer_to(method == "HEAD").unwrap_or_else(|| panic!("{name}: no answer"));
            match end {
                Whole(status, body) => assert_eq!((answer.status, answer.body.as_str()), (status, body), "{name}"),
                _ if method == "HEAD" => assert_eq!(answer.status, 502, "{name}"),
                _ => assert_eq!((answer.status, answer.code().as_str()), (502, "BAD_GATEWAY"), "{name}: {answer:?}"),
            }
        }
        let mut another = Client::connect(gateway.addresses()[0]);
        for _ in 0..2 {
            another.send("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n");
            let answer = another.answer().unwrap_or_else(|| panic!("{name}: no answer for another client"));
            assert_eq!((answer.status, answer.body.as_str()), (200, "ok"), "{name}");
        }
        let connections: Vec<usize> = backend.received().iter().map(|request| request.connection).collect();
        assert_eq!(connections, [0, 1, 1], "{name}: the connection is used again");
    }
}
