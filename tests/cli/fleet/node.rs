//! Real Envoys that follow a control plane, and callers who never stop.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::harness::{Sandbox, free_address};

/// How long something may take to happen before a test has failed.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// An Envoy; it ends with the test.
pub(super) struct Node {
    process: Child,
    pub(super) address: String,
    log: PathBuf,
}

impl Node {
    /// Starts a node of test with the bootstrap that is printed for it.
    pub(super) fn start(sandbox: &Sandbox, control: &str, name: &str, flags: &str) -> Self {
        let address = free_address();
        let words =
            format!("export envoy --env test --bootstrap --node {name} --control {control} --listen {address}{flags}");
        let bootstrap = sandbox.run(&words).expect_exit(0).stdout;
        Self::start_with(sandbox, &bootstrap, &address)
    }

    pub(super) fn start_with(sandbox: &Sandbox, bootstrap: &str, address: &str) -> Self {
        let file = format!("envoy-{}", address.replace(':', "-"));
        sandbox.write(&format!("{file}.json"), bootstrap);
        let log = sandbox.path().join(format!("{file}.log"));
        let output = File::create(&log).expect("a log");
        let mut command = Command::new("envoy");
        command.args(["-c", &format!("{file}.json"), "--concurrency", "1", "--disable-hot-restart", "-l", "warning"]);
        command.current_dir(sandbox.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(output);
        Self { process: command.spawn().expect("the node starts"), address: address.to_owned(), log }
    }

    /// Waits until it listens, which it does once it has all resources.
    pub(super) fn listens(self) -> Self {
        let start = Instant::now();
        while TcpStream::connect(&self.address).is_err() {
            let log = || std::fs::read_to_string(&self.log).unwrap_or_default();
            assert!(start.elapsed() < PATIENCE, "{} does not listen: {}", self.address, log());
            thread::sleep(Duration::from_millis(20));
        }
        self
    }

    /// Sends a signal: `STOP`, `CONT`.
    pub(super) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.process.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts a backend that answers each request, and keeps connections.
pub(super) fn start_backend() -> String {
    let both = TcpListener::bind("[::]:0");
    let listener = both.or_else(|_| TcpListener::bind("127.0.0.1:0")).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                // The empty line ends the head; no request here has a body.
                for line in BufReader::new(&stream).lines().map_while(Result::ok) {
                    let response = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
                    if line.is_empty() && (&stream).write_all(response).is_err() {
                        return;
                    }
                }
            });
        }
    });
    format!("127.0.0.1:{port}")
}

/// Callers who send requests to nodes, one after another, and keep their connections.
pub(super) struct Callers {
    is_over: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    failures: Arc<Mutex<Vec<String>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Callers {
    /// Starts two callers a node.
    pub(super) fn start(nodes: &[Node], path: &str) -> Self {
        let callers =
            Self { is_over: Arc::default(), answered: Arc::default(), failures: Arc::default(), threads: Vec::new() };
        let threads = nodes.iter().flat_map(|node| [node, node]).map(|node| {
            let (is_over, answered) = (Arc::clone(&callers.is_over), Arc::clone(&callers.answered));
            let (failures, address, path) = (Arc::clone(&callers.failures), node.address.clone(), path.to_owned());
            thread::spawn(move || {
                let mut stream = None;
                while !is_over.load(Ordering::Relaxed) {
                    match ask(&mut stream, &address, &path) {
                        Ok(status) if status.contains(" 200 ") => {}
                        other => failures.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{other:?}")),
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                    thread::sleep(Duration::from_millis(2));
                }
            })
        });
        let threads = threads.collect();
        Self { threads, ..callers }
    }

    /// Stops, and returns how many requests were answered with 200; each of them has to be.
    pub(super) fn stop(self) -> usize {
        self.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().expect("a caller ends");
        }
        let failures = self.failures.lock().expect("no panic");
        let count = self.answered.load(Ordering::Relaxed);
        let first: Vec<&String> = failures.iter().take(5).collect();
        assert!(failures.is_empty(), "{} of {count} requests failed: {first:?}", failures.len());
        count
    }
}

/// Sends a request over a connection that is kept, and returns the line with the status.
fn ask(kept: &mut Option<TcpStream>, address: &str, path: &str) -> std::io::Result<String> {
    let mut stream = match kept.take() {
        Some(stream) => stream,
        None => TcpStream::connect(address)?,
    };
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: petstore.test.apigw.localhost\r\n\r\n")?;
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let count = stream.read(&mut part)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if length.is_some_and(|length| body.len() >= length) {
            // A server that is about to close a connection says so.
            if !head.contains("connection: close") {
                *kept = Some(stream);
            }
            return Ok(head.lines().next().unwrap_or_default().to_owned());
        }
    }
}
