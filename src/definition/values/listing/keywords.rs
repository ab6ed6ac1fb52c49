//! Keywords of a schema whose violations are listed within a budget.

use std::cell::Cell;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Keyword, ValidationError, ValidationOptions};
use serde_json::Value;

/// The maximum weight of the values that the listed violations copy, for one parameter or body: some 20 MB.
pub(super) const MOST_WEIGHT: usize = 200_000;
/// The number of bytes of a text that weigh as much as a number.
const TEXT_UNIT: usize = 64;

/// The keyword that notes if violations are listed, or only validity is asked for.
pub(super) const LISTING: &str = "x-apigw-listing";
/// The keyword that lets violations be listed while there is budget; its value is the greatest number of copies.
pub(super) const AFFORDED: &str = "x-apigw-afforded";
/// The keyword of a part whose violations are not listed.
pub(super) const UNLISTED: &str = "x-apigw-unlisted";
/// The keyword that marks the violations of an alternative whose tag the value has.
pub(super) const SAME_TAG: &str = "x-apigw-same-tag";
const UNLISTED_MESSAGE: &str = "does not follow the definition; the value has too many parts for more to be said";

thread_local! {
    pub(super) static BUDGET: Cell<usize> = const { Cell::new(0) };
    static IS_LISTING: Cell<bool> = const { Cell::new(false) };
}

/// Runs a function that lists violations of one parameter or body, with a budget of its own.
pub(in crate::definition::values) fn with_budget<T>(run: impl FnOnce() -> T) -> T {
    BUDGET.set(MOST_WEIGHT);
    run()
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
        if self.is_valid(instance) { Ok(()) } else { Err(ValidationError::custom(UNLISTED_MESSAGE)) }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        if !IS_LISTING.get() {
            return true;
        }
        let left = BUDGET.get();
        let most = left / self.copies.max(1);
        let weight = weight(instance, most);
        BUDGET.set(left.saturating_sub(weight.saturating_mul(self.copies)));
        weight <= most && most > 0
    }
}

impl<'i> Keyword<'i> for Unlisted {
    fn validate(&self, _: &'i Value) -> Result<(), ValidationError<'i>> {
        Err(ValidationError::custom(UNLISTED_MESSAGE))
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
    let mut add = |part: &Value| {
        total += weight(part, most.saturating_sub(total));
        total <= most
    };
    match value {
        Value::String(text) => total += text.len() / TEXT_UNIT,
        Value::Array(items) => {
            items.iter().all(&mut add);
        }
        Value::Object(fields) => {
            fields.values().all(&mut add);
        }
        _ => {}
    }
    total
}
