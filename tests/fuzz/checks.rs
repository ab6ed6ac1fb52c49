//! What must hold for any bytes at all: one function a target, shared by the fuzzer and by `tests/replay.rs`.
//!
//! An input is one or more files; a line that begins with `%%% ` ends one and names the next.

mod backend_responses;
mod records;
mod service;

use std::collections::BTreeMap;
use std::sync::Arc;

use apigw::compare::{ComparedGroup, compare as compare_sides};
use apigw::definition::{
    DeclaredResult, Definition, DefinitionReading, ImportRules, MediaType, ValueDirection, import as import_files,
    read as read_files,
};
use apigw::model::{Finding, GroupSettings, Severity};
use apigw::workspace::edit::{ValueEdit, edit as edit_text};

/// A check that panics where something does not hold.
pub(crate) type Check = fn(&[u8]);

/// All targets, by name.
pub(crate) const TARGETS: [(&str, Check); 8] = [
    ("read", read),
    ("import", import),
    ("results", results),
    ("compare", compare),
    ("edit", edit),
    ("records", records),
    ("backend_responses", backend_responses),
    ("service", service),
];

/// So many APIs of one definition are looked at.
const MOST_APIS: usize = 12;

/// Reading gives the same every time, keeps what it was given, and points into what it read.
pub(crate) fn read(data: &[u8]) {
    let files = Files::of(data, "openapi.yaml");
    let reading = files.read();
    assert_eq!(reading.findings, files.read().findings, "the same every time");
    for (path, bytes) in reading.files.iter() {
        assert_eq!(files.0.get(path).map(AsRef::as_ref), Some(bytes.as_ref()), "the bytes are kept");
    }
    for finding in &reading.findings {
        files.assert_pointed(finding, "g/");
    }
    if reading.definition.is_none() {
        assert!(has_error(&reading.findings), "a definition is missing and nothing says why");
    }
}

/// What is imported is read without an error, and imports again.
pub(crate) fn import(data: &[u8]) {
    let files = Files::of(data, "a.yaml");
    let imported =
        match import_files("a.yaml", &[], &ImportRules::default(), &mut |path| Ok(files.0.get(path).cloned())) {
            Ok(imported) => imported,
            Err(findings) => {
                assert!(has_error(&findings), "the import is refused and nothing says why");
                return findings.iter().for_each(|finding| files.assert_pointed(finding, ""));
            }
        };
    assert!(!has_error(&imported.findings), "what is imported has no error");
    let kept = Files(imported.files.iter().map(|(path, bytes)| (path.to_owned(), Arc::clone(bytes))).collect());
    let reading = kept.read();
    assert!(reading.definition.is_some() && !has_error(&reading.findings), "{:?}", reading.findings);
    let again = import_files("openapi.yaml", &[], &ImportRules::default(), &mut |path| Ok(kept.0.get(path).cloned()))
        .map_err(|findings| format!("{findings:?}"));
    match again {
        Ok(again) => assert_eq!(again.files, imported.files, "an import of the import is the same"),
        Err(findings) => panic!("an import does not import again: {findings}"),
    }
}

/// Results are the same every time, and a value that was built keeps its own schema.
pub(crate) fn results(data: &[u8]) {
    let files = Files::of(data, "openapi.yaml");
    let Some(definition) = files.read().definition else { return };
    let all = definition.results();
    assert_eq!(all, definition.results(), "the same every time");
    for (api, results) in definition.apis.iter().zip(all).take(MOST_APIS) {
        let told = results.constant().is_some() || !results.findings.is_empty() || api.responses.is_empty();
        assert!(told, "{} has no constant result, and nothing says why", api.name());
        for declared in &results.declared {
            let response = api.responses.iter().find(|response| Some(response.status) == declared.response);
            let content = || response.into_iter().flat_map(|response| &response.content);
            // A name that is a range or no media type at all is answered as another one.
            if !content().all(|media_type| {
                media_type.name.find('/').is_some_and(|at| at > 0 && !media_type.name.contains(['*', ';']))
            }) {
                continue;
            }
            for media_type in content() {
                assert_valid(&definition, media_type, declared);
            }
        }
    }
}

