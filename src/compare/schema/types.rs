//! The kinds of value that JSON Schema tells apart, as a set.

use crate::compare::decimal::Decimal;
use crate::definition::{Node, NodeKind};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TypeView(u8);

impl TypeView {
    pub(super) const NONE: Self = Self(0);
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOLEAN: Self = Self(2);
    pub(super) const INTEGER: Self = Self(4);
    /// Numbers that are not whole.
    pub(super) const FRACTION: Self = Self(8);
    pub(super) const NUMBER: Self = Self(4 | 8);
    pub(super) const STRING: Self = Self(16);
    pub(super) const ARRAY: Self = Self(32);
    pub(super) const OBJECT: Self = Self(64);
    pub(super) const ANY: Self = Self(127);
    /// Each type alone; numbers that are whole and those that are not are two.
    pub(super) const EACH: [Self; 7] =
        [Self::NULL, Self::BOOLEAN, Self::INTEGER, Self::FRACTION, Self::STRING, Self::ARRAY, Self::OBJECT];

    /// Returns the types that the keyword `type` allows; any type if it names no known one.
    pub(super) fn declared(schema: Node<'_>) -> Self {
        let Some(keyword) = schema.get("type") else { return Self::ANY };
        let names = keyword.as_str().into_iter().chain(keyword.items().filter_map(Node::as_str));
        let declared = names.filter_map(Self::named).fold(Self::NONE, Self::either);
        if declared == Self::NONE { Self::ANY } else { declared }
    }

    /// Returns the type of a value.
    pub(super) fn of(value: Node<'_>) -> Self {
        match value.kind() {
            NodeKind::Null => Self::NULL,
            NodeKind::Bool(_) => Self::BOOLEAN,
            NodeKind::Number(number) if number.is_i64() || number.is_u64() => Self::INTEGER,
            NodeKind::Number(_) if Decimal::of(value).is_some_and(|number| number.is_whole()) => Self::INTEGER,
            NodeKind::Number(_) => Self::FRACTION,
            NodeKind::String(_) => Self::STRING,
            NodeKind::Array => Self::ARRAY,
            NodeKind::Object => Self::OBJECT,
        }
    }

    pub(super) fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) fn either(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn includes(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns the types as they are told apart where values are written as text: each number and each of `true` and
    /// `false` is also a text.
    pub(super) fn as_text(self) -> Self {
        if self.meets(Self::STRING) { self.either(Self::NUMBER).either(Self::BOOLEAN) } else { self }
    }

    fn named(name: &str) -> Option<Self> {
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
}

impl std::fmt::Display for TypeView {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
