//! Where requests end does not depend on how their bytes arrive.

use proptest::prelude::*;

use super::framing::{Place, Scanner};

/// What was made of the bytes of a connection.
#[derive(Debug, PartialEq, Eq)]
struct Scanned {
    /// How many bytes were let through.
    passed: usize,
    /// How many heads ended among them.
    heads: u64,
    /// Whether what follows is refused. Which reason comes first can depend on how much of it is there.
    is_refused: bool,
    /// What comes next.
    place: Place,
}

/// Scans bytes that arrive in pieces, each of which ends at one of the places and the last at the end.
fn scan(bytes: &[u8], ends: &[usize], head_limit: usize) -> Scanned {
    let mut scanner = Scanner::new(head_limit);
    let mut scanned = Scanned { passed: 0, heads: 0, is_refused: false, place: Place::Head };
    for &end in ends.iter().chain([&bytes.len()]) {
        while !scanned.is_refused {
            let held = &bytes[scanned.passed..end.max(scanned.passed)];
            match scanner.advance(held) {
                Ok((0, heads)) => {
                    assert_eq!(heads, 0, "a head has bytes");
                    break;
                }
                Ok((used, heads)) => {
                    assert!(used <= held.len(), "{used} of {} bytes", held.len());
                    scanned.passed += used;
                    scanned.heads += heads;
                }
                Err(_) => scanned.is_refused = true,
            }
        }
    }
    Scanned { place: scanner.place(), ..scanned }
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

/// A whole request with a body of some kind, as bytes.
fn request() -> impl Strategy<Value = Vec<u8>> {
    let chunks = prop::collection::vec("[a-z\r\n]{1,20}", 0..4).prop_map(|chunks| {
        let chunks = chunks.iter().map(|chunk| format!("{:x};a\r\n{chunk}\r\n", chunk.len()));
        format!("Transfer-Encoding: chunked\r\n\r\n{}0\r\nA: b\r\n\r\n", chunks.collect::<String>())
    });
    let body = prop_oneof![
        Just("\r\n".to_owned()),
        "[a-z\r\n]{0,40}".prop_map(|body| format!("Content-Length: {}\r\n\r\n{body}", body.len())),
        chunks,
    ];
    (prop::sample::select(vec!["", "\r\n"]), body)
        .prop_map(|(blank, body)| format!("{blank}POST / HTTP/1.1\r\nHost: a\r\n{body}").into_bytes())
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
        let whole = scan(&bytes, &[], head_limit);
        prop_assert_eq!(&scan(&bytes, &sorted(&ends, &bytes), head_limit), &whole);
        let each: Vec<usize> = (0..bytes.len()).collect();
        prop_assert_eq!(&scan(&bytes, &each, head_limit), &whole);
    }

    #[test]
    fn any_bytes_are_read_as_the_whole(bytes in prop::collection::vec(any::<u8>(), 0..100), ends in ends()) {
        prop_assert_eq!(scan(&bytes, &sorted(&ends, &bytes), 64), scan(&bytes, &[], 64));
    }

    #[test]
    fn whole_requests_end_where_they_end(requests in prop::collection::vec(request(), 1..5), ends in ends()) {
        let bytes = requests.concat();
        let expected =
            Scanned { passed: bytes.len(), heads: requests.len() as u64, is_refused: false, place: Place::Head };
        prop_assert_eq!(scan(&bytes, &sorted(&ends, &bytes), 1024), expected);
    }
}
