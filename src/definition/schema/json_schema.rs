//! Conversion of a schema to self-contained JSON Schema 2020-12.
//!
//! Validators know neither the dialect of OpenAPI 3.0 nor the files of the definition. So the dialect is translated,
//! references point to `$defs`, and keywords with invalid values are dropped, since a validator would reject the whole
//! schema.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::direction::ValueDirection;
use super::pattern;
use super::shape::is_reference;
use super::types::{TypeSet, is_nullable};
use super::unsent::{UnsentProperties, UnsentSet};
use crate::definition::api::{Definition, Specification};
use crate::definition::document::{Node, NodeId, NodeKind};

/// The maximum number of values in a converted schema.
const MOST_VALUES: usize = 500_000;

/// Keywords that can refuse `null` whatever types a schema allows.
const REFUSING: [&str; 6] = ["allOf", "anyOf", "oneOf", "not", "if", "const"];

/// Converts a schema with its references; `None` if the result would be too large.
pub(in crate::definition) fn json_schema(
    schema: Node<'_>,
    specification: Specification,
    direction: ValueDirection,
) -> Option<Value> {
    let mut writer = SchemaWriter {
        specification,
        unsent: UnsentProperties::new(specification, Some(direction)),
        names: HashMap::new(),
        pending: Vec::new(),
        usable: HashMap::new(),
        left: MOST_VALUES,
    };
    let mut written = writer.alone(schema)?;
    let mut definitions = Map::new();
    while let Some((name, node, unsent)) = writer.pending.pop() {
        definitions.insert(name, writer.schema(node, unsent)?);
    }
    if let (Value::Object(map), false) = (&mut written, definitions.is_empty()) {
        map.insert("$defs".to_owned(), Value::Object(definitions));
    }
    Some(written)
}

struct SchemaWriter<'d> {
    specification: Specification,
    unsent: UnsentProperties<'d>,
    /// Schemas that others refer to, each with the names that its values lack.
    names: HashMap<(NodeId, UnsentSet), String>,
    pending: Vec<(String, Node<'d>, UnsentSet)>,
    usable: HashMap<&'d str, bool>,
    left: usize,
}

impl<'d> SchemaWriter<'d> {
    /// Writes a schema that is the first one of a value.
    fn alone(&mut self, schema: Node<'d>) -> Option<Value> {
        let unsent = self.unsent.with(UnsentSet::NONE, schema);
        self.schema(schema, unsent)
    }

    /// Writes one of the schemas of a value, which together say what that may lack.
    fn schema(&mut self, schema: Node<'d>, unsent: UnsentSet) -> Option<Value> {
        self.left = self.left.checked_sub(1)?;
        if let Some(allows_all) = schema.as_bool() {
            return Some(Value::Bool(allows_all));
        }
        let mut map = Map::new();
        if is_reference(schema, self.specification) {
            let target = if self.specification == Specification::V3_0 { schema.resolve() } else { schema.followed() };
            if let Some(target) = target {
                map.insert("$ref".to_owned(), self.reference(target, unsent).into());
            }
            if self.specification == Specification::V3_0 {
                return Some(Value::Object(map));
            }
        }
        for (keyword, value) in schema.entries() {
            if let Some(written) = self.keyword(keyword, value, unsent) {
                let is_relaxed = keyword == "oneOf" && schema.get("anyOf").is_none() && self.is_relaxed(value, unsent);
                map.insert(if is_relaxed { "anyOf" } else { keyword }.to_owned(), written);
            }
        }
        Self::exclusive_bounds(schema, &mut map);
        self.type_keyword(schema, &mut map);
        // `null` is one more value beside those that the other keywords allow: the list of types says that alone where
        // no other schema could refuse it.
        let is_listed = map.contains_key("type") && !REFUSING.iter().any(|keyword| map.contains_key(*keyword));
        if is_nullable(schema, self.specification) && !is_listed && !map.is_empty() {
            return Some(json!({ "anyOf": [{ "type": "null" }, map] }));
        }
        Some(Value::Object(map))
    }

    fn reference(&mut self, target: Node<'d>, unsent: UnsentSet) -> String {
        let next = self.names.len();
        let name = self.names.entry((target.id(), unsent)).or_insert_with(|| {
            let name = format!("s{next}");
            self.pending.push((name.clone(), target, unsent));
            name
        });
        format!("#/$defs/{name}")
    }

