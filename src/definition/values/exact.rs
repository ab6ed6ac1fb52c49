//! Keywords for integers that the validator's own keywords take for the nearest double.
//!
//! Numbers of any length (`arbitrary_precision` of `serde_json`) would make each number a text; these keep numbers of
//! 64 bits, of which all but the two cases here are compared exactly.

use jsonschema::{Keyword, ValidationError, ValidationOptions};
use serde_json::{Map, Number, Value};

use crate::definition::schema::number::is_multiple;

/// The keyword that refuses a number below the range of `int64`, which is rounded to the lowest one when it is parsed.
pub(super) const ROUNDED_MINIMUM: &str = "x-apigw-rounded-minimum";
/// The keyword for steps of `multipleOf` that no double holds.
const LARGE_STEP: &str = "x-apigw-large-step";
/// The first integer that a double shares with the next one, 2^53.
const FIRST_SHARED: u64 = 1 << 53;

struct RoundedMinimum;

struct LargeStep(Number);

/// Makes a validator know the keywords.
pub(super) fn with_exact_integers(options: ValidationOptions<'_>) -> ValidationOptions<'_> {
    options.with_keyword(ROUNDED_MINIMUM, |_, _, _| Ok(Box::new(RoundedMinimum))).with_keyword(
        LARGE_STEP,
        |_, step, _| match step {
            Value::Number(step) => Ok(Box::new(LargeStep(step.clone()))),
            _ => Err(ValidationError::custom("a step is a number")),
        },
    )
}

/// Replaces a `multipleOf` that the validator would round.
pub(super) fn replace_large_step(fields: &mut Map<String, Value>) {
    let is_large = |step: &Value| step.as_u64().is_some_and(|step| step > FIRST_SHARED);
    if fields.get("multipleOf").is_some_and(is_large)
        && let Some(step) = fields.remove("multipleOf")
    {
        fields.insert(LARGE_STEP.to_owned(), step);
    }
}

impl<'i> Keyword<'i> for RoundedMinimum {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        let message = || format!("{instance} or a number below it is less than the minimum of {}", i64::MIN);
        if self.is_valid(instance) { Ok(()) } else { Err(ValidationError::custom(message())) }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "the bound is a power of two")]
        let is_lowest = |number: &Number| !number.is_i64() && number.as_f64() == Some(i64::MIN as f64);
        !instance.as_number().is_some_and(is_lowest)
    }
}

impl<'i> Keyword<'i> for LargeStep {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        let message = || format!("{instance} is not a multiple of {}", self.0);
        if self.is_valid(instance) { Ok(()) } else { Err(ValidationError::custom(message())) }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        instance.as_number().is_none_or(|number| is_multiple(number, &self.0))
    }
}
