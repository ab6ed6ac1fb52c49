//! Numbers within the bounds of schemas.

use serde_json::{Number, Value};

use super::shape::{SchemaShape, is_annotation};
use crate::definition::document::Node;

/// True if a number is within the bounds of a schema.
pub(super) fn fits(number: &Number, schema: Node<'_>) -> bool {
    let bounds = NumberBounds::of(schema);
    bounds.least.is_none_or(|(least, excluded)| after(number, &least, excluded))
        && bounds.most.is_none_or(|(most, excluded)| after(&most, number, excluded))
        && schema.get("multipleOf").and_then(Node::as_number).is_none_or(|step| is_multiple(number, step))
}

/// Compares two numbers by value.
pub(super) fn equal(one: &Number, other: &Number) -> bool {
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one.as_f64() == other.as_f64(),
    }
}

/// Generates a number within the bounds of all schemas and not within negated ones, a different one for each `variant`.
pub(super) fn build(shape: &SchemaShape<'_>, negated: &[Node<'_>], integer: bool, variant: usize) -> Option<Value> {
    let bounds: Vec<NumberBounds> = shape.schemas.iter().map(|schema| NumberBounds::of(*schema)).collect();
    let steps: Vec<Number> = shape.keyword("multipleOf").filter_map(Node::as_number).cloned().collect();
    let negated: Vec<Node<'_>> = negated.iter().copied().filter(|not| is_numeric(*not)).collect();
    let acceptable = |number: &Number| {
        (!integer || whole(number).is_some())
            && shape.schemas.iter().all(|schema| fits(number, *schema))
            && !negated.iter().any(|not| meets_type(number, *not) && is_constant(number, *not) && fits(number, *not))
    };
    let mut found = 0;
    let mut last: Option<Number> = None;
    let beside = negated.iter().flat_map(|not| NumberBounds::of(*not).beside(integer));
    for number in candidates(&bounds, &steps, integer, variant).chain(beside.collect::<Vec<_>>()) {
        if last.as_ref().is_some_and(|last| equal(last, &number)) || !acceptable(&number) {
            continue;
        }
        if found == variant {
            return Some(Value::Number(number));
        }
        found += 1;
        last = Some(number);
    }
    None
}

