//! Follows every `$ref` of a definition, loads the files that they lead to, and says where each ends.
//!
//! A `$ref` counts where the specification gives it a meaning: not inside examples, defaults, enums
//! and constants, which are data, and not inside extensions unless something leads there. Only what
//! is reached from the root file is followed, so that a version freezes what it needs and no more.

mod target;

use std::collections::HashMap;
use std::sync::Arc;

use super::Fetch;
use super::document::{Document, Node, NodeId};
use super::findings::Findings;
use super::local_path::{local_path, percent_decoded};
use super::rules::{self, Rule};
use super::yaml;
use crate::model::{FileSet, Location};

/// What was loaded: the tree, the files behind it, and what is wrong with either.
pub(super) struct Loaded {
    pub(super) document: Document,
    pub(super) files: FileSet,
    pub(super) findings: Findings,
    /// The texts that lead to the root file by its name: of references that were followed, and of discriminators.
    pub(super) own_references: Vec<NodeId>,
}

/// Loads the definition whose root file is `root`, and all that it refers to.
pub(super) fn load(folder: &str, root: &str, fetch: &mut Fetch<'_>) -> Loaded {
    let mut loader = Loader {
        document: Document::new(folder),
        files: FileSet::default(),
        findings: Findings::default(),
        fetch,
        bytes: 0,
        loaded: HashMap::new(),
        externals: 0,
        ids: HashMap::new(),
        anchors: HashMap::new(),
        visited: Vec::new(),
        pending: Vec::new(),
        references: Vec::new(),
        own_references: Vec::new(),
    };
    let missing = |message: String| (rules::DEFINITION_MISSING, message);
    match loader.file(root) {
        Ok(Some(node)) => {
            loader.walk(node);
            loader.finish();
        }
        Ok(None) => {}
        Err(Unloaded::Missing) => {
            loader.root_missing(root, missing("there is no definition".to_owned()));
        }
        Err(Unloaded::Failed(message)) => loader.root_missing(root, missing(message)),
    }
    let Loader { document, files, findings, own_references, .. } = loader;
    Loaded { document, files, findings, own_references }
}

/// No definition is spread over more files.
const MOST_FILES: usize = 1_000;

/// The fields whose value maps names that people choose to objects with a meaning.
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
/// The fields whose value is data.
const DATA: &[&str] = &["const", "default", "enum", "example", "value"];

struct Loader<'f, 'g> {
    document: Document,
    files: FileSet,
    findings: Findings,
    fetch: &'f mut Fetch<'g>,
    bytes: usize,
    loaded: HashMap<String, Option<NodeId>>,
    /// The files that examples name.
    externals: usize,
    /// Nodes by their `$id`.
    ids: HashMap<String, NodeId>,
    /// Nodes by `file#anchor`, the file's path below the folder.
    anchors: HashMap<String, NodeId>,
    visited: Vec<u8>,
    pending: Vec<Visit>,
    references: Vec<NodeId>,
    own_references: Vec<NodeId>,
}

/// A node that is still to be walked.
#[derive(Clone, Copy)]
struct Visit {
    node: NodeId,
    /// Whether its keys are names that people chose.
    names: bool,
    /// The schema with an `$id` that encloses it, or its file's root.
    resource: NodeId,
}

enum Unloaded {
    Missing,
    Failed(String),
}

/// Why a reference leads nowhere.
pub(super) struct Problem {
    pub(super) rule: Rule,
    pub(super) message: String,
    pub(super) hint: String,
}

impl Problem {
    fn unresolved(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { rule: rules::REFERENCE_UNRESOLVED, message: message.into(), hint: hint.into() }
    }

    pub(super) fn outside(message: impl Into<String>) -> Self {
        let hint = "copy what it names into the group's folder and refer to the copy";
        Self { rule: rules::REFERENCE_OUTSIDE, message: message.into(), hint: hint.to_owned() }
    }
}

impl Loader<'_, '_> {
    fn root_missing(&mut self, root: &str, (rule, message): (Rule, String)) {
        let location = Location::file(self.document.path_of(root));
        self.findings.add(rule, location, message, "import one with `apigw group import`");
    }

    /// Loads a file once and returns its root; `Ok(None)` where it cannot be read, which a finding says.
    fn file(&mut self, path: &str) -> Result<Option<NodeId>, Unloaded> {
        if let Some(root) = self.loaded.get(path) {
            return Ok(*root);
        }
        if self.loaded.len() >= MOST_FILES {
            return Err(Unloaded::Failed(format!("the definition refers to more than {MOST_FILES} files")));
        }
        let bytes = (self.fetch)(path).map_err(Unloaded::Failed)?.ok_or(Unloaded::Missing)?;
        self.bytes += bytes.len();
        if self.bytes > yaml::MOST_BYTES && !self.loaded.is_empty() {
            let most = yaml::MOST_BYTES;
            return Err(Unloaded::Failed(format!("the files of the definition have more than {most} bytes together")));
        }
        let before = self.document.size();
        let root = yaml::read(&mut self.document, path, &bytes, &mut self.findings);
        self.loaded.insert(path.to_owned(), root);
        self.files.insert(path, bytes);
        self.collect_names(before, path);
        Ok(root)
    }

