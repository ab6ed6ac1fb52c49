//! Resolves references to nodes, and determines the end of each chain of references.

use std::borrow::Cow;

use super::error::ReferenceError;
use super::{TreeLoader, UnloadedFile};
use crate::definition::document::{Node, NodeId, NodeSet};
use crate::definition::local_path::{local_path, percent_decoded};
use crate::definition::rules;

/// The maximum number of references followed while resolving a pointer.
const MOST_STEPS: usize = 32;

impl TreeLoader<'_, '_> {
    /// Resolves a reference to a node, one step of the chain.
    pub(super) fn target(&mut self, node: NodeId, text: &str, steps: usize) -> Result<NodeId, ReferenceError> {
        let (base, fragment) = text.split_once('#').unwrap_or((text, ""));
        let own = self.resource_of(node);
        let (start, sloppy_start) = if base.is_empty() {
            (own, self.document.root_of(node))
        } else if let Some(named) = self.resources.by_reference(own, base) {
            (named, None)
        } else {
            match self.referenced_file(node, base) {
                Ok(root) => (root, None),
                Err(problem) => return self.bare_name(node, text).ok_or(problem),
            }
        };
        let found = self.fragment(start, fragment, text, steps);
        match (found, sloppy_start) {
            (Err(_), Some(root)) if root != start => self.fragment(root, fragment, text, steps),
            (found, _) => found,
        }
    }

    /// Returns the schema with an `$id` that encloses a node, or the root of its file.
    pub(super) fn resource_of(&self, node: NodeId) -> NodeId {
        self.resources.enclosing(node).or_else(|| self.document.root_of(node)).unwrap_or(node)
    }

    fn referenced_file(&mut self, node: NodeId, base: &str) -> Result<NodeId, ReferenceError> {
        let from = self.document.node(node).file().to_owned();
        let path = local_path(&from, base, self.above)?;
        if self.is_root(&path) {
            self.own_references.extend(written(self.document.node(node)).map(Node::id));
        }
        if let Some(reference) = written(self.document.node(node)) {
            self.file_references.entry(path.clone()).or_insert(reference.id());
        }
        match self.file(&path) {
            Ok(Some(root)) => Ok(root),
            Ok(None) => Err(ReferenceError::unresolved(
                format!("the reference leads to {path:?}, which cannot be read"),
                "fix the findings of that file",
            )),
            Err(UnloadedFile::Missing) => Err(ReferenceError::unresolved(
                format!("the reference leads to the file {path:?}, which does not exist"),
                "add the file, or correct the reference; its path is relative to the file that it stands in",
            )),
            Err(UnloadedFile::TooLarge(message)) => Err(ReferenceError {
                rule: rules::TOO_LARGE,
                message,
                hint: "split the definition into several groups".to_owned(),
            }),
            Err(UnloadedFile::Failed(message)) => Err(ReferenceError {
                rule: rules::REFERENCE_OUTSIDE,
                message: format!("the file {path:?} that the reference leads to cannot be had: {message}"),
                hint: "put a file of the group in its place".to_owned(),
            }),
        }
    }

    /// Records the values of a discriminator's `mapping` that refer to the root file by its name.
    pub(super) fn mapping(&mut self, node: NodeId) {
        let node = self.document.node(node);
        let mapping = node.get("discriminator").and_then(|discriminator| discriminator.get("mapping"));
        let values = mapping.into_iter().flat_map(Node::entries).map(|(_, value)| value);
        let own = values.filter(|value| {
            let base = value.as_str().and_then(|text| text.split('#').next()).filter(|base| !base.is_empty());
            base.and_then(|base| local_path(node.file(), base, self.above).ok()).is_some_and(|path| self.is_root(&path))
        });
        let own: Vec<NodeId> = own.map(Node::id).collect();
        self.own_references.extend(own);
    }

    fn is_root(&self, path: &str) -> bool {
        self.document.root().is_some_and(|root| root.file() == path)
    }

    fn fragment(&mut self, start: NodeId, fragment: &str, text: &str, steps: usize) -> Result<NodeId, ReferenceError> {
        if fragment.is_empty() {
            return Ok(start);
        }
        if let Some(pointer) = fragment.strip_prefix('/') {
            return self.pointer(start, pointer, text, steps);
        }
        let decoded = percent_decoded(fragment);
        if let Some(named) = self.resources.anchor(start, &decoded) {
            return Ok(named);
        }
        if let Ok(found) = self.pointer(start, fragment, text, steps) {
            return Ok(found);
        }
        Err(ReferenceError::unresolved(
            format!("the reference {text:?} names an `$anchor` that does not exist"),
            "write a pointer like \"#/components/schemas/Pet\"",
        ))
    }

