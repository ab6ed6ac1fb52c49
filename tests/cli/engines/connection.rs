//! Addresses that take no connection, and headers of one connection (RFC 9110, section 7.6.1): the well-known ones are
//! passed on by no engine, and those that `Connection` names by none whose report does not say so.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use serde_json::json;

use super::client::send;
use super::engine::{Engine, EngineKind};
use super::limits::{HOST, MOCK, definition_of, published};
use super::requests::TestRequest;
use super::targets::names;
use crate::harness::free_address;
use crate::serving::Serving;

/// Starts a backend that repeats the head of a request, and has headers of its connection.
fn start_backend() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || respond(&stream));
        }
    });
    address
}

fn respond(stream: &TcpStream) {
    let lines = BufReader::new(stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let head = lines.collect::<Vec<_>>().join("\n").to_ascii_lowercase();
    let own = "connection: close, x-theirs\r\nx-theirs: 1\r\nkeep-alive: timeout=9\r\nproxy-connection: close\r\nproxy-authenticate: Basic\r\n";
    let length = head.len();
    let mut writer = stream;
    let _ = write!(writer, "HTTP/1.1 200 OK\r\n{own}x-kept: 1\r\ncontent-length: {length}\r\n\r\n{head}");
}

/// Sends headers of a connection both ways, and compares what is passed on with the report.
fn passes_on_as_its_report_says(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let paths = json!({"/plain": {"get": {"responses": {"200": {"description": "d"}}}}});
    let sandbox = published(&format!("{MOCK}backend: http://{}\n", start_backend()), &definition_of(&paths));
    let serving = Serving::start_with(&sandbox, "serve --env test --listen 127.0.0.1:0");
    let engine = Engine::start(&sandbox, kind);
    let words = format!("-o json export {} --env test --out {0}", kind.target());
    let report = sandbox.run(&words).expect_exit(0).json()["groups"][0].clone();
    let head = format!(
        "GET /shop/plain HTTP/1.1\r\nhost: {HOST}\r\nconnection: close, x-mine\r\nx-mine: 1\r\nkeep-alive: timeout=3\r\n\
         proxy-connection: close\r\nproxy-authorization: Basic eA==\r\nx-kept: 1\r\n\r\n"
    );
    for (address, is_engine) in [(&serving.address, false), (&engine.address, true)] {
        let reply = send(address, &head);
        let (request, headers) = (reply.text(), reply.headers_that_matter());
        assert!(request.contains("\nx-kept: 1") && headers.contains_key("x-kept"), "{request} {headers:?}");
        for name in ["keep-alive", "proxy-connection", "proxy-authorization"] {
            assert!(!request.contains(&format!("\n{name}:")), "{name} of a caller is passed on: {request}");
        }
        assert!(!headers.contains_key("proxy-connection"), "{headers:?}");
        let names = |part: &str| is_engine && names(&report, part);
        assert_eq!(request.contains("\nx-mine: 1"), names("a caller or a backend names in `Connection`"), "{request}");
        assert_eq!(headers.contains_key("x-theirs"), names("a backend names in `Connection`"), "{headers:?}");
        assert_eq!(headers.contains_key("proxy-authenticate"), names("`Proxy-Authenticate`"), "{headers:?}");
    }
}

#[test]
fn envoy_passes_on_headers_of_a_connection_as_its_report_says() {
    passes_on_as_its_report_says(EngineKind::Envoy);
}

#[test]
fn nginx_passes_on_headers_of_a_connection_as_its_report_says() {
    passes_on_as_its_report_says(EngineKind::Nginx);
}

#[test]
fn haproxy_passes_on_headers_of_a_connection_as_its_report_says() {
    passes_on_as_its_report_says(EngineKind::Haproxy);
}

/// With one retry in a row, every request would fail that begins with the first of two failed addresses.
#[test]
fn haproxy_gives_a_request_to_an_address_that_takes_a_connection() {
    if !EngineKind::Haproxy.is_there() {
        return;
    }
    let item = json!({"get": {"responses": {"200": {"description": "d"}}}, "post": {"responses": {"200": {"description": "d"}}}});
    let paths = json!({"/plain": item});
    for (retry, others) in [("false", vec![free_address()]), ("true", vec![free_address(), free_address()])] {
        let others: Vec<String> = others.iter().map(|address| format!("\"http://{address}\"")).collect();
        let forwarding = format!("{{retry: {retry}, more_addresses: [{}]}}", others.join(", "));
        let settings = format!("{MOCK}backend: http://{}\nforwarding: {forwarding}\n", start_backend());
        let sandbox = published(&settings, &definition_of(&paths));
        let engine = Engine::start(&sandbox, EngineKind::Haproxy);
        for method in ["GET", "POST", "GET", "POST", "GET", "GET"] {
            let head = TestRequest::new(method, "/shop/plain", HOST, &[]).head;
            assert_eq!(send(&engine.address, &head).status, "200", "{method} with retry: {retry}");
        }
    }
}
