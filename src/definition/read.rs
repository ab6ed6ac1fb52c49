//! Makes a [`Definition`] of the tree: lists the APIs, and says what of them cannot be understood.

use std::collections::{HashMap, HashSet};

use super::api::{
    Api, Definition, Header, MediaType, Parameter, ParameterPlace, RequestBody, Response, SecurityKind,
    SecurityRequirement, SecurityScheme, Server, Specification, StatusPattern, Style,
};
use super::document::{Document, Node, NodeId, NodeKind};
use super::findings::Findings;
use super::rules;
use crate::model::Method;

/// Makes the definition, or none where it is no OpenAPI 3 document at all; findings say why.
pub(super) fn definition(document: Document, findings: &mut Findings) -> Option<Definition> {
    let root = document.root()?;
    let specification = specification(root, findings)?;
    let mut reader = Reader { findings };
    let parts = reader.parts(root);
    let Parts { title, servers, security_schemes, apis } = parts;
    Some(Definition { specification, title, servers, security_schemes, apis, document })
}

/// Tells which specification a document follows, where it is one that apigw reads.
fn specification(root: Node<'_>, findings: &mut Findings) -> Option<Specification> {
    let hint = "write `openapi: 3.1.0`, or import the document with `apigw group import`";
    if !root.is_object() {
        findings.add(rules::STRUCTURE, root.location(), "a definition is a mapping", hint);
        return None;
    }
    let Some(version) = root.get("openapi") else {
        let (message, location) = match root.get("swagger") {
            Some(_) => ("the definition follows OpenAPI 2.0", root.key_location("swagger")),
            None => ("the definition does not say which version of OpenAPI it follows", root.location()),
        };
        findings.add(rules::OPENAPI_VERSION, location, message, hint);
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
        (Some("3"), Some(_)) => {
            let message = format!("OpenAPI {text} is newer than what apigw knows; it is read as 3.1");
            findings.add(rules::SLOPPY, version.location(), message, "write `openapi: 3.1.0` if that is enough");
            Some(Specification::V3_1)
        }
        _ => {
            let message = format!("{text:?} is no version of OpenAPI that apigw reads");
            findings.add(rules::OPENAPI_VERSION, version.location(), message, hint);
            None
        }
    }
}

struct Parts {
    title: String,
    servers: Vec<Server>,
    security_schemes: Vec<SecurityScheme>,
    apis: Vec<Api>,
}

/// What the operations of a path item have in common.
struct PathItem<'d> {
    path: String,
    variant: String,
    /// The objects that make it up: its own, then those that its `$ref` names.
    layers: Vec<Node<'d>>,
    parameters: Vec<Parameter>,
}

struct Reader<'f> {
    findings: &'f mut Findings,
}

