//! Fleets: real Envoys that follow `serve --xds`, and what is told of them.

mod broken;
mod forgetting;
mod losses;
mod node;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Sandbox, free_address};
use crate::serving::{Serving, get};
use crate::tools::has_tool;
use node::{Callers, Node, start_backend};

fn has_envoy() -> bool {
    has_tool("envoy", "fleets of the engine that they are for")
}

/// Starts a control plane for test, and returns it with the address that nodes poll.
fn control_plane(sandbox: &Sandbox, address: &str, flags: &str) -> (Serving, String) {
    let words =
        format!("serve --env test --listen 127.0.0.1:0 --admin 127.0.0.1:0 --access-log off --xds {address}{flags}");
    let serving = Serving::start_with(sandbox, &words);
    let line = serving.wait_to_hear("nodes: ");
    let address = line.strip_prefix("nodes: ").expect("an address").to_owned();
    (serving, address)
}

fn petstore() -> Sandbox {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    sandbox
}

fn fleet(sandbox: &Sandbox) -> Value {
    sandbox.run("-o json status --fleet --env test").json()["fleets"][0].clone()
}

fn node<'a>(fleet: &'a Value, name: &str) -> &'a Value {
    let nodes = fleet["nodes"].as_array().expect("a list");
    nodes.iter().find(|node| node["node"] == name).unwrap_or_else(|| panic!("{name} is not in {fleet}"))
}

