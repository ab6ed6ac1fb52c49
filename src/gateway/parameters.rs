//! From the texts in a request to the values that a definition speaks of (OpenAPI 3.1, section 4.8.12).

use http::HeaderMap;
use http::header::COOKIE;
use serde_json::{Map, Value};

use super::multipart::Part;
use super::percent;
use crate::definition::{ParameterPlace, Style};

/// What a request carries besides its body.
pub(crate) struct Sent<'a> {
    /// Names and percent-encoded values of the path's parameters.
    pub(crate) path_parameters: &'a [(&'a str, &'a str)],
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
}

/// How a list or an object is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) style: Style,
    pub(crate) explode: bool,
}

/// A parameter that has one value is there more than once: somebody else may read another one than is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Repeated;

impl Sent<'_> {
    /// Returns a parameter as one text, decoded.
    pub(crate) fn text(&self, place: ParameterPlace, name: &str) -> Result<Option<String>, Repeated> {
        Ok(self.only(place, name)?.map(|raw| decode(place, &raw)))
    }

    /// Returns a parameter as the value that its schema speaks of, or nothing where it is not there.
    pub(crate) fn value(
        &self,
        place: ParameterPlace,
        name: &str,
        shape: Shape,
        schema: &Value,
    ) -> Result<Option<Value>, Repeated> {
        let kind = kind_of(schema, schema);
        let explodes_by_name = place == ParameterPlace::Query && shape.explode && shape.style == Style::Form;
        Ok(match kind {
            Kind::Object if shape.style == Style::DeepObject => self.deep_object(name, schema),
            Kind::Object if explodes_by_name => self.spread_object(schema),
            Kind::Array if explodes_by_name => {
                let items: Vec<String> = self.raw(place, name).iter().map(|raw| decode(place, raw)).collect();
                if items.is_empty() { None } else { Some(list(items, schema)) }
            }
            Kind::Scalar => {
                let raw = self.only(place, name)?;
                raw.map(|raw| scalar(decode(place, strip_style(&raw, name, shape.style)), schema, schema))
            }
            Kind::Array | Kind::Object => {
                let raw = match place {
                    // The lines of a list are one (RFC 9110, section 5.3).
                    ParameterPlace::Header => Some(self.raw(place, name)).filter(|lines| !lines.is_empty()),
                    _ => self.only(place, name)?.map(|raw| vec![raw]),
                };
                raw.map(|lines| {
                    let raw = lines.join(",");
                    let parts = split(strip_style(&raw, name, shape.style), name, shape);
                    let parts: Vec<String> = parts.into_iter().map(|part| decode(place, part)).collect();
                    if kind == Kind::Array { list(parts, schema) } else { object(&parts, shape.explode, schema) }
                })
            }
        })
    }

    /// Returns the text of a parameter that is there once. Of cookies with one name, browsers send all (RFC 6265, section
    /// 5.4), the one for the longest path first.
    fn only(&self, place: ParameterPlace, name: &str) -> Result<Option<String>, Repeated> {
        let mut found = self.raw(place, name).into_iter();
        let first = found.next();
        if place != ParameterPlace::Cookie && found.next().is_some() { Err(Repeated) } else { Ok(first) }
    }

    /// Returns the texts of a parameter as they came, one for each time that it is there.
    fn raw(&self, place: ParameterPlace, name: &str) -> Vec<String> {
        match place {
            ParameterPlace::Path => {
                let found = self.path_parameters.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned()).into_iter().collect()
            }
            ParameterPlace::Query => {
                let pairs = self.query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
                pairs.filter(|(key, _)| percent::decode_query(key) == name).map(|(_, value)| value.to_owned()).collect()
            }
            ParameterPlace::Header => {
                self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).map(str::to_owned).collect()
            }
            ParameterPlace::Cookie => {
                let lines = self.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
                let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
                pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).collect()
            }
        }
    }

    fn deep_object(&self, name: &str, schema: &Value) -> Option<Value> {
        let mut fields = Map::new();
        for (key, value) in percent::pairs(self.query) {
            let field =
                key.strip_prefix(name).and_then(|rest| rest.strip_prefix('[')).and_then(|rest| rest.strip_suffix(']'));
            if let Some(field) = field {
                add_field(&mut fields, field, value, schema);
            }
        }
        (!fields.is_empty()).then_some(Value::Object(fields))
    }

    /// Collects an object whose fields are parameters of their own.
    fn spread_object(&self, schema: &Value) -> Option<Value> {
        let known = resolve(schema, schema).get("properties").and_then(Value::as_object)?;
        let mut fields = Map::new();
        for (key, value) in percent::pairs(self.query).filter(|(key, _)| known.contains_key(key)) {
            add_field(&mut fields, &key, value, schema);
        }
        (!fields.is_empty()).then_some(Value::Object(fields))
    }
}

