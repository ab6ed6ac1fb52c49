//! Raw bytes of one connection, sent to a gateway in front of a backend that reads strictly.

#![expect(clippy::expect_used, reason = "what a check needs is there, or it has failed")]

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use apigw::gateway::Gateway;

#[path = "../gateway/backend.rs"]
#[expect(dead_code, reason = "the tests of single requests use more of it")]
mod backend;
#[path = "../gateway/snapshot.rs"]
#[expect(dead_code, reason = "the tests of single requests use more of it")]
pub(super) mod snapshot;

use backend::Backend;

/// How long a gateway may take for anything before it hangs.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

const PROBE: &[u8] = b"GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Statuses that no request may lead to, since the backend is there and answers each well-formed request.
const NEVER: [u16; 5] = [500, 502, 503, 504, 505];

static RUNNING: LazyLock<Mutex<(Gateway, Backend)>> = LazyLock::new(|| {
    let backend = Backend::saying("backend");
    let mut config = snapshot::config();
    // A worker that hangs is not hidden by another one.
    config.workers = 1;
    let gateway = snapshot::start(config, &snapshot::pets(snapshot::http(backend.address), ""));
    Mutex::new((gateway, backend))
});

/// A connection comes to its end, each request of it has one response, the backend sees one
/// head a request, and the next connection is served, whatever comes and in whichever packets.
pub(crate) fn service(data: &[u8]) {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let (gateway, backend) = &*running;
    let address = gateway.addresses()[0];
    let middle = data.len() / 2;
    for pieces in [&[data][..], &[&data[..middle], &data[middle..]]] {
        backend.forget();
        let statuses = ask(address, pieces);
        assert!(statuses.iter().all(|status| !NEVER.contains(status)), "{statuses:?}");
        let received = backend.received();
        // A client may break off in the middle of a body, behind a whole head.
        assert!(received.iter().all(|request| request.head.matches(" HTTP/1.1\r\n").count() == 1), "{received:?}");
        let answered = statuses.iter().filter(|status| **status == 200).count();
        assert!(received.len() >= answered, "{statuses:?} of {received:?}");
        assert_eq!(ask(address, &[PROBE]), [200], "the worker still serves");
    }
}

/// Sends pieces, says that nothing more comes, and returns the statuses of all responses.
fn ask(address: SocketAddr, pieces: &[&[u8]]) -> Vec<u16> {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.set_nodelay(true).expect("no delay");
    for (number, piece) in pieces.iter().enumerate() {
        if number > 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        // The gateway may have refused what came before, and closed the connection.
        stream.write_all(piece).ok();
    }
    stream.shutdown(Shutdown::Write).ok();
    let mut read = Vec::new();
    let ended = stream.read_to_end(&mut read).map_err(|error| error.kind());
    assert_ne!(ended, Err(std::io::ErrorKind::WouldBlock), "the connection does not come to its end");
    statuses(&read)
}

/// Returns the statuses of responses, of which none has a line like a status line in its body.
fn statuses(read: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(read);
    let lines = text.match_indices("HTTP/1.").filter_map(|(at, _)| text.get(at + 9..at + 12)?.parse().ok());
    lines.filter(|status| *status != 100).collect()
}
