//! Compares one pair of sets of schemas: the keywords that apply to the value itself.

use super::proof::{DefinitionSide, GoalRules, ProofOperand, ValueWriting};
use super::sets::SetId;
use super::types::TypeView;
use super::view::SchemaView;
use super::writing::{self, ListWriting};
use super::{Context, KeptValues, PairId, SchemaStep, SchemaTable, bounds, choice, object, values};
use crate::compare::kinds::{self, ChangeEffect, Kind, Polarity};
use crate::compare::output::RawChange;
use crate::compare::{Compatibility, documentation, same};
use crate::definition::{Node, NodeId, ValueDirection};
use crate::model::Location;

/// A pair while it is compared.
pub(super) struct PairComparison<'s, 'd> {
    pub(super) schemas: &'s mut SchemaTable<'d>,
    pub(super) context: Context,
    pub(super) before: SchemaView<'d>,
    pub(super) after: SchemaView<'d>,
    sets: (SetId, SetId),
    /// Guarantees for the values of the whole, proven by this pair or those around it.
    pub(super) kept: KeptValues,
    found: Vec<RawChange>,
    leads_to: Vec<(SchemaStep<'d>, PairId)>,
}

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
    let mut comparing = PairComparison { schemas, context, before, after, sets, kept, found, leads_to };
    comparing.whole();
    comparing.untold_null();
    let PairComparison { found, leads_to, .. } = comparing;
    if let Some(pair) = schemas.pairs.get_mut(id.index()) {
        pair.found = found.into_boxed_slice();
        pair.leads_to = leads_to.into_boxed_slice();
    }
}

