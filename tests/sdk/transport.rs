//! The transports of clients: streams that break off, and names of this machine over TLS.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use apigw::share::sdk::SdkLanguage;

use crate::corpus::CorpusDefinition;
use crate::java::{compile_packages, run_source};
use crate::served::{Served, write_packages};
use crate::tools::has_tool;
use crate::{run, text};

/// Certificates and keys of the tests; `shop` is for `*.test.apigw.localhost`.
const CERTIFICATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates");

const DEFINITION: &str = "\
openapi: 3.1.0
info: {title: Transports, version: '1'}
paths:
  /items: {get: {operationId: items, responses: {'200': {description: d, content: {application/x-ndjson: {schema: {type: object}}}}}}}
  /file: {get: {operationId: file, responses: {'200': {description: d, content: {application/octet-stream: {schema: {}}}}}}}
  /ping: {get: {operationId: ping, responses: {'204': {description: d}}}}
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

/// Reads streams whose server falls silent after the first item: with a time-out, then without one, until it is closed.
const SILENT_STREAM: &str = r#"
import g0_sdk.Client;
import g0_sdk.ClientError;
import g0_sdk.ClientOptions;
import g0_sdk.ItemStream;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

public final class SilentStream {
    private static void serve(ServerSocket server) {
        try (var socket = server.accept()) {
            start(() -> serve(server));
            var lines = new BufferedReader(new InputStreamReader(socket.getInputStream()));
            while (!lines.readLine().isEmpty()) {}
            String head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ncontent-length: 99\r\n\r\n";
            socket.getOutputStream().write((head + "{\"a\":1}\n").getBytes(StandardCharsets.US_ASCII));
            Thread.sleep(60_000);
        } catch (Exception failure) {
            System.out.println(failure);
        }
    }

    private static Thread start(Runnable run) {
        Thread thread = new Thread(run);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private static void read(ItemStream<?> items) {
        try {
            System.out.println(items.hasNext() ? items.next() : "the end");
        } catch (ClientError failure) {
            System.out.println(failure);
        }
    }

    public static void main(String[] arguments) throws Exception {
        ServerSocket server = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
        start(() -> serve(server));
        var client = Client.at("http://127.0.0.1:" + server.getLocalPort() + "/g0", new ClientOptions().retries(0));
        var late = client.items().timeout(Duration.ofSeconds(3)).send().data();
        for (int attempt = 0; attempt < 3; attempt++) {
            read(late);
        }
        var closed = client.items().timeout(null).send().data();
        read(closed);
        Thread reader = start(() -> read(closed));
        Thread.sleep(300);
        closed.close();
        reader.join(10_000);
    }
}
"#;

/// Calls a name of this machine over TLS, with a certificate for the name.
const LOCAL_TLS: &str = r#"
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import g0_sdk.Client;
import g0_sdk.ClientOptions;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

public final class LocalTls {
    public static void main(String[] arguments) throws Exception {
        String name = "petstore.test.apigw.localhost";
        Path hosts = Files.writeString(Path.of("hosts"), "127.0.0.1 " + name + "\n");
        System.setProperty("jdk.net.hosts.file", hosts.toString());
        Certificate certificate;
        try (var file = Files.newInputStream(Path.of(arguments[0], "shop.crt"))) {
            certificate = CertificateFactory.getInstance("X.509").generateCertificate(file);
        }
        String text = Files.readString(Path.of(arguments[0], "shop.key")).replaceAll("-----[A-Z ]+-----|\\s", "");
        var key = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text));
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        Certificate[] chain = {certificate};
        store.setKeyEntry("key", KeyFactory.getInstance("EC").generatePrivate(key), new char[0], chain);
        store.setCertificateEntry("root", certificate);
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        var roots = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        roots.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), roots.getTrustManagers(), null);
        SSLContext.setDefault(context);
        HttpsServer server = HttpsServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context));
        server.createContext("/", exchange -> {
            System.out.println(exchange.getRequestHeaders().getFirst("host").split(":")[0]);
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        server.start();
        String address = "https://" + name + ":" + server.getAddress().getPort() + "/g0";
        try {
            System.out.println(Client.at(address, new ClientOptions().retries(0)).ping().send().status());
        } finally {
            server.stop(0);
        }
    }
}
"#;

const LOCAL_TLS_PYTHON: &str = r#"
import ssl, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
import g0_sdk, g0_sdk.runtime

class Recorder(BaseHTTPRequestHandler):
    def do_GET(self):
        print(self.headers["host"].split(":")[0])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass

