//! A real `apigw serve`, for as long as a test needs it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::harness::{Sandbox, isolate};

/// How long something may take to happen before a test has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// A gateway on a port of its own; it ends with the test.
pub(crate) struct Serving {
    child: Child,
    pub(crate) address: String,
    said: Arc<Mutex<String>>,
}

impl Serving {
    /// Starts it for the test environment.
    pub(crate) fn start(sandbox: &Sandbox) -> Self {
        Self::start_with(sandbox, "serve --env test --listen 127.0.0.1:0")
    }

    /// Starts it with these words, split at spaces, and waits until it says where it listens.
    pub(crate) fn start_with(sandbox: &Sandbox, words: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_apigw"));
        command.args(words.split(' '));
        Self::start_command(sandbox, command)
    }

    /// Starts it with these words where the system allows so many open files.
    pub(crate) fn start_limited(sandbox: &Sandbox, open_files: u32, words: &str) -> Self {
        let mut command = Command::new("sh");
        let script = format!("ulimit -n {open_files} && exec \"$0\" {words}");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_apigw")]);
        Self::start_command(sandbox, command)
    }

    /// Starts it with these words, and writes its stdout into a file of the sandbox.
    pub(crate) fn start_into(sandbox: &Sandbox, file: &str, words: &str) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("exec \"$0\" {words} > {file}"), env!("CARGO_BIN_EXE_apigw")]);
        Self::start_command(sandbox, command)
    }

    /// Starts it with these words where the system trusts the certificates of a file, and no others.
    pub(crate) fn start_trusting(sandbox: &Sandbox, file: &str, words: &str) -> Self {
        Self::start_where(sandbox, &format!("SSL_CERT_FILE={file}"), words)
    }

    /// Starts it with these words and a variable, as a shell writes it.
    pub(crate) fn start_where(sandbox: &Sandbox, variable: &str, words: &str) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{variable} exec \"$0\" {words}"), env!("CARGO_BIN_EXE_apigw")]);
        Self::start_command(sandbox, command)
    }

    fn start_command(sandbox: &Sandbox, mut command: Command) -> Self {
        command.current_dir(sandbox.path());
        isolate(&mut command, sandbox.path());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
        let stderr = BufReader::new(child.stderr.take().expect("stderr"));
        let said = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                heard.lock().expect("no panic").extend([&line, "\n"]);
            }
        });
        let mut serving = Self { child, address: String::new(), said };
        let line = serving.wait_to_hear("listening on ");
        line.split_once("://").expect("an address").1.clone_into(&mut serving.address);
        serving
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns what it has said on stderr.
    pub(crate) fn said(&self) -> String {
        self.said.lock().expect("no panic").clone()
    }

    /// Waits until it says a line with this in it, and returns the line.
    pub(crate) fn wait_to_hear(&self, part: &str) -> String {
        let start = Instant::now();
        loop {
            let said = self.said();
            // The last line may still be on its way.
            let whole = said.rsplit_once('\n').map_or("", |(whole, _)| whole);
            if let Some(line) = whole.lines().find(|line| line.contains(part)) {
                return line.to_owned();
            }
            assert!(start.elapsed() < PATIENCE, "{part:?} was never said:\n{said}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Stops it as an operator does, and waits until it has ended.
    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        assert!(self.child.wait().expect("it ends").success(), "{}", self.said());
    }

    /// Sends a `GET` and returns the answer, head and body.
    pub(crate) fn get(&self, path: &str) -> String {
        get(&self.address, path)
    }

    /// Begins a request whose body does not come, and waits until it is known to be one.
    pub(crate) fn begin(&self, method: &str, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        let address = &self.address;
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("a request");
        let mut told = [0; "HTTP/1.1 100".len()];
        stream.read_exact(&mut told).expect("an interim answer");
        assert_eq!(&told, b"HTTP/1.1 100");
        stream
    }

    /// Returns what it tells operators.
    pub(crate) fn status(&self) -> String {
        let line = self.wait_to_hear("operators: ");
        let address = line.split_once("://").and_then(|(_, rest)| rest.split_once('/')).expect("an address").0;
        get(address, "/-/status")
    }

    /// Returns the address of the documents.
    pub(crate) fn documents(&self) -> String {
        let line = self.wait_to_hear("documents: ");
        line.split_once("://").and_then(|(_, rest)| rest.split_once('/')).expect("an address").0.to_owned()
    }

    /// Returns the address where operators ask.
    pub(crate) fn operators(&self) -> String {
        let line = self.wait_to_hear("operators: ");
        line.split_once("://").and_then(|(_, rest)| rest.split_once('/')).expect("an address").0.to_owned()
    }

    /// Waits until an answer has this in it; a test that waits in vain fails.
    pub(crate) fn wait_for(&self, path: &str, part: &str) {
        let start = Instant::now();
        loop {
            let answer = self.get(path);
            if answer.contains(part) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{part:?} never came: {answer}\n{}", self.said());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends a signal: `HUP`, `INT`, `TERM`, `STOP`, `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    /// Kills it at once, as `kill -9` does, and returns what it said.
    pub(crate) fn kill(mut self) -> String {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
        self.said()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn get(address: &str, path: &str) -> String {
    exchange(address, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"))
}

/// Sends a request whose connection is closed after it, and returns the answer, head and body.
pub(crate) fn exchange(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}
