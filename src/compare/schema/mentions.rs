//! Properties that schemas speak of in any of the places that apply to the value itself, and not in `properties` alone:
//! an alternative, a condition, a pattern, a list of required names.
//!
//! A property that is mentioned nowhere is taken not to be sent, so that a new optional one breaks nobody. One that is
//! mentioned may be sent, and what came beside it has to be proven harmless.

use std::collections::BTreeSet;

use super::comparison::PairComparison;
use super::context::{Context, SchemaStep};
use super::proof::{DefinitionSide, GoalRules, ProofOperand, ValueWriting};
use super::properties::PropertyView;
use super::property_mentions::PropertyMentions;
use super::sets::SetId;
use super::undeclared::{LeftOver, UndeclaredProperties};
use super::view::SchemaView;
use super::xml;
use crate::compare::excerpt;
use crate::compare::kinds::{self, Kind, Polarity};
use crate::compare::media_partners::says_bytes_alone;
use crate::definition::{Definition, NodeId, ValueDirection};
use crate::model::Location;

/// Keywords that speak of properties, or judge what others describe, beside alternatives.
const KEYWORDS: [&str; 10] = [
    "properties",
    "patternProperties",
    "additionalProperties",
    "unevaluatedProperties",
    "unevaluatedItems",
    "propertyNames",
    "required",
    "dependentRequired",
    "dependentSchemas",
    "if",
];

/// Treatment of a property by the side whose `properties` lack it.
struct PropertyDescription {
    /// True if it is declared for every value all the same, by an alternative or a schema around it.
    is_declared: bool,
    /// True if the schemas that the other side has for the property refuse nothing that this side allows.
    is_bound: bool,
}

