//! Sets of values that have none in common, told by their types or by one property: objects that must have it, for
//! which each set lists other values.
//!
//! Alternatives are told apart like this, and there may be hundreds of them: no search for a proof is needed.

use std::collections::HashSet;
use std::rc::Rc;

use super::listed_properties::ListedProperties;
use super::terms::{TermId, ValueTerm};
use super::{ProofOperand, Prover};
use crate::compare::schema::view::SchemaView;
use crate::definition::Node;

impl<'d> Prover<'_, 'd> {
    /// True if no value satisfies both of two operands, by their types or by the values of a property.
    pub(in crate::compare::schema) fn are_apart(&mut self, one: ProofOperand<'_>, other: ProofOperand<'_>) -> bool {
        let left = self.left(&[one, other]);
        self.has_apart(&left)
    }

    /// True if two of some sets have no value in common.
    pub(super) fn has_apart(&mut self, sets: &[TermId]) -> bool {
        sets.iter().enumerate().any(|(index, one)| sets.iter().skip(index + 1).any(|other| self.is_apart(*one, *other)))
    }

    /// True if a set has no value in common with another one.
    pub(super) fn is_apart(&mut self, one: TermId, other: TermId) -> bool {
        one != other
            && self
                .listed_properties(one)
                .zip(self.listed_properties(other))
                .is_some_and(|(one, other)| one.is_apart(&other))
    }

    fn listed_properties(&mut self, set: TermId) -> Option<Rc<ListedProperties<'d>>> {
        let ValueTerm::Schema(side, id) = *self.proofs.terms.get(set) else { return None };
        if let Some(known) = self.proofs.listed_properties.get(&set) {
            return Some(Rc::clone(known));
        }
        let definition = self.proofs.terms.definition(side);
        let view = SchemaView::open(definition, &[id], &mut self.proofs.steps_left);
        let mut values = Vec::new();
        for property in view.properties(&mut self.proofs.steps_left).list {
            let own = SchemaView::open(definition, &property.schemas, &mut self.proofs.steps_left);
            // One that does not travel in a direction is required in the other one alone.
            if own.flag("readOnly") || own.flag("writeOnly") {
                continue;
            }
            let terms = &mut self.proofs.terms;
            let number = |node: Node<'d>| u64::from(terms.value(side, node, &mut self.fingerprints));
            let Some(listed) = own.values(number) else { continue };
            let mut listed: HashSet<TermId> = listed.iter().map(|(_, node)| self.value(side, *node)).collect();
            if own.allows_null() {
                listed.insert(self.number(ValueTerm::Null));
            }
            values.push((property.name, listed));
        }
        let required = view.required().into_iter().map(|(name, _)| name).collect();
        let found = Rc::new(ListedProperties { types: view.types, required, values });
        self.proofs.listed_properties.insert(set, Rc::clone(&found));
        Some(found)
    }
}
