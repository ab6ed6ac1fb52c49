//! `apigw serve`: what any process commits is served, and what is broken by hand is not.

use std::fs;
use std::time::Duration;

use crate::harness::Sandbox;
use crate::serving::Serving;

const DEFINITION: &str = "groups/petstore/openapi.yaml";
const PETS: &str = "/petstore/pets";

/// Publishes a second version, in which the dog is called Rex.
fn publish_rex(sandbox: &Sandbox) {
    let text = sandbox.read(DEFINITION).replace("name: Bello, species: dog", "name: Rex, species: dog");
    sandbox.write(DEFINITION, &text);
    sandbox.run("publish --env test --mock --bump patch").expect_exit(0);
}

/// Lets the gateway look at the files more than once.
fn let_it_look() {
    std::thread::sleep(Duration::from_millis(150));
}

#[test]
fn every_change_is_served_and_said() {
    let sandbox = Sandbox::petstore();
    let serving = Serving::start(&sandbox);
    serving.wait_to_hear("test: nothing is live yet: publish a group with `apigw publish GROUP --env test`");
    sandbox.run("publish --env test --mock").expect_exit(0);
    serving.wait_for(PETS, "Bello");
    publish_rex(&sandbox);
    serving.wait_for(PETS, "Rex");
    let operation = sandbox.entry("test")["operation"].as_str().expect("an id").to_owned();
    serving.wait_to_hear(&format!(
        "test: petstore 0.0.2 with mock (operation {})",
        &operation[operation.len() - 12..][..8]
    ));
    sandbox.run("offline --env test").expect_exit(0);
    serving.wait_for(PETS, "NOT_FOUND");
    serving.wait_to_hear("test: petstore offline (0.0.2) (operation ");
    sandbox.run("publish --env test --mock --version 0.0.1").expect_exit(0);
    serving.wait_for(PETS, "Bello");
    serving.signal("TERM");
    serving.wait_to_hear("stopping: finishing requests in flight");
}

#[test]
fn told_twice_to_stop_it_waits_for_nobody() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    let serving = Serving::start_with(&sandbox, "serve --env test --listen 127.0.0.1:0 --drain 10m");
    let slow = serving.begin("POST", PETS);
    serving.signal("INT");
    serving.wait_to_hear("stopping: finishing requests in flight; another signal aborts them");
    serving.signal("HUP");
    let_it_look();
    serving.signal("TERM");
    serving.wait_to_hear("error: some requests were cut off");
    drop(slow);
}

#[test]
fn clients_leave_open_files_for_operators_and_reloads() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    let words = "serve --env test --listen 127.0.0.1:0 --admin 127.0.0.1:0 --workers 2";
    let serving = Serving::start_limited(&sandbox, 182, words);
    serving.wait_to_hear(
        "warning: the limit of 182 open files allows 50 connections at a time, not 16384: raise it to 18514",
    );
    let clients: Vec<_> =
        (0..200).map(|_| std::net::TcpStream::connect(&serving.address).expect("a connection")).collect();
    publish_rex(&sandbox);
    serving.wait_to_hear("test: petstore 0.0.2 with mock");
    let status = serving.status();
    assert!(status.contains("\"connections\":50,") && status.contains("\"version\":\"0.0.2\""), "{status}");
    drop(clients);
}

#[test]
fn what_is_broken_by_hand_takes_nothing_down() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    let serving = Serving::start_with(&sandbox, "serve --env test --listen 127.0.0.1:0 --admin 127.0.0.1:0");
    let place = sandbox.path().join("deployments/test.yaml");
    let good = sandbox.read("deployments/test.yaml");
    for broken in ["schema: 1\n", "", "<<<<<<< ours\n", &good[..good.len() / 2], &good.replace("mock", "mack")] {
        fs::write(&place, broken).expect("a file");
        let_it_look();
        assert!(serving.get(PETS).contains("Bello"), "{broken:?}");
        assert!(serving.status().contains("\"reason\":\"deployments/test.yaml"), "{broken:?}: {}", serving.status());
    }
    fs::remove_file(&place).expect("removed");
    let_it_look();
    assert!(serving.get(PETS).contains("Bello"), "a file that is gone says nothing");
    let away = sandbox.path().with_extension("away");
    fs::rename(sandbox.path(), &away).expect("the whole workspace is gone");
    serving.wait_to_hear("the environment's file is gone; the previous release is still served");
    assert!(serving.get(PETS).contains("Bello"));
    assert!(!sandbox.path().exists(), "a workspace that is gone does not come back empty");
    fs::rename(&away, sandbox.path()).expect("it is back");
    sandbox.write("deployments/test.yaml", &good);
    serving.wait_to_hear("recovered: all groups are served up to date");
    publish_rex(&sandbox);
    serving.wait_for(PETS, "Rex");
}

#[test]
fn a_version_that_comes_after_the_file_that_names_it_is_served() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    let before = sandbox.read("deployments/test.yaml");
    publish_rex(&sandbox);
    let after = sandbox.read("deployments/test.yaml");
    sandbox.write("deployments/test.yaml", &before);
    let serving = Serving::start(&sandbox);
    serving.wait_for(PETS, "Bello");
    // As Git may do it: the version is away when the environment's file comes, and nothing shows on that file later.
    let version = sandbox.path().join("groups/petstore/versions/0.0.2");
    let away = sandbox.path().join("groups/petstore/away");
    fs::rename(&version, &away).expect("away");
    sandbox.write("deployments/test.yaml", &after);
    serving
        .wait_to_hear("petstore in test: there is no version \"petstore@0.0.2\"; the previous release is still served");
    assert!(serving.get(PETS).contains("Bello"));
    let status = sandbox.run("status").expect_exit(0).stdout;
    assert!(status.contains("of petstore in test: there is no version"), "{status}");
    fs::rename(&away, &version).expect("back");
    serving.wait_for(PETS, "Rex");
}

