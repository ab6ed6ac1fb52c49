//! The transports of clients: streams that break off.

use std::path::Path;
use std::sync::Arc;

use crate::corpus::CorpusDefinition;
use crate::java::{compile_packages, run_source};
use crate::served::Served;
use crate::{has_tool, text};

const DEFINITION: &str = "\
openapi: 3.1.0
info: {title: Transports, version: '1'}
paths:
  /items: {get: {operationId: items, responses: {'200': {description: d, content: {application/x-ndjson: {schema: {type: object}}}}}}}
";

/// Reads a stream whose server leaves after the first item, and goes on reading.
const BROKEN_STREAM: &str = r#"
import g0_sdk.Client;
import g0_sdk.ClientError;
import g0_sdk.ClientOptions;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

public final class BrokenStream {
    public static void main(String[] arguments) throws Exception {
        ServerSocket server = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
        Thread thread = new Thread(() -> {
            try (var socket = server.accept()) {
                var lines = new BufferedReader(new InputStreamReader(socket.getInputStream()));
                while (!lines.readLine().isEmpty()) {}
                String head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ncontent-length: 99\r\n\r\n";
                socket.getOutputStream().write((head + "{\"a\":1}\n").getBytes(StandardCharsets.US_ASCII));
            } catch (Exception failure) {
                System.out.println(failure);
            }
        });
        thread.start();
        var options = new ClientOptions().retries(0).timeout(Duration.ofSeconds(3));
        var items = Client.at("http://127.0.0.1:" + server.getLocalPort() + "/g0", options).items().send().data();
        System.out.println(items.next());
        for (int attempt = 0; attempt < 2; attempt++) {
            try {
                System.out.println(items.hasNext());
            } catch (ClientError failure) {
                System.out.println(failure);
            }
        }
    }
}
"#;

fn served() -> Served {
    let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(DEFINITION.as_bytes())));
    let definition = apigw::definition::read("g", &mut fetch).definition.expect("a definition");
    Served::of(vec![CorpusDefinition { origin: "transports".to_owned(), definition }])
}

/// Compiles the Java package, runs a source with it, and returns all that it printed.
fn run_java(name: &str, source: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    compile_packages(&served(), folder.path());
    let output = run_source(folder.path(), name, source, Path::new(""));
    assert!(output.status.success(), "{}", text(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_broken_stream_fails_in_java_each_time_alike() {
    if !has_tool("javac", "broken streams in generated Java clients") {
        return;
    }
    let printed = run_java("BrokenStream.java", BROKEN_STREAM);
    let lines: Vec<&str> = printed.lines().collect();
    let [item, first, second] = lines[..] else { panic!("{printed}") };
    assert!(item.contains('1') && first.starts_with("g0_sdk.ConnectionFailed: "), "{printed}");
    assert_eq!(first, second);
}
