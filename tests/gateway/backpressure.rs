//! Bodies that a backend does not take: their clients cannot send on, and are not blamed for it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use apigw::gateway::{Config, GatewayTimeouts};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::snapshot::{config, http, pets, start};

/// Several times as long as a client may take for a body.
const HOLD: Duration = Duration::from_millis(1500);

/// A body for which no buffer on the way has room.
const LARGE: usize = 32 << 20;

/// Settings under which a body may stand still for a moment only.
fn impatient() -> Config {
    let timeouts = GatewayTimeouts { body: Duration::from_millis(300), ..GatewayTimeouts::default() };
    Config { timeouts, ..config() }
}

/// Starts a backend that reads nothing of a large body before a while is over, and answers all bodies once they are
/// whole.
fn slow_reader() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            std::thread::spawn(move || take(stream));
        }
    });
    address
}

fn take(mut stream: TcpStream) {
    let mut read = Vec::new();
    let mut space = [0; 16 * 1024];
    let mut wanted = usize::MAX;
    while read.len() < wanted {
        match stream.read(&mut space) {
            Ok(count @ 1..) => read.extend_from_slice(&space[..count]),
            _ => return,
        }
        if wanted == usize::MAX
            && let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n")
        {
            let head = String::from_utf8_lossy(&read[..end]).to_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            let length: usize = length.and_then(|length| length.parse().ok()).expect("a length");
            wanted = end + 4 + length;
            if length == LARGE {
                std::thread::sleep(HOLD);
            }
        }
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").ok();
}

fn upload(length: usize) -> Request<Full<Bytes>> {
    let uri = "http://localhost/petstore/files";
    Request::post(uri).header("host", "localhost").body(Full::new(vec![b'x'; length].into())).expect("a request")
}

fn block_on<T>(task: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(task)
}

#[test]
fn a_body_that_its_backend_does_not_take_is_not_called_slow() {
    let gateway = start(impatient(), &pets(http(slow_reader()), "max_body_kib: 65536\n"));
    let address = gateway.addresses()[0];
    block_on(async {
        let stream = || async { TokioIo::new(tokio::net::TcpStream::connect(address).await.expect("a connection")) };
        let (mut sender, connection) = http1::handshake(stream().await).await.expect("a handshake");
        tokio::spawn(connection);
        let status = sender.send_request(upload(LARGE)).await.map(|response| response.status());
        assert_eq!(status.ok(), Some(StatusCode::OK), "HTTP/1.1");
        let (mut sender, connection) =
            http2::handshake(TokioExecutor::new(), stream().await).await.expect("a handshake");
        tokio::spawn(connection);
        let status = sender.send_request(upload(LARGE)).await.map(|response| response.status());
        assert_eq!(status.ok(), Some(StatusCode::OK), "HTTP/2");
    });
}

#[test]
fn a_body_that_has_no_room_on_its_connection_is_not_called_slow() {
    // The response time-out is over before there is room as well.
    for more in ["", "forwarding: {response_timeout_ms: 500}\n"] {
        let gateway = start(impatient(), &pets(http(slow_reader()), &format!("max_body_kib: 65536\n{more}")));
        let address = gateway.addresses()[0];
        block_on(async {
            let stream = TokioIo::new(tokio::net::TcpStream::connect(address).await.expect("a connection"));
            let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.expect("a handshake");
            tokio::spawn(connection);
            let (mut first, mut second) = (sender.clone(), sender);
            let large = tokio::spawn(async move { first.send_request(upload(LARGE)).await });
            // By now the large body fills all that the gateway takes in advance on one connection.
            tokio::time::sleep(HOLD / 4).await;
            let status = second.send_request(upload(1000)).await.map(|response| response.status());
            assert_eq!(status.ok(), Some(StatusCode::OK), "{more}");
            let status = large.await.expect("a task").map(|response| response.status());
            assert!(status.is_ok(), "{more}: {status:?}");
        });
    }
}
