//! "Try it" in a browser: the form of an operation sends what a client would, with the credentials that a reader types.
//!
//! It needs node, Chromium, and a folder with `playwright-core`, which a variable names; `.ci/run` has them.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::engines::start_backend;
use crate::harness::Sandbox;
use crate::issuer::{ISSUER, Issuer};
use crate::serving::Serving;
use crate::tools::{has_tool, named_by};

/// A definition whose form must send a list, objects, texts that look like lists, a number that no double holds, and
/// reserved characters.
const STYLES: &str = "openapi: 3.1.0\ninfo: {title: Styles, version: '1'}\npaths:\n  /s/{lbl}:\n    get:\n      parameters:\n\
    \x20       - {name: lbl, in: path, required: true, style: label, explode: true, schema: {type: array}, example: [a, 'b,c']}\n\
    \x20       - {name: deep, in: query, required: true, style: deepObject, schema: {type: object}, example: {a: 1, b: [2, 3], c: {d: 4}}}\n\
    \x20       - {name: whole, in: query, required: true, content: {application/json: {schema: {type: object}, example: {a: true}}}}\n\
    \x20       - {name: text, in: query, required: true, schema: {type: string}, example: '[1,2]'}\n\
    \x20       - {name: big, in: query, required: true, explode: false, schema: {type: array}, example: [9007199254740993]}\n\
    \x20       - {name: res, in: query, required: true, allowReserved: true, schema: {type: string}, example: 'a/b?c,d=e&f'}\n\
    \x20     responses: {'204': {description: d}}\n";

/// The end of the address to which its form sends.
const STYLED: &str = "/styles/s/.a.b%2Cc?deep%5Ba%5D=1&deep%5Bb%5D=2&deep%5Bb%5D=3&deep%5Bc%5D%5Bd%5D=4&whole=%7B%22a%22%3Atrue%7D\
                      &text=%5B1%2C2%5D&big=9007199254740993&res=a/b?c,d%3De%26f";

/// Sends the first operation of each page with keys, in a browser. Returns the address of each request, what the page
/// shows of the response, and what the page stored.
fn try_pages(modules: &std::ffi::OsStr, pages: &Value) -> Vec<[String; 3]> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages/try.mjs");
    let output = Command::new("node").arg(script).arg(modules).arg(pages.to_string()).output().expect("node runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_form_sends_what_a_client_would_with_the_keys_that_are_typed() {
    const SUBJECT: &str = "forms in a browser";
    if !has_tool("node", SUBJECT) || !has_tool("chromium", SUBJECT) {
        return;
    }
    let Some(modules) = named_by("APIGW_BROWSER_MODULES", "forms in a browser with playwright-core") else { return };
    let (sandbox, outside, issuer) = (Sandbox::petstore(), Sandbox::empty(), Issuer::new());
    sandbox.write("keys/jwks/id.json", &issuer.key_set());
    sandbox.write("styles.yaml", STYLES);
    sandbox.run("group import styles styles.yaml").expect_exit(0);
    sandbox.run("publish styles --env test --mock").expect_exit(0);
    let backend = start_backend();
    let token = format!("auth={{token: {{issuer: '{ISSUER}', audience: pets, jwks: id.json}}}}");
    for (group, auth) in
        [("subscribed", "auth=subscription"), ("bearing", token.as_str()), ("signed", "auth=signature")]
    {
        sandbox.run(&format!("group import {group} groups/petstore/openapi.yaml")).expect_exit(0);
        sandbox.run_words(&["group", "set", group, auth]).expect_exit(0);
        sandbox.run(&format!("publish {group} --env test --backend http://{backend}")).expect_exit(0);
    }
    let file = outside.path().join("subscriber");
    sandbox.run(&format!("key create subscriber --kind subscription --to {}", file.display())).expect_exit(0);
    sandbox.run(&format!("key create robot --kind token --issuer {ISSUER} --subject robot")).expect_exit(0);
    sandbox.run("access grant subscriber subscribed --env test").expect_exit(0);
    sandbox.run("access grant robot bearing --env test").expect_exit(0);
    let serving = Serving::start_with(&sandbox, "serve --env test --listen 127.0.0.1:0 --docs 127.0.0.1:0");
    let page = |group: &str| format!("http://{}/test/{group}/index.html", serving.documents());
    let (key, token) = (outside.read("subscriber").trim().to_owned(), issuer.token("pets"));
    let [styled, unsubscribed, subscribed, other, bearing] = try_pages(
        &modules,
        &json!([
            {"page": page("styles"), "keys": {}},
            {"page": page("subscribed"), "keys": {}},
            {"page": page("subscribed"), "keys": {"jdcloud-apim-subscription-key": key}},
            {"page": page("bearing"), "keys": {"gateway_token": issuer.token("others")}},
            {"page": page("bearing"), "keys": {"gateway_token": token}},
        ]),
    )
    .try_into()
    .expect("each page");
    assert!(styled[0].ends_with(STYLED) && styled[1].starts_with("204"), "{styled:?}");
    for refused in [unsubscribed, other] {
        assert!(refused[1].starts_with("401"), "{refused:?}");
    }
    for (name, [url, shown, stored]) in [("subscriber", subscribed), ("robot", bearing)] {
        assert!(shown.starts_with("200") && shown.contains(&format!("\"x-apigw-key\": \"{name}\"")), "{shown}");
        let is_told = |text: &str| text.contains(&key) || text.contains(&token);
        assert!(!is_told(&url) && !is_told(&stored) && !is_told(&shown), "{url} {stored} {shown}");
    }
    // The page cannot sign: it says so, and has no button.
    sandbox.run("docs --env test --out public").expect_exit(0);
    let signed = sandbox.read("public/test/signed/index.html");
    assert!(!signed.contains("data-try>") && signed.contains("Requests must be signed"), "{signed}");
}
