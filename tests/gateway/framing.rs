//! Where requests of HTTP/1.1 end: bytes behind every kind of body, in packets of every size, and what hyper repairs.

use std::time::Duration;

use apigw::model::Backend::Mock;

use super::backend::Backend;
use super::client::{Client, get};
use super::snapshot::{config, http, pets, start};

const HOST: &str = "HTTP/1.1\r\nHost: localhost\r\n";

/// A kind of request: its name, its text, the status of its response, and the end of its connection.
struct Kind(&'static str, String, u16, Ends);

/// Decides whether another request may follow on a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Never,
    /// Where a part of a refused body has not come by the time of the response.
    Maybe,
    Always,
}

fn kinds() -> Vec<Kind> {
    let post = |path: &str, more: &str| format!("POST /petstore/{path} {HOST}{more}");
    let chunked = "Transfer-Encoding: chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n";
    let kind = |name, text, status, ends| Kind(name, text, status, ends);
    vec![
        kind("a length", post("files", "Content-Length: 1\r\n\r\nA"), 200, Ends::Never),
        kind("no bytes", post("files", "Content-Length: 0\r\n\r\n"), 200, Ends::Never),
        kind("a length with GET", format!("GET /petstore/files {HOST}Content-Length: 1\r\n\r\nA"), 200, Ends::Never),
        kind("chunks", post("files", chunked), 200, Ends::Never),
        kind("a trailer", post("files", &chunked.replace("0\r\n\r", "0\r\nX-Sum: 1\r\n\r")), 200, Ends::Never),
        kind("none", format!("GET /petstore/files {HOST}\r\n"), 200, Ends::Never),
        kind("HEAD", format!("HEAD /petstore/pets/mine {HOST}\r\n"), 200, Ends::Never),
        kind("100-continue", post("files", "Expect: 100-continue\r\nContent-Length: 1\r\n\r\nA"), 200, Ends::Never),
        kind("100-continue with none", post("files", "Expect: 100-continue\r\n\r\n"), 200, Ends::Never),
        kind("a length refused early", post("nowhere", "Content-Length: 1\r\n\r\nA"), 404, Ends::Maybe),
        kind("chunks refused early", post("nowhere", chunked), 404, Ends::Maybe),
        kind("the last one", post("files", "Connection: close\r\nContent-Length: 1\r\n\r\nA"), 200, Ends::Always),
        kind(
            "HTTP/1.0",
            post("files", "Content-Length: 1\r\n\r\nA").replace("HTTP/1.1", "HTTP/1.0"),
            200,
            Ends::Always,
        ),
        kind(
            "HTTP/1.0 kept",
            post("files", "Connection: keep-alive\r\nContent-Length: 1\r\n\r\nA").replace("HTTP/1.1", "HTTP/1.0"),
            200,
            Ends::Never,
        ),
    ]
}

/// Bytes behind a request, and the status of the response to them, if there is one.
const TAILS: [(&str, Option<u16>); 6] = [
    ("", None),
    ("\r\n", None),
    ("B", None),
    ("\0", Some(400)),
    ("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\n\r\n", Some(200)),
    ("\r\nGET /petstore/nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n", Some(404)),
];

/// Sends pieces in packets of their own, then half-closes the connection, and returns the statuses of all responses.
fn statuses(address: std::net::SocketAddr, pieces: &[&[u8]], is_head: bool) -> Vec<u16> {
    let mut client = Client::connect(address);
    for (number, piece) in pieces.iter().enumerate() {
        if number > 0 {
            // Long enough for the piece before to be read by itself, most of the time.
            std::thread::sleep(Duration::from_micros(300));
        }
        client.send(piece);
    }
    client.half_close();
    let mut answers = Vec::new();
    while let Some(answer) = client.answer_to(is_head && answers.is_empty()) {
        answers.push(answer.status);
    }
    answers.retain(|status| *status != 100);
    answers
}

#[test]
fn bytes_behind_a_request_belong_to_the_next_one() {
    let backend = Backend::saying("backend");
    let mut one_worker = config();
    one_worker.workers = 1;
    for snapshot in [pets(http(backend.address), ""), pets(Mock, "")] {
        let gateway = start(one_worker.clone(), &snapshot);
        let address = gateway.addresses()[0];
        for Kind(name, text, status, ends) in kinds() {
            for (tail, next) in TAILS {
                let whole = format!("{text}{tail}");
                let bytes = whole.as_bytes();
                let (first, last) = bytes.split_at(text.len());
                let each: Vec<&[u8]> = bytes.chunks(1).collect();
                let one_then_rest = bytes.split_at(bytes.len() - 1);
                for pieces in [vec![bytes], vec![first, last], each, vec![one_then_rest.0, one_then_rest.1]] {
                    let found = statuses(address, &pieces, text.starts_with("HEAD"));
                    let all: Vec<u16> = [Some(status), next].into_iter().flatten().collect();
                    let is_right = match ends {
                        Ends::Never => found == all,
                        Ends::Maybe => found == all || found == [status],
                        Ends::Always => found == [status],
                    };
                    assert!(is_right, "{name} with {tail:?} behind it in {} pieces: {found:?}", pieces.len());
                }
                assert_eq!(get(address, "/petstore/pets", "").status, 200, "{name} with {tail:?} stops the worker");
            }
        }
    }
    assert!(backend.received().iter().all(|request| !request.head.starts_with("UNFINISHED")));
}

