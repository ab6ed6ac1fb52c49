//! Types in TypeScript: declarations, and uses of them.

use serde::Serialize;

use super::super::lowering::{DeclarationKind, TypeDeclaration, TypeUse};
use super::super::methods::MethodResult;
use super::super::text::{javascript, property};
use super::{FieldContext, comment};

/// A declared type as the template writes it.
#[derive(Debug, Serialize)]
pub(super) struct DeclarationContext {
    name: String,
    comment: Vec<String>,
    alias: Option<String>,
    is_open: bool,
    fields: Vec<FieldContext>,
}

impl DeclarationContext {
    pub(super) fn new(declaration: &TypeDeclaration) -> Self {
        let notes = &declaration.notes;
        let mut context = Self {
            name: declaration.name.clone(),
            comment: comment(&[notes.title.as_deref(), notes.description.as_deref()]),
            alias: None,
            is_open: false,
            fields: Vec::new(),
        };
        match &declaration.kind {
            DeclarationKind::Alias(value) => context.alias = Some(type_text(value)),
            DeclarationKind::Object(fields, is_open) => {
                context.is_open = *is_open;
                context.fields.extend(fields.iter().map(|field| FieldContext {
                    name: property(&field.name),
                    is_required: field.is_required,
                    value: type_text(&field.value),
                    comment: comment(&[field.notes.description.as_deref()]),
                }));
            }
        }
        context
    }
}

/// Writes the type of a response's data.
pub(super) fn result_text(results: &[MethodResult]) -> String {
    let text = |result: &MethodResult| match result {
        MethodResult::Nothing => "null".to_owned(),
        MethodResult::Json(value) => type_text(value),
        MethodResult::Text => "string".to_owned(),
        MethodResult::Bytes => "Blob".to_owned(),
        MethodResult::JsonLines(item) => format!("AsyncIterable<{}>", type_text(item)),
        MethodResult::Events(item) => format!("AsyncIterable<ServerEvent<{}>>", type_text(item)),
    };
    let mut texts: Vec<String> = Vec::new();
    for text in results.iter().map(text) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.join(" | ")
}

/// Writes a type.
pub(super) fn type_text(value: &TypeUse) -> String {
    match value {
        TypeUse::Any => "any".to_owned(),
        TypeUse::Null => "null".to_owned(),
        TypeUse::Boolean => "boolean".to_owned(),
        TypeUse::Integer | TypeUse::Number => "number".to_owned(),
        TypeUse::Text => "string".to_owned(),
        TypeUse::File => "FileInput".to_owned(),
        TypeUse::Literal(values) => values.iter().map(literal_text).collect::<Vec<_>>().join(" | "),
        TypeUse::Array(item) => format!("Array<{}>", type_text(item)),
        TypeUse::Tuple(first, rest) => {
            let first = first.iter().map(type_text);
            let rest = rest.as_ref().map(|rest| format!("...Array<{}>", type_text(rest)));
            format!("[{}]", first.chain(rest).collect::<Vec<_>>().join(", "))
        }
        // A type may hold itself in a property, but not in an argument of `Record`.
        TypeUse::Map(item) => format!("{{ [name: string]: {} }}", type_text(item)),
        TypeUse::Union(members) => members.iter().map(type_text).collect::<Vec<_>>().join(" | "),
        TypeUse::Named(name) => name.clone(),
    }
}

fn literal_text(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Array(_) => "Array<any>".to_owned(),
        serde_json::Value::Object(_) => "Record<string, any>".to_owned(),
        scalar => javascript(scalar).flat(),
    }
}
