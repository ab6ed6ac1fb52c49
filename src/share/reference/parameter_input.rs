//! The way in which a form reads what is typed for a parameter.

use crate::share::model::{DefinitionModel, ParameterModel, TypeKind, TypeModel};

/// The most references that are followed.
const MOST_STEPS: usize = 32;

/// Returns the word for a form.
///
/// It is `whole` for the query itself, `content` for a text that is sent as it is, `text` for a value without parts,
/// and `value` for one that may be a list or an object, which is written as JSON.
pub(super) fn input_kind(model: &DefinitionModel, parameter: &ParameterModel) -> &'static str {
    if parameter.is_whole {
        return "whole";
    }
    if parameter.media_type.is_some() {
        return "content";
    }
    if may_have_parts(model, &parameter.value, 0) { "value" } else { "text" }
}

/// True if some value of a type is a list or an object.
fn may_have_parts(model: &DefinitionModel, value: &TypeModel, steps: usize) -> bool {
    match &value.kind {
        TypeKind::Never
        | TypeKind::Null
        | TypeKind::Boolean
        | TypeKind::Integer
        | TypeKind::Number
        | TypeKind::Text
        | TypeKind::Bytes => false,
        TypeKind::Literal(values) => values.iter().any(|value| value.is_array() || value.is_object()),
        TypeKind::Reference(id) => match model.named_type(*id).filter(|_| steps < MOST_STEPS) {
            Some(named) => may_have_parts(model, &named.value, steps + 1),
            None => true,
        },
        TypeKind::Union(alternatives, _) => {
            steps >= MOST_STEPS || alternatives.iter().any(|one| may_have_parts(model, one, steps + 1))
        }
        TypeKind::Any | TypeKind::Array(_) | TypeKind::Map(_) | TypeKind::Object(_) | TypeKind::Tuple(..) => true,
    }
}
