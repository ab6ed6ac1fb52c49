//! Validation of values against schemas in the document.
//!
//! The generator validates at every choice, so this works on the tree itself: nothing is compiled, references are
//! followed when they are met, and each pair of schema and value is checked once, which also terminates recursive
//! schemas. Formats are enforced: JSON Schema leaves that open, and a value with a valid format satisfies validators of
//! both kinds.

use std::collections::HashSet;

use serde_json::{Number, Value};

use super::direction::ValueDirection;
use super::equality::{all_differ, equal};
use super::number;
use super::pattern::CompiledPatterns;
use super::shape::{count, is_reference};
use super::types::{TypeSet, is_nullable};
use super::unsent::{UnsentProperties, UnsentSet};
use crate::definition::api::Specification;
use crate::definition::document::{Node, NodeId, NodeMap, SeenNodes};
use crate::definition::values::formats::allows_number;

/// The options of validation.
#[derive(Debug, Clone, Copy)]
pub(in crate::definition) struct FitTerms {
    pub(in crate::definition) specification: Specification,
    /// The direction of the value; `None` if unknown, in which case the properties of either direction may be missing.
    pub(in crate::definition) direction: Option<ValueDirection>,
    /// True if several alternatives of a `oneOf` may match, since many authors write `oneOf` for alternatives that
    /// overlap.
    pub(in crate::definition) allows_several: bool,
}

impl FitTerms {
    /// The options for a value in a response.
    pub(in crate::definition) fn response(specification: Specification) -> Self {
        Self { specification, direction: Some(ValueDirection::Response), allows_several: false }
    }
}

