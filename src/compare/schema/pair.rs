//! Compares one pair of sets of schemas: the keywords that apply to the value itself.

use super::comparison::PairComparison;
use super::context::PairId;
use super::table::SchemaTable;
use super::view::SchemaView;
use super::{bounds, choice, extending, items, lists, object, values};
use crate::compare::documentation;
use crate::compare::kinds::{self, ChangeEffect, Compatibility, Kind};
use crate::definition::TypeSet;
use crate::definition::{Node, ValueDirection};
use crate::model::Location;

/// Compares a pair, and brings those together that it leads to.
pub(super) fn compare(schemas: &mut SchemaTable<'_>, id: PairId) {
    let Some(pair) = schemas.pairs.get(id.index()) else { return };
    let context = pair.context;
    let (before, after) = (pair.before, pair.after);
    let mut steps = schemas.steps_left;
    let sets = (before, after);
    let before = schemas.before.open(before, &mut steps);
    let after = schemas.after.open(after, &mut steps);
    schemas.steps_left = steps;
    if steps == 0 {
        return;
    }
    let (found, leads_to, kept) = (Vec::new(), Vec::new(), context.kept);
    let mut comparing =
        PairComparison { schemas, context, before, after, sets, kept, found, leads_to, has_further_choices: false };
    comparing.whole();
    comparing.untold_null();
    let PairComparison { found, leads_to, .. } = comparing;
    if let Some(pair) = schemas.pairs.get_mut(id.index()) {
        pair.found = found.into_boxed_slice();
        pair.leads_to = leads_to.into_boxed_slice();
    }
}

