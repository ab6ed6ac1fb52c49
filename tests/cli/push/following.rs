//! Gateways that follow a folder or a web server.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{fs, thread};

use super::Publisher;
use super::server::StoreServer;
use crate::harness::Sandbox;
use crate::serving::Serving;

const PETS: &str = "/petstore/pets";

/// Starts a gateway that follows a store.
pub(super) fn follow(sandbox: &Sandbox, publisher: &Publisher, url: &str, words: &str) -> Serving {
    let key = &publisher.public_key;
    Serving::start_with(
        sandbox,
        &format!(
            "serve --env test --listen 127.0.0.1:0 --admin 127.0.0.1:0 --from {url} --public-key {key} --interval 20ms {words}"
        ),
    )
}

fn ready(serving: &Serving) -> String {
    crate::serving::get(&serving.operators(), "/-/readyz")
}

#[test]
fn a_gateway_elsewhere_serves_what_is_pushed() {
    let publisher = Publisher::new();
    publisher.push_to_folder().expect_exit(0);
    let elsewhere = Sandbox::empty();
    let url = format!("file://{}", publisher.path("state"));
    let serving = follow(&elsewhere, &publisher, &url, "--cache cache");
    serving.wait_for(PETS, "Bello");
    let text = publisher.sandbox.read("groups/petstore/openapi.yaml").replace("name: Bello", "name: Rex");
    publisher.sandbox.write("groups/petstore/openapi.yaml", &text);
    publisher.publish_again("second");
    publisher.push_to_folder().expect_exit(0);
    serving.wait_for(PETS, "Rex");
    serving.wait_to_hear("push 2 of ");
    assert!(serving.status().contains("\"sequence\":2"), "{}", serving.status());
    publisher.sandbox.run("offline --env test").expect_exit(0);
    publisher.push_to_folder().expect_exit(0);
    serving.wait_for(PETS, "NOT_FOUND");
    // Another gateway with the same cache would write where this one reads.
    let words = format!("serve --from {url} --public-key {} --cache cache --listen 127.0.0.1:0", publisher.public_key);
    elsewhere.run(&words).expect_exit(6).expect_stderr("another process uses the cache");
    // Of an offline group nothing but its entry is needed: settings, entries and their list.
    let objects = || fs::read_dir(elsewhere.path().join("cache/store/objects/sha256")).expect("a folder").count();
    let start = Instant::now();
    while objects() > 3 {
        assert!(start.elapsed() < Duration::from_secs(10), "{} objects", objects());
        thread::sleep(Duration::from_millis(5));
    }
    serving.stop();
}

#[test]
fn documents_of_what_is_live_are_served_where_no_history_came_along() {
    let publisher = Publisher::new();
    publisher.publish_again("second");
    publisher.push_to_folder().expect_exit(0);
    let elsewhere = Sandbox::empty();
    let url = format!("file://{}", publisher.path("state"));
    let serving = follow(&elsewhere, &publisher, &url, "--cache cache --docs 127.0.0.1:0");
    let documents = serving.documents();
    let version =
        publisher.sandbox.run("status -o json").json()["deployments"][0]["version"].as_str().map(str::to_owned);
    let version = version.expect("a version");
    for (path, part) in [
        ("/test/petstore/", "listPets".to_owned()),
        ("/test/petstore/openapi.yaml", "listPets".to_owned()),
        ("/test/petstore/llms.txt", format!("Version {version} of petstore, as it is in test.")),
        (&format!("/test/petstore/{version}/")[..], "listPets".to_owned()),
        (&format!("/test/petstore/{version}/sdk/SHA256SUMS"), format!("petstore-sdk-{version}.tgz")),
        ("/test/petstore/changes.html", "No release is on record here".to_owned()),
        ("/test/petstore/changes.md", "No release is on record here".to_owned()),
        ("/test/petstore/changes.atom", "<updated>2".to_owned()),
    ] {
        let page = crate::serving::get(&documents, path);
        assert!(page.starts_with("HTTP/1.1 200") && page.contains(&part), "{path}: {page}");
    }
    serving.stop();
}

#[test]
fn callers_keys_come_along_and_revocations_stay() {
    let publisher = Publisher::new();
    let (sandbox, secret) = (&publisher.sandbox, publisher.path("secret"));
    sandbox.run(&format!("key create partner --kind subscription --to {secret}")).expect_exit(0);
    sandbox.run("access grant partner petstore --env test").expect_exit(0);
    publisher.push_to_folder().expect_exit(0);
    let elsewhere = Sandbox::empty();
    let url = format!("file://{}", publisher.path("state"));
    let serving = follow(&elsewhere, &publisher, &url, "--cache cache");
    assert!(elsewhere.path().join("cache/workspace/keys/partner.yaml").exists());
    sandbox.run("key revoke partner --yes").expect_exit(0);
    publisher.push_to_folder().expect_exit(0);
    serving.wait_to_hear("push 2 of ");
    serving.stop();
    let revoked = fs::read_to_string(elsewhere.path().join("cache/workspace/.apigw/revoked"));
    assert!(!revoked.expect("remembered").trim().is_empty());
}

