//! Each style is written as `parameters` reads it.

use std::fmt::Write as _;
use std::sync::Arc;

use super::*;
use crate::definition::values::{NameScope, TextPlace, ValueNotation};
use crate::gateway::parameters::RequestTexts;
use http::HeaderMap;
use serde_json::json;

/// Makes an API with one parameter named `p`, declared like this.
fn definition(place: &str, declared: &str) -> Definition {
    let path = if place == "path" { "/a/{p}/b" } else { "/a" };
    let mut text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n".to_owned();
    let _ = write!(
        text,
        "  {path}:\n    get:\n      parameters:\n        - {{name: p, in: {place}, required: true, {declared}}}\n\
         {:6}responses: {{'200': {{description: ok}}}}\n",
        ""
    );
    let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
    crate::definition::read("g", &mut fetch).definition.expect("a definition")
}

const ARRAY: &str = "schema: {type: array, items: {type: string}}";
const OBJECT: &str = "schema: {type: object, properties: {R: {type: integer}, G: {type: string}}}";
const MAYBE_LIST: &str = "schema: {anyOf: [{type: array, items: {type: integer}}, {type: 'null'}]}";
const ONE_OR_MANY: &str = "schema: {oneOf: [{type: integer}, {type: array, items: {type: integer}}]}";
const BOTH: &str = "schema: {allOf: [{type: object, properties: {a: {type: integer}}}, {properties: {b: {type: object, \
                    properties: {c: {type: integer}, d: {type: array, items: {type: integer}}}}}}]}";
const TEXT: &str = "schema: {type: string}";

#[test]
fn each_style_is_written_as_it_is_read() {
    let items = [("p", "blue"), ("p", "a,b/c d")];
    let fields = [("p[R]", "100"), ("p[G]", "x y")];
    let (list, object) = (json!(["blue", "a,b/c d"]), json!({"R": 100, "G": "x y"}));
    for (place, declared, written, given, read) in [
        ("path", TEXT.to_owned(), "a%2Fb", &[("p", "a/b")][..], &json!("a/b")),
        ("path", format!("style: matrix, {TEXT}"), ";p=x", &[("p", "x")], &json!("x")),
        ("path", format!("style: label, {TEXT}"), ".x", &[("p", "x")], &json!("x")),
        ("path", ARRAY.to_owned(), "blue,a%2Cb%2Fc%20d", &items, &list),
        ("path", format!("style: label, explode: true, {ARRAY}"), ".blue.a%2Cb%2Fc%20d", &items, &list),
        ("path", format!("style: matrix, {ARRAY}"), ";p=blue,a%2Cb%2Fc%20d", &items, &list),
        ("path", format!("style: matrix, explode: true, {ARRAY}"), ";p=blue;p=a%2Cb%2Fc%20d", &items, &list),
        ("path", OBJECT.to_owned(), "R,100,G,x%20y", &fields, &object),
        ("path", format!("explode: true, {OBJECT}"), "R=100,G=x%20y", &fields, &object),
        ("path", format!("style: label, explode: true, {OBJECT}"), ".R=100.G=x%20y", &fields, &object),
        ("path", format!("style: matrix, {OBJECT}"), ";p=R,100,G,x%20y", &fields, &object),
        ("path", format!("style: matrix, explode: true, {OBJECT}"), ";R=100;G=x%20y", &fields, &object),
        ("query", TEXT.to_owned(), "p=a%26b%3D%2B", &[("query.p", "a&b=+")], &json!("a&b=+")),
        ("query", ARRAY.to_owned(), "p=blue&p=a%2Cb%2Fc%20d", &items, &list),
        ("query", format!("explode: false, {ARRAY}"), "p=blue,a%2Cb%2Fc%20d", &items, &list),
        (
            "query",
            format!("style: pipeDelimited, {ARRAY}"),
            "p=blue%7Ca",
            &[("p", "[\"blue\",\"a\"]")],
            &json!(["blue", "a"]),
        ),
        (
            "query",
            format!("style: spaceDelimited, {ARRAY}"),
            "p=blue%20a",
            &[("p", "blue"), ("p", "a")],
            &json!(["blue", "a"]),
        ),
        ("query", OBJECT.to_owned(), "R=100&G=x%20y", &fields, &object),
        ("query", format!("style: deepObject, {OBJECT}"), "p%5BR%5D=100&p%5BG%5D=x%20y", &fields, &object),
        ("query", OBJECT.to_owned(), "R=100", &[("p", "{\"R\":100}")], &json!({"R": 100})),
        ("header", ARRAY.to_owned(), "blue,b", &[("P", "blue"), ("p", "b")], &json!(["blue", "b"])),
        ("cookie", TEXT.to_owned(), "p=x", &[("cookie.p", "x")], &json!("x")),
        ("query", MAYBE_LIST.to_owned(), "p=1&p=2", &[("p", "1"), ("p", "2")], &json!([1, 2])),
        ("query", MAYBE_LIST.to_owned(), "p=1", &[("p", "1")], &json!([1])),
        ("query", format!("explode: false, {MAYBE_LIST}"), "p=1,2", &[("p", "[1,2]")], &json!([1, 2])),
        ("path", MAYBE_LIST.to_owned(), "1,2", &[("p", "1"), ("p", "2")], &json!([1, 2])),
        ("query", MAYBE_LIST.to_owned(), "p=null", &[("p", "null")], &Value::Null),
        ("query", ONE_OR_MANY.to_owned(), "p=1&p=2", &[("p", "1"), ("p", "2")], &json!([1, 2])),
        ("query", ONE_OR_MANY.to_owned(), "p=1", &[("p", "1")], &json!(1)),
        (
            "query",
            format!("style: deepObject, {BOTH}"),
            "p%5Ba%5D=1&p%5Bb%5D%5Bc%5D=2&p%5Bb%5D%5Bd%5D=3&p%5Bb%5D%5Bd%5D=4",
            &[("p", "{\"a\":1,\"b\":{\"c\":2,\"d\":[3,4]}}")],
            &json!({"a": 1, "b": {"c": 2, "d": [3, 4]}}),
        ),
        ("query", format!("style: deepObject, {BOTH}"), "p%5Ba%5D=1", &[("p[a]", "1")], &json!({"a": 1})),
        (
            "query",
            format!("allowReserved: true, {TEXT}"),
            "p=a/b?c:d@e,f%26g%2B%23",
            &[("p", "a/b?c:d@e,f&g+#")],
            &json!("a/b?c:d@e,f&g+#"),
        ),
    ] {
        let definition = definition(place, &declared);
        let api = &definition.apis[0];
        let given: Vec<Given> = given.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let composed = compose(&definition, api, &given, false).expect("a request");
        let found = match place {
            "path" => composed.path_parameters[0].1.as_str(),
            "query" => composed.query.as_str(),
            _ => composed.headers[0].1.as_str(),
        };
        assert_eq!(found, written, "{place} {declared}");
        let path: Vec<(&str, &str)> =
            composed.path_parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut headers = HeaderMap::new();
        for (name, value) in &composed.headers {
            headers.insert(http::HeaderName::try_from(name).expect("a name"), value.parse().expect("a value"));
        }
        let texts = RequestTexts { path_parameters: &path, query: &composed.query, headers: &headers };
        let parameter = &api.parameters[0];
        let schema = ValueSchema::build(&definition, parameter.schema).expect("a schema");
        let place = TextPlace::from(parameter.place);
        let notation = ValueNotation { place, style: parameter.style, explode: parameter.explode };
        let none = std::collections::HashSet::new();
        let found = texts.written(
            parameter.place,
            "p",
            notation,
            notation.gathers().then_some((&schema, &none)),
            NameScope::Described,
        );
        let piece = notation.piece("p", &found, &schema).expect("a notation").expect("a value");
        assert_eq!(schema.read(piece, 1), Ok(read.clone()), "{place:?} {declared}");
    }
}

