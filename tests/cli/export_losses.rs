//! Texts that are too long for an export: none that is left out opens a thing that the gateway closes.

use serde_json::{Value, json};

use crate::export::SHOP_DEFINITION;
use crate::harness::Sandbox;

const TARGETS: [&str; 5] = ["envoy", "nginx", "haproxy", "gateway-api", "kong"];

/// Settings of a group with a backend, before its `forwarding`.
const SHOP: &str =
    "schema: 1\nversion: \"0.0.1\"\nprefix: /shop\nvalidate_requests: false\nbackend: http://127.0.0.1:9\n";

fn published(settings: &str, definition: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.run("init").expect_exit(0);
    sandbox.write("groups/shop/group.yaml", settings);
    sandbox.write("groups/shop/openapi.yaml", definition);
    sandbox.run("publish shop --env test").expect_exit(0);
    sandbox
}

/// Makes a definition in which requests to an API would reach a broader one if its path were left out.
fn definition_of(path: &str, parameters: &Value) -> String {
    let responses = json!({"200": {"description": "d"}});
    let files = json!({"x-apigw-match": "prefix", "get": {"operationId": "files", "responses": responses}});
    let long = json!({"get": {"operationId": "longPath", "parameters": parameters, "responses": responses}});
    let paths = json!({"/files": files, path: long});
    format!("{:#}", json!({"openapi": "3.0.3", "info": {"title": "Long", "version": "1"}, "paths": paths}))
}

/// Expects that no target is exported without its loss being allowed by a name.
fn expect_refused(sandbox: &Sandbox, detail: &str, place: &str, loss: &str) {
    for target in TARGETS {
        let words = format!("export {target} --env test --out {target}");
        let refused = sandbox.run(&words).expect_exit(5);
        refused.expect_stderr(detail).expect_stderr(place).expect_stderr("--allow-loss ").expect_stderr(loss);
        assert!(!sandbox.path().join(target).exists(), "{target}");
        // The Gateway API does not rewrite such a path either.
        sandbox.run(&format!("{words} --allow-loss rewrites,{loss}")).expect_exit(0);
    }
}

#[test]
fn requests_to_a_path_that_is_too_long_fall_to_no_broader_one() {
    let own = |settings: &str| {
        let own = format!("backend: 'http://127.0.0.1:8', constants: [{{to: header.X-Role, value: reader}}]{settings}");
        format!("{SHOP}forwarding: {{apis: {{longPath: {{{own}}}}}}}\n")
    };
    let long = definition_of(&format!("/files/{}", "a".repeat(130_000)), &json!([]));
    // The values are in the expression by which the path at the backend is made.
    let values: Vec<String> = (0..20).map(|index| format!("{index}-{}", "v".repeat(7_000))).collect();
    let parameter = |name: &str, schema: Value| json!({"name": name, "in": "path", "required": true, "schema": schema});
    let kind = parameter("kind", json!({"type": "string", "enum": values}));
    let parameters = json!([kind, parameter("id", json!({"type": "integer"}))]);
    let listed = definition_of("/files/{kind}{id}", &parameters);
    for (settings, definition) in [(own(""), long), (own(", path: '/{kind}/{id}'"), listed)] {
        let sandbox = published(&settings, &definition);
        let before = definition.split("\"operationId\": \"longPath\"").next().expect("a text");
        let place = format!("(groups/shop/versions/0.0.1/openapi.yaml:{})", before.lines().count() - 1);
        let detail =
            "longPath: a path, or a rule by which a backend is chosen, that is too long for an expression is left out";
        expect_refused(&sandbox, detail, &place, "routing");
    }
}

#[test]
fn requests_of_a_tenant_with_a_long_name_fall_to_no_usual_backend() {
    let rule = json!({"when": "header.x-tenant", "equals": ["t".repeat(300)], "backend": "http://127.0.0.1:8"});
    let sandbox = published(&format!("{SHOP}forwarding:\n  routes: [{rule}]\n"), SHOP_DEFINITION);
    expect_refused(&sandbox, "over 256 bytes together choose no other backend", "group.yaml:7)", "rewrites");
}

#[test]
fn headers_that_the_gateway_does_not_send_either_are_no_loss() {
    let constants = "forwarding: {constants: [{to: header.x-request-id, value: ''}, {to: header.x_forwarded_user, value: ':$(a'}]}\n";
    let sandbox = published(&format!("{SHOP}{constants}"), SHOP_DEFINITION);
    for target in TARGETS {
        let words = format!("-o json export {target} --env test --out {target}");
        let report = sandbox.run(&words).expect_exit(0).json();
        assert!(!report.to_string().contains("constant"), "{target}: {report:#}");
    }
}

