//! A validator of values.

use std::sync::OnceLock;

use jsonschema::{Draft, PatternOptions, ValidationError, ValidationOptions, Validator};
use serde_json::Value;

use super::exact::with_exact_integers;
use super::far_pattern::{BACKTRACK_LIMIT, LONGEST_TEXT, has_short_names, with_far_patterns};
use super::formats;
use super::listing::{begin_listing, bounded, unlisted, with_keywords};

/// A compiled schema, with a second one by which violations are listed.
pub(super) struct ValueValidator {
    schema: Value,
    plain: Validator,
    /// True if names are matched against patterns that read far.
    has_far_names: bool,
    /// Compiled when the first value is invalid; `None` where the schema needs no bounds.
    bounded: OnceLock<Option<Validator>>,
}

impl ValueValidator {
    /// Compiles a schema; `None` if it is no schema.
    pub(super) fn compile(schema: Value, has_far_names: bool) -> Option<Self> {
        let plain = options().build(&schema).ok()?;
        Some(Self { schema, plain, has_far_names, bounded: OnceLock::new() })
    }

    pub(super) fn schema(&self) -> &Value {
        &self.schema
    }

    pub(super) fn is_valid(&self, value: &Value) -> bool {
        self.has_fitting_names(value) && self.plain.is_valid(value)
    }

    /// Lists the violations of a value, as long as the budget of the caller allows it.
    pub(super) fn errors<'v>(&'v self, value: &'v Value) -> Vec<ValidationError<'v>> {
        if !self.has_fitting_names(value) {
            let message = format!("has a property whose name has more than {LONGEST_TEXT} bytes");
            return vec![ValidationError::custom(message)];
        }
        let compiled = self.bounded.get_or_init(|| with_keywords(options()).build(&bounded(&self.schema)?).ok());
        begin_listing(value);
        let mut errors: Vec<_> = compiled.as_ref().unwrap_or(&self.plain).iter_errors(value).collect();
        if errors.is_empty() && !self.plain.is_valid(value) {
            errors.push(unlisted());
        }
        errors
    }

    fn has_fitting_names(&self, value: &Value) -> bool {
        !self.has_far_names || has_short_names(value)
    }
}

/// Returns the options of every validator of values.
pub(super) fn options<'s>() -> ValidationOptions<'s> {
    let options = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(BACKTRACK_LIMIT));
    formats::with_formats(with_far_patterns(with_exact_integers(options)))
}
