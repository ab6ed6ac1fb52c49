use super::*;

const MOST_TRAILER_BYTES: usize = 400;

fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    frame_of(1, kind, flags, payload)
}

fn frame_of(stream: u8, kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

fn literal(first: u8, name: Option<&str>, value: &[u8], is_huffman: bool) -> Vec<u8> {
    let mut field = vec![first];
    if let Some(name) = name {
        field.push(u8::try_from(name.len()).expect("a short name"));
        field.extend_from_slice(name.as_bytes());
    }
    field.push(u8::try_from(value.len()).expect("a short value") | if is_huffman { 0x80 } else { 0 });
    [&field, value].concat()
}

/// Follows a connection that sends these frames; returns how many blocks are refused, or nothing where it is no HTTP/2.
fn refused(frames: &[Vec<u8>]) -> Option<usize> {
    let bytes = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(4, 0, &[0; 6]), &frames.concat()].concat();
    let followed = HeaderBlockFollower::new(MOST_TRAILER_BYTES).follow(&bytes).ok()?;
    assert_eq!(followed.count, bytes.len());
    Some(followed.refused.len())
}

fn is_refused(frames: &[Vec<u8>]) -> bool {
    refused(frames).is_none_or(|count| count > 0)
}

#[test]
fn huffman_codes_are_those_of_the_specification() {
    let coded = [0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff];
    assert_eq!(decode_huffman(&coded).as_deref(), Some(&b"www.example.com"[..]), "RFC 7541, C.4.1");
    let coded = [0x9d, 0x29, 0xad, 0x17, 0x18, 0x63, 0xc7, 0x8f, 0x0b, 0x97, 0xc8, 0xe9, 0xae, 0x82, 0xae, 0x43, 0xd3];
    assert_eq!(decode_huffman(&coded).as_deref(), Some(&b"https://www.example.com"[..]), "RFC 7541, C.6.1");
}

#[test]
fn a_fragment_is_found_wherever_a_path_can_be_written() {
    // "/#" in the Huffman code: 011000 111111111010, and padding.
    let coded = [0b0110_0011, 0b1111_1110, 0b1011_1111];
    assert_eq!(decode_huffman(&coded).as_deref(), Some(&b"/#"[..]));
    let plain = |first, name| literal(first, name, b"/a#b", false);
    let clean = |first, name| literal(first, name, b"/a", false);
    let mut stream = 0;
    // Each on a stream of its own: another block on the same one is trailers.
    let mut headers = |block: Vec<u8>| {
        stream += 2;
        frame_of(stream - 1, 1, 4, &block)
    };
    for (name, frames, refused) in [
        ("a new name", vec![headers(plain(0, Some(":path")))], true),
        ("a name of the static table", vec![headers(plain(4, None))], true),
        ("the other one", vec![headers(plain(0x45, None))], true),
        ("never to be indexed", vec![headers(plain(0x14, None))], true),
        ("by Huffman", vec![headers(literal(0x44, None, &coded, true))], true),
        ("no fragment", vec![headers(clean(4, None)), headers(vec![0x84, 0x85])], false),
        ("a fragment elsewhere", vec![headers(plain(0, Some("referer"))), headers(plain(0x73, None))], false),
        ("a name of the dynamic table", vec![headers(clean(0x44, None)), headers(plain(0x7e, None))], true),
        (
            "a name that is the newest no more",
            // An index of 63 is written in two bytes.
            vec![
                headers([clean(0x44, None), clean(0x40, Some("x"))].concat()),
                headers([&[0x7f, 0][..], &plain(0, None)[1..]].concat()),
            ],
            true,
        ),
        (
            "a name that is gone",
            vec![headers([clean(0x44, None), vec![0x20]].concat()), headers(plain(0x7e, None))],
            true,
        ),
        (
            "behind padding and priority",
            vec![frame(1, 4 | 8 | 32, &[&[2, 0, 0, 0, 0, 9], &plain(4, None)[..], &[0, 0]].concat())],
            true,
        ),
        ("cut into frames", vec![frame(1, 0, &plain(4, None)[..3]), frame(9, 4, &plain(4, None)[3..])], true),
        ("data", vec![headers(clean(4, None)), frame(0, 1, b"/a#b")], false),
        ("behind data", vec![frame(0, 0, &[b'x'; 300]), headers(plain(4, None))], true),
    ] {
        assert_eq!(is_refused(&frames), refused, "{name}");
    }
}

