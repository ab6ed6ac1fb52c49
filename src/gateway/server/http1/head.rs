//! The head of a request, read once and strictly (RFC 9112).
//!
//! Servers repair what they can: they drop a `Content-Length` beside a `Transfer-Encoding`, fold equal lengths into one, take a
//! bare line feed for a line end and cut a fragment off the target. A gateway must refuse these instead, since the next hop
//! may repair them in another way.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, TE, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version};

use crate::gateway::http1::Malformed;
use crate::gateway::http1::coding::Coding;

/// The most header fields of a request.
const MOST_FIELDS: usize = 100;

/// Why a head is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is not a well-formed request, for this reason.
    Malformed(&'static str),
    /// Its head is larger, or has more fields, than is allowed.
    TooLarge,
    /// It speaks another version of HTTP.
    Version,
}

impl From<Malformed> for Refusal {
    fn from(Malformed(reason): Malformed) -> Self {
        Self::Malformed(reason)
    }
}

/// A well-formed head.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) parts: Parts,
    /// How the body that follows is written.
    pub(super) coding: Coding,
    /// Whether another request may follow on the connection (RFC 9112, section 9.3).
    pub(crate) persists: bool,
    /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110, section 10.1.1).
    pub(super) awaits_continue: bool,
    /// Whether the client takes trailers (RFC 9110, section 10.1.4).
    pub(crate) takes_trailers: bool,
}

/// Returns the length of a head with the empty line that ends it. The first `searched` bytes are known not to have that.
pub(super) fn head_length(head: &[u8], searched: usize) -> Result<Option<usize>, Refusal> {
    let from = searched.saturating_sub(3);
    for found in memchr::memchr_iter(b'\n', head.get(from..).unwrap_or_default()) {
        let line_feed = from + found;
        let before = head.get(..line_feed).unwrap_or_default();
        if before.last() != Some(&b'\r') {
            return Err(Refusal::Malformed("a line of its head ends without a carriage return"));
        }
        if before.ends_with(b"\r\n\r") {
            return Ok(Some(line_feed + 1));
        }
        if before == b"\r" {
            return Err(Refusal::Malformed("its request line is empty"));
        }
    }
    Ok(None)
}

impl Head {
    /// Reads a whole head, whose lines end with both characters. Its fields go into an empty map.
    pub(super) fn parse(head: &Bytes, headers: HeaderMap) -> Result<Self, Refusal> {
        let mut begin = 0;
        let mut lines = memchr::memchr_iter(b'\n', head).map(|line_feed| {
            let line = head.get(begin..line_feed - 1).unwrap_or_default();
            begin = line_feed + 1;
            line
        });
        let mut parts = Request::new(()).into_parts().0;
        parts.headers = headers;
        let mut reader = Reader { head, parts, length: None, chunked: false, closes: None, expects: false, te: false };
        reader.request_line(lines.next().unwrap_or_default())?;
        for (number, line) in lines.take_while(|line| !line.is_empty()).enumerate() {
            if number == MOST_FIELDS {
                return Err(Refusal::TooLarge);
            }
            reader.field(line)?;
        }
        reader.finish()
    }
}

/// What is known of a head while its lines are read.
struct Reader<'h> {
    head: &'h Bytes,
    parts: Parts,
    length: Option<u64>,
    chunked: bool,
    /// Whether `Connection` says that the connection is closed after the answer, or that it is kept.
    closes: Option<bool>,
    expects: bool,
    te: bool,
}

