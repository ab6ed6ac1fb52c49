//! From names and values to a path, a query, headers and cookies (OpenAPI 3.1, section 4.8.12.3).

use serde_json::{Map, Value};

use super::styles::{StyleNotation, list, named, object, object_fields, plain};
use crate::definition::percent::{ValueDelimiter, encode, encode_but_reserved, one_spelling};
use crate::definition::values::{ValueSchema, ValueStructure};
use crate::definition::{Api, Definition, Node, Parameter, ParameterPlace, ParameterStyle, PathPiece, path_pieces};
use crate::model::{is_json_media_type, media_type_essence};

/// Placeholder for a secret where a request is shown.
pub const BLANK: &str = "***";

/// A parameter's name, or `place.name`, or `name[field]`, and its value as somebody typed it.
pub type Given = (String, String);

/// The parameters of a request, written as its definition says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ComposedParameters {
    /// The path below the group's prefix, percent-encoded.
    pub path: String,
    /// The path as it may be shown, without its secrets.
    pub shown_path: String,
    /// The values in it by name, percent-encoded.
    pub path_parameters: Vec<(String, String)>,
    /// The query without its question mark; empty where there is none.
    pub query: String,
    /// The headers; all cookies are one of them.
    pub headers: Vec<(String, String)>,
}

/// Reason why a request cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComposeProblem {
    /// The API has no such parameter.
    Unknown {
        /// The name that was given.
        name: String,
    },
    /// A parameter cannot be written with the values given.
    Unfit {
        /// Its place and name, like `query.limit`.
        place: String,
        /// Reason.
        fault: UnwritableValue,
    },
}

/// Reason why a parameter cannot be written with the values given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnwritableValue {
    /// A part of the path without a value.
    #[error("is missing, and the path cannot be written without it")]
    Missing,
    /// A part of the path with an empty value, without which the path would be that of another API.
    #[error("is empty, and a path has no empty parts")]
    Empty,
    /// Several values for one.
    #[error("is given more than once, and is not a list")]
    Repeated,
    /// Fields of a value that has none.
    #[error("has no fields")]
    NoFields,
    /// A value as a whole, and fields of it.
    #[error("is given both as a whole and by its fields")]
    WholeAndFields,
    /// Fields of a list.
    #[error("is a list and has no fields; give its name once for each item")]
    ListWithFields,
    /// An object that is neither JSON nor fields.
    #[error("is an object; write its fields as `name[field]=value`, or all of it as JSON")]
    NotAnObject,
}

/// A parameter of a path template without a value.
#[derive(Debug, PartialEq, Eq)]
struct MissingParameter(String);

/// Writes the parameters of a request.
///
/// Of a list, each item is given once more with the same name, or all as a JSON array; of an object each field as
/// `name[field]`, or all as a JSON object. A key that the definition has callers show in the query is given like a
/// parameter. Where `extra` is set, undeclared parameters become part of the query.
pub fn compose(
    definition: &Definition,
    api: &Api,
    given: &[Given],
    extra: bool,
) -> Result<ComposedParameters, Vec<ComposeProblem>> {
    let mut collected: Vec<(&Parameter, ParameterValues)> = Vec::new();
    let mut problems = Vec::new();
    let mut query: Vec<String> = Vec::new();
    for (name, value) in given {
        match find(api, name) {
            Some((parameter, field)) => {
                let at = collected.iter().position(|(known, _)| std::ptr::eq(*known, parameter));
                let at = at.unwrap_or_else(|| {
                    collected.push((parameter, ParameterValues::default()));
                    collected.len() - 1
                });
                if let Some((_, collected)) = collected.get_mut(at) {
                    collected.add(field, value);
                }
            }
            // A key is declared as a way in, not as a parameter.
            None if extra
                || api.query_string.is_some()
                || definition.keys(ParameterPlace::Query).any(|key| key == name) =>
            {
                query.push(format!("{}={}", encode(name), encode(value)));
            }
            None => problems.push(ComposeProblem::Unknown { name: name.clone() }),
        }
    }
    let mut composed = ComposedParameters::default();
    let mut cookies = Vec::new();
    for (parameter, collected) in &collected {
        match write(definition, parameter, collected) {
            Ok(text) => match parameter.place {
                ParameterPlace::Path => composed.path_parameters.push((parameter.name.clone(), text)),
                // Of a list or an object without anything in it, nothing is written.
                ParameterPlace::Query => query.extend(Some(text).filter(|text| !text.is_empty())),
                ParameterPlace::Header => composed.headers.push((parameter.name.clone(), text)),
                ParameterPlace::Cookie => cookies.push(text),
            },
            Err(fault) => problems.push(ComposeProblem::Unfit { place: place_of(parameter), fault }),
        }
    }
    if !cookies.is_empty() {
        composed.headers.push(("cookie".to_owned(), cookies.join("; ")));
    }
    match fill(api, &api.path, &composed.path_parameters) {
        Ok(path) => {
            composed.path = path;
            composed.shown_path =
                fill(api, &api.path, &shown(definition, api, &composed.path_parameters)).unwrap_or_default();
        }
        // One that was given and cannot be written has been named already.
        Err(MissingParameter(name)) if collected.iter().any(|(parameter, _)| is_path(parameter, &name)) => {}
        Err(MissingParameter(name)) => {
            let fault = UnwritableValue::Missing;
            problems.push(ComposeProblem::Unfit { place: format!("path.{name}"), fault });
        }
    }
    // A query behind the path is part of the request, with its parameters filled in.
    let variant = api.variant.strip_prefix('?').and_then(|variant| variant.split('#').next());
    if let Some(Ok(variant)) = variant.map(|variant| fill(api, variant, &composed.path_parameters)) {
        query.insert(0, variant);
    }
    composed.query = query.join("&");
    if problems.is_empty() { Ok(composed) } else { Err(problems) }
}

