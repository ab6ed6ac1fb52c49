//! The definition of a version as one file, with the addresses and the access of the environment.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::anchors::slug;
use super::bundled_access::BundledAccess;
use super::bundled_part::BundledPart;
use super::readable_yaml;
use super::source::ReferenceSource;
use crate::definition::{Node, NodeId, NodeKind};
use crate::model::EnvironmentName;

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

/// Bundles a definition: every reference leads to a place in the same file, which has nothing that is not for callers.
pub(super) fn bundle(source: ReferenceSource<'_>) -> BundledDefinition {
    let Some(root) = source.definition.document().root() else { return BundledDefinition::default() };
    let access = BundledAccess::new(source);
    let mut bundler =
        ReferenceBundler { root, access: &access, others: BTreeMap::new(), names: BTreeMap::new(), left: MOST_VALUES };
    let Value::Object(mut document) = bundler.value(root, BundledPart::Root, 0) else {
        return BundledDefinition::default();
    };
    let others: Map<String, Value> = bundler.others.into_iter().collect();
    if !others.is_empty() {
        document.insert(OTHERS.to_owned(), Value::Object(others));
    }
    set_servers(&mut document, source);
    access.add_schemes(&mut document);
    let document = Value::Object(document);
    let mut json = serde_json::to_vec_pretty(&document).unwrap_or_default();
    json.push(b'\n');
    BundledDefinition { json, yaml: readable_yaml::yaml(&document).into_bytes() }
}

struct ReferenceBundler<'d, 's> {
    root: Node<'d>,
    access: &'s BundledAccess,
    /// The contents of other files, by the names that they have here.
    others: BTreeMap<String, Value>,
    names: BTreeMap<NodeId, String>,
    left: usize,
}

