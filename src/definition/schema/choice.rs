//! Choice among alternatives: `oneOf` and `anyOf`, with or without a discriminator.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::collection::property_schemas;
use super::goal::{CONTRADICTION, NO_SINGLE, SampleGoal, SampleRequest, SampleState};
use super::shape::{SchemaShape, is_annotation};
use super::types::TypeSet;
use crate::definition::document::Node;

/// The number of values tried for each alternative of a `oneOf`.
const VARIANTS: usize = 6;
/// The depth of the objects in an object that are modified until only one alternative allows it.
const MOST_LEVELS_APART: usize = 3;
/// The maximum number of values in alternatives that are compared with each other.
const MOST_COMPARED: usize = 2_000;

/// A keyword that lists alternatives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alternatives {
    /// A value matches exactly one.
    OneOf,
    /// A value matches at least one.
    AnyOf,
}

impl Alternatives {
    const ALL: [Self; 2] = [Self::OneOf, Self::AnyOf];

    const fn keyword(self) -> &'static str {
        match self {
            Self::OneOf => "oneOf",
            Self::AnyOf => "anyOf",
        }
    }
}

/// An attempt to generate a value by one alternative of a list.
struct AlternativeAttempt<'a, 'd> {
    /// The goal whose schemas list the alternatives.
    goal: &'a SampleGoal<'d>,
    list: Node<'d>,
    branch: Node<'d>,
    want: SampleRequest,
}

impl<'d> AlternativeAttempt<'_, 'd> {
    /// Returns the goal with the alternative chosen.
    fn own_goal(&self) -> SampleGoal<'d> {
        let mut own = self.goal.clone();
        own.settled.push(self.list.id());
        own.schemas.push(self.branch);
        own
    }

    fn others(&self) -> impl Iterator<Item = Node<'d>> {
        let own = self.branch.id();
        self.list.items().filter(move |other| other.id() != own)
    }
}

/// Lists the alternatives in the order in which they are tried, with the values that are asked for: of each `oneOf`
/// several variants, with optional properties and then without.
fn attempts(
    alternatives: Alternatives,
    list: Node<'_>,
    want: SampleRequest,
) -> impl Iterator<Item = (Node<'_>, SampleRequest)> {
    let variants = match alternatives {
        Alternatives::OneOf => VARIANTS,
        Alternatives::AnyOf => 1,
    };
    let without_optional = want.optional.then_some(false);
    std::iter::once(want.optional).chain(without_optional).flat_map(move |optional| {
        (want.variant..want.variant + variants).flat_map(move |variant| {
            list.items().map(move |branch| (branch, SampleRequest { variant, optional, ..want }))
        })
    })
}