/// Picks the media type of a body among those that the API declares; nothing where it declares none.
///
/// One that is JSON goes with a JSON media type, else it is the first that is not; a range becomes its usual member.
#[must_use]
pub fn pick_media_type(api: &Api, body: &[u8]) -> Option<String> {
    let looks_like_json = serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    let declared: Vec<&str> = api.request_body.as_ref()?.content.iter().map(|content| content.name.as_str()).collect();
    let is_json = |name: &&&str| is_json_media_type(name) || media_type_essence(name).ends_with("/*");
    let picked = declared.iter().find(|name| is_json(name) == looks_like_json).or_else(|| declared.first())?;
    Some(match picked.split_once('/') {
        Some((_, "*")) if looks_like_json => "application/json".to_owned(),
        Some(("text", "*")) => "text/plain".to_owned(),
        Some((_, "*")) => "application/octet-stream".to_owned(),
        _ => (*picked).to_owned(),
    })
}

/// Values given for a parameter.
#[derive(Default)]
struct ParameterValues {
    texts: Vec<String>,
    fields: Vec<(String, String)>,
}

impl ParameterValues {
    fn add(&mut self, field: Option<&str>, value: &str) {
        match field {
            Some(field) => self.fields.push((field.to_owned(), value.to_owned())),
            None => self.texts.push(value.to_owned()),
        }
    }
}

/// Finds the parameter that a name means, and the field of it.
fn find<'a, 'n>(api: &'a Api, name: &'n str) -> Option<(&'a Parameter, Option<&'n str>)> {
    let whole = |name: &str| {
        let fits = |parameter: &&Parameter, name: &str| match parameter.place {
            ParameterPlace::Header => parameter.name.eq_ignore_ascii_case(name),
            _ => parameter.name == name,
        };
        let placed = name.split_once('.').and_then(|(place, name)| {
            api.parameters.iter().find(|found| found.place.as_str() == place && fits(found, name))
        });
        placed.or_else(|| api.parameters.iter().find(|found| fits(found, name)))
    };
    if let Some(parameter) = whole(name) {
        return Some((parameter, None));
    }
    let (name, field) = name.strip_suffix(']')?.split_once('[')?;
    Some((whole(name)?, Some(field)))
}

/// Replaces the values of a path that are secrets.
fn shown(definition: &Definition, api: &Api, values: &[(String, String)]) -> Vec<(String, String)> {
    let is_secret = |name: &str| api.parameters.iter().any(|found| is_path(found, name) && definition.is_secret(found));
    let shown = |(name, value): &(String, String)| {
        (name.clone(), if is_secret(name) { BLANK.to_owned() } else { value.clone() })
    };
    values.iter().map(shown).collect()
}

fn place_of(parameter: &Parameter) -> String {
    format!("{}.{}", parameter.place.as_str(), parameter.name)
}

fn is_path(parameter: &Parameter, name: &str) -> bool {
    parameter.place == ParameterPlace::Path && parameter.name == name
}

/// Puts values into a path template; fails with the name of one that is missing.
fn fill(api: &Api, template: &str, values: &[(String, String)]) -> Result<String, MissingParameter> {
    let mut path = String::with_capacity(template.len());
    for piece in path_pieces(template) {
        match piece {
            PathPiece::Text(text) => path.push_str(&one_spelling(text)),
            PathPiece::Parameter(written) => {
                let name = api.path_parameter(written).map_or(written, |parameter| &parameter.name);
                let value =
                    values.iter().find(|(known, _)| known == name).ok_or_else(|| MissingParameter(name.to_owned()))?;
                path.push_str(&value.1);
            }
        }
    }
    Ok(path)
}

