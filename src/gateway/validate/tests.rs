//! Requests that follow a definition, and requests that do not.

use std::sync::Arc;

use serde_json::Value;

use super::*;

mod forms;
mod imported;
mod matrix;
mod media_types;
mod sequences;

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
        - {name: note, in: query, content: {text/plain: {schema: {type: string, maxLength: 3}}}}
        - {name: count, in: query, content: {text/plain;charset=utf-8: {schema: {type: integer}}}}
        - {name: X-Flag, in: header, schema: {type: boolean}}
        - {name: session, in: cookie, schema: {type: string, minLength: 3}}
      requestBody:
        required: true
        content:
          application/json: {schema: {$ref: '#/components/schemas/Pet'}}
          application/x-www-form-urlencoded: {schema: {$ref: '#/components/schemas/Pet'}}
          multipart/form-data: {schema: {$ref: '#/components/schemas/Pet'}}
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
    assert!(check(&[]).starts_with("The request does not say which media type its body has; declared: "));
    let two = [("content-type", "application/json"), ("content-type", "text/csv")];
    assert!(check(&two).starts_with("The request has more than one Content-Type; declared: "));
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
    assert_eq!(check("1", "limit=5&note=a,b&count=7", &[]), none);
    assert_eq!(check("1", "limit=5&note=abcd&count=x", &[]), ["query.note", "query.count"]);
    assert_eq!(check("1", "limit=5&note=a&note=b", &[]), ["query.note"]);
    // A backend may read another one than is checked.
    assert_eq!(check("1", "limit=5&limit=x", &[]), ["query.limit"]);
    assert_eq!(check("1", "limit=5&ids=1,2&ids=x&spec={}&spec={}", &[]), ["query.ids", "query.spec"]);
    assert_eq!(check("1", "limit=5&filter[age]=3&filter[age]=x", &[]), ["query.filter/age"]);
    assert_eq!(check("1", "limit=5", &[("x-flag", "true"), ("x-flag", "x")]), ["header.X-Flag"]);
    // Browsers send one for each path that has it (RFC 6265, section 5.4).
    assert_eq!(check("1", "limit=5", &[("cookie", "session=abc; session=abd")]), none);
    assert_eq!(check("1", "limit=5", &[("cookie", "session=abc; session=a")]), ["cookie.session"]);
}

