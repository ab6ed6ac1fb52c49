//! The constant results of an API, built once and served from memory.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::media_type::quality;
use super::preference::{PREFERENCE_APPLIED, Preference};
use super::problem::{Kind, Problem};
use crate::definition::StatusPattern;
use crate::model::{MediaRange, trim_blanks};
use crate::routes::MockResponses;

/// The responses of an API without a backend; the constant result first.
pub(crate) struct MockResults {
    list: Box<[MockResult]>,
    /// True if the first of them is the constant result.
    has_constant: bool,
    /// True if results were left out, as those of the definition are too large together.
    is_cut: bool,
}

/// One response that is always the same.
struct MockResult {
    status: StatusCode,
    /// A list takes a tenth of the memory of a map, and a map that is filled from it has room for more.
    headers: Box<[(HeaderName, HeaderValue)]>,
    body: Bytes,
    pattern: Option<StatusPattern>,
    example: Option<String>,
    media_type: Option<String>,
}

/// A response that was picked.
pub(crate) struct PickedMock<'m> {
    /// Its status: of a response that is declared for several, the one that was asked for.
    pub(crate) status: StatusCode,
    /// Names the preferences that it follows.
    applied: Option<HeaderValue>,
    result: &'m MockResult,
}

impl PickedMock<'_> {
    /// Writes the response's headers into an empty map.
    pub(crate) fn headers(&self, mut headers: HeaderMap) -> HeaderMap {
        for (name, value) in &self.result.headers {
            headers.append(name.clone(), value.clone());
        }
        if let Some(applied) = &self.applied {
            headers.insert(PREFERENCE_APPLIED, applied.clone());
        }
        headers
    }

    /// Returns the response's body.
    pub(crate) fn body(&self) -> Bytes {
        self.result.body.clone()
    }
}

impl MockResults {
    /// Compiles the mock responses of a route.
    ///
    /// One that cannot be sent is left out.
    pub(crate) fn build(responses: MockResponses) -> Self {
        let mut list = Vec::new();
        let MockResponses { mut has_constant, is_cut, responses } = responses;
        for (index, declared) in responses.into_iter().enumerate() {
            let status = StatusCode::from_u16(declared.status).ok();
            let headers = headers(&declared.headers, declared.media_type.as_deref());
            let Some((status, headers)) = status.filter(|status| !status.is_informational()).zip(headers) else {
                has_constant &= index != 0;
                continue;
            };
            let bodiless = status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED;
            list.push(MockResult {
                status,
                headers,
                body: if bodiless { Bytes::new() } else { declared.body },
                pattern: declared.declared_for,
                example: declared.example,
                media_type: declared.media_type,
            });
        }
        Self { list: list.into_boxed_slice(), has_constant, is_cut }
    }

