//! Values as callers may send them, where a definition gives no example.

use serde_json::Value;

use super::api::Definition;
use super::document::{Node, NodeId};
use super::schema::{Sampler, ValueDirection};

/// The most steps for all values of a definition; schemas after that have none.
const MOST_STEPS: usize = 8_000_000;
/// The most steps for one value.
const MOST_STEPS_A_VALUE: usize = 60_000;
/// The most schemas that are searched for properties that callers do not send.
const MOST_REMOVALS: usize = 20_000;
/// The most levels that are searched for them: schemas in `allOf` may lead back to themselves.
const DEEPEST_REMOVAL: usize = 40;

/// Gives values for the schemas of a definition, with a bound on the total work. The same schema always has the same
/// value.
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

    /// Returns the value that an example means, if a schema allows it in a request: the example itself, else the JSON
    /// in its text.
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
        let built = self.sampler.build(self.definition.node(schema), ValueDirection::Request, left, &mut self.steps);
        // One that several alternatives allow is refused where requests are checked.
        let built = built.ok().filter(|built| built.doubt.is_none()).map(|built| built.value)?;
        let mut sent = built.clone();
        let most = MOST_REMOVALS.min(MOST_STEPS.saturating_sub(self.steps));
        let mut left = most;
        remove_read_only(&mut sent, self.definition.node(schema), 0, &mut left);
        self.steps += most - left;
        if sent == built {
            return Some(built);
        }
        let node = self.definition.node(schema);
        let is_allowed = self.sampler.allows_within(&sent, node, Some(ValueDirection::Request), &mut self.steps);
        Some(if is_allowed { sent } else { built })
    }
}

/// Removes the properties that callers do not send, as far as schemas name them (OpenAPI 3.1, `readOnly`).
fn remove_read_only(value: &mut Value, schema: Node<'_>, level: usize, left: &mut usize) {
    let (Some(rest), Some(schema)) = (left.checked_sub(1), schema.resolve()) else { return };
    if level == DEEPEST_REMOVAL {
        return;
    }
    *left = rest;
    match value {
        Value::Object(fields) => {
            for (name, property) in schema.get("properties").into_iter().flat_map(Node::entries) {
                let mut layers = [Some(property), property.resolve()].into_iter().flatten();
                if layers.any(|layer| layer.get("readOnly").and_then(Node::as_bool) == Some(true)) {
                    fields.shift_remove(name);
                } else if let Some(field) = fields.get_mut(name) {
                    remove_read_only(field, property, level + 1, left);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for item in items {
                    remove_read_only(item, schema, level + 1, left);
                }
            }
        }
        _ => return,
    }
    for part in schema.get("allOf").into_iter().flat_map(Node::items) {
        remove_read_only(value, part, level + 1, left);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    /// Returns the value for the schema `A` of a definition.
    fn sample(version: &str, schemas: &str) -> Value {
        let text = format!(
            "openapi: {version}\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{post: {{requestBody: {{content: {{application/json: \
             {{schema: {{$ref: '#/components/schemas/A'}}}}}}}}, responses: {{'204': {{description: d}}}}}}}}}}\n\
             components: {{schemas: {{{schemas}}}}}\n"
        );
        let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
        let definition = super::super::read("g", &mut fetch).definition.expect("a definition");
        let body = definition.apis[0].request_body.as_ref().expect("a body");
        RequestSamples::new(&definition).value(body.content[0].schema.expect("a schema")).expect("a value")
    }

    #[test]
    fn callers_send_nothing_that_only_responses_have() {
        let schemas = "Id: {type: integer, readOnly: true}, A: {type: object, required: [id, b], properties: {id: {$ref: \
                       '#/components/schemas/Id'}, b: {type: string, const: x}, list: {type: array, minItems: 1, items: {allOf: \
                       [{$ref: '#/components/schemas/B'}]}}, self: {$ref: '#/components/schemas/A'}}}, B: {type: object, \
                       required: [c, d], properties: {c: {const: 1, readOnly: true}, d: {const: 2}}}";
        let value = sample("3.1.0", schemas);
        assert_eq!((&value["b"], &value["list"]), (&json!("x"), &json!([{"d": 2}])));
        assert!(!value.to_string().contains("id"), "{value}");
    }

    #[test]
    fn callers_send_what_only_requests_have_in_every_version() {
        let properties = "properties: {id: {type: integer, readOnly: true}, at: {type: string, readOnly: true}, name: {type: string}, \
                          secret: {type: string, writeOnly: true}, hint: {type: string, writeOnly: true}}";
        for version in ["3.0.3", "3.1.0"] {
            for schema in [
                format!("{{type: object, required: [id, name, secret], {properties}}}"),
                format!(
                    "{{type: object, required: [id, name, secret], {properties}, example: {{id: 1, name: string}}}}"
                ),
                format!("{{allOf: [{{type: object, {properties}}}, {{required: [name, secret]}}]}}"),
                format!(
                    "{{oneOf: [{{type: object, required: [id, secret], additionalProperties: false, {properties}}}, {{type: boolean}}]}}"
                ),
            ] {
                let value = sample(version, &format!("A: {schema}"));
                let sent = |name: &str| value.get(name).is_some();
                assert_eq!(
                    ["name", "secret", "hint", "at"].map(sent),
                    [true, true, true, false],
                    "{version} {schema}: {value}"
                );
            }
        }
    }

    #[test]
    fn a_text_that_holds_json_has_a_value_of_its_schema() {
        let data = |more: &str| {
            let content =
                format!("contentSchema: {{type: object, required: [n], properties: {{n: {{const: 5}}}}}}{more}");
            sample("3.1.0", &format!("A: {{type: string, {content}}}"))
        };
        assert_eq!(data(", contentMediaType: application/json"), json!("{\"n\":5}"));
        for more in ["", ", contentMediaType: text/csv", ", contentMediaType: application/json, maxLength: 6"] {
            assert_ne!(data(more), json!("{\"n\":5}"), "{more}");
        }
    }
}
