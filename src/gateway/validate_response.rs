//! Responses of real backends against the definition: their status, headers, media type and body.

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, SET_COOKIE, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode};

use super::content_rule::{ContentRule, MOST_VIOLATIONS, may_be_endless};
use super::media_type;
use super::parameters::RequestTexts;
use super::problem::Violation;
use super::validate::{MISSING, REPEATED, located};
use crate::definition::values::{
    NameScope, TextPlace, UnreadableText, ValueNotation, ValueSchema, ValueStructure, ValueViolation, WrittenTexts,
    with_pattern_budget,
};
use crate::definition::{
    Api, Definition, Header, MediaType, Node, ParameterPlace, ParameterStyle, Response, StatusPattern, ValueDirection,
};
use crate::model::{MediaRange, is_json_media_type, media_type_essence};

/// The body of a response, as far as it is known.
#[derive(Clone, Copy)]
pub(crate) enum ResponseBody<'b> {
    /// A response to `HEAD`, or of a status that has none.
    Absent,
    /// One that was not read: too large, compressed, or of no interest.
    Unread,
    Whole(&'b Bytes),
}

/// The part of a response's body in the verdict on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyUse {
    /// Any body is valid.
    Any,
    /// It has to be known whether it is empty: else it must have a media type.
    Presence,
    /// It is compared with a schema.
    Whole,
    /// The same, if its length is known: a text or a sequence without one may never end.
    WholeIfSized,
    /// Nothing reads bodies of its media type, for which a schema is declared.
    Unreadable,
}

/// The verdict on a response.
pub(crate) struct ResponseVerdict {
    /// The parts that are not declared.
    pub(crate) violations: Vec<Violation>,
    /// True if its body could not be judged.
    pub(crate) is_open: bool,
}

/// The rules that the responses of an API must follow.
pub(crate) struct ResponseRules(Box<[ResponseRule]>);

struct ResponseRule {
    status: StatusPattern,
    headers: Vec<HeaderRule>,
    content: Vec<(String, Option<ContentRule>)>,
}

struct HeaderRule {
    name: String,
    required: bool,
    notation: ValueNotation,
    /// True if its value is JSON.
    is_json: bool,
    schema: Option<ValueSchema>,
}

impl ResponseRules {
    /// Builds the rules of an API; `None` where it declares no response.
    pub(crate) fn build(definition: &Definition, api: &Api) -> Option<Self> {
        // The media type is declared by `content` (OpenAPI 3.1, section 4.8.17).
        let is_own = |header: &&Header| !header.name.eq_ignore_ascii_case("content-type");
        let content = |media_type: &MediaType| {
            (media_type.name.clone(), ContentRule::build(definition, media_type, ValueDirection::Response))
        };
        let rule = |response: &Response| ResponseRule {
            status: response.status,
            headers: response
                .headers
                .iter()
                .filter(is_own)
                .map(|header| HeaderRule::build(definition, header))
                .collect(),
            content: response.content.iter().map(content).collect(),
        };
        (!api.responses.is_empty()).then(|| Self(api.responses.iter().map(rule).collect()))
    }

    /// True if bodies are read of which a caller may ask for a part: those of 200 (RFC 9110, section 15.3.7).
    pub(crate) fn read_bodies_with_parts(&self) -> bool {
        let reads = |(name, content): &(String, Option<ContentRule>)| {
            content.as_ref().is_some_and(|content| match name.split_once("/*") {
                Some((kind, _)) => ["*", "application", "multipart", "text"].contains(&&*kind.to_ascii_lowercase()),
                None => content.reads(&media_type_essence(name)),
            })
        };
        self.rule(StatusCode::OK).is_some_and(|rule| rule.content.iter().any(reads))
    }

    /// True if a status is declared by itself.
    pub(crate) fn declares(&self, status: StatusCode) -> bool {
        self.0.iter().any(|rule| rule.status == StatusPattern::Code(status.as_u16()))
    }

