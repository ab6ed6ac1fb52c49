//! The head of a backend's response, with its framing and its connection options.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::BrokenExchange;
use super::body::BodyFraming;
use crate::gateway::headers::strip_named;
use crate::model::trim_blanks;
use crate::model::{KEEP_ALIVE, is_hop_by_hop};

/// The most header fields of a response.
const MOST_FIELDS: usize = 128;

/// Room for the headers that the gateway adds.
const OWN_FIELDS: usize = 4;

/// The head of a response, without hop-by-hop headers (RFC 9110, section 7.6.1).
#[derive(Debug)]
pub(crate) struct ResponseHead {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Framing of its body.
    pub(crate) coding: BodyFraming,
    /// True if another request may follow on the connection.
    pub(crate) persists: bool,
    /// For how many seconds the backend says that it keeps the connection (`Keep-Alive: timeout=5`, RFC 2068, section
    /// 19.7.1).
    pub(crate) kept_for: Option<u64>,
    /// True if it names the websocket as the protocol that the connection goes on with (RFC 9110, section 7.8).
    pub(crate) names_websocket: bool,
}

/// Finds the end of a head, of which the first `searched` bytes are known to have none. A line feed alone ends a line,
/// too (RFC 9112, section 2.2).
pub(super) fn head_end(read: &[u8], searched: usize) -> Option<usize> {
    let from = searched.saturating_sub(2);
    let ends = memchr::memchr_iter(b'\n', read.get(from..)?);
    ends.map(|found| from + found + 1).find_map(|next| match read.get(next..)? {
        [b'\n', ..] => Some(next + 1),
        [b'\r', b'\n', ..] => Some(next + 2),
        _ => None,
    })
}

impl ResponseHead {
    /// Reads a head. `to_head` says that it is the response to a `HEAD`, which has no body whatever its headers say.
    pub(super) fn parse(head: &Bytes, to_head: bool) -> Result<Self, BrokenExchange> {
        let mut fields = [const { std::mem::MaybeUninit::uninit() }; MOST_FIELDS];
        let mut read = httparse::Response::new(&mut []);
        let config = httparse::ParserConfig::default();
        let parsed = config.parse_response_with_uninit_headers(&mut read, head, &mut fields).map_err(|error| {
            BrokenExchange::Malformed(match error {
                httparse::Error::TooManyHeaders => "it has too many header fields",
                httparse::Error::Version => "its version is not one of HTTP/1",
                httparse::Error::Status => "its status is invalid",
                _ => "its head is malformed",
            })
        })?;
        // Other numbers are not valid status codes (RFC 9110, section 15), though the type has room for them.
        let code = read.code.filter(|code| (100..=599).contains(code) && parsed.is_complete());
        let status = code.and_then(|code| StatusCode::from_u16(code).ok());
        let status = status.ok_or(BrokenExchange::Malformed("its status is invalid"))?;
        let mut reader = HeadReader {
            headers: HeaderMap::with_capacity(read.headers.len() + OWN_FIELDS),
            length: None,
            coded: false,
            closes: None,
            names_more: false,
            kept_for: None,
            upgrades: false,
            is_websocket: false,
        };
        for field in read.headers.iter() {
            reader.field(field, head)?;
        }
        let newest = read.version == Some(1);
        reader.finish(status, to_head, newest)
    }

    /// True if another head follows for the same request.
    pub(super) fn is_interim(&self) -> bool {
        self.status.is_informational() && self.status != StatusCode::SWITCHING_PROTOCOLS
    }
}

/// State of a head while its fields are read.
#[expect(clippy::struct_excessive_bools, reason = "each says one thing of a head, and none excludes another")]
struct HeadReader {
    headers: HeaderMap,
    length: Option<u64>,
    /// True if the body comes in chunks.
    coded: bool,
    /// True if `Connection` has `close`, false if it has `keep-alive`.
    closes: Option<bool>,
    /// True if `Connection` names further hop-by-hop headers.
    names_more: bool,
    kept_for: Option<u64>,
    /// True if `Connection` names `Upgrade`.
    upgrades: bool,
    /// True if `Upgrade` names the websocket.
    is_websocket: bool,
}

