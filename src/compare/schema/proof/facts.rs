//! Facts about a value, which schemas say together.

use super::terms::{TermId, ValueTerm};
use super::{Prover, ValueFacts};
use crate::definition::TypeSet;

impl Prover<'_, '_> {
    /// Derives the facts from sets of values; `None` if they contradict each other at once.
    pub(super) fn facts(&mut self, left: &[TermId]) -> Option<ValueFacts> {
        let mut facts = ValueFacts {
            types: TypeSet::ANY,
            atoms: Vec::new(),
            refused: Vec::new(),
            choices: Vec::new(),
            seen: Vec::new(),
        };
        self.learn(&mut facts, left).then_some(facts)
    }

    /// Adds a fact; false if it contradicts the others at once.
    pub(super) fn learn(&mut self, facts: &mut ValueFacts, terms: &[TermId]) -> bool {
        let mut open: Vec<TermId> = terms.to_vec();
        while let Some(id) = open.pop() {
            if facts.seen.contains(&id) {
                continue;
            }
            if !self.take(1) {
                return true;
            }
            facts.seen.push(id);
            match self.term(id) {
                ValueTerm::Schema(..) => open.push(self.proofs.terms.parts(id, &mut self.fingerprints)),
                ValueTerm::All(parts) => open.extend(parts),
                ValueTerm::Any(_) | ValueTerm::One(_) => facts.choices.push(id),
                ValueTerm::Not(refused) => facts.refused.push(refused),
                ValueTerm::Never => return false,
                ValueTerm::Always | ValueTerm::Unknown | ValueTerm::Bound(..) | ValueTerm::Declared(_) => {}
                atom => {
                    facts.types = facts.types.both(self.types_of(&atom));
                    facts.atoms.push(id);
                }
            }
            if facts.types == TypeSet::NONE {
                return false;
            }
        }
        true
    }

    /// Returns the types of the values that an atom leaves.
    fn types_of(&self, atom: &ValueTerm<'_>) -> TypeSet {
        match atom {
            ValueTerm::Own(side, schema) => TypeSet::of_keyword(self.proofs.terms.node(*side, *schema)),
            ValueTerm::Value(side, node) => TypeSet::of_node(self.proofs.terms.node(*side, *node)),
            ValueTerm::Kind(types) => *types,
            ValueTerm::Has(_) | ValueTerm::Property(..) => TypeSet::OBJECT,
            ValueTerm::ListOf(_) => TypeSet::ARRAY,
            ValueTerm::Number(number) if number.contains('.') => TypeSet::FRACTION,
            ValueTerm::Number(_) => TypeSet::INTEGER,
            ValueTerm::Text(_) => TypeSet::STRING,
            ValueTerm::Flag(_) => TypeSet::BOOLEAN,
            ValueTerm::Null => TypeSet::NULL,
            _ => TypeSet::ANY,
        }
    }
}
