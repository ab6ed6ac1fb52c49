//! Proves that each value that some schemas allow is allowed by others too (JSON Schema 2020-12).
//!
//! The comparison of keywords reports changes; a proof says that a change takes nothing away, however it is
//! written: `anyOf` for `oneOf` where no value satisfies two, a list of types for `oneOf`, an alternative within
//! another one. A proof is sure. That none is found says nothing: only some cases are told apart, and the steps are
//! bounded.
//!
//! A goal is a list of sets of values that a value is in, all of them, and the set that it has to be in then; without
//! one, that there is no such value. The left side is split into cases, by alternatives, types and listed values, until
//! each keyword of the right side can be looked up. The parts of a value are goals of their own. A goal that is met
//! again
//! within itself, of a smaller value, holds by induction over values: recursive schemas end there.

mod apart;
mod cases;
mod facts;
mod keywords;
mod listed_properties;
mod lists;
mod objects;
mod parts;
mod readings;
mod terms;

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::unchanged::UnchangedSchemas;
use super::writing::ListWriting;
use crate::compare::fingerprint::Fingerprints;
use crate::definition::TypeSet;
use crate::definition::{CompiledPatterns, Definition, Node, NodeId};
use listed_properties::ListedProperties;
pub(in crate::compare) use terms::DefinitionSide;
use terms::{BothFingerprints, TermId, TermTable, ValueTerm};

/// Goals within goals are followed this far.
const DEEPEST: usize = 80;
/// A choice, or a list of values, with more members is not split.
const MOST_CASES: usize = 400;

/// Serialization of values where they travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ValueWriting {
    Json,
    /// As text, in which a number is a text as well; so are the items and properties that it holds.
    Text,
    /// As the field of a form: a text, or a list of them; an object is written as JSON, also in a list (OpenAPI 3.1.1,
    /// section 4.8.15.1).
    Field,
    /// As a form: each property is written as a field.
    Form,
}

impl ValueWriting {
    pub(super) const fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Field)
    }

    /// Returns how the items of a list are written: those of a field as if each were the field.
    pub(super) const fn of_items(self) -> Self {
        if self.is_text() { self } else { Self::Json }
    }

    /// Returns how the properties of an object are written.
    pub(super) const fn of_properties(self) -> Self {
        match self {
            Self::Json | Self::Field => Self::Json,
            Self::Text => Self::Text,
            Self::Form => Self::Field,
        }
    }
}

/// Interpretation of a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct GoalRules {
    pub(super) writing: ValueWriting,
    /// The names that are described elsewhere, where any other property that an open object does not describe is taken
    /// not to be there.
    pub(super) declared_only: Option<NameSetId>,
    /// True if `null` is left out of account.
    pub(super) without_null: bool,
    /// Serialization of lists, where one of a single item is written like the item.
    pub(super) single_lists: Option<ListWriting>,
    /// True if an empty text is the empty list, or the empty object.
    pub(super) has_empty_text: bool,
}

impl GoalRules {
    /// Values as they were read.
    pub(super) const JSON: Self = Self {
        writing: ValueWriting::Json,
        declared_only: None,
        without_null: false,
        single_lists: None,
        has_empty_text: false,
    };
}

/// A set of names, by its number.
pub(super) type NameSetId = u32;

/// Schemas of one side that apply to one value together.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProofOperand<'a>(pub(super) DefinitionSide, pub(super) &'a [NodeId]);

/// Proofs that were tried, and how many more may be.
pub(super) struct ProofTable<'d> {
    terms: TermTable<'d>,
    known: HashMap<ProofGoal, bool>,
    patterns: CompiledPatterns,
    /// Sets of names of properties.
    names: Vec<BTreeSet<&'d str>>,
    /// What tells the values of schemas apart.
    listed_properties: HashMap<TermId, Rc<ListedProperties<'d>>>,
    steps_left: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ProofGoal {
    left: Box<[TermId]>,
    /// The set that each value has to be in; `None` where there is to be no value.
    right: Option<TermId>,
    rules: GoalRules,
}

impl<'d> ProofTable<'d> {
    pub(super) fn new(before: &'d Definition, after: &'d Definition, steps: usize) -> Self {
        Self {
            terms: TermTable::new(before, after),
            known: HashMap::new(),
            patterns: CompiledPatterns::default(),
            names: Vec::new(),
            listed_properties: HashMap::new(),
            steps_left: steps,
        }
    }

    /// Returns the schemas that are the same on both sides.
    pub(super) fn unchanged(&mut self) -> &mut UnchangedSchemas {
        &mut self.terms.unchanged
    }