    fn pointer(&mut self, start: NodeId, pointer: &str, text: &str, steps: usize) -> Result<NodeId, ReferenceError> {
        let mut at = start;
        for (level, token) in pointer.split('/').enumerate() {
            let is_plain = !token.contains(['~', '%']);
            let unescaped = |token: &str| token.replace("~1", "/").replace("~0", "~");
            let decoded: Cow<'_, str> = if is_plain { token.into() } else { unescaped(&percent_decoded(token)).into() };
            let raw: Cow<'_, str> = if is_plain { token.into() } else { unescaped(token).into() };
            let mut follows = steps;
            at = loop {
                let node = self.document.node(at);
                if let Some(child) = child(node, &decoded).or_else(|| child(node, &raw).filter(|_| !is_plain)) {
                    break child.id();
                }
                let Some(reference) = node.reference().filter(|_| follows < MOST_STEPS) else {
                    let passed: String = pointer.split('/').take(level).flat_map(|token| ["/", token]).collect();
                    let parent = if level == 0 { "the document".to_owned() } else { format!("#{passed}") };
                    return Err(ReferenceError::unresolved(
                        format!("the reference {text:?} leads nowhere: {parent} has no {raw:?}"),
                        "add what it names, or correct the reference",
                    ));
                };
                follows += 1;
                let reference = reference.to_owned();
                at = match self.document.next_target(at) {
                    Some(next) => next,
                    None => self.target(at, &reference, follows)?,
                };
            };
        }
        Ok(at)
    }

    /// Interprets a bare name as that of a schema, a notation of early tools.
    fn bare_name(&mut self, node: NodeId, text: &str) -> Option<NodeId> {
        if text.contains(['/', '.', '#', ':']) {
            return None;
        }
        let root = self.document.node(self.document.root_of(node)?);
        let from_components = root.get("components").and_then(|components| components.get("schemas"));
        let schemas = from_components.or_else(|| root.get("definitions"))?;
        let found = schemas.get(text)?.id();
        let location = self.document.node(node).get("$ref").map(Node::location)?;
        let message = format!("the reference {text:?} is a bare name; the schema of that name is taken");
        self.findings.add(rules::SLOPPY, location, message, "write a pointer like \"#/components/schemas/Pet\"");
        Some(found)
    }

    /// Determines the end of each chain of references.
    pub(super) fn finish(&mut self) {
        let mut settled = NodeSet::default();
        let mut circular = NodeSet::default();
        for reference in std::mem::take(&mut self.references) {
            let mut chain = Vec::new();
            let mut on_chain = NodeSet::default();
            let mut at = reference;
            let last = loop {
                if settled.contains(&at) {
                    break self.document.last_target(at);
                }
                if !on_chain.insert(at) {
                    if circular.insert(self.document.original(at)) {
                        self.circular(at);
                    }
                    break None;
                }
                match self.document.next_target(at) {
                    Some(next) => {
                        chain.push(at);
                        at = next;
                    }
                    None if self.document.node(at).reference().is_some() => break None,
                    None => break Some(at),
                }
            };
            for link in chain.into_iter().rev() {
                settled.insert(link);
                if let Some(last) = last {
                    self.document.settle_target(link, last);
                }
            }
        }
    }

    fn circular(&mut self, reference: NodeId) {
        let node = self.document.node(reference);
        let text = written(node).and_then(Node::as_str).unwrap_or_default();
        let message = format!("the reference {text:?} leads back to itself and never to a value");
        let location = written(node).map_or_else(|| node.location(), Node::location);
        self.findings.add(rules::REFERENCE_CIRCULAR, location, message, "let one of the chain hold the value");
    }
}

/// Returns the node of a reference's text.
fn written(node: Node<'_>) -> Option<Node<'_>> {
    ["$ref", "$dynamicRef"].into_iter().find_map(|keyword| node.get(keyword).filter(|text| text.as_str().is_some()))
}

pub(super) fn child<'d>(node: Node<'d>, token: &str) -> Option<Node<'d>> {
    if !node.is_array() {
        return node.get(token);
    }
    // An index has neither a sign nor leading zeros (RFC 6901, section 4).
    let is_index = token == "0" || !token.starts_with('0') && token.bytes().all(|byte| byte.is_ascii_digit());
    node.items().nth(token.parse().ok().filter(|_| is_index)?)
}
