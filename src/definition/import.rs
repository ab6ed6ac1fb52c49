//! Import: converts a document of any version of OpenAPI into the files of a group.

mod own_name;

use std::sync::Arc;

use super::api::Definition;
use super::document::{Document, Node};
use super::fetch::Fetch;
use super::fields;
use super::findings::ReadFindings;
use super::read;
use super::reference::{self, LoadedTree, RootFile};
use super::rules;
use super::swagger;
use crate::model::{
    DEFINITION_FILE, FileSet, Finding, HttpUrl, Location, PathPrefix, RuleLevel, RuleLevels, Severity, apply_levels,
    is_reserved_file,
};
use own_name::RenamedFiles;

/// The result of an import: the files of the group, and settings suggested by the document.
#[derive(Debug)]
pub struct ImportedDefinition {
    /// The definition and every file that it refers to, laid out for a group's folder.
    ///
    /// A 2.0 document becomes a single file. If no file lies above the document's folder, the document becomes
    /// `openapi.yaml`, and references to its original name are rewritten. Otherwise the common parent folder of all
    /// files becomes the group's folder, and every file keeps its name.
    pub files: FileSet,
    /// The path of the definition's root among the files.
    pub definition: String,
    /// The number of rewritten references.
    pub renamed: usize,
    /// The findings about the document; none is an error.
    pub findings: Vec<Finding>,
    /// The errors by rules that are not the reader's: the document is imported, and cannot be published so.
    pub errors: Vec<Finding>,
    /// The path prefix of the first server.
    pub prefix: Option<PathPrefix>,
    /// The backend address of the first server.
    pub backend: Option<HttpUrl>,
    /// The title of the document, for the group's description.
    pub description: Option<String>,
    /// The number of APIs.
    pub apis: usize,
}

/// Finds faults of a definition by rules that are not the reader's.
pub type FurtherRules<'a> = dyn Fn(&Definition) -> Vec<Finding> + 'a;

/// The rules that decide whether a document is imported.
#[derive(Default)]
pub struct ImportRules<'a> {
    /// The workspace's levels of rules.
    pub levels: RuleLevels,
    /// The rules beside the reader's.
    pub further: Option<&'a FurtherRules<'a>>,
}

impl ImportRules<'_> {
    /// Adds the findings of the further rules to those of the reader, and sets the levels of all.
    fn apply(&self, mut findings: Vec<Finding>, further: Vec<Finding>) -> Vec<Finding> {
        findings.extend(further);
        apply_levels(&self.levels, findings)
    }

    /// Returns the errors by the further rules: those of rules that the workspace makes errors, and all others.
    fn further(&self, definition: Option<&Definition>) -> (Vec<Finding>, Vec<Finding>) {
        let found = self.further.zip(definition).map_or_else(Vec::new, |(find, definition)| find(definition));
        found.into_iter().partition(|finding| self.levels.get(finding.rule) == Some(&RuleLevel::Error))
    }
}

/// Imports the document `name`, OpenAPI 2.0 or 3.x, YAML or JSON, with the files that it refers to.
///
/// `above` lists the folders that contain the document, from the outermost to its own; it is empty if references must
/// not lead up. `fetch` returns the contents of `name` and of other files
/// by path relative to the document's folder, with leading `..` for files above it. The bytes of a 3.x document are
/// kept, except for references to its original name. The error is the list of all findings.
pub fn import(
    name: &str,
    above: &[String],
    rules: &ImportRules<'_>,
    fetch: &mut Fetch<'_>,
) -> Result<ImportedDefinition, Vec<Finding>> {
    let root = RootFile { folder: "", path: name, above };
    let LoadedTree { document, files, mut findings, own_references, file_references } = reference::load(root, fetch);
    if document.root().is_some_and(|root| root.get("swagger").is_some() && root.get("openapi").is_none()) {
        return import_swagger(name, &document, rules, findings);
    }
    let own_references: Vec<_> = own_references.into_iter().map(|reference| document.node(reference)).collect();
    // Where a file is in the way, what brings it in has to change.
    let place_of = |path: &str| match file_references.get(path) {
        Some(reference) => document.node(*reference).location(),
        None => Location::file(name),
    };
    let laid_out = if files.iter().any(|(path, _)| path.starts_with("../")) {
        common_layout(name, above, &files)
    } else {
        own_layout(name, files, &own_references, &place_of, &mut findings)
    };
    for (given, path) in laid_out.moved.iter().filter(|(_, path)| is_reserved_file(path)) {
        let message =
            format!("the definition needs the file {path:?}, a name that a group's folder has for its own files");
        let hint = "give the file or its folder another name";
        findings.add(rules::REFERENCE_OUTSIDE, place_of(given), message, hint);
    }
    let definition = read::definition(document, &mut findings);
    let FileLayout { files, definition: path, renamed, .. } = laid_out;
    let (raised, errors) = rules.further(definition.as_ref());
    let findings = rules.apply(findings.into_vec(), raised);
    Ok(ImportedDefinition { renamed, definition: path, errors, ..imported(files, definition, findings)? })
}

