//! Builds one value that a schema allows, always the same.
//!
//! All schemas that apply to a value are taken together (see [`Shape`]), and a value is built that keeps
//! every keyword at once. Where schemas leave a choice, each branch is tried in order and the value is
//! looked at as a whole, until one fits. Optional parts are given as long as that costs little; a part
//! that would contain itself is left out. The work is bounded, whatever the schema.

use std::collections::HashMap;

use serde_json::Value;

use super::fits::fits;
use super::number;
use super::pattern::Patterns;
use super::shape::{Shape, Types};
use super::text;
use crate::definition::api::Specification;
use crate::definition::document::{Node, NodeId};

/// Builds values of one definition, each once.
#[derive(Debug)]
pub(in crate::definition) struct Sampler {
    specification: Specification,
    patterns: Patterns,
    built: HashMap<NodeId, Result<Value, Failure>>,
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
pub(super) struct Want {
    /// Which of several possible values.
    pub(super) variant: usize,
    /// Whether optional parts are given.
    pub(super) optional: bool,
    /// Whether what asks for the value can do without it.
    pub(super) dispensable: bool,
    pub(super) level: usize,
}

/// What applies to one value.
#[derive(Debug, Clone)]
pub(super) struct Goal<'d> {
    pub(super) schemas: Vec<Node<'d>>,
    /// The lists of alternatives of which one was taken.
    pub(super) settled: Vec<NodeId>,
    /// A property that tells the alternative taken from the others, and its value.
    pub(super) discriminated: Option<(String, String)>,
}

/// No value takes more steps to build.
pub(super) const MOST_STEPS: usize = 150_000;
/// Past so many steps or values, optional parts are left out.
pub(super) const GENEROUS_STEPS: usize = 30_000;
pub(super) const GENEROUS_VALUES: usize = 1_500;
/// No value holds more values.
pub(super) const MOST_VALUES: usize = 50_000;
/// Optional parts are given down to this level.
pub(super) const GENEROUS_LEVELS: usize = 8;
/// A required part may contain itself so often before it is given up.
const MOST_REPEATS: usize = 3;
/// No value is nested deeper.
pub(super) const MOST_LEVELS: usize = 100;
/// No value is settled by more choices and values within each other; each takes room on the stack.
const MOST_DEPTH: usize = 250;
/// No constant of the document that is copied holds more values.
const MOST_COPIED: usize = 20_000;

const CIRCULAR: &str = "requires itself without end";
const CONTRADICTION: &str = "allows no value that could be found";
const NO_SINGLE: &str = "has a `oneOf`, and no value was found that exactly one of its alternatives allows";
const NO_TEXT: &str = "allows no text that could be found, by its format, pattern and length";
const NO_NUMBER: &str = "allows no number within its bounds";
pub(super) const NO_LIST: &str = "allows no list that could be found, by its items and length";
const NO_CONSTANT: &str = "has constants, and none of them fits the rest of it";
const WRONG_CONSTANT: &str = "has a `type` that none of its constants is of";
pub(super) const FORBIDDEN: &str =
    "requires a property that an `additionalProperties: false` around or beside it forbids";
pub(super) const TOO_LARGE: &str = "allows no value that is small enough to build";

impl Sampler {
    pub(in crate::definition) fn new(specification: Specification) -> Self {
        Self { specification, patterns: Patterns::default(), built: HashMap::new() }
    }

    /// Builds a value that fits a schema.
    pub(in crate::definition) fn build(&mut self, schema: Node<'_>) -> Result<Value, Failure> {
        let meant = schema.followed().filter(|_| schema.is_bare_reference()).unwrap_or(schema);
        if let Some(known) = self.built.get(&meant.id()) {
            return known.clone();
        }
        let built = self.build_anew(meant);
        self.built.insert(meant.id(), built.clone());
        built
    }

