//! The keywords of numbers and texts, and which keywords concern which type.

use std::ops::RangeInclusive;

use serde_json::Number;

use super::terms::ValueTerm;
use super::{DefinitionSide, Prover, TypeCase};
use crate::compare::schema::bounds::{self, NumberLimit};
use crate::definition::Decimal;
use crate::definition::Node;
use crate::definition::TypeSet;
use crate::definition::values::{integer_range, is_number_format};

/// True if the keywords of one schema let each text pass that a number or a flag can be written as.
pub(super) fn takes_any_text(schema: Node<'_>) -> bool {
    TypeSet::of_keyword(schema).meets(TypeSet::STRING)
        && schema.entries().all(|(name, value)| match name {
            "enum" | "const" | "maxLength" | "pattern" | "contentEncoding" | "contentMediaType" | "contentSchema" => {
                false
            }
            "minLength" => value.as_number().and_then(Number::as_f64).is_none_or(|least| least <= 1.0),
            "format" => value.as_str().is_none_or(bounds::is_hint),
            _ => true,
        })
}

/// Counts the keywords of one schema that look at the parts of a list or an object, those that share the parts among
/// them as one; `None` where one of them compares the parts, or asks for them under a condition.
pub(super) fn readers(schema: Node<'_>, kind: TypeSet) -> Option<usize> {
    const COMPARING: [&str; 4] = ["enum", "const", "dependentSchemas", "unevaluatedItems"];
    let has = |name: &&str| schema.get(name).is_some();
    let is_unique = schema.get("uniqueItems").and_then(Node::as_bool) == Some(true);
    if is_unique || COMPARING.iter().any(has) {
        return None;
    }
    let patterns = schema.get("patternProperties").into_iter().flat_map(Node::entries).count();
    Some(if kind == TypeSet::ARRAY {
        usize::from(["items", "prefixItems"].iter().any(has)) + usize::from(has(&"contains"))
    } else {
        let is_shared = patterns == 0 && ["properties", "additionalProperties"].iter().any(has);
        let named = usize::from(patterns > 0 && has(&"properties"));
        patterns + named + usize::from(is_shared) + usize::from(has(&"unevaluatedProperties"))
    })
}

