//! Responses of real backends that are checked against the definition.

use std::io::Write as _;

use super::backend::Backend;
use super::client::get;
use super::snapshot::{config, group, http, settings, snapshot, start};

const DEFINITION: &str = r"
openapi: 3.1.0
info: {title: Checked, version: '1'}
paths:
  /a:
    get:
      operationId: a
      responses:
        '200': {description: d, content: {application/json: {schema: {type: object, required: [id], properties: {id: {type: integer}}}}}}
";

/// A backend that answers `/a?X` with what X stands for.
fn backend() -> Backend {
    Backend::start(|request, stream| {
        let case = request.line().split(['?', ' ']).nth(2).unwrap_or_default().to_owned();
        let json = |status: &str, more: &str, body: &str| {
            format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{more}Content-Length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        let large = format!("{{\"id\":1,\"x\":\"{}\"}}", "y".repeat(2 << 20));
        let text = match case.as_str() {
            "good" => json("200 OK", "", "{\"id\":1}"),
            "wrong" => json("200 OK", "", "{\"id\":\"x\"}"),
            "status" => json("500 Oh", "", "{}"),
            "coded" => json("200 OK", "Content-Encoding: gzip\r\n", "x"),
            "large" => json("200 OK", "", &large),
            "untyped" => "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{\"id\":1}".to_owned(),
            "untyped-large" => format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{large}", large.len()),
            "untyped-empty" => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
            "unmodified" => "HTTP/1.1 304 Not Modified\r\n\r\n".to_owned(),
            "failed" => json("412 Precondition Failed", "", "\"no\""),
            "part" => json("206 Partial Content", "Content-Range: bytes 0-3/9\r\n", "{\"id"),
            "chunked" => {
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"id\r\n4\r\n\":1}\r\n0\r\n\r\n"
                    .to_owned()
            }
            _ => format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{large}\r\n0\r\n\r\n",
                large.len()
            ),
        };
        stream.write_all(text.as_bytes()).is_ok()
    })
}

#[test]
fn responses_are_checked_where_the_settings_say() {
    let backend = backend();
    let cases = [
        ("good", 200, "valid"),
        ("wrong", 502, "invalid"),
        ("status", 502, "invalid"),
        ("coded", 200, "unchecked"),
        ("large", 200, "unchecked"),
        ("chunked", 200, "valid"),
        ("large-chunked", 200, "unchecked"),
        ("untyped", 502, "invalid"),
        ("untyped-large", 502, "invalid"),
        ("untyped-empty", 200, "valid"),
        ("unmodified", 502, "invalid"),
    ];
    let serving = |more: &str| {
        let mut config = config();
        config.admin = Some(([127, 0, 0, 1], 0).into());
        start(config, &snapshot(vec![group("g", "0.0.1", DEFINITION, &settings(more), http(backend.address))]))
    };
    let [off, log, fail] = ["", "validate_responses: log\n", "validate_responses: fail\n"].map(serving);
    for (case, status, _) in cases {
        let told = |gateway: &apigw::gateway::Gateway| get(gateway.addresses()[0], &format!("/petstore/a?{case}"), "");
        let (plain, logged, failing) = (told(&off), told(&log), told(&fail));
        assert_eq!((logged.status, &logged.body), (plain.status, &plain.body), "{case}");
        assert_eq!(failing.status, status, "{case}");
        if status == 502 {
            assert_eq!(failing.code(), "INVALID_RESPONSE", "{case}");
        } else {
            assert!(failing.body == plain.body, "{case}: it is passed on whole");
        }
    }
    for (gateway, is_checked) in [(&off, false), (&log, true), (&fail, true)] {
        let metrics = get(gateway.admin_address().expect("an address"), "/-/metrics", "").body;
        for check in ["valid", "invalid", "unchecked"] {
            let count = cases.iter().filter(|(_, _, expected)| *expected == check).count();
            let line = format!(
                "apigw_response_checks_total{{environment=\"test\",group=\"g\",version=\"0.0.1\",api=\"a\",result=\"{check}\"}} {count}"
            );
            assert_eq!(metrics.contains(&line), is_checked, "{line} in {metrics}");
        }
    }
}

#[test]
fn statuses_of_preconditions_and_ranges_need_no_declaration() {
    let backend = backend();
    let settings = settings("validate_responses: fail\n");
    let gateway = start(config(), &snapshot(vec![group("g", "0.0.1", DEFINITION, &settings, http(backend.address))]));
    for (case, headers, status) in [
        ("unmodified", "", 502),
        ("unmodified", "Range: bytes=0-3\r\n", 502),
        ("unmodified", "If-None-Match: \"1\"\r\n", 304),
        ("unmodified", "If-Modified-Since: Sat, 28 Nov 2026 00:00:00 GMT\r\n", 304),
        ("failed", "", 502),
        ("failed", "If-Match: \"1\"\r\n", 412),
        ("part", "", 502),
        ("part", "If-None-Match: \"1\"\r\n", 502),
        ("part", "Range: bytes=0-3\r\n", 206),
    ] {
        let answer = get(gateway.addresses()[0], &format!("/petstore/a?{case}"), headers);
        assert_eq!(answer.status, status, "{case} {headers}");
    }
}
