//! What reading gives for small documents: values, places, references, APIs.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Definition, Direction, ParameterPlace, Reading, Specification, StatusPattern, Style, import, read, rules};
use crate::model::DEFINITION_FILE;

fn read_files(files: &[(&str, &str)]) -> Reading {
    let files: BTreeMap<&str, Arc<[u8]>> =
        files.iter().map(|(path, text)| (*path, Arc::from(text.as_bytes()))).collect();
    read("groups/g", &mut |path| Ok(files.get(path).cloned()))
}

fn read_text(text: &str) -> Reading {
    read_files(&[(DEFINITION_FILE, text)])
}

/// Lists findings as `line:column rule`.
fn places(reading: &Reading) -> Vec<String> {
    let place = |finding: &crate::model::Finding| {
        let file = finding.location.to_string();
        format!("{} {}", file.strip_prefix("groups/g/").expect("within the folder"), finding.rule)
    };
    reading.findings.iter().map(place).collect()
}

/// Returns the first definition of an API that answers with a schema.
fn definition_of(specification: &str, schema: &Value) -> Definition {
    let document = json!({
        "openapi": specification,
        "info": { "title": "t", "version": "1" },
        "paths": { "/a": { "get": { "operationId": "a", "responses": { "200": { "description": "d",
            "content": { "application/json": { "schema": schema } } } } } } },
    });
    read_text(&document.to_string()).definition.expect("it is read")
}

/// Builds the value for a schema and holds it against the schema as a validator sees it.
fn built(specification: &str, schema: &Value) -> Option<Value> {
    let definition = definition_of(specification, schema);
    let api = definition.api("a").expect("the API");
    let result = definition.results(api).into_iter().next()?;
    let media_type = api.responses.first().and_then(|response| response.content.first()).expect("a media type");
    let plain = definition.json_schema(media_type.schema?, Direction::Response).expect("small");
    let options = jsonschema::options().should_validate_formats(true).should_ignore_unknown_formats(true);
    let validator = options.build(&plain).expect("a schema");
    let value = result.value?;
    assert!(validator.is_valid(&value), "{value} is not valid against {plain}");
    Some(value)
}

#[test]
fn scalars_follow_the_core_schema() {
    let text = "a: [null, ~, true, True, yes, no, 1, -1, 0x1f, 0o17, 012, 1_000, 1.5, 1e3, .inf, +1, '1', \"\\ud83d\\ude00\", \
                !!str 1, 2020-01-01, 12:30, 18446744073709551615]\n200: x\nno: y\n? null\n: z\n";
    let reading = read_text(text);
    assert_eq!(places(&reading), ["openapi.yaml:1:1 openapi-version"]);
    let mut findings = super::findings::Findings::default();
    let mut document = super::document::Document::new("");
    let root = super::yaml::read(&mut document, "f", text.as_bytes(), &mut findings).expect("it is read");
    let value = document.node(root).to_value(100).expect("small");
    let expected = json!({
        "a": [null, null, true, true, "yes", "no", 1, -1, 31, 15, "012", "1_000", 1.5, 1000.0, ".inf", 1, "1", "😀",
            "1", "2020-01-01", "12:30", 18_446_744_073_709_551_615_u64],
        "200": "x", "no": "y", "null": "z",
    });
    assert_eq!(value, expected);
}

#[test]
fn json_is_read_as_json_readers_read_it() {
    let text = "{\n\t\"a\":\"\\u00e9\\/\\n\\ud83d\\ude00\",\"b\":[1,2.5e-3,-0,true,null],\"c\":{}}";
    let mut findings = super::findings::Findings::default();
    let mut document = super::document::Document::new("");
    let root = super::yaml::read(&mut document, "f", text.as_bytes(), &mut findings).expect("it is read");
    let expected: Value = serde_json::from_str(text).expect("JSON");
    let read = document.node(root).to_value(100).expect("small");
    assert_eq!(read["a"], expected["a"]);
    assert_eq!(read["b"][1], expected["b"][1]);
    assert_eq!(read["c"], expected["c"]);
}