impl<'d> SampleState<'_, 'd> {
    /// Chooses an alternative: the first whose value fits the whole schema.
    pub(super) fn chosen(
        &mut self,
        goal: &SampleGoal<'d>,
        schema: Node<'d>,
        alternatives: Alternatives,
        list: Node<'d>,
        want: SampleRequest,
    ) -> Option<Value> {
        let is_one_of = alternatives == Alternatives::OneOf;
        let discriminator = Discriminator::of(schema);
        // A discriminator selects an alternative even among equal ones.
        if is_one_of && self.terms.allows_several && discriminator.is_none() && is_never_single(list) {
            self.blame(Some(schema.id()), NO_SINGLE);
            return None;
        }
        for (branch, want) in attempts(alternatives, list, want) {
            let attempt = AlternativeAttempt { goal, list, branch, want };
            let mut own = attempt.own_goal();
            let told = discriminator.as_ref().and_then(|discriminator| discriminator.value_for(branch));
            for discriminated in told.map(Some).into_iter().chain([None]) {
                own.discriminated = discriminated.or_else(|| goal.discriminated.clone());
                let Some(value) = self.value(&own, want) else { continue };
                if self.fits(&value, &goal.schemas) {
                    return Some(value);
                }
                let apart = if is_one_of { self.apart(&attempt, &own, value) } else { None };
                if apart.is_some() {
                    return apart;
                }
            }
            if let Some(value) = self.of_another_type(goal, &own, want) {
                return Some(value);
            }
            if self.is_spent() {
                return None;
            }
        }
        if is_one_of {
            self.overlap.get_or_insert(schema.id());
        }
        self.blame(Some(schema.id()), if is_one_of { NO_SINGLE } else { CONTRADICTION });
        None
    }

    /// Generates a value of a type that is not the likeliest of an alternative: another one may allow that, too.
    fn of_another_type(&mut self, goal: &SampleGoal<'d>, own: &SampleGoal<'d>, want: SampleRequest) -> Option<Value> {
        let shape = SchemaShape::of(&own.schemas, self.specification);
        let others = shape.type_order().into_iter().skip(1);
        // Without a declared type every alternative allows them all.
        let others: Vec<TypeSet> = if shape.types() == TypeSet::ANY { Vec::new() } else { others.collect() };
        others.into_iter().find_map(|types| {
            let value = self.of_type(own, &shape, types, want)?;
            self.fits(&value, &goal.schemas).then_some(value)
        })
    }

    /// Generates a value that only its own alternative allows, in place of one that several allow: within other bounds,
    /// or an object without a property that another one requires, or with one of a type that only its own allows.
    fn apart(&mut self, attempt: &AlternativeAttempt<'_, 'd>, own: &SampleGoal<'d>, value: Value) -> Option<Value> {
        let AlternativeAttempt { goal, branch, want, .. } = *attempt;
        if !self.terms.allows_several && own.others.is_empty() {
            let fault = self.fault;
            let next = SampleGoal { others: attempt.others().collect(), ..own.clone() };
            if let Some(value) = self.value(&next, want).filter(|value| self.fits(value, &goal.schemas)) {
                return Some(value);
            }
            // The alternative is at fault for what the schemas say, not for a bound that this attempt set.
            self.fault = fault;
        }
        let Value::Object(mut map) = value else { return None };
        let told = own.discriminated.as_ref().map(|(name, _)| name.as_str());
        for other in attempt.others() {
            if !self.fits(&Value::Object(map.clone()), &[other]) {
                continue;
            }
            map = self.apart_from(&[other], &[branch], told, &map, 0)?;
        }
        let value = Value::Object(map);
        self.fits(&value, &goal.schemas).then_some(value)
    }

    /// Modifies an object, or one within it, until another alternative does not allow it; `told` is the property of the
    /// discriminator.
    fn apart_from(
        &mut self,
        other: &[Node<'d>],
        branch: &[Node<'d>],
        told: Option<&str>,
        map: &Map<String, Value>,
        level: usize,
    ) -> Option<Map<String, Value>> {
        let shape = SchemaShape::of(other, self.specification);
        let mut names: Vec<&str> = shape.properties().iter().map(|property| property.name).collect();
        names.extend(shape.required());
        names.retain(|name| told != Some(name));
        for name in &names {
            let foreign =
                [Value::from("text"), Value::from(0), Value::from(true), Value::Null, Value::Array(Vec::new())];
            for changed in foreign.into_iter().map(Some).chain([None]) {
                let mut next = map.clone();
                match changed {
                    Some(value) => next.insert((*name).to_owned(), value),
                    None => next.remove(*name),
                };
                let next = Value::Object(next);
                if !self.fits(&next, other) && self.fits(&next, branch) {
                    let Value::Object(next) = next else { return None };
                    return Some(next);
                }
                if self.is_spent() {
                    return None;
                }
            }
        }
        let own = SchemaShape::of(branch, self.specification);
        for name in names.into_iter().filter(|_| level < MOST_LEVELS_APART) {
            let Some(below) = map.get(name).map_or(Some(&Map::new()), Value::as_object).cloned() else { continue };
            let [other_below, own_below] = [&shape, &own].map(|shape| property_schemas(shape, name, self.patterns));
            let Some(below) = self.apart_from(&other_below, &own_below, None, &below, level + 1) else { continue };
            let mut next = map.clone();
            next.insert(name.to_owned(), Value::Object(below));
            let next = Value::Object(next);
            if !self.fits(&next, other) && self.fits(&next, branch) {
                let Value::Object(next) = next else { return None };
                return Some(next);
            }
        }
        None
    }

    /// Builds an object that inherits a discriminator, whose property must be the name of the schema that is built.
    pub(super) fn inherited(
        &mut self,
        goal: &SampleGoal<'d>,
        shape: &SchemaShape<'d>,
        want: SampleRequest,
    ) -> Option<Value> {
        if goal.discriminated.is_some() {
            return None;
        }
        let is_list = |schema: &Node<'_>| schema.get("oneOf").is_some() || schema.get("anyOf").is_some();
        let base = shape.schemas.iter().find(|schema| schema.get("discriminator").is_some() && !is_list(schema))?;
        let discriminator = Discriminator::of(*base)?;
        let own = goal.schemas.iter().rev().find_map(|schema| {
            let has_base =
                SchemaShape::of(&[*schema], self.specification).schemas.iter().any(|known| known.id() == base.id());
            discriminator.value_for_schema(*schema, self.root).filter(|_| has_base)
        });
        // A base schema may be missing from its own mapping; the first mapped schema then represents it.
        let root = self.root;
        let mapped = discriminator.mapping.iter().filter_map(|(value, target)| {
            Some((discriminator.told(value), Some(component(root, schema_name(target))?)))
        });
        for (told, target) in own.map(|told| (told, None)).into_iter().chain(mapped) {
            let mut next = goal.clone();
            next.discriminated = Some(told);
            next.schemas.extend(target);
            let shape = SchemaShape::of(&next.schemas, self.specification);
            let value = self.typed(&next, &shape, want).filter(Value::is_object);
            if let Some(value) = value.filter(|value| self.fits(value, &next.schemas)) {
                return Some(value);
            }
        }
        None
    }
}

/// A discriminator: its property and mapping (Discriminator Object, section 4.8.25).
struct Discriminator<'d> {
    property: &'d str,
    mapping: Vec<(&'d str, &'d str)>,
}

