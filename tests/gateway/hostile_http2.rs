//! Requests over HTTP/2 that would be read in two ways once they are written as HTTP/1.1, and floods of frames.

use std::io::Read as _;

use super::backend::Backend;
use super::frames::{CONTINUATION, DATA, END_HEADERS, END_STREAM, Ended, Frames, HEADERS, RESET, block, fields, frame};
use super::snapshot::{config, http, pets, start};

/// What is sent as `:method`, `:path` and further fields, the body if there is one, and how it ends.
struct Case(&'static str, &'static str, &'static [(&'static str, &'static str)], Option<&'static str>, Ended);

/// Whether a malformed request is reset or answered is left open (RFC 9113, section 8.1.1).
const REFUSED: Ended = Ended::Reset;

const CASES: &[Case] = &[
    Case("GET", "/petstore/pets", &[], None, Ended::Status(200)),
    Case("POST", "/petstore/files", &[], Some("abc"), Ended::Status(200)),
    Case("POST", "/petstore/files", &[("content-length", "3")], Some("abc"), Ended::Status(200)),
    // Lengths: what is announced is what comes, once.
    Case("POST", "/petstore/files", &[("content-length", "2")], Some("abc"), REFUSED),
    Case("POST", "/petstore/files", &[("content-length", "4")], Some("abc"), REFUSED),
    Case("GET", "/petstore/pets", &[("content-length", "5")], None, REFUSED),
    Case("POST", "/petstore/files", &[("content-length", "3"), ("content-length", "3")], Some("abc"), REFUSED),
    Case("POST", "/petstore/files", &[("content-length", "3"), ("content-length", "4")], Some("abc"), REFUSED),
    Case("POST", "/petstore/files", &[("content-length", "3, 3")], Some("abc"), REFUSED),
    Case("POST", "/petstore/files", &[("content-length", "+3")], Some("abc"), REFUSED),
    Case("POST", "/petstore/files", &[("content-length", "")], Some("abc"), REFUSED),
    // What belongs to one connection of HTTP/1.1 (RFC 9113, section 8.2.2).
    Case("POST", "/petstore/files", &[("transfer-encoding", "chunked")], Some("0\r\n\r\n"), REFUSED),
    Case("GET", "/petstore/pets", &[("connection", "close")], None, REFUSED),
    Case("GET", "/petstore/pets", &[("upgrade", "websocket")], None, REFUSED),
    Case("GET", "/petstore/pets", &[("te", "chunked")], None, REFUSED),
    // Fields that would end a line or a name.
    Case("GET", "/petstore/pets", &[("x", "a\r\nHost: evil")], None, REFUSED),
    Case("GET", "/petstore/pets", &[("x", "a\0b")], None, REFUSED),
    Case("GET", "/petstore/pets", &[("x: y", "a")], None, REFUSED),
    Case("GET", "/petstore/pets", &[("x\r\ny", "a")], None, REFUSED),
    Case("GET", "/petstore/pets", &[("X-Upper", "a")], None, REFUSED),
    Case("GET", "/petstore/pets", &[("", "a")], None, REFUSED),
    // Blanks around a value (RFC 9113, section 8.2.1), which a backend would not see.
    Case("GET", "/petstore/pets", &[("x", " a")], None, Ended::Status(400)),
    Case("GET", "/petstore/pets", &[("x", "a\t")], None, Ended::Status(400)),
    Case("GET", "/petstore/pets", &[("x", " ")], None, Ended::Status(400)),
    Case("GET", "/petstore/pets", &[("x", "a b"), ("y", "")], None, Ended::Status(200)),
    // Those of a cookie as well, of which only the pieces have them.
    Case("GET", "/petstore/pets", &[("cookie", "a=1 "), ("cookie", "b=2")], None, Ended::Status(400)),
    Case("GET", "/petstore/pets", &[("cookie", "a=1"), ("cookie", "\tb=2")], None, Ended::Status(400)),
    Case("GET", "/petstore/pets", &[("cookie", "a=1"), ("cookie", "b=2")], None, Ended::Status(200)),
    // Pseudo-headers.
    Case("GET", "/petstore/pets", &[("host", "evil.example")], None, Ended::Status(400)),
    Case("GET", "/petstore/pets", &[("host", "localhost"), ("host", "localhost")], None, Ended::Status(400)),
    Case("GET", "/petstore/pets", &[(":path", "/petstore/files")], None, REFUSED),
    Case("GET", "/petstore/pets", &[(":unknown", "x")], None, REFUSED),
    Case("GET /evil HTTP/1.1", "/petstore/pets", &[], None, REFUSED),
    Case("GET", "", &[], None, REFUSED),
    Case("GET", "*", &[], None, REFUSED),
    Case("GET", "petstore/pets", &[], None, REFUSED),
    Case("GET", "http://localhost/petstore/pets", &[], None, REFUSED),
    Case("GET", "/petstore/pets HTTP/1.1\r\nX: y", &[], None, REFUSED),
    Case("GET", "/petstore/pets x", &[], None, REFUSED),
    // Paths.
    Case("GET", "/petstore/files/../a", &[], None, Ended::Status(400)),
    Case("GET", "/petstore/files/a%2fb", &[], None, Ended::Status(400)),
    Case("GET", "/petstore/files/a%c0%afb", &[], None, Ended::Status(400)),
    Case("GET", "/petstore/files/a\\b", &[], None, REFUSED),
    // h2 cuts a fragment off before anybody looks.
    Case("GET", "/petstore/files/a#b", &[], None, REFUSED),
    Case("POST", "/petstore/files?a=b#", &[], Some("abc"), REFUSED),
    Case("GET", "#a", &[], None, REFUSED),
    Case("GET", "/petstore/files/a\"b", &[], None, REFUSED),
    Case("GET", "/petstore/files/{a}", &[], None, REFUSED),
    Case("GET", "/petstore/files/\u{e4}", &[], None, REFUSED),
    Case("GET", "/petstore/pets?\u{e4}", &[], None, REFUSED),
];

