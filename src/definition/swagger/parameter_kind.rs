//! Kinds of parameters of OpenAPI 2.0, those of the body and those that an operation overrides, and their fields.

use std::collections::HashSet;

use super::super::document::Node;
use super::super::fields::scalar_text;

/// The fields of a 2.0 parameter, header or item that belong to its schema.
pub(super) const SCHEMA_FIELDS: &[&str] = &[
    "type",
    "format",
    "items",
    "default",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "enum",
    "multipleOf",
    "x-nullable",
];

/// True if a parameter is part of the body.
pub(super) fn is_bodily(parameter: Node<'_>) -> bool {
    matches!(place(parameter), Some("body" | "formData"))
}

/// True if a parameter is the whole body.
pub(super) fn is_body(parameter: Node<'_>) -> bool {
    place(parameter) == Some("body")
}

/// Combines shared parts of the body with an operation's own, which take precedence.
pub(super) fn overridden<'d>(shared: &[Node<'d>], own: Vec<Node<'d>>) -> Vec<Node<'d>> {
    let identity = |parameter: Node<'_>| parameter.resolve().and_then(|node| node.get("name").and_then(scalar_text));
    let names: HashSet<Option<String>> = own.iter().map(|parameter| identity(*parameter)).collect();
    let form = !own.is_empty();
    let kept = shared
        .iter()
        .copied()
        .filter(|parameter| !(names.contains(&identity(*parameter)) || form && is_body(*parameter)));
    kept.chain(own).collect()
}

fn place(parameter: Node<'_>) -> Option<&str> {
    parameter.resolve()?.get("in")?.as_str()
}
