//! Generated clients against `apigw serve` and a backend behind it: retries, time-outs, streams, signatures.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::harness::Sandbox;
use crate::serving::Serving;
use crate::tools::has_tool;

/// How long the backend waits for a client before it gives up.
const PATIENCE: Duration = Duration::from_secs(30);

const DEFINITION: &str = "\
openapi: 3.1.0
info: {title: Calls, version: '1'}
paths:
  /flaky/{name}:
    get:
      operationId: flaky
      parameters: [{name: name, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: d, content: {application/json: {schema: {type: object, properties: {tries: {type: integer}}}}}}}
  /slow: {get: {operationId: slow, responses: {'204': {description: d}}}}
  /release: {get: {operationId: release, responses: {'204': {description: d}}}}
  /events: {get: {operationId: events, responses: {'200': {description: d, content: {text/event-stream: {schema: {type: object}}}}}}}
  /bytes:
    post:
      operationId: send
      requestBody: {required: true, content: {application/octet-stream: {}}}
      responses: {'200': {description: d, content: {application/octet-stream: {}}}}
";

/// The state that connections of the backend share.
#[derive(Default)]
struct BackendState {
    /// The requests of each target.
    tries: Mutex<HashMap<String, u32>>,
    /// The times that a stream was let go on.
    released: Mutex<u32>,
    change: Condvar,
}

fn start_backend() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let state = Arc::new(BackendState::default());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let state = Arc::clone(&state);
            std::thread::spawn(move || state.respond(&stream));
        }
    });
    address
}

