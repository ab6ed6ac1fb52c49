//! Cases of parts: a choice may cover the values of a case together, where none of its members covers them alone.
//!
//! The case is split at the bounds that the members name, and by the listed values of a property that the object must
//! have, which tell alternatives apart.

use super::objects::entries;
use super::terms::{TermId, ValueTerm};
use super::{DEEPEST, DefinitionSide, Prover, TypeCase};
use crate::compare::schema::bounds;
use crate::definition::Decimal;
use crate::definition::Node;
use crate::definition::TypeSet;

/// A case is split by no more limits and properties than these.
const MOST_PARTS: usize = 3;
/// A property with more listed values is not split.
const MOST_VALUES: usize = 12;

/// A keyword with a number, and its complement.
type LimitTerms<'d> = (ValueTerm<'d>, ValueTerm<'d>);

impl<'d> Prover<'_, 'd> {
    /// Splits a case by a limit or a property; false where neither helps.
    pub(super) fn split_by_part(&mut self, case: &TypeCase<'d>, right: Option<TermId>) -> bool {
        let has_value =
            case.value.is_some() || case.facts.atoms.iter().filter(|atom| self.is_part(**atom)).count() >= MOST_PARTS;
        let choices: Vec<TermId> = right.into_iter().chain(case.facts.refused.iter().copied()).collect();
        if has_value || self.nesting >= DEEPEST || choices.is_empty() || !self.take(1) {
            return false;
        }
        let parts = match case.kind {
            TypeSet::OBJECT => self.property_parts(case, &choices),
            _ => self.limit_parts(case, right),
        };
        let Some(parts) = parts else { return false };
        self.nesting += 1;
        let proven = parts.into_iter().all(|part| {
            let mut case = case.clone();
            case.facts.atoms.push(part);
            self.decide(&case, right)
        });
        self.nesting -= 1;
        proven
    }

    fn is_part(&self, atom: TermId) -> bool {
        matches!(self.proofs.terms.get(atom), ValueTerm::Property(..) | ValueTerm::Limit(..))
    }

    /// Lists the limits of a case that it was split by.
    pub(super) fn limits_of_parts<'p>(
        &'p self,
        case: &'p TypeCase<'d>,
        names: [&'static str; 2],
    ) -> impl Iterator<Item = (&'static str, &'p Decimal)> {
        let terms = &self.proofs.terms;
        case.facts.atoms.iter().filter_map(move |atom| match terms.get(*atom) {
            ValueTerm::Limit(name, value) if names.contains(name) => Some((*name, value)),
            _ => None,
        })
    }

    /// Returns the values of a property that the object must have, each as a part.
    fn property_parts(&mut self, case: &TypeCase<'d>, choices: &[TermId]) -> Option<Vec<TermId>> {
        if !choices.iter().any(|choice| self.is_choice(*choice, 0)) && case.facts.refused.is_empty() {
            return None;
        }
        let is_split = |prover: &Self, name: &str| {
            let is_of = |atom: &TermId| matches!(prover.proofs.terms.get(*atom), ValueTerm::Property(known, _) if *known == name);
            case.facts.atoms.iter().any(is_of)
        };
        let present = self.present(case);
        let named =
            case.schemas.iter().flat_map(|(side, schema)| entries(*schema, "properties").map(|named| (*side, named)));
        let (side, name, list) = named
            .filter(|(_, (name, _))| present.contains(name) && !is_split(self, name))
            .find_map(|(side, (name, node))| Some((side, name, listed(node)?)))?;
        let values: Vec<TermId> = list.into_iter().map(|value| self.value(side, value)).collect();
        Some(values.into_iter().map(|value| self.number(ValueTerm::Property(name, value))).collect())
    }

    /// Returns the values up to a limit that a member of a choice names, and those beyond it.
    fn limit_parts(&mut self, case: &TypeCase<'d>, right: Option<TermId>) -> Option<Vec<TermId>> {
        let mut schemas = Vec::new();
        self.members(right?, false, 0, &mut schemas);
        let limits = schemas.into_iter().flat_map(|(side, id)| limits(self.proofs.terms.node(side, id), case.kind));
        for (limit, complement) in limits.collect::<Vec<_>>() {
            let terms = [self.number(limit), self.number(complement)];
            if !terms.iter().any(|term| case.facts.atoms.contains(term)) {
                return Some(terms.to_vec());
            }
        }
        None
    }

    fn is_choice(&mut self, term: TermId, nesting: usize) -> bool {
        let mut schemas = Vec::new();
        self.members(term, false, nesting, &mut schemas);
        !schemas.is_empty()
    }

    /// Lists the schemas of the members of the choices in a set.
    fn members(
        &mut self,
        term: TermId,
        is_member: bool,
        nesting: usize,
        schemas: &mut Vec<(DefinitionSide, crate::definition::NodeId)>,
    ) {
        const MOST: usize = 20;
        if nesting > 6 || schemas.len() >= MOST || !self.take(1) {
            return;
        }
        match self.term(term) {
            ValueTerm::Schema(..) => {
                let parts = self.proofs.terms.parts(term, &mut self.fingerprints);
                self.members(parts, is_member, nesting + 1, schemas);
            }
            ValueTerm::All(parts) => parts.iter().for_each(|part| self.members(*part, is_member, nesting + 1, schemas)),
            ValueTerm::Any(parts) | ValueTerm::One(parts) => {
                parts.iter().for_each(|part| self.members(*part, true, nesting + 1, schemas));
            }
            ValueTerm::Own(side, schema) if is_member => schemas.push((side, schema)),
            _ => {}
        }
    }
}

