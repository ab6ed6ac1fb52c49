//! The types of JSON Schema as a set (JSON Schema 2020-12, Core 4.2.1).

use std::fmt;

use serde_json::{Number, Value};

use crate::definition::api::Specification;
use crate::definition::decimal::Decimal;
use crate::definition::document::{Node, NodeKind};

/// A set of types; numbers that are whole and those that are not are two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TypeSet(u8);

impl TypeSet {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const NULL: Self = Self(1);
    pub(crate) const BOOLEAN: Self = Self(2);
    pub(crate) const INTEGER: Self = Self(4);
    /// Numbers that are not whole.
    pub(crate) const FRACTION: Self = Self(8);
    pub(crate) const NUMBER: Self = Self(4 | 8);
    pub(crate) const STRING: Self = Self(16);
    pub(crate) const ARRAY: Self = Self(32);
    pub(crate) const OBJECT: Self = Self(64);
    pub(crate) const ANY: Self = Self(127);
    pub(crate) const SCALAR: Self = Self(1 | 2 | 4 | 8 | 16);
    pub(crate) const NOT_NULL: Self = Self(127 & !1);
    /// Each type alone.
    pub(crate) const EACH: [Self; 7] =
        [Self::NULL, Self::BOOLEAN, Self::INTEGER, Self::FRACTION, Self::STRING, Self::ARRAY, Self::OBJECT];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::NULL,
            "boolean" => Self::BOOLEAN,
            "integer" => Self::INTEGER,
            "number" => Self::NUMBER,
            "string" | "file" => Self::STRING,
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            _ => return None,
        })
    }

    /// Goes through the known types that the keyword `type` names.
    pub(super) fn each_named(keyword: Node<'_>) -> impl Iterator<Item = Self> {
        keyword.as_str().into_iter().chain(keyword.items().filter_map(Node::as_str)).filter_map(Self::named)
    }

    /// Returns the types that the keyword `type` of a schema allows; all if it has none that is known.
    pub(crate) fn of_keyword(schema: Node<'_>) -> Self {
        let named =
            schema.get("type").map_or(Self::NONE, |keyword| Self::each_named(keyword).fold(Self::NONE, Self::either));
        if named == Self::NONE { Self::ANY } else { named }
    }

    /// Returns the types that a schema allows by `type` and `nullable`.
    pub(super) fn declared(schema: Node<'_>, specification: Specification) -> Self {
        let declared = Self::of_keyword(schema);
        if is_nullable(schema, specification) { declared.either(Self::NULL) } else { declared }
    }

    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) => Self::of_number(number, || Decimal::of_number(number)),
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    /// Returns the type of a value of the document.
    pub(crate) fn of_node(node: Node<'_>) -> Self {
        match node.kind() {
            NodeKind::Null => Self::NULL,
            NodeKind::Bool(_) => Self::BOOLEAN,
            NodeKind::Number(number) => {
                Self::of_number(number, || Decimal::of(node).unwrap_or_else(|| Decimal::of_number(number)))
            }
            NodeKind::String(_) => Self::STRING,
            NodeKind::Array => Self::ARRAY,
            NodeKind::Object => Self::OBJECT,
        }
    }

    /// Tells whole numbers by all their digits: a double drops a fraction that is too small for it.
    fn of_number(number: &Number, exact: impl FnOnce() -> Decimal) -> Self {
        let is_near_whole = || number.as_f64().is_some_and(|value| value.fract() == 0.0);
        let is_whole = number.is_i64() || number.is_u64() || is_near_whole() && exact().is_whole();
        if is_whole { Self::INTEGER } else { Self::FRACTION }
    }

    pub(crate) fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn either(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn includes(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns the types as they are told apart where values are written as text: each number and each of `true` and
    /// `false` is also a text.
    pub(crate) fn as_text(self) -> Self {
        if self.meets(Self::STRING) { self.either(Self::NUMBER).either(Self::BOOLEAN) } else { self }
    }
}

impl fmt::Display for TypeSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.includes(Self::ANY.without(Self::NULL)) {
            return formatter.write_str("any");
        }
        let mut names = Vec::new();
        let mut left = *self;
        for (types, name) in [
            (Self::OBJECT, "object"),
            (Self::ARRAY, "array"),
            (Self::STRING, "string"),
            (Self::NUMBER, "number"),
            (Self::INTEGER, "integer"),
            (Self::BOOLEAN, "boolean"),
        ] {
            if left.includes(types) {
                names.push(name);
                left = left.without(types);
            }
        }
        let text = if names.is_empty() { "nothing".to_owned() } else { names.join(" or ") };
        formatter.write_str(&text)
    }
}

/// True if a schema of OpenAPI 3.0 allows `null` too: by its flag, but for a list of values without it (OpenAPI 3.0.3,
/// section 4.7.24.1 and the proposal "Clarify Semantics of nullable").
pub(crate) fn is_nullable(schema: Node<'_>, specification: Specification) -> bool {
    let has_null = |list: Node<'_>| list.items().any(|item| TypeSet::of_node(item) == TypeSet::NULL);
    specification == Specification::V3_0
        && schema.get("nullable").and_then(Node::as_bool) == Some(true)
        && schema.get("enum").is_none_or(|list| !list.is_array() || has_null(list))
}
