//! Raw bytes of a backend's response, passed on by a gateway while other requests follow.

#![expect(clippy::expect_used, reason = "what a check needs is there, or it has failed")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use apigw::gateway::Gateway;

use super::service::{PATIENCE, snapshot};

/// Time after which the backend gives up a response that has not come to its end.
const UNFINISHED: Duration = Duration::from_millis(150);

/// Follows a response on the same connection, and belongs to no request.
const FOREIGN: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnumber -1";

static RUNNING: LazyLock<Mutex<RawBackend>> = LazyLock::new(|| Mutex::new(RawBackend::start()));

/// Each request has its own response or an error, a connection is used again behind a whole response alone, and the
/// gateway ends.
pub(crate) fn backend_responses(data: &[u8]) {
    let backend = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let settings = "forwarding: {retry: false}\n";
    let snapshot = snapshot::pets(snapshot::http(backend.address), settings);
    let mut config = snapshot::config();
    // Connections belong to a worker, so that one alone would use them again.
    config.workers = 1;
    let gateway = snapshot::start(config, &snapshot);
    let middle = data.len() / 2;
    let followed = [data, FOREIGN].concat();
    for method in ["GET", "HEAD"] {
        let is_reused = backend.round(&gateway, method, &[data]);
        backend.round(&gateway, method, &[&data[..middle], &data[middle..]]);
        let is_reused_behind_more = backend.round(&gateway, method, &[&followed]);
        assert!(!(is_reused && is_reused_behind_more), "{method}: the connection is used again with bytes on it");
    }
    assert!(gateway.shutdown(PATIENCE, || false), "the gateway does not end");
}

/// A backend that answers the first request of a round with given bytes, and others with their number.
struct RawBackend {
    address: SocketAddr,
    round: Arc<Mutex<Round>>,
}

/// A round of three requests.
#[derive(Default)]
struct Round {
    pieces: Vec<Vec<u8>>,
    /// True once all pieces have been written.
    is_written: bool,
    /// All connections.
    open: Vec<TcpStream>,
    /// The connection of each request, in order.
    seen: Vec<(usize, String)>,
}

impl RawBackend {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let round: Arc<Mutex<Round>> = Arc::default();
        let shared = Arc::clone(&round);
        std::thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let Ok(stream) = stream else { return };
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(connection, stream, &shared));
            }
        });
        Self { address, round }
    }

    /// Plays one round, and returns true if another request came on the connection of the raw response.
    fn round(&self, gateway: &Gateway, method: &str, pieces: &[&[u8]]) -> bool {
        let address = gateway.addresses()[0];
        *lock(&self.round) = Round { pieces: pieces.iter().map(|piece| piece.to_vec()).collect(), ..Round::default() };
        let first = self.ask(address, method, 1);
        assert_framed(&first, method);
        // Nobody can know of bytes that are still to come.
        let deadline = Instant::now() + PATIENCE;
        while !lock(&self.round).is_written {
            assert!(Instant::now() < deadline, "{method}: the first request does not arrive");
            std::thread::sleep(Duration::from_millis(1));
        }
        for number in [2, 3] {
            let response = self.ask(address, "GET", number);
            let text = String::from_utf8_lossy(&response);
            assert!(text.starts_with("HTTP/1.1 200 "), "{method}, request {number}: {text:?}");
            assert!(text.ends_with(&format!("\r\n\r\nnumber {number}")), "{method}, request {number}: {text:?}");
        }
        let round = std::mem::take(&mut *lock(&self.round));
        for stream in &round.open {
            stream.shutdown(Shutdown::Both).ok();
        }
        let raw = round.seen.iter().find(|(_, number)| number == "1").expect("the first request arrived").0;
        let is_reused = round.seen.iter().filter(|(connection, _)| *connection == raw).count() > 1;
        if is_reused {
            let body = body_of(&first);
            let data = pieces.concat();
            let is_whole = [&b"\n\n"[..], b"\n\r\n"].iter().any(|end| data.ends_with(end))
                || (!body.is_empty() && data.ends_with(body));
            assert!(is_whole, "{method}: the connection is used again behind {:?}", String::from_utf8_lossy(&data));
        }
        is_reused
    }

    /// Sends a request, and returns what comes until the gateway closes the connection.
    fn ask(&self, address: SocketAddr, method: &str, number: u32) -> Vec<u8> {
        let mut stream = TcpStream::connect(address).expect("a connection");
        let request = format!(
            "{method} /petstore/pets HTTP/1.1\r\nHost: localhost\r\nX-Number: {number}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("the request is sent");
        let mut read = Vec::new();
        stream.set_read_timeout(Some(UNFINISHED)).expect("a timeout");
        let mut ended = stream.read_to_end(&mut read).map_err(|error| error.kind());
        if ended == Err(ErrorKind::WouldBlock) && number == 1 {
            // The bytes were no whole response; it ends with its connection.
            for stream in &lock(&self.round).open {
                stream.shutdown(Shutdown::Both).ok();
            }
        }
        if ended == Err(ErrorKind::WouldBlock) {
            stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
            ended = stream.read_to_end(&mut read).map_err(|error| error.kind());
        }
        assert_ne!(ended, Err(ErrorKind::WouldBlock), "request {number} does not come to its end");
        read
    }
}

