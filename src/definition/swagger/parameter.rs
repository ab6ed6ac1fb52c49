//! Parameters in the path, the query and headers: their type becomes a schema, their format a style.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::super::document::Node;
use super::super::fields::scalar_text;
use super::Converter;

/// The fields of a 2.0 parameter, header or item that belong to its schema.
pub(super) const SCHEMA_FIELDS: &[&str] = &[
    "type",
    "format",
    "items",
    "default",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "enum",
    "multipleOf",
    "x-nullable",
];

/// Tells whether a parameter is a part of the body.
pub(super) fn is_bodily(parameter: Node<'_>) -> bool {
    matches!(place(parameter), Some("body" | "formData"))
}

/// Tells whether a parameter is the body.
pub(super) fn is_body(parameter: Node<'_>) -> bool {
    place(parameter) == Some("body")
}

/// Takes shared parts of the body together with an operation's own, which win.
pub(super) fn overridden<'d>(shared: &[Node<'d>], own: Vec<Node<'d>>) -> Vec<Node<'d>> {
    let identity = |parameter: Node<'_>| parameter.resolve().and_then(|node| node.get("name").and_then(scalar_text));
    let names: HashSet<Option<String>> = own.iter().map(|parameter| identity(*parameter)).collect();
    let form = !own.is_empty();
    let kept = shared
        .iter()
        .copied()
        .filter(|parameter| !(names.contains(&identity(*parameter)) || form && is_body(*parameter)));
    kept.chain(own).collect()
}

fn place(parameter: Node<'_>) -> Option<&str> {
    parameter.resolve()?.get("in")?.as_str()
}

impl<'d> Converter<'d, '_> {
    pub(super) fn parameter(&mut self, written: Node<'d>) -> Option<Value> {
        let Some(node) = written.resolve() else { return self.value(written) };
        if written.reference().is_some()
            && let Some(reference) = self.components.parameter(node)
        {
            return Some(json!({ "$ref": reference }));
        }
        self.parameter_object(node)
    }

    pub(super) fn parameter_object(&mut self, node: Node<'d>) -> Option<Value> {
        let mut parameter = Map::new();
        self.copy(node, &mut parameter, &["name", "in", "description", "required", "deprecated", "allowEmptyValue"])?;
        let place = node.get("in").and_then(Node::as_str).unwrap_or_default();
        if place == "path" {
            parameter.insert("required".to_owned(), true.into());
        }
        if let Some((style, explode)) = self.style(node, place) {
            parameter.insert("style".to_owned(), style.into());
            parameter.insert("explode".to_owned(), explode.into());
        }
        parameter.insert("schema".to_owned(), self.inline_schema(node)?);
        self.examples_of(node, &mut parameter)?;
        self.extensions(node, &mut parameter)?;
        for moved in ["x-example", "x-examples"] {
            parameter.shift_remove(moved);
        }
        Some(Value::Object(parameter))
    }

    /// Makes a schema of the fields that 2.0 keeps beside the name.
    pub(super) fn inline_schema(&mut self, node: Node<'d>) -> Option<Value> {
        if let Some(schema) = node.get("schema") {
            return self.schema(schema);
        }
        let mut schema = Map::new();
        for (field, value) in node.entries().filter(|(field, _)| SCHEMA_FIELDS.contains(field)) {
            self.schema_field(field, value, &mut schema)?;
        }
        Some(Value::Object(schema))
    }

    /// Returns the style and whether lists explode, where that differs from what 3.0 takes by itself.
    pub(super) fn style(&mut self, node: Node<'d>, place: &str) -> Option<(&'static str, bool)> {
        if node.get("type").and_then(Node::as_str) != Some("array") {
            return None;
        }
        let format = node.get("collectionFormat");
        let in_query = matches!(place, "query" | "formData");
        match format.and_then(Node::as_str).unwrap_or("csv") {
            "multi" => Some(("form", true)),
            "ssv" if in_query => Some(("spaceDelimited", false)),
            "pipes" if in_query => Some(("pipeDelimited", false)),
            "csv" if in_query => Some(("form", false)),
            "csv" => Some(("simple", false)),
            other => {
                let message =
                    format!("OpenAPI 3.0 has no list whose items are separated as {other:?} says in a {place}");
                self.loses(format.unwrap_or(node), &message, "the list is separated by commas; look at the backend");
                Some(if in_query { ("form", false) } else { ("simple", false) })
            }
        }
    }

    /// Takes `x-example` and `x-examples` for what 3.0 has fields for; the keys of the latter are names, not media types.
    pub(super) fn examples_of(&mut self, node: Node<'d>, into: &mut Map<String, Value>) -> Option<()> {
        if let Some(example) = node.get("x-example") {
            into.insert("example".to_owned(), self.value(example)?);
            return Some(());
        }
        let mut examples = Map::new();
        let named = node.get("x-examples").into_iter().flat_map(Node::entries).filter(|(name, _)| !name.contains('/'));
        for (name, example) in named {
            let value = self.value(example)?;
            let is_object = value.get("value").is_some() || value.get("externalValue").is_some();
            examples.insert(name.to_owned(), if is_object { value } else { json!({ "value": value }) });
        }
        if !examples.is_empty() {
            into.insert("examples".to_owned(), Value::Object(examples));
        }
        Some(())
    }
}