    /// True if alternatives are told apart by what values of the direction lack, so that several may be met.
    fn is_relaxed(&mut self, alternatives: Node<'d>, unsent: UnsentSet) -> bool {
        alternatives.items().any(|alternative| self.unsent.is_required_by(unsent, alternative))
    }

    fn keyword(&mut self, keyword: &str, value: Node<'d>, unsent: UnsentSet) -> Option<Value> {
        match keyword {
            "allOf" => value.items().map(|item| self.one(item, unsent)).collect::<Option<Vec<_>>>().and_then(filled),
            "anyOf" | "oneOf" => self.list(value, unsent),
            "prefixItems" => self.list(value, UnsentSet::NONE),
            "then" | "else" => self.single(value, unsent),
            // A condition, or what is refused, would hold for every value without the names that it requires.
            "not"
            | "if"
            | "contains"
            | "propertyNames"
            | "additionalProperties"
            | "unevaluatedProperties"
            | "unevaluatedItems"
            | "items" => self.single(value, UnsentSet::NONE),
            "properties" => self.map(value, UnsentSet::NONE, |_, _| true),
            "dependentSchemas" => self.map(value, unsent, |_, _| true),
            "patternProperties" => self.map(value, UnsentSet::NONE, SchemaWriter::is_usable),
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" | "minContains"
            | "maxContains" => super::shape::count(value).map(Value::from),
            "minimum" | "maximum" => value.as_number().cloned().map(Value::Number),
            "multipleOf" => {
                let step = value.as_number().filter(|step| step.as_f64().is_some_and(|step| step > 0.0));
                step.cloned().map(Value::Number)
            }
            "pattern" => {
                let pattern = value.as_str().filter(|pattern| self.is_usable(pattern));
                pattern.map(Value::from)
            }
            "uniqueItems" => value.as_bool().map(Value::Bool),
            "format" | "contentEncoding" | "contentMediaType" => value.as_str().map(Value::from),
            "const" => value.to_value_within(&mut self.left),
            "enum" => value
                .to_value_within(&mut self.left)
                .filter(|list| list.as_array().is_some_and(|list| !list.is_empty())),
            "required" => self.required(value, unsent),
            "dependentRequired" => value.to_value_within(&mut self.left).filter(is_map_of_names),
            _ => None,
        }
    }

    /// Writes a schema of the same value as those around it.
    fn one(&mut self, value: Node<'d>, unsent: UnsentSet) -> Option<Value> {
        (value.is_object() || value.as_bool().is_some()).then(|| self.schema(value, unsent))?
    }

    /// Writes a schema of a value of which those around it say what it may lack, if it is the same value.
    fn single(&mut self, value: Node<'d>, around: UnsentSet) -> Option<Value> {
        let unsent = self.unsent.with(around, value);
        self.one(value, unsent)
    }

    fn list(&mut self, value: Node<'d>, around: UnsentSet) -> Option<Value> {
        let mut list = Vec::new();
        for item in value.items() {
            list.push(self.single(item, around)?);
        }
        filled(list)
    }

    fn map(
        &mut self,
        value: Node<'d>,
        around: UnsentSet,
        usable: impl Fn(&mut Self, &'d str) -> bool,
    ) -> Option<Value> {
        let mut map = Map::new();
        for (name, item) in value.entries() {
            if usable(self, name) {
                map.insert(name.to_owned(), self.single(item, around).unwrap_or(Value::Bool(true)));
            }
        }
        value.is_object().then_some(Value::Object(map))
    }

    fn is_usable(&mut self, pattern: &'d str) -> bool {
        *self.usable.entry(pattern).or_insert_with(|| pattern::is_usable(pattern))
    }

    /// Drops required properties that values of this direction do not carry.
    fn required(&self, value: Node<'d>, unsent: UnsentSet) -> Option<Value> {
        let mut seen = HashSet::new();
        let names = value.items().filter_map(Node::as_str).filter(|name| seen.insert(*name));
        let carried = names.filter(|name| !self.unsent.contains(unsent, name));
        value.is_array().then(|| carried.map(Value::from).collect())
    }

    /// Converts the boolean exclusive bounds of OpenAPI 3.0 to numeric ones.
    fn exclusive_bounds(schema: Node<'d>, map: &mut Map<String, Value>) {
        for (exclusive, inclusive) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
            match schema.get(exclusive).map(Node::kind) {
                Some(NodeKind::Bool(true)) => {
                    if let Some(bound) = map.remove(inclusive) {
                        map.insert(exclusive.to_owned(), bound);
                    }
                }
                Some(NodeKind::Number(bound)) => {
                    map.insert(exclusive.to_owned(), Value::Number(bound.clone()));
                }
                _ => {}
            }
        }
    }