#[test]
fn merge_keys_bring_fields_in_and_own_fields_win() {
    let text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y], c: 3}\n";
    let mut findings = super::findings::Findings::default();
    let mut document = super::document::Document::new("");
    let root = super::yaml::read(&mut document, "f", text.as_bytes(), &mut findings).expect("it is read");
    let merged = document.node(root).get("z").and_then(|node| node.to_value(100)).expect("small");
    assert_eq!(merged, json!({ "c": 3, "a": 1, "b": 1 }));
    assert!(findings.into_vec().is_empty());
}

#[test]
fn faults_have_the_place_of_their_token() {
    let head = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\n";
    let cases: &[(&str, &[&str])] = &[
        ("paths:\n  /a: {}\n  /a: {}\n", &["openapi.yaml:5:3 duplicate-key"]),
        ("paths: []\n", &["openapi.yaml:3:8 definition-structure"]),
        ("paths:\n  /a: {get: 1}\n", &["openapi.yaml:4:13 definition-structure"]),
        ("paths:\n  /a/{b: {}\n", &["openapi.yaml:4:3 path-template"]),
        ("paths:\n  a: {}\n", &["openapi.yaml:4:3 definition-sloppy"]),
        ("paths:\n  /a/{b}: {get: {}}\n  /a/{c}: {get: {}}\n", &["openapi.yaml:5:12 duplicate-api"]),
        ("paths:\n  /a: {get: {responses: {abc: {}}}}\n", &["openapi.yaml:4:26 definition-structure"]),
        ("paths:\n  /a: {get: {responses: {2xx: {}}}}\n", &["openapi.yaml:4:26 definition-sloppy"]),
        ("paths:\n  /a: {get: {deprecated: 'yes'}}\n", &["openapi.yaml:4:26 definition-sloppy"]),
        ("paths:\n  /a: {get: {operationId: 7}}\n", &["openapi.yaml:4:27 definition-sloppy"]),
        ("paths:\n  /a: {get: {parameters: [{in: query}]}}\n", &["openapi.yaml:4:27 definition-structure"]),
        ("paths:\n  /a: {$ref: 'http://x/y'}\n", &["openapi.yaml:4:14 reference-outside"]),
        ("paths:\n  /a: {$ref: 'file:///etc/passwd'}\n", &["openapi.yaml:4:14 reference-outside"]),
        ("paths:\n  /a: {$ref: '../other/openapi.yaml'}\n", &["openapi.yaml:4:14 reference-outside"]),
        ("paths:\n  /a: {$ref: 'x/%2e%2e/../../o.yaml'}\n", &["openapi.yaml:4:14 reference-outside"]),
        ("paths:\n  /a: {$ref: '/etc/passwd'}\n", &["openapi.yaml:4:14 reference-outside"]),
        ("paths:\n  /a: {$ref: 'a\\b.yaml'}\n", &["openapi.yaml:4:14 reference-outside"]),
        ("paths:\n  /a: {$ref: 'group.yaml'}\n", &["openapi.yaml:4:14 reference-outside"]),
        ("paths:\n  /a: {$ref: 'versions/1.0.0/openapi.yaml'}\n", &["openapi.yaml:4:14 reference-outside"]),
        ("paths:\n  /a: {$ref: 'missing.yaml'}\n", &["openapi.yaml:4:14 reference-unresolved"]),
        ("paths:\n  /a: {$ref: '#/nowhere'}\n", &["openapi.yaml:4:14 reference-unresolved"]),
        ("paths:\n  /a: {$ref: '#/paths/~1a'}\n", &["openapi.yaml:4:14 reference-circular"]),
        ("paths: {\n", &["openapi.yaml:3:8 definition-syntax"]),
    ];
    for (text, expected) in cases {
        assert_eq!(places(&read_text(&format!("{head}{text}"))), *expected, "{text}");
    }
}

#[test]
fn data_may_look_like_a_reference() {
    let reading = read_text(
        "openapi: 3.1.0\nx-any: {$ref: nowhere}\ncomponents:\n  schemas:\n    a:\n      default: {$ref: nowhere}\n      \
         examples: [{$ref: nowhere}]\n      properties:\n        example: {$ref: '#/components/schemas/b'}\n        \
         $ref: {type: string}\n    b: {}\n",
    );
    assert_eq!(places(&reading), Vec::<String>::new());
}

