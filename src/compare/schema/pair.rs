//! Compares one pair of sets of schemas: what they say of a value itself.

use super::types::Types;
use super::view::View;
use super::{Context, PairId, Schemas, Step, bounds, choice, object};
use crate::compare::documentation;
use crate::compare::kinds::{self, Kind, Polarity};
use crate::compare::output::Found;
use crate::definition::{Direction, Node, NodeId};
use crate::model::Location;

/// Values that are listed, each after its fingerprint.
type Listed<'d> = Vec<(u64, Node<'d>)>;

/// A pair while it is compared.
pub(super) struct Comparing<'s, 'd> {
    pub(super) schemas: &'s mut Schemas<'d>,
    pub(super) context: Context,
    pub(super) before: View<'d>,
    pub(super) after: View<'d>,
    found: Vec<Found>,
    leads_to: Vec<(Step<'d>, PairId)>,
}

/// Compares a pair, and brings those together that it leads to.
pub(super) fn compare(schemas: &mut Schemas<'_>, id: PairId) {
    let Some(pair) = schemas.pairs.get(id.index()) else { return };
    let context = pair.context;
    let (before, after) = (pair.before, pair.after);
    let mut steps = schemas.steps_left;
    let before = schemas.before.open(before, &mut steps);
    let after = schemas.after.open(after, &mut steps);
    schemas.steps_left = steps;
    if steps == 0 {
        return;
    }
    let mut comparing = Comparing { schemas, context, before, after, found: Vec::new(), leads_to: Vec::new() };
    comparing.whole();
    let Comparing { found, leads_to, .. } = comparing;
    if let Some(pair) = schemas.pairs.get_mut(id.index()) {
        pair.found = found.into_boxed_slice();
        pair.leads_to = leads_to.into_boxed_slice();
    }
}

impl<'d> Comparing<'_, 'd> {
    /// Adds a change of the values that are allowed.
    pub(super) fn add(
        &mut self,
        kind: Kind,
        message: impl Into<String>,
        before: Option<Location>,
        after: Option<Location>,
    ) {
        let found = Found::directed(kind, self.context.direction, self.context.polarity, message);
        self.found.push(found.at(before, after));
    }

    /// Brings two sets together that belong to a step from here.
    pub(super) fn lead(&mut self, step: Step<'d>, before: Vec<NodeId>, after: Vec<NodeId>, polarity: Polarity) {
        self.lead_on(step, before, after, polarity, false);
    }

    /// Brings a schema and an alternative together, `null` being told already where that stands beside them.
    pub(super) fn lead_to_alternative(
        &mut self,
        step: Step<'d>,
        before: Vec<NodeId>,
        after: Vec<NodeId>,
        null_told: bool,
    ) {
        self.lead_on(step, before, after, Polarity::Same, null_told);
    }

    fn lead_on(
        &mut self,
        step: Step<'d>,
        before: Vec<NodeId>,
        after: Vec<NodeId>,
        polarity: Polarity,
        null_told: bool,
    ) {
        let text = self.context.text && matches!(step, Step::Items | Step::Item(_) | Step::Alternative(..));
        let text = text || step == Step::Keyword("propertyNames");
        let polarity = polarity.within(self.context.polarity);
        let context = Context { direction: self.context.direction, polarity, text, null_told };
        if let Some(pair) = self.schemas.meet(before, after, context) {
            self.leads_to.push((step, pair));
        }
    }

    pub(super) fn fingerprint_before(&mut self, node: Node<'d>) -> u64 {
        self.schemas.before.fingerprints.of(node)
    }

    pub(super) fn fingerprint_after(&mut self, node: Node<'d>) -> u64 {
        self.schemas.after.fingerprints.of(node)
    }

    /// Returns where the schemas stand.
    pub(super) fn places(&self) -> (Option<Location>, Option<Location>) {
        (self.before.outermost().map(Node::location), self.after.outermost().map(Node::location))
    }

    fn whole(&mut self) {
        if self.moves_no_data() {
            return;
        }
        self.annotations();
        let (before, after) = self.places();
        match (self.before.never, self.after.never) {
            (true, true) => return,
            (true, false) => {
                return self.add(kinds::CONSTRAINT_REMOVED, "no value was allowed, now some are", before, after);
            }
            (false, true) => {
                return self.add(kinds::CONSTRAINT_ADDED, "no value is allowed any longer", before, after);
            }
            (false, false) => {}
        }
        match (self.before.allows_anything(), self.after.allows_anything()) {
            (true, true) => return,
            (true, false) => {
                let message = format!("any value was allowed, now {}", self.after.types);
                return self.add(kinds::SCHEMA_ADDED, message, before, after);
            }
            (false, true) => {
                let message = format!("{} was allowed, now any value is", self.before.types);
                return self.add(kinds::SCHEMA_REMOVED, message, before, after);
            }
            (false, false) => {}
        }
        if choice::wrapped(self) {
            return;
        }
        if let Some(common) = self.types() {
            self.values();
            bounds::compare(self, common);
            if common.meets(Types::OBJECT) {
                object::compare(self);
            }
            if common.meets(Types::ARRAY) {
                object::items(self);
            }
        }
        choice::compare(self);
        object::constraints(self);
    }

