//! Has the requests refused whose header blocks h2 would mend.
//!
//! Nothing in hyper says which request came on which stream. A field is therefore added at the end of such a block,
//! before h2 reads it: to a request's head one that the service knows, and responds with 400; to trailers one that is
//! malformed on HTTP/2 (RFC 9113, section 8.2.2), for which h2 resets the stream. Literals that are not indexed leave
//! the dynamic table as it is. The rest of the connection never learns of it.

use std::ops::Range;

use bytes::BytesMut;
use http::HeaderName;
use http::header::CONNECTION;

use super::header_blocks::{END_HEADERS, FRAME_HEAD, HeaderBlockFollower, LARGEST_FRAME, PADDED, RefusedBlock};
use crate::gateway::http2_fields::X_APIGW_MALFORMED;

/// The kind of a frame that goes on with a header block.
const CONTINUATION: u8 = 9;

/// The bytes of a client on a connection of HTTP/2, on their way to h2.
pub(super) struct HeaderBlockFilter {
    /// `None` once they could not be followed.
    follower: Option<HeaderBlockFollower>,
    /// Bytes of a frame that has not come to its end.
    held: BytesMut,
    /// Bytes that h2 may have.
    ready: BytesMut,
}

/// Verdict on bytes that have come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FilteredBytes {
    /// h2 may have them as they are.
    Unchanged,
    /// They are held: in their stead h2 gets those that are ready, if there are any.
    Held,
    /// The same, and from now on nothing is filtered any more.
    Unreadable,
}

impl HeaderBlockFilter {
    /// Begins at the connection preface. Trailers have at most so many bytes.
    pub(super) fn new(most_trailer_bytes: usize) -> Self {
        let follower = Some(HeaderBlockFollower::new(most_trailer_bytes));
        Self { follower, held: BytesMut::new(), ready: BytesMut::new() }
    }

    /// Returns the bytes that are ready; those that are taken are removed by the caller.
    pub(super) fn ready(&mut self) -> &mut BytesMut {
        &mut self.ready
    }

    /// Filters bytes that have come.
    pub(super) fn filter(&mut self, came: &[u8]) -> FilteredBytes {
        let Some(follower) = &mut self.follower else { return FilteredBytes::Unchanged };
        let followed = if self.held.is_empty() {
            let followed = follower.follow(came);
            if followed.as_ref().is_ok_and(|followed| followed.count == came.len() && followed.refused.is_empty()) {
                return FilteredBytes::Unchanged;
            }
            self.held.extend_from_slice(came);
            followed
        } else {
            self.held.extend_from_slice(came);
            follower.follow(&self.held)
        };
        if let Ok(followed) = followed {
            let bytes = self.held.split_to(followed.count);
            self.ready.unsplit(refuse_blocks(bytes, &followed.refused));
            FilteredBytes::Held
        } else {
            self.ready.unsplit(std::mem::take(&mut self.held));
            self.follower = None;
            FilteredBytes::Unreadable
        }
    }
}

/// Adds to each refused block the field for which it will be refused.
fn refuse_blocks(bytes: BytesMut, refused: &[RefusedBlock]) -> BytesMut {
    if refused.is_empty() {
        return bytes;
    }
    let mut written = BytesMut::with_capacity(bytes.len() + 64 * refused.len());
    let part = |range: Range<usize>| bytes.get(range).unwrap_or_default();
    let mut done = 0;
    for RefusedBlock { frame, is_trailers } in refused {
        written.extend_from_slice(part(done..frame.start));
        let name = if *is_trailers { CONNECTION } else { X_APIGW_MALFORMED };
        write_refused(&mut written, part(frame.clone()), &literal(&name));
        done = frame.end;
    }
    written.extend_from_slice(part(done..bytes.len()));
    written
}

/// Writes a field without a value, as a literal that is neither indexed nor compressed (RFC 7541, section 6.2.2).
fn literal(name: &HeaderName) -> Vec<u8> {
    let length = u8::try_from(name.as_str().len()).unwrap_or_default();
    [&[0, length], name.as_str().as_bytes(), &[0]].concat()
}

