//! Framing of a message's body, part by part (RFC 9112, sections 6 and 7).

use std::io::Write as _;

use http::HeaderMap;

use crate::gateway::headers::{is_trailer, write_field};

/// The way in which the end of a body is known to its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Number of bytes still to come.
    Length(u64),
    /// In chunks; whether there has been one.
    Chunked(bool),
}

/// A body has another length than was said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OtherLength;

impl Framing {
    /// Writes the framing that precedes a part of `length` bytes.
    pub(crate) fn part(&mut self, length: usize, write: &mut Vec<u8>) -> Result<(), OtherLength> {
        match self {
            Self::Length(left) => *left = left.checked_sub(length as u64).ok_or(OtherLength)?,
            Self::Chunked(_) if length == 0 => {}
            Self::Chunked(begun) => {
                if std::mem::replace(begun, true) {
                    write.extend_from_slice(b"\r\n");
                }
                // Writing into memory does not fail.
                write!(write, "{length:x}\r\n").unwrap_or_default();
            }
        }
        Ok(())
    }

    /// Writes the end of the body. Its trailers are passed on, except for those that a trailer may not be
    /// (RFC 9110, section 6.5.1).
    pub(crate) fn end(self, trailers: Option<&HeaderMap>, write: &mut Vec<u8>) -> Result<(), OtherLength> {
        match self {
            Self::Length(0) => {}
            Self::Length(_) => return Err(OtherLength),
            Self::Chunked(begun) => {
                write.extend_from_slice(if begun { b"\r\n0\r\n" } else { b"0\r\n" });
                for (name, value) in trailers.into_iter().flatten().filter(|(name, _)| is_trailer(name)) {
                    write_field(write, name.as_str(), value.as_bytes());
                }
                write.extend_from_slice(b"\r\n");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_the_length_that_was_said() {
        for (parts, ended) in [(&[3][..], true), (&[1, 2], true), (&[2], false), (&[2, 2], false), (&[], false)] {
            let (mut framing, mut write) = (Framing::Length(3), Vec::new());
            let written = parts.iter().try_for_each(|&length| framing.part(length, &mut write));
            assert_eq!(written.and_then(|()| framing.end(None, &mut write)).is_ok(), ended, "{parts:?}");
            assert!(write.is_empty(), "nothing stands between the parts");
        }
    }

    #[test]
    fn chunks_are_written_with_their_sizes_and_trailers() {
        let (mut framing, mut write) = (Framing::Chunked(false), Vec::new());
        for part in ["hello", "", "0123456789"] {
            assert_eq!(framing.part(part.len(), &mut write), Ok(()));
            write.extend_from_slice(part.as_bytes());
        }
        let mut trailers = HeaderMap::new();
        for (name, value) in [("x-sum", "1"), ("content-length", "3"), ("host", "a"), ("transfer-encoding", "chunked")]
        {
            trailers.insert(name, http::HeaderValue::from_static(value));
        }
        assert_eq!(framing.end(Some(&trailers), &mut write), Ok(()));
        assert_eq!(String::from_utf8_lossy(&write), "5\r\nhello\r\na\r\n0123456789\r\n0\r\nx-sum: 1\r\n\r\n");
    }
}
