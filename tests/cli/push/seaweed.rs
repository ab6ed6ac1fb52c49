//! A real S3-compatible store: `SeaweedFS`.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Publisher;
use super::following::follow;
use crate::harness::Sandbox;
use crate::serving::Serving;
use crate::tools::has_working;

const SECRET: &str = "a-secret-of-the-store-for-tests";
const WRITERS: usize = 4;
/// The pushes of each writer.
const PUSHES: usize = 50;

/// A store of its own; it ends with the test.
struct Seaweed {
    child: Child,
    endpoint: String,
    folder: tempfile::TempDir,
}

impl Drop for Seaweed {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Seaweed {
    /// Starts a store with the bucket `state`; nothing where the program is missing.
    fn start() -> Option<Self> {
        if !has_working("weed", &["version"], "pushes to a real store") {
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let identities = format!(
            r#"{{"identities":[{{"name":"writer","credentials":[{{"accessKey":"writer","secretKey":"{SECRET}"}}],"actions":["Admin","Read","Write","List"]}}]}}"#
        );
        std::fs::write(folder.path().join("s3.json"), identities).expect("a file");
        let listeners: Vec<TcpListener> = (0..10).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
        let ports: Vec<u16> =
            listeners.iter().map(|listener| listener.local_addr().expect("an address").port()).collect();
        drop(listeners);
        let names = [
            "s3.port",
            "s3.port.grpc",
            "master.port",
            "master.port.grpc",
            "filer.port",
            "filer.port.grpc",
            "volume.port",
            "volume.port.grpc",
            "admin.port",
            "admin.port.grpc",
        ];
        let mut command = Command::new("weed");
        command.args(["mini", "-dir=data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-bucket=state"]);
        command.args(["-s3.config=s3.json", "-master.telemetry=false", "-webdav=false"]);
        command.args(["-s3.port.iceberg=0", "-s3.port.lance=0"]);
        command.args(names.iter().zip(&ports).map(|(name, port)| format!("-{name}={port}")));
        std::fs::create_dir(folder.path().join("data")).expect("a folder");
        let log = File::create(folder.path().join("log")).expect("a file");
        command.current_dir(folder.path()).env_clear().env("HOME", folder.path());
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        let child = command.stdin(Stdio::null()).stdout(log.try_clone().expect("a file")).stderr(log).spawn();
        let store =
            Self { child: child.expect("it starts"), endpoint: format!("http://127.0.0.1:{}", ports[0]), folder };
        store.wait(ports[0]);
        Some(store)
    }

    /// Waits until the store responds about its bucket.
    fn wait(&self, port: u16) {
        let start = Instant::now();
        let is_there = || {
            let publisher = Publisher::new();
            TcpStream::connect(("127.0.0.1", port)).is_ok() && self.push(&publisher, "s3://state/first").exit == 0
        };
        while !is_there() {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(start.elapsed() < Duration::from_mins(1), "the store never came: {log}");
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn push(&self, publisher: &Publisher, url: &str) -> crate::harness::Outcome {
        let words = format!("push {url} --key {}", publisher.path("push.pem"));
        publisher.sandbox.run_with(&self.variables(), &words)
    }

    fn variables(&self) -> [(&str, &str); 3] {
        [("AWS_ACCESS_KEY_ID", "writer"), ("AWS_SECRET_ACCESS_KEY", SECRET), ("AWS_ENDPOINT_URL", &self.endpoint)]
    }
}

/// Four people publish groups of their own in one workspace and push each time: every push that was said to be in force
/// is a part of the last state, and a gateway follows all the while.
#[test]
fn none_of_many_pushes_at_once_is_lost() {
    let Some(store) = Seaweed::start() else { return };
    let publisher = Publisher::new();
    let text = publisher.sandbox.read("groups/petstore/openapi.yaml");
    for writer in 0..WRITERS {
        publisher.sandbox.write("definition.yaml", &text);
        publisher.sandbox.run(&format!("group import group-{writer} definition.yaml")).expect_exit(0);
        publisher.sandbox.run(&format!("publish group-{writer} --env test --mock")).expect_exit(0);
    }
    let url = "s3://state/online";
    store.push(&publisher, url).expect_exit(0);
    let elsewhere = Sandbox::empty();
    let serving = following(&store, &elsewhere, &publisher, url);
    let last: BTreeMap<usize, String> = thread::scope(|scope| {
        let write = |writer: usize| {
            let mut operation = String::new();
            for push in 0..PUSHES {
                let words = if push % 2 == 0 {
                    format!("-o json offline group-{writer} --env test")
                } else {
                    format!("-o json publish group-{writer} --env test --mock")
                };
                let made = publisher.sandbox.run(&format!("--lock-timeout 60s {words}")).expect_exit(0).json();
                operation = made["operation"].as_str().expect("an operation").to_owned();
                store.push(&publisher, url).expect_exit(0);
            }
            (writer, operation)
        };
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
        writers.into_iter().map(|writer| writer.join().expect("no panic")).collect()
    });
    store.push(&publisher, url).expect_exit(0).expect_stdout("is up to date");
    // What was pushed last is served elsewhere.
    let start = Instant::now();
    let is_served = || {
        let status = serving.status();
        last.values().all(|operation| status.contains(operation.as_str()))
    };
    while !is_served() {
        assert!(start.elapsed() < Duration::from_secs(20), "{}\n{}", serving.status(), serving.said());
        thread::sleep(Duration::from_millis(20));
    }
    let said = serving.said();
    assert!(!said.contains("refused"), "{said}");
    serving.stop();
}

/// Starts a gateway that follows the store with the credentials of the writers.
fn following(store: &Seaweed, sandbox: &Sandbox, publisher: &Publisher, url: &str) -> Serving {
    let [(_, id), (_, secret), (_, endpoint)] = store.variables();
    let config = format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
    sandbox.write(".aws/credentials", &config);
    sandbox.write(".aws/config", &format!("[default]\nendpoint_url = {endpoint}\n"));
    follow(sandbox, publisher, url, "--cache cache --store-timeout 10s")
}

#[test]
fn a_real_store_refuses_and_forgets_nothing() {
    let Some(store) = Seaweed::start() else { return };
    let publisher = Publisher::new();
    store.push(&publisher, "s3://state/a").expect_exit(0).expect_stdout("push 1, 5 new objects");
    store.push(&publisher, "s3://state/a").expect_exit(0).expect_stdout("is up to date (push 1)");
    for mark in ["second", "third"] {
        publisher.publish_again(mark);
        store.push(&publisher, "s3://state/a").expect_exit(0);
    }
    let words = format!("push s3://state/a --key {} --prune --keep 1 --older-than 0s", publisher.path("push.pem"));
    let prune = || publisher.sandbox.run_with(&store.variables(), &words).expect_exit(0);
    // Of each push before: its list, its environment, its definition, its settings, its version.
    prune().expect_stdout("s3://state/a: 10 objects removed; the state of the last push is kept");
    prune().expect_stdout(": 0 objects removed");
    let mut variables = store.variables();
    variables[1].1 = "wrong";
    let words = format!("push s3://state/a --key {}", publisher.path("push.pem"));
    publisher.sandbox.run_with(&variables, &words).expect_exit(1).expect_stderr("SignatureDoesNotMatch");
    store.push(&publisher, "s3://nobody/a").expect_exit(1).expect_stderr("NoSuchBucket");
    let elsewhere = Sandbox::empty();
    let serving = following(&store, &elsewhere, &publisher, "s3://state/a");
    serving.wait_for("/petstore/pets", "Bello");
    drop(store);
    serving.wait_to_hear("cannot be followed since ");
    assert!(serving.get("/petstore/pets").contains("Bello"));
    serving.stop();
}