/// The layout of a definition's files in a group's folder.
struct FileLayout {
    files: FileSet,
    /// The path of the definition's root.
    definition: String,
    /// The number of rewritten references.
    renamed: usize,
    /// The paths that files had below the document's folder, and those that they have in the group's, where these may
    /// differ.
    moved: Vec<(String, String)>,
}

/// Lays out a definition with all files in or below its folder: the document becomes `openapi.yaml`.
fn own_layout(
    name: &str,
    files: FileSet,
    own_references: &[Node<'_>],
    place_of: &dyn Fn(&str) -> Location,
    findings: &mut ReadFindings,
) -> FileLayout {
    if name == DEFINITION_FILE {
        return FileLayout { files, definition: name.to_owned(), renamed: 0, moved: Vec::new() };
    }
    if files.get(DEFINITION_FILE).is_some() {
        let message =
            format!("the document refers to a file {DEFINITION_FILE:?}, which is the name that it gets itself");
        let hint = "give the other file another name";
        findings.add(rules::REFERENCE_UNRESOLVED, place_of(DEFINITION_FILE), message, hint);
    }
    let renamed = own_name::renamed(name, &files, own_references);
    let unchanged = own_references.first().filter(|_| renamed.is_none() && !findings.have_errors());
    if let Some(reference) = unchanged {
        let message =
            format!("this names {name:?}, which is {DEFINITION_FILE:?} in a group, and cannot be changed here");
        let hint = format!("write {DEFINITION_FILE:?} in its place, and give the document that name");
        findings.add(rules::REFERENCE_UNRESOLVED, reference.location(), message, hint);
    }
    let RenamedFiles { files, references } = renamed.unwrap_or_default();
    FileLayout { files, definition: DEFINITION_FILE.to_owned(), renamed: references, moved: Vec::new() }
}

/// Lays out a definition with files above its folder: the common parent folder becomes the group's folder.
fn common_layout(name: &str, above: &[String], files: &FileSet) -> FileLayout {
    let absolute = |path: &str| -> Vec<String> {
        let up = path.split('/').take_while(|part| *part == "..").count();
        let kept = above.iter().take(above.len().saturating_sub(up)).cloned();
        kept.chain(path.split('/').skip(up).map(str::to_owned)).collect()
    };
    let up = files.iter().map(|(path, _)| path.split('/').take_while(|part| *part == "..").count()).max().unwrap_or(0);
    let mut common: Vec<String> = above.iter().take(above.len().saturating_sub(up)).cloned().collect();
    for (path, _) in files.iter() {
        let path = absolute(path);
        let folders = path.len() - 1;
        let alike = common.iter().zip(path.iter().take(folders)).take_while(|(one, other)| one == other).count();
        common.truncate(alike);
    }
    let below = |path: &str| absolute(path).split_off(common.len()).join("/");
    let mut laid_out = FileSet::default();
    let mut moved = Vec::new();
    for (path, bytes) in files.iter() {
        laid_out.insert(below(path), Arc::clone(bytes));
        moved.push((path.to_owned(), below(path)));
    }
    FileLayout { files: laid_out, definition: below(name), renamed: 0, moved }
}

fn import_swagger(
    name: &str,
    document: &Document,
    rules: &ImportRules<'_>,
    mut findings: ReadFindings,
) -> Result<ImportedDefinition, Vec<Finding>> {
    if findings.have_errors() {
        return Err(findings.into_vec());
    }
    let Some(root) = document.root() else { return Err(findings.into_vec()) };
    let version = root.get("swagger").and_then(fields::scalar_text).unwrap_or_default();
    if version != "2.0" && version != "2" {
        let location = root.key_location("swagger");
        let message = format!("{version:?} is not a supported OpenAPI version");
        findings.add(rules::OPENAPI_VERSION, location, message, "import OpenAPI 2.0, 3.0, 3.1 or 3.2");
        return Err(findings.into_vec());
    }
    let Some(converted) = swagger::convert(root, &mut findings) else {
        let message = "the document is too large to be written out as OpenAPI 3.0";
        findings.add(rules::TOO_LARGE, root.location(), message, "split it into several groups");
        return Err(findings.into_vec());
    };
    let failed = |mut findings: ReadFindings, message: String| {
        findings.add(rules::CONVERSION_FAILED, Location::file(name), message, "convert it to OpenAPI 3.0 by hand");
        Err(findings.into_vec())
    };
    let text = match serde_saphyr::to_string(&converted) {
        Ok(text) => text,
        Err(error) => return failed(findings, format!("the document cannot be written as YAML: {error}")),
    };
    let bytes: Arc<[u8]> = Arc::from(text.into_bytes());
    let root_file = RootFile { folder: "", path: DEFINITION_FILE, above: &[] };
    let loaded = reference::load(root_file, &mut |path| Ok((path == DEFINITION_FILE).then(|| Arc::clone(&bytes))));
    let written = loaded.document.root().and_then(|root| root.to_value(usize::MAX));
    if written.as_ref() != Some(&converted) {
        return failed(findings, "the document does not survive being written as YAML".to_owned());
    }
    let mut files = FileSet::default();
    files.insert(DEFINITION_FILE, bytes);
    let given = findings.into_vec();
    let mut findings = loaded.findings;
    let definition = read::definition(loaded.document, &mut findings);
    let mut late = findings.into_vec();
    let (raised, mut errors) = rules.further(definition.as_ref());
    late.extend(raised);
    if let Some(definition) = &definition {
        // Locations in the converted text would mean nothing to the author, who has only the original.
        swagger::place(&mut late, definition.document(), root);
        swagger::place(&mut errors, definition.document(), root);
    }
    Ok(ImportedDefinition { errors, ..imported(files, definition, rules.apply(given, late))? })
}

fn imported(
    files: FileSet,
    definition: Option<Definition>,
    findings: Vec<Finding>,
) -> Result<ImportedDefinition, Vec<Finding>> {
    let Some(definition) = definition.filter(|_| findings.iter().all(|finding| finding.severity != Severity::Error))
    else {
        return Err(findings);
    };
    let server = definition.servers.first().map(|server| server.url.as_str());
    let backend = server.and_then(|url| url.trim_end_matches('/').parse().ok());
    let prefix = server.and_then(path_of).and_then(|path| path.parse().ok());
    let apis = definition.apis.len();
    let description = Some(definition.title).filter(|title| !title.trim().is_empty());
    let root = DEFINITION_FILE.to_owned();
    let errors = Vec::new();
    Ok(ImportedDefinition { files, definition: root, renamed: 0, findings, errors, prefix, backend, description, apis })
}

/// Returns the path of a server's URL, absolute or relative, without a trailing slash.
fn path_of(url: &str) -> Option<&str> {
    let after = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
        None => url,
    };
    let path = after.split(['?', '#']).next()?.trim_end_matches('/');
    Some(if path.is_empty() { "/" } else { path })
}
