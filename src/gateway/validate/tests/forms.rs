//! Fields of forms, each as its encoding says (OpenAPI 3.1.1, Encoding Object).

use super::*;

const URLENCODED: &str = "application/x-www-form-urlencoded";

/// Makes the rules of a body of one media type, whose fields have these schemas and encodings.
fn form(media_type: &str, properties: &str, encoding: &str) -> RequestRules {
    let schema = format!("{{type: object, properties: {{{properties}}}, additionalProperties: false}}");
    rules_of("[]", &format!("{{content: {{{media_type}: {{schema: {schema}, encoding: {{{encoding}}}}}}}}}"))
}

#[test]
fn fields_are_written_as_their_encodings_say() {
    const POINT: &str =
        "p: {type: object, properties: {x: {type: integer}, y: {type: integer}}, additionalProperties: false}";
    const IDS: &str = "p: {type: array, items: {type: integer}}";
    const OBJECTS: &str = "p: {type: array, items: {type: object, properties: {x: {type: integer}}}}";
    for (properties, encoding, right, wrong) in [
        (
            POINT,
            "p: {style: deepObject}",
            &["p[x]=1&p%5By%5D=2"][..],
            &["p[x]=a", "p[z]=1", "q[x]=1", "p=1", "x=1"][..],
        ),
        (POINT, "p: {style: deepObject, explode: true}", &["p[x]=1"], &["p[x]=a", "p={\"x\":1}"]),
        (POINT, "p: {explode: false}", &["p=x,1,y,2", "p=x%2C1"], &["p=x,1,y,a", "p=x", "p=x,1&p=y,2"]),
        (POINT, "p: {style: form}", &["x=1&y=2", ""], &["x=1&y=a", "z=1"]),
        (POINT, "p: {explode: true}", &["x=1&y=2"], &["x=a"]),
        (POINT, "p: {allowReserved: true}", &["x=1&y=2"], &["x=a"]),
        (POINT, "", &["p={\"x\":1}", "p=%7B%22x%22%3A1%7D"], &["p={\"x\":\"a\"}", "p={", "p=1", "x=1", "p[x]=1"]),
        (POINT, "p: {contentType: application/json}", &["p={\"x\":1}"], &["p={\"x\":\"a\"}", "p={", "p=1"]),
        (POINT, "p: {contentType: application/json, style: deepObject}", &["p[x]=1"], &["p={\"x\":1}"]),
        (IDS, "", &["p=1", "p=1&p=2"], &["p=1,2", "p=1&p=a", "p=[1,2]"]),
        (IDS, "p: {explode: false}", &["p=1,2", "p=1%2C2", "p=1"], &["p=1,a", "p=1&p=2"]),
        (IDS, "p: {style: pipeDelimited}", &["p=1|2", "p=1%7C2"], &["p=1|a", "p=1,2"]),
        (IDS, "p: {style: spaceDelimited}", &["p=1+2", "p=1%202"], &["p=1+a"]),
        (IDS, "p: {style: spaceDelimited, explode: true}", &["p=1&p=2"], &["p=1&p=a"]),
        (IDS, "p: {contentType: application/json}", &["p=[1,2]", "p=1&p=2"], &["p=[1,\"a\"]", "p=a"]),
        (
            POINT,
            "p: {contentType: application/xml}",
            &["p=<o><x>1</x></o>", "p={\"x\":1}"],
            &["p={\"x\":\"a\"}", "z=1"],
        ),
        (POINT, "p: {contentType: 'application/json, application/yaml'}", &["p=x: 1"], &["p={\"x\":\"a\"}"]),
        (OBJECTS, "", &["p={\"x\":1}&p={\"x\":2}", "p={\"x\":1}"], &["p={\"x\":1}&p={\"x\":\"a\"}", "p=a"]),
        ("p: {type: string}", "p: {contentType: application/json}", &["p=\"a\""], &["p=a", "p=1"]),
        ("p: {type: integer}, x: {type: string}", "p: {explode: true}", &["p=1&x=1"], &["p=a"]),
        ("p: {type: integer}", "other: {style: deepObject}, p: {contentType: text/plain}", &["p=1"], &["p=a"]),
    ] {
        let rules = form(URLENCODED, properties, encoding);
        let check =
            |body: &str| rules.check_body(&headers(&[("content-type", URLENCODED)]), &Bytes::from(format!("{body}&")));
        for body in right {
            assert!(check(body).is_ok(), "{encoding:?} {body}");
        }
        for body in wrong {
            assert!(check(body).is_err(), "{encoding:?} {body}");
        }
    }
}