/// A comparison ends, and a definition does not differ from itself.
pub(crate) fn compare(data: &[u8]) {
    let files = Files::of(data, "openapi.yaml");
    let later = files.0.get("later.yaml").or_else(|| files.0.get("openapi.yaml")).cloned().unwrap_or_default();
    let later = Files(BTreeMap::from([("openapi.yaml".to_owned(), later)]));
    let (Some(before), Some(after)) = (files.read().definition, later.read().definition) else { return };
    let settings = settings();
    let compared = |before: &Definition, after: &Definition| {
        let side = |definition| ComparedGroup { settings: &settings, definition };
        compare_sides(side(before), side(after)).changes
    };
    let (there, back) = (compared(&before, &after), compared(&after, &before));
    assert_eq!(there.is_empty(), back.is_empty(), "{there:?} and {back:?}");
    let same = files.read().definition.map(|again| compared(&before, &again));
    assert_eq!(same, Some(Vec::new()), "a definition does not differ from itself");
}

/// An edit changes what it names once, and the same edit again changes nothing.
///
/// The first line is the path, its keys separated by slashes.
pub(crate) fn edit(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some((path, text)) = text.split_once('\n') else { return };
    let path: Vec<String> = path.split('/').map(str::to_owned).collect();
    let set = ValueEdit::set(path.clone(), "0.0.2: # new");
    if let Ok(changed) = edit_text(text, std::slice::from_ref(&set)) {
        assert_eq!(edit_text(&changed, &[set]).as_deref(), Ok(changed.as_str()), "once is enough");
    }
    let remove = ValueEdit::remove(path);
    if let Ok(changed) = edit_text(text, std::slice::from_ref(&remove)) {
        assert!(edit_text(&changed, &[remove]).is_err(), "an entry that was removed is gone");
    }
}

/// Files of a workspace are read, or refused with a reason; what is read and written again reads as the same.
pub(crate) fn records(data: &[u8]) {
    records::records(&Files::of(data, records::FIRST).0);
}

/// A gateway serves on whatever comes on a connection.
pub(crate) fn service(data: &[u8]) {
    service::service(data);
}

/// A gateway passes on whatever a backend sends, and keeps requests apart.
pub(crate) fn backend_responses(data: &[u8]) {
    backend_responses::backend_responses(data);
}

/// The files of an input, by path.
struct Files(BTreeMap<String, Arc<[u8]>>);

impl Files {
    /// Takes an input apart; what comes before the first name is the file `first`.
    fn of(data: &[u8], first: &str) -> Self {
        let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut name = first.to_owned();
        for line in data.split_inclusive(|byte| *byte == b'\n') {
            if let Some(next) = line.strip_prefix(b"%%% ") {
                String::from_utf8_lossy(next).trim().clone_into(&mut name);
            } else {
                files.entry(name.clone()).or_default().extend_from_slice(line);
            }
        }
        Self(files.into_iter().map(|(path, bytes)| (path, Arc::from(bytes))).collect())
    }

    fn read(&self) -> DefinitionReading {
        read_files("g", &mut |path| Ok(self.0.get(path).cloned()))
    }

    fn assert_pointed(&self, finding: &Finding, folder: &str) {
        let location = &finding.location;
        assert!(!finding.message.is_empty() && !finding.hint.is_empty(), "{finding:?}");
        let bytes = location.file.strip_prefix(folder).and_then(|path| self.0.get(path));
        let lines = bytes.map_or(0, |bytes| bytes.split(|byte| matches!(byte, b'\n' | b'\r')).count());
        assert!(location.line <= lines + 1, "{finding:?} of {lines} lines");
    }
}

fn has_error(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

fn assert_valid(definition: &Definition, media_type: &MediaType, declared: &DeclaredResult) {
    let node = definition.node(media_type.node);
    let name = declared.result.media_type.as_deref().unwrap_or_default();
    if media_type.name != name || node.get("example").is_some() || node.get("examples").is_some() {
        return;
    }
    let (Some(schema), Some(value)) = (media_type.schema, &declared.value) else { return };
    let Some(schema) = definition.json_schema(schema, ValueDirection::Response) else { return };
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        .build(&schema);
    let validator = validator.unwrap_or_else(|error| panic!("no validator takes {schema}: {error}"));
    if let Err(error) = validator.validate(value) {
        panic!("{value} is not what {schema} allows: {error}");
    }
}

fn settings() -> GroupSettings {
    let text = "{schema: 1, version: \"0.0.1\", prefix: /}";
    serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}