    /// Picks the response to a request with these headers.
    pub(crate) fn pick(&self, request: &HeaderMap) -> Result<PickedMock<'_>, Problem> {
        let constant = self.list.first().filter(|_| self.has_constant);
        let preference = Preference::of(request);
        let accept = request.get(ACCEPT);
        if let Some(result) = constant
            && preference == Preference::default()
            && accept.is_none_or(|accept| accept == "*/*")
        {
            return Ok(PickedMock { status: result.status, applied: None, result });
        }
        // Preferences that cannot be followed are ignored (RFC 7240, section 2).
        let mut tried = preference.fallbacks().map(|preference| (self.candidates(constant, &preference), preference));
        let Some(((status, candidates), followed)) = tried.find(|((_, candidates), _)| !candidates.is_empty()) else {
            return Err(self.no_constant());
        };
        let result = acceptable(&candidates, request).ok_or_else(|| {
            let declared: Vec<&str> = candidates.iter().filter_map(|result| result.media_type.as_deref()).collect();
            Problem::new(Kind::NotAcceptable, format!("Available: {}.", declared.join(", ")))
        })?;
        Ok(PickedMock { status: status.unwrap_or(result.status), applied: followed.applied(), result })
    }

    fn no_constant(&self) -> Problem {
        let reason = if self.is_cut {
            "The results of the definition are too large together, and this API's is not built."
        } else {
            "The API declares no response that can be built; give it an example, or an x-apigw-mock."
        };
        Problem::new(Kind::NoConstantResult, reason)
    }

    /// Picks the declared response to a request that is refused with a status: that of the status, for an invalid
    /// request else that of 422 or 400, else that of all such statuses. One without a body says too little.
    pub(crate) fn refusal(&self, status: StatusCode, is_invalid: bool, request: &HeaderMap) -> Option<PickedMock<'_>> {
        let usual = [StatusCode::UNPROCESSABLE_ENTITY, StatusCode::BAD_REQUEST].into_iter().filter(|_| is_invalid);
        let exact = [status].into_iter().chain(usual).map(|status| (StatusPattern::Code(status.as_u16()), status));
        let ranges = [StatusPattern::Class(4), StatusPattern::Default].map(|pattern| (pattern, status));
        exact.chain(ranges).find_map(|(pattern, status)| {
            let of_pattern = |result: &&MockResult| result.pattern == Some(pattern) && result.media_type.is_some();
            let candidates: Vec<&MockResult> = self.list.iter().filter(of_pattern).collect();
            let result = acceptable(&candidates, request).or(candidates.first().copied())?;
            Some(PickedMock { status, applied: None, result })
        })
    }

    /// Returns the results that follow a preference, and the status if it names one.
    fn candidates(
        &self,
        constant: Option<&MockResult>,
        preference: &Preference,
    ) -> (Option<StatusCode>, Vec<&MockResult>) {
        let of = |pattern: Option<StatusPattern>| -> Vec<&MockResult> {
            self.list.iter().filter(|result| result.pattern == pattern).collect()
        };
        let is_named = |result: &&MockResult| preference.example.is_none() || result.example == preference.example;
        let Some(code) = &preference.code else {
            // An example's name is looked for in every response, the constant one's first.
            let of_constant = constant.map(|constant| of(constant.pattern)).unwrap_or_default();
            let mut candidates: Vec<&MockResult> = of_constant.into_iter().filter(is_named).collect();
            if candidates.is_empty() && preference.example.is_some() {
                candidates = self.list.iter().filter(is_named).collect();
            }
            return (None, candidates);
        };
        let Some(status) = code.parse().ok().and_then(|code| StatusCode::from_u16(code).ok()) else {
            return (None, Vec::new());
        };
        let class = u8::try_from(status.as_u16() / 100).unwrap_or_default();
        let patterns = [StatusPattern::Code(status.as_u16()), StatusPattern::Class(class), StatusPattern::Default];
        let found = patterns.into_iter().map(|pattern| of(Some(pattern))).find(|results| !results.is_empty());
        (Some(status), found.unwrap_or_default().into_iter().filter(is_named).collect())
    }
}

/// Picks the result that the caller accepts most, the first declared among equals (RFC 9110, section 12.5.1).
fn acceptable<'m>(candidates: &[&'m MockResult], request: &HeaderMap) -> Option<&'m MockResult> {
    let accepts = request.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    // One that is empty names nothing that is liked less than the rest.
    let accepts: Vec<&str> = accepts.filter(|value| !trim_blanks(value).is_empty()).collect();
    let mut best: Option<(u16, &MockResult)> = None;
    for &candidate in candidates {
        let quality = match candidate.media_type.as_deref().and_then(MediaRange::parse) {
            Some(media_type) if !accepts.is_empty() => quality(&accepts, &media_type),
            _ => 1000,
        };
        if quality > best.map_or(0, |(best, _)| best) {
            best = Some((quality, candidate));
        }
    }
    best.map(|(_, result)| result)
}

/// Builds the headers of a mock response; `None` if one cannot be sent.
fn headers(declared: &[(String, String)], media_type: Option<&str>) -> Option<Box<[(HeaderName, HeaderValue)]>> {
    let mut headers = Vec::with_capacity(declared.len() + 1);
    if let Some(media_type) = media_type {
        headers.push((CONTENT_TYPE, media_type_value(media_type)?));
    }
    for (name, value) in declared {
        let parsed = HeaderName::try_from(name.as_str()).ok().filter(|name| !crate::model::is_hop_by_hop(name));
        match parsed.zip(HeaderValue::try_from(value.as_str()).ok()) {
            // The length is that of the body, whatever a definition says.
            Some((name, _)) if name == CONTENT_LENGTH => {}
            Some(header) => headers.push(header),
            None => return None,
        }
    }
    Some(headers.into_boxed_slice())
}