#[test]
fn addresses_over_http_beside_others_over_https_are_named() {
    let backend = SHOP.replace("http://127.0.0.1:9", "https://shop.example");
    for (other, is_named) in [("http://other.example", true), ("https://other.example", false)] {
        let sandbox = published(&format!("{backend}forwarding: {{more_addresses: ['{other}']}}\n"), SHOP_DEFINITION);
        for target in TARGETS {
            let words = format!("-o json export {target} --env test --out {target}");
            let report = sandbox.run(&words).expect_exit(0).json().to_string();
            assert_eq!(report.contains("those of one kind get no request"), is_named, "{target}: {report}");
        }
    }
}

/// Returns the settings of the CORS plugin that Kong gets.
fn cors_of_kong(cors: &Value) -> Option<Value> {
    let sandbox = published(&format!("{SHOP}cors: {cors}\n"), SHOP_DEFINITION);
    sandbox.run("export kong --env test --out kong").expect_exit(0);
    let kong: Value = serde_json::from_str(&sandbox.read("kong/kong.json")).expect("JSON");
    let plugins = kong["services"][0]["routes"][0]["plugins"].as_array().expect("plugins");
    plugins.iter().find(|one| one["name"] == "cors").map(|one| one["config"].clone())
}

#[test]
fn a_list_that_is_left_out_allows_nothing_in_kong() {
    let long = format!("https://{}.example", "n".repeat(600));
    let short = "https://shop.example";
    let headers: Vec<String> = (0..2_000).map(|index| format!("x-header-{index}")).collect();
    // An empty list of origins means all of them.
    assert_eq!(cors_of_kong(&json!({"allow_origins": [long]})), None);
    let cors = json!({"allow_origins": [long, short], "allow_headers": headers});
    let config = cors_of_kong(&cors).expect("a plugin");
    assert_eq!(config["origins"], json!(["https\\://shop\\.example"]));
    // An empty list of headers means those that a page asks for; no page can ask for this one.
    assert_eq!(config["headers"], json!(["host"]));
}

#[test]
fn an_origin_that_is_not_listed_gets_no_credentials_in_kong() {
    let credentials = |origins: &[&str]| {
        let cors = json!({"allow_origins": origins, "allow_credentials": true});
        cors_of_kong(&cors).expect("a plugin")["credentials"].clone()
    };
    assert_eq!(credentials(&["https://shop.example"]), json!(true));
    assert_eq!(credentials(&["https://shop.example", "*"]), json!(false));
}

