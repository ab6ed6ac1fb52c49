//! Callers who are let in by the authorizer of a gateway, behind a real Envoy: signatures, subscription keys and tokens
//! of one group, over HTTP/1.1 and HTTP/2.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::engine::{Engine, EngineKind};
use super::forwarding::start_backend;
use super::golden::workspace_of;
use crate::harness::{Sandbox, free_address};
use crate::issuer::{ISSUER, Issuer};
use crate::serving::Serving;

const PROTOCOLS: [&str; 2] = ["--http1.1", "--http2-prior-knowledge"];
const BODY: &str = "{\"id\":\"1\"}";

/// A group that takes each kind of key, a backend, an authorizer, and Envoy before them.
struct GuardedGroup {
    sandbox: Sandbox,
    /// Secrets, which Git would see in the workspace.
    outside: Sandbox,
    authorizer: Serving,
    engine: Engine,
    issuer: Issuer,
}

impl GuardedGroup {
    fn start() -> Self {
        let sandbox = workspace_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/exports/signature"));
        let outside = Sandbox::empty();
        let issuer = Issuer::new();
        let definition = sandbox.read("groups/shop/openapi.yaml");
        let post = "    post: {operationId: addItem, responses: {'200': {description: d}}}\n";
        sandbox.write("groups/shop/openapi.yaml", &format!("{definition}{post}"));
        sandbox.write("keys/jwks/id.json", &issuer.key_set());
        let auth = format!(
            "auth: {{signature: {{}}, subscription: {{}}, token: {{issuer: '{ISSUER}', audience: shop, jwks: id.json}}}}"
        );
        let settings = sandbox.read("groups/shop/group.yaml").replace("auth: signature", &auth);
        // The backend's own credentials, in the place of a caller's.
        let constants = "forwarding: {constants: [{to: header.authorization, value: Basic own}, {to: header.x-api-key, value: own}]}\n";
        let settings = settings.replace("127.0.0.1:9001", &start_backend()) + constants;
        sandbox.write("groups/shop/group.yaml", &settings);
        sandbox.run("publish shop --env test --bump patch").expect_exit(0);
        for (name, kind) in [("signer", "signature"), ("subscriber", "subscription"), ("stranger", "subscription")] {
            let file = outside.path().join(name);
            sandbox.run(&format!("key create {name} --kind {kind} --to {}", file.display())).expect_exit(0);
        }
        sandbox.run(&format!("key create robot --kind token --issuer {ISSUER} --subject robot")).expect_exit(0);
        for name in ["signer", "subscriber", "robot"] {
            sandbox.run(&format!("access grant {name} shop --env test")).expect_exit(0);
        }
        let address = free_address();
        let words = format!("serve --env test --listen 127.0.0.1:0 --authorize {address}");
        let authorizer = Serving::start_with(&sandbox, &words);
        let engine = Engine::start_with(&sandbox, EngineKind::Envoy, &format!(" --authorizer {address}"));
        Self { sandbox, outside, authorizer, engine, issuer }
    }

    fn url(&self, path: &str) -> String {
        let port = self.engine.address.rsplit_once(':').expect("a port").1;
        format!("http://shop.test.apigw.localhost:{port}{path}")
    }

    fn subscription(&self, name: &str) -> Vec<String> {
        vec![format!("x-api-key: {}", self.outside.read(name).trim())]
    }

    /// Writes a token of the issuer for an audience.
    fn token(&self, audience: &str) -> Vec<String> {
        vec![format!("authorization: Bearer {}", self.issuer.token(audience))]
    }

    fn signature(&self, scheme: &str, method: &str, path: &str, body: &str) -> Vec<String> {
        let url = self.url(path);
        let words = ["sign", "--key", "signer", "--scheme", scheme, "--body", body, method, &url];
        self.sandbox.run_words(&words).expect_exit(0).stdout.lines().map(str::to_owned).collect()
    }

