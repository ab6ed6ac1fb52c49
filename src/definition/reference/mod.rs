//! Follows every `$ref` of a definition, loads the files that they lead to, and determines their targets.
//!
//! A `$ref` is followed where the specification gives it a meaning: not in examples, defaults, enums and constants,
//! which are data, and in extensions only if a reference leads there. Only files that are reached from the root file
//! are loaded, so that a version freezes the files it needs and no others.

mod dynamic;
pub(super) mod error;
mod pointer;
mod resource;
mod target;

use std::collections::HashMap;
use std::sync::Arc;

use super::document::{Document, Node, NodeId};
use super::fetch::{Fetch, FetchError};
use super::findings::ReadFindings;
use super::local_path::{local_path, percent_decoded};
use super::rules;
use super::yaml;
use crate::model::{FileSet, Hint, Location};
use error::ReferenceError;
use resource::ResourceIndex;

/// The result of loading: the tree, its files and the findings about them.
pub(super) struct LoadedTree {
    pub(super) document: Document,
    pub(super) files: FileSet,
    pub(super) findings: ReadFindings,
    /// The texts that refer to the root file by its name: followed references, and mappings of discriminators.
    pub(super) own_references: Vec<NodeId>,
    /// For each file, the first reference that leads to it.
    pub(super) file_references: HashMap<String, NodeId>,
}

/// The root file of a definition, with its folder.
#[derive(Clone, Copy)]
pub(super) struct RootFile<'a> {
    /// The folder that precedes the names of files in findings; may be empty.
    pub(super) folder: &'a str,
    /// The path below that folder.
    pub(super) path: &'a str,
    /// The names of the folders that references may lead up through, from the outermost to the root file's own.
    pub(super) above: &'a [String],
}

/// Loads the definition with the given root file, and all files that it refers to.
pub(super) fn load(root: RootFile<'_>, fetch: &mut Fetch<'_>) -> LoadedTree {
    let RootFile { folder, path: root, above } = root;
    let mut loader = TreeLoader {
        document: Document::new(folder),
        above,
        files: FileSet::default(),
        findings: ReadFindings::default(),
        fetch,
        bytes: 0,
        is_cut_off: false,
        loaded: HashMap::new(),
        resources: ResourceIndex::default(),
        externals: 0,
        visited: Vec::new(),
        pending: Vec::new(),
        references: Vec::new(),
        own_references: Vec::new(),
        file_references: HashMap::new(),
    };
    match loader.file(root) {
        Ok(Some(node)) => {
            loader.walk(node);
            loader.follow_dynamic_scopes();
            loader.finish();
        }
        Ok(None) => {}
        Err(UnloadedFile::Missing) => loader.root_missing(root, "there is no definition"),
        Err(UnloadedFile::Failed(message)) => loader.root_missing(root, &message),
        Err(UnloadedFile::TooLarge(message)) => {
            let location = Location::file(loader.document.path_of(root));
            loader.findings.add(rules::TOO_LARGE, location, message, "split the definition into several groups");
        }
    }
    let TreeLoader { document, files, findings, own_references, file_references, .. } = loader;
    LoadedTree { document, files, findings, own_references, file_references }
}

/// The maximum number of files of a definition.
const MOST_FILES: usize = 20_000;
/// The maximum total size of the files of a definition, in bytes.
const MOST_BYTES_TOGETHER: usize = 64 << 20;

/// Fields with a mapping from names chosen by the author to objects of the specification.
const MAPS_OF_NAMES: &[&str] = &[
    "$defs",
    "callbacks",
    "content",
    "definitions",
    "dependentSchemas",
    "encoding",
    "examples",
    "headers",
    "links",
    "mapping",
    "parameters",
    "pathItems",
    "paths",
    "patternProperties",
    "properties",
    "requestBodies",
    "responses",
    "schemas",
    "securityDefinitions",
    "securitySchemes",
    "variables",
    "webhooks",
];
/// Fields that contain data, in which `$ref` has no meaning.
const DATA: &[&str] = &["const", "dataValue", "default", "enum", "example", "value"];