/// Makes a header's value of a media type; the usual one needs no memory of its own.
fn media_type_value(media_type: &str) -> Option<HeaderValue> {
    if media_type == "application/json" {
        return Some(HeaderValue::from_static("application/json"));
    }
    HeaderValue::try_from(media_type).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(status: u16, media_type: &str, example: Option<&str>, pattern: StatusPattern) -> MockResult {
        MockResult {
            status: StatusCode::from_u16(status).expect("a status"),
            headers: Box::default(),
            body: Bytes::new(),
            pattern: Some(pattern),
            example: example.map(str::to_owned),
            media_type: (!media_type.is_empty()).then(|| media_type.to_owned()),
        }
    }

    fn results(list: Vec<MockResult>) -> MockResults {
        MockResults { list: list.into_boxed_slice(), has_constant: true, is_cut: false }
    }

    #[test]
    fn accept_and_prefer_pick_what_is_declared() {
        use StatusPattern::{Class, Code, Default};
        let declared = results(vec![
            result(200, "application/json", Some("one"), Code(200)),
            result(200, "application/json", Some("two"), Code(200)),
            result(200, "application/xml", None, Code(200)),
            result(404, "application/json", Some("gone"), Code(404)),
            result(500, "text/plain", None, Class(5)),
            result(200, "text/html", None, Default),
        ]);
        for (accept, prefer, expected) in [
            ("", "", "200 application/json one"),
            ("*/*", "", "200 application/json one"),
            (" ", "", "200 application/json one"),
            ("application/xml", "", "200 application/xml"),
            ("application/json;q=0.5, application/xml", "", "200 application/xml"),
            ("application/*;q=0.5, application/json;q=0", "", "200 application/xml"),
            ("text/plain", "", "NOT_ACCEPTABLE"),
            ("application/json;q=0, */*;q=0.1", "", "200 application/xml"),
            ("application/json;q=0", "", "NOT_ACCEPTABLE"),
            ("", "code=404", "404 application/json gone code=404"),
            ("", "respond-async, code=\"503\"", "503 text/plain code=503"),
            ("", "code=302", "302 text/html code=302"),
            ("text/html", "code=404", "NOT_ACCEPTABLE"),
            ("", "example=two", "200 application/json two example=two"),
            ("", "example=gone", "404 application/json gone example=gone"),
            ("", "code=404; example=gone", "404 application/json gone code=404, example=gone"),
            ("", "code=404; example=two", "404 application/json gone code=404"),
            ("", "example=three", "200 application/json one"),
            ("", "code=999, example=two", "999 text/html code=999"),
            ("", "code=x", "200 application/json one"),
            ("application/xml", "code=2000", "200 application/xml"),
            ("", "code=x, example=two", "200 application/json two example=two"),
        ] {
            let mut headers = HeaderMap::new();
            if !accept.is_empty() {
                headers.insert(ACCEPT, accept.parse().expect("a value"));
            }
            if !prefer.is_empty() {
                headers.insert("prefer", prefer.parse().expect("a value"));
            }
            let picked = match declared.pick(&headers) {
                Ok(PickedMock { status, applied, result }) => {
                    let example = result.example.as_deref().unwrap_or_default();
                    let media_type = result.media_type.as_deref().unwrap_or_default();
                    let applied = applied.as_ref().and_then(|applied| applied.to_str().ok()).unwrap_or_default();
                    let told = format!("{} {media_type} {example}", status.as_u16());
                    format!("{} {applied}", told.trim_end()).trim_end().to_owned()
                }
                Err(problem) => problem.kind.code().to_owned(),
            };
            assert_eq!(picked, expected, "{accept:?} {prefer:?}");
        }
        assert!(results(Vec::new()).pick(&HeaderMap::new()).is_err());
        // A preference may be followed where there is no constant result.
        let mut unbuilt = results(vec![result(404, "a/b", None, Code(404))]);
        unbuilt.has_constant = false;
        let status = |prefer| unbuilt.pick(&asking(&[("prefer", prefer)])).ok().map(|picked| picked.status.as_u16());
        assert_eq!((status("code=404"), status("code=500")), (Some(404), None));
    }

    /// Builds the mock results of the one API of a definition with these responses.
    fn built(responses: &str) -> MockResults {
        let text = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{get: {{responses: {responses}}}}}}}"
        );
        let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| std::sync::Arc::from(text.as_bytes())));
        let definition = crate::definition::read("g", &mut fetch).definition.expect("a definition");
        MockResults::build(MockResponses::new(definition.results().remove(0)))
    }

    fn asking(list: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn headers_of_one_connection_are_no_part_of_a_result() {
        let header = "{required: true, schema: {type: string, example: x}}";
        let names =
            ["Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Connection", "Upgrade", "X-Kept"];
        let declared: Vec<String> = names.iter().map(|name| format!("{name}: {header}")).collect();
        let results = built(&format!("{{'407': {{description: d, headers: {{{}}}}}}}", declared.join(", ")));
        let picked = results.pick(&HeaderMap::new()).expect("the constant one");
        let headers = picked.headers(HeaderMap::new());
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-kept"]);
    }

    #[test]
    fn the_first_preference_of_a_kind_counts() {
        let declared = results(vec![
            result(200, "a/b", Some("one"), StatusPattern::Code(200)),
            result(404, "a/b", Some("two"), StatusPattern::Code(404)),
        ]);
        for (prefer, status) in [("code=404, code=200", 404), ("example=two, example=one", 404)] {
            let picked = declared.pick(&asking(&[("prefer", prefer)])).expect("one that is declared");
            assert_eq!(picked.status.as_u16(), status, "{prefer}");
        }
    }

    #[test]
    fn accept_is_weighed_as_it_is_written() {
        let declared = results(vec![
            result(200, "application/json; charset=utf-8", None, StatusPattern::Code(200)),
            result(200, "text/plain", None, StatusPattern::Code(200)),
        ]);
        for (accept, expected) in [
            ("application/json", "application/json; charset=utf-8"),
            ("text/plain, application/json;q=0.9999", "text/plain"),
            ("text/plain;q=0.5, application/json;q=0.5000", "text/plain"),
            ("application/json;Q=0.1, text/plain", "text/plain"),
            ("application/json;q=0.1, text/*", "text/plain"),
            ("image/*, text/plain;q=0.1", "text/plain"),
            ("text/plain;q=0.5, text/plain;q=0.1, application/json;q=0.3", "text/plain"),
        ] {
            let picked = declared.pick(&asking(&[("accept", accept)])).expect("one that is accepted");
            assert_eq!(picked.result.media_type.as_deref(), Some(expected), "{accept}");
        }
    }

    #[test]
    fn a_refused_request_has_the_declared_response() {
        use StatusPattern::{Class, Code, Default};
        let ok = || result(200, "a/b", None, Code(200));
        let error = |pattern: StatusPattern| result(pattern.code(), "c/d", None, pattern);
        for (declared, status, is_invalid, expected) in [
            (vec![], 400, true, None),
            (vec![error(Code(400))], 400, true, Some(400)),
            (vec![error(Code(422)), error(Code(400))], 400, true, Some(400)),
            (vec![error(Code(400)), error(Code(422))], 413, true, Some(422)),
            (vec![error(Code(422))], 400, true, Some(422)),
            (vec![error(Code(400))], 422, true, Some(400)),
            (vec![error(Class(4))], 422, true, Some(422)),
            (vec![error(Default), error(Class(4))], 400, true, Some(400)),
            (vec![error(Default)], 400, true, Some(400)),
            (vec![error(Code(422))], 415, false, None),
            (vec![error(Code(401))], 401, false, Some(401)),
            (vec![error(Code(404)), error(Class(5))], 400, true, None),
            (vec![result(400, "", None, Code(400)), error(Default)], 400, true, Some(400)),
            (vec![result(400, "", None, Code(400))], 400, true, None),
        ] {
            let declared = results([ok()].into_iter().chain(declared).collect());
            let status = StatusCode::from_u16(status).expect("a status");
            let picked = declared.refusal(status, is_invalid, &asking(&[("accept", "x/y")]));
            assert_eq!(picked.map(|picked| picked.status.as_u16()), expected, "{status} {is_invalid}");
        }
        // Where the caller accepts one of several, it is that one.
        let both = results(vec![ok(), error(Code(400)), result(400, "e/f", None, Code(400))]);
        let picked = both.refusal(StatusCode::BAD_REQUEST, true, &asking(&[("accept", "e/f")]));
        assert_eq!(picked.and_then(|picked| picked.result.media_type.as_deref()), Some("e/f"));
    }

    #[test]
    fn it_is_said_where_results_are_not_built() {
        let detail = |results: &MockResults, prefer: &'static str| {
            let asked = if prefer.is_empty() { HeaderMap::new() } else { asking(&[("prefer", prefer)]) };
            results.pick(&asked).err().map(|problem| problem.detail).unwrap_or_default()
        };
        let one = || vec![result(200, "a/b", None, StatusPattern::Code(200))];
        for (is_cut, first) in [(false, "declares no response that can be built"), (true, "too large together")] {
            let none = MockResults { list: Box::default(), has_constant: false, is_cut };
            assert!(detail(&none, "").contains(first), "{is_cut}");
            let some = MockResults { list: one().into_boxed_slice(), has_constant: true, is_cut };
            assert_eq!(detail(&some, "code=404"), "", "it is ignored");
        }
    }
}
