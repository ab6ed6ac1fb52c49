//! Reads a folder of real definitions that the environment names; nothing of it is kept here.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Api, DeclaredResult, Definition, Direction, Imported, MediaType, import, read, rules};
use crate::model::Finding;

/// The variable that names the folder; each file in it, or in folders one below it, is a definition.
const VARIABLE: &str = "APIGW_CORPUS";
/// The variable that names the file to write what was seen to.
const REPORT: &str = "APIGW_CORPUS_REPORT";

fn definitions() -> Vec<(std::path::PathBuf, String)> {
    let Some(folder) = std::env::var_os(VARIABLE) else { return Vec::new() };
    let entries = |folder: &Path| -> Vec<std::path::PathBuf> {
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .expect("the folder can be listed")
            .map(|entry| entry.expect("listed").path())
            .collect();
        paths.sort();
        paths
    };
    let mut found = Vec::new();
    for path in entries(Path::new(&folder)) {
        let files = if path.is_dir() { entries(&path) } else { vec![path] };
        for file in files {
            if file.extension().is_some_and(|extension| extension == "yaml" || extension == "json") {
                let name = file.file_name().expect("a file has a name").to_string_lossy().into_owned();
                found.push((file.parent().expect("a file has a folder").to_owned(), name));
            }
        }
    }
    found
}

fn import_file(folder: &Path, name: &str) -> Result<Imported, Vec<Finding>> {
    import(name, &mut |path| match std::fs::read(folder.join(path)) {
        Ok(bytes) => Ok(Some(Arc::from(bytes))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    })
}

/// What was counted over the definitions of one folder.
#[derive(Debug, Default)]
struct Tally {
    documents: usize,
    refused: usize,
    operations: usize,
    responses: usize,
    results: usize,
    bodies_checked: usize,
    examples_that_contradict: usize,
    unbuilt: usize,
    operations_without_result: usize,
    invalid: Vec<String>,
}

#[test]
fn every_definition_of_the_corpus_is_imported_and_its_results_are_valid() {
    let definitions = definitions();
    if definitions.is_empty() {
        // Said where a person looks for it: the corpus is not part of the project.
        assert!(std::env::var_os(VARIABLE).is_none(), "{VARIABLE} names a folder without definitions");
        return;
    }
    let mut tallies: BTreeMap<PathBuf, Tally> = BTreeMap::new();
    let mut report = String::new();
    for (folder, name) in &definitions {
        let tally = tallies.entry(folder.clone()).or_default();
        tally.documents += 1;
        examine(folder, name, tally, &mut report);
    }
    for (folder, tally) in &tallies {
        writeln!(report, "{}: {tally:#?}", folder.display()).expect("written");
    }
    if let Some(path) = std::env::var_os(REPORT) {
        std::fs::write(path, report).expect("the report is written");
    }
    for tally in tallies.values() {
        assert!(tally.invalid.is_empty(), "{:#?}", tally.invalid);
    }
}

fn examine(folder: &Path, name: &str, tally: &mut Tally, report: &mut String) {
    let started = std::time::Instant::now();
    let shown = folder.join(name).display().to_string();
    let imported = match import_file(folder, name) {
        Ok(imported) => imported,
        Err(findings) => {
            tally.refused += 1;
            writeln!(report, "REFUSED {shown}").expect("written");
            list(&findings, report);
            return;
        }
    };
    let reading = read("groups/corpus", &mut |path: &str| Ok(imported.files.get(path).cloned()));
    let definition = reading.definition.expect("what is imported is read");
    let (prefix, backend) = (imported.prefix.map(|prefix| prefix.to_string()), imported.backend);
    let took = started.elapsed();
    writeln!(report, "{shown}: {} APIs in {took:?}, prefix {prefix:?}, backend {backend:?}", definition.apis.len())
        .expect("written");
    list(&reading.findings, report);
    let started = std::time::Instant::now();
    for api in &definition.apis {
        tally.operations += 1;
        tally.responses += api.responses.len();
        let findings = definition.result_findings(api);
        tally.unbuilt += findings.iter().filter(|finding| finding.rule == rules::CONSTANT_RESULT.name).count();
        list(&findings, report);
        if definition.constant_result(api).is_none() {
            tally.operations_without_result += 1;
            writeln!(report, "    no result: {}", api.name()).expect("written");
        }
        let results = definition.results(api);
        assert_eq!(results, definition.results(api), "the same every time");
        for declared in results {
            tally.results += 1;
            check(&definition, api, &declared, &shown, tally);
        }
    }
    writeln!(report, "    results in {:?}", started.elapsed()).expect("written");
}

fn list(findings: &[Finding], report: &mut String) {
    for finding in findings.iter().take(8) {
        let Finding { rule, message, location, hint, .. } = finding;
        writeln!(report, "    {location}: {rule}: {message} ({hint})").expect("written");
    }
}

fn check(definition: &Definition, api: &Api, declared: &DeclaredResult, shown: &str, tally: &mut Tally) {
    let response = api.responses.iter().find(|response| Some(response.status) == declared.response);
    let of_type = |content: &&MediaType| {
        let name = declared.result.media_type.as_deref().unwrap_or_default();
        content.name == name || content.name.contains('*') || name.starts_with(&format!("{};", content.name))
    };
    let media_type = response.and_then(|response| response.content.iter().find(of_type));
    let Some(media_type) = media_type else { return };
    let (Some(schema), Some(value)) = (media_type.schema, &declared.value) else { return };
    let json = definition.json_schema(schema, Direction::Response).expect("small enough");
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        .build(&json)
        .unwrap_or_else(|error| panic!("{shown} {}: {error}\n{json}", api.name()));
    tally.bodies_checked += 1;
    let errors: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{} at {}", error, error.instance_path())).take(3).collect();
    if errors.is_empty() {
        return;
    }
    let node = definition.node(media_type.node);
    if node.get("example").is_some() || node.get("examples").is_some() {
        tally.examples_that_contradict += 1;
    } else {
        tally.invalid.push(format!("{shown} {} {:?}: {errors:?}: {value}", api.name(), declared.response));
    }
}