impl<'d> Discriminator<'d> {
    fn of(schema: Node<'d>) -> Option<Self> {
        let discriminator = schema.get("discriminator")?;
        let property = discriminator.get("propertyName")?.as_str()?;
        let mapping = discriminator.get("mapping").into_iter().flat_map(Node::entries);
        Some(Self { property, mapping: mapping.filter_map(|(name, target)| Some((name, target.as_str()?))).collect() })
    }

    fn told(&self, value: &str) -> (String, String) {
        (self.property.to_owned(), value.to_owned())
    }

    fn value_for(&self, branch: Node<'d>) -> Option<(String, String)> {
        let reference = branch.reference()?;
        let name = schema_name(reference);
        let mapped = self.mapping.iter().find(|(_, target)| *target == reference || schema_name(target) == name);
        Some(self.told(mapped.map_or(name, |(value, _)| value)))
    }

    /// Returns the property and value for a schema, which is a reference or a component.
    fn value_for_schema(&self, schema: Node<'d>, root: Node<'d>) -> Option<(String, String)> {
        if let Some(told) = self.value_for(schema) {
            return Some(told);
        }
        let (name, _) = components(root)?.entries().find(|(_, known)| known.id() == schema.original().id())?;
        let mapped = self.mapping.iter().find(|(_, target)| schema_name(target) == name);
        Some(self.told(mapped.map_or(name, |(value, _)| value)))
    }
}

/// Returns the name of the schema that a reference or mapping points to.
fn schema_name(reference: &str) -> &str {
    let name = reference.rsplit(['/', '#']).find(|part| !part.is_empty()).unwrap_or(reference);
    [".yaml", ".yml", ".json"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}

fn components(root: Node<'_>) -> Option<Node<'_>> {
    root.document().root()?.get("components")?.get("schemas")
}

fn component<'d>(root: Node<'d>, name: &str) -> Option<Node<'d>> {
    components(root)?.get(name)
}

/// True if each alternative allows what another one allows, so that no value can match exactly one. References to
/// different schemas and schemas with different titles are meant as different alternatives, whatever they say.
fn is_never_single(list: Node<'_>) -> bool {
    let references: HashSet<&str> =
        list.items().filter(|item| item.is_bare_reference()).filter_map(Node::reference).collect();
    if references.len() > 1 && references.len() == list.items().count() {
        return false;
    }
    let mut left = MOST_COMPARED;
    let values: Option<Vec<Value>> = list
        .items()
        .map(|item| item.followed().filter(|_| item.is_bare_reference()).unwrap_or(item).to_value_within(&mut left))
        .map(|value| value.map(without_annotations))
        .collect();
    values.is_some_and(|values| values.iter().all(|value| values.iter().filter(|other| *other == value).count() > 1))
}

/// Removes the keywords of a schema that allow every value, but for its title, in the schemas within it too.
fn without_annotations(schema: Value) -> Value {
    let Value::Object(keywords) = schema else { return schema };
    let kept = keywords.into_iter().filter(|(name, _)| name == "title" || !is_annotation(name)).map(|(name, value)| {
        let value = match (&*name, value) {
            ("properties" | "patternProperties" | "dependentSchemas", Value::Object(schemas)) => {
                schemas.into_iter().map(|(name, schema)| (name, without_annotations(schema))).collect()
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(schemas)) => {
                schemas.into_iter().map(without_annotations).collect()
            }
            (
                "items" | "additionalProperties" | "not" | "if" | "then" | "else" | "contains" | "propertyNames",
                schema,
            ) => without_annotations(schema),
            (_, value) => value,
        };
        (name, value)
    });
    Value::Object(kept.collect())
}

pub(super) fn meets_discriminator(goal: &SampleGoal<'_>, value: &Value) -> bool {
    let Some((name, wanted)) = &goal.discriminated else { return true };
    value.as_object().is_none_or(|map| map.get(name).and_then(Value::as_str) == Some(wanted))
}

/// Returns the next list of alternatives without a chosen one.
pub(super) fn next_choice<'d>(
    goal: &SampleGoal<'d>,
    shape: &SchemaShape<'d>,
) -> Option<(Node<'d>, Alternatives, Node<'d>)> {
    shape.schemas.iter().find_map(|schema| {
        Alternatives::ALL.into_iter().find_map(|alternatives| {
            let list = schema.get(alternatives.keyword()).filter(|list| list.items().next().is_some())?;
            (!goal.settled.contains(&list.id())).then_some((*schema, alternatives, list))
        })
    })
}
