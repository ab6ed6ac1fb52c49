//! Where one request ends and the next begins, decided once and strictly (RFC 9112).
//!
//! hyper repairs what it can: it drops a `Content-Length` beside a `Transfer-Encoding`, folds equal lengths into
//! one, takes a bare line feed for a line end and cuts a fragment off the target. A gateway must refuse these
//! instead, since the next hop may repair them in another way. Every byte therefore passes through a
//! [`Scanner`] before hyper sees it, and no head reaches hyper that has not been read here to its end.

/// The most header fields of a request.
pub(crate) const MOST_FIELDS: usize = 100;

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

/// Follows the framing of the requests on one connection.
#[derive(Debug)]
pub(crate) struct Scanner {
    place: Place,
    /// How much of an unfinished head has been searched for its end.
    searched: usize,
    head_limit: usize,
}

/// What the scanner has before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A head, from its first byte.
    Head,
    /// So many bytes of a body.
    Length(u64),
    /// A chunked body.
    Chunked(Chunk),
    /// Another protocol; nothing is looked at.
    Tunnel,
}

/// A place in a chunked body (RFC 9112, section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chunk {
    /// The size, read so far, and its number of digits.
    Size(u64, u8),
    /// An extension, which is skipped; how many bytes it may still have.
    Extension(u64, u16),
    /// The line feed after the size.
    SizeEnd(u64),
    /// So many bytes of data.
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

/// What a chunked body begins with.
pub(crate) const CHUNK_START: Chunk = Chunk::Size(0, 0);
const LONGEST_EXTENSION: u16 = 256;
const LONGEST_TRAILERS: u16 = 8 * 1024;

impl Scanner {
    /// Makes a scanner that expects a head of at most so many bytes.
    pub(crate) fn new(head_limit: usize) -> Self {
        Self { place: Place::Head, searched: 0, head_limit }
    }

    /// Returns what comes next.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// Stops looking: what follows is another protocol.
    pub(crate) fn tunnel(&mut self) {
        self.place = Place::Tunnel;
    }

    /// Reads on, and returns how many bytes hyper may have and how many heads ended among them.
    ///
    /// What is left over is the start of an unfinished head, which has to come again with more, or what is refused
    /// when it comes again.
    pub(crate) fn advance(&mut self, bytes: &[u8]) -> Result<(usize, u64), Refusal> {
        let mut used = 0;
        let mut heads = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            match self.place {
                Place::Tunnel => used = bytes.len(),
                Place::Length(left) => {
                    let here = left.min(rest.len() as u64);
                    used += usize::try_from(here).unwrap_or(rest.len());
                    self.place = if here == left { Place::Head } else { Place::Length(left - here) };
                }
                Place::Chunked(chunk) => match advance_chunk(chunk, rest) {
                    Ok((taken, next)) => {
                        used += taken;
                        self.place = next.map_or(Place::Head, Place::Chunked);
                    }
                    Err(_) if used > 0 => break,
                    Err(refusal) => return Err(refusal),
                },
                Place::Head => match self.advance_head(rest) {
                    Ok(Some(taken)) => {
                        used += taken;
                        heads += 1;
                    }
                    Ok(None) => break,
                    // What came before is well-formed and is answered first.
                    Err(_) if used > 0 => break,
                    Err(refusal) => return Err(refusal),
                },
            }
        }
        Ok((used, heads))
    }

    /// Reads a head to its end, or returns nothing where it has none yet.
    fn advance_head(&mut self, bytes: &[u8]) -> Result<Option<usize>, Refusal> {
        // At least one empty line before a request line is to be ignored (RFC 9112, section 2.2).
        let blank = if bytes.starts_with(b"\r\n") { 2 } else { 0 };
        let head = bytes.get(blank..).unwrap_or_default();
        let Some(length) = head_length(head, self.searched)? else {
            self.searched = head.len();
            return if head.len() > self.head_limit { Err(Refusal::TooLarge) } else { Ok(None) };
        };
        self.searched = 0;
        if length > self.head_limit {
            return Err(Refusal::TooLarge);
        }
        self.place = check_head(head.get(..length).unwrap_or_default())?;
        Ok(Some(blank + length))
    }
}

