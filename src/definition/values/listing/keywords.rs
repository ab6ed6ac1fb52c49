//! Keywords of a schema whose violations are listed within a budget.

use std::cell::Cell;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Keyword, ValidationError, ValidationOptions};
use serde_json::Value;

/// The maximum weight of the listed violations, with their paths and the values that they copy, for one parameter or
/// body: some 20 MB.
pub(super) const MOST_WEIGHT: usize = 200_000;
/// The number of bytes of a text that weigh as much as a number.
const TEXT_UNIT: usize = 64;
/// The maximum depth of a value; deeper ones have no parts that can be named.
const MOST_DEPTH: usize = 1_000;

/// The keyword that notes if violations are listed, or only validity is asked for.
pub(super) const LISTING: &str = "x-apigw-listing";
/// The keyword that lets violations be listed while there is budget; its value is the greatest number of copies.
pub(super) const AFFORDED: &str = "x-apigw-afforded";
/// The keyword of a part whose violations are not listed.
pub(super) const UNLISTED: &str = "x-apigw-unlisted";
/// The keyword of one of many parts whose violations are not listed: the first of them says so.
pub(super) const UNLISTED_PART: &str = "x-apigw-unlisted-part";
/// The keyword that marks the violations of an alternative whose tag the value has.
pub(super) const SAME_TAG: &str = "x-apigw-same-tag";
const UNLISTED_MESSAGE: &str = "does not follow the definition; the value has too many parts for more to be said";

thread_local! {
    pub(super) static BUDGET: Cell<usize> = const { Cell::new(0) };
    /// The weight of the paths of one violation of the value.
    static PATH_WEIGHT: Cell<usize> = const { Cell::new(0) };
    static IS_LISTING: Cell<bool> = const { Cell::new(false) };
    static HAS_UNLISTED_PART: Cell<bool> = const { Cell::new(false) };
}

/// Runs a function that lists violations of one parameter or body, with a budget of its own.
pub(in crate::definition::values) fn with_budget<T>(run: impl FnOnce() -> T) -> T {
    BUDGET.set(MOST_WEIGHT);
    run()
}

/// Begins to list the violations of a value. Each has the path of its part, and that in the schema, which grows with
/// each level of the value.
pub(in crate::definition::values) fn begin_listing(value: &Value) {
    let (depth, path_length) = deepest(value, MOST_DEPTH);
    PATH_WEIGHT.set(1 + depth + path_length / TEXT_UNIT);
    HAS_UNLISTED_PART.set(false);
}

/// Returns the violation of a value of whose parts none was listed.
pub(in crate::definition::values) fn unlisted<'v>() -> ValidationError<'v> {
    ValidationError::custom(UNLISTED_MESSAGE)
}

/// True if the violation stands for those of a part that were not listed.
pub(in crate::definition::values) fn is_unlisted(error: &ValidationError<'_>) -> bool {
    is_custom(error, UNLISTED)
}

/// True if it is no violation, but marks those beside it as those of the alternative whose tag the value has.
pub(in crate::definition::values) fn is_same_tag(error: &ValidationError<'_>) -> bool {
    is_custom(error, SAME_TAG)
}

fn is_custom(error: &ValidationError<'_>, name: &str) -> bool {
    matches!(error.kind(), ValidationErrorKind::Custom { keyword, .. } if keyword == name)
}

/// Makes a validator know the keywords.
pub(in crate::definition::values) fn with_keywords(options: ValidationOptions<'_>) -> ValidationOptions<'_> {
    options
        .with_keyword(LISTING, |_, _, _| Ok(Box::new(Listing)))
        .with_keyword(AFFORDED, |_, copies, _| Ok(Box::new(Afforded { copies: copies_in(copies) })))
        .with_keyword(UNLISTED, |_, _, _| Ok(Box::new(Unlisted)))
        .with_keyword(UNLISTED_PART, |_, _, _| Ok(Box::new(UnlistedPart)))
        .with_keyword(SAME_TAG, |_, _, _| Ok(Box::new(SameTag)))
}

fn copies_in(value: &Value) -> usize {
    value.as_u64().and_then(|copies| usize::try_from(copies).ok()).unwrap_or(1)
}

struct Listing;

struct Afforded {
    copies: usize,
}

struct Unlisted;

struct UnlistedPart;

struct SameTag;

impl<'i> Keyword<'i> for Listing {
    fn validate(&self, _: &'i Value) -> Result<(), ValidationError<'i>> {
        IS_LISTING.set(true);
        Ok(())
    }

    fn is_valid(&self, _: &'i Value) -> bool {
        IS_LISTING.set(false);
        true
    }
}

impl<'i> Keyword<'i> for Afforded {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) { Ok(()) } else { Err(unlisted()) }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        if !IS_LISTING.get() {
            return true;
        }
        let left = BUDGET.get();
        let most = left / self.copies.max(1);
        let weight = PATH_WEIGHT.get() + weight(instance, most);
        BUDGET.set(left.saturating_sub(weight.saturating_mul(self.copies)));
        weight <= most && most > 0
    }
}

impl<'i> Keyword<'i> for Unlisted {
    fn validate(&self, _: &'i Value) -> Result<(), ValidationError<'i>> {
        Err(unlisted())
    }

    fn is_valid(&self, _: &'i Value) -> bool {
        false
    }
}

impl<'i> Keyword<'i> for UnlistedPart {
    fn validate(&self, _: &'i Value) -> Result<(), ValidationError<'i>> {
        if HAS_UNLISTED_PART.replace(true) { Ok(()) } else { Err(unlisted()) }
    }

    fn is_valid(&self, _: &'i Value) -> bool {
        false
    }
}

impl<'i> Keyword<'i> for SameTag {
    fn validate(&self, _: &'i Value) -> Result<(), ValidationError<'i>> {
        Err(ValidationError::custom("has the tag of the alternative"))
    }

    fn is_valid(&self, _: &'i Value) -> bool {
        true
    }
}

/// Weighs a value; above `most`, any number above it.
fn weight(value: &Value, most: usize) -> usize {
    let mut total = 1;
    let mut add = |name: &str, part: &Value| {
        total += name.len() / TEXT_UNIT + weight(part, most.saturating_sub(total));
        total <= most
    };
    match value {
        Value::String(text) => total += text.len() / TEXT_UNIT,
        Value::Array(items) => {
            items.iter().all(|item| add("", item));
        }
        Value::Object(fields) => {
            fields.iter().all(|(name, field)| add(name, field));
        }
        _ => {}
    }
    total
}

/// Returns the depth of a value, and the length of the longest path to a part of it.
fn deepest(value: &Value, most_depth: usize) -> (usize, usize) {
    let Some(most_depth) = most_depth.checked_sub(1) else { return (0, 0) };
    let below = |(depth, length): (usize, usize), name_length: usize, part: &Value| {
        let (own_depth, own_length) = deepest(part, most_depth);
        (depth.max(1 + own_depth), length.max(1 + name_length + own_length))
    };
    match value {
        Value::Array(items) => {
            let index_length = items.len().to_string().len();
            items.iter().fold((0, 0), |deepest, item| below(deepest, index_length, item))
        }
        Value::Object(fields) => fields.iter().fold((0, 0), |deepest, (name, field)| below(deepest, name.len(), field)),
        _ => (0, 0),
    }
}
