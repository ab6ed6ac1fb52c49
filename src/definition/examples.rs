//! Examples, wherever they stand: whether their schemas allow them.

use std::sync::PoisonError;

use serde_json::Value;

use super::api::Definition;
use super::document::{Node, NodeId};
use super::encode;

/// No example that is compared holds more values.
const MOST_COPIED: usize = 20_000;
/// Comparing all examples of a definition takes no more steps; what is left then is not looked at.
const MOST_STEPS: usize = 4_000_000;
/// As many bytes of a text take about as long as one value.
const BYTES_A_STEP: usize = 32;

/// Compares the examples of one definition with their schemas, within bounded work.
#[derive(Debug)]
pub struct ExampleCheck<'d> {
    definition: &'d Definition,
    steps: usize,
}

impl<'d> ExampleCheck<'d> {
    /// Begins with nothing compared.
    #[must_use]
    pub const fn new(definition: &'d Definition) -> Self {
        Self { definition, steps: 0 }
    }

    /// Tells whether a schema allows a value of the definition. What is too large to compare counts as allowed.
    pub fn allows(&mut self, value: NodeId, schema: NodeId) -> bool {
        if self.steps > MOST_STEPS {
            return true;
        }
        let value = self.definition.node(value).to_value(MOST_COPIED);
        // A thousand places may refer to one example, and it is copied for each of them.
        self.steps = self.steps.saturating_add(value.as_ref().map_or(MOST_COPIED, weight));
        value.is_none_or(|value| self.fits(&value, schema))
    }

    /// Tells whether a schema allows an example of a body in a media type.
    ///
    /// JSON that is written as a text counts as what it means. A text in another format than JSON is the body as it
    /// is sent, which no schema describes.
    pub fn allows_body(&mut self, value: NodeId, schema: NodeId, media_type: &str) -> bool {
        let Some(text) = self.definition.node(value).as_str() else { return self.allows(value, schema) };
        if !encode::is_json(media_type) || self.allows(value, schema) {
            return true;
        }
        serde_json::from_str::<Value>(text).is_ok_and(|meant| self.fits(&meant, schema))
    }

    /// Tells whether a schema allows an example of a parameter or header, as a value or as it is sent.
    pub fn allows_parameter(&mut self, value: NodeId, schema: NodeId) -> bool {
        let Some(text) = self.definition.node(value).as_str() else { return self.allows(value, schema) };
        let scalar = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|_| Value::from(text));
        let list = || Value::Array(text.split(',').map(scalar).collect());
        let texts = || Value::Array(text.split(',').map(Value::from).collect());
        let kind = self.definition.node(schema).resolve().and_then(|schema| schema.get("type")).and_then(Node::as_str);
        self.allows(value, schema)
            || self.fits(&scalar(text), schema)
            // How an object is written depends on the style of the parameter, and often cannot be read back.
            || kind == Some("object")
            || kind == Some("array") && (self.fits(&list(), schema) || self.fits(&texts(), schema))
    }

    fn fits(&mut self, value: &Value, schema: NodeId) -> bool {
        if self.steps > MOST_STEPS {
            return true;
        }
        // What a panic left behind is at worst a pattern that is compiled again.
        let mut sampler = self.definition.sampler.lock().unwrap_or_else(PoisonError::into_inner);
        sampler.allows_within(value, self.definition.node(schema), &mut self.steps)
    }
}

/// Says how many steps it takes to copy a value or to read it again: one for each value in it, and for long texts more.
fn weight(value: &Value) -> usize {
    1 + match value {
        Value::String(text) => text.len() / BYTES_A_STEP,
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() / BYTES_A_STEP + weight(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::Arc;

    use super::*;

    /// Many places that refer to one large example: what is looked at is bounded, not what is written.
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