/// Returns the length of a head with the empty line that ends it.
fn head_length(head: &[u8], searched: usize) -> Result<Option<usize>, Refusal> {
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

/// Checks a whole head, and returns what follows it.
fn check_head(head: &[u8]) -> Result<Place, Refusal> {
    let mut begin = 0;
    // Each line ends with both characters, as has been seen when the end of the head was found.
    let mut lines = memchr::memchr_iter(b'\n', head).map(|line_feed| {
        let line = head.get(begin..line_feed - 1).unwrap_or_default();
        begin = line_feed + 1;
        line
    });
    let newest = check_request_line(lines.next().unwrap_or_default())?;
    let mut length = None;
    let mut chunked = false;
    let mut fields = 0;
    for line in lines.take_while(|line| !line.is_empty()) {
        fields += 1;
        if fields > MOST_FIELDS {
            return Err(Refusal::TooLarge);
        }
        let (name, value) = check_field(line)?;
        if name.eq_ignore_ascii_case(b"content-length") {
            if length.is_some() {
                return Err(Refusal::Malformed("it has more than one Content-Length"));
            }
            length = Some(content_length(value)?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if chunked || !value.eq_ignore_ascii_case(b"chunked") || !newest {
                return Err(Refusal::Malformed("its Transfer-Encoding is not a single \"chunked\" of HTTP/1.1"));
            }
            chunked = true;
        }
    }
    match (length, chunked) {
        (Some(_), true) => Err(Refusal::Malformed("it has both Content-Length and Transfer-Encoding")),
        (_, true) => Ok(Place::Chunked(CHUNK_START)),
        (Some(0) | None, false) => Ok(Place::Head),
        (Some(length), false) => Ok(Place::Length(length)),
    }
}

/// Checks a request line (RFC 9112, section 3), and returns whether it is of HTTP/1.1.
fn check_request_line(line: &[u8]) -> Result<bool, Refusal> {
    let (method, rest) = span(line, TOKEN);
    let Some(rest) = rest.strip_prefix(b" ").filter(|_| !method.is_empty()) else {
        return Err(Refusal::Malformed("its request line does not begin with a method and a space"));
    };
    let (path, rest) = span(rest, PATH);
    let rest = if rest.starts_with(b"?") { span(rest, QUERY).1 } else { rest };
    let version = match rest {
        [b' ', version @ ..] => version,
        [] => return Err(Refusal::Malformed("its request line is not a method, a target and a version")),
        _ => return Err(Refusal::Malformed("its target has characters that must be percent-encoded")),
    };
    let newest = match version {
        b"HTTP/1.1" => true,
        b"HTTP/1.0" => false,
        other if other.starts_with(b"HTTP/") && !other.contains(&b' ') => return Err(Refusal::Version),
        _ => return Err(Refusal::Malformed("its request line does not end in a version of HTTP")),
    };
    let absolute = || {
        let is =
            |scheme: &&str| path.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()));
        ["http://", "https://"].iter().any(is)
    };
    if path.starts_with(b"/") || absolute() {
        Ok(newest)
    } else {
        Err(Refusal::Malformed("its target is neither a path nor an absolute address"))
    }
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

/// Checks a header field (RFC 9112, section 5), and returns its name and its value without the space around it.
fn check_field(line: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let (name, rest) = span(line, TOKEN);
    let Some((b':', value)) = rest.split_first().filter(|_| !name.is_empty()) else {
        return Err(Refusal::Malformed("a header's name is not a token followed by a colon"));
    };
    // Without a way out in the middle, many bytes are looked at in one step.
    let is_control = |byte: u8| (byte < 0x20 && byte != b'\t') || byte == 0x7f;
    if value.iter().fold(0, |found, &byte| found | u8::from(is_control(byte))) != 0 {
        return Err(Refusal::Malformed("a header's value has control characters"));
    }
    Ok((name, value.trim_ascii()))
}

fn content_length(value: &[u8]) -> Result<u64, Refusal> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(value)
        .ok()
        .filter(|_| digits)
        .and_then(|text| text.parse().ok())
        .ok_or(Refusal::Malformed("its Content-Length is not a number"))
}

