//! Constant results, and requests that are checked against the definition.

use apigw::model;

use super::backend::Backend;
use super::client::{Client, get, request};
use super::snapshot::{config, group, http, pets, settings, snapshot, start};

#[test]
fn constant_results_follow_accept_and_prefer() {
    let gateway = start(config(), &pets(model::Backend::Mock, ""));
    let address = gateway.addresses()[0];
    for (path, headers, status, body) in [
        ("/pets", "", 200, r#"[{"name":"Rex"}]"#),
        ("/pets", "Accept: text/plain\r\n", 200, "Rex"),
        ("/pets", "Accept: image/png\r\n", 406, "NOT_ACCEPTABLE"),
        ("/pets", "Prefer: example=two\r\n", 200, "[]"),
        ("/pets", "Prefer: code=404\r\n", 404, r#"{"error":"none"}"#),
        ("/pets", "Prefer: code=418\r\n", 200, r#"[{"name":"Rex"}]"#),
        ("/pets/7", "", 200, r#"{"name":"Rex"}"#),
        ("/pets/mine", "", 200, r#"{"name":"Mine"}"#),
        ("/files/a/b", "", 200, "file"),
    ] {
        let answer = get(address, &format!("/petstore{path}"), headers);
        let code = answer.code();
        let told = if code.is_empty() { &answer.body } else { &code };
        assert_eq!((answer.status, told.replace(' ', "")), (status, body.replace(' ', "")), "{path} {headers}");
    }
    for (prefer, applied) in [("code=404", Some("code=404")), ("code=418, wait=1", None)] {
        let answer = get(address, "/petstore/pets", &format!("Prefer: {prefer}\r\n"));
        assert_eq!(answer.header("preference-applied"), applied, "{prefer}");
    }
    let answer = get(address, "/petstore/pets", "X-Request-Id: my-id.1\r\n");
    assert_eq!((answer.header("x-total"), answer.header("x-request-id")), (Some("3"), Some("my-id.1")));
    let answer = get(address, "/petstore/pets", "X-Request-Id: not an id\r\n");
    assert_eq!(answer.header("x-request-id").map(str::len), Some(32));
}

#[test]
fn all_spellings_of_a_path_lead_to_one_api() {
    let backend = Backend::saying("real");
    let mock = start(config(), &pets(model::Backend::Mock, ""));
    let real = start(config(), &pets(http(backend.address), ""));
    for (path, body, forwarded) in [
        ("/pets/mine", r#"{"name":"Mine"}"#, "/pets/mine"),
        ("/pets/%6Dine", r#"{"name":"Mine"}"#, "/pets/mine"),
        ("/%70ets/7", r#"{"name":"Rex"}"#, "/pets/7"),
        ("/pets/a%2cb", r#"{"name":"Rex"}"#, "/pets/a%2Cb"),
        ("/gr%C3%B6%c3%9fe/a%20b", "size", "/gr%C3%B6%C3%9Fe/a%20b"),
        ("/files", "file", "/files"),
        ("/files/", "file", "/files/"),
        ("/files/a", "file", "/files/a"),
    ] {
        let answer = get(mock.addresses()[0], &format!("/petstore{path}"), "");
        assert_eq!((answer.status, answer.body.replace(' ', "").as_str()), (200, body), "{path}");
        assert_eq!(get(real.addresses()[0], &format!("/petstore{path}"), "").status, 200, "{path}");
        let received = backend.received();
        let line = received.last().map(|request| request.line().to_owned());
        assert_eq!(line, Some(format!("GET {forwarded} HTTP/1.1")), "{path}");
    }
    assert_eq!(get(mock.addresses()[0], "/%70etstore/pets/7", "").status, 200);
}

#[test]
fn head_and_options_and_other_methods() {
    let gateway = start(
        config(),
        &pets(model::Backend::Mock, "cors: {allow_origins: [\"https://shop.example\"], max_age_seconds: 60}\n"),
    );
    let address = gateway.addresses()[0];
    let mut client = Client::connect(address);
    client.send("HEAD /petstore/pets/7 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /petstore/pets/7 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let (head, body) = (client.answer_to(true).expect("a head"), client.answer().expect("an answer"));
    assert_eq!(head.header("content-length"), Some(body.body.len().to_string().as_str()));
    assert_eq!(head.header("content-type"), body.header("content-type"));

    let ask = |method: &str, headers: &str| {
        request(address, &format!("{method} /petstore/pets HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"))
    };
    let answer = ask("DELETE", "");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD, OPTIONS, POST")));
    let answer = ask("OPTIONS", "");
    assert_eq!((answer.status, answer.header("allow")), (204, Some("GET, HEAD, OPTIONS, POST")));
    assert_eq!(answer.header("access-control-allow-origin"), None);
    let preflight = "Origin: https://shop.example\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-a\r\n";
    let answer = ask("OPTIONS", preflight);
    for (name, value) in [
        ("access-control-allow-origin", "https://shop.example"),
        ("access-control-allow-methods", "GET, HEAD, OPTIONS, POST"),
        ("access-control-allow-headers", "x-a"),
        ("access-control-max-age", "60"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    let answer = ask("GET", "Origin: https://shop.example\r\n");
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://shop.example"));
    let answer = ask("DELETE", "Origin: https://shop.example\r\n");
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://shop.example"),
        "a page can read the problem"
    );
    assert_eq!(ask("GET", "Origin: https://evil.example\r\n").header("access-control-allow-origin"), None);
}

#[test]
fn requests_are_checked_where_the_settings_say() {
    let post = |body: &str, media_type: &str| {
        format!(
            "POST /petstore/pets HTTP/1.1\r\nHost: localhost\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let cases = [
        ("GET /petstore/pets?limit=5 HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), 200, ""),
        ("GET /petstore/pets?limit=x HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), 400, "query.limit"),
        (post(r#"{"name":"Rex"}"#, "application/json"), 201, ""),
        (post("", "application/json"), 400, "body"),
        (post("{", "application/json"), 400, ""),
        (post(r#"{"name":1}"#, "application/json"), 422, "body/name"),
        (post("<pet/>", "application/xml"), 415, ""),
    ];
    let gateway = start(config(), &pets(model::Backend::Mock, ""));
    let lax = start(config(), &pets(model::Backend::Mock, "validate_requests: false\n"));
    for (text, status, place) in &cases {
        let answer = request(gateway.addresses()[0], text);
        let body: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
        assert_eq!(answer.status, *status, "{text:?} {answer:?}");
        assert_eq!(body["violations"][0]["in"].as_str().unwrap_or_default(), *place, "{text:?} {answer:?}");
        assert!(request(lax.addresses()[0], text).status < 300, "{text:?} where nothing is checked");
    }
    let backend = super::backend::Backend::saying("real");
    let real = start(config(), &pets(super::snapshot::http(backend.address), ""));
    let strict = start(config(), &pets(super::snapshot::http(backend.address), "validate_requests: true\n"));
    for (text, status, _) in &cases {
        assert_eq!(request(real.addresses()[0], text).status, 200, "{text:?} where the backend is real");
        let expected = if *status < 300 { 200 } else { *status };
        assert_eq!(request(strict.addresses()[0], text).status, expected, "{text:?} where the settings ask for it");
    }
    let passed = backend.received().into_iter().filter(|request| request.body == br#"{"name":"Rex"}"#).count();
    assert_eq!(passed, 2, "a body that was checked is passed on whole");
}

/// A definition whose APIs declare responses to refused requests.
const REFUSING: &str = r#"
openapi: 3.1.0
info: {title: Refusing, version: '1'}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
  responses:
    Wrong: {description: wrong, content: {application/vnd.error+json: {example: {"code": "E_INPUT"}}}}
paths:
  /exact: {get: {parameters: [&n {name: n, in: query, schema: {type: integer}}], responses: {'200': &ok {description: d, content: {text/plain: {example: ok}}}, '400': &wrong {$ref: '#/components/responses/Wrong'}}}}
  /unprocessable: {get: {parameters: [*n], responses: {'200': *ok, '422': *wrong}}}
  /class: {get: {parameters: [*n], responses: {'200': *ok, 4XX: *wrong}}}
  /default: {get: {parameters: [*n], responses: {'200': *ok, default: *wrong}}}
  /bodiless: {get: {parameters: [*n], responses: {'200': *ok, '400': {description: bad}}}}
  /none: {get: {parameters: [*n], responses: {'200': *ok}}}
  /closed: {get: {security: [{key: []}], responses: {'200': *ok, '401': *wrong}}}
  /versions:
    post:
      requestBody:
        content:
          application/json;version=1: {schema: {type: object, required: [one]}}
          application/json;version=2: {schema: {type: object, required: [two]}}
      responses: {'200': {description: d, content: {text/plain;v=1: {example: one}, text/plain;v=2: {example: two}}}, default: *wrong}
"#;

#[test]
fn a_refused_request_has_the_response_that_the_definition_declares() {
    let refusing = |more: &str| {
        start(config(), &snapshot(vec![group("g", "0.0.1", REFUSING, &settings(more), model::Backend::Mock)]))
    };
    let (open, closed) = (refusing(""), refusing("mock: {check_security: true}\n"));
    for (path, status, is_declared) in [
        ("/exact?n=x", 400, true),
        ("/unprocessable?n=x", 422, true),
        ("/class?n=x", 400, true),
        ("/default?n=x", 400, true),
        ("/bodiless?n=x", 400, false),
        ("/none?n=x", 400, false),
    ] {
        let answer = get(open.addresses()[0], &format!("/petstore{path}"), "");
        assert_eq!(answer.status, status, "{path}");
        let body: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
        let media_type = answer.header("content-type").expect("a media type");
        if is_declared {
            assert_eq!((media_type, &body), ("application/vnd.error+json", &serde_json::json!({"code": "E_INPUT"})));
            let violations = answer.header("x-apigw-violations").expect("violations");
            let violations: serde_json::Value = serde_json::from_str(violations).expect("JSON");
            assert_eq!(violations[0]["in"], "query.n", "{path}");
        } else {
            assert_eq!((media_type, &body["violations"][0]["in"]), ("application/problem+json", &"query.n".into()));
        }
    }
    for (gateway, headers, expected) in [
        (&open, "", (200, "ok")),
        (&closed, "", (401, r#"{"code":"E_INPUT"}"#)),
        (&closed, "X-Key: 1\r\n", (200, "ok")),
    ] {
        let answer = get(gateway.addresses()[0], "/petstore/closed", headers);
        assert_eq!((answer.status, answer.body.as_str()), expected, "{headers}");
    }
}

#[test]
fn parameters_of_media_types_count_both_ways() {
    let gateway = start(config(), &snapshot(vec![group("g", "0.0.1", REFUSING, &settings(""), model::Backend::Mock)]));
    for (media_type, more, body, expected) in [
        ("application/json;version=1", "", r#"{"one":1}"#, (200, "one")),
        ("application/json; version=\"2\"", "", r#"{"two":1}"#, (200, "one")),
        ("application/json;version=2", "", r#"{"one":1}"#, (422, r#"{"code":"E_INPUT"}"#)),
        ("application/json;version=9", "", r#"{"one":1}"#, (415, r#"{"code":"E_INPUT"}"#)),
        ("application/json;version=1", "Content-Encoding: gzip\r\n", "\u{1f}", (415, r#"{"code":"E_INPUT"}"#)),
        ("application/json;version=1", "Content-Encoding: identity\r\n", r#"{"one":1}"#, (200, "one")),
        ("application/json;version=1", "Accept: text/plain;v=2\r\n", r#"{"one":1}"#, (200, "two")),
        ("application/json;version=1", "Accept: text/plain;v=1;q=0.1, text/plain\r\n", r#"{"one":1}"#, (200, "two")),
    ] {
        let text = format!(
            "POST /petstore/versions HTTP/1.1\r\nHost: localhost\r\nContent-Type: {media_type}\r\n{more}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = request(gateway.addresses()[0], &text);
        assert_eq!((answer.status, answer.body.as_str()), expected, "{media_type} {more}");
    }
    let unknown = "POST /petstore/versions HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain;v=3\r\n\r\n";
    assert_eq!(request(gateway.addresses()[0], unknown).status, 406);
}

#[test]
fn a_preference_that_cannot_be_applied_is_ignored() {
    const DEFINITION: &str = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  \
        /interim: {get: {responses: {'100': {description: d}, '101': {description: d}, '103': {description: d}, '200': {description: d, content: {text/plain: {example: ok}}}}}}\n  \
        /range: {get: {responses: {'1XX': {description: d}, '200': {description: d, content: {text/plain: {example: ok}}}}}}\n  \
        /any: {get: {responses: {default: {description: d, content: {text/plain: {example: ok}}}}}}\n  \
        /only: {get: {responses: {'101': {description: d}}}}\n  \
        /status: {get: {x-apigw-mock: {status: 999, body: ok}, responses: {}}}\n  \
        /reset: {get: {x-apigw-mock: {status: 205, body: no}, responses: {}}}\n  \
        /types: {get: {responses: {'200': {description: d, content: {text/plain: {example: ok}, application/json: {examples: {a: {value: 1}, b: {value: 2}, c: {value: 3}}}}}, '404': {description: d, content: {application/json: {example: 0}}}}}}\n";
    let gateway =
        start(config(), &snapshot(vec![group("g", "0.0.1", DEFINITION, &settings(""), model::Backend::Mock)]));
    for (path, headers, expected) in [
        // An interim response ends no request (RFC 9110, section 15.2), and a client has not asked for another
        // protocol.
        ("interim", "Prefer: code=100\r\n", "200 ok"),
        ("interim", "Prefer: code=101\r\n", "200 ok"),
        ("interim", "Prefer: code=103\r\n", "200 ok"),
        ("range", "Prefer: code=199\r\n", "200 ok"),
        ("range", "Prefer: code=1XX\r\n", "200 ok"),
        ("any", "Prefer: code=103\r\n", "200 ok"),
        ("any", "Prefer: code=600\r\n", "200 ok"),
        ("any", "Prefer: code=599\r\n", "599 ok code=599"),
        ("any", "Prefer: code=204\r\n", "204  code=204"),
        ("any", "Prefer: code=205\r\n", "205  code=205"),
        ("only", "", "200 "),
        ("only", "Prefer: code=101\r\n", "200 "),
        ("status", "", "200 ok"),
        ("reset", "", "205 "),
        ("types", "Accept: text/plain\r\nPrefer: example=b\r\n", "200 ok"),
        ("types", "Accept: text/plain\r\nPrefer: code=404\r\n", "200 ok"),
        ("types", "Prefer: example=b\r\n", "200 2 example=b"),
        ("types", "Accept: image/png\r\nPrefer: example=b\r\n", "406 NOT_ACCEPTABLE"),
    ] {
        let answer = get(gateway.addresses()[0], &format!("/petstore/{path}"), headers);
        let code = answer.code();
        let told = if code.is_empty() { &answer.body } else { &code };
        let applied = answer.header("preference-applied").map(|applied| format!(" {applied}")).unwrap_or_default();
        assert_eq!(format!("{} {told}{applied}", answer.status), expected, "{path} {headers}");
        let is_typed = answer.header("content-type").is_some();
        assert_eq!(is_typed, !matches!(answer.status, 204 | 205) && path != "only", "{path} {headers}");
    }
    let refused = get(gateway.addresses()[0], "/petstore/types", "Accept: image/png\r\n");
    assert!(refused.body.contains("Available: application/json, text/plain.\""), "{}", refused.body);
}
