//! Builds one value that a schema allows, always the same.
//!
//! All schemas that apply to a value are taken together (see [`Shape`]), and a value is built that keeps
//! every keyword at once. Where schemas leave a choice, each branch is tried in order and the value is
//! looked at as a whole, until one fits. Optional parts are given as long as that costs little; a part
//! that would contain itself is left out. The work is bounded, whatever the schema.

use serde_json::{Map, Value};

use super::fits::{all_differ, fits};
use super::number;
use super::pattern::Patterns;
use super::shape::{Shape, Types};
use super::text;
use crate::definition::api::Specification;
use crate::definition::document::{Node, NodeId};

/// Builds values of one definition.
pub(in crate::definition) struct Sampler<'d> {
    specification: Specification,
    patterns: Patterns,
    /// The schemas whose value is being built, from the outermost.
    stack: Vec<NodeId>,
    steps: usize,
    values: usize,
    /// Schemas that no value was found for, by the place that says most.
    fault: Option<(NodeId, &'static str)>,
    marker: std::marker::PhantomData<&'d ()>,
}

/// Why no value was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::definition) struct Failure {
    /// The schema that could not be satisfied.
    pub(in crate::definition) node: Option<NodeId>,
    /// What about it.
    pub(in crate::definition) reason: &'static str,
}

/// How a value is wanted.
#[derive(Debug, Clone, Copy)]
struct Want {
    /// Which of several possible values.
    variant: usize,
    /// Whether optional parts are given.
    optional: bool,
    /// Whether what asks for the value can do without it.
    dispensable: bool,
    level: usize,
}

/// What applies to one value.
#[derive(Debug, Clone)]
struct Goal<'d> {
    schemas: Vec<Node<'d>>,
    /// The lists of alternatives of which one was taken.
    settled: Vec<NodeId>,
    /// A property that tells the alternative taken from the others, and its value.
    discriminated: Option<(String, String)>,
}

/// No value takes more steps to build.
const MOST_STEPS: usize = 40_000;
/// Past so many steps or values, optional parts are left out.
const GENEROUS_STEPS: usize = 6_000;
const GENEROUS_VALUES: usize = 1_500;
/// No value holds more values.
const MOST_VALUES: usize = 50_000;
/// Optional parts are given down to this level.
const GENEROUS_LEVELS: usize = 8;
/// A required part may contain itself so often before it is given up.
const MOST_REPEATS: usize = 3;
/// No value is nested deeper.
const MOST_LEVELS: usize = 100;
/// No constant of the document that is copied holds more values.
const MOST_COPIED: usize = 20_000;

const CIRCULAR: &str = "requires itself without end";
const CONTRADICTION: &str = "allows no value that could be found";
const NO_SINGLE: &str = "has a `oneOf`, and no value was found that exactly one of its alternatives allows";
const NO_TEXT: &str = "allows no text that could be found, by its format, pattern and length";
const NO_NUMBER: &str = "allows no number within its bounds";
const NO_LIST: &str = "allows no list that could be found, by its items and length";
const NO_CONSTANT: &str = "has constants, and none of them fits the rest of it";
const TOO_LARGE: &str = "allows no value that is small enough to build";

impl<'d> Sampler<'d> {
    pub(in crate::definition) fn new(specification: Specification) -> Self {
        Self {
            specification,
            patterns: Patterns::default(),
            stack: Vec::new(),
            steps: 0,
            values: 0,
            fault: None,
            marker: std::marker::PhantomData,
        }
    }

