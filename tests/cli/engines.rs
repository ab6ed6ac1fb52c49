//! Exports in the engines that they are for: each is loaded, and answers the same requests as `apigw serve`.
//!
//! The report is the expectation: a request about nothing that it calls lost has the same status, headers and body.

mod addresses;
mod attacks;
mod authorizer;
mod bodies;
mod client;
mod connection;
mod engine;
mod forwarding;
mod golden;
mod hostile;
mod limits;
mod parameters;
mod requests;
mod schemas;
mod targets;
mod tls;
mod unusual;
mod upgrades;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::Sandbox;
use crate::serving::Serving;
use client::{Reply, send};
use engine::{Engine, EngineKind};
pub(crate) use forwarding::start_backend;
use requests::{TestRequest, hostile_requests, mock_requests};

/// The most requests about one definition.
const MOST_REQUESTS: usize = 400;

/// Starts the gateway and an engine on the same state, and lists the requests that they answer differently.
fn differences(sandbox: &Sandbox, kind: EngineKind, requests: &[TestRequest]) -> Vec<String> {
    let serving = Serving::start_with(sandbox, "serve --env test --listen 127.0.0.1:0");
    let engine = Engine::start(sandbox, kind);
    let mut differences = Vec::new();
    for request in requests {
        let [ours, theirs] = [&serving.address, &engine.address].map(|address| send(address, &request.head));
        if let Some(difference) = difference(&ours, &theirs) {
            differences.push(format!("{}: {difference}", request.head.replace("\r\n", " | ")));
        }
    }
    differences
}

/// Compares two responses by status, headers that matter and body.
fn difference(ours: &Reply, theirs: &Reply) -> Option<String> {
    if ours.status != theirs.status {
        return Some(format!("{} is {}: {}", ours.status, theirs.status, theirs.text()));
    }
    let (our_headers, their_headers) = (ours.headers_that_matter(), theirs.headers_that_matter());
    if our_headers != their_headers {
        return Some(format!("{our_headers:?} is {their_headers:?}"));
    }
    let (our_body, their_body) = (ours.body_that_matters(), theirs.body_that_matters());
    (our_body != their_body).then(|| format!("{our_body} is {their_body}"))
}

/// Makes a workspace with a definition as a mock in test, without validation, which every target loses.
fn mock_of(definition: &Path) -> Option<Sandbox> {
    let sandbox = Sandbox::empty();
    sandbox.run("init").expect_exit(0);
    let path = definition.to_str().expect("a path");
    if sandbox.run_words(&["group", "import", "corpus", path]).exit != 0 {
        return None;
    }
    let place = "groups/corpus/group.yaml";
    let settings = sandbox.read(place);
    sandbox.write(place, &format!("{settings}\nvalidate_requests: false\n"));
    (sandbox.run("publish corpus --env test --mock").exit == 0).then_some(sandbox)
}

fn routes(sandbox: &Sandbox) -> Value {
    sandbox.run("-o json routes --env test").expect_exit(0).json()["environments"][0]["groups"][0].clone()
}

/// Lists some definitions of the corpus: small and large ones of each version.
fn definitions() -> Vec<PathBuf> {
    let Some(corpus) = std::env::var_os("APIGW_CORPUS").map(PathBuf::from) else { return Vec::new() };
    let mut chosen = Vec::new();
    for version in ["2.0", "3.0", "3.1"] {
        let Ok(entries) = fs::read_dir(corpus.join(version)) else { continue };
        let mut files: Vec<(u64, PathBuf)> = entries
            .filter_map(|entry| Some((entry.as_ref().ok()?.metadata().ok()?.len(), entry.ok()?.path())))
            .filter(|(size, path)| path.is_file() && (2_000..400_000).contains(size))
            .collect();
        files.sort();
        let step = files.len().div_ceil(6).max(1);
        chosen.extend(files.into_iter().step_by(step).map(|(_, path)| path));
    }
    chosen
}

fn answer_as_the_gateway(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let mut failures = Vec::new();
    let mut compared = 0;
    for definition in definitions() {
        let Some(sandbox) = mock_of(&definition) else { continue };
        let mut requests = mock_requests(&routes(&sandbox), "corpus.test.apigw.localhost");
        requests.truncate(MOST_REQUESTS);
        requests.extend(hostile_requests("corpus.test.apigw.localhost", "/"));
        let found = differences(&sandbox, kind, &requests);
        compared += 1;
        if !found.is_empty() {
            let shown: Vec<String> = found.iter().take(5).map(|one| one.chars().take(600).collect()).collect();
            failures.push(format!(
                "{}: {} of {}\n  {}",
                definition.display(),
                found.len(),
                requests.len(),
                shown.join("\n  ")
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(compared >= 10 || std::env::var_os("APIGW_CORPUS").is_none(), "{compared} definitions");
}

#[test]
fn envoy_answers_as_the_gateway() {
    answer_as_the_gateway(EngineKind::Envoy);
}

fn petstore_answers_as_the_gateway(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let sandbox = Sandbox::petstore();
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    let host = "petstore.test.apigw.localhost";
    let mut requests = mock_requests(&routes(&sandbox), host);
    // A mock validates requests, which every target loses.
    requests.retain(|request| !request.head.starts_with("POST"));
    requests.extend(hostile_requests(host, "/petstore"));
    let found = differences(&sandbox, kind, &requests);
    assert!(found.is_empty(), "{}", found.join("\n"));
    let wrong = TestRequest::new("GET", "/petstore/pets/none", host, &[]);
    assert_eq!(differences(&sandbox, kind, &[wrong]).len(), 1, "the report says that validation is lost");
}

#[test]
fn envoy_answers_as_the_petstore() {
    petstore_answers_as_the_gateway(EngineKind::Envoy);
}

#[test]
fn nginx_answers_as_the_gateway() {
    answer_as_the_gateway(EngineKind::Nginx);
}

#[test]
fn nginx_answers_as_the_petstore() {
    petstore_answers_as_the_gateway(EngineKind::Nginx);
}

#[test]
fn haproxy_answers_as_the_gateway() {
    answer_as_the_gateway(EngineKind::Haproxy);
}

#[test]
fn haproxy_answers_as_the_petstore() {
    petstore_answers_as_the_gateway(EngineKind::Haproxy);
}
