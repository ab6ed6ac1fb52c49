//! Builds a [`Definition`] from the tree: lists the APIs, and reports the parts that cannot be interpreted.

use std::collections::{HashMap, HashSet};

use super::api::{
    Api, Definition, Parameter, ParameterPlace, RequestBody, SecurityKind, SecurityRequirement, SecurityScheme, Server,
    Specification,
};
use super::document::{Document, Node, NodeId, NodeKind};
use super::fields::{FieldReader, scalar_text};
use super::findings::ReadFindings;
use super::operation::parameter_place;
use super::route::ApiRoute;
use super::routing;
use super::rules;
use super::template::{path_fault, repeated_name, split_variant, template_oddity};
use crate::model::{Hint, Method};

/// Documents often mistaken for OpenAPI definitions, by a field at their root that no definition has.
const OTHER_FORMATS: &[(&str, &str)] = &[
    ("asyncapi", "AsyncAPI, which describes messages and not HTTP requests"),
    ("swaggerVersion", "Swagger 1, which has to be converted to OpenAPI first"),
    ("discoveryVersion", "a discovery document of Google, which has to be converted to OpenAPI first"),
    ("overlay", "an OpenAPI Overlay, which has to be applied to its definition first"),
    ("$schema", "a JSON Schema without an API around it"),
];

/// The maximum length of a server's URL with its variables substituted, in bytes.
const MOST_ADDRESS: usize = 8_000;
/// The maximum length of the chain of references of a path item.
const MOST_LAYERS: usize = 32;

/// Builds the definition; `None` if the document is not OpenAPI 3 at all, for the reason in the findings.
pub(super) fn definition(document: Document, findings: &mut ReadFindings) -> Option<Definition> {
    let root = document.root()?;
    let specification = specification(root, findings)?;
    let mut reader = FieldReader::new(findings, specification);
    let mut parts = reader.parts(root);
    if reader.is_full() {
        let message = "the APIs take too much memory, with what they share written out for each of them";
        let hint = "share less, or split the definition into several groups";
        let place = if root.get("paths").is_some() { root.key_location("paths") } else { root.location() };
        findings.add(rules::TOO_LARGE, place, message, hint);
        return None;
    }
    let additional = std::mem::take(&mut reader.additional);
    routing::route(&mut parts.apis, &document, findings);
    let DefinitionParts { title, servers, security_schemes, apis } = parts;
    Some(Definition { specification, title, servers, security_schemes, apis, additional, document })
}

/// Reads the operations of a path item that is no path: of a webhook, or of a callback with its expression.
pub(super) fn path_item_apis(definition: &Definition, item: Node<'_>, expression: &str) -> Vec<Api> {
    // The findings of the whole document were reported when it was read.
    let mut findings = ReadFindings::default();
    let mut reader = FieldReader::new(&mut findings, definition.specification);
    let item = reader.layered_item(item, expression.to_owned(), String::new());
    item.map(|item| reader.operations(&item, &[])).unwrap_or_default()
}

/// Returns the version of the specification that a document declares; `None` if apigw does not support it.
fn specification(root: Node<'_>, findings: &mut ReadFindings) -> Option<Specification> {
    let hint = "write the version that it follows, like `openapi: 3.1.0`";
    if !root.is_object() {
        findings.add(rules::STRUCTURE, root.location(), "a definition is a mapping", hint);
        return None;
    }
    let Some(version) = root.get("openapi") else {
        if root.get("swagger").is_some() {
            let location = root.key_location("swagger");
            findings.add(
                rules::OPENAPI_VERSION,
                location,
                "the definition follows OpenAPI 2.0",
                Hint::ConvertDefinition,
            );
        } else {
            let other = OTHER_FORMATS.iter().find(|(field, _)| root.get(field).is_some());
            let looks = other.map(|(_, name)| format!("; it looks like {name}")).unwrap_or_default();
            let message = format!("the document has no field `openapi`, which says what it follows{looks}");
            findings.add(rules::OPENAPI_VERSION, root.location(), message, hint);
        }
        return None;
    };
    let text = version.as_str().map(str::to_owned).or_else(|| version.as_number().map(ToString::to_string));
    let text = text.unwrap_or_default();
    if version.as_str().is_none() && !text.is_empty() {
        let message = format!("the version {text} is a number; it is taken as the text \"{text}\"");
        findings.add(rules::SLOPPY, version.location(), message, "write it with three parts: `openapi: 3.1.0`");
    }
    let mut parts = text.trim().split('.');
    match (parts.next(), parts.next()) {
        (Some("3"), Some("0")) => Some(Specification::V3_0),
        (Some("3"), Some("1")) => Some(Specification::V3_1),
        (Some("3"), Some("2")) => Some(Specification::V3_2),
        (Some("3"), Some(_)) => {
            let message = format!("OpenAPI {text} is newer than the versions that apigw knows; it is read as 3.2");
            findings.add(rules::SLOPPY, version.location(), message, "write `openapi: 3.2.0` if that is enough");
            Some(Specification::V3_2)
        }
        _ => {
            let message = format!("{text:?} is not a supported OpenAPI version");
            findings.add(rules::OPENAPI_VERSION, version.location(), message, hint);
            None
        }
    }
}