#[test]
fn parts_have_the_media_types_and_headers_of_their_encodings() {
    const ICON: &str = "icon: {}";
    const META: &str = "meta: {type: object, properties: {a: {type: integer}}}";
    const HEADERS: &str = "icon: {headers: {X-Width: {required: true, schema: {type: integer}}, X-Tags: {schema: {type: \
                           array, items: {type: integer}}}, Content-Type: {required: true, schema: {const: x}}}}";
    const XML: &str = "meta: {contentType: 'application/json, application/xml'}";
    let message = "its header X-Width: \"a\" is not of type \"integer\"";
    let undeclared = "has the media type \"text/plain\"; declared: application/json, application/xml";
    for (properties, encoding, head, content, expected) in [
        (ICON, "icon: {contentType: 'image/png, image/jpeg'}", "Content-Type: image/JPEG; q=1", "x", ""),
        (
            ICON,
            "icon: {contentType: 'image/png, image/jpeg'}",
            "Content-Type: text/html",
            "x",
            "has the media type \"text/html\"; declared: image/png, image/jpeg",
        ),
        (ICON, "icon: {contentType: 'image/*'}", "Content-Type: image/webp", "x", ""),
        (
            ICON,
            "icon: {contentType: 'image/*'}",
            "Content-Type: imagery/webp",
            "x",
            "has the media type \"imagery/webp\"; declared: image/*",
        ),
        (ICON, "icon: {contentType: '*/*'}", "Content-Type: a/b", "x", ""),
        (ICON, "icon: {contentType: 'image/png'}", "", "x", ""),
        (META, "", "Content-Type: application/json", "{\"a\":1}", ""),
        (META, "", "", "{\"a\":1}", ""),
        (META, "", "Content-Type: text/plain", "{\"a\":\"x\"}", "\"x\" is not of type \"integer\""),
        (
            META,
            "meta: {contentType: application/json}",
            "",
            "{",
            "is not JSON: EOF while parsing an object at line 1 column 1",
        ),
        (META, XML, "Content-Type: application/xml", "<o><a>1</a></o>", ""),
        (META, XML, "Content-Type: application/json", "{\"a\":1}", ""),
        (META, XML, "Content-Type: application/json", "{\"a\":\"x\"}", "\"x\" is not of type \"integer\""),
        (META, XML, "Content-Type: text/plain", "x", undeclared),
        (META, "meta: {contentType: application/yaml}", "Content-Type: application/yaml", "a: 1", ""),
        (META, "", "Content-Type: application/xml", "<o/>", "\"<o/>\" is not of type \"object\""),
        (
            "meta: {type: string, maxLength: 3}",
            XML,
            "Content-Type: application/xml",
            "<o/>",
            "\"<o/>\" is longer than 3 characters",
        ),
        (META, "meta: {style: form, explode: false}", "", "a,1", ""),
        (META, "meta: {style: form, explode: false}", "", "a,x", "\"x\" is not of type \"integer\""),
        ("ids: {type: array, items: {type: integer}}", "ids: {style: form, explode: false}", "", "1,2", ""),
        (ICON, HEADERS, "X-Width: 3\r\nx-tags: 1,2", "x", ""),
        (ICON, HEADERS, "X-Width: 3\r\nx-tags: 1\r\nx-tags: 2", "x", ""),
        (ICON, HEADERS, "X-Tags: 1", "x", "its header X-Width is missing"),
        (ICON, HEADERS, "X-Width: a", "x", message),
        (ICON, HEADERS, "X-Width: 1\r\nX-Width: 2", "x", "its header X-Width is given more than once"),
    ] {
        let rules = form("multipart/form-data", properties, encoding);
        let name = properties.split(':').next().unwrap_or_default();
        let head = if head.is_empty() { String::new() } else { format!("{head}\r\n") };
        let body = format!("--B\r\nContent-Disposition: form-data; name={name}\r\n{head}\r\n{content}\r\n--B--");
        let checked =
            rules.check_body(&headers(&[("content-type", "multipart/form-data; boundary=B")]), &Bytes::from(body));
        let violations = checked.err().map(|problem| problem.violations).unwrap_or_default();
        let found: Vec<&str> = violations.iter().map(|violation| violation.message.as_str()).collect();
        let expected: Vec<&str> = Some(expected).filter(|text| !text.is_empty()).into_iter().collect();
        assert_eq!(found, expected, "{encoding} {head}");
    }
}

