//! Requests that published signers have signed: let in as they are, and refused once they are changed in one point.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;

use crate::harness::Sandbox;
use crate::serving::Serving;
use crate::tools::{has_tool, has_working};

/// A signed request.
#[derive(Debug, Clone, Deserialize)]
struct SignedRequest {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// A group whose callers sign, its gateway, and a key.
struct SignedGroup {
    serving: Serving,
    key_id: String,
    secret: String,
    /// The requests that the backend has got.
    received: Arc<AtomicUsize>,
}

impl SignedGroup {
    fn start() -> (Sandbox, Self) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let backend = format!("http://{}", listener.local_addr().expect("an address"));
        let received = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&received);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                if read_request(&mut stream).is_some() {
                    count.fetch_add(1, Ordering::SeqCst);
                    let response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
                    stream.write_all(response.as_bytes()).ok();
                }
            }
        });
        let sandbox = Sandbox::petstore();
        let (key_id, secret) = sandbox.sign_requests(&backend);
        let group = Self { serving: Serving::start(&sandbox), key_id, secret, received };
        (sandbox, group)
    }

    /// Sends a request, and returns the status.
    fn send(&self, request: &SignedRequest) -> u16 {
        let mut stream = TcpStream::connect(&self.serving.address).expect("a connection");
        let lines =
            request.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<Vec<_>>().concat();
        let SignedRequest { method, target, body, .. } = request;
        let length = body.len();
        let text =
            format!("{method} {target} HTTP/1.1\r\n{lines}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        stream.write_all(text.as_bytes()).expect("a request");
        let mut response = String::new();
        stream.read_to_string(&mut response).expect("a response");
        response.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{response}"))
    }

    /// Sends requests as they were signed, after each of the changes that must not let them in.
    fn judge(&self, requests: &[SignedRequest]) {
        assert_eq!(requests.len(), 3);
        for request in requests {
            let received = self.received.load(Ordering::SeqCst);
            for (change, changed) in request.changes() {
                assert_eq!(self.send(&changed), 401, "{change}: {changed:?}");
            }
            assert_eq!(self.received.load(Ordering::SeqCst), received, "a backend saw a refused request");
            assert_eq!(self.send(request), 200, "{request:?}");
            // Without a nonce, harmless requests may repeat.
            let repeats = request.method == "GET" && request.header("x-jdcloud-nonce").is_none();
            assert_eq!(self.send(request), if repeats { 200 } else { 401 }, "again: {request:?}");
        }
    }
}

impl SignedRequest {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Lists changes in one point, each of which the signature has to notice.
    fn changes(&self) -> Vec<(String, Self)> {
        let mut changes = Vec::new();
        let mut add = |change: &str, changed: Self| changes.push((change.to_owned(), changed));
        let other_method = if self.method == "GET" { "POST" } else { "GET" };
        add("method", Self { method: other_method.to_owned(), ..self.clone() });
        if self.method == "GET" {
            let target = self.target.replacen("/petstore/pets", "/petstore/pets/1", 1);
            add("path", Self { target, ..self.clone() });
        }
        let joint = if self.target.contains('?') { '&' } else { '?' };
        add("a parameter more", Self { target: format!("{}{joint}x=1", self.target), ..self.clone() });
        if let Some((path, query)) = self.target.split_once('?') {
            add("no query", Self { target: path.to_owned(), ..self.clone() });
            for place in query.char_indices().filter(|(_, letter)| letter.is_ascii_alphanumeric()).map(|(at, _)| at) {
                let target = format!("{path}?{}", changed_at(query, place));
                add("a byte of the query", Self { target, ..self.clone() });
            }
        }
        add("a body more", Self { body: format!("{} ", self.body), ..self.clone() });
        if !self.body.is_empty() {
            add("no body", Self { body: String::new(), ..self.clone() });
            add("a byte of the body", Self { body: changed_at(&self.body, 2), ..self.clone() });
        }
        let authorization = self.header("authorization").expect("a signature");
        let signed =
            authorization.split("SignedHeaders=").nth(1).and_then(|rest| rest.split(',').next()).expect("a list");
        for (at, (name, value)) in self.headers.iter().enumerate() {
            let name = name.to_ascii_lowercase();
            let changed = match name.as_str() {
                "authorization" => changed_at(value, value.len() - 1),
                "host" => value.replace("127.0.0.1", "localhost"),
                other if signed.split(';').any(|name| name == other) => changed_at(value, value.len() - 2),
                _ => continue,
            };
            let mut headers = self.headers.clone();
            headers[at].1 = changed;
            add(&format!("the header {name}"), Self { headers, ..self.clone() });
        }
        changes
    }
}

