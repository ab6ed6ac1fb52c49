use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::model::{Deployment, DeploymentState, Release, Timestamp};

const DEFINITION: &str = r"
openapi: 3.1.0
info: {title: t, version: '1'}
components: {securitySchemes: {k: {type: apiKey, in: header, name: X-Own}, b: {type: http, scheme: Basic}}}
paths:
  /pets:
    get:
      operationId: listPets
      security: [{k: []}, {b: []}]
      responses:
        '200': {description: d, content: {application/json: {examples: {one: {value: [1]}, two: {value: []}}}}}
        '404': {description: d, content: {application/json: {example: {error: none}}}}
  /compare/{base}...{head}:
    get:
      operationId: compare
      x-apigw-websocket: true
      parameters:
        - {name: base, in: path, required: true, schema: {type: integer}}
        - {name: head, in: path, required: true, style: matrix, schema: {type: string, format: password}}
      responses: {'204': {description: d}}
  /files/{rest}:
    x-apigw-match: prefix
    post: {operationId: upload, responses: {}}
  /broken/{a: {get: {responses: {}}}
";

fn backend(address: &str) -> Backend {
    let variables = [("ZONE".to_owned(), "eu".to_owned())].into();
    Backend::Http { url: address.parse().expect("an address"), variables }
}

/// Makes the routes of a group with these settings, like a gateway does.
fn routes(backend: Backend, more: &str, definition: &str) -> Result<GroupRoutes, RouteError> {
    let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| Arc::from(definition.as_bytes())));
    let definition = Arc::new(crate::definition::read("pets", &mut fetch).definition.expect("a definition"));
    let settings = format!("schema: 1\nversion: \"0.0.1\"\nprefix: /v1\n{more}");
    let content = GroupContent {
        settings: Arc::new(serde_yaml::from_str(&settings).expect("settings")),
        definition: Arc::clone(&definition).into(),
        tls_files: Arc::default(),
    };
    let digest = Digest::of(b"");
    let version = "0.0.1".parse().expect("a version");
    let since = Timestamp::from_milliseconds(0);
    let group = GroupSnapshot {
        name: "pets".parse().expect("a name"),
        deployment: Deployment {
            release: Release { state: DeploymentState::Live, version, digest, backend },
            since,
            operation: OperationId::new(since, &digest),
        },
        content: None,
    };
    build(&"online".parse().expect("a name"), &group, &content, &definition, &DomainName::local())
}

fn printed(routes: &GroupRoutes) -> Value {
    serde_json::to_value(routes).expect("JSON")
}

#[test]
fn a_mock_has_its_responses_and_what_asks_for_each() {
    let more = "domains: [api.example.com]\nmax_body_kib: 2\nmock: {check_security: true}\nauth: signature\n";
    let routes = routes(Backend::Mock, more, DEFINITION).expect("routes");
    let shown = printed(&routes);
    assert_eq!(shown["hosts"], json!({"secondary": "pets.online.apigw.localhost", "custom": ["api.example.com"]}));
    assert_eq!(shown["forward"], Value::Null);
    let list = &shown["routes"][0];
    assert_eq!(
        list["access"],
        json!({"type": "presence", "any_of": [[{"header": "X-Own"}], [{"authorization": "basic"}]]})
    );
    assert_eq!(list["limits"], json!({"body_bytes": 2048}));
    assert_eq!(list["validation"], json!({"requests": true, "responses": "off"}));
    let responses = list["responder"]["mock"]["responses"].as_array().expect("a list");
    let asked: Vec<(&Value, &Value)> =
        responses.iter().map(|response| (&response["prefer"], &response["body"])).collect();
    assert_eq!(
        asked,
        [
            (&json!("code=200; example=one"), &json!("[1]")),
            (&json!("code=200; example=two"), &json!("[]")),
            (&json!("code=404"), &json!("{\"error\":\"none\"}")),
        ]
    );
    assert_eq!(shown["routes"][1]["access"], json!({"type": "anyone"}), "nothing is declared");
    assert_eq!(
        shown["not_served"],
        json!([{"api": "GET /broken/{a", "reason": "its path has a brace that is not closed"}])
    );
}

#[test]
fn paths_have_several_parameters_in_a_segment_and_prefixes() {
    let routes = routes(Backend::Mock, "", DEFINITION).expect("routes");
    let shown = printed(&routes);
    let compare = &shown["routes"][1]["path"];
    assert_eq!(
        compare["parts"],
        json!([
            {"text": "/compare/"},
            {"parameter": {"name": "base", "lead": "nothing", "texts": "integer"}},
            {"text": "..."},
            {"parameter": {"name": "head", "lead": {"semicolon": {"name": "head", "is_repeated": false}}, "texts": "any"}},
        ])
    );
    assert_eq!((&compare["has_secret"], &compare["is_prefix"]), (&json!(true), &json!(false)));
    assert_eq!(shown["routes"][2]["path"]["is_prefix"], json!(true));
}

