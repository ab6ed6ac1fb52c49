//! The definition of a version as one file, with the addresses and the access of the environment.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::anchors::slug;
use super::source::ReferenceSource;
use crate::definition::{Node, NodeId, NodeKind};
use crate::model::{EnvironmentName, GroupSettings, KeyKind};

/// The most values of a bundled definition: aliases may expand a small file to a huge tree.
const MOST_VALUES: usize = 2_000_000;
/// The field that holds what lies in other files.
const OTHERS: &str = "x-bundled";
/// The deepest nesting.
const MOST_LEVELS: usize = 400;

/// A bundled definition in both notations; empty where it is too large.
#[derive(Debug, Default)]
pub(super) struct BundledDefinition {
    pub(super) json: Vec<u8>,
    pub(super) yaml: Vec<u8>,
}

/// Bundles a definition: every reference leads to a place in the same file.
pub(super) fn bundle(source: ReferenceSource<'_>) -> BundledDefinition {
    let Some(root) = source.definition.document().root() else { return BundledDefinition::default() };
    let mut bundler =
        ReferenceBundler { root_file: root.file(), others: BTreeMap::new(), names: BTreeMap::new(), left: MOST_VALUES };
    let Value::Object(mut document) = bundler.value(root, 0) else { return BundledDefinition::default() };
    let others: Map<String, Value> = bundler.others.into_iter().collect();
    if !others.is_empty() {
        document.insert(OTHERS.to_owned(), Value::Object(others));
    }
    set_servers(&mut document, source);
    let document = Value::Object(document);
    let mut json = serde_json::to_vec_pretty(&document).unwrap_or_default();
    json.push(b'\n');
    BundledDefinition { json, yaml: serde_yaml::to_string(&document).unwrap_or_default().into_bytes() }
}

struct ReferenceBundler<'d> {
    root_file: &'d str,
    /// The contents of other files, by the names that they have here.
    others: BTreeMap<String, Value>,
    names: BTreeMap<NodeId, String>,
    left: usize,
}

impl<'d> ReferenceBundler<'d> {
    fn value(&mut self, node: Node<'d>, level: usize) -> Value {
        if self.left == 0 || level > MOST_LEVELS {
            return Value::Null;
        }
        self.left -= 1;
        match node.kind() {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(value) => Value::Bool(value),
            NodeKind::Number(value) => Value::Number(value.clone()),
            NodeKind::String(text) => Value::String(text.to_owned()),
            NodeKind::Array => Value::Array(node.items().map(|item| self.value(item, level + 1)).collect()),
            NodeKind::Object => {
                let target = node.referenced();
                let field = |(name, value): (&str, Node<'d>)| match target.filter(|_| name == "$ref") {
                    Some(target) => (name.to_owned(), Value::String(self.reference(node, target, level))),
                    None => (name.to_owned(), self.value(value, level + 1)),
                };
                Value::Object(node.entries().map(field).collect())
            }
        }
    }

    /// Returns a reference within the bundle.
    fn reference(&mut self, node: Node<'d>, target: Node<'d>, level: usize) -> String {
        let written = node.reference().unwrap_or_default();
        if target.file() == self.root_file {
            // From another file, the name of this one goes.
            let fragment = written.find('#').and_then(|at| written.get(at..)).unwrap_or("#");
            let is_here = node.file() == self.root_file;
            return if is_here { written.to_owned() } else { fragment.to_owned() };
        }
        if let Some(name) = self.names.get(&target.id()) {
            return format!("#/{OTHERS}/{name}");
        }
        let last = written.rsplit(['/', '#']).find(|part| !part.is_empty()).unwrap_or("part");
        let stem = last.split('.').next().unwrap_or(last);
        let wanted = slug(stem);
        let mut name = wanted.clone();
        let mut number = 2;
        while self.others.contains_key(&name) {
            name = format!("{wanted}-{number}");
            number += 1;
        }
        self.names.insert(target.id(), name.clone());
        // The name is taken before the content is read, as that may lead back here.
        self.others.insert(name.clone(), Value::Null);
        let content = self.value(target, level + 1);
        self.others.insert(name.clone(), content);
        format!("#/{OTHERS}/{name}")
    }
}

/// Sets the addresses of the environments and who may call there.
fn set_servers(document: &mut Map<String, Value>, source: ReferenceSource<'_>) {
    let server =
        |(environment, url): (&EnvironmentName, &String)| json!({"url": url, "description": environment.as_str()});
    let servers: Vec<Value> = source.addresses().map(server).collect();
    document.insert("servers".to_owned(), Value::Array(servers));
    let (version, digest) = (source.version.to_string(), source.digest.to_string());
    let release = match source.released {
        Some(released) => json!({
            "environment": released.environment.as_str(),
            "version": version,
            "digest": digest,
            "backend": if released.is_mock { "mock" } else { "real" },
        }),
        None => json!({"version": version, "digest": digest}),
    };
    document.insert("x-apigw-release".to_owned(), release);
    for item in document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        let Some(item) = item.as_object_mut() else { continue };
        item.shift_remove("servers");
        for operation in item.values_mut().filter_map(Value::as_object_mut) {
            operation.shift_remove("servers");
        }
    }
    if !source.is_mock() {
        add_access(document, source.settings);
    }
}

/// Adds the keys of the gateway to the security that the definition declares: a caller needs both.
fn add_access(document: &mut Map<String, Value>, settings: &GroupSettings) {
    let auth = &settings.auth;
    let header = auth.subscription.as_ref().and_then(|found| found.headers.first());
    let scheme = |kind: KeyKind| match (kind, header) {
        (KeyKind::Subscription, Some(header)) => json!({"type": "apiKey", "in": "header", "name": header}),
        // RFC 6750, section 2.1: a client that took it for a plain header would send the token without `Bearer`.
        (KeyKind::Token, _) => json!({"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}),
        (KeyKind::Signature | KeyKind::Subscription, _) => {
            json!({"type": "apiKey", "in": "header", "name": "Authorization", "description": format!("a {kind} of the request")})
        }
    };
    let kinds: Vec<(String, Value)> = auth.kinds().map(|kind| (format!("gateway_{kind}"), scheme(kind))).collect();
    if kinds.is_empty() {
        return;
    }
    let names: Vec<String> = kinds.iter().map(|(name, _)| name.clone()).collect();
    let components = document.entry("components").or_insert_with(|| json!({}));
    if let Some(components) = components.as_object_mut() {
        let schemes = components.entry("securitySchemes").or_insert_with(|| json!({}));
        if let Some(schemes) = schemes.as_object_mut() {
            schemes.extend(kinds);
        }
    }
    let declared = document.get("security").cloned();
    document.insert("security".to_owned(), combined(declared.as_ref(), &names));
    for item in document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
            if let Some(declared) = operation.get("security").cloned() {
                operation.insert("security".to_owned(), combined(Some(&declared), &names));
            }
        }
    }
}

/// Combines alternatives of a definition with the kinds of keys, of which one suffices.
fn combined(declared: Option<&Value>, names: &[String]) -> Value {
    let nothing = vec![json!({})];
    let declared = declared.and_then(Value::as_array).filter(|list| !list.is_empty()).unwrap_or(&nothing);
    let both = |requirement: &Value, name: &String| {
        let mut requirement = requirement.as_object().cloned().unwrap_or_default();
        requirement.insert(name.clone(), json!([]));
        Value::Object(requirement)
    };
    declared.iter().flat_map(|requirement| names.iter().map(move |name| both(requirement, name))).collect()
}