#[test]
fn every_file_that_is_reached_is_listed() {
    let reading = read_files(&[
        (
            DEFINITION_FILE,
            "openapi: 3.0.3\npaths:\n  /a: {$ref: 'paths/a.yaml'}\ncomponents: {schemas: {unused: {$ref: u.json#/x}}}\n",
        ),
        ("paths/a.yaml", "get:\n  responses:\n    200: {$ref: '../parts.yaml#/ok'}\n"),
        (
            "parts.yaml",
            "ok: {description: d, content: {text/plain: {schema: {$ref: '#/s%20t'}}}}\ns t: {type: string}\n",
        ),
        ("u.json", "{\"x\": {}}"),
        ("other.yaml", "{}"),
    ]);
    assert_eq!(places(&reading), Vec::<String>::new());
    let files: Vec<&str> = reading.files.iter().map(|(path, _)| path).collect();
    assert_eq!(files, ["openapi.yaml", "parts.yaml", "paths/a.yaml", "u.json"]);
    let definition = reading.definition.expect("it is read");
    let api = definition.api("GET /a").expect("the API");
    assert_eq!(api.location.to_string(), "groups/g/paths/a.yaml:1:1");
    let result = definition.constant_result(api).expect("a result");
    assert_eq!(
        (result.status, result.media_type.as_deref(), &result.body[..]),
        (200, Some("text/plain"), &b"string"[..])
    );
}

#[test]
fn names_of_schemas_are_followed() {
    let schema = json!({
        "$defs": {
            "a": { "$anchor": "plain", "type": "integer" },
            "b": { "$id": "https://example.com/b", "type": "boolean", "$defs": { "c": { "const": 7 } },
                "properties": { "c": { "$ref": "#/$defs/c" } } },
        },
        "type": "object",
        "required": ["x", "y", "z"],
        "properties": {
            "x": { "$ref": "#plain" }, "y": { "$ref": "https://example.com/b" },
            "z": { "$ref": "https://example.com/b#/$defs/c" },
        },
    });
    assert_eq!(built("3.1.0", &schema), Some(json!({ "x": 0, "y": true, "z": 7 })));
}

#[test]
fn an_api_has_all_that_the_definition_says() {
    let reading = read_text(
        "openapi: 3.0.3\ninfo: {title: Pets}\nservers: [{url: 'https://{h}/v1', variables: {h: {default: a.b}}}]\n\
         security: [{k: []}]\npaths:\n  /pets/{id}:\n    x-shared: 1\n    parameters:\n    - {name: id, in: path, schema: \
         {type: integer}}\n    - {name: q, in: query, schema: {type: string}}\n    get:\n      operationId: getPet\n      \
         x-own: 2\n      parameters:\n      - {name: q, in: query, required: true, style: pipeDelimited, schema: {type: \
         array}}\n      responses: {default: {description: d}, 4XX: {description: e}, 200: {description: f}}\n    \
         delete: {security: []}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: X-Key}}}\n",
    );
    assert_eq!(places(&reading), Vec::<String>::new());
    let definition = reading.definition.expect("it is read");
    assert_eq!((definition.specification, definition.title.as_str()), (Specification::V3_0, "Pets"));
    assert_eq!(definition.servers.first().map(|server| server.url.as_str()), Some("https://a.b/v1"));
    let names: Vec<String> = definition.apis.iter().map(super::Api::name).collect();
    assert_eq!(names, ["getPet", "DELETE /pets/{id}"]);
    let api = definition.api("getPet").expect("the API");
    let parameters: Vec<_> =
        api.parameters.iter().map(|one| (one.name.as_str(), one.place, one.required, one.style)).collect();
    let expected =
        [("id", ParameterPlace::Path, true, Style::Simple), ("q", ParameterPlace::Query, true, Style::PipeDelimited)];
    assert_eq!(parameters, expected);
    let statuses: Vec<_> = api.responses.iter().map(|response| response.status).collect();
    assert_eq!(statuses, [StatusPattern::Default, StatusPattern::Class(4), StatusPattern::Code(200)]);
    assert_eq!(api.extensions.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["x-shared", "x-own"]);
    assert_eq!(api.security, [[("k".to_owned(), Vec::<String>::new())]]);
    assert!(definition.api("DELETE /pets/{id}").is_some_and(|api| api.security.is_empty()));
}

