//! Validation of all examples in a definition against their schemas.

use std::collections::HashSet;

use serde_json::Value;

use super::api::Definition;
use super::document::{Node, NodeId};
use super::encode;
use super::schema::Sampler;

/// The maximum number of values in an example to be validated.
const MOST_COPIED: usize = 20_000;
/// The maximum number of steps for all examples and patterns of a definition; the rest are skipped.
const MOST_STEPS: usize = 4_000_000;

/// Validates the examples of one definition against their schemas, with a bound on the total work.
#[derive(Debug)]
pub struct ExampleCheck<'d> {
    definition: &'d Definition,
    sampler: Sampler,
    steps: usize,
    left_out: HashSet<NodeId>,
    first_left_out: Option<NodeId>,
}

impl<'d> ExampleCheck<'d> {
    /// Creates a check with its whole budget.
    #[must_use]
    pub fn new(definition: &'d Definition) -> Self {
        let sampler = Sampler::new(definition.specification);
        Self { definition, sampler, steps: 0, left_out: HashSet::new(), first_left_out: None }
    }

    /// Returns the first of the skipped examples and patterns, and their number.
    #[must_use]
    pub fn left_out(&self) -> Option<(Node<'d>, usize)> {
        self.first_left_out.map(|first| (self.definition.node(first), self.left_out.len()))
    }

    /// True if a schema allows a value of the definition, or the value is too large to be validated.
    pub fn allows(&mut self, value: NodeId, schema: NodeId) -> bool {
        if self.is_spent(value) {
            return true;
        }
        let mut left = MOST_COPIED;
        let copy = self.definition.node(value).to_value_within(&mut left);
        // An example may be referenced from a thousand places and is copied for each, so every copy counts.
        self.steps += MOST_COPIED - left;
        let Some(copy) = copy else {
            self.leave_out(value);
            return true;
        };
        self.fits(&copy, schema)
    }

    /// True if a schema allows an example of a body in a media type.
    ///
    /// JSON given as a string is parsed. For other formats a string is the serialized body, which the schema does not
    /// describe.
    pub fn allows_body(&mut self, value: NodeId, schema: NodeId, media_type: &str) -> bool {
        let Some(text) = self.definition.node(value).as_str() else { return self.allows(value, schema) };
        if !encode::is_json(media_type) || self.allows(value, schema) {
            return true;
        }
        serde_json::from_str::<Value>(text).is_ok_and(|meant| self.fits(&meant, schema))
    }

    /// True if a schema allows an example of a parameter or header, either as a value or in serialized form.
    pub fn allows_parameter(&mut self, value: NodeId, schema: NodeId) -> bool {
        let Some(text) = self.definition.node(value).as_str() else { return self.allows(value, schema) };
        let scalar = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|_| Value::from(text));
        let list = || Value::Array(text.split(',').map(scalar).collect());
        let texts = || Value::Array(text.split(',').map(Value::from).collect());
        let kind = self.definition.node(schema).resolve().and_then(|schema| schema.get("type")).and_then(Node::as_str);
        self.allows(value, schema)
            || self.fits(&scalar(text), schema)
            // The serialization of an object depends on the parameter's style and is often ambiguous.
            || kind == Some("object")
            || kind == Some("array") && (self.fits(&list(), schema) || self.fits(&texts(), schema))
    }

    /// True if a text of the definition is a usable regular expression, or is skipped.
    ///
    /// `place` is the node of the text, or the mapping whose key it is.
    pub fn is_pattern(&mut self, place: NodeId, pattern: &str) -> bool {
        self.is_spent(place) || self.sampler.is_pattern(pattern, &mut self.steps)
    }

    fn fits(&mut self, value: &Value, schema: NodeId) -> bool {
        self.steps > MOST_STEPS
            || self.sampler.allows_within(value, self.definition.node(schema), None, &mut self.steps)
    }

    fn is_spent(&mut self, place: NodeId) -> bool {
        let is_spent = self.steps > MOST_STEPS;
        if is_spent {
            self.leave_out(place);
        }
        is_spent
    }

    fn leave_out(&mut self, place: NodeId) {
        self.left_out.insert(place);
        self.first_left_out.get_or_insert(place);
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::Arc;

    use super::*;

    /// With many references to one large example the validation is bounded, not the text.
    #[test]
    fn an_example_is_not_copied_for_each_place_without_end() {
        let list = format!("[{}]", vec!["1"; 10_000].join(","));
        let text = format!("'{}'", "x".repeat(500_000));
        for example in [list, text] {
            let mut written = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {}\n".to_owned();
            let _ = write!(written, "x-schema: {{not: {{type: object}}}}\nx-example: {example}\n");
            let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(written.as_bytes())));
            let definition = crate::definition::read("g", &mut fetch).definition.expect("a definition");
            let root = definition.document().root().expect("a root");
            let node = |name: &str| root.get(name).expect("a node").id();
            let mut check = ExampleCheck::new(&definition);
            for _ in 0..1000 {
                assert!(check.allows_parameter(node("x-example"), node("x-schema")));
            }
            assert!((MOST_STEPS..MOST_STEPS + 100_000).contains(&check.steps), "{} steps", check.steps);
        }
    }
}