server = HTTPServer(("127.0.0.1", 0), Recorder)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1] + "/shop.crt", sys.argv[1] + "/shop.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
transport = g0_sdk.runtime.HttpTransport(ssl.create_default_context(cafile=sys.argv[1] + "/shop.crt"))
address = f"https://petstore.test.apigw.localhost:{server.server_port}/g0"
with g0_sdk.Client(base_url=address, retries=0, transport=transport) as client:
    print(client.ping().status)
try:
    g0_sdk.Client(base_url=address.replace("test", "other"), retries=0, transport=transport).ping()
    print("a certificate for another name")
except g0_sdk.ConnectionFailed:
    pass
"#;

/// The name that the server sees, and the status of the response.
const CALLED: &str = "petstore.test.apigw.localhost\n204\n";

/// Reads streams and a file whose server leaves after the first item, in the middle of the second one, or falls silent.
const BROKEN_STREAMS_PYTHON: &str = r#"
import socket, threading, time
import g0_sdk

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\ncontent-type: "

def respond(connection, more, pause):
    with connection, connection.makefile("rb") as lines:
        kind = b"application/x-ndjson" if b"/items" in lines.readline() else b"application/octet-stream"
        while lines.readline() != b"\r\n":
            pass
        connection.sendall(HEAD + kind + b"\r\n\r\n" + b'{"a":1}\n' + more)
        time.sleep(pause)

def serve(server, more, pause):
    while True:
        connection, _ = server.accept()
        threading.Thread(target=respond, args=(connection, more, pause), daemon=True).start()

def attempt(call):
    try:
        print(call())
    except g0_sdk.ConnectionFailed as failure:
        print(type(failure).__name__)

for more, pause in [(b"", 0), (b'{"a"', 0), (b"", 9)]:
    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(server, more, pause), daemon=True).start()
    client = g0_sdk.Client(base_url=f"http://127.0.0.1:{server.getsockname()[1]}/g0", retries=0, timeout=1)
    items = client.items().data
    attempt(lambda: next(items))
    attempt(lambda: next(items))
    file = client.file().data
    attempt(lambda: file.save("file"))
    attempt(lambda: next(client.items().data))
"#;

pub(super) fn served() -> Served {
    let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(DEFINITION.as_bytes())));
    let definition = apigw::definition::read("g", &mut fetch).definition.expect("a definition");
    Served::of(vec![CorpusDefinition { origin: "transports".to_owned(), definition }])
}

/// Compiles the Java package, runs a source with it, and returns all that it printed.
pub(super) fn run_java(name: &str, source: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    compile_packages(&served(), folder.path());
    let output = run_source(folder.path(), name, source, Path::new(CERTIFICATES));
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

#[test]
fn a_silent_stream_has_no_end_in_java() {
    if !has_tool("javac", "silent streams in generated Java clients") {
        return;
    }
    let printed = run_java("SilentStream.java", SILENT_STREAM);
    let lines: Vec<&str> = printed.lines().collect();
    let [item, first, second, other, closed] = lines[..] else { panic!("{printed}") };
    assert!(item.contains('1') && first.starts_with("g0_sdk.TimedOut: "), "{printed}");
    assert_eq!((first, item), (second, other));
    assert!(closed.starts_with("g0_sdk.ConnectionFailed: ") && closed.contains("closed"), "{printed}");
}

#[test]
fn names_of_this_machine_are_called_over_tls_from_java() {
    if !has_tool("javac", "TLS in generated Java clients") {
        return;
    }
    assert_eq!(run_java("LocalTls.java", LOCAL_TLS), CALLED);
}

#[test]
fn a_broken_stream_has_no_end_in_python() {
    if !has_tool("python3", "broken streams in generated Python clients") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    write_packages(&served(), SdkLanguage::Python, folder.path());
    let output = run(Command::new("python3").args(["-c", BROKEN_STREAMS_PYTHON]).current_dir(folder.path()));
    let failures = |name: &str| format!("{{'a': 1}}\n{name}\n{name}\n{{'a': 1}}\n");
    let expected = [failures("ConnectionFailed"), failures("ConnectionFailed"), failures("TimedOut")].concat();
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{}", text(&output));
}

#[test]
fn names_of_this_machine_are_called_over_tls_from_python() {
    if !has_tool("python3", "TLS in generated Python clients") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    write_packages(&served(), SdkLanguage::Python, folder.path());
    let arguments = ["-c", LOCAL_TLS_PYTHON, CERTIFICATES];
    let output = run(Command::new("python3").args(arguments).current_dir(folder.path()));
    assert!(output.status.success() && output.stdout == CALLED.as_bytes(), "{}", text(&output));
}
