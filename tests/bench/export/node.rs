//! A node of `serve --xds`, which is told of a release, and the control plane that tells it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cost::{BINARY, processor_time};

/// A control plane; it ends with the benchmark.
pub(crate) struct ControlPlane {
    process: Child,
    address: String,
}

/// A response to a poll, with the times of its first and its last byte.
pub(crate) struct Polled {
    pub(crate) version: String,
    pub(crate) first: Instant,
    pub(crate) last: Instant,
    pub(crate) bytes: usize,
}

impl ControlPlane {
    /// Starts one for test.
    pub(crate) fn start(folder: &Path) -> Self {
        let words = "serve --env test --listen 127.0.0.1:0 --access-log off --xds 127.0.0.1:0";
        let mut command = Command::new(BINARY);
        command.args(words.split(' ')).current_dir(folder).env("HOME", folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("it starts");
        let said = BufReader::new(process.stderr.take().expect("its messages"));
        let mut lines = said.lines().map(|line| line.expect("a line"));
        let address = lines.find_map(|line| line.strip_prefix("nodes: ").map(str::to_owned)).expect("its address");
        // It must not wait for a reader of what it says later.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address }
    }

    /// Polls for a kind of resources as a node that has a version, until there is another one.
    pub(crate) fn poll(&self, kind: &str, version: &str) -> Polled {
        loop {
            if let Some(polled) = self.poll_once(kind, version) {
                return polled;
            }
        }
    }

    fn poll_once(&self, kind: &str, version: &str) -> Option<Polled> {
        let node =
            r#"{"id":"edge-1","metadata":{"apigw":{"environment":"test","listen":"127.0.0.1:80","waits":true}}}"#;
        let body = format!(r#"{{"version_info":"{version}","node":{node}}}"#);
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        let head = format!(
            "POST /v3/discovery:{kind} HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).expect("it is sent");
        let mut response = vec![0; 512];
        let length = stream.read(&mut response).expect("a response");
        let first = Instant::now();
        response.truncate(length);
        stream.read_to_end(&mut response).expect("a whole response");
        let last = Instant::now();
        let start = String::from_utf8_lossy(response.get(..512.min(response.len())).unwrap_or_default()).into_owned();
        let (_, rest) = start.split_once("\"version_info\":\"")?;
        let version = rest.split('"').next().unwrap_or_default().to_owned();
        Some(Polled { version, first, last, bytes: response.len() })
    }

    /// Brings a node to what is live, and returns the version of its routes.
    pub(crate) fn settle(&self) -> String {
        let clusters = self.poll("clusters", "");
        self.poll("listeners", "");
        std::thread::scope(|scope| {
            // The node polls with the clusters that it has, without which it gets no routes.
            let confirmed = scope.spawn(|| self.poll_once("clusters", &clusters.version).is_none());
            let routes = self.poll("routes", "");
            assert!(confirmed.join().expect("no panic"), "the clusters stay as they are");
            routes.version
        })
    }

    pub(crate) fn processor_time(&self) -> Duration {
        processor_time(Path::new(&format!("/proc/{}", self.process.id())))
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
