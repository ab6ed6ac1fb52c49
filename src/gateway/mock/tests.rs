//! The responses that `Accept` and `Prefer` pick.

use super::*;

fn result(status: u16, media_type: &str, example: Option<&str>, pattern: StatusPattern) -> MockResult {
    MockResult {
        status: StatusCode::from_u16(status).expect("a status"),
        headers: Box::default(),
        body: Bytes::new(),
        pattern: Some(pattern),
        example: example.map(str::to_owned),
        media_type: (!media_type.is_empty()).then(|| media_type.to_owned()),
        media_range: None,
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
        ("application/xml", "code=404", "200 application/xml"),
        ("", "example=two", "200 application/json two example=two"),
        ("", "example=gone", "404 application/json gone example=gone"),
        ("", "code=404; example=gone", "404 application/json gone code=404, example=gone"),
        ("", "code=404; example=two", "404 application/json gone code=404"),
        ("", "example=three", "200 application/json one"),
        ("", "code=599, example=two", "599 text/plain code=599"),
        ("", "code=999, example=two", "200 application/json two example=two"),
        ("", "code=103", "200 application/json one"),
        ("application/xml", "example=two", "200 application/xml"),
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
            Ok(PickedMock { status, applied, chosen: AcceptedMock { result, .. } }) => {
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
    MockResults::build(declared_by(responses))
}

fn declared_by(responses: &str) -> MockResponses {
    let text =
        format!("openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{get: {{responses: {responses}}}}}}}");
    let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| std::sync::Arc::from(text.as_bytes())));
    let definition = crate::definition::read("g", &mut fetch).definition.expect("a definition");
    MockResponses::new(definition.results().remove(0))
}

#[test]
fn each_response_is_got_by_the_preference_that_is_shown_for_it() {
    let names = ["one", "two words", r#""a \\ \"b\"""#, "\"c, d; code=404\"", "\"e\\nf\""];
    let examples: Vec<String> =
        names.iter().enumerate().map(|(index, name)| format!("{name}: {{value: {index}}}")).collect();
    let responses = declared_by(&format!(
        "{{'200': {{description: d, content: {{a/b: {{examples: {{{}}}}}}}}}}}",
        examples.join(", ")
    ));
    let results = MockResults::build(responses.clone());
    let mut asked = 0;
    for response in &responses.responses {
        let Some(prefer) = response.prefer() else {
            assert_eq!(response.example.as_deref(), Some("e\nf"));
            continue;
        };
        let request = [(super::super::preference::PREFER, HeaderValue::try_from(&prefer).expect("a value"))];
        let picked = results.pick(&request.into_iter().collect()).expect("it is declared");
        assert_eq!(picked.body(), response.body, "{prefer}");
        asked += 1;
    }
    assert_eq!(asked, 4);
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
    let names = ["Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Connection", "Upgrade", "X-Kept"];
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
        assert_eq!(picked.chosen.result.media_type.as_deref(), Some(expected), "{accept}");
    }
}

#[test]
fn a_declared_range_has_what_is_accepted_of_it() {
    let of = |range: &str, schema: &str| {
        built(&format!("{{'200': {{description: d, content: {{'{range}': {{schema: {schema}}}}}}}}}"))
    };
    let both = "{'200': {description: d, content: {'*/*': {schema: {type: object}}, application/xml: {schema: {type: object}}}}}";
    for (declared, accept, expected) in [
        (of("*/*", "{type: object}"), "application/json", "application/json"),
        (of("*/*", "{type: object}"), "application/hal+json", "application/hal+json"),
        (of("*/*", "{type: object}"), "Application/Vnd.Api+JSON; charset=UTF-8", "application/vnd.api+json"),
        (of("*/*", "{type: object}"), "application/xml, application/hal+json;q=0.1", "application/hal+json"),
        (of("*/*", "{type: object}"), "application/json;q=0.5, application/hal+json", "application/hal+json"),
        (of("*/*", "{type: object}"), "application/json, application/hal+json", "application/json"),
        (of("*/*", "{type: object}"), "application/xml, application/json;q=0.1", "application/json"),
        (of("*/*", "{type: object}"), "application/json;q=0, application/hal+json", "application/hal+json"),
        // The value is not written in these.
        (of("*/*", "{type: object}"), "application/xml", "application/json"),
        (of("*/*", "{type: object}"), "text/*", "application/json"),
        (of("*/*", "{type: object}"), "application/json;version=2", "application/json"),
        (of("*/*", "{type: object}"), "application/hal+json;charset=latin1", "application/json"),
        (of("*/*", "{type: string, format: binary}"), "image/png", "application/octet-stream"),
        (of("application/*", "{type: object}"), "application/hal+json", "application/hal+json"),
        (of("text/*", "{type: string}"), "text/csv", "text/csv"),
        (of("text/*", "{type: string}"), "text/json", "text/plain"),
        (of("text/*", "{type: string}"), "text/*;q=0.1", "text/plain"),
        (built(both), "application/xml", "application/xml"),
        (built(both), "text/csv", "application/json"),
        // These are not declared, or refused.
        (of("application/*", "{type: object}"), "text/plain", "Available: application/*."),
        (of("*/*", "{type: object}"), "application/json;q=0", "Available: */*."),
        (of("*/*", "{type: object}"), "application/xml;q=0", "Available: */*."),
        (of("application/json", "{type: object}"), "application/hal+json", "Available: application/json."),
    ] {
        let mut request = HeaderMap::new();
        request.insert(ACCEPT, accept.parse().expect("a value"));
        let picked = declared.pick(&request).map(|picked| picked.headers(HeaderMap::new()));
        let found = match &picked {
            Ok(headers) => headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default(),
            Err(problem) => &problem.detail,
        };
        assert_eq!(found, expected, "{accept}");
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
    assert_eq!(picked.and_then(|picked| picked.chosen.result.media_type.as_deref()), Some("e/f"));
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
