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
            let is_kept = match self.term(id) {
                ValueTerm::Schema(..) => {
                    open.push(self.proofs.terms.parts(id, &mut self.fingerprints));
                    false
                }
                ValueTerm::All(parts) => {
                    open.extend(parts);
                    false
                }
                ValueTerm::Any(_) | ValueTerm::One(_) => {
                    facts.choices.push(id);
                    false
                }
                ValueTerm::Not(refused) => {
                    facts.refused.push(refused);
                    false
                }
                ValueTerm::Never => return false,
                ValueTerm::Always | ValueTerm::Unknown | ValueTerm::Bound(..) | ValueTerm::Declared(_) => false,
                ValueTerm::Own(side, schema) => {
                    let node = self.proofs.terms.node(side, schema);
                    facts.types = facts.types.both(TypeSet::of_keyword(node));
                    true
                }
                ValueTerm::Kind(types) => {
                    facts.types = facts.types.both(types);
                    true
                }
                ValueTerm::Has(_) | ValueTerm::Property(..) => {
                    facts.types = facts.types.both(TypeSet::OBJECT);
                    true
                }
                ValueTerm::ListOf(_) => {
                    facts.types = facts.types.both(TypeSet::ARRAY);
                    true
                }
                ValueTerm::Limit(..) => true,
                ValueTerm::Value(side, node) => {
                    facts.types = facts.types.both(TypeSet::of_node(self.proofs.terms.node(side, node)));
                    true
                }
                ValueTerm::Number(number) => {
                    facts.types =
                        facts.types.both(if number.contains('.') { TypeSet::FRACTION } else { TypeSet::INTEGER });
                    true
                }
                ValueTerm::Text(_) => {
                    facts.types = facts.types.both(TypeSet::STRING);
                    true
                }
                ValueTerm::Flag(_) => {
                    facts.types = facts.types.both(TypeSet::BOOLEAN);
                    true
                }
                ValueTerm::Null => {
                    facts.types = facts.types.both(TypeSet::NULL);
                    true
                }
            };
            if is_kept {
                facts.atoms.push(id);
            }
            if facts.types == TypeSet::NONE {
                return false;
            }
        }
        true
    }
}