    fn build_anew(&mut self, schema: Node<'_>) -> Result<Value, Failure> {
        let mut fault = None;
        for optional in [true, false] {
            let mut building = Building {
                specification: self.specification,
                patterns: &mut self.patterns,
                stack: Vec::new(),
                depth: 0,
                steps: 0,
                values: 0,
                fault,
                root: schema,
            };
            let goal = Goal { schemas: vec![schema], settled: Vec::new(), discriminated: None };
            let want = Want { variant: 0, optional, dispensable: false, level: 0 };
            match building.value(&goal, want) {
                Some(value) if building.fits(&value, &goal.schemas) => return Ok(value),
                Some(_) => building.blame(Some(schema.id()), CONTRADICTION),
                None => {}
            }
            fault = building.fault;
        }
        let (node, reason) = fault.map_or((None, CONTRADICTION), |(node, reason)| (Some(node), reason));
        Err(Failure { node, reason })
    }

    /// Tells whether a value fits a schema.
    pub(in crate::definition) fn allows(&mut self, value: &Value, schema: Node<'_>) -> bool {
        self.allows_within(value, schema, &mut 0)
    }

    /// Tells whether a value fits a schema, and adds what it cost to `steps`.
    pub(in crate::definition) fn allows_within(&mut self, value: &Value, schema: Node<'_>, steps: &mut usize) -> bool {
        fits(value, &[schema], self.specification, &mut self.patterns, steps)
    }
}

/// One value that is being built.
pub(super) struct Building<'s, 'd> {
    pub(super) specification: Specification,
    pub(super) patterns: &'s mut Patterns,
    /// The schemas whose value is being built, from the outermost.
    pub(super) stack: Vec<NodeId>,
    depth: usize,
    pub(super) steps: usize,
    pub(super) values: usize,
    /// The first schema that no value was found for, and why.
    pub(super) fault: Option<(NodeId, &'static str)>,
    pub(super) root: Node<'d>,
}

impl<'d> Building<'_, 'd> {
    pub(super) fn fits(&mut self, value: &Value, schemas: &[Node<'d>]) -> bool {
        fits(value, schemas, self.specification, self.patterns, &mut self.steps)
    }

    pub(super) fn blame(&mut self, node: Option<NodeId>, reason: &'static str) {
        if let (None, Some(node)) = (self.fault, node) {
            self.fault = Some((node, reason));
        }
    }

    pub(super) fn value(&mut self, goal: &Goal<'d>, want: Want) -> Option<Value> {
        self.steps += 1;
        let shape = Shape::of(&goal.schemas, self.specification);
        self.steps += shape.schemas.len();
        let first = Some(shape.schemas.first().unwrap_or(&self.root).id());
        let too_deep = want.level > MOST_LEVELS || self.depth > MOST_DEPTH;
        if self.steps > MOST_STEPS || self.values > MOST_VALUES || too_deep {
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
        self.depth += 1;
        let value = self.within(goal, &shape, want);
        self.depth -= 1;
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
                let types = shape.types();
                let mut constants = shape.keyword("const").chain(shape.keyword("enum").flat_map(Node::items));
                let of_a_type = constants.any(|constant| Types::of_node(constant).meets(types));
                let reason = if of_a_type { NO_CONSTANT } else { WRONG_CONSTANT };
                self.blame(shape.schemas.first().map(|schema| schema.id()), reason);
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
        let discriminator = Discriminator::of(schema);
        for optional in [want.optional, false] {
            for variant in want.variant..want.variant + 2 {
                for branch in list.items() {
                    let mut next = goal.clone();
                    next.settled.push(list.id());
                    next.schemas.push(branch);
                    let told = discriminator.as_ref().and_then(|discriminator| discriminator.value_for(branch));
                    for discriminated in told.map(Some).into_iter().chain([None]) {
                        next.discriminated = discriminated.or_else(|| goal.discriminated.clone());
                        let value = self.value(&next, Want { variant, optional, ..want });
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
                    let text = text::build(shape, want.variant, self.patterns);
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
    let keywords = [
        "not",
        "if",
        "contains",
        "dependentSchemas",
        "dependentRequired",
        "propertyNames",
        "unevaluatedItems",
        "unevaluatedProperties",
    ];
    keywords.iter().any(|keyword| schema.get(keyword).is_some())
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
