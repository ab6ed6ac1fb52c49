//! Whether a request follows the definition: its path, query and header parameters, its cookies and its body.

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

use super::multipart::parts;
use super::parameters::{Repeated, Sent, Shape, form_object, multipart_object, text_value};
use super::problem::{Kind, Problem, Violation};
use crate::definition::{Api, Definition, Direction, MediaType, NodeId, Parameter, ParameterPlace};

/// What is said of a part of a request that must be there.
pub(crate) const MISSING: &str = "is missing";

/// What is said of a parameter that has one value.
const REPEATED: &str = "is there more than once";

/// The most violations that a problem names.
const MOST_VIOLATIONS: usize = 50;

/// How much a pattern may go back before it counts as not matching.
const BACKTRACK_LIMIT: usize = 100_000;

/// What the requests of an API must follow.
pub(crate) struct RequestRules {
    parameters: Vec<ParameterRule>,
    body: Option<BodyRule>,
}

struct ParameterRule {
    name: String,
    place: ParameterPlace,
    required: bool,
    shape: Shape,
    /// Whether its whole value is written as JSON.
    json: bool,
    schema: Option<SchemaRule>,
}

struct BodyRule {
    required: bool,
    content: Vec<(String, Option<SchemaRule>)>,
}

struct SchemaRule {
    /// The schema as JSON, which says how texts are to be read.
    value: Value,
    validator: Validator,
    /// Whether a part of what is sent is a secret, which no message may repeat.
    is_secret: bool,
}

impl RequestRules {
    /// Returns whether requests of an API must follow anything.
    pub(crate) fn has(api: &Api) -> bool {
        !api.parameters.is_empty() || api.request_body.is_some()
    }

    /// Builds the rules of an API, if it has any. A schema that no validator takes is not checked against.
    pub(crate) fn build(definition: &Definition, api: &Api) -> Option<Self> {
        Self::has(api).then(|| Self::of(definition, api))
    }

    fn of(definition: &Definition, api: &Api) -> Self {
        let parameter = |parameter: &Parameter| {
            let content = parameter.media_type.as_ref();
            let schema = content.map_or(parameter.schema, |content| content.schema);
            ParameterRule {
                name: parameter.name.clone(),
                place: parameter.place,
                required: parameter.required,
                shape: Shape { style: parameter.style, explode: parameter.explode },
                json: content.is_some_and(|content| is_json(&content.name)),
                // A value in another media type than JSON cannot be looked into.
                schema: if content.is_some_and(|content| !is_json(&content.name)) {
                    None
                } else {
                    SchemaRule::build(definition, schema)
                },
            }
        };
        // What these headers hold is for HTTP to say, not for parameters (OpenAPI 3.1, section 4.8.12.2).
        let described_elsewhere = |parameter: &&Parameter| {
            parameter.place == ParameterPlace::Header
                && ["accept", "content-type", "authorization"]
                    .iter()
                    .any(|name| parameter.name.eq_ignore_ascii_case(name))
        };
        let media_type =
            |media_type: &MediaType| (media_type.name.clone(), SchemaRule::build(definition, media_type.schema));
        Self {
            parameters: api.parameters.iter().filter(|found| !described_elsewhere(found)).map(parameter).collect(),
            body: api.request_body.as_ref().map(|body| BodyRule {
                required: body.required,
                content: body.content.iter().map(media_type).collect(),
            }),
        }
    }

    /// Checks the parameters of a request.
    pub(crate) fn check_parameters(
        &self,
        path_parameters: &[(&str, &str)],
        query: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<(), Problem> {
        let sent = Sent { path_parameters, query: query.unwrap_or_default(), headers };
        let mut violations = Vec::new();
        for rule in &self.parameters {
            rule.check(&sent, &mut violations);
        }
        refuse(Kind::InvalidRequest, "The request's parameters do not follow the definition.", violations)
    }

    /// Checks the body of a request; an empty one is one that is not there.
    pub(crate) fn check_body(&self, headers: &HeaderMap, body: &Bytes) -> Result<(), Problem> {
        let Some(rule) = &self.body else { return Ok(()) };
        if body.is_empty() {
            let missing = Violation { place: "body".to_owned(), message: MISSING.to_owned() };
            let violations = if rule.required { vec![missing] } else { Vec::new() };
            return refuse(Kind::InvalidRequest, "The request needs a body.", violations);
        }
        let essence = media_type(headers).map_err(|what| rule.unsupported(what))?;
        let declared = rule.declared(essence).ok_or_else(|| rule.unsupported(&format!("The body is {essence:?}")))?;
        let Some(schema) = &declared.1 else { return Ok(()) };
        let value = if is_json(essence) {
            serde_json::from_slice(body)
                .map_err(|error| Problem::new(Kind::InvalidRequest, format!("The body is not JSON: {error}.")))?
        } else if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            form_object(&String::from_utf8_lossy(body), &schema.value)
        } else if essence.eq_ignore_ascii_case("multipart/form-data") {
            let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let parts = parts(content_type, body)
                .map_err(|reason| Problem::new(Kind::InvalidRequest, format!("The body is not a form: {reason}.")))?;
            multipart_object(&parts, &schema.value)
        } else {
            let text = if essence.eq_ignore_ascii_case("text/plain") { std::str::from_utf8(body).ok() } else { None };
            let Some(value) = text.and_then(|text| text_value(text, &schema.value)) else { return Ok(()) };
            value
        };
        let mut violations = Vec::new();
        schema.check("body", &value, &mut violations);
        refuse(Kind::InvalidBody, "The request's body does not follow the definition.", violations)
    }
}

