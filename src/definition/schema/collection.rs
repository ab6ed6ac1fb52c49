//! Generates lists and objects.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::direction::ValueDirection;
use super::equality::all_differ;
use super::goal::{
    FORBIDDEN, GENEROUS_LEVELS, MOST_LEVELS, MOST_VALUES, NO_LIST, SampleGoal, SampleRequest, SampleState, TOO_LARGE,
};
use super::pattern::CompiledPatterns;
use super::shape::{SchemaShape, count};
use super::types::TypeSet;
use crate::definition::api::Specification;
use crate::definition::document::Node;

impl<'d> SampleState<'_, 'd> {
    pub(super) fn array(
        &mut self,
        goal: &SampleGoal<'d>,
        shape: &SchemaShape<'d>,
        want: SampleRequest,
    ) -> Option<Value> {
        let (least, most) = counts(goal, shape, "minItems", "maxItems");
        let first = shape.schemas.first().map(|schema| schema.id());
        if least > MOST_VALUES {
            self.blame(first, TOO_LARGE);
            return None;
        }
        let unique = shape.keyword("uniqueItems").any(|node| node.as_bool() == Some(true));
        let prefix: Vec<Node<'d>> = shape
            .keyword("prefixItems")
            .chain(shape.keyword("items").filter(|items| items.is_array()))
            .flat_map(Node::items)
            .collect();
        let contained = contained(shape);
        // What the list has to contain may not be what its first items are.
        let is_open = !shape.keyword("items").any(|items| items.as_bool() == Some(false));
        let behind =
            if is_open && prefix.len().saturating_add(contained.len()) <= most && self.differ(&prefix, &contained) {
                prefix.len()
            } else {
                0
            };
        let shown = usize::from(want.optional);
        let wanted = least.max(shown).max(prefix.len()).max(behind + contained.len()).min(most);
        let mut items: Vec<Value> = Vec::new();
        let mut seen: HashSet<String> = HashSet::new();
        let mut variant = want.variant;
        while items.len() < wanted {
            let needed = items.len() < least;
            let mut schemas: Vec<Node<'d>> = prefix.get(items.len()).copied().into_iter().collect();
            if schemas.is_empty() {
                schemas = shape.items();
            }
            let contained = items.len().checked_sub(behind).and_then(|at| contained.get(at));
            if schemas.is_empty() && contained.is_none() {
                // Nothing else describes it (JSON Schema 2020-12, Core 11.2).
                schemas.extend(shape.keyword("unevaluatedItems"));
            }
            schemas.extend(contained);
            let goal = SampleGoal::of(schemas);
            let inner = SampleRequest { variant, dispensable: !needed, level: want.level + 1, ..want };
            let item = self.value(&goal, inner);
            match item {
                Some(item) if unique && !seen.insert(item.to_string()) => {}
                Some(item) => items.push(item),
                None if !needed => break,
                None => {}
            }
            variant += usize::from(unique);
            let exhausted = variant > want.variant + wanted + 50 || self.is_spent();
            if exhausted || (!unique && needed && items.is_empty()) {
                break;
            }
        }
        if items.len() < least || (unique && !all_differ(&items)) {
            self.blame(first, NO_LIST);
            return None;
        }
        Some(Value::Array(items))
    }

    /// True if no first item can be what the list has to contain at its place, by their types.
    fn differ(&self, prefix: &[Node<'d>], contained: &[Node<'d>]) -> bool {
        let types = |schema: &Node<'d>| {
            let shape = SchemaShape::of(&[*schema], self.specification);
            let constants = shape.keyword("const").chain(shape.keyword("enum").flat_map(Node::items));
            let listed = constants.map(TypeSet::of_node).reduce(TypeSet::either);
            shape.types().both(listed.unwrap_or(TypeSet::ANY))
        };
        prefix.iter().zip(contained).any(|(first, contained)| !types(first).meets(types(contained)))
    }

    pub(super) fn object(
        &mut self,
        goal: &SampleGoal<'d>,
        shape: &SchemaShape<'d>,
        want: SampleRequest,
    ) -> Option<Value> {
        if let Some(goal) = with_dependents(goal, shape) {
            let shape = SchemaShape::of(&goal.schemas, self.specification);
            return if shape.never { None } else { self.object(&goal, &shape, want) };
        }
        let required = required(goal, shape);
        let needed_names: HashSet<&str> = required.iter().copied().collect();
        let (_, most) = counts(goal, shape, "minProperties", "maxProperties");
        let mut properties: Vec<(&str, bool)> = Vec::new();
        for property in shape.properties() {
            let needed = needed_names.contains(property.name);
            if self.is_left_out(&property.schemas, needed) {
                continue;
            }
            if needed || shape_allows(shape, property.name, self.patterns) {
                properties.push((property.name, needed));
            }
        }
        let known: HashSet<&str> = properties.iter().map(|(name, _)| *name).collect();
        for name in required.iter().copied().filter(|name| !known.contains(name)) {
            let declared = shape.keyword("properties").filter_map(|list| list.get(name)).collect::<Vec<_>>();
            if !self.is_left_out(&declared, true) {
                properties.push((name, true));
            }
        }
        if let Some((name, _)) = properties.iter().find(|(name, _)| !shape_allows(shape, name, self.patterns)) {
            let node = shape.schemas.iter().find(|schema| closes(**schema, name, self.patterns));
            self.blame(node.map(|node| node.id()), FORBIDDEN);
            return None;
        }
        let mut room = most.checked_sub(properties.iter().filter(|(_, needed)| *needed).count())?;
        let mut map = Map::new();
        for (name, needed) in properties {
            let generous = want.optional && want.level < GENEROUS_LEVELS && self.is_generous();
            if !needed && (!generous || room == 0) {
                continue;
            }
            match self.property(goal, shape, name, needed, want) {
                Some(value) => {
                    room -= usize::from(!needed);
                    self.made(name);
                    map.insert(name.to_owned(), value);
                }
                None if needed => return None,
                None => {}
            }
        }
        self.other_properties(goal, shape, want, &mut map)?;
        Some(Value::Object(map))
    }

    /// True if the other side alone sends a property. One that is required has to be there, but for what OpenAPI 3.0
    /// requires of requests alone (3.0, "Fixed Fields" of the Schema Object).
    fn is_left_out(&self, schemas: &[Node<'d>], needed: bool) -> bool {
        let (flag, is_required_of_both) = match self.terms.direction {
            Some(ValueDirection::Request) => ("readOnly", true),
            _ => ("writeOnly", self.specification != Specification::V3_0),
        };
        let shape = SchemaShape::of(schemas, self.specification);
        !(needed && is_required_of_both) && shape.keyword(flag).any(|node| node.as_bool() == Some(true))
    }

    fn property(
        &mut self,
        goal: &SampleGoal<'d>,
        shape: &SchemaShape<'d>,
        name: &str,
        needed: bool,
        want: SampleRequest,
    ) -> Option<Value> {
        let mut schemas = property_schemas(shape, name, self.patterns);
        if schemas.is_empty() {
            schemas.extend(shape.keyword("unevaluatedProperties"));
        }
        if let Some((_, value)) = goal.discriminated.as_ref().filter(|(known, _)| known == name) {
            let value = Value::String(value.clone());
            return self.fits(&value, &schemas).then_some(value);
        }
        let goal = SampleGoal::of(schemas);
        self.value(&goal, SampleRequest { dispensable: !needed, level: want.level + 1, ..want })
    }

    /// Adds undeclared properties: as many as are required, and one to illustrate a map.
    fn other_properties(
        &mut self,
        goal: &SampleGoal<'d>,
        shape: &SchemaShape<'d>,
        want: SampleRequest,
        map: &mut Map<String, Value>,
    ) -> Option<()> {
        let (least, most) = counts(goal, shape, "minProperties", "maxProperties");
        let shows = map.is_empty()
            && want.optional
            && want.level < GENEROUS_LEVELS
            && most > 0
            && shape.keyword("additionalProperties").any(super::super::document::Node::is_object);
        let wanted = if shows { least.max(1) } else { least };
        if wanted > MOST_VALUES {
            return None;
        }
        let mut index = 0;
        while map.len() < wanted && index < wanted + 50 {
            let name = self.other_name(shape, index);
            index += 1;
            let Some(name) = name.filter(|name| !map.contains_key(name)) else { continue };
            if !shape_allows(shape, &name, self.patterns) {
                continue;
            }
            let needed = map.len() < least;
            if let Some(value) = self.property(goal, shape, &name, needed, want) {
                self.made(&name);
                map.insert(name, value);
            }
        }
        (map.len() >= least).then_some(())
    }

    fn other_name(&mut self, shape: &SchemaShape<'d>, index: usize) -> Option<String> {
        let naming: Vec<Node<'d>> = shape.keyword("propertyNames").collect();
        if !naming.is_empty() {
            let goal = SampleGoal::of(naming);
            let want = SampleRequest { variant: index, optional: false, dispensable: false, level: MOST_LEVELS - 1 };
            return match self.value(&goal, want)? {
                Value::String(name) => Some(name),
                _ => Some(format!("property{}", index + 1)),
            };
        }
        let closed = shape.keyword("additionalProperties").any(|node| node.as_bool() == Some(false));
        let mut patterns = shape.keyword("patternProperties").flat_map(Node::entries).map(|(pattern, _)| pattern);
        let patterns: Vec<&str> = if closed { patterns.by_ref().collect() } else { Vec::new() };
        match index.checked_rem(patterns.len()).and_then(|at| patterns.get(at)) {
            Some(pattern) => self.patterns.build(&[pattern], 0, usize::MAX, index / patterns.len()),
            None => Some(format!("property{}", index + 1)),
        }
    }
}

