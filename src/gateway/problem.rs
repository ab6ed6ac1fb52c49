//! Problem details of the requests that the gateway refuses (RFC 9457).

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue};
use serde::Serialize;

use super::refusal_reason::RefusalReason;
use super::request_body::BodyFault;

pub(crate) use crate::routes::ProblemKind as Kind;

/// The media type of problem details.
pub(crate) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A refusal or failure, as it is sent to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    /// Reason in a sentence, about this request.
    pub(crate) detail: String,
    /// The methods that the path knows, for [`Kind::MethodNotAllowed`].
    pub(crate) allow: Option<String>,
    /// The challenges of a 401 (RFC 9110, section 11.6.1); `None` for the signature that groups ask for.
    pub(crate) challenge: Option<String>,
    pub(crate) violations: Vec<Violation>,
    /// Reason for metrics of what access refuses.
    pub(crate) refused_for: Option<RefusalReason>,
    /// The seconds after which the client may come again.
    pub(crate) retry_after_s: Option<u64>,
    /// Reason for the operator, where the client is told less.
    pub(crate) operator_reason: Option<String>,
    /// True if the connection cannot be used any further.
    pub(crate) close: bool,
}

/// Members of problem details, in the order in which they are written.
#[derive(Serialize)]
struct ProblemDetails<'p> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'p str,
    code: &'static str,
    #[serde(rename = "requestId")]
    request_id: &'p str,
    #[serde(skip_serializing_if = "<[Violation]>::is_empty")]
    violations: &'p [Violation],
}

/// One thing in a request that the definition does not allow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Place: `path.id`, `query.limit`, `header.x-name`, `body/name`.
    #[serde(rename = "in")]
    pub place: String,
    /// Message about it.
    pub message: String,
}

impl Kind {
    /// True if the request itself is refused, for which a definition may declare a response.
    pub(crate) const fn refuses_request(self) -> bool {
        matches!(self, Self::Unauthenticated | Self::BodyTooLarge | Self::UnsupportedMediaType) || self.is_invalid()
    }

    /// Returns the part of a request that such a problem without violations is about.
    const fn place(self) -> &'static str {
        match self {
            Self::Unauthenticated => "header",
            Self::UnsupportedMediaType => "header.content-type",
            _ => "body",
        }
    }

    /// True if the request does not follow the definition.
    pub(crate) const fn is_invalid(self) -> bool {
        matches!(self, Self::InvalidRequest | Self::InvalidBody)
    }
}

/// The most bytes of the header that tells the violations.
const MOST_IN_A_HEADER: usize = 4 << 10;

/// The characters that are kept of a place or message which is too long for the header.
const LONGEST_SHORTENED: usize = 100;

/// The most places of violations that the access log names.
const MOST_PLACES: usize = 8;

/// The characters that are kept of a violation in the access log.
const LONGEST_LOGGED: usize = 200;