#[test]
fn values_are_built_that_keep_their_schema() {
    let cases = [
        (json!({ "const": "a" }), json!("a")),
        (json!({ "type": "string", "default": "a", "enum": ["b", "a"] }), json!("a")),
        (json!({ "enum": ["b", "a"], "examples": ["a"] }), json!("b")),
        (json!({ "type": "integer", "examples": ["no", 3] }), json!(3)),
        (json!({ "type": "integer", "minimum": 5, "multipleOf": 4 }), json!(8)),
        (json!({ "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1 }), json!(0.5)),
        (json!({ "type": "number", "minimum": 0.3, "multipleOf": 0.1 }), json!(0.3)),
        (json!({ "type": "integer", "maximum": -3 }), json!(-3)),
        (json!({ "type": "integer", "minimum": 9_223_372_036_854_775_807_u64 }), json!(9_223_372_036_854_775_807_u64)),
        (json!({ "type": "string", "minLength": 8 }), json!("stringst")),
        (json!({ "type": "string", "maxLength": 3 }), json!("str")),
        (json!({ "type": "string", "format": "email", "maxLength": 8 }), json!("a@b.co")),
        (json!({ "type": "string", "format": "uri", "minLength": 24 }), json!("https://example.com/aaaa")),
        (json!({ "type": "string", "pattern": "^[A-Z]{2}\\d{3}$" }), json!("AA000")),
        (json!({ "type": "string", "pattern": "^tunnel_[a-z0-9]{4}$" }), json!("tunnel_aaaa")),
        (json!({ "type": "string", "pattern": "^[a-z]+$", "minLength": 4, "maxLength": 4 }), json!("stri")),
        (json!({ "type": ["null", "boolean"] }), json!(true)),
        (
            json!({ "type": "array", "minItems": 3, "uniqueItems": true, "items": { "type": "integer" } }),
            json!([0, 1, 2]),
        ),
        (json!({ "type": "array", "prefixItems": [{ "const": 1 }, { "const": 2 }], "maxItems": 1 }), json!([1])),
        (json!({ "type": "array", "maxItems": 0 }), json!([])),
        (json!({ "type": "array", "contains": { "const": 5 }, "items": { "type": "integer" } }), json!([5])),
        (json!({ "type": "object", "additionalProperties": { "type": "integer" } }), json!({ "property1": 0 })),
        (json!({ "type": "object", "required": ["a"], "additionalProperties": { "const": 1 } }), json!({ "a": 1 })),
        (
            json!({ "type": "object", "minProperties": 2, "propertyNames": { "pattern": "^[a-b]$" } }),
            json!({ "a": {}, "b": {} }),
        ),
        (
            json!({ "type": "object", "additionalProperties": false, "minProperties": 1,
                "patternProperties": { "^x-[a-z]$": { "const": 1 } } }),
            json!({ "x-a": 1 }),
        ),
        (
            json!({ "allOf": [{ "properties": { "a": { "type": "integer", "minimum": 2 } } },
                { "required": ["a"], "properties": { "a": { "maximum": 2 } } }] }),
            json!({ "a": 2 }),
        ),
        (json!({ "oneOf": [{ "type": "integer" }, { "type": "number" }] }), json!(0.5)),
        (
            json!({ "oneOf": [{ "type": "object", "properties": { "a": { "const": 1 } } },
                { "type": "object", "required": ["b"], "properties": { "a": { "const": 1 }, "b": { "const": 2 } } }] }),
            json!({ "a": 1 }),
        ),
        (
            json!({ "allOf": [{ "properties": { "a": { "const": 1 } } }], "properties": { "b": { "const": 2 } },
                "unevaluatedProperties": false, "minProperties": 2 }),
            json!({ "b": 2, "a": 1 }),
        ),
        (json!({ "anyOf": [false, { "const": 3 }] }), json!(3)),
        (json!({ "type": "string", "not": { "const": "string" } }), json!("string1")),
        (
            json!({ "type": "object", "required": ["k"], "properties": { "k": { "const": 1 }, "v": { "const": 2 } },
                "if": { "properties": { "k": { "const": 1 } } }, "then": { "required": ["v"] } }),
            json!({ "k": 1, "v": 2 }),
        ),
        (
            json!({ "type": "object", "properties": { "a": { "const": 1 }, "b": { "const": 2 } },
                "dependentRequired": { "a": ["b"] } }),
            json!({ "a": 1, "b": 2 }),
        ),
    ];
    for (schema, expected) in cases {
        let value = built("3.1.0", &schema);
        assert_eq!(value.as_ref(), Some(&expected), "{schema}");
    }
}

#[test]
fn the_dialect_of_3_0_is_understood() {
    let cases = [
        (json!({ "type": "integer", "minimum": 3, "exclusiveMinimum": true }), Some(json!(4))),
        (json!({ "type": "string", "nullable": true }), Some(json!("string"))),
        (json!({ "type": "integer", "example": 7 }), Some(json!(7))),
        (json!({ "type": "string", "enum": [null], "nullable": true }), None),
        (
            json!({ "type": "object", "required": ["p", "q"],
                "properties": { "p": { "type": "string", "writeOnly": true }, "q": { "type": "boolean", "readOnly": true } } }),
            Some(json!({ "q": true })),
        ),
        (json!({ "type": "string", "enum": [1, 2] }), None),
    ];
    for (schema, expected) in cases {
        let definition = definition_of("3.0.3", &schema);
        let api = definition.api("a").expect("the API");
        if expected.is_none() && definition.results(api).is_empty() {
            let rules: Vec<&str> = definition.result_findings(api).iter().map(|finding| finding.rule).collect();
            assert_eq!(rules, [rules::CONSTANT_RESULT.name], "{schema}");
        } else if let Some(expected) = expected {
            assert_eq!(built("3.0.3", &schema), Some(expected), "{schema}");
        }
    }
}

#[test]
fn a_discriminator_names_the_alternative() {
    let reading = read_text(
        "openapi: 3.0.3\npaths:\n  /a: {get: {operationId: a, responses: {200: {description: d, content: \
         {application/json: {schema: {oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}], \
         discriminator: {propertyName: kind, mapping: {feline: '#/components/schemas/Cat'}}}}}}}}}\ncomponents:\n  \
         schemas:\n    Cat: {type: object, required: [kind], properties: {kind: {type: string}}}\n    Dog: {type: object, \
         required: [kind, barks], properties: {kind: {type: string}, barks: {type: boolean}}}\n",
    );
    let definition = reading.definition.expect("it is read");
    let result = definition.constant_result(definition.api("a").expect("the API")).expect("a result");
    assert_eq!(result.body, &b"{\"kind\":\"feline\"}"[..]);
}

#[test]
fn what_contains_itself_is_cut() {
    let reading = read_text(
        "openapi: 3.1.0\npaths: {/a: {get: {operationId: a, responses: {200: {description: d, content: {application/json: \
         {schema: {$ref: '#/components/schemas/N'}}}}}}}}\ncomponents:\n  schemas:\n    N: {type: object, required: [id, \
         children, parent], properties: {id: {type: integer}, children: {type: array, items: {$ref: \
         '#/components/schemas/N'}}, parent: {oneOf: [{$ref: '#/components/schemas/N'}, {type: 'null'}]}, next: {$ref: \
         '#/components/schemas/N'}}}\n",
    );
    let definition = reading.definition.expect("it is read");
    let api = definition.api("a").expect("the API");
    let value = definition.results(api).into_iter().next().and_then(|result| result.value).expect("a value");
    assert_eq!(value["children"], json!([]));
    assert!(definition.result_findings(api).is_empty());
}

fn result_text(responses: &str) -> Vec<(u16, Option<String>, Option<String>, String)> {
    let text = format!("openapi: 3.1.0\npaths:\n  /a:\n    get:\n      operationId: a\n{responses}");
    let definition = read_text(&text).definition.expect("it is read");
    let results = definition.results(definition.api("a").expect("the API"));
    let shown = |declared: super::DeclaredResult| {
        let result = declared.result;
        (result.status, declared.example, result.media_type, String::from_utf8_lossy(&result.body).into_owned())
    };
    results.into_iter().map(shown).collect()
}

#[test]
fn the_constant_result_is_the_first_of_those_declared() {
    let owned = |status: u16, example: Option<&str>, media_type: Option<&str>, body: &str| {
        (status, example.map(str::to_owned), media_type.map(str::to_owned), body.to_owned())
    };
    let responses = "      responses:\n        404: {description: d}\n        default: {description: d, content: {text/plain: \
                     {example: oops}}}\n        202: {description: d, content: {application/xml: {example: <a/>}, \
                     application/json: {schema: {type: integer}, examples: {bad: {value: x}, one: {value: 1}}}}}\n        \
                     101: {description: d}\n        204: {description: d, content: {application/json: {example: 1}}}\n";
    assert_eq!(
        result_text(responses),
        [
            owned(202, Some("one"), Some("application/json"), "1"),
            owned(202, Some("bad"), Some("application/json"), "\"x\""),
            owned(202, None, Some("application/xml"), "<a/>"),
            owned(204, None, None, ""),
            owned(200, None, Some("text/plain"), "oops"),
            owned(404, None, None, ""),
            owned(200, None, None, ""),
        ]
    );
    let mocked = format!("      x-apigw-mock: {{status: 418, mediaType: text/plain, body: tea}}\n{responses}");
    assert_eq!(result_text(&mocked).first(), Some(&owned(418, None, Some("text/plain"), "tea")));
    let bare = format!("      x-apigw-mock: {{status: 5, name: x}}\n{responses}");
    assert_eq!(
        result_text(&bare).first(),
        Some(&owned(202, None, Some("application/json"), "{\"status\":5,\"name\":\"x\"}"))
    );
}

#[test]
fn bodies_are_written_in_their_media_type() {
    let schema = "{type: object, xml: {name: pet}, properties: {id: {type: integer, xml: {attribute: true}}, tags: {type: \
                  array, xml: {wrapped: true}, items: {type: string, xml: {name: tag}}}, n: {const: a b&c}}}";
    let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<pet id=\"0\"><tags><tag>string</tag></tags><n>a b&amp;c</n></pet>\n";
    let cases = [
        ("application/json", "application/json", "{\"id\":0,\"tags\":[\"string\"],\"n\":\"a b&c\"}"),
        ("application/vnd.a+json", "application/vnd.a+json", "{\"id\":0,\"tags\":[\"string\"],\"n\":\"a b&c\"}"),
        ("'*/*'", "application/json", "{\"id\":0,\"tags\":[\"string\"],\"n\":\"a b&c\"}"),
        ("application/xml", "application/xml", xml),
        ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded", "id=0&tags=string&n=a+b%26c"),
        ("text/event-stream", "text/event-stream", "data: {\"id\":0,\"tags\":[\"string\"],\"n\":\"a b&c\"}\n\n"),
    ];
    for (media_type, expected_type, expected) in cases {
        let responses =
            format!("      responses: {{200: {{description: d, content: {{{media_type}: {{schema: {schema}}}}}}}}}\n");
        let results = result_text(&responses);
        let (_, _, media_type, body) = results.first().expect("a result");
        assert_eq!((media_type.as_deref(), body.as_str()), (Some(expected_type), expected));
    }
}

#[test]
fn headers_are_part_of_the_result() {
    let text = "openapi: 3.1.0\npaths: {/a: {get: {operationId: a, responses: {200: {description: d, headers: {X-A: {schema: \
                {type: integer, minimum: 3}}, X-B: {example: [1, 2]}, Content-Length: {schema: {type: integer}}, 'X Y': \
                {example: a}, X-C: {example: \"a\\r\\nb: c\"}}}}}}}\n";
    let definition = read_text(text).definition.expect("it is read");
    let result = definition.constant_result(definition.api("a").expect("the API")).expect("a result");
    let expected = [("X-A".to_owned(), "3".to_owned()), ("X-B".to_owned(), "1,2".to_owned())];
    assert_eq!(result.headers, expected);
}

/// Documents that are nearly definitions, of the words that definitions are made of.
#[expect(clippy::too_many_lines, reason = "a list of words")]
fn near_definitions() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "openapi",
        "swagger",
        "paths",
        "/a",
        "/{b}",
        "get",
        "post",
        "parameters",
        "name",
        "in",
        "schema",
        "type",
        "items",
        "properties",
        "required",
        "responses",
        "200",
        "default",
        "content",
        "application/json",
        "$ref",
        "allOf",
        "oneOf",
        "anyOf",
        "not",
        "enum",
        "const",
        "pattern",
        "minLength",
        "maximum",
        "multipleOf",
        "format",
        "components",
        "schemas",
        "definitions",
        "additionalProperties",
        "example",
        "examples",
        "x-apigw-mock",
        "body",
        "headers",
        "if",
        "minItems",
        "uniqueItems",
        "discriminator",
        "propertyName",
        "nullable",
        "security",
        "servers",
        "url",
        "produces",
        "securityDefinitions",
        "flow",
        "collectionFormat",
        "formData",
    ]);
    let text = prop_oneof![
        word.clone().prop_map(str::to_owned),
        prop::sample::select(vec![
            "3.0.3",
            "3.1.0",
            "2.0",
            "#/paths/~1a",
            "#/components/schemas/a",
            "#/definitions/a",
            "#",
            "",
            "openapi.yaml",
            "object",
            "string",
            "array",
            "integer",
            "null",
            "query",
            "path",
            "^a+$",
            "[",
            "(?=a)b",
            "date-time",
            "\u{0}",
            "multi",
            "oauth2",
            "é/…",
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        text.prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-4_i64..5).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(7, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6)
                .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Value>()),
        ]
    })
}

