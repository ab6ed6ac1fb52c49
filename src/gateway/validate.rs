//! Whether a request follows the definition: its path, query and header parameters, its cookies and its body.

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

use super::parameters::{Repeated, Sent, Shape, form_object, text_value};
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
mod tests {
    use std::sync::Arc;

    use super::*;

    const DEFINITION: &str = r"
openapi: 3.1.0
info: {title: t, version: '1'}
paths:
  /pets/{id}:
    put:
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer, minimum: 1}}
        - {name: limit, in: query, required: true, schema: {type: integer}}
        - {name: tags, in: query, schema: {type: array, items: {type: string, enum: [a, b]}}}
        - {name: ids, in: query, explode: false, schema: {type: array, items: {type: integer}}}
        - {name: filter, in: query, style: deepObject, schema: {type: object, properties: {age: {type: integer}}}}
        - {name: spec, in: query, content: {application/json: {schema: {type: object, required: [x]}}}}
        - {name: X-Flag, in: header, schema: {type: boolean}}
        - {name: session, in: cookie, schema: {type: string, minLength: 3}}
      requestBody:
        required: true
        content:
          application/json: {schema: {$ref: '#/components/schemas/Pet'}}
          application/x-www-form-urlencoded: {schema: {$ref: '#/components/schemas/Pet'}}
          text/*: {}
          text/plain: {schema: {type: string, maxLength: 8}}
      responses: {'200': {description: ok}}
components:
  schemas:
    Pet:
      type: object
      required: [name]
      properties:
        name: {type: string}
        age: {type: integer}
        parent: {$ref: '#/components/schemas/Pet'}
";

    fn rules() -> RequestRules {
        let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| Arc::from(DEFINITION.as_bytes())));
        let reading = crate::definition::read("g", &mut fetch);
        let definition = reading.definition.expect("a definition");
        RequestRules::build(&definition, &definition.apis[0]).expect("rules")
    }

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn a_body_has_one_media_type() {
        let rules = rules();
        let check = |list: &[(&'static str, &'static str)]| {
            let checked = rules.check_body(&headers(list), &Bytes::from("{}"));
            checked.err().map(|problem| problem.detail).unwrap_or_default()
        };
        assert!(check(&[]).starts_with("The request does not say which media type its body has; declared are: "));
        let two = [("content-type", "application/json"), ("content-type", "text/csv")];
        assert!(check(&two).starts_with("The request has more than one Content-Type; declared are: "));
    }

    fn places(result: Result<(), Problem>) -> (String, Vec<String>) {
        match result {
            Ok(()) => (String::new(), Vec::new()),
            Err(problem) => {
                let places = problem.violations.iter().map(|violation| violation.place.clone()).collect();
                (problem.kind.code().to_owned(), places)
            }
        }
    }

    #[test]
    fn parameters_follow_their_schemas() {
        let rules = rules();
        let check = |id: &str, query: &str, list: &[(&'static str, &'static str)]| {
            places(rules.check_parameters(&[("id", id)], Some(query), &headers(list))).1
        };
        let none: [&str; 0] = [];
        assert_eq!(
            check("1", "limit=5&tags=a&tags=b&ids=1,2&filter[age]=3&spec=%7B%22x%22:1%7D", &[("x-flag", "true")]),
            none
        );
        assert_eq!(check("%31", "limit=5&unknown=1", &[("cookie", "a=b; session=abc")]), none);
        assert_eq!(check("x", "", &[]), ["path.id", "query.limit"]);
        assert_eq!(check("0", "limit=1.5", &[("x-flag", "yes")]), ["path.id", "query.limit", "header.X-Flag"]);
        assert_eq!(check("1", "limit=5&tags=c&ids=1,x", &[]), ["query.tags/0", "query.ids/1"]);
        assert_eq!(check("1", "limit=5&filter[age]=x&spec={}", &[]), ["query.filter/age", "query.spec"]);
        assert_eq!(check("1", "limit=5&spec=no", &[("cookie", "session=ab")]), ["query.spec", "cookie.session"]);
        // A backend may read another one than is checked.
        assert_eq!(check("1", "limit=5&limit=x", &[]), ["query.limit"]);
        assert_eq!(check("1", "limit=5&ids=1,2&ids=x&spec={}&spec={}", &[]), ["query.ids", "query.spec"]);
        assert_eq!(check("1", "limit=5&filter[age]=3&filter[age]=x", &[]), ["query.filter/age"]);
        assert_eq!(check("1", "limit=5", &[("x-flag", "true"), ("x-flag", "x")]), ["header.X-Flag"]);
        // Browsers send one for each path that has it (RFC 6265, section 5.4).
        assert_eq!(check("1", "limit=5", &[("cookie", "session=abc; session=a")]), none);
    }

    #[test]
    fn bodies_follow_their_media_types() {
        let rules = rules();
        let check = |media_type: &'static str, body: &'static str| {
            let (code, places) =
                places(rules.check_body(&headers(&[("content-type", media_type)]), &Bytes::from(body)));
            format!("{code} {}", places.join(" ")).trim().to_owned()
        };
        for (media_type, body, expected) in [
            ("application/json", r#"{"name":"a","parent":{"name":"b"}}"#, ""),
            ("application/JSON; charset=utf-8", r#"{"name":"a"}"#, ""),
            ("application/json", "", "INVALID_REQUEST body"),
            ("application/json", "{", "INVALID_REQUEST"),
            ("application/json", "[]", "INVALID_BODY body"),
            (
                "application/json",
                r#"{"name":"a","parent":{"name":1},"age":"x"}"#,
                "INVALID_BODY body/age body/parent/name",
            ),
            ("application/x-www-form-urlencoded", "name=a+b&age=3", ""),
            ("application/x-www-form-urlencoded", "age=x", "INVALID_BODY body/age body"),
            ("text/csv", "any,thing at all", ""),
            ("text/plain", "anything", ""),
            ("text/plain; charset=utf-8", "größer", ""),
            ("text/plain", "any, and too long", "INVALID_BODY body"),
            ("text/plain; charset=latin1", "any, and too long", "INVALID_BODY body"),
            ("application/x-www-form-urlencoded", "name=a&age=3&age=x", "INVALID_BODY body/age"),
            ("application/json, text/plain", r#"{"name":"a"}"#, "UNSUPPORTED_MEDIA_TYPE"),
            ("application/xml", "<a/>", "UNSUPPORTED_MEDIA_TYPE"),
        ] {
            let mut found: Vec<&str> = Vec::new();
            let checked = check(media_type, body);
            found.extend(checked.split(' '));
            let mut wanted: Vec<&str> = expected.split(' ').collect();
            found.sort_unstable();
            wanted.sort_unstable();
            assert_eq!(found, wanted, "{media_type} {body}");
        }
    }

    /// Builds the rules of an API with these parameters and this body.
    fn rules_of(parameters: &str, body: &str) -> RequestRules {
        let text = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths:\n  /a:\n    put:\n      parameters: {parameters}\n      \
             requestBody: {body}\n      responses: {{'200': {{description: ok}}}}\n"
        );
        let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
        let definition = crate::definition::read("g", &mut fetch).definition.expect("a definition");
        RequestRules::build(&definition, &definition.apis[0]).expect("rules")
    }

    #[test]
    fn headers_that_http_describes_are_not_checked_as_parameters() {
        let parameter = |place: &str, name: &str| {
            format!("{{name: {name}, in: {place}, required: true, schema: {{type: string, enum: [x]}}}}")
        };
        let named = ["Accept", "content-type", "Authorization"].map(|name| parameter("header", name)).join(", ");
        let rules = rules_of(&format!("[{named}, {}]", parameter("query", "accept")), "{content: {}}");
        let checked = rules.check_parameters(&[], None, &headers(&[("accept", "y")]));
        assert_eq!(places(checked).1, ["query.accept"]);
    }

    #[test]
    fn a_value_in_another_media_type_than_json_is_not_looked_into() {
        let content = "content: {application/xml: {schema: {type: integer}}}";
        let rules = rules_of(&format!("[{{name: q, in: query, required: true, {content}}}]"), "{content: {}}");
        assert_eq!(places(rules.check_parameters(&[], Some("q=%3Ca/%3E"), &headers(&[]))).1, [""; 0]);
        assert_eq!(places(rules.check_parameters(&[], Some(""), &headers(&[]))).1, ["query.q"]);
    }

    #[test]
    fn no_more_is_named_than_anybody_reads() {
        let list: Vec<String> = (0..60)
            .map(|number| format!("{{name: p{number}, in: query, required: true, schema: {{type: integer}}}}"))
            .collect();
        let array = "content: {application/json: {schema: {type: array, items: {type: integer}}}}";
        let rules = rules_of(&format!("[{}]", list.join(", ")), &format!("{{{array}}}"));
        assert_eq!(places(rules.check_parameters(&[], None, &headers(&[]))).1.len(), MOST_VIOLATIONS);
        let wrong: Vec<String> = (0..60).map(|number| format!("p{number}=x")).collect();
        let checked = rules.check_parameters(&[], Some(&wrong.join("&")), &headers(&[]));
        assert_eq!(places(checked).1.len(), MOST_VIOLATIONS);
        let body = format!("[{}]", vec!["\"x\""; 60].join(","));
        let checked = rules.check_body(&headers(&[("content-type", "application/json")]), &Bytes::from(body));
        assert_eq!(places(checked).1.len(), MOST_VIOLATIONS);
    }

    #[test]
    fn a_secret_is_not_repeated_wherever_its_schema_says_so() {
        let secret = "{type: string, format: password, maxLength: 3}";
        let of = |schema: String| format!("{{content: {{application/json: {{schema: {schema}}}}}}}");
        for (schema, body) in [
            (secret.to_owned(), r#""hush-hush""#),
            (format!("{{properties: {{word: {secret}}}}}"), r#"{"word":"hush-hush"}"#),
            (format!("{{type: array, prefixItems: [{{type: integer}}, {secret}]}}"), r#"[1,"hush-hush"]"#),
        ] {
            let rules = rules_of("[]", &of(schema));
            let checked = rules.check_body(&headers(&[("content-type", "application/json")]), &Bytes::from(body));
            let violations = checked.err().map(|problem| problem.violations).unwrap_or_default();
            assert_eq!(violations.len(), 1, "{body}");
            assert!(!violations[0].message.contains("hush"), "{}", violations[0].message);
        }
    }

    #[test]
    fn formats_are_checked_and_bodies_may_be_left_out() {
        let typed = |name: &str| {
            format!("{name}: {{schema: {{type: object, required: [day], properties: {{day: {{format: date}}}}}}}}")
        };
        let rules = rules_of(
            "[]",
            &format!(
                "{{content: {{{}, {}, '*/*': {{}}}}}}",
                typed("application/json"),
                typed("application/merge-patch+json")
            ),
        );
        let check = |media_type: &'static str, body: &'static str| {
            places(rules.check_body(&headers(&[("content-type", media_type)]), &Bytes::from(body))).0
        };
        for (media_type, body, code) in [
            ("application/json", "", ""),
            ("application/json", r#"{"day":"2026-11-26"}"#, ""),
            ("application/json", r#"{"day":"someday"}"#, "INVALID_BODY"),
            ("application/merge-patch+json", "{}", "INVALID_BODY"),
            ("image/png", "any", ""),
        ] {
            assert_eq!(check(media_type, body), code, "{media_type} {body}");
        }
        let only_text = rules_of("[]", "{content: {text/*: {}}}");
        let two = only_text.check_body(&headers(&[("content-type", "text/csv, text/plain")]), &Bytes::from("a"));
        assert_eq!(places(two).0, "UNSUPPORTED_MEDIA_TYPE");
    }
}
