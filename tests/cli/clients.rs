//! The clients of the topic `access`, each as it stands there, against a live gateway.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Command;

use crate::harness::Sandbox;
use crate::serving::Serving;
use crate::tools::has;

const TOPIC: &str = include_str!("../../src/cli/topics/access.md");

/// Returns the block that the topic writes into a file.
fn block(file: &str) -> &'static str {
    let (_, rest) = TOPIC.split_once(&format!("<!-- file: {file} -->\n```")).expect("a block");
    let (_, rest) = rest.split_once('\n').expect("a fence");
    rest.split_once("\n```").expect("an end").0
}

/// A petstore whose callers sign, with a backend that says `ok`; its gateway, key id and secret.
pub(super) fn start(sandbox: &Sandbox) -> (Serving, String, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let backend = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut head = [0; 4096];
            let _ = stream.read(&mut head);
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nbackend").ok();
        }
    });
    let (id, secret) = sandbox.sign_requests(&backend);
    (Serving::start(sandbox), id, secret)
}

#[test]
fn the_client_of_each_language_is_let_in_and_one_with_another_secret_is_not() {
    let sandbox = Sandbox::petstore();
    let (serving, id, secret) = start(&sandbox);
    let url = format!("http://{}/petstore/pets?limit=2&species=a%20b", serving.address);
    let outside = tempfile::tempdir().expect("a folder");
    for (file, words) in [
        ("client.py", &["python3", "client.py"][..]),
        ("client.mjs", &["node", "client.mjs"]),
        ("client.sh", &["sh", "client.sh"]),
        ("Client.java", &["java", "Client.java"]),
        ("client.go", &["go", "run", "client.go"]),
    ] {
        let version = if words[0] == "go" { "version" } else { "--version" };
        let is_there = Command::new(words[0]).arg(version).output().is_ok();
        if !has(is_there, words[0], file) {
            continue;
        }
        std::fs::write(outside.path().join(file), format!("{}\n", block(file))).expect("a file");
        for (secret, is_let_in) in [(secret.as_str(), true), ("another", false)] {
            let mut command = Command::new(words[0]);
            command.args(&words[1..]).current_dir(outside.path());
            command.env("URL", &url).env("KEY_ID", &id).env("SECRET", secret);
            let output = command.output().expect("it runs");
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            let is_right =
                if is_let_in { said.contains("backend") && said.contains("200") } else { said.contains("401") };
            assert!(is_right, "{file}, let in: {is_let_in}\n{said}");
        }
    }
}