#[test]
fn bodies_follow_their_media_types() {
    let rules = rules();
    let check = |media_type: &'static str, body: &'static str| {
        let (code, places) = places(rules.check_body(&headers(&[("content-type", media_type)]), &Bytes::from(body)));
        format!("{code} {}", places.join(" ")).trim().to_owned()
    };
    for (media_type, body, expected) in [
        ("application/json", r#"{"name":"a","parent":{"name":"b"}}"#, ""),
        ("application/JSON; charset=utf-8", r#"{"name":"a"}"#, ""),
        ("application/json", "", "INVALID_REQUEST body"),
        ("application/x-www-form-urlencoded", "", "INVALID_BODY body"),
        ("text/plain", "", "INVALID_REQUEST body"),
        ("application/json", "{", "INVALID_REQUEST"),
        ("application/json", "[]", "INVALID_BODY body"),
        ("application/json", r#"{"name":"a","parent":{"name":1},"age":"x"}"#, "INVALID_BODY body/age body/parent/name"),
        ("application/x-www-form-urlencoded", "name=a+b&age=3", ""),
        ("application/x-www-form-urlencoded", "age=x", "INVALID_BODY body/age body"),
        ("text/csv", "any,thing at all", ""),
        ("text/plain", "anything", ""),
        ("text/plain; charset=utf-8", "größer", ""),
        ("text/plain", "any, and too long", "INVALID_BODY body"),
        ("text/plain; charset=latin1", "any, and too long", "INVALID_BODY body"),
        ("application/x-www-form-urlencoded", "name=a&age=3&age=x", "INVALID_BODY body/age"),
        (
            "multipart/form-data; boundary=B",
            "--B\r\ncontent-disposition: form-data; name=name\r\n\r\na\r\n--B\r\nContent-Disposition: form-data; name=parent\r\n\r\n{\"name\":\"b\"}\r\n--B--",
            "",
        ),
        (
            "multipart/form-data; boundary=B",
            "--B\r\ncontent-disposition: form-data; name=age\r\n\r\nx\r\n--B--",
            "INVALID_BODY body/age body",
        ),
        (
            "Multipart/Form-Data; boundary=B",
            "--B\r\ncontent-disposition: form-data; name=age\r\n\r\nx\r\n--B--",
            "INVALID_BODY body/age body",
        ),
        ("Application/X-WWW-Form-URLencoded", "age=x", "INVALID_BODY body/age body"),
        ("Text/Plain", "any, and too long", "INVALID_BODY body"),
        ("multipart/form-data; boundary=B", "name=a", "INVALID_REQUEST"),
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
    // A body that does not say its media type is bytes, where those are declared (RFC 9110, section 8.3).
    assert_eq!(places(rules.check_body(&headers(&[]), &Bytes::from("any"))).0, "");
    let only_text = rules_of("[]", "{content: {text/*: {}}}");
    assert_eq!(places(only_text.check_body(&headers(&[]), &Bytes::from("a"))).0, "UNSUPPORTED_MEDIA_TYPE");
    let two = only_text.check_body(&headers(&[("content-type", "text/csv, text/plain")]), &Bytes::from("a"));
    assert_eq!(places(two).0, "UNSUPPORTED_MEDIA_TYPE");
}

#[test]
fn a_parameter_that_nothing_satisfies_is_refused_by_its_schema() {
    let both = "{allOf: [{type: boolean}, {type: string, maxLength: 1}]}";
    for (schema, style) in [
        (both, ""),
        (both, "style: deepObject, "),
        ("false", ""),
        ("false", "explode: false, "),
        ("{type: integer, allOf: [{type: string}]}", ""),
        ("{allOf: [{type: object}, {type: array}]}", ""),
    ] {
        for required in [false, true] {
            let rules = rules_of(
                &format!("[{{name: q, in: query, {style}required: {required}, schema: {schema}}}]"),
                "{content: {}}",
            );
            let check = |query: &str| {
                let checked = rules.check_parameters(&[], Some(query), &headers(&[]));
                let violations = checked.err().map(|problem| problem.violations).unwrap_or_default();
                violations.first().map(|first| (first.place.clone(), first.message == MISSING))
            };
            let name = if style.starts_with("style") { "q[a]" } else { "q" };
            for query in [format!("{name}=1"), format!("{name}=true"), format!("{name}=a&{name}=b")] {
                assert_eq!(check(&query), Some(("query.q".to_owned(), false)), "{schema} {style}{query}");
            }
            assert_eq!(check("x=1"), required.then(|| ("query.q".to_owned(), true)), "{schema} {style}");
        }
    }
}

#[test]
fn a_part_may_have_the_name_of_its_object() {
    let object = "{type: object, required: [age], properties: {q: {type: integer}, age: {type: integer}}}";
    for schema in
        [object.to_owned(), format!("{{anyOf: [{object}, {{type: 'null'}}]}}"), format!("{{allOf: [{object}]}}")]
    {
        let rules = rules_of(&format!("[{{name: q, in: query, schema: {schema}}}]"), "{content: {}}");
        let check = |query: &str| places(rules.check_parameters(&[], Some(query), &headers(&[]))).1;
        assert_eq!(check("q=1&age=3"), [""; 0], "{schema}");
        assert_eq!(check("q=x&age=3"), ["query.q/q"], "{schema}");
        assert_eq!(check("q=1"), ["query.q"], "{schema}");
    }
    // A text that is no part and not `null` is another parameter, whether the object may be `null` or not.
    let plain = "{type: object, properties: {age: {type: integer}}}";
    for schema in [plain.to_owned(), format!("{{anyOf: [{plain}, {{type: 'null'}}]}}")] {
        let rules = rules_of(&format!("[{{name: q, in: query, schema: {schema}}}]"), "{content: {}}");
        let check = |query: &str| places(rules.check_parameters(&[], Some(query), &headers(&[]))).1;
        assert_eq!(check("q=x"), [""; 0], "{schema}");
        assert_eq!(check("q=x&age=y"), ["query.q/age"], "{schema}");
    }
    let rules = rules_of("[{name: q, in: query, schema: {type: 'null'}}]", "{content: {}}");
    let check = |query: &str| places(rules.check_parameters(&[], Some(query), &headers(&[]))).1;
    assert_eq!((check("q=null"), check("q=x")), (vec![], vec!["query.q".to_owned()]));
}

#[test]
fn texts_in_another_encoding_than_utf_8_are_refused() {
    for (schema, query, is_right) in [
        ("{type: string}", "q=%C3%A9", true),
        ("{type: string}", "q=%E9", false),
        ("{type: [string, 'null']}", "q=%FF", false),
        ("{type: array, items: {type: string}}", "q=a&q=%FF", false),
        ("{type: object, properties: {a: {type: string}}}", "a=%FF", false),
        ("{type: string, format: binary}", "q=%FF", true),
        ("{contentMediaType: image/png}", "q=%FF", true),
        ("{type: string, contentMediaType: text/plain, contentEncoding: base64}", "q=%FF", false),
        ("{}", "q=%FF", true),
    ] {
        let rules = rules_of(&format!("[{{name: q, in: query, schema: {schema}}}]"), "{content: {}}");
        let found = places(rules.check_parameters(&[], Some(query), &headers(&[]))).1;
        assert_eq!(found.is_empty(), is_right, "{schema} {query}: {found:?}");
        let media_type = "application/x-www-form-urlencoded";
        let rules =
            rules_of("[]", &format!("{{content: {{{media_type}: {{schema: {{properties: {{q: {schema}}}}}}}}}}}"));
        let form = if query.starts_with('q') { query.to_owned() } else { "q=%FF".to_owned() };
        let found = places(rules.check_body(&headers(&[("content-type", media_type)]), &Bytes::from(form))).1;
        assert_eq!(found, if is_right { vec![] } else { vec!["body/q"] }, "{schema} {query}");
    }
}
