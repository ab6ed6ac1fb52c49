//! Raw targets in each engine and in `apigw serve`: those that one takes and the other does not are named in the
//! report.

use serde_json::Value;

use super::engine::{Engine, EngineKind};
use super::requests::TestRequest;
use super::{client::send, difference};
use crate::harness::{Sandbox, free_address};
use crate::serving::Serving;

const DEFINITION: &str = "\
openapi: 3.0.3
info: {title: Targets, version: '1'}
paths:
  /:
    get: &get
      responses:
        '200': {description: d, content: {text/plain: {example: yes}}}
  /items:
    get: *get
  /items/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        '200': {description: d, content: {text/plain: {example: item}}}
  /items/{id}/{part}:
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {name: part, in: path, required: true, schema: {type: string}}
      responses:
        '200': {description: d, content: {text/plain: {example: part}}}
  /files:
    get:
      x-apigw-match: prefix
      responses:
        '200': {description: d, content: {text/plain: {example: file}}}
  /gr%C3%B6%C3%9Fe:
    get: *get
  /p/[x]|^:
    get: *get
  /p/{y}:
    get:
      parameters: [{name: y, in: path, required: true, schema: {type: string}}]
      responses:
        '200': {description: d, content: {text/plain: {example: y}}}
  /o/{x}-{y}-{z}:
    get:
      parameters:
        - {name: x, in: path, required: true, schema: {type: string}}
        - {name: y, in: path, required: true, schema: {type: string}}
        - {name: z, in: path, required: true, schema: {type: string}}
      responses:
        '200': {description: d, content: {text/plain: {example: three}}}
  /o/{x}-{y}:
    get:
      parameters:
        - {name: x, in: path, required: true, schema: {type: string}}
        - {name: y, in: path, required: true, schema: {type: string}}
      responses:
        '200': {description: d, content: {text/plain: {example: two}}}
  /o/{x}.{y}:
    get:
      parameters:
        - {name: x, in: path, required: true, schema: {type: string}}
        - {name: y, in: path, required: true, schema: {type: string}}
      responses:
        '200': {description: d, content: {text/plain: {example: dot}}}
  /o/{x}.min.js:
    get:
      parameters:
        - {name: x, in: path, required: true, schema: {type: string}}
      responses:
        '200': {description: d, content: {text/plain: {example: min}}}
  /q/{x}/b:
    get:
      parameters:
        - {name: x, in: path, required: true, schema: {type: string}}
      responses:
        '200': {description: d, content: {text/plain: {example: whole}}}
  /q/{x}-{y}/{z}:
    get:
      parameters:
        - {name: x, in: path, required: true, schema: {type: string}}
        - {name: y, in: path, required: true, schema: {type: string}}
        - {name: z, in: path, required: true, schema: {type: string}}
      responses:
        '200': {description: d, content: {text/plain: {example: inline}}}
  /t:
    get:
      x-apigw-match: prefix
      responses:
        '200': {description: d, content: {text/plain: {example: wider}}}
  /t/{id}:
    get:
      x-apigw-match: prefix
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
      responses:
        '200': {description: d, content: {text/plain: {example: narrower}}}
";
const MATRIX: &str = "\
  /m/{m}:
    get:
      parameters: [{name: m, in: path, required: true, style: matrix, schema: {type: string}}]
      responses:
        '200': {description: d, content: {text/plain: {example: matrix}}}
";

