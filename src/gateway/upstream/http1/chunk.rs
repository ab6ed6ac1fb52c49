//! Chunked bodies, parsed strictly to find their end (RFC 9112, section 7.1).

use super::MalformedMessage;

/// A place in a chunked body (RFC 9112, section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChunkPosition {
    /// The size, read so far, and its number of digits.
    Size(u64, u8),
    /// An extension, which is skipped; how many bytes it may still have.
    Extension(u64, u16),
    /// The line feed after the size.
    SizeEnd(u64),
    /// Number of bytes of data left.
    Data(u64),
    /// The carriage return after the data.
    DataReturn,
    /// The line feed after the data.
    DataEnd,
    /// The trailers: whether the line is empty so far, and how many bytes they may still have.
    Trailer(bool, u16),
    /// The line feed of a trailer line: whether that line was empty, and how many bytes they may still have.
    TrailerEnd(bool, u16),
}

/// The initial state of a chunked body.
pub(crate) const CHUNK_START: ChunkPosition = ChunkPosition::Size(0, 0);
const LONGEST_EXTENSION: u16 = 256;
const LONGEST_TRAILERS: u16 = 8 * 1024;

/// Parses the next byte of a chunked body, or as many bytes of the present chunk as there are. Returns their number and
/// the new position; `None` at the end of the body.
pub(crate) fn advance_chunk(
    chunk: ChunkPosition,
    bytes: &[u8],
) -> Result<(usize, Option<ChunkPosition>), MalformedMessage> {
    if let ChunkPosition::Data(left) = chunk {
        let here = left.min(bytes.len() as u64);
        let next = if here == left { ChunkPosition::DataReturn } else { ChunkPosition::Data(left - here) };
        return Ok((usize::try_from(here).unwrap_or(bytes.len()), Some(next)));
    }
    let byte = bytes.first().copied().unwrap_or_default();
    let next = match (chunk, byte) {
        (ChunkPosition::Size(size, digits), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') if digits < 15 => {
            let digit = char::from(byte).to_digit(16).unwrap_or_default();
            ChunkPosition::Size(size << 4 | u64::from(digit), digits + 1)
        }
        (ChunkPosition::Size(size, 1..) | ChunkPosition::Extension(size, _), b'\r') => ChunkPosition::SizeEnd(size),
        (ChunkPosition::Size(size, 1..), b';') => ChunkPosition::Extension(size, LONGEST_EXTENSION),
        (ChunkPosition::Extension(size, left @ 1..), b'\t' | 0x20..=0x7e) => ChunkPosition::Extension(size, left - 1),
        (ChunkPosition::SizeEnd(0), b'\n') => ChunkPosition::Trailer(true, LONGEST_TRAILERS),
        (ChunkPosition::SizeEnd(size), b'\n') => ChunkPosition::Data(size),
        (ChunkPosition::DataReturn, b'\r') => ChunkPosition::DataEnd,
        (ChunkPosition::DataEnd, b'\n') => CHUNK_START,
        (ChunkPosition::Trailer(empty, left), b'\r') => ChunkPosition::TrailerEnd(empty, left),
        (ChunkPosition::Trailer(_, left @ 1..), b'\t' | 0x20..=0x7e | 0x80..) => {
            ChunkPosition::Trailer(false, left - 1)
        }
        (ChunkPosition::TrailerEnd(true, _), b'\n') => return Ok((1, None)),
        (ChunkPosition::TrailerEnd(false, left), b'\n') => ChunkPosition::Trailer(true, left),
        _ => return Err(MalformedMessage("its chunked body is not well-formed")),
    };
    Ok((1, Some(next)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a chunked body and returns whether it is well-formed and whole.
    fn is_whole(text: &str) -> bool {
        let (mut chunk, mut rest) = (CHUNK_START, text.as_bytes());
        while !rest.is_empty() {
            match advance_chunk(chunk, rest) {
                Ok((taken, Some(next))) => (chunk, rest) = (next, &rest[taken..]),
                Ok((taken, None)) => return taken == rest.len(),
                Err(_) => return false,
            }
        }
        false
    }

    #[test]
    fn each_byte_between_the_parts_is_the_one_that_stands_there() {
        for text in ["1\r\na\r\n0\r\n\r\n", "1;x=\"\t \"\r\na\r\n0\r\nA: b\r\n\r\n"] {
            assert!(is_whole(text), "{text:?}");
        }
        for text in [
            "\r\n0\r\n\r\n",
            ";x\r\n0\r\n\r\n",
            "1;\u{1}\r\na\r\n0\r\n\r\n",
            "1;\n\r\na\r\n0\r\n\r\n",
            "1\rxa\r\n0\r\n\r\n",
            "1\r\naxx0\r\n\r\n",
            "1\r\na\rx0\r\n\r\n",
            "1\r\na\r\n0\rx\r\n",
            "0\r\nA: b\rx\r\n",
            "0\r\n\rx",
        ] {
            assert!(!is_whole(text), "{text:?}");
        }
    }
}
