//! Path Items, and their operations.

use std::collections::{HashMap, HashSet};

use super::super::api::{Api, Parameter, RequestBody, SecurityRequirement, Specification};
use super::super::document::{Node, NodeId, NodeKind};
use super::super::fields::{FieldReader, scalar_text};
use super::super::parameter::ParameterPlace;
use super::super::route::ApiRoute;
use super::super::rules;
use super::super::template::{path_fault, repeated_name, split_variant, template_oddity};
use crate::model::Method;

/// The maximum length of the chain of references of a path item.
const MOST_LAYERS: usize = 32;

/// The parts of a path item that its operations share.
pub(super) struct PathItem<'d> {
    path: String,
    variant: String,
    /// The Path Item Object, and those along its chain of `$ref`.
    layers: Vec<Node<'d>>,
    parameters: Vec<Parameter>,
}

impl FieldReader<'_> {
    pub(super) fn path_item<'d>(&mut self, paths: Node<'d>, written: &str, node: Node<'d>) -> Option<PathItem<'d>> {
        let mut path = written.to_owned();
        if !path.starts_with('/') {
            let message = format!("the path {path:?} does not begin with a slash; it is taken as \"/{path}\"");
            self.findings.add(rules::SLOPPY, paths.key_location(written), message, "begin the path with `/`");
            path.insert(0, '/');
        }
        let hint = "write it like \"/pets/{petId}\"; what stands in the query are parameters";
        let variant = split_variant(&path).1.to_owned();
        path.truncate(path.len() - variant.len());
        if !variant.is_empty() {
            let message =
                format!("the path {written:?} has {variant:?} after it; its APIs are variants of those of {path:?}");
            self.findings.add(rules::SLOPPY, paths.key_location(written), message, hint);
        }
        if let Some(fault) = path_fault(&path) {
            let message = format!("the path {path:?} {fault}; its APIs are not served");
            self.findings.add(rules::PATH_TEMPLATE, paths.key_location(written), message, hint);
        } else if let Some(oddity) = template_oddity(&path) {
            let message = format!("the path {path:?} {oddity}");
            self.findings.add(rules::PATH_TEMPLATE, paths.key_location(written), message, hint);
        }
        if let Some(name) = repeated_name(&path) {
            let message = format!("the path {path:?} has the parameter {name:?} twice; its last value counts");
            self.findings.add(rules::SLOPPY, paths.key_location(written), message, "give each parameter its own name");
        }
        self.layered_item(node, path, variant)
    }

    /// Reads the path item along its chain of `$ref`.
    pub(super) fn layered_item<'d>(&mut self, node: Node<'d>, path: String, variant: String) -> Option<PathItem<'d>> {
        let mut layers = vec![node];
        let mut seen = HashSet::from([node.id()]);
        let mut at = node;
        while let Some(next) = at.referenced().filter(|next| seen.insert(next.id())) {
            if layers.len() > MOST_LAYERS {
                self.structure(node, &format!("a path item refers through at most {MOST_LAYERS} others"));
                return None;
            }
            layers.push(next);
            at = next;
        }
        if layers.iter().any(|layer| !layer.is_object() && !matches!(layer.kind(), NodeKind::Null)) {
            self.structure(node, "a path item is a mapping of methods");
            return None;
        }
        let declared = layers.iter().rev().find_map(|layer| self.list(*layer, "parameters"));
        let parameters = declared.map(|list| self.parameters(list)).unwrap_or_default();
        Some(PathItem { path, variant, layers, parameters })
    }

    /// Reads the query string that an operation declares, else that of its path item.
    fn query_string(&mut self, item: &PathItem<'_>, operation: Node<'_>) -> Option<RequestBody> {
        let layers = item.layers.iter().rev().find(|layer| layer.get("parameters").is_some());
        let lists = [Some(operation), layers.copied()].into_iter().flatten();
        let lists: Vec<Node<'_>> = lists.filter_map(|node| node.get("parameters")).collect();
        lists.into_iter().find_map(|list| self.query_string_of(list))
    }

    pub(super) fn operations(&mut self, item: &PathItem<'_>, security: &[SecurityRequirement]) -> Vec<Api> {
        let mut apis = Vec::new();
        let mut seen = HashSet::new();
        for layer in &item.layers {
            for (key, node) in layer.entries() {
                let Some(method) = self.method(*layer, key) else { continue };
                if !seen.insert(method) {
                    continue;
                }
                if !node.is_object() && !matches!(node.kind(), NodeKind::Null) {
                    self.structure(node, "an operation is a mapping");
                    continue;
                }
                let shared = shared_size(item, security);
                if !self.keeps(shared) {
                    return apis;
                }
                apis.push(self.operation(item, *layer, key, method, node, security));
            }
            self.additional_operations(item, *layer, security);
        }
        apis
    }

    /// Reads operations of methods without a field of their own (OpenAPI 3.2, section 4.9), which are not served.
    fn additional_operations(&mut self, item: &PathItem<'_>, layer: Node<'_>, security: &[SecurityRequirement]) {
        if self.specification < Specification::V3_2 {
            return;
        }
        let Some(operations) = self.object(layer, "additionalOperations") else { return };
        for (method, node) in operations.entries() {
            let message = format!("the method {method:?} is not served");
            let hint =
                "use one of the methods that have a field of their own, or leave it to the backend's own address";
            self.findings.add(rules::SLOPPY, operations.key_location(method), message, hint);
            let shared = shared_size(item, security);
            if node.is_object() && self.keeps(shared) {
                let api = self.operation(item, operations, method, Method::Post, node, security);
                self.additional.push((method.to_owned(), api));
            }
        }
    }

    fn method(&mut self, layer: Node<'_>, key: &str) -> Option<Method> {
        if let Some(method) = Method::ALL.into_iter().find(|method| method.field() == key) {
            return Some(method).filter(|method| *method != Method::Query || self.specification >= Specification::V3_2);
        }
        let method: Method = key.parse().ok()?;
        let message = format!("the method {key:?} is written in capitals; it is taken as {:?}", method.field());
        self.findings.add(rules::SLOPPY, layer.key_location(key), message, "write methods in lower case");
        Some(method)
    }

    fn operation(
        &mut self,
        item: &PathItem<'_>,
        layer: Node<'_>,
        key: &str,
        method: Method,
        node: Node<'_>,
        security: &[SecurityRequirement],
    ) -> Api {
        let own = self.list(node, "parameters").map(|list| self.parameters(list)).unwrap_or_default();
        let parameters = overridden(&item.parameters, own);
        let entries = item.layers.iter().rev().flat_map(|layer| layer.entries()).chain(node.entries());
        let extensions = last_of_each(entries.filter(|(name, _)| name.starts_with("x-")));
        let tags = self.list(node, "tags");
        Api {
            method,
            path: item.path.clone(),
            variant: item.variant.clone(),
            operation_id: self.field_text(node, "operationId").filter(|id| !id.is_empty()),
            summary: self.prose(node, "summary"),
            description: self.prose(node, "description"),
            tags: tags.into_iter().flat_map(Node::items).filter_map(scalar_text).collect(),
            deprecated: self.flag(node, "deprecated"),
            parameters,
            query_string: self.query_string(item, node),
            request_body: self.request_body(node),
            responses: self.responses(node),
            security: self.security(node).unwrap_or_else(|| security.to_vec()),
            location: layer.key_location(key),
            extensions,
            node: node.id(),
            route: Ok(ApiRoute::default()),
        }
    }
}

