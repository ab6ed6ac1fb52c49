//! Conversion of OpenAPI 2.0 to 3.0: the document as a whole, its paths and operations.
//!
//! The result is a single document: parts in other files move into its `components`. Everything that 3.0 can express is
//! kept, and each loss has a finding.

mod body;
mod components;
mod converter;
mod left_out;
mod origin;
mod parameter;
mod parameter_kind;
mod response;
mod schema;
mod security;

use serde_json::{Map, Value, json};

pub(super) use origin::place;

use components::ComponentIndex;
use converter::{OperationMediaTypes, SwaggerConverter, texts};
use left_out::SwaggerObject;
use parameter_kind::{is_bodily, is_body, overridden};

use super::document::{Node, SeenNodes};
use super::findings::ReadFindings;
use super::rules;
use crate::model::Method;

/// Converts a document with resolved references; `None` if the result would be too large.
pub(super) fn convert(root: Node<'_>, findings: &mut ReadFindings) -> Option<Value> {
    let mut converter = SwaggerConverter {
        root,
        components: ComponentIndex::of(root),
        consumes: texts(root.get("consumes")),
        produces: texts(root.get("produces")),
        findings,
        told: SeenNodes::default(),
        left: MOST_VALUES,
    };
    converter.document()
}

/// The maximum number of values in a converted document.
const MOST_VALUES: usize = 1_000_000;

impl<'d> SwaggerConverter<'d, '_> {
    fn document(&mut self) -> Option<Value> {
        let root = self.root;
        self.tell_left_out(root, SwaggerObject::Document);
        let mut document = Map::new();
        document.insert("openapi".to_owned(), "3.0.3".into());
        self.copy(root, &mut document, &["info", "externalDocs"])?;
        if let Some(host) = root.get("host").filter(|host| host.as_str().is_some_and(|text| text.contains("://"))) {
            let message = "`host` has a scheme, which is taken where `schemes` is not there";
            self.findings.add(
                rules::SLOPPY,
                host.location(),
                message,
                "write the name alone, and the scheme under `schemes`",
            );
        }
        document.insert("servers".to_owned(), Self::servers(root, None));
        self.copy(root, &mut document, &["tags", "security"])?;
        self.extensions(root, &mut document)?;
        document.insert("paths".to_owned(), self.paths()?);
        let components = self.all_components()?;
        if !components.is_empty() {
            document.insert("components".to_owned(), Value::Object(components));
        }
        Some(Value::Object(document))
    }

    /// Converts the servers: each scheme with the host and the base path.
    fn servers(root: Node<'d>, schemes: Option<Node<'d>>) -> Value {
        let host = root.get("host").and_then(Node::as_str).unwrap_or_default().trim_end_matches('/');
        let base = root.get("basePath").and_then(Node::as_str).unwrap_or_default().trim_end_matches('/');
        let base = if base.is_empty() || base.starts_with('/') { base.to_owned() } else { format!("/{base}") };
        // A scheme in `host` is an error of the author; it must not be repeated.
        let (own_scheme, host) = host.split_once("://").map_or((None, host), |(scheme, host)| (Some(scheme), host));
        if host.is_empty() {
            return json!([{ "url": if base.is_empty() { "/" } else { &base } }]);
        }
        let mut schemes = texts(schemes.or_else(|| root.get("schemes")));
        if schemes.is_empty() {
            // Generators write the address of the developer's machine, which has no TLS.
            let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
            let is_local = matches!(name, "localhost" | "127.0.0.1" | "[::1]" | "0.0.0.0");
            schemes.push(own_scheme.unwrap_or(if is_local { "http" } else { "https" }).to_owned());
        }
        Value::Array(schemes.iter().map(|scheme| json!({ "url": format!("{scheme}://{host}{base}") })).collect())
    }

    fn paths(&mut self) -> Option<Value> {
        let mut paths = Map::new();
        let Some(list) = self.root.get("paths") else { return Some(Value::Object(paths)) };
        for (path, item) in list.entries() {
            let converted = if path.starts_with("x-") { self.value(item)? } else { self.path_item(item)? };
            paths.insert(path.to_owned(), converted);
        }
        Some(Value::Object(paths))
    }

    fn path_item(&mut self, written: Node<'d>) -> Option<Value> {
        let target = written.resolve().filter(|target| target.id() != written.id());
        let layers: Vec<Node<'d>> = std::iter::once(written).chain(target).collect();
        let mut item = Map::new();
        let shared: Vec<Node<'d>> =
            layers.iter().rev().find_map(|layer| layer.get("parameters")).into_iter().flat_map(Node::items).collect();
        let (plain, bodily): (Vec<Node<'d>>, Vec<Node<'d>>) =
            shared.into_iter().partition(|parameter| !is_bodily(*parameter));
        if !plain.is_empty() {
            let converted = plain.into_iter().map(|parameter| self.parameter(parameter)).collect::<Option<Vec<_>>>()?;
            item.insert("parameters".to_owned(), Value::Array(converted));
        }
        for layer in layers {
            self.tell_left_out(layer, SwaggerObject::PathItem);
            for (key, value) in layer.entries() {
                let method = Method::ALL.into_iter().find(|method| method.field().eq_ignore_ascii_case(key));
                let field = method.map_or(key, |method| method.field());
                if item.contains_key(field) {
                    continue;
                }
                if method.is_some() && value.is_object() {
                    item.insert(field.to_owned(), self.operation(value, &bodily)?);
                } else if key.starts_with("x-") || method.is_some() {
                    item.insert(field.to_owned(), self.value(value)?);
                }
            }
        }
        Some(Value::Object(item))
    }

    fn operation(&mut self, node: Node<'d>, shared: &[Node<'d>]) -> Option<Value> {
        self.tell_left_out(node, SwaggerObject::Operation);
        let own = |name: &str, whole: &Vec<String>| match node.get(name) {
            Some(list) if list.is_array() => texts(Some(list)),
            _ => whole.clone(),
        };
        let speech = OperationMediaTypes {
            consumes: own("consumes", &self.consumes),
            produces: own("produces", &self.produces),
        };
        let mut operation = Map::new();
        self.copy(node, &mut operation, &["tags", "summary", "description", "externalDocs", "operationId"])?;
        let written: Vec<Node<'d>> = node.get("parameters").into_iter().flat_map(Node::items).collect();
        let (plain, own): (Vec<Node<'d>>, Vec<Node<'d>>) =
            written.into_iter().partition(|parameter| !is_bodily(*parameter));
        if !plain.is_empty() {
            let converted = plain.into_iter().map(|parameter| self.parameter(parameter)).collect::<Option<Vec<_>>>()?;
            operation.insert("parameters".to_owned(), Value::Array(converted));
        }
        let bodily = if own.iter().any(|parameter| is_body(*parameter)) || shared.is_empty() {
            own
        } else {
            overridden(shared, own)
        };
        self.request_body(&bodily, &speech, &mut operation)?;
        if let Some(responses) = node.get("responses") {
            operation.insert("responses".to_owned(), self.responses(responses, &speech)?);
        }
        self.copy(node, &mut operation, &["deprecated", "security"])?;
        if let Some(schemes) = node.get("schemes").filter(|_| self.root.get("host").is_some())
            && texts(Some(schemes)) != texts(self.root.get("schemes"))
        {
            let servers = Self::servers(self.root, Some(schemes));
            operation.insert("servers".to_owned(), servers);
        }
        self.extensions(node, &mut operation)?;
        Some(Value::Object(operation))
    }
}

