//! Equality of values, numbers by what they are worth.

use std::collections::HashSet;

use serde_json::Value;

use super::number;
use crate::definition::document::{Node, NodeKind};

/// Compares a value with one of the document; numbers by value.
pub(super) fn equal(value: &Value, node: Node<'_>) -> bool {
    match value {
        Value::Null => matches!(node.kind(), NodeKind::Null),
        Value::Bool(value) => node.as_bool() == Some(*value),
        Value::Number(number) => node.as_number().is_some_and(|other| number::equal(number, other)),
        Value::String(text) => node.as_str() == Some(text),
        Value::Array(items) => {
            node.is_array()
                && items.len() == node.items().count()
                && items.iter().zip(node.items()).all(|(item, other)| equal(item, other))
        }
        Value::Object(map) => {
            node.is_object()
                && map.len() == node.entries().count()
                && map.iter().all(|(name, item)| node.get(name).is_some_and(|other| equal(item, other)))
        }
    }
}

/// True if no two items are equal.
pub(super) fn all_differ(items: &[Value]) -> bool {
    let mut seen = HashSet::new();
    items.iter().all(|item| seen.insert(item.to_string()))
}
