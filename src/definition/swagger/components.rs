//! The names of shared parts in `components`.

use std::collections::{HashMap, HashSet};

use super::super::document::{Node, NodeId};
use super::parameter_kind;

/// The names of shared parts, by the node that they are converted from.
pub(super) struct ComponentIndex<'d> {
    schemas: HashMap<NodeId, String>,
    names: ComponentNames,
    /// Schemas with a name that are not converted yet.
    pub(super) pending: Vec<(String, Node<'d>)>,
    pub(super) parameters: HashMap<NodeId, String>,
    pub(super) bodies: HashMap<NodeId, String>,
    pub(super) responses: HashMap<NodeId, String>,
}

impl<'d> ComponentIndex<'d> {
    pub(super) fn of(root: Node<'d>) -> Self {
        let mut components = Self {
            schemas: HashMap::new(),
            names: ComponentNames::default(),
            pending: Vec::new(),
            parameters: HashMap::new(),
            bodies: HashMap::new(),
            responses: HashMap::new(),
        };
        let definitions = root.get("definitions").into_iter().flat_map(Node::entries);
        for (name, node) in definitions.filter(|(name, _)| !name.starts_with("x-")) {
            components.add_schema(name, node);
        }
        let mut taken = ComponentNames::default();
        for (name, node) in root.get("parameters").into_iter().flat_map(Node::entries) {
            let name = taken.unique(name);
            if parameter_kind::is_body(node) {
                components.bodies.insert(node.id(), name);
            } else if !parameter_kind::is_bodily(node) {
                components.parameters.insert(node.id(), name);
            }
        }
        let mut taken = ComponentNames::default();
        for (name, node) in root.get("responses").into_iter().flat_map(Node::entries) {
            components.responses.insert(node.id(), taken.unique(name));
        }
        components
    }

    /// Returns the reference to a schema, assigning a name if it has none.
    pub(super) fn schema_reference(&mut self, text: &str, target: Node<'d>) -> String {
        if !self.schemas.contains_key(&target.id()) {
            let last = text.rsplit(['/', '#']).find(|part| !part.is_empty()).unwrap_or("Schema");
            self.add_schema(last.trim_end_matches(".yaml").trim_end_matches(".yml").trim_end_matches(".json"), target);
        }
        let name = self.schemas.get(&target.id()).map_or("", String::as_str);
        format!("#/components/schemas/{name}")
    }

    pub(super) fn parameter(&self, target: Node<'d>) -> Option<String> {
        self.parameters.get(&target.id()).map(|name| format!("#/components/parameters/{name}"))
    }

    pub(super) fn body(&self, target: Node<'d>) -> Option<String> {
        self.bodies.get(&target.id()).map(|name| format!("#/components/requestBodies/{name}"))
    }

    pub(super) fn response(&self, target: Node<'d>) -> Option<String> {
        self.responses.get(&target.id()).map(|name| format!("#/components/responses/{name}"))
    }

    fn add_schema(&mut self, name: &str, node: Node<'d>) {
        if self.schemas.contains_key(&node.id()) {
            return;
        }
        let name = self.names.unique(name);
        self.schemas.insert(node.id(), name.clone());
        self.pending.push((name, node));
    }
}

/// The names in one section of `components`.
#[derive(Default)]
struct ComponentNames {
    taken: HashSet<String>,
    /// The last suffix appended to a name, so that many equal names do not cost a search each.
    numbers: HashMap<String, usize>,
}

impl ComponentNames {
    /// Returns a unique name that `components` allows (OpenAPI 3.0.3, section 4.7.7).
    fn unique(&mut self, name: &str) -> String {
        let allowed = |each: char| if each.is_ascii_alphanumeric() || "._-".contains(each) { each } else { '_' };
        let name: String = name.chars().map(allowed).collect();
        let name = if name.is_empty() { "_".to_owned() } else { name };
        let mut candidate = name.clone();
        while !self.taken.insert(candidate.clone()) {
            let number = self.numbers.entry(name.clone()).or_insert(1);
            *number += 1;
            candidate = format!("{name}_{number}");
        }
        candidate
    }
}