#[test]
fn a_request_that_is_cut_anywhere_is_the_same_request() {
    let backend = Backend::saying("backend");
    let gateway = start(config(), &pets(http(backend.address), ""));
    for Kind(name, text, status, _) in kinds() {
        for at in 1..text.len() {
            let (first, second) = text.as_bytes().split_at(at);
            let found = statuses(gateway.addresses()[0], &[first, second], text.starts_with("HEAD"));
            assert_eq!(found, [status], "{name} cut at {at}");
        }
        let seen = backend.received();
        let body = seen.last().map(|request| String::from_utf8_lossy(&request.body).into_owned());
        assert!(seen.iter().all(|request| String::from_utf8_lossy(&request.body) == body.clone().unwrap_or_default()));
        assert_eq!(seen.len(), if status == 200 { text.len() - 1 } else { 0 }, "{name}");
        backend.forget();
    }
}

/// A request as hyper reads it although it is not quite well-formed: its name, its text, its body at the backend, and
/// whether the connection is kept. RFC 9112 allows each in the section that is named; the backend sees a request that
/// is well-formed.
const REPAIRED: &[(&str, &str, &str, bool)] = &[
    ("6.3: equal lengths", "POST /petstore/files {} Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "abc", true),
    (
        "6.1: chunked before a length",
        "POST /petstore/files {} Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "abc",
        false,
    ),
    (
        "6.1: a length before chunked",
        "POST /petstore/files {} Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "abc",
        false,
    ),
    ("2.2: bare line feeds", "POST /petstore/files HTTP/1.1\nHost: localhost\nContent-Length: 3\n\nabc", "abc", true),
    ("2.2: empty lines first", "\r\n\n\r\nPOST /petstore/files {} Content-Length: 3\r\n\r\nabc", "abc", true),
    (
        "7.1.1: blanks behind a chunk's size",
        "POST /petstore/files {} Transfer-Encoding: chunked\r\n\r\n3 \t;a = \"b\"\r\nabc\r\n0 \r\n\r\n",
        "abc",
        true,
    ),
    (
        "7.1.1: odd bytes in a chunk's extension",
        "POST /petstore/files {} Transfer-Encoding: chunked\r\n\r\n3;\u{1}\u{e4}\r\nabc\r\n0\r\n\r\n",
        "abc",
        true,
    ),
    (
        "7.1: zeros in front of a chunk's size",
        "POST /petstore/files {} Transfer-Encoding: chunked\r\n\r\n000000000000000000000000003\r\nabc\r\n00\r\n\r\n",
        "abc",
        true,
    ),
    ("3.2: a fragment", "POST /petstore/files#a {} Content-Length: 3\r\n\r\nabc", "abc", true),
];

#[test]
fn a_request_that_hyper_repairs_has_one_reading_at_the_backend() {
    let backend = Backend::saying("backend");
    let gateway = start(config(), &pets(http(backend.address), ""));
    for (name, text, body, is_kept) in REPAIRED {
        let mut client = Client::connect(gateway.addresses()[0]);
        client.send(text.replace("{} ", HOST));
        assert_eq!(client.answer().map(|answer| answer.status), Some(200), "{name}");
        let [received] = &backend.received()[..] else { panic!("{name}: one request") };
        assert_eq!(received.line(), "POST /files HTTP/1.1", "{name}");
        assert_eq!(String::from_utf8_lossy(&received.body), *body, "{name}");
        let framing = (received.header("content-length"), received.header("transfer-encoding"));
        assert!(matches!((&framing.0[..], &framing.1[..]), (["3"], []) | ([], ["chunked"])), "{name}: {framing:?}");
        client.send(format!("GET /petstore/pets {HOST}\r\n"));
        assert_eq!(client.answer().is_some(), *is_kept, "{name}");
        backend.forget();
    }
}

#[test]
fn a_half_closed_client_gets_its_responses() {
    let backend = Backend::start(|_, stream| {
        std::thread::sleep(Duration::from_millis(300));
        super::backend::reply(stream, "late")
    });
    for snapshot in [pets(http(backend.address), ""), pets(Mock, "")] {
        let gateway = start(config(), &snapshot);
        let get = format!("GET /petstore/pets {HOST}\r\n");
        let post = format!("POST /petstore/files {HOST}Content-Length: 2\r\n\r\nab");
        for (text, expected) in [(get.clone(), &[200][..]), (post.clone(), &[200]), (get.clone() + &post, &[200, 200])]
        {
            assert_eq!(statuses(gateway.addresses()[0], &[text.as_bytes()], false), expected, "{text:?}");
        }
        let cut = post.trim_end_matches('b');
        assert_eq!(statuses(gateway.addresses()[0], &[cut.as_bytes()], false), [400], "a body without its end");
    }
}