/// Does everything with a document that this room does.
fn use_up(text: &[u8]) {
    let bytes: Arc<[u8]> = Arc::from(text);
    let mut fetch = |path: &str| Ok((path == DEFINITION_FILE).then(|| Arc::clone(&bytes)));
    let _: Result<_, _> = import(DEFINITION_FILE, &mut fetch);
    let reading = read("g", &mut fetch);
    let Some(definition) = reading.definition else { return };
    for api in &definition.apis {
        let results = definition.results(api);
        let first = results.into_iter().next().map(|first| first.result);
        let constant = definition.constant_result(api);
        assert!(constant.is_none() || constant == first, "{constant:?} is not the first: {first:?}");
        let _: Vec<crate::model::Finding> = definition.result_findings(api);
        let contents = api.responses.iter().flat_map(|response| &response.content);
        for schema in contents.filter_map(|content| content.schema) {
            let plain = definition.json_schema(schema, Direction::Request).expect("small");
            assert!(jsonschema::options().build(&plain).is_ok(), "{plain}");
        }
    }
}

#[test]
fn an_error_does_not_stand_in_for_a_success_that_cannot_be_built() {
    let impossible = "{description: d, content: {application/json: {schema: {not: {}}}}}";
    let possible = "{description: d, content: {application/json: {schema: {type: string}}}}";
    for (responses, status) in [
        (format!("{{'200': {impossible}, '400': {possible}}}"), None),
        (format!("{{'200': {impossible}, '201': {possible}, '400': {possible}}}"), Some(201)),
        (format!("{{default: {impossible}, '400': {possible}}}"), None),
        (format!("{{'404': {impossible}, '500': {possible}}}"), Some(500)),
        (format!("{{'302': {possible}, default: {possible}}}"), Some(200)),
    ] {
        let text = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{get: {{responses: {responses}}}}}}}\n"
        );
        let bytes: std::sync::Arc<[u8]> = std::sync::Arc::from(text.as_bytes());
        let reading = read("g", &mut |_| Ok(Some(std::sync::Arc::clone(&bytes))));
        let definition = reading.definition.expect("a definition");
        let api = definition.apis.first().expect("an API");
        assert_eq!(definition.constant_result(api).map(|result| result.status), status, "{responses}");
    }
}

