//! The keywords of objects.

use std::collections::BTreeSet;

use super::terms::{TermId, ValueTerm};
use super::{DefinitionSide, Prover, TypeCase, ValueWriting};
use crate::definition::Node;

/// Lists the entries of a mapping.
pub(super) fn entries<'d>(schema: Node<'d>, keyword: &str) -> impl Iterator<Item = (&'d str, Node<'d>)> + use<'d> {
    schema.get(keyword).into_iter().flat_map(Node::entries)
}

fn names(list: Node<'_>) -> impl Iterator<Item = &str> {
    list.items().filter_map(Node::as_str)
}

fn has_patterns(schema: Node<'_>) -> bool {
    entries(schema, "patternProperties").next().is_some() && any_property(schema).is_none()
}

/// Returns the schema of a pattern that each name matches, where no property is declared beside it: it is the schema of
/// them all. `^.*$` is none: it does not match a name with a line break.
fn any_property(schema: Node<'_>) -> Option<Node<'_>> {
    const UNIVERSAL: [&str; 6] = ["", ".*", "^.*", ".*$", "^", "$"];
    let mut patterns = entries(schema, "patternProperties");
    let (pattern, node) = patterns.next()?;
    let is_only = patterns.next().is_none() && entries(schema, "properties").next().is_none();
    (is_only && UNIVERSAL.contains(&pattern)).then_some(node)
}

fn is_closed(schema: Node<'_>) -> bool {
    other_properties(schema).and_then(Node::as_bool) == Some(false)
}

/// Returns the schema of properties that are not declared, where it refuses any.
fn others(schema: Node<'_>) -> Option<Node<'_>> {
    other_properties(schema).filter(|node| !says_nothing(*node))
}

fn says_nothing(schema: Node<'_>) -> bool {
    schema.as_bool() == Some(true) || (schema.is_object() && schema.entries().next().is_none())
}

/// True if one of the schemas of a case declares a property.
pub(super) fn has_declared(case: &TypeCase<'_>, name: &str) -> bool {
    case.schemas.iter().any(|(_, schema)| schema.get("properties").is_some_and(|known| known.get(name).is_some()))
}

/// Returns the schema of properties that are not declared. `unevaluatedProperties` is that too where nothing else in
/// the schema applies to the object (JSON Schema 2020-12, Core 11.3).
fn other_properties(schema: Node<'_>) -> Option<Node<'_>> {
    const APPLICATORS: [&str; 9] =
        ["$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "not", "dependentSchemas", "additionalProperties"];
    let unevaluated = || {
        let is_alone = APPLICATORS.iter().all(|name| schema.get(name).is_none());
        schema.get("unevaluatedProperties").filter(|_| is_alone)
    };
    any_property(schema).or_else(|| schema.get("additionalProperties")).or_else(unevaluated)
}

/// Lists the names that `propertyNames` leaves, where it lists them.
fn listed_names(schema: Node<'_>) -> Option<Vec<&str>> {
    let naming = schema.get("propertyNames")?;
    let list = naming.get("enum").filter(|list| list.is_array()).map(names);
    list.map(Iterator::collect).or_else(|| Some(vec![naming.get("const")?.as_str()?]))
}

impl<'d> Prover<'_, 'd> {
    fn property_writing(&self) -> ValueWriting {
        self.rules.writing.of_properties()
    }

    /// Returns the names of the properties that an object must have.
    pub(super) fn present(&self, case: &TypeCase<'d>) -> BTreeSet<&'d str> {
        let required = case.schemas.iter().filter_map(|(_, schema)| schema.get("required")).flat_map(names);
        let mut present: BTreeSet<&'d str> = required.collect();
        for atom in &case.facts.atoms {
            if let ValueTerm::Has(name) = self.proofs.terms.get(*atom) {
                present.insert(*name);
            }
        }
        present.extend(self.value_node(case).into_iter().flat_map(|(_, value)| value.entries()).map(|(name, _)| name));
        loop {
            let before = present.len();
            for (_, schema) in &case.schemas {
                for (name, list) in entries(*schema, "dependentRequired") {
                    if present.contains(name) {
                        present.extend(names(list));
                    }
                }
            }
            if present.len() == before {
                return present;
            }
        }
    }

    /// Returns the schemas that hold as an object has a property, where they are not known already.
    pub(super) fn dependent_schemas(&mut self, case: &TypeCase<'d>) -> Option<Vec<TermId>> {
        let schemas: Vec<(DefinitionSide, &str, Node<'d>)> = case
            .schemas
            .iter()
            .flat_map(|(side, schema)| entries(*schema, "dependentSchemas").map(|(name, node)| (*side, name, node)))
            .collect();
        if schemas.is_empty() || case.kind != super::TypeSet::OBJECT {
            return None;
        }
        let present = self.present(case);
        let held = schemas.into_iter().filter(|(_, name, _)| present.contains(name));
        let further: Vec<TermId> = held.map(|(side, _, node)| self.schema(side, node.id())).collect();
        let further: Vec<TermId> = further.into_iter().filter(|term| !case.facts.seen.contains(term)).collect();
        (!further.is_empty()).then_some(further)
    }

    /// Returns the facts about a property if it is present; an absent one is a property without a value.
    fn property_facts(&mut self, case: &TypeCase<'d>, name: &'d str) -> Vec<TermId> {
        let mut facts = Vec::new();
        for (side, schema) in &case.schemas {
            let own = schema.get("properties").and_then(|properties| properties.get(name));
            let matching = self.matching(*schema, name);
            let is_left = own.is_none() && matching.as_ref().is_some_and(Vec::is_empty);
            let nodes = own.into_iter().chain(matching.unwrap_or_default());
            for node in nodes.chain(others(*schema).filter(|_| is_left)) {
                facts.push(self.schema(*side, node.id()));
            }
            if let Some(node) = schema.get("propertyNames") {
                let (text, names) = (self.number(ValueTerm::Text(name.into())), self.schema(*side, node.id()));
                if self.prove_within(ValueWriting::Json, &[text, names], None) {
                    facts.push(self.number(ValueTerm::Never));
                }
            }
        }
        for atom in &case.facts.atoms {
            if let ValueTerm::Property(known, term) = self.proofs.terms.get(*atom)
                && *known == name
            {
                facts.push(*term);
            }
        }
        if let Some((side, value)) = self.value_node(case) {
            facts.push(match value.get(name) {
                Some(value) => self.value(side, value),
                None => self.number(ValueTerm::Never),
            });
        }
        facts
    }

    /// Returns the schemas of the patterns that a name matches; `None` where that cannot be told.
    fn matching(&mut self, schema: Node<'d>, name: &str) -> Option<Vec<Node<'d>>> {
        let mut matching = Vec::new();
        if has_patterns(schema) {
            for (pattern, node) in entries(schema, "patternProperties") {
                if !self.take(1 + name.len() / 32) {
                    return None;
                }
                matching.extend(self.proofs.patterns.is_match(pattern, name)?.then_some(node));
            }
        }
        Some(matching)
    }

    /// True if a property of a case, where it is there, is in a set.
    pub(super) fn is_bound(&mut self, case: &TypeCase<'d>, name: &'d str, wanted: TermId) -> bool {
        let facts = self.property_facts(case, name);
        if self.prove_within(self.property_writing(), &facts, Some(wanted)) {
            return true;
        }
        if !facts.is_empty() || !self.is_left_out(case, name) {
            return false;
        }
        // A schema that depends on another property may describe it.
        let present = self.present(case);
        let dependent = case.schemas.iter().flat_map(|(_, schema)| entries(*schema, "dependentSchemas"));
        let triggers: BTreeSet<&'d str> =
            dependent.map(|(name, _)| name).filter(|name| !present.contains(name)).collect();
        let bound = self.number(ValueTerm::Bound(name, wanted));
        triggers.into_iter().all(|trigger| {
            let mut left = self.left_of(case);
            left.push(self.number(ValueTerm::Has(trigger)));
            self.prove_of_value(&left, Some(bound))
        })
    }

    /// True if nothing that is known of an object describes a property, which is taken not to be there then.
    fn is_left_out(&mut self, case: &TypeCase<'d>, name: &str) -> bool {
        let Some(described) = self.rules.declared_only else { return false };
        let is_described = self.proofs.names.get(described as usize).is_some_and(|names| names.contains(name));
        let unknown = self.number(ValueTerm::Unknown);
        if is_described
            || has_declared(case, name)
            || case.facts.seen.contains(&unknown)
            || self.present(case).contains(name)
        {
            return false;
        }
        case.schemas.iter().all(|(_, schema)| {
            let is_dependent = entries(*schema, "dependentRequired")
                .any(|(known, list)| known == name || names(list).any(|known| known == name));
            let is_listed = listed_names(*schema).is_some_and(|known| known.contains(&name));
            let unevaluated = schema.get("unevaluatedProperties");
            let is_judged = unevaluated.is_some_and(|node| node.as_bool().is_none() && !says_nothing(node));
            !is_dependent
                && !is_listed
                && !is_judged
                && self.matching(*schema, name).is_some_and(|found| found.is_empty())
        })
    }

    /// Returns the facts about a property that no schema names, and that matches a pattern if one is given.
    fn unnamed_facts(&mut self, case: &TypeCase<'d>, pattern: Option<&str>) -> Vec<TermId> {
        let mut facts = Vec::new();
        for (side, schema) in &case.schemas {
            let patterns = schema.get("patternProperties").filter(|_| has_patterns(*schema));
            let node = match (patterns, pattern) {
                (None, _) => others(*schema),
                (Some(patterns), Some(pattern)) => patterns.get(pattern),
                (Some(_), None) => None,
            };
            facts.extend(node.map(|node| self.proofs.terms.schema(*side, node.id(), &mut self.fingerprints)));
        }
        if self.value_node(case).is_some() {
            facts.push(self.number(ValueTerm::Never));
        }
        facts
    }

    pub(super) fn follows_object(
        &mut self,
        case: &TypeCase<'d>,
        side: DefinitionSide,
        schema: Node<'d>,
        name: &str,
    ) -> bool {
        let number = |name: &str| schema.get(name).and_then(|node| node.as_number()?.as_f64());
        match name {
            "properties" | "patternProperties" | "additionalProperties" => {
                // They are one rule, which is looked at once.
                let together = ["properties", "patternProperties", "additionalProperties"];
                let first = together.into_iter().find(|keyword| schema.get(keyword).is_some());
                first != Some(name)
                    || self.property_counts(case).1 <= 0.0
                    || (self.follows_properties(case, side, schema) && self.follows_unnamed(case, side, schema))
            }
            "required" => {
                let present = self.present(case);
                schema.get(name).into_iter().flat_map(names).all(|name| present.contains(name))
            }
            "dependentRequired" => entries(schema, name).all(|(name, list)| {
                let case = self.having(case, name);
                let present = self.present(&case);
                names(list).all(|name| present.contains(name) || self.is_present(&case, name))
                    || self.is_impossible(&case, name)
            }),
            "dependentSchemas" => entries(schema, name).all(|(name, node)| {
                let (has, wanted) = (self.number(ValueTerm::Has(name)), self.schema(side, node.id()));
                let mut left = self.left_of(case);
                left.push(has);
                self.prove_of_value(&left, Some(wanted))
            }),
            "propertyNames" => self.follows_names(case, side, schema),
            "minProperties" => number(name).is_none_or(|least| self.property_counts(case).0 >= least),
            "maxProperties" => number(name).is_none_or(|most| self.property_counts(case).1 <= most),
            "unevaluatedProperties" => {
                let is_alone = other_properties(schema).map(Node::id) == schema.get(name).map(Node::id);
                schema.get(name).and_then(Node::as_bool) == Some(true)
                    || self.property_counts(case).1 <= 0.0
                    || (is_alone
                        && self.follows_properties(case, side, schema)
                        && self.follows_unnamed(case, side, schema))
            }
            _ => true,
        }
    }

    fn having(&mut self, case: &TypeCase<'d>, name: &'d str) -> TypeCase<'d> {
        let mut case = case.clone();
        case.facts.atoms.push(self.number(ValueTerm::Has(name)));
        case
    }

    /// Proves that an object has a property, by its choices and conditions too.
    fn is_present(&mut self, case: &TypeCase<'d>, name: &'d str) -> bool {
        let (left, has) = (self.left_of(case), self.number(ValueTerm::Has(name)));
        self.prove_of_value(&left, Some(has))
    }

    fn is_impossible(&mut self, case: &TypeCase<'d>, name: &'d str) -> bool {
        let facts = self.property_facts(case, name);
        !facts.is_empty() && self.prove_within(self.property_writing(), &facts, None)
    }

    /// Returns between which numbers the number of properties lies.
    #[expect(clippy::cast_precision_loss, reason = "objects are far smaller than 2^52")]
    fn property_counts(&mut self, case: &TypeCase<'d>) -> (f64, f64) {
        let (least, most) = self.counts(case, "minProperties", "maxProperties");
        let closed = case.schemas.iter().filter(|(_, schema)| is_closed(*schema) && !has_patterns(*schema));
        let sizes = closed.map(|(_, schema)| entries(*schema, "properties").count() as f64);
        (least.max(self.present(case).len() as f64), sizes.fold(most, f64::min))
    }

    fn follows_properties(&mut self, case: &TypeCase<'d>, side: DefinitionSide, schema: Node<'d>) -> bool {
        let declared = case.schemas.iter().flat_map(|(_, schema)| entries(*schema, "properties"));
        let mut all: BTreeSet<&'d str> = declared.map(|(name, _)| name).collect();
        all.extend(entries(schema, "properties").map(|(name, _)| name));
        all.extend(self.present(case));
        let writing = self.property_writing();
        all.into_iter().all(|name| {
            let own = schema.get("properties").and_then(|properties| properties.get(name));
            let mut wanted: Vec<Node<'d>> = entries(schema, "patternProperties").map(|(_, node)| node).collect();
            let mut is_left = true;
            if let Some(matching) = self.matching(schema, name).filter(|_| has_patterns(schema)) {
                is_left = matching.is_empty();
                wanted = matching;
            }
            wanted.extend(own.or_else(|| others(schema).filter(|_| is_left)));
            let facts = self.property_facts(case, name);
            wanted.into_iter().all(|wanted| {
                let wanted = self.schema(side, wanted.id());
                if own.is_some() {
                    return self.is_bound(case, name, wanted);
                }
                self.prove_within(writing, &facts, Some(wanted))
            })
        })
    }

    fn follows_unnamed(&mut self, case: &TypeCase<'d>, side: DefinitionSide, schema: Node<'d>) -> bool {
        let writing = self.property_writing();
        let patterns: Vec<(&'d str, Node<'d>)> = entries(schema, "patternProperties").collect();
        let matching = patterns.iter().all(|(pattern, wanted)| {
            let (wanted, facts) = (self.schema(side, wanted.id()), self.unnamed_facts(case, Some(pattern)));
            self.prove_within(writing, &facts, Some(wanted))
        });
        let Some(wanted) = others(schema).filter(|_| matching) else { return matching };
        // Where all that is not declared matches a pattern, which is one of the patterns here, nothing is left.
        let known = |pattern: &str| patterns.iter().any(|(known, _)| *known == pattern);
        let is_covered = case.schemas.iter().any(|(_, schema)| {
            is_closed(*schema)
                && has_patterns(*schema)
                && entries(*schema, "patternProperties").all(|(pattern, _)| known(pattern))
        });
        let wanted = self.schema(side, wanted.id());
        // Names that the right side declares are looked at with its properties.
        let is_declared =
            |name: &str| schema.get("properties").is_some_and(|properties| properties.get(name).is_some());
        if let Some(names) = case.schemas.iter().find_map(|(_, schema)| listed_names(*schema)) {
            let mut others = names.into_iter().filter(|name| !is_declared(name));
            return others.all(|name| {
                let facts = self.property_facts(case, name);
                self.prove_within(writing, &facts, Some(wanted))
            });
        }
        let facts = self.unnamed_facts(case, None);
        is_covered || self.prove_within(writing, &facts, Some(wanted))
    }

    fn follows_names(&mut self, case: &TypeCase<'d>, side: DefinitionSide, schema: Node<'d>) -> bool {
        let Some(wanted) = schema.get("propertyNames") else { return true };
        let wanted = self.schema(side, wanted.id());
        if self.property_counts(case).1 <= 0.0 {
            return true;
        }
        let known: Vec<(DefinitionSide, Node<'d>)> =
            case.schemas.iter().filter_map(|(side, schema)| Some((*side, schema.get("propertyNames")?))).collect();
        let mut facts: Vec<TermId> = known.into_iter().map(|(side, node)| self.schema(side, node.id())).collect();
        facts.push(self.number(ValueTerm::Kind(super::TypeSet::STRING)));
        if self.prove_within(ValueWriting::Json, &facts, Some(wanted)) {
            return true;
        }
        let closed = case.schemas.iter().find(|(_, schema)| is_closed(*schema) && !has_patterns(*schema));
        let Some(names) = closed.map(|(_, schema)| entries(*schema, "properties").map(|(name, _)| name)) else {
            return false;
        };
        names.collect::<Vec<_>>().into_iter().all(|name| {
            let text = self.number(ValueTerm::Text(name.into()));
            self.prove_within(ValueWriting::Json, &[text], Some(wanted)) || self.is_impossible(case, name)
        })
    }

    pub(super) fn contradicts_object(&mut self, case: &TypeCase<'d>) -> bool {
        let (least, most) = self.property_counts(case);
        least > most || self.present(case).into_iter().any(|name| self.is_impossible(case, name))
    }
}
