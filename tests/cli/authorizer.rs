//! Verdicts for proxies on other machines: mutual TLS, and a certificate that says which environment a proxy may ask
//! about.

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use crate::harness::Sandbox;
use crate::serving::Serving;
use crate::tools::has_tool;

/// Asks for a verdict with curl, and returns the status; 0 where there is no connection.
fn ask(sandbox: &Sandbox, url: &str, host: &str, words: &[&str]) -> u16 {
    let mut command = Command::new("curl");
    command.args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "10", "--cacert", "tls/ca.crt", "-k"]);
    command.args(["-H", &format!("host: {host}")]).args(words).arg(url);
    let output = command.current_dir(sandbox.path()).output().expect("curl runs");
    String::from_utf8_lossy(&output.stdout).parse().expect("a status")
}

#[test]
fn a_proxy_asks_about_the_environment_that_its_certificate_names() {
    if !has_tool("curl", "verdicts over mutual TLS") {
        return;
    }
    let outer = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::petstore();
    let key = outer.path().join("ci.key");
    let settings = sandbox.read("groups/petstore/group.yaml");
    sandbox.write("groups/petstore/group.yaml", &settings.replace("auth: none", "auth: subscription"));
    sandbox.run(&format!("key create ci --kind subscription --to {}", key.display())).expect_exit(0);
    sandbox.run("access grant ci petstore --env test,pre-release").expect_exit(0);
    sandbox.run("publish petstore --env test --backend http://127.0.0.1:1").expect_exit(0);
    sandbox.run("publish petstore --env pre-release --backend http://127.0.0.1:1").expect_exit(0);
    sandbox.write_node_certificates();
    let listen = "serve --listen 127.0.0.1:0 --access-log off --authorize";
    sandbox.run(&format!("{listen} 0.0.0.0:0")).expect_exit(64).expect_stderr("--authorize-client-ca");
    sandbox.run(&format!("{listen} 0.0.0.0:0 --authorize-cert tls/control.crt")).expect_exit(64);
    let files = "--authorize-cert tls/control.crt --authorize-key tls/control.key --authorize-client-ca tls/ca.crt";
    let serving = Serving::start_with(&sandbox, &format!("{listen} 0.0.0.0:0 {files}"));
    let said = serving.wait_to_hear("verdicts for proxies: https://");
    let port = said.trim_end_matches("/-/authorize").rsplit_once(':').expect("a port").1.to_owned();
    let url = format!("https://127.0.0.1:{port}/-/authorize/petstore/pets");
    let secret = fs::read_to_string(&key).expect("a key");
    let header = format!("x-api-key: {}", secret.trim());
    let edge = ["--cert", "tls/edge-1.crt", "--key", "tls/edge-1.key", "-H", &header];
    let host = |environment: &str| format!("petstore.{environment}.apigw.localhost");
    assert_eq!(ask(&sandbox, &url, &host("test"), &edge), 200);
    assert_eq!(ask(&sandbox, &url, &host("pre-release"), &edge), 403, "another environment");
    assert_eq!(ask(&sandbox, &url, &host("test"), &["-H", &header]), 0, "no certificate");
    let other = ["--cert", "tls/control.crt", "--key", "tls/control.key", "-H", &header];
    assert_ne!(ask(&sandbox, &url, &host("test"), &other), 200, "a certificate that names no proxy");
    let plain = url.replace("https://", "http://");
    assert_eq!(ask(&sandbox, &plain, &host("test"), &["-H", &header]), 0, "not encrypted");
}

/// Asks for a verdict over the connection of `openssl s_client`, and returns the line with the status.
fn ask_again(client: &mut Child, host: &str, key: &str) -> String {
    let request = format!("GET /-/authorize/petstore/pets HTTP/1.1\r\nHost: {host}\r\nX-Api-Key: {key}\r\n\r\n");
    let stdin = client.stdin.as_mut().expect("a pipe");
    stdin.write_all(request.as_bytes()).and_then(|()| stdin.flush()).expect("a request");
    let stdout = client.stdout.as_mut().expect("a pipe");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        assert_eq!(stdout.read(&mut byte).expect("a response"), 1, "{}", String::from_utf8_lossy(&head));
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
    let mut body = vec![0; length.parse().expect("a length")];
    stdout.read_exact(&mut body).expect("a body");
    head.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_proxy_whose_authority_was_replaced_is_refused_at_its_next_request() {
    if !has_tool("openssl", "verdicts over mutual TLS that is not trusted any more") {
        return;
    }
    let outer = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::petstore();
    let key = outer.path().join("ci.key");
    let settings = sandbox.read("groups/petstore/group.yaml");
    sandbox.write("groups/petstore/group.yaml", &settings.replace("auth: none", "auth: subscription"));
    sandbox.run(&format!("key create ci --kind subscription --to {}", key.display())).expect_exit(0);
    sandbox.run("access grant ci petstore --env test").expect_exit(0);
    sandbox.run("publish petstore --env test --backend http://127.0.0.1:1").expect_exit(0);
    sandbox.write_node_certificates();
    let files = "--authorize-cert tls/control.crt --authorize-key tls/control.key --authorize-client-ca tls/ca.crt";
    let words = format!("serve --listen 127.0.0.1:0 --access-log off --authorize 127.0.0.1:0 {files}");
    let serving = Serving::start_with(&sandbox, &words);
    let said = serving.wait_to_hear("verdicts for proxies: https://");
    let address = said.trim_start_matches("verdicts for proxies: https://").trim_end_matches("/-/authorize");
    let mut client = Command::new("openssl");
    client.args(["s_client", "-quiet", "-connect", address, "-cert", "tls/edge-1.crt", "-key", "tls/edge-1.key"]);
    client.current_dir(sandbox.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut client = client.spawn().expect("openssl runs");
    let secret = fs::read_to_string(&key).expect("a key");
    let mut ask = || ask_again(&mut client, "petstore.test.apigw.localhost", secret.trim());
    assert_eq!([ask(), ask()], ["http/1.1 200 ok"; 2].map(str::to_owned));
    sandbox.write("tls/ca.crt", include_str!("../certificates/shop.crt"));
    serving.wait_to_hear("certificates of the authorizer reloaded");
    assert_eq!(ask(), "http/1.1 403 forbidden");
    let reason = "its certificate was issued by no authority that is trusted";
    serving.wait_to_hear(&format!("a proxy at 127.0.0.1 was refused: {reason}"));
    let mut rest = Vec::new();
    let _ = client.stdout.take().expect("a pipe").read_to_end(&mut rest);
    assert!(rest.is_empty(), "the connection is closed");
    client.kill().and_then(|()| client.wait()).expect("it ends");
}