    /// Numbers a set of names.
    pub(super) fn number_names(&mut self, names: BTreeSet<&'d str>) -> NameSetId {
        let known = self.names.iter().position(|known| *known == names);
        let number = known.unwrap_or(self.names.len());
        if known.is_none() {
            self.names.push(names);
        }
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    /// Builds a prover for one question.
    pub(super) fn prover<'s>(
        &'s mut self,
        (before, after): (&'s mut Fingerprints, &'s mut Fingerprints),
        rules: GoalRules,
    ) -> Prover<'s, 'd> {
        let fingerprints = BothFingerprints { before, after };
        Prover {
            proofs: self,
            fingerprints,
            rules,
            open: Vec::new(),
            depth: 0,
            nesting: 0,
            assumed: usize::MAX,
            blocked: usize::MAX,
        }
    }
}

pub(super) struct Prover<'s, 'd> {
    proofs: &'s mut ProofTable<'d>,
    fingerprints: BothFingerprints<'s>,
    rules: GoalRules,
    /// The goals that are being looked at, each with the depth of its value.
    open: Vec<(ProofGoal, usize)>,
    /// Depth of the current value within the value of the first goal.
    depth: usize,
    nesting: usize,
    /// The outermost open goal that was taken to hold, by its place in `open`.
    assumed: usize,
    /// The outermost open goal that was taken not to hold, as it is of the same value.
    blocked: usize,
}

/// Facts about a value, with schemas taken apart.
#[derive(Debug, Clone)]
struct ValueFacts {
    types: TypeSet,
    /// Facts that are no choice.
    atoms: Vec<TermId>,
    refused: Vec<TermId>,
    choices: Vec<TermId>,
    seen: Vec<TermId>,
}

/// A value of one type.
#[derive(Debug, Clone)]
struct TypeCase<'d> {
    kind: TypeSet,
    facts: ValueFacts,
    /// The schemas whose own keywords hold.
    schemas: Vec<(DefinitionSide, Node<'d>)>,
    /// The only value, where there is one.
    value: Option<TermId>,
}

