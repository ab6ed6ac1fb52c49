//! A schema with bounds for the listing of violations.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::keywords::{AFFORDED, LISTING, SAME_TAG, UNLISTED, UNLISTED_PART};
use crate::definition::values::rewrite::visit_subschemas;

/// The maximum number of references followed into an alternative.
const MOST_REFERENCES: usize = 8;

/// The keywords whose schemas are for parts that a value may have in any number.
const MANY_PARTS: [&str; 6] = [
    "items",
    "additionalProperties",
    "patternProperties",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// The properties for which a schema names the only values, each with the schema that names them.
type NamedValues = Map<String, Value>;

/// Writes a schema with bounds; `None` if it has neither alternatives, nor parts without a number, nor cycles of
/// references.
pub(in crate::definition::values) fn bounded(schema: &Value) -> Option<Value> {
    let definitions = schema.get("$defs").and_then(Value::as_object);
    let cyclic = definitions.map(cyclic).unwrap_or_default();
    let bounds = Bounds { definitions, cyclic, parts: RefCell::default() };
    let mut written = schema.clone();
    if !bounds.write(&mut written) {
        return None;
    }
    let parts = bounds.parts.into_inner();
    if !parts.is_empty() {
        written.as_object_mut()?.entry("$defs").or_insert_with(|| json!({})).as_object_mut()?.extend(parts);
    }
    Some(written)
}

struct Bounds<'s> {
    definitions: Option<&'s Map<String, Value>>,
    /// The definitions from which references lead into a cycle.
    cyclic: HashSet<&'s str>,
    /// The schemas of items and of properties of maps, which are named more than once, each a definition.
    parts: RefCell<Map<String, Value>>,
}

impl Bounds<'_> {
    /// Adds the bounds to a schema and its subschemas; returns true if there are any.
    fn write(&self, schema: &mut Value) -> bool {
        let mut has_bounds = false;
        match schema {
            Value::Object(fields) => {
                visit_subschemas(fields, |keyword, schema| match (keyword, schema) {
                    ("anyOf" | "oneOf", Value::Array(alternatives)) => {
                        let tags = self.tags(alternatives);
                        for (alternative, tags) in alternatives.iter_mut().zip(&tags) {
                            self.write_alternative(alternative, tags);
                        }
                        has_bounds = true;
                    }
                    (keyword, schema @ Value::Object(_)) if MANY_PARTS.contains(&keyword) => {
                        self.write(schema);
                        self.write_part(schema);
                        has_bounds = true;
                    }
                    (_, schema) => has_bounds |= self.write(schema),
                });
                has_bounds |= self.write_reference(fields);
            }
            Value::Array(items) => items.iter_mut().for_each(|item| has_bounds |= self.write(item)),
            _ => {}
        }
        has_bounds
    }

    /// Puts an alternative behind a bound; where the value has another tag, its tags alone are listed.
    fn write_alternative(&self, alternative: &mut Value, tags: &NamedValues) {
        let copies = 1 + self.required(alternative, MOST_REFERENCES);
        // A reference alone is bounded as the alternative is.
        if alternative.as_object().is_none_or(|fields| fields.len() > 1 || !fields.contains_key("$ref")) {
            self.write(alternative);
        }
        *alternative = where_afforded(alternative, copies);
        if !tags.is_empty() {
            let names: Vec<&String> = tags.keys().collect();
            let has_tags = json!({ "type": "object", "required": names });
            let marked = json!({ "allOf": [alternative.take(), { "if": has_tags, "then": { SAME_TAG: true } }] });
            let tagged = json!({ "properties": tags });
            *alternative = json!({ "if": tagged, "then": marked, "else": tagged.clone() });
        }
    }

    /// Puts the schema of parts that a value may have without number behind a bound, for those that are not valid.
    fn write_part(&self, schema: &mut Value) {
        let mut parts = self.parts.borrow_mut();
        let name = (parts.len()..).map(|number| format!("x-apigw-part-{number}"));
        let is_known = |name: &String| self.definitions.is_some_and(|definitions| definitions.contains_key(name));
        let Some(name) = name.into_iter().find(|name| !is_known(name)) else { return };
        let reference = json!({ "$ref": format!("#/$defs/{name}") });
        parts.insert(name, schema.take());
        *schema = json!({ "if": reference, "else": { "allOf": [
            { LISTING: true },
            { "if": { AFFORDED: 1 }, "then": reference, "else": { UNLISTED_PART: true } },
        ] } });
    }

    /// Returns the tags of each alternative: the properties by whose values alternatives are told apart.
    fn tags(&self, alternatives: &[Value]) -> Vec<NamedValues> {
        let mut named: Vec<NamedValues> = Vec::new();
        for alternative in alternatives {
            let mut values = NamedValues::new();
            self.collect_named_values(alternative, MOST_REFERENCES, &mut values);
            named.push(values);
        }
        let mut counts: HashMap<&str, (usize, HashSet<String>, usize)> = HashMap::new();
        for (name, schema) in named.iter().flatten() {
            let (alternatives, different, all) = counts.entry(name).or_default();
            *alternatives += 1;
            *all += values_of(schema).len();
            different.extend(values_of(schema).iter().map(Value::to_string));
        }
        let is_tag =
            |name: &str| counts.get(name).is_some_and(|(count, different, all)| *count > 1 && different.len() == *all);
        let tags: HashSet<String> = counts.keys().filter(|name| is_tag(name)).map(|name| (*name).to_owned()).collect();
        for values in &mut named {
            values.retain(|name, _| tags.contains(name));
        }
        named
    }

    fn collect_named_values(&self, schema: &Value, references: usize, named: &mut NamedValues) {
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let keyword = ["const", "enum"].into_iter().find_map(|keyword| Some((keyword, property.get(keyword)?)));
            if let Some((keyword, values)) = keyword {
                named.insert(name.clone(), json!({ keyword: values }));
            }
        }
        let Some(references) = references.checked_sub(1) else { return };
        let parts = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
        parts.chain(self.target(schema)).for_each(|part| self.collect_named_values(part, references, named));
    }

    fn target(&self, schema: &Value) -> Option<&Value> {
        self.definitions?.get(definition_name(schema.get("$ref")?.as_str()?)?)
    }

    /// Puts a reference that leads into a cycle behind a bound, for values that are not valid.
    fn write_reference(&self, fields: &mut Map<String, Value>) -> bool {
        let target = fields.get("$ref").and_then(Value::as_str).and_then(definition_name);
        if target.is_none_or(|target| !self.cyclic.contains(target)) {
            return false;
        }
        let reference = json!({ "$ref": fields.shift_remove("$ref") });
        let part = json!({ "if": reference, "else": where_afforded(&reference, 1) });
        match fields.entry("allOf").or_insert_with(|| json!([])) {
            Value::Array(parts) => parts.push(part),
            other => *other = json!([part]),
        }
        true
    }

    /// Counts the properties that a schema requires: each one that is missing is a violation with a copy of the value.
    fn required(&self, schema: &Value, references: usize) -> usize {
        let own = schema.get("required").and_then(Value::as_array).map_or(0, Vec::len);
        let Some(references) = references.checked_sub(1) else { return own };
        own + self.target(schema).map_or(0, |target| self.required(target, references))
    }
}