impl BackendState {
    fn respond(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        let mut lines = reader.by_ref().lines().map_while(Result::ok);
        let Some(first) = lines.next() else { return };
        let head: Vec<String> =
            lines.take_while(|line| !line.is_empty()).map(|line| line.to_ascii_lowercase()).collect();
        let target = first.split(' ').nth(1).unwrap_or_default().to_owned();
        let write = |text: &str| {
            let mut stream = stream;
            let _ = stream.write_all(text.as_bytes());
        };
        match target.as_str() {
            "/slow" => {
                std::thread::sleep(Duration::from_secs(3));
                write("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
            }
            "/release" => {
                *self.released.lock().expect("no panic") += 1;
                self.change.notify_all();
                write("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
            }
            "/events" => {
                let before = *self.released.lock().expect("no panic");
                write(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\ndata: {\"n\":1}\n\n",
                );
                // The second event is sent once the client has read the first.
                let released = self.released.lock().expect("no panic");
                let waited = self.change.wait_timeout_while(released, PATIENCE, |now| *now == before);
                if !waited.expect("no panic").1.timed_out() {
                    write("event: last\ndata: {\"n\":2}\n\n");
                }
            }
            "/bytes" => {
                let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                let body = match length {
                    Some(length) => read_bytes(&mut reader, length),
                    None => read_chunks(&mut reader),
                };
                write(&format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                ));
                let mut stream = stream;
                let _ = stream.write_all(&body);
            }
            _ => {
                let mut tries = self.tries.lock().expect("no panic");
                let count = tries.entry(target).or_default();
                *count += 1;
                let body = format!("{{\"tries\":{count}}}");
                let status = if *count < 3 { "503 Service Unavailable\r\nretry-after: 0" } else { "200 OK" };
                write(&format!(
                    "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                ));
            }
        }
    }
}

fn read_bytes(reader: &mut impl std::io::Read, length: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = reader.take(length).read_to_end(&mut bytes);
    bytes
}

fn read_chunks(reader: &mut impl std::io::BufRead) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let mut size = String::new();
        let _ = reader.read_line(&mut size);
        let length = u64::from_str_radix(size.trim(), 16).unwrap_or_default();
        bytes.extend(read_bytes(reader, length));
        let _ = reader.read_line(&mut String::new());
        if length == 0 {
            return bytes;
        }
    }
}

/// A gateway with the groups `open` and, for a key alone, `closed`.
struct Served {
    sandbox: Sandbox,
    serving: Serving,
    key: [String; 2],
}

fn served() -> Served {
    let sandbox = Sandbox::empty();
    sandbox.run("init").expect_exit(0);
    let backend = start_backend();
    for (group, auth) in [("open", "none"), ("closed", "signature")] {
        sandbox.write(&format!("groups/{group}/openapi.yaml"), DEFINITION);
        let settings =
            format!("schema: 1\nversion: \"0.0.1\"\nprefix: /{group}\nbackend: http://{backend}\nauth: {auth}\n");
        sandbox.write(&format!("groups/{group}/group.yaml"), &settings);
    }
    sandbox.run("publish --all --env test").expect_exit(0);
    // Git would see a secret that lies in the workspace.
    let outside = Sandbox::empty();
    let file = outside.path().join("secret");
    sandbox.run(&format!("key create caller --kind signature --to {}", file.display())).expect_exit(0);
    sandbox.run("access grant caller closed --env test").expect_exit(0);
    let shown = sandbox.run("-o json key show caller").expect_exit(0).json();
    let id = shown["key"]["secrets"][0]["id"].as_str().or_else(|| shown["secrets"][0]["id"].as_str());
    let key = [id.unwrap_or_else(|| panic!("{shown:#}")).to_owned(), outside.read("secret").trim().to_owned()];
    sandbox.run("sdk --env test --language python,typescript,java --out sdk").expect_exit(0);
    let serving = Serving::start(&sandbox);
    Served { sandbox, serving, key }
}

/// Lists what each client prints.
const EXPECTED: &str = "\
tries 3
once 503
timed out
event 1
event 2 last
no more
bytes true
signed 3
signed bytes true
unsigned 401 UNAUTHENTICATED
wrong 401 UNAUTHENTICATED
";

const PYTHON: &str = r#"
import io, os, sys
import closed_sdk, open_sdk

address, key_id = sys.argv[1:]
secret = os.environ["CALLER_SECRET"]
client = open_sdk.Client(base_url=f"{address}/open", timeout=20)
print("tries", client.flaky("python").data["tries"])
try:
    print("answered", client.flaky("python-once", options={"retries": 0}))
except open_sdk.ServerFailed as error:
    print("once", error.status)
try:
    print("answered", client.slow(options={"timeout": 0.3, "retries": 0}))
except open_sdk.TimedOut:
    print("timed out")
events = client.events().data
print("event", next(events).data["n"])
client.release()
last = next(events)
print("event", last.data["n"], last.event)
print("no more" if list(events) == [] else "more")
content = bytes(range(256)) * 400
print("bytes", str(client.send(io.BytesIO(content)).data.read() == content).lower())
closed = f"{address}/closed"
signed = closed_sdk.Client(base_url=closed, auth=closed_sdk.Signature(key_id, secret))
print("signed", signed.flaky("python-signed").data["tries"])
print("signed bytes", str(signed.send(io.BytesIO(content)).data.read() == content).lower())
for name, auth in ("unsigned", ()), ("wrong", closed_sdk.Signature(key_id, secret + "x")):
    try:
        print("answered", closed_sdk.Client(base_url=closed, auth=auth).flaky(f"python-{name}"))
    except closed_sdk.NotAuthenticated as error:
        print(name, error.status, error.code)
"#;

const NODE: &str = r#"
import { Client, ServerFailed, TimedOut } from "./sdk/open/typescript/index.js";
import { Client as Closed, NotAuthenticated, signature } from "./sdk/closed/typescript/index.js";

const [address, keyId] = process.argv.slice(2);
const secret = process.env.CALLER_SECRET;
const failed = (type, say) => (error) => (error instanceof type ? say(error) : Promise.reject(error));
const client = new Client({ baseUrl: `${address}/open`, timeout: 20_000 });
console.log("tries", (await client.flaky({ name: "node" })).data.tries);
await client.flaky({ name: "node-once" }, { retries: 0 }).then(console.log, failed(ServerFailed, (error) => console.log("once", error.status)));
await client.slow({ timeout: 300, retries: 0 }).then(console.log, failed(TimedOut, () => console.log("timed out")));
const events = (await client.events()).data[Symbol.asyncIterator]();
console.log("event", (await events.next()).value.data.n);
await client.release();
const last = (await events.next()).value;
console.log("event", last.data.n, last.event);
console.log((await events.next()).done ? "no more" : "more");
const content = new Uint8Array(256 * 400).map((_, index) => index % 256);
const same = async (response) => Buffer.compare(Buffer.from(await response.data.arrayBuffer()), Buffer.from(content)) === 0;
console.log("bytes", await same(await client.send({ body: content })));
const baseUrl = `${address}/closed`;
const signed = new Closed({ baseUrl, auth: signature(keyId, secret) });
console.log("signed", (await signed.flaky({ name: "node-signed" })).data.tries);
console.log("signed bytes", await same(await signed.send({ body: content })));
for (const [name, auth] of [["unsigned", []], ["wrong", signature(keyId, `${secret}x`)]]) {
  const say = (error) => console.log(name, error.status, error.code);
  await new Closed({ baseUrl, auth }).flaky({ name: `node-${name}` }).then(console.log, failed(NotAuthenticated, say));
}
"#;

const JAVA: &str = r#"
import java.io.ByteArrayInputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import open_sdk.Client;
import open_sdk.ClientOptions;
import open_sdk.ServerEvent;
import open_sdk.ServerFailed;
import open_sdk.TimedOut;
import open_sdk.Upload;

public final class Calls {
    public static void main(String[] arguments) {
        String address = arguments[0];
        String keyId = arguments[1];
        String secret = System.getenv("CALLER_SECRET");
        Client client = Client.at(address + "/open", new ClientOptions().timeout(Duration.ofSeconds(20)));
        System.out.println("tries " + client.flaky("java").send().data().tries().orElseThrow());
        try {
            System.out.println("answered " + client.flaky("java-once").retries(0).send());
        } catch (ServerFailed error) {
            System.out.println("once " + error.status());
        }
        try {
            System.out.println("answered " + client.slow().timeout(Duration.ofMillis(300)).retries(0).send());
        } catch (TimedOut error) {
            System.out.println("timed out");
        }
        Iterator<ServerEvent<java.util.Map<String, Object>>> events = client.events().send().data();
        System.out.println("event " + events.next().data().get("n"));
        client.release().send();
        var last = events.next();
        System.out.println("event " + last.data().get("n") + " " + last.event());
        System.out.println(events.hasNext() ? "more" : "no more");
        byte[] content = new byte[256 * 400];
        for (int index = 0; index < content.length; index++) content[index] = (byte) index;
        Upload upload = Upload.of(new ByteArrayInputStream(content));
        System.out.println("bytes " + Arrays.equals(client.send_(upload).send().data().bytes(), content));
        signed(address + "/closed", keyId, secret, content);
    }

    private static void signed(String closed, String keyId, String secret, byte[] content) {
        var signed = new closed_sdk.ClientOptions().auth(new closed_sdk.Signature(keyId, secret));
        var client = closed_sdk.Client.at(closed, signed);
        System.out.println("signed " + client.flaky("java-signed").send().data().tries().orElseThrow());
        var upload = closed_sdk.Upload.of(new ByteArrayInputStream(content));
        System.out.println("signed bytes " + Arrays.equals(client.send_(upload).send().data().bytes(), content));
        var wrong = new closed_sdk.ClientOptions().auth(new closed_sdk.Signature(keyId, secret + "x"));
        for (var options : java.util.List.of(new closed_sdk.ClientOptions(), wrong)) {
            String name = options == wrong ? "wrong" : "unsigned";
            try {
                System.out.println("answered " + closed_sdk.Client.at(closed, options).flaky("java-" + name).send());
            } catch (closed_sdk.NotAuthenticated error) {
                System.out.println(name + " " + error.status() + " " + error.code().orElse("none"));
            }
        }
    }
}
"#;

fn expect_calls(served: &Served, mut command: Command) {
    let address = format!("http://{}", served.serving.address);
    let [id, secret] = &served.key;
    let called = command
        .args([&address, id])
        .env("CALLER_SECRET", secret)
        .current_dir(served.sandbox.path())
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&called.stdout);
    assert_eq!(said, EXPECTED, "{}", String::from_utf8_lossy(&called.stderr));
}

#[test]
fn python_clients_retry_time_out_stream_and_sign() {
    if !has_tool("python3", "calls of generated Python clients") {
        return;
    }
    let served = served();
    let mut command = Command::new("python3");
    let packages = ["open", "closed"].map(|group| served.sandbox.path().join(format!("sdk/{group}/python")));
    let packages = std::env::join_paths(packages).expect("paths");
    command.env("PYTHONPATH", packages).args(["-c", PYTHON]);
    expect_calls(&served, command);
}

#[test]
fn typescript_clients_retry_time_out_stream_and_sign() {
    if !has_tool("node", "calls of generated JavaScript clients") {
        return;
    }
    let served = served();
    served.sandbox.write("call.mjs", NODE);
    let mut command = Command::new("node");
    command.arg("call.mjs");
    expect_calls(&served, command);
}

#[test]
fn java_clients_retry_time_out_stream_and_sign() {
    if !has_tool("javac", "calls of generated Java clients") {
        return;
    }
    let served = served();
    served.sandbox.write("Calls.java", JAVA);
    let folders = ["open", "closed"].map(|group| served.sandbox.path().join(format!("sdk/{group}/java")));
    for folder in &folders {
        let compiled = Command::new("javac").arg("@javac.args").current_dir(folder).output().expect("javac runs");
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    }
    let classes = std::env::join_paths(folders.map(|folder| folder.join("target/classes"))).expect("paths");
    let mut command = Command::new("java");
    command.arg("-cp").arg(classes).arg("Calls.java");
    expect_calls(&served, command);
}
