//! Readers of single keywords, over schemas that apply to one value together.

use serde_json::Value;

use super::constraint::Constraint;
use super::content::ContentKind;
use super::text;
use super::types::{SchemaNotes, TypeKind, UnionDiscriminator};
use crate::definition::{Node, NodeId, SchemaShape, TypeSet};

/// The most values of an example, a default or a list of constants.
const MOST_VALUES: usize = 5_000;

/// True if two schemas refer to the same one.
pub(super) fn is_same_reference(one: Node<'_>, other: Node<'_>) -> bool {
    let target = |node: Node<'_>| -> Option<NodeId> { node.reference().and_then(|_| node.followed()).map(Node::id) };
    target(one).is_some() && target(one) == target(other)
}

/// Reads the constants of a value; the second is true if `null` is one of them.
pub(super) fn literal(shape: &SchemaShape<'_>) -> Option<(TypeKind, bool)> {
    let values: Vec<Value> = if let Some(constant) = shape.keyword("const").next() {
        vec![constant.to_value(MOST_VALUES)?]
    } else {
        let list = shape.keyword("enum").find(|list| list.items().next().is_some())?;
        list.items().map(|value| value.to_value(MOST_VALUES)).collect::<Option<_>>()?
    };
    let has_null = values.contains(&Value::Null);
    let mut others: Vec<Value> = Vec::new();
    values.into_iter().filter(|value| !value.is_null()).for_each(|value| {
        if !others.contains(&value) {
            others.push(value);
        }
    });
    Some(if others.is_empty() { (TypeKind::Null, false) } else { (TypeKind::Literal(others), has_null) })
}

/// Returns the type that keywords imply where no `type` is given.
pub(super) fn implied_types(shape: &SchemaShape<'_>) -> Vec<TypeSet> {
    let has = |names: &[&'static str]| names.iter().any(|name| shape.keyword(name).next().is_some());
    if has(&["properties", "additionalProperties", "patternProperties", "required"]) {
        vec![TypeSet::OBJECT]
    } else if has(&["items", "prefixItems"]) {
        vec![TypeSet::ARRAY]
    } else if is_bytes(shape) {
        vec![TypeSet::STRING]
    } else {
        Vec::new()
    }
}

/// True if a text stands for bytes as they are (OpenAPI 3.0.3, "Considerations for File Uploads"; 3.1.1, "Working with
/// Binary Data").
pub(super) fn is_bytes(shape: &SchemaShape<'_>) -> bool {
    let is_binary = shape.keyword("format").any(|format| format.as_str() == Some("binary"));
    let is_file = shape.keyword("type").any(|kind| kind.as_str() == Some("file"));
    // JSON within a text is text, whatever is around it.
    let is_content = |name: &str| ContentKind::of(name) != ContentKind::Json;
    let has_content = shape.keyword("contentMediaType").any(|name| name.as_str().is_none_or(is_content));
    is_binary || is_file || has_content && shape.keyword("contentEncoding").next().is_none()
}

pub(super) fn discriminator(schema: Node<'_>) -> Option<UnionDiscriminator> {
    let node = schema.get("discriminator")?;
    let property = node.get("propertyName").and_then(Node::as_str)?.to_owned();
    let mapping = node.get("mapping").into_iter().flat_map(Node::entries);
    let mapping = mapping.filter_map(|(value, target)| Some((value.to_owned(), target.as_str()?.to_owned())));
    Some(UnionDiscriminator { property, mapping: mapping.collect() })
}

/// Reads the notes of schemas that apply together: the first that says something counts, and all constraints.
pub(super) fn notes(schemas: &[Node<'_>]) -> SchemaNotes {
    let first = |name: &str| schemas.iter().find_map(|schema| text(*schema, name));
    let value = |name: &str| schemas.iter().find_map(|schema| schema.get(name)?.to_value(MOST_VALUES));
    let is_set = |name: &str| schemas.first().and_then(|schema| schema.get(name)?.as_bool()) == Some(true);
    let mut examples: Vec<Value> = value("example").into_iter().collect();
    if let Some(Value::Array(list)) = value("examples") {
        examples.extend(list);
    }
    let mut constraints: Vec<Constraint> = Vec::new();
    for constraint in schemas.iter().flat_map(|schema| Constraint::read(*schema)) {
        if !constraints.contains(&constraint) {
            constraints.push(constraint);
        }
    }
    SchemaNotes {
        title: first("title"),
        description: first("description"),
        format: first("format"),
        is_deprecated: is_set("deprecated"),
        default: value("default"),
        examples,
        constraints,
    }
}
