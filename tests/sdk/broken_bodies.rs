//! Bodies of responses that break off between two reads: none of them looks whole.

use std::process::Command;

use apigw::share::sdk::SdkLanguage;

use crate::served::write_packages;
use crate::tools::has_tool;
use crate::transport::{run_java, served};
use crate::{run, text};

/// Reads streams of chunks whose server leaves between two chunks, inside one or at the end, then calls once more.
const BROKEN_CHUNKS_PYTHON: &str = r#"
import socket, threading
import g0_sdk

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: application/x-ndjson\r\n\r\n"
accepted = []

def respond(connection, body):
    with connection, connection.makefile("rb") as lines:
        while lines.readline():
            while lines.readline() != b"\r\n":
                pass
            connection.sendall(HEAD + body)
            if not body.endswith(b"0\r\n\r\n"):
                return

def serve(server, body):
    while True:
        accepted.append(server.accept()[0])
        threading.Thread(target=respond, args=(accepted[-1], body), daemon=True).start()

def read(items):
    found = []
    try:
        for item in items:
            found.append(item)
        print(found, "end")
    except g0_sdk.ConnectionFailed as failure:
        print(found, type(failure).__name__)

ITEM, NEXT = b'8\r\n{"a":1}\n\r\n', b'8\r\n{"a":2}\n\r\n'
for body in [
    ITEM,
    ITEM + b"8\r\n",
    ITEM + b'8\r\n{"a"',
    ITEM + b'8\r\n{"a":2}\n',
    ITEM + b"8",
    b'3\r\n{"a\r\n5\r\n":1}\n\r\n' + NEXT + b'7\r\n{"a":3}\r\n0\r\n\r\n',
]:
    accepted.clear()
    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(server, body), daemon=True).start()
    client = g0_sdk.Client(base_url=f"http://127.0.0.1:{server.getsockname()[1]}/g0", retries=0, timeout=5)
    items = client.items().data
    read(items)
    read(items)
    read(client.items().data)
    print(len(accepted))
"#;

/// Reads a body whose bytes arrive once a read of them has timed out.
const LATE_BYTES: &str = r#"
import java.io.InputStream;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Flow;

public final class LateBytes {
    @SuppressWarnings("unchecked")
    public static void main(String[] arguments) throws Exception {
        var constructor = Class.forName("g0_sdk.TimedBody").getDeclaredConstructor(Duration.class);
        constructor.setAccessible(true);
        var body = (BodySubscriber<InputStream>) constructor.newInstance(Duration.ofMillis(50));
        var stream = (InputStream) body;
        body.onSubscribe(new Flow.Subscription() {
            @Override
            public void request(long count) {}

            @Override
            public void cancel() {}
        });
        body.onNext(List.of(ByteBuffer.wrap(new byte[] {1})));
        for (int attempt = 0; attempt < 5; attempt++) {
            try {
                System.out.println(stream.read());
            } catch (RuntimeException failure) {
                System.out.println(failure.getClass().getSimpleName());
            }
            if (attempt == 1) {
                body.onNext(List.of(ByteBuffer.wrap(new byte[] {2})));
            }
            if (attempt == 2) {
                body.onComplete();
            }
        }
    }
}
"#;

/// Reads streams and a file whose server leaves after the first item, in the middle of the second one, or falls silent;
/// then one that its caller ends.
const BROKEN_STREAMS_TYPESCRIPT: &str = r#"
import net from "node:net";
import { Client } from "./g0/index.js";

const HEAD = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\ncontent-type: ";

async function attempt(call) {
  try {
    console.log(JSON.stringify(await call()));
  } catch (failure) {
    console.log(failure.name);
  }
}

for (const [more, isSilent] of [["", false], ['{"a"', false], ["", true]]) {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (request) => {
      const kind = String(request).includes("/items") ? "application/x-ndjson" : "application/octet-stream";
      socket.write(`${HEAD}${kind}\r\n\r\n{"a":1}\n${more}`);
      // What was written arrives before the connection is reset.
      if (!isSilent) setTimeout(() => socket.destroy(), 200);
    });
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const client = new Client({ baseUrl: `http://127.0.0.1:${server.address().port}/g0`, retries: 0, timeout: 1000 });
  const { data: items } = await client.items();
  await attempt(async () => (await items.next()).value);
  await attempt(() => items.next());
  await attempt(() => client.file());
  if (isSilent) {
    const caller = new AbortController();
    const { data: late } = await client.items({ signal: caller.signal, timeout: 0 });
    await attempt(async () => (await late.next()).value);
    setTimeout(() => caller.abort(), 100);
    await attempt(() => late.next());
  }
  server.close();
}
process.exit();
"#;

#[test]
fn a_broken_stream_has_no_end_in_typescript() {
    if !has_tool("node", "broken streams in generated TypeScript clients") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    write_packages(&served(), SdkLanguage::TypeScript, folder.path());
    std::fs::write(folder.path().join("broken.mjs"), BROKEN_STREAMS_TYPESCRIPT).expect("a script");
    let output = run(Command::new("node").arg("broken.mjs").current_dir(folder.path()));
    let failures = |name: &str| format!("{{\"a\":1}}\n{name}\n{name}\n");
    let [lost, late] = [failures("ConnectionFailed"), failures("TimedOut")];
    let expected = format!("{lost}{lost}{late}{{\"a\":1}}\nAbortError\n");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{}", text(&output));
}

#[test]
fn a_broken_stream_of_chunks_has_no_end_in_python() {
    if !has_tool("python3", "broken chunks in generated Python clients") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    write_packages(&served(), SdkLanguage::Python, folder.path());
    let output = run(Command::new("python3").args(["-c", BROKEN_CHUNKS_PYTHON]).current_dir(folder.path()));
    let broken = "[{'a': 1}] ConnectionFailed\n[] ConnectionFailed\n[{'a': 1}] ConnectionFailed\n2\n";
    let late = "[{'a': 1}, {'a': 2}] ConnectionFailed\n[] ConnectionFailed\n[{'a': 1}, {'a': 2}] ConnectionFailed\n2\n";
    let whole = "[{'a': 1}, {'a': 2}, {'a': 3}]";
    // A connection whose response was read to its end is used again.
    let expected = format!("{broken}{broken}{broken}{late}{broken}{whole} end\n[] end\n{whole} end\n1\n");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{}", text(&output));
}

#[test]
fn a_read_after_a_time_out_returns_no_late_bytes_in_java() {
    if !has_tool("javac", "late bytes in generated Java clients") {
        return;
    }
    assert_eq!(run_java("LateBytes.java", LATE_BYTES), "1\nTimedOut\nTimedOut\nTimedOut\nTimedOut\n");
}