/// Waits until the state of a fleet is as it should be.
#[track_caller]
fn await_fleet(sandbox: &Sandbox, expected: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let fleet = fleet(sandbox);
        if expected(&fleet) {
            return fleet;
        }
        assert!(start.elapsed() < node::PATIENCE, "it never came to be: {fleet:#}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn number(variable: &str, usual: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// `APIGW_FLEET_NODES` and `APIGW_FLEET_CHANGES` make it as large as the machine bears; then the times are printed.
#[test]
#[expect(clippy::print_stderr, reason = "a measurement is said where one was asked for")]
fn nodes_follow_every_change_without_a_failed_request() {
    if !has_envoy() {
        return;
    }
    let sandbox = petstore();
    sandbox.run("group import shop groups/petstore/openapi.yaml").expect_exit(0);
    let (_serving, control) = control_plane(&sandbox, "127.0.0.1:0", "");
    let count = number("APIGW_FLEET_NODES", 3);
    let nodes: Vec<Node> =
        (0..count).map(|index| Node::start(&sandbox, &control, &format!("edge-{index}"), "")).collect();
    let nodes: Vec<Node> = nodes.into_iter().map(Node::listens).collect();
    let backends = [start_backend(), start_backend()];
    // A name that leads to this machine may lead to ::1 first.
    let port = backends[0].rsplit_once(':').expect("a port").1;
    let by_name = format!("localhost:{port}");
    let callers = Callers::start(&nodes, "/petstore/pets/1");
    let changes = [
        format!("publish petstore --env test --backend http://{}", backends[0]),
        "publish shop --env test --mock".to_owned(),
        format!("publish petstore --env test --backend http://{}", backends[1]),
        "offline shop --env test".to_owned(),
        "publish petstore --env test --mock".to_owned(),
        format!("publish petstore --env test --backend http://{by_name}"),
        "rollback shop --env test".to_owned(),
        "rollback petstore --env test".to_owned(),
    ];
    let mut times = Vec::new();
    for change in changes.iter().cycle().take(number("APIGW_FLEET_CHANGES", changes.len())) {
        let start = Instant::now();
        let outcome = sandbox.run(&format!("-o json -y {change} --wait=60s")).expect_exit(0).json();
        times.push(start.elapsed());
        let served = outcome["nodes"].as_array().expect("a list").iter().filter(|node| node["serves"] == true);
        assert_eq!(served.count(), count, "{outcome}");
    }
    let answered = callers.stop();
    assert!(answered > 100, "{answered}");
    let fleet = fleet(&sandbox);
    let nodes = fleet["nodes"].as_array().expect("a list");
    assert!(nodes.iter().all(|node| node["up_to_date"] == true && node["release"] == fleet["release"]), "{fleet:#}");
    if std::env::var_os("APIGW_FLEET_CHANGES").is_some() {
        times.sort_unstable();
        let of = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
        eprintln!(
            "{count} nodes, {} changes, {answered} requests: from the command's start to the last node {:?} (p50), {:?} (p99)",
            times.len(),
            of(50),
            of(99)
        );
    }
}

#[test]
fn a_control_plane_that_was_killed_is_started_again_without_a_failed_request() {
    if !has_envoy() {
        return;
    }
    let sandbox = petstore();
    let backends = [start_backend(), start_backend()];
    let publish = |backend: usize, wait: &str| {
        sandbox
            .run(&format!("publish petstore --env test --backend http://{}{wait}", backends[backend]))
            .expect_exit(0);
    };
    publish(0, "");
    let (serving, control) = control_plane(&sandbox, "127.0.0.1:0", "");
    let nodes = [Node::start(&sandbox, &control, "edge-1", "").listens()];
    publish(0, " --wait=60s");
    let callers = Callers::start(&nodes, "/petstore/pets/1");
    let before = fleet(&sandbox);
    serving.kill();
    let status = sandbox.run("status --fleet").expect_exit(0);
    status.expect_stdout("no control plane runs, and nodes keep what they have");
    let (serving, _) = control_plane(&sandbox, &control, "");
    let after = await_fleet(&sandbox, |fleet| node(fleet, "edge-1")["seen"] != node(&before, "edge-1")["seen"]);
    assert_eq!(node(&after, "edge-1")["kinds"], node(&before, "edge-1")["kinds"], "nothing was sent");
    // What was published while none ran needs the clusters of before.
    serving.kill();
    publish(1, "");
    let _serving = control_plane(&sandbox, &control, "");
    publish(1, " --wait=60s");
    callers.stop();
}

#[test]
fn a_node_that_refuses_is_named_and_serves_what_it_served() {
    if !has_envoy() {
        return;
    }
    let sandbox = petstore();
    sandbox.run("group import shop groups/petstore/openapi.yaml").expect_exit(0);
    sandbox.write(".apigw/secrets/ca.crt", include_str!("../certificates/nodes-ca.crt"));
    let settings = sandbox.read("groups/shop/group.yaml");
    sandbox.write("groups/shop/group.yaml", &format!("{settings}\nforwarding:\n  tls: {{ca: ca.crt}}\n"));
    let (_serving, control) = control_plane(&sandbox, "127.0.0.1:0", " --xds-secrets /nonexistent");
    let nodes = [Node::start(&sandbox, &control, "edge-1", "").listens()];
    let callers = Callers::start(&nodes, "/petstore/pets/1");
    let outcome =
        sandbox.run("-o json publish shop --env test --backend https://127.0.0.1:1 --wait=60s").expect_exit(1);
    assert!(outcome.stderr.contains("node edge-1 does not serve it: it refuses the clusters"), "{}", outcome.stderr);
    let refusing = fleet(&sandbox);
    assert_eq!(node(&refusing, "edge-1")["trouble"]["reason"], "refuses");
    assert_eq!(node(&refusing, "edge-1")["trouble"]["kind"], "clusters");
    sandbox.run("status --fleet --check").expect_exit(3).expect_stdout("half-updated");
    // Another group is stuck behind it, and the way back is open.
    sandbox.run("-y offline shop --env test --wait=60s").expect_exit(0);
    await_fleet(&sandbox, |fleet| node(fleet, "edge-1")["up_to_date"] == true);
    callers.stop();
}

#[test]
fn a_node_that_slept_is_waited_for_and_follows() {
    if !has_envoy() {
        return;
    }
    let sandbox = petstore();
    let (serving, control) = control_plane(&sandbox, "127.0.0.1:0", "");
    let nodes = ["edge-1", "edge-2"].map(|name| Node::start(&sandbox, &control, name, "")).map(Node::listens);
    sandbox.run("publish petstore --env test --mock --wait=60s").expect_exit(0);
    nodes[1].signal("STOP");
    let outcome = sandbox.run("-y offline petstore --env test --wait=3s").expect_exit(1);
    outcome.expect_stderr("node edge-2 does not serve it").expect_stderr("apigw status --fleet");
    nodes[1].signal("CONT");
    // The nodes of another machine's control plane.
    let url = format!("http://{}", serving.operators());
    sandbox.run(&format!("-y rollback petstore --env test --wait=60s --control {url}")).expect_exit(0);
    let status = sandbox.run(&format!("status --fleet --control {url}")).expect_exit(0);
    status.expect_stdout("edge-2").expect_stdout("up to date");
}

#[test]
fn a_node_is_who_its_certificate_says() {
    if !has_envoy() {
        return;
    }
    let sandbox = petstore();
    sandbox.write_node_certificates();
    let flags = " --xds-cert tls/control.crt --xds-key tls/control.key --xds-client-ca tls/ca.crt";
    let (_serving, control) = control_plane(&sandbox, "127.0.0.1:0", flags);
    let files = " --tls-cert tls/edge-1.crt --tls-key tls/edge-1.key --tls-ca tls/ca.crt";
    let _node = Node::start(&sandbox, &control, "edge-1", files).listens();
    let _other = Node::start(&sandbox, &control, "edge-2", files);
    let _plain = Node::start(&sandbox, &control, "edge-3", "");
    let fleet = await_fleet(&sandbox, |fleet| !refused(fleet, "edge-2 in test").is_null());
    assert_eq!(refused(&fleet, "edge-2 in test")["identity"], "edge-1 in test");
    let names: Vec<&Value> = fleet["nodes"].as_array().expect("a list").iter().map(|node| &node["node"]).collect();
    assert_eq!(names, ["edge-1"]);
    sandbox
        .run("status --fleet")
        .expect_stdout("the certificate is for edge-1 in test, and the poll says edge-2 in test");
    sandbox.run("publish petstore --env test --version 0.0.1 --mock --wait=60s").expect_exit(0);
}

/// Returns the note of the refused polls with a claim.
fn refused<'a>(fleet: &'a Value, claim: &str) -> &'a Value {
    let polls = fleet["refused_polls"].as_array().expect("a list");
    polls.iter().find(|poll| poll["claim"] == claim).unwrap_or(&Value::Null)
}

