//! Exports for Kubernetes and for Kong against the schemas of their resources, whatever the settings are.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::golden::{features, workspace_of};
use super::limits::{MOCK, content, definition_of, get};
use crate::harness::Sandbox;
use crate::tools::named_by;

const ALL_LOSSES: &str = "access,ip-rules,limits,validation,cors,rewrites,health,tls,routing";

fn schemas() -> Option<PathBuf> {
    named_by("APIGW_GATEWAY_SCHEMAS", "exports by the schemas of other gateways").map(PathBuf::from)
}

/// Closes the objects of a schema: what it does not name is an error, and not left out in silence.
fn close(schema: &mut Value) {
    if let Some(fields) = schema.as_object_mut() {
        if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
            fields.insert("additionalProperties".to_owned(), false.into());
        }
        fields.values_mut().for_each(close);
    } else if let Some(values) = schema.as_array_mut() {
        values.iter_mut().for_each(close);
    }
}

/// The schemas of the resources of the Gateway API.
struct GatewayApi(BTreeMap<&'static str, jsonschema::Validator>);

impl GatewayApi {
    fn new() -> Option<Self> {
        let folder = schemas()?;
        let validator = |(kind, file): (_, &str)| {
            let text = fs::read_to_string(folder.join("gateway-api").join(file)).expect("a definition of resources");
            let resource: Value = serde_yaml::from_str(&text).expect("YAML");
            let mut schema = resource["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone();
            close(&mut schema["properties"]["spec"]);
            (kind, jsonschema::validator_for(&schema).expect("a schema"))
        };
        Some(Self([("Gateway", "gateways.yaml"), ("HTTPRoute", "httproutes.yaml")].map(validator).into()))
    }

    /// Exports what is live in test, and lists what is wrong with its resources, with their number.
    fn export(&self, sandbox: &Sandbox) -> (Vec<String>, usize) {
        sandbox.run(&format!("export gateway-api --env test --out out --allow-loss {ALL_LOSSES}")).expect_exit(0);
        let mut errors = Vec::new();
        let mut count = 0;
        for file in ["10-gateway.json", "20-services.json", "30-routes.json"] {
            let list: Value = serde_json::from_str(&sandbox.read(&format!("out/{file}"))).expect("JSON");
            for item in list["items"].as_array().expect("items") {
                errors.extend(rule_errors(item).iter().map(|error| format!("{}: {error}", item["metadata"]["name"])));
                let Some(validator) = self.0.get(item["kind"].as_str().expect("a kind")) else { continue };
                let found = validator.iter_errors(item);
                errors.extend(found.map(|error| format!("{}: {error:.200}", error.instance_path())));
                count += 1;
            }
        }
        (errors, count)
    }
}

/// Lists the rules of Kubernetes that a resource breaks and its schema does not say, or says in another language.
fn rule_errors(item: &Value) -> Vec<&'static str> {
    let text = |pointer: &str| item.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let is_name = |name: &str| {
        let is_label = |label: &str| {
            let byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            (1..=63).contains(&label.len())
                && label.bytes().all(byte)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        name.len() <= 253 && name.split('.').all(is_label)
    };
    let rules = item["spec"]["rules"].as_array().map_or(&[] as &[Value], Vec::as_slice);
    let matches = || rules.iter().filter_map(|rule| rule["matches"].as_array()).flatten();
    let mut exact = matches().map(|one| &one["path"]).filter(|path| path["type"] == "Exact");
    let is_plain = |path: &str| {
        let byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-/._~!$&'()*+,;=:@%".contains(&byte);
        path.starts_with('/') && path.bytes().all(byte) && !path.contains("//") && !path.to_lowercase().contains("%2f")
    };
    let annotations: usize = item["metadata"]["annotations"].to_string().len();
    [
        (is_name(text("/metadata/name")), "its name"),
        (annotations < 256 * 1024, "its annotations"),
        (text("/spec/externalName").is_empty() || is_name(text("/spec/externalName")), "the name of its backend"),
        (
            item["kind"] != "HTTPRoute" || item["spec"]["hostnames"].as_array().is_some_and(|hosts| !hosts.is_empty()),
            "hosts",
        ),
        (matches().count() <= 128, "the number of its matches"),
        (exact.all(|path| path["value"].as_str().is_some_and(is_plain)), "an exact path"),
    ]
    .into_iter()
    .filter_map(|(is_right, name)| (!is_right).then_some(name))
    .collect()
}

#[test]
fn resources_of_kubernetes_follow_the_schemas_of_the_gateway_api() {
    let Some(schemas) = GatewayApi::new() else { return };
    let mut total = 0;
    for feature in features() {
        let (errors, count) = schemas.export(&workspace_of(&feature));
        assert!(errors.is_empty(), "{}: {errors:#?}", feature.display());
        total += count;
    }
    assert!(total > features().len(), "{total} resources");
}

/// Makes groups that ask for more than the resources can have, each with a part of the text that the report says about
/// it for Kubernetes; empty where nothing is lost by it.
fn hostile_groups() -> Vec<(String, &'static str)> {
    let long = |bytes: usize| "l".repeat(bytes);
    let addresses: Vec<String> = (1..21).map(|index| format!("http://10.0.0.{index}")).collect();
    let constants: Vec<Value> = (0..20)
        .map(
            |index| json!({"to": format!("header.x!#$%&'*+-.^_`|~{index}"), "value": format!("a\"'$;%{{}}\\ä{index}")}),
        )
        .chain([json!({"to": "header.x-empty", "value": ""}), json!({"to": "header.x-long", "value": long(5_000)})])
        .collect();
    let to = |backend: &str, forwarding: &Value| format!("backend: '{backend}'\nforwarding: {forwarding}\n");
    let plain = "http://a.example";
    vec![
        (to(&format!("http://a.example/{}", long(1_100)), &json!({})), "too long for an expression"),
        (to(plain, &json!({"apis": {"GET /a": {"path": format!("/{}", long(2_000))}}})), "too long for an expression"),
        (
            to(plain, &json!({"connect_timeout_ms": 0, "response_timeout_ms": u32::MAX, "websockets": true, "websocket_idle_timeout_ms": 0})),
            "",
        ),
        (to("http://10.0.0.0", &json!({"more_addresses": addresses})), "beyond 16"),
        (to("http://My_Service.Example:8080", &json!({})), "RFC 1123"),
        (to("http://UPPER.Example.:80", &json!({})), ""),
        (to(plain, &json!({"constants": constants})), "constants beyond 15"),
        (
            "ip_rules: {allow: ['::/0', '0.0.0.0/0', '10.0.0.0/8', '10.0.0.0/8'], deny: ['2001:db8::/32', '10.1.0.0/16']}\nbackend: http://a.example\n".to_owned(),
            "addresses",
        ),
        (
            format!("cors: {{allow_origins: [\"https://a.example'$;%\\\"\", 'https://{}.example'], allow_headers: ['x#$%', '*'], max_age_seconds: 4294967295}}\nbackend: http://a.example\n", long(600)),
            "other origins",
        ),
    ]
}

/// Publishes the hostile groups, and returns the expectation of each by its name.
fn hostile_workspace() -> (Sandbox, Vec<(String, &'static str)>) {
    let sandbox = Sandbox::empty();
    sandbox.run("init").expect_exit(0);
    let settings = sandbox.read("apigw.toml");
    let label = "d".repeat(60);
    sandbox.write("apigw.toml", &settings.replace("apigw.localhost", &format!("{label}.{label}.{label}.example")));
    let plain = content("text/plain", "a");
    let mut every_method = get(&plain, json!({"x-apigw-match": "prefix"}));
    for method in ["put", "post", "delete", "options", "head", "patch", "trace"] {
        every_method[method] = every_method["get"].clone();
    }
    let mut paths = json!({
        "/a": get(&plain, json!({})),
        "/": every_method,
        "/[x]|^'\"$;{y}%20ä!()*+,=:@~": get(&plain, json!({"parameters": [{"name": "y", "in": "path", "required": true, "schema": {"type": "string"}}]})),
        format!("/{}", "p".repeat(8_000)): get(&plain, json!({})),
    });
    for index in 0..60 {
        paths[format!("/exact/{index}!$&'()*+,=:@~")] = get(&plain, json!({}));
    }
    let definition = definition_of(&paths).to_string();
    let mut groups = Vec::new();
    let mut add = |name: String, settings: &str, part| {
        let settings = format!("{}{settings}", MOCK.replace("/shop", &format!("/{name:.20}")));
        sandbox.write(&format!("groups/{name}/group.yaml"), &settings);
        sandbox.write(&format!("groups/{name}/openapi.yaml"), &definition);
        let mock = if settings.contains("backend:") { "" } else { " --mock" };
        sandbox.run(&format!("publish {name} --env test{mock}")).expect_exit(0);
        groups.push((name, part));
    };
    for (index, (settings, part)) in hostile_groups().into_iter().enumerate() {
        add(format!("g{index}"), &settings, part);
    }
    add("n".repeat(63), "backend: http://a.example\n", "over 253 bytes");
    (sandbox, groups)
}

#[test]
fn whatever_the_settings_are_kubernetes_takes_the_resources() {
    let Some(schemas) = GatewayApi::new() else { return };
    let (sandbox, groups) = hostile_workspace();
    let (errors, count) = schemas.export(&sandbox);
    assert!(errors.is_empty(), "{errors:#?}");
    assert!(count > groups.len(), "{count} resources");
    let words = format!("-o json export gateway-api --env test --out out --allow-loss {ALL_LOSSES}");
    let report = sandbox.run(&words).expect_exit(0).json();
    for (name, part) in groups.iter().filter(|(_, part)| !part.is_empty()) {
        let group = report["groups"].as_array().into_iter().flatten().find(|group| group["group"] == name.as_str());
        let group = group.expect("a report");
        let lists = group["apis"].as_array().into_iter().flatten().chain([group]);
        let mut deviations = lists.flat_map(|one| one["deviations"].as_array().into_iter().flatten());
        let is_named = |one: &Value| {
            one["fidelity"] == "lost" && one["detail"].as_str().is_some_and(|detail| detail.contains(part))
        };
        assert!(deviations.any(is_named), "{name}: {part} is not in {:#}", group["deviations"]);
    }
}

/// Exports what is live in test, and requires that the file follows the schema of Kong.
fn require_kong(sandbox: &Sandbox, validator: &jsonschema::Validator, name: &str) {
    sandbox.run(&format!("export kong --env test --out out --allow-loss {ALL_LOSSES}")).expect_exit(0);
    let file: Value = serde_json::from_str(&sandbox.read("out/kong.json")).expect("JSON");
    let errors: Vec<String> =
        validator.iter_errors(&file).map(|error| format!("{}: {error:.200}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}");
    let services = file["services"].as_array().expect("services");
    assert!(!services.is_empty());
    for service in services {
        let is_time =
            |time: &Value| time.is_null() || time.as_u64().is_some_and(|time| (1..=2_147_483_646).contains(&time));
        let times = ["connect_timeout", "read_timeout", "write_timeout"];
        assert!(times.iter().all(|name| is_time(&service[name])), "{name}: {service:#}");
    }
}

#[test]
fn the_file_of_kong_follows_its_schema() {
    let Some(folder) = schemas() else { return };
    let text = fs::read_to_string(folder.join("kong/kong.json")).expect("a schema");
    let schema: Value = serde_json::from_str(&text).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for feature in features() {
        require_kong(&workspace_of(&feature), &validator, &feature.display().to_string());
    }
    require_kong(&hostile_workspace().0, &validator, "hostile");
}
