//! Documents tell callers all that concerns them, and nothing that lies behind the gateway.

use crate::docs::documented;
use crate::harness::Sandbox;

/// A definition with a note of its owners wherever one can stand.
const NOTED: &str = r##"
openapi: 3.1.0
info: {title: T, version: "1", contact: {name: c, x-team: insider-N}}
servers: [{url: "http://insider-N.internal/x"}]
tags: [{name: t, x-owner: insider-N, externalDocs: {url: "https://example.com", x-owner: insider-N}}]
paths:
  /a:
    servers: [{url: "http://insider-N.internal"}]
    get:
      operationId: a
      tags: [t]
      x-amazon-apigateway-integration: {uri: "http://insider-N.internal/a"}
      x-internal-owner: insider-N
      x-apigw-mock: {status: 200, body: {day: "DATE"}}
      x-sunset: "DATE"
      servers: [{url: "http://insider-N.internal"}]
      externalDocs: {url: "https://example.com", x-owner: insider-N}
      security: [{oauth: []}]
      parameters: [{name: q, in: query, x-db: insider-N, examples: {e: {value: v, x-db: insider-N}}, schema: {type: string, x-db: insider-N, $comment: insider-N}}]
      responses:
        "200": {description: ok, x-cache: insider-N, content: {application/json: {schema: {$ref: "#/components/schemas/S"}}}, links: {n: {operationId: a, server: {url: "http://insider-N.internal"}}}}
components:
  securitySchemes: {oauth: {type: oauth2, flows: {clientCredentials: {tokenUrl: "https://example.com/", scopes: {}, x-owner: insider-N}}}}
  schemas: {S: {type: object, x-table: insider-N, $comment: insider-N, xml: {name: s, x-db: insider-N}, externalDocs: {url: "https://example.com", x-db: insider-N}, properties: {p: {type: string, x-col: insider-N}}}}
"##;

#[test]
fn changes_tell_nothing_that_the_definition_for_callers_leaves_out() {
    let sandbox = Sandbox::petstore();
    let noted = |name: &str, date: &str| NOTED.replace("insider-N", &format!("insider-{name}")).replace("DATE", date);
    sandbox.write("noted.yaml", &noted("one", "2030-01-01"));
    sandbox.run("group import noted noted.yaml").expect_exit(0);
    sandbox.run("publish noted --env test --mock").expect_exit(0);
    sandbox.write("groups/noted/openapi.yaml", &noted("two", "2031-01-01"));
    sandbox.run("publish noted --env test --mock --bump minor").expect_exit(0);
    sandbox.run("docs noted --env test --out public").expect_exit(0);
    for page in ["changes.html", "changes.md", "changes.atom", "index.html", "llms.txt", "openapi.yaml"] {
        let text = sandbox.read(&format!("public/test/noted/{page}"));
        assert!(!text.contains("insider-"), "{page}: {text}");
    }
    let changes = sandbox.read("public/test/noted/changes.md");
    for expected in ["GET /a: the mock response changed", "the tags changed", "x-sunset was \"2030-01-01\" and is"] {
        assert!(changes.contains(expected), "{expected}: {changes}");
    }
    // The owners see all of it.
    let own = sandbox.run("diff noted@0.0.1 noted@0.1.0").stdout;
    assert!(own.contains("the servers were") && own.contains("insider-two"), "{own}");
}

#[test]
fn a_backend_in_place_of_a_mock_is_a_change_for_callers() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("groups/petstore/group.yaml").replace("auth: none", "auth: subscription");
    sandbox.write("groups/petstore/group.yaml", &settings);
    let pages = || {
        sandbox.run("docs --env test --out public").expect_exit(0);
        ["md", "atom"].map(|name| sandbox.read(&format!("public/test/petstore/changes.{name}")))
    };
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    sandbox.run("publish petstore --env test --backend http://127.0.0.1:1 -y").expect_exit(0);
    let [changes, feed] = pages();
    let expected = "### Callers may break\n\n- a real backend responds, no longer a mock: callers need a subscription key in the header";
    assert!(changes.contains(expected), "{changes}");
    assert!(feed.contains("<title>0.0.1: 1 breaking</title>"), "{feed}");
    sandbox.run("publish petstore --env test --mock -y").expect_exit(0);
    let [changes, _] = pages();
    assert!(changes.contains("- mock responses of the definition in place of a real backend's"), "{changes}");
}

#[test]
fn a_key_in_another_header_is_told_with_its_name() {
    let sandbox = Sandbox::petstore();
    let settings = sandbox.read("groups/petstore/group.yaml");
    for (header, bump) in [("x-key-1", ""), ("x-key-2", " --bump minor")] {
        let auth = format!("auth: {{subscription: {{headers: [{header}]}}}}");
        sandbox.write("groups/petstore/group.yaml", &settings.replace("auth: none", &auth));
        sandbox.run(&format!("publish petstore --env test --backend http://127.0.0.1:1 -y{bump}")).expect_exit(0);
    }
    sandbox.run("docs --env test --out public").expect_exit(0);
    let changes = sandbox.read("public/test/petstore/changes.md");
    assert!(changes.contains("the header of the key was x-key-1 and is x-key-2"), "{changes}");
}

#[test]
fn programs_that_read_are_told_what_is_no_longer_live() {
    let sandbox = documented();
    let read = |path: &str| sandbox.read(&format!("public/test/petstore/{path}"));
    let is_live = |path: &str| {
        let definition: serde_json::Value = serde_json::from_str(&read(path)).expect("JSON");
        definition["x-apigw-release"]["live"].clone()
    };
    let past = read("0.0.1/llms.txt");
    assert!(past.contains("which was live in test and is no longer. [0.1.0 is live now](../llms.txt)."), "{past}");
    assert!(read("llms.txt").contains("Version 0.1.0 of petstore, as it is in test.\n"));
    assert_eq!((is_live("openapi.json"), is_live("0.0.1/openapi.json")), (true.into(), false.into()));
    sandbox.run("offline petstore --env test").expect_exit(0);
    sandbox.run("docs --all --out public").expect_exit(0);
    let index = read("llms.txt");
    assert!(
        index.contains("Nothing of it is live there now.") && index.contains("Access while it was live:"),
        "{index}"
    );
    assert!(read("operations/op-listPets.md").contains("Not live now.\n"));
    assert_eq!(is_live("openapi.json"), false);
    let page = read("index.html");
    for told in ["Anyone may call", "<dt>Answers</dt>", "<dt>Access</dt>"] {
        assert!(!page.contains(told), "{told}: {page}");
    }
}
