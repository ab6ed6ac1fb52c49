//! Parameters in the path, the query and headers: their type becomes a schema, their collection format a style.

use serde_json::{Map, Value, json};

use super::super::document::Node;
use super::converter::SwaggerConverter;
use super::left_out::SwaggerObject;
use super::parameter_kind::SCHEMA_FIELDS;

/// The style of a list, with its `explode`.
pub(super) type ListStyle = (&'static str, bool);

fn is_list(schema: Node<'_>) -> bool {
    schema.get("type").and_then(Node::as_str) == Some("array")
}

/// Returns the name of the separator between the items of a list.
fn separator(list: Node<'_>) -> &str {
    list.get("collectionFormat").and_then(Node::as_str).unwrap_or("csv")
}

/// Returns the style for a separator; `None` if 3.0 has none.
fn list_style(separator: &str, place: &str) -> Option<ListStyle> {
    let in_query = matches!(place, "query" | "formData");
    match separator {
        "multi" if in_query => Some(("form", true)),
        "ssv" if in_query => Some(("spaceDelimited", false)),
        "pipes" if in_query => Some(("pipeDelimited", false)),
        "csv" if in_query => Some(("form", false)),
        "csv" => Some(("simple", false)),
        _ => None,
    }
}

impl<'d> SwaggerConverter<'d, '_> {
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
        let (schema, style) = self.written_schema(node, place)?;
        if let Some((style, explode)) = style {
            parameter.insert("style".to_owned(), style.into());
            parameter.insert("explode".to_owned(), explode.into());
        }
        parameter.insert("schema".to_owned(), schema);
        self.examples_of(node, &mut parameter)?;
        self.extensions(node, &mut parameter)?;
        for moved in ["x-example", "x-examples"] {
            parameter.shift_remove(moved);
        }
        Some(Value::Object(parameter))
    }

    /// Builds a schema from the fields that 2.0 has beside the name.
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

    /// Builds the schema of a serialized value, and returns the style if it is a list.
    ///
    /// A list that 3.0 cannot express becomes a string, so that every valid request stays valid.
    pub(super) fn written_schema(&mut self, node: Node<'d>, place: &str) -> Option<(Value, Option<ListStyle>)> {
        self.tell_left_out(node, SwaggerObject::Value);
        if !is_list(node) || node.get("schema").is_some() {
            return Some((self.inline_schema(node)?, None));
        }
        let own = separator(node);
        let inner = node.get("items").filter(|items| is_list(*items));
        let hint = "the gateway does not look into this text; the backend has to check it";
        let is_alike = std::iter::successors(inner, |list| list.get("items").filter(|items| is_list(*items)))
            .any(|list| separator(list) == own);
        let Some(style) = list_style(own, place).filter(|_| !is_alike) else {
            let within = if is_alike { " and are lists like it" } else { "" };
            let message = format!(
                "OpenAPI 3.0 has no list whose items are separated as {own:?} says in a {place}{within}: it stays a text"
            );
            self.loses(node.get("collectionFormat").unwrap_or(node), &message, hint);
            return Some((json!({ "type": "string" }), None));
        };
        let Some(inner) = inner else { return Some((self.inline_schema(node)?, Some(style))) };
        let message = format!("OpenAPI 3.0 has no list within a list in a {place}: each item stays a text");
        self.loses(inner.get("collectionFormat").unwrap_or(inner), &message, hint);
        let mut schema = Map::new();
        for field in ["type", "minItems", "maxItems", "uniqueItems", "x-nullable"] {
            if let Some(value) = node.get(field) {
                self.schema_field(field, value, &mut schema)?;
            }
        }
        schema.insert("items".to_owned(), json!({ "type": "string" }));
        Some((Value::Object(schema), Some(style)))
    }

    /// Converts `x-example` and `x-examples` to the fields of 3.0; the keys of the latter are names, not media types.
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
