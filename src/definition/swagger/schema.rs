//! Schemas: references, nullable values, files, discriminators.

use serde_json::{Map, Value, json};

use super::super::document::Node;
use super::super::rules;
use super::converter::SwaggerConverter;

impl<'d> SwaggerConverter<'d, '_> {
    /// Converts a schema; a bare reference becomes a reference.
    pub(super) fn schema(&mut self, node: Node<'d>) -> Option<Value> {
        self.left = self.left.checked_sub(1)?;
        if !node.is_object() {
            return self.value(node);
        }
        let nullable = node.get("x-nullable").and_then(Node::as_bool) == Some(true);
        if let Some(text) = node.reference() {
            let Some(target) = node.referenced() else { return self.value(node) };
            let reference = self.components.schema_reference(text, target);
            if nullable {
                return Some(json!({ "nullable": true, "allOf": [{ "$ref": reference }] }));
            }
            return Some(json!({ "$ref": reference }));
        }
        let mut schema = Map::new();
        for (field, value) in node.entries() {
            self.schema_field(field, value, &mut schema)?;
        }
        Some(Value::Object(schema))
    }

    pub(super) fn schema_field(&mut self, field: &str, value: Node<'d>, into: &mut Map<String, Value>) -> Option<()> {
        let converted = match field {
            "type" => return self.type_field(value, into),
            "x-nullable" => {
                into.insert("nullable".to_owned(), self.value(value)?);
                return Some(());
            }
            "discriminator" if value.as_str().is_some() => json!({ "propertyName": value.as_str() }),
            "properties" => {
                let mut properties = Map::new();
                for (name, property) in value.entries() {
                    properties.insert(name.to_owned(), self.schema(property)?);
                }
                Value::Object(properties)
            }
            "items" | "additionalProperties" | "not" => self.schema(value)?,
            "allOf" | "anyOf" | "oneOf" if value.is_array() => {
                Value::Array(value.items().map(|part| self.schema(part)).collect::<Option<_>>()?)
            }
            "required" if !value.is_array() => {
                let message = "`required` of a schema is a list of names; this one is left out";
                let hint = "list the name in the `required` of the schema around it";
                self.findings.add(rules::SLOPPY, value.location(), message, hint);
                return Some(());
            }
            // The field is part of a parameter's style and has no meaning elsewhere.
            "collectionFormat" => return Some(()),
            "default" | "enum" | "example" => self.value(value)?,
            extension if extension.starts_with("x-") => self.value(value)?,
            _ => self.unknown(value)?,
        };
        into.insert(field.to_owned(), converted);
        Some(())
    }

    /// Copies an unknown field, with references renamed to the converted schemas.
    fn unknown(&mut self, node: Node<'d>) -> Option<Value> {
        if node.reference().is_some() && node.referenced().is_some() {
            return self.schema(node);
        }
        if node.is_array() {
            return Some(Value::Array(node.items().map(|item| self.unknown(item)).collect::<Option<_>>()?));
        }
        if !node.is_object() {
            return self.value(node);
        }
        self.left = self.left.checked_sub(1)?;
        let mut map = Map::new();
        for (field, value) in node.entries() {
            map.insert(field.to_owned(), self.unknown(value)?);
        }
        Some(Value::Object(map))
    }

    fn type_field(&mut self, value: Node<'d>, into: &mut Map<String, Value>) -> Option<()> {
        if value.as_str() == Some("file") {
            into.insert("type".to_owned(), "string".into());
            into.insert("format".to_owned(), "binary".into());
            return Some(());
        }
        let names: Vec<&str> = value.items().filter_map(Node::as_str).collect();
        if names.is_empty() {
            into.insert("type".to_owned(), self.value(value)?);
            return Some(());
        }
        let message = "`type` is a list, which OpenAPI 2.0 does not have; its meaning is kept";
        self.findings.add(rules::SLOPPY, value.location(), message, "write one type, and `x-nullable` for `null`");
        if names.contains(&"null") {
            into.insert("nullable".to_owned(), true.into());
        }
        let others: Vec<&str> = names.into_iter().filter(|name| *name != "null").collect();
        match others.as_slice() {
            [] => {}
            [one] => {
                into.insert("type".to_owned(), (*one).into());
            }
            several => {
                let alternatives: Vec<Value> = several.iter().map(|name| json!({ "type": name })).collect();
                into.insert("anyOf".to_owned(), Value::Array(alternatives));
            }
        }
        Some(())
    }
}
