//! The responses of a mock: all that the definition declares, each with the preferences that ask for it.

use std::borrow::Cow;

use bytes::Bytes;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

use crate::definition::{ApiResults, DeclaredResult, StatusPattern};
use crate::model::{is_header_name, is_header_value, token_or_quoted};

/// The responses of an API. A request that asks for none of them gets the first, if that is the constant one.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct MockResponses {
    /// True if the first of them is the constant one.
    pub has_constant: bool,
    /// True if some are left out, as the responses of the whole definition are too large together.
    pub is_cut: bool,
    /// The responses. `Accept` picks one by its media type (RFC 9110, section 12.5.1), `Prefer` by its code and
    /// example.
    pub responses: Vec<MockResponse>,
}

/// A response that is always the same.
#[derive(Debug, Clone)]
pub struct MockResponse {
    /// The codes that it is declared for; `None` for that of `x-apigw-mock`.
    pub declared_for: Option<StatusPattern>,
    /// The name of the example that it is, where it is one of several.
    pub example: Option<String>,
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// The media type of its body.
    pub media_type: Option<String>,
    /// The range that it was taken from, like `*/*`: callers that accept another member of it get the response too.
    pub media_range: Option<String>,
    /// Its body.
    pub body: Bytes,
}

impl MockResponses {
    /// Takes the results of an API, but for those that cannot be sent.
    pub(crate) fn new(results: ApiResults) -> Self {
        let has_constant = results.constant().is_some();
        let is_cut = results.is_cut;
        let mut responses: Vec<MockResponse> = results.declared.into_iter().map(MockResponse::new).collect();
        let has_constant = has_constant && responses.first().is_some_and(MockResponse::is_sendable);
        responses.retain(MockResponse::is_sendable);
        Self { has_constant, is_cut, responses }
    }

    /// Returns the response to a request that asks for no other.
    #[must_use]
    pub fn constant(&self) -> Option<&MockResponse> {
        self.responses.first().filter(|_| self.has_constant)
    }
}

impl MockResponse {
    fn new(declared: DeclaredResult) -> Self {
        Self {
            declared_for: declared.response,
            example: declared.example,
            status: declared.result.status,
            headers: declared.result.headers,
            media_type: declared.result.media_type,
            media_range: declared.result.media_range,
            body: declared.result.body,
        }
    }

    /// True if its headers and its media type can stand in a head.
    fn is_sendable(&self) -> bool {
        let mut headers = self.headers.iter();
        let are_headers = headers.all(|(name, value)| is_header_name(name) && is_header_value(value));
        are_headers && self.media_type.as_deref().is_none_or(is_header_value)
    }

    /// Returns the `Prefer` header that asks for it (RFC 7240); `None` where it is declared for several codes, each of
    /// which asks for it unless something else is declared for that one, for that of `x-apigw-mock`, and for an example
    /// whose name can stand in no header.
    #[must_use]
    pub fn prefer(&self) -> Option<String> {
        let Some(StatusPattern::Code(code)) = self.declared_for else { return None };
        match &self.example {
            None => Some(format!("code={code}")),
            Some(name) => {
                Some(format!("code={code}; example={}", token_or_quoted(name))).filter(|prefer| is_header_value(prefer))
            }
        }
    }
}

/// A response as it is shown.
#[derive(Serialize, JsonSchema)]
struct ShownMockResponse<'a> {
    /// The codes that it is declared for.
    declared_for: Option<String>,
    /// The `Prefer` header that asks for it.
    prefer: Option<String>,
    status: u16,
    media_type: Option<&'a str>,
    headers: &'a [(String, String)],
    body_bytes: usize,
    /// The body, where it is text.
    body: Option<&'a str>,
}

impl Serialize for MockResponse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = ShownMockResponse {
            declared_for: self.declared_for.map(|pattern| pattern.to_string()),
            prefer: self.prefer(),
            status: self.status,
            media_type: self.media_type.as_deref(),
            headers: &self.headers,
            body_bytes: self.body.len(),
            body: std::str::from_utf8(&self.body).ok(),
        };
        shown.serialize(serializer)
    }
}

impl JsonSchema for MockResponse {
    fn schema_name() -> Cow<'static, str> {
        "MockResponse".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        ShownMockResponse::json_schema(generator)
    }
}