#[test]
fn an_environment_that_the_store_does_not_have_is_told_and_the_gateway_is_not_ready() {
    let publisher = Publisher::new();
    publisher.push_to_folder().expect_exit(0);
    let elsewhere = Sandbox::empty();
    let url = format!("file://{}", publisher.path("state"));
    let words = "serve --env pre-release --listen 127.0.0.1:0 --admin 127.0.0.1:0 --interval 20ms --cache cache";
    let serving =
        Serving::start_with(&elsewhere, &format!("{words} --from {url} --public-key {}", publisher.public_key));
    serving.wait_to_hear("does not have pre-release; it has test");
    serving.wait_to_hear("pre-release: nothing is live in the state that is followed");
    assert!(!serving.said().contains("publish a group"), "{}", serving.said());
    let response = ready(&serving);
    assert!(response.contains("503 ") && response.contains("has no environment pre-release"), "{response}");
    publisher.sandbox.run("publish petstore --env pre-release --mock").expect_exit(0);
    publisher.push_to_folder().expect_exit(0);
    serving.wait_to_hear("push 2 of ");
    serving.wait_for(PETS, "Bello");
    assert!(ready(&serving).contains("200 OK"));
    serving.stop();
}

#[test]
fn a_reader_that_is_cut_off_serves_on_also_after_a_restart() {
    let publisher = Publisher::new();
    publisher.push_to_folder().expect_exit(0);
    let server = StoreServer::of_folder(Path::new(&publisher.path("state")));
    let url = server.url("");
    let elsewhere = Sandbox::empty();
    let serving = follow(&elsewhere, &publisher, &url, "--cache cache --store-timeout 500ms");
    serving.wait_for(PETS, "Bello");
    drop(server);
    serving.wait_to_hear("cannot be followed since ");
    assert!(serving.get(PETS).contains("Bello"));
    assert!(serving.status().contains("\"failing_since\":\"20"), "{}", serving.status());
    assert!(ready(&serving).contains("200 OK"), "it is ready");
    serving.stop();
    let serving = follow(&elsewhere, &publisher, &url, "--cache cache --store-timeout 500ms");
    serving.wait_to_hear("push 1 stays served");
    assert!(serving.get(PETS).contains("Bello"));
    serving.stop();
    // Without a cache there is nothing to serve.
    let words = format!(
        "serve --from {url} --public-key {} --cache other --store-timeout 500ms --listen 127.0.0.1:0",
        publisher.public_key
    );
    elsewhere.run(&words).expect_exit(1).expect_stderr("cannot connect");
}

/// Web servers make tags of the second and the length, which two pushes of one second have in common.
#[test]
fn a_push_with_the_tag_of_the_one_before_is_followed() {
    let publisher = Publisher::new();
    publisher.push_to_folder().expect_exit(0);
    // The first pointer names none before it, and is shorter.
    publisher.publish_again("second");
    publisher.push_to_folder().expect_exit(0);
    let server = StoreServer::of_folder(Path::new(&publisher.path("state")));
    server.weaken_tags();
    let elsewhere = Sandbox::empty();
    let serving = follow(&elsewhere, &publisher, &server.url(""), "--cache cache");
    serving.wait_for(PETS, "Bello");
    publisher.sandbox.run("offline --env test").expect_exit(0);
    publisher.push_to_folder().expect_exit(0);
    server.take_folder(Path::new(&publisher.path("state")));
    serving.wait_for(PETS, "NOT_FOUND");
    serving.stop();
}