#[test]
fn a_backend_has_addresses_rules_and_rewrites_in_order_and_no_secret_is_printed() {
    let more = "auth: signature\nvalidate_responses: fail\nforwarding:
  keep_prefix: true
  retry: false
  more_addresses: ['http://b.${ZONE}.example']
  response_timeout_ms: 7
  tls: {ca: ca.pem}
  parameters: [{from: query.limit, to: header.X-Limit}]
  constants: [{to: header.authorization, value: hush-1}, {to: query.zone, value: eu}, {to: header.x-own, value: hush-2}]
  routes: [{when: header.x-api-key, equals: [hush-3], backend: 'http://c.example'}]
  apis:
    listPets:
      backend: 'https://d.${ZONE}.example/base'
      path: /animals
      routes: [{when: query.beta, backend: 'http://e.example'}]
      constants: [{to: query.my_token, value: hush-4}]
";
    let routes = routes(backend("http://a.example"), more, DEFINITION).expect("routes");
    let shown = printed(&routes);
    let forward = &shown["forward"];
    assert_eq!(forward["upstream"]["targets"], json!(["http://a.example", "http://b.eu.example"]));
    let timeouts = json!({"connect_ms": 5000, "response_ms": 7, "idle_ms": 60000, "websocket_idle_ms": 600_000});
    assert_eq!(forward["timeouts"], timeouts);
    assert_eq!(
        forward["mappings"],
        json!([
            {"move": {"from": "query.limit", "to": "header.x-limit"}},
            {"set": {"to": "header.authorization", "value": "***"}},
            {"set": {"to": "query.zone", "value": "eu"}},
            {"set": {"to": "header.x-own", "value": "***"}},
        ])
    );
    assert_eq!(forward["dynamic"][0]["equals"], json!(["***"]));
    let list = &shown["routes"][0];
    assert_eq!(
        list["access"],
        json!({"type": "key", "signature": {"tolerance_s": 300}, "subscription": null, "token": null, "pass_credentials": false, "unsigned_body": false})
    );
    assert_eq!(list["validation"], json!({"requests": false, "responses": "fail"}));
    let own = &list["responder"]["forward"];
    assert_eq!(own["upstream"]["targets"], json!(["https://d.eu.example/base"]));
    assert_eq!((&own["path"], &own["dynamic"][0]["when"]), (&json!("/animals"), &json!("query.beta")));
    let text = shown.to_string();
    assert!(!text.contains("hush"), "{text}");
    let Responder::Forward(own) = &routes.routes[0].responder else { panic!("a backend") };
    let Some(RequestMapping::Set(constant)) = own.mappings.first() else { panic!("a constant") };
    assert_eq!(constant.value, "hush-4", "a gateway needs it");
}

#[test]
fn settings_that_no_request_could_follow_are_refused() {
    let only_broken = DEFINITION
        .replace("/pets:", "/pets{:")
        .replace("/compare/{base}", "/compare/{base")
        .replace("/files/{rest}", "/files/{rest");
    for (more, definition, expected) in [
        (
            "forwarding: {constants: [{to: header.x-a, value: \"a\\nb\"}]}\n",
            DEFINITION,
            "header.x-a has a value that cannot",
        ),
        (
            "forwarding: {apis: {listPets: {path: v1}}}\n",
            DEFINITION,
            "forwarding.apis.listPets.path must begin with a slash",
        ),
        ("forwarding: {more_addresses: ['http://${GONE}']}\n", DEFINITION, "http://${GONE}: "),
        ("forwarding: {more_addresses: ['ftp://a']}\n", DEFINITION, "its scheme must be http or https"),
        ("", &only_broken, "none of its APIs can be served: of listPets, its path"),
    ] {
        let refused = routes(backend("http://a.example"), more, definition).expect_err("it is refused").to_string();
        assert!(refused.contains(expected), "{more}: {refused}");
    }
}

#[test]
fn a_token_needs_the_scopes_that_the_api_asks_for() {
    let auth = "auth: {token: {issuer: i, audience: a, jwks: i.json}, subscription: {}}\n";
    for (security, expected) in [
        ("[]", json!([])),
        ("[{}]", json!([])),
        ("[{k: []}]", json!([])),
        ("[{o: [read, write]}, {k: []}]", json!([["read", "write"]])),
        ("[{o: [read], k: []}, {b: []}]", json!([["read"], []])),
        ("[{c: [read]}]", json!([["read"]])),
    ] {
        let definition = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\ncomponents: {{securitySchemes: {{k: {{type: apiKey, in: header, \
             name: X-Key}}, o: {{type: oauth2, flows: {{}}}}, b: {{type: http, scheme: Bearer}}, c: {{type: openIdConnect, \
             openIdConnectUrl: 'https://i'}}}}}}\npaths: {{/a: {{get: {{responses: {{}}, security: {security}}}}}}}\n"
        );
        let routes = routes(backend("http://b"), auth, &definition).expect("routes");
        let access = &printed(&routes)["routes"][0]["access"];
        assert_eq!(
            (&access["token"]["scopes"], &access["token"]["audience"]),
            (&expected, &json!(["a"])),
            "{security}"
        );
    }
}

#[test]
fn a_text_that_can_stand_in_no_header_is_in_no_route() {
    let cors = |names: &str| routes(Backend::Mock, &format!("cors: {{allow_origins: ['*'], {names}}}\n"), DEFINITION);
    for field in ["allow_headers", "expose_headers"] {
        let error = cors(&format!("{field}: [\"a\\r\\nX-Evil: 1\"]")).err();
        assert_eq!(error, Some(RouteError::CrossOrigin { text: "a\r\nX-Evil: 1".to_owned() }), "{field}");
        assert!(cors(&format!("{field}: [\"a b\", \"\u{fc}\"]")).is_ok(), "{field}");
    }
    let definition = DEFINITION.replacen("{application/json", "{\"text/plain\\r\\nX-Evil: 1\"", 1);
    let mock = routes(Backend::Mock, "", &definition).expect("routes");
    let Responder::Mock(responses) = &mock.routes[0].responder else { panic!("a mock") };
    assert!(responses.constant().is_none(), "it is the constant one");
    assert_eq!(responses.responses.iter().map(|response| response.status).collect::<Vec<_>>(), [404]);
}