/// True if a value is valid against all schemas; adds the cost to `steps`.
pub(in crate::definition) fn fits(
    value: &Value,
    schemas: &[Node<'_>],
    terms: FitTerms,
    patterns: &mut CompiledPatterns,
    steps: &mut usize,
) -> bool {
    let specification = terms.specification;
    let unsent = UnsentProperties::new(specification, terms.direction);
    let (known, around) = (NodeMap::default(), UnsentSet::NONE);
    let mut question = InstanceCheck { specification, terms, patterns, unsent, around, known, left: MOST_STEPS };
    // All of them apply to the one value.
    question.around = schemas.iter().fold(around, |around, schema| question.unsent.with(around, *schema));
    let fits = schemas.iter().all(|schema| question.check(value, *schema, 0));
    *steps += MOST_STEPS - question.left;
    fits
}

/// A validation, with the results for parts by address.
struct InstanceCheck<'p, 'd> {
    specification: Specification,
    terms: FitTerms,
    patterns: &'p mut CompiledPatterns,
    unsent: UnsentProperties<'d>,
    /// The names that the value may lack by the schemas around the one that is checked.
    around: UnsentSet,
    known: NodeMap<(NodeId, *const Value, UnsentSet), bool>,
    left: usize,
}

/// The maximum number of steps of a validation; a value that needs more counts as invalid.
const MOST_STEPS: usize = 200_000;
/// The number of constants, names or bytes of a text that cost one step to compare.
const COMPARED_A_STEP: usize = 16;
/// The maximum depth of references that do not descend into the value.
const MOST_LEVELS: usize = 400;

impl<'d> InstanceCheck<'_, 'd> {
    /// Checks a value that no other schema is known to apply to.
    fn check_alone(&mut self, value: &Value, schema: Node<'d>, level: usize) -> bool {
        let around = self.around;
        self.around = UnsentSet::NONE;
        let fits = self.check_alternative(value, schema, level);
        self.around = around;
        fits
    }

    /// Checks a value against a schema that only some values of those around it satisfy.
    fn check_alternative(&mut self, value: &Value, schema: Node<'d>, level: usize) -> bool {
        let around = self.around;
        self.around = self.unsent.with(around, schema);
        let fits = self.check(value, schema, level);
        self.around = around;
        fits
    }

    fn check(&mut self, value: &Value, schema: Node<'d>, level: usize) -> bool {
        if let Some(fits) = schema.as_bool() {
            return fits;
        }
        let key = (schema.id(), std::ptr::from_ref(value), self.around);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        if self.left == 0 || level > MOST_LEVELS {
            return false;
        }
        self.left -= 1;
        self.known.insert(key, true);
        let fits = self.schema(value, schema, level);
        let taken = self.patterns.taken();
        self.take(taken);
        self.known.insert(key, fits);
        fits
    }

    fn take(&mut self, steps: usize) {
        self.left = self.left.saturating_sub(steps);
    }

    fn schema(&mut self, value: &Value, schema: Node<'d>, level: usize) -> bool {
        if is_reference(schema, self.specification) {
            let target = if self.specification == Specification::V3_0 { schema.resolve() } else { schema.followed() };
            let fits = target.is_none_or(|target| self.check(value, target, level + 1));
            if !fits || self.specification == Specification::V3_0 {
                return fits;
            }
        }
        if value.is_null() && is_nullable(schema, self.specification) {
            return true;
        }
        TypeSet::declared(schema, self.specification).meets(TypeSet::of(value))
            && self.constants(value, schema)
            && self.composition(value, schema, level)
            && match value {
                Value::String(text) => self.text(text, schema) && self.format(value, schema),
                Value::Number(number) => number::fits(number, schema) && Self::number_format(number, schema),
                Value::Array(items) => {
                    self.array(items, schema, level) && self.unevaluated_items(value, items, schema, level)
                }
                Value::Object(map) => self.object(map, schema, level) && self.unevaluated(value, map, schema, level),
                Value::Null | Value::Bool(_) => true,
            }
    }

    fn constants(&mut self, value: &Value, schema: Node<'d>) -> bool {
        let Some(list) = schema.get("enum").filter(|list| list.is_array()) else {
            return schema.get("const").is_none_or(|constant| equal(value, constant));
        };
        let place = list.items().position(|one| equal(value, one));
        self.take(place.unwrap_or_else(|| list.items().count()) / COMPARED_A_STEP);
        place.is_some() && schema.get("const").is_none_or(|constant| equal(value, constant))
    }

    fn composition(&mut self, value: &Value, schema: Node<'d>, level: usize) -> bool {
        let parts = |name: &str| schema.get(name).into_iter().flat_map(Node::items).collect::<Vec<_>>();
        let (all, any, one) = (parts("allOf"), parts("anyOf"), parts("oneOf"));
        if !all.iter().all(|part| self.check(value, *part, level + 1)) {
            return false;
        }
        let met = |this: &mut Self, part: &Node<'d>| this.check_alternative(value, *part, level + 1);
        if !any.is_empty() && !any.iter().any(|part| met(self, part)) {
            return false;
        }
        // Alternatives that are told apart by a name that the value may lack do not exclude each other.
        let around = self.around;
        let several = self.terms.allows_several || one.iter().any(|part| self.unsent.is_required_by(around, *part));
        let is_met = |count: usize| count == 1 || several && count > 1;
        if !one.is_empty() && !is_met(one.iter().filter(|part| met(self, part)).count()) {
            return false;
        }
        // A condition, or what is refused, would hold for every value without the names that it requires.
        if schema.get("not").is_some_and(|not| self.check_alone(value, not, level + 1)) {
            return false;
        }
        let Some(condition) = schema.get("if") else { return true };
        let branch = if self.check_alone(value, condition, level + 1) { "then" } else { "else" };
        schema.get(branch).is_none_or(|branch| met(self, &branch))
    }

    fn text(&mut self, text: &str, schema: Node<'d>) -> bool {
        self.take(text.len() / COMPARED_A_STEP);
        let length = || text.chars().count();
        schema.get("minLength").and_then(count).is_none_or(|least| length() >= least)
            && schema.get("maxLength").and_then(count).is_none_or(|most| length() <= most)
            && schema.get("pattern").and_then(Node::as_str).is_none_or(|pattern| self.patterns.matches(pattern, text))
    }

    /// Checks the format, unless the schema enumerates its texts.
    fn format(&mut self, value: &Value, schema: Node<'d>) -> bool {
        let format = schema.get("format").and_then(Node::as_str);
        let listed = schema.get("enum").is_some() || schema.get("const").is_some();
        format.filter(|_| !listed).is_none_or(|format| self.patterns.is_format(format, value))
    }

    /// Checks the range of a numeric format, unless the schema enumerates its numbers.
    fn number_format(number: &Number, schema: Node<'d>) -> bool {
        let format = schema.get("format").and_then(Node::as_str);
        let listed = schema.get("enum").is_some() || schema.get("const").is_some();
        format.filter(|_| !listed).is_none_or(|format| allows_number(format, number))
    }

    fn array(&mut self, items: &[Value], schema: Node<'d>, level: usize) -> bool {
        let within = schema.get("minItems").and_then(count).is_none_or(|least| items.len() >= least)
            && schema.get("maxItems").and_then(count).is_none_or(|most| items.len() <= most);
        let unique = schema.get("uniqueItems").and_then(Node::as_bool) == Some(true);
        if unique {
            self.take(items.len());
        }
        if !within || (unique && !all_differ(items)) {
            return false;
        }
        let first = schema.get("prefixItems").or_else(|| schema.get("items").filter(|items| items.is_array()));
        let first: Vec<Node<'d>> = first.into_iter().flat_map(Node::items).collect();
        if !items.iter().zip(&first).all(|(item, schema)| self.check_alone(item, *schema, level + 1)) {
            return false;
        }
        let rest = schema.get("items").filter(|items| !items.is_array());
        let fits_rest =
            |rest: Node<'d>| items.iter().skip(first.len()).all(|item| self.check_alone(item, rest, level + 1));
        if !rest.is_none_or(fits_rest) {
            return false;
        }
        let Some(contained) = schema.get("contains") else { return true };
        let found = items.iter().filter(|item| self.check_alone(item, contained, level + 1)).count();
        found >= schema.get("minContains").and_then(count).unwrap_or(1)
            && schema.get("maxContains").and_then(count).is_none_or(|most| found <= most)
    }

    fn object(&mut self, map: &serde_json::Map<String, Value>, schema: Node<'d>, level: usize) -> bool {
        let within = schema.get("minProperties").and_then(count).is_none_or(|least| map.len() >= least)
            && schema.get("maxProperties").and_then(count).is_none_or(|most| map.len() <= most);
        let required = schema.get("required");
        self.take(required.map_or(0, |required| required.items().count()) / COMPARED_A_STEP);
        let mut required = required.into_iter().flat_map(Node::items).filter_map(Node::as_str);
        let properties = schema.get("properties");
        let unneeded = |name: &str| self.unsent.contains(self.around, name);
        if !within || !required.all(|name| map.contains_key(name) || unneeded(name)) {
            return false;
        }
        let patterns: Vec<(&str, Node<'d>)> =
            schema.get("patternProperties").into_iter().flat_map(Node::entries).collect();
        for (name, value) in map {
            let mut declared = false;
            if let Some(property) = properties.and_then(|properties| properties.get(name)) {
                declared = true;
                if !self.check_alone(value, property, level + 1) {
                    return false;
                }
            }
            for (pattern, property) in &patterns {
                if self.patterns.matches(pattern, name) {
                    declared = true;
                    if !self.check_alone(value, *property, level + 1) {
                        return false;
                    }
                }
            }
            let others = schema.get("additionalProperties").filter(|_| !declared);
            if others.is_some_and(|others| !self.check_alone(value, others, level + 1)) {
                return false;
            }
            let naming = schema.get("propertyNames");
            if naming.is_some_and(|naming| !self.name(name, naming, level)) {
                return false;
            }
        }
        self.dependent(map, schema, level)
    }

    /// Checks properties that no other keyword evaluates (JSON Schema 2020-12, section 11.3).
    fn unevaluated(
        &mut self,
        value: &Value,
        map: &serde_json::Map<String, Value>,
        schema: Node<'d>,
        level: usize,
    ) -> bool {
        let Some(rest) = schema.get("unevaluatedProperties") else { return true };
        let mut names = HashSet::new();
        let mut open = vec![schema];
        let mut seen = SeenNodes::default();
        while let Some(part) = open.pop() {
            if seen.insert(part.id()) {
                if part.id() != schema.id() && part.get("unevaluatedProperties").is_some() {
                    return true;
                }
                if !self.is_only_reference(part) {
                    self.declared_names(map, part, &mut names);
                }
                open.extend(self.parts_in_place(value, part, level));
            }
        }
        let others = map.iter().filter(|(name, _)| !names.contains(name.as_str()));
        others.into_iter().all(|(_, value)| self.check_alone(value, rest, level + 1))
    }

    /// Adds the properties that a schema evaluates itself.
    fn declared_names<'m>(
        &mut self,
        map: &'m serde_json::Map<String, Value>,
        schema: Node<'d>,
        names: &mut HashSet<&'m str>,
    ) {
        let patterns: Vec<&str> =
            schema.get("patternProperties").into_iter().flat_map(Node::entries).map(|(pattern, _)| pattern).collect();
        for name in map.keys() {
            let declared = schema.get("properties").is_some_and(|properties| properties.get(name).is_some());
            let open = schema.get("additionalProperties").is_some();
            if declared || open || patterns.iter().any(|pattern| self.patterns.matches(pattern, name)) {
                names.insert(name);
            }
        }
    }

    /// Checks items that no other keyword evaluates (JSON Schema 2020-12, section 11.2).
    fn unevaluated_items(&mut self, value: &Value, items: &[Value], schema: Node<'d>, level: usize) -> bool {
        let Some(rest) = schema.get("unevaluatedItems") else { return true };
        let mut spoken_of = vec![false; items.len()];
        let mut open = vec![schema];
        let mut seen = SeenNodes::default();
        while let Some(part) = open.pop() {
            if !seen.insert(part.id()) {
                continue;
            }
            if self.is_only_reference(part) {
                open.extend(self.parts_in_place(value, part, level));
                continue;
            }
            let first = part.get("prefixItems").map_or(0, |list| list.items().count());
            let all =
                part.get("items").is_some() || (part.id() != schema.id() && part.get("unevaluatedItems").is_some());
            for (index, (item, spoken_of)) in items.iter().zip(&mut spoken_of).enumerate() {
                let contained =
                    part.get("contains").is_some_and(|contained| self.check_alone(item, contained, level + 1));
                *spoken_of |= all || index < first || contained;
            }
            open.extend(self.parts_in_place(value, part, level));
        }
        items.iter().zip(spoken_of).all(|(item, spoken_of)| spoken_of || self.check_alone(item, rest, level + 1))
    }

    /// True if it is a reference whose siblings are ignored (OpenAPI 3.0.4, section 4.7.23).
    fn is_only_reference(&self, schema: Node<'d>) -> bool {
        self.specification == Specification::V3_0 && schema.reference().is_some()
    }

    /// Lists the subschemas that apply to the same value and allow it.
    fn parts_in_place(&mut self, value: &Value, schema: Node<'d>, level: usize) -> Vec<Node<'d>> {
        if self.is_only_reference(schema) {
            return schema.resolve().filter(|target| self.check(value, *target, level + 1)).into_iter().collect();
        }
        let met = schema.get("if").map(|condition| self.check_alone(value, condition, level + 1));
        let condition = schema.get("if").filter(|_| met == Some(true));
        let branch = met.and_then(|met| schema.get(if met { "then" } else { "else" }));
        let lists = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|keyword| schema.get(keyword));
        let dependents = schema.get("dependentSchemas").into_iter().flat_map(Node::entries);
        let has = |name: &str| value.as_object().is_some_and(|map| map.contains_key(name));
        let dependents = dependents.filter(|(name, _)| has(name)).map(|(_, dependent)| dependent);
        let parts = schema.followed().into_iter().chain(condition).chain(branch).chain(lists.flat_map(Node::items));
        parts.chain(dependents).filter(|part| self.check_alternative(value, *part, level + 1)).collect()
    }

    fn name(&mut self, name: &str, naming: Node<'d>, level: usize) -> bool {
        let value = Value::String(name.to_owned());
        // The value is temporary, so results remembered by its address must not outlive it.
        let known = std::mem::take(&mut self.known);
        let fits = self.check_alone(&value, naming, level + 1);
        self.known = known;
        fits
    }

    fn dependent(&mut self, map: &serde_json::Map<String, Value>, schema: Node<'d>, level: usize) -> bool {
        let needed = schema.get("dependentRequired").into_iter().flat_map(Node::entries);
        for (_, needs) in needed.filter(|(name, _)| map.contains_key(*name)) {
            if !needs.items().filter_map(Node::as_str).all(|need| map.contains_key(need)) {
                return false;
            }
        }
        let dependents = schema.get("dependentSchemas").into_iter().flat_map(Node::entries);
        let dependents: Vec<Node<'d>> =
            dependents.filter(|(name, _)| map.contains_key(*name)).map(|(_, dependent)| dependent).collect();
        if dependents.is_empty() {
            return true;
        }
        let value = Value::Object(map.clone());
        let known = std::mem::take(&mut self.known);
        let fits = dependents.iter().all(|dependent| self.check_alternative(&value, *dependent, level + 1));
        self.known = known;
        fits
    }
}
