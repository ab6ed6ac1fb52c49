//! Serializes a value as XML, with the `xml` hints of its schema (OpenAPI 3.1, section 4.8.26).

use std::collections::HashMap;

use serde_json::Value;

use super::api::Specification;
use super::document::Node;
use super::encoding_budget::EncodingBudget;
use super::schema::{CompiledPatterns, FitTerms, SchemaShape, fits};

/// Serializes a value as an XML document; `None` if that exceeds the limits.
pub(super) fn encode(
    value: &Value,
    schema: Option<Node<'_>>,
    specification: Specification,
    limits: &mut EncodingBudget,
) -> Option<String> {
    let mut writer =
        XmlWriter { specification, patterns: CompiledPatterns::default(), limits, is_cut: false, out: String::new() };
    writer.out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let schemas: Vec<Node<'_>> = schema.into_iter().collect();
    let shape = writer.shape(value, &schemas);
    let name = schema.and_then(reference_name);
    match value {
        Value::Array(items) => {
            let hints = XmlHints::of(&shape);
            let inner = shape.items();
            let item_name = inner.iter().copied().find_map(reference_name);
            let outer = hints.name.map(str::to_owned).or(name).unwrap_or_else(|| "root".to_owned());
            writer.open(&outer, &hints, &[]);
            for item in items {
                writer.element(item_name.as_deref().unwrap_or("item"), item, &inner);
            }
            writer.close(&outer, &hints);
        }
        value => writer.element(name.as_deref().unwrap_or("root"), value, &schemas),
    }
    writer.out.push('\n');
    (!writer.is_cut).then_some(writer.out)
}

struct XmlWriter<'l> {
    specification: Specification,
    patterns: CompiledPatterns,
    limits: &'l mut EncodingBudget,
    /// True once a limit was exceeded; the output is then discarded.
    is_cut: bool,
    out: String,
}

/// The `xml` hints for a value.
#[derive(Debug, Default, Clone, Copy)]
struct XmlHints<'d> {
    name: Option<&'d str>,
    prefix: Option<&'d str>,
    namespace: Option<&'d str>,
    attribute: bool,
    wrapped: bool,
}

impl<'d> XmlHints<'d> {
    fn of(shape: &SchemaShape<'d>) -> Self {
        let mut hints = Self::default();
        for xml in shape.schemas.iter().filter_map(|schema| schema.get("xml")) {
            let text = |field| xml.get(field).and_then(Node::as_str);
            let flag = |field| xml.get(field).and_then(Node::as_bool) == Some(true);
            hints.name = hints.name.or_else(|| text("name"));
            hints.prefix = hints.prefix.or_else(|| text("prefix"));
            hints.namespace = hints.namespace.or_else(|| text("namespace"));
            hints.attribute |= flag("attribute");
            hints.wrapped |= flag("wrapped");
        }
        hints
    }

    fn qualified(&self, name: &str) -> String {
        let name = xml_name(name);
        self.prefix.map_or_else(|| name.clone(), |prefix| format!("{}:{name}", xml_name(prefix)))
    }
}

