//! The body of a backend's response, as it is read (RFC 9112, sections 6 and 7).

use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Frame, SizeHint};

use super::MalformedMessage;
use super::chunk::{CHUNK_START, ChunkPosition, advance_chunk};
use crate::gateway::headers::is_trailer;

/// The most trailers of a message.
const MOST_TRAILERS: usize = 32;

/// The framing of a body, and the rest that is still to come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BodyFraming {
    /// There is none, or it has ended.
    None,
    /// Number of bytes left.
    Length(u64),
    /// In chunks; with the lines of the trailers that have come.
    Chunked(ChunkPosition, Vec<u8>),
    /// Until the connection is closed, which only a response may be.
    UntilClose,
}

impl BodyFraming {
    /// Returns the initial state of a chunked body.
    pub(crate) fn chunked() -> Self {
        Self::Chunked(CHUNK_START, Vec::new())
    }

    /// True if no more bytes come.
    pub(crate) fn is_end(&self) -> bool {
        matches!(self, Self::None | Self::Length(0))
    }

    /// True if trailers may follow.
    pub(crate) fn may_have_trailers(&self) -> bool {
        matches!(self, Self::Chunked(..))
    }

    /// Returns how many bytes are still to come, as far as that is known.
    pub(crate) fn size_hint(&self) -> SizeHint {
        match self {
            Self::None => SizeHint::with_exact(0),
            Self::Length(left) => SizeHint::with_exact(*left),
            Self::Chunked(..) | Self::UntilClose => SizeHint::default(),
        }
    }

    /// Takes a part of the body or its trailers from the bytes read; `None` if more has to be read first, or at its
    /// end.
    pub(crate) fn take(&mut self, read: &mut BytesMut) -> Result<Option<Frame<Bytes>>, MalformedMessage> {
        if read.is_empty() {
            return Ok(None);
        }
        let data = match self {
            Self::None => return Ok(None),
            Self::Length(left) => {
                let here = usize::try_from(*left).unwrap_or(usize::MAX).min(read.len());
                *left -= here as u64;
                read.split_to(here)
            }
            Self::UntilClose => read.split(),
            Self::Chunked(chunk, trailers) => {
                while !read.is_empty() {
                    let at = *chunk;
                    let (taken, next) = advance_chunk(at, read)?;
                    if let Some(next) = next {
                        *chunk = next;
                    }
                    match at {
                        ChunkPosition::Data(_) => return Ok(Some(Frame::data(read.split_to(taken).freeze()))),
                        ChunkPosition::Trailer(..) | ChunkPosition::TrailerEnd(..) => {
                            trailers.extend_from_slice(read.get(..taken).unwrap_or_default());
                        }
                        _ => {}
                    }
                    read.advance(taken);
                    if next.is_none() {
                        let trailers = std::mem::take(trailers);
                        *self = Self::None;
                        return Ok(Some(parse_trailers(&trailers)?).filter(|map| !map.is_empty()).map(Frame::trailers));
                    }
                }
                return Ok(None);
            }
        };
        Ok(Some(Frame::data(data.freeze())))
    }
}

/// Reads trailers, and leaves out those that a trailer may not be (RFC 9110, section 6.5.1).
fn parse_trailers(lines: &[u8]) -> Result<HeaderMap, MalformedMessage> {
    let malformed = || MalformedMessage("its trailers are not well-formed");
    let mut map = HeaderMap::new();
    let mut fields = [httparse::EMPTY_HEADER; MOST_TRAILERS];
    if lines == b"\r\n" {
        return Ok(map);
    }
    let parsed = httparse::parse_headers(lines, &mut fields).map_err(|_| malformed())?;
    let httparse::Status::Complete((_, fields)) = parsed else { return Err(malformed()) };
    for field in fields {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| malformed())?;
        let value = HeaderValue::from_bytes(field.value).map_err(|_| malformed())?;
        if is_trailer(&name) {
            map.append(name, value);
        }
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes a whole body that comes in pieces of a size; the bytes left over come last.
    fn decode(
        mut coding: BodyFraming,
        text: &str,
        size: usize,
    ) -> Result<(String, Option<HeaderMap>, String), MalformedMessage> {
        let (mut data, mut trailers) = (Vec::new(), None);
        let mut read = BytesMut::new();
        for piece in text.as_bytes().chunks(size) {
            read.extend_from_slice(piece);
            while let Some(frame) = coding.take(&mut read)? {
                match frame.into_data() {
                    Ok(part) => data.extend_from_slice(&part),
                    Err(frame) => trailers = frame.into_trailers().ok(),
                }
                if coding.is_end() {
                    break;
                }
            }
        }
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        assert!(coding.is_end() || coding == BodyFraming::UntilClose, "{coding:?}");
        Ok((text(&data), trailers, text(&read)))
    }

    #[test]
    fn bodies_end_where_they_say() {
        let chunked = "3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\nrest";
        for (coding, text, data, rest) in [
            ((|| BodyFraming::Length(3)) as fn() -> BodyFraming, "abcrest", "abc", "rest"),
            (BodyFraming::chunked, chunked, "abc0123456789", "rest"),
            (|| BodyFraming::UntilClose, "abc", "abc", ""),
        ] {
            for size in 1..=text.len() {
                let (found, trailers, left) = decode(coding(), text, size).expect("a body");
                assert_eq!((found.as_str(), left.as_str(), trailers), (data, rest, None), "{text:?} by {size}");
            }
        }
    }

    #[test]
    fn trailers_are_handed_on_unless_they_would_frame_another_message() {
        let text = "0\r\nX-Sum: 1\r\nContent-Length: 3\r\nConnection: x\r\nX-Sum: 2\r\n\r\n";
        for size in 1..=text.len() {
            let (_, trailers, _) = decode(BodyFraming::chunked(), text, size).expect("a body");
            let trailers = trailers.expect("trailers");
            assert_eq!(trailers.get_all("x-sum").iter().collect::<Vec<_>>(), ["1", "2"]);
            assert_eq!(trailers.keys_len(), 1);
        }
    }

    #[test]
    fn chunks_that_are_not_well_formed_are_refused() {
        for text in ["x\r\n", "3\nabc\r\n0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n", "0\r\nno trailer\r\n\r\n"] {
            assert!(matches!(decode(BodyFraming::chunked(), text, 1), Err(MalformedMessage(_))), "{text:?}");
        }
    }
}