    /// Sends a request, and returns the status with the body.
    fn send(&self, protocol: &str, method: &str, path: &str, headers: &[String], body: &str) -> (String, String) {
        let mut command = Command::new("curl");
        command.args(["-sS", "--max-time", "20", "--noproxy", "*", protocol, "-X", method, "-w", "\n%{http_code}"]);
        for header in headers.iter().map(String::as_str).chain(["content-type: application/json"]) {
            command.args(["-H", header]);
        }
        if !body.is_empty() {
            command.args(["--data-binary", body]);
        }
        let output = command.arg(self.url(path)).output().expect("curl runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = text.rsplit_once('\n').expect("a status");
        (status.to_owned(), body.to_owned())
    }

    /// Asserts that a request is let in under the name of a key, whatever the caller claims, without its credentials.
    #[track_caller]
    fn expect_let_in(&self, protocol: &str, (method, path, body): (&str, &str, &str), headers: &[String], key: &str) {
        let forged = ["x-apigw-key: forged", "X_Apigw_Key: forged"].map(str::to_owned);
        let headers: Vec<String> = headers.iter().cloned().chain(forged).collect();
        let (status, seen) = self.send(protocol, method, path, &headers, body);
        assert_eq!(status, "200", "{protocol} {key}: {seen}");
        assert!(seen.contains(&format!("\"x-apigw-key\": \"{key}\"")) && !seen.contains("forged"), "{seen}");
        assert!(seen.contains("\"authorization\": \"Basic own\"") && seen.contains("\"x-api-key\": \"own\""), "{seen}");
    }

    #[track_caller]
    fn expect_refused(
        &self,
        protocol: &str,
        (method, path, body): (&str, &str, &str),
        headers: &[String],
        status: &str,
    ) {
        let (found, text) = self.send(protocol, method, path, headers, body);
        assert_eq!(found, status, "{protocol}: {text}");
        assert!(text.contains("\"requestId\""), "{protocol}: {text}");
    }
}

const GET: (&str, &str, &str) = ("GET", "/shop/items?b=2&a=1", "");
const POST: (&str, &str, &str) = ("POST", "/shop/items", BODY);

#[test]
fn envoy_lets_in_whom_the_authorizer_lets_in() {
    if !EngineKind::Envoy.is_there() {
        return;
    }
    let group = GuardedGroup::start();
    for protocol in PROTOCOLS {
        group.expect_refused(protocol, GET, &[], "401");
        group.expect_refused(protocol, GET, &["x-apigw-key: subscriber".to_owned()], "401");
        group.expect_let_in(protocol, GET, &group.subscription("subscriber"), "subscriber");
        group.expect_let_in(protocol, POST, &group.subscription("subscriber"), "subscriber");
        group.expect_refused(protocol, GET, &group.subscription("stranger"), "403");
        group.expect_let_in(protocol, GET, &group.token("shop"), "robot");
        group.expect_refused(protocol, GET, &group.token("others"), "401");
        // AWS4 has no nonce: two equal requests within a second would be one, which is let in once.
        let body_of_its_own = format!("{{\"id\":\"{protocol}\"}}");
        for scheme in ["jdcloud2", "jdcloud3", "aws4", "rfc9421"] {
            for (method, path, body) in [GET, (POST.0, POST.1, body_of_its_own.as_str())] {
                let signed = group.signature(scheme, method, path, body);
                let tampered = if body.is_empty() {
                    (method, "/shop/items?b=2&a=2", "")
                } else {
                    (method, path, "{\"id\":\"2\"}")
                };
                group.expect_refused(protocol, tampered, &signed, "401");
                group.expect_let_in(protocol, (method, path, body), &signed, "signer");
                if method == "POST" {
                    group.expect_refused(protocol, (method, path, body), &signed, "401");
                }
            }
        }
    }
}

/// True if no thread of a process runs: those that are about to answer stop later than the signal is sent.
fn is_stopped(pid: u32) -> bool {
    let mut threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("its threads");
    threads.all(|thread| {
        let status = std::fs::read_to_string(thread.expect("a thread").path().join("stat"));
        status.is_ok_and(|status| status.contains(") T "))
    })
}

#[test]
fn envoy_closes_to_a_revoked_key_and_without_the_authorizer() {
    if !EngineKind::Envoy.is_there() {
        return;
    }
    let group = GuardedGroup::start();
    let key = group.subscription("subscriber");
    group.expect_let_in(PROTOCOLS[0], GET, &key, "subscriber");
    group.sandbox.run("-y key revoke subscriber -m lost").expect_exit(0);
    let start = Instant::now();
    while group.send(PROTOCOLS[0], "GET", GET.1, &key, "").0 != "401" {
        assert!(start.elapsed() < Duration::from_secs(10), "a revoked key lets in");
        std::thread::sleep(Duration::from_millis(20));
    }
    for protocol in PROTOCOLS {
        group.expect_refused(protocol, GET, &key, "401");
        group.expect_let_in(protocol, GET, &group.token("shop"), "robot");
    }
    let pid = group.authorizer.pid();
    assert!(Command::new("kill").args(["-STOP", &pid.to_string()]).status().expect("kill runs").success());
    let start = Instant::now();
    while !is_stopped(pid) {
        assert!(start.elapsed() < Duration::from_secs(10), "the authorizer goes on");
        std::thread::sleep(Duration::from_millis(5));
    }
    group.expect_refused(PROTOCOLS[0], GET, &group.token("shop"), "503");
    assert!(Command::new("kill").args(["-KILL", &pid.to_string()]).status().expect("kill runs").success());
    for protocol in PROTOCOLS {
        group.expect_refused(protocol, GET, &group.token("shop"), "503");
        group.expect_refused(protocol, POST, &group.signature("jdcloud3", "POST", POST.1, BODY), "503");
    }
}

/// A group whose settings change while an Envoy runs on its files. No authorizer is there.
struct ChangingGroup {
    sandbox: Sandbox,
    settings: String,
    address: String,
    flags: String,
}

impl ChangingGroup {
    /// Publishes a group that asks for nothing, and exports it.
    fn export_open() -> Self {
        let sandbox = workspace_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/exports/signature"));
        let settings = sandbox.read("groups/shop/group.yaml").replace("127.0.0.1:9001", &start_backend());
        let (address, flags) = (free_address(), format!(" --authorizer {}", free_address()));
        let group = Self { sandbox, settings: settings.replace("auth: signature\n", ""), address, flags };
        group.change("auth: none\n");
        group
    }

