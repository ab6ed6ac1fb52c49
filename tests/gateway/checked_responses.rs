//! Responses of real backends that are checked against the definition.

use std::io::Write as _;
use std::sync::{Arc, Mutex, mpsc};

use apigw::gateway::Config;

use super::access_logs::Records;
use super::backend::Backend;
use super::client::{Client, PATIENCE, get};
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
        // The backend was not asked for a part.
        ("part", "Range: bytes=0-3\r\n", 502),
    ] {
        let answer = get(gateway.addresses()[0], &format!("/petstore/a?{case}"), headers);
        assert_eq!(answer.status, status, "{case} {headers}");
    }
}

const RANGES: &str = r"
openapi: 3.1.0
info: {title: Checked, version: '1'}
paths:
  /a:
    get:
      operationId: a
      responses: {'200': &whole {description: d, content: {application/json: {schema: {type: object}}}}}
  /declared:
    get:
      operationId: declared
      responses: {'200': *whole, '206': *whole}
  /file:
    get:
      operationId: file
      responses: {'200': {description: d, content: {image/png: {schema: {type: string, format: binary}}}}, default: *whole}
  /files:
    get:
      operationId: files
      responses: {'200': {description: d, content: {image/*: {schema: {type: string, format: binary}}}}, default: *whole}
";

#[test]
fn no_caller_gets_a_part_of_a_body_that_is_checked_as_a_whole() {
    let backend = Backend::start(|request, stream| {
        let (status, body) = if request.header("range").is_empty() {
            ("200 OK\r\nContent-Type: application/json", "[1,2]")
        } else {
            ("206 Partial Content\r\nContent-Type: application/json\r\nContent-Range: bytes 0-1/5", "[1")
        };
        let length = body.len();
        stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}").as_bytes()).is_ok()
    });
    for (setting, path, range, status, check) in [
        ("fail", "/a", &[][..], 502, "invalid"),
        ("fail", "/declared", &[], 502, "invalid"),
        // Nothing compares this body with a schema.
        ("fail", "/file", &["bytes=0-1"], 206, "valid"),
        ("fail", "/files", &["bytes=0-1"], 206, "valid"),
        ("log", "/file", &["bytes=0-1"], 206, "valid"),
        ("log", "/a", &["bytes=0-1"], 206, "unchecked"),
        ("log", "/declared", &["bytes=0-1"], 206, "unchecked"),
    ] {
        backend.forget();
        let mut config = config();
        config.admin = Some(([127, 0, 0, 1], 0).into());
        let settings = settings(&format!("validate_responses: {setting}\n"));
        let gateway = start(config, &snapshot(vec![group("g", "0.0.1", RANGES, &settings, http(backend.address))]));
        let headers = "Range: bytes=0-1\r\nIf-Range: \"1\"\r\n";
        let answer = get(gateway.addresses()[0], &format!("/petstore{path}"), headers);
        assert_eq!(answer.status, status, "{setting} {path}: {}", answer.body);
        let received = &backend.received()[0];
        assert_eq!(received.header("range"), range, "{setting} {path}");
        assert_eq!(received.header("if-range").is_empty(), range.is_empty(), "{setting} {path}");
        let metrics = get(gateway.admin_address().expect("an address"), "/-/metrics", "").body;
        assert!(metrics.contains(&format!("result=\"{check}\"}} 1\n")), "{setting} {path}: {metrics}");
    }
}

const MEDIA_TYPES: &str = r"
openapi: 3.2.0
info: {title: Checked, version: '1'}
paths:
  /a:
    get:
      operationId: a
      responses:
        '200':
          description: d
          headers: {X-Json: {content: {application/json: {schema: {type: integer}}}}}
          content:
            text/plain: {schema: {type: string, maxLength: 5}}
            application/json: {schema: {type: object, required: [id], properties: {id: {type: integer}, deep: {}, list: {type: array, items: {type: object, additionalProperties: {type: integer}}}}}}
            application/x-www-form-urlencoded: {schema: {type: object, required: [id], properties: {id: {type: integer}}, additionalProperties: {type: string}}}
            application/x-ndjson: {itemSchema: {type: integer}}
            multipart/form-data:
              schema: {type: object, properties: {file: {type: object}}, additionalProperties: {type: string, maxLength: 5}}
              encoding: {file: {contentType: image/png, headers: {X-Sum: {schema: {type: integer}}}}}
            application/xml: {schema: {type: object}}
            image/png: {}
  /b:
    get:
      operationId: b
      responses: {'200': {description: d, content: {text/plain: {schema: {type: integer}}}}}
";

/// A backend that answers `/a?N` with the Nth of these bodies.
fn backend_of(cases: &'static [(&'static str, &'static str, &'static str)]) -> Backend {
    Backend::start(move |request, stream| {
        let case = request.line().split(['?', ' ']).nth(2).unwrap_or_default().parse().unwrap_or(0);
        let (media_type, headers, body): (&str, &str, &str) = cases.get(case).copied().unwrap_or_default();
        let body = if body == "DEEP" {
            format!("{{\"id\":1,\"deep\":{}1{}}}", "[".repeat(200), "]".repeat(200))
        } else {
            body.to_owned()
        };
        let (length, body) = if headers.contains("chunked") {
            (String::new(), format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()))
        } else {
            (format!("Content-Length: {}\r\n", body.len()), body)
        };
        let text = format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\n{headers}{length}\r\n{body}");
        stream.write_all(text.as_bytes()).is_ok()
    })
}

#[test]
fn bodies_are_read_as_those_of_requests_are_and_all_others_count_as_unchecked() {
    const JSON: &str = "application/json";
    const FORM: &str = "application/x-www-form-urlencoded";
    const LINES: &str = "application/x-ndjson";
    const CASES: &[(&str, &str, &str)] = &[
        ("text/plain", "", "abcde"),
        ("text/plain", "", "abcdef"),
        (FORM, "", "id=7"),
        (FORM, "", "name=x"),
        (FORM, "", "id=x"),
        (LINES, "", "1\n2\n"),
        (LINES, "", "1\n\"x\"\n"),
        (LINES, "", "1\n{"),
        // A sequence without a known length may never end, and is passed on item by item.
        (LINES, "Transfer-Encoding: chunked\r\n", "1\n\"x\"\n"),
        ("application/xml", "", "<a/>"),
        ("image/png", "", "x"),
        (JSON, "", "DEEP"),
        (JSON, "X-Json: 1\r\n", "{\"id\":1}"),
        (JSON, "X-Json: \"x\"\r\n", "{\"id\":1}"),
        (JSON, "X-Json: {\r\n", "{\"id\":1}"),
        (JSON, "Content-Encoding: gzip\r\n", "x"),
    ];
    let expected = [
        "valid",
        "invalid",
        "valid",
        "invalid",
        "invalid",
        "valid",
        "invalid",
        "invalid",
        "unchecked",
        "unchecked",
        "valid",
        "unchecked",
        "valid",
        "invalid",
        "invalid",
        "unchecked",
    ];
    let backend = backend_of(CASES);
    let settings = settings("validate_responses: fail\n");
    let mut config = config();
    config.admin = Some(([127, 0, 0, 1], 0).into());
    let group = group("g", "0.0.1", MEDIA_TYPES, &settings, http(backend.address));
    let gateway = start(config, &snapshot(vec![group]));
    let count = |check: &str| {
        let metrics = get(gateway.admin_address().expect("an address"), "/-/metrics", "").body;
        let label = format!("api=\"a\",result=\"{check}\"}} ");
        // There is none before the first.
        metrics.lines().find_map(|line| line.split_once(&label).map(|(_, count)| count.to_owned())).unwrap_or_default()
    };
    for (case, (text, expected)) in CASES.iter().zip(expected).enumerate() {
        let before = count(expected);
        let answer = get(gateway.addresses()[0], &format!("/petstore/a?{case}"), "Accept-Encoding: gzip\r\n");
        assert_eq!(answer.status, if expected == "invalid" { 502 } else { 200 }, "{text:?}: {}", answer.body);
        assert_ne!(count(expected), before, "{text:?}: {expected}");
    }
    assert_eq!(get(gateway.addresses()[0], "/petstore/b?0", "").status, 502, "a text that is no number");
    // What is compressed cannot be checked, and its caller must not be able to ask for that.
    assert_eq!(backend.received()[0].header("accept-encoding"), ["identity"]);
}

#[test]
fn a_text_without_a_known_length_is_passed_on_as_it_comes() {
    let (end, may_end) = mpsc::channel();
    let may_end = Mutex::new(may_end);
    let backend = Backend::start(move |request, stream| {
        let typed = if request.line().contains("untyped") { "" } else { "Content-Type: text/plain\r\n" };
        let head = format!("HTTP/1.1 200 OK\r\n{typed}Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
        stream.write_all(head.as_bytes()).ok();
        may_end.lock().expect("a channel").recv_timeout(PATIENCE).ok();
        stream.write_all(b"3\r\ntwo\r\n0\r\n\r\n").is_ok()
    });
    for (setting, path, comes) in
        [("log", "/a", true), ("fail", "/a", true), ("log", "/a?untyped", true), ("fail", "/a?untyped", false)]
    {
        let settings = settings(&format!("validate_responses: {setting}\n"));
        let group = group("g", "0.0.1", MEDIA_TYPES, &settings, http(backend.address));
        let gateway = start(config(), &snapshot(vec![group]));
        let mut client = Client::connect(gateway.addresses()[0]);
        client.send(format!("GET /petstore{path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        client.read_until(if comes { "one" } else { "INVALID_RESPONSE" });
        end.send(()).expect("a backend");
        if comes {
            client.read_until("two");
        }
    }
}

#[test]
fn a_response_that_breaks_off_is_passed_on_as_far_as_it_came_unless_faults_are_refused() {
    let backend = Backend::start(|_, stream| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"id\":1,";
        stream.write_all(head.as_bytes()).ok();
        false
    });
    for (setting, expected) in [("off", "{\"id\":1,"), ("log", "{\"id\":1,"), ("fail", "502 Bad Gateway")] {
        let settings = settings(&format!("validate_responses: {setting}\n"));
        let group = group("g", "0.0.1", MEDIA_TYPES, &settings, http(backend.address));
        let gateway = start(config(), &snapshot(vec![group]));
        let mut client = Client::connect(gateway.addresses()[0]);
        client.send("GET /petstore/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
        client.read_until(expected);
    }
}

#[test]
fn the_log_names_what_is_wrong_and_repeats_no_value() {
    const FORM: &str = "multipart/form-data; boundary=b";
    const CASES: &[(&str, &str, &str)] = &[
        ("application/json", "", "{\"id\":\"hush\"}"),
        ("application/json", "", "{\"id\":1,\"list\":[{\"hush\":\"hush\"}]}"),
        ("application/json", "X-Json: \"hush\"\r\n", "{\"id\":1}"),
        ("application/json", "", "{}"),
        ("text/html", "", "hush"),
        ("application/json", "", "{\"id\":1,\"list\":[{\"deep\":\"hush\"}]}"),
        (FORM, "", "--b\r\nContent-Disposition: form-data; name=hush\r\n\r\nhushhush\r\n--b--\r\n"),
        (
            FORM,
            "",
            "--b\r\nContent-Disposition: form-data; name=file\r\nContent-Type: text/hush\r\nX-Sum: hush\r\n\r\n{}\r\n--b--\r\n",
        ),
        ("application/x-www-form-urlencoded", "", "id=1&hush=%ff"),
    ];
    let expected = [
        "body/id: value is not of type \"integer\"",
        "body/list/0/*: value is not of type \"integer\"",
        "header.x-json: value is not of type \"integer\"",
        "body: \"id\" is a required property",
        "header.content-type: is not declared; declared: text/plain, application/json, \
         application/x-www-form-urlencoded, application/x-ndjson, multipart/form-data, application/xml, image/png",
        "body/list/0/*: value is not of type \"integer\"",
        "body/*: value is longer than 5 characters",
        "body/file: has a media type that is not declared; declared: image/png; \
         body/file: its header X-Sum: value is not of type \"integer\"",
        "body/*: is not UTF-8",
    ];
    let backend = backend_of(CASES);
    for setting in ["log", "fail"] {
        let records = Arc::new(Records::default());
        let settings = settings(&format!("validate_responses: {setting}\n"));
        let config = Config { access_log: Some(Arc::<Records>::clone(&records)), ..config() };
        let group = group("g", "0.0.1", MEDIA_TYPES, &settings, http(backend.address));
        let gateway = start(config, &snapshot(vec![group]));
        for (case, expected) in expected.iter().enumerate() {
            get(gateway.addresses()[0], &format!("/petstore/a?{case}"), "");
            let error = records.wait_for(case + 1)["error"].clone();
            let whole = format!("The backend's response does not follow the definition. ({expected})");
            assert_eq!(error, whole, "{setting}");
        }
    }
}
