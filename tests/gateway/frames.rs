//! A client that writes HTTP/2 frames by hand, so that they can be wrong.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use super::client::PATIENCE;

/// Kinds and flags of frames (RFC 9113, section 6).
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RESET: u8 = 3;
pub(crate) const GO_AWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// With an answer of this status, which is 200 or that of a problem.
    Status(u64),
    /// The stream was reset.
    Reset,
    /// The connection was closed.
    Closed,
}

/// A connection.
pub(crate) struct Frames {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Frames {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_nodelay(true).expect("no delay");
        let mut frames = Self { stream, read: Vec::new() };
        frames.stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").expect("a preface");
        frames.send(4, 0, 0, &[]);
        // Room for as many answers as anybody reads here.
        frames.send(8, 0, 0, &0x7fff_0000u32.to_be_bytes());
        frames
    }

    /// Sends a frame; a gateway that has had enough may have closed the connection already.
    pub(crate) fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> bool {
        self.write(&frame(kind, flags, stream, payload))
    }

    /// Sends bytes at once, of one frame or of several.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Sends the head of a request and its body.
    pub(crate) fn request(&mut self, stream: u32, fields: &[(&str, &str)], body: Option<&[u8]>) {
        let flags = END_HEADERS | if body.is_none() { END_STREAM } else { 0 };
        self.send(HEADERS, flags, stream, &block(fields));
        if let Some(body) = body {
            self.send(DATA, END_STREAM, stream, body);
        }
    }

    /// Reads the next frame: its kind, its flags, its stream and what it carries.
    fn frame(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        self.fill(9)?;
        let head: Vec<u8> = self.read.drain(..9).collect();
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        self.fill(length)?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        Some((head[3], head[4], stream, self.read.drain(..length).collect()))
    }

    /// Reads until a request has ended. Answers that are no problems are known by their first byte: `:status: 200`.
    pub(crate) fn ended(&mut self, wanted: u32) -> Ended {
        self.endings(&[wanted]).remove(0)
    }

    /// Reads until several requests have ended, in whichever order they do.
    pub(crate) fn endings(&mut self, wanted: &[u32]) -> Vec<Ended> {
        let mut endings = vec![None; wanted.len()];
        while endings.contains(&None) {
            let Some((kind, _, stream, payload)) = self.frame() else { break };
            let place = wanted.iter().position(|wanted| *wanted == stream);
            match (kind, place) {
                (GO_AWAY, _) => break,
                (_, Some(place)) if endings[place].is_none() => endings[place] = ended_by(kind, &payload),
                _ => {}
            }
        }
        endings.into_iter().map(|ended| ended.unwrap_or(Ended::Closed)).collect()
    }

    /// Reads until something of a body comes that a request is answered with; false where it ends before.
    pub(crate) fn has_data(&mut self, wanted: u32) -> bool {
        while let Some((kind, _, stream, _)) = self.frame() {
            if stream == wanted {
                return kind == DATA;
            }
        }
        false
    }

    /// Reads the bodies of the answers on several streams; nothing where one has none to its end.
    pub(crate) fn bodies(&mut self, wanted: &[u32]) -> Option<Vec<String>> {
        let mut bodies = vec![Vec::new(); wanted.len()];
        let mut left = wanted.len();
        while left > 0 {
            let (kind, flags, stream, payload) = self.frame()?;
            let place = wanted.iter().position(|wanted| *wanted == stream);
            match (kind, place) {
                (GO_AWAY, _) | (RESET, Some(_)) => return None,
                (DATA, Some(place)) => bodies[place].extend_from_slice(&payload),
                _ => {}
            }
            if place.is_some() && matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0 {
                left -= 1;
            }
        }
        bodies.into_iter().map(|body| String::from_utf8(body).ok()).collect()
    }

    /// True if the other side has closed the connection, waiting for it.
    pub(crate) fn is_closed(&mut self) -> bool {
        while self.frame().is_some() {}
        true
    }

    fn fill(&mut self, count: usize) -> Option<()> {
        while self.read.len() < count {
            let mut space = [0; 16 * 1024];
            match self.stream.read(&mut space) {
                Ok(0) => return None,
                Ok(read) => self.read.extend_from_slice(&space[..read]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    panic!("nothing came for {PATIENCE:?}")
                }
                Err(_) => return None,
            }
        }
        Some(())
    }
}

/// Reads how a request ends from a frame of it; nothing where the frame does not tell.
fn ended_by(kind: u8, payload: &[u8]) -> Option<Ended> {
    match kind {
        HEADERS if payload.first() == Some(&0x88) => Some(Ended::Status(200)),
        DATA => {
            let problem: serde_json::Value = serde_json::from_slice(payload).expect("a problem");
            Some(Ended::Status(problem["status"].as_u64().expect("a status")))
        }
        RESET => Some(Ended::Reset),
        _ => None,
    }
}

/// Writes a frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// Writes fields as literals that are neither indexed nor compressed (RFC 7541, section 6.2.2).
pub(crate) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            match text.len() {
                length @ 0..127 => block.push(u8::try_from(length).expect("a short text")),
                length => {
                    block.push(127);
                    let mut rest = length - 127;
                    while rest >= 128 {
                        block.push(u8::try_from(rest % 128).expect("seven bits") | 128);
                        rest /= 128;
                    }
                    block.push(u8::try_from(rest).expect("seven bits"));
                }
            }
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

/// The pseudo-headers of a request, with further fields behind.
pub(crate) fn fields<'a>(method: &'a str, path: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let pseudo = [(":method", method), (":scheme", "http"), (":authority", "localhost"), (":path", path)];
    pseudo.iter().chain(more).copied().collect()
}