    /// Returns the part of a response's body in the verdict on it.
    pub(crate) fn body_use(&self, status: StatusCode, headers: &HeaderMap) -> BodyUse {
        let Some(rule) = self.rule(status) else { return BodyUse::Any };
        if !headers.contains_key(CONTENT_TYPE) {
            return if rule.content.is_empty() { BodyUse::Any } else { BodyUse::Presence };
        }
        let Some((name, Some(content))) = rule.declared(headers) else { return BodyUse::Any };
        let essence = essence(name, headers);
        if status == StatusCode::PARTIAL_CONTENT || !content.reads(&essence) {
            // A schema describes the whole, of which this may be a part.
            BodyUse::Unreadable
        } else if may_be_endless(&essence) {
            BodyUse::WholeIfSized
        } else {
            BodyUse::Whole
        }
    }

    /// Judges a response; it is open if its patterns need too many steps.
    pub(crate) fn check(&self, status: StatusCode, headers: &HeaderMap, body: ResponseBody<'_>) -> ResponseVerdict {
        let (verdict, is_spent) = with_pattern_budget(|| self.judge(status, headers, body));
        ResponseVerdict { is_open: verdict.is_open || is_spent, ..verdict }
    }

    fn judge(&self, status: StatusCode, headers: &HeaderMap, body: ResponseBody<'_>) -> ResponseVerdict {
        let Some(rule) = self.rule(status) else {
            let message = format!("{} is not declared", status.as_u16());
            let violations = vec![Violation { place: "status".to_owned(), message }];
            return ResponseVerdict { violations, is_open: false };
        };
        let mut violations = Vec::new();
        for header in &rule.headers {
            header.check(headers, &mut violations);
        }
        if headers.get_all(CONTENT_TYPE).iter().nth(1).is_some() {
            // Clients differ in the line that they use (RFC 9110, section 5.3).
            violations.push(Violation { place: "header.content-type".to_owned(), message: REPEATED.to_owned() });
        }
        let declared = rule.declared(headers);
        // A response that declares no content says nothing of the body that it has.
        if declared.is_none() && !rule.content.is_empty() {
            let names: Vec<&str> = rule.content.iter().map(|(name, _)| name.as_str()).collect();
            let is_untyped = match body {
                ResponseBody::Absent => false,
                ResponseBody::Unread => true,
                ResponseBody::Whole(bytes) => !bytes.is_empty(),
            };
            let fault = if headers.contains_key(CONTENT_TYPE) {
                Some("is not declared")
            } else {
                // Clients would guess the media type of such a body (RFC 9110, section 8.3).
                Some(MISSING).filter(|_| is_untyped)
            };
            violations.extend(fault.map(|fault| Violation {
                place: "header.content-type".to_owned(),
                message: format!("{fault}; declared: {}", names.join(", ")),
            }));
        }
        let mut is_open = false;
        if let (Some((name, Some(content))), ResponseBody::Whole(body)) = (declared, body) {
            match content.check(&essence(name, headers), headers, body) {
                Ok(found) => violations.extend(found.into_iter().map(|found| located("body", &found))),
                Err(fault) if fault.is_open() => is_open = true,
                Err(fault) => violations.push(Violation { place: "body".to_owned(), message: fault.to_string() }),
            }
        }
        ResponseVerdict { violations, is_open }
    }

    fn rule(&self, status: StatusCode) -> Option<&ResponseRule> {
        let code = status.as_u16();
        let class = u8::try_from(code / 100).unwrap_or_default();
        let patterns = [StatusPattern::Code(code), StatusPattern::Class(class), StatusPattern::Default];
        patterns.into_iter().find_map(|pattern| self.0.iter().find(|rule| rule.status == pattern))
    }
}

impl ResponseRule {
    fn declared(&self, headers: &HeaderMap) -> Option<&(String, Option<ContentRule>)> {
        media_type::declared(&self.content, |(name, _)| name, &sent(headers)?)
    }
}

impl HeaderRule {
    fn build(definition: &Definition, header: &Header) -> Self {
        let node = definition.node(header.node);
        let content = node.get("content").and_then(|content| content.entries().next());
        let json =
            content.filter(|(name, _)| is_json_media_type(name)).and_then(|(_, media_type)| media_type.resolve());
        let schema = json.map_or(header.schema, |media_type| media_type.get("schema").map(Node::id));
        Self {
            name: header.name.clone(),
            required: header.required,
            notation: ValueNotation {
                place: TextPlace::Header,
                style: ParameterStyle::Simple,
                explode: node.get("explode").and_then(Node::as_bool) == Some(true),
            },
            is_json: json.is_some(),
            schema: ValueSchema::of_response(definition, schema),
        }
    }

