//! The keywords of lists.

use super::terms::{TermId, ValueTerm};
use super::{DefinitionSide, Prover, TypeCase, ValueWriting};
use crate::definition::Node;

/// Number of items at the beginning of a list that are examined one by one.
const MOST_POSITIONS: usize = 16;

/// Lists the schemas of the first items (`items` was that before 2020-12).
fn first(schema: Node<'_>) -> Vec<Node<'_>> {
    let list = schema.get("prefixItems").or_else(|| schema.get("items").filter(|items| items.is_array()));
    list.into_iter().flat_map(Node::items).collect()
}

/// Returns the schema of the items that no position has one for.
fn rest(schema: Node<'_>) -> Option<Node<'_>> {
    schema.get("items").filter(|items| !items.is_array())
}

fn number(schema: Node<'_>, name: &str) -> Option<f64> {
    schema.get(name)?.as_number()?.as_f64()
}

/// Lists the lengths after which a schema refuses every item.
#[expect(clippy::cast_precision_loss, reason = "lists of schemas are short")]
fn closed_at<'c>(case: &'c TypeCase<'_>) -> impl Iterator<Item = f64> + 'c {
    let closed = case.schemas.iter().filter(|(_, schema)| rest(*schema).and_then(Node::as_bool) == Some(false));
    closed.map(|(_, schema)| first(*schema).len() as f64)
}

/// Returns the number of items that a schema asks for by `contains`.
fn least_contained(schema: Node<'_>) -> f64 {
    schema.get("contains").map_or(0.0, |_| number(schema, "minContains").unwrap_or(1.0))
}

impl<'d> Prover<'_, 'd> {
    /// Returns the least and the greatest number of items.
    fn item_counts(&mut self, case: &TypeCase<'d>) -> (f64, f64) {
        let (least, most) = self.counts(case, "minItems", "maxItems");
        let least = case.schemas.iter().map(|(_, schema)| least_contained(*schema)).fold(least, f64::max);
        let is_single =
            case.facts.atoms.iter().any(|atom| matches!(self.proofs.terms.get(*atom), ValueTerm::ListOf(_)));
        if is_single { (least.max(1.0), most.min(1.0)) } else { (least, closed_at(case).fold(most, f64::min)) }
    }

    fn item_writing(&self) -> ValueWriting {
        self.rules.writing.of_items()
    }

    /// Returns the value of a case that has one alone.
    pub(super) fn value_node(&self, case: &TypeCase<'d>) -> Option<(DefinitionSide, Node<'d>)> {
        let ValueTerm::Value(side, id) = *self.proofs.terms.get(case.value?) else { return None };
        Some((side, self.proofs.terms.node(side, id)))
    }

    /// Returns the facts about the item at a position; without a position, about the remaining items.
    fn item_facts(&mut self, case: &TypeCase<'d>, position: Option<usize>) -> Vec<TermId> {
        let mut facts = Vec::new();
        for (side, schema) in &case.schemas {
            let at = position.and_then(|position| first(*schema).get(position).copied());
            if let Some(node) = at.or_else(|| rest(*schema)) {
                facts.push(self.schema(*side, node.id()));
            }
        }
        for atom in &case.facts.atoms {
            if let ValueTerm::ListOf(item) = self.proofs.terms.get(*atom) {
                facts.extend(item.iter().copied());
            }
        }
        if let Some((side, list)) = self.value_node(case) {
            let item = position.and_then(|position| list.items().nth(position));
            facts.push(match item {
                Some(item) => self.value(side, item),
                None => self.number(ValueTerm::Never),
            });
        }
        facts
    }

    /// Returns the positions that a list may have, up to where the others begin, and whether there may be others.
    fn positions(&mut self, case: &TypeCase<'d>, right: Option<Node<'d>>) -> Option<(usize, bool)> {
        let (_, most) = self.item_counts(case);
        let named = case.schemas.iter().map(|(_, schema)| first(*schema).len()).max().unwrap_or_default();
        let named = named.max(right.map_or(0, |right| first(right).len()));
        let named = named.max(self.value_node(case).map_or(0, |(_, list)| list.items().count()));
        #[expect(clippy::cast_precision_loss, reason = "lists of schemas are short")]
        let is_all = most <= named as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "no more than the number above")]
        let named = if is_all { most.max(0.0) as usize } else { named };
        (named <= MOST_POSITIONS * 8).then_some((named, !is_all))
    }

    pub(super) fn follows_list(
        &mut self,
        case: &TypeCase<'d>,
        side: DefinitionSide,
        schema: Node<'d>,
        name: &str,
    ) -> bool {
        let (least, most) = self.item_counts(case);
        match name {
            "minItems" => number(schema, name).is_none_or(|number| least >= number),
            "maxItems" => number(schema, name).is_none_or(|number| most <= number),
            "uniqueItems" => {
                let is_set = |schema: Node<'_>| schema.get("uniqueItems").and_then(Node::as_bool) == Some(true);
                !is_set(schema) || most <= 1.0 || case.schemas.iter().any(|(_, known)| is_set(*known))
            }
            "items" => self.follows_items(case, side, schema),
            "prefixItems" => schema.get("items").is_some() || self.follows_items(case, side, schema),
            "contains" => self.follows_contains(case, side, schema),
            "unevaluatedItems" => schema.get(name).and_then(Node::as_bool) == Some(true) || most <= 0.0,
            _ => true,
        }
    }

    fn follows_items(&mut self, case: &TypeCase<'d>, side: DefinitionSide, schema: Node<'d>) -> bool {
        let Some((named, has_others)) = self.positions(case, Some(schema)) else { return false };
        let others = has_others.then_some(None);
        (0..named).map(Some).chain(others).all(|position| {
            let at = position.and_then(|position| first(schema).get(position).copied());
            let Some(wanted) = at.or_else(|| rest(schema)) else { return true };
            let (wanted, facts) = (self.schema(side, wanted.id()), self.item_facts(case, position));
            self.prove_within(self.item_writing(), &facts, Some(wanted))
        })
    }

    fn follows_contains(&mut self, case: &TypeCase<'d>, side: DefinitionSide, schema: Node<'d>) -> bool {
        let Some(contains) = schema.get("contains") else { return true };
        let contains = self.schema(side, contains.id());
        let (least, most) = self.item_counts(case);
        let (wanted, limit) = (number(schema, "minContains").unwrap_or(1.0), number(schema, "maxContains"));
        let known: Vec<(TermId, f64, Option<f64>)> = case
            .schemas
            .iter()
            .filter_map(|(side, schema)| {
                let node = schema.get("contains")?;
                let term = self.proofs.terms.schema(*side, node.id(), &mut self.fingerprints);
                Some((term, number(*schema, "minContains").unwrap_or(1.0), number(*schema, "maxContains")))
            })
            .collect();
        let is_within = limit.is_none_or(|limit| {
            let is_kept = |(term, _, known): &(TermId, f64, Option<f64>)| {
                *term == contains && known.is_some_and(|known| known <= limit)
            };
            most <= limit || known.iter().any(is_kept)
        });
        if !is_within || wanted <= 0.0 {
            return is_within;
        }
        let writing = self.item_writing();
        if known.iter().any(|(term, known, _)| *known >= wanted && self.prove_within(writing, &[*term], Some(contains)))
        {
            return true;
        }
        least >= wanted && self.every_item(case, |prover, facts| prover.prove_within(writing, &facts, Some(contains)))
    }

    /// True if something holds for each item that a list can have.
    fn every_item(&mut self, case: &TypeCase<'d>, mut holds: impl FnMut(&mut Self, Vec<TermId>) -> bool) -> bool {
        let Some((named, has_others)) = self.positions(case, None) else { return false };
        (0..named).map(Some).chain(has_others.then_some(None)).all(|position| {
            let facts = self.item_facts(case, position);
            holds(self, facts)
        })
    }

    pub(super) fn contradicts_list(&mut self, case: &TypeCase<'d>) -> bool {
        let (least, most) = self.item_counts(case);
        if least > most {
            return true;
        }
        let writing = self.item_writing();
        let is_impossible = |prover: &mut Self, position: usize| {
            let facts = prover.item_facts(case, Some(position));
            !facts.is_empty() && prover.prove_within(writing, &facts, None)
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number of positions")]
        let needed = least.min(4.0) as usize;
        if (0..needed).any(|position| is_impossible(self, position)) {
            return true;
        }
        let contains: Vec<TermId> = case
            .schemas
            .iter()
            .filter(|(_, schema)| number(*schema, "minContains").is_none_or(|least| least > 0.0))
            .filter_map(|(side, schema)| Some((*side, schema.get("contains")?)))
            .map(|(side, node)| self.proofs.terms.schema(side, node.id(), &mut self.fingerprints))
            .collect();
        contains.into_iter().any(|contains| {
            self.every_item(case, |prover, mut facts| {
                facts.push(contains);
                prover.prove_within(writing, &facts, None)
            })
        })
    }
}