    /// Tells whether the value does not go this way, now as before; says where that changes.
    fn moves_no_data(&mut self) -> bool {
        let flags = |name: &str| (self.before.flag(name), self.after.flag(name));
        let (read_only, write_only) = (flags("readOnly"), flags("writeOnly"));
        let place = |view: &View<'d>, name: &str| view.first(name).map(|(_, node)| node.location());
        let mut changes = Vec::new();
        for (name, flags, added, removed) in [
            ("readOnly", read_only, kinds::READ_ONLY_ADDED, kinds::READ_ONLY_REMOVED),
            ("writeOnly", write_only, kinds::WRITE_ONLY_ADDED, kinds::WRITE_ONLY_REMOVED),
        ] {
            let places = (place(&self.before, name), place(&self.after, name));
            match flags {
                (false, true) => changes.push((added, format!("the value is {name}, which it was not"), places)),
                (true, false) => changes.push((removed, format!("the value was {name}, which it is not"), places)),
                _ => {}
            }
        }
        for (kind, message, (before, after)) in changes {
            self.add(kind, message, before, after);
        }
        match self.context.direction {
            Direction::Request => read_only.0 && read_only.1,
            Direction::Response => write_only.0 && write_only.1,
        }
    }

    fn annotations(&mut self) {
        let (deprecated, is_now) = (self.before.flag("deprecated"), self.after.flag("deprecated"));
        let places = |name: &str| {
            let of = |view: &View<'d>| view.first(name).map(|(_, node)| node.location());
            (of(&self.before), of(&self.after))
        };
        let (before, after) = places("deprecated");
        match (deprecated, is_now) {
            (false, true) => self.add(kinds::SCHEMA_DEPRECATED, "the value is deprecated", before, after),
            (true, false) => self.add(kinds::SCHEMA_REACTIVATED, "the value is no longer deprecated", before, after),
            _ => {}
        }
        for (name, kind) in [
            ("default", kinds::DEFAULT_CHANGED),
            ("title", kinds::DOCUMENTATION_CHANGED),
            ("description", kinds::DOCUMENTATION_CHANGED),
            ("externalDocs", kinds::DOCUMENTATION_CHANGED),
            ("example", kinds::EXAMPLE_CHANGED),
            ("examples", kinds::EXAMPLE_CHANGED),
            ("xml", kinds::XML_CHANGED),
        ] {
            let before = self.before.first(name).map(|(_, value)| value);
            let after = self.after.first(name).map(|(_, value)| value);
            let schemas = &mut *self.schemas;
            let fingerprints = (&mut schemas.before.fingerprints, &mut schemas.after.fingerprints);
            if let Some(message) = documentation::change(&format!("the {name}"), before, after, fingerprints) {
                self.add(kind, message, before.map(Node::location), after.map(Node::location));
            }
        }
    }