#[test]
fn a_node_whose_authority_was_replaced_is_refused_at_its_next_poll() {
    if !has_envoy() {
        return;
    }
    let sandbox = petstore();
    sandbox.write_node_certificates();
    sandbox.write("tls/clients.crt", include_str!("../certificates/nodes-ca.crt"));
    let flags = " --xds-cert tls/control.crt --xds-key tls/control.key --xds-client-ca tls/clients.crt";
    let (serving, control) = control_plane(&sandbox, "127.0.0.1:0", flags);
    let files = " --tls-cert tls/edge-1.crt --tls-key tls/edge-1.key --tls-ca tls/ca.crt";
    let _node = Node::start(&sandbox, &control, "edge-1", files).listens();
    sandbox.run("publish petstore --env test --mock --wait=60s").expect_exit(0);
    sandbox.run("status --fleet --check").expect_exit(0);
    sandbox.write("tls/clients.crt", include_str!("../certificates/shop.crt"));
    serving.wait_to_hear("certificates for nodes reloaded");
    let reason = "its certificate was issued by no authority that is trusted";
    let fleet = await_fleet(&sandbox, |fleet| !refused(fleet, "edge-1 in test").is_null());
    assert_eq!(refused(&fleet, "edge-1 in test")["reason"], reason);
    sandbox.run("-y offline petstore --env test --wait=2s").expect_exit(1);
    // It comes again, with a new connection: the handshake fails, and that is told too.
    let fleet = await_fleet(&sandbox, |fleet| !refused(fleet, "an unknown node").is_null());
    assert_eq!(refused(&fleet, "an unknown node")["reason"], reason);
    assert_eq!(node(&fleet, "edge-1")["up_to_date"], false, "it does not serve the change");
    let line = serving.wait_to_hear("a node at 127.0.0.1 was refused");
    assert!(line.ends_with(reason), "{line}");
    sandbox.run("status --fleet").expect_stdout("a poll of an unknown node from 127.0.0.1 was refused");
}

#[test]
fn nodes_are_up_to_date_where_the_wait_would_end_and_nowhere_else() {
    if !has_envoy() {
        return;
    }
    let sandbox = petstore();
    let (serving, control) = control_plane(&sandbox, "127.0.0.1:0", "");
    let _node = Node::start(&sandbox, &control, "edge-1", "").listens();
    sandbox.run("publish petstore --env test --mock --wait=60s").expect_exit(0);
    sandbox.run("status --fleet --check").expect_exit(0).expect_stdout("up to date");
    serving.signal("STOP");
    sandbox.run("-y offline petstore --env test").expect_exit(0);
    sandbox.run("status --fleet --check").expect_exit(3).expect_stdout("petstore: it still serves operation ");
    assert_eq!(fleet(&sandbox)["up_to_date"], false);
    serving.signal("CONT");
    sandbox.run("-y rollback petstore --env test --wait=60s").expect_exit(0);
    sandbox.run("status --fleet --check").expect_exit(0);
    let settings = sandbox.read("apigw.toml");
    sandbox.write("apigw.toml", &format!("{settings}\n[environments.test.fleet]\nmin = 2\n"));
    sandbox.run("status --fleet --check").expect_exit(3).expect_stdout("1 of at least 2 nodes are known");
    sandbox.write("apigw.toml", &settings);
    serving.stop();
    sandbox.run("status --fleet --check").expect_exit(3).expect_stdout("no control plane runs");
    let gone = fleet(&sandbox);
    assert_eq!((&gone["up_to_date"], &node(&gone, "edge-1")["up_to_date"]), (&json!(false), &json!(false)));
    let waited = sandbox.run("publish petstore --env test --mock --wait=300ms").expect_exit(1);
    waited.expect_stderr("no control plane of test runs here").expect_stderr("start it: `apigw serve --env test --xds");
}

