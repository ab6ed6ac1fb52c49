//! Terms of a proof: schemas taken apart, and facts about one value.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::compare::fingerprint::{Fingerprints, canonical};
use crate::compare::schema::sets::meant;
use crate::compare::schema::unchanged::UnchangedSchemas;
use crate::definition::Decimal;
use crate::definition::TypeSet;
use crate::definition::{Definition, Node, NodeId, NodeKind, Specification, is_nullable};

/// A term, by its number.
pub(super) type TermId = u32;

/// The definition that a schema comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::compare) enum DefinitionSide {
    Before,
    After,
}

impl DefinitionSide {
    pub(in crate::compare::schema) const fn other(self) -> Self {
        match self {
            Self::Before => Self::After,
            Self::After => Self::Before,
        }
    }
}

/// A set of values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum ValueTerm<'d> {
    /// A schema with all that it says.
    Schema(DefinitionSide, NodeId),
    /// The keywords of a schema that apply no other schema to the value itself.
    Own(DefinitionSide, NodeId),
    /// Values of some types.
    Kind(TypeSet),
    /// Objects that have a property.
    Has(&'d str),
    /// Objects of which a property is in a set.
    Property(&'d str, TermId),
    /// Values whose property, where they are objects that have it, is in a set.
    Bound(&'d str, TermId),
    /// Values that are no objects, and objects for which a property is declared.
    Declared(&'d str),
    /// Lists of one item, which is in all the sets.
    ListOf(Box<[TermId]>),
    /// Values within a limit, of the type that its keyword concerns.
    Limit(&'static str, Decimal),
    /// One list or object.
    Value(DefinitionSide, NodeId),
    /// One number, in its canonical text.
    Number(Box<str>),
    /// One text.
    Text(Cow<'d, str>),
    /// `true` or `false`.
    Flag(bool),
    Null,
    All(Box<[TermId]>),
    Any(Box<[TermId]>),
    /// Values in exactly one of the sets.
    One(Box<[TermId]>),
    Not(TermId),
    /// Any value.
    Always,
    /// No value.
    Never,
    /// Some values, of which nothing is known.
    Unknown,
}

/// The terms of two definitions, each once.
pub(super) struct TermTable<'d> {
    definitions: (&'d Definition, &'d Definition),
    list: Vec<ValueTerm<'d>>,
    known: HashMap<ValueTerm<'d>, TermId>,
    /// Schemas that refer to nothing, by dialect (true for that of OpenAPI 3.0) and fingerprint: the same on both
    /// sides.
    closed: HashMap<(bool, u64), TermId>,
    values: HashMap<u64, TermId>,
    parts: HashMap<TermId, TermId>,
    listed: HashMap<(DefinitionSide, NodeId), Rc<HashSet<TermId>>>,
    pub(super) unchanged: UnchangedSchemas,
}

/// The fingerprints of the values of both sides.
pub(super) struct BothFingerprints<'s> {
    pub(super) before: &'s mut Fingerprints,
    pub(super) after: &'s mut Fingerprints,
}

impl BothFingerprints<'_> {
    fn of(&mut self, side: DefinitionSide) -> &mut Fingerprints {
        match side {
            DefinitionSide::Before => self.before,
            DefinitionSide::After => self.after,
        }
    }
}

impl<'d> TermTable<'d> {
    pub(super) fn new(before: &'d Definition, after: &'d Definition) -> Self {
        Self {
            definitions: (before, after),
            list: Vec::new(),
            known: HashMap::new(),
            closed: HashMap::new(),
            values: HashMap::new(),
            parts: HashMap::new(),
            listed: HashMap::new(),
            unchanged: UnchangedSchemas::default(),
        }
    }

    pub(super) fn definition(&self, side: DefinitionSide) -> &'d Definition {
        match side {
            DefinitionSide::Before => self.definitions.0,
            DefinitionSide::After => self.definitions.1,
        }
    }

    pub(super) fn node(&self, side: DefinitionSide, id: NodeId) -> Node<'d> {
        self.definition(side).node(id)
    }

    pub(super) fn get(&self, id: TermId) -> &ValueTerm<'d> {
        self.list.get(id as usize).unwrap_or(&ValueTerm::Unknown)
    }

    pub(super) fn number(&mut self, term: ValueTerm<'d>) -> TermId {
        let next = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        let id = *self.known.entry(term.clone()).or_insert(next);
        if id == next {
            self.list.push(term);
        }
        id
    }

    /// Returns the term of a schema; schemas that are written alike and refer to nothing have one, and those that are
    /// the same on both sides.
    pub(super) fn schema(
        &mut self,
        side: DefinitionSide,
        id: NodeId,
        fingerprints: &mut BothFingerprints<'_>,
    ) -> TermId {
        let definition = self.definition(side);
        let id = meant(definition, id);
        let partner = self.unchanged.partner(id).filter(|_| side == DefinitionSide::After);
        if let Some(partner) = partner {
            return self.schema(DefinitionSide::Before, partner, fingerprints);
        }
        match fingerprints.of(side).of_closed(definition.node(id)) {
            None => self.number(ValueTerm::Schema(side, id)),
            Some(fingerprint) => {
                let key = (definition.specification == Specification::V3_0, fingerprint);
                if let Some(known) = self.closed.get(&key) {
                    return *known;
                }
                let term = self.number(ValueTerm::Schema(side, id));
                self.closed.insert(key, term);
                term
            }
        }
    }

    /// Returns the term of one value.
    pub(super) fn value(
        &mut self,
        side: DefinitionSide,
        node: Node<'d>,
        fingerprints: &mut BothFingerprints<'_>,
    ) -> TermId {
        match node.kind() {
            NodeKind::Null => self.number(ValueTerm::Null),
            NodeKind::Bool(flag) => self.number(ValueTerm::Flag(flag)),
            NodeKind::String(text) => self.number(ValueTerm::Text(text.into())),
            NodeKind::Number(_) => self.number(ValueTerm::Number(canonical(node).into())),
            NodeKind::Array | NodeKind::Object => {
                let fingerprint = fingerprints.of(side).of(node);
                if let Some(known) = self.values.get(&fingerprint) {
                    return *known;
                }
                let term = self.number(ValueTerm::Value(side, node.id()));
                self.values.insert(fingerprint, term);
                term
            }
        }
    }

    /// Returns the terms of the values in a list, which are looked up more than once.
    pub(super) fn listed(
        &mut self,
        side: DefinitionSide,
        list: Node<'d>,
        fingerprints: &mut BothFingerprints<'_>,
    ) -> Rc<HashSet<TermId>> {
        if let Some(known) = self.listed.get(&(side, list.id())) {
            return Rc::clone(known);
        }
        let values: Rc<HashSet<TermId>> =
            Rc::new(list.items().map(|item| self.value(side, item, fingerprints)).collect());
        self.listed.insert((side, list.id()), Rc::clone(&values));
        values
    }

    /// Returns the term of the keywords of a schema, computed once.
    pub(super) fn parts(&mut self, term: TermId, fingerprints: &mut BothFingerprints<'_>) -> TermId {
        let ValueTerm::Schema(side, id) = *self.get(term) else { return term };
        if let Some(known) = self.parts.get(&term) {
            return *known;
        }
        let parts = self.taken_apart(side, id, fingerprints);
        self.parts.insert(term, parts);
        parts
    }

    fn taken_apart(&mut self, side: DefinitionSide, id: NodeId, fingerprints: &mut BothFingerprints<'_>) -> TermId {
        let node = self.node(side, id);
        if let Some(flag) = node.as_bool() {
            return self.number(if flag { ValueTerm::Always } else { ValueTerm::Never });
        }
        if !node.is_object() {
            return self.number(ValueTerm::Unknown);
        }
        let mut parts = Vec::new();
        let old_dialect = self.definition(side).specification == Specification::V3_0;
        if node.reference().is_some() || !old_dialect && node.get("$dynamicRef").is_some() {
            // OpenAPI 3.0 ignores the siblings of a `$ref`.
            let target = if old_dialect { node.resolve() } else { node.followed() };
            let target = target.filter(|target| target.id() != id);
            let term = target.map(|target| self.schema(side, target.id(), fingerprints));
            let term = term.unwrap_or_else(|| self.number(ValueTerm::Unknown));
            if old_dialect {
                return term;
            }
            parts.push(term);
        }
        let mut list = |terms: &mut Self, name: &str| -> Option<Box<[TermId]>> {
            let items = node.get(name)?;
            let schemas: Box<[TermId]> =
                items.items().map(|item| terms.schema(side, item.id(), fingerprints)).collect();
            (!schemas.is_empty()).then_some(schemas)
        };
        parts.extend(list(self, "allOf").map(|all| self.number(ValueTerm::All(all))));
        parts.extend(list(self, "anyOf").map(|any| self.number(ValueTerm::Any(any))));
        parts.extend(list(self, "oneOf").map(|one| self.number(ValueTerm::One(one))));
        let mut one =
            |terms: &mut Self, name: &str| node.get(name).map(|node| terms.schema(side, node.id(), fingerprints));
        if let Some(refused) = one(self, "not") {
            parts.push(self.number(ValueTerm::Not(refused)));
        }
        if let Some(condition) = one(self, "if") {
            if let Some(then) = one(self, "then") {
                // What meets the condition is described by it too.
                let then = self.number(ValueTerm::All(Box::new([condition, then])));
                let otherwise = self.number(ValueTerm::Not(condition));
                parts.push(self.number(ValueTerm::Any(Box::new([otherwise, then]))));
            }
            if let Some(otherwise) = one(self, "else") {
                parts.push(self.number(ValueTerm::Any(Box::new([condition, otherwise]))));
            }
        }
        parts.push(self.number(ValueTerm::Own(side, id)));
        let all = self.number(ValueTerm::All(parts.into()));
        if is_nullable(node, self.definition(side).specification) {
            let null = self.number(ValueTerm::Null);
            return self.number(ValueTerm::Any(Box::new([null, all])));
        }
        all
    }
}
