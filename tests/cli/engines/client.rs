//! Raw requests over HTTP/1.1, one a connection.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;
use socket2::{Domain, Socket, Type};

/// A response.
pub(super) struct Reply {
    pub(super) status: String,
    headers: BTreeMap<String, Vec<String>>,
    body: Vec<u8>,
}

/// Sends a request that asks for the connection to be closed, and reads the response.
pub(super) fn send(address: &str, head: &str) -> Reply {
    exchange(TcpStream::connect(address).expect("a connection"), head)
}

/// Sends a request from one of this machine's addresses.
pub(super) fn send_from(source: &str, address: &str, head: &str) -> Reply {
    let source = SocketAddr::new(source.parse().expect("an address"), 0);
    let address: SocketAddr = address.parse().expect("an address");
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).expect("a socket");
    socket.bind(&source.into()).expect("an address of this machine");
    socket.connect(&address.into()).expect("a connection");
    exchange(socket.into(), head)
}

fn exchange(mut stream: TcpStream, head: &str) -> Reply {
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a time-out");
    let mut sender = stream.try_clone().expect("the connection");
    let mut bytes = Vec::new();
    std::thread::scope(|scope| {
        // An engine that refuses a request may respond and close the connection hard while the body is still being
        // sent.
        scope.spawn(move || sender.write_all(head.as_bytes()));
        let mut part = [0; 8 * 1024];
        while !is_whole(head, &bytes) {
            match stream.read(&mut part) {
                Ok(0) | Err(_) => break,
                Ok(count) => bytes.extend_from_slice(&part[..count]),
            }
        }
        let _ = stream.shutdown(Shutdown::Both);
    });
    Reply::parse(&bytes)
}

/// True if all of a response has come, as far as its head tells.
fn is_whole(request: &str, bytes: &[u8]) -> bool {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let reply = Reply::parse(bytes);
    let length = reply.headers.get("content-length").and_then(|values| values.first()?.parse::<usize>().ok());
    let is_bodiless = request.starts_with("HEAD ") || matches!(reply.status.as_str(), "204" | "304");
    is_bodiless || length.is_some_and(|length| bytes.len() >= end + 4 + length)
}

impl Reply {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(bytes.len());
        let head = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or("none").to_owned();
        let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            headers.entry(name.to_ascii_lowercase()).or_default().push(value.trim().to_owned());
        }
        let mut body = bytes.get(end + 4..).unwrap_or_default().to_vec();
        if headers.get("transfer-encoding").is_some_and(|codings| codings.iter().any(|coding| coding == "chunked")) {
            body = unchunk(&body);
        }
        Self { status, headers, body }
    }

    /// Leaves out the headers that let pages of other origins read it.
    pub(super) fn without_cors(mut self) -> Self {
        self.headers.retain(|name, _| name != "vary" && !name.starts_with("access-control-"));
        self
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the headers but for those that each gateway has of its own.
    pub(super) fn headers_that_matter(&self) -> BTreeMap<String, Vec<String>> {
        let own = [
            "connection",
            "content-length",
            "date",
            "keep-alive",
            "retry-after",
            "server",
            "transfer-encoding",
            "via",
            "x-request-id",
        ];
        let mut headers = self.headers.clone();
        headers.retain(|name, _| !own.contains(&name.as_str()));
        headers
    }

    /// Returns the body; of a problem without the id of the request, and of some without the sentence about it.
    pub(super) fn body_that_matters(&self) -> String {
        let Ok(mut problem) = serde_json::from_slice::<Value>(&self.body) else { return self.text() };
        let Some(fields) = problem.as_object_mut() else { return self.text() };
        if fields.remove("requestId").is_none() {
            return self.text();
        }
        if matches!(self.status.as_str(), "400" | "501") {
            fields.remove("detail");
        }
        let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
        serde_json::to_string(&sorted).expect("JSON")
    }
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&rest[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let Some(size) = size.filter(|size| *size > 0) else { break };
        body.extend_from_slice(rest.get(end + 2..end + 2 + size).unwrap_or_default());
        rest = rest.get(end + 4 + size..).unwrap_or_default();
    }
    body
}