impl<'d> PairComparison<'_, 'd> {
    fn whole(&mut self) {
        self.flags();
        if self.moves_no_data() {
            return;
        }
        self.annotations();
        extending::compare(self);
        values::compare_extensible(self);
        self.prove();
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
            // A schema that refuses nothing may describe what the schemas around refuse.
            _ if self.judged_around().is_some() => {}
            (true, true) => return object::content_media_type(self),
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
        if lists::compare_with_one(self) || choice::wrapped(self) {
            return;
        }
        if let Some(common) = self.types() {
            values::compare(self);
            bounds::compare(self, common);
            if common.meets(TypeSet::OBJECT) {
                object::compare(self);
            }
            if common.meets(TypeSet::ARRAY) {
                items::compare(self);
            }
        }
        choice::compare(self);
        object::constraints(self);
    }

    /// Reports a value that became, or is no longer, read-only or write-only.
    fn flags(&mut self) {
        let place = |view: &SchemaView<'d>, name: &str| view.first(name).map(|(_, node)| node.location());
        for (name, added, removed) in [
            ("readOnly", kinds::READ_ONLY_ADDED, kinds::READ_ONLY_REMOVED),
            ("writeOnly", kinds::WRITE_ONLY_ADDED, kinds::WRITE_ONLY_REMOVED),
        ] {
            let (before, after) = (place(&self.before, name), place(&self.after, name));
            let (kind, message) = match (self.before.flag(name), self.after.flag(name)) {
                (false, true) => (added, format!("the value became {name}")),
                (true, false) => (removed, format!("the value is no longer {name}")),
                _ => continue,
            };
            self.add_beyond_values(kind, message, before, after);
        }
    }

    /// True if the value is a property that does not go this way, now as before.
    fn moves_no_data(&self) -> bool {
        let flag = self.unsent_flag();
        self.context.is_property && self.before.flag(flag) && self.after.flag(flag)
    }

    /// Returns the keyword of properties that do not go this way.
    pub(super) const fn unsent_flag(&self) -> &'static str {
        match self.context.direction {
            ValueDirection::Request => "readOnly",
            ValueDirection::Response => "writeOnly",
        }
    }

    fn annotations(&mut self) {
        let (deprecated, is_now) = (self.before.flag("deprecated"), self.after.flag("deprecated"));
        let places = |name: &str| {
            let of = |view: &SchemaView<'d>| view.first(name).map(|(_, node)| node.location());
            (of(&self.before), of(&self.after))
        };
        let (before, after) = places("deprecated");
        match (deprecated, is_now) {
            (false, true) => self.add(kinds::SCHEMA_DEPRECATED, "the value is deprecated", before, after),
            (true, false) => self.add(kinds::SCHEMA_REACTIVATED, "the value is no longer deprecated", before, after),
            _ => {}
        }
        let default_kind = match self.context.direction {
            ValueDirection::Request => kinds::REQUEST_DEFAULT_CHANGED,
            ValueDirection::Response => kinds::DEFAULT_CHANGED,
        };
        for (name, kind) in [
            ("default", default_kind),
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
            if let Some(change) = documentation::change(name, before, after, fingerprints) {
                // The names and attributes of XML mean nothing in JSON.
                let is_described = name == "xml" && (!self.context.is_xml || self.is_same_xml(before, after));
                let kind = if is_described { Kind { effect: ChangeEffect::Describes, ..kind } } else { kind };
                self.add_field(kind, change, before.map(Node::location), after.map(Node::location));
            }
        }
    }

    /// Compares the types; `None` where no type is allowed on both sides, so that nothing else can be compared.
    fn types(&mut self) -> Option<TypeSet> {
        let (before, after) = (self.before.types, self.after.types);
        let listed = |view: &SchemaView<'d>| view.first("enum").is_some() || view.first("const").is_some();
        let both_listed = listed(&self.before) && listed(&self.after);
        let places = (self.before.type_location(), self.after.type_location());
        let (was, is) = (before.without(TypeSet::NULL), after.without(TypeSet::NULL));
        let (wide_was, wide_is) =
            if self.context.writing.is_text() { (was.as_text(), is.as_text()) } else { (was, is) };
        self.null(wide_was != wide_is);
        let common = wide_was.both(wide_is);
        let declared = |view: &SchemaView<'d>| view.first("type").is_some();
        let contradict = common == TypeSet::NONE && (declared(&self.before) || declared(&self.after));
        if both_listed && !contradict {
            return Some(common);
        }
        if wide_was == wide_is {
            if was != is {
                self.types_of_text((was, is), places);
            }
            return Some(common);
        }
        let comparable = was.both(is);
        let kind = match (wide_was.includes(wide_is), wide_is.includes(wide_was)) {
            (true, _) => kinds::TYPE_NARROWED,
            (_, true) => kinds::TYPE_WIDENED,
            _ => kinds::TYPE_CHANGED,
        };
        // A number that became a text, or the reverse, has another set of keywords: bounds of the text may refuse it.
        let is_bounded = match kind {
            kinds::TYPE_WIDENED => was.without(is).meets(wide_is) && is_bound(&self.after),
            kinds::TYPE_NARROWED => is.without(was).meets(wide_was) && is_bound(&self.before),
            _ => false,
        };
        let kind = if is_bounded { kinds::TYPE_CHANGED } else { kind };
        self.add(kind, format!("the type was {was} and is {is}"), places.0, places.1);
        (comparable != TypeSet::NONE).then_some(comparable)
    }

    /// Reports types that differ and are the same as texts, where keywords of texts refuse some: digits of a number had
    /// no length.
    fn types_of_text(&mut self, (was, is): (TypeSet, TypeSet), places: (Option<Location>, Option<Location>)) {
        let bounded = (is_bound(&self.before), is_bound(&self.after));
        let kind = match (was.includes(is), is.includes(was)) {
            (true, _) if bounded.1 => kinds::TYPE_NARROWED,
            (_, true) if bounded.0 => kinds::TYPE_WIDENED,
            (false, false) if bounded.0 || bounded.1 => kinds::TYPE_CHANGED,
            _ => return,
        };
        self.add(kind, format!("the type was {was} and is {is}"), places.0, places.1);
    }

    /// Reports a change of `null`, unless another type or alternative implies it.
    fn null(&mut self, types_differ: bool) {
        let (before, after) = (&self.before, &self.after);
        let any = before.types.includes(TypeSet::ANY) || after.types.includes(TypeSet::ANY);
        let by_type = before.types.meets(TypeSet::NULL) != after.types.meets(TypeSet::NULL);
        let by_choice = before.choices.iter().chain(&after.choices).any(|choice| choice.nullable);
        if self.context.told.null || (any && !by_choice && (types_differ || !by_type)) {
            return;
        }
        self.tell_null();
    }

    /// Reports a change of `null` that no other change reports: one that breaks callers wherever no change does, since
    /// only a proof tells it exactly, and any other where nothing is reported here, so that both directions differ or
    /// none.
    fn untold_null(&mut self) {
        let is_told = self.found.iter().any(|found| found.compatibility == Compatibility::Breaking);
        let is_kept = self.kept.is_all() && !self.context.writing.is_text();
        if is_told || self.context.told.null || is_kept || self.moves_no_data() {
            return;
        }
        let (was, is) = self.allow_null();
        let kind = if was { kinds::NULL_REFUSED } else { kinds::NULL_ALLOWED };
        let breaks = kind.effect.under(self.context.polarity).breaks(self.context.direction);
        if was != is && (breaks || self.found.is_empty()) {
            self.tell_null();
        }
    }
}

/// Tells whether schemas refuse any value of the types that they allow.
fn is_bound(view: &SchemaView<'_>) -> bool {
    view.says_anything_but_type() || !view.choices.is_empty()
}
