//! Where requests end does not depend on how their bytes arrive.

use bytes::BytesMut;
use http::{HeaderMap, Version};
use proptest::prelude::*;

use super::head::{Head, Refusal};
use super::requests::Requests;
use crate::gateway::http1::coding::Coding;

/// What was made of the bytes of a connection.
#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    /// The targets of the requests whose heads were taken, each with what of its body was.
    requests: Vec<(String, Vec<u8>)>,
    /// How many bytes were taken.
    taken: usize,
    /// Whether what follows is refused. Which reason comes first can depend on how much of it is there.
    is_refused: bool,
    /// Whether the last request is whole.
    is_whole: bool,
}

/// Reads bytes that arrive in pieces, each of which ends at one of the places and the last at the end.
fn read(bytes: &[u8], ends: &[usize], head_limit: usize) -> Read {
    let mut requests = Requests::new(head_limit);
    let mut done = Read::default();
    let (mut held, mut begin) = (BytesMut::new(), 0);
    for &end in ends.iter().chain([&bytes.len()]) {
        held.extend_from_slice(&bytes[begin..end]);
        begin = end;
        while !done.is_refused && read_on(&mut requests, &mut held, &mut done) {}
    }
    done.taken = bytes.len() - held.len();
    done.is_whole = requests.body().is_end();
    done
}

/// Takes what comes next; returns whether there was something.
fn read_on(requests: &mut Requests, held: &mut BytesMut, done: &mut Read) -> bool {
    if requests.body().is_end() {
        match requests.take_head(held, HeaderMap::new) {
            Ok(Some(head)) => done.requests.push((head.parts.uri.to_string(), Vec::new())),
            Ok(None) => return false,
            Err(_) => done.is_refused = true,
        }
        return true;
    }
    match requests.take_body(held) {
        Ok(Some(frame)) => {
            let (_, body) = done.requests.last_mut().expect("a request that the body is of");
            body.extend_from_slice(frame.data_ref().map_or(b"", |data| data));
            true
        }
        Ok(None) => requests.body().is_end(),
        Err(_) => {
            done.is_refused = true;
            true
        }
    }
}

fn head(text: &str) -> Result<Option<Head>, Refusal> {
    Requests::new(32 * 1024).take_head(&mut BytesMut::from(text), HeaderMap::new)
}

/// Parts of requests, well put together or not.
fn parts() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        4 => Just("GET /a?b HTTP/1.1\r\n"),
        4 => Just("\r\n"),
        2 => Just("Content-Length: 3\r\n\r\nabc"),
        2 => Just("Transfer-Encoding: chunked\r\n\r\n"),
        2 => Just("3\r\nabc\r\n"),
        2 => Just("0\r\n\r\n"),
        4 => prop::sample::select(vec![
            "Host: a\r\n", "A: b\r\n", "a;b=c\r\n0123456789\r\n", "0\r\nA: b\r\n\r\n", "3", "\r", "\n", " ", ":", ";", "\0",
            "GET / HTTP/1.0\r\n", "Content-Length: 0\r\n", "HTTP/1.1", "ffffffffffffffff\r\n", "\u{e4}",
        ]),
    ];
    prop::collection::vec(part, 0..14).prop_map(|parts| parts.concat().into_bytes())
}

/// A whole request as bytes, and its body.
fn request() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let chunks = prop::collection::vec("[a-z\r\n]{1,20}", 0..4).prop_map(|chunks| {
        let written = chunks.iter().map(|chunk| format!("{:x};a\r\n{chunk}\r\n", chunk.len()));
        let written = written.collect::<String>();
        (format!("Transfer-Encoding: chunked\r\n\r\n{written}0\r\nA: b\r\n\r\n"), chunks.concat())
    });
    let body = prop_oneof![
        Just(("\r\n".to_owned(), String::new())),
        "[a-z\r\n]{0,40}".prop_map(|body| (format!("Content-Length: {}\r\n\r\n{body}", body.len()), body)),
        chunks,
    ];
    (prop::sample::select(vec!["", "\r\n"]), body).prop_map(|(blank, (written, body))| {
        (format!("{blank}POST / HTTP/1.1\r\nHost: a\r\n{written}").into_bytes(), body.into_bytes())
    })
}