/// OpenAPI 3.0.4, section 4.7.15.1: a style is ignored but in a form.
#[test]
fn parts_have_no_style_in_openapi_3_0() {
    for (version, is_right) in [("3.0.3", true), ("3.1.0", false)] {
        let text = format!(
            "openapi: {version}\ninfo: {{title: t, version: '1'}}\npaths:\n  /a:\n    put:\n      requestBody: {{content: \
             {{multipart/form-data: {{schema: {{type: object, properties: {{m: {{type: object, properties: {{a: {{type: \
             integer}}}}}}}}}}, encoding: {{m: {{style: form, explode: false}}}}}}}}}}\n      responses: {{'200': \
             {{description: ok}}}}\n"
        );
        let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
        let definition = crate::definition::read("g", &mut fetch).definition.expect("a definition");
        let rules = RequestRules::build(&definition, &definition.apis[0]).expect("rules");
        let body =
            "--B\r\nContent-Disposition: form-data; name=m\r\nContent-Type: application/json\r\n\r\n{\"a\":1}\r\n--B--";
        let head = headers(&[("content-type", "multipart/form-data; boundary=B")]);
        assert_eq!(rules.check_body(&head, &Bytes::from(body)).is_ok(), is_right, "{version}");
    }
}

#[test]
fn a_parameter_may_be_empty_where_its_definition_says_so() {
    let parameter = |name: &str, more: &str| format!("{{name: {name}, in: query, schema: {{type: integer}}{more}}}");
    let list =
        [parameter("a", ", allowEmptyValue: true"), parameter("b", ""), parameter("c", ", allowEmptyValue: false")];
    let rules = rules_of(&format!("[{}]", list.join(", ")), "{content: {}}");
    let check = |query: &str| places(rules.check_parameters(&[], Some(query), &headers(&[]))).1;
    assert_eq!(check("a&b=1&c=1"), [""; 0]);
    assert_eq!(check("a=&b=&c="), ["query.b", "query.c"]);
    assert_eq!(check("a=x"), ["query.a"]);
}

#[test]
fn an_object_in_the_query_takes_no_name_of_another() {
    let text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\ncomponents: {securitySchemes: {k: {type: apiKey, in: query, \
                name: key}}}\npaths:\n  /a/{id}:\n    get:\n      parameters:\n        - {name: id, in: path, required: true, \
                schema: {type: integer}}\n        - {name: q, in: query, schema: {type: string}}\n        - {name: filter, in: \
                query, schema: {type: object, properties: {id: {type: boolean}}, additionalProperties: {type: integer}}}\n      \
                responses: {'200': {description: ok}}\n";
    let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
    let definition = crate::definition::read("g", &mut fetch).definition.expect("a definition");
    let rules = RequestRules::build(&definition, &definition.apis[0]).expect("rules");
    let check = |query: &str| places(rules.check_parameters(&[("id", "1")], Some(query), &headers(&[]))).1;
    assert_eq!(check("q=x&key=x&id=true&any=1"), [""; 0]);
    assert_eq!(check("q=x&id=1&any=x"), ["query.filter/any", "query.filter/id"]);
}

#[test]
fn a_name_that_no_schema_describes_tells_an_open_alternative_from_a_closed_one() {
    let object = |more: &str| format!("{{type: object, properties: {{a: {{type: integer}}}}{more}}}");
    let either = format!("{{oneOf: [{}, {}]}}", object(""), object(", additionalProperties: false"));
    let closed = object(", additionalProperties: false");
    for (schema, query, is_right) in [
        (&either, "c=1e3&a=5", true),
        (&either, "a=5", false),
        (&either, "c=1e3&a=x", false),
        (&either, "q=x&a=5", false),
        (&closed, "c=1e3&a=5", true),
    ] {
        let parameters = format!(
            "[{{name: o, in: query, required: true, schema: {schema}}}, {{name: q, in: query, schema: {{type: string}}}}]"
        );
        let rules = rules_of(&parameters, "{content: {}}");
        let checked = places(rules.check_parameters(&[], Some(query), &headers(&[]))).1;
        assert_eq!(checked.is_empty(), is_right, "{schema} {query}: {checked:?}");
    }
}

#[test]
fn cookies_of_any_bytes_are_checked() {
    let rules = rules_of("[{name: n, in: cookie, schema: {type: integer}}]", "{content: {}}");
    for (cookie, expected) in
        [(&b"a=\xff; n=1"[..], &[][..]), (b"a=\xff; n=x", &["cookie.n"]), (b"n=\xff", &["cookie.n"])]
    {
        let value = http::HeaderValue::from_bytes(cookie).expect("a value");
        let sent = HeaderMap::from_iter([(http::header::COOKIE, value)]);
        assert_eq!(places(rules.check_parameters(&[], None, &sent)).1, expected, "{cookie:?}");
    }
}