impl<'d> Prover<'_, 'd> {
    /// True if each value that satisfies the schemas on the left satisfies those on the right.
    pub(super) fn includes(&mut self, left: &[ProofOperand<'_>], right: ProofOperand<'_>) -> bool {
        let mut left = self.left(left);
        if self.rules.without_null {
            left.push(self.number(ValueTerm::Kind(TypeSet::ANY.without(TypeSet::NULL))));
            self.rules.without_null = false;
        }
        let right = self.all(right);
        self.prove(&left, Some(right))
    }

    /// True if no value satisfies all the schemas, and none of those that are refused.
    pub(super) fn is_empty(&mut self, left: &[ProofOperand<'_>], refused: Option<ProofOperand<'_>>) -> bool {
        let left = self.left(left);
        if self.has_apart(&left) {
            return true;
        }
        let refused = refused.map(|refused| self.all(refused));
        self.prove_of_value(&left, refused)
    }

    /// True if `null` satisfies the schemas; `None` where that cannot be told.
    pub(super) fn allows_null(&mut self, schemas: ProofOperand<'_>) -> Option<bool> {
        let null = self.number(ValueTerm::Null);
        let schemas = self.all(schemas);
        if self.prove_of_value(&[null], Some(schemas)) {
            return Some(true);
        }
        self.prove_of_value(&[null, schemas], None).then_some(false)
    }

    /// True unless no value of some types satisfies the schemas.
    pub(super) fn can_be(&mut self, types: TypeSet, schemas: &[ProofOperand<'_>]) -> bool {
        let mut left = self.left(schemas);
        left.push(self.number(ValueTerm::Kind(types)));
        !self.prove_of_value(&left, None)
    }

    /// True if any value of some types satisfies the schemas.
    pub(super) fn takes_any(&mut self, types: TypeSet, schemas: ProofOperand<'_>) -> bool {
        let (kind, schemas) = (self.number(ValueTerm::Kind(types)), self.all(schemas));
        self.prove(&[kind], Some(schemas))
    }

    /// True if a property of each value that satisfies the schemas on the left, where it is there, satisfies those on
    /// the right.
    pub(super) fn binds(&mut self, left: &[ProofOperand<'_>], name: &'d str, right: ProofOperand<'_>) -> bool {
        let (left, wanted) = (self.left(left), self.all(right));
        let bound = self.number(ValueTerm::Bound(name, wanted));
        self.prove(&left, Some(bound))
    }

    /// True if a property is declared for each object that satisfies the schemas, and can be there.
    pub(super) fn declares(&mut self, schemas: &[ProofOperand<'_>], name: &'d str) -> bool {
        let (mut left, declared) = (self.left(schemas), self.number(ValueTerm::Declared(name)));
        if !self.prove(&left, Some(declared)) {
            return false;
        }
        left.push(self.number(ValueTerm::Has(name)));
        !self.prove(&left, None)
    }

    /// True if the empty text satisfies the schemas.
    pub(super) fn takes_empty_text(&mut self, schemas: ProofOperand<'_>) -> bool {
        let (text, schemas) = (self.number(ValueTerm::Text("".into())), self.all(schemas));
        self.prove(&[text], Some(schemas))
    }

    fn left(&mut self, operands: &[ProofOperand<'_>]) -> Vec<TermId> {
        let mut left = Vec::new();
        for ProofOperand(side, schemas) in operands {
            left.extend(schemas.iter().map(|id| self.schema(*side, *id)));
        }
        left
    }

    fn all(&mut self, operand: ProofOperand<'_>) -> TermId {
        let schemas = self.left(&[operand]);
        match schemas.as_slice() {
            [] => self.number(ValueTerm::Always),
            [one] => *one,
            _ => self.number(ValueTerm::All(schemas.into())),
        }
    }

    fn number(&mut self, term: ValueTerm<'d>) -> TermId {
        self.proofs.terms.number(term)
    }

    fn schema(&mut self, side: DefinitionSide, id: NodeId) -> TermId {
        self.proofs.terms.schema(side, id, &mut self.fingerprints)
    }

    fn value(&mut self, side: DefinitionSide, node: Node<'d>) -> TermId {
        self.proofs.terms.value(side, node, &mut self.fingerprints)
    }

    fn term(&self, id: TermId) -> ValueTerm<'d> {
        self.proofs.terms.get(id).clone()
    }

    /// Counts work down; false where there is none left to do.
    fn take(&mut self, steps: usize) -> bool {
        self.proofs.steps_left = self.proofs.steps_left.saturating_sub(steps);
        self.proofs.steps_left > 0
    }

    /// Proves a goal of the value at hand.
    fn prove(&mut self, left: &[TermId], right: Option<TermId>) -> bool {
        if right.is_some_and(|right| left.contains(&right) || *self.proofs.terms.get(right) == ValueTerm::Always) {
            return true;
        }
        let mut left = left.to_vec();
        left.sort_unstable();
        left.dedup();
        let goal = ProofGoal { left: left.into(), right, rules: self.rules };
        if let Some(known) = self.proofs.known.get(&goal) {
            return *known;
        }
        if let Some(index) = self.open.iter().position(|(open, _)| *open == goal) {
            let is_smaller = self.open.get(index).is_some_and(|(_, depth)| *depth < self.depth);
            let resting = if is_smaller { &mut self.assumed } else { &mut self.blocked };
            *resting = index.min(*resting);
            return is_smaller;
        }
        if self.nesting >= DEEPEST || !self.take(1) {
            return false;
        }
        let index = self.open.len();
        let outer = std::mem::replace(&mut self.assumed, usize::MAX);
        let outer_blocked = std::mem::replace(&mut self.blocked, usize::MAX);
        self.open.push((goal.clone(), self.depth));
        self.nesting += 1;
        let proven = match self.facts(&goal.left) {
            Some(facts) => self.split(facts, right),
            None => true,
        };
        self.nesting -= 1;
        self.open.pop();
        // A result that rests on an outer goal is not cached, as that goal may yet fail, or hold.
        let is_settled = if proven { self.assumed >= index } else { self.blocked >= index };
        self.assumed = if self.assumed >= index { outer } else { outer.min(self.assumed) };
        self.blocked = if proven || is_settled { outer_blocked } else { outer_blocked.min(self.blocked) };
        if is_settled {
            self.proofs.known.insert(goal, proven);
        }
        proven
    }

    /// Proves a goal of the value at hand as it is read already, and not of its text.
    fn prove_of_value(&mut self, left: &[TermId], right: Option<TermId>) -> bool {
        let rules = GoalRules { writing: ValueWriting::Json, single_lists: None, has_empty_text: false, ..self.rules };
        let outer = std::mem::replace(&mut self.rules, rules);
        let proven = self.prove(left, right);
        self.rules = outer;
        proven
    }

    /// Proves a goal of something that the value at hand holds.
    fn prove_within(&mut self, writing: ValueWriting, left: &[TermId], right: Option<TermId>) -> bool {
        let rules = GoalRules { writing, single_lists: None, has_empty_text: false, ..self.rules };
        let outer = std::mem::replace(&mut self.rules, rules);
        self.depth += 1;
        let proven = self.prove(left, right);
        self.depth -= 1;
        self.rules = outer;
        proven
    }
}
