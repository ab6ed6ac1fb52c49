//! One small workspace for each feature, with what each target makes of it. `APIGW_UPDATE_CASES=1` writes them anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::engine::{Engine, EngineKind};
use crate::harness::{Sandbox, free_address};

const TARGETS: [&str; 5] = ["envoy", "nginx", "haproxy", "gateway-api", "kong"];

pub(super) fn features() -> Vec<PathBuf> {
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
            // Of the overlapping templates, the Gateway API cannot keep encoded letters from the wider one.
            let has_wider_paths = target == "gateway-api" && feature.ends_with("templates");
            let allowed = match (has_losses, has_wider_paths) {
                (true, _) => " --allow-loss rewrites",
                (false, true) => " --allow-loss routing",
                (false, false) => "",
            };
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
