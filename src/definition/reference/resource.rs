//! Identifiers of parts of a definition other than their paths: `$id`, `$self` and anchors.
//!
//! A schema with an `$id` is a resource of its own (JSON Schema 2020-12, section 8.2): its identifier is resolved
//! against that of the enclosing resource, and references and anchors within it against its own. OpenAPI 3.2 identifies
//! a whole document by `$self` (section 4.1.2.2). A file without either is identified by its path.

use std::collections::HashMap;

use crate::definition::document::{Node, NodeId, NodeMap, NodeSet};

/// The scheme of identifiers of files in the definition's folder; no reference can have it.
const FOLDER: &str = "folder:///";

/// The resources of a definition and their anchors.
#[derive(Default)]
pub(super) struct ResourceIndex {
    /// Resources by identifier, which is absolute and has no fragment.
    by_id: HashMap<String, NodeId>,
    identifiers: NodeMap<NodeId, String>,
    /// The schema with an `$id` that encloses a node, for nodes that have one.
    enclosing: NodeMap<NodeId, NodeId>,
    /// For each schema with an `$id`, the resource around it.
    around: NodeMap<NodeId, NodeId>,
    anchors: NodeMap<NodeId, HashMap<String, NodeId>>,
    /// Those of the anchors that are dynamic.
    dynamic: NodeMap<NodeId, HashMap<String, NodeId>>,
}

impl ResourceIndex {
    /// Adds the identifiers in a file, given its root and all of its nodes.
    pub(super) fn add_file<'d>(&mut self, root: Node<'d>, nodes: impl Iterator<Item = Node<'d>>) {
        let address = format!("{FOLDER}{}", root.file());
        let own = root.get("$self").or_else(|| root.get("$id")).and_then(Node::as_str);
        let identifier = own.and_then(|own| resolve(&address, without_fragment(own))).unwrap_or(address);
        self.name(root.id(), identifier);
        let mut has_resources = false;
        for node in nodes {
            has_resources |= node.id() != root.id() && node.get("$id").and_then(Node::as_str).is_some();
            self.add_anchors(node, root.id());
        }
        // Few files have nested resources; for the others the walk of enclosing schemas is not needed.
        if has_resources {
            self.anchors.remove(&root.id());
            self.dynamic.remove(&root.id());
            self.add_resources(root);
        }
    }

    fn add_resources(&mut self, root: Node<'_>) {
        let mut seen = NodeSet::default();
        let mut pending = vec![(root, root.id())];
        while let Some((node, around)) = pending.pop() {
            // A YAML alias makes a node reachable from several places.
            if !seen.insert(node.id()) {
                continue;
            }
            let mut resource = around;
            if node.id() != root.id()
                && let Some(id) = node.get("$id").and_then(Node::as_str)
                && let Some(identifier) = resolve(self.identifier(around), without_fragment(id))
            {
                resource = node.id();
                self.name(resource, identifier);
                self.around.insert(resource, around);
            }
            self.add_anchors(node, resource);
            if resource != root.id() {
                self.enclosing.insert(node.id(), resource);
            }
            pending.extend(node.items().chain(node.entries().map(|(_, value)| value)).map(|child| (child, resource)));
        }
    }

    fn add_anchors(&mut self, node: Node<'_>, resource: NodeId) {
        for keyword in ["$anchor", "$dynamicAnchor"] {
            if let Some(name) = node.get(keyword).and_then(Node::as_str) {
                self.anchors.entry(resource).or_default().entry(name.to_owned()).or_insert(node.id());
                if keyword == "$dynamicAnchor" {
                    self.dynamic.entry(resource).or_default().entry(name.to_owned()).or_insert(node.id());
                }
            }
        }
    }

    /// Returns the resource that a reference without its fragment identifies, relative to another resource.
    pub(super) fn by_reference(&self, from: NodeId, reference: &str) -> Option<NodeId> {
        let identifier = resolve(self.identifier(from), reference)?;
        // A file is looked up by path instead, which explains a missing one.
        self.by_id.get(&identifier).filter(|_| !identifier.starts_with(FOLDER) || self.has_id(&identifier)).copied()
    }

    /// Returns the schema with an `$id` that encloses a node.
    pub(super) fn enclosing(&self, node: NodeId) -> Option<NodeId> {
        self.enclosing.get(&node).copied()
    }

    /// Returns the node that an anchor of a resource identifies.
    pub(super) fn anchor(&self, resource: NodeId, name: &str) -> Option<NodeId> {
        self.anchors.get(&resource)?.get(name).copied()
    }

    /// Returns the resource around a schema with an `$id`.
    pub(super) fn around(&self, resource: NodeId) -> Option<NodeId> {
        self.around.get(&resource).copied()
    }

    /// Lists the dynamic anchors: the resource of each, its name and its node.
    pub(super) fn dynamic_anchors(&self) -> impl Iterator<Item = (NodeId, &str, NodeId)> {
        let anchors = self.dynamic.iter();
        anchors.flat_map(|(resource, names)| names.iter().map(|(name, node)| (*resource, name.as_str(), *node)))
    }

    fn has_id(&self, identifier: &str) -> bool {
        self.by_id.get(identifier).is_some_and(|resource| self.enclosing.contains_key(resource))
    }

    fn identifier(&self, resource: NodeId) -> &str {
        self.identifiers.get(&resource).map_or(FOLDER, String::as_str)
    }

    fn name(&mut self, resource: NodeId, identifier: String) {
        self.by_id.entry(identifier.clone()).or_insert(resource);
        self.identifiers.insert(resource, identifier);
    }
}