struct TreeLoader<'f, 'g> {
    document: Document,
    above: &'f [String],
    files: FileSet,
    findings: ReadFindings,
    fetch: &'f mut Fetch<'g>,
    bytes: usize,
    /// True once a limit was exceeded, which a finding reports.
    is_cut_off: bool,
    loaded: HashMap<String, Option<NodeId>>,
    resources: ResourceIndex,
    /// The number of files named by examples.
    externals: usize,
    visited: Vec<u8>,
    pending: Vec<NodeVisit>,
    references: Vec<NodeId>,
    own_references: Vec<NodeId>,
    file_references: HashMap<String, NodeId>,
}

/// A node that is still to be visited.
#[derive(Clone, Copy)]
struct NodeVisit {
    node: NodeId,
    /// True if its keys are names chosen by the author.
    names: bool,
}

enum UnloadedFile {
    Missing,
    Failed(String),
    /// This file would exceed a limit of the whole definition.
    TooLarge(String),
}

impl TreeLoader<'_, '_> {
    fn root_missing(&mut self, root: &str, message: &str) {
        let location = Location::file(self.document.path_of(root));
        self.findings.add(rules::DEFINITION_MISSING, location, message, Hint::ImportDefinition);
    }

    /// Loads a file once and returns its root; `Ok(None)` if it cannot be parsed, which a finding reports.
    fn file(&mut self, path: &str) -> Result<Option<NodeId>, UnloadedFile> {
        if let Some(root) = self.loaded.get(path) {
            return Ok(*root);
        }
        if self.loaded.len() >= MOST_FILES {
            return Err(UnloadedFile::TooLarge(format!(
                "the definition has more than the {MOST_FILES} files that are read"
            )));
        }
        let bytes = (self.fetch)(path).map_err(|error| match error {
            FetchError::TooLarge(message) => UnloadedFile::TooLarge(format!("{path:?}: {message}")),
            FetchError::Refused(message) => UnloadedFile::Failed(message),
        });
        let bytes = bytes?.ok_or(UnloadedFile::Missing)?;
        if self.bytes + bytes.len() > MOST_BYTES_TOGETHER && !self.loaded.is_empty() {
            let most = MOST_BYTES_TOGETHER >> 20;
            let message = format!("the files of the definition have more than the {most} MiB that are read of them");
            return Err(UnloadedFile::TooLarge(message));
        }
        self.bytes += bytes.len();
        let before = self.document.size();
        let root = yaml::read(&mut self.document, path, &bytes, &mut self.findings);
        self.loaded.insert(path.to_owned(), root);
        self.files.insert(path, bytes);
        if let Some(root) = root {
            let nodes = self.document.ids_from(before).map(|id| self.document.node(id));
            self.resources.add_file(self.document.node(root), nodes);
        }
        Ok(root)
    }

    fn walk(&mut self, root: NodeId) {
        self.pending.push(NodeVisit { node: root, names: false });
        while let Some(visit) = self.pending.pop() {
            if self.first_visit(visit) {
                self.visit(visit);
            }
        }
    }

    fn first_visit(&mut self, visit: NodeVisit) -> bool {
        if self.visited.len() < self.document.size() {
            self.visited.resize(self.document.size(), 0);
        }
        let bit = if visit.names { 2 } else { 1 };
        match self.visited.get_mut(visit.node.index()) {
            Some(seen) if *seen & bit == 0 => {
                *seen |= bit;
                true
            }
            _ => false,
        }
    }