impl HeadReader {
    fn field(&mut self, field: &httparse::Header<'_>, head: &Bytes) -> Result<(), BrokenExchange> {
        let name = HeaderName::from_bytes(field.name.as_bytes())
            .map_err(|_| BrokenExchange::Malformed("a header name is invalid"))?;
        if name == CONTENT_LENGTH {
            if self.length.replace(length(field.value)?).is_some() {
                return Err(BrokenExchange::Malformed("it has more than one Content-Length"));
            }
        } else if name == TRANSFER_ENCODING {
            if self.coded || !field.value.eq_ignore_ascii_case(b"chunked") {
                return Err(BrokenExchange::Malformed("its Transfer-Encoding is not a single \"chunked\""));
            }
            self.coded = true;
        } else if name == CONNECTION {
            self.connection(field.value);
        } else if name == KEEP_ALIVE {
            let said = std::str::from_utf8(field.value).unwrap_or_default();
            self.kept_for = said.split(',').find_map(|word| trim_blanks(word).strip_prefix("timeout=")?.parse().ok());
        }
        if name == UPGRADE {
            self.is_websocket |= words(field.value).any(|word| word.eq_ignore_ascii_case(b"websocket"));
        }
        // The headers named by `Connection` are needed until all fields are known, and trailers are passed on.
        if !is_hop_by_hop(&name) || name == CONNECTION || name == TRAILER {
            let value = HeaderValue::from_maybe_shared(head.slice_ref(field.value))
                .map_err(|_| BrokenExchange::Malformed("a header's value has control characters"))?;
            self.headers.append(name, value);
        }
        Ok(())
    }

    fn connection(&mut self, value: &[u8]) {
        for word in words(value) {
            self.upgrades |= word.eq_ignore_ascii_case(b"upgrade");
            if word.eq_ignore_ascii_case(b"close") {
                self.closes = Some(true);
            } else if word.eq_ignore_ascii_case(b"keep-alive") {
                self.closes = self.closes.or(Some(false));
            } else {
                self.names_more = true;
            }
        }
    }

    /// Finds out how the body is written (RFC 9112, section 6.3) and whether the connection persists (section 9.3).
    fn finish(mut self, status: StatusCode, to_head: bool, newest: bool) -> Result<ResponseHead, BrokenExchange> {
        if self.coded && (self.length.is_some() || !newest) {
            return Err(BrokenExchange::Malformed("its length is ambiguous"));
        }
        if self.names_more {
            strip_named(&mut self.headers);
        }
        if self.closes.is_some() || self.names_more {
            self.headers.remove(CONNECTION);
        }
        let bodiless = to_head
            || status.is_informational()
            || status == StatusCode::NO_CONTENT
            || status == StatusCode::NOT_MODIFIED;
        let coding = match self.length {
            _ if bodiless => BodyFraming::None,
            Some(length) => BodyFraming::Length(length),
            None if self.coded => BodyFraming::chunked(),
            None => BodyFraming::UntilClose,
        };
        let persists = self.closes.map_or(newest, |closes| !closes);
        let names_websocket = self.upgrades && self.is_websocket;
        Ok(ResponseHead { status, headers: self.headers, coding, persists, kept_for: self.kept_for, names_websocket })
    }
}

/// Splits a list of tokens, with spaces and tabs around them (RFC 9110, sections 5.6.1 and 5.6.3).
fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    value.split(|&byte| byte == b',').map(move |word| {
        let start = word.iter().position(|byte| !is_blank(byte)).unwrap_or(word.len());
        let end = word.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
        word.get(start..end).unwrap_or_default()
    })
}