/// True if it is a schema that says of a number all that it says.
fn is_numeric(schema: Node<'_>) -> bool {
    const KEYWORDS: [&str; 8] =
        ["type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
    schema.is_object() && schema.entries().all(|(name, _)| KEYWORDS.contains(&name) || is_annotation(name))
}

/// True if a number is one of the constants of a schema, if it has any.
fn is_constant(number: &Number, schema: Node<'_>) -> bool {
    let is_number = |node: Node<'_>| node.as_number().is_some_and(|other| equal(number, other));
    schema.get("enum").is_none_or(|list| list.items().any(is_number)) && schema.get("const").is_none_or(is_number)
}

/// True if a number is of the types of a schema.
fn meets_type(number: &Number, schema: Node<'_>) -> bool {
    let Some(types) = schema.get("type") else { return true };
    let mut names = types.as_str().into_iter().chain(types.items().filter_map(Node::as_str));
    names.any(|name| name == "number" || name == "integer" && whole(number).is_some())
}

/// The lower and upper bound of a schema, each with a flag for exclusive.
struct NumberBounds {
    least: Option<(Number, bool)>,
    most: Option<(Number, bool)>,
}

impl NumberBounds {
    fn of(schema: Node<'_>) -> Self {
        Self {
            least: Self::bound(schema, "minimum", "exclusiveMinimum", |one, other| after(one, other, false)),
            most: Self::bound(schema, "maximum", "exclusiveMaximum", |one, other| after(other, one, false)),
        }
    }

    /// Lists the numbers at the bounds and next to them.
    fn beside(&self, integer: bool) -> Vec<Number> {
        let halves = if integer { [-2, 2, 0, 0] } else { [-1, 1, -2, 2] };
        let bounds = [&self.least, &self.most].into_iter().flatten();
        bounds
            .flat_map(|(bound, _)| {
                let next = halves.into_iter().filter_map(|count| nth(bound, None, false, count));
                next.chain([bound.clone()]).collect::<Vec<_>>()
            })
            .collect()
    }

    /// Parses a bound: OpenAPI 3.0 has a flag for exclusive bounds, 3.1 separate numbers.
    fn bound(
        schema: Node<'_>,
        inclusive: &str,
        exclusive: &str,
        stricter: impl Fn(&Number, &Number) -> bool,
    ) -> Option<(Number, bool)> {
        let inclusive = schema.get(inclusive).and_then(Node::as_number).cloned();
        let Some(exclusive) = schema.get(exclusive) else { return inclusive.map(|bound| (bound, false)) };
        if let Some(flag) = exclusive.as_bool() {
            return inclusive.map(|bound| (bound, flag));
        }
        match (inclusive, exclusive.as_number().cloned()) {
            (Some(inclusive), Some(exclusive)) if !stricter(&exclusive, &inclusive) => Some((inclusive, false)),
            (_, Some(exclusive)) => Some((exclusive, true)),
            (inclusive, None) => inclusive.map(|bound| (bound, false)),
        }
    }
}

/// The number of candidates tried, in addition to the variants asked for.
const TRIES: u32 = 1_000;

/// Iterates over candidates: from zero or the lower bound upwards, or from the upper bound downwards.
fn candidates(
    bounds: &[NumberBounds],
    steps: &[Number],
    integer: bool,
    variant: usize,
) -> impl Iterator<Item = Number> {
    let least = bounds
        .iter()
        .filter_map(|bounds| bounds.least.clone())
        .reduce(|one, other| if after(&other.0, &one.0, !other.1) { other } else { one });
    let most = bounds
        .iter()
        .filter_map(|bounds| bounds.most.clone())
        .reduce(|one, other| if after(&one.0, &other.0, !other.1) { other } else { one });
    let least = least.map(|(least, _)| least);
    let most = most.map(|(most, _)| most);
    let zero = Number::from(0);
    let zero_is_allowed = least.as_ref().is_none_or(|least| after(&zero, least, false))
        && most.as_ref().is_none_or(|most| after(most, &zero, false));
    let (start, downwards) = match (&least, &most) {
        _ if zero_is_allowed => (zero, most.as_ref().is_some_and(|most| equal(most, &Number::from(0)))),
        (Some(least), _) => (least.clone(), false),
        (None, Some(most)) => (most.clone(), true),
        (None, None) => (zero, false),
    };
    let direction = if downwards { -1 } else { 1 };
    let step = steps.iter().max_by(|one, other| f64_of(one).total_cmp(&f64_of(other))).cloned();
    let span = match (&least, &most) {
        (Some(least), Some(most)) => Some(f64_of(most) - f64_of(least)),
        _ => None,
    };
    let middle = span.filter(|_| !integer && step.is_none()).and_then(|span| {
        let least = f64_of(least.as_ref()?);
        Number::from_f64(least + span / 2.0)
    });
    let tries = i128::from(TRIES) + i128::try_from(variant).unwrap_or(0);
    let walked = (0..tries).filter_map(move |index| nth(&start, step.as_ref(), integer, index * direction));
    let fractions = (2..TRIES).filter_map(move |index| {
        let span = span.filter(|_| !integer)?;
        let least = f64_of(least.as_ref()?);
        Number::from_f64(least + span / f64::from(index))
    });
    walked.chain(middle).chain(fractions)
}

/// Returns the number a given count of steps from a start; a step is the given one, or else 1 or a half.
#[expect(clippy::cast_precision_loss, reason = "a candidate that is inexact is checked before it is used")]
fn nth(start: &Number, step: Option<&Number>, integer: bool, index: i128) -> Option<Number> {
    let Some(step) = step else {
        return match whole(start) {
            Some(start) if integer || index % 2 == 0 => {
                from_whole(start.checked_add(if integer { index } else { index / 2 })?)
            }
            Some(start) => Number::from_f64(start as f64 + index as f64 / 2.0),
            None => Number::from_f64(f64_of(start).ceil() + index as f64),
        };
    };
    if let (Some(start), Some(step)) = (whole(start), whole(step)) {
        let step = (step != 0).then_some(step.abs())?;
        let first = start.div_euclid(step) + i128::from(start.rem_euclid(step) != 0 && index >= 0);
        return from_whole(first.checked_add(index)?.checked_mul(step)?);
    }
    let (start, step) = (f64_of(start), f64_of(step).abs());
    let first = if index >= 0 { (start / step).ceil() } else { (start / step).floor() };
    rounded((first + index as f64) * step, step)
}

/// Rounds off the floating-point error in a multiple of a decimal fraction.
fn rounded(value: f64, step: f64) -> Option<Number> {
    let decimals = step.to_string().split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let text = format!("{value:.decimals$}");
    let number: f64 = text.parse().ok()?;
    if number.fract() == 0.0
        && let Ok(whole) = format!("{number:.0}").parse::<i64>()
    {
        return Some(whole.into());
    }
    Number::from_f64(number)
}

/// True if a number is above another, or equal if the bound is not exclusive.
fn after(one: &Number, other: &Number, excluded: bool) -> bool {
    let order = match (whole(one), whole(other)) {
        (Some(one), Some(other)) => one.cmp(&other),
        _ => f64_of(one).total_cmp(&f64_of(other)),
    };
    order.is_gt() || (!excluded && order.is_eq())
}

/// True if a number is a multiple of a step.
pub(in crate::definition) fn is_multiple(number: &Number, step: &Number) -> bool {
    if let (Some(number), Some(step)) = (whole(number), whole(step)) {
        return step == 0 || number % step == 0;
    }
    let (number, step) = (f64_of(number), f64_of(step));
    if step == 0.0 {
        return true;
    }
    let quotient = number / step;
    if step.abs() >= 1.0 {
        // No rounding here, where validators differ: in their arithmetic 3e25 is not a multiple of 1e25.
        return number % step == 0.0 && quotient.fract() == 0.0;
    }
    (quotient - quotient.round()).abs() < 1e-9 * quotient.abs().max(1.0)
}

fn whole(number: &Number) -> Option<i128> {
    if let Some(value) = number.as_i64() {
        return Some(value.into());
    }
    if let Some(value) = number.as_u64() {
        return Some(value.into());
    }
    let value = number.as_f64().filter(|value| value.fract() == 0.0)?;
    // Exact: each number of this size is a sum of powers of two.
    format!("{value:.0}").parse().ok()
}

fn from_whole(value: i128) -> Option<Number> {
    if let Ok(value) = i64::try_from(value) {
        return Some(value.into());
    }
    if let Ok(value) = u64::try_from(value) {
        return Some(value.into());
    }
    // Beyond 64 bits there are only those that a double is.
    let number = value.to_string().parse().ok().and_then(Number::from_f64)?;
    (whole(&number) == Some(value)).then_some(number)
}

fn f64_of(number: &Number) -> f64 {
    number.as_f64().unwrap_or(0.0)
}
