//! Parameters of paths that choose a backend, make up the path there, or end where a semicolon is.

use serde_json::{Value, json};

use super::differences;
use super::engine::EngineKind;
use super::forwarding::start_backend;
use super::limits::{HOST, MOCK, definition_of, published};
use super::requests::TestRequest;
use crate::harness::Sandbox;

/// Writes a parameter of a path with further fields.
fn parameter(name: &str, more: &Value) -> Value {
    let mut parameter = json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}});
    if let (Some(parameter), Value::Object(more)) = (parameter.as_object_mut(), more.clone()) {
        parameter.extend(more);
    }
    parameter
}

fn api(id: &str, parameters: &[Value]) -> Value {
    json!({"operationId": id, "parameters": parameters, "responses": {"200": {"description": "d"}}})
}

fn workspace(forwarding: &str, paths: &Value) -> Sandbox {
    let settings = format!("{MOCK}backend: http://{}/public\nforwarding: {forwarding}\n", start_backend());
    published(&settings, &definition_of(paths))
}

/// Expects that the engine answers requests for some paths as the gateway does.
fn expect_alike(sandbox: &Sandbox, kind: EngineKind, targets: &[&str]) {
    let request = |target: &&str| {
        let (method, path) = target.split_once(' ').unwrap_or(("GET", target));
        TestRequest::new(method, &format!("/shop{path}"), HOST, &[])
    };
    let requests: Vec<TestRequest> = targets.iter().map(request).collect();
    let found = differences(sandbox, kind, &requests);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// A rule of the group by a parameter is none for its other APIs: each has the backend of the group.
fn sends_others_to_the_usual_backend(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let tenant = || parameter("tenant", &json!({}));
    let label = parameter("tenant", &json!({"style": "label"}));
    let below = json!({"x-apigw-match": "prefix", "get": api("below", &[tenant()])});
    let paths = json!({
        "/t/{tenant}": {"get": api("one", &[tenant()])},
        "/o/{id}": {"get": api("other", &[parameter("id", &json!({}))])},
        "/health": {"get": api("health", &[])},
        "/b/{tenant}/": below,
        "/l/{tenant}": {"get": api("label", &[label])},
    });
    let backend = format!("backend: 'http://{}/acme'", start_backend());
    let any = format!("backend: 'http://{}/any'", start_backend());
    let rule = format!("{{when: path.tenant, equals: [acme, a b, .acme], {backend}}}");
    let of_api = format!(
        "{{other: {{routes: [{{when: path.nope, {any}}}]}}, label: {{routes: [{{when: path.tenant, {any}}}]}}}}"
    );
    let sandbox = workspace(&format!("{{routes: [{rule}], apis: {of_api}}}"), &paths);
    let targets = [
        "/t/acme",
        "/t/other",
        "/t/a%20b",
        "/o/1",
        "/o/acme",
        "/health",
        "/b/acme",
        "/b/acme/x",
        "/b/other/x",
        "/b/acme/",
        "/l/.acme",
        "/l/.x",
    ];
    expect_alike(&sandbox, kind, &targets);
}

/// Each path that reaches a backend is the one that the settings make.
fn rewrites_each_path_of_parameters_side_by_side(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let string = |name: &str| parameter(name, &json!({}));
    let integer = |name: &str| parameter(name, &json!({"schema": {"type": "integer"}}));
    let paths = json!({
        "/s/{kind}{id}/{part}": {"get": api("split", &[string("kind"), integer("id"), string("part")])},
        "/plain/{a}{b}/{c}": {"get": api("plain", &[string("a"), string("b"), string("c")])},
        "/kept/{a}{b}": {"get": api("kept", &[string("a"), integer("b")])},
    });
    let own = "{split: {path: '/objects/{kind}/{id}/{part}'}, plain: {path: '/{c}'}}";
    let sandbox = workspace(&format!("{{apis: {own}}}"), &paths);
    let targets = [
        "/s/pet5/name",
        "/s/pet-5/name",
        "/s/5/x",
        "/s/a5/x",
        "/s/-5/x",
        "/s/a--/x",
        "/plain/ab/c",
        "/plain/a/c",
        "/plain/a%C3%A9/c",
        "/kept/ab",
        "/kept/a",
        "/kept/a5",
        "/kept/%20",
    ];
    expect_alike(&sandbox, kind, &targets);
    // Those that the gateway splits by no type are refused.
    let engine = super::engine::Engine::start(&sandbox, kind);
    let long = format!("/s/{}5/x", "a".repeat(200));
    for target in ["/s/admin/users", "/s/a%205/x", &*long] {
        let head = TestRequest::new("GET", &format!("/shop{target}"), HOST, &[]).head;
        assert_eq!(super::client::send(&engine.address, &head).status, "400", "{target}");
    }
}

/// A path that is another one without its semicolons is refused where that one has APIs.
fn refuses_a_path_that_leads_elsewhere_without_its_semicolons(kind: EngineKind) {
    if !kind.is_there() {
        return;
    }
    let matrix = |name: &str| parameter(name, &json!({"style": "matrix"}));
    let string = |name: &str| parameter(name, &json!({}));
    let paths = json!({
        "/users{id}": {"get": api("one", &[matrix("id")]), "delete": api("remove", &[matrix("id")])},
        "/users": {"get": api("all", &[])},
        "/m{x}": {"get": api("m", &[matrix("x")])},
        "/alone/m{x}": {"get": api("alone", &[matrix("x")])},
        "/some{x}/{y}": {"get": api("some", &[matrix("x"), string("y")])},
        "/some/special": {"get": api("special", &[])},
        "/whole/{x}": {"get": api("whole", &[matrix("x")])},
        "/both{x}/{y}/z{z}": {"get": api("both", &[matrix("x"), string("y"), matrix("z")])},
        "/both/{y}/z": {"get": api("none", &[string("y")])},
        "/run/{a}{b}": {"get": api("run", &[string("a"), matrix("b")])},
        "/below/v{x}": {"get": api("below", &[matrix("x")])},
        "/below": {"x-apigw-match": "prefix", "get": api("prefix", &[])},
        "/{x}": {"get": api("any", &[string("x")])},
    });
    let sandbox = workspace("{}", &paths);
    let targets = [
        "/users",
        "/users;id=5",
        "/users;id",
        "DELETE /users;id=5",
        "OPTIONS /users;id=5",
        "PUT /users;id=5",
        "/m;x=1",
        "/m;x",
        "/alone/m;x=1",
        "/alone/m;x",
        "/some;x=1/a",
        "/some;x=1/special",
        "/whole/;x=1",
        "/both;x=1/a/z;z=2",
        "/both/a/z",
        "/run/a;b=1",
        "/below/v;x=1",
        "/below/v",
        "/below/w/x",
        "/n",
    ];
    expect_alike(&sandbox, kind, &targets);
}

#[test]
fn envoy_sends_others_to_the_usual_backend() {
    sends_others_to_the_usual_backend(EngineKind::Envoy);
}

#[test]
fn nginx_sends_others_to_the_usual_backend() {
    sends_others_to_the_usual_backend(EngineKind::Nginx);
}

#[test]
fn haproxy_sends_others_to_the_usual_backend() {
    sends_others_to_the_usual_backend(EngineKind::Haproxy);
}

#[test]
fn envoy_rewrites_each_path_of_parameters_side_by_side() {
    rewrites_each_path_of_parameters_side_by_side(EngineKind::Envoy);
}

#[test]
fn nginx_rewrites_each_path_of_parameters_side_by_side() {
    rewrites_each_path_of_parameters_side_by_side(EngineKind::Nginx);
}

#[test]
fn haproxy_rewrites_each_path_of_parameters_side_by_side() {
    rewrites_each_path_of_parameters_side_by_side(EngineKind::Haproxy);
}

#[test]
fn envoy_refuses_a_path_that_leads_elsewhere_without_its_semicolons() {
    refuses_a_path_that_leads_elsewhere_without_its_semicolons(EngineKind::Envoy);
}

#[test]
fn nginx_refuses_a_path_that_leads_elsewhere_without_its_semicolons() {
    refuses_a_path_that_leads_elsewhere_without_its_semicolons(EngineKind::Nginx);
}

#[test]
fn haproxy_refuses_a_path_that_leads_elsewhere_without_its_semicolons() {
    refuses_a_path_that_leads_elsewhere_without_its_semicolons(EngineKind::Haproxy);
}

/// No expression tells which text is a parameter's: the export has to be allowed by name.
#[test]
fn a_rule_by_a_parameter_without_a_text_of_its_own_is_lost() {
    let backend = format!("backend: 'http://{}'", start_backend());
    let string = |name: &str| parameter(name, &json!({}));
    for path in ["/a/{tenant}{id}", "/a/{tenant}-{id}", "/a?x={tenant}"] {
        let paths = json!({path: {"get": api("one", &[string("tenant"), string("id")])}});
        let sandbox = workspace(&format!("{{routes: [{{when: path.tenant, {backend}}}]}}"), &paths);
        for target in ["envoy", "nginx", "haproxy", "gateway-api", "kong"] {
            let words = format!("export {target} --env test --out {target}");
            let refused = sandbox.run(&words).expect_exit(5);
            refused.expect_stderr("chooses no other backend").expect_stderr("--allow-loss ");
        }
    }
}
