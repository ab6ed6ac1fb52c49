//! What `apigw check -o sarif` prints, against the official schema of SARIF 2.1.0.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::json;

/// Runs a command in a folder and returns its exit code and what it printed.
fn run(folder: &Path, words: &str) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apigw"));
    let output = command.args(words.split(' ')).current_dir(folder).env_clear().output().expect("the command runs");
    (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn logs_are_valid_and_say_what_services_show() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let mut schema = json("sarif-2.1.0-rtm.5.json");
    // As it was published, this pattern is no regular expression; nothing is said in that field.
    for object in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][object]["properties"]["language"];
        language.as_object_mut().expect("a schema").shift_remove("pattern");
    }
    let validator = jsonschema::options().build(&schema).expect("a schema");
    let log = |exit: i32| -> Value {
        let (code, text) = run(folder, "check -o sarif");
        assert_eq!(code, Some(exit), "{text}");
        let log = serde_json::from_str(&text).expect("JSON");
        let errors: Vec<String> = validator.iter_errors(&log).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        log
    };
    assert_eq!(run(folder, "init --example petstore").0, Some(0));
    assert_eq!(log(0)["runs"][0]["results"], Value::Array(Vec::new()));

    let write = |file: &str, text: &str| {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    write("groups/b/group.yaml", "schema: 1\nversion: \"0.0.1\"\nprefix: /b\n");
    write(
        "groups/b/openapi.yaml",
        "openapi: 3.1.0\ninfo: {title: t, version: \"1\"}\npaths:\n  /ü:\n    get: {responses: {\"200\": {$ref: \"ä b.yaml\"}}}\n",
    );
    write("groups/b/ä b.yaml", "description: 7\nnothing: 1\nnothing2: 1\n");
    write("groups/c/openapi.yaml", "openapi: 3.1.0\n");
    let log = log(3);
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results");
    assert!(results.len() >= 4, "{results:#?}");
    let mut fingerprints = std::collections::BTreeSet::new();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().expect("a URI");
        assert!(!uri.starts_with('/') && uri.is_ascii() && !uri.contains([' ', ':']), "{uri}");
        fingerprints.insert(result["partialFingerprints"]["apigwFinding/v1"].as_str().expect("a fingerprint"));
    }
    assert_eq!(fingerprints.len(), results.len());
    let result = results.iter().find(|result| result["ruleId"] == "definition-sloppy").expect("the description");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "groups/b/%C3%A4%20b.yaml");
    let region =
        serde_json::json!({"startLine": 1, "startColumn": 14, "endColumn": 15, "snippet": {"text": "description: 7"}});
    assert_eq!(place["region"], region);
    assert_eq!(result["level"], "warning");
    for rule in rules {
        for (field, part) in
            [("shortDescription", "text"), ("fullDescription", "text"), ("help", "text"), ("help", "markdown")]
        {
            assert!(rule[field][part].as_str().is_some_and(|text| text.len() > 20), "{rule}");
        }
    }

    // A line that moves stays the same finding.
    let before: Vec<String> = fingerprints.into_iter().map(str::to_owned).collect();
    write("groups/b/ä b.yaml", "\n\ndescription: 7\nnothing: 1\nnothing2: 1\n");
    let (_, text) = crate::sarif::run(folder, "check -o sarif");
    let moved: Value = serde_json::from_str(&text).expect("JSON");
    let after: std::collections::BTreeSet<&str> = moved["runs"][0]["results"]
        .as_array()
        .expect("results")
        .iter()
        .filter_map(|result| result["partialFingerprints"]["apigwFinding/v1"].as_str())
        .collect();
    assert_eq!(after.into_iter().collect::<Vec<_>>(), before);
}