/// Lists the values of a schema, where it has a few.
fn listed(schema: Node<'_>) -> Option<Vec<Node<'_>>> {
    let schema = schema.followed().unwrap_or(schema);
    let list = schema.get("enum").filter(|list| list.is_array());
    let values: Vec<Node<'_>> = list.map(|list| list.items().take(MOST_VALUES + 1).collect())?;
    (2..=MOST_VALUES).contains(&values.len()).then_some(values)
}

/// Lists the limits that a schema sets for a type, each with its complement.
fn limits<'d>(schema: Node<'d>, kind: TypeSet) -> Vec<LimitTerms<'d>> {
    let count = |least: &'static str, most: &'static str| -> Vec<LimitTerms<'d>> {
        let of = |name: &'static str| schema.get(name).and_then(Decimal::of).filter(Decimal::is_whole);
        let least_one = of(least).filter(Decimal::is_positive).map(|number| (number.next(false), number));
        let most_one = of(most).map(|number| (number.clone(), number.next(true)));
        let pair = |(below, above)| (ValueTerm::Limit(most, below), ValueTerm::Limit(least, above));
        least_one.into_iter().chain(most_one).map(pair).collect()
    };
    match kind {
        TypeSet::STRING => count("minLength", "maxLength"),
        TypeSet::ARRAY => count("minItems", "maxItems"),
        kind if TypeSet::NUMBER.meets(kind) => {
            let least = bounds::limits(schema, true).map(|limit| (limit, true));
            let all = least.chain(bounds::limits(schema, false).map(|limit| (limit, false)));
            let pair = |(limit, least): (bounds::NumberLimit, bool)| {
                let limit = if kind == TypeSet::INTEGER { bounds::inclusive_limit(&limit, least) } else { limit };
                // Above a limit that is included are those below it that is excluded.
                let (low, high) = match (least, limit.exclusive) {
                    (true, false) | (false, true) => ("exclusiveMaximum", "minimum"),
                    (true, true) | (false, false) => ("maximum", "exclusiveMinimum"),
                };
                (ValueTerm::Limit(low, limit.value.clone()), ValueTerm::Limit(high, limit.value))
            };
            all.map(pair).collect()
        }
        _ => Vec::new(),
    }
}
