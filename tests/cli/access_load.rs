//! A key that is revoked while it calls, over several connections that stay open.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::harness::Sandbox;
use crate::serving::Serving;

/// The longest time after a revocation in which a request is let in.
const LATEST: Duration = Duration::from_millis(100);
const CONNECTIONS: usize = 8;

/// Sends a request over an open connection, and returns true if its key lets it in. No backend answers.
fn is_let_in(stream: &mut TcpStream, request: &str) -> bool {
    stream.write_all(request.as_bytes()).expect("a request");
    let mut response = Vec::new();
    let mut space = [0; 4096];
    loop {
        let count = stream.read(&mut space).expect("a response");
        assert!(count > 0, "the connection is closed: {}", String::from_utf8_lossy(&response));
        response.extend_from_slice(&space[..count]);
        let text = String::from_utf8_lossy(&response).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
        if body.len() >= length.parse().expect("a number") {
            return !head.starts_with("http/1.1 401");
        }
    }
}

/// Calls until told to stop, and returns the beginning of the last request that was let in.
fn call_until(is_over: &AtomicBool, address: &str, request: &str) -> Instant {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let mut last = Instant::now();
    assert!(is_let_in(&mut stream, request), "the key lets nobody in");
    while !is_over.load(Ordering::Relaxed) {
        let begin = Instant::now();
        if is_let_in(&mut stream, request) {
            last = begin;
        }
    }
    last
}

#[test]
fn a_key_that_is_revoked_under_load_lets_nobody_in_after_a_tenth_of_a_second() {
    let outside = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("groups/petstore/group.yaml");
    sandbox.write("groups/petstore/group.yaml", &settings.replace("auth: none", "auth: subscription"));
    sandbox.run("publish petstore --env test --backend http://127.0.0.1:1").expect_exit(0);
    let names = ["one", "two", "three"];
    for name in names {
        let file = outside.path().join(name);
        sandbox.run(&format!("key create {name} --kind subscription --to {}", file.display())).expect_exit(0);
        sandbox.run(&format!("access grant {name} petstore --env test")).expect_exit(0);
    }
    let serving = Serving::start(&sandbox);
    // The machine may be busy with other tests: what is late each time is late by the gateway's doing.
    let delay = |name: &str| {
        let key = fs::read_to_string(outside.path().join(name)).expect("a key");
        let address = serving.address.as_str();
        let request = format!("GET /petstore/pets HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {}\r\n\r\n", key.trim());
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let callers: Vec<_> =
                (0..CONNECTIONS).map(|_| scope.spawn(|| call_until(&is_over, address, &request))).collect();
            std::thread::sleep(Duration::from_millis(300));
            sandbox.run(&format!("key revoke {name}")).expect_exit(0);
            let revoked = Instant::now();
            std::thread::sleep(Duration::from_secs(1));
            is_over.store(true, Ordering::Relaxed);
            let last = callers.into_iter().map(|caller| caller.join().expect("a caller")).max().expect("a caller");
            assert!(!is_let_in(&mut TcpStream::connect(address).expect("a connection"), &request), "{name}");
            last.saturating_duration_since(revoked)
        })
    };
    let delays = names.map(delay);
    assert!(delays.iter().any(|delay| *delay <= LATEST), "{delays:?}");
}