/// Writes the last frame of a header block with a field behind the others: in the frame itself, or in one of its own
/// where there is no room, or padding in between.
fn write_refused(written: &mut BytesMut, frame: &[u8], field: &[u8]) {
    let Some((head, payload)) = frame.split_first_chunk::<FRAME_HEAD>() else { return };
    let (mut head, flags) = (*head, head[4]);
    if flags & PADDED == 0 && payload.len() + field.len() <= LARGEST_FRAME {
        write_length(&mut head, payload.len() + field.len());
        for part in [&head[..], payload, field] {
            written.extend_from_slice(part);
        }
        return;
    }
    head[4] = flags & !END_HEADERS;
    let mut next = head;
    write_length(&mut next, field.len());
    (next[3], next[4]) = (CONTINUATION, END_HEADERS);
    for part in [&head[..], payload, &next, field] {
        written.extend_from_slice(part);
    }
}

fn write_length(head: &mut [u8; FRAME_HEAD], length: usize) {
    let [.., high, middle, low] = length.to_be_bytes();
    [head[0], head[1], head[2]] = [high, middle, low];
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
    }

    /// The literal `:path: VALUE`.
    fn path(value: &str) -> Vec<u8> {
        [&[4, u8::try_from(value.len()).expect("a short path")], value.as_bytes()].concat()
    }

    /// Filters bytes in pieces of a size, and returns those that h2 gets.
    fn filtered(bytes: &[u8], size: usize) -> Vec<u8> {
        let mut filter = HeaderBlockFilter::new(400);
        let mut given = Vec::new();
        for piece in bytes.chunks(size) {
            match filter.filter(piece) {
                FilteredBytes::Unchanged => given.extend_from_slice(piece),
                FilteredBytes::Held => given.extend_from_slice(&std::mem::take(filter.ready())),
                FilteredBytes::Unreadable => panic!("it can be read"),
            }
        }
        given
    }

    #[test]
    fn a_field_is_added_to_refused_blocks_alone() {
        let marked = |block: &[u8]| [block, &literal(&X_APIGW_MALFORMED)].concat();
        let good = [frame(1, 5, 1, &path("/a")), frame(0, 1, 1, b"/a#b")].concat();
        let bad = path("/a#b");
        let padded = [&[2][..], &bad, &[0, 0]].concat();
        let large = [&literal(&HeaderName::from_static("x"))[..], &bad].concat().repeat(1_638);
        assert!(large.len() <= LARGEST_FRAME && large.len() + 20 > LARGEST_FRAME, "{}", large.len());
        let own = || frame(CONTINUATION, END_HEADERS, 3, &literal(&X_APIGW_MALFORMED));
        let trailers = [frame(1, 4, 3, &path("/a")), frame(1, 5, 3, &path("/b"))].concat();
        let reset =
            [frame(1, 4, 3, &path("/a")), frame(1, 5, 3, &[path("/b"), literal(&CONNECTION)].concat())].concat();
        for (name, sent, expected) in [
            ("nothing", Vec::new(), Vec::new()),
            ("a whole frame", frame(1, 5, 3, &bad), frame(1, 5, 3, &marked(&bad))),
            (
                "two frames",
                [frame(1, 1, 3, &bad[..3]), frame(CONTINUATION, 4, 3, &bad[3..])].concat(),
                [frame(1, 1, 3, &bad[..3]), frame(CONTINUATION, 4, 3, &marked(&bad[3..]))].concat(),
            ),
            ("padding", frame(1, 5 | PADDED, 3, &padded), [frame(1, 1 | PADDED, 3, &padded), own()].concat()),
            ("no room", frame(1, 5, 3, &large), [frame(1, 1, 3, &large), own()].concat()),
            ("trailers", trailers, reset),
        ] {
            let around =
                |middle: &[u8]| [PREFACE, &good, middle, &frame(1, 5, 5, &path("/a")), &frame(0, 1, 5, b"x")].concat();
            for size in [1, 7, 9, 1_000_000] {
                assert!(filtered(&around(&sent), size) == around(&expected), "{name} in pieces of {size}");
            }
        }
    }

    #[test]
    fn bytes_that_are_no_frames_pass_as_they_are() {
        let mut filter = HeaderBlockFilter::new(400);
        let bytes = [PREFACE, &frame(1, 5, 1, &[0xff])].concat();
        let (first, rest) = bytes.split_at(30);
        assert_eq!(filter.filter(first), FilteredBytes::Held);
        assert_eq!(std::mem::take(filter.ready()), PREFACE);
        assert_eq!(filter.filter(rest), FilteredBytes::Unreadable);
        assert_eq!(std::mem::take(filter.ready()), bytes[PREFACE.len()..]);
        assert_eq!(filter.filter(b"any"), FilteredBytes::Unchanged);
    }
}
