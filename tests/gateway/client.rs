//! A client that sends exactly what it is told to.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a client waits before a test has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A connection of a client.
pub(crate) struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

/// An answer as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// Returns a header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(':'))
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// Returns the `code` of a problem.
    pub(crate) fn code(&self) -> String {
        let value: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        value["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_nodelay(true).expect("no delay");
        Self { stream, read: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // A gateway that has refused a request may have closed the connection already.
        self.stream.write_all(bytes.as_ref()).ok();
    }

    /// Says that nothing more will be sent, and goes on reading.
    pub(crate) fn half_close(&self) {
        self.stream.shutdown(std::net::Shutdown::Write).expect("a connection that is open");
    }

    /// Leaves at once, in a way that the other side learns of: a plain close looks like the end of what is sent.
    pub(crate) fn reset(self) {
        socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).expect("a socket");
    }

    /// Reads one answer; nothing where the connection ends before one.
    pub(crate) fn answer(&mut self) -> Option<Answer> {
        self.answer_to(false)
    }

    /// Reads one answer, of which `HEAD` has no body whatever its length says.
    pub(crate) fn answer_to(&mut self, head_only: bool) -> Option<Answer> {
        let end = self.find(b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(&self.read[..end]).into_owned();
        self.read.drain(..end);
        let status = head.get(9..12)?.parse().ok()?;
        let mut answer = Answer { status, head, body: String::new() };
        if head_only || status == 204 || status == 304 || status < 200 {
            return Some(answer);
        }
        let body = if let Some(length) = answer.header("content-length") {
            self.take(length.parse().expect("a length"))?
        } else if answer.header("transfer-encoding").is_some() {
            self.chunks()?
        } else {
            while self.fill() {}
            std::mem::take(&mut self.read)
        };
        answer.body = String::from_utf8_lossy(&body).into_owned();
        Some(answer)
    }

    /// True if the other side has closed the connection, waiting for it.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.read.is_empty() && !self.fill()
    }

    /// Reads so many bytes.
    pub(crate) fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.read.len() < count {
            if !self.fill() {
                return None;
            }
        }
        Some(self.read.drain(..count).collect())
    }

    /// Reads up to and with a text, and returns all of it.
    pub(crate) fn read_until(&mut self, wanted: &str) -> String {
        let at = self.find(wanted.as_bytes()).unwrap_or_else(|| panic!("{wanted:?} does not come"));
        String::from_utf8_lossy(&self.take(at + wanted.len()).unwrap_or_default()).into_owned()
    }

    /// Reads all that comes until the other side closes the connection.
    pub(crate) fn rest_until_closed(&mut self) -> String {
        while self.fill() {}
        String::from_utf8_lossy(&std::mem::take(&mut self.read)).into_owned()
    }

    fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let end = self.find(b"\r\n")?;
            let line: Vec<u8> = self.read.drain(..end + 2).collect();
            let size = usize::from_str_radix(std::str::from_utf8(&line[..end]).ok()?, 16).ok()?;
            if size == 0 {
                loop {
                    let end = self.find(b"\r\n")?;
                    let line: Vec<u8> = self.read.drain(..end + 2).collect();
                    if line == b"\r\n" {
                        return Some(body);
                    }
                    body.extend_from_slice(&line);
                }
            }
            body.extend(self.take(size)?);
            self.take(2)?;
        }
    }

    fn find(&mut self, wanted: &[u8]) -> Option<usize> {
        loop {
            if let Some(at) = self.read.windows(wanted.len()).position(|window| window == wanted) {
                return Some(at);
            }
            if !self.fill() {
                return None;
            }
        }
    }

    fn fill(&mut self) -> bool {
        let mut space = [0; 16 * 1024];
        match self.stream.read(&mut space) {
            Ok(0) => false,
            Ok(count) => {
                self.read.extend_from_slice(&space[..count]);
                true
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("nothing came for {PATIENCE:?}"),
            Err(_) => false,
        }
    }
}

/// Sends a request on a connection of its own, and returns the answer.
pub(crate) fn request(address: SocketAddr, text: &str) -> Answer {
    let mut client = Client::connect(address);
    client.send(text);
    client.answer_to(text.starts_with("HEAD ")).unwrap_or_else(|| panic!("no answer to {text:?}"))
}

/// Sends a `GET` of a path to the loopback host, with further header lines.
pub(crate) fn get(address: SocketAddr, path: &str, headers: &str) -> Answer {
    request(address, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"))
}