/// Returns a schema whose violations are listed while there is budget for that many copies of the value.
fn where_afforded(schema: &Value, copies: usize) -> Value {
    json!({ "allOf": [
        { LISTING: true },
        { "if": { AFFORDED: copies }, "then": schema, "else": { UNLISTED: true } },
    ] })
}

/// Returns the values that a schema of `const` or `enum` names.
fn values_of(schema: &Value) -> &[Value] {
    match (schema.get("const"), schema.get("enum")) {
        (Some(value), _) => std::slice::from_ref(value),
        (None, values) => values.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default(),
    }
}

fn definition_name(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/$defs/")
}

/// Lists the definitions from which references lead into a cycle: those that remain when each one whose references
/// lead to none of the others is taken away.
fn cyclic(definitions: &Map<String, Value>) -> HashSet<&str> {
    let mut left: HashMap<&str, usize> = HashMap::new();
    let mut referrers: HashMap<&str, Vec<&str>> = HashMap::new();
    for (name, schema) in definitions {
        let mut targets = HashSet::new();
        collect_targets(schema, &mut targets);
        targets.retain(|target| definitions.contains_key(*target));
        left.insert(name, targets.len());
        for target in targets {
            referrers.entry(target).or_default().push(name);
        }
    }
    let mut ended: Vec<&str> = left.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    while let Some(name) = ended.pop() {
        left.remove(name);
        for referrer in referrers.get(name).into_iter().flatten() {
            let Some(count) = left.get_mut(referrer) else { continue };
            *count -= 1;
            if *count == 0 {
                ended.push(referrer);
            }
        }
    }
    left.into_keys().collect()
}

fn collect_targets<'s>(schema: &'s Value, targets: &mut HashSet<&'s str>) {
    match schema {
        Value::Object(fields) => {
            targets.extend(fields.get("$ref").and_then(Value::as_str).and_then(definition_name));
            fields.values().for_each(|field| collect_targets(field, targets));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_targets(item, targets)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_cyclic_where_references_lead_into_a_cycle() {
        let definitions = json!({
            "end": {}, "before": { "$ref": "#/$defs/end" }, "a": { "items": { "$ref": "#/$defs/b" } },
            "b": { "not": { "$ref": "#/$defs/a" } }, "into": { "$ref": "#/$defs/b" }, "own": { "$ref": "#/$defs/own" },
        });
        let mut found: Vec<&str> = cyclic(definitions.as_object().expect("definitions")).into_iter().collect();
        found.sort_unstable();
        assert_eq!(found, ["a", "b", "into", "own"]);
    }
}