/// Returns the bounds of a number of items or properties, such that it is none that a negated schema allows.
fn counts<'d>(
    goal: &SampleGoal<'d>,
    shape: &SchemaShape<'d>,
    fewest: &'static str,
    highest: &'static str,
) -> (usize, usize) {
    let (mut least, mut most) = (shape.at_least(fewest), shape.at_most(highest).unwrap_or(usize::MAX));
    for not in goal.negated(shape) {
        let above = not.get(highest).and_then(count).and_then(|highest| highest.checked_add(1));
        let below = not.get(fewest).and_then(count).and_then(|fewest| fewest.checked_sub(1));
        if let Some(above) = above.filter(|above| *above <= most.min(MOST_VALUES)) {
            least = least.max(above);
        } else if let Some(below) = below.filter(|below| *below >= least) {
            most = most.min(below);
        }
    }
    (least, most)
}

/// Lists the schemas that items have to satisfy, each as often as its `minContains` says.
fn contained<'d>(shape: &SchemaShape<'d>) -> Vec<Node<'d>> {
    let with_counts = shape.schemas.iter().filter_map(|schema| {
        let least = schema.get("minContains").and_then(count).unwrap_or(1);
        Some(std::iter::repeat_n(schema.get("contains")?, least.min(MOST_VALUES)))
    });
    with_counts.flatten().collect()
}