#[test]
fn what_cannot_be_written_is_named() {
    let compose_one = |place: &str, declared: &str, given: &[(&str, &str)]| {
        let definition = definition(place, declared);
        let given: Vec<Given> = given.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        match compose(&definition, &definition.apis[0], &given, false) {
            Ok(composed) => composed.path,
            Err(problems) => match &problems[..] {
                [ComposeProblem::Unknown { name }] => format!("unknown {name}"),
                [ComposeProblem::Unfit { place, fault }] => format!("{place} {fault}"),
                several => format!("{several:?}"),
            },
        }
    };
    for (place, declared, given, expected) in [
        ("path", TEXT, &[("p", "1")][..], "/a/1/b"),
        ("path", TEXT, &[], "path.p is missing"),
        ("path", TEXT, &[("p", "")], "path.p is empty"),
        ("path", ARRAY, &[("p", "")], "path.p is empty"),
        ("path", ARRAY, &[("p", "[]")], "path.p is empty"),
        ("path", OBJECT, &[("p", "{}")], "path.p is empty"),
        ("path", TEXT, &[("p", "1"), ("p", "2")], "path.p is given more than once"),
        ("query", TEXT, &[("q", "1")], "unknown q"),
        ("query", TEXT, &[("header.p", "1")], "unknown header.p"),
        ("query", TEXT, &[("p[x]", "1")], "query.p has no fields"),
        ("query", OBJECT, &[("p", "1")], "query.p is an object"),
        ("query", ARRAY, &[("p[x]", "1")], "query.p is a list"),
    ] {
        let found = compose_one(place, declared, given);
        assert!(found.starts_with(expected), "{found}");
    }
}