impl SwaggerConverter<'_, '_> {
    /// Converts all shared parts, including those found while converting paths.
    pub(super) fn all_components(&mut self) -> Option<Map<String, Value>> {
        let root = self.root;
        let mut components = Map::new();
        let speech = OperationMediaTypes { consumes: self.consumes.clone(), produces: self.produces.clone() };
        let mut parameters = Map::new();
        let mut bodies = Map::new();
        for (_, node) in root.get("parameters").into_iter().flat_map(Node::entries) {
            if let Some(name) = self.components.parameters.get(&node.id()).cloned() {
                parameters.insert(name, self.parameter_object(node)?);
            } else if let Some(name) = self.components.bodies.get(&node.id()).cloned() {
                bodies.insert(name, self.body_object(node, &speech)?);
            }
        }
        let mut responses = Map::new();
        for (_, node) in root.get("responses").into_iter().flat_map(Node::entries) {
            if let Some(name) = self.components.responses.get(&node.id()).cloned() {
                responses.insert(name, self.response_object(node, &speech)?);
            }
        }
        let mut schemes = Map::new();
        for (name, node) in root.get("securityDefinitions").into_iter().flat_map(Node::entries) {
            self.security_scheme(name, node, &mut schemes)?;
        }
        let parts = [
            ("schemas", self.pending_schemas()?),
            ("responses", responses),
            ("parameters", parameters),
            ("requestBodies", bodies),
            ("securitySchemes", schemes),
        ];
        for (name, part) in parts {
            if !part.is_empty() {
                components.insert(name.to_owned(), Value::Object(part));
            }
        }
        Some(components)
    }

    /// Converts schemas until no referenced one is left.
    fn pending_schemas(&mut self) -> Option<Map<String, Value>> {
        let mut schemas = Map::new();
        while !self.components.pending.is_empty() {
            for (name, node) in std::mem::take(&mut self.components.pending) {
                schemas.insert(name, self.schema(node)?);
            }
        }
        Some(schemas)
    }
}

#[cfg(test)]
mod tests;