impl<'d> ReferenceBundler<'d, '_> {
    fn value(&mut self, node: Node<'d>, part: BundledPart, level: usize) -> Value {
        if self.left == 0 || level > MOST_LEVELS {
            return Value::Null;
        }
        self.left -= 1;
        match node.kind() {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(value) => Value::Bool(value),
            NodeKind::Number(value) => Value::Number(value.clone()),
            NodeKind::String(text) if part == BundledPart::DiscriminatorMapping => {
                let target = node.pointed_to_by(text).filter(|_| node.file() != self.root.file() || text.contains('.'));
                let target = target.map(|target| self.reference(text, target, BundledPart::Object, level));
                Value::String(target.unwrap_or_else(|| text.to_owned()))
            }
            NodeKind::String(text) => Value::String(text.to_owned()),
            NodeKind::Array => Value::Array(node.items().map(|item| self.value(item, part, level + 1)).collect()),
            NodeKind::Object => Value::Object(self.fields(node, part, level)),
        }
    }

    fn fields(&mut self, node: Node<'d>, part: BundledPart, level: usize) -> Map<String, Value> {
        let target = node.referenced();
        let field = |(name, value): (&str, Node<'d>)| {
            if let Some(target) = target.filter(|_| name == "$ref") {
                let text = node.reference().unwrap_or_default();
                return Some((name.to_owned(), Value::String(self.reference(text, target, part, level))));
            }
            let field = part.field(name, value.is_array())?;
            let content = self.value(value, field, level + 1);
            let content = if field == BundledPart::Security { self.access.combined(&content)? } else { content };
            Some((name.to_owned(), content))
        };
        node.entries().filter_map(field).collect()
    }

    /// Returns a reference within the bundle, for a text that names a target.
    fn reference(&mut self, text: &str, target: Node<'d>, part: BundledPart, level: usize) -> String {
        let is_in_root = target.file() == self.root.file();
        // From another file, the name of this one goes.
        let fragment = text.find('#').and_then(|at| text.get(at..)).unwrap_or("#");
        if is_in_root && !BundledPart::leaves_out(fragment) {
            return fragment.to_owned();
        }
        if let Some(name) = self.names.get(&target.id()) {
            return format!("#/{OTHERS}/{name}");
        }
        let last = text.rsplit(['/', '#']).find(|part| !part.is_empty()).unwrap_or("part");
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
        let content = self.value(target, part, level + 1);
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
            "live": source.past().is_none(),
        }),
        None => json!({"version": version, "digest": digest}),
    };
    document.insert("x-apigw-release".to_owned(), release);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Digest, GroupSettings};

    /// Bundles the files of a definition as they are with a real backend.
    fn bundled(files: &[(&str, &str)], more: &str) -> Value {
        let mut fetch =
            |path: &str| Ok(files.iter().find(|(name, _)| *name == path).map(|(_, text)| Arc::from(text.as_bytes())));
        let reading = crate::definition::read("g", &mut fetch);
        let definition = reading.definition.unwrap_or_else(|| panic!("{:#?}", reading.findings));
        let settings: GroupSettings =
            serde_saphyr::from_str(&format!("schema: 1\nversion: '0.0.1'\nprefix: /g\n{more}")).expect("settings");
        let source = ReferenceSource {
            group: &"g".parse().expect("a name"),
            version: &"0.0.1".parse().expect("a version"),
            digest: Digest::of(b""),
            settings: &settings,
            definition: &definition,
            servers: &[],
            released: None,
            has_clients: false,
        };
        serde_json::from_slice(&bundle(source).json).expect("JSON")
    }

    const HEAD: &str = "openapi: 3.1.0\ninfo: {title: t, version: '1', x-owner: SECRET}\nx-notes: SECRET\n\
                        servers: [{url: 'http://SECRET'}]\n";

    #[test]
    fn a_bundle_has_no_address_behind_the_gateway_and_no_note_of_its_owners() {
        let operation = |more: &str| {
            format!(
                "{{servers: [{{url: 'http://SECRET'}}], x-integration: {{uri: SECRET}}, responses: {{x-note: SECRET, '200': \
                 {{description: ok, x-note: SECRET, links: {{next: {{operationId: a, server: {{url: 'http://SECRET'}}}}}}}}}}{more}}}"
            )
        };
        let item = |more: &str| {
            format!("{{servers: [{{url: 'http://SECRET'}}], x-backend: SECRET, get: {}}}", operation(more))
        };
        let root = format!(
            "{HEAD}paths:\n  x-note: SECRET\n  /a: {}\n  /b: {{$ref: 'other.yaml#/b'}}\n  /c: {{$ref: '#/components/pathItems/C'}}\n\
             components:\n  x-note: SECRET\n  pathItems: {{C: {}}}\n\
             \x20 schemas: {{T: {{$comment: SECRET, x-column: SECRET, properties: {{servers: {{x-column: SECRET}}}}}}}}\n",
            item(
                ", operationId: a, callbacks: {done: {'{$request.query.u}': {post: {servers: [{url: SECRET}], responses: {}}}}}"
            ),
            item(""),
        );
        let text = bundled(&[("openapi.yaml", &root), ("other.yaml", &format!("b: {}\n", item("")))], "").to_string();
        assert!(!text.contains("SECRET"), "{text}");
        assert!(text.contains(r#""properties":{"servers":{}}"#), "{text}");
    }

    #[test]
    fn names_and_data_of_callers_stay_whatever_they_are_called() {
        let root = format!(
            "{HEAD}security: [{{x-key: []}}]\npaths:\n  /a:\n    get:\n      deprecated: true\n      x-sunset: 2030-01-01\n\
             \x20     parameters: [{{name: x-p, in: header, schema: {{$ref: '#/x-shared/S'}}}}]\n\
             \x20     responses:\n        '200':\n          description: ok\n          headers: {{x-h: {{schema: {{type: string}}}}}}\n\
             \x20         content: {{application/json: {{schema: {{properties: {{x-f: {{default: {{x-d: 1}}}}}}}}, example: {{x-f: {{$comment: c, servers: [1]}}}}}}}}\n\
             components: {{securitySchemes: {{x-key: {{type: apiKey, in: header, name: x-k}}}}}}\n\
             x-shared: {{S: {{type: string, x-note: SECRET}}}}\n"
        );
        let document = bundled(&[("openapi.yaml", &root)], "auth: {subscription: {}}\n");
        let operation = &document["paths"]["/a"]["get"];
        assert_eq!(operation["x-sunset"], "2030-01-01");
        let response = &operation["responses"]["200"];
        assert!(response["headers"]["x-h"].is_object(), "{response}");
        let content = &response["content"]["application/json"];
        assert_eq!(content["schema"]["properties"]["x-f"]["default"], json!({"x-d": 1}));
        assert_eq!(content["example"], json!({"x-f": {"$comment": "c", "servers": [1]}}));
        assert_eq!(document["security"], json!([{"x-key": [], "gateway_subscription": []}]));
        assert!(document["components"]["securitySchemes"]["x-key"].is_object(), "{document}");
        // A part of an extension that something refers to is still there.
        assert_eq!(operation["parameters"][0]["schema"]["$ref"], "#/x-bundled/S");
        assert_eq!(document["x-bundled"], json!({"S": {"type": "string"}}));
    }

    #[test]
    fn operations_ask_for_keys_of_the_gateway_in_whatever_file_they_are() {
        let operation = "{security: [{s: []}], responses: {}}";
        let root = format!(
            "{HEAD}paths:\n  /a: {{get: {operation}}}\n  /b: {{$ref: 'other.yaml#/b'}}\nwebhooks: {{w: {{post: {operation}}}}}\n\
             components: {{securitySchemes: {{s: {{type: http, scheme: basic}}}}}}\n"
        );
        let other = format!("b: {{get: {operation}}}\n");
        let document = bundled(&[("openapi.yaml", &root), ("other.yaml", &other)], "auth: {subscription: {}}\n");
        let both = json!([{"s": [], "gateway_subscription": []}]);
        assert_eq!(document["paths"]["/a"]["get"]["security"], both);
        assert_eq!(document["x-bundled"]["b"]["get"]["security"], both);
        // The receiver of a webhook has keys of its own.
        assert_eq!(document["webhooks"]["w"]["post"]["security"], json!([{"s": []}]));
        assert_eq!(document["security"], json!([{"gateway_subscription": []}]));
    }

    #[test]
    fn mappings_of_discriminators_lead_to_places_of_the_bundle() {
        let root = format!(
            "{HEAD}paths: {{/a: {{get: {{responses: {{'200': {{description: ok, content: {{application/json: {{schema: \
             {{$ref: 'pets.yaml#/Pet'}}}}}}}}}}}}}}}}\ncomponents: {{schemas: {{Fish: {{type: object}}}}}}\n"
        );
        let pets = "Pet: {oneOf: [{$ref: '#/Dog'}, {$ref: cat.yaml}], discriminator: {propertyName: p, mapping: \
                    {dog: '#/Dog', cat: ./cat.yaml, fish: 'openapi.yaml#/components/schemas/Fish', bird: Bird}}}\nDog: {type: object}\n";
        let document = bundled(&[("openapi.yaml", &root), ("pets.yaml", pets), ("cat.yaml", "type: object\n")], "");
        let mapping = &document["x-bundled"]["Pet"]["discriminator"]["mapping"];
        let expected = json!({"dog": "#/x-bundled/Dog", "cat": "#/x-bundled/cat", "fish": "#/components/schemas/Fish", "bird": "Bird"});
        assert_eq!(*mapping, expected);
    }
}
