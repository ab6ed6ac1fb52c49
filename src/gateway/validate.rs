//! Validation of a request: its path, query and header parameters, its cookies and its body.

use std::collections::HashSet;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use super::charset::other_reading;
use super::content_rule::{ContentRule, FORM, JSON, MOST_VIOLATIONS, TEXT, UnreadableBody};
use super::media_type;
use super::parameters::RequestTexts;
use super::problem::{Kind, Problem, Violation, without_middle};
use crate::definition::percent::decode;
use crate::definition::values::{
    NOT_UTF8, NameScope, TOO_MANY_STEPS, TextPlace, UnreadableText, ValueNotation, ValueSchema, ValueStructure,
    ValueViolation, WrittenTexts, text_body, with_pattern_budget,
};
use crate::definition::{Api, Definition, MediaType, Node, Parameter, ParameterPlace, RequestBody, ValueDirection};
use crate::model::{MediaRange, is_json_media_type, media_type_essence, trim_blanks};

/// Violation by a part of a request that must be there.
pub(crate) const MISSING: &str = "is missing";

/// Violation by a parameter that has one value.
pub(crate) const REPEATED: &str = "is given more than once";

/// The most characters of a place or a message that a caller is told.
const MOST_SHOWN: usize = 400;

/// Rules for the requests of an API.
pub(crate) struct RequestRules {
    parameters: Vec<ParameterRule>,
    query_string: Option<BodyRule>,
    body: Option<BodyRule>,
}

struct ParameterRule {
    name: String,
    place: ParameterPlace,
    required: bool,
    notation: ValueNotation,
    /// True if it may be there without a value (`allowEmptyValue`).
    allows_empty: bool,
    text: ValueText,
    schema: Option<ValueSchema>,
}

/// The texts that make up the value of a parameter.
#[derive(Debug, PartialEq, Eq)]
enum ValueText {
    /// One that is JSON.
    Json,
    /// One that is plain text.
    Plain,
    /// Those under its name.
    Own,
    /// Those under its name, and its parts under names of their own, but for the names of other parameters and keys.
    Gathered(HashSet<String>),
}

struct BodyRule {
    required: bool,
    content: Vec<(String, Option<ContentRule>)>,
}

/// Reason why a body has no media type.
#[derive(Debug, thiserror::Error)]
enum ContentTypeFault {
    #[error("The request has more than one Content-Type")]
    Repeated,
    #[error("{0:?} is not a media type")]
    Malformed(String),
    #[error("The request does not say which media type its body has")]
    Missing,
}

impl RequestRules {
    /// True if requests of an API must follow anything.
    pub(crate) fn has(api: &Api) -> bool {
        !api.parameters.is_empty() || api.query_string.is_some() || api.request_body.is_some()
    }

    /// Builds the rules of an API, if it has any. A schema that no validator takes is not checked against.
    pub(crate) fn build(definition: &Definition, api: &Api) -> Option<Self> {
        Self::has(api).then(|| Self::of(definition, api))
    }

    fn of(definition: &Definition, api: &Api) -> Self {
        let described = api.parameters.iter().filter(|parameter| !parameter.is_ignored_header());
        let media_type = |media_type: &MediaType| {
            (media_type.name.clone(), ContentRule::build(definition, media_type, ValueDirection::Request))
        };
        let body_rule = |body: &RequestBody| BodyRule {
            required: body.required,
            content: body.content.iter().map(media_type).collect(),
        };
        Self {
            parameters: described.map(|parameter| ParameterRule::build(definition, api, parameter)).collect(),
            query_string: api.query_string.as_ref().map(body_rule),
            body: api.request_body.as_ref().map(body_rule),
        }
    }