#[test]
fn why_no_value_is_built_is_said() {
    for (schema, reason) in [
        (
            "{additionalProperties: false, allOf: [{type: object, required: [a], properties: {a: {}}}]}",
            "requires a property that an `additionalProperties: false` around or beside it forbids",
        ),
        ("{type: array, enum: [a, b], items: {type: string}}", "has a `type` that none of its constants is of"),
        ("{type: string, enum: [abc], maxLength: 2}", "has constants, and none of them fits the rest of it"),
    ] {
        let text = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{get: {{responses: {{'200': \
             {{description: d, content: {{application/json: {{schema: {schema}}}}}}}}}}}}}}}\n"
        );
        let bytes: std::sync::Arc<[u8]> = std::sync::Arc::from(text.as_bytes());
        let reading = read("g", &mut |_| Ok(Some(std::sync::Arc::clone(&bytes))));
        let definition = reading.definition.expect("a definition");
        let findings = definition.result_findings(definition.apis.first().expect("an API"));
        assert!(findings.iter().any(|finding| finding.message.contains(reason)), "{schema}: {findings:?}");
    }
}

#[test]
fn an_imported_document_keeps_its_own_name_only_where_a_reference_leads_there() {
    let document = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/a: {$ref: 'b.yaml#/a'}}\n\
                    components: {schemas: {A: {$anchor: q}}}\n";
    for (schema, more, is_named) in [
        ("{}", "b: {$ref: 'a.yaml#/components'}", false),
        ("{x-a: {$ref: 'a.yaml#/components'}}", "", false),
        ("{$ref: './a.yaml#/components/schemas/A'}", "", true),
        ("{$ref: '%61.yaml#q'}", "", true),
        ("{$dynamicRef: 'a.yaml#q'}", "", true),
        ("{$ref: '#/x/A'}", "x: {$ref: 'a.yaml#/components/schemas'}", true),
    ] {
        let beside = format!(
            "a: {{get: {{responses: {{'200': {{description: d, content: {{a/b: {{schema: {schema}}}}}}}}}}}}}\n{more}\n"
        );
        let file = |name: &str| match name {
            "a.yaml" => Some(Arc::from(document.as_bytes())),
            "b.yaml" => Some(Arc::from(beside.as_bytes())),
            _ => None,
        };
        let imported = import("a.yaml", &mut |name| Ok(file(name))).expect("it is imported");
        let names: Vec<&str> = imported.files.iter().map(|(name, _)| name).collect();
        let expected: &[&str] =
            if is_named { &["a.yaml", "b.yaml", "openapi.yaml"] } else { &["b.yaml", "openapi.yaml"] };
        assert_eq!(names, expected, "{beside}");
    }
}

