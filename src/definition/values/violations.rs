//! Descriptions of violations; if all alternatives fail, of the closest one.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use super::hints::PlaceSchemas;
use super::listing::{is_same_tag, is_unlisted};
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

    /// Creates a violation whose message tells nothing of the value.
    pub(super) fn redacted(error: &ValidationError<'_>, originals: &OriginalPatterns) -> Self {
        let Self { path, message } = Self::new(error, true, originals);
        let message = match error.kind() {
            ValidationErrorKind::AdditionalProperties { .. } | ValidationErrorKind::UnevaluatedProperties { .. } => {
                "has a property that is not declared".to_owned()
            }
            ValidationErrorKind::PropertyNames { .. } => "has a property whose name is not allowed".to_owned(),
            _ => message,
        };
        Self { path, message }
    }
}

/// Returns the path of a part of a value with the names that the schemas of their place declare; any other, like the
/// key of a map, is `*`.
pub(super) fn declared_path(path: &str, value: &Value, schemas: &PlaceSchemas<'_>) -> String {
    let (mut schemas, mut value) = (schemas.clone(), Some(value));
    let mut shown = String::new();
    for segment in path.split('/').skip(1) {
        let name = segment.replace("~1", "/").replace("~0", "~");
        let index = name.parse().ok().filter(|_| value.is_some_and(Value::is_array));
        shown.push('/');
        shown.push_str(if index.is_some() || schemas.names(&name) { segment } else { "*" });
        (schemas, value) = match index {
            Some(index) => (schemas.item(index), value.and_then(|value| value.get(index))),
            None => (schemas.property(&name), value.and_then(|value| value.get(&name))),
        };
    }
    shown
}

/// Lists violations, with those of the closest alternative in place of "none of the alternatives" if one is closer than
/// the others.
pub(super) fn closest<'e>(errors: &'e [ValidationError<'_>]) -> Vec<&'e ValidationError<'e>> {
    let mut found = Vec::new();
    for error in errors {
        match closest_branch(error) {
            Some(branch) => found.extend(closest(branch)),
            None if is_same_tag(error) => {}
            None => found.push(error),
        }
    }
    found
}

/// Returns the alternative that the value probably targets: one of the same type, and of those the nearest. `null` is
/// never an alternative for a value that is present.
fn closest_branch<'e>(error: &'e ValidationError<'_>) -> Option<&'e [ValidationError<'static>]> {
    let here = error.instance_path().as_str();
    let is_here = |one: &ValidationError<'static>| one.instance_path().as_str() == here;
    let wants_null = |one: &ValidationError<'static>| {
        let null = jsonschema::JsonType::Null;
        is_here(one)
            && matches!(one.kind(), ValidationErrorKind::Type { kind: TypeKind::Single(kind) } if *kind == null)
    };
    let is_left_out = |one: &ValidationError<'static>| wants_null(one) || (is_here(one) && is_unlisted(one));
    let all = branches(error);
    let candidates: Vec<&Vec<ValidationError<'static>>> =
        all.iter().filter(|branch| !branch.is_empty() && !branch.iter().any(is_left_out)).collect();
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
    let distance = |branch: &&Vec<ValidationError<'static>>| {
        (!branch.iter().any(is_same_tag), branch.iter().map(distance).sum::<usize>())
    };
    of_its_type.min_by_key(distance).map(Vec::as_slice)
}

/// Returns how far a violation takes a value from an alternative.
///
/// Another constant is mostly that of another alternative. A property that is missing, or that nobody knows, speaks
/// against the alternative as well; one that is known and wrong was meant for it.
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

#[cfg(test)]
mod tests {
    use super::super::schema::ValueSchema;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_has_the_names_that_are_declared_at_their_place() {
        let schema = ValueSchema::compile(json!({
            "properties": {
                "list": {"prefixItems": [{"properties": {"first": {}}}], "items": {"$ref": "#/$defs/entry"}},
                "map": {"additionalProperties": {"$ref": "#/$defs/entry"}},
                "pattern": {"patternProperties": {"^x": {"properties": {"inner": {}}}}},
                "a/b": {"anyOf": [{"type": "string"}, {"properties": {"7": {}}}]},
            },
            "$defs": {"entry": {"properties": {"own": {}}}},
        }));
        let schema = schema.expect("a schema");
        for (path, value, expected) in [
            ("", json!({}), ""),
            ("/list/0/first", json!({"list": [{"first": 1}]}), "/list/0/first"),
            ("/list/1/first", json!({"list": [1, {"first": 1}]}), "/list/1/*"),
            ("/list/1/own", json!({"list": [1, {"own": 1}]}), "/list/1/own"),
            ("/map/own/own", json!({"map": {"own": {"own": 1}}}), "/map/*/own"),
            ("/map/list/0", json!({"map": {"list": [1]}}), "/map/*/0"),
            ("/map/1234/own", json!({"map": {"1234": {"own": 1}}}), "/map/*/own"),
            ("/pattern/xmap/inner", json!({"pattern": {"xmap": {"inner": 1}}}), "/pattern/*/inner"),
            ("/a~1b/7", json!({"a/b": {"7": 1}}), "/a~1b/7"),
            ("/a~1b/8", json!({"a/b": {"8": 1}}), "/a~1b/*"),
            ("/own", json!({"own": 1}), "/*"),
        ] {
            assert_eq!(declared_path(path, &value, &schema.hints()), expected, "{path}");
        }
    }
}
