//! Deterministic generation of a value that a schema allows.
//!
//! All schemas that apply to a value are combined (see [`SchemaShape`]), and the value satisfies every keyword at once.
//! Where schemas leave a choice, each branch is tried in order, and the whole value is validated, until one is valid.
//! Optional parts are included while that is cheap; recursive parts are left out. The work is bounded for every schema.

use serde_json::Value;

use super::choice::{meets_discriminator, next_choice};
use super::direction::ValueDirection;
use super::fits::{FitTerms, fits};
use super::goal::{
    CONTRADICTION, MOST_LEVELS, MOST_VALUES, NO_SINGLE, SampleFailure, SampleGoal, SampleRequest, SampleState,
    TOO_LARGE,
};
use super::number;
use super::pattern::CompiledPatterns;
use super::shape::SchemaShape;
use super::text;
use super::types::TypeSet;
use crate::definition::api::Specification;
use crate::definition::document::{BYTES_A_VALUE, Node};
use crate::model::media_type_essence;

/// Generates values for the schemas of a definition, and validates values against them.
#[derive(Debug)]
pub(in crate::definition) struct Sampler {
    specification: Specification,
    patterns: CompiledPatterns,
}

/// A generated value.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::definition) struct BuiltValue {
    pub(in crate::definition) value: Value,
    /// The schema of which several alternatives allow the value, if any.
    pub(in crate::definition) doubt: Option<SampleFailure>,
}

/// The maximum number of steps for a value.
const MOST_STEPS: usize = 150_000;
/// The maximum recursion of a required part.
const MOST_REPEATS: usize = 3;
/// The maximum nesting of choices and values; each takes space on the stack.
const MOST_DEPTH: usize = 250;
/// The maximum number of values in a copied constant.
const MOST_COPIED: usize = 20_000;

const CIRCULAR: &str = "requires itself without end";
const NO_TEXT: &str = "allows no text that could be found, by its format, pattern and length";
const NO_NUMBER: &str = "allows no number within its bounds";
const NO_CONSTANT: &str = "has constants, and none of them fits the rest of it";
const WRONG_CONSTANT: &str = "has a `type` that none of its constants is of";

impl Sampler {
    pub(in crate::definition) fn new(specification: Specification) -> Self {
        Self { specification, patterns: CompiledPatterns::default() }
    }

    /// Generates a value for a schema, sent in a direction, in at most `most_steps` steps; adds the cost to `steps`.
    ///
    /// If no strictly valid value is found, returns one that several alternatives of a `oneOf` allow.
    pub(in crate::definition) fn build(
        &mut self,
        schema: Node<'_>,
        direction: ValueDirection,
        most_steps: usize,
        steps: &mut usize,
    ) -> Result<BuiltValue, SampleFailure> {
        let mut fault = None;
        let mut overlap = None;
        for (allows_several, optional) in [(false, true), (false, false), (true, true), (true, false)] {
            let terms = FitTerms { specification: self.specification, direction: Some(direction), allows_several };
            if allows_several && overlap.is_none() {
                break;
            }
            let mut building = SampleState {
                specification: self.specification,
                terms,
                patterns: &mut self.patterns,
                stack: Vec::new(),
                depth: 0,
                most_steps: MOST_STEPS.min(most_steps),
                steps: 0,
                values: 0,
                bytes: 0,
                fault,
                overlap,
                root: schema,
            };
            let goal = SampleGoal::of(vec![schema]);
            let want = SampleRequest { variant: 0, optional, dispensable: false, level: 0 };
            let built = building.value(&goal, want);
            let fits = built.as_ref().is_some_and(|value| building.fits(value, &goal.schemas));
            *steps += building.steps;
            match built {
                Some(value) if fits => {
                    let doubt = overlap.filter(|_| allows_several);
                    let doubt = doubt.map(|node| SampleFailure { node: Some(node), reason: NO_SINGLE });
                    return Ok(BuiltValue { value, doubt });
                }
                Some(_) => building.blame(Some(schema.id()), CONTRADICTION),
                None => {}
            }
            (fault, overlap) = (building.fault, building.overlap);
        }
        let (node, reason) = fault.map_or((None, CONTRADICTION), |(node, reason)| (Some(node), reason));
        Err(SampleFailure { node, reason })
    }

