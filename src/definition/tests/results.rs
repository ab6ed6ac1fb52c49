//! The results of definitions: their values, order and serialization.

use serde_json::{Value, json};

use super::read_text;
use crate::definition::{ApiResults, DeclaredResult, Definition, ValueDirection, rules};

/// Returns the results of the only API of a definition.
fn results_of(definition: &Definition) -> ApiResults {
    definition.results().pop().expect("an API")
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
pub(super) fn built(specification: &str, schema: &Value) -> Option<Value> {
    let definition = definition_of(specification, schema);
    let api = definition.api("a").expect("the API");
    let result = results_of(&definition).declared.into_iter().next()?;
    let media_type = api.responses.first().and_then(|response| response.content.first()).expect("a media type");
    let plain = definition.json_schema(media_type.schema?, ValueDirection::Response).expect("small");
    let options = jsonschema::options().should_validate_formats(true).should_ignore_unknown_formats(true);
    let validator = options.build(&plain).expect("a schema");
    let value = result.value?;
    assert!(validator.is_valid(&value), "{value} is not valid against {plain}");
    Some(Value::clone(&value))
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
        (json!({ "if": { "type": "boolean" }, "then": { "type": "number" }, "else": { "const": "a" } }), json!("a")),
        (
            json!({ "if": { "const": 1 }, "then": { "type": "string" }, "else": { "enum": [{ "x": 1 }] } }),
            json!({ "x": 1 }),
        ),
        (json!({ "if": { "enum": ["x", 3] }, "then": { "type": "string" }, "else": { "enum": ["x", 3] } }), json!("x")),
        (
            json!({ "if": { "type": "object" }, "then": false, "else": { "oneOf": [{ "type": "object" }, { "const": [2] }] } }),
            json!([2]),
        ),
        (
            json!({ "type": "array", "minItems": 3, "uniqueItems": true, "items": { "type": "integer" } }),
            json!([0, 1, 2]),
        ),
        (json!({ "type": "array", "prefixItems": [{ "const": 1 }, { "const": 2 }], "maxItems": 1 }), json!([1])),
        (json!({ "type": "array", "maxItems": 0 }), json!([])),
        (json!({ "type": "array", "contains": { "const": 5 }, "items": { "type": "integer" } }), json!([5])),
        (
            json!({ "type": "array", "contains": { "minimum": 10 }, "minContains": 2, "items": { "type": "integer" }, "minItems": 3 }),
            json!([10, 10, 0]),
        ),
        (json!({ "type": "array", "contains": { "type": "integer" }, "minContains": 0 }), json!([{}])),
        (
            json!({ "type": "array", "prefixItems": [{ "type": "string" }], "contains": { "const": 5 } }),
            json!(["string", 5]),
        ),
        (json!({ "not": { "type": ["object", "array", "string", "null", "boolean"] } }), json!(0)),
        (json!({ "not": { "type": ["object", "string", "number"] } }), json!(true)),
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
        let results = results_of(&definition);
        if expected.is_none() && results.declared.is_empty() {
            let rules: Vec<&str> = results.findings.iter().map(|finding| finding.rule).collect();
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
    let results = results_of(&definition);
    let result = results.constant().expect("a result");
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
    let results = results_of(&definition);
    let value = results.declared.first().and_then(|result| result.value.as_ref()).expect("a value");
    assert_eq!(value["children"], json!([]));
    assert!(results.findings.is_empty());
}

fn result_text(responses: &str) -> Vec<(u16, Option<String>, Option<String>, String)> {
    let text = format!("openapi: 3.1.0\npaths:\n  /a:\n    get:\n      operationId: a\n{responses}");
    let definition = read_text(&text).definition.expect("it is read");
    let shown = |declared: DeclaredResult| {
        let result = declared.result;
        (result.status, declared.example, result.media_type, String::from_utf8_lossy(&result.body).into_owned())
    };
    results_of(&definition).declared.into_iter().map(shown).collect()
}

#[test]
fn the_digits_of_an_example_are_those_of_the_definition() {
    let (integer, decimal) = ("12345678901234567890123", "-0.123456789012345678901234567890");
    let responses = format!(
        "      responses:\n        200:\n          description: d\n          headers: {{X-Big: {{example: {integer}}}}}\n          content:\n            \
         application/json: {{example: {{\"a\\\"\": [{integer}, 1, {decimal}], b: 1.50, c: [x, null, {{d: +{integer}}}]}}}}\n            \
         text/plain: {{example: {decimal}}}\n        201: {{description: d, content: {{application/json: {{example: {integer}}}}}}}\n"
    );
    let bodies: Vec<String> = result_text(&responses).into_iter().map(|(.., body)| body).collect();
    let object = format!("{{\"a\\\"\":[{integer},1,{decimal}],\"b\":1.5,\"c\":[\"x\",null,{{\"d\":{integer}}}]}}");
    assert_eq!(bodies, [object, decimal.to_owned(), integer.to_owned()]);
    let text = format!("openapi: 3.1.0\npaths:\n  /a:\n    get:\n      operationId: a\n{responses}");
    let definition = read_text(&text).definition.expect("it is read");
    let headers = results_of(&definition).declared.into_iter().next().expect("a result").result.headers;
    assert_eq!(headers, [("X-Big".to_owned(), integer.to_owned())]);
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
fn an_example_comes_before_what_is_built() {
    let content = |content: &str| {
        let responses = format!("      responses: {{200: {{description: d, content: {{{content}}}}}}}\n");
        let results = result_text(&responses);
        results.into_iter().map(|(_, _, media_type, body)| (media_type.unwrap_or_default(), body)).collect::<Vec<_>>()
    };
    let owned = |media_type: &str, body: &str| (media_type.to_owned(), body.to_owned());
    assert_eq!(
        content("'*/*': {schema: {type: integer}}, application/json: {schema: {type: integer}, example: 7}"),
        [owned("application/json", "7"), owned("application/json", "0")]
    );
    assert_eq!(
        content("application/json: {schema: {type: integer}}, a/b: {}, text/csv: {examples: {x: {value: 'a,b'}}}"),
        [owned("text/csv", "a,b"), owned("application/json", "0"), owned("a/b", "")]
    );
    assert_eq!(
        content("text/csv: {example: a}, application/json: {example: 1}"),
        [owned("application/json", "1"), owned("text/csv", "a")]
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
    for (media_type, format, expected) in [
        ("*/*", "binary", "application/octet-stream"),
        ("application/*", "binary", "application/octet-stream"),
        ("application/json", "binary", "application/json"),
        ("image/*", "binary", "image/png"),
        ("*/*", "byte", "application/json"),
    ] {
        let responses = format!(
            "      responses: {{200: {{description: d, content: {{'{media_type}': {{schema: {{$ref: '#/x-s'}}}}}}}}}}\n\
             x-s: {{type: string, format: {format}}}\n"
        );
        let results = result_text(&responses);
        assert_eq!(
            results.first().and_then(|(_, _, name, _)| name.as_deref()),
            Some(expected),
            "{media_type} {format}"
        );
    }
}

#[test]
fn headers_are_part_of_the_result() {
    let text = "openapi: 3.1.0\npaths: {/a: {get: {operationId: a, responses: {200: {description: d, headers: {X-A: {schema: \
                {type: integer, minimum: 3}}, X-B: {example: [1, 2]}, Content-Length: {schema: {type: integer}}, 'X Y': \
                {example: a}, X-C: {example: \"a\\r\\nb: c\"}}}}}}}\n";
    let definition = read_text(text).definition.expect("it is read");
    let results = results_of(&definition);
    let result = results.constant().expect("a result");
    let expected = [("X-A".to_owned(), "3".to_owned()), ("X-B".to_owned(), "1,2".to_owned())];
    assert_eq!(result.headers, expected);
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
        (format!("{{'101': {possible}, '103': {possible}, 1XX: {possible}}}"), Some(200)),
        (format!("{{'101': {possible}, '404': {impossible}}}"), None),
        (format!("{{'700': {possible}}}"), None),
    ] {
        let text = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{get: {{responses: {responses}}}}}}}\n"
        );
        let definition = read_text(&text).definition.expect("a definition");
        assert_eq!(results_of(&definition).constant().map(|result| result.status), status, "{responses}");
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
        let definition = read_text(&text).definition.expect("a definition");
        let findings = results_of(&definition).findings;
        assert!(findings.iter().any(|finding| finding.message.contains(reason)), "{schema}: {findings:?}");
    }
}
