//! Compares the bounds of a single value: ranges, lengths, counts, patterns, formats.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::comparison::PairComparison;
use super::proof::ValueWriting;
use super::view::SchemaView;
use crate::compare::excerpt;
use crate::compare::kinds::{self, Kind};
use crate::definition::Decimal;
use crate::definition::Node;
use crate::definition::TypeSet;
use crate::definition::values::{ENFORCED_FORMATS, integer_range};
use crate::model::Location;

/// Compares the bounds of values of these types.
pub(super) fn compare(comparing: &mut PairComparison<'_, '_>, common: TypeSet) {
    if common.meets(TypeSet::NUMBER) {
        range(comparing, true);
        range(comparing, false);
        multiples(comparing);
    }
    if common.meets(TypeSet::STRING) {
        let kinds = (kinds::LENGTH_NARROWED, kinds::LENGTH_WIDENED);
        count(comparing, "minLength", "maxLength", kinds);
        patterns(comparing);
    }
    if common.meets(TypeSet::ARRAY) {
        let kinds = (kinds::ITEM_COUNT_NARROWED, kinds::ITEM_COUNT_WIDENED);
        count(comparing, "minItems", "maxItems", kinds);
        unique_items(comparing);
    }
    if common.meets(TypeSet::OBJECT) {
        let kinds = (kinds::PROPERTY_COUNT_NARROWED, kinds::PROPERTY_COUNT_WIDENED);
        count(comparing, "minProperties", "maxProperties", kinds);
    }
    formats(comparing);
}

/// A limit, and where it stands; none where there is no limit.
type Bound = Option<(NumberLimit, Location)>;

/// A least or greatest value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NumberLimit {
    pub(super) value: Decimal,
    pub(super) exclusive: bool,
}

impl NumberLimit {
    fn shown(&self) -> String {
        let exclusive = if self.exclusive { " (exclusive)" } else { "" };
        format!("{}{exclusive}", self.value)
    }
}

/// Compares the tightness of two limits; `Greater` if the first is the tighter one.
pub(super) fn tighter(one: &NumberLimit, other: &NumberLimit, least: bool) -> Ordering {
    let by_value = one.value.cmp(&other.value);
    let by_value = if least { by_value } else { by_value.reverse() };
    by_value.then(one.exclusive.cmp(&other.exclusive))
}

fn range(comparing: &mut PairComparison<'_, '_>, least: bool) {
    let name = if least { "minimum" } else { "maximum" };
    let (before, after) = (limit(&comparing.before, least), limit(&comparing.after, least));
    bound(comparing, name, before, after, least, (kinds::RANGE_NARROWED, kinds::RANGE_WIDENED));
}

/// Returns the tightest limit that the schemas set, in either dialect.
fn limit(view: &SchemaView<'_>, least: bool) -> Bound {
    let whole = !view.types.meets(TypeSet::NUMBER.without(TypeSet::INTEGER));
    let mut limits: Vec<(NumberLimit, Location)> = Vec::new();
    for name in limit_names(least) {
        for (schema, node) in view.located(name) {
            let Some(limit) = limit_at(schema, name, node) else { continue };
            limits.push((if whole { inclusive_limit(&limit, least) } else { limit }, node.location()));
        }
    }
    limits.into_iter().max_by(|(one, _), (other, _)| tighter(one, other, least))
}

pub(super) const fn limit_names(least: bool) -> [&'static str; 2] {
    if least { ["minimum", "exclusiveMinimum"] } else { ["maximum", "exclusiveMaximum"] }
}

/// Returns the limits that one schema sets, in either dialect.
pub(super) fn limits(schema: Node<'_>, least: bool) -> impl Iterator<Item = NumberLimit> {
    limit_names(least).into_iter().filter_map(move |name| limit_at(schema, name, schema.get(name)?))
}

/// Returns the limit that a keyword sets; in OpenAPI 3.0 one that excludes is a flag beside the limit.
pub(super) fn limit_at(schema: Node<'_>, name: &str, node: Node<'_>) -> Option<NumberLimit> {
    let flag = match name {
        "minimum" => "exclusiveMinimum",
        "maximum" => "exclusiveMaximum",
        _ => "",
    };
    let is_flagged = schema.get(flag).and_then(Node::as_bool) == Some(true);
    Some(NumberLimit { value: Decimal::of_bound(node)?, exclusive: flag.is_empty() || is_flagged })
}

/// Writes the limit of a whole number without exclusion: above 0 is from 1, and so is from 0.5.
pub(super) fn inclusive_limit(limit: &NumberLimit, least: bool) -> NumberLimit {
    let is_next = limit.exclusive && limit.value.is_whole();
    let value = if is_next { limit.value.next(least) } else { limit.value.rounded(least) };
    NumberLimit { value, exclusive: false }
}