fn ends() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    prop::collection::vec(any::<prop::sample::Index>(), 0..12)
}

fn sorted(ends: &[prop::sample::Index], bytes: &[u8]) -> Vec<usize> {
    let mut ends: Vec<usize> = ends.iter().map(|end| end.index(bytes.len() + 1)).collect();
    ends.sort_unstable();
    ends
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pieces_are_read_as_the_whole(bytes in parts(), ends in ends(), head_limit in 20_usize..120) {
        let whole = read(&bytes, &[], head_limit);
        let pieces = read(&bytes, &sorted(&ends, &bytes), head_limit);
        prop_assert_eq!(&pieces.requests, &whole.requests);
        prop_assert_eq!((pieces.is_refused, pieces.is_whole), (whole.is_refused, whole.is_whole));
        let each: Vec<usize> = (0..bytes.len()).collect();
        prop_assert_eq!(read(&bytes, &each, head_limit).requests, whole.requests);
    }

    #[test]
    fn any_bytes_are_read_as_the_whole(bytes in prop::collection::vec(any::<u8>(), 0..100), ends in ends()) {
        prop_assert_eq!(read(&bytes, &sorted(&ends, &bytes), 64).requests, read(&bytes, &[], 64).requests);
    }

    #[test]
    fn whole_requests_end_where_they_end(requests in prop::collection::vec(request(), 1..5), ends in ends()) {
        let bytes: Vec<u8> = requests.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
        let read = read(&bytes, &sorted(&ends, &bytes), 1024);
        prop_assert_eq!((read.taken, read.is_refused, read.is_whole), (bytes.len(), false, true));
        let bodies: Vec<&Vec<u8>> = read.requests.iter().map(|(_, body)| body).collect();
        prop_assert_eq!(bodies, requests.iter().map(|(_, body)| body).collect::<Vec<_>>());
    }
}

#[test]
fn whole_requests_pass() {
    for (text, targets) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", &["/"][..]),
        ("\r\nGET / HTTP/1.0\r\nHost:a\r\n\r\nGET /b?{}|` HTTP/1.1\r\n\r\n", &["/", "/b?{}|`"]),
        ("POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n", &["/a", "/"]),
        (
            "POST /a HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nA: b\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            &["/a", "/"],
        ),
        ("GET http://a/ HTTP/1.1\r\nX:\tv\u{e4}\r\n\r\n", &["http://a/"]),
    ] {
        let each: Vec<usize> = (0..text.len()).collect();
        for ends in [&[][..], &each] {
            let done = read(text.as_bytes(), ends, 32 * 1024);
            assert_eq!((done.taken, done.is_whole), (text.len(), true), "{text:?}");
            let found: Vec<&str> = done.requests.iter().map(|(target, _)| target.as_str()).collect();
            assert_eq!(found, targets, "{text:?}");
            assert!(done.requests.iter().all(|(target, body)| target != "/a" || body == b"abc"), "{text:?}");
        }
    }
}

