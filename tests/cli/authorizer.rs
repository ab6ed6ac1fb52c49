//! Verdicts for proxies on other machines: mutual TLS, and a certificate that says which environment a proxy may ask about.

use std::fs;
use std::process::Command;

use crate::harness::{Sandbox, has_tool};
use crate::serving::Serving;

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
