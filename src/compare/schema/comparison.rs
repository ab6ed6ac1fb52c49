//! A pair of sets of schemas while it is compared: its changes so far, proofs, and the pairs that it leads to.

use super::context::{Context, KeptValues, PairId, SchemaStep, ToldChanges};
use super::proof::{DefinitionSide, GoalRules, ProofOperand, ValueWriting};
use super::sets::SetId;
use super::table::SchemaTable;
use super::view::SchemaView;
use super::writing::ListWriting;
use crate::compare::kinds::{self, ChangeEffect, Kind, Polarity};
use crate::compare::output::{FieldChange, RawChange};
use crate::definition::{Node, NodeId, ValueDirection};
use crate::model::Location;

/// A pair while it is compared.
pub(super) struct PairComparison<'s, 'd> {
    pub(super) schemas: &'s mut SchemaTable<'d>,
    pub(super) context: Context,
    pub(super) before: SchemaView<'d>,
    pub(super) after: SchemaView<'d>,
    pub(super) sets: (SetId, SetId),
    /// Guarantees for the values of the whole, proven by this pair or those around it.
    pub(super) kept: KeptValues,
    pub(super) found: Vec<RawChange>,
    pub(super) leads_to: Vec<(SchemaStep<'d>, PairId)>,
    /// True if there are choices beside the one that is compared.
    pub(super) has_further_choices: bool,
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

    /// Adds a change of a field that has no bearing on the values that are allowed.
    pub(super) fn add_field(
        &mut self,
        kind: Kind,
        change: FieldChange,
        before: Option<Location>,
        after: Option<Location>,
    ) {
        let effect = kind.effect.under(self.context.polarity);
        let found = RawChange::directed(kind, effect, self.context.direction, change.message);
        self.found.push(found.told(change.for_callers).at(before, after));
    }

    /// Brings two sets together that belong to a step from here.
    pub(super) fn lead(&mut self, step: SchemaStep<'d>, before: Vec<NodeId>, after: Vec<NodeId>, polarity: Polarity) {
        let context = Context { polarity: polarity.within(self.context.polarity), ..self.context_of(&step) };
        self.lead_in(step, before, after, context);
    }

    /// Brings the schemas of a property together, as JSON or as they are written.
    pub(super) fn lead_to_value(
        &mut self,
        name: &'d str,
        before: Vec<NodeId>,
        after: Vec<NodeId>,
        keeps_element_name: bool,
        by_value: bool,
    ) {
        let step = SchemaStep::Property(name);
        let polarity = self.context.polarity;
        let context = Context { polarity, keeps_element_name, ..self.context_of(&step) };
        self.lead_in(step, before, after, if by_value { context.by_value() } else { context });
    }

    /// Brings two alternatives together of which something is proven already, compared as JSON where they are not to be
    /// compared by their text.
    pub(super) fn lead_to_alternative(
        &mut self,
        step: SchemaStep<'d>,
        before: Vec<NodeId>,
        after: Vec<NodeId>,
        kept: KeptValues,
        by_value: bool,
    ) {
        let context = self.context_of(&step);
        let kept = context.kept.either(kept.under(context.polarity));
        let context = Context { kept, ..context };
        self.lead_in(step, before, after, if by_value { context.by_value() } else { context });
    }

    /// Brings a schema and an alternative together, `null` being told already where that stands beside them.
    pub(super) fn lead_to_whole(
        &mut self,
        step: SchemaStep<'d>,
        before: Vec<NodeId>,
        after: Vec<NodeId>,
        null_told: bool,
        by_value: bool,
    ) {
        let of_step = self.context_of(&step);
        let context = Context { told: ToldChanges { null: null_told, ..of_step.told }, ..of_step };
        self.lead_in(step, before, after, if by_value { context.by_value() } else { context });
    }

    /// Brings a pair of schemas together that a discriminator chooses for the value, in a context of their own.
    pub(super) fn lead_to_extending(
        &mut self,
        step: SchemaStep<'d>,
        before: Vec<NodeId>,
        after: Vec<NodeId>,
        context: Context,
    ) {
        if let Some(pair) = self.schemas.meet(before, after, context) {
            self.leads_to.push((step, pair));
        }
    }

    fn context_of(&self, step: &SchemaStep<'d>) -> Context {
        let json = Context::JSON_LISTS;
        let outer = Context {
            told: ToldChanges::default(),
            keeps_element_name: false,
            is_property: matches!(step, SchemaStep::Property(_)),
            kept: self.kept,
            ..self.context
        };
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
        let writing = if before.is_styled(name) && after.is_styled(name) {
            ValueWriting::Text
        } else if is_json {
            ValueWriting::Json
        } else {
            ValueWriting::Field
        };
        Some((writing, lists))
    }

    fn lead_in(&mut self, step: SchemaStep<'d>, before: Vec<NodeId>, after: Vec<NodeId>, context: Context) {
        let context = self.context_within(&step, context);
        if let Some(pair) = self.schemas.meet(before, after, context) {
            self.leads_to.push((step, pair));
        }
    }

    /// True if it is proved that each value that satisfies the schemas on the left satisfies those on the right.
    pub(super) fn includes(&mut self, left: &[ProofOperand<'_>], right: ProofOperand<'_>, rules: GoalRules) -> bool {
        self.schemas.prover(rules).includes(left, right)
    }

    /// True if it is proved that no value satisfies the schemas, but for those that satisfy others.
    pub(super) fn is_empty(&mut self, left: &[ProofOperand<'_>], others: Option<ProofOperand<'_>>) -> bool {
        let rules = self.rules();
        self.schemas.prover(rules).is_empty(left, others)
    }

    pub(super) fn rules(&self) -> GoalRules {
        let form = self.context.form.and_then(|form| self.schemas.forms.get(form as usize));
        let has_json = form.is_some_and(|(before, after)| before.has_json() || after.has_json());
        let writing = if has_json { ValueWriting::Json } else { self.context.writing };
        let (old, new) = self.context.lists;
        let single_lists = (old == new && old != ListWriting::Json).then_some(old);
        let has_empty_text = old.has_empty_text() || new.has_empty_text();
        GoalRules { writing, declared_only: None, without_null: false, single_lists, has_empty_text }
    }

    /// Returns the schemas of both sides.
    pub(super) fn schemas_of_sides(&self) -> (Vec<NodeId>, Vec<NodeId>) {
        let (before, after) = self.sets;
        (self.schemas.before.schemas(before).to_vec(), self.schemas.after.schemas(after).to_vec())
    }

    /// Tries to prove that the values stay, first those that matter to who sends or reads them.
    pub(super) fn prove(&mut self) {
        if self.kept.is_all() {
            return;
        }
        let (before, after) = self.schemas_of_sides();
        let (old, new) = (ProofOperand(DefinitionSide::Before, &before), ProofOperand(DefinitionSide::After, &after));
        // By the values, where schemas around have to hold for the same reading of the text.
        let rules = if self.context.around.is_some() { GoalRules::JSON } else { self.rules() };
        let rules = GoalRules { without_null: self.context.told.null, ..rules };
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

    /// Returns the locations of the schemas.
    pub(super) fn places(&self) -> (Option<Location>, Option<Location>) {
        (self.before.outermost().map(Node::location), self.after.outermost().map(Node::location))
    }

    /// Returns for each side whether `null` is allowed.
    pub(super) fn allow_null(&mut self) -> (bool, bool) {
        let (old, new) = self.schemas_of_sides();
        let rules = self.rules();
        let mut prover = self.schemas.prover(rules);
        let was =
            prover.allows_null(ProofOperand(DefinitionSide::Before, &old)).unwrap_or_else(|| self.before.allows_null());
        let is =
            prover.allows_null(ProofOperand(DefinitionSide::After, &new)).unwrap_or_else(|| self.after.allows_null());
        (was, is)
    }

    /// Reports that `null` became allowed, or is no longer.
    pub(super) fn tell_null(&mut self) {
        let (before, after) = (self.before.type_location(), self.after.type_location());
        let (was, is) = self.allow_null();
        let (kind, message) = match (was, is) {
            (false, true) => (kinds::NULL_ALLOWED, "null was not allowed and is"),
            (true, false) => (kinds::NULL_REFUSED, "null was allowed and is not"),
            _ => return,
        };
        if self.kept.is_all() && self.context.writing.is_text() {
            // Its texts are values of another type too: nothing is refused, and what is read differs.
            let found = RawChange::directed(kind, ChangeEffect::Keeps, self.context.direction, message);
            return self.found.push(found.at(before, after));
        }
        self.add(kind, message, before, after);
    }
}