    fn type_keyword(&self, schema: Node<'d>, map: &mut Map<String, Value>) {
        let Some(keyword) = schema.get("type") else { return };
        let mut names: Vec<&str> = Vec::new();
        for name in keyword.as_str().into_iter().chain(keyword.items().filter_map(Node::as_str)) {
            let name = if name == "file" { "string" } else { name };
            if TypeSet::named(name).is_some() && !names.contains(&name) {
                names.push(name);
            }
        }
        if names.is_empty() {
            return;
        }
        if is_nullable(schema, self.specification) && !names.contains(&"null") {
            names.push("null");
        }
        let written = match names.as_slice() {
            [name] => Value::from(*name),
            names => Value::from(names.to_vec()),
        };
        map.insert("type".to_owned(), written);
    }
}

/// Returns a list, unless it is empty, which no schema may have.
fn filled(list: Vec<Value>) -> Option<Value> {
    (!list.is_empty()).then_some(Value::Array(list))
}

fn is_map_of_names(value: &Value) -> bool {
    let is_list = |list: &Value| list.as_array().is_some_and(|list| list.iter().all(Value::is_string));
    value.as_object().is_some_and(|map| map.values().all(is_list))
}

impl Definition {
    /// Converts a schema to a self-contained JSON Schema 2020-12, for a validator.
    ///
    /// `None` if the schema, with its references, is too large for a validator.
    #[must_use]
    pub fn json_schema(&self, schema: NodeId, direction: ValueDirection) -> Option<Value> {
        json_schema(self.node(schema), self.specification, direction)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::definition::read;
    use crate::definition::schema::{CompiledPatterns, FitTerms, fits};

    use super::*;

    #[test]
    fn a_nullable_schema_allows_null_whatever_stands_beside_the_flag() {
        let object = "{$ref: '#/components/schemas/O'}";
        let rows = [
            (format!("{{nullable: true, allOf: [{object}]}}"), true),
            (format!("{{type: object, nullable: true, allOf: [{object}]}}"), true),
            (format!("{{type: object, nullable: true, oneOf: [{object}, {{required: [b]}}]}}"), true),
            ("{type: string, nullable: true, not: {enum: [x, null]}}".to_owned(), true),
            ("{type: string, nullable: true, maxLength: 3}".to_owned(), true),
            ("{type: string, nullable: true, enum: [x, null]}".to_owned(), true),
            ("{type: string, nullable: true, enum: [x]}".to_owned(), false),
            (format!("{{type: object, allOf: [{object}]}}"), false),
        ];
        for (schema, is_allowed) in rows {
            let text = format!(
                "openapi: 3.0.3\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{post: {{requestBody: {{content: {{application/json: \
                 {{schema: {schema}}}}}}}, responses: {{'204': {{description: d}}}}}}}}}}\n\
                 components: {{schemas: {{O: {{type: object}}}}}}\n"
            );
            let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
            let definition = read("g", &mut fetch).definition.unwrap_or_else(|| panic!("{text}"));
            let body = definition.apis.first().and_then(|api| api.request_body.as_ref()).expect("a body");
            let id = body.content.first().and_then(|content| content.schema).expect("a schema");
            let direction = ValueDirection::Request;
            let written = definition.json_schema(id, direction).expect("small enough");
            let terms =
                FitTerms { specification: definition.specification, direction: Some(direction), allows_several: false };
            let own = fits(&Value::Null, &[definition.node(id)], terms, &mut CompiledPatterns::default(), &mut 0);
            let found = (jsonschema::is_valid(&written, &Value::Null), own);
            assert_eq!(found, (is_allowed, is_allowed), "{schema}: {written}");
        }
    }
}