/// Sends a poll, and returns the response.
fn poll(address: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("a head");
    // A body that is refused is not read to its end.
    let _ = stream.write_all(body.as_bytes());
    let mut response = Vec::new();
    let _ = stream.read_to_end(&mut response);
    String::from_utf8_lossy(&response).into_owned()
}

#[test]
fn bad_polls_are_refused_and_shown() {
    let sandbox = petstore();
    let (serving, control) = control_plane(&sandbox, "127.0.0.1:0", "");
    let message = |environment: &str, version: &str| {
        let settings = json!({"environment": environment, "listen": "127.0.0.1:80"});
        json!({"version_info": version, "node": {"id": "edge-9", "metadata": {"apigw": settings}}}).to_string()
    };
    let clusters = "/v3/discovery:clusters";
    for (path, body, expected) in [
        (clusters, message("staging-9", ""), "404 Not Found"),
        (clusters, "x".repeat(10 << 20), "413 Payload Too Large"),
        (clusters, "{}".to_owned(), "400 Bad Request"),
        (clusters, message("../x", ""), "400 Bad Request"),
        ("/v3/discovery:secrets", message("test", ""), "404 Not Found"),
        (clusters, message("test", ""), "200 OK"),
    ] {
        let response = poll(&control, path, &body);
        assert!(response.starts_with(&format!("HTTP/1.1 {expected}")), "{path}: {response}");
    }
    assert!(get(&control, clusters).starts_with("HTTP/1.1 405"));
    // A version that nobody knows here gets ours, once the routes are known.
    for (path, version, expected) in [
        (clusters, "future", "304"),
        ("/v3/discovery:routes", "future", "304"),
        (clusters, "future", "200"),
        ("/v3/discovery:listeners", "future", "200"),
    ] {
        let response = poll(&control, path, &message("test", version));
        assert!(response.starts_with(&format!("HTTP/1.1 {expected}")), "{path} {version}: {response}");
    }
    let fleet = await_fleet(&sandbox, |fleet| fleet["refused_polls"] != json!([]));
    assert_eq!(fleet["refused_polls"][0]["reason"], "no environment staging-9 is served here");
    assert!(get(&serving.operators(), "/-/fleet").contains("\"edge-9\""));
    let open = sandbox.run("serve --env test --listen 127.0.0.1:0 --xds 0.0.0.0:0").expect_exit(64);
    open.expect_stderr("could be reached from other machines").expect_stderr("--xds-client-ca");
}

#[test]
fn nodes_that_are_named_or_too_few_are_waited_for_in_vain() {
    let sandbox = petstore();
    let settings = sandbox.read("apigw.toml");
    let (_serving, _control) = control_plane(&sandbox, "127.0.0.1:0", "");
    let wait = |fleet: &str| {
        sandbox.write("apigw.toml", &format!("{settings}\n{fleet}"));
        sandbox.run("publish petstore --env test --version 0.0.1 --mock --wait=300ms").expect_exit(1)
    };
    wait("").expect_stderr("no node of test has polled");
    wait("[environments.test.fleet]\nnodes = [\"edge-1\", \"edge-2\"]\n")
        .expect_stderr("node edge-1 does not serve it (nor do edge-2): it has never polled");
    sandbox.run("status --fleet --check").expect_exit(3).expect_stdout("it has never polled");
    wait("[environments.test.fleet]\nmin = 2\nforget_after = \"1s\"\n").expect_stderr("no node of test has polled");
    sandbox.run("status --fleet --check").expect_exit(3).expect_stdout("no nodes");
    for (setting, message) in [("min = 301", "300 nodes at most"), ("forget_after = \"0s\"", "forgotten at once")] {
        sandbox.write("apigw.toml", &format!("{settings}\n[environments.test.fleet]\n{setting}\n"));
        sandbox.run("publish --env test --mock").expect_exit(3).expect_stderr(message);
    }
    sandbox.write("apigw.toml", &format!("{settings}\n[environments.test.fleet]\nforget_after = \"soon\"\n"));
    sandbox.run("publish --env test --mock").expect_exit(3).expect_stderr("7d, 12h, 30m or 10s");
    let free = free_address();
    sandbox.write("apigw.toml", &settings);
    let words = format!("publish petstore --env test --version 0.0.1 --mock --wait=300ms --control http://{free}");
    sandbox.run(&words).expect_exit(1).expect_stderr("cannot read the state of nodes");
}

