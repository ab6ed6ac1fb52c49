//! One small workspace for each feature, with what each target makes of it. `APIGW_UPDATE_CASES=1` writes them anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::engine::{Engine, EngineKind};
use crate::harness::{Sandbox, free_address};
use crate::tools::named_by;

const TARGETS: [&str; 5] = ["envoy", "nginx", "haproxy", "gateway-api", "kong"];

fn features() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/exports");
    let mut features: Vec<PathBuf> =
        fs::read_dir(folder).expect("features").map(|entry| entry.expect("a feature").path()).collect();
    features.sort();
    assert!(features.len() >= 8);
    features
}

/// Makes a workspace with the group of a feature, published in test.
pub(super) fn workspace_of(feature: &Path) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.run("init").expect_exit(0);
    for file in ["group.yaml", "openapi.yaml"] {
        let text = fs::read_to_string(feature.join(file)).expect("a file of the feature");
        sandbox.write(&format!("groups/shop/{file}"), &text);
    }
    let settings = sandbox.read("groups/shop/group.yaml");
    let mock = if settings.contains("backend:") { "" } else { " --mock" };
    sandbox.run(&format!("publish shop --env test{mock}")).expect_exit(0);
    for file in ["localhost.crt", "localhost.key"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/certificates").join(file);
        let to = sandbox.path().join(".apigw/secrets");
        fs::create_dir_all(&to).expect("a folder");
        fs::copy(from, to.join(file)).expect("a certificate");
    }
    sandbox
}

/// Reads the files of an export, without the operation that made it and the digests that it is in.
fn read_export(folder: &Path, operation: &str) -> BTreeMap<String, String> {
    fn walk(folder: &Path, below: &str, files: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = format!("{below}{}", path.file_name().expect("a name").to_string_lossy());
            if path.is_dir() {
                walk(&path, &format!("{name}/"), files);
            } else if !name.starts_with('.') {
                let bytes = fs::read(&path).expect("a file");
                files.insert(name, String::from_utf8_lossy(&bytes).into_owned());
            }
        }
    }
    let mut files = BTreeMap::new();
    if folder.exists() {
        walk(folder, "", &mut files);
    }
    for text in files.values_mut() {
        *text = text.replace(operation, "OPERATION");
        if let Some((before, after)) = text.split_once("\"version_info\": \"") {
            let after = after.split_once('"').map_or("", |(_, after)| after);
            *text = format!("{before}\"version_info\": \"DIGEST\"{after}");
        }
    }
    files
}

#[test]
fn each_feature_becomes_what_its_golden_files_show() {
    let is_update = std::env::var_os("APIGW_UPDATE_CASES").is_some();
    let mut failures = Vec::new();
    for feature in features() {
        let sandbox = workspace_of(&feature);
        let status = sandbox.run("-o json status shop --env test").expect_exit(0).json();
        let operation = status["deployments"][0]["operation"].as_str().expect("an operation").to_owned();
        for target in TARGETS {
            // Constants of the query are lost, and rules by unusual headers, which has to be allowed.
            let has_losses = feature.ends_with("forwarding") || feature.ends_with("hostile");
            let allowed = if has_losses { " --allow-loss rewrites" } else { "" };
            let refused = match target {
                "envoy" => false,
                "kong" => {
                    ["signature", "credentials", "hostile-credentials"].iter().any(|name| feature.ends_with(name))
                }
                "gateway-api" => ["signature", "addresses", "hostile"].iter().any(|name| feature.ends_with(name)),
                _ => feature.ends_with("signature"),
            };
            let words = format!("export {target} --env test --out {target}{allowed}");
            sandbox.run(&words).expect_exit(if refused { 5 } else { 0 });
            let written = read_export(&sandbox.path().join(target), &operation);
            let golden = feature.join(target);
            if is_update {
                let _ = fs::remove_dir_all(&golden);
                for (name, text) in &written {
                    let path = golden.join(name);
                    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
                    fs::write(path, text).expect("a golden file");
                }
            } else if read_export(&golden, &operation) != written {
                failures.push(format!("{} for {target}: {written:#?}", feature.display()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn load(kind: EngineKind) {
    if kind.is_there() {
        for feature in features() {
            Engine::load(&workspace_of(&feature), kind, &free_address());
        }
    }
}

#[test]
fn envoy_loads_each_feature() {
    load(EngineKind::Envoy);
}

#[test]
fn nginx_loads_each_feature() {
    load(EngineKind::Nginx);
}

#[test]
fn haproxy_loads_each_feature() {
    load(EngineKind::Haproxy);
}

/// Closes the objects of a schema: what it does not name is an error, and not left out in silence.
fn close(schema: &mut serde_json::Value) {
    if let Some(fields) = schema.as_object_mut() {
        if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
            fields.insert("additionalProperties".to_owned(), false.into());
        }
        fields.values_mut().for_each(close);
    } else if let Some(values) = schema.as_array_mut() {
        values.iter_mut().for_each(close);
    }
}

fn schemas() -> Option<PathBuf> {
    named_by("APIGW_GATEWAY_SCHEMAS", "exports by the schemas of other gateways").map(PathBuf::from)
}

#[test]
fn resources_of_kubernetes_follow_the_schemas_of_the_gateway_api() {
    let Some(folder) = schemas() else { return };
    let mut validators = BTreeMap::new();
    for (kind, file) in [("Gateway", "gateways.yaml"), ("HTTPRoute", "httproutes.yaml")] {
        let text = fs::read_to_string(folder.join("gateway-api").join(file)).expect("a definition of resources");
        let resource: serde_json::Value = serde_yaml_text(&text);
        let mut schema = resource["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone();
        close(&mut schema["properties"]["spec"]);
        validators.insert(kind, jsonschema::validator_for(&schema).expect("a schema"));
    }
    let mut count = 0;
    for feature in features() {
        let sandbox = workspace_of(&feature);
        sandbox
            .run("export gateway-api --env test --out out --allow-loss access,ip-rules,rewrites,routing")
            .expect_exit(0);
        for file in ["10-gateway.json", "20-services.json", "30-routes.json"] {
            let list: serde_json::Value = serde_json::from_str(&sandbox.read(&format!("out/{file}"))).expect("JSON");
            for item in list["items"].as_array().expect("items") {
                let Some(validator) = validators.get(item["kind"].as_str().expect("a kind")) else { continue };
                let errors: Vec<String> =
                    validator.iter_errors(item).map(|error| format!("{}: {error}", error.instance_path())).collect();
                assert!(errors.is_empty(), "{}: {errors:#?}\n{item:#}", feature.display());
                count += 1;
            }
        }
    }
    assert!(count > features().len(), "{count} resources");
}

fn serde_yaml_text(text: &str) -> serde_json::Value {
    // The definitions of resources are larger than what people write.
    serde_yaml::from_str(text).expect("YAML")
}

#[test]
fn the_file_of_kong_follows_its_schema() {
    let Some(folder) = schemas() else { return };
    let text = fs::read_to_string(folder.join("kong/kong.json")).expect("a schema");
    let schema: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for feature in features() {
        let sandbox = workspace_of(&feature);
        sandbox.run("export kong --env test --out out --allow-loss access,rewrites,routing").expect_exit(0);
        let file: serde_json::Value = serde_json::from_str(&sandbox.read("out/kong.json")).expect("JSON");
        let errors: Vec<String> =
            validator.iter_errors(&file).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", feature.display());
        assert!(file["services"].as_array().is_some_and(|services| !services.is_empty()));
    }
}
