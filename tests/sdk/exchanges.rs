//! Requests and responses of clients against a server of the test, which does as no gateway would: the same calls in
//! each language print the same lines.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use apigw::share::sdk::SdkLanguage;

use crate::corpus::CorpusDefinition;
use crate::java::{compile_packages, run_source};
use crate::served::{Served, write_packages};
use crate::tools::has_tool;
use crate::{run, text};

const DEFINITION: &str = "\
openapi: 3.1.0
info: {title: Exchanges, version: '1'}
paths:
  /idle: {post: {operationId: idle, responses: {'204': {description: d}}}}
  /events: {get: {operationId: events, responses: {'200': {description: d, content: {text/event-stream: {schema: {}}}}}}}
  /done: {get: {operationId: done, responses: {'200': {description: d, content: {text/event-stream: {schema: {type: object, properties: {a: {type: integer}}}}}}}}}
  /lines: {get: {operationId: lines, responses: {'200': {description: d, content: {application/x-ndjson: {schema: {type: array, items: {type: object}}}}}}}}
  /empty: {get: {operationId: empty, responses: {'200': {description: d, content: {text/plain: {schema: {type: string}}}}}}}
  /cookie: {get: {operationId: cookie, parameters: [{name: c, in: cookie, schema: {type: string}}, {name: x-h, in: header, schema: {type: string}}], responses: {'204': {description: d}}}}
  /busy: {get: {operationId: busy, responses: {'204': {description: d}}}}
  /cut: {get: {operationId: cut, responses: {'204': {description: d}}}}
  /early: {post: {operationId: early, requestBody: {content: {application/octet-stream: {}}}, responses: {'204': {description: d}}}}
  /moved: {get: {operationId: moved, responses: {'200': {description: d, content: {application/json: {schema: {type: object}}}}}}}
  /found: {get: {operationId: found, responses: {'302': {description: d}}}}
";

/// The lines that each client prints.
const EXPECTED: &str = "\
idle: 204, 204
moved: ApiError 302 /elsewhere
found: 302
events: 1 2 3 4 5
done: 1 [DONE]
empty: 0
lines: ClientError
cookie: refused
cookie: refused
cookie: refused
header: refused
busy: RateLimited 3600
cut: 204
address: refused
";

/// Events whose lines end in CR, LF and both, one pair cut in two; the last one is cut off.
const EVENTS: [&str; 4] = ["data: 1\r\rdata: 2\r\r", "data: 3\r\n\r", "\ndata: 4\r", "\n\ndata: 5\n\r\ndata: 6\n"];

const PYTHON: &str = include_str!("exchanges.py");
const NODE: &str = include_str!("exchanges.mjs");
const JAVA: &str = include_str!("Exchanges.java");

/// Starts the server, and returns its address.
fn start_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/g0", listener.local_addr().expect("an address"));
    let was_cut = Arc::new(AtomicBool::new(false));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let was_cut = Arc::clone(&was_cut);
            std::thread::spawn(move || respond(&stream, &was_cut));
        }
    });
    address
}

/// Responds to the requests of a connection. Once a response is cut off.
fn respond(mut stream: &TcpStream, was_cut: &AtomicBool) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head: Vec<String> = Vec::new();
        let lines = reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty());
        head.extend(lines);
        let Some(target) = head.first().and_then(|first| first.split(' ').nth(1)) else { return };
        let response = match target {
            "/g0/idle" => "HTTP/1.1 204 No Content\r\n\r\n",
            "/g0/moved" | "/g0/found" => {
                "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-type: text/html\r\ncontent-length: 3\r\n\r\n<p>"
            }
            "/g0/events" => "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n",
            "/g0/done" => {
                "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 29\r\n\r\n\
                 data: {\"a\":1}\n\ndata: [DONE]\n\n"
            }
            "/g0/lines" => {
                "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ncontent-length: 9\r\n\r\n{}\n{\"a\":\n"
            }
            "/g0/empty" => "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 0\r\n\r\n",
            "/g0/busy" => "HTTP/1.1 429 Too Many Requests\r\nretry-after: 3600\r\ncontent-length: 0\r\n\r\n",
            "/g0/cut" if was_cut.swap(true, Ordering::Relaxed) => "HTTP/1.1 204 No Content\r\n\r\n",
            "/g0/cut" => "HTTP/1.1 503 Service Unavailable\r\nretry-after: 0\r\ncontent-length: 1000000\r\n\r\nhalf",
            "/g0/early" => "HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n",
            other => panic!("{other}"),
        };
        let _ = stream.write_all(response.as_bytes());
        if target == "/g0/events" {
            for piece in EVENTS {
                let _ = stream.write_all(piece.as_bytes());
                std::thread::sleep(Duration::from_millis(100));
            }
            return;
        }
        // Without a word before; what is left of a body is never read.
        if ["/g0/cut", "/g0/early", "/g0/idle"].contains(&target) {
            return;
        }
    }
}

fn served() -> Served {
    let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(DEFINITION.as_bytes())));
    let definition = apigw::definition::read("g", &mut fetch).definition.expect("a definition");
    Served::of(vec![CorpusDefinition { origin: "exchanges".to_owned(), definition }])
}

fn expect_lines(output: &Output) {
    assert_eq!(String::from_utf8_lossy(&output.stdout), EXPECTED, "{}", text(output));
}

fn clients_print_the_lines(language: SdkLanguage, program: &str, flags: &[&str], script: &str) {
    if !has_tool(program, "exchanges of generated clients") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    write_packages(&served(), language, folder.path());
    let mut command = Command::new(program);
    expect_lines(&run(command.args(flags).arg(script).arg(start_server()).current_dir(folder.path())));
}

#[test]
fn python_clients_do_well_with_an_odd_server() {
    clients_print_the_lines(SdkLanguage::Python, "python3", &["-c"], PYTHON);
}

#[test]
fn typescript_clients_do_well_with_an_odd_server() {
    clients_print_the_lines(SdkLanguage::TypeScript, "node", &["--input-type=module", "-e"], NODE);
}

#[test]
fn java_clients_do_well_with_an_odd_server() {
    if !has_tool("javac", "exchanges of generated Java clients") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    compile_packages(&served(), folder.path());
    let address = start_server();
    expect_lines(&run_source(folder.path(), "Exchanges.java", JAVA, Path::new(&address)));
}