    /// Checks the parameters of a request.
    pub(crate) fn check_parameters(
        &self,
        path_parameters: &[(&str, &str)],
        query: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<(), Problem> {
        let texts = RequestTexts { path_parameters, query: query.unwrap_or_default(), headers };
        let judge = || {
            let mut violations = Vec::new();
            for rule in &self.parameters {
                rule.check(&texts, &mut violations);
            }
            violations.extend(self.query_string.iter().flat_map(|rule| rule.check_query(query.unwrap_or_default())));
            violations
        };
        let violations = within_budget("parameters", with_pattern_budget(judge));
        refuse(Kind::InvalidRequest, "The request's parameters do not follow the definition.", violations)
    }

    /// Checks the body of a request; an empty one is one that is not there, unless it is a form without fields.
    pub(crate) fn check_body(&self, headers: &HeaderMap, body: &Bytes) -> Result<(), Problem> {
        let Some(rule) = &self.body else { return Ok(()) };
        if body.is_empty() && !(rule.required && is_form(headers)) {
            let missing = Violation { place: "body".to_owned(), message: MISSING.to_owned() };
            let violations = if rule.required { vec![missing] } else { Vec::new() };
            return refuse(Kind::InvalidRequest, "The request needs a body.", violations);
        }
        let (sent, is_named) = rule.sent_media_type(headers).map_err(|fault| rule.unsupported(&fault.to_string()))?;
        let declared = media_type::declared(&rule.content, |(name, _)| name, &sent);
        let mut essence = sent.essence();
        let declared = declared.ok_or_else(|| rule.unsupported(&format!("The body is {essence:?}")))?;
        if let Some(coding) = content_coding(headers) {
            return Err(rule.unsupported(&format!("The body is compressed ({coding}), and cannot be validated")));
        }
        let Some(content) = &declared.1 else { return Ok(()) };
        // Some clients say nothing of their JSON, and browsers call a string plain text.
        let is_unsaid = !is_named || essence == TEXT;
        if is_unsaid
            && MediaRange::parse(&declared.0).is_some_and(|range| range.is_range())
            && !content.takes_text_or_bytes()
        {
            JSON.clone_into(&mut essence);
        }
        if let Some(reason) = other_reading(&sent, &essence, body) {
            return Err(rule.unsupported(&reason));
        }
        let (checked, is_spent) = with_pattern_budget(|| content.check(&essence, headers, body));
        let violations = match checked {
            Ok(violations) => violations,
            Err(UnreadableBody::NotText) => Vec::new(),
            Err(fault) => return Err(Problem::new(Kind::InvalidRequest, format!("The body {fault}."))),
        };
        let violations = violations.into_iter().map(|found| located("body", &found)).collect();
        let violations = within_budget("body", (violations, is_spent));
        refuse(Kind::InvalidBody, "The request's body does not follow the definition.", violations)
    }
}

/// Returns a violation with its place; what a caller wrote is cut where it is long.
pub(crate) fn located(place: &str, violation: &ValueViolation) -> Violation {
    let [path, message] = [&violation.path, &violation.message].map(|text| without_middle(text, MOST_SHOWN));
    Violation { place: format!("{place}{path}"), message: message.into_owned() }
}

/// Returns violations, at least one if the budget for patterns was spent: under `not`, what is not matched is valid.
fn within_budget(place: &str, (mut violations, is_spent): (Vec<Violation>, bool)) -> Vec<Violation> {
    if is_spent && violations.is_empty() {
        violations.push(Violation { place: place.to_owned(), message: TOO_MANY_STEPS.to_owned() });
    }
    violations
}

fn refuse(kind: Kind, detail: &str, violations: Vec<Violation>) -> Result<(), Problem> {
    if violations.is_empty() {
        return Ok(());
    }
    let mut problem = Problem::new(kind, detail);
    problem.violations = violations;
    Err(problem)
}

fn is_form(headers: &HeaderMap) -> bool {
    let sent = headers.get(CONTENT_TYPE).and_then(|value| MediaRange::parse(value.to_str().ok()?));
    sent.is_some_and(|sent| sent.essence().eq_ignore_ascii_case(FORM))
}

/// Returns the coding of a body that is not sent as it is (RFC 9110, section 8.4).
fn content_coding(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(CONTENT_ENCODING).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let codings: Vec<String> = values
        .flat_map(|value| {
            value.split(',').map(|coding| coding.trim_matches([' ', '\t']).to_owned()).collect::<Vec<_>>()
        })
        .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"))
        .collect();
    (!codings.is_empty()).then(|| codings.join(", "))
}

impl BodyRule {
    /// Checks a query string against its one media type (OpenAPI 3.2, section 4.12.1).
    fn check_query(&self, query: &str) -> Vec<Violation> {
        let violation = |message: String| Violation { place: "query".to_owned(), message };
        if query.is_empty() {
            return if self.required { vec![violation(MISSING.to_owned())] } else { Vec::new() };
        }
        let Some((name, Some(content))) = self.content.first() else { return Vec::new() };
        let text = if is_json_media_type(name) { decode(query) } else { query.to_owned() };
        match content.check(&media_type_essence(name), &HeaderMap::new(), &Bytes::from(text)) {
            Ok(violations) => violations.into_iter().map(|found| located("query", &found)).collect(),
            Err(UnreadableBody::NotText) => Vec::new(),
            Err(fault) => vec![violation(fault.to_string())],
        }
    }