    /// True if a text is a usable regular expression; adds the cost to `steps`.
    pub(in crate::definition) fn is_pattern(&mut self, pattern: &str, steps: &mut usize) -> bool {
        let is_usable = self.patterns.is_usable(pattern);
        *steps += self.patterns.taken();
        is_usable
    }

    /// True if a schema allows a value in a direction, if known; adds the cost to `steps`.
    pub(in crate::definition) fn allows_within(
        &mut self,
        value: &Value,
        schema: Node<'_>,
        direction: Option<ValueDirection>,
        steps: &mut usize,
    ) -> bool {
        let terms = FitTerms { direction, ..FitTerms::response(self.specification) };
        fits(value, &[schema], terms, &mut self.patterns, steps)
    }
}

/// The result of looking for a constant.
enum ConstantSearch {
    Found(Value),
    /// Constants exist of which one is mandatory, but none is valid.
    Impossible,
    None,
}

/// True for a schema with keywords that a value may violate even if it satisfies the others.
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
    schema.entries().any(|(name, _)| keywords.contains(&name))
}

/// Lists the goals of values that meet a condition, and of those that do not, for each `if` that is not settled yet.
fn conditional_goals<'d>(goal: &SampleGoal<'d>, shape: &SchemaShape<'d>) -> Vec<SampleGoal<'d>> {
    let open = shape.schemas.iter().filter_map(|schema| Some((schema, schema.get("if")?)));
    let open = open.filter(|(_, condition)| !goal.settled.contains(&condition.id()));
    open.flat_map(|(schema, condition)| {
        let mut met = goal.clone();
        met.settled.push(condition.id());
        let mut unmet = met.clone();
        met.schemas.extend([condition].into_iter().chain(schema.get("then")));
        unmet.schemas.extend(schema.get("else"));
        [met, unmet]
    })
    .collect()
}