fn count(comparing: &mut PairComparison<'_, '_>, least: &str, greatest: &str, kinds: (Kind, Kind)) {
    for (name, is_least) in [(least, true), (greatest, false)] {
        let of = |view: &SchemaView<'_>| -> Bound {
            let numbers = view.keyword(name).filter_map(|node| Some((Decimal::of_bound(node)?, node)));
            let limits = numbers.map(|(value, node)| (NumberLimit { value, exclusive: false }, node));
            // At least nothing is no bound.
            let limits = limits.filter(|(limit, _)| !is_least || limit.value != Decimal::from(0));
            let tightest = limits.max_by(|(one, _), (other, _)| tighter(one, other, is_least));
            tightest.map(|(limit, node)| (limit, node.location()))
        };
        let (before, after) = (of(&comparing.before), of(&comparing.after));
        bound(comparing, name, before, after, is_least, kinds);
    }
}

fn bound(
    comparing: &mut PairComparison<'_, '_>,
    name: &str,
    before: Bound,
    after: Bound,
    least: bool,
    (narrowed, widened): (Kind, Kind),
) {
    match (before, after) {
        (None, None) => {}
        (None, Some((limit, place))) => {
            comparing.add(narrowed, format!("there was no {name}, and it is {}", limit.shown()), None, Some(place));
        }
        (Some((limit, place)), None) => {
            let message = format!("the {name} was {}, and there is none now", limit.shown());
            comparing.add(widened, message, Some(place), None);
        }
        (Some((was, before)), Some((is, after))) => {
            let kind = match tighter(&is, &was, least) {
                Ordering::Equal => return,
                Ordering::Greater => narrowed,
                Ordering::Less => widened,
            };
            let message = format!("the {name} was {} and is {}", was.shown(), is.shown());
            comparing.add(kind, message, Some(before), Some(after));
        }
    }
}

fn multiples(comparing: &mut PairComparison<'_, '_>) {
    let of = |view: &SchemaView<'_>| {
        let place = view.first("multipleOf").map(|(_, node)| node.location())?;
        let step = steps(view.keyword("multipleOf")).reduce(|one, other| one.common_multiple(&other))?;
        // A whole number is a multiple of one.
        let is_whole = !view.types.meets(TypeSet::FRACTION);
        Some((if is_whole { step.common_multiple(&Decimal::from(1)) } else { step }, place))
    };
    match (of(&comparing.before), of(&comparing.after)) {
        (None, None) => {}
        (None, Some((step, place))) => {
            let message = format!("the value need not be a multiple, now it must be one of {step}");
            comparing.add(kinds::MULTIPLE_NARROWED, message, None, Some(place));
        }
        (Some((step, place)), None) => {
            let message = format!("the value had to be a multiple of {step}, now it need not be one");
            comparing.add(kinds::MULTIPLE_WIDENED, message, Some(place), None);
        }
        (Some((was, before)), Some((is, after))) => {
            let kind = match (is.is_multiple_of(&was), was.is_multiple_of(&is)) {
                (true, true) => return,
                (true, false) => kinds::MULTIPLE_NARROWED,
                (false, true) => kinds::MULTIPLE_WIDENED,
                (false, false) => kinds::MULTIPLE_CHANGED,
            };
            let message = format!("the value had to be a multiple of {was}, now of {is}");
            comparing.add(kind, message, Some(before), Some(after));
        }
    }
}

/// Returns the steps that values of `multipleOf` set.
pub(super) fn steps<'d>(values: impl Iterator<Item = Node<'d>>) -> impl Iterator<Item = Decimal> {
    values.filter_map(Decimal::of_bound).filter(Decimal::is_positive)
}

/// True if a pattern matches any text.
pub(super) fn matches_anything(pattern: &str) -> bool {
    ["", ".*", "^.*$", "^.*", ".*$"].contains(&pattern)
}

fn patterns(comparing: &mut PairComparison<'_, '_>) {
    let known = |view: &SchemaView<'_>| -> BTreeSet<String> {
        let patterns = view.keyword("pattern").filter_map(Node::as_str);
        patterns.filter(|pattern| !matches_anything(pattern)).map(str::to_owned).collect()
    };
    let place = |view: &SchemaView<'_>| view.first("pattern").map(|(_, node)| node.location());
    let (before, after) = (known(&comparing.before), known(&comparing.after));
    let places = (place(&comparing.before), place(&comparing.after));
    let all: Vec<&str> = before.iter().chain(&after).map(String::as_str).collect();
    let list = |patterns: &mut dyn Iterator<Item = &String>| {
        let quoted = patterns.map(|pattern| excerpt::quoted_among(pattern, all.iter().copied()));
        quoted.collect::<Vec<_>>().join(" and ")
    };
    let gone = list(&mut before.difference(&after));
    let fresh = list(&mut after.difference(&before));
    match (gone.is_empty(), fresh.is_empty()) {
        (true, true) => {}
        (true, false) => {
            comparing.add(kinds::PATTERN_ADDED, format!("the text must match {fresh}"), None, places.1);
        }
        (false, true) => {
            comparing.add(kinds::PATTERN_REMOVED, format!("the text need not match {gone}"), places.0, None);
        }
        (false, false) => {
            let message = format!("the text had to match {gone}, now {fresh}");
            comparing.add(kinds::PATTERN_CHANGED, message, places.0, places.1);
        }
    }
}