/// Targets that every party treats alike.
const ALIKE: &str = "\
/ /? /items /items? /items?? /items/ /items/? /items// // //items /// /./items /. /.. /items/. /items/.. /items/../items
/items/./1 /items/%2e /items/%2e%2e /items/.%2E/x /items/... /items/a%2Fb /items/a%2fb /files/a%2Fb /nowhere/a%2Fb
/items/%00 /items/a%00b /items/%0d%0a /items/%7f /items/a\\b /items/a%5cb /\\items /items/1/ /items/1// /items/1//x
/items/1/2 /items/1/2/ /files /files/ /files/a/b /files// /files/../items /filesx /items/%C3%BC /items/%c3%bc
/items/ü /ü /größe /gr%C3%B6%C3%9Fe /gr%c3%b6%c3%9fe /items/%c0%af /items/%e0%80%af /items/%ff /items/% /items/%4
/items/%zz /items/%252e%252e /items/%252f /items/a:b@c!$&'()*+,=~ /items/[x] /items/a|b /items/a^b /items/` /items/{x}
/items/\"x\" /items/<x> /* /items/* /ITEMS /Items/1 /nowhere /nowhere/ /items?x=1 /items?x=1?y=2 /items?x=../..
/items?x=%2e%2e%2f /items?x=%00 /items?x=a;b /items?// /items?x=%zz /items?x=% /items?x=a|b^c`{} /items?x=a\\b
/items?x=\" /items?x=<y> /items?x=ü /items/1?a;b /; /;x /p/[x]|^ /p/%5Bx%5d%7C%5e /p/[x] /items/;x /items/1/;x /..;/items /items/..;/items /items/.;x
/items/%3b /items/%3bx /items/1%3b /items/a%3Bb /files/a;b /files/;b /files;x /nowhere;x /nowhere/a;x /items;x /items;x/1
/m/;m=1 /m/;m=1;n=2 /m/;x=1 /m/1 /m/ /m http://HOST/ http://HOST/items http://HOST/items? http://HOST//items
http://HOST/items/../items http://HOST/items/1 * items items/1
/o/1-2-3 /o/1-2-3-4 /o/1-2.3 /o/1.2-3 /o/1-2 /o/1.2 /o/a.min.js /o/a.js /q/1-2/b /q/1/b /q/1-2-3/b /t /t/ /t/1 /t/1/2 /t/1/2/3";
/// Those with encoded slashes, where the group lets them through.
const SLASHES: &str = "\
/items/%2F /items/%2f%2F /items/a%2Fb /items/a%2fb /items/a%2F /items/%2Fa /items/https:%2F%2Fa.example%2F /items/a%2F...%2Fb
/items/..%2Fb /items/..%2fb /items/a%2F..%2Fb /items/a%2F.. /items/a%2F. /items/.%2Fa /items/%2e%2e%2fb /items/%2E%2Fb
/items/a%2F.%2e%2Fb /items/a%2F/b /items/%2F/b /items/a%2F%2F/b /items/a%2F..;x%2Fb /items/a%2F;x /items/a%2F%3Bx /items/a%2F%5Cb
/items/a%2F%00 /items/%252F /items/a%2Fb/c /items/a%2Fb/..%2Fc /items/a%2Fb/c%2F.. /items%2F1 /%2Fitems /%2F /..%2Fitems /nowhere%2Fa
/nowhere/a%2Fb /files/a%2Fb /files/a%2F..%2Fb /files/%2F /files%2Fa /files/a%2F/b /items?x=a%2F..%2Fb /p/[x]%2F|^ /p/a%2Fb";
/// Targets that the report has to name where a party treats them otherwise, by a part of its text.
const OTHERWISE: [(&str, &str); 5] = [
    ("semicolon", "/items/1; /items/1;x=2 /items/a;b;c /items/1;x/2 /items/1/2;x /items/1;a/2;b"),
    ("percent-encoded without need", "/%69tems /%69tems/1 /ite%6Ds /fil%65s/a"),
    ("with a fragment", "/items#x /items/1#"),
    ("absolute targets without a path", "http://HOST http://HOST?x"),
    ("other schemes", "ftp://HOST/items"),
];

/// Lists the targets by the part of the report that names them; it is empty for those that all treat alike.
fn targets(host: &str) -> Vec<(&'static str, Vec<String>)> {
    let long = |letters: usize| format!("/items/{0} /items?{0}", "a".repeat(letters));
    let long = [7000, 9000, 20_000, 70_000].map(long).join(" ");
    let list = |(part, targets): (&'static str, &str)| {
        (part, targets.split_whitespace().map(|target| target.replace("HOST", host)).collect())
    };
    OTHERWISE.into_iter().chain([("", ALIKE), ("", SLASHES), ("long", &long)]).map(list).collect()
}

fn workspace(with_matrix: bool, with_slashes: bool) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.run("init").expect_exit(0);
    sandbox.write("new.yaml", &format!("{DEFINITION}{}", if with_matrix { MATRIX } else { "" }));
    sandbox.run("group import raw new.yaml").expect_exit(0);
    let settings = sandbox.read("groups/raw/group.yaml").replace("prefix: /raw", "prefix: /");
    let slashes = if with_slashes { "forwarding: {encoded_slashes: true}\n" } else { "" };
    sandbox.write("groups/raw/group.yaml", &format!("{settings}\nvalidate_requests: false\n{slashes}"));
    sandbox.run("publish raw --env test --mock").expect_exit(0);
    sandbox
}