fn without_fragment(reference: &str) -> &str {
    reference.split('#').next().unwrap_or_default()
}

/// Resolves a reference without a fragment against an absolute identifier (RFC 3986, section 5.2).
///
/// `None` if the identifier is not hierarchical, like a URN.
fn resolve(base: &str, reference: &str) -> Option<String> {
    if has_scheme(reference) {
        return Some(reference.to_owned());
    }
    if reference.is_empty() {
        return Some(base.to_owned());
    }
    let (scheme, rest) = base.split_once(':')?;
    if let Some(rest) = reference.strip_prefix("//") {
        return Some(format!("{scheme}://{rest}"));
    }
    let hierarchy = rest.strip_prefix("//")?;
    let (authority, path) = hierarchy.split_at(hierarchy.find('/').unwrap_or(hierarchy.len()));
    let path = path.split('?').next().unwrap_or_default();
    let (relative, query) = reference.split_at(reference.find('?').unwrap_or(reference.len()));
    let folder = if relative.starts_with('/') { "" } else { path.rsplit_once('/').map_or("", |(folder, _)| folder) };
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(relative.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Some(format!("{scheme}://{authority}/{}{query}", parts.join("/")))
}

/// True if a reference begins with a scheme (RFC 3986, section 3.1).
fn has_scheme(reference: &str) -> bool {
    reference.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|each| each.is_ascii_alphanumeric() || "+-.".contains(each))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_as_rfc_3986_does() {
        for (base, reference, expected) in [
            ("https://a.example/b/c", "d", Some("https://a.example/b/d")),
            ("https://a.example/b/c", "../d", Some("https://a.example/d")),
            ("https://a.example/b/c", "/d/./e", Some("https://a.example/d/e")),
            ("https://a.example/b/c", "//x.example/d", Some("https://x.example/d")),
            ("https://a.example/b/c", "urn:x:y", Some("urn:x:y")),
            ("https://a.example/b/c", "", Some("https://a.example/b/c")),
            ("https://a.example", "d", Some("https://a.example/d")),
            ("https://a.example/b?x=/y/z", "d?q=1", Some("https://a.example/d?q=1")),
            ("urn:x:y", "d", None),
        ] {
            assert_eq!(resolve(base, reference).as_deref(), expected, "{reference} in {base}");
        }
    }
}