#[test]
fn a_file_that_this_machine_lacks_is_read_when_it_comes() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    let serving = Serving::start(&sandbox);
    let settings = sandbox.read("groups/petstore/group.yaml");
    sandbox.write("groups/petstore/group.yaml", &format!("{settings}\nforwarding: {{tls: {{ca: own.pem}}}}\n"));
    sandbox.run("publish --env test --bump patch").expect_exit(0);
    serving.wait_to_hear("petstore in test: version 0.0.2 cannot be served: there is no file .apigw/secrets/own.pem");
    assert!(serving.get(PETS).contains("Bello"));
    let failed = sandbox.run("publish --env test --version 0.0.2 --wait").expect_exit(1);
    failed.expect_stderr("there was nothing to change, but ").expect_stderr("own.pem");
    sandbox.write(".apigw/secrets/own.pem", crate::tls::CERTIFICATE);
    serving.wait_to_hear("recovered: all groups are served up to date");
    sandbox.run("publish --env test --version 0.0.2 --wait").expect_exit(0);
}

#[test]
fn settings_are_read_again_only_when_that_is_asked_for() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    let serving = Serving::start_with(&sandbox, "serve --listen 127.0.0.1:0");
    let settings = sandbox.read("apigw.toml");
    sandbox.write("apigw.toml", &format!("{settings}\n[environments.qa]\n"));
    sandbox.run("publish --env qa --mock").expect_exit(0);
    sandbox
        .run("publish --env qa --mock --wait=100ms")
        .expect_exit(1)
        .expect_stderr("no gateway on this machine serves qa");
    serving.signal("HUP");
    serving.wait_to_hear("reloaded on SIGHUP");
    sandbox.run("publish --env qa --mock --wait").expect_exit(0);
    sandbox.write("apigw.toml", "not toml");
    serving.signal("HUP");
    serving.wait_to_hear("keeping the previous settings");
}

#[test]
fn addresses_that_cannot_be_had_are_named() {
    let sandbox = Sandbox::petstore();
    let serving = Serving::start(&sandbox);
    let taken = format!("serve --env test --listen {}", serving.address);
    sandbox.run(&taken).expect_exit(1).expect_stderr("cannot listen on 127.0.0.1").expect_stderr("--listen");
    sandbox.run("serve --env tset").expect_exit(3).expect_stderr("did you mean \"test\"?");
    sandbox.run("serve --listen https://127.0.0.1:0").expect_exit(64).expect_stderr("needs a certificate");
    sandbox.run("serve --listen 8080").expect_exit(64).expect_stderr("write it like 127.0.0.1:8080");
    let open = Serving::start_with(&sandbox, "serve --env test --listen 127.0.0.1:0,0.0.0.0:0 --max-body 1k");
    open.wait_to_hear("can be reached from other machines");
}

#[test]
fn the_access_log_goes_where_it_is_told() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    let serving = Serving::start_with(&sandbox, "serve --env test --listen 127.0.0.1:0 --access-log log");
    let lines = |file: &str, count: usize| {
        let start = std::time::Instant::now();
        while sandbox.read(file).lines().count() < count {
            assert!(start.elapsed() < Duration::from_secs(10), "{file}: {}", sandbox.read(file));
            std::thread::sleep(Duration::from_millis(10));
        }
        sandbox.read(file)
    };
    serving.get(PETS);
    assert!(lines("log", 1).starts_with("{\"time\":"));
    // Who turns logs over moves the file away.
    fs::rename(sandbox.path().join("log"), sandbox.path().join("log.1")).expect("moved");
    sandbox.write("log", "");
    serving.signal("HUP");
    serving.wait_to_hear("reloaded on SIGHUP");
    serving.get(PETS);
    assert!(lines("log", 1).contains("\"status\":200"));
    assert_eq!(sandbox.read("log.1").lines().count(), 1);
    let quiet = Serving::start_with(&sandbox, "serve --env test --listen 127.0.0.1:0 --access-log off");
    assert!(quiet.get(PETS).contains("Bello"));
    assert!(!sandbox.path().join("off").exists());
    sandbox.run("serve --env test --access-log no/folder").expect_exit(1).expect_stderr("no/folder");
}

#[test]
fn what_was_never_served_is_not_said_to_be_served_on() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.write("deployments/test.yaml", "<<<<<<< ours\n");
    let serving = Serving::start(&sandbox);
    serving.wait_to_hear("both branches changed the same lines; it is not served");
    serving.wait_to_hear("test: nothing is served until this is fixed");
}

#[test]
fn an_address_that_is_taken_is_named_with_its_flag() {
    let sandbox = Sandbox::petstore();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    for (arguments, flag) in [
        (format!("serve --env test --listen {address}"), "`--listen`"),
        (format!("serve --env test --listen 127.0.0.1:0 --admin {address}"), "`--admin`"),
    ] {
        let failed = sandbox.run(&arguments).expect_exit(1);
        failed.expect_stderr(&format!("cannot listen on {address}")).expect_stderr(flag);
    }
}