#[test]
fn a_pointer_without_its_first_slash_is_taken_with_a_warning() {
    let text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {}\ncomponents:\n  schemas:\n    A: {type: string}\n    \
                B: {$ref: '#components/schemas/A'}\n    C: {$anchor: c}\n    D: {$ref: '#c'}\n";
    let bytes: std::sync::Arc<[u8]> = std::sync::Arc::from(text.as_bytes());
    let findings = read("g", &mut |_| Ok(Some(std::sync::Arc::clone(&bytes)))).findings;
    let told: Vec<(&str, usize)> = findings.iter().map(|finding| (finding.rule, finding.location.line)).collect();
    assert_eq!(told, [(rules::SLOPPY.name, 7)], "{findings:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(text in "[ -~\\n\\t{}\\[\\]:,&*?|>'\"%@`!-]{0,200}") {
        use_up(text.as_bytes());
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        use_up(&bytes);
    }

    #[test]
    fn no_document_panics(document in near_definitions(), swagger in any::<bool>()) {
        let mut document = document;
        if let Value::Object(map) = &mut document {
            let (field, version) = if swagger { ("swagger", "2.0") } else { ("openapi", "3.1.0") };
            map.insert(field.to_owned(), version.into());
        }
        use_up(document.to_string().as_bytes());
    }

    #[test]
    fn no_operation_panics(operation in near_definitions(), schema in near_definitions(), specification in 0_usize..3) {
        let responses = json!({ "200": { "description": "d", "schema": schema, "content": { "application/json":
            { "schema": schema }, "application/xml": { "schema": schema } } }, "4XX": operation });
        let mut api = json!({ "operationId": "a", "responses": responses });
        if let (Value::Object(api), Value::Object(more)) = (&mut api, &operation) {
            more.iter().for_each(|(name, value)| { api.entry(name).or_insert_with(|| value.clone()); });
        }
        let version = ["3.0.3", "3.1.0", "2.0"][specification];
        let field = if version == "2.0" { "swagger" } else { "openapi" };
        let document = json!({ field: version, "paths": { "/a": { "get": api }, "/{b}": operation },
            "components": { "schemas": { "a": schema } }, "definitions": { "a": schema } });
        use_up(document.to_string().as_bytes());
    }
}
