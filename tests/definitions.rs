//! Reads a folder of real definitions that the environment names; nothing of it is kept here.

#![expect(clippy::expect_used, reason = "a test says what it relies on")]

#[path = "tools/mod.rs"]
mod tools;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use apigw::definition::{
    Api, DeclaredResult, Definition, FetchError, ImportRules, ImportedDefinition, MediaType, Node, NodeId,
    ValueDirection, import, read, rules,
};
use apigw::model::{Finding, GroupSettings};
use apigw::share::model::{DefinitionModel, ModelSource, TypeKind};
use tools::named_by;

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

fn import_file(folder: &Path, name: &str) -> Result<ImportedDefinition, Vec<Finding>> {
    import(name, &[], &ImportRules::default(), &mut |path| match std::fs::read(folder.join(path)) {
        Ok(bytes) => Ok(Some(Arc::from(bytes))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FetchError::Refused(error.to_string())),
    })
}

/// What was counted over the definitions of one version of the specification.
#[derive(Debug, Default)]
struct Tally {
    documents: usize,
    refused: usize,
    operations: usize,
    responses: usize,
    results: usize,
    built: usize,
    built_invalid: Vec<String>,
    /// Results of `oneOf` of which no value fits one alternative alone; a finding says so of each API.
    fit_several: usize,
    examples: usize,
    examples_that_contradict: usize,
    unbuilt: usize,
    operations_without_result: usize,
}

#[test]
fn every_definition_of_the_corpus_is_imported_and_its_results_are_valid() {
    let definitions = definitions();
    if named_by(VARIABLE, "documents of other projects").is_none() {
        return;
    }
    assert!(!definitions.is_empty(), "{VARIABLE} names a folder without definitions");
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut report = String::new();
    for (folder, name) in &definitions {
        let tally = tallies.entry(specification(folder, name)).or_default();
        tally.documents += 1;
        examine(folder, name, tally, &mut report);
    }
    let table = table(&tallies);
    write!(std::io::stderr(), "{table}").expect("written");
    if let Some(path) = std::env::var_os(REPORT) {
        std::fs::write(path, format!("{report}\n{table}")).expect("the report is written");
    }
    for tally in tallies.values() {
        assert!(tally.built_invalid.is_empty(), "{:#?}", tally.built_invalid);
    }
}

/// Returns the version that a document says it follows, without its last part.
fn specification(folder: &Path, name: &str) -> String {
    let text = String::from_utf8_lossy(&std::fs::read(folder.join(name)).expect("the definition is read")).into_owned();
    let version = text.lines().flat_map(|line| line.split([',', '{'])).find_map(|field| {
        let (key, value) = field.split_once(':')?;
        let key = key.trim_matches([' ', '\t', '"', '\'', '\u{feff}']);
        matches!(key, "openapi" | "swagger").then(|| value.trim_matches([' ', '\r', '"', '\'', '}']).to_owned())
    });
    version.map_or_else(|| "none".to_owned(), |version| version.split('.').take(2).collect::<Vec<_>>().join("."))
}

/// Writes what was counted as the table that the README shows.
fn table(tallies: &BTreeMap<String, Tally>) -> String {
    let mut table = "| OpenAPI | documents | refused | operations | responses | results | built from a schema \
                     | of these valid | fit several alternatives | no value possible |\n|---|---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for (specification, tally) in tallies {
        let Tally { documents, refused, operations, responses, results, built, unbuilt, fit_several, .. } = tally;
        let valid = built - tally.built_invalid.len() - fit_several;
        writeln!(
            table,
            "| {specification} | {documents} | {refused} | {operations} | {responses} | {results} | {built} | {valid} | {fit_several} | {unbuilt} |"
        )
        .expect("written");
    }
    table
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
    let all = definition.results();
    writeln!(report, "    results in {:?}", started.elapsed()).expect("written");
    let mut validators = Validators::new();
    assert!(all == definition.results(), "the same every time");
    for (api, results) in definition.apis.iter().zip(all) {
        tally.operations += 1;
        tally.responses += api.responses.len();
        assert!(!results.is_cut, "{shown}: an ordinary document is within the budget");
        let findings = &results.findings;
        let doubts = |finding: &&Finding| finding.message.contains("fits several alternatives");
        let is_doubted = findings.iter().any(|finding| doubts(&finding));
        let unbuilt = findings.iter().filter(|finding| finding.rule == rules::CONSTANT_RESULT.name && !doubts(finding));
        tally.unbuilt += unbuilt.count();
        list(findings, report);
        if results.constant().is_none() {
            tally.operations_without_result += 1;
            writeln!(report, "    no result: {}", api.name()).expect("written");
        }
        for declared in results.declared {
            tally.results += 1;
            let result = CheckedResult { api, declared: &declared, is_doubted };
            check(&definition, &result, &shown, &mut validators, tally);
        }
    }
}