/// Reads a form body as the object that its schema speaks of.
pub(crate) fn form_object(body: &str, schema: &Value) -> Value {
    let mut fields: Map<String, Value> = Map::new();
    for (key, value) in percent::pairs(body) {
        add_field(&mut fields, &key, value, schema);
    }
    Value::Object(fields)
}

/// Reads a body of plain text as the value that its schema speaks of; nothing where that has parts.
pub(crate) fn text_value(body: &str, schema: &Value) -> Option<Value> {
    (kind_of(schema, schema) == Kind::Scalar).then(|| scalar(body.to_owned(), schema, schema))
}

/// Reads a form whose fields are parts of the body as the object that its schema speaks of.
pub(crate) fn multipart_object(parts: &[Part<'_>], schema: &Value) -> Value {
    let mut fields = Map::new();
    for part in parts {
        let json = || serde_json::from_slice::<Value>(part.content).ok();
        let is_list = part.is_json && kind_of(property(schema, &part.name), schema) == Kind::Array;
        // A list may come whole in one part, or each of its items in one.
        if let Some(list @ Value::Array(_)) = is_list.then(json).flatten() {
            fields.insert(part.name.clone(), list);
            continue;
        }
        // A file is a text, whatever is in it.
        add_value(&mut fields, &part.name, schema, |field| {
            let json = (kind_of(field, schema) == Kind::Object).then(json).flatten();
            json.unwrap_or_else(|| scalar(String::from_utf8_lossy(part.content).into_owned(), field, schema))
        });
    }
    Value::Object(fields)
}

fn add_field(fields: &mut Map<String, Value>, name: &str, text: String, schema: &Value) {
    add_value(fields, name, schema, |field| scalar(text, field, schema));
}

/// Adds a field to an object, or one more item to a field that is a list. One that is no list and is there once more
/// becomes one, which its schema does not allow. What `read` is handed is the schema of the field or of the item.
fn add_value(fields: &mut Map<String, Value>, name: &str, schema: &Value, read: impl FnOnce(&Value) -> Value) {
    let field = property(schema, name);
    let is_list = kind_of(field, schema) == Kind::Array;
    let item = if is_list { resolve(field, schema).get("items").unwrap_or(&Value::Null) } else { field };
    let value = read(item);
    match fields.get_mut(name) {
        Some(Value::Array(items)) => items.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
        None => {
            fields.insert(name.to_owned(), if is_list { Value::Array(vec![value]) } else { value });
        }
    }
}

/// Whether a value has parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Scalar,
    Array,
    Object,
}

fn decode(place: ParameterPlace, raw: &str) -> String {
    match place {
        ParameterPlace::Query => percent::decode_query(raw),
        ParameterPlace::Path => percent::decode(raw),
        ParameterPlace::Header | ParameterPlace::Cookie => raw.trim().to_owned(),
    }
}

/// Removes what a style puts before a value in a path: `.` or `;name=`.
fn strip_style<'r>(raw: &'r str, name: &str, style: Style) -> &'r str {
    match style {
        Style::Label => raw.strip_prefix('.').unwrap_or(raw),
        Style::Matrix => {
            let rest = raw.strip_prefix(';').unwrap_or(raw);
            rest.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')).unwrap_or(rest)
        }
        _ => raw,
    }
}