impl<'d> PairComparison<'_, 'd> {
    /// Adds a change of the values that are allowed, unless it is proven that none of them changes.
    pub(super) fn add(
        &mut self,
        kind: Kind,
        message: impl Into<String>,
        before: Option<Location>,
        after: Option<Location>,
    ) {
        self.add_known(KeptValues::default(), kind, message, before, after);
    }

    /// Adds a change of the values that are allowed, of which something is proven for the schemas here.
    pub(super) fn add_known(
        &mut self,
        kept: KeptValues,
        kind: Kind,
        message: impl Into<String>,
        before: Option<Location>,
        after: Option<Location>,
    ) {
        let kept = self.kept.either(kept.under(self.context.polarity));
        let effect = kind.effect.under(self.context.polarity);
        let effect = match (effect, kept.no_less, kept.no_more) {
            (ChangeEffect::Narrows | ChangeEffect::Widens | ChangeEffect::Replaces, true, true) => return,
            (ChangeEffect::Replaces, false, true) => ChangeEffect::Narrows,
            (ChangeEffect::Replaces, true, false) => ChangeEffect::Widens,
            (ChangeEffect::Narrows, true, false) | (ChangeEffect::Widens, false, true) => ChangeEffect::Keeps,
            _ => effect,
        };
        let found = RawChange::directed(kind, effect, self.context.direction, message);
        self.found.push(found.at(before, after));
    }

    /// Adds the sunset date of a removed part to the last change.
    pub(super) fn note_sunset(&mut self, gone: &[NodeId]) {
        let definition = self.schemas.before.definition;
        let dated = gone.iter().map(|id| definition.node(*id)).find(|node| node.get("x-sunset").is_some());
        let Some(node) = dated else { return };
        if let Some(found) = self.found.pop() {
            self.found.push(found.with_sunset(node));
        }
    }

    /// Adds a change of something else than the values that are allowed: of who sends them, or of how.
    pub(super) fn add_beyond_values(
        &mut self,
        kind: Kind,
        message: impl Into<String>,
        before: Option<Location>,
        after: Option<Location>,
    ) {
        let effect = kind.effect.under(self.context.polarity);
        let found = RawChange::directed(kind, effect, self.context.direction, message);
        self.found.push(found.at(before, after));
    }

    /// Brings two sets together that belong to a step from here.
    pub(super) fn lead(&mut self, step: SchemaStep<'d>, before: Vec<NodeId>, after: Vec<NodeId>, polarity: Polarity) {
        let context = Context { polarity: polarity.within(self.context.polarity), ..self.context_of(&step) };
        self.lead_in(step, before, after, context);
    }

    /// Brings two alternatives together of which something is proven already.
    pub(super) fn lead_to_alternative(
        &mut self,
        step: SchemaStep<'d>,
        before: Vec<NodeId>,
        after: Vec<NodeId>,
        kept: KeptValues,
    ) {
        let context = self.context_of(&step);
        let kept = context.kept.either(kept.under(context.polarity));
        self.lead_in(step, before, after, Context { kept, ..context });
    }

    /// Brings a schema and an alternative together, `null` being told already where that stands beside them.
    pub(super) fn lead_to_whole(
        &mut self,
        step: SchemaStep<'d>,
        before: Vec<NodeId>,
        after: Vec<NodeId>,
        null_told: bool,
    ) {
        let context = Context { null_told, ..self.context_of(&step) };
        self.lead_in(step, before, after, context);
    }

    fn context_of(&self, step: &SchemaStep<'d>) -> Context {
        let json = (ListWriting::Json, ListWriting::Json);
        let outer = Context { null_told: false, kept: self.kept, ..self.context };
        let (writing, lists) = match step {
            SchemaStep::Alternative(..) => return outer,
            SchemaStep::Keyword("propertyNames") => (ValueWriting::Text, json),
            SchemaStep::Items | SchemaStep::Item(_) => (outer.writing.of_items(), json),
            SchemaStep::Property(name) => self.field_writing(name).unwrap_or((outer.writing.of_properties(), json)),
            SchemaStep::Others | SchemaStep::Pattern(_) => (outer.writing.of_properties(), json),
            SchemaStep::Keyword(_) => (ValueWriting::Json, json),
        };
        Context { writing, lists, form: None, ..outer }
    }

    /// Returns the encoding of a form's field; `None` if the value is no form.
    fn field_writing(&self, name: &str) -> Option<(ValueWriting, (ListWriting, ListWriting))> {
        let form = self.context.form.filter(|_| self.context.writing == ValueWriting::Form)?;
        let (before, after) = self.schemas.forms.get(form as usize)?;
        let lists = (before.lists_of(name), after.lists_of(name));
        let is_json = lists.0 == ListWriting::Json || lists.1 == ListWriting::Json;
        Some((if is_json { ValueWriting::Json } else { ValueWriting::Field }, lists))
    }

    fn lead_in(&mut self, step: SchemaStep<'d>, before: Vec<NodeId>, after: Vec<NodeId>, context: Context) {
        if let Some(pair) = self.schemas.meet(before, after, context) {
            self.leads_to.push((step, pair));
        }
    }

    /// Tells by a proof whether each value that satisfies the schemas on the left satisfies those on the right.
    pub(super) fn includes(&mut self, left: &[ProofOperand<'_>], right: ProofOperand<'_>, rules: GoalRules) -> bool {
        self.schemas.prover(rules).includes(left, right)
    }

    /// Tells by a proof whether no value satisfies the schemas, but for those that satisfy others.
    pub(super) fn is_empty(&mut self, left: &[ProofOperand<'_>], others: Option<ProofOperand<'_>>) -> bool {
        let rules = self.rules();
        self.schemas.prover(rules).is_empty(left, others)
    }

    /// Tells whether two schemas are written alike, references included.
    pub(super) fn is_same(&mut self, before: Node<'d>, after: Node<'d>) -> bool {
        const MOST: usize = 10_000;
        let (old, new) = (&mut self.schemas.before, &mut self.schemas.after);
        old.definition.specification == new.definition.specification
            && old.fingerprints.of(before) == new.fingerprints.of(after)
            && same::nodes(before, after, MOST)
    }

    pub(super) fn rules(&self) -> GoalRules {
        let form = self.context.form.and_then(|form| self.schemas.forms.get(form as usize));
        let has_json = form.is_some_and(|(before, after)| before.has_json() || after.has_json());
        let writing = if has_json { ValueWriting::Json } else { self.context.writing };
        GoalRules { writing, declared_only: false, without_null: false }
    }

    /// Returns the schemas of both sides.
    pub(super) fn schemas_of_sides(&self) -> (Vec<NodeId>, Vec<NodeId>) {
        let (before, after) = self.sets;
        (self.schemas.before.schemas(before).to_vec(), self.schemas.after.schemas(after).to_vec())
    }

    /// Tries to prove that the values stay, first those that matter to who sends or reads them.
    fn prove(&mut self) {
        if self.kept.is_all() {
            return;
        }
        let (before, after) = self.schemas_of_sides();
        let (old, new) = (ProofOperand(DefinitionSide::Before, &before), ProofOperand(DefinitionSide::After, &after));
        let rules = GoalRules { without_null: self.context.null_told, ..self.rules() };
        let mut kept = KeptValues::default();
        let is_request = self.context.direction == ValueDirection::Request;
        let less_first = is_request != (self.context.polarity == Polarity::Opposite);
        for less in [less_first, !less_first] {
            let (left, right) = if less { (old, new) } else { (new, old) };
            let holds = self.includes(&[left], right, rules);
            kept = if less { KeptValues { no_less: holds, ..kept } } else { KeptValues { no_more: holds, ..kept } };
            if !holds {
                break;
            }
        }
        self.kept = self.kept.either(kept.under(self.context.polarity));
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
        self.flags();
        if self.moves_no_data() {
            return;
        }
        self.annotations();
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
        if writing::compare_list_with_one(self) || choice::wrapped(self) {
            return;
        }
        if let Some(common) = self.types() {
            values::compare(self);
            bounds::compare(self, common);
            if common.meets(TypeView::OBJECT) {
                object::compare(self);
            }
            if common.meets(TypeView::ARRAY) {
                object::items(self);
            }
        }
        choice::compare(self);
        object::constraints(self);
    }

    /// Says where a value began, or ceased, to go one way only.
    fn flags(&mut self) {
        let place = |view: &SchemaView<'d>, name: &str| view.first(name).map(|(_, node)| node.location());
        for (name, added, removed) in [
            ("readOnly", kinds::READ_ONLY_ADDED, kinds::READ_ONLY_REMOVED),
            ("writeOnly", kinds::WRITE_ONLY_ADDED, kinds::WRITE_ONLY_REMOVED),
        ] {
            let (before, after) = (place(&self.before, name), place(&self.after, name));
            let (kind, message) = match (self.before.flag(name), self.after.flag(name)) {
                (false, true) => (added, format!("the value is {name}, which it was not")),
                (true, false) => (removed, format!("the value was {name}, which it is not")),
                _ => continue,
            };
            self.add_beyond_values(kind, message, before, after);
        }
    }

    /// Tells whether the value does not go this way, now as before.
    fn moves_no_data(&self) -> bool {
        let flag = match self.context.direction {
            ValueDirection::Request => "readOnly",
            ValueDirection::Response => "writeOnly",
        };
        self.before.flag(flag) && self.after.flag(flag)
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
            if let Some(message) = documentation::change(&format!("the {name}"), before, after, fingerprints) {
                // The names and attributes of XML mean nothing in JSON.
                let kind = if name == "xml" && !self.context.is_xml {
                    Kind { effect: ChangeEffect::Describes, ..kind }
                } else {
                    kind
                };
                self.add_beyond_values(kind, message, before.map(Node::location), after.map(Node::location));
            }
        }
    }

    /// Compares the types; `None` where no type is allowed on both sides, so that nothing else can be compared.
    fn types(&mut self) -> Option<TypeView> {
        let (before, after) = (self.before.types, self.after.types);
        let listed = |view: &SchemaView<'d>| view.first("enum").is_some() || view.first("const").is_some();
        let both_listed = listed(&self.before) && listed(&self.after);
        let place = |view: &SchemaView<'d>| {
            let keyword = view.first("type").map(|(schema, _)| schema.key_location("type"));
            keyword.or_else(|| view.outermost().map(Node::location))
        };
        let places = (place(&self.before), place(&self.after));
        let (was, is) = (before.without(TypeView::NULL), after.without(TypeView::NULL));
        let (wide_was, wide_is) =
            if self.context.writing.is_text() { (was.as_text(), is.as_text()) } else { (was, is) };
        self.null(wide_was != wide_is);
        let common = wide_was.both(wide_is);
        let declared = |view: &SchemaView<'d>| view.first("type").is_some();
        let contradict = common == TypeView::NONE && (declared(&self.before) || declared(&self.after));
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
        let bounded = |view: &SchemaView<'d>| view.says_anything_but_type();
        let is_bounded = match kind {
            kinds::TYPE_WIDENED => bounded(&self.after),
            kinds::TYPE_NARROWED => bounded(&self.before),
            _ => false,
        };
        let kind = if comparable == TypeView::NONE && common != TypeView::NONE && is_bounded {
            kinds::TYPE_CHANGED
        } else {
            kind
        };
        self.add(kind, format!("the type was {was} and is {is}"), places.0, places.1);
        (comparable != TypeView::NONE).then_some(comparable)
    }

    /// Reports a change of `null`, unless another type or alternative implies it.
    fn null(&mut self, types_differ: bool) {
        let (before, after) = (&self.before, &self.after);
        let any = before.types.includes(TypeView::ANY) || after.types.includes(TypeView::ANY);
        let by_type = before.types.meets(TypeView::NULL) != after.types.meets(TypeView::NULL);
        let by_choice = before.choices.iter().chain(&after.choices).any(|choice| choice.nullable);
        if self.context.null_told || (any && !by_choice && (types_differ || !by_type)) {
            return;
        }
        self.tell_null();
    }

    /// Reports a change of `null` that breaks callers and that no other change reports: only a proof tells it exactly.
    fn untold_null(&mut self) {
        let is_told = self.found.iter().any(|found| found.compatibility == Compatibility::Breaking);
        if is_told || self.context.null_told || self.kept.is_all() || self.moves_no_data() {
            return;
        }
        let (was, is) = self.allow_null();
        let kind = if was { kinds::NULL_REFUSED } else { kinds::NULL_ALLOWED };
        if was != is && kind.effect.under(self.context.polarity).breaks(self.context.direction) {
            self.tell_null();
        }
    }

    /// Tells for each side whether `null` is allowed.
    fn allow_null(&mut self) -> (bool, bool) {
        let (old, new) = self.schemas_of_sides();
        let rules = self.rules();
        let mut prover = self.schemas.prover(rules);
        let was =
            prover.allows_null(ProofOperand(DefinitionSide::Before, &old)).unwrap_or_else(|| self.before.allows_null());
        let is =
            prover.allows_null(ProofOperand(DefinitionSide::After, &new)).unwrap_or_else(|| self.after.allows_null());
        (was, is)
    }

    /// Says whether `null` is allowed now, where that differs.
    pub(super) fn tell_null(&mut self) {
        let place = |view: &SchemaView<'d>| {
            let keyword = view.first("type").map(|(schema, _)| schema.key_location("type"));
            keyword.or_else(|| view.outermost().map(Node::location))
        };
        let (before, after) = (place(&self.before), place(&self.after));
        let (was, is) = self.allow_null();
        match (was, is) {
            (false, true) => self.add(kinds::NULL_ALLOWED, "null was not allowed and is", before, after),
            (true, false) => self.add(kinds::NULL_REFUSED, "null was allowed and is not", before, after),
            _ => {}
        }
    }
}
