//! `apigw serve`: what any process commits is served, and what is broken by hand is not.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Sandbox, isolate};

/// A gateway on a port of its own; it ends with the test.
struct Serving {
    child: Child,
    address: String,
}

impl Serving {
    fn start(sandbox: &Sandbox) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_apigw"));
        command.args(["serve", "--env", "test", "--listen", "127.0.0.1:0"]).current_dir(sandbox.path());
        isolate(&mut command, sandbox.path());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        let stderr = child.stderr.take().expect("stderr");
        BufReader::new(stderr).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on http://").expect("an address").to_owned();
        Self { child, address }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address)
            .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// Waits until an answer has this in it; a test that waits in vain fails.
    fn wait_for(&self, path: &str, part: &str) {
        let start = Instant::now();
        loop {
            let answer = self.get(path);
            if answer.contains(part) {
                return;
            }
            assert!(start.elapsed() < Duration::from_secs(10), "{part:?} never came: {answer}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn every_change_is_served_and_what_was_good_stays() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    let serving = Serving::start(&sandbox);
    serving.wait_for("/petstore/pets", "Bello");
    let text =
        sandbox.read("groups/petstore/openapi.yaml").replace("name: Bello, species: dog", "name: Rex, species: dog");
    sandbox.write("groups/petstore/openapi.yaml", &text);
    sandbox.run("publish --env test --mock --bump patch").expect_exit(0);
    serving.wait_for("/petstore/pets", "Rex");
    sandbox.run("offline --env test").expect_exit(0);
    serving.wait_for("/petstore/pets", "NOT_FOUND");
    sandbox.run("rollback --env test --to 2").expect_exit(3);
    sandbox.run("publish --env test --mock --version 0.0.1").expect_exit(0);
    serving.wait_for("/petstore/pets", "Bello");
    let good = sandbox.read("deployments/test.yaml");
    sandbox.write("deployments/test.yaml", "schema: 1\n");
    std::thread::sleep(Duration::from_millis(150));
    assert!(serving.get("/petstore/pets").contains("Bello"));
    sandbox.write("deployments/test.yaml", &good);
    sandbox.run("switch --env test --version 0.0.2").expect_exit(0);
    serving.wait_for("/petstore/pets", "Rex");
}
