//! Values as callers may send them, where a definition gives no example.

use serde_json::Value;

use super::api::Definition;
use super::document::NodeId;
use super::schema::{Sampler, ValueDirection};

/// The most steps for all values of a definition; schemas after that have none.
const MOST_STEPS: usize = 8_000_000;
/// The most steps for one value.
const MOST_STEPS_A_VALUE: usize = 60_000;

/// Gives values for the schemas of a definition, with a bound on the total work. The same schema always has the same value.
#[derive(Debug)]
pub struct RequestSamples<'d> {
    definition: &'d Definition,
    sampler: Sampler,
    steps: usize,
}

impl<'d> RequestSamples<'d> {
    /// Begins with the whole budget.
    #[must_use]
    pub fn new(definition: &'d Definition) -> Self {
        Self { definition, sampler: Sampler::new(definition.specification), steps: 0 }
    }

    /// Returns the value that an example means, if a schema allows it in a request: the example itself, else the JSON in its
    /// text.
    pub fn meant(&mut self, example: &Value, schema: NodeId) -> Option<Value> {
        let mut fits = |value: &Value| {
            let node = self.definition.node(schema);
            self.sampler.allows_within(value, node, Some(ValueDirection::Request), &mut self.steps)
        };
        if fits(example) {
            return Some(example.clone());
        }
        serde_json::from_str(example.as_str()?).ok().filter(|value| fits(value))
    }

    /// Returns the first example that a schema allows, else a value that is built.
    pub fn choose<'e>(&mut self, examples: impl Iterator<Item = &'e Value>, schema: Option<NodeId>) -> Option<Value> {
        let mut examples = examples;
        let Some(schema) = schema else { return examples.next().cloned() };
        examples.find_map(|example| self.meant(example, schema)).or_else(|| self.value(schema))
    }

    /// Returns a value that a schema allows; `None` if none is found within the budget.
    pub fn value(&mut self, schema: NodeId) -> Option<Value> {
        let left = MOST_STEPS.checked_sub(self.steps)?.min(MOST_STEPS_A_VALUE);
        let built = self.sampler.build(self.definition.node(schema), left, &mut self.steps);
        // One that several alternatives allow is refused where requests are checked.
        built.ok().filter(|built| built.doubt.is_none()).map(|built| built.value)
    }
}
