//! The query as one value (OpenAPI 3.2, section 4.12.1).
//!
//! The fields of a form are parameters of the query; a value of another media type is one that has no name there.

use super::content::{ContentKind, ContentModel};
use super::operation::ParameterModel;
use super::types::{NamedType, PropertyModel, TypeKind, TypeModel};
use crate::definition::{ParameterPlace, ParameterStyle};

/// The query string of an operation, as it is declared.
pub(super) struct QueryString {
    /// The name, of which nothing is sent.
    pub(super) name: String,
    pub(super) is_required: bool,
    pub(super) description: Option<String>,
    pub(super) content: ContentModel,
}

impl QueryString {
    /// Lists the parameters of the query: one for each field of a form, or one for all where they have no names.
    pub(super) fn parameters(self, types: &[NamedType]) -> Vec<ParameterModel> {
        let is_form = self.content.kind == ContentKind::Form;
        let fields = self.content.fields(types).map(|object| object.properties.as_slice()).unwrap_or_default();
        if !is_form || fields.is_empty() {
            let value = self.content.value.unwrap_or_else(TypeModel::any);
            return vec![ParameterModel {
                is_required: self.is_required,
                description: self.description,
                media_type: (!is_form).then_some(self.content.media_type),
                is_whole: !is_form,
                examples: self.content.examples,
                sample: self.content.sample,
                ..parameter(self.name, value, (ParameterStyle::Form, true))
            }];
        }
        fields.iter().filter(|field| !field.is_read_only).map(|field| self.field(field, types)).collect()
    }

    fn field(&self, field: &PropertyModel, types: &[NamedType]) -> ParameterModel {
        let declared = self.content.parts.iter().find(|part| part.name == field.name).and_then(|part| part.style);
        let is_object = matches!(resolved(&field.value, types), TypeKind::Object(_) | TypeKind::Map(_));
        let sample = self.content.sample.as_ref().and_then(|sample| sample.get(&field.name)).cloned();
        ParameterModel {
            is_required: field.is_required,
            is_deprecated: field.value.notes.is_deprecated,
            description: field.value.notes.description.clone(),
            // A form has an object as JSON, unless its encoding says otherwise.
            media_type: (is_object && declared.is_none()).then(|| "application/json".to_owned()),
            sample,
            ..parameter(field.name.clone(), field.value.clone(), declared.unwrap_or((ParameterStyle::Form, true)))
        }
    }
}

fn parameter(name: String, value: TypeModel, (style, explode): (ParameterStyle, bool)) -> ParameterModel {
    ParameterModel {
        name,
        place: ParameterPlace::Query,
        is_required: false,
        is_deprecated: false,
        is_secret: false,
        description: None,
        style,
        explode,
        allows_reserved: false,
        media_type: None,
        is_whole: false,
        value,
        examples: Vec::new(),
        sample: None,
    }
}

/// Follows names to the kind of a type.
fn resolved<'t>(value: &'t TypeModel, types: &'t [NamedType]) -> &'t TypeKind {
    let mut kind = &value.kind;
    // A name may stand for another name; more of them than types are a circle.
    for _ in 0..=types.len() {
        let TypeKind::Reference(id) = kind else { break };
        let Some(named) = types.get(id.index()) else { break };
        kind = &named.value.kind;
    }
    kind
}