    fn change(&self, settings: &str) {
        self.sandbox.write("groups/shop/group.yaml", &format!("{}{settings}", self.settings));
        self.sandbox.run("publish shop --env test --bump patch").expect_exit(0);
        Engine::load_with(&self.sandbox, EngineKind::Envoy, &self.address, &self.flags);
    }

    /// Waits until a request without a key, with a body of some bytes, gets a status.
    #[track_caller]
    fn expect(&self, body_bytes: usize, status: &str) {
        let port = self.address.rsplit_once(':').expect("a port").1;
        let url = format!("http://shop.test.apigw.localhost:{port}{}", GET.1);
        let body = "x".repeat(body_bytes);
        let words = ["-s", "-o", "/dev/null", "--max-time", "20", "--noproxy", "*", "-w", "%{http_code}", "-X", "GET"];
        let start = Instant::now();
        loop {
            let output = Command::new("curl").args(words).args(["--data-binary", &body, &url]).output();
            let found = String::from_utf8_lossy(&output.expect("curl runs").stdout).into_owned();
            if found == status {
                return;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "{found}, not {status}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The routes of files change while Envoy runs, and its listener does not.
#[test]
fn envoy_closes_and_opens_a_group_whose_settings_change_once_it_runs() {
    if !EngineKind::Envoy.is_there() {
        return;
    }
    let group = ChangingGroup::export_open();
    let _engine = Engine::start_at(&group.sandbox, EngineKind::Envoy, group.address.clone());
    for (settings, body_bytes, status) in [
        ("auth: none\n", 2000, "200"),
        ("auth: subscription\n", 0, "503"),
        ("auth: none\n", 0, "200"),
        ("auth: none\nip_rules: {deny: [127.0.0.0/8]}\n", 0, "403"),
        ("auth: none\nmax_body_kib: 1\n", 2000, "413"),
        ("auth: none\nmax_body_kib: 1\n", 100, "200"),
        ("auth: subscription\nmax_body_kib: 1\n", 100, "503"),
    ] {
        group.change(settings);
        group.expect(body_bytes, status);
    }
}

/// The listener of an earlier apigw had no filter that asks, and its routes are of another name.
#[test]
fn envoy_that_runs_with_other_filters_forwards_nothing_after_an_export() {
    if !EngineKind::Envoy.is_there() {
        return;
    }
    let group = ChangingGroup::export_open();
    let mut bootstrap: serde_json::Value = serde_json::from_str(&group.sandbox.read("envoy/envoy.json")).expect("JSON");
    let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
    let manager = bootstrap.pointer_mut(manager).expect("a connection manager");
    let name = manager["rds"]["route_config_name"].as_str().expect("a name").to_owned();
    let end = name.strip_prefix("apigw").filter(|end| !end.is_empty()).expect("an end");
    manager["rds"]["route_config_name"] = "apigw".into();
    let filters = manager["http_filters"].as_array_mut().expect("filters");
    filters.retain(|filter| filter["name"] != "envoy.filters.http.ext_authz");
    group.sandbox.write("envoy/envoy.json", &bootstrap.to_string());
    for file in ["envoy/cds.json", "envoy/rds.json"] {
        group.sandbox.write(file, &group.sandbox.read(file).replace(end, ""));
    }
    let _engine = Engine::start_at(&group.sandbox, EngineKind::Envoy, group.address.clone());
    group.expect(0, "200");
    group.change("auth: subscription\n");
    group.expect(0, "503");
    let start = Instant::now();
    while !group.sandbox.read("envoy.log").contains(&format!("(expecting apigw): {name}")) {
        assert!(start.elapsed() < Duration::from_secs(30), "{}", group.sandbox.read("envoy.log"));
        std::thread::sleep(Duration::from_millis(20));
    }
    group.expect(0, "503");
}