impl Reader<'_> {
    fn parts(&mut self, root: Node<'_>) -> Parts {
        let title = root.get("info").and_then(|info| info.get("title")).and_then(|title| self.text(title));
        let components = self.object(root, "components");
        let schemes = components.and_then(|components| self.object(components, "securitySchemes"));
        Parts {
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
        let mut url = template.clone();
        for (name, variable) in server.get("variables").into_iter().flat_map(Node::entries) {
            if let Some(default) = variable.get("default").and_then(scalar_text) {
                url = url.replace(&format!("{{{name}}}"), &default);
            }
        }
        Some(Server { template, url, description: self.field_text(server, "description") })
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
        let mut known: HashMap<(Method, String, String), (String, usize)> = HashMap::new();
        for (path, node) in paths.entries() {
            if path.starts_with("x-") {
                continue;
            }
            let Some(item) = self.path_item(paths, path, node) else { continue };
            for api in self.operations(&item, &security) {
                let location = api.location.clone();
                let key = (api.method, shape(&api.path), api.variant.clone());
                if let Some((other, line)) = known.get(&key) {
                    let message = format!("{} {} and {other} on line {line} are the same API", api.method, api.path);
                    self.findings.add(rules::DUPLICATE_API, location, message, "remove one of the two");
                } else {
                    known.insert(key, (api.path.clone(), location.line));
                    apis.push(api);
                }
            }
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
        let variant = path.find(['?', '#']).map(|at| path.split_off(at)).unwrap_or_default();
        if !variant.is_empty() {
            let message =
                format!("the path {written:?} has {variant:?} after it; its APIs are variants of those of {path:?}");
            self.findings.add(rules::SLOPPY, paths.key_location(written), message, hint);
        }
        if let Some(fault) = template_fault(&path) {
            let message = format!("the path {path:?} {fault}");
            self.findings.add(rules::PATH_TEMPLATE, paths.key_location(written), message, hint);
            return None;
        }
        if let Some(name) = repeated_name(&path) {
            let message = format!("the path {path:?} has the parameter {name:?} twice; its last value counts");
            self.findings.add(rules::SLOPPY, paths.key_location(written), message, "give each parameter its own name");
        }
        let mut layers = vec![node];
        let mut seen = HashSet::from([node.id()]);
        let mut at = node;
        while let Some(next) = at.referenced().filter(|next| seen.insert(next.id())) {
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

    fn operations(&mut self, item: &PathItem<'_>, security: &[SecurityRequirement]) -> Vec<Api> {
        let mut apis = Vec::new();
        let mut seen = HashSet::new();
        for layer in &item.layers {
            for (key, node) in layer.entries() {
                let Some(method) = self.method(*layer, key) else { continue };
                if !seen.insert(method) {
                    continue;
                }
                if !node.is_object() {
                    self.structure(node, "an operation is a mapping");
                    continue;
                }
                apis.push(self.operation(item, *layer, key, method, node, security));
            }
        }
        apis
    }

    fn method(&mut self, layer: Node<'_>, key: &str) -> Option<Method> {
        if let Some(method) = Method::ALL.into_iter().find(|method| method.field() == key) {
            return Some(method);
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
        let mut parameters = item.parameters.clone();
        for own in self.list(node, "parameters").map(|list| self.parameters(list)).unwrap_or_default() {
            let same = |known: &Parameter| known.place == own.place && known.name == own.name;
            match parameters.iter_mut().find(|known| same(known)) {
                Some(known) => *known = own,
                None => parameters.push(own),
            }
        }
        let mut extensions: Vec<(String, NodeId)> = Vec::new();
        for (name, value) in item.layers.iter().rev().flat_map(|layer| layer.entries()).chain(node.entries()) {
            if name.starts_with("x-") {
                extensions.retain(|(known, _)| known != name);
                extensions.push((name.to_owned(), value.id()));
            }
        }
        let tags = self.list(node, "tags");
        Api {
            method,
            path: item.path.clone(),
            variant: item.variant.clone(),
            operation_id: self.field_text(node, "operationId").filter(|id| !id.is_empty()),
            summary: self.field_text(node, "summary"),
            description: self.field_text(node, "description"),
            tags: tags.into_iter().flat_map(Node::items).filter_map(scalar_text).collect(),
            deprecated: self.flag(node, "deprecated"),
            parameters,
            request_body: self.request_body(node),
            responses: self.responses(node),
            security: self.security(node).unwrap_or_else(|| security.to_vec()),
            location: layer.key_location(key),
            extensions,
            node: node.id(),
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

    fn parameters(&mut self, list: Node<'_>) -> Vec<Parameter> {
        list.items().filter_map(|item| self.parameter(item)).collect()
    }

    fn parameter(&mut self, written: Node<'_>) -> Option<Parameter> {
        let node = written.resolve()?;
        let name = self.field_text(node, "name");
        let place = node.get("in").and_then(Node::as_str).and_then(parameter_place);
        let (Some(name), Some(place)) = (name, place) else {
            self.structure(node, "a parameter needs a `name`, and `in` with path, query, header or cookie");
            return None;
        };
        let media_type = self.content(node).into_iter().next();
        let style = self.style(node, place);
        let explode = node.get("explode").map_or(style == Style::Form, |_| self.flag(node, "explode"));
        Some(Parameter {
            name,
            place,
            required: place == ParameterPlace::Path || self.flag(node, "required"),
            deprecated: self.flag(node, "deprecated"),
            style,
            explode,
            schema: self.schema(node),
            media_type,
            node: node.id(),
        })
    }

    fn style(&mut self, node: Node<'_>, place: ParameterPlace) -> Style {
        let by_default = match place {
            ParameterPlace::Path | ParameterPlace::Header => Style::Simple,
            ParameterPlace::Query | ParameterPlace::Cookie => Style::Form,
        };
        let Some(written) = node.get("style") else { return by_default };
        match written.as_str() {
            Some("simple") => Style::Simple,
            Some("label") => Style::Label,
            Some("matrix") => Style::Matrix,
            Some("form") => Style::Form,
            Some("spaceDelimited") => Style::SpaceDelimited,
            Some("pipeDelimited") => Style::PipeDelimited,
            Some("deepObject") => Style::DeepObject,
            _ => {
                self.structure(written, "the specification knows no such style of a parameter");
                by_default
            }
        }
    }

    fn request_body(&mut self, operation: Node<'_>) -> Option<RequestBody> {
        let node = operation.get("requestBody")?.resolve()?;
        if !node.is_object() {
            self.structure(node, "a request body is a mapping");
            return None;
        }
        Some(RequestBody { required: self.flag(node, "required"), content: self.content(node), node: node.id() })
    }

    fn responses(&mut self, operation: Node<'_>) -> Vec<Response> {
        let Some(list) = self.object(operation, "responses") else { return Vec::new() };
        let mut responses: Vec<Response> = Vec::new();
        for (code, node) in list.entries() {
            if code.starts_with("x-") {
                continue;
            }
            let Some(status) = self.status(list, code) else { continue };
            let Some(node) = node.resolve() else { continue };
            let headers = self.object(node, "headers");
            responses.push(Response {
                status,
                description: self.field_text(node, "description"),
                headers: headers.map(|headers| self.headers(headers)).unwrap_or_default(),
                content: self.content(node),
                node: node.id(),
            });
        }
        responses
    }

    fn status(&mut self, list: Node<'_>, code: &str) -> Option<StatusPattern> {
        let bytes = code.as_bytes();
        match bytes {
            b"default" => return Some(StatusPattern::Default),
            [digit @ b'1'..=b'5', b'X', b'X'] => return Some(StatusPattern::Class(digit - b'0')),
            [digit @ b'1'..=b'5', b'x', b'x'] => {
                let message = format!("the response {code:?} is taken as \"{}XX\"", char::from(*digit));
                self.findings.add(rules::SLOPPY, list.key_location(code), message, "write the `X` in capitals");
                return Some(StatusPattern::Class(digit - b'0'));
            }
            [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9'] => {
                if let Ok(code) = code.parse() {
                    return Some(StatusPattern::Code(code));
                }
            }
            _ => {}
        }
        let message = format!("{code:?} is no status code");
        let hint = "name a response by a code like \"200\", a class like \"4XX\", or `default`";
        self.findings.add(rules::STRUCTURE, list.key_location(code), message, hint);
        None
    }

    fn headers(&mut self, headers: Node<'_>) -> Vec<Header> {
        let mut list = Vec::new();
        for (name, written) in headers.entries() {
            let Some(node) = written.resolve() else { continue };
            list.push(Header {
                name: name.to_owned(),
                required: self.flag(node, "required"),
                schema: self.schema(node),
                node: node.id(),
            });
        }
        list
    }

    fn content(&mut self, node: Node<'_>) -> Vec<MediaType> {
        let Some(content) = self.object(node, "content") else { return Vec::new() };
        let mut list = Vec::new();
        for (name, node) in content.entries() {
            let Some(node) = node.resolve() else { continue };
            list.push(MediaType { name: name.to_owned(), schema: self.schema(node), node: node.id() });
        }
        list
    }

    fn schema(&mut self, node: Node<'_>) -> Option<NodeId> {
        let schema = node.get("schema")?;
        if schema.is_object() || schema.as_bool().is_some() {
            return Some(schema.id());
        }
        if !matches!(schema.kind(), NodeKind::Null) {
            self.structure(schema, "a schema is a mapping");
        }
        None
    }

    /// Returns a field that holds an object; `null` counts as if it were not there.
    fn object<'d>(&mut self, node: Node<'d>, name: &str) -> Option<Node<'d>> {
        let value = node.get(name)?.resolve()?;
        if value.is_object() {
            return Some(value);
        }
        if !matches!(value.kind(), NodeKind::Null) {
            self.structure(value, &format!("`{name}` is a mapping"));
        }
        None
    }

    /// Returns a field that holds a list; `null` counts as if it were not there.
    fn list<'d>(&mut self, node: Node<'d>, name: &str) -> Option<Node<'d>> {
        let value = node.get(name)?;
        if value.is_array() {
            return Some(value);
        }
        if !matches!(value.kind(), NodeKind::Null) {
            self.structure(value, &format!("`{name}` is a list"));
        }
        None
    }

    fn field_text(&mut self, node: Node<'_>, name: &str) -> Option<String> {
        node.get(name).and_then(|value| self.text(value))
    }

    /// Returns a text; a number or a boolean in its place is taken as it is written, with a warning.
    fn text(&mut self, node: Node<'_>) -> Option<String> {
        if let Some(text) = node.as_str() {
            return Some(text.to_owned());
        }
        match scalar_text(node) {
            Some(text) => {
                let message = format!("{text} is not a text; it is taken as \"{text}\"");
                self.findings.add(rules::SLOPPY, node.location(), message, "put it in quotes");
                Some(text)
            }
            None => {
                if !matches!(node.kind(), NodeKind::Null) {
                    self.structure(node, "a text stands here");
                }
                None
            }
        }
    }

    /// Returns a flag; a word that can only mean yes or no is taken, with a warning.
    fn flag(&mut self, node: Node<'_>, name: &str) -> bool {
        let Some(value) = node.get(name) else { return false };
        if let Some(flag) = value.as_bool() {
            return flag;
        }
        let word = value.as_str().unwrap_or_default().to_ascii_lowercase();
        let meant = match word.as_str() {
            "true" | "yes" | "on" => true,
            "false" | "no" | "off" => false,
            _ => {
                if !matches!(value.kind(), NodeKind::Null) {
                    self.structure(value, &format!("`{name}` is `true` or `false`"));
                }
                return false;
            }
        };
        let message = format!("{word:?} is taken as `{meant}`");
        self.findings.add(rules::SLOPPY, value.location(), message, format!("write `{name}: {meant}`"));
        meant
    }

    fn structure(&mut self, node: Node<'_>, message: &str) {
        let hint = "compare it with the OpenAPI Specification";
        self.findings.add(rules::STRUCTURE, node.location(), message, hint);
    }
}

/// Returns the text of a string, a number or a boolean.
pub(super) fn scalar_text(node: Node<'_>) -> Option<String> {
    match node.kind() {
        NodeKind::String(text) => Some(text.to_owned()),
        NodeKind::Number(number) => Some(number.to_string()),
        NodeKind::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn parameter_place(text: &str) -> Option<ParameterPlace> {
    [ParameterPlace::Path, ParameterPlace::Query, ParameterPlace::Header, ParameterPlace::Cookie]
        .into_iter()
        .find(|place| place.as_str() == text)
}

/// Says what is wrong with a path template, if anything.
fn template_fault(path: &str) -> Option<&'static str> {
    if path.contains(|each: char| each.is_control() || each == ' ' || each == '\\') {
        return Some("has a space, a backslash or a control character");
    }
    let mut rest = path;
    while let Some(at) = rest.find(['{', '}']) {
        let from = rest.get(at..).unwrap_or_default();
        let Some(inner) = from.strip_prefix('{') else { return Some("closes a brace that is not open") };
        let Some((name, after)) = inner.split_once('}') else { return Some("has a brace that is not closed") };
        if name.is_empty() || name.contains(['{', '/']) {
            return Some("has a parameter without a proper name");
        }
        rest = after;
    }
    None
}

/// Returns the first parameter that a well-formed path template has twice.
fn repeated_name(path: &str) -> Option<&str> {
    let mut names = HashSet::new();
    path.split('{').skip(1).filter_map(|part| part.split('}').next()).find(|name| !names.insert(*name))
}

/// Returns a path template without the names of its parameters, under which equal templates are equal.
fn shape(path: &str) -> String {
    let mut shape = String::with_capacity(path.len());
    let mut inside = false;
    for each in path.chars() {
        match each {
            '{' => inside = true,
            '}' => inside = false,
            _ if inside => continue,
            _ => {}
        }
        shape.push(each);
    }
    shape
}
