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
        let mut left = MOST_COPIED;
        let value = self.definition.node(value).to_value_within(&mut left);
        self.steps += MOST_COPIED - left;
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
