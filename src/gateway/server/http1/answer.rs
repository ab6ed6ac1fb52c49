//! Answers on their way to the client.

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, DATE, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode, Version};
use http_body::Body as _;

use super::connection::Connection;
use crate::gateway::body::Payload;
use crate::gateway::headers::write_field;
use crate::gateway::http1::writing::Framing;

/// Up to how many bytes of a body are copied behind what is written already, instead of being written from where they are.
const COPIED: usize = 4 * 1024;

/// How much is gathered before it is written, in bytes.
const GATHERED: usize = 16 * 1024;

/// What a request says of how it is answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// The version that the client speaks.
    pub(super) version: Version,
    /// Whether it is a `HEAD`, whose answer has no body.
    pub(super) to_head: bool,
    /// Whether the client takes trailers.
    pub(super) takes_trailers: bool,
    /// Whether another request may follow.
    pub(super) persists: bool,
}

impl Manner {
    /// Writes the head of an answer, whose body has so many bytes if that is known. Returns how the body is written, if there
    /// is one (RFC 9112, section 6.3), and notes where the connection cannot persist.
    pub(super) fn write_head(
        &mut self,
        status: StatusCode,
        headers: &HeaderMap,
        length: Option<u64>,
        date: &[u8],
        write: &mut Vec<u8>,
    ) -> Option<Framing> {
        for part in ["HTTP/1.1 ", status.as_str(), " ", status.canonical_reason().unwrap_or_default(), "\r\n"] {
            write.extend_from_slice(part.as_bytes());
        }
        let bodiless = status.is_informational() || status == StatusCode::NO_CONTENT;
        let has_body = !self.to_head && !bodiless && status != StatusCode::NOT_MODIFIED;
        let (mut is_dated, mut says_connection) = (false, false);
        for (name, value) in headers {
            if name == TRANSFER_ENCODING || name == CONTENT_LENGTH && (has_body || bodiless) {
                continue;
            }
            if name == CONNECTION {
                says_connection = true;
                self.persists &= !value.as_bytes().eq_ignore_ascii_case(b"close");
            }
            is_dated |= name == DATE;
            write_field(write, name.as_str(), value.as_bytes());
        }
        let framing = has_body.then(|| self.frame(length, write));
        if !is_dated {
            write_field(write, DATE.as_str(), date);
        }
        if !says_connection && !self.persists {
            write.extend_from_slice(b"connection: close\r\n");
        } else if !says_connection && self.version == Version::HTTP_10 {
            write.extend_from_slice(b"connection: keep-alive\r\n");
        }
        write.extend_from_slice(b"\r\n");
        framing
    }

    fn frame(&mut self, length: Option<u64>, write: &mut Vec<u8>) -> Framing {
        match length {
            Some(length) => {
                write_field(write, CONTENT_LENGTH.as_str(), itoa::Buffer::new().format(length).as_bytes());
                Framing::Length(length)
            }
            None if self.version == Version::HTTP_11 => {
                write.extend_from_slice(b"transfer-encoding: chunked\r\n");
                Framing::Chunked(false)
            }
            None => {
                self.persists = false;
                Framing::UntilClose
            }
        }
    }
}

/// The body of an answer on its way.
pub(super) struct Sending {
    payload: Payload,
    framing: Framing,
    takes_trailers: bool,
    /// A part that is written from where it is.
    part: Bytes,
    progress: Progress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Going,
    /// All of it has been written into the connection's buffer.
    Ended,
    /// It broke off, and the client has to be told by the end of the connection.
    Broken,
}

/// An answer did not reach its client as a whole: the connection is of no more use.
#[derive(Debug)]
pub(super) struct BrokenOff;

impl Sending {
    pub(super) fn new(payload: Payload, framing: Framing, takes_trailers: bool) -> Self {
        Self { payload, framing, takes_trailers, part: Bytes::new(), progress: Progress::Going }
    }

    /// Sends on until all of the body has been written, small parts at least into the connection's buffer.
    pub(super) fn poll(
        &mut self,
        connection: &RefCell<Connection>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), BrokenOff>> {
        loop {
            {
                let connection = &mut *connection.borrow_mut();
                if !self.part.is_empty() || connection.wire.unwritten() > GATHERED {
                    ready!(connection.poll_write(&mut self.part, context)).map_err(|_| BrokenOff)?;
                }
                match self.progress {
                    Progress::Going => {}
                    Progress::Ended => return Poll::Ready(Ok(())),
                    Progress::Broken => {
                        // What came is worth having.
                        ready!(connection.poll_flush(context)).map_err(|_| BrokenOff)?;
                        return Poll::Ready(Err(BrokenOff));
                    }
                }
            }
            // It may read the request's body from the connection.
            let polled = Pin::new(&mut self.payload).poll_frame(context);
            let connection = &mut *connection.borrow_mut();
            match polled {
                Poll::Ready(frame) => {
                    let taken = self.take(frame.transpose().map_err(|_| BrokenOff), &mut connection.wire.write);
                    self.progress = taken.unwrap_or(Progress::Broken);
                }
                Poll::Pending => {
                    if let Poll::Ready(Err(_)) = connection.poll_flush(context) {
                        return Poll::Ready(Err(BrokenOff));
                    }
                    return connection.poll_left(context).map(|()| Err(BrokenOff));
                }
            }
        }
    }

