//! Takes a document of any version of OpenAPI and makes the files of a group of it.

mod own_name;

use std::sync::Arc;

use super::Fetch;
use super::api::Definition;
use super::document::Document;
use super::fields;
use super::findings::Findings;
use super::read;
use super::reference::{self, Loaded};
use super::rules;
use super::swagger;
use crate::model::{DEFINITION_FILE, FileSet, Finding, HttpUrl, Location, PathPrefix, Severity};
use own_name::Renamed;

/// What an import gives: the files of the group, and what the document suggests for its settings.
#[derive(Debug)]
pub struct Imported {
    /// The definition under its name in a group's folder, and every file that it refers to in its layout.
    ///
    /// A document of 2.0 becomes one file. References that lead to the document by the name it had lead to its new one.
    pub files: FileSet,
    /// How many references were written anew for that.
    pub renamed: usize,
    /// What the document was taken with; no error is among them.
    pub findings: Vec<Finding>,
    /// The path prefix that its first server suggests.
    pub prefix: Option<PathPrefix>,
    /// The backend's address that its first server suggests.
    pub backend: Option<HttpUrl>,
    /// The title of the document, for the group's description.
    pub description: Option<String>,
    /// How many APIs it has.
    pub apis: usize,
}

/// Imports the document `name`, OpenAPI 2.0, 3.0 or 3.1, YAML or JSON, with the files that it refers to.
///
/// `fetch` gives the bytes of `name` and of the files beside it, as for [`read`](super::read()). The bytes of a 3.x
/// document are kept as they are, but for its own name in references. The error is every finding, with what stands in
/// the way among them.
pub fn import(name: &str, fetch: &mut Fetch<'_>) -> Result<Imported, Vec<Finding>> {
    let Loaded { document, files, mut findings, own_references } = reference::load("", name, fetch);
    if document.root().is_some_and(|root| root.get("swagger").is_some() && root.get("openapi").is_none()) {
        return import_swagger(name, &document, findings);
    }
    if name != DEFINITION_FILE && files.get(DEFINITION_FILE).is_some() {
        let message =
            format!("the document refers to a file {DEFINITION_FILE:?}, which is the name that it gets itself");
        findings.add(rules::REFERENCE_UNRESOLVED, Location::file(name), message, "give the other file another name");
    }
    let own_references = own_references.into_iter().filter(|_| name != DEFINITION_FILE);
    let own_references: Vec<_> = own_references.map(|reference| document.node(reference)).collect();
    let renamed = own_name::renamed(name, &files, &own_references);
    let unchanged = own_references.first().filter(|_| renamed.is_none() && !findings.have_errors());
    if let Some(reference) = unchanged {
        let message =
            format!("this names {name:?}, which is {DEFINITION_FILE:?} in a group, and cannot be changed here");
        let hint = format!("write {DEFINITION_FILE:?} in its place, and give the document that name");
        findings.add(rules::REFERENCE_UNRESOLVED, reference.location(), message, hint);
    }
    let definition = read::definition(document, &mut findings);
    let Renamed { files, references } = renamed.unwrap_or_default();
    Ok(Imported { renamed: references, ..imported(files, definition, findings.into_vec())? })
}

fn import_swagger(name: &str, document: &Document, mut findings: Findings) -> Result<Imported, Vec<Finding>> {
    if findings.have_errors() {
        return Err(findings.into_vec());
    }
    let Some(root) = document.root() else { return Err(findings.into_vec()) };
    let version = root.get("swagger").and_then(fields::scalar_text).unwrap_or_default();
    if version != "2.0" && version != "2" {
        let location = root.key_location("swagger");
        let message = format!("{version:?} is no version of OpenAPI that apigw reads");
        findings.add(rules::OPENAPI_VERSION, location, message, "import OpenAPI 2.0, 3.0 or 3.1");
        return Err(findings.into_vec());
    }
    let Some(converted) = swagger::convert(root, &mut findings) else {
        let message = "the document is too large to be written out as OpenAPI 3.0";
        findings.add(rules::TOO_LARGE, root.location(), message, "split it into several groups");
        return Err(findings.into_vec());
    };
    let failed = |mut findings: Findings, message: String| {
        findings.add(rules::CONVERSION_FAILED, Location::file(name), message, "convert it to OpenAPI 3.0 by hand");
        Err(findings.into_vec())
    };
    let text = match serde_saphyr::to_string(&converted) {
        Ok(text) => text,
        Err(error) => return failed(findings, format!("the document cannot be written as YAML: {error}")),
    };
    let bytes: Arc<[u8]> = Arc::from(text.into_bytes());
    let loaded =
        reference::load("", DEFINITION_FILE, &mut |path| Ok((path == DEFINITION_FILE).then(|| Arc::clone(&bytes))));
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
    if let Some(definition) = &definition {
        // Places in the converted text mean nothing to the author, who never saw it.
        swagger::place(&mut late, definition.document(), root);
    }
    imported(files, definition, given.into_iter().chain(late).collect())
}

fn imported(files: FileSet, definition: Option<Definition>, findings: Vec<Finding>) -> Result<Imported, Vec<Finding>> {
    let Some(definition) = definition.filter(|_| findings.iter().all(|finding| finding.severity != Severity::Error))
    else {
        return Err(findings);
    };
    let server = definition.servers.first().map(|server| server.url.as_str());
    let backend = server.and_then(|url| url.trim_end_matches('/').parse().ok());
    let prefix = server.and_then(path_of).and_then(|path| path.parse().ok());
    let apis = definition.apis.len();
    let description = Some(definition.title).filter(|title| !title.trim().is_empty());
    Ok(Imported { files, renamed: 0, findings, prefix, backend, description, apis })
}

/// Returns the path of a server's address, absolute or relative, without a slash at its end.
fn path_of(url: &str) -> Option<&str> {
    let after = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
        None => url,
    };
    let path = after.split(['?', '#']).next()?.trim_end_matches('/');
    Some(if path.is_empty() { "/" } else { path })
}