    /// Builds a value that fits a schema.
    pub(in crate::definition) fn build(&mut self, schema: Node<'d>) -> Result<Value, Failure> {
        self.fault = None;
        for optional in [true, false] {
            self.steps = 0;
            self.values = 0;
            self.stack.clear();
            let goal = Goal { schemas: vec![schema], settled: Vec::new(), discriminated: None };
            let want = Want { variant: 0, optional, dispensable: false, level: 0 };
            match self.value(&goal, want) {
                Some(value) if self.fits(&value, &goal.schemas) => return Ok(value),
                Some(_) => self.blame(Some(schema.id()), CONTRADICTION),
                None => {}
            }
        }
        let (node, reason) = self.fault.map_or((None, CONTRADICTION), |(node, reason)| (Some(node), reason));
        Err(Failure { node, reason })
    }

    /// Tells whether a value fits a schema.
    pub(in crate::definition) fn allows(&mut self, value: &Value, schema: Node<'d>) -> bool {
        self.fits(value, &[schema])
    }

    fn fits(&mut self, value: &Value, schemas: &[Node<'d>]) -> bool {
        fits(value, schemas, self.specification, &mut self.patterns)
    }

    fn blame(&mut self, node: Option<NodeId>, reason: &'static str) {
        if let (None, Some(node)) = (self.fault, node) {
            self.fault = Some((node, reason));
        }
    }

    fn value(&mut self, goal: &Goal<'d>, want: Want) -> Option<Value> {
        self.steps += 1;
        let shape = Shape::of(&goal.schemas, self.specification);
        self.steps += shape.schemas.len() / 16;
        let first = shape.schemas.first().map(|schema| schema.id());
        if self.steps > MOST_STEPS || self.values > MOST_VALUES || want.level > MOST_LEVELS {
            self.blame(first, TOO_LARGE);
            return None;
        }
        if shape.never {
            return None;
        }
        let repeats = shape.schemas.iter().map(|schema| self.times_on_stack(schema.id())).max().unwrap_or(0);
        let fresh_choice = !goal.settled.is_empty();
        let allowed = if want.dispensable { 1 } else { MOST_REPEATS };
        if repeats >= allowed && !fresh_choice {
            self.blame(first, CIRCULAR);
            return None;
        }
        let depth = self.stack.len();
        if !fresh_choice {
            self.stack.extend(shape.schemas.iter().map(|schema| schema.id()));
        }
        let value = self.within(goal, &shape, want);
        self.stack.truncate(depth);
        self.values += usize::from(value.is_some());
        value
    }

    fn times_on_stack(&self, id: NodeId) -> usize {
        self.stack.iter().filter(|known| **known == id).count()
    }

    fn within(&mut self, goal: &Goal<'d>, shape: &Shape<'d>, want: Want) -> Option<Value> {
        match self.constant(goal, shape, want) {
            Constant::Found(value) => return Some(value),
            Constant::Impossible => {
                self.blame(shape.schemas.first().map(|schema| schema.id()), NO_CONSTANT);
                return None;
            }
            Constant::None => {}
        }
        if let Some((schema, keyword, list)) = next_choice(goal, shape) {
            return self.chosen(goal, schema, keyword, list, want);
        }
        let value = self.typed(goal, shape, want);
        if !shape.schemas.iter().any(|schema| is_intricate(*schema)) {
            return value;
        }
        if let Some(value) = value.filter(|value| self.fits(value, &goal.schemas)) {
            return Some(value);
        }
        self.otherwise(goal, shape, want)
    }

    /// Takes a constant that the schemas hold: `const`, `default`, `enum`, `examples`, in this order.
    fn constant(&mut self, goal: &Goal<'d>, shape: &Shape<'d>, want: Want) -> Constant {
        let list = |name: &'static str| shape.keyword(name).filter(|node| node.is_array()).flat_map(Node::items);
        let binding: Vec<Node<'d>> = shape.keyword("const").chain(list("enum")).collect();
        let defaults: Vec<Node<'d>> = shape.keyword("const").chain(shape.keyword("default")).collect();
        let examples: Vec<Node<'d>> = list("examples").chain(shape.keyword("example")).collect();
        let in_order = defaults.into_iter().chain(list("enum")).chain(examples);
        let mut found: Vec<Value> = Vec::new();
        for node in in_order.take(1_000) {
            self.steps += 1;
            let Some(value) = node.to_value(MOST_COPIED) else { continue };
            if found.contains(&value) || !self.fits(&value, &goal.schemas) || !meets_discriminator(goal, &value) {
                continue;
            }
            if found.len() == want.variant {
                self.values += 1;
                return Constant::Found(value);
            }
            found.push(value);
        }
        if binding.is_empty() { Constant::None } else { Constant::Impossible }
    }

    /// Takes one of several alternatives: the first whose value fits the whole.
    fn chosen(
        &mut self,
        goal: &Goal<'d>,
        schema: Node<'d>,
        keyword: &str,
        list: Node<'d>,
        want: Want,
    ) -> Option<Value> {
        let names = Discriminator::of(schema);
        for optional in [want.optional, false] {
            for variant in want.variant..want.variant + 2 {
                for branch in list.items() {
                    let mut next = goal.clone();
                    next.settled.push(list.id());
                    next.schemas.push(branch);
                    let named = names.as_ref().and_then(|names| names.value_for(branch));
                    for discriminated in named.map(Some).into_iter().chain([None]) {
                        next.discriminated = discriminated.or_else(|| goal.discriminated.clone());
                        let value = self.value(&next, Want { optional, variant, ..want });
                        if let Some(value) = value.filter(|value| self.fits(value, &goal.schemas)) {
                            return Some(value);
                        }
                    }
                    if self.steps > MOST_STEPS {
                        return None;
                    }
                }
                if keyword == "anyOf" {
                    break;
                }
            }
            if !optional {
                break;
            }
        }
        self.blame(Some(schema.id()), if keyword == "oneOf" { NO_SINGLE } else { CONTRADICTION });
        None
    }

    /// Tries other values where the plain one does not keep a condition, a negation or the like.
    fn otherwise(&mut self, goal: &Goal<'d>, shape: &Shape<'d>, want: Want) -> Option<Value> {
        let mut goals = Vec::new();
        for schema in &shape.schemas {
            let Some(condition) = schema.get("if") else { continue };
            let mut met = goal.clone();
            met.schemas.push(condition);
            met.schemas.extend(schema.get("then"));
            let mut unmet = goal.clone();
            unmet.schemas.extend(schema.get("else"));
            goals.extend([met, unmet]);
        }
        goals.push(goal.clone());
        for goal_now in goals {
            for (optional, variant) in
                [(want.optional, 0), (false, 0), (want.optional, 1), (false, 1), (want.optional, 2)]
            {
                let shape = Shape::of(&goal_now.schemas, self.specification);
                let value = self.typed(&goal_now, &shape, Want { optional, variant: want.variant + variant, ..want });
                if let Some(value) = value.filter(|value| self.fits(value, &goal.schemas)) {
                    return Some(value);
                }
            }
        }
        self.blame(shape.schemas.first().map(|schema| schema.id()), CONTRADICTION);
        None
    }

    fn typed(&mut self, goal: &Goal<'d>, shape: &Shape<'d>, want: Want) -> Option<Value> {
        let first = shape.schemas.first().map(|schema| schema.id());
        for types in type_order(shape) {
            let built = match types {
                Types::OBJECT => self.object(goal, shape, want),
                Types::ARRAY => self.array(shape, want),
                Types::STRING => {
                    let text = text::build(shape, want.variant, &mut self.patterns);
                    if text.is_none() {
                        self.blame(first, NO_TEXT);
                    }
                    text
                }
                Types::INTEGER | Types::NUMBER => {
                    let number = number::build(shape, types == Types::INTEGER, want.variant);
                    if number.is_none() {
                        self.blame(first, NO_NUMBER);
                    }
                    number
                }
                Types::BOOLEAN if want.variant < 2 => Some(Value::Bool(want.variant == 0)),
                Types::NULL if want.variant == 0 => Some(Value::Null),
                _ => None,
            };
            if built.is_some() {
                return built;
            }
        }
        None
    }

    fn array(&mut self, shape: &Shape<'d>, want: Want) -> Option<Value> {
        let least = shape.at_least("minItems");
        let most = shape.at_most("maxItems").unwrap_or(usize::MAX);
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
        let contained: Vec<Node<'d>> = shape.keyword("contains").collect();
        let wanted = least.max(1).max(prefix.len()).max(contained.len()).min(most);
        let mut items: Vec<Value> = Vec::new();
        let mut variant = want.variant;
        while items.len() < wanted {
            let needed = items.len() < least;
            let mut schemas: Vec<Node<'d>> = prefix.get(items.len()).copied().into_iter().collect();
            if schemas.is_empty() {
                schemas = shape.items();
            }
            schemas.extend(contained.get(items.len()));
            let goal = Goal { schemas, settled: Vec::new(), discriminated: None };
            let inner = Want { variant, dispensable: !needed, level: want.level + 1, ..want };
            let item = self.value(&goal, inner);
            match item {
                Some(item) if unique && items.contains(&item) => {}
                Some(item) => items.push(item),
                None if !needed => break,
                None => {}
            }
            variant += usize::from(unique);
            let exhausted = variant > want.variant + wanted + 50 || self.steps > MOST_STEPS;
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

    fn object(&mut self, goal: &Goal<'d>, shape: &Shape<'d>, want: Want) -> Option<Value> {
        let required = self.required(goal, shape);
        let most = shape.at_most("maxProperties").unwrap_or(usize::MAX);
        let mut properties: Vec<(String, bool)> = Vec::new();
        for property in shape.properties() {
            let needed = required.iter().any(|name| name == property.name);
            if self.is_write_only(&property.schemas) && (!needed || self.specification == Specification::V3_0) {
                continue;
            }
            if needed || shape_allows(shape, property.name, &mut self.patterns) {
                properties.push((property.name.to_owned(), needed));
            }
        }
        for name in &required {
            if properties.iter().any(|(known, _)| known == name) {
                continue;
            }
            let declared = shape.keyword("properties").filter_map(|list| list.get(name)).collect::<Vec<_>>();
            if !(self.specification == Specification::V3_0 && self.is_write_only(&declared)) {
                properties.push((name.clone(), true));
            }
        }
        let mut room = most.checked_sub(properties.iter().filter(|(_, needed)| *needed).count())?;
        let mut map = Map::new();
        for (name, needed) in properties {
            let generous = want.optional
                && want.level < GENEROUS_LEVELS
                && self.steps < GENEROUS_STEPS
                && self.values < GENEROUS_VALUES;
            if !needed && (!generous || room == 0) {
                continue;
            }
            match self.property(goal, shape, &name, needed, want) {
                Some(value) => {
                    room -= usize::from(!needed);
                    map.insert(name, value);
                }
                None if needed => return None,
                None => {}
            }
        }
        self.other_properties(goal, shape, want, &mut map)?;
        Some(Value::Object(map))
    }

    /// Lists the names that must be there, with those that others ask for.
    fn required(&mut self, goal: &Goal<'d>, shape: &Shape<'d>) -> Vec<String> {
        let mut required: Vec<String> = shape.required().into_iter().map(str::to_owned).collect();
        if let Some((name, _)) = &goal.discriminated {
            if !required.contains(name) {
                required.push(name.clone());
            }
        }
        let mut index = 0;
        while let Some(name) = required.get(index).cloned() {
            for needs in shape.keyword("dependentRequired").filter_map(|needs| needs.get(&name)) {
                for need in needs.items().filter_map(Node::as_str) {
                    if !required.iter().any(|known| known == need) {
                        required.push(need.to_owned());
                    }
                }
            }
            index += 1;
        }
        required
    }

    fn is_write_only(&self, schemas: &[Node<'d>]) -> bool {
        let shape = Shape::of(schemas, self.specification);
        shape.keyword("writeOnly").any(|node| node.as_bool() == Some(true))
    }

    fn property(&mut self, goal: &Goal<'d>, shape: &Shape<'d>, name: &str, needed: bool, want: Want) -> Option<Value> {
        let schemas = property_schemas(shape, name, &mut self.patterns);
        if let Some((_, value)) = goal.discriminated.as_ref().filter(|(known, _)| known == name) {
            let value = Value::String(value.clone());
            return self.fits(&value, &schemas).then_some(value);
        }
        let goal = Goal { schemas, settled: Vec::new(), discriminated: None };
        self.value(&goal, Want { dispensable: !needed, level: want.level + 1, ..want })
    }

    /// Adds properties that are not declared: as many as must be, and one that shows what a map holds.
    fn other_properties(
        &mut self,
        goal: &Goal<'d>,
        shape: &Shape<'d>,
        want: Want,
        map: &mut Map<String, Value>,
    ) -> Option<()> {
        let least = shape.at_least("minProperties");
        let most = shape.at_most("maxProperties").unwrap_or(usize::MAX);
        let shows = map.is_empty()
            && want.optional
            && want.level < GENEROUS_LEVELS
            && most > 0
            && shape.keyword("additionalProperties").any(|node| node.is_object());
        let wanted = if shows { least.max(1) } else { least };
        if wanted > MOST_VALUES {
            return None;
        }
        let mut index = 0;
        while map.len() < wanted && index < wanted + 50 {
            let name = self.other_name(shape, index);
            index += 1;
            let Some(name) = name.filter(|name| !map.contains_key(name)) else { continue };
            if !shape_allows(shape, &name, &mut self.patterns) {
                continue;
            }
            let needed = map.len() < least;
            if let Some(value) = self.property(goal, shape, &name, needed, want) {
                map.insert(name, value);
            }
        }
        (map.len() >= least).then_some(())
    }

    fn other_name(&mut self, shape: &Shape<'d>, index: usize) -> Option<String> {
        let naming: Vec<Node<'d>> = shape.keyword("propertyNames").collect();
        if !naming.is_empty() {
            let goal = Goal { schemas: naming, settled: Vec::new(), discriminated: None };
            let want = Want { variant: index, optional: false, dispensable: false, level: MOST_LEVELS - 1 };
            return match self.value(&goal, want)? {
                Value::String(name) => Some(name),
                _ => Some(format!("property{}", index + 1)),
            };
        }
        let closed = shape.keyword("additionalProperties").any(|node| node.as_bool() == Some(false));
        let pattern = shape.keyword("patternProperties").flat_map(Node::entries).next().filter(|_| closed);
        match pattern {
            Some((pattern, _)) => self.patterns.build(&[pattern], 0, usize::MAX, index),
            None => Some(format!("property{}", index + 1)),
        }
    }
}

/// What the constants of schemas gave.
enum Constant {
    Found(Value),
    /// There are constants of which one must be taken, and none fits.
    Impossible,
    None,
}

/// Which property tells alternatives apart, and by which values (Discriminator Object, section 4.8.25).
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

    fn value_for(&self, branch: Node<'d>) -> Option<(String, String)> {
        let reference = branch.reference()?;
        let name = reference.rsplit('/').next()?;
        let mapped = self.mapping.iter().find(|(_, target)| *target == reference || *target == name);
        Some((self.property.to_owned(), mapped.map_or(name, |(value, _)| value).to_owned()))
    }
}

fn meets_discriminator(goal: &Goal<'_>, value: &Value) -> bool {
    let Some((name, wanted)) = &goal.discriminated else { return true };
    value.as_object().is_none_or(|map| map.get(name).and_then(Value::as_str) == Some(wanted))
}

/// Returns the next list of alternatives of which none is taken yet.
fn next_choice<'d>(goal: &Goal<'d>, shape: &Shape<'d>) -> Option<(Node<'d>, &'static str, Node<'d>)> {
    shape.schemas.iter().find_map(|schema| {
        ["oneOf", "anyOf"].into_iter().find_map(|keyword| {
            let list = schema.get(keyword).filter(|list| list.items().next().is_some())?;
            (!goal.settled.contains(&list.id())).then_some((*schema, keyword, list))
        })
    })
}

/// Tells whether a value that keeps the other keywords can still break one of these.
fn is_intricate(schema: Node<'_>) -> bool {
    ["not", "if", "contains", "dependentSchemas", "dependentRequired", "propertyNames", "unevaluatedProperties"]
        .iter()
        .any(|keyword| schema.get(keyword).is_some())
}

/// Lists the types to try: those that are declared in their order, `null` last; else what the keywords speak of.
fn type_order(shape: &Shape<'_>) -> Vec<Types> {
    let allowed = shape.types();
    let declared = shape.keyword("type").flat_map(|node| {
        let names = node.as_str().into_iter().chain(node.items().filter_map(Node::as_str));
        names.filter_map(Types::named).collect::<Vec<_>>()
    });
    let hinted = [
        (Types::OBJECT, &["properties", "required", "additionalProperties", "patternProperties", "minProperties"][..]),
        (Types::ARRAY, &["items", "prefixItems", "minItems", "maxItems", "uniqueItems"][..]),
        (Types::NUMBER, &["minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"][..]),
        (Types::STRING, &["pattern", "format", "minLength", "maxLength"][..]),
    ];
    let speaks = |keywords: &[&str]| {
        shape.schemas.iter().any(|schema| keywords.iter().any(|keyword| schema.get(keyword).is_some()))
    };
    let hinted = hinted.into_iter().filter(|(_, keywords)| speaks(keywords)).map(|(types, _)| types);
    let rest = [Types::OBJECT, Types::STRING, Types::NUMBER, Types::BOOLEAN, Types::ARRAY];
    let mut order: Vec<Types> = Vec::new();
    for types in declared.chain(hinted).chain(rest).filter(|types| *types != Types::NULL) {
        let types = if types == Types::NUMBER { types.both(allowed) } else { types };
        if types.meets(allowed) && !order.contains(&types) {
            order.push(types);
        }
    }
    if Types::NULL.meets(allowed) {
        order.push(Types::NULL);
    }
    order
}

/// Tells whether no schema forbids a property that it does not declare.
fn shape_allows(shape: &Shape<'_>, name: &str, patterns: &mut Patterns) -> bool {
    shape.schemas.iter().all(|schema| {
        let closed = schema.get("additionalProperties").and_then(Node::as_bool) == Some(false);
        !closed || declares(*schema, name, patterns)
    })
}

fn declares(schema: Node<'_>, name: &str, patterns: &mut Patterns) -> bool {
    schema.get("properties").is_some_and(|properties| properties.get(name).is_some())
        || schema
            .get("patternProperties")
            .into_iter()
            .flat_map(Node::entries)
            .any(|(pattern, _)| patterns.matches(pattern, name))
}

/// Lists the schemas that apply to a property's value.
fn property_schemas<'d>(shape: &Shape<'d>, name: &str, patterns: &mut Patterns) -> Vec<Node<'d>> {
    let mut schemas = Vec::new();
    for schema in &shape.schemas {
        schemas.extend(schema.get("properties").and_then(|properties| properties.get(name)));
        for (pattern, property) in schema.get("patternProperties").into_iter().flat_map(Node::entries) {
            if patterns.matches(pattern, name) {
                schemas.push(property);
            }
        }
        if let Some(others) = schema.get("additionalProperties") {
            if !declares(*schema, name, patterns) {
                schemas.push(others);
            }
        }
    }
    schemas
}
