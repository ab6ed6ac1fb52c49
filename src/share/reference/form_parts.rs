//! The parts of a form as code shows them, written as their encoding says (OpenAPI 3.1, Encoding Object).

use serde_json::{Map, Value};

use super::code::ExamplePart;
use super::facts::value_text;
use crate::definition::ParameterStyle;
use crate::definition::values::PartKind;
use crate::share::model::{ContentModel, DefinitionModel, PartModel};

/// Lists the parts of a form with these fields. A file that they leave out still has its place.
pub(super) fn form_parts(
    model: &DefinitionModel,
    content: &ContentModel,
    fields: &Map<String, Value>,
) -> Vec<ExamplePart> {
    let files = content.file_fields(&model.types);
    let declared = |name: &str| content.parts.iter().find(|part| part.name == name);
    let file = |name: &str| {
        let media_type = media_type(declared(name), PartKind::File { name: "file" });
        ExamplePart { name: name.to_owned(), text: None, media_type }
    };
    let mut parts = Vec::new();
    for (name, value) in fields {
        match (declared(name).and_then(|part| part.style), value) {
            (_, Value::Array(items)) if files.contains(&name.as_str()) => {
                parts.extend(items.iter().map(|_| file(name)));
            }
            _ if files.contains(&name.as_str()) => parts.push(file(name)),
            (Some(style), value) => parts.extend(styled_parts(name, value, style)),
            (None, Value::Array(items)) => {
                parts.extend(items.iter().map(|item| plain_part(name, item, declared(name))));
            }
            (None, value) => parts.push(plain_part(name, value, declared(name))),
        }
    }
    parts.extend(files.iter().filter(|name| !fields.contains_key(**name)).map(|name| file(name)));
    parts
}

fn media_type(declared: Option<&PartModel>, kind: PartKind<'_>) -> Option<String> {
    let declared = declared.into_iter().flat_map(|part| &part.media_types).map(String::as_str);
    kind.media_type(&declared.collect::<Vec<_>>()).map(str::to_owned)
}

fn plain_part(name: &str, value: &Value, declared: Option<&PartModel>) -> ExamplePart {
    let kind = if value.is_object() { PartKind::Object } else { PartKind::Text };
    let media_type = media_type(declared, kind);
    ExamplePart { name: name.to_owned(), text: Some(value_text(value)), media_type }
}

/// Writes a value by its style; nothing is percent-encoded in a part (RFC 7578, section 2).
fn styled_parts(name: &str, value: &Value, (style, explode): (ParameterStyle, bool)) -> Vec<ExamplePart> {
    let part = |(name, text): (String, String)| ExamplePart { name, text: Some(text), media_type: None };
    let pairs: Vec<(String, String)> = match value {
        Value::Array(items) if explode => items.iter().map(|item| (name.to_owned(), value_text(item))).collect(),
        Value::Array(items) => {
            let texts: Vec<String> = items.iter().map(value_text).collect();
            vec![(name.to_owned(), texts.join(style.separator()))]
        }
        Value::Object(_) if style == ParameterStyle::DeepObject => deep_pairs(name, value),
        Value::Object(fields) if style == ParameterStyle::Form && explode => {
            fields.iter().map(|(key, field)| (key.clone(), value_text(field))).collect()
        }
        Value::Object(fields) => {
            let texts: Vec<String> = fields.iter().flat_map(|(key, field)| [key.clone(), value_text(field)]).collect();
            vec![(name.to_owned(), texts.join(style.separator()))]
        }
        other => vec![(name.to_owned(), value_text(other))],
    };
    pairs.into_iter().map(part).collect()
}

/// Names each field of an object by its path in brackets.
fn deep_pairs(name: &str, value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Array(items) => items.iter().flat_map(|item| deep_pairs(name, item)).collect(),
        Value::Object(fields) => {
            fields.iter().flat_map(|(key, field)| deep_pairs(&format!("{name}[{key}]"), field)).collect()
        }
        other => vec![(name.to_owned(), value_text(other))],
    }
}