impl<'d> PairComparison<'_, 'd> {
    /// Reports the schemas of a property that one side alone declares here, where the other side describes it elsewhere
    /// and they refuse what that allows; true if the property is declared there for every value, so that it did not
    /// come or go.
    pub(super) fn tell_moved(
        &mut self,
        side: DefinitionSide,
        property: &PropertyView<'d>,
        others: &UndeclaredProperties,
    ) -> bool {
        if self.context.polarity != Polarity::Same {
            return false;
        }
        let PropertyDescription { is_declared, is_bound } =
            self.describe(side, property.name, &property.schemas, others);
        let is_declared = is_declared && *others == UndeclaredProperties::Anything;
        let name = excerpt::quoted(property.name);
        let place = Some(property.declared.key_location(property.name));
        match side {
            _ if is_bound => {}
            DefinitionSide::Before if is_declared || self.context.direction == ValueDirection::Request => {
                let message = format!("the property {name}, which was described elsewhere, has one more schema");
                self.add(kinds::CONSTRAINT_ADDED, message, None, place);
            }
            DefinitionSide::After if is_declared => {
                let message = format!("the property {name}, which is described elsewhere, has one schema fewer");
                self.add(kinds::CONSTRAINT_REMOVED, message, place, None);
            }
            _ => {}
        }
        is_declared
    }

    /// Brings the schemas of a property together that both sides declare; by its value where further schemas apply to
    /// it, which must hold for the same reading of its text.
    pub(super) fn lead_to_property(&mut self, old: &PropertyView<'d>, new: &PropertyView<'d>) {
        if self.are_parts_of_bytes(&old.schemas, &new.schemas) {
            return;
        }
        let (before, after) = (old.schemas.clone(), new.schemas.clone());
        let is_shared = self.context.writing != ValueWriting::Json && self.has_further_schemas(old.name);
        let keeps_element_name = self.context.is_xml && {
            let steps = &mut self.schemas.steps_left;
            xml::element_name(self.schemas.before.definition, old.name, &before, steps)
                == xml::element_name(self.schemas.after.definition, new.name, &after, steps)
        };
        self.lead_to_value(old.name, before, after, keeps_element_name, is_shared);
    }

    /// True if a part of a multipart body consists of bytes on both sides, in whichever words.
    fn are_parts_of_bytes(&self, before: &[NodeId], after: &[NodeId]) -> bool {
        let form = self.context.form.and_then(|form| self.schemas.forms.get(form as usize));
        let is_multipart = self.context.writing == ValueWriting::Form
            && form.is_some_and(|(before, after)| before.is_multipart() && after.is_multipart());
        let are_bytes =
            |definition: &'d Definition, ids: &[NodeId]| ids.iter().all(|id| says_bytes_alone(definition.node(*id)));
        is_multipart
            && are_bytes(self.schemas.before.definition, before)
            && are_bytes(self.schemas.after.definition, after)
    }

    fn has_further_schemas(&mut self, name: &str) -> bool {
        const OTHERS: [&str; 3] = ["patternProperties", "dependentSchemas", "if"];
        let steps = &mut self.schemas.steps_left;
        let mut has = |definition: &'d Definition, view: &SchemaView<'d>| {
            let alternatives: Vec<NodeId> =
                view.choices.iter().flat_map(|choice| &choice.alternatives).map(|node| node.id()).collect();
            OTHERS.iter().any(|keyword| view.first(keyword).is_some())
                || PropertyMentions::of(definition, &alternatives, None, steps).may_have(name)
        };
        self.context.around.is_some()
            || has(self.schemas.before.definition, &self.before)
            || has(self.schemas.after.definition, &self.after)
    }

    /// Tells how the side that does not declare a property here treats it, compared with the schemas of the other side.
    /// A schema that it has here for properties that are not declared is compared apart.
    fn describe(
        &mut self,
        side: DefinitionSide,
        name: &'d str,
        schemas: &[NodeId],
        others: &UndeclaredProperties,
    ) -> PropertyDescription {
        let whole = self.whole_of(side);
        let definition = self.definition(side);
        let mut mentions = PropertyMentions::of(definition, &whole, None, &mut self.schemas.steps_left);
        mentions.has_additional &= !matches!(others, UndeclaredProperties::Schemas(_));
        if !mentions.may_have(name) {
            return PropertyDescription { is_declared: false, is_bound: true };
        }
        let other = side.other();
        let whole = [ProofOperand(side, &whole)];
        // One that an alternative or a condition describes may be there where another one holds.
        let names: BTreeSet<&'d str> = mentions.names.into_iter().filter(|known| *known == name).collect();
        let declared_only = Some(self.schemas.proofs.number_names(names));
        // By the values: other schemas may hold for another reading of the same text.
        let rules = GoalRules { declared_only, ..GoalRules::JSON };
        let is_bound = self.schemas.prover(rules).binds(&whole, name, ProofOperand(other, schemas));
        let is_declared = self.schemas.prover(GoalRules::JSON).declares(&whole, name);
        PropertyDescription { is_declared, is_bound }
    }

    /// Lists the schemas that apply to the value on one side: those compared here, and those around them.
    pub(super) fn whole_of(&self, side: DefinitionSide) -> Vec<NodeId> {
        let of = |around: Option<SetId>, own: SetId, sets: &super::sets::SchemaSets<'d>| {
            let mut whole: Vec<NodeId> = around.into_iter().flat_map(|around| sets.schemas(around)).copied().collect();
            whole.extend(sets.schemas(own));
            whole.sort_unstable();
            whole.dedup();
            whole
        };
        let around = self.context.around;
        match side {
            DefinitionSide::Before => of(around.map(|sets| sets.0), self.sets.0, &self.schemas.before),
            DefinitionSide::After => of(around.map(|sets| sets.1), self.sets.1, &self.schemas.after),
        }
    }

    pub(super) fn definition(&self, side: DefinitionSide) -> &'d Definition {
        match side {
            DefinitionSide::Before => self.schemas.before.definition,
            DefinitionSide::After => self.schemas.after.definition,
        }
    }

    /// Returns the context of schemas that apply to the same value, with those here around them.
    pub(super) fn context_within(&mut self, step: &SchemaStep<'d>, context: Context) -> Context {
        let speaks = |view: &SchemaView<'d>| KEYWORDS.iter().any(|keyword| view.first(keyword).is_some());
        let is_within = match step {
            SchemaStep::Alternative(..) => {
                // The choice that is compared was taken out of the view, so that any other one speaks for itself.
                context.around.is_some() || speaks(&self.before) || speaks(&self.after) || self.has_further_choices
            }
            SchemaStep::Keyword("then" | "else" | "dependentSchemas") => true,
            _ => return Context { around: None, ..context },
        };
        if !is_within {
            return context;
        }
        let (before, after) = (self.whole_of(DefinitionSide::Before), self.whole_of(DefinitionSide::After));
        let context = if context.writing.is_text() { context.by_value() } else { context };
        Context { around: Some((self.schemas.before.number(before), self.schemas.after.number(after))), ..context }
    }

    /// True if schemas around one side's refuse, or bind to a schema, what nothing describes: what is described here is
    /// let in then, unless a proof for the whole value says that it is not.
    pub(super) fn is_judged_around(&mut self, side: DefinitionSide, left: LeftOver) -> bool {
        let Some((before, after)) = self.context.around else { return false };
        let steps = &mut self.schemas.steps_left;
        let view = match side {
            DefinitionSide::Before => self.schemas.before.open(before, steps),
            DefinitionSide::After => self.schemas.after.open(after, steps),
        };
        left.is_judged(&view)
    }

    /// True if one side refuses, or binds to a schema, what nothing describes, here or in the schemas around.
    pub(super) fn judges(&mut self, side: DefinitionSide, left: LeftOver) -> bool {
        let view = match side {
            DefinitionSide::Before => &self.before,
            DefinitionSide::After => &self.after,
        };
        left.is_judged(view) || self.is_judged_around(side, left)
    }

    /// Returns the parts that schemas around judge where nothing describes them, if any: for those, a schema that
    /// refuses nothing makes a difference too.
    pub(super) fn judged_around(&mut self) -> Option<LeftOver> {
        [LeftOver::Properties, LeftOver::Items].into_iter().find(|left| {
            self.is_judged_around(DefinitionSide::Before, *left) || self.is_judged_around(DefinitionSide::After, *left)
        })
    }

    /// Adds a change of the values of the whole: those that the schemas here allow may stay, while the schemas around
    /// judge what these do not describe.
    pub(super) fn add_to_whole(
        &mut self,
        left: LeftOver,
        kind: Kind,
        message: impl Into<String>,
        before: Option<Location>,
        after: Option<Location>,
    ) {
        let is_judged =
            self.is_judged_around(DefinitionSide::Before, left) || self.is_judged_around(DefinitionSide::After, left);
        let own = self.kept;
        if is_judged {
            self.kept = self.context.kept;
        }
        self.add(kind, message, before, after);
        self.kept = own;
    }
}
