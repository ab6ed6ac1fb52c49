//! Descriptions of violations; if all alternatives fail, of the closest one.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use super::rewrite::OriginalPatterns;

/// A part of a value that its schema does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ValueViolation {
    /// The part, as a JSON Pointer from the value.
    pub(crate) path: String,
    /// The reason.
    pub(crate) message: String,
}

impl ValueViolation {
    /// Creates a violation, without the value if that may be secret, and with the pattern that the schema has.
    pub(super) fn new(error: &ValidationError<'_>, is_secret: bool, originals: &OriginalPatterns) -> Self {
        let mut message = if is_secret { error.masked().to_string() } else { error.to_string() };
        if let ValidationErrorKind::Pattern { pattern } = error.kind()
            && let Some(original) = originals.get(pattern)
            && let Some(before) = message.strip_suffix(&format!("{pattern}\""))
        {
            message = format!("{before}{original}\"");
        }
        Self { path: error.instance_path().as_str().to_owned(), message }
    }

    /// Creates a violation that tells nothing of the value but its place: names that the schema does not declare, like the keys
    /// of a map, are `*`.
    pub(super) fn redacted(error: &ValidationError<'_>, schema: &Value, originals: &OriginalPatterns) -> Self {
        let Self { path, message } = Self::new(error, true, originals);
        let message = match error.kind() {
            ValidationErrorKind::AdditionalProperties { .. } | ValidationErrorKind::UnevaluatedProperties { .. } => {
                "has a property that is not declared".to_owned()
            }
            ValidationErrorKind::PropertyNames { .. } => "has a property whose name is not allowed".to_owned(),
            _ => message,
        };
        let shown = |segment: &str| {
            let is_index = segment.bytes().all(|byte| byte.is_ascii_digit());
            let name = segment.replace("~1", "/").replace("~0", "~");
            if is_index || declares(schema, &name) { format!("/{segment}") } else { "/*".to_owned() }
        };
        Self { path: path.split('/').skip(1).map(shown).collect(), message }
    }
}

/// True if a schema declares a property of this name anywhere.
fn declares(schema: &Value, name: &str) -> bool {
    match schema {
        Value::Object(fields) => {
            let properties = fields.get("properties").and_then(Value::as_object);
            properties.is_some_and(|properties| properties.contains_key(name))
                || fields.values().any(|field| declares(field, name))
        }
        Value::Array(items) => items.iter().any(|item| declares(item, name)),
        _ => false,
    }
}

/// Lists violations, with those of the closest alternative in place of "none of the alternatives" if one is closer than
/// the others.
pub(super) fn closest<'e>(errors: &'e [ValidationError<'_>]) -> Vec<&'e ValidationError<'e>> {
    let mut found = Vec::new();
    for error in errors {
        match closest_branch(error) {
            Some(branch) => found.extend(closest(branch)),
            None => found.push(error),
        }
    }
    found
}

/// Returns the alternative that the value probably targets: one of the same type, and of those the nearest. `null` is never
/// an alternative for a value that is present.
fn closest_branch<'e>(error: &'e ValidationError<'_>) -> Option<&'e [ValidationError<'static>]> {
    let here = error.instance_path().as_str();
    let is_here = |one: &ValidationError<'static>| one.instance_path().as_str() == here;
    let wants_null = |one: &ValidationError<'static>| {
        let null = jsonschema::JsonType::Null;
        is_here(one)
            && matches!(one.kind(), ValidationErrorKind::Type { kind: TypeKind::Single(kind) } if *kind == null)
    };
    let all = branches(error);
    let candidates: Vec<&Vec<ValidationError<'static>>> =
        all.iter().filter(|branch| !branch.iter().any(wants_null)).collect();
    if let [only] = candidates.as_slice() {
        return Some(only);
    }
    let is_other = |one: &ValidationError<'static>| {
        matches!(
            one.kind(),
            ValidationErrorKind::Type { .. } | ValidationErrorKind::Constant { .. } | ValidationErrorKind::Enum { .. }
        )
    };
    let of_its_type = candidates.into_iter().filter(|branch| !branch.iter().any(|one| is_here(one) && is_other(one)));
    of_its_type.min_by_key(|branch| branch.iter().map(distance).sum::<usize>()).map(Vec::as_slice)
}

/// Returns how far a violation takes a value from an alternative.
///
/// Another constant is mostly that of another alternative. A property that is missing, or that nobody knows, speaks against
/// the alternative as well; one that is known and wrong was meant for it.
fn distance(error: &ValidationError<'_>) -> usize {
    match error.kind() {
        ValidationErrorKind::Constant { .. } | ValidationErrorKind::Enum { .. } => 4,
        ValidationErrorKind::Required { .. } | ValidationErrorKind::FalseSchema => 3,
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => 3 * unexpected.len(),
        ValidationErrorKind::Type { .. } => 2,
        _ => branches(error).iter().map(|branch| branch.iter().map(distance).sum()).min().unwrap_or(1),
    }
}

/// Returns the violations of each alternative of a combination.
pub(super) fn branches<'e>(error: &'e ValidationError<'_>) -> &'e [Vec<ValidationError<'static>>] {
    match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => context,
        _ => &[],
    }
}