#[test]
fn old_damaged_and_foreign_states_are_refused_and_the_good_one_stays() {
    let publisher = Publisher::new();
    publisher.push_to_folder().expect_exit(0);
    let state = publisher.path("state");
    let pointer = format!("{state}/pointer");
    let first = fs::read(&pointer).expect("a pointer");
    publisher.publish_again("second");
    publisher.push_to_folder().expect_exit(0);
    let second = fs::read(&pointer).expect("a pointer");
    let elsewhere = Sandbox::empty();
    let url = format!("file://{state}");
    let serving = follow(&elsewhere, &publisher, &url, "--cache cache");
    serving.wait_for(PETS, "Bello");
    fs::write(&pointer, &first).expect("written");
    serving.wait_to_hear("it is push 1, and push 2 was served already; push 2 stays served");
    serving.wait_to_hear("start each gateway with an empty `--cache DIR`: `apigw help push`");
    fs::write(&pointer, &second).expect("written");
    serving.wait_to_hear("can be followed again");
    fs::write(&pointer, &second[..second.len() - 1]).expect("written");
    serving.wait_to_hear("this is not a pointer, or a damaged one");
    fs::write(&pointer, String::from_utf8_lossy(&second).replace("\"sequence\":2", "\"sequence\":3")).expect("written");
    serving.wait_to_hear("signed with a key that is not trusted here");
    fs::remove_file(&pointer).expect("removed");
    serving.wait_to_hear("the store has no pointer");
    assert!(serving.get(PETS).contains("Bello"));
    serving.stop();
    fs::write(&pointer, &first).expect("written");
    let serving = follow(&elsewhere, &publisher, &url, "--cache cache");
    serving.wait_to_hear("it is push 1, and push 2 was served already; push 2 stays served");
    assert!(serving.said().contains("serving the last good state of the cache: push 2"), "{}", serving.said());
    serving.stop();
    // Another key is pinned: neither the store nor the cache is taken.
    let other = Publisher::new();
    for (cache, code) in [("cache", "the cache cannot be used"), ("fresh", "the pointer is refused")] {
        let words =
            format!("serve --from {url} --public-key {} --cache {cache} --listen 127.0.0.1:0", other.public_key);
        elsewhere.run(&words).expect_exit(5).expect_stderr(code);
    }
}

#[test]
fn a_damaged_cache_is_mended_from_the_store() {
    let publisher = Publisher::new();
    publisher.push_to_folder().expect_exit(0);
    let elsewhere = Sandbox::empty();
    let url = format!("file://{}", publisher.path("state"));
    follow(&elsewhere, &publisher, &url, "--cache cache").stop();
    let version = elsewhere.path().join("cache/workspace/groups/petstore/versions/0.0.1/openapi.yaml");
    let good = fs::read(&version).expect("a definition");
    for folder in ["cache/store/objects/sha256", "cache/workspace/deployments"] {
        for entry in fs::read_dir(elsewhere.path().join(folder)).expect("a folder") {
            fs::write(entry.expect("an entry").path(), "damaged").expect("written");
        }
    }
    fs::remove_file(&version).expect("removed");
    let serving = follow(&elsewhere, &publisher, &url, "--cache cache");
    serving.wait_for(PETS, "Bello");
    assert_eq!(fs::read(&version).expect("a definition"), good);
    serving.stop();
}

#[test]
fn a_state_past_its_expiry_is_served_and_not_ready() {
    let publisher = Publisher::new();
    let state = publisher.path("state");
    publisher.push(&format!("{state} --expires 1s")).expect_exit(0);
    let elsewhere = Sandbox::empty();
    let serving = follow(&elsewhere, &publisher, &format!("file://{state}"), "--cache cache");
    serving.wait_to_hear(" expired at ");
    assert!(serving.get(PETS).contains("Bello"));
    let refused = ready(&serving);
    assert!(refused.contains(" 503 ") && refused.contains("expired at"), "{refused}");
    publisher.push(&format!("{state} --expires 1d")).expect_exit(0);
    serving.wait_to_hear("push 2 of ");
    let start = Instant::now();
    while !ready(&serving).contains("200 OK") {
        assert!(start.elapsed() < Duration::from_secs(10), "{}", serving.said());
        thread::sleep(Duration::from_millis(5));
    }
    serving.stop();
}

#[test]
fn settings_that_come_with_a_state_change_what_is_served() {
    let publisher = Publisher::new();
    publisher.push_to_folder().expect_exit(0);
    let elsewhere = Sandbox::empty();
    let url = format!("file://{}", publisher.path("state"));
    let key = &publisher.public_key;
    let words = format!("serve --listen 127.0.0.1:0 --from {url} --public-key {key} --interval 20ms --cache cache");
    let serving = Serving::start_with(&elsewhere, &words);
    let settings = publisher.sandbox.read("apigw.toml");
    publisher.sandbox.write("apigw.toml", &format!("{settings}\n[environments.qa]\n"));
    publisher.sandbox.run("publish petstore --env qa --mock --version 0.0.1").expect_exit(0);
    publisher.push_to_folder().expect_exit(0);
    serving.wait_to_hear("qa: petstore 0.0.1 with mock");
    serving.stop();
}

#[test]
fn a_pipe_in_place_of_the_pointer_is_refused_at_once() {
    let publisher = Publisher::new();
    publisher.push_to_folder().expect_exit(0);
    let pointer = publisher.path("state/pointer");
    fs::remove_file(&pointer).expect("removed");
    assert!(Command::new("mkfifo").arg(&pointer).status().expect("mkfifo runs").success());
    publisher.push_to_folder().expect_exit(1).expect_stderr("pointer").expect_stderr("not a file");
    let (key, url) = (&publisher.public_key, format!("file://{}", publisher.path("state")));
    let words = format!("serve --from {url} --public-key {key} --cache cache --listen 127.0.0.1:0");
    Sandbox::empty().run(&words).expect_exit(1).expect_stderr("not a file");
}