    /// Returns the media type of a body, and true if the request names it; fails with a message about it.
    ///
    /// A body that says none may be taken for bytes (RFC 9110, section 8.3), where those are declared.
    fn sent_media_type(&self, headers: &HeaderMap) -> Result<(MediaRange, bool), ContentTypeFault> {
        let mut values = headers.get_all(CONTENT_TYPE).iter();
        let value = values.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
        if values.next().is_some() {
            return Err(ContentTypeFault::Repeated);
        }
        if !trim_blanks(value).is_empty() {
            let parsed = MediaRange::parse(value).map(|sent| (sent, true));
            return parsed.ok_or_else(|| ContentTypeFault::Malformed(value.to_owned()));
        }
        MediaRange::parse("application/octet-stream")
            .filter(|bytes| media_type::declared(&self.content, |(name, _)| name, bytes).is_some())
            .map(|bytes| (bytes, false))
            .ok_or(ContentTypeFault::Missing)
    }

    /// Builds the problem of an unsupported media type, with the declared ones.
    fn unsupported(&self, what: &str) -> Problem {
        let declared: Vec<&str> = self.content.iter().map(|(name, _)| name.as_str()).collect();
        Problem::new(Kind::UnsupportedMediaType, format!("{what}; declared: {}.", declared.join(", ")))
    }
}

impl ParameterRule {
    fn build(definition: &Definition, api: &Api, parameter: &Parameter) -> Self {
        let content = parameter.media_type.as_ref();
        let json = content.is_some_and(|content| is_json_media_type(&content.name));
        let plain = content.is_some_and(|content| media_type_essence(&content.name) == TEXT);
        // A value in another media type than JSON or plain text cannot be looked into.
        let schema = if content.is_some() && !json && !plain {
            None
        } else {
            ValueSchema::build(definition, content.map_or(parameter.schema, |content| content.schema))
        };
        let notation = ValueNotation {
            place: TextPlace::from(parameter.place),
            style: parameter.style,
            explode: parameter.explode,
        };
        let text = match &schema {
            _ if json => ValueText::Json,
            _ if plain => ValueText::Plain,
            Some(schema) if notation.gathers() && schema.allows_objects() => {
                ValueText::Gathered(other_names(definition, api, parameter))
            }
            _ => ValueText::Own,
        };
        let empty = definition.node(parameter.node).get("allowEmptyValue").and_then(Node::as_bool);
        Self {
            name: parameter.name.clone(),
            place: parameter.place,
            required: parameter.required,
            notation,
            allows_empty: empty == Some(true) && parameter.place == ParameterPlace::Query,
            text,
            schema,
        }
    }

