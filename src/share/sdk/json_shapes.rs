//! Shapes of JSON values, by which a client chooses among several JSON bodies of an operation.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::share::model::{DefinitionModel, TypeId, TypeKind, TypeModel};

/// The most names that stand for another name; more are a circle.
const MOST_NAMES: usize = 40;

/// A shape of JSON values that every language tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum JsonShape {
    Object,
    Array,
    /// A text, a number, a boolean or null.
    Scalar,
}

impl JsonShape {
    /// All shapes.
    pub(super) const ALL: [Self; 3] = [Self::Object, Self::Array, Self::Scalar];

    /// Returns the word for the shape that all runtimes know.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::Scalar => "scalar",
        }
    }

    /// Lists the shapes of the values of a type; all where nothing is said of it.
    pub(super) fn of(value: Option<&TypeModel>, model: &DefinitionModel) -> BTreeSet<Self> {
        let mut shapes = BTreeSet::new();
        match value {
            Some(value) => add_shapes(value, model, MOST_NAMES, &mut shapes),
            None => shapes.extend(Self::ALL),
        }
        shapes
    }
}

fn add_shapes(value: &TypeModel, model: &DefinitionModel, left: usize, shapes: &mut BTreeSet<JsonShape>) {
    shapes.extend(value.is_nullable.then_some(JsonShape::Scalar));
    let target = |id: &TypeId| model.named_type(*id).map(|named| &named.value).filter(|_| left > 0);
    match &value.kind {
        TypeKind::Never => {}
        TypeKind::Any => shapes.extend(JsonShape::ALL),
        TypeKind::Null
        | TypeKind::Boolean
        | TypeKind::Integer
        | TypeKind::Number
        | TypeKind::Text
        | TypeKind::Bytes => shapes.extend([JsonShape::Scalar]),
        TypeKind::Array(_) | TypeKind::Tuple(..) => shapes.extend([JsonShape::Array]),
        TypeKind::Object(_) | TypeKind::Map(_) => shapes.extend([JsonShape::Object]),
        TypeKind::Literal(values) => shapes.extend(values.iter().map(|value| match value {
            Value::Object(_) => JsonShape::Object,
            Value::Array(_) => JsonShape::Array,
            _ => JsonShape::Scalar,
        })),
        TypeKind::Union(alternatives, _) => {
            for one in alternatives {
                add_shapes(one, model, left.saturating_sub(1), shapes);
            }
        }
        TypeKind::Reference(id) => match target(id) {
            Some(target) => add_shapes(target, model, left - 1, shapes),
            None => shapes.extend(JsonShape::ALL),
        },
    }
}