#[test]
fn of_what_has_no_parts_nothing_is_written() {
    for (declared, value) in [(ARRAY, "[]"), (OBJECT, "{}")] {
        let definition = definition("query", declared);
        let given = [("p", value), ("q", "1")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(compose(&definition, &definition.apis[0], &given, true).expect("a request").query, "q=1");
    }
}

#[test]
fn a_key_in_the_query_is_given_like_a_parameter() {
    let text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\ncomponents:\n  securitySchemes:\n    k: {type: apiKey, in: \
                query, name: 'my key'}\n    h: {type: apiKey, in: header, name: x-key}\npaths:\n  /a: {get: {responses: \
                {'200': {description: ok}}}}\n";
    let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
    let definition = crate::definition::read("g", &mut fetch).definition.expect("a definition");
    let query = |name: &str| compose(&definition, &definition.apis[0], &[(name.into(), "1".into())], false);
    assert_eq!(query("my key").map(|composed| composed.query), Ok("my%20key=1".to_owned()));
    for unknown in ["x-key", "k"] {
        assert_eq!(query(unknown), Err(vec![ComposeProblem::Unknown { name: unknown.to_owned() }]));
    }
}

#[test]
fn a_path_with_two_readings_is_refused_as_the_gateway_does() {
    for (value, is_right) in [("1", true), ("..", false), (".", false), ("a/b", false), ("a\\b", false), ("%2e", true)]
    {
        let definition = definition("path", TEXT);
        let api = &definition.apis[0];
        let composed = compose(&definition, api, &[("p".to_owned(), value.to_owned())], false).expect("a request");
        let problems =
            crate::gateway::call::check_request(&definition, api, &composed, &HeaderMap::new(), &"".into(), false);
        assert_eq!(problems.is_empty(), is_right, "{value}: {problems:?}");
    }
}

#[test]
fn the_media_type_goes_with_the_body() {
    let pick = |declared: &[&str], body: &str| {
        let content: Vec<String> = declared.iter().map(|name| format!("'{name}': {{}}")).collect();
        let text = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths:\n  /a:\n    post:\n      requestBody: \
             {{content: {{{}}}}}\n      responses: {{'200': {{description: ok}}}}\n",
            content.join(", ")
        );
        let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
        let definition = crate::definition::read("g", &mut fetch).definition.expect("a definition");
        pick_media_type(&definition.apis[0], body.as_bytes())
    };
    for (declared, body, expected) in [
        (&["application/xml", "application/json"][..], "{}", "application/json"),
        (&["application/json", "application/xml"], "<a/>", "application/xml"),
        (&["application/json"], "no json", "application/json"),
        (&["application/merge-patch+json"], "{}", "application/merge-patch+json"),
        (&["*/*"], "{}", "application/json"),
        (&["text/*"], "hello", "text/plain"),
        (&["*/*"], "hello", "application/octet-stream"),
    ] {
        assert_eq!(pick(declared, body).as_deref(), Some(expected), "{declared:?} {body}");
    }
}

#[test]
fn what_the_path_itself_says_is_encoded() {
    let values = [("x".to_owned(), "%C3%A9".to_owned())];
    let definition = definition("path", TEXT);
    assert_eq!(fill(&definition.apis[0], "/größe/{x}/ü", &values).as_deref(), Ok("/gr%C3%B6%C3%9Fe/%C3%A9/%C3%BC"));
}

#[test]
fn json_content_is_made_of_texts_and_fields() {
    let content = |schema: &str| format!("content: {{application/json: {{schema: {schema}}}}}");
    let object = "{type: object, required: [x], properties: {x: {type: integer}, s: {type: string}, o: {type: object, \
                  properties: {b: {type: boolean}}}, l: {type: array, items: {type: string}}}}";
    for (schema, given, expected) in [
        (object, &[("p", "{\"x\":1}")][..], json!({"x": 1})),
        (
            object,
            &[("p[x]", "1"), ("p[s]", "2"), ("p[o][b]", "true"), ("p[l][]", "3")],
            json!({"x": 1, "s": "2", "o": {"b": true}, "l": ["3"]}),
        ),
        (object, &[("p[s]", "a")], json!({"s": "a"})),
        ("{type: array, items: {type: integer}}", &[("p", "1"), ("p", "2")], json!([1, 2])),
        ("{type: array, items: {type: string}}", &[("p", "1")], json!(["1"])),
        ("{type: string}", &[("p", "5")], json!("5")),
        ("{type: string}", &[("p", "\"5\"")], json!("5")),
        ("{type: integer}", &[("p", "5")], json!(5)),
        ("{}", &[("p", "{\"a\": [1]}")], json!({"a": [1]})),
        ("{}", &[("p", "a b")], json!("a b")),
    ] {
        let definition = definition("query", &content(schema));
        let given: Vec<Given> = given.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let composed = compose(&definition, &definition.apis[0], &given, false).expect("a request");
        let written = composed.query.strip_prefix("p=").expect("the parameter");
        let found: Value = serde_json::from_str(&crate::definition::percent::decode(written)).expect("JSON");
        assert_eq!(found, expected, "{schema} {given:?}");
    }
    let definition = definition("query", &content(object));
    let given = [("p".to_owned(), "{}".to_owned()), ("p[x]".to_owned(), "1".to_owned())];
    let problems = compose(&definition, &definition.apis[0], &given, false).expect_err("two ways at once");
    assert_eq!(
        problems,
        [ComposeProblem::Unfit { place: "query.p".to_owned(), fault: UnwritableValue::WholeAndFields }]
    );
}