fn unique_items(comparing: &mut PairComparison<'_, '_>) {
    let place = |view: &SchemaView<'_>| view.first("uniqueItems").map(|(_, node)| node.location());
    let places = (place(&comparing.before), place(&comparing.after));
    match (comparing.before.flag("uniqueItems"), comparing.after.flag("uniqueItems")) {
        (false, true) => {
            let message = "an item could stand in the list twice, now it must not";
            comparing.add(kinds::UNIQUE_ITEMS_REQUIRED, message, places.0, places.1);
        }
        (true, false) => {
            let message = "an item must not stand in the list twice, now it can";
            comparing.add(kinds::UNIQUE_ITEMS_LIFTED, message, places.0, places.1);
        }
        _ => {}
    }
}

/// True if a format refuses no value: it is none of those that are enforced, and does not say that a text is bytes.
pub(super) fn is_hint(format: &str) -> bool {
    format != "binary" && ENFORCED_FORMATS.iter().all(|known| known.name != format)
}

/// True if no text has both formats.
pub(super) fn are_disjoint_formats(one: &str, other: &str) -> bool {
    const APART: [&str; 8] = ["date", "date-time", "time", "duration", "uuid", "ipv4", "ipv6", "email"];
    one != other && APART.contains(&one) && APART.contains(&other)
}

/// True if each value of one format is also a value of the other.
pub(super) fn is_narrower_format(one: &str, other: &str) -> bool {
    if let (Some((least, most)), Some((least_of_other, most_of_other))) = (integer_range(one), integer_range(other)) {
        return least >= least_of_other && most <= most_of_other;
    }
    matches!(
        (one, other),
        ("float", "double") | ("email", "idn-email") | ("hostname", "idn-hostname") | ("uri", "uri-reference" | "iri")
    )
}

/// Compares the formats that refuse values, of which schemas of `allOf` may have several.
fn formats(comparing: &mut PairComparison<'_, '_>) {
    let writing = comparing.context.writing;
    let of = |view: &SchemaView<'_>| {
        // Within JSON it says nothing of the text, where a body or a part of its own is bytes.
        let is_bytes = |name: &str| name == "binary" && writing != ValueWriting::Json;
        let is_enforced = |name: &str| is_bytes(name) || (name != "binary" && !is_hint(name));
        let mut named: Vec<(String, Location)> = Vec::new();
        for (name, place) in view.keyword("format").filter_map(|node| Some((node.as_str()?, node.location()))) {
            if is_enforced(name) && named.iter().all(|(known, _)| known != name && !is_narrower_format(known, name)) {
                named.retain(|(known, _)| !is_narrower_format(name, known));
                named.push((name.to_owned(), place));
            }
        }
        named
    };
    let (before, after) = (of(&comparing.before), of(&comparing.after));
    let without = |list: &[(String, Location)], others: &[(String, Location)]| -> Vec<(String, Location)> {
        list.iter().filter(|(name, _)| others.iter().all(|(other, _)| other != name)).cloned().collect()
    };
    let (gone, fresh) = (without(&before, &after), without(&after, &before));
    let list = |formats: &[(String, Location)]| {
        formats.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" and ")
    };
    let (was, is) = (list(&gone), list(&fresh));
    let place = |formats: &[(String, Location)]| formats.first().map(|(_, place)| place.clone());
    let places = (place(&gone), place(&fresh));
    match (gone.as_slice(), fresh.as_slice()) {
        ([], []) => {}
        ([], _) => {
            let message = if before.is_empty() { "there was no format, and it is" } else { "the format must also be" };
            comparing.add(kinds::FORMAT_NARROWED, format!("{message} {is}"), None, places.1);
        }
        (_, []) => {
            let message = if after.is_empty() {
                format!("the format was {was}, and there is none now")
            } else {
                format!("the format need not be {was} any longer")
            };
            comparing.add(kinds::FORMAT_WIDENED, message, places.0, None);
        }
        (gone, fresh) => {
            let kind = match (gone, fresh) {
                ([(was, _)], [(is, _)]) if is_narrower_format(was, is) => kinds::FORMAT_WIDENED,
                ([(was, _)], [(is, _)]) if is_narrower_format(is, was) => kinds::FORMAT_NARROWED,
                _ => kinds::FORMAT_CHANGED,
            };
            comparing.add(kind, format!("the format was {was} and is {is}"), places.0, places.1);
        }
    }
}
