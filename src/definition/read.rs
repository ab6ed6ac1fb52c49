//! Builds a [`Definition`] from the tree: lists the APIs, and reports the parts that cannot be interpreted.

mod path_item;

use super::api::{Api, Definition, SecurityKind, SecurityRequirement, SecurityScheme, Server, Specification};
use super::document::{Document, Node, NodeId};
use super::fields::{FieldReader, scalar_text};
use super::findings::ReadFindings;
use super::operation::parameter_place;
use super::routing;
use super::rules;
use crate::model::Hint;

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

    fn security(&mut self, node: Node<'_>) -> Option<Vec<SecurityRequirement>> {
        let list = self.list(node, "security")?;
        let scopes = |scopes: Node<'_>| scopes.items().filter_map(scalar_text).collect();
        let requirement = |item: Node<'_>| {
            item.entries().map(|(name, needed)| (name.to_owned(), scopes(needed))).collect::<SecurityRequirement>()
        };
        Some(list.items().map(requirement).collect())
    }
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
    /// Reads the operations of a path item that is no path: of a webhook with its name, or of a callback with its
    /// expression, which stand in the place of the path.
    #[must_use]
    pub fn path_item_apis(&self, item: NodeId, expression: &str) -> Vec<Api> {
        path_item_apis(self, self.node(item), expression)
    }
}