#[test]
fn what_is_no_http2_is_refused_and_no_reason_to_panic() {
    for block in
        [&[0xff][..], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff], &[0x40, 5, b'a'], &[0x7f, 0x7f], &[0x3f, 0xff, 0x7f]]
    {
        assert_eq!(refused(&[frame(1, 4, block)]), None, "{block:?}");
    }
    assert_eq!(refused(&[frame(1, 4 | 8, &[9, 0])]), None, "padding that is longer than the frame");
}

#[test]
fn trailers_have_bounds_and_no_pseudo_field() {
    let head = || frame(1, 4, &[0x84]);
    let sum = |value: &[u8]| literal(0, Some("x-sum"), value, false);
    let many = |count: usize, one: &[u8]| one.repeat(count);
    // In the dynamic table: `x-sum: 1`, which counts for 38 bytes.
    let kept = || frame(1, 4, &[&[0x84][..], &literal(0x40, Some("x-sum"), b"1", false)].concat());
    for (name, frames, refused) in [
        ("usual ones", vec![head(), frame(0, 0, b"x"), frame(1, 5, &sum(b"1"))], false),
        ("none at all", vec![head(), frame(1, 5, &[])], false),
        ("a new pseudo-field", vec![head(), frame(1, 5, &literal(0, Some(":x"), b"1", false))], true),
        ("one of the static table", vec![head(), frame(1, 5, &[0x82])], true),
        ("a name of it", vec![head(), frame(1, 5, &literal(0x01, None, b"a", false))], true),
        ("one of the dynamic table", vec![frame(1, 4, &literal(0x44, None, b"/b", false)), frame(1, 5, &[0xbe])], true),
        ("as many bytes as are allowed", vec![head(), frame(1, 5, &many(10, &sum(b"123")))], false),
        ("a byte more", vec![head(), frame(1, 5, &[many(9, &sum(b"123")), sum(b"1234")].concat())], true),
        ("as many by an index", vec![kept(), frame(1, 5, &many(10, &[0xbe]))], false),
        ("one more", vec![kept(), frame(1, 5, &many(11, &[0xbe]))], true),
        (
            "cut into frames",
            vec![head(), frame(1, 1, &many(9, &sum(b"123"))), frame(9, 4, &many(2, &sum(b"123")))],
            true,
        ),
        (
            "of an older request",
            vec![frame_of(1, 1, 4, &[0x84]), frame_of(3, 1, 4, &[0x84]), frame_of(1, 1, 5, &[0x82])],
            true,
        ),
        (
            "the head of a newer one",
            vec![frame_of(1, 1, 4, &[0x84]), frame_of(3, 1, 5, &many(20, &sum(b"123")))],
            false,
        ),
    ] {
        assert_eq!(is_refused(&frames), refused, "{name}");
    }
    let mut follower = HeaderBlockFollower::new(usize::MAX);
    let mut refused = |frame: Vec<u8>| follower.follow(&frame).expect("frames").refused.len();
    assert_eq!(refused([&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &head()].concat()), 0);
    assert_eq!(refused(frame(1, 5, &many(MOST_TRAILERS, &sum(b"")))), 0);
    assert_eq!(refused(frame(1, 5, &many(MOST_TRAILERS + 1, &sum(b"")))), 1);
}

#[test]
fn a_refused_path_that_is_indexed_is_refused_again_and_others_are_not() {
    let indexed = literal(0x44, None, b"/a#b", false);
    let head = |stream, block: &[u8]| frame_of(stream, 1, 5, block);
    // The newest entry of the dynamic table has the index 62.
    let frames = [head(1, &[0x84]), head(3, &indexed), head(5, &[0xbe]), head(7, &[0x84]), head(9, &[0xbe])];
    let bytes = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frames.concat()].concat();
    let followed = HeaderBlockFollower::new(MOST_TRAILER_BYTES).follow(&bytes).expect("frames");
    let streams: Vec<u8> = followed.refused.iter().map(|block| bytes[block.frame.start + 8]).collect();
    assert_eq!(streams, [3, 5, 9]);
}