impl Problem {
    /// Builds a problem of a kind, with the reason in a sentence.
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            allow: None,
            challenge: None,
            violations: Vec::new(),
            refused_for: None,
            retry_after_s: None,
            operator_reason: None,
            close: false,
        }
    }

    /// Makes the problem of a body that cannot be read to its end.
    pub(crate) fn of_body(fault: BodyFault) -> Self {
        match fault {
            BodyFault::TooLarge => Self::new(Kind::BodyTooLarge, "The body has more bytes than are allowed here."),
            BodyFault::TooSlow => Self::new(Kind::BodyTooSlow, "The body comes too slowly."),
            BodyFault::Broken => Self::new(Kind::BadRequest, "The request's body ended early or is malformed."),
        }
        .closing()
    }

    /// Has the connection closed after the response, since the bytes that follow on it cannot be trusted or are not
    /// wanted.
    pub(crate) fn closing(mut self) -> Self {
        self.close = true;
        self
    }

    /// Returns the reason for the access log: of violations by a request only their places, since the messages repeat
    /// parts of it; those by a response tell no values.
    pub(crate) fn reason(&self) -> String {
        if let Some(reason) = &self.operator_reason {
            return reason.clone();
        }
        if self.kind == Kind::InvalidResponse {
            return format!("{} ({})", self.detail, listed(&self.violations));
        }
        let mut places: Vec<&str> =
            self.violations.iter().filter_map(|found| found.place.split('/').next()).take(MOST_PLACES).collect();
        places.dedup();
        if places.is_empty() { self.detail.clone() } else { format!("{} ({})", self.detail, places.join(", ")) }
    }

    /// Writes the violations as JSON in ASCII, as many as a header has room for; of a problem without any, its detail.
    pub(crate) fn violations_value(&self) -> HeaderValue {
        let detail = [Violation { place: self.kind.place().to_owned(), message: self.detail.clone() }];
        let list = if self.violations.is_empty() { &detail[..] } else { &self.violations };
        let mut text = String::from("[");
        for found in list {
            let mut entry = header_entry(&found.place, &found.message);
            if entry.len() > MOST_IN_A_HEADER / 2 {
                // One that repeats a long value must not take the place of all others, or be lost itself.
                entry = header_entry(
                    &shortened(&found.place, LONGEST_SHORTENED),
                    &shortened(&found.message, LONGEST_SHORTENED),
                );
            }
            if text.len() + entry.len() + 2 > MOST_IN_A_HEADER {
                break;
            }
            text.push_str(if text.len() > 1 { "," } else { "" });
            text.push_str(&entry);
        }
        text.push(']');
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("[]"))
    }

    /// Writes the headers and the body of the response.
    pub(crate) fn render(&self, request_id: &str) -> (HeaderMap, Bytes) {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(CONTENT_TYPE, PROBLEM_JSON);
        if let Some(allow) = self.allow.as_deref().and_then(|allow| allow.parse().ok()) {
            headers.insert(ALLOW, allow);
        }
        if matches!(self.kind, Kind::SourceUnavailable | Kind::AccessUnavailable) {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind == Kind::Unauthenticated {
            let challenge = self.challenge.as_deref().and_then(|challenge| challenge.parse().ok());
            headers.insert(WWW_AUTHENTICATE, challenge.unwrap_or(HeaderValue::from_static("JDCLOUD2-HMAC-SHA256")));
        }
        if self.close {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let details = ProblemDetails {
            r#type: "about:blank",
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: &self.detail,
            code: self.kind.code(),
            request_id,
            violations: &self.violations,
        };
        (headers, Bytes::from(serde_json::to_vec(&details).unwrap_or_default()))
    }
}

/// Cuts a text that has more than `most` characters.
fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// Cuts the middle out of a text that has more than `most` characters: its end often tells the reason.
pub(crate) fn without_middle(text: &str, most: usize) -> Cow<'_, str> {
    let end = text.char_indices().rev().nth(most / 2).map_or(0, |(start, _)| start);
    match text.char_indices().nth(most / 2) {
        Some((start, _)) if text.char_indices().nth(most).is_some() => {
            let [begin, end] = [text.get(..start), text.get(end..)].map(Option::unwrap_or_default);
            Cow::Owned(format!("{begin}…{end}"))
        }
        _ => Cow::Borrowed(text),
    }
}

/// Lists violations with their messages, as many as the access log names.
fn listed(violations: &[Violation]) -> String {
    let told =
        |found: &Violation| shortened(&format!("{}: {}", found.place, found.message), LONGEST_LOGGED).into_owned();
    let mut list: Vec<String> = violations.iter().take(MOST_PLACES).map(told).collect();
    if violations.len() > MOST_PLACES {
        list.push(format!("and {} more", violations.len() - MOST_PLACES));
    }
    list.join("; ")
}

/// Writes a violation as JSON in ASCII.
fn header_entry(place: &str, message: &str) -> String {
    ascii(&serde_json::json!({"in": place, "message": message}).to_string())
}