impl<'d> Prover<'_, 'd> {
    /// True if a case satisfies the keywords of one schema itself.
    pub(super) fn follows_own(&mut self, case: &TypeCase<'d>, side: DefinitionSide, schema: Node<'d>) -> bool {
        self.take(schema.entries().count())
            && schema.entries().all(|(name, value)| match name {
                "type" => TypeSet::of_keyword(schema).meets(case.kind),
                "enum" => !value.is_array() || case.value.is_some_and(|known| self.is_listed(side, value, known)),
                "const" => case.value.is_some_and(|known| self.value(side, value) == known),
                "format" => {
                    value.as_str().is_none_or(|format| has_format(case, format) || self.is_in_range_of(case, format))
                }
                _ => match case.kind {
                    TypeSet::STRING => self.follows_text(case, name, value),
                    TypeSet::ARRAY => self.follows_list(case, side, schema, name),
                    TypeSet::OBJECT => self.follows_object(case, side, schema, name),
                    kind if TypeSet::NUMBER.meets(kind) => self.follows_number(case, schema, name, value),
                    _ => true,
                },
            })
    }

    pub(super) fn contradicts_keywords(&mut self, case: &TypeCase<'d>) -> bool {
        match case.kind {
            TypeSet::STRING => {
                let (least, most) = self.counts(case, "minLength", "maxLength");
                let patterns = case.schemas.iter().filter_map(|(_, schema)| schema.get("pattern")?.as_str());
                let formats: Vec<&str> =
                    case.schemas.iter().filter_map(|(_, schema)| schema.get("format")?.as_str()).collect();
                least > most
                    || formats.iter().any(|one| formats.iter().any(|other| bounds::are_disjoint_formats(one, other)))
                    || patterns.collect::<Vec<_>>().into_iter().any(|one| self.is_match(case, one) == Some(false))
            }
            TypeSet::ARRAY => self.contradicts_list(case),
            TypeSet::OBJECT => self.contradicts_object(case),
            kind if TypeSet::NUMBER.meets(kind) => self.contradicts_number(case),
            _ => false,
        }
    }

    fn number_value(&self, case: &TypeCase<'d>) -> Option<Decimal> {
        let ValueTerm::Number(text) = self.proofs.terms.get(case.value?) else { return None };
        Decimal::parse(text)
    }

    fn limit(&self, case: &TypeCase<'d>, least: bool) -> Option<NumberLimit> {
        if let Some(value) = self.number_value(case) {
            return Some(NumberLimit { value, exclusive: false });
        }
        let tightest = self.limits(case, least).into_iter().max_by(|one, other| bounds::tighter(one, other, least))?;
        Some(on_step(case, tightest, least))
    }

    fn limits(&self, case: &TypeCase<'d>, least: bool) -> Vec<NumberLimit> {
        let of_schemas = case.schemas.iter().flat_map(move |(_, schema)| bounds::limits(*schema, least));
        let of_formats =
            case.schemas.iter().filter_map(move |(_, schema)| range_of(schema.get("format")?.as_str()?, least));
        let of_formats = of_formats.filter(|_| case.kind == TypeSet::INTEGER);
        let of_parts = self.limits_of_parts(case, bounds::limit_names(least));
        let of_parts = of_parts
            .map(|(name, value)| NumberLimit { value: value.clone(), exclusive: name.starts_with("exclusive") });
        let whole = case.kind == TypeSet::INTEGER;
        let inclusive = |limit| if whole { bounds::inclusive_limit(&limit, least) } else { limit };
        of_schemas.chain(of_formats).chain(of_parts).map(inclusive).collect()
    }

    /// True if the integers of a case are all within the range of a format.
    fn is_in_range_of(&self, case: &TypeCase<'d>, format: &str) -> bool {
        case.kind == TypeSet::INTEGER
            && [true, false].into_iter().all(|least| {
                let (known, wanted) = (self.limit(case, least), range_of(format, least));
                known.zip(wanted).is_some_and(|(known, wanted)| bounds::tighter(&known, &wanted, least).is_ge())
            })
    }

    /// Returns the numbers of a case, where they are whole and few.
    pub(super) fn whole_numbers(&self, case: &TypeCase<'d>) -> Option<RangeInclusive<i64>> {
        const MOST: i64 = 50;
        if case.kind != TypeSet::INTEGER || case.schemas.iter().all(|(_, schema)| schema.get("maximum").is_none()) {
            return None;
        }
        let (least, most) = (self.limit(case, true)?, self.limit(case, false)?);
        let (least, most) = (least.value.to_i64()?, most.value.to_i64()?);
        most.checked_sub(least).is_some_and(|count| count < MOST).then_some(least..=most)
    }

    fn follows_number(&self, case: &TypeCase<'d>, schema: Node<'d>, name: &str, value: Node<'d>) -> bool {
        match name {
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => {
                let least = name.ends_with("inimum");
                let Some(limit) = bounds::limit_at(schema, name, value) else { return true };
                let limit = if case.kind == TypeSet::INTEGER { bounds::inclusive_limit(&limit, least) } else { limit };
                self.limit(case, least).is_some_and(|known| bounds::tighter(&known, &limit, least).is_ge())
            }
            "multipleOf" => {
                let Some(step) = bounds::steps(std::iter::once(value)).next() else { return true };
                if let Some(value) = self.number_value(case) {
                    return value.is_multiple_of(&step);
                }
                let known = case.schemas.iter().filter_map(|(_, schema)| schema.get("multipleOf"));
                let whole = (case.kind == TypeSet::INTEGER).then(|| Decimal::from(1));
                let known = bounds::steps(known).chain(whole).reduce(|one, other| one.common_multiple(&other));
                known.is_some_and(|known| known.is_multiple_of(&step))
            }
            _ => true,
        }
    }

    fn contradicts_number(&self, case: &TypeCase<'d>) -> bool {
        let steps = case.schemas.iter().filter_map(|(_, schema)| schema.get("multipleOf"));
        let is_off = |step: Decimal| match self.number_value(case) {
            Some(value) => !value.is_multiple_of(&step),
            // No fraction is a multiple of a whole number.
            None => case.kind != TypeSet::INTEGER && step.is_whole(),
        };
        if bounds::steps(steps).any(is_off) {
            return true;
        }
        let bound = |least: bool| {
            let value = self.number_value(case).map(|value| NumberLimit { value, exclusive: false });
            self.limits(case, least).into_iter().chain(value).max_by(|one, other| bounds::tighter(one, other, least))
        };
        let (Some(least), Some(most)) = (bound(true), bound(false)) else { return false };
        let order = least.value.cmp(&most.value);
        order.is_gt() || (order.is_eq() && (least.exclusive || most.exclusive))
    }

    fn follows_text(&mut self, case: &TypeCase<'d>, name: &str, value: Node<'d>) -> bool {
        let number = || value.as_number().and_then(Number::as_f64);
        match name {
            "minLength" => number().is_none_or(|least| self.counts(case, "minLength", "maxLength").0 >= least),
            "maxLength" => number().is_none_or(|most| self.counts(case, "minLength", "maxLength").1 <= most),
            "pattern" => {
                let pattern = value.as_str();
                pattern.is_none_or(bounds::matches_anything)
                    || case.schemas.iter().any(|(_, schema)| schema.get("pattern").and_then(Node::as_str) == pattern)
                    || pattern.is_some_and(|pattern| self.is_match(case, pattern) == Some(true))
            }
            "contentEncoding" => {
                let old_format = (value.as_str() == Some("base64")).then_some("byte");
                let is_known = |schema: Node<'d>| {
                    let of = |name: &str| schema.get(name).and_then(Node::as_str);
                    of(name) == value.as_str() || (old_format.is_some() && of("format") == old_format)
                };
                case.schemas.iter().any(|(_, schema)| is_known(*schema))
            }
            // It tells of values, and refuses none (JSON Schema 2020-12, Validation 8.1): another one is told.
            "contentMediaType" => {
                let mut known = case.schemas.iter().filter_map(|(_, schema)| schema.get(name)?.as_str());
                known.all(|known| Some(known) == value.as_str())
            }
            "contentSchema" => false,
            _ => true,
        }
    }

    /// Tells whether the only text of a case matches a pattern; `None` where there are others, or it cannot be told.
    fn is_match(&mut self, case: &TypeCase<'d>, pattern: &str) -> Option<bool> {
        let ValueTerm::Text(text) = self.term(case.value?) else { return None };
        self.take(1 + text.len() / 32).then(|| self.proofs.patterns.is_match(pattern, &text)).flatten()
    }

    /// Returns between which numbers a length, or a number of items or properties, lies.
    pub(super) fn counts(&mut self, case: &TypeCase<'d>, least: &'static str, most: &'static str) -> (f64, f64) {
        let of = |name: &str| {
            let numbers = case.schemas.iter().filter_map(|(_, schema)| schema.get(name)?.as_number()?.as_f64());
            numbers.collect::<Vec<f64>>()
        };
        let of_part = |name: &'static str| {
            let limits = self.limits_of_parts(case, [name, name]);
            limits.filter_map(|(_, value)| value.to_string().parse::<f64>().ok()).collect::<Vec<f64>>()
        };
        let all = |name: &'static str| of(name).into_iter().chain(of_part(name));
        let (mut lower, mut upper) = (all(least).fold(0.0, f64::max), all(most).fold(f64::INFINITY, f64::min));
        if let Some(size) = case.value.and_then(|value| self.size(value)) {
            (lower, upper) = (lower.max(size), upper.min(size));
        }
        (lower, upper)
    }

    #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
    fn size(&self, value: super::TermId) -> Option<f64> {
        Some(match self.proofs.terms.get(value) {
            ValueTerm::Text(text) => text.chars().count() as f64,
            ValueTerm::Value(side, id) => {
                let node = self.proofs.terms.node(*side, *id);
                (node.items().count() + node.entries().count()) as f64
            }
            _ => return None,
        })
    }
}