/// Makes a definition of some paths, each with its methods.
fn definition_of_paths(paths: &[(&str, &[&str])]) -> String {
    let responses = json!({"200": {"description": "d"}});
    let item = |(path, methods): &(&str, &[&str])| {
        let parameters: Vec<Value> = path
            .contains("{id}")
            .then(|| json!({"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}))
            .into_iter()
            .collect();
        let operation = |method: &&str| {
            let id = format!("{method}{}", path.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_"));
            (method.to_string(), json!({"operationId": id, "responses": responses}))
        };
        let mut item: serde_json::Map<String, Value> = methods.iter().map(operation).collect();
        item.insert("parameters".to_owned(), parameters.into());
        ((*path).to_owned(), Value::from(item))
    };
    let paths: serde_json::Map<String, Value> = paths.iter().map(item).collect();
    format!("{:#}", json!({"openapi": "3.0.3", "info": {"title": "Paths", "version": "1"}, "paths": paths}))
}

#[test]
fn requests_of_an_api_reach_no_other_backend_and_no_other_path_of_one() {
    let users: &[(&str, &[&str])] = &[("/users", &["get"]), ("/users/{id}", &["get"])];
    let both = ["gateway-api", "kong"];
    let nginx = ["nginx", "kong"];
    let rule = |when: &str| {
        let rule = json!({"when": when, "equals": ["a"], "backend": "http://127.0.0.1:8"});
        format!("{SHOP}forwarding: {{routes: [{rule}]}}\n")
    };
    let own = |path: &str| format!("{SHOP}forwarding: {{apis: {{get_users__id_: {{path: '{path}'}}}}}}\n");
    let base = |base: &str| SHOP.replace("127.0.0.1:9", &format!("127.0.0.1:9{base}"));
    let queries: &[(&str, &[&str])] = &[("/users?kind=a", &["get"]), ("/users", &["get"])];
    for (settings, paths, detail, loss, targets) in [
        (rule("header.x-tenant"), users, "all requests go to the usual backend", "rewrites", &both[1..]),
        (rule("header.x_tenant"), users, "rewrites", "rewrites", &nginx[..]),
        (rule("query.tenant"), users, "backend", "rewrites", &both[..]),
        (SHOP.to_owned(), queries, "an API told apart by query or style is left out", "routing", &both[..]),
        (own("/of/{id}"), users, "a path with parameters is not rewritten", "rewrites", &both[..1]),
        (own("/of/all"), users, "", "", &both[..0]),
        (base("/tenants/7"), users, "not put below the base path", "rewrites", &both[..1]),
        (base("/tenants/7"), &users[..1], "", "", &both[..0]),
        (base("/tenants/$7"), &users[..1], "", "", &both[..0]),
        (base("/tenants/$(7)"), &users[..1], "a path at the backend with `$(`", "rewrites", &both[1..]),
    ] {
        let sandbox = published(&settings, &definition_of_paths(paths));
        for target in TARGETS {
            let words = format!("export {target} --env test --out {target}");
            if targets.contains(&target) {
                let refused = sandbox.run(&words).expect_exit(5);
                refused.expect_stderr(detail).expect_stderr(&format!("--allow-loss {loss}"));
                assert!(!sandbox.path().join(target).exists(), "{target}");
                sandbox.run(&format!("{words} --allow-loss {loss}")).expect_exit(0);
            } else {
                sandbox.run(&words).expect_exit(0);
            }
        }
    }
}

#[test]
fn a_method_that_a_path_lacks_reaches_no_wider_path() {
    let paths: &[(&str, &[&str])] = &[
        ("/users/me", &["get"]),
        ("/users/{id}", &["get", "delete", "post"]),
        ("/users/{id}/notes", &["put"]),
        ("/orders", &["put"]),
    ];
    let sandbox = published(SHOP, &definition_of_paths(paths));
    for (target, allowed) in [("gateway-api", " --allow-loss routing"), ("kong", "")] {
        sandbox.run(&format!("export {target} --env test --out {target}{allowed}")).expect_exit(0);
    }
    let kong: Value = serde_json::from_str(&sandbox.read("kong/kong.json")).expect("JSON");
    let routes = kong["services"].as_array().expect("services").iter().map(|service| &service["routes"][0]);
    let ends = |route: &&Value| route["plugins"][0]["name"] == "request-termination";
    let (refusing, serving): (Vec<&Value>, Vec<&Value>) = routes.partition(ends);
    assert_eq!(refusing.len(), 1, "{kong:#}");
    assert_eq!(refusing[0]["methods"], json!(["POST", "DELETE"]));
    assert_eq!(refusing[0]["plugins"][0]["config"]["status_code"], 405);
    let same = serving.iter().find(|route| route["paths"] == refusing[0]["paths"]).expect("the API of the path");
    assert_eq!((&same["methods"], &same["regex_priority"]), (&json!(["GET", "HEAD"]), &refusing[0]["regex_priority"]));
    let resources: Value = serde_json::from_str(&sandbox.read("gateway-api/30-routes.json")).expect("JSON");
    let rules = resources["items"][0]["spec"]["rules"].as_array().expect("rules");
    let closed: Vec<&Value> = rules.iter().filter(|rule| rule.get("backendRefs").is_none()).collect();
    let path = json!({"type": "Exact", "value": "/shop/users/me"});
    let matches = json!([{"path": path, "method": "POST"}, {"path": path, "method": "DELETE"}]);
    assert_eq!(closed, [&json!({"matches": matches})]);
}

#[test]
fn kong_verifies_the_certificates_of_backends() {
    let sandbox = published(&SHOP.replace("http:", "https:"), SHOP_DEFINITION);
    sandbox.run("export kong --env test --out kong").expect_exit(0);
    let kong: Value = serde_json::from_str(&sandbox.read("kong/kong.json")).expect("JSON");
    assert_eq!(kong["services"][0]["tls_verify"], true);
}

#[test]
fn preflights_reach_the_plugin_of_kong() {
    let cors = "cors: {allow_origins: ['https://shop.example']}\n";
    let sandbox = published(&format!("{SHOP}{cors}"), &definition_of_paths(&[("/users", &["get"])]));
    sandbox.run("export kong --env test --out kong").expect_exit(0);
    let kong: Value = serde_json::from_str(&sandbox.read("kong/kong.json")).expect("JSON");
    let routes = kong["services"].as_array().expect("services").iter().map(|service| &service["routes"][0]);
    let options: Vec<&Value> = routes.filter(|route| route["methods"] == json!(["OPTIONS"])).collect();
    let names = options[0]["plugins"].as_array().expect("plugins").iter().map(|plugin| plugin["name"].clone());
    assert_eq!((options.len(), names.collect::<Vec<_>>()), (1, vec![json!("cors"), json!("request-termination")]));
}

#[test]
fn kong_takes_no_part_of_a_name_for_a_value() {
    let settings = format!("{SHOP}forwarding: {{constants: [{{to: 'query.role:x', value: reader}}]}}\n");
    let sandbox = published(&settings, SHOP_DEFINITION);
    sandbox.run("export kong --env test --out kong").expect_exit(5).expect_stderr("whose name has one");
    sandbox.run("export kong --env test --out kong --allow-loss rewrites").expect_exit(0);
    let kong: Value = serde_json::from_str(&sandbox.read("kong/kong.json")).expect("JSON");
    let plugins = kong["services"][0]["routes"][0]["plugins"].as_array().expect("plugins");
    let config = &plugins.iter().find(|one| one["name"] == "request-transformer").expect("changes")["config"];
    assert_eq!(config["remove"]["querystring"], json!(["role:x"]));
    assert_eq!(config["add"]["querystring"], json!([]));
}

#[test]
fn backends_that_read_alike_have_services_of_their_own() {
    let hosts = ["a.b.example", "a-b.example", "A.B.example"];
    let long = "l".repeat(50);
    let rules = hosts.iter().map(ToString::to_string).chain(["1", "2"].map(|end| format!("{long}{end}.example")));
    let rules: Vec<Value> = rules
        .enumerate()
        .map(|(index, host)| json!({"when": format!("header.x-{index}"), "backend": format!("http://{host}")}))
        .collect();
    let settings = format!("{SHOP}forwarding: {{routes: {}}}\n", Value::from(rules));
    let sandbox = published(&settings, SHOP_DEFINITION);
    sandbox.write("groups/other/group.yaml", &SHOP.replace("/shop", "/other"));
    sandbox.write("groups/other/openapi.yaml", SHOP_DEFINITION);
    sandbox.run("publish other --env test").expect_exit(0);
    sandbox.run("export gateway-api --env test --out out").expect_exit(0);
    let names = |file: &str| {
        let list: Value = serde_json::from_str(&sandbox.read(file)).expect("JSON");
        let items = list["items"].as_array().expect("items").clone();
        items.iter().map(|item| item["metadata"]["name"].to_string()).collect::<Vec<_>>()
    };
    let services: std::collections::BTreeSet<String> = names("out/20-services.json").into_iter().collect();
    assert_eq!(services.len(), 5 + 1, "{services:?}");
    assert!(services.iter().all(|name| name.len() <= 63 + 2));
}

#[test]
fn the_name_of_a_callers_key_chooses_a_backend_behind_the_gateway_alone() {
    let route = "forwarding: {routes: [{when: header.x-apigw-key, equals: [acme], backend: 'http://127.0.0.1:8'}]}\n";
    let open = published(&format!("{SHOP}{route}"), SHOP_DEFINITION);
    // Nobody has a key there, and a caller's own claim is none.
    open.run("export haproxy --env test --out haproxy").expect_exit(0);
    let keys = published(&format!("{SHOP}auth: subscription\n{route}"), SHOP_DEFINITION);
    for target in ["envoy", "haproxy"] {
        let words = format!("export {target} --env test --out {target}");
        let refused = keys.run(&words).expect_exit(5).expect_stderr("choose no other backend");
        refused.expect_stderr("--allow-loss rewrites");
        keys.run(&format!("{words} --allow-loss rewrites")).expect_exit(0);
    }
}

#[test]
fn envoys_own_headers_choose_no_backend_there() {
    let route = "forwarding: {routes: [{when: header.X-Envoy-External-Address, backend: 'http://127.0.0.1:8'}]}\n";
    let sandbox = published(&format!("{SHOP}{route}"), SHOP_DEFINITION);
    sandbox.run("export nginx --env test --out nginx").expect_exit(0);
    let words = "export envoy --env test --out envoy";
    let refused = sandbox.run(words).expect_exit(5).expect_stderr("`X-Envoy-…` chooses a backend by Envoy's own value");
    refused.expect_stderr("--allow-loss rewrites");
}

#[test]
fn the_report_on_haproxy_names_the_trailers_that_it_passes_on() {
    let sandbox = published(SHOP, SHOP_DEFINITION);
    let report = sandbox.run("export haproxy --env test --out haproxy").expect_exit(0);
    report.expect_stdout("trailers of a request reach a backend as they came");
}
