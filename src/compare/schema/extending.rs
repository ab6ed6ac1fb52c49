//! Schemas that extend one with a discriminator by `allOf` (OpenAPI 3.1.1, section 4.8.25): the discriminator chooses
//! among them as among alternatives, without a list of them.
//!
//! A validator takes any value that the base allows. A client, and a backend that is generated, chooses the schema by
//! the discriminator, so that each of them is compared as an alternative is.

use super::alternative::NamedSchema;
use super::choice::{AlternativeMatching, signature};
use super::comparison::PairComparison;
use super::context::{AlternativeName, Context, KeptValues, SchemaStep, ToldChanges};
use super::discriminator;
use super::proof::DefinitionSide;
use super::sets::SchemaSets;
use super::view::SchemaView;
use crate::compare::excerpt::quoted;
use crate::compare::kinds;
use crate::definition::NodeId;

/// Compares the schemas that extend those of a pair, where a discriminator without alternatives chooses among them.
pub(super) fn compare(comparing: &mut PairComparison<'_, '_>) {
    let has_discriminator = |view: &SchemaView<'_>| view.first("discriminator").is_some();
    let has_choices = |view: &SchemaView<'_>| !view.choices.is_empty();
    let (before, after) = (&comparing.before, &comparing.after);
    if comparing.context.told.discriminator || has_choices(before) || has_choices(after) {
        return;
    }
    let mut pairs = Vec::new();
    if has_discriminator(before) && has_discriminator(after) {
        let was = comparing.schemas.extending(DefinitionSide::Before).of_view(&comparing.before);
        let is = comparing.schemas.extending(DefinitionSide::After).of_view(&comparing.after);
        pairs = schemas(comparing, &was, &is);
    }
    discriminator::compare(comparing, &pairs);
}

/// Brings the schemas together that belong together, and reports the others; returns the former.
fn schemas<'d>(
    comparing: &mut PairComparison<'_, 'd>,
    was: &[NamedSchema<'d>],
    is: &[NamedSchema<'d>],
) -> Vec<(NamedSchema<'d>, NamedSchema<'d>)> {
    let mut pairs = Vec::new();
    let partners = partners(comparing, was, is);
    let (before, after) = comparing.schemas_of_sides();
    let with = |set: &[NodeId], schema: NamedSchema<'d>| -> Vec<NodeId> {
        set.iter().copied().chain([schema.node.id()]).collect()
    };
    for (old, partner) in was.iter().zip(&partners) {
        let name = old.name.unwrap_or_default();
        let Some(new) = partner.and_then(|partner| is.get(partner)) else {
            let message = format!("the schema {}, which extends it, was removed", quoted(name));
            let place = Some(old.node.location());
            comparing.add_beyond_values(kinds::DISCRIMINATOR_VALUE_REMOVED, message, place, None);
            continue;
        };
        pairs.push((*old, *new));
        // A proof for the values that the base allows says nothing of a schema that is chosen among them.
        let context = Context {
            told: ToldChanges { null: true, discriminator: true },
            kept: KeptValues::default(),
            around: None,
            ..comparing.context
        };
        let step = SchemaStep::Alternative("discriminator", AlternativeName::Name(new.name.unwrap_or(name)));
        comparing.lead_to_extending(step, with(&before, *old), with(&after, *new), context);
    }
    for (_, new) in is.iter().enumerate().filter(|(index, _)| !partners.contains(&Some(*index))) {
        let message = format!("the schema {}, which extends it, was added", quoted(new.name.unwrap_or_default()));
        let place = Some(new.node.location());
        comparing.add_beyond_values(kinds::DISCRIMINATOR_VALUE_ADDED, message, None, place);
    }
    pairs
}

/// Finds for each schema of before the one that it became: of its name, of its value, of its constants.
fn partners<'d>(
    comparing: &mut PairComparison<'_, 'd>,
    was: &[NamedSchema<'d>],
    is: &[NamedSchema<'d>],
) -> Vec<Option<usize>> {
    let mut matching = AlternativeMatching::new(was.len(), is.len());
    let names = |list: &[NamedSchema<'d>]| list.iter().map(|one| one.name).collect::<Vec<_>>();
    matching.apply(&names(was), &names(is));
    let values = |view: &SchemaView<'d>, list: &[NamedSchema<'d>]| {
        let discriminator = view.first("discriminator").map(|(_, node)| node);
        let value = |one: &NamedSchema<'d>| discriminator::mapped_value(discriminator?, one.name?);
        list.iter().map(value).collect::<Vec<_>>()
    };
    matching.apply(&values(&comparing.before, was), &values(&comparing.after, is));
    let steps = &mut comparing.schemas.steps_left;
    let mut tags = |sets: &mut SchemaSets<'d>, list: &[NamedSchema<'d>]| -> Vec<Option<u64>> {
        list.iter().map(|one| signature(sets, &[one.node.id()], steps).tag).collect()
    };
    let (was, is) = (tags(&mut comparing.schemas.before, was), tags(&mut comparing.schemas.after, is));
    matching.apply(&was, &is);
    matching.partners
}