/// Adds the schemas that apply because of the properties that are required; `None` where they are there.
fn with_dependents<'d>(goal: &SampleGoal<'d>, shape: &SchemaShape<'d>) -> Option<SampleGoal<'d>> {
    let names = required(goal, shape);
    let dependents = shape.keyword("dependentSchemas").flat_map(Node::entries);
    let dependents = dependents.filter(|(name, _)| names.contains(name)).map(|(_, dependent)| dependent);
    let added: Vec<Node<'d>> =
        dependents.filter(|dependent| !goal.schemas.iter().any(|known| known.id() == dependent.id())).collect();
    (!added.is_empty()).then(|| {
        let mut next = goal.clone();
        next.schemas.extend(added);
        next
    })
}

/// Lists the required properties, including those that others require.
fn required<'g, 'd: 'g>(goal: &'g SampleGoal<'d>, shape: &SchemaShape<'d>) -> Vec<&'g str> {
    let mut required: Vec<&'g str> = shape.required();
    required.extend(goal.discriminated.as_ref().map(|(name, _)| name.as_str()));
    let mut seen: HashSet<&str> = HashSet::new();
    required.retain(|name| seen.insert(name));
    let mut index = 0;
    while let Some(name) = required.get(index).copied() {
        let needs = shape.keyword("dependentRequired").filter_map(|needs| needs.get(name));
        let needs = needs.flat_map(Node::items).filter_map(Node::as_str);
        required.extend(needs.filter(|need| seen.insert(need)));
        index += 1;
    }
    required
}

/// True if no schema forbids an undeclared property.
fn shape_allows(shape: &SchemaShape<'_>, name: &str, patterns: &mut CompiledPatterns) -> bool {
    !shape.schemas.iter().any(|schema| closes(*schema, name, patterns))
}

/// True if a schema forbids a property by not declaring it.
fn closes(schema: Node<'_>, name: &str, patterns: &mut CompiledPatterns) -> bool {
    let closed = schema.get("additionalProperties").and_then(Node::as_bool) == Some(false);
    closed && !declares(schema, name, patterns)
}

fn declares(schema: Node<'_>, name: &str, patterns: &mut CompiledPatterns) -> bool {
    schema.get("properties").is_some_and(|properties| properties.get(name).is_some())
        || schema
            .get("patternProperties")
            .into_iter()
            .flat_map(Node::entries)
            .any(|(pattern, _)| patterns.matches(pattern, name))
}

/// Lists the schemas that apply to the value of a property.
pub(super) fn property_schemas<'d>(
    shape: &SchemaShape<'d>,
    name: &str,
    patterns: &mut CompiledPatterns,
) -> Vec<Node<'d>> {
    let mut schemas = Vec::new();
    for schema in &shape.schemas {
        schemas.extend(schema.get("properties").and_then(|properties| properties.get(name)));
        for (pattern, property) in schema.get("patternProperties").into_iter().flat_map(Node::entries) {
            if patterns.matches(pattern, name) {
                schemas.push(property);
            }
        }
        if let Some(others) = schema.get("additionalProperties")
            && !declares(*schema, name, patterns)
        {
            schemas.push(others);
        }
    }
    schemas
}