impl<'d> SampleState<'_, 'd> {
    pub(super) fn value(&mut self, goal: &SampleGoal<'d>, want: SampleRequest) -> Option<Value> {
        self.steps += 1;
        let shape = SchemaShape::of(&goal.schemas, self.specification);
        self.steps += shape.schemas.len();
        let first = Some(shape.schemas.first().unwrap_or(&self.root).id());
        let too_deep = want.level > MOST_LEVELS || self.depth > MOST_DEPTH;
        if self.is_spent() || self.values > MOST_VALUES || too_deep {
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

    fn within(&mut self, goal: &SampleGoal<'d>, shape: &SchemaShape<'d>, want: SampleRequest) -> Option<Value> {
        match self.constant(goal, shape, want) {
            ConstantSearch::Found(value) => return Some(value),
            ConstantSearch::Impossible => {
                let types = shape.types();
                let mut constants = shape.keyword("const").chain(shape.keyword("enum").flat_map(Node::items));
                let of_a_type = constants.any(|constant| TypeSet::of_node(constant).meets(types));
                let reason = if of_a_type { NO_CONSTANT } else { WRONG_CONSTANT };
                self.blame(shape.schemas.first().map(|schema| schema.id()), reason);
                return None;
            }
            ConstantSearch::None => {}
        }
        if let Some((schema, keyword, list)) = next_choice(goal, shape) {
            return self.chosen(goal, schema, keyword, list, want);
        }
        if let Some(value) = self.inherited(goal, shape, want) {
            return Some(value);
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

    /// Takes a constant from the schemas: `const`, `default`, `enum`, `examples`, in this order.
    fn constant(&mut self, goal: &SampleGoal<'d>, shape: &SchemaShape<'d>, want: SampleRequest) -> ConstantSearch {
        let list = |name: &'static str| shape.keyword(name).filter(|node| node.is_array()).flat_map(Node::items);
        let defaults = shape.keyword("const").chain(shape.keyword("default"));
        let in_order = defaults.chain(list("enum")).chain(list("examples")).chain(shape.keyword("example"));
        let mut found: Vec<Value> = Vec::new();
        for node in in_order.take(1_000) {
            let mut left = MOST_COPIED;
            let value = node.to_value_within(&mut left);
            self.steps += MOST_COPIED - left;
            if self.is_spent() {
                break;
            }
            let Some(value) = value else { continue };
            if found.contains(&value) || !self.fits(&value, &goal.schemas) || !meets_discriminator(goal, &value) {
                continue;
            }
            if found.len() == want.variant {
                self.values += 1;
                self.bytes += (MOST_COPIED - left) * BYTES_A_VALUE;
                return ConstantSearch::Found(value);
            }
            found.push(value);
        }
        let binding = shape.keyword("const").chain(list("enum")).next();
        if binding.is_none() { ConstantSearch::None } else { ConstantSearch::Impossible }
    }

    /// Tries other values if the first violates a condition, a negation or the like.
    fn otherwise(&mut self, goal: &SampleGoal<'d>, shape: &SchemaShape<'d>, want: SampleRequest) -> Option<Value> {
        let conditional = conditional_goals(goal, shape);
        for goal_now in conditional.iter().chain([goal]) {
            for (optional, variant) in
                [(want.optional, 0), (false, 0), (want.optional, 1), (false, 1), (want.optional, 2)]
            {
                let shape = SchemaShape::of(&goal_now.schemas, self.specification);
                let value =
                    self.typed(goal_now, &shape, SampleRequest { optional, variant: want.variant + variant, ..want });
                if let Some(value) = value.filter(|value| self.fits(value, &goal.schemas)) {
                    return Some(value);
                }
            }
        }
        // A negation may leave other types than the likeliest.
        for (variant, types) in
            (0..=1).flat_map(|variant| shape.type_order().into_iter().map(move |types| (variant, types)))
        {
            let want = SampleRequest { optional: false, variant: want.variant + variant, ..want };
            let value = self.of_type(goal, shape, types, want);
            if let Some(value) = value.filter(|value| self.fits(value, &goal.schemas)) {
                return Some(value);
            }
        }
        // A branch may have constants and choices of its own.
        for (goal_now, optional) in conditional.iter().flat_map(|goal| [(goal, want.optional), (goal, false)]) {
            let value = self.value(goal_now, SampleRequest { optional, ..want });
            if let Some(value) = value.filter(|value| self.fits(value, &goal.schemas)) {
                return Some(value);
            }
        }
        self.blame(shape.schemas.first().map(|schema| schema.id()), CONTRADICTION);
        None
    }

    pub(super) fn typed(
        &mut self,
        goal: &SampleGoal<'d>,
        shape: &SchemaShape<'d>,
        want: SampleRequest,
    ) -> Option<Value> {
        shape.type_order().into_iter().find_map(|types| self.of_type(goal, shape, types, want))
    }

    pub(super) fn of_type(
        &mut self,
        goal: &SampleGoal<'d>,
        shape: &SchemaShape<'d>,
        types: TypeSet,
        want: SampleRequest,
    ) -> Option<Value> {
        let first = shape.schemas.first().map(|schema| schema.id());
        match types {
            TypeSet::OBJECT => self.object(goal, shape, want),
            TypeSet::ARRAY => self.array(goal, shape, want),
            TypeSet::STRING => {
                let embedded = self.embedded_json(goal, shape, want);
                let text = embedded.or_else(|| text::build(shape, &goal.negated(shape), want.variant, self.patterns));
                match &text {
                    Some(text) => self.made(text),
                    None => self.blame(first, NO_TEXT),
                }
                text.map(Value::String)
            }
            TypeSet::INTEGER | TypeSet::NUMBER => {
                let number = number::build(shape, &goal.negated(shape), types == TypeSet::INTEGER, want.variant);
                if number.is_none() {
                    self.blame(first, NO_NUMBER);
                }
                number
            }
            TypeSet::BOOLEAN if want.variant < 2 => Some(Value::Bool(want.variant == 0)),
            // It is the last type, after the values of all others.
            TypeSet::NULL => Some(Value::Null),
            _ => None,
        }
    }

    /// Writes the JSON that a text holds (JSON Schema 2020-12, validation, section 8.5).
    fn embedded_json(&mut self, goal: &SampleGoal<'d>, shape: &SchemaShape<'d>, want: SampleRequest) -> Option<String> {
        let schemas: Vec<Node<'d>> = shape.keyword("contentSchema").collect();
        let is_json = |name: &str| matches!(media_type_essence(name).as_str(), "application/json" | "text/json");
        let holds_json = shape.keyword("contentMediaType").filter_map(Node::as_str).any(is_json);
        if schemas.is_empty() || !holds_json || shape.keyword("contentEncoding").next().is_some() {
            return None;
        }
        let text = self.value(&SampleGoal::of(schemas), SampleRequest { level: want.level + 1, ..want })?.to_string();
        self.fits(&Value::String(text.clone()), &goal.schemas).then_some(text)
    }
}