/// Serializes a parameter for its place.
fn write(
    definition: &Definition,
    parameter: &Parameter,
    collected: &ParameterValues,
) -> Result<String, UnwritableValue> {
    let reserved = definition.node(parameter.node).get("allowReserved").and_then(Node::as_bool) == Some(true);
    let encoded = |text: &str| match parameter.place {
        ParameterPlace::Query if reserved => encode_but_reserved(text, delimiter(parameter)),
        ParameterPlace::Path | ParameterPlace::Query => encode(text),
        ParameterPlace::Header | ParameterPlace::Cookie => text.to_owned(),
    };
    let name = encoded(&parameter.name);
    if parameter.media_type.is_some() {
        let schema = ValueSchema::build(definition, parameter.media_type.as_ref().and_then(|content| content.schema));
        let value = content(collected, schema.as_ref().filter(|_| is_json_content(parameter)))?;
        return Ok(named(StyleNotation::of(parameter), &name, &encoded(&value)));
    }
    let schema = ValueSchema::build(definition, parameter.schema);
    let text = match structure(collected, schema.as_ref()) {
        ValueStructure::Scalar => named(StyleNotation::of(parameter), &name, &encoded(only(collected)?)),
        ValueStructure::List => {
            let items: Vec<String> = items(collected)?.iter().map(|item| encoded(item)).collect();
            list(StyleNotation::of(parameter), &name, &items)
        }
        ValueStructure::Object => {
            let fields = fields(collected, parameter.style)?;
            let fields: Vec<_> = fields.iter().map(|(field, value)| (encoded(field), encoded(value))).collect();
            object(StyleNotation::of(parameter), &name, &fields)
        }
    };
    if text.is_empty() && parameter.place == ParameterPlace::Path {
        return Err(UnwritableValue::Empty);
    }
    Ok(text)
}

/// Returns the character that stands between the parts of a value.
fn delimiter(parameter: &Parameter) -> ValueDelimiter {
    let has_commas = parameter.style == ParameterStyle::Form && !parameter.explode;
    if has_commas { ValueDelimiter::Comma } else { ValueDelimiter::Equals }
}

/// Decides the structure of a value: that of its schema, as far as the values given can have it.
fn structure(collected: &ParameterValues, schema: Option<&ValueSchema>) -> ValueStructure {
    let likely = |text: Option<&str>| schema.and_then(|schema| schema.likely_structure(text));
    match (collected.texts.as_slice(), collected.fields.as_slice()) {
        ([text], []) => {
            let has_parts = match text.as_bytes().first() {
                Some(b'[') => serde_json::from_str::<Vec<Value>>(text).is_ok().then_some(ValueStructure::List),
                Some(b'{') => {
                    serde_json::from_str::<Map<String, Value>>(text).is_ok().then_some(ValueStructure::Object)
                }
                _ => None,
            };
            let allowed = has_parts.filter(|found| schema.is_some_and(|schema| schema.names_structure(*found)));
            allowed.or_else(|| likely(Some(text))).unwrap_or(ValueStructure::Scalar)
        }
        (_, []) => likely(None).unwrap_or(ValueStructure::Scalar),
        _ if schema.is_some_and(|schema| schema.names_structure(ValueStructure::Object)) => ValueStructure::Object,
        _ => likely(None).unwrap_or(ValueStructure::Scalar),
    }
}

/// Returns the one text that was given for a value without parts.
fn only(collected: &ParameterValues) -> Result<&str, UnwritableValue> {
    match (collected.texts.as_slice(), collected.fields.as_slice()) {
        ([text], []) => Ok(text),
        (_, []) => Err(UnwritableValue::Repeated),
        _ => Err(UnwritableValue::NoFields),
    }
}

fn is_json_content(parameter: &Parameter) -> bool {
    parameter.media_type.as_ref().is_some_and(|content| is_json_media_type(&content.name))
}

/// Returns a value that is serialized in a media type: the JSON that its schema reads the texts and fields as; without
/// a schema JSON as it is, else a text.
fn content(collected: &ParameterValues, schema: Option<&ValueSchema>) -> Result<String, UnwritableValue> {
    if !collected.texts.is_empty() && !collected.fields.is_empty() {
        return Err(UnwritableValue::WholeAndFields);
    }
    if let Some(value) = schema.and_then(|schema| schema.typed(&collected.texts, &collected.fields)) {
        return Ok(value.to_string());
    }
    let text = only(collected)?;
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    Ok(if is_json { text.to_owned() } else { Value::from(text).to_string() })
}

fn items(collected: &ParameterValues) -> Result<Vec<String>, UnwritableValue> {
    if !collected.fields.is_empty() {
        return Err(UnwritableValue::ListWithFields);
    }
    let written = match collected.texts.as_slice() {
        [text] if text.starts_with('[') => serde_json::from_str::<Vec<Value>>(text).ok(),
        _ => None,
    };
    Ok(written.map_or_else(|| collected.texts.clone(), |items| items.iter().map(plain).collect()))
}

fn fields(collected: &ParameterValues, style: ParameterStyle) -> Result<Vec<(String, String)>, UnwritableValue> {
    let mut fields = Vec::new();
    for text in &collected.texts {
        let object: Map<String, Value> = serde_json::from_str(text).map_err(|_| UnwritableValue::NotAnObject)?;
        fields.extend(object_fields(object, style));
    }
    fields.extend(collected.fields.iter().cloned());
    Ok(fields)
}

#[cfg(test)]
mod tests;