/// Reads on in a chunked body; returns how many bytes belong to it and its new place, nothing at its end.
pub(crate) fn advance_chunk(chunk: Chunk, bytes: &[u8]) -> Result<(usize, Option<Chunk>), Refusal> {
    if let Chunk::Data(left) = chunk {
        let here = left.min(bytes.len() as u64);
        let next = if here == left { Chunk::DataReturn } else { Chunk::Data(left - here) };
        return Ok((usize::try_from(here).unwrap_or(bytes.len()), Some(next)));
    }
    let byte = bytes.first().copied().unwrap_or_default();
    let next = match (chunk, byte) {
        (Chunk::Size(size, digits), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') if digits < 15 => {
            let digit = char::from(byte).to_digit(16).unwrap_or_default();
            Chunk::Size(size << 4 | u64::from(digit), digits + 1)
        }
        (Chunk::Size(size, 1..) | Chunk::Extension(size, _), b'\r') => Chunk::SizeEnd(size),
        (Chunk::Size(size, 1..), b';') => Chunk::Extension(size, LONGEST_EXTENSION),
        (Chunk::Extension(size, left @ 1..), b'\t' | 0x20..=0x7e) => Chunk::Extension(size, left - 1),
        (Chunk::SizeEnd(0), b'\n') => Chunk::Trailer(true, LONGEST_TRAILERS),
        (Chunk::SizeEnd(size), b'\n') => Chunk::Data(size),
        (Chunk::DataReturn, b'\r') => Chunk::DataEnd,
        (Chunk::DataEnd, b'\n') => CHUNK_START,
        (Chunk::Trailer(empty, left), b'\r') => Chunk::TrailerEnd(empty, left),
        (Chunk::Trailer(_, left @ 1..), b'\t' | 0x20..=0x7e | 0x80..) => Chunk::Trailer(false, left - 1),
        (Chunk::TrailerEnd(true, _), b'\n') => return Ok((1, None)),
        (Chunk::TrailerEnd(false, left), b'\n') => Chunk::Trailer(true, left),
        _ => return Err(Refusal::Malformed("its chunked body is not well-formed")),
    };
    Ok((1, Some(next)))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &str) -> Result<(usize, u64), Refusal> {
        Scanner::new(32 * 1024).advance(text.as_bytes())
    }

    #[test]
    fn whole_requests_pass() {
        for (text, heads) in [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1),
            ("\r\nGET / HTTP/1.0\r\nHost:a\r\n\r\nGET /b?{}|` HTTP/1.1\r\n\r\n", 2),
            ("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n", 2),
            (
                "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nA: b\r\n\r\nGET / HTTP/1.1\r\n\r\n",
                2,
            ),
            ("GET http://a/ HTTP/1.1\r\nX:\tv\u{e4}\r\n\r\n", 1),
        ] {
            assert_eq!(scan(text), Ok((text.len(), heads)), "{text:?}");
            let mut scanner = Scanner::new(32 * 1024);
            let (mut from, mut count) = (0, 0);
            for end in 1..=text.len() {
                let (used, heads) = scanner.advance(&text.as_bytes()[from..end]).expect("the same in pieces");
                from += used;
                count += heads;
            }
            assert_eq!((from, count), (text.len(), heads), "{text:?} byte by byte");
        }
    }

    #[test]
    fn heads_that_two_readers_could_read_in_two_ways_are_refused() {
        for text in [
            "GET / HTTP/1.1\nHost: a\n\n",
            "GET / HTTP/1.1\r\nHost: a\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: \r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n",
            "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nTransfer-Encoding : chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
            "GET / HTTP/1.1\r\n A: b\r\n\r\n",
            "GET / HTTP/1.1\r\nA\r\n\r\n",
            "GET / HTTP/1.1\r\n: b\r\n\r\n",
            "GET / HTTP/1.1\r\nA: b\0c\r\n\r\n",
            "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n",
            "GET /#a HTTP/1.1\r\n\r\n",
            "GET /\u{e4} HTTP/1.1\r\n\r\n",
            "GET  / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1 \r\n\r\n",
            "GET /\r\n\r\n",
            "G(T / HTTP/1.1\r\n\r\n",
            " / HTTP/1.1\r\n\r\n",
            // It is refused at once, without a wait for what comes behind.
            "\r\n\r\n",
            "CONNECT a:80 HTTP/1.1\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\n\r\n",
            "\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        ] {
            assert!(matches!(scan(text), Err(Refusal::Malformed(_))), "{text:?}");
        }
        assert_eq!(scan("GET / HTTP/1.2\r\n\r\n"), Err(Refusal::Version));
        assert_eq!(scan(&format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(101))), Err(Refusal::TooLarge));
        assert_eq!(scan(&format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "b".repeat(40_000))), Err(Refusal::TooLarge));
        assert_eq!(scan(&"A".repeat(40_000)), Err(Refusal::TooLarge));
    }

    #[test]
    fn chunks_that_are_not_well_formed_are_refused() {
        let (extension, trailer) =
            (format!("1;{}\r\na\r\n", "x".repeat(300)), format!("0\r\nA: {}\r\n\r\n", "x".repeat(9000)));
        for body in [
            &*extension,
            &*trailer,
            "\r\n",
            "g\r\n",
            "-1\r\n",
            "1 \r\na\r\n",
            "1\na\r\n",
            "1\r\nab\r\n",
            "0000000000000001\r\n",
            "0\r\nA: b\n\r\n",
        ] {
            let mut scanner = Scanner::new(1024);
            let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
            assert!(scanner.advance(head.as_bytes()).is_ok());
            let mut from = 0;
            let refused = loop {
                match scanner.advance(&body.as_bytes()[from..]) {
                    Ok((0, _)) => break false,
                    Ok((used, _)) => from += used,
                    Err(_) => break true,
                }
            };
            assert!(refused, "{body:?}");
        }
    }

    #[test]
    fn what_stands_before_a_refused_head_is_answered_first() {
        let good = "GET / HTTP/1.1\r\n\r\n";
        let mut scanner = Scanner::new(1024);
        assert_eq!(scanner.advance(format!("{good}GET /\n").as_bytes()), Ok((good.len(), 1)));
        assert!(scanner.advance(b"GET /\n").is_err());
    }
}