#[test]
fn an_environment_without_a_fleet_has_no_late_nodes() {
    let sandbox = petstore();
    let checks = ["status --fleet --check", "status --fleet --check --env test"];
    for words in checks {
        sandbox.run(words).expect_exit(0).expect_stdout("no nodes");
    }
    let waited = sandbox.run("publish petstore --env test --mock --wait=100ms").expect_exit(1);
    waited.expect_stderr("no gateway on this machine serves test");
    // Where nodes are expected, both fail because of them.
    let settings = sandbox.read("apigw.toml");
    sandbox.write("apigw.toml", &format!("{settings}\n[environments.test.fleet]\nmin = 1\n"));
    for words in checks {
        sandbox.run(words).expect_exit(3).expect_stdout("no nodes");
    }
    let waited = sandbox.run("publish petstore --env test --mock --wait=100ms").expect_exit(1);
    waited.expect_stderr("no control plane of test runs here");
}

#[test]
fn whatever_is_no_control_plane_is_told_from_one_without_nodes() {
    let sandbox = petstore();
    let serving = Serving::start_with(&sandbox, "serve --listen 127.0.0.1:0 --admin 127.0.0.1:0 --access-log off");
    let words = format!("status --fleet --env test --control http://{}", serving.operators());
    sandbox.run(&words).expect_exit(1);
    for (document, message) in [
        (r#"{"schema": 1, "fleets": []}"#, "it is the control plane of no environment"),
        (r#"{"schema": 9, "nodes": []}"#, "the state has schema 9, of a newer apigw"),
        ("{}", "the response is not the state of a fleet"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let _ = stream.read(&mut [0; 4096]);
            let length = document.len();
            let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
            stream.write_all(format!("{head}{document}").as_bytes()).expect("a response");
        });
        let words = format!("status --fleet --env test --control http://{address}");
        sandbox.run(&words).expect_exit(1).expect_stderr(message);
        server.join().expect("it ends");
    }
}

#[test]
fn groups_that_lose_access_are_withheld_from_nodes() {
    let sandbox = petstore();
    sandbox.run("group import shop groups/petstore/openapi.yaml").expect_exit(0);
    let settings = sandbox.read("groups/shop/group.yaml");
    sandbox.write("groups/shop/group.yaml", &format!("{settings}\nforwarding: {{sign: {{key: shop}}}}\n"));
    // Git would see a secret that lies in the workspace.
    let outside = Sandbox::empty();
    let file = outside.path().join("shop");
    sandbox.run(&format!("key create shop --kind signature --to {}", file.display())).expect_exit(0);
    let (serving, control) = control_plane(&sandbox, "127.0.0.1:0", "");
    let settings = json!({"environment": "test", "listen": "127.0.0.1:80"});
    let message = json!({"node": {"id": "edge-1", "metadata": {"apigw": settings}}}).to_string();
    assert!(poll(&control, "/v3/discovery:clusters", &message).starts_with("HTTP/1.1 200"));
    let outcome = sandbox.run("publish shop --env test --backend http://127.0.0.1:9 --wait=20s").expect_exit(1);
    outcome.expect_stderr("shop: nodes do not get it: access would be lost in Envoy");
    serving.wait_to_hear("--allow-loss access");
    assert!(fleet(&sandbox)["withheld"]["shop"]["reason"].is_string());
    sandbox.run("status --fleet --check").expect_exit(3).expect_stdout("nodes do not get shop");
}

#[test]
fn an_environment_has_one_control_plane() {
    let sandbox = petstore();
    let (serving, _) = control_plane(&sandbox, "127.0.0.1:0", "");
    let second = "serve --env test,online --listen 127.0.0.1:0 --xds 127.0.0.1:0";
    let refused = sandbox.run(second).expect_exit(6);
    refused.expect_stderr("another process is the control plane of test").expect_stderr("leave out `--xds`");
    // Of another environment, and of the same one later.
    let other = Serving::start_with(&sandbox, "serve --env online --listen 127.0.0.1:0 --xds 127.0.0.1:0");
    serving.stop();
    let (again, _) = control_plane(&sandbox, "127.0.0.1:0", "");
    again.stop();
    other.stop();
}
