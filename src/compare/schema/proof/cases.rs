//! Goals by cases: a choice is split into its alternatives, values into those of one type, and lists of values into
//! each; then each part of the right side is looked up.

use super::objects::has_declared;
use super::terms::{TermId, ValueTerm};
use super::{DEEPEST, DefinitionSide, MOST_CASES, Prover, TypeCase, ValueFacts};
use crate::definition::Node;
use crate::definition::TypeSet;

impl<'d> Prover<'_, 'd> {
    /// Splits facts by their choices.
    pub(super) fn split(&mut self, mut facts: ValueFacts, right: Option<TermId>) -> bool {
        if facts.choices.is_empty() {
            return self.split_by_type(&facts, right);
        }
        // Whether a property is described is told by the choices too.
        let plain = ValueFacts { choices: Vec::new(), ..facts.clone() };
        if self.rules.declared_only.is_none() && self.split_by_type(&plain, right) {
            return true;
        }
        let size = |id: &TermId| match self.proofs.terms.get(*id) {
            ValueTerm::Any(members) | ValueTerm::One(members) => members.len(),
            _ => 0,
        };
        let smallest = facts.choices.iter().enumerate().min_by_key(|(_, id)| size(id)).map(|(index, _)| index);
        let Some(choice) = smallest.map(|index| facts.choices.swap_remove(index)) else { return false };
        let (members, is_exclusive) = match self.term(choice) {
            ValueTerm::Any(members) => (members, false),
            ValueTerm::One(members) => (members, true),
            _ => return false,
        };
        if members.len() > MOST_CASES || self.nesting >= DEEPEST || !self.take(members.len()) {
            return false;
        }
        self.nesting += 1;
        let proven = members.iter().enumerate().all(|(index, member)| {
            if facts.seen.iter().any(|known| self.is_apart(*known, *member)) {
                return true;
            }
            let mut facts = facts.clone();
            if is_exclusive {
                let others = members.iter().enumerate().filter(|(other, _)| *other != index);
                facts.refused.extend(others.map(|(_, other)| *other).filter(|other| !self.is_apart(*member, *other)));
            }
            !self.learn(&mut facts, &[*member]) || self.split(facts, right)
        });
        self.nesting -= 1;
        proven
    }

    fn split_by_type(&mut self, facts: &ValueFacts, right: Option<TermId>) -> bool {
        let kinds = TypeSet::EACH.into_iter().filter(|kind| facts.types.meets(*kind));
        let cases: Vec<(TypeSet, Option<TermId>)> =
            kinds.flat_map(|kind| self.written_sizes(kind).into_iter().map(move |size| (kind, size))).collect();
        cases.into_iter().all(|(kind, written)| {
            let mut facts = facts.clone();
            let mut schemas = Vec::new();
            let mut value = None;
            for id in facts.atoms.clone() {
                match self.term(id) {
                    ValueTerm::Own(side, schema) => schemas.push((side, self.proofs.terms.node(side, schema))),
                    ValueTerm::Value(..)
                    | ValueTerm::Number(_)
                    | ValueTerm::Text(_)
                    | ValueTerm::Flag(_)
                    | ValueTerm::Null => {
                        if value.is_some_and(|other| other != id) {
                            return true;
                        }
                        value = Some(id);
                    }
                    _ => {}
                }
            }
            let only = self.number(ValueTerm::Kind(kind));
            facts.atoms.extend([only].into_iter().chain(written));
            self.split_by_value(&TypeCase { kind, facts, schemas, value }, right)
        })
    }

    /// Splits sets of a few values.
    fn split_by_value(&mut self, case: &TypeCase<'d>, right: Option<TermId>) -> bool {
        if case.value.is_some() {
            return self.decide(case, right);
        }
        let mut values: Vec<TermId> = match case.kind {
            TypeSet::NULL => vec![self.number(ValueTerm::Null)],
            TypeSet::STRING if self.counts(case, "minLength", "maxLength").1 <= 0.0 => {
                vec![self.number(ValueTerm::Text("".into()))]
            }
            TypeSet::BOOLEAN => vec![self.number(ValueTerm::Flag(true)), self.number(ValueTerm::Flag(false))],
            _ => {
                let lists = case.schemas.iter().flat_map(|(side, node)| {
                    let constant = node.get("const").map(|value| (*side, vec![value]));
                    let list = node.get("enum").filter(|list| list.is_array());
                    constant.into_iter().chain(list.map(|list| (*side, list.items().collect::<Vec<_>>())))
                });
                match lists.min_by_key(|(_, list)| list.len()) {
                    Some((side, list)) => {
                        let of_kind = list.into_iter().filter(|value| case.kind.meets(TypeSet::of_node(*value)));
                        of_kind.map(|value| self.value(side, value)).collect()
                    }
                    None => match self.whole_numbers(case) {
                        Some(numbers) => {
                            numbers.map(|number| self.number(ValueTerm::Number(number.to_string().into()))).collect()
                        }
                        None => return self.decide(case, right),
                    },
                }
            }
        };
        values.dedup();
        if values.len() > MOST_CASES || !self.take(values.len()) {
            return self.decide(case, right);
        }
        values.into_iter().all(|value| {
            let mut case = TypeCase { value: Some(value), ..case.clone() };
            case.facts.atoms.push(value);
            self.decide(&case, right)
        })
    }

    pub(super) fn decide(&mut self, case: &TypeCase<'d>, right: Option<TermId>) -> bool {
        if let Some(further) = self.dependent_schemas(case) {
            let mut facts = case.facts.clone();
            return !self.learn(&mut facts, &further) || self.split(facts, right);
        }
        self.is_contradictory(case)
            || right.is_some_and(|right| self.is_read(case, right))
            || self.split_by_part(case, right)
    }

    /// True if nothing can be as a case says.
    fn is_contradictory(&mut self, case: &TypeCase<'d>) -> bool {
        if let Some(value) = case.value {
            let is_refused = |prover: &mut Self, (side, node): &(DefinitionSide, Node<'d>)| {
                let other = |node: Node<'d>, prover: &mut Self| prover.value(*side, node) != value;
                node.get("const").is_some_and(|constant| other(constant, prover))
                    || node.get("enum").is_some_and(|list| list.is_array() && !prover.is_listed(*side, list, value))
            };
            if case.schemas.iter().any(|schema| is_refused(self, schema)) {
                return true;
            }
        }
        if self.contradicts_keywords(case) {
            return true;
        }
        let refused = &case.facts.refused;
        (0..refused.len()).any(|index| {
            let Some(refused_one) = refused.get(index) else { return false };
            let mut left = self.left_of(case);
            let not = self.number(ValueTerm::Not(*refused_one));
            left.retain(|term| *term != not);
            self.prove_of_value(&left, Some(*refused_one))
        })
    }

    pub(super) fn is_listed(&mut self, side: DefinitionSide, list: Node<'d>, value: TermId) -> bool {
        self.proofs.terms.listed(side, list, &mut self.fingerprints).contains(&value)
    }

    /// Writes the facts about a case as the left side of a goal.
    pub(super) fn left_of(&mut self, case: &TypeCase<'d>) -> Vec<TermId> {
        let mut left = case.facts.atoms.clone();
        left.extend(case.facts.choices.iter().copied());
        for refused in &case.facts.refused {
            left.push(self.number(ValueTerm::Not(*refused)));
        }
        left
    }

    /// True if a case lies within a set of values.
    pub(super) fn follows(&mut self, case: &TypeCase<'d>, right: TermId) -> bool {
        if case.facts.atoms.contains(&right) || case.facts.seen.contains(&right) {
            return true;
        }
        if self.nesting >= DEEPEST || !self.take(1) {
            return false;
        }
        self.nesting += 1;
        let follows = match self.term(right) {
            ValueTerm::Schema(..) => {
                let parts = self.proofs.terms.parts(right, &mut self.fingerprints);
                self.follows(case, parts)
            }
            ValueTerm::All(parts) => parts.iter().all(|part| self.follows(case, *part)),
            ValueTerm::Any(members) => self.follows_any(case, &members),
            ValueTerm::One(members) => members.iter().enumerate().any(|(index, member)| {
                self.follows(case, *member)
                    && members.iter().enumerate().filter(|(other, _)| *other != index).all(|(_, other)| {
                        let mut left = self.left_of(case);
                        left.push(*other);
                        self.is_apart(*member, *other) || self.prove_of_value(&left, None)
                    })
            }),
            ValueTerm::Not(refused) => {
                let mut left = self.left_of(case);
                left.push(refused);
                self.prove_of_value(&left, None)
            }
            ValueTerm::Own(side, schema) => {
                let node = self.proofs.terms.node(side, schema);
                self.follows_own(case, side, node)
            }
            ValueTerm::Kind(types) => types.meets(case.kind),
            ValueTerm::Has(name) => self.present(case).contains(&name),
            ValueTerm::Bound(name, wanted) => !case.kind.meets(TypeSet::OBJECT) || self.is_bound(case, name, wanted),
            ValueTerm::Declared(name) => !case.kind.meets(TypeSet::OBJECT) || has_declared(case, name),
            ValueTerm::Always => true,
            ValueTerm::Null => case.kind == TypeSet::NULL,
            ValueTerm::Value(..) | ValueTerm::Number(_) | ValueTerm::Text(_) | ValueTerm::Flag(_) => {
                case.value == Some(right)
            }
            ValueTerm::Property(..)
            | ValueTerm::ListOf(_)
            | ValueTerm::Limit(..)
            | ValueTerm::Never
            | ValueTerm::Unknown => false,
        };
        self.nesting -= 1;
        follows
    }

    /// A choice between a set that is not refused and others: a value outside that set is in one of the others.
    fn follows_any(&mut self, case: &TypeCase<'d>, members: &[TermId]) -> bool {
        let mut left = self.left_of(case);
        let mut others = Vec::new();
        for member in members {
            match self.term(*member) {
                ValueTerm::Not(refused) => left.push(refused),
                _ => others.push(*member),
            }
        }
        if others.len() == members.len() {
            return others.iter().any(|other| self.follows(case, *other));
        }
        match others.as_slice() {
            [] => self.prove_of_value(&left, None),
            [one] => self.prove_of_value(&left, Some(*one)),
            _ => {
                let any = self.number(ValueTerm::Any(others.into()));
                self.prove_of_value(&left, Some(any))
            }
        }
    }
}