/// Returns the memory, in bytes, that each operation of a path item takes for the parts shared between them.
fn shared_size(item: &PathItem<'_>, security: &[SecurityRequirement]) -> usize {
    let parameters = item.parameters.iter().map(|parameter| size_of::<Parameter>() + parameter.name.len());
    let names = item.layers.iter().flat_map(|layer| layer.entries()).map(|(name, _)| name.len() + size_of::<String>());
    let requirement = |requirement: &SecurityRequirement| {
        let scopes = |scopes: &[String]| scopes.iter().map(|scope| scope.len() + size_of::<String>()).sum::<usize>();
        let schemes = requirement.iter().map(|(name, list)| 2 * size_of::<String>() + name.len() + scopes(list));
        size_of::<SecurityRequirement>() + schemes.sum::<usize>()
    };
    size_of::<Api>()
        + 2 * (item.path.len() + item.variant.len())
        + parameters.sum::<usize>()
        + names.sum::<usize>()
        + security.iter().map(requirement).sum::<usize>()
}

/// Overrides the parameters of a path item by those of an operation (OpenAPI 3.1, section 4.8.10.1).
fn overridden(shared: &[Parameter], own: Vec<Parameter>) -> Vec<Parameter> {
    let mut parameters: Vec<Parameter> = Vec::with_capacity(shared.len() + own.len());
    let mut known: HashMap<(ParameterPlace, String), usize> = HashMap::new();
    for parameter in shared.iter().cloned().chain(own) {
        let index = *known.entry((parameter.place, parameter.name.clone())).or_insert(parameters.len());
        match parameters.get_mut(index) {
            Some(before) => *before = parameter,
            None => parameters.push(parameter),
        }
    }
    parameters
}

/// Lists the fields without duplicates, keeping the last of each name in its position.
fn last_of_each<'d>(entries: impl Iterator<Item = (&'d str, Node<'d>)>) -> Vec<(String, NodeId)> {
    let entries: Vec<(&str, NodeId)> = entries.map(|(name, value)| (name, value.id())).collect();
    let mut seen = HashSet::new();
    let mut last: Vec<(String, NodeId)> = entries
        .into_iter()
        .rev()
        .filter(|(name, _)| seen.insert(*name))
        .map(|(name, id)| (name.to_owned(), id))
        .collect();
    last.reverse();
    last
}