#[test]
fn hostile_requests_over_http2_reach_no_backend() {
    let mut wrong = Vec::new();
    for Case(method, path, more, body, expected) in CASES {
        let backend = Backend::saying("backend");
        let gateway = start(config(), &pets(http(backend.address), ""));
        let mut client = Frames::connect(gateway.addresses()[0]);
        client.request(1, &fields(method, path, more), body.map(str::as_bytes));
        let ended = client.ended(1);
        let name = format!("{method} {path:?} {more:?} {body:?}");
        let received = backend.received();
        let refused = matches!(ended, Ended::Reset | Ended::Closed | Ended::Status(400));
        if *expected == Ended::Status(200) {
            if ended != *expected || received.len() != 1 || received[0].body != body.unwrap_or_default().as_bytes() {
                wrong.push(format!("{name}: {ended:?} {received:?}"));
            }
        } else if !refused
            || (*expected != REFUSED && ended != *expected)
            || received.iter().any(|request| !request.head.starts_with("UNFINISHED"))
        {
            wrong.push(format!("{name}: {ended:?} {received:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn trailers_over_http2_that_are_malformed_or_too_many_are_refused() {
    let backend = Backend::saying("backend");
    let many: Vec<(String, String)> = (0..101).map(|number| (format!("x-{number}"), "1".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let long = "y".repeat(15_000);
    for (name, trailers, is_refused) in [
        ("usual ones", &[("x-sum", "1")][..], false),
        ("as many as are allowed", &many[1..], false),
        ("one more", &many, true),
        ("too large", &[("x-a", long.as_str()), ("x-b", long.as_str()), ("x-c", long.as_str())], true),
        ("a path", &[(":path", "/petstore/pets")], true),
        ("a status", &[("x-sum", "1"), (":status", "200")], true),
        ("blanks around a value", &[("x-sum", "1 ")], true),
    ] {
        let mock = apigw::model::Backend::Mock;
        for (served, pause) in [(http(backend.address), 0), (http(backend.address), 30), (mock.clone(), 0), (mock, 30)]
        {
            let is_mock = served == apigw::model::Backend::Mock;
            backend.forget();
            let gateway = start(config(), &pets(served, "validate_requests: false\n"));
            let mut client = Frames::connect(gateway.addresses()[0]);
            client.send(HEADERS, END_HEADERS, 1, &block(&fields("POST", "/petstore/files", &[])));
            client.send(DATA, 0, 1, b"abc");
            // The request is on its way before its trailers come, in some rounds.
            std::thread::sleep(std::time::Duration::from_millis(pause));
            let trailers = block(trailers);
            let (first, rest) = trailers.split_at(trailers.len().min(16_000));
            client.send(HEADERS, END_STREAM | if rest.is_empty() { END_HEADERS } else { 0 }, 1, first);
            let pieces = rest.chunks(16_000).count();
            for (place, piece) in rest.chunks(16_000).enumerate() {
                client.send(CONTINUATION, if place + 1 == pieces { END_HEADERS } else { 0 }, 1, piece);
            }
            let ended = client.ended(1);
            assert_eq!(ended != Ended::Status(200), is_refused, "{name}, mock: {is_mock}: {ended:?}");
            let received = backend.received();
            let is_whole = received.iter().any(|request| !request.head.starts_with("UNFINISHED"));
            assert_eq!(is_whole, !is_refused && !is_mock, "{name}, mock: {is_mock}: {received:?}");
        }
    }
}

#[test]
fn a_malformed_request_over_http2_harms_no_other() {
    let gateway = start(config(), &pets(apigw::model::Backend::Mock, "validate_requests: false\n"));
    let get = |path| block(&fields("GET", path, &[]));
    let fragments: [(&str, Vec<u8>); 3] = [
        ("a fragment", get("/petstore/pets#x")),
        ("a fragment in a later frame", get("/petstore/pets#x")),
        (
            "a fragment beside a field with a fault",
            [get("/petstore/pets#x"), block(&[("connection", "close")])].concat(),
        ),
    ];
    for (name, malformed) in fragments {
        let mut client = Frames::connect(gateway.addresses()[0]);
        for stream in [1, 3, 5, 7, 9] {
            match stream {
                5 | 9 if name.contains("later frame") => {
                    let (first, rest) = malformed.split_at(malformed.len() - 4);
                    client.send(HEADERS, END_STREAM, stream, first);
                    client.send(CONTINUATION, END_HEADERS, stream, rest);
                }
                5 | 9 => {
                    client.send(HEADERS, END_STREAM | END_HEADERS, stream, &malformed);
                }
                _ => client.request(stream, &fields("GET", "/petstore/pets", &[]), None),
            }
        }
        let endings = client.endings(&[1, 3, 5, 7, 9]);
        let is_served = |place: usize| endings[place] == Ended::Status(200);
        assert!(is_served(0) && is_served(1) && is_served(3), "{name}: {endings:?}");
        let refused = if name.contains("fault") { Ended::Reset } else { Ended::Status(400) };
        assert_eq!((&endings[2], &endings[4]), (&refused, &refused), "{name}");
        client.request(11, &fields("GET", "/petstore/pets", &[]), None);
        assert_eq!(client.ended(11), Ended::Status(200), "{name}");
    }
    let many: Vec<(String, String)> = (0..101).map(|number| (format!("x-{number}"), "1".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let long = "y".repeat(15_000);
    for (name, trailers) in [
        ("too many", &many[..]),
        ("too large", &[("x-a", long.as_str()), ("x-b", long.as_str()), ("x-c", long.as_str())]),
        ("a path", &[(":path", "/petstore/pets")]),
        ("a status behind another", &[("x-sum", "1"), (":status", "200")]),
    ] {
        let mut client = Frames::connect(gateway.addresses()[0]);
        let trailers = block(trailers);
        let mut pieces = trailers.chunks(16_384).peekable();
        client.send(HEADERS, END_HEADERS, 1, &block(&fields("POST", "/petstore/files", &[])));
        client.send(DATA, 0, 1, b"abc");
        client.request(3, &fields("GET", "/petstore/pets", &[]), None);
        let mut kind = HEADERS;
        while let Some(piece) = pieces.next() {
            let flags = if kind == HEADERS { END_STREAM } else { 0 };
            client.send(kind, flags | if pieces.peek().is_none() { END_HEADERS } else { 0 }, 1, piece);
            kind = CONTINUATION;
        }
        client.request(5, &fields("GET", "/petstore/pets", &[]), None);
        let endings = client.endings(&[1, 3, 5]);
        assert_eq!(endings, [Ended::Reset, Ended::Status(200), Ended::Status(200)], "{name}");
    }
}

#[test]
fn a_fragment_before_a_broken_frame_reaches_no_backend_and_ends_its_connection_alone() {
    let backend = Backend::saying("backend");
    let gateway = start(config(), &pets(http(backend.address), ""));
    let address = gateway.addresses()[0];
    let get = |path| block(&fields("GET", path, &[]));
    let fragment = get("/petstore/pets#x");
    let large = vec![0; 16_385];
    let broken: [(&str, u8, u8, u32, &[u8]); 4] = [
        ("a header block that is none", HEADERS, END_STREAM | END_HEADERS, 7, &[0xff]),
        ("a continuation of nothing", CONTINUATION, END_HEADERS, 7, b"x"),
        ("a frame that is too large", HEADERS, END_STREAM | END_HEADERS, 7, &large),
        ("data of no stream", DATA, END_STREAM, 9, b"x"),
    ];
    for (name, kind, flags, stream, payload) in broken {
        for pause in [0, 30] {
            let mut neighbour = Frames::connect(address);
            let mut client = Frames::connect(address);
            client.request(1, &fields("GET", "/petstore/pets", &[]), None);
            assert_eq!(client.ended(1), Ended::Status(200), "{name}: one before it is served");
            backend.forget();
            let (first, rest) = fragment.split_at(fragment.len() - 4);
            let head = frame(HEADERS, END_STREAM, 5, first);
            let end = [frame(CONTINUATION, END_HEADERS, 5, rest), frame(kind, flags, stream, payload)];
            client.write(&[head, end.concat()].concat());
            std::thread::sleep(std::time::Duration::from_millis(pause));
            assert!(client.is_closed(), "{name}");
            let received = backend.received();
            assert!(received.is_empty(), "{name}: {received:?}");
            neighbour.request(1, &fields("GET", "/petstore/pets", &[]), None);
            assert_eq!(neighbour.ended(1), Ended::Status(200), "{name}: another connection is served");
        }
    }
}

/// Sends one piece of a flood, and returns whether it could be sent.
type Flood = Box<dyn Fn(&mut Frames, u32) -> bool>;

#[test]
fn floods_of_frames_end_their_connection_and_nothing_else() {
    let backend = Backend::start(|_, stream| stream.read(&mut [0]).is_ok_and(|count| count > 0));
    let gateway = start(config(), &pets(http(backend.address), ""));
    let address = gateway.addresses()[0];
    let head = block(&fields("GET", "/petstore/pets", &[]));
    let continued = block(&[("x", &"y".repeat(1000))]);
    let floods: [(&str, Flood); 4] = [
        ("requests that are given up at once (CVE-2023-44487)", {
            let head = head.clone();
            Box::new(move |client, turn| {
                client.send(HEADERS, END_HEADERS | END_STREAM, turn * 2 + 1, &head)
                    && client.send(RESET, 0, turn * 2 + 1, &8u32.to_be_bytes())
            })
        }),
        ("a head without an end (CVE-2024-27316)", {
            let head = head.clone();
            Box::new(move |client, turn| {
                if turn == 0 { client.send(HEADERS, 0, 1, &head) } else { client.send(CONTINUATION, 0, 1, &continued) }
            })
        }),
        ("a head without an end in empty pieces", {
            let head = head.clone();
            Box::new(
                move |client, turn| {
                    if turn == 0 { client.send(HEADERS, 0, 1, &head) } else { client.send(CONTINUATION, 0, 1, &[]) }
                },
            )
        }),
        ("more requests than the connection may have at a time", {
            Box::new(move |client, turn| client.send(HEADERS, END_HEADERS | END_STREAM, turn * 2 + 1, &head))
        }),
    ];
    for (name, flood) in &floods {
        let mut client = Frames::connect(address);
        let sent = (0..20_000).take_while(|turn| flood(&mut client, *turn)).count();
        // What has not been noticed while it was sent is in what comes back.
        assert!(sent < 20_000 || client.is_closed(), "{name}");
        let seen = backend.received().len();
        assert!(seen < 1000, "{name}: {seen} requests at the backend");
    }
    let mut client = super::client::Client::connect(address);
    client.send("GET /petstore/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.answer().map(|answer| answer.status), Some(404), "others are served");
}

#[test]
fn a_client_that_only_makes_work_is_cut_off() {
    let backend = Backend::start(|_, stream| stream.read(&mut [0]).is_ok_and(|count| count > 0));
    let gateway = start(config(), &pets(http(backend.address), ""));
    let mut client = Frames::connect(gateway.addresses()[0]);
    let head = block(&fields("GET", "/petstore/pets", &[]));
    // Each request is at the backend before it is given up, so that no limit on what waits to be accepted is reached.
    for turn in 0..1000 {
        if !client.send(HEADERS, END_HEADERS | END_STREAM, turn * 2 + 1, &head) {
            break;
        }
        let begun = std::time::Instant::now();
        while backend.received().len() <= turn as usize && begun.elapsed() < super::client::PATIENCE {
            if turn > 0 && gateway.connections() == 0 {
                assert!((100..150).contains(&turn), "cut off after {turn}");
                return;
            }
            std::thread::yield_now();
        }
        client.send(RESET, 0, turn * 2 + 1, &8u32.to_be_bytes());
    }
    panic!("it goes on for ever");
}
