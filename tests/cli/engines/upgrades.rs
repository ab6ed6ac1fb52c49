//! Requests that ask for another protocol: a websocket where one is declared, and none elsewhere.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::engine::{Engine, EngineKind};
use super::limits::{HOST, MOCK, definition_of, published};
use super::targets::names;
use crate::serving::Serving;

/// Starts a backend that agrees to any protocol, and then repeats what it gets.
fn start_backend() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || serve(&stream));
        }
    });
    address
}

fn serve(stream: &TcpStream) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let upgrade = lines.find_map(|line| line.to_ascii_lowercase().strip_prefix("upgrade:").map(str::to_owned));
    lines.for_each(drop);
    let head = match &upgrade {
        Some(protocol) => format!(
            "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade:{protocol}\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        ),
        None => "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno".to_owned(),
    };
    let mut writer = stream;
    let _ = writer.write_all(head.as_bytes());
    if upgrade.is_some() {
        let mut bytes = [0; 4];
        let mut reader = stream;
        if reader.read_exact(&mut bytes).is_ok() {
            let _ = writer.write_all(&bytes);
        }
    }
}

/// Asks for a protocol; returns the status, and the bytes that come back through a tunnel.
fn ask(address: &str, method: &str, target: &str, protocol: &str) -> (String, Option<String>) {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a time-out");
    let length = if method == "POST" { "content-length: 0\r\n" } else { "" };
    let key = "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: {HOST}\r\n{length}connection: Upgrade\r\nupgrade: {protocol}\r\n{key}\r\n"
    );
    stream.write_all(head.as_bytes()).expect("a request");
    let mut reader = BufReader::new(stream.try_clone().expect("the connection"));
    let mut lines = reader.by_ref().lines().map_while(Result::ok);
    let status = lines.next().and_then(|line| line.split(' ').nth(1).map(str::to_owned)).unwrap_or_default();
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    if status != "101" {
        return (status, None);
    }
    stream.write_all(b"ping").expect("the tunnel");
    let mut bytes = [0; 4];
    let echo = reader.read_exact(&mut bytes).ok().map(|()| String::from_utf8_lossy(&bytes).into_owned());
    (status, echo)
}

fn upgrades_as_its_report_says(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let responses = json!({"200": {"description": "d"}});
    let paths = json!({
        "/plain": {"get": {"responses": responses}, "post": {"responses": responses}},
        "/socket": {
            "get": {"responses": {"101": {"description": "d"}, "200": {"description": "d"}}},
            "post": {"responses": responses},
        },
    });
    let sandbox = published(&format!("{MOCK}backend: http://{}\n", start_backend()), &definition_of(&paths));
    let serving = Serving::start_with(&sandbox, "serve --env test --listen 127.0.0.1:0");
    let engine = Engine::start(&sandbox, kind);
    assert_eq!(ask(&engine.address, "GET", "/shop/socket", "websocket"), ("101".to_owned(), Some("ping".to_owned())));
    let mut differing = Vec::new();
    for target in ["/shop/plain", "/shop/socket"] {
        for (method, protocol) in [
            ("GET", "websocket"),
            ("GET", "WebSocket"),
            ("GET", "h2c"),
            ("GET", "tls/1.3"),
            ("POST", "websocket"),
            ("POST", "h2c"),
        ] {
            let [ours, theirs] =
                [&serving.address, &engine.address].map(|address| ask(address, method, target, protocol));
            if ours != theirs {
                assert_ne!(theirs.0, "101", "{method} {target} becomes {protocol}");
                differing.push(format!("{method} {target} {protocol}: {ours:?} is {theirs:?}"));
            }
        }
    }
    let words = format!("-o json export {} --env test --out {0}", kind.target());
    let report = sandbox.run(&words).expect_exit(0).json()["groups"][0].clone();
    assert_eq!(names(&report, "for another protocol"), !differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn envoy_upgrades_as_its_report_says() {
    upgrades_as_its_report_says(EngineKind::Envoy);
}

#[test]
fn nginx_upgrades_as_its_report_says() {
    upgrades_as_its_report_says(EngineKind::Nginx);
}

#[test]
fn haproxy_upgrades_as_its_report_says() {
    upgrades_as_its_report_says(EngineKind::Haproxy);
}