#[test]
fn heads_that_two_readers_could_read_in_two_ways_are_refused() {
    for text in [
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: \r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n",
        "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding : chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
        "GET / HTTP/1.1\r\n A: b\r\n\r\n",
        "GET / HTTP/1.1\r\nA\r\n\r\n",
        "GET / HTTP/1.1\r\n: b\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\0c\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\x7f\r\n\r\n",
        "GET / HTTP/1.1\r\n\u{e4}: b\r\n\r\n",
        "GET /#a HTTP/1.1\r\n\r\n",
        "GET /\u{e4} HTTP/1.1\r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1 \r\n\r\n",
        "GET /\r\n\r\n",
        "G(T / HTTP/1.1\r\n\r\n",
        " / HTTP/1.1\r\n\r\n",
        // It is refused at once, without a wait for what comes behind.
        "\r\n\r\n",
        "CONNECT a:80 HTTP/1.1\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\n\r\n",
        "GET http:/// HTTP/1.1\r\n\r\n",
        "\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    ] {
        assert!(matches!(head(text), Err(Refusal::Malformed(_))), "{text:?}");
    }
    assert_eq!(head("GET / HTTP/1.2\r\n\r\n").err(), Some(Refusal::Version));
    for (fields, refusal) in [(100, None), (101, Some(Refusal::TooLarge))] {
        let text = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(fields));
        assert_eq!(head(&text).err(), refusal, "{fields} fields");
    }
    let long = format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "b".repeat(40_000));
    assert_eq!(head(&long).err(), Some(Refusal::TooLarge));
    assert_eq!(head(&"A".repeat(40_000)).err(), Some(Refusal::TooLarge));
}

#[test]
fn a_head_says_how_its_answer_is_to_be_given() {
    for (text, version, persists, continues, trailers) in [
        ("GET / HTTP/1.1\r\n", Version::HTTP_11, true, false, false),
        ("GET / HTTP/1.0\r\n", Version::HTTP_10, false, false, false),
        ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n", Version::HTTP_10, true, false, false),
        ("GET / HTTP/1.1\r\nConnection: x, Close\r\nTE: gzip, Trailers\r\n", Version::HTTP_11, false, false, true),
        ("GET / HTTP/1.1\r\nConnection: close\r\nConnection: keep-alive\r\n", Version::HTTP_11, false, false, false),
        ("PUT / HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-Continue\r\n", Version::HTTP_11, true, true, false),
        ("PUT / HTTP/1.1\r\nExpect: 100-continue\r\n", Version::HTTP_11, true, false, false),
        ("PUT / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n", Version::HTTP_10, false, false, false),
    ] {
        let head = head(&format!("{text}\r\n")).expect("well-formed").expect("whole");
        let found = (head.parts.version, head.persists, head.awaits_continue, head.takes_trailers);
        assert_eq!(found, (version, persists, continues, trailers), "{text:?}");
    }
}

#[test]
fn chunks_that_are_not_well_formed_are_refused() {
    let (extension, trailer) =
        (format!("1;{}\r\na\r\n", "x".repeat(300)), format!("0\r\nA: {}\r\n\r\n", "x".repeat(9000)));
    for body in [
        &*extension,
        &*trailer,
        "\r\n",
        "g\r\n",
        "-1\r\n",
        "1 \r\na\r\n",
        "1\na\r\n",
        "1\r\nab\r\n",
        "0000000000000001\r\n",
        "0\r\nA: b\n\r\n",
        "0\r\nno trailer\r\n\r\n",
    ] {
        let text = format!("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        let done = read(text.as_bytes(), &[], 1024);
        assert!(done.is_refused && done.requests.len() == 1, "{body:?}");
    }
}

#[test]
fn what_stands_before_a_refused_head_is_answered_first() {
    let text = "GET /a HTTP/1.1\r\n\r\nGET /\n";
    let done = read(text.as_bytes(), &[], 1024);
    assert_eq!(done.requests, [("/a".to_owned(), Vec::new())]);
    assert!(done.is_refused);
    assert_eq!(done.taken, text.len() - 6, "nothing of it is taken");
}

#[test]
fn a_body_ends_where_its_head_says() {
    let mut requests = Requests::new(1024);
    let mut held = BytesMut::from("PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab");
    assert!(requests.take_head(&mut held, HeaderMap::new).expect("well-formed").is_some());
    assert_eq!(requests.body(), &Coding::Length(3));
    requests.take_body(&mut held).expect("a part");
    assert_eq!(requests.body(), &Coding::Length(1));
}