impl XmlWriter<'_> {
    /// Combines the schemas of a value with the alternatives that it matches.
    fn shape<'d>(&mut self, value: &Value, schemas: &[Node<'d>]) -> SchemaShape<'d> {
        let mut shape = SchemaShape::of(schemas, self.specification);
        let mut steps = shape.schemas.len() + 1;
        let lists = shape.schemas.iter().flat_map(|schema| ["oneOf", "anyOf"].map(|keyword| schema.get(keyword)));
        let taken: Vec<Node<'d>> = lists
            .flatten()
            .filter_map(|list| {
                list.items().find(|one| {
                    steps < self.limits.steps
                        && fits(value, &[*one], FitTerms::response(self.specification), &mut self.patterns, &mut steps)
                })
            })
            .collect();
        self.limits.steps = self.limits.steps.saturating_sub(steps);
        if !taken.is_empty() {
            let all: Vec<Node<'d>> = schemas.iter().copied().chain(taken).collect();
            shape = SchemaShape::of(&all, self.specification);
        }
        shape
    }

    fn element(&mut self, name: &str, value: &Value, schemas: &[Node<'_>]) {
        self.is_cut |= self.limits.steps == 0 || self.out.len() > self.limits.bytes;
        if self.is_cut {
            return;
        }
        let shape = self.shape(value, schemas);
        let hints = XmlHints::of(&shape);
        let name = hints.name.unwrap_or(name).to_owned();
        let Value::Object(map) = value else {
            self.open(&name, &hints, &[]);
            self.text(value);
            self.close(&name, &hints);
            return;
        };
        let properties: HashMap<&str, Vec<Node<'_>>> =
            shape.properties().into_iter().map(|property| (property.name, property.schemas)).collect();
        let mut attributes = Vec::new();
        let mut elements = Vec::new();
        for (property, value) in map {
            let schemas = properties.get(property.as_str()).cloned().unwrap_or_default();
            let hints = XmlHints::of(&self.shape(value, &schemas));
            if hints.attribute && !value.is_array() && !value.is_object() {
                attributes.push((hints.qualified(hints.name.unwrap_or(property)), scalar(value)));
            } else {
                elements.push((property, value, schemas));
            }
        }
        self.open(&name, &hints, &attributes);
        for (property, value, schemas) in elements {
            match value {
                Value::Array(items) => self.list(property, items, value, &schemas),
                value => self.element(property, value, &schemas),
            }
        }
        self.close(&name, &hints);
    }

    /// Writes a list property: its items one after another, inside an element of their own if wrapped.
    fn list(&mut self, name: &str, items: &[Value], value: &Value, schemas: &[Node<'_>]) {
        let shape = self.shape(value, schemas);
        let hints = XmlHints::of(&shape);
        let inner = shape.items();
        let outer = hints.name.unwrap_or(name).to_owned();
        if hints.wrapped {
            self.open(&outer, &hints, &[]);
        }
        for item in items {
            self.element(if hints.wrapped { name } else { &outer }, item, &inner);
        }
        if hints.wrapped {
            self.close(&outer, &hints);
        }
    }

    fn open(&mut self, name: &str, hints: &XmlHints<'_>, attributes: &[(String, String)]) {
        self.out.push('<');
        self.out.push_str(&hints.qualified(name));
        if let Some(namespace) = hints.namespace {
            let declaration = hints.prefix.map_or("xmlns".to_owned(), |prefix| format!("xmlns:{}", xml_name(prefix)));
            self.attribute(&declaration, namespace);
        }
        for (name, value) in attributes {
            self.attribute(name, value);
        }
        self.out.push('>');
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        self.escape(value);
        self.out.push('"');
    }

    fn close(&mut self, name: &str, hints: &XmlHints<'_>) {
        self.out.push_str("</");
        self.out.push_str(&hints.qualified(name));
        self.out.push('>');
    }

    fn text(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.element("item", item, &[])),
            value => self.escape(&scalar(value)),
        }
    }

    fn escape(&mut self, text: &str) {
        for each in text.chars() {
            match each {
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '&' => self.out.push_str("&amp;"),
                '"' => self.out.push_str("&quot;"),
                '\n' | '\t' => self.out.push(each),
                each if each.is_control() || matches!(each, '\u{fffe}' | '\u{ffff}') => self.out.push('\u{fffd}'),
                each => self.out.push(each),
            }
        }
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// Returns the name of the schema that a reference points to.
fn reference_name(schema: Node<'_>) -> Option<String> {
    let name = schema.reference()?.rsplit(['/', '#']).next()?;
    (!name.is_empty()).then(|| name.trim_end_matches(".yaml").trim_end_matches(".json").to_owned())
}

/// Converts any text to a valid XML name (XML 1.0, section 2.3).
fn xml_name(text: &str) -> String {
    let mut name = String::new();
    for each in text.chars() {
        let starts = each.is_alphabetic() || each == '_';
        let follows = starts || each.is_ascii_digit() || matches!(each, '-' | '.');
        if name.is_empty() && !starts && follows {
            name.push('_');
        }
        name.push(if follows { each } else { '_' });
    }
    if name.is_empty() { "_".to_owned() } else { name }
}