fn split<'r>(text: &'r str, name: &str, shape: Shape) -> Vec<&'r str> {
    if text.is_empty() {
        return Vec::new();
    }
    match shape.style {
        Style::SpaceDelimited if text.contains("%20") => text.split("%20").collect(),
        Style::SpaceDelimited => text.split([' ', '+']).collect(),
        Style::PipeDelimited if text.contains('|') => text.split('|').collect(),
        Style::PipeDelimited => text.split("%7C").flat_map(|part| part.split("%7c")).collect(),
        Style::Label if shape.explode => text.split('.').collect(),
        Style::Matrix if shape.explode => {
            let own = |part: &'r str| part.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')).unwrap_or(part);
            text.split(';').map(own).collect()
        }
        _ => text.split(',').collect(),
    }
}

fn list(items: Vec<String>, schema: &Value) -> Value {
    let item = resolve(schema, schema).get("items").unwrap_or(&Value::Null);
    Value::Array(items.into_iter().map(|text| scalar(text, item, schema)).collect())
}

fn object(parts: &[String], explode: bool, schema: &Value) -> Value {
    let field = |name: &str, value: &str| (name.to_owned(), scalar(value.to_owned(), property(schema, name), schema));
    let pairs = |pair: &[String]| match pair {
        [name, value] => Some(field(name, value)),
        _ => None,
    };
    if explode {
        parts.iter().filter_map(|part| part.split_once('=')).map(|(name, value)| field(name, value)).collect()
    } else {
        Value::Object(parts.chunks(2).filter_map(pairs).collect())
    }
}

/// Reads a text as what its schema asks for: it stays a text wherever one is allowed.
fn scalar(text: String, schema: &Value, root: &Value) -> Value {
    let mut types = Vec::new();
    collect_types(schema, root, &mut types, 8);
    if types.contains(&"string") {
        return Value::String(text);
    }
    let wanted = |name: &str| types.contains(&name);
    let number = || text.parse::<serde_json::Number>().ok().map(Value::Number);
    match text.as_str() {
        "true" if wanted("boolean") => Value::Bool(true),
        "false" if wanted("boolean") => Value::Bool(false),
        "" | "null" if wanted("null") => Value::Null,
        _ if wanted("integer") || wanted("number") => number().unwrap_or(Value::String(text)),
        _ => Value::String(text),
    }
}

/// Returns what a schema asks for; references lead to `$defs` of the root.
pub(crate) fn kind_of(schema: &Value, root: &Value) -> Kind {
    let mut types = Vec::new();
    collect_types(schema, root, &mut types, 8);
    match () {
        () if types.contains(&"array") => Kind::Array,
        () if types.contains(&"object") => Kind::Object,
        () => Kind::Scalar,
    }
}

/// Collects the types that a schema allows, also behind references and combinations.
fn collect_types<'s>(schema: &'s Value, root: &'s Value, types: &mut Vec<&'s str>, depth: usize) {
    if depth == 0 {
        return;
    }
    let schema = resolve(schema, root);
    match schema.get("type") {
        Some(Value::String(name)) => types.push(name),
        Some(Value::Array(names)) => types.extend(names.iter().filter_map(Value::as_str)),
        _ => {}
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        for part in schema.get(keyword).and_then(Value::as_array).into_iter().flatten() {
            collect_types(part, root, types, depth - 1);
        }
    }
}

/// Follows references, all of which lead to `$defs` of the root.
fn resolve<'s>(schema: &'s Value, root: &'s Value) -> &'s Value {
    let mut found = schema;
    for _ in 0..16 {
        let target = found.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
        match target.and_then(|pointer| root.pointer(pointer)) {
            Some(next) => found = next,
            None => break,
        }
    }
    found
}

fn property<'s>(schema: &'s Value, name: &str) -> &'s Value {
    let found = resolve(schema, schema).get("properties").and_then(|properties| properties.get(name));
    found.unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests;