#[test]
fn an_empty_form_is_a_body_where_no_field_is_needed() {
    let form = |media_type: &str, more: &str| {
        format!(
            "{{required: true, content: {{{media_type}: {{schema: {{type: object, properties: {{a: {{type: integer}}}}{more}}}}}}}}}"
        )
    };
    let urlencoded = "application/x-www-form-urlencoded";
    for (declared, more, sent, expected) in [
        (urlencoded, "", Some(urlencoded), ""),
        (urlencoded, "", Some("Application/X-WWW-Form-URLencoded; charset=utf-8"), ""),
        (urlencoded, ", required: [a]", Some(urlencoded), "INVALID_BODY"),
        (urlencoded, "", None, "INVALID_REQUEST"),
        ("application/json", "", Some("application/json"), "INVALID_REQUEST"),
        ("application/json", "", Some(urlencoded), "UNSUPPORTED_MEDIA_TYPE"),
    ] {
        let rules = rules_of("[]", &form(declared, more));
        let sent: Vec<(&str, &str)> = sent.map(|sent| ("content-type", sent)).into_iter().collect();
        assert_eq!(places(rules.check_body(&headers(&sent), &Bytes::new())).0, expected, "{declared}{more} {sent:?}");
    }
}

#[test]
fn cookies_hold_a_value_with_parts_as_cookies_or_as_rfc_6570_expands_it() {
    let rules = |schema: &str| {
        rules_of(&format!("[{{name: c, in: cookie, style: form, explode: true, schema: {schema}}}]"), "{content: {}}")
    };
    let list = rules("{type: array, items: {type: integer}, minItems: 2}");
    let object = rules("{type: object, properties: {r: {type: integer}, g: {type: integer}}, required: [r, g]}");
    let open = rules("{type: object, additionalProperties: {type: integer}, required: [r, g]}");
    let texts = rules("{type: array, items: {type: string}}");
    for (rules, cookie, is_right) in [
        (&list, "c=1; c=2", true),
        (&list, "c=1&c=2", true),
        (&list, "a=b; c=1&c=2&c=3", true),
        (&list, "c=1&c=x", false),
        (&list, "c=1&d=2", false),
        (&list, "c=1", false),
        (&object, "r=1; g=2", true),
        (&object, "r=1&g=2", true),
        (&object, "r=1&g=x", false),
        (&object, "r=1&g", false),
        (&open, "a=7; r=1&g=2", true),
        (&open, "a=x; r=1&g=2", false),
        (&texts, "c=a&b", true),
    ] {
        let sent = headers(&[("cookie", cookie)]);
        let checked = places(rules.check_parameters(&[], None, &sent)).1;
        assert_eq!(checked.is_empty(), is_right, "{cookie}: {checked:?}");
    }
}

#[test]
fn a_field_that_may_be_empty_is_a_number_or_nothing() {
    for (encoding, value, right) in [
        ("", "{type: integer}", "5"),
        ("a: {style: form, explode: false}", "{type: array, items: {type: integer}}", "1,2"),
    ] {
        let schema = format!("a: {{anyOf: [{value}, {{type: string, enum: ['']}}]}}");
        let rules = form(URLENCODED, &schema, encoding);
        for (body, is_right) in [("a=".to_owned(), true), (format!("a={right}"), true), ("a=x".to_owned(), false)] {
            let checked = rules.check_body(&headers(&[("content-type", URLENCODED)]), &Bytes::from(body.clone()));
            assert_eq!(checked.is_ok(), is_right, "{schema}: {body}");
        }
    }
}

#[test]
fn a_query_string_is_one_value() {
    let form = "application/x-www-form-urlencoded: {schema: {type: object, required: [a], properties: {a: {type: integer}}, additionalProperties: false}}";
    let json = "application/json: {schema: {type: object, required: [a]}}";
    for (required, content, query, expected) in [
        ("true", form, "a=1", ""),
        ("true", form, "", "query is missing"),
        ("false", form, "", ""),
        ("true", form, "a=x", "query/a"),
        ("true", form, "b=1", "query"),
        ("true", json, "%7B%22a%22%3A1%7D", ""),
        ("true", json, "%7B%7D", "query"),
        ("true", json, "a=1", "query is not JSON"),
        ("true", "text/plain: {}", "anything", ""),
    ] {
        let text = format!(
            "openapi: 3.2.0\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{parameters: [{{name: q, in: querystring, required: {required}, content: {{{content}}}}}], get: {{responses: {{}}}}}}}}\n"
        );
        let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
        let definition = crate::definition::read("g", &mut fetch).definition.expect("a definition");
        let rules = RequestRules::build(&definition, &definition.apis[0]).expect("rules");
        let found = rules.check_parameters(&[], Some(query), &HeaderMap::new());
        let told = found
            .err()
            .and_then(|problem| problem.violations.first().map(|found| format!("{} {}", found.place, found.message)));
        let told = told.unwrap_or_default();
        assert!(told.starts_with(expected) && told.is_empty() == expected.is_empty(), "{content} {query}: {told:?}");
    }
}
