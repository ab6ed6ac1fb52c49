//! Holds the rules of `check` against what others publish: the official schemas of OpenAPI and of SARIF.
//!
//! The schemas are kept here as they were published:
//!
//! - `openapi-3.0.json` (2021-09-28) and `openapi-3.1.json` (2022-10-07): the OpenAPI Initiative's, Apache-2.0, as
//!   the Python package openapi-spec-validator 0.9.0 has them
//! - `sarif-2.1.0-rtm.5.json`: OASIS', as the npm package @microsoft/jest-sarif 1.0.0-beta.0 has it (MIT)
//!
//! `whole-3.0.yaml` and `whole-3.1.yaml` have every object and field. They, and the documents of a corpus where the
//! environment names one, are changed field by field; where the official schema refuses the result a rule must find
//! something, and where it takes the result the rules must be silent, but for the deviations listed in `deviation`.

#![expect(clippy::expect_used, reason = "a test says what it relies on")]

mod deviation;
mod mutation;
mod sarif;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use apigw::check::{self, CheckedGroup};
use apigw::definition::{self, Specification};
use apigw::model::{Finding, GroupSettings, WorkspaceSettings};
use jsonschema::Validator;
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/specification")
}

fn json(file: &str) -> Value {
    let text = std::fs::read_to_string(folder().join(file)).expect("a schema");
    serde_json::from_str(&text).expect("JSON")
}

/// The official schemas. That of 3.1 leaves schemas to their dialect, so that is put in place: JSON Schema 2020-12.
struct Official {
    v3_0: Validator,
    v3_1: Validator,
}

impl Official {
    fn load() -> Self {
        let mut v3_1 = json("openapi-3.1.json");
        v3_1["$defs"]["schema"]["$ref"] = Value::from("https://json-schema.org/draft/2020-12/schema");
        let build = |schema: &Value| jsonschema::options().build(schema).expect("a schema");
        Self { v3_0: build(&json("openapi-3.0.json")), v3_1: build(&v3_1) }
    }

    fn of(&self, specification: Specification) -> &Validator {
        match specification {
            Specification::V3_0 => &self.v3_0,
            // No document here follows 3.2.
            Specification::V3_1 | Specification::V3_2 => &self.v3_1,
        }
    }
}

/// The rules that speak of what the official schemas speak of.
fn speaks_of_form(rule: &str) -> bool {
    ["specification-", "schema-", "definition-"].iter().any(|part| rule.starts_with(part))
        || ["responses-missing", "parameter-duplicate", "openapi-version", "path-template"].contains(&rule)
}

/// Returns what the rules find of a document's form, and the version that it follows, where that can be told.
fn findings(document: &Value) -> (Vec<Finding>, Option<Specification>) {
    let text = document.to_string();
    let reading =
        definition::read("groups/g", &mut |path| Ok((path == "openapi.yaml").then(|| Arc::from(text.as_bytes()))));
    let settings: GroupSettings =
        serde_json::from_value(serde_json::json!({"schema": 1, "version": "0.0.1", "prefix": "/g"})).expect("settings");
    let group = "g".parse().expect("a name");
    let definition = reading.definition.as_ref();
    let subject = CheckedGroup {
        group: &group,
        settings: Some(&settings),
        settings_text: b"",
        definition,
        reading: &reading.findings,
        missing_secrets: &[],
        signing_fault: None,
        has_backend: false,
    };
    let mut findings = check::group(&subject, &WorkspaceSettings::default());
    findings.retain(|finding| speaks_of_form(finding.rule));
    (findings, definition.map(|definition| definition.specification))
}

/// Reads the documents to change: the whole ones, and those of the corpus, each with how many changes to try.
fn documents() -> Vec<(String, Value, usize)> {
    let mut documents = Vec::new();
    let mut add = |path: &Path, most: usize| {
        let text = std::fs::read_to_string(path).expect("a document");
        // A document with a key twice, or one that is no JSON, is for other tests.
        let Ok(document) = serde_saphyr::from_str::<Value>(&text) else { return };
        documents.push((path.display().to_string(), document, most));
    };
    for file in ["whole-3.0.yaml", "whole-3.1.yaml"] {
        add(&folder().join(file), usize::MAX);
    }
    for version in ["3.0", "3.1"] {
        let Some(corpus) = std::env::var_os("APIGW_CORPUS") else { break };
        let mut files: Vec<PathBuf> = std::fs::read_dir(Path::new(&corpus).join(version))
            .expect("the corpus has a folder a version")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.sort();
        for file in files {
            // A large document shows nothing that a small one does not, and takes long.
            let size = file.metadata().expect("a file").len();
            add(&file, if size > 300_000 { 0 } else { 40 });
        }
    }
    documents
}

/// The name of no change.
const AS_IT_IS: &str = "as it is";

#[test]
fn rules_and_official_schemas_agree() {
    let official = Official::load();
    let mut failures = String::new();
    let (mut compared, mut refused) = (0, 0);
    for (name, document, most) in documents() {
        let (_, Some(specification)) = findings(&document) else { panic!("{name} is no OpenAPI document") };
        let whole = name.contains("whole-");
        let (known, _) = findings(&document);
        let mut compare = |change: &str, changed: &Value| {
            let errors: Vec<String> = official
                .of(specification)
                .iter_errors(changed)
                .map(|error| format!("{} at {}", error, error.instance_path()))
                .take(3)
                .collect();
            let (mut found, _) = findings(changed);
            if change != AS_IT_IS {
                // What was found before shows nothing of the change.
                let is_known = |finding: &Finding| {
                    known.iter().any(|known| known.rule == finding.rule && known.message == finding.message)
                };
                found.retain(|finding| !is_known(finding));
            }
            compared += 1;
            refused += usize::from(!errors.is_empty());
            if let Some(failure) = deviation::between(specification, &errors, &found) {
                failures.extend(["\n", &name, ": ", change, ": ", &failure]);
            }
            (errors, found)
        };
        let (errors, found) = compare(AS_IT_IS, &document);
        let is_valid = errors.is_empty();
        assert!(!whole || is_valid && found.is_empty(), "{name}: {errors:#?} {found:#?}");
        // Of a document that is refused as it is, no change shows anything.
        if is_valid {
            mutation::each(&document, most, &mut |change, changed| {
                compare(change, changed);
            });
        }
    }
    assert!(failures.is_empty(), "{} of {compared}:{failures}", failures.lines().count() - 1);
    assert!(compared > 1_000 && refused > 500, "{compared} compared, {refused} refused");
}