/// Changes one letter or digit of a text.
fn changed_at(text: &str, place: usize) -> String {
    let next = if text[place..].starts_with('1') { "2" } else { "1" };
    format!("{}{next}{}", &text[..place], &text[place + 1..])
}

/// Reads a request with its body; none where the connection ends before.
fn read_request(stream: &mut TcpStream) -> Option<SignedRequest> {
    let mut read = Vec::new();
    let mut space = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut lines = head.lines();
            let mut words = lines.next()?.split(' ').map(str::to_owned);
            let header =
                |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
            let request = SignedRequest {
                method: words.next()?,
                target: words.next()?,
                headers: lines.filter_map(header).collect(),
                body: body.to_owned(),
            };
            let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return Some(request);
            }
        }
        let count = stream.read(&mut space).ok().filter(|count| *count > 0)?;
        read.extend_from_slice(&space[..count]);
    }
}

/// Has curl sign a request for the gateway, and takes it before it comes there.
fn signed_by_curl(group: &SignedGroup, target: &str, more: &[&str]) -> SignedRequest {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let taken = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let request = read_request(&mut stream).expect("a request");
        stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").expect("a response");
        request
    });
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--max-time", "10", "--noproxy", "*", "--connect-to", &format!("::127.0.0.1:{port}")]);
    curl.args(["--aws-sigv4", "aws:amz:local:apigw", "--user", &format!("{}:{}", group.key_id, group.secret)]);
    curl.args(more).arg(format!("http://{}{target}", group.serving.address));
    let outcome = curl.output().expect("curl runs");
    assert!(outcome.status.success(), "{}", String::from_utf8_lossy(&outcome.stderr));
    let mut request = taken.join().expect("a request");
    request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
    request
}

#[test]
fn requests_that_curl_signs_are_let_in_and_changed_ones_are_not() {
    if !has_tool("curl", "requests that curl signs") {
        return;
    }
    let (_sandbox, group) = SignedGroup::start();
    let json = ["-H", "content-type: application/json", "-d", r#"{"name": "Rex", "species": "dog"}"#];
    group.judge(&[
        signed_by_curl(&group, "/petstore/pets", &[]),
        signed_by_curl(&group, "/petstore/pets?after=a-b&limit=5", &["-H", "x-note: one two"]),
        signed_by_curl(&group, "/petstore/pets", &json),
    ]);
}

/// Has a signer in Python sign requests; none where it is not installed.
fn signed_by_python(signer: &str, module: &str, group: &SignedGroup) -> Option<Vec<SignedRequest>> {
    const SCRIPT: &str = include_str!("signers/sign.py");
    let python = std::env::var("APIGW_SIGNERS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let skipped = format!("requests that {signer} signs, by the module {module}");
    if !has_working(&python, &["-c", &format!("import {module}")], &skipped) {
        return None;
    }
    let mut command = Command::new(python);
    command.args(["-W", "ignore", "-c", SCRIPT, signer, &group.serving.address, &group.key_id]);
    let outcome = command.env("SIGNER_SECRET", &group.secret).output().expect("Python runs");
    assert!(outcome.status.success(), "{}", String::from_utf8_lossy(&outcome.stderr));
    let lines = String::from_utf8(outcome.stdout).expect("UTF-8");
    Some(lines.lines().map(|line| serde_json::from_str(line).expect("a request")).collect())
}

#[test]
fn requests_that_botocore_signs_are_let_in_and_changed_ones_are_not() {
    let (_sandbox, group) = SignedGroup::start();
    if let Some(requests) = signed_by_python("botocore", "botocore", &group) {
        group.judge(&requests);
    }
}

#[test]
fn requests_that_jdclouds_signer_signs_are_let_in_and_changed_ones_are_not() {
    let (_sandbox, group) = SignedGroup::start();
    if let Some(requests) = signed_by_python("jdcloud", "jdcloud_apim_sdk", &group) {
        group.judge(&requests);
    }
}