fn list(findings: &[Finding], report: &mut String) {
    for finding in findings.iter().take(8) {
        let Finding { rule, message, location, .. } = finding;
        writeln!(report, "    {location}: {rule}: {message}").expect("written");
    }
}

/// The validators of one definition's schemas.
type Validators = HashMap<NodeId, jsonschema::Validator>;

/// A result that is held against its schema.
struct CheckedResult<'a> {
    api: &'a Api,
    declared: &'a DeclaredResult,
    /// True if a finding says of a result of the API that it fits several alternatives.
    is_doubted: bool,
}

fn check(
    definition: &Definition,
    result: &CheckedResult<'_>,
    shown: &str,
    validators: &mut Validators,
    tally: &mut Tally,
) {
    let CheckedResult { api, declared, is_doubted } = *result;
    let response = api.responses.iter().find(|response| Some(response.status) == declared.response);
    let of_type = |content: &&MediaType| {
        let name = declared.result.media_type.as_deref().unwrap_or_default();
        content.name == name || content.name.contains('*') || name.starts_with(&format!("{};", content.name))
    };
    // Of a range and the type that it is answered as, it cannot be told which one a result is for.
    let content: Vec<&MediaType> =
        response.into_iter().flat_map(|response| &response.content).filter(of_type).collect();
    let media_type = if let [media_type] = content.as_slice() { Some(*media_type) } else { None };
    let Some(media_type) = media_type else { return };
    let (Some(schema), Some(value)) = (media_type.schema, &declared.value) else { return };
    let named = Some(definition.node(schema)).filter(|schema| schema.is_bare_reference()).and_then(Node::followed);
    let named = named.map_or(schema, Node::id);
    let validator = validators.entry(named).or_insert_with(|| {
        let json = definition.json_schema(schema, ValueDirection::Response).expect("small enough");
        jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .should_validate_formats(true)
            .should_ignore_unknown_formats(true)
            .build(&json)
            .unwrap_or_else(|error| panic!("{shown} {}: {error}\n{json}", api.name()))
    });
    let errors: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{} at {}", error, error.instance_path())).take(3).collect();
    let node = definition.node(media_type.node);
    if node.get("example").is_some() || node.get("examples").is_some() {
        tally.examples += 1;
        tally.examples_that_contradict += usize::from(!errors.is_empty());
        return;
    }
    tally.built += 1;
    let is_of_several = |error: &String| error.contains("valid under more than one of the schemas");
    if is_doubted && !errors.is_empty() && errors.iter().all(is_of_several) {
        tally.fit_several += 1;
    } else if !errors.is_empty() {
        tally.built_invalid.push(format!("{shown} {} {:?}: {errors:?}: {value}", api.name(), declared.response));
    }
}

#[test]
fn every_definition_of_the_corpus_has_a_model_for_callers() {
    if named_by(VARIABLE, "models of documents of other projects").is_none() {
        return;
    }
    let settings: GroupSettings =
        serde_saphyr::from_str("schema: 1\nversion: '0.0.1'\nprefix: /g\n").expect("settings");
    let mut operations = 0;
    for (folder, name) in definitions() {
        let Ok(imported) = import_file(&folder, &name) else { continue };
        let files: HashMap<_, _> =
            imported.files.iter().map(|(path, bytes)| (path.to_string(), Arc::clone(bytes))).collect();
        let definition = read("g", &mut |path| Ok(files.get(path).cloned())).definition.expect("a definition");
        let source = ModelSource { definition: &definition, settings: &settings, environments: &[] };
        let model = DefinitionModel::build(source);
        assert_eq!(model.operations.len(), definition.apis.len(), "{name}");
        let keys: std::collections::BTreeSet<_> = model.operations.iter().map(|operation| &operation.key).collect();
        assert_eq!(keys.len(), model.operations.len(), "{name}: a key is there twice");
        let names: std::collections::BTreeSet<_> = model.types.iter().map(|named| &named.name).collect();
        assert_eq!(names.len(), model.types.len(), "{name}: the name of a type is there twice");
        for named in &model.types {
            named.value.visit(&mut |value| {
                if let TypeKind::Reference(id) = value.kind {
                    assert!(model.named_type(id).is_some(), "{name}: {} refers to nothing", named.name);
                }
            });
        }
        // The mock response of the model is the one that the gateway is given.
        for (operation, results) in model.operations.iter().zip(definition.results()) {
            let body = results.constant().map(|constant| &constant.body);
            assert_eq!(operation.mock.as_ref().map(|mock| &mock.body), body, "{name}: {}", operation.key);
        }
        operations += model.operations.len();
    }
    assert!(operations > 500, "only {operations} operations were read");
}
