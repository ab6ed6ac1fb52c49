//! Takes a document of any version of OpenAPI and makes the files of a group of it.

use std::sync::Arc;

use super::document::Node;
use super::read;
use super::reference;
use super::rules;
use crate::model::{DEFINITION_FILE, FileSet, Finding, HttpUrl, PathPrefix, Severity};

/// What an import gives: the files of the group, and what the document suggests for its settings.
#[derive(Debug)]
pub struct Imported {
    /// The definition under its name in a group's folder, and every file that it refers to in its layout.
    pub files: FileSet,
    /// What the document was taken with, none of them an error.
    pub findings: Vec<Finding>,
    /// The path prefix that its first server suggests.
    pub prefix: Option<PathPrefix>,
    /// The backend's address that its first server suggests.
    pub backend: Option<String>,
    /// The title of the document, for the group's description.
    pub description: Option<String>,
}

/// Imports the document `name`, OpenAPI 2.0, 3.0 or 3.1, YAML or JSON, with the files that it refers to.
///
/// `fetch` gives the bytes of `name` and of the files beside it, as for [`read`](super::read). The bytes of a 3.x
/// document are kept as they are. The error is what stands in the way, an error among the findings.
pub fn import(
    name: &str,
    fetch: &mut dyn FnMut(&str) -> Result<Option<Arc<[u8]>>, String>,
) -> Result<Imported, Vec<Finding>> {
    let reference::Loaded { document, files, mut findings } = reference::load("", name, fetch);
    let mut kept = FileSet::default();
    for (path, bytes) in files.iter() {
        let path = if path == name { DEFINITION_FILE } else { path };
        kept.insert(path, Arc::clone(bytes));
    }
    let swagger = document.root().and_then(|root| root.get("swagger"));
    if let Some(version) = swagger {
        let message = "OpenAPI 2.0 is not converted";
        findings.add(rules::OPENAPI_VERSION, version.location(), message, "convert it to 3.0 first");
        return Err(findings.into_vec());
    }
    let description =
        document.root().and_then(|root| root.get("info")?.get("title").and_then(Node::as_str).map(str::to_owned));
    let definition = read::definition(document, &mut findings);
    let findings = findings.into_vec();
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(findings);
    }
    let server = definition.and_then(|definition| definition.servers.into_iter().next()).map(|server| server.url);
    let backend = server.as_deref().filter(|url| url.parse::<HttpUrl>().is_ok()).map(str::to_owned);
    let prefix = server.as_deref().and_then(path_of).and_then(|path| path.parse().ok());
    Ok(Imported { files: kept, findings, prefix, backend, description })
}

/// Returns the path of a server's address, absolute or relative, without a slash at its end.
fn path_of(url: &str) -> Option<&str> {
    let after =
        url.split_once("://").map_or(url, |(_, rest)| rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"));
    let path = after.split(['?', '#']).next()?.trim_end_matches('/');
    Some(if path.is_empty() { "/" } else { path })
}