/// Reads a length, of digits alone (RFC 9110, section 8.6).
fn length(value: &[u8]) -> Result<u64, BrokenExchange> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(value).ok().filter(|_| digits);
    text.and_then(|text| text.parse().ok()).ok_or(BrokenExchange::Malformed("its Content-Length is not a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, to_head: bool) -> Result<ResponseHead, BrokenExchange> {
        ResponseHead::parse(&Bytes::copy_from_slice(text.as_bytes()), to_head)
    }

    #[test]
    fn the_end_of_a_head_is_found_in_whatever_pieces_it_comes() {
        for (text, end) in [
            ("HTTP/1.1 200 OK\r\nA: b\r\n\r\nrest\r\n\r\n", Some(25)),
            ("HTTP/1.1 200 OK\n\nrest", Some(17)),
            ("HTTP/1.1 200 OK\r\nA: b\n\r\nrest", Some(24)),
            ("HTTP/1.1 200 OK\r\nA: b\r\n\r", None),
            ("", None),
        ] {
            let bytes = text.as_bytes();
            assert_eq!(head_end(bytes, 0), end, "{text:?}");
            let piecewise = (0..=bytes.len()).find_map(|count| head_end(&bytes[..count], count.saturating_sub(1)));
            assert_eq!(piecewise, end, "{text:?} byte by byte");
        }
    }

    #[test]
    fn the_length_of_the_body_has_one_reading() {
        for (head, to_head, coding) in [
            ("200 OK\r\nContent-Length: 5\r\n", false, BodyFraming::Length(5)),
            ("200 OK\r\nContent-Length: 5\r\n", true, BodyFraming::None),
            ("304 Not Modified\r\nContent-Length: 5\r\n", false, BodyFraming::None),
            ("204 No Content\r\n", false, BodyFraming::None),
            ("101 Switching Protocols\r\n", false, BodyFraming::None),
            ("200 OK\r\nTransfer-Encoding: Chunked\r\n", false, BodyFraming::chunked()),
            ("200\r\n", false, BodyFraming::UntilClose),
        ] {
            let parsed = parse(&format!("HTTP/1.1 {head}\r\n"), to_head).expect("a head");
            assert_eq!(parsed.coding, coding, "{head:?}");
        }
        for head in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/2.0 200 OK\r\n\r\n",
            "HTTP/1.1 99 OK\r\n\r\n",
            "HTTP/1.1 600 OK\r\n\r\n",
            "HTTP/1.1 999 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n",
            "SSH-2.0-OpenSSH\r\n\r\n",
        ] {
            assert!(matches!(parse(head, false), Err(BrokenExchange::Malformed(_))), "{head:?}");
        }
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(MOST_FIELDS + 1));
        assert!(matches!(parse(&many, false), Err(BrokenExchange::Malformed(reason)) if reason.contains("too many")));
    }

    #[test]
    fn what_belongs_to_the_connection_stays_there() {
        for (head, persists, kept_for, left) in [
            ("1.1 200 OK\r\nContent-Length: 0\r\nX: 1\r\n", true, None, &["content-length", "x"][..]),
            ("1.1 200 OK\r\nConnection: close\r\n", false, None, &[]),
            ("1.1 200 OK\r\nConnection: Keep-Alive\r\nKeep-Alive: max=3, timeout=5\r\n", true, Some(5), &[]),
            ("1.1 200 OK\r\nConnection: keep-alive, close\r\n", false, None, &[]),
            ("1.1 200 OK\r\nX: 1\r\nConnection: x, y\r\nConnection: z\r\nY: 2\r\nZ: 3\r\nW: 4\r\n", true, None, &["w"]),
            ("1.0 200 OK\r\n", false, None, &[]),
            ("1.0 200 OK\r\nConnection: keep-alive\r\n", true, None, &[]),
            ("1.1 200 OK\r\nUpgrade: h2c\r\nProxy-Authenticate: x\r\nTrailer: X-Sum\r\n", true, None, &["trailer"]),
        ] {
            let parsed = parse(&format!("HTTP/{head}\r\n"), false).expect("a head");
            let names: Vec<&str> = parsed.headers.keys().map(HeaderName::as_str).collect();
            assert_eq!((parsed.persists, parsed.kept_for, &names[..]), (persists, kept_for, left), "{head:?}");
        }
    }
}
