//! Names of the properties that objects of one direction lack: those that any of the schemas of an object declares as
//! read-only, or write-only, may be missing, whichever of the schemas requires them (OpenAPI 3.0.3, section 4.7.24.2).

use std::collections::{BTreeSet, HashMap};

use super::direction::ValueDirection;
use super::shape::{SchemaShape, ShapeProperty};
use crate::definition::api::Specification;
use crate::definition::document::{Node, NodeId, NodeMap};

/// The number of a set of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct UnsentSet(usize);

impl UnsentSet {
    /// The set of a value of which no schema is known yet.
    pub(super) const NONE: Self = Self(0);
}

/// Sets of names, each by its number.
#[derive(Debug)]
pub(super) struct UnsentProperties<'d> {
    specification: Specification,
    /// The direction of the objects; `None` if unknown, in which case properties of either direction may be missing.
    direction: Option<ValueDirection>,
    sets: Vec<BTreeSet<&'d str>>,
    numbers: HashMap<BTreeSet<&'d str>, UnsentSet>,
    known: NodeMap<(UnsentSet, NodeId), UnsentSet>,
    /// Schemas of properties, and whether one says that values of the direction lack it.
    flagged: NodeMap<NodeId, bool>,
}

impl<'d> UnsentProperties<'d> {
    pub(super) fn new(specification: Specification, direction: Option<ValueDirection>) -> Self {
        let none = BTreeSet::new();
        Self {
            specification,
            direction,
            sets: vec![none.clone()],
            numbers: HashMap::from([(none, UnsentSet::NONE)]),
            known: NodeMap::default(),
            flagged: NodeMap::default(),
        }
    }

    /// Adds to a set the names that one more schema of the same value declares, with its references and `allOf`.
    pub(super) fn with(&mut self, around: UnsentSet, schema: Node<'d>) -> UnsentSet {
        if let Some(known) = self.known.get(&(around, schema.id())) {
            return *known;
        }
        let mut names = self.sets.get(around.0).cloned().unwrap_or_default();
        names.extend(self.names(schema));
        let next = UnsentSet(self.sets.len());
        let number = *self.numbers.entry(names.clone()).or_insert(next);
        if number == next {
            self.sets.push(names);
        }
        self.known.insert((around, schema.id()), number);
        number
    }

    pub(super) fn contains(&self, set: UnsentSet, name: &str) -> bool {
        self.sets.get(set.0).is_some_and(|names| names.contains(name))
    }

    /// True if an alternative requires a name that only the schemas around it declare.
    pub(super) fn is_required_by(&mut self, around: UnsentSet, alternative: Node<'d>) -> bool {
        if around == UnsentSet::NONE {
            return false;
        }
        let own = self.with(UnsentSet::NONE, alternative);
        let required = SchemaShape::of(&[alternative], self.specification).required();
        required.into_iter().any(|name| self.contains(around, name) && !self.contains(own, name))
    }