/// Writes JSON with escapes for all that is not ASCII (RFC 8259, section 7).
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for each in json.chars() {
        if matches!(each, ' '..='~') {
            text.push(each);
        } else {
            text.extend(each.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_told_where_and_not_what() {
        let mut problem = Problem::new(Kind::InvalidRequest, "Wrong.");
        assert_eq!(problem.reason(), "Wrong.");
        for place in ["query.ids/0", "query.ids/hush", "header.X-A"] {
            problem.violations.push(Violation { place: place.to_owned(), message: "hush".to_owned() });
        }
        assert_eq!(problem.reason(), "Wrong. (query.ids, header.X-A)");
        problem.violations =
            (0..=MOST_PLACES).map(|at| Violation { place: format!("query.{at}"), message: String::new() }).collect();
        assert_eq!(problem.reason().matches("query.").count(), MOST_PLACES);
        problem.kind = Kind::InvalidResponse;
        let message = "ü".repeat(LONGEST_LOGGED);
        problem.violations = vec![Violation { place: "body".to_owned(), message }; MOST_PLACES + 2];
        let reason = problem.reason();
        assert!(reason.starts_with("Wrong. (body: üü") && reason.ends_with("ü…; and 2 more)"), "{reason}");
        assert_eq!(reason.matches("ü…; ").count(), MOST_PLACES);
    }

    #[test]
    fn violations_fit_into_a_header() {
        let mut problem = Problem::new(Kind::InvalidBody, "Größe 😀\u{7f}");
        assert_eq!(problem.violations_value(), r#"[{"in":"body","message":"Gr\u00f6\u00dfe \ud83d\ude00\u007f"}]"#);
        problem.violations =
            (0..50).map(|at| Violation { place: format!("body/{at}"), message: "ä".repeat(100) }).collect();
        let value = problem.violations_value();
        let list: Vec<serde_json::Value> = serde_json::from_slice(value.as_bytes()).expect("JSON");
        assert!(value.len() <= MOST_IN_A_HEADER && value.as_bytes().is_ascii());
        assert_eq!((list.len(), &list[1]["in"]), (6, &serde_json::json!("body/1")));
        problem.violations = vec![Violation { place: "query.n".to_owned(), message: "x".repeat(6_000) }; 2];
        let value = problem.violations_value();
        let list: Vec<serde_json::Value> = serde_json::from_slice(value.as_bytes()).expect("JSON");
        assert_eq!(list[0]["in"], "query.n", "a short place stays whole");
        assert_eq!((list.len(), &list[0]["message"]), (2, &serde_json::json!(format!("{}…", "x".repeat(100)))));
    }

    #[test]
    fn problems_are_written_as_json() {
        let mut problem = Problem::new(Kind::MethodNotAllowed, "GET \"only\"");
        problem.allow = Some("GET, HEAD".to_owned());
        let (headers, body) = problem.render("1f");
        assert_eq!(headers[ALLOW], "GET, HEAD");
        assert_eq!(
            std::str::from_utf8(&body),
            Ok(
                r#"{"type":"about:blank","title":"Method not allowed","status":405,"detail":"GET \"only\"","code":"METHOD_NOT_ALLOWED","requestId":"1f"}"#
            )
        );
    }

    #[test]
    fn headers_say_what_a_caller_may_do_next() {
        for (problem, expected) in [
            (Problem::new(Kind::NotFound, ""), [None, None, None]),
            (Problem::new(Kind::SourceUnavailable, ""), [Some("1"), None, None]),
            (Problem { retry_after_s: Some(7), ..Problem::new(Kind::RateLimited, "") }, [Some("7"), None, None]),
            (Problem::new(Kind::Unauthenticated, ""), [None, Some("JDCLOUD2-HMAC-SHA256"), None]),
            (Problem::new(Kind::NotFound, "").closing(), [None, None, Some("close")]),
        ] {
            let (headers, _) = problem.render("id");
            let found = [RETRY_AFTER, WWW_AUTHENTICATE, CONNECTION].map(|name| headers.get(name).cloned());
            assert_eq!(found, expected.map(|value| value.map(HeaderValue::from_static)), "{:?}", problem.kind);
        }
    }
}