    /// Writes a part of the body into the buffer, or has it written from where it is.
    fn take(
        &mut self,
        frame: Result<Option<http_body::Frame<Bytes>>, BrokenOff>,
        write: &mut Vec<u8>,
    ) -> Result<Progress, BrokenOff> {
        let Some(frame) = frame? else {
            self.framing.end(None, write).map_err(|_| BrokenOff)?;
            return Ok(Progress::Ended);
        };
        match frame.into_data() {
            Ok(data) => {
                self.framing.part(data.len(), write).map_err(|_| BrokenOff)?;
                if data.len() <= COPIED {
                    write.extend_from_slice(&data);
                } else {
                    self.part = data;
                }
                Ok(Progress::Going)
            }
            Err(frame) => {
                let trailers = frame.trailers_ref().filter(|_| self.takes_trailers);
                self.framing.end(trailers, write).map_err(|_| BrokenOff)?;
                Ok(Progress::Ended)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    const NEWEST: Manner = Manner { version: Version::HTTP_11, to_head: false, takes_trailers: false, persists: true };
    const OLD: Manner = Manner { version: Version::HTTP_10, ..NEWEST };
    const TO_HEAD: Manner = Manner { to_head: true, ..NEWEST };
    const LAST: Manner = Manner { persists: false, ..NEWEST };

    /// Writes a head, and returns its lines without the date.
    fn written(
        mut manner: Manner,
        status: u16,
        fields: &[(&'static str, &'static str)],
        length: Option<u64>,
    ) -> (Vec<String>, Option<Framing>, bool) {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let mut write = Vec::new();
        let status = StatusCode::from_u16(status).expect("a status");
        let framing = manner.write_head(status, &headers, length, b"now", &mut write);
        let text = String::from_utf8(write).expect("text");
        let head = text.strip_suffix("\r\n\r\n").expect("an empty line at the end");
        let lines = head.split("\r\n").filter(|line| *line != "date: now").map(str::to_owned);
        (lines.collect(), framing, manner.persists)
    }

    #[test]
    fn a_head_says_how_long_the_body_is_and_what_becomes_of_the_connection() {
        for (manner, status, fields, length, lines, framing, persists) in [
            (NEWEST, 200, &[][..], Some(3), &["content-length: 3"][..], Some(Framing::Length(3)), true),
            (NEWEST, 200, &[("content-length", "9")], Some(0), &["content-length: 0"], Some(Framing::Length(0)), true),
            (NEWEST, 200, &[], None, &["transfer-encoding: chunked"], Some(Framing::Chunked(false)), true),
            (OLD, 200, &[], None, &["connection: close"], Some(Framing::UntilClose), false),
            (OLD, 200, &[], Some(1), &["content-length: 1", "connection: keep-alive"], Some(Framing::Length(1)), true),
            (LAST, 404, &[], Some(1), &["content-length: 1", "connection: close"], Some(Framing::Length(1)), false),
            (
                NEWEST,
                400,
                &[("connection", "close")],
                Some(1),
                &["connection: close", "content-length: 1"],
                Some(Framing::Length(1)),
                false,
            ),
            (NEWEST, 204, &[("content-length", "0")], Some(0), &[], None, true),
            (NEWEST, 304, &[("content-length", "9")], Some(0), &["content-length: 9"], None, true),
            (TO_HEAD, 200, &[("content-length", "9")], Some(0), &["content-length: 9"], None, true),
            (TO_HEAD, 200, &[], None, &[], None, true),
            (NEWEST, 101, &[("connection", "upgrade")], Some(0), &["connection: upgrade"], None, true),
            (
                NEWEST,
                200,
                &[("transfer-encoding", "gzip")],
                Some(1),
                &["content-length: 1"],
                Some(Framing::Length(1)),
                true,
            ),
        ] {
            let (found, how, again) = written(manner, status, fields, length);
            assert_eq!(
                (&found[1..], how, again),
                (&lines.iter().map(|&line| line.to_owned()).collect::<Vec<_>>()[..], framing, persists),
                "{status} {fields:?} {length:?}"
            );
        }
    }

    #[test]
    fn an_answer_is_dated_once() {
        for (fields, date) in [(&[][..], "date: now"), (&[("date", "then")], "date: then")] {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            let mut write = Vec::new();
            { NEWEST }.write_head(StatusCode::OK, &headers, Some(0), b"now", &mut write);
            let text = String::from_utf8(write).expect("text");
            assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text:?}");
            assert_eq!(text.lines().filter(|line| line.starts_with("date:")).collect::<Vec<_>>(), [date]);
        }
    }
}