impl Reader<'_> {
    /// Reads a request line (RFC 9112, section 3).
    fn request_line(&mut self, line: &[u8]) -> Result<(), Refusal> {
        let (method, rest) = span(line, TOKEN);
        let Some(rest) = rest.strip_prefix(b" ").filter(|_| !method.is_empty()) else {
            return Err(Refusal::Malformed("its request line does not begin with a method and a space"));
        };
        let (path, after_path) = span(rest, PATH);
        let after = if after_path.starts_with(b"?") { span(after_path, QUERY).1 } else { after_path };
        let version = match after {
            [b' ', version @ ..] => version,
            [] => return Err(Refusal::Malformed("its request line is not a method, a target and a version")),
            _ => return Err(Refusal::Malformed("its target has characters that must be percent-encoded")),
        };
        self.parts.version = match version {
            b"HTTP/1.1" => Version::HTTP_11,
            b"HTTP/1.0" => Version::HTTP_10,
            other if other.starts_with(b"HTTP/") && !other.contains(&b' ') => return Err(Refusal::Version),
            _ => return Err(Refusal::Malformed("its request line does not end in a version of HTTP")),
        };
        if !path.starts_with(b"/") && !is_absolute(path) {
            return Err(Refusal::Malformed("its target is neither a path nor an absolute address"));
        }
        let target = rest.get(..rest.len() - after.len()).unwrap_or_default();
        self.parts.uri = Uri::from_maybe_shared(self.head.slice_ref(target))
            .map_err(|_| Refusal::Malformed("its target is neither a path nor an absolute address"))?;
        self.parts.method = Method::from_bytes(method)
            .map_err(|_| Refusal::Malformed("its request line does not begin with a method and a space"))?;
        Ok(())
    }

    /// Reads a header field (RFC 9112, section 5).
    fn field(&mut self, line: &[u8]) -> Result<(), Refusal> {
        let not_a_name = Refusal::Malformed("a header's name is not a token followed by a colon");
        let colon = line.iter().position(|&byte| byte == b':').ok_or(not_a_name)?;
        let (name, value) = line.split_at_checked(colon).unwrap_or_default();
        let name = HeaderName::from_bytes(name).map_err(|_| not_a_name)?;
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if name == CONTENT_LENGTH {
            if self.length.is_some() {
                return Err(Refusal::Malformed("it has more than one Content-Length"));
            }
            self.length = Some(content_length(value)?);
        } else if name == TRANSFER_ENCODING {
            let newest = self.parts.version == Version::HTTP_11;
            if self.chunked || !value.eq_ignore_ascii_case(b"chunked") || !newest {
                return Err(Refusal::Malformed("its Transfer-Encoding is not a single \"chunked\" of HTTP/1.1"));
            }
            self.chunked = true;
        } else if name == CONNECTION {
            self.connection(value);
        } else if name == EXPECT {
            self.expects = value.eq_ignore_ascii_case(b"100-continue");
        } else if name == TE {
            self.te |= words(value).any(|word| word.eq_ignore_ascii_case(b"trailers"));
        }
        let value = HeaderValue::from_maybe_shared(self.head.slice_ref(value))
            .map_err(|_| Refusal::Malformed("a header's value has control characters"))?;
        self.parts.headers.append(name, value);
        Ok(())
    }

    fn connection(&mut self, value: &[u8]) {
        for word in words(value) {
            if word.eq_ignore_ascii_case(b"close") {
                self.closes = Some(true);
            } else if word.eq_ignore_ascii_case(b"keep-alive") {
                self.closes = self.closes.or(Some(false));
            }
        }
    }

    /// Finds out how the body is written (RFC 9112, section 6.3) and whether the connection persists (section 9.3).
    fn finish(self) -> Result<Head, Refusal> {
        let coding = match (self.length, self.chunked) {
            (Some(_), true) => {
                return Err(Refusal::Malformed("it has both Content-Length and Transfer-Encoding"));
            }
            (_, true) => Coding::chunked(),
            (Some(0) | None, false) => Coding::None,
            (Some(length), false) => Coding::Length(length),
        };
        let newest = self.parts.version == Version::HTTP_11;
        Ok(Head {
            parts: self.parts,
            awaits_continue: self.expects && newest && coding != Coding::None,
            coding,
            persists: self.closes.map_or(newest, |closes| !closes),
            takes_trailers: self.te,
        })
    }
}

fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii)
}

fn is_absolute(target: &[u8]) -> bool {
    let is =
        |scheme: &&str| target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()));
    ["http://", "https://"].iter().any(is)
}

/// Splits off the bytes of a class that stand in front.
fn span(bytes: &[u8], class: u8) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|&byte| !is(byte, class)).unwrap_or(bytes.len());
    bytes.split_at_checked(end).unwrap_or_default()
}

/// Returns whether a path, and a query with its question mark, have only characters that may stand there unencoded.
pub(crate) fn is_plain_target(path: &[u8], query: &[u8]) -> bool {
    path.iter().all(|&byte| is(byte, PATH)) && query.iter().all(|&byte| is(byte, QUERY))
}

fn content_length(value: &[u8]) -> Result<u64, Refusal> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(value)
        .ok()
        .filter(|_| digits)
        .and_then(|text| text.parse().ok())
        .ok_or(Refusal::Malformed("its Content-Length is not a number"))
}

const TOKEN: u8 = 1;
const PATH: u8 = 2;
const QUERY: u8 = 4;

/// Which bytes may stand in a token (RFC 9110, section 5.6.2), in a path and in a query (RFC 3986, section 3,
/// with what browsers leave as it is).
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut letter: u8 = 0x21;
    while letter < 0x7f {
        let mut class = 0;
        if letter.is_ascii_alphanumeric()
            || matches!(
                letter,
                b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
            )
        {
            class |= TOKEN;
        }
        if !matches!(letter, b'"' | b'#' | b'<' | b'>' | b'?' | b'`' | b'{' | b'}') {
            class |= PATH;
        }
        if !matches!(letter, b'"' | b'#' | b'<' | b'>') {
            class |= QUERY;
        }
        classes[letter as usize] = class;
        letter += 1;
    }
    classes
};

fn is(byte: u8, class: u8) -> bool {
    CLASSES.get(usize::from(byte)).is_some_and(|classes| classes & class != 0)
}