    fn check(&self, headers: &HeaderMap, violations: &mut Vec<Violation>) {
        let place = format!("header.{}", self.name.to_ascii_lowercase());
        if !headers.contains_key(self.name.as_str()) {
            if self.required {
                violations.push(Violation { place, message: MISSING.to_owned() });
            }
            return;
        }
        let Some(schema) = &self.schema else { return };
        if self.is_json {
            violations.extend(check_json(headers, &self.name, schema).into_iter().map(|found| located(&place, &found)));
            return;
        }
        let texts = RequestTexts { path_parameters: &[], query: "", headers };
        let written = texts.written(ParameterPlace::Header, &self.name, self.notation, None, NameScope::Described);
        let found = if self.name.eq_ignore_ascii_case(SET_COOKIE.as_str()) {
            check_cookies(&written, schema)
        } else {
            self.check_lines(&written, schema)
        };
        violations.extend(found.into_iter().map(|found| located(&place, &found)));
    }

    /// Checks all lines of a header as the one value that they are: a list, or the text of all with commas between them
    /// (RFC 9110, section 5.3).
    fn check_lines(&self, written: &WrittenTexts<'_>, schema: &ValueSchema) -> Vec<ValueViolation> {
        let piece = match self.notation.piece(&self.name, written, schema) {
            Err(UnreadableText::Repeated) => {
                let whole = WrittenTexts { own: vec![written.own.join(", ").into()], others: Vec::new() };
                self.notation.piece(&self.name, &whole, schema)
            }
            piece => piece,
        };
        match piece {
            Ok(Some(piece)) => schema.read(piece, MOST_VIOLATIONS).err().unwrap_or_default(),
            Ok(None) => Vec::new(),
            Err(_) => vec![ValueViolation { path: String::new(), message: REPEATED.to_owned() }],
        }
    }
}

/// Checks cookies, of which each line is one (RFC 6265, section 3): all of them as a list where the schema takes one,
/// else each by itself.
fn check_cookies(written: &WrittenTexts<'_>, schema: &ValueSchema) -> Vec<ValueViolation> {
    let cookie = |text: &std::borrow::Cow<'_, str>| serde_json::Value::from(&**text);
    if schema.allows_structure(ValueStructure::List) {
        return schema.check(&written.own.iter().map(cookie).collect(), MOST_VIOLATIONS);
    }
    written.own.iter().flat_map(|text| schema.check(&cookie(text), MOST_VIOLATIONS)).collect()
}

/// Checks a header of JSON; all its lines are one value (RFC 9110, section 5.3).
fn check_json(headers: &HeaderMap, name: &str, schema: &ValueSchema) -> Vec<ValueViolation> {
    let lines: Vec<&[u8]> = headers.get_all(name).iter().map(http::HeaderValue::as_bytes).collect();
    match serde_json::from_slice(&lines.join(&b", "[..])) {
        Ok(value) => schema.check(&value, MOST_VIOLATIONS),
        Err(error) => vec![ValueViolation { path: String::new(), message: format!("is not JSON: {error}") }],
    }
}

/// Returns the media type of a body without its parameters: the one that was sent, else the declared one.
fn essence(declared: &str, headers: &HeaderMap) -> String {
    sent(headers).map_or_else(|| declared.to_owned(), |sent| sent.essence())
}

fn sent(headers: &HeaderMap) -> Option<MediaRange> {
    MediaRange::parse(headers.get(CONTENT_TYPE)?.to_str().ok()?)
}

