//! The parts of a value that its schemas do not declare or describe.

use super::view::SchemaView;
use crate::definition::NodeId;

/// Treatment of the properties that an object does not declare.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum UndeclaredProperties {
    Anything,
    Refused,
    Schemas(Vec<NodeId>),
}

impl UndeclaredProperties {
    pub(super) fn of(view: &SchemaView<'_>) -> Self {
        let mut schemas = Vec::new();
        for value in view.keyword("additionalProperties") {
            match value.as_bool() {
                Some(false) => return Self::Refused,
                Some(true) => {}
                None if value.entries().next().is_none() => {}
                None => schemas.push(value.id()),
            }
        }
        if schemas.is_empty() { Self::Anything } else { Self::Schemas(schemas) }
    }

    pub(super) const fn shown(&self) -> &'static str {
        match self {
            Self::Anything => "allowed",
            Self::Refused => "refused",
            Self::Schemas(_) => "bound to a schema",
        }
    }
}

/// Parts of a value that no schema describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeftOver {
    Properties,
    Items,
}

impl LeftOver {
    /// Returns the keyword that judges such parts.
    pub(super) const fn keyword(self) -> &'static str {
        match self {
            Self::Properties => "unevaluatedProperties",
            Self::Items => "unevaluatedItems",
        }
    }

    /// True if such parts are refused, or have a schema.
    pub(super) fn is_judged(self, view: &SchemaView<'_>) -> bool {
        let mut values = view.keyword(self.keyword());
        values.any(|value| value.as_bool() == Some(false) || value.entries().next().is_some())
    }
}