struct DefinitionParts {
    title: String,
    servers: Vec<Server>,
    security_schemes: Vec<SecurityScheme>,
    apis: Vec<Api>,
}

/// The parts of a path item that its operations share.
struct PathItem<'d> {
    path: String,
    variant: String,
    /// The Path Item Object, and those along its chain of `$ref`.
    layers: Vec<Node<'d>>,
    parameters: Vec<Parameter>,
}

impl FieldReader<'_> {
    fn parts(&mut self, root: Node<'_>) -> DefinitionParts {
        let title = root.get("info").and_then(|info| info.get("title")).and_then(|title| self.text(title));
        let components = self.object(root, "components");
        let schemes = components.and_then(|components| self.object(components, "securitySchemes"));
        DefinitionParts {
            title: title.unwrap_or_default(),
            servers: self.servers(root),
            security_schemes: schemes.map(|schemes| self.security_schemes(schemes)).unwrap_or_default(),
            apis: self.apis(root),
        }
    }

    fn servers(&mut self, root: Node<'_>) -> Vec<Server> {
        let Some(list) = self.list(root, "servers") else { return Vec::new() };
        list.items().filter_map(|server| self.server(server)).collect()
    }

    fn server(&mut self, server: Node<'_>) -> Option<Server> {
        let template = self.text(server.get("url")?)?;
        let Some(url) = address(&template, server) else {
            self.structure(server, &format!("an address has at most {MOST_ADDRESS} characters"));
            return None;
        };
        Some(Server { template, url, description: self.prose(server, "description") })
    }

    fn security_schemes(&mut self, schemes: Node<'_>) -> Vec<SecurityScheme> {
        let mut known = Vec::new();
        for (name, node) in schemes.entries() {
            let Some(node) = node.resolve() else { continue };
            let kind = match node.get("type").and_then(Node::as_str) {
                Some("apiKey") => {
                    let place = node.get("in").and_then(Node::as_str).and_then(parameter_place);
                    let parameter = self.field_text(node, "name");
                    match (place, parameter) {
                        (Some(place), Some(name)) => SecurityKind::ApiKey { place, name },
                        _ => SecurityKind::Unknown,
                    }
                }
                Some("http") => {
                    let scheme = self.field_text(node, "scheme").unwrap_or_default().to_ascii_lowercase();
                    SecurityKind::Http { scheme }
                }
                Some("oauth2") => SecurityKind::OAuth2,
                Some("openIdConnect") => SecurityKind::OpenIdConnect,
                Some("mutualTLS") => SecurityKind::MutualTls,
                _ => SecurityKind::Unknown,
            };
            known.push(SecurityScheme { name: name.to_owned(), kind, node: node.id() });
        }
        known
    }

    fn apis(&mut self, root: Node<'_>) -> Vec<Api> {
        let Some(paths) = self.object(root, "paths") else { return Vec::new() };
        let security = self.security(root).unwrap_or_default();
        let mut apis = Vec::new();
        for (path, node) in paths.entries() {
            if path.starts_with("x-") {
                continue;
            }
            if self.is_full() {
                break;
            }
            let Some(item) = self.path_item(paths, path, node) else { continue };
            apis.append(&mut self.operations(&item, &security));
        }
        apis
    }

    fn path_item<'d>(&mut self, paths: Node<'d>, written: &str, node: Node<'d>) -> Option<PathItem<'d>> {
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
    fn layered_item<'d>(&mut self, node: Node<'d>, path: String, variant: String) -> Option<PathItem<'d>> {
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

    fn operations(&mut self, item: &PathItem<'_>, security: &[SecurityRequirement]) -> Vec<Api> {
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

    fn security(&mut self, node: Node<'_>) -> Option<Vec<SecurityRequirement>> {
        let list = self.list(node, "security")?;
        let scopes = |scopes: Node<'_>| scopes.items().filter_map(scalar_text).collect();
        let requirement = |item: Node<'_>| {
            item.entries().map(|(name, needed)| (name.to_owned(), scopes(needed))).collect::<SecurityRequirement>()
        };
        Some(list.items().map(requirement).collect())
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

/// Substitutes the default values of variables in a server's URL; `None` if the result is too long.
fn address(template: &str, server: Node<'_>) -> Option<String> {
    let variables = server.get("variables");
    let mut address = String::new();
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        let (before, from) = rest.split_at(start);
        address.push_str(before);
        let name = from.find('}').and_then(|end| from.get(1..end));
        let default = name.and_then(|name| variables?.get(name)?.get("default").and_then(scalar_text));
        if let (Some(name), Some(default)) = (name, default) {
            address.push_str(&default);
            rest = from.get(name.len() + 2..)?;
        } else {
            address.push('{');
            rest = from.get(1..)?;
        }
        if address.len() > MOST_ADDRESS {
            return None;
        }
    }
    address.push_str(rest);
    (address.len() <= MOST_ADDRESS).then_some(address)
}

impl Definition {
    /// Reads the operations of a path item that is no path: of a webhook with its name, or of a callback with its expression,
    /// which stand in the place of the path.
    #[must_use]
    pub fn path_item_apis(&self, item: NodeId, expression: &str) -> Vec<Api> {
        path_item_apis(self, self.node(item), expression)
    }
}
