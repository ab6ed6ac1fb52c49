//! Compares the discriminators of alternatives: their properties, and what their values mean (OpenAPI 3.1.1, section
//! 4.8.25).

use std::collections::HashMap;

use super::alternative::NamedSchema;
use super::comparison::PairComparison;
use super::view::SchemaView;
use crate::compare::excerpt::quoted;
use crate::compare::kinds;
use crate::definition::{Definition, Node};
use crate::model::Location;

/// A value of a discriminator, with the schema that it stands for and the place that says so.
struct DiscriminatorValue<'d> {
    value: &'d str,
    schema: &'d str,
    place: Location,
}

/// Compares the discriminators, given the schemas to choose that belong together.
pub(super) fn compare<'d>(comparing: &mut PairComparison<'_, 'd>, pairs: &[(NamedSchema<'d>, NamedSchema<'d>)]) {
    let of = |view: &SchemaView<'d>| view.first("discriminator").map(|(_, node)| node);
    let (old, new) = match (of(&comparing.before), of(&comparing.after)) {
        (None, None) => return,
        (None, Some(new)) => {
            let message = "a discriminator was added";
            return comparing.add_beyond_values(kinds::DISCRIMINATOR_ADDED, message, None, Some(new.location()));
        }
        (Some(old), None) => {
            let message = "the discriminator was removed";
            return comparing.add_beyond_values(kinds::DISCRIMINATOR_REMOVED, message, Some(old.location()), None);
        }
        (Some(old), Some(new)) => (old, new),
    };
    let name = |node: Node<'d>| node.get("propertyName").and_then(Node::as_str).unwrap_or_default();
    if name(old) != name(new) {
        let message = format!("the discriminator was {} and is {}", quoted(name(old)), quoted(name(new)));
        let places = (Some(old.location()), Some(new.location()));
        comparing.add_beyond_values(kinds::DISCRIMINATOR_CHANGED, message, places.0, places.1);
    }
    let renamed: Vec<(&str, &str)> = pairs.iter().filter_map(|(old, new)| Some((old.name?, new.name?))).collect();
    let steps = &mut comparing.schemas.steps_left;
    let mut named = |definition: &'d Definition, schema: NamedSchema<'d>, property: &str| {
        schema.name.filter(|_| !lists_values(definition, schema.node, property, steps))
    };
    let (before, after) = (comparing.schemas.before.definition, comparing.schemas.after.definition);
    let was: Vec<&str> = pairs.iter().filter_map(|(one, _)| named(before, *one, name(old))).collect();
    let is: Vec<&str> = pairs.iter().filter_map(|(_, one)| named(after, *one, name(new))).collect();
    let (was, is) = (values(old, was), values(new, is));
    let by_value = |values: &[DiscriminatorValue<'d>]| -> HashMap<&'d str, usize> {
        values.iter().enumerate().map(|(index, known)| (known.value, index)).collect()
    };
    let (known, kept) = (by_value(&was), by_value(&is));
    for old in &was {
        let place = Some(old.place.clone());
        let Some(new) = kept.get(old.value).and_then(|index| is.get(*index)) else {
            let message = format!("{} no longer maps to {}", quoted(old.value), quoted(old.schema));
            comparing.add_beyond_values(kinds::DISCRIMINATOR_VALUE_REMOVED, message, place, None);
            continue;
        };
        // A schema with another name is the same alternative, and its contents are compared there.
        if old.schema != new.schema && !renamed.contains(&(old.schema, new.schema)) {
            let (value, was, is) = (quoted(old.value), quoted(old.schema), quoted(new.schema));
            let message = format!("{value} mapped to {was} and maps to {is}");
            comparing.add_beyond_values(kinds::DISCRIMINATOR_CHANGED, message, place, Some(new.place.clone()));
        }
    }
    fallback(comparing, (old, new), &renamed);
    for new in is.iter().filter(|new| !known.contains_key(new.value)) {
        let message = format!("{} maps to {}", quoted(new.value), quoted(new.schema));
        comparing.add_beyond_values(kinds::DISCRIMINATOR_VALUE_ADDED, message, None, Some(new.place.clone()));
    }
}

/// Compares the schemas of all values that are not mapped (OpenAPI 3.2, section 4.25).
fn fallback<'d>(comparing: &mut PairComparison<'_, 'd>, (old, new): (Node<'d>, Node<'d>), renamed: &[(&str, &str)]) {
    let of = |node: Node<'d>| node.get("defaultMapping").map(|to| (to, mapped_name(to)));
    match (of(old), of(new)) {
        (Some((old, was)), Some((new, is))) if was != is && !renamed.contains(&(was, is)) => {
            let message = format!("other values mapped to {} and map to {}", quoted(was), quoted(is));
            let places = (Some(old.location()), Some(new.location()));
            comparing.add_beyond_values(kinds::DISCRIMINATOR_CHANGED, message, places.0, places.1);
        }
        (Some((old, was)), None) => {
            let message = format!("other values no longer map to {}", quoted(was));
            comparing.add_beyond_values(kinds::DISCRIMINATOR_VALUE_REMOVED, message, Some(old.location()), None);
        }
        (None, Some((new, is))) => {
            let message = format!("other values map to {}", quoted(is));
            comparing.add_beyond_values(kinds::DISCRIMINATOR_VALUE_ADDED, message, None, Some(new.location()));
        }
        _ => {}
    }
}

/// Returns the value that a discriminator maps to a schema.
pub(super) fn mapped_value<'d>(discriminator: Node<'d>, schema: &str) -> Option<&'d str> {
    let mut entries = discriminator.get("mapping").into_iter().flat_map(Node::entries);
    entries.find(|(_, to)| mapped_name(*to) == schema).map(|(value, _)| value)
}

/// Returns the name of the schema in the mapping of a discriminator.
fn mapped_name(to: Node<'_>) -> &str {
    to.as_str().and_then(|text| text.rsplit(['/', '#']).next()).unwrap_or_default()
}

/// True if an alternative lists the values of its discriminator itself, whatever its name.
fn lists_values(definition: &Definition, alternative: Node<'_>, property: &str, steps: &mut usize) -> bool {
    let view = SchemaView::open(definition, &[alternative.id()], steps);
    let is_listed = |schema: Node<'_>| schema.get("enum").is_some() || schema.get("const").is_some();
    view.properties(steps)
        .get(property)
        .is_some_and(|found| found.schemas.iter().any(|id| is_listed(definition.node(*id))))
}

/// Lists the values of a discriminator: those that are mapped, and the names of alternatives that no value is mapped
/// to. One that names its own schema needs no mapping.
fn values<'d>(discriminator: Node<'d>, alternatives: Vec<&'d str>) -> Vec<DiscriminatorValue<'d>> {
    let entries = discriminator.get("mapping").into_iter().flat_map(Node::entries);
    let mapped = entries.map(|(value, to)| DiscriminatorValue { value, schema: mapped_name(to), place: to.location() });
    let mut values: Vec<DiscriminatorValue<'d>> = mapped.collect();
    let mut named: Vec<&'d str> =
        alternatives.into_iter().filter(|name| values.iter().all(|known| known.schema != *name)).collect();
    named.dedup();
    values.extend(named.into_iter().map(|name| DiscriminatorValue {
        value: name,
        schema: name,
        place: discriminator.location(),
    }));
    values
}