    /// Compares the types; `None` where no type is allowed on both sides, so that nothing else can be compared.
    fn types(&mut self) -> Option<Types> {
        let (before, after) = (self.before.types, self.after.types);
        let listed = |view: &View<'d>| view.first("enum").is_some() || view.first("const").is_some();
        let both_listed = listed(&self.before) && listed(&self.after);
        let place = |view: &View<'d>| {
            let keyword = view.first("type").map(|(schema, _)| schema.key_location("type"));
            keyword.or_else(|| view.outermost().map(Node::location))
        };
        let places = (place(&self.before), place(&self.after));
        let (was, is) = (before.without(Types::NULL), after.without(Types::NULL));
        let (wide_was, wide_is) = if self.context.text { (was.as_text(), is.as_text()) } else { (was, is) };
        self.null(wide_was != wide_is);
        let common = wide_was.both(wide_is);
        let declared = |view: &View<'d>| view.first("type").is_some();
        let contradict = common == Types::NONE && (declared(&self.before) || declared(&self.after));
        if (both_listed && !contradict) || wide_was == wide_is {
            return Some(common);
        }
        let comparable = was.both(is);
        let kind = match (wide_was.includes(wide_is), wide_is.includes(wide_was)) {
            (true, _) => kinds::TYPE_NARROWED,
            (_, true) => kinds::TYPE_WIDENED,
            _ => kinds::TYPE_CHANGED,
        };
        // A number that became a text, or the reverse, has another set of keywords: bounds of the text may refuse it.
        let bounded = |view: &View<'d>| view.says_anything_but_type();
        let is_bounded = match kind {
            kinds::TYPE_WIDENED => bounded(&self.after),
            kinds::TYPE_NARROWED => bounded(&self.before),
            _ => false,
        };
        let kind =
            if comparable == Types::NONE && common != Types::NONE && is_bounded { kinds::TYPE_CHANGED } else { kind };
        self.add(kind, format!("the type was {was} and is {is}"), places.0, places.1);
        (comparable != Types::NONE).then_some(comparable)
    }

    /// Says what becomes of `null`, unless that goes without saying: by another type, or by an alternative.
    fn null(&mut self, types_differ: bool) {
        let (before, after) = (&self.before, &self.after);
        let any = before.types.includes(Types::ANY) || after.types.includes(Types::ANY);
        let by_type = before.types.meets(Types::NULL) != after.types.meets(Types::NULL);
        let by_choice = before.choices.iter().chain(&after.choices).any(|choice| choice.nullable);
        if self.context.null_told || (any && !by_choice && (types_differ || !by_type)) {
            return;
        }
        self.tell_null();
    }

    /// Says whether `null` is allowed now, where that differs.
    pub(super) fn tell_null(&mut self) {
        let place = |view: &View<'d>| {
            let keyword = view.first("type").map(|(schema, _)| schema.key_location("type"));
            keyword.or_else(|| view.outermost().map(Node::location))
        };
        let (before, after) = (place(&self.before), place(&self.after));
        match (self.before.allows_null(), self.after.allows_null()) {
            (false, true) => self.add(kinds::NULL_ALLOWED, "null was not allowed and is", before, after),
            (true, false) => self.add(kinds::NULL_REFUSED, "null was allowed and is not", before, after),
            _ => {}
        }
    }

    fn values(&mut self) {
        let fingerprints = &mut self.schemas.before.fingerprints;
        let before = self.before.values(|node| fingerprints.of(node));
        let fingerprints = &mut self.schemas.after.fingerprints;
        let after = self.after.values(|node| fingerprints.of(node));
        let keyword = |view: &View<'d>| {
            let schema = view.first("enum").or_else(|| view.first("const"));
            schema.map(|(_, list)| list.location())
        };
        let places = (keyword(&self.before), keyword(&self.after));
        let list = |values: &[(u64, Node<'d>)]| {
            if values.is_empty() {
                return "null".to_owned();
            }
            let shown = values.iter().take(5).map(|(_, node)| documentation::shown(*node));
            let more = if values.len() > 5 { ", …" } else { "" };
            format!("{}{more}", shown.collect::<Vec<_>>().join(", "))
        };
        match (before, after) {
            (None, None) => {}
            (None, Some(after)) if lists_all(self.before.types, &after) => {}
            (Some(before), None) if lists_all(self.after.types, &before) => {}
            (None, Some(after)) => {
                let message = format!("any value was allowed, now only {}", list(&after));
                self.add(kinds::ENUM_ADDED, message, None, places.1);
            }
            (Some(before), None) => {
                let message = format!("only {} was allowed, now any value is", list(&before));
                self.add(kinds::ENUM_REMOVED, message, places.0, None);
            }
            (Some(before), Some(after)) => {
                let (before, after) = self.fitting(before, after);
                self.listed_values(&before, &after, places);
            }
        }
    }

    /// Leaves out the values that the types refuse; where that is all of them, it is the type that is written wrongly.
    fn fitting(&self, before: Listed<'d>, after: Listed<'d>) -> (Listed<'d>, Listed<'d>) {
        let fits = |types: Types| move |(_, value): &(u64, Node<'d>)| types.meets(Types::of(*value));
        let (was, is) = (fits(self.before.types), fits(self.after.types));
        if before.iter().any(was) || after.iter().any(is) {
            (before.into_iter().filter(was).collect(), after.into_iter().filter(is).collect())
        } else {
            (before, after)
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "a pair that is made for the call reads best by value")]
    fn listed_values(
        &mut self,
        before: &[(u64, Node<'d>)],
        after: &[(u64, Node<'d>)],
        places: (Option<Location>, Option<Location>),
    ) {
        if let ([(was, old)], [(is, new)]) = (before, after) {
            if was != is {
                let message =
                    format!("the value was {} and is {}", documentation::shown(*old), documentation::shown(*new));
                self.add(kinds::CONST_CHANGED, message, Some(old.location()), Some(new.location()));
            }
            return;
        }
        let known: std::collections::HashSet<u64> = before.iter().map(|(number, _)| *number).collect();
        let kept: std::collections::HashSet<u64> = after.iter().map(|(number, _)| *number).collect();
        for (_, value) in before.iter().filter(|(number, _)| !kept.contains(number)) {
            let message = format!("the value {} is no longer allowed", documentation::shown(*value));
            self.add(kinds::ENUM_VALUE_REMOVED, message, Some(value.location()), places.1.clone());
        }
        for (_, value) in after.iter().filter(|(number, _)| !known.contains(number)) {
            let message = format!("the value {} is allowed", documentation::shown(*value));
            self.add(kinds::ENUM_VALUE_ADDED, message, places.0.clone(), Some(value.location()));
        }
    }
}

/// Tells whether values other than `null` are all that a type has: listing them is no change.
fn lists_all(types: Types, values: &[(u64, Node<'_>)]) -> bool {
    match types.without(Types::NULL) {
        Types::NONE => true,
        Types::BOOLEAN => {
            [true, false].iter().all(|flag| values.iter().any(|(_, value)| value.as_bool() == Some(*flag)))
        }
        _ => false,
    }
}