    fn names(&mut self, schema: Node<'d>) -> Vec<&'d str> {
        let properties = SchemaShape::of(&[schema], self.specification).properties();
        let is_unsent = |property: &ShapeProperty<'d>| property.schemas.iter().any(|schema| self.is_flagged(*schema));
        properties.into_iter().filter(is_unsent).map(|property| property.name).collect()
    }

    fn is_flagged(&mut self, schema: Node<'d>) -> bool {
        // Most properties are plain, or refer to the same few schemas.
        let schema = if schema.is_bare_reference() { schema.resolve().unwrap_or(schema) } else { schema };
        if schema.reference().is_none() && schema.get("allOf").is_none() {
            return self.has_flag(schema);
        }
        if let Some(known) = self.flagged.get(&schema.id()) {
            return *known;
        }
        let shape = SchemaShape::of(&[schema], self.specification);
        let is_flagged = shape.schemas.iter().any(|schema| self.has_flag(*schema));
        self.flagged.insert(schema.id(), is_flagged);
        is_flagged
    }

    fn has_flag(&self, schema: Node<'d>) -> bool {
        let flags: &[&str] = match self.direction {
            Some(ValueDirection::Request) => &["readOnly"],
            Some(ValueDirection::Response) => &["writeOnly"],
            None => &["readOnly", "writeOnly"],
        };
        flags.iter().any(|flag| schema.get(flag).and_then(Node::as_bool) == Some(true))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::definition::read;
    use crate::definition::schema::{CompiledPatterns, FitTerms, fits};

    /// Tells whether a body, or a response, of the schema `S` allows a value: by the validator, and by the check of
    /// examples.
    fn allows(schemas: &str, value: &Value, direction: ValueDirection) -> (bool, bool) {
        let text = format!(
            "openapi: 3.0.3\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{post: {{requestBody: {{content: {{application/json: \
             {{schema: {{$ref: '#/components/schemas/S'}}}}}}}}, responses: {{'204': {{description: d}}}}}}}}}}\n\
             components: {{schemas: {{Pet: {{properties: {{id: {{type: string, readOnly: true}}, n: {{type: string}}}}}}, \
             Id: {{type: string, readOnly: true}}, {schemas}}}}}\n"
        );
        let definition =
            read("g", &mut |file| Ok((file == "openapi.yaml").then(|| Arc::from(text.as_bytes())))).definition;
        let definition = definition.unwrap_or_else(|| panic!("{text}"));
        let body = definition.apis.first().and_then(|api| api.request_body.as_ref()).expect("a body");
        let schema = body.content.first().and_then(|content| content.schema).expect("a schema");
        let written = definition.json_schema(schema, direction).expect("small enough");
        let specification = definition.specification;
        let terms = FitTerms { specification, direction: Some(direction), allows_several: false };
        let node = definition.node(schema);
        (jsonschema::is_valid(&written, value), fits(value, &[node], terms, &mut CompiledPatterns::default(), &mut 0))
    }

    #[test]
    fn a_read_only_property_may_be_missing_whichever_schema_requires_it() {
        let pet = "{$ref: '#/components/schemas/Pet'}";
        let id = "allOf: [{$ref: '#/components/schemas/Id'}]";
        let rows = [
            ("S: {required: [id], properties: {id: {readOnly: true}}}".to_owned(), json!({"n": "x"})),
            (format!("S: {{allOf: [{pet}, {{required: [id]}}]}}"), json!({"n": "x"})),
            (format!("S: {{allOf: [{{required: [id, n], properties: {{x: {{}}}}}}, {pet}]}}"), json!({"n": "x"})),
            (format!("S: {{required: [id], allOf: [{pet}]}}"), json!({"n": "x"})),
            (
                "B: {required: [id], properties: {id: {}}}, \
                 S: {allOf: [{$ref: '#/components/schemas/B'}, {properties: {id: {readOnly: true}}}]}"
                    .to_owned(),
                json!({"n": "x"}),
            ),
            (format!("S: {{allOf: [{pet}], anyOf: [{{required: [id]}}, {{required: [z]}}]}}"), json!({"n": "x"})),
            (format!("S: {{allOf: [{pet}], oneOf: [{{required: [id]}}, {{required: [z]}}]}}"), json!({"z": 1})),
            (format!("S: {{allOf: [{pet}], not: {{required: [id]}}}}"), json!({"n": "x"})),
            (format!("S: {{type: array, items: {{allOf: [{pet}, {{required: [id]}}]}}}}"), json!([{"n": "x"}])),
            (format!("S: {{required: [c], properties: {{c: {{{id}}}}}}}"), json!({"n": "x"})),
        ];
        for (schemas, value) in &rows {
            assert_eq!(allows(schemas, value, ValueDirection::Request), (true, true), "{schemas}");
        }
        for (schemas, value) in
            rows.iter().filter(|(schemas, _)| !["not:", "oneOf:"].iter().any(|word| schemas.contains(word)))
        {
            assert_eq!(allows(schemas, value, ValueDirection::Response), (false, false), "{schemas}");
        }
        let other = format!("S: {{allOf: [{pet}, {{required: [n]}}]}}");
        assert_eq!(allows(&other, &json!({}), ValueDirection::Request), (false, false));
        // A value within has schemas of its own.
        let within = format!("S: {{allOf: [{pet}, {{properties: {{c: {{required: [id]}}}}}}]}}");
        assert_eq!(allows(&within, &json!({"c": {}}), ValueDirection::Request), (false, false));
    }
}
