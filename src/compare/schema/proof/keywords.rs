//! The keywords of numbers and texts, and which keywords concern which type.

use std::ops::RangeInclusive;

use serde_json::Number;

use super::terms::ValueTerm;
use super::{DefinitionSide, Prover, TypeCase};
use crate::compare::schema::bounds::{self, NumberLimit};
use crate::compare::schema::types::TypeView;
use crate::definition::Node;

/// Formats of numbers; the others are of texts.
const NUMBER_FORMATS: [&str; 7] = ["int8", "int16", "int32", "int64", "float", "double", "decimal"];

/// True if the keywords of one schema let each text pass that a number or a flag can be written as.
pub(super) fn takes_any_text(schema: Node<'_>) -> bool {
    TypeView::declared(schema).meets(TypeView::STRING)
        && schema.entries().all(|(name, value)| match name {
            "enum" | "const" | "maxLength" | "pattern" | "contentEncoding" | "contentMediaType" | "contentSchema" => {
                false
            }
            "minLength" => value.as_number().and_then(Number::as_f64).is_none_or(|least| least <= 1.0),
            "format" => value.as_str().is_none_or(bounds::is_hint),
            _ => true,
        })
}

impl<'d> Prover<'_, 'd> {
    /// True if a case satisfies the keywords of one schema itself.
    pub(super) fn follows_own(&mut self, case: &TypeCase<'d>, side: DefinitionSide, schema: Node<'d>) -> bool {
        self.take(schema.entries().count())
            && schema.entries().all(|(name, value)| match name {
                "type" => TypeView::declared(schema).meets(case.kind),
                "enum" => !value.is_array() || case.value.is_some_and(|known| self.is_listed(side, value, known)),
                "const" => case.value.is_some_and(|known| self.value(side, value) == known),
                "format" => value.as_str().is_none_or(|format| has_format(case, format)),
                _ => match case.kind {
                    TypeView::STRING => self.follows_text(case, name, value),
                    TypeView::ARRAY => self.follows_list(case, side, schema, name),
                    TypeView::OBJECT => self.follows_object(case, side, schema, name),
                    kind if TypeView::NUMBER.meets(kind) => self.follows_number(case, schema, name, value),
                    _ => true,
                },
            })
    }

    pub(super) fn contradicts_keywords(&mut self, case: &TypeCase<'d>) -> bool {
        match case.kind {
            TypeView::STRING => {
                let (least, most) = self.counts(case, "minLength", "maxLength");
                least > most
            }
            TypeView::ARRAY => self.contradicts_list(case),
            TypeView::OBJECT => self.contradicts_object(case),
            kind if TypeView::NUMBER.meets(kind) => self.contradicts_number(case),
            _ => false,
        }
    }

    fn number_value(&self, case: &TypeCase<'d>) -> Option<Number> {
        let ValueTerm::Number(text) = self.proofs.terms.get(case.value?) else { return None };
        text.parse().ok()
    }

    fn limit(&self, case: &TypeCase<'d>, least: bool) -> Option<NumberLimit> {
        if let Some(value) = self.number_value(case) {
            return Some(NumberLimit { value, exclusive: false });
        }
        let limits = case.schemas.iter().flat_map(|(_, schema)| bounds::limits(*schema, least));
        let whole = case.kind == TypeView::INTEGER;
        let limits = limits.map(|limit| if whole { bounds::inclusive_limit(limit, least) } else { limit });
        limits.max_by(|one, other| bounds::tighter(one, other, least))
    }

    /// Returns the numbers of a case, where they are whole and few.
    pub(super) fn whole_numbers(&self, case: &TypeCase<'d>) -> Option<RangeInclusive<i64>> {
        const MOST: i64 = 50;
        if case.kind != TypeView::INTEGER || case.schemas.iter().all(|(_, schema)| schema.get("maximum").is_none()) {
            return None;
        }
        let (least, most) = (self.limit(case, true)?, self.limit(case, false)?);
        let (least, most) = (least.value.as_i64()?, most.value.as_i64()?);
        most.checked_sub(least).is_some_and(|count| count < MOST).then_some(least..=most)
    }

    fn follows_number(&self, case: &TypeCase<'d>, schema: Node<'d>, name: &str, value: Node<'d>) -> bool {
        match name {
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => {
                let least = name.ends_with("inimum");
                let Some(limit) = bounds::limit_at(schema, name, value) else { return true };
                let limit = if case.kind == TypeView::INTEGER { bounds::inclusive_limit(limit, least) } else { limit };
                self.limit(case, least).is_some_and(|known| bounds::tighter(&known, &limit, least).is_ge())
            }
            "multipleOf" => {
                let Some(step) = value.as_number().filter(|step| step.as_f64().is_some_and(|step| step > 0.0)) else {
                    return true;
                };
                if let Some(value) = self.number_value(case) {
                    return bounds::is_multiple(&value, step);
                }
                let mut known = case.schemas.iter().filter_map(|(_, schema)| schema.get("multipleOf")?.as_number());
                (case.kind == TypeView::INTEGER && bounds::is_multiple(&Number::from(1), step))
                    || known.any(|known| bounds::is_multiple(known, step))
            }
            _ => true,
        }
    }

    fn contradicts_number(&self, case: &TypeCase<'d>) -> bool {
        let mut steps = case.schemas.iter().filter_map(|(_, schema)| schema.get("multipleOf")?.as_number());
        let is_off = |step: &Number| match self.number_value(case) {
            Some(value) => !bounds::is_multiple(&value, step),
            // No fraction is a multiple of a whole number.
            None => {
                case.kind != TypeView::INTEGER && step.as_f64().is_some_and(|step| step > 0.0 && step.fract() == 0.0)
            }
        };
        if steps.any(is_off) {
            return true;
        }
        let bound = |least: bool| {
            let limits = case.schemas.iter().flat_map(|(_, schema)| bounds::limits(*schema, least));
            let value = self.number_value(case).map(|value| NumberLimit { value, exclusive: false });
            let whole = case.kind == TypeView::INTEGER;
            let limits = limits.map(|limit| if whole { bounds::inclusive_limit(limit, least) } else { limit });
            limits.chain(value).max_by(|one, other| bounds::tighter(one, other, least))
        };
        let (Some(least), Some(most)) = (bound(true), bound(false)) else { return false };
        let order = bounds::compare_numbers(&least.value, &most.value);
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
            }
            "contentEncoding" | "contentMediaType" => {
                let known = |schema: &Node<'d>| schema.get(name).and_then(Node::as_str) == value.as_str();
                case.schemas.iter().any(|(_, schema)| known(schema))
            }
            "contentSchema" => false,
            _ => true,
        }
    }

    /// Returns between which numbers a length, or a number of items or properties, lies.
    pub(super) fn counts(&mut self, case: &TypeCase<'d>, least: &str, most: &str) -> (f64, f64) {
        let of = |name: &str| {
            let numbers = case.schemas.iter().filter_map(|(_, schema)| schema.get(name)?.as_number()?.as_f64());
            numbers.collect::<Vec<f64>>()
        };
        let (mut lower, mut upper) =
            (of(least).into_iter().fold(0.0, f64::max), of(most).into_iter().fold(f64::INFINITY, f64::min));
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

/// True if values of a case have a format, or the format is none of their type.
fn has_format(case: &TypeCase<'_>, format: &str) -> bool {
    let concerns = if NUMBER_FORMATS.contains(&format) { TypeView::NUMBER } else { TypeView::STRING };
    let known = |schema: &Node<'_>| {
        let known = schema.get("format").and_then(Node::as_str);
        known.is_some_and(|known| known == format || bounds::is_narrower_format(known, format))
    };
    bounds::is_hint(format) || !concerns.meets(case.kind) || case.schemas.iter().any(|(_, schema)| known(schema))
}