fn answers_raw_targets(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let mut failures = Vec::new();
    for (with_matrix, with_slashes) in [(false, false), (true, false), (false, true), (true, true)] {
        let sandbox = workspace(with_matrix, with_slashes);
        let serving = Serving::start_with(&sandbox, "serve --env test --listen 127.0.0.1:0");
        let engine = Engine::start(&sandbox, kind);
        let host = "raw.test.apigw.localhost";
        let words = format!("-o json export {} --env test --out {0}", kind.target());
        let report = sandbox.run(&words).expect_exit(0).json()["groups"][0].clone();
        for (part, targets) in targets(host) {
            let is_named = !part.is_empty() && names(&report, part);
            let differing: Vec<String> = targets
                .iter()
                .filter_map(|target| {
                    let head = TestRequest::new("GET", target, host, &[]).head;
                    let [ours, theirs] = [&serving.address, &engine.address].map(|address| send(address, &head));
                    // What a parser refuses has its own words.
                    let is_refused = ours.status == theirs.status && ["400", "431"].contains(&ours.status.as_str());
                    let difference = difference(&ours, &theirs).filter(|_| !is_refused)?;
                    Some(format!(
                        "{part} {target:.60} (matrix {with_matrix}, slashes {with_slashes}): {difference:.200}"
                    ))
                })
                .collect();
            match (is_named, differing.is_empty()) {
                (false, _) => failures.extend(differing),
                (true, true) => failures.push(format!("{part} is named, and nothing differs")),
                (true, false) => {}
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// True if a part of a text stands in a deviation of a group or of its APIs.
pub(super) fn names(report: &Value, part: &str) -> bool {
    let lists = report["apis"].as_array().into_iter().flatten().chain([report]);
    let mut deviations = lists.flat_map(|one| one["deviations"].as_array().into_iter().flatten());
    deviations.any(|one| one["detail"].as_str().is_some_and(|detail| detail.contains(part)))
}

#[test]
fn envoy_answers_raw_targets_as_its_report_says() {
    answers_raw_targets(EngineKind::Envoy);
}

#[test]
fn nginx_answers_raw_targets_as_its_report_says() {
    answers_raw_targets(EngineKind::Nginx);
}

#[test]
fn haproxy_answers_raw_targets_as_its_report_says() {
    answers_raw_targets(EngineKind::Haproxy);
}

/// Two groups of one host, of which one lets encoded slashes through.
fn keeps_encoded_slashes_to_their_group(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let sandbox = Sandbox::empty();
    sandbox.run("init").expect_exit(0);
    sandbox.write("new.yaml", DEFINITION);
    for (group, forwarding) in [("open", "forwarding: {encoded_slashes: true}\n"), ("closed", "")] {
        sandbox.run(&format!("group import {group} new.yaml")).expect_exit(0);
        let settings = sandbox.read(&format!("groups/{group}/group.yaml"));
        let own = format!("{settings}\nvalidate_requests: false\ndomains: [shop.example.com]\n{forwarding}");
        sandbox.write(&format!("groups/{group}/group.yaml"), &own);
        sandbox.run(&format!("publish {group} --env online --mock --yes")).expect_exit(0);
    }
    let serving = Serving::start_with(&sandbox, "serve --env online --listen 127.0.0.1:0");
    let address = free_address();
    let words = format!("export {} --env online --out {0} --listen {address}", kind.target());
    sandbox.run(&words).expect_exit(0);
    let engine = Engine::start_at(&sandbox, kind, address);
    let mut differing = Vec::new();
    for group in ["/open", "/closed"] {
        for path in
            ["/items", "/items/a", "/items/a%2Fb", "/items/..%2Fb", "/items/a%2Fb/c", "/files/a%2Fb", "/no%2Fa", "%2F"]
        {
            let target = format!("{group}{path}");
            let head = TestRequest::new("GET", &target, "shop.example.com", &[]).head;
            let [ours, theirs] = [&serving.address, &engine.address].map(|address| send(address, &head).status);
            if ours != theirs {
                differing.push(format!("{target}: {ours} is {theirs}"));
            }
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn envoy_keeps_encoded_slashes_to_their_group() {
    keeps_encoded_slashes_to_their_group(EngineKind::Envoy);
}

#[test]
fn nginx_keeps_encoded_slashes_to_their_group() {
    keeps_encoded_slashes_to_their_group(EngineKind::Nginx);
}

#[test]
fn haproxy_keeps_encoded_slashes_to_their_group() {
    keeps_encoded_slashes_to_their_group(EngineKind::Haproxy);
}