fn refuse(kind: Kind, detail: &str, violations: Vec<Violation>) -> Result<(), Problem> {
    if violations.is_empty() {
        return Ok(());
    }
    let mut problem = Problem::new(kind, detail);
    problem.violations = violations;
    Err(problem)
}

/// Returns the media type of a body, without its parameters; fails with what is wrong with it.
fn media_type(headers: &HeaderMap) -> Result<&str, &'static str> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let value = values.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    match values.next() {
        Some(_) => Err("The request has more than one Content-Type"),
        None if essence.is_empty() => Err("The request does not say which media type its body has"),
        None => Ok(essence),
    }
}

impl BodyRule {
    /// Says what is wrong with the media type of a body, and which are declared.
    fn unsupported(&self, what: &str) -> Problem {
        let declared: Vec<&str> = self.content.iter().map(|(name, _)| name.as_str()).collect();
        Problem::new(Kind::UnsupportedMediaType, format!("{what}; declared are: {}.", declared.join(", ")))
    }

    /// Finds what is declared for a media type: itself, else its range, else any.
    fn declared(&self, essence: &str) -> Option<&(String, Option<SchemaRule>)> {
        // Two in one header are none, whatever the first is of.
        let range = essence.split_once('/').filter(|(_, kind)| !kind.contains([',', ' ']));
        let range = range.map(|(kind, _)| format!("{kind}/*"));
        [Some(essence), range.as_deref(), Some("*/*")].into_iter().flatten().find_map(|wanted| {
            let name =
                |declared: &str| declared.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(wanted);
            self.content.iter().find(|(declared, _)| name(declared))
        })
    }
}

impl ParameterRule {
    fn check(&self, sent: &Sent<'_>, violations: &mut Vec<Violation>) {
        let place = format!("{}.{}", self.place.as_str(), self.name);
        let mut violate = |message: String| {
            if violations.len() < MOST_VIOLATIONS {
                violations.push(Violation { place: place.clone(), message });
            }
        };
        let nothing = Value::Bool(true);
        let schema = self.schema.as_ref().map_or(&nothing, |schema| &schema.value);
        let value = if self.json {
            match sent.text(self.place, &self.name).map(|text| text.map(|text| serde_json::from_str(&text)).transpose())
            {
                Ok(Ok(value)) => Ok(value),
                Ok(Err(error)) => return violate(format!("is not JSON: {error}")),
                Err(repeated) => Err(repeated),
            }
        } else {
            sent.value(self.place, &self.name, self.shape, schema)
        };
        match (value, &self.schema) {
            (Err(Repeated), _) => violate(REPEATED.to_owned()),
            (Ok(None), _) if self.required => violate(MISSING.to_owned()),
            (Ok(Some(value)), Some(schema)) => schema.check(&place, &value, violations),
            _ => {}
        }
    }
}

impl SchemaRule {
    fn build(definition: &Definition, schema: Option<NodeId>) -> Option<Self> {
        let value = definition.json_schema(schema?, Direction::Request)?;
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(BACKTRACK_LIMIT))
            .build(&value)
            .ok()?;
        let is_secret = marks_secret(&value);
        Some(Self { value, validator, is_secret })
    }

    fn check(&self, place: &str, value: &Value, violations: &mut Vec<Violation>) {
        for error in self.validator.iter_errors(value).take(MOST_VIOLATIONS.saturating_sub(violations.len())) {
            let place = format!("{place}{}", error.instance_path().as_str());
            let message = if self.is_secret { error.masked().to_string() } else { error.to_string() };
            violations.push(Violation { place, message });
        }
    }
}

/// Tells whether a schema says of a value, or of a part of it, that it is a secret: it has the format `password`
/// (OpenAPI 3.1, section 4.4.2).
fn marks_secret(schema: &Value) -> bool {
    match schema {
        Value::Object(fields) => {
            fields.get("format").and_then(Value::as_str) == Some("password") || fields.values().any(marks_secret)
        }
        Value::Array(items) => items.iter().any(marks_secret),
        _ => false,
    }
}

fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

#[cfg(test)]
mod tests;
