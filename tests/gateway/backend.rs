//! A backend that records every byte that it receives, and answers what a test says.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request as it came, with the number of its connection.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) connection: usize,
    /// How many requests came before it on the same connection.
    pub(crate) before: usize,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Received {
    /// Returns the request line.
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// Returns the values of a header.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
    }
}

/// What a test has a backend do with a request; it returns whether the connection stays open.
type Behaviour = dyn Fn(&Received, &mut TcpStream) -> bool + Send + Sync;

/// A backend on a port of its own.
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Backend {
    /// Starts a backend.
    pub(crate) fn start(behaviour: impl Fn(&Received, &mut TcpStream) -> bool + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let received = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&received);
        let behaviour: Arc<Behaviour> = Arc::new(behaviour);
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let Ok(stream) = stream else { return };
                let record = Arc::clone(&record);
                let behaviour = Arc::clone(&behaviour);
                thread::spawn(move || serve(connection, stream, &record, &*behaviour));
            }
        });
        Self { address, received }
    }

    /// Starts a backend that answers everything with a text.
    pub(crate) fn saying(text: &'static str) -> Self {
        Self::start(move |_, stream| reply(stream, text))
    }

    /// Forgets what it has received so far, and returns how much that was.
    pub(crate) fn forget(&self) -> usize {
        std::mem::take(&mut *self.received.lock().expect("the record")).len()
    }

    /// Returns what it has received so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().expect("the record").clone()
    }
}

/// Answers 200 with a text.
pub(crate) fn reply(stream: &mut TcpStream, text: &str) -> bool {
    stream.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len()).as_bytes()).is_ok()
}

fn serve(connection: usize, mut stream: TcpStream, record: &Mutex<Vec<Received>>, behaviour: &Behaviour) {
    stream.set_nodelay(true).ok();
    let mut read = Vec::new();
    for before in 0.. {
        let Some((head, body)) = next(&mut stream, &mut read) else {
            if !read.is_empty() {
                let head = format!("UNFINISHED {}", String::from_utf8_lossy(&read));
                record.lock().expect("the record").push(Received { connection, before, head, body: Vec::new() });
            }
            return;
        };
        let received = Received { connection, before, head, body };
        record.lock().expect("the record").push(received.clone());
        if !behaviour(&received, &mut stream) {
            return;
        }
    }
}

/// Reads a request, framed as RFC 9112 says.
fn next(stream: &mut TcpStream, read: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    let end = find(stream, read, 0, b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&read[..end]).into_owned();
    let value = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(':'));
        lines
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
            .collect::<Vec<_>>()
    };
    let (lengths, codings) = (value("content-length"), value("transfer-encoding"));
    assert!(lengths.len() + codings.len() <= 1, "more than one framing: {head}");
    let mut body = Vec::new();
    let mut at = end;
    if codings.is_empty() {
        let length: usize = lengths.first().map_or(0, |length| length.parse().expect("a length"));
        while read.len() < at + length {
            fill(stream, read)?;
        }
        body.extend_from_slice(&read[at..at + length]);
        at += length;
    } else {
        loop {
            let line = find(stream, read, at, b"\r\n")?;
            let size =
                usize::from_str_radix(std::str::from_utf8(&read[at..line]).expect("a size"), 16).expect("a size");
            at = line + 2;
            if size == 0 {
                loop {
                    let line = find(stream, read, at, b"\r\n")?;
                    let empty = line == at;
                    body.extend_from_slice(&read[at..line]);
                    at = line + 2;
                    if empty {
                        break;
                    }
                }
                break;
            }
            while read.len() < at + size + 2 {
                fill(stream, read)?;
            }
            body.extend_from_slice(&read[at..at + size]);
            at += size + 2;
        }
    }
    read.drain(..at);
    Some((head, body))
}

fn find(stream: &mut TcpStream, read: &mut Vec<u8>, from: usize, wanted: &[u8]) -> Option<usize> {
    loop {
        if let Some(at) = read[from..].windows(wanted.len()).position(|window| window == wanted) {
            return Some(from + at);
        }
        fill(stream, read)?;
    }
}

fn fill(stream: &mut TcpStream, read: &mut Vec<u8>) -> Option<()> {
    let mut space = [0; 16 * 1024];
    match stream.read(&mut space) {
        Ok(0) | Err(_) => None,
        Ok(count) => {
            read.extend_from_slice(&space[..count]);
            Some(())
        }
    }
}