/// True if a body can be read as it is: it is not compressed.
pub(crate) fn is_plain(headers: &HeaderMap) -> bool {
    let is_identity = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    headers.get_all(CONTENT_ENCODING).iter().all(is_identity) && !headers.contains_key(TRANSFER_ENCODING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::HeaderName;

    #[test]
    fn responses_are_held_against_their_definition() {
        let text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {responses: {\n  \
                    '200': {description: d, headers: {X-Count: {required: true, schema: {type: integer}}, X-List: {schema: {type: array, items: {type: integer}}},\n    \
                    X-Word: {schema: {type: string, maxLength: 5}}, Set-Cookie: {schema: {type: string, pattern: '='}}},\n    \
                    content: {application/json: {schema: {type: object, required: [id], properties: {id: {type: integer}, in: {writeOnly: true}}}}, text/plain: {}}},\n  \
                    '204': {description: d, headers: {Set-Cookie: {schema: {type: array, items: {type: string, pattern: '='}}}}}, 4XX: &text {description: d, content: {application/json: {schema: {type: string}}}}, '206': *text}}}}\n";
        let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| std::sync::Arc::from(text.as_bytes())));
        let definition = crate::definition::read("g", &mut fetch).definition.expect("a definition");
        let rules = ResponseRules::build(&definition, &definition.apis[0]).expect("rules");
        let json = ("content-type", "application/json");
        let count = ("x-count", "1");
        for (status, headers, body, reads_body, expected) in [
            (200, &[json, count][..], r#"{"id":1}"#, true, ""),
            (200, &[json, count], r#"{"id":"x"}"#, true, "body/id"),
            (200, &[json, count], "{", true, "body"),
            (200, &[json], r#"{"id":1}"#, true, "header.x-count"),
            (200, &[json, ("x-count", "x")], r#"{"id":1}"#, true, "header.x-count"),
            (200, &[json, count, ("x-list", "1,x")], r#"{"id":1}"#, true, "header.x-list/1"),
            (200, &[("content-type", "application/json; charset=utf-8"), count], "{}", true, "body"),
            (200, &[("content-type", "text/plain"), count], "hello", false, ""),
            (206, &[json, count], "{}", false, ""),
            (200, &[("content-type", "text/html"), count], "<a>", false, "header.content-type"),
            (200, &[json, count, ("x-count", "x")], r#"{"id":1}"#, true, "header.x-count"),
            (200, &[json, count, ("x-count", "2")], r#"{"id":1}"#, true, "header.x-count"),
            (200, &[json, count, ("x-list", "1"), ("x-list", "2, 3")], r#"{"id":1}"#, true, ""),
            (200, &[json, count, ("x-list", "1"), ("x-list", "2, x")], r#"{"id":1}"#, true, "header.x-list/2"),
            (200, &[json, count, ("x-word", "ab"), ("x-word", "c")], r#"{"id":1}"#, true, ""),
            (200, &[json, count, ("x-word", "ab"), ("x-word", "cde")], r#"{"id":1}"#, true, "header.x-word"),
            (200, &[json, count, ("set-cookie", "a=b; Path=/"), ("set-cookie", "c=1, 2")], r#"{"id":1}"#, true, ""),
            (200, &[json, count, ("set-cookie", "a=b"), ("set-cookie", "c")], r#"{"id":1}"#, true, "header.set-cookie"),
            (200, &[json, count, ("content-type", "text/html")], r#"{"id":1}"#, true, "header.content-type"),
            (200, &[count], r#"{"id":1}"#, true, "header.content-type"),
            (200, &[count], "", true, ""),
            (204, &[], "x", false, ""),
            (204, &[("set-cookie", "a=b"), ("set-cookie", "c=1, 2")], "", false, ""),
            (204, &[("set-cookie", "a=b"), ("set-cookie", "c")], "", false, "header.set-cookie/1"),
            (404, &[json], "\"gone\"", true, ""),
            (404, &[json], "1", true, "body"),
            (500, &[json], "1", false, "status"),
        ] {
            let mut sent = HeaderMap::new();
            for (name, value) in headers {
                sent.append(HeaderName::from_static(name), http::HeaderValue::from_static(value));
            }
            let status = StatusCode::from_u16(status).expect("a status");
            let body_use = rules.body_use(status, &sent);
            assert_eq!(matches!(body_use, BodyUse::Whole | BodyUse::Presence), reads_body, "{status} {headers:?}");
            let body = Bytes::from(body);
            let known = if reads_body { ResponseBody::Whole(&body) } else { ResponseBody::Absent };
            let violations = rules.check(status, &sent, known).violations;
            let places: Vec<&str> = violations.iter().map(|found| found.place.as_str()).collect();
            assert_eq!(places.join(" "), expected, "{status} {headers:?} {body:?}: {violations:?}");
        }
    }
}