    fn visit(&mut self, visit: NodeVisit) {
        let node = self.document.node(visit.node);
        for item in node.items() {
            self.pending.push(NodeVisit { node: item.id(), names: false });
        }
        for (key, value) in node.entries() {
            if visit.names {
                self.pending.push(NodeVisit { node: value.id(), names: false });
            } else if !DATA.contains(&key) && !key.starts_with("x-") {
                let names = MAPS_OF_NAMES.contains(&key) && value.is_object();
                let list_of_data = key == "examples" && value.is_array();
                if !list_of_data {
                    self.pending.push(NodeVisit { node: value.id(), names });
                }
            }
        }
        if !visit.names {
            let has_dynamic = node.reference().is_none() && self.has_dynamic_references();
            for keyword in ["$ref", "$dynamicRef"] {
                let reference = node.get(keyword).filter(|_| keyword == "$ref" || has_dynamic);
                if let Some(text) = reference.and_then(Node::as_str) {
                    let text = text.to_owned();
                    self.reference(visit.node, keyword, &text);
                    break;
                }
            }
            self.mapping(visit.node);
            self.external(visit.node);
        }
    }

    /// True if `$dynamicRef` is a keyword: the schemas of OpenAPI 3.0 and 2.0 have none of that name.
    fn has_dynamic_references(&self) -> bool {
        let Some(root) = self.document.root() else { return true };
        let version = root.get("openapi").map(|version| version.as_str().unwrap_or_default());
        root.get("swagger").is_none() && version.is_none_or(|version| !version.trim().starts_with("3.0"))
    }

    /// Loads the file beside the definition that an Example Object names. URLs are not fetched, and a missing file is
    /// no fault of the definition: it is reported when the results are built.
    fn external(&mut self, node: NodeId) {
        let example = self.document.node(node);
        let Some(text) = example.get("externalValue").and_then(Node::as_str) else { return };
        let Ok(path) = local_path(example.file(), text, self.above) else { return };
        if let Some(text) = example.get("externalValue") {
            self.file_references.entry(path.clone()).or_insert(text.id());
        }
        let Ok(Some(bytes)) = (self.fetch)(&path) else { return };
        self.bytes += bytes.len();
        self.externals += 1;
        if self.bytes <= MOST_BYTES_TOGETHER && self.loaded.len() + self.externals <= MOST_FILES {
            self.document.set_external(node, Arc::clone(&bytes));
            self.files.insert(&path, bytes);
        }
    }

    fn reference(&mut self, node: NodeId, keyword: &str, text: &str) {
        match self.target(node, text, 0) {
            Ok(target) => {
                self.slashless(node, keyword, text, target);
                self.document.set_target(node, target);
                self.references.push(node);
                self.pending.push(NodeVisit { node: target, names: false });
            }
            Err(ReferenceError { rule, message, hint }) if rule == rules::TOO_LARGE => {
                // Every further reference to a file would report the same.
                if !std::mem::replace(&mut self.is_cut_off, true) {
                    let root = self.document.root().map_or("", Node::file);
                    self.findings.add(rule, Location::file(self.document.path_of(root)), message, hint);
                }
            }
            Err(ReferenceError { rule, message, hint }) => {
                let node = self.document.node(node);
                let location = node.get(keyword).map_or_else(|| node.location(), Node::location);
                self.findings.add(rule, location, message, hint);
            }
        }
    }

    /// Warns about a pointer without its leading slash, which is accepted since no anchor has that name.
    fn slashless(&mut self, node: NodeId, keyword: &str, text: &str, target: NodeId) {
        let Some((file, fragment)) = text.split_once('#').filter(|(_, fragment)| !fragment.is_empty()) else { return };
        let resource = self.resource_of(target);
        if fragment.starts_with('/') || self.resources.anchor(resource, &percent_decoded(fragment)).is_some() {
            return;
        }
        let node = self.document.node(node);
        let location = node.get(keyword).map_or_else(|| node.location(), Node::location);
        let message = format!("the reference {text:?} is taken as \"{file}#/{fragment}\"");
        self.findings.add(rules::SLOPPY, location, message, "begin the pointer with `#/`");
    }
}