    fn collect_names(&mut self, from: usize, path: &str) {
        for id in self.document.ids().skip(from) {
            let node = self.document.node(id);
            if !node.is_object() {
                continue;
            }
            if let Some(name) = node.get("$id").and_then(Node::as_str) {
                self.ids.entry(name.trim_end_matches('#').to_owned()).or_insert(id);
            }
            for keyword in ["$anchor", "$dynamicAnchor"] {
                if let Some(name) = node.get(keyword).and_then(Node::as_str) {
                    self.anchors.entry(format!("{path}#{name}")).or_insert(id);
                }
            }
        }
    }

    fn walk(&mut self, root: NodeId) {
        self.pending.push(Visit { node: root, names: false, resource: root });
        while let Some(visit) = self.pending.pop() {
            if self.first_visit(visit) {
                self.visit(visit);
            }
        }
    }

    fn first_visit(&mut self, visit: Visit) -> bool {
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

    fn visit(&mut self, visit: Visit) {
        let node = self.document.node(visit.node);
        let mut resource = visit.resource;
        if !visit.names && node.get("$id").and_then(Node::as_str).is_some() {
            resource = visit.node;
        }
        for item in node.items() {
            self.pending.push(Visit { node: item.id(), names: false, resource });
        }
        for (key, value) in node.entries() {
            if visit.names {
                self.pending.push(Visit { node: value.id(), names: false, resource });
            } else if !DATA.contains(&key) && !key.starts_with("x-") {
                let names = MAPS_OF_NAMES.contains(&key) && value.is_object();
                let list_of_data = key == "examples" && value.is_array();
                if !list_of_data {
                    self.pending.push(Visit { node: value.id(), names, resource });
                }
            }
        }
        if !visit.names {
            for keyword in ["$ref", "$dynamicRef"] {
                let reference = node.get(keyword).filter(|_| keyword == "$ref" || node.reference().is_none());
                if let Some(text) = reference.and_then(Node::as_str) {
                    let text = text.to_owned();
                    self.reference(visit.node, keyword, &text, resource);
                    break;
                }
            }
            self.mapping(visit.node);
            self.external(visit.node);
        }
    }

    /// Loads the file beside the definition that an Example Object names. An address is not fetched, and a file that is not
    /// there is no fault of the definition: building the results says so.
    fn external(&mut self, node: NodeId) {
        let example = self.document.node(node);
        let Some(text) = example.get("externalValue").and_then(Node::as_str) else { return };
        let Ok(path) = local_path(example.file(), text) else { return };
        let Ok(Some(bytes)) = (self.fetch)(&path) else { return };
        self.bytes += bytes.len();
        self.externals += 1;
        if self.bytes <= yaml::MOST_BYTES && self.loaded.len() + self.externals <= MOST_FILES {
            self.document.set_external(node, Arc::clone(&bytes));
            self.files.insert(&path, bytes);
        }
    }

    fn reference(&mut self, node: NodeId, keyword: &str, text: &str, resource: NodeId) {
        match self.target(node, text, resource, 0) {
            Ok(target) => {
                self.slashless(node, keyword, text, target);
                self.document.set_target(node, target);
                self.references.push(node);
                let resource = self.document.root_of(target).unwrap_or(target);
                self.pending.push(Visit { node: target, names: false, resource });
            }
            Err(Problem { rule, message, hint }) => {
                let node = self.document.node(node);
                let location = node.get(keyword).map_or_else(|| node.location(), Node::location);
                self.findings.add(rule, location, message, hint);
            }
        }
    }

    /// Warns of a pointer without its first slash: it is no anchor, so it can only mean one thing.
    fn slashless(&mut self, node: NodeId, keyword: &str, text: &str, target: NodeId) {
        let Some((file, fragment)) = text.split_once('#').filter(|(_, fragment)| !fragment.is_empty()) else { return };
        let anchor = format!("{}#{}", self.document.node(target).file(), percent_decoded(fragment));
        if fragment.starts_with('/') || self.anchors.contains_key(&anchor) {
            return;
        }
        let node = self.document.node(node);
        let location = node.get(keyword).map_or_else(|| node.location(), Node::location);
        let message = format!("the reference {text:?} is taken as \"{file}#/{fragment}\"");
        self.findings.add(rules::SLOPPY, location, message, "begin the pointer with `#/`");
    }
}