    fn check(&self, texts: &RequestTexts<'_>, violations: &mut Vec<Violation>) {
        let gathering = match (&self.schema, &self.text) {
            (Some(schema), ValueText::Gathered(others)) => Some((schema, others)),
            _ => None,
        };
        let written_in = |scope| texts.written(self.place, &self.name, self.notation, gathering, scope);
        let written = written_in(NameScope::Described);
        if let ([text], true) = (written.own.as_slice(), self.allows_empty)
            && text.is_empty()
        {
            return;
        }
        let place = format!("{}.{}", self.place.as_str(), self.name);
        let left = MOST_VIOLATIONS.saturating_sub(violations.len());
        let found = self.judge(&written, left);
        // A name that no schema describes may tell an open alternative from a closed one.
        let is_open = || gathering.is_some_and(|(schema, _)| schema.has_open_alternative());
        if !found.is_empty() && is_open() && self.judge(&written_in(NameScope::Any), 1).is_empty() {
            return;
        }
        violations.extend(found.into_iter().take(left).map(|violation| located(&place, &violation)));
    }

    fn judge(&self, written: &WrittenTexts<'_>, most: usize) -> Vec<ValueViolation> {
        let is_list = |schema: &ValueSchema| self.notation.explode && schema.allows_structure(ValueStructure::List);
        if self.place != ParameterPlace::Cookie || written.own.len() < 2 || self.schema.as_ref().is_some_and(is_list) {
            return self.judge_value(written, most);
        }
        // Browsers send the cookies of all paths (RFC 6265, section 5.4); which one counts is up to the backend.
        let each = written.own.iter().flat_map(|own| {
            let one = WrittenTexts { own: vec![own.clone()], others: written.others.clone() };
            self.judge_value(&one, most)
        });
        each.take(most).collect()
    }

    fn judge_value(&self, written: &WrittenTexts<'_>, most: usize) -> Vec<ValueViolation> {
        let whole = |message: String| vec![ValueViolation { path: String::new(), message }];
        if written.own.is_empty() && written.others.is_empty() {
            return if self.required { whole(MISSING.to_owned()) } else { Vec::new() };
        }
        let Some(schema) = &self.schema else {
            let is_repeated = written.own.len() > 1 && self.place != ParameterPlace::Cookie;
            return if is_repeated { whole(REPEATED.to_owned()) } else { Vec::new() };
        };
        if !self.notation.is_utf8(written) && !schema.allows_bytes() {
            return whole(NOT_UTF8.to_owned());
        }
        if self.text == ValueText::Json {
            return match self.notation.json(written) {
                Ok(Ok(value)) => schema.check(&value, most),
                Ok(Err(error)) => whole(format!("is not JSON: {error}")),
                Err(_) => whole(REPEATED.to_owned()),
            };
        }
        if self.text == ValueText::Plain {
            let Ok(text) = self.notation.text(written) else { return whole(REPEATED.to_owned()) };
            let piece = text_body(&text, schema);
            return piece.and_then(|piece| schema.read(piece, most).err()).unwrap_or_default();
        }
        match self.notation.piece(&self.name, written, schema) {
            Ok(None) if self.required => whole(MISSING.to_owned()),
            Ok(None) => Vec::new(),
            Ok(Some(piece)) => schema.read(piece, most).err().unwrap_or_default(),
            Err(UnreadableText::Repeated) => whole(REPEATED.to_owned()),
            Err(UnreadableText::Notation(style)) => whole(format!("is not written in the style `{}`", style.as_str())),
        }
    }
}

/// Lists the other names in the place of a parameter: those of other parameters and of keys.
fn other_names(definition: &Definition, api: &Api, parameter: &Parameter) -> HashSet<String> {
    let others = api.parameters.iter().filter(|other| other.place == parameter.place && other.name != parameter.name);
    let keys = definition.keys(parameter.place).map(str::to_owned);
    others.map(|other| other.name.clone()).chain(keys).collect()
}

#[cfg(test)]
mod tests;