/// Moves a limit to the next number that is a multiple of the steps of a case.
fn on_step(case: &TypeCase<'_>, limit: NumberLimit, least: bool) -> NumberLimit {
    let steps = bounds::steps(case.schemas.iter().filter_map(|(_, schema)| schema.get("multipleOf")));
    let step = steps.reduce(|one, other| one.common_multiple(&other)).and_then(|step| step.to_i64());
    let value = limit.value.to_i64().filter(|_| !limit.exclusive);
    let moved = step.zip(value).filter(|(step, _)| *step > 0).and_then(|(step, value)| {
        let over = value.rem_euclid(step);
        if over == 0 { Some(value) } else { value.checked_sub(over)?.checked_add(if least { step } else { 0 }) }
    });
    moved.map_or(limit, |value| NumberLimit { value: Decimal::from(value), exclusive: false })
}

/// Returns the least or the greatest integer of a format.
fn range_of(format: &str, least: bool) -> Option<NumberLimit> {
    let (low, high) = integer_range(format)?;
    let value = if least { Decimal::from(low) } else { Decimal::parse(&high.to_string())? };
    Some(NumberLimit { value, exclusive: false })
}

/// True if values of a case have a format, or the format is none of their type.
fn has_format(case: &TypeCase<'_>, format: &str) -> bool {
    let concerns = if is_number_format(format) { TypeSet::NUMBER } else { TypeSet::STRING };
    let known = |schema: &Node<'_>| {
        let of = |name: &str| schema.get(name).and_then(Node::as_str);
        // The formats of OpenAPI 3.0 that became keywords of JSON Schema (OpenAPI 3.1.0, section 4.4.1).
        let is_keyword = match format {
            "byte" => of("contentEncoding") == Some("base64"),
            "binary" => of("contentMediaType").is_some() && of("contentEncoding").is_none(),
            _ => false,
        };
        let is_format = |known| known == format || bounds::is_narrower_format(known, format);
        is_keyword || of("format").is_some_and(is_format)
    };
    bounds::is_hint(format) || !concerns.meets(case.kind) || case.schemas.iter().any(|(_, schema)| known(schema))
}
