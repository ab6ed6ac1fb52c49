//! The notations of parameters and of the fields of forms (OpenAPI 3.1.1, section 4.8.12.4), over texts that are
//! encoded already.

use serde_json::{Map, Value};

use crate::definition::{Parameter, ParameterPlace, ParameterStyle};

/// The notation of a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct StyleNotation {
    pub(super) place: ParameterPlace,
    pub(super) style: ParameterStyle,
    pub(super) explode: bool,
}

impl StyleNotation {
    pub(super) const fn of(parameter: &Parameter) -> Self {
        Self { place: parameter.place, style: parameter.style, explode: parameter.explode }
    }
}

/// Writes a value without parts, with its name where the style has it.
pub(super) fn named(notation: StyleNotation, name: &str, value: &str) -> String {
    match (notation.place, notation.style) {
        (ParameterPlace::Query | ParameterPlace::Cookie, _) => format!("{name}={value}"),
        (_, ParameterStyle::Matrix) => format!(";{name}={value}"),
        (_, ParameterStyle::Label) => format!(".{value}"),
        _ => value.to_owned(),
    }
}

/// Writes a list.
pub(super) fn list(notation: StyleNotation, name: &str, items: &[String]) -> String {
    let each =
        |separator: &str, item: &dyn Fn(&String) -> String| items.iter().map(item).collect::<Vec<_>>().join(separator);
    let pair = |item: &String| format!("{name}={item}");
    match (notation.style, notation.explode) {
        (ParameterStyle::Form, true) if notation.place == ParameterPlace::Query => each("&", &pair),
        (ParameterStyle::Matrix, true) => each("", &|item| format!(";{}", pair(item))),
        (ParameterStyle::Label, true) => each("", &|item| format!(".{item}")),
        (style, _) => named(notation, name, &items.join(style.encoded_separator())),
    }
}

/// Writes an object by its fields.
pub(super) fn object(notation: StyleNotation, name: &str, fields: &[(String, String)]) -> String {
    let each = |separator: &str, write: &dyn Fn(&str, &str) -> String| {
        fields.iter().map(|(field, value)| write(field, value)).collect::<Vec<_>>().join(separator)
    };
    let pair = |field: &str, value: &str| format!("{field}={value}");
    let flat = |separator: &str| each(separator, &|field, value| format!("{field}{separator}{value}"));
    match (notation.style, notation.explode) {
        (ParameterStyle::DeepObject, _) => each("&", &|field, value| format!("{name}%5B{field}%5D={value}")),
        (ParameterStyle::Form, true) if notation.place == ParameterPlace::Query => each("&", &pair),
        (ParameterStyle::Matrix, true) => each("", &|field, value| format!(";{field}={value}")),
        (ParameterStyle::Label, true) => each("", &|field, value| format!(".{field}={value}")),
        (ParameterStyle::Simple, true) => each(",", &pair),
        (style, _) => named(notation, name, &flat(style.encoded_separator())),
    }
}

/// Lists the fields of an object with their texts.
pub(super) fn object_fields(object: Map<String, Value>, style: ParameterStyle) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for (name, value) in object {
        // Brackets are the one notation that has room for parts of parts.
        if style == ParameterStyle::DeepObject {
            nested(name, &value, &mut fields);
        } else {
            fields.push((name, plain(&value)));
        }
    }
    fields
}

/// Flattens a value into fields with names like `owner][name`, around which the caller puts brackets. The items of a
/// list share a name.
fn nested(name: String, value: &Value, fields: &mut Vec<(String, String)>) {
    match value {
        Value::Object(parts) => {
            parts.iter().for_each(|(part, value)| nested(format!("{name}][{part}"), value, fields));
        }
        Value::Array(items) => items.iter().for_each(|item| nested(name.clone(), item, fields)),
        value => fields.push((name, plain(value))),
    }
}

/// Writes a value as its text, or as JSON.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