fn lock(round: &Mutex<Round>) -> MutexGuard<'_, Round> {
    round.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers the requests of one connection.
fn serve(connection: usize, mut stream: TcpStream, shared: &Mutex<Round>) {
    stream.set_nodelay(true).ok();
    let Ok(kept) = stream.try_clone() else { return };
    lock(shared).open.push(kept);
    let mut read = Vec::new();
    let mut space = [0; 4096];
    loop {
        while let Some(end) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let head: Vec<u8> = read.drain(..end + 4).collect();
            let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
            let number = head.lines().find_map(|line| line.strip_prefix("x-number: ")).unwrap_or_default().to_owned();
            let mut round = lock(shared);
            let pieces = if number == "1" { std::mem::take(&mut round.pieces) } else { Vec::new() };
            round.seen.push((connection, number.clone()));
            drop(round);
            let own = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\nnumber {number}", 7 + number.len());
            let pieces = if number == "1" { pieces } else { vec![own.into_bytes()] };
            for (place, piece) in pieces.iter().enumerate() {
                if place > 0 {
                    std::thread::sleep(Duration::from_millis(1));
                }
                // The gateway may have closed the connection.
                stream.write_all(piece).ok();
            }
            lock(shared).is_written |= number == "1";
        }
        match stream.read(&mut space) {
            Ok(0) | Err(_) => return,
            Ok(count) => read.extend_from_slice(&space[..count]),
        }
    }
}

/// A response has a head of the gateway's, and no byte behind the body that the head announces.
fn assert_framed(response: &[u8], method: &str) {
    let text = String::from_utf8_lossy(response);
    assert!(text.starts_with("HTTP/1.1 ") && text.contains("\r\n\r\n"), "{method}: no response: {text:?}");
    let (head, _) = text.split_once("\r\n\r\n").unwrap_or_default();
    let head = head.to_ascii_lowercase();
    let body = body_of(response);
    let status = head.get(9..12).unwrap_or_default();
    assert!(!status.starts_with('1'), "{method}: an interim response is no end: {text:?}");
    if method == "HEAD" || ["204", "304"].contains(&status) {
        assert_eq!(body, b"", "{method}: {text:?}");
    } else if let Some(length) = head.lines().find_map(|line| line.strip_prefix("content-length: ")) {
        let length: usize = length.parse().expect("a length");
        assert!(body.len() <= length, "{method}: bytes behind the body: {text:?}");
    } else if head.contains("\r\ntransfer-encoding: chunked") {
        assert_nothing_behind_chunks(body);
    }
}

fn assert_nothing_behind_chunks(mut body: &[u8]) {
    while let Some(end) = body.windows(2).position(|bytes| bytes == b"\r\n") {
        let size = std::str::from_utf8(&body[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let size = size.expect("the gateway writes sizes of chunks");
        let rest = &body[end + 2..];
        if size == 0 {
            // Trailers end with an empty line, and so does the response.
            let end = if rest.starts_with(b"\r\n") {
                Some(2)
            } else {
                rest.windows(4).position(|bytes| bytes == b"\r\n\r\n").map(|end| end + 4)
            };
            assert!(end.is_none_or(|end| end == rest.len()), "bytes behind the last chunk");
            return;
        }
        body = rest.get(size + 2..).unwrap_or_default();
    }
}

fn body_of(response: &[u8]) -> &[u8] {
    let end = response.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    end.and_then(|end| response.get(end + 4..)).unwrap_or_default()
}
